"""Claim 8: the demand for money matters as much as its supply.

On the middle and the last working day of a month Treasury coupons settle and taxes fall due: more
money is wanted while the Fed supplies no less. The price of overnight money then says what demand
alone does:
    effect = mean over settlement days of [SOFR - IORB on the day - its mean over five days before]
once reverse repo was empty. The same days with reverse repo above a trillion are the placebo.
Source of the calendar: Treasury auction schedule. Sign: the spread rises as the essay says.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims._daily import daily
from drypowder.measure.claims._dated import dated_all
from drypowder.measure.claims.claim import (
    CONTROL,
    LAST_DAY,
    PLACEBO,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.statistics import aligned, forward_filled, hac_ols, month_ends, within

if TYPE_CHECKING:
    from drypowder.data import Known

_EMPTY = date(2025, 9, 1)
REGISTRATION = Registration(
    number=8,
    slug="demand-for-money",
    needs=("SOFR", "IORB"),
    optional=("RRPONTSYD", "WRESBAL", "M2SL", "BAMLC0A0CM"),
    window=(_EMPTY, LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=5.0,  # the step of the Fed's own technical adjustments of 2018 to 2021
    unit="bp",
    fewest=16,  # settlement days
)
_BP = 100.0
_CALM_DAYS = 5
_MID_MONTH = 15
_ABUNDANT_USD_BN = 1000.0
_FEWEST_SLOPE = 24  # months
_ISSUERS = ("oracle_spread", "meta_spread", "alphabet_spread")
_SUPPLY_WAVE = (np.datetime64("2025-09-01"), np.datetime64("2025-11-14"))


def measure(known: Known) -> Finding:
    """Rise of the repo spread on days when more money is wanted, once the buffer was gone."""
    days, rates = aligned(daily(known, "SOFR", "IORB"))
    spread = _BP * (rates[:, 0] - rates[:, 1])
    rises_on, rises, last_of_month = settlement_rises(days, spread)
    first, last = map(np.datetime64, REGISTRATION.window)
    scarce = (rises_on >= first) & (rises_on <= last)
    REGISTRATION.require(int(scarce.sum()))
    effect, low, high, p_value = mean_interval(rises[scarce], REGISTRATION.level)
    return Finding(
        effect=effect, low=low, high=high, p_value=p_value, observations=int(scarce.sum()),
        first=rises_on[scarce][0].item(), last=rises_on[scarce][-1].item(),
        parts=(
            _mean_part("last_day", rises[scarce & last_of_month]),
            _mean_part("mid_month", rises[scarce & ~last_of_month]),
            _remembering(rises[scarce]),
            *_abundant(known, rises_on, rises),
            *_supply_and_demand(known),
            *_crowding(known),
        ),
        caveats=("days_apart", "calendar_is_foreseen", "window_dressing", "issuers_are_three"),
    )  # fmt: skip


def settlement_rises(days: NDArray, spread: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Settlement days, the rise of the spread on each, and which are last days of a month.

    Args:
        days: [day] datetime64[D], working days; spread: [day].
    """
    months = days.astype("datetime64[M]")
    ends = np.append(months[1:] != months[:-1], False)  # the running month has no end yet
    of_month = (days - months.astype("datetime64[D]")).astype(int) + 1
    before = np.append(0, np.where(months[1:] == months[:-1], of_month[:-1], 0))
    middle = (of_month >= _MID_MONTH) & (before < _MID_MONTH)
    rows = np.flatnonzero(ends | middle)
    rows = rows[rows >= _CALM_DAYS]
    calm = np.array([spread[row - _CALM_DAYS : row].mean() for row in rows])
    return days[rows], spread[rows] - calm, ends[rows]


