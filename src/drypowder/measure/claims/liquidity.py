"""Idle money and what overnight money costs, week by week, or by months from starter figures.

Reserves are weekly averages ending on Wednesdays, so the others are averaged over the same weeks.
Figures shipped with the package are one a month: then all of them are averaged by calendar month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics import within

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

BP = 100.0  # per percentage point
HUNDRED_BN = 100.0
EXHAUSTED_USD_BN = 100.0  # 4 % of the reverse repo outstanding at its peak, December 2022
NEEDS = ("SOFR", "IORB", "RRPONTSYD", "WRESBAL")


@dataclass(frozen=True)
class Weeks:
    """One row a week, or a month."""

    days: NDArray  # [row] last day of the period
    spread_bp: NDArray  # secured overnight rate less interest on reserves
    rrp_usd_bn: NDArray
    reserves_usd_bn: NDArray
    monthly: bool

    @property
    def drained(self) -> NDArray:
        """Scarcity: idle and reserve money with the sign turned, in hundreds of billions."""
        return -(self.rrp_usd_bn + self.reserves_usd_bn) / HUNDRED_BN


def weeks(known: Known, first: date, last: date) -> Weeks:
    """Rows from `first` to `last`. Raises: DataMissingError as `Known.series`."""
    series = {name: known.series(name) for name in NEEDS}
    monthly = any(each.starter for each in series.values())
    days, columns = together(series, first, last, monthly=monthly)
    sofr, iorb, rrp, reserves = (columns[name] for name in NEEDS)
    return Weeks(days, BP * (sofr - iorb), rrp, reserves, monthly)


def together(
    series: Mapping[str, Observed], first: date, last: date, *, monthly: bool
) -> tuple[NDArray, dict[str, NDArray]]:
    """Means over the weeks ending on Wednesdays, or calendar months, that all series have."""
    means = {
        name: _means(*within(each, first, last), monthly=monthly) for name, each in series.items()
    }
    common = _common([periods for periods, _ in means.values()])
    columns = {
        name: values[np.searchsorted(periods, common)] for name, (periods, values) in means.items()
    }
    return np.minimum(_ends(common, monthly), np.datetime64(last)), columns


def _means(days: NDArray, values: NDArray, *, monthly: bool) -> tuple[NDArray, NDArray]:
    # 1 January 1970 was a Thursday: whole weeks since then begin on Thursdays, end on Wednesdays
    period = days.astype("datetime64[M]" if monthly else "datetime64[W]").astype(np.int64)
    periods, place = np.unique(period, return_inverse=True)
    return periods, np.bincount(place, values) / np.bincount(place)


def _common(sets: Sequence[NDArray]) -> NDArray:
    common = sets[0]
    for other in sets[1:]:
        common = np.intersect1d(common, other)
    return common


def _ends(periods: NDArray, monthly: bool) -> NDArray:
    unit = "datetime64[M]" if monthly else "datetime64[W]"
    return (periods + 1).astype(unit).astype("datetime64[D]") - np.timedelta64(1, "D")
