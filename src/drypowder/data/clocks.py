"""Two clocks: when something was so (observed) and when one could know it (known).

A day without an hour means the end of that day, 23:59:59 UTC: what came out on a day is known by
its end, never in its morning.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from drypowder.data.refusals import refusal

END_OF_DAY = timedelta(hours=23, minutes=59, seconds=59)
Moment = str | date | datetime | None


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)


def moment(given: Moment) -> datetime:
    """A day as its end, a stamp as itself, UTC.

    Raises:
        UsageError: DP-174 for what is no day, or for a stamp without a time zone.
    """
    if isinstance(given, str):
        given = _parsed(given)
    if given is None:
        return now()
    if isinstance(given, datetime):
        if given.tzinfo is None:
            raise refusal("DP-174", "no_zone", given=given.isoformat())
        try:
            return given.astimezone(UTC)
        except OverflowError:  # the first or last hours of the calendar, in another zone
            raise refusal("DP-174", "no_moment", given=given.isoformat()) from None
    return datetime(given.year, given.month, given.day, tzinfo=UTC) + END_OF_DAY


def naive(stamp: datetime) -> datetime:
    """The same moment without its zone, as NumPy and DuckDB keep it: UTC throughout."""
    return stamp.astimezone(UTC).replace(tzinfo=None)


def _parsed(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise refusal("DP-174", "no_moment", given=text) from None


def day(text: str) -> date:
    """A day written as 2026-02-06. Raises UsageError DP-174 for another text."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise refusal("DP-174", "no_day", given=text) from None


def working_days_later(days: NDArray, count: int) -> NDArray:
    """Days moved on by working days of the Federal Reserve; a day off first moves to the next.

    Args:
        days: datetime64[D].
    """
    if len(days) == 0:
        return days
    first, last = int(str(days.min())[:4]), int(str(days.max())[:4]) + 1
    return np.busday_offset(days, count, roll="forward", holidays=holidays(first, last))


def holidays(first: int, last: int) -> NDArray:
    """Holidays of the Federal Reserve from one year to another, those on a Sunday on Monday.

    Source: Federal Reserve Banks, holiday schedules; Juneteenth since 2021.
    """
    found: list[date] = []
    for year in range(first, last + 1):
        fixed = [(1, 1), (7, 4), (11, 11), (12, 25)] + ([(6, 19)] if year >= 2021 else [])
        found += [_observed(date(year, month, day)) for month, day in fixed]
        found += [_nth(year, 1, 0, 3), _nth(year, 2, 0, 3), _nth(year, 9, 0, 1),
                  _nth(year, 10, 0, 2), _nth(year, 11, 3, 4),
                  _nth(year, 6, 0, 1) - timedelta(days=7)]  # fmt: skip
    return np.array(sorted(found), dtype="datetime64[D]")


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    """The n-th given weekday of a month, Monday being 0."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _observed(day: date) -> date:
    return day + timedelta(days=1) if day.weekday() == 6 else day
