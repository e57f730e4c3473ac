"""Claim 7: the levers work, and of them the plumbing: unclog the pipes and the stress is gone.

    SOFR - IORB = before + effect * [from 12 December 2025] + month-end * [month-end] + error
from the day the reverse-repo facility was empty. On 12 December the Fed began to buy bills for the
sake of reserves. Errors allow for memory; every other break date of history is a placebo.
Sign: the spread falls as the essay says.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims._daily import daily
from drypowder.measure.claims.claim import (
    CONTROL,
    LAST_DAY,
    PLACEBO,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.statistics import aligned, forward_filled, hac_ols, within

if TYPE_CHECKING:
    from drypowder.data import Known

_EMPTY = date(2025, 9, 1)  # reverse repo below 25 bn on average from this month on
_BUYING = np.datetime64("2025-12-12")  # first day of reserve-management purchases
REGISTRATION = Registration(
    number=7,
    slug="plumbing",
    needs=("SOFR", "IORB"),
    optional=("WRESBAL", "WTREGEN", "RRPONTSYD", "WALCL"),
    window=(_EMPTY, LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=-1,
    smallest_effect=5.0,  # the step of the Fed's own technical adjustments of 2018 to 2021
    unit="bp",
    fewest=60,  # days, half of them on either side
)
_BP = 100.0
_LAGS = 15  # days of memory that the errors allow for: from one settlement to the next
_SUMMER = (np.datetime64("2025-06-01"), np.datetime64("2025-08-31"))
_PLACEBO_STEP = 5  # days between the break dates tried
_PLACEBO_FROM = np.datetime64("2021-08-01")
_NEAR_MONTH_END_DAYS = 2


def measure(known: Known) -> Finding:
    """Fall of the repo spread from the three months before the purchases to those after."""
    days, rates = aligned(daily(known, "SOFR", "IORB"))
    spread = _BP * (rates[:, 0] - rates[:, 1])
    first, last = map(np.datetime64, REGISTRATION.window)
    seen = (days >= first) & (days <= last)
    after = (days[seen] >= _BUYING).astype(float)
    REGISTRATION.require(2 * int(min(after.sum(), (1.0 - after).sum())))
    fit = hac_ols(spread[seen], np.column_stack([after, near_month_end(days[seen])]),
                  lags=_LAGS, level=REGISTRATION.level)  # fmt: skip
    effect, ends = float(fit.value[1]), (float(fit.low[1]), float(fit.high[1]))
    return Finding(
        effect=effect, low=ends[0], high=ends[1], p_value=float(fit.p_value[1]),
        observations=fit.observations, first=days[seen][0].item(), last=days[seen][-1].item(),
        parts=(
            *_levels(days[seen], spread[seen], after > 0.0),
            *_summer(days, spread),
            *_placebos(days, spread, effect, int((1.0 - after).sum()), int(after.sum())),
            *_without_first_weeks(days[seen], spread[seen], after),
            *_stocks(known),
        ),
        caveats=("one_intervention", "peak_before", "treasury_account", "other_levers"),
    )  # fmt: skip


def near_month_end(days: NDArray) -> NDArray:
    """1 within two calendar days of a month's last day, else 0.

    Args:
        days: [day] datetime64[D].
    """
    nearest = np.full(len(days), np.inf)
    for shift in (0, 1):
        month = days.astype("datetime64[M]") + np.timedelta64(shift, "M")
        end = month.astype("datetime64[D]") - np.timedelta64(1, "D")
        nearest = np.minimum(nearest, np.abs((days - end).astype(int)))
    return (nearest <= _NEAR_MONTH_END_DAYS).astype(float)


def _levels(days: NDArray, spread: NDArray, after: NDArray) -> list[Part]:
    """Means before and after, and the two highest days."""
    late = days > np.datetime64("2026-02-06")
    found = [
        Part("mean_before", float(spread[~after].mean())),
        Part("mean_after", float(spread[after].mean())),
        Part("highest_before", float(spread[~after].max())),
    ]
    if late.any():
        found.append(Part("highest_after_essay", float(spread[late].max())))
    return found


def _summer(days: NDArray, spread: NDArray) -> list[Part]:
    """The usual spread before the stress: did it come back to that, or below?"""
    calm = spread[(days >= _SUMMER[0]) & (days <= _SUMMER[1])]
    return [Part("mean_summer", float(calm.mean()), kind=CONTROL)] if calm.size else []


def _placebos(days: NDArray, spread: NDArray, effect: float, before: int, after: int) -> list[Part]:
    """How many other break dates, with windows as long, saw a fall as large."""
    past = spread[(days >= _PLACEBO_FROM) & (days < np.datetime64(_EMPTY))]
    centres = range(before, len(past) - after + 1, _PLACEBO_STEP)
    falls = np.array([past[c : c + after].mean() - past[c - before : c].mean() for c in centres])
    if not falls.size:
        return []
    low, high = map(float, np.quantile(falls, [0.05, 0.95]))
    share, count = float(np.mean(falls <= effect)), falls.size
    return [
        Part("placebo_share", share, unit="share", kind=PLACEBO, observations=count),
        Part("placebo_usual", float(falls.mean()), low, high, kind=PLACEBO, observations=count),
    ]


def _without_first_weeks(days: NDArray, spread: NDArray, after: NDArray) -> list[Part]:
    """The year's turn left out: December and the first half of January are seldom like the rest."""
    kept = (days < np.datetime64("2025-12-01")) | (days > np.datetime64("2026-01-15"))
    if not (after[kept].any() and (1.0 - after[kept]).any()):
        return []
    fit = hac_ols(spread[kept], np.column_stack([after[kept], near_month_end(days[kept])]),
                  lags=_LAGS, level=REGISTRATION.level)  # fmt: skip
    effect, low, high = (float(each[1]) for each in (fit.value, fit.low, fit.high))
    return [Part("without_year_end", effect, low, high, kind=CONTROL,
                 p_value=float(fit.p_value[1]), observations=fit.observations)]  # fmt: skip


def _stocks(known: Known) -> list[Part]:
    """Water and drain over the same days: what else moved."""
    series, found = known.table(["WALCL", "WRESBAL", "WTREGEN", "RRPONTSYD"]), []
    for name in series:
        days, values = within(series[name], last=LAST_DAY)
        ends = forward_filled(np.array([_BUYING, np.datetime64(LAST_DAY)]), days, values)
        if np.isfinite(ends).all():
            found.append(Part(f"moved_{name.lower()}", float(ends[1] - ends[0]), unit="usd_bn"))
    return found
