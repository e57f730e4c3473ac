"""Claim 13: speculative retail momentum cannot hold its gains when money is scarce.

A break-out is a close above every close of half a year before, the first in a month. It failed when
the close a month later is below the high that was broken. What a coin toss does is known: a walk
without drift fails less than half the time, for a break-out starts above its level. The claim is
about scarcity, so that the effect is the slope of failure on how much scarcer money became in the
quarter before, in the speculative basket less in a basket of large companies that earn: what the
market does to both drops out. Baskets and rule: `retail.toml`.

Sign: above zero, speculative break-outs fail more often when money has become scarcer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims.claim import (
    CONTROL,
    ESSAY_DAY,
    LAST_DAY,
    PLACEBO,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.numbers import numbers, table
from drypowder.measure.rank.scarcity import NEEDS, PRIMARY, innovation, standard, weekly
from drypowder.measure.statistics.choices import choice
from drypowder.measure.statistics.cross_section import block_counts

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

REGISTRATION = Registration(
    number=13,
    slug="retail-momentum",
    needs=NEEDS,
    window=(date(2021, 9, 1), LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=5.0,  # percentage points per s.d.: one break-out in twenty
    unit="points_per_sd",
    fewest=100,
)
_BASKETS = ("speculative", "steady")
FIELD = tuple(  # read beside those registered by name
    f"price:{ticker}" for name in _BASKETS for ticker in table("claims", "retail")[name]["tickers"]
)
_WALKS = 400


class Breakouts(NamedTuple):
    """Every break-out of a basket."""

    on: NDArray  # day [break-out], datetime64[D]
    failed: NDArray[np.float64]  # 1 where the level was lost after a month


def measure(known: Known) -> Finding:
    """Slope of failed break-outs on scarcity, speculative less steady, points per s.d."""
    weeks, scarcity = _scarcer(known)
    found = [_basket(known, name) for name in _BASKETS]
    tables = [_sums(each, weeks, scarcity) for each in found]
    count = int(min(each[:, 0].sum() for each in tables))
    REGISTRATION.require(count)
    slopes = [100.0 * _slope(each.sum(axis=0)) for each in tables]
    counts = block_counts(
        len(weeks), mean_block=table("claims", "retail")["rule"]["block_weeks"],
        draws=int(numbers("rank")["draws"]), generator=np.random.default_rng(int(choice("seed"))),
    )  # fmt: skip
    drawn = [100.0 * _slope(counts @ each) for each in tables]
    low, high, p_value = _ends(drawn[0] - drawn[1])
    used = (found[0].on > weeks[0]) & (found[0].on <= weeks[-1])
    return Finding(
        effect=float(slopes[0] - slopes[1]), low=low, high=high, p_value=p_value,
        observations=int(tables[0][:, 0].sum()), first=found[0].on[used].min().item(),
        last=found[0].on[used].max().item(),
        parts=(
            *(Part(f"slope_{name}", float(slope), *_ends(draws)[:2], kind=kind)
              for name, slope, draws, kind in zip(_BASKETS, slopes, drawn, ("part", CONTROL),
                                                  strict=True)),
            *(part for name, each in zip(_BASKETS, found, strict=True)
              for part in _rates(name, each)),
            Part("rate_walk", 100.0 * _walk_rate(), unit="points", kind=PLACEBO),
        ),
        caveats=("basket_is_judgement", "survivors", "past_scarcity"),
    )  # fmt: skip


def breakouts(days: NDArray, closes: NDArray, *, past: int, quiet: int, hold: int) -> Breakouts:
    """Closes above all of `past` days before, the first in `quiet` days; judged after `hold`."""
    if len(closes) <= past + hold:
        return Breakouts(np.empty(0, "datetime64[D]"), np.empty(0))
    high = np.lib.stride_tricks.sliding_window_view(closes, past).max(axis=1)
    above = np.flatnonzero(closes[past:] > high[:-1]) + past
    new = above[np.diff(above, prepend=above[:1] - quiet - 1) > quiet]
    judged = new[new + hold < len(closes)]
    return Breakouts(days[judged], (closes[judged + hold] < high[judged - past]).astype(float))


def _basket(known: Known, name: str) -> Breakouts:
    """Break-outs of all names of a basket that are stored."""
    given = table("claims", "retail")
    series = known.table([f"price:{ticker}" for ticker in given[name]["tickers"]],
                         until=REGISTRATION.window[1])  # fmt: skip
    rule = given["rule"]
    found = [_of(each, rule) for each in series.values()]
    if not found:
        known.series(f"price:{given[name]['tickers'][0]}")  # says what to pull
    return Breakouts(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _of(price: Observed, rule: dict) -> Breakouts:
    return breakouts(
        price.observed_on.astype("datetime64[D]"), price.values, past=rule["past_days"],
        quiet=rule["quiet_days"], hold=rule["hold_days"],
    )  # fmt: skip


def _scarcer(known: Known) -> tuple[NDArray, NDArray]:
    """Wednesdays, and how much scarcer money became in the quarter up to each, in s.d."""
    first, last = REGISTRATION.window
    span = table("claims", "retail")["rule"]["scarcity_weeks"]
    for name in NEEDS:
        known.series(name)  # says what to pull
    series = known.table(NEEDS, until=last)
    until = min(each.observed_on[-1] for each in series.values())
    found = weekly(series, first=np.datetime64(first) - np.timedelta64(7, "D"), last=until)
    rows = found.complete()
    total = np.concatenate([[0.0], np.cumsum(innovation(found, PRIMARY, rows))])
    return found.weeks[rows][span - 1 :], standard(total[span:] - total[:-span])


def _sums(found: Breakouts, weeks: NDArray, scarcity: NDArray) -> NDArray:
    """Count, sums of x, y, xx and xy of the break-outs of each week [week, 5]."""
    place = np.searchsorted(weeks, found.on, side="left") - 1  # scarcity up to the Wednesday before
    inside = (place >= 0) & (found.on <= weeks[-1])
    place, failed = place[inside], found.failed[inside]
    x = scarcity[place]
    columns: Sequence[NDArray] = (np.ones(len(x)), x, failed, x * x, x * failed)
    return np.stack([np.bincount(place, column, len(weeks)) for column in columns], axis=1)


def _slope(sums: NDArray) -> NDArray:
    """Slope of y on x from its sums [..., 5]."""
    count, x, y, xx, xy = np.moveaxis(sums, -1, 0)
    return (count * xy - x * y) / (count * xx - x * x)


def _ends(drawn: NDArray) -> tuple[float, float, float]:
    """Ends of the interval and the two-sided p-value of draws."""
    half = REGISTRATION.level / 2.0
    low, high = np.quantile(drawn, [half, 1.0 - half])
    side = min((drawn <= 0.0).mean(), (drawn >= 0.0).mean())
    return float(low), float(high), float(min(1.0, 2.0 * max(side, 1.0 / (len(drawn) + 1))))


def _rates(name: str, found: Breakouts) -> list[Part]:
    """Share of break-outs that failed, before the essay and since, percent."""
    made = []
    start = np.datetime64(REGISTRATION.window[0])
    since = found.on > np.datetime64(ESSAY_DAY)
    for key, chosen in (("before", (found.on >= start) & ~since), ("since", since)):
        if chosen.any():
            made.append(
                Part(f"rate_{name}_{key}", 100.0 * float(found.failed[chosen].mean()),
                     unit="points", observations=int(chosen.sum()))
            )  # fmt: skip
    return made


def _walk_rate() -> float:
    """Share of failed break-outs of walks without drift or memory."""
    rule = table("claims", "retail")["rule"]
    generator = np.random.default_rng(int(choice("seed")))
    steps = generator.standard_normal((_WALKS, 10 * rule["past_days"]))
    found = [
        breakouts(np.arange(len(row)).astype("datetime64[D]"), np.cumsum(row),
                  past=rule["past_days"], quiet=rule["quiet_days"], hold=rule["hold_days"]).failed
        for row in steps
    ]  # fmt: skip
    return float(np.concatenate(found).mean())
