"""Days that a person typed, and what was known on them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.errors import UsageError
from drypowder.report.words import coded

if TYPE_CHECKING:
    from drypowder.data import Known


def today() -> date:
    """This day, UTC."""
    return datetime.now(UTC).date()


def day(text: str | None) -> date | None:
    """A day written as 2026-02-06. Raises: UsageError DP-174 for another text."""
    if text is None:
        return None
    from drypowder.data import clocks

    return clocks.day(text)


def known_by(as_of: str | None, home: Path | None) -> Known:
    """What could be known by the end of a day, or by a moment; without one all that is stored.

    Raises:
        UsageError: DP-174 for what is no day, DP-196 for one that lies ahead.
    """
    from drypowder.data import open_store

    known = open_store(home).known_on(as_of)
    if known.as_of.date() > today():
        raise coded(UsageError, "DP-196", given=as_of)
    return known
