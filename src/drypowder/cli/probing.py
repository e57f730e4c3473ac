"""`drypowder probe`: does crypto lead? Exit 3 where prices are missing."""

from __future__ import annotations

from pathlib import Path

from drypowder.cli.days import known_by
from drypowder.cli.output import Output
from drypowder.errors import DataMissingError
from drypowder.report.words import catalogue, coded


def probe_leads(as_of: str | None, *, strict: bool, home: Path | None, output: Output) -> None:
    """The probe as known on a day, told, and its rows for machines.

    Raises:
        UsageError: DP-174 for what is no day, DP-196 for one ahead.
        DataMissingError: DP-212 for missing series; DP-214, if `strict`, for old ones.
    """
    from drypowder.measure.probe import probe
    from drypowder.report import probe as report
    from drypowder.report.terminal import plain_text

    words = catalogue()
    found = probe(known_by(as_of, home))
    output.give(
        text=lambda: plain_text(lambda console: report.print_probe(found, words, console)),
        table=lambda: report.table(found),
        data=lambda: report.data(found, words),
        screen=lambda console: report.print_probe(found, words, console),
    )
    if strict and found.stale:
        raise coded(DataMissingError, "DP-214", names=", ".join(found.stale))
