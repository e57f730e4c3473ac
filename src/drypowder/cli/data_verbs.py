"""`drypowder data import|status|show|vintages|export`: options; each hands over when called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from drypowder.report.words import catalogue

_words = catalogue()


def _say(key: str) -> str:
    return _words.say(f"data.{key}")


def _option(name: str, key: str) -> Any:
    return typer.Option(name, help=_say(key))


Home = Annotated[Path | None, _option("--home", "home")]
AsOf = Annotated[str | None, _option("--as-of", "as_of")]
Json = Annotated[bool, typer.Option("--json", help=_words.say("cli.option.json"))]
Csv = Annotated[bool, typer.Option("--csv", help=_words.say("cli.option.csv"))]
Out = Annotated[Path | None, typer.Option("--out", help=_words.say("cli.option.out"))]
Name = Annotated[str, typer.Argument(help=_say("series"))]

app = typer.Typer(help=_say("help"), add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def _top(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command("import", help=_say("import.help"))
def import_files(
    path: Annotated[Path, typer.Argument(help=_say("import.path"))],
    market: Annotated[str, typer.Option("--market", help=_say("import.market"))] = "",
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.knowing import import_folder
    from drypowder.cli.output import Output

    import_folder(path, market, home, Output.of(as_json, as_csv, out))


@app.command(help=_say("status.help"))
def status(
    prefix: Annotated[str, typer.Argument(help=_say("status.prefix"))] = "",
    strict: Annotated[bool, _option("--strict", "status.strict")] = False,
    as_of: AsOf = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.knowing import give_status
    from drypowder.cli.output import Output

    output = Output.of(as_json, as_csv, out)
    give_status(prefix, as_of=as_of, strict=strict, home=home, output=output)


@app.command(help=_say("show.help"))
def show(
    series: Name,
    as_of: AsOf = None,
    last: Annotated[int, typer.Option("--last", min=1, help=_say("show.last"))] = 12,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.knowing import show_series
    from drypowder.cli.output import Output

    show_series(series, as_of, last, home, Output.of(as_json, as_csv, out))


@app.command(help=_say("vintages.help"))
def vintages(
    series: Name,
    as_of: AsOf = None,
    last: Annotated[int, typer.Option("--last", min=1, help=_say("vintages.last"))] = 12,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.knowing import show_vintages
    from drypowder.cli.output import Output

    show_vintages(series, as_of, last, home, Output.of(as_json, as_csv, out))


@app.command(help=_say("export.help"))
def export(
    series: Annotated[list[str], typer.Argument(help=_say("export.series"))],
    out: Annotated[Path, typer.Option("--out", help=_say("export.out"))],
    as_of: AsOf = None,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
) -> None:
    from drypowder.cli.knowing import export_series
    from drypowder.cli.output import Output

    export_series(series, as_of, out, home, Output.of(as_json, as_csv, None))


@app.command(help=_words.say("pull.help"))
def pull(
    series: Annotated[list[str] | None, typer.Argument(help=_words.say("pull.names"))] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=_words.say("pull.dry_run"))] = False,
    offline: Annotated[bool, typer.Option("--offline", help=_words.say("pull.offline"))] = False,
    home: Home = None,
    as_json: Json = False,
    as_csv: Csv = False,
    out: Out = None,
) -> None:
    from drypowder.cli.output import Output
    from drypowder.cli.pulling import pull_series

    output = Output.of(as_json, as_csv, out)
    pull_series(series or [], dry_run=dry_run, offline=offline, home=home, output=output)
