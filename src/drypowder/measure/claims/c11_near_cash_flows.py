"""Claim 11: memory makers outperform because their cash flows are near.

Two statements in one. That they did better is tested beyond the market and beyond semiconductors,
for what all chip makers gained is no distance of cash flows. That nearness was the reason would
show in two other places: memory would lose less than other chip makers on days on which real yields
rise, and a fund of companies with near cash would do better too. Neither can tell nearness from a
shortage of memory and the earnings revised up with it: no series of revisions is stored.

Sign: above zero, memory did better. Returns are logarithms, in percent.
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
    OIL_NEUTRAL_DAY,
    PLACEBO,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.statistics import (
    aligned,
    block_interval,
    block_length,
    changes,
    choice,
    hac_ols,
)
from drypowder.measure.statistics.cross_section import block_counts, drawn_loadings

if TYPE_CHECKING:
    from drypowder.data import Known

_MEMORY = ("price:MU", "price:WDC", "price:STX", "price:SNDK")
_MARKET, _CHIPS, _NEAR_CASH = "price:SPY", "price:SMH", "price:COWZ"
REGISTRATION = Registration(
    number=11,
    slug="near-cash-flows",
    needs=(*_MEMORY, _MARKET, _CHIPS),
    optional=("DGS10", "T10YIE", _NEAR_CASH),
    window=(ESSAY_DAY, LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=10.0,  # percent over the window: half a year of what shares usually earn
    unit="percent",
    fewest=60,
)
_BETAS_FROM = date(2025, 3, 3)  # the first Monday after Western Digital and Sandisk parted
_USUAL_FROM = date(2016, 1, 1)
_TEN_BP = 10.0


def measure(known: Known) -> Finding:
    """Memory's return beyond its betas to the market and to semiconductors since the essay."""
    days, ours, market, chips = _returns(known, _MEMORY, _BETAS_FROM)
    window = (days > np.datetime64(REGISTRATION.window[0])) & (
        days <= np.datetime64(REGISTRATION.window[1])
    )
    REGISTRATION.require(int(window.sum()))
    before = days <= np.datetime64(ESSAY_DAY)
    beyond = _beyond(ours, np.stack([market, chips], axis=1), before)
    beyond_market = _beyond(ours, market[:, None], before)
    made = block_interval(np.sum, beyond[window], level=REGISTRATION.level)
    june = window & (days <= np.datetime64(OIL_NEUTRAL_DAY))
    to_june = block_interval(np.sum, beyond[june], level=REGISTRATION.level)
    return Finding(
        effect=made.effect, low=made.low, high=made.high, p_value=made.p_value,
        observations=made.observations, first=days[window][0].item(),
        last=days[window][-1].item(),
        parts=(
            Part("to_june", to_june.effect, to_june.low, to_june.high, p_value=to_june.p_value),
            _betas_drawn(ours, np.stack([market, chips], axis=1), before, window),
            Part("after_june", made.effect - to_june.effect),
            Part("market_june", float(beyond_market[june].sum())),
            Part("market_august", float(beyond_market[window].sum())),
            Part("plain_june", float(ours[june].sum())),
            Part("plain_august", float(ours[window].sum())),
            Part("chips_august", float(chips[window].sum())),
            *_nearness(known, days[window], (ours - chips)[window]),
            *_near_cash(known),
            *_usual(known, int(window.sum()), made.effect),
        ),
        caveats=("betas_known", "shortage", "one_window", "made_of_it"),
    )  # fmt: skip


def _returns(known: Known, names: tuple[str, ...], since: date) -> tuple[NDArray, ...]:
    """Days, the mean return of the names, the market's and the chip makers', %."""
    series = [known.series(name) for name in (*names, _MARKET, _CHIPS)]
    days, prices = aligned(series, first=since, last=REGISTRATION.window[1])
    on, moved = changes(days, 100.0 * np.log(prices))
    return on, moved[:, :-2].mean(axis=1), moved[:, -2], moved[:, -1]


