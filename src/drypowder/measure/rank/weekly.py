"""Daily series as weeks that end on a Wednesday, the day of the Federal Reserve's balance sheet.

A price is taken on the Wednesday, or on the day before when markets were shut; one that is older is
none, so that the last week of a series that ended is left out. Coins close at midnight UTC, three
or four hours after New York: 2 % of a week. Rates are sampled, spreads that jump at quarter ends
are averaged over the week.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]
_DAY = np.timedelta64(1, "D")
_WEEK = np.timedelta64(7, "D")
PRICE_DAYS, RATE_DAYS = 1, 4  # oldest that still counts, in days


def wednesdays(first: np.datetime64, last: np.datetime64) -> Days:
    """All Wednesdays from the first to the last day, both counted."""
    first, last = first.astype("datetime64[D]"), last.astype("datetime64[D]")
    ahead = (2 - (first.astype(np.int64) + 3) % 7) % 7  # 1970-01-01 was a Thursday
    return np.arange(first + ahead * _DAY, last + _DAY, _WEEK)


def sampled(days: Days, values: Floats, at: Days, *, oldest_days: int) -> Floats:
    """The last value on or before each day, NaN where it is older than `oldest_days`."""
    if not len(days):
        return np.full(len(at), np.nan)
    days = days.astype("datetime64[D]")
    place = np.searchsorted(days, at, side="right") - 1
    known = np.maximum(place, 0)
    fresh = (place >= 0) & (at - days[known] <= oldest_days * _DAY)
    return np.where(fresh, values[known], np.nan)


def week_means(days: Days, values: Floats, at: Days) -> Floats:
    """Mean of the values of the seven days up to each Wednesday; NaN for a week without any."""
    days = days.astype("datetime64[D]")
    week = np.searchsorted(at, days, side="left")
    inside = (days > at[0] - _WEEK) & (week < len(at)) & np.isfinite(values)
    total = np.bincount(week[inside], weights=values[inside], minlength=len(at))
    count = np.bincount(week[inside], minlength=len(at))
    with np.errstate(invalid="ignore"):
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def matched(a_days: Days, a: Floats, b_days: Days, b: Floats) -> tuple[Days, Floats, Floats]:
    """Two daily series on the days that both have."""
    a_days, b_days = a_days.astype("datetime64[D]"), b_days.astype("datetime64[D]")
    both, left, right = np.intersect1d(a_days, b_days, assume_unique=False, return_indices=True)
    return both, a[left], b[right]


def changes(values: Floats) -> Floats:
    """From each week to the next along the first axis; NaN for the first."""
    made = np.full(values.shape, np.nan)
    made[1:] = values[1:] - values[:-1]
    return made
