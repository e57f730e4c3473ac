"""Claim 2: it works while the money comes out of dry powder.

While money lies idle at the central bank (reverse repo), drains are paid out of it and overnight
money costs no more than reserves earn; when it is gone the same drains cost. 0 <= RRP, 0 <= cost:
only one of them is above zero.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims.claim import (
    CONTROL,
    ESSAY_DAY,
    LAST_DAY,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.claims.liquidity import EXHAUSTED_USD_BN, NEEDS, Weeks, together, weeks
from drypowder.measure.statistics import block_interval

if TYPE_CHECKING:
    from drypowder.data import Known

_FIRST = date(2021, 7, 29)  # interest on reserves has one rate since then
REGISTRATION = Registration(
    number=2,
    slug="dry-powder-first",
    needs=NEEDS,
    optional=("WALCL", "WTREGEN", "liquid:MSFT", "liquid:GOOGL", "liquid:AMZN", "liquid:META"),
    window=(_FIRST, LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=5.0,  # half of the lowest prior of what scarce reserves cost, 10 bp
    unit="bp",
    fewest=48,
)
_FEWEST_EACH = 6  # rows on either side of exhaustion
_PEAK = date(2022, 12, 31)
_QUARTER_MONTHS = 3


def measure(known: Known) -> Finding:
    """What overnight money costs more after the idle money was gone than while it lasted."""
    rows = weeks(known, *REGISTRATION.window)
    gone = (rows.rrp_usd_bn < EXHAUSTED_USD_BN).astype(float)
    REGISTRATION.require(len(gone) if min(gone.sum(), (1 - gone).sum()) >= _FEWEST_EACH else 0)
    made = block_interval(_difference, rows.spread_bp, gone, level=REGISTRATION.level)
    exhausted = rows.days[_lasting(gone)]
    early_days = (np.datetime64(ESSAY_DAY) - exhausted).astype(int)
    return Finding(
        effect=made.effect, low=made.low, high=made.high, p_value=made.p_value,
        observations=made.observations, first=rows.days[0].item(), last=rows.days[-1].item(),
        parts=(
            Part("while_it_lasted", float(rows.spread_bp[gone == 0].mean())),
            Part("when_gone", float(rows.spread_bp[gone == 1].mean())),
            Part("exhausted_before_essay", float(early_days), unit="days"),
            Part("break_before_essay", _break(rows), unit="days"),
            *_quarter_ends(rows, gone),
            *_paid_by(known, exhausted.item(), rows.monthly),
            *_hoards(known),
        ),
        caveats=("one_switch", "earlier", *(["monthly"] if rows.monthly else [])),
    )  # fmt: skip


def _difference(spread: NDArray, gone: NDArray) -> float:
    if gone.min() == gone.max():
        return float("nan")
    return float(spread[gone == 1].mean() - spread[gone == 0].mean())


def _lasting(gone: NDArray) -> int:
    """First row from which on the idle money stayed gone for half of the time or more."""
    ahead = np.cumsum(gone[::-1])[::-1] / np.arange(len(gone), 0, -1)
    return int(np.argmax((gone == 1) & (ahead >= 0.5)))


def _break(rows: Weeks) -> float:
    """Days before the essay on which the mean of the spread shifted most."""
    spread, edge = rows.spread_bp, _FEWEST_EACH
    fits = [np.var(spread[:k]) * k + np.var(spread[k:]) * (len(spread) - k)
            for k in range(edge, len(spread) - edge)]  # fmt: skip
    day = rows.days[edge + int(np.argmin(fits))]
    return float((np.datetime64(ESSAY_DAY) - day).astype(int))


def _quarter_ends(rows: Weeks, gone: NDArray) -> list[Part]:
    """Without the periods that hold the end of a quarter, when balance sheets are dressed."""
    months = rows.days.astype("datetime64[M]").astype(int)
    begun = (rows.days - np.timedelta64(6, "D")).astype("datetime64[M]").astype(int)
    ending = (begun % _QUARTER_MONTHS == _QUARTER_MONTHS - 1) & (
        rows.monthly | (begun != months) | (_next(rows.days) != months)
    )
    kept = ~ending
    if min(gone[kept].sum(), (1 - gone[kept]).sum()) < _FEWEST_EACH:
        return []
    made = block_interval(_difference, rows.spread_bp[kept], gone[kept], level=REGISTRATION.level)
    return [Part("without_quarter_ends", made.effect, made.low, made.high, kind=CONTROL,
                 p_value=made.p_value, observations=made.observations)]  # fmt: skip


def _next(days: NDArray) -> NDArray:
    return (days + np.timedelta64(1, "D")).astype("datetime64[M]").astype(int)


def _paid_by(known: Known, exhausted: date, monthly: bool) -> list[Part]:
    """Of what central bank and Treasury drained, how much came out of idle money."""
    names = ("WALCL", "WTREGEN", "RRPONTSYD", "WRESBAL")
    series = known.table(names)
    if len(series) < len(names):
        return []
    _, columns = together(series, _PEAK, exhausted, monthly=monthly)
    if len(columns["WALCL"]) < 2 * _FEWEST_EACH:
        return []
    supplied = np.diff(columns["WALCL"] - columns["WTREGEN"])
    found = []
    for key, name in (("paid_by_rrp", "RRPONTSYD"), ("paid_by_reserves", "WRESBAL")):
        made = block_interval(_ratio, np.diff(columns[name]), supplied, level=REGISTRATION.level)
        found.append(Part(key, made.effect, made.low, made.high, unit="share",
                          observations=made.observations))  # fmt: skip
    return found


def _ratio(part: NDArray, whole: NDArray) -> float:
    return float(part.sum() / whole.sum()) if whole.sum() else float("nan")


def _hoards(known: Known) -> list[Part]:
    """Cash and securities of the hyperscalers, first against last quarter that all of them have."""
    series = known.table([name for name in REGISTRATION.optional if name.startswith("liquid:")])
    if len(series) < 2:
        return []
    from drypowder.measure.statistics import aligned

    _, levels = aligned(series.values(), _PEAK, LAST_DAY)
    if len(levels) < 2:
        return []
    total = levels.sum(axis=1)
    return [Part("hoards", float(total[-1] - total[0]), unit="usd_bn", observations=len(total))]