def _beyond(ours: NDArray, factors: NDArray, before: NDArray) -> NDArray:
    """Daily return less what its betas of before the window explain; no constant is taken out."""
    table = np.column_stack([np.ones(int(before.sum())), factors[before]])
    slope = np.linalg.lstsq(table, ours[before], rcond=None)[0][1:]
    return ours - factors @ slope


def _betas_drawn(ours: NDArray, factors: NDArray, before: NDArray, window: NDArray) -> Part:
    """The same sum with the betas drawn again as well, from the days that they were fitted on."""
    generator, draws = np.random.default_rng(int(choice("seed"))), int(choice("draws"))
    table = np.column_stack([np.ones(len(ours)), factors])

    def drawn(rows: NDArray) -> NDArray:
        columns = (ours[rows], factors[rows])
        return block_counts(int(rows.sum()), mean_block=block_length(*columns), draws=draws,
                            generator=generator)  # fmt: skip

    betas = drawn_loadings(ours[before, None], table[before], drawn(before))[:, 0, 1:]
    often = drawn(window)
    sums = often @ ours[window] - ((often @ factors[window]) * betas).sum(axis=1)
    half = REGISTRATION.level / 2.0
    low, high = np.quantile(sums, [half, 1.0 - half])
    return Part("betas_drawn", float(_beyond(ours, factors, before)[window].sum()), float(low),
                float(high), kind=CONTROL)  # fmt: skip


def _nearness(known: Known, days: NDArray, spread: NDArray) -> list[Part]:
    """Memory less other chip makers on a day on which the real yield rises by 10 bp."""
    series = known.table(["DGS10", "T10YIE"])
    if len(series) < 2:
        return []
    on, levels = aligned((series["DGS10"], series["T10YIE"]))
    on, moved = changes(on, 100.0 * (levels[:, 0] - levels[:, 1]))
    both, left, right = np.intersect1d(days, on, return_indices=True)
    if len(both) < REGISTRATION.fewest:
        return []
    made = hac_ols(spread[left], moved[right] / _TEN_BP, level=REGISTRATION.level)
    return [Part("real_yield_day", float(made.value[1]), float(made.low[1]), float(made.high[1]),
                 kind=CONTROL, p_value=float(made.p_value[1]), observations=len(both))]  # fmt: skip


def _near_cash(known: Known) -> list[Part]:
    """A fund of companies with much free cash flow, less the market, to both ends."""
    fund = known.find(_NEAR_CASH)
    if fund is None:
        return []
    days, prices = aligned((fund, known.series(_MARKET)), first=ESSAY_DAY, last=LAST_DAY)
    if not days.size or days[-1] < np.datetime64(OIL_NEUTRAL_DAY):
        return []  # the fund ends before the window: no figure under a later day's name
    gained = 100.0 * (np.log(prices) - np.log(prices[0]))
    june = int(np.searchsorted(days, np.datetime64(OIL_NEUTRAL_DAY), side="right")) - 1
    return [
        Part(f"near_cash_{name}", float(gained[place, 0] - gained[place, 1]), kind=CONTROL)
        for name, place in (("june", june), ("august", -1))
    ]


def _usual(known: Known, length: int, effect: float) -> list[Part]:
    """How often three older memory and storage makers did as well beyond chips over as long."""
    days, ours, market, chips = _returns(known, _MEMORY[:3], _USUAL_FROM)
    past = days <= np.datetime64(ESSAY_DAY)
    beyond = _beyond(ours, np.stack([market, chips], axis=1), past)[past]
    total = np.concatenate([[0.0], np.cumsum(beyond)])
    rolled = total[length:] - total[:-length]
    low, high = np.quantile(rolled, [0.05, 0.95])
    return [
        Part("usual", float(np.median(rolled)), float(low), float(high), kind=PLACEBO),
        Part("rank", float((rolled < effect).mean()), unit="share", kind=PLACEBO,
             observations=len(rolled)),
    ]  # fmt: skip
