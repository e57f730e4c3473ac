"""`drypowder rank`: who loses when money gets scarce; exit 3 where prices are missing."""

from __future__ import annotations

import re
from pathlib import Path

from drypowder.cli.days import known_by
from drypowder.cli.output import Output
from drypowder.errors import DataMissingError, UsageError
from drypowder.report.words import catalogue, coded

_WINDOW = re.compile(r"(\d{1,3})d?")
_SHORTEST, _LONGEST = 20, 400  # days of the outcome


def rank_assets(
    as_of: str | None, window: str, *, strict: bool, home: Path | None, output: Output
) -> None:
    """The contest as known on a day, told, and its rows for machines.

    Raises:
        UsageError: DP-213 for a window that is none; DP-174 for no day, DP-196 for one ahead.
        DataMissingError: DP-210 and DP-211 for missing series; DP-214, if `strict`, for old ones.
    """
    days = _days(window)
    from drypowder.measure.rank import contest
    from drypowder.report import rank as report
    from drypowder.report.terminal import plain_text

    words = catalogue()
    found = contest(known_by(as_of, home), days=days)
    output.give(
        text=lambda: plain_text(lambda console: report.print_contest(found, words, console)),
        table=lambda: report.table(found),
        data=lambda: report.data(found, words),
        screen=lambda console: report.print_contest(found, words, console),
    )
    if strict and found.data.stale:
        raise coded(DataMissingError, "DP-214", names=", ".join(found.data.stale))


def _days(window: str) -> int:
    match = _WINDOW.fullmatch(window.strip())
    if match is None or not _SHORTEST <= int(match[1]) <= _LONGEST:
        raise coded(UsageError, "DP-213", given=window, low=_SHORTEST, high=_LONGEST)
    return int(match[1])
