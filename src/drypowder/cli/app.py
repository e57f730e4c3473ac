"""All verbs with their options; each hands over to one function that is imported when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from drypowder.cli.data_verbs import app as data
from drypowder.cli.liquidating import app as liquidations
from drypowder.report.words import catalogue

_words = catalogue()


def _say(key: str) -> str:
    return _words.say(f"cli.{key}")


Json = Annotated[bool, typer.Option("--json", help=_say("option.json"))]
Csv = Annotated[bool, typer.Option("--csv", help=_say("option.csv"))]
Out = Annotated[Path | None, typer.Option("--out", help=_say("option.out"))]
Home = Annotated[Path | None, typer.Option("--home", help=_say("option.home"))]

app = typer.Typer(
    help=f"{_say('about')}\n\n{_say('first')}",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


app.add_typer(liquidations, name="liquidations")
app.add_typer(data, name="data")


def _version(asked: bool) -> None:
    if asked:
        import drypowder

        print(drypowder.__version__)
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", help=_say("option.version"), callback=_version, is_eager=True),
    ] = False,
) -> None:
    pass


@app.command(help=_say("run.help"))
def run(
    scenario: Annotated[str, typer.Argument(help=_say("run.scenario"))],
    settings: Annotated[list[str] | None, typer.Option("--set", help=_say("run.set"))] = None,
    paths: Annotated[int, typer.Option(help=_say("run.paths"))] = 1,
    years: Annotated[float | None, typer.Option(help=_say("run.years"))] = None,
    seed: Annotated[int, typer.Option(help=_say("run.seed"))] = 0,
    keep_paths: Annotated[bool, typer.Option("--keep-paths", help=_say("run.keep_paths"))] = False,
    html: Annotated[Path | None, typer.Option("--html", help=_say("run.html"))] = None,
    threads: Annotated[int | None, typer.Option(help=_say("run.threads"))] = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.running import run_scenario

    run_scenario(
        scenario, settings or [], paths=paths, years=years, seed=seed, keep_paths=keep_paths,
        html=html, threads=threads, home=home, output=Output.of(as_json, as_csv, out),
    )  # fmt: skip


@app.command(help=_say("scenarios.help"))
def scenarios(as_json: Json = False, as_csv: Csv = False, out: Out = None) -> None:
    from drypowder.cli.looking import list_scenarios
    from drypowder.cli.output import Output

    list_scenarios(Output.of(as_json, as_csv, out))


@app.command(help=_say("levers.help"))
def levers(as_json: Json = False, as_csv: Csv = False, out: Out = None) -> None:
    from drypowder.cli.looking import list_levers
    from drypowder.cli.output import Output

    list_levers(Output.of(as_json, as_csv, out))


@app.command(help=_say("params.help"))
def params(
    guesses: Annotated[bool, typer.Option("--guesses", help=_say("params.guesses"))] = False,
    calibration: Annotated[
        bool, typer.Option("--calibration", help=_say("params.calibration"))
    ] = False,
    sensitivity: Annotated[
        str | None, typer.Option("--sensitivity", help=_say("params.sensitivity"))
    ] = None,
    pump: Annotated[str | None, typer.Option("--pump", help=_say("params.pump"))] = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.looking import list_parameters
    from drypowder.cli.output import Output

    list_parameters(
        Output.of(as_json, as_csv, out),
        guesses=guesses,
        calibration=calibration,
        sensitivity=sensitivity,
        pump=pump,
    )


@app.command(help=_say("show.help"))
def show(
    run: Annotated[str | None, typer.Argument(help=_say("show.run"))] = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.stored import list_runs, show_run

    output = Output.of(as_json, as_csv, out)
    if run is None:
        list_runs(home, output)
    else:
        show_run(run, home, output)


@app.command(help=_say("why.help"))
def why(
    run: Annotated[str, typer.Argument(help=_say("why.run"))],
    target: Annotated[str, typer.Option(help=_say("why.target"))] = "bitcoin",
    first_day: Annotated[str | None, typer.Option("--from", help=_say("why.from"))] = None,
    last_day: Annotated[str | None, typer.Option("--to", help=_say("why.to"))] = None,
    paths: Annotated[int, typer.Option(help=_say("why.paths"))] = 1,
    samples: Annotated[int | None, typer.Option(help=_say("why.samples"))] = None,
    threads: Annotated[int | None, typer.Option(help=_say("run.threads"))] = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.asking import ask_why
    from drypowder.cli.output import Output

    ask_why(
        run, target=target, first_day=first_day, last_day=last_day, paths=paths,
        samples=samples, threads=threads, home=home, output=Output.of(as_json, as_csv, out),
    )  # fmt: skip


@app.command(help=_say("calibrate.help"))
def calibrate(
    scenarios: Annotated[list[str], typer.Argument(help=_say("calibrate.scenarios"))],
    parameters: Annotated[
        list[str] | None, typer.Option("--parameter", help=_say("calibrate.parameter"))
    ] = None,
    targets: Annotated[
        list[str] | None, typer.Option("--target", help=_say("calibrate.target"))
    ] = None,
    draws: Annotated[int, typer.Option(help=_say("calibrate.draws"))] = 1024,
    seed: Annotated[int, typer.Option(help=_say("calibrate.seed"))] = 0,
    as_toml: Annotated[bool, typer.Option("--toml", help=_say("calibrate.toml"))] = False,
    chart: Annotated[Path | None, typer.Option("--chart", help=_say("calibrate.chart"))] = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.calibrating import calibrate_scenarios
    from drypowder.cli.output import Output

    calibrate_scenarios(
        scenarios, parameters or [], targets or [], draws=draws, seed=seed, as_toml=as_toml,
        chart=chart, output=Output.of(as_json, as_csv, out),
    )  # fmt: skip


@app.command(help=_say("replicate.help"))
def replicate(
    name: Annotated[str | None, typer.Argument(help=_say("replicate.name"))] = None,
    plot: Annotated[bool, typer.Option("--plot", help=_say("replicate.plot"))] = False,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.replicating import replicate_papers

    replicate_papers(name, plot=plot, home=home, output=Output.of(as_json, as_csv, out))


@app.command(help=_say("claims.help"))
def claims(
    number: Annotated[int | None, typer.Argument(help=_say("claims.number"))] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help=_say("claims.as_of"))] = None,
    history: Annotated[bool, typer.Option("--history", help=_say("claims.history"))] = False,
    strict: Annotated[bool, typer.Option("--strict", help=_say("claims.strict"))] = False,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.claiming import judge_claims
    from drypowder.cli.output import Output

    judge_claims(
        number, as_of=as_of, show_history=history, strict=strict, home=home,
        output=Output.of(as_json, as_csv, out),
    )  # fmt: skip


@app.command(help=_say("rank.help"))
def rank(
    as_of: Annotated[str | None, typer.Option("--as-of", help=_say("rank.as_of"))] = None,
    window: Annotated[str, typer.Option("--window", help=_say("rank.window"))] = "90d",
    strict: Annotated[bool, typer.Option("--strict", help=_say("rank.strict"))] = False,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.ranking import rank_assets

    rank_assets(as_of, window, strict=strict, home=home, output=Output.of(as_json, as_csv, out))


@app.command(help=_say("probe.help"))
def probe(
    as_of: Annotated[str | None, typer.Option("--as-of", help=_say("probe.as_of"))] = None,
    strict: Annotated[bool, typer.Option("--strict", help=_say("probe.strict"))] = False,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.probing import probe_leads

    probe_leads(as_of, strict=strict, home=home, output=Output.of(as_json, as_csv, out))


@app.command(help=_say("compare.help"))
def compare(
    runs: Annotated[list[str], typer.Argument(help=_say("compare.runs"))],
    levers: Annotated[bool, typer.Option("--levers", help=_say("compare.levers"))] = False,
    phase: Annotated[bool, typer.Option("--phase", help=_say("compare.phase"))] = False,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.comparing import compare_names
    from drypowder.cli.output import Output

    compare_names(
        runs, levers=levers, phase=phase, home=home, output=Output.of(as_json, as_csv, out)
    )


@app.command(help=_say("gauge.help"))
def gauge(
    as_of: Annotated[str | None, typer.Option("--as-of", help=_say("gauge.as_of"))] = None,
    since: Annotated[str | None, typer.Option("--since", help=_say("gauge.since"))] = None,
    strict: Annotated[bool, typer.Option("--strict", help=_say("gauge.strict"))] = False,
    seed: Annotated[int, typer.Option(help=_say("gauge.seed"))] = 0,
    page: Annotated[Path | None, typer.Option("--page", help=_say("gauge.page"))] = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.gauging import read_gauge
    from drypowder.cli.output import Output

    read_gauge(
        as_of, since, strict=strict, seed=seed, page=page, home=home,
        output=Output.of(as_json, as_csv, out),
    )  # fmt: skip


@app.command(help=_say("hindcast.help"))
def hindcast(
    to: Annotated[str | None, typer.Option("--to", help=_say("hindcast.to"))] = None,
    paths: Annotated[int | None, typer.Option(min=1, max=256, help=_say("hindcast.paths"))] = None,
    strict: Annotated[bool, typer.Option("--strict", help=_say("hindcast.strict"))] = False,
    picture: Annotated[
        Path | None, typer.Option("--picture", help=_say("hindcast.picture"))
    ] = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.hindcasting import hold_to_account
    from drypowder.cli.output import Output

    hold_to_account(
        to, paths=paths, strict=strict, picture=picture, home=home,
        output=Output.of(as_json, as_csv, out),
    )  # fmt: skip


@app.command(help=_say("export.help"))
def export(
    run: Annotated[str, typer.Argument(help=_say("show.run"))],
    out: Annotated[Path, typer.Option("--out", help=_say("export.out"))],
    kind: Annotated[str | None, typer.Option("--format", help=_say("export.format"))] = None,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help=_say("export.json"))] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help=_say("export.csv"))] = False,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.stored import export_run

    export_run(run, home, out, kind, Output.of(as_json, as_csv, None))


@app.command(help=_say("explain.help"))
def explain(
    term: Annotated[list[str] | None, typer.Argument(help=_say("explain.term"))] = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.looking import explain_term
    from drypowder.cli.output import Output

    explain_term(" ".join(term or []), Output.of(as_json, as_csv, out))


@app.command(help=_say("cite.help"))
def cite(
    run: Annotated[str, typer.Argument(help=_say("cite.run"))],
    as_of: Annotated[str | None, typer.Option("--as-of", help=_say("gauge.as_of"))] = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output

    output = Output.of(as_json, as_csv, out)
    if run == "gauge":
        from drypowder.cli.gauging import cite_gauge

        cite_gauge(as_of, home, output)
        return
    from drypowder.cli.stored import cite_run

    cite_run(run, home, output)


@app.command(help=_say("doctor.help"))
def doctor(home: Home = None, as_json: Json = False, as_csv: Csv = False, out: Out = None) -> None:
    from drypowder.cli.health import examine
    from drypowder.cli.output import Output

    examine(home, Output.of(as_json, as_csv, out))
