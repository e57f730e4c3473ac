"""Series of different habits on common days: nothing is carried backwards in time.

Days are `datetime64[D]`; a series is a pair (days, values), days increasing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from drypowder.data import Observed

DAY = "datetime64[D]"


def dates_of(observed: Observed) -> NDArray:
    """Days of a series' observations, datetime64[D]."""
    return observed.observed_on.astype(DAY)


def within(
    observed: Observed, first: date | None = None, last: date | None = None
) -> tuple[NDArray, NDArray]:
    """Days and finite values of a series from `first` to `last`, both included."""
    days, values = dates_of(observed), np.asarray(observed.values, float)
    kept = np.isfinite(values)
    if first is not None:
        kept &= days >= np.datetime64(first)
    if last is not None:
        kept &= days <= np.datetime64(last)
    return days[kept], values[kept]


def aligned(
    observed: Iterable[Observed], first: date | None = None, last: date | None = None
) -> tuple[NDArray, NDArray]:
    """Values of several series on the days that all of them have.

    Returns:
        days [day] and values [day, series].
    """
    pairs = [within(each, first, last) for each in observed]
    days = pairs[0][0]
    for other, _ in pairs[1:]:
        days = np.intersect1d(days, other)
    columns = [values[np.searchsorted(own, days)] for own, values in pairs]
    return days, np.stack(columns, axis=1) if columns else np.empty((0, 0))


def forward_filled(days: NDArray, own_days: NDArray, values: NDArray) -> NDArray:
    """The latest value on or before each day; NaN before the first one."""
    place = np.searchsorted(own_days, days, side="right") - 1
    return np.where(place >= 0, values[np.maximum(place, 0)], np.nan)


def changes(
    days: NDArray, values: NDArray, *, longest_gap_days: int = 5
) -> tuple[NDArray, NDArray]:
    """Changes between neighbouring days; those over a longer gap are dropped, not spread.

    Returns:
        days [change] on which each change ended, and the changes, of the shape of `values`.
    """
    steps = np.diff(days).astype("timedelta64[D]").astype(int)
    kept = steps <= longest_gap_days
    return days[1:][kept], np.diff(values, axis=0)[kept]


def month_ends(days: NDArray, values: NDArray) -> tuple[NDArray, NDArray]:
    """The last observation of each month, on its own day."""
    months = days.astype("datetime64[M]")
    final = np.append(months[1:] != months[:-1], True)[: days.size]
    return days[final], values[final]
