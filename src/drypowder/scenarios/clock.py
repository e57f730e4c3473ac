"""Which days are simulated, how long each step is, and which markets trade.

business: days of the New York exchanges, each 1/252 year. calendar: every day, 1/365 year; on
weekends and holidays only crypto trades and no issue settles; receipts, trend and interest run on.
weekly: steps of seven days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from drypowder.errors import UsageError

BUSINESS_DAYS_A_YEAR = 252
_STEPS_A_YEAR = {"business": BUSINESS_DAYS_A_YEAR, "calendar": 365, "weekly": 52}
LONGEST_YEARS = 25.0
_LAST_YEAR_OF_HOLIDAYS = 2100


@dataclass(frozen=True, eq=False)
class Clock:
    """The steps of a run."""

    dates: np.ndarray  # (step,) datetime64[D]: the day, or the first day of the week
    ends: np.ndarray  # (step,) first day after the step
    dt_years: float
    business: np.ndarray  # (step,) one where payments settle, else zero

    @property
    def years_elapsed(self) -> np.ndarray:
        """Model time at the start of each step, and at the end of the last (step + 1,)."""
        return np.arange(len(self.dates) + 1) * self.dt_years

    @property
    def settled_years(self) -> np.ndarray:
        """Business days of each step as a share of a year of 252: steady flows fall on them."""
        return count(self.dates, self.ends) / BUSINESS_DAYS_A_YEAR

    def business_days(self, first: np.datetime64, end: np.datetime64) -> np.ndarray:
        """Business days of each step that lie in [first, end)."""
        starts, ends = np.maximum(self.dates, first), np.minimum(self.ends, end)
        return count(starts, np.maximum(ends, starts)).astype(float)

    def step_of(self, day: date, *, always_open: bool = False) -> int | None:
        """The step on which something dated happens; None if that lies outside the run.

        On a closed day it happens on the next open one; what never closes waits for nothing if
        the clock has that day.
        """
        daily = bool(np.all(self.ends - self.dates == np.timedelta64(1, "D")))
        when = np.datetime64(day) if always_open and daily else next_business_day(day)
        step = int(np.searchsorted(self.dates, when, side="right")) - 1
        return step if step >= 0 and when < self.ends[step] else None


def make_clock(kind: str, start: date, years: float) -> Clock:
    """Steps from the first day on or after `start` that the clock knows.

    Raises:
        UsageError: DP-065 for an unknown clock or a horizon that is no number of steps.
    """
    if kind not in _STEPS_A_YEAR:
        known = ", ".join(_STEPS_A_YEAR)
        raise UsageError("DP-065", f"there is no clock {kind!r}.", f"Known: {known}.")
    if not 0.5 <= years * _STEPS_A_YEAR[kind] <= LONGEST_YEARS * _STEPS_A_YEAR[kind]:
        raise UsageError(
            "DP-065",
            f"{years:g} years cannot be simulated on the {kind} clock.",
            f"Give at least one step (1/{_STEPS_A_YEAR[kind]}) and at most {LONGEST_YEARS:g}.",
        )
    steps = max(round(years * _STEPS_A_YEAR[kind]), 1)
    first = np.datetime64(start)
    if kind == "business":
        dates = np.busday_offset(first, np.arange(steps + 1), roll="forward", busdaycal=_calendar())
    else:
        dates = first + np.arange(steps + 1) * (1 if kind == "calendar" else 7)
    dates, ends = dates[:-1], dates[1:]
    business = np.minimum(count(dates, ends), 1).astype(float)
    return Clock(dates, ends, 1.0 / _STEPS_A_YEAR[kind], business)


def next_business_day(day: date) -> np.datetime64:
    """The day itself, or the first business day after it."""
    return np.busday_offset(np.datetime64(day), 0, roll="forward", busdaycal=_calendar())


def count(first: np.ndarray | np.datetime64, end: np.ndarray | np.datetime64) -> np.ndarray:
    """Business days in [first, end)."""
    return np.busday_count(first, end, busdaycal=_calendar())


@lru_cache(maxsize=1)
def _calendar() -> np.busdaycalendar:
    days = [day for year in range(1990, _LAST_YEAR_OF_HOLIDAYS) for day in holidays(year)]
    return np.busdaycalendar(holidays=np.array(days, dtype="datetime64[D]"))


def holidays(year: int) -> list[date]:
    """Full holidays of the New York exchanges by the rules in force since 2022."""
    fixed = [date(year, 6, 19), date(year, 7, 4), date(year, 12, 25)]
    new_year = date(year, 1, 1)
    floating = [
        _nth_weekday(year, 1, 3),  # Martin Luther King
        _nth_weekday(year, 2, 3),  # Washington
        easter(year) - timedelta(days=2),  # Good Friday
        _nth_weekday(year, 6, 1) - timedelta(days=7),  # Memorial: last Monday of May
        _nth_weekday(year, 9, 1),  # Labor
        _nth_weekday(year, 11, 4, weekday=3),  # Thanksgiving
    ]
    # a New Year's Day on Saturday is not made up for, the others are on Friday
    starts = [] if new_year.weekday() == 5 else [_observed(new_year)]
    return sorted([*starts, *floating, *map(_observed, fixed)])


def _observed(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth_weekday(year: int, month: int, nth: int, weekday: int = 0) -> date:
    """The nth Monday (or another weekday) of a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    century, of_century = divmod(year, 100)
    golden = year % 19
    leap, spare = divmod(century, 4)
    moon = (19 * golden + century - leap - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * spare + 2 * (of_century // 4) - moon - of_century % 4) % 7
    shift = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * shift + 114, 31)
    return date(year, month, day + 1)