def mean_interval(values: NDArray, level: float = 0.10) -> tuple[float, float, float, float]:
    """Mean of separate events with Student's interval and two-sided p-value."""
    from scipy.stats import t

    count, mean = len(values), float(values.mean())
    error = float(values.std(ddof=1)) / math.sqrt(count) if count > 1 else math.nan
    reach = float(t.ppf(1.0 - level / 2.0, count - 1)) * error if count > 1 else math.nan
    p_value = float(2.0 * t.sf(abs(mean) / error, count - 1)) if error > 0.0 else math.nan
    return mean, mean - reach, mean + reach, p_value


def _mean_part(key: str, values: NDArray, kind: str = "part") -> Part:
    if not len(values):
        return Part(key, math.nan, kind=kind, observations=0)
    mean, low, high, p_value = mean_interval(values, REGISTRATION.level)
    return Part(key, mean, low, high, kind=kind, p_value=p_value, observations=len(values))


def _remembering(rises: NDArray) -> Part:
    """The same mean, with an interval for settlement days that hang on those before."""
    made = hac_ols(rises, np.empty((len(rises), 0)), level=REGISTRATION.level)
    return Part("remembering", float(made.value[0]), float(made.low[0]), float(made.high[0]),
                kind=CONTROL, p_value=float(made.p_value[0]), observations=len(rises))  # fmt: skip


def _abundant(known: Known, rises_on: NDArray, rises: NDArray) -> list[Part]:
    """The same calendar while a trillion idled in reverse repo."""
    reverse = known.find("RRPONTSYD")
    if reverse is None:
        return []
    days, idle = within(reverse)
    full = forward_filled(rises_on, days, idle) > _ABUNDANT_USD_BN
    return [_mean_part("abundant", rises[full], PLACEBO)] if full.any() else []


def _supply_and_demand(known: Known) -> list[Part]:
    """Month-end spread on reserves with reverse repo (supply) and M2 (demand), bp per percent.

    Source: form of Lopez-Salido and Vissing-Jorgensen 2023, in changes so that trends do not count.
    """
    names = ("SOFR", "IORB", "WRESBAL", "RRPONTSYD", "M2SL")
    series = known.table(names)
    if len(series) < len(names):
        return []
    months = [dict(zip(*_monthly(*within(series[name])), strict=True)) for name in names]
    both = sorted(set.intersection(*(set(month) for month in months)))
    if len(both) <= _FEWEST_SLOPE:
        return []
    sofr, iorb, reserves, reverse, money = np.array([[m[k] for k in both] for m in months])
    table = np.column_stack([np.log(reserves + reverse), np.log(money)])
    fit = hac_ols(
        np.diff(_BP * (sofr - iorb)), 100.0 * np.diff(table, axis=0), level=REGISTRATION.level
    )
    return [
        Part(key, float(fit.value[k]), float(fit.low[k]), float(fit.high[k]), unit="bp_per_percent",
             kind=CONTROL, p_value=float(fit.p_value[k]), observations=fit.observations)
        for k, key in ((1, "supply_slope"), (2, "demand_slope"))
    ]  # fmt: skip


def _crowding(known: Known) -> list[Part]:
    """Spreads of three issuers in their own wave of supply, beside the index of all issuers."""
    rows = dated_all(known, *_ISSUERS)
    found = []
    if rows:
        found.append(Part("issuers", float(np.mean([row.value for row in rows])),
                          min(row.value for row in rows), max(row.value for row in rows),
                          observations=len(rows)))  # fmt: skip
    index = known.find("BAMLC0A0CM")
    if index is not None:
        days, values = within(index)
        ends = np.searchsorted(days, np.array(_SUPPLY_WAVE), side="right") - 1
        if days.size and ends[0] >= 0 and days[-1] >= _SUPPLY_WAVE[1]:
            found.append(Part("index", float(_BP * (values[ends[1]] - values[ends[0]]))))
    return found


def _monthly(days: NDArray, values: NDArray) -> tuple[list, list]:
    last, value = month_ends(days, values)
    return last.astype("datetime64[M]").tolist(), value.tolist()
