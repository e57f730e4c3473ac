"""`drypowder hindcast`: the model against what happened; what is missing is said loudly."""

from __future__ import annotations

from pathlib import Path

from drypowder.cli.days import day
from drypowder.cli.output import Output, note
from drypowder.errors import DataMissingError
from drypowder.report.words import Catalogue, catalogue, coded


def hold_to_account(
    last_day: str | None,
    *,
    paths: int | None,
    strict: bool,
    picture: Path | None,
    home: Path | None,
    output: Output,
) -> None:
    """Drive, simulate, compare and tell.

    Raises:
        UsageError: DP-174 for what is no day, DP-220 for a day that cannot be reached.
        DataMissingError: DP-222 without drivers; DP-223 with `strict`, if anything is missing.
    """
    from drypowder.data import open_store
    from drypowder.measure.hindcast import hindcast
    from drypowder.report import hindcast as made
    from drypowder.report.terminal import plain_text

    words = catalogue()
    found = hindcast(open_store(home).known_on(None), last_day=day(last_day), draws=paths)
    output.give(
        text=lambda: plain_text(lambda console: made.print_hindcast(found, words, console)),
        table=lambda: made.table(found),
        data=lambda: made.as_json(found, words),
        screen=lambda console: made.print_hindcast(found, words, console),
    )
    lacking = made.warnings(found, words)
    if output.kind != "words":
        for line in lacking:
            note(line)
    if picture is not None:
        _draw(made.picture(found, words), picture, words)
    missing = sorted({name for names in found.missing.values() for name in names})
    missing += [d.key for d in found.drivers if d.status == "missing"]
    if strict and missing:
        raise coded(DataMissingError, "DP-223", missing=", ".join(missing))


def _draw(svg: str, path: Path, words: Catalogue) -> None:
    from drypowder.report.store import write_text

    write_text(path, svg)
    note(words.say("hindcast.wrote", path=path))
