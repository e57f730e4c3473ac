"""All verbs with their options; each hands over to one function that is imported when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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


@app.command(help=_say("compare.help"))
def compare(
    runs: Annotated[list[str], typer.Argument(help=_say("compare.runs"))],
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.stored import compare_runs

    compare_runs(runs, home, Output.of(as_json, as_csv, out))


@app.command(help=_say("export.help"))
def export(
    run: Annotated[str, typer.Argument(help=_say("show.run"))],
    out: Annotated[Path, typer.Option("--out", help=_say("export.out"))],
    kind: Annotated[str, typer.Option("--format", help=_say("export.format"))] = "csv",
    home: Home = None,
) -> None:
    from drypowder.cli.stored import export_run

    export_run(run, home, out, kind)


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
    run: Annotated[str, typer.Argument(help=_say("show.run"))],
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.stored import cite_run

    cite_run(run, home, Output.of(as_json, as_csv, out))


@app.command(help=_say("doctor.help"))
def doctor(home: Home = None, as_json: Json = False, as_csv: Csv = False, out: Out = None) -> None:
    from drypowder.cli.health import examine
    from drypowder.cli.output import Output

    examine(home, Output.of(as_json, as_csv, out))
