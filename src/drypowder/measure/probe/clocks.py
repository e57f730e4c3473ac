"""Bitcoin at the moment New York closes: without it the later clock looks as if it led.

A coin's daily bar ends at midnight UTC, four hours after shares have closed in summer and three in
winter. What happens in those hours is in today's bar of the coin and in tomorrow's of the share,
so that a coin with the same news, and no lead, "leads" by a day. Here the price of bitcoin is
taken at 16:00 in New York: from hourly bars where they are stored, else from four-hour bars, which
end at 20:00 UTC: on the hour in summer, an hour before the close in winter (that hour can only make
shares seem to lead). A return never joins two sources. Half days are taken at 16:00 all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from drypowder.data import Observed

Moments = NDArray[np.datetime64]
Floats = NDArray[np.float64]
SOURCES = ("perp-1h:BTCUSDT", "spot-1h:BTCUSDT", "perp-4h:BTCUSDT")  # best first
_HOUR = np.timedelta64(1, "h")
_BAR_HOURS = {"perp-1h:BTCUSDT": 0, "spot-1h:BTCUSDT": 0, "perp-4h:BTCUSDT": 1}  # oldest allowed
_MARCH, _NOVEMBER = 3, 11


def new_york_closes(days: NDArray[np.datetime64]) -> Moments:
    """16:00 in New York on each day, in UTC: 20:00 in summer time, else 21:00.

    Source: Energy Policy Act of 2005: from the second Sunday of March to the first of November.
    """
    days = days.astype("datetime64[D]")
    year = days.astype("datetime64[Y]")
    summer = (days >= _sunday(year, _MARCH, 2)) & (days < _sunday(year, _NOVEMBER, 1))
    return np.add(days.astype("datetime64[h]"), np.where(summer, 20, 21) * _HOUR)


def at_closes(
    bars: Mapping[str, Observed], days: NDArray[np.datetime64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Log returns of bitcoin from each day's New York close to the next, and their source.

    Args:
        bars: those of SOURCES that are stored; observed_on is the end of a bar, UTC.
        days: trading days of shares.

    Returns:
        Return into each day, NaN where no source has both ends; place of its source in SOURCES, -1
        without one.
    """
    closes = new_york_closes(days).astype("datetime64[us]")
    returns, source = np.full(len(days), np.nan), np.full(len(days), -1)
    for place, name in reversed(list(enumerate(SOURCES))):
        if name in bars:
            prices = _last(bars[name], closes, _BAR_HOURS[name])
            made = np.full(len(days), np.nan)
            made[1:] = np.diff(np.log(prices))
            returns = np.where(np.isfinite(made), made, returns)
            source = np.where(np.isfinite(made), place, source)
    return returns, source


def _last(bars: Observed, at: Moments, oldest_hours: int) -> Floats:
    place = np.searchsorted(bars.observed_on, at, side="right") - 1
    known = np.maximum(place, 0)
    fresh = (place >= 0) & (at - bars.observed_on[known] <= oldest_hours * _HOUR)
    return np.where(fresh, bars.values[known], np.nan)


def _sunday(year: NDArray[np.datetime64], month: int, which: int) -> NDArray[np.datetime64]:
    """The first, second ... Sunday of a month of each year."""
    first = (year.astype("datetime64[M]") + np.timedelta64(month - 1, "M")).astype("datetime64[D]")
    weekday = (first.astype(np.int64) + 3) % 7  # Monday is 0
    return first + ((6 - weekday) % 7 + 7 * (which - 1)).astype("timedelta64[D]")
