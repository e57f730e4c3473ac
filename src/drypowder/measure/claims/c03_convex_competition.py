"""Claim 3: when dry powder is gone each dollar must leave something else, at a price that bends up.

spread = a + b drained + c max(drained - knee, 0), with c > 0 where money is scarce. The straight
line (c = 0) is the null; the knee is searched for, and paid for in the test.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims.claim import (
    CONTROL,
    LAST_DAY,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.claims.liquidity import (
    BP,
    EXHAUSTED_USD_BN,
    HUNDRED_BN,
    NEEDS,
    Weeks,
    together,
    weeks,
)
from drypowder.measure.statistics import bend_interval, hac_ols, kink_test

if TYPE_CHECKING:
    from drypowder.data import Known

REGISTRATION = Registration(
    number=3,
    slug="convex-competition",
    needs=NEEDS,
    optional=("DFF", "DFII10", "BAMLH0A0HYM2"),
    window=(date(2021, 7, 29), LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.8,  # the flattest of the priors for scarce reserves, per 100 billion
    unit="bp_per_100bn",
    fewest=48,
)
_LONG_FIRST = date(2018, 4, 3)  # the secured overnight rate begins
_LAST_OF_QUARTER = (3, 6, 9, 12)


def measure(known: Known) -> Finding:
    """How much steeper the repo spread rises with each 100 billion beyond the knee."""
    rows = weeks(known, *REGISTRATION.window)
    REGISTRATION.require(len(rows.days))
    made = bend_interval(rows.spread_bp, rows.drained, level=REGISTRATION.level)
    kink = kink_test(rows.spread_bp, rows.drained, draws=1)  # for the two slopes and the knee
    return Finding(
        effect=made.effect, low=made.low, high=made.high, p_value=made.p_value,
        observations=made.observations, first=rows.days[0].item(), last=rows.days[-1].item(),
        parts=(
            Part("slope_abundant", kink.below),
            Part("slope_scarce", kink.above),
            Part("knee", -HUNDRED_BN * kink.at, unit="usd_bn"),
            *_quarter_ends(rows),
            *_since_2018(known, rows.monthly),
            *_other_prices(known, rows),
        ),
        caveats=("one_drain", "overnight_only", *(["monthly"] if rows.monthly else [])),
    )  # fmt: skip


def _bend(key: str, outcome: NDArray, drained: NDArray, kind: str) -> list[Part]:
    if len(outcome) < REGISTRATION.fewest:
        return []
    made = bend_interval(outcome, drained, level=REGISTRATION.level)
    return [Part(key, made.effect, made.low, made.high, kind=kind, p_value=made.p_value,
                 observations=made.observations)]  # fmt: skip


def _quarter_ends(rows: Weeks) -> list[Part]:
    """Without the periods that touch the end of a quarter, when balance sheets are dressed."""
    begun = (rows.days - np.timedelta64(6, "D")).astype("datetime64[M]").astype(int) % 12 + 1
    following = (rows.days + np.timedelta64(1, "D")).astype("datetime64[M]").astype(int) % 12 + 1
    kept = ~(np.isin(begun, _LAST_OF_QUARTER) & (begun != following))
    return _bend("without_quarter_ends", rows.spread_bp[kept], rows.drained[kept], CONTROL)


def _since_2018(known: Known, monthly: bool) -> list[Part]:
    """Against the federal funds rate instead, so that September 2019 is in the sample."""
    names = ("SOFR", "DFF", "RRPONTSYD", "WRESBAL")
    series = known.table(names)
    if monthly or len(series) < len(names):
        return []
    _, columns = together(series, _LONG_FIRST, LAST_DAY, monthly=False)
    spread = BP * (columns["SOFR"] - columns["DFF"])
    drained = -(columns["RRPONTSYD"] + columns["WRESBAL"]) / HUNDRED_BN
    return _bend("since_2018", spread, drained, CONTROL)


def _other_prices(known: Known, rows: Weeks) -> list[Part]:
    """Does a drain cost more, once idle money is gone, in long real yields and risky credit?

    Changes on changes: the extra basis points per 100 billion after exhaustion.
    """
    found = []
    gone = rows.rrp_usd_bn < EXHAUSTED_USD_BN
    for key, name in (
        ("repo_changes", ""),
        ("real_yield", "DFII10"),
        ("high_yield", "BAMLH0A0HYM2"),
    ):
        outcome = rows.spread_bp if not name else _on(known, name, rows)
        if outcome is None:
            continue
        both = np.isfinite(outcome[1:]) & np.isfinite(outcome[:-1])
        move, drained = np.diff(outcome)[both], np.diff(rows.drained)[both]
        after = gone[1:][both].astype(float)
        if min(after.sum(), (1 - after).sum()) < 12:
            continue
        fit = hac_ols(move, np.column_stack([drained, drained * after, after]),
                      level=REGISTRATION.level)  # fmt: skip
        value, low, high, p_value = (float(each[2]) for each in
                                     (fit.value, fit.low, fit.high, fit.p_value))  # fmt: skip
        found.append(Part(key, value, low, high, p_value=p_value, observations=fit.observations))
    return found


def _on(known: Known, name: str, rows: Weeks) -> NDArray | None:
    """A daily rate in basis points as means over the same periods; NaN where it has none."""
    series = known.find(name)
    if series is None:
        return None
    days, columns = together({name: series}, *REGISTRATION.window, monthly=rows.monthly)
    made = np.full(len(rows.days), np.nan)
    _, own, theirs = np.intersect1d(rows.days, days, return_indices=True)
    made[own] = BP * columns[name][theirs]
    return made
