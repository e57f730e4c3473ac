"""Claim 5: the most speculative assets lose most when money gets scarce.

That what swings most falls most follows from market beta alone and says nothing about scarcity.
The claim is put to the contest: scarcity beta after market, rates and momentum, the speculative
groups of the field against those with cash flows, both written down in `rank/universe.toml`.

Sign: a scarcity beta above zero is a loss when money gets scarcer.
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
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.numbers import numbers
from drypowder.measure.rank.contest import Betas, raw_betas, scarcity_betas
from drypowder.measure.rank.panel import Panel, panel
from drypowder.measure.rank.scarcity import NEEDS, OPTIONAL, READINGS
from drypowder.measure.rank.universe import universe
from drypowder.measure.rank.weekly import PRICE_DAYS, sampled

if TYPE_CHECKING:
    from drypowder.data import Known

REGISTRATION = Registration(
    number=5,
    slug="speculative-loses-most",
    needs=NEEDS,
    optional=OPTIONAL,
    window=(date(2021, 8, 4), LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.30,  # % a week per s.d.: about 1 % in a quarter
    unit="percent_per_sd",
    fewest=156,
)
FIELD = tuple(asset.series for asset in universe())  # read beside those registered by name
_ENDS = (("june", OIL_NEUTRAL_DAY), ("august", LAST_DAY))
_GROUPS = ("bitcoin", "alt_coins", "crypto_shares", "unprofitable")


def measure(known: Known) -> Finding:
    """Scarcity beta of the speculative groups less that of the groups with cash flows."""
    data = panel(known, until=REGISTRATION.window[1])
    REGISTRATION.require(len(data.weeks))
    weight = contrast(data)
    found = {name: made for name in READINGS if (made := scarcity_betas(data, name))}
    main = found[READINGS[0]]
    effect, low, high, p_value = compared(main, weight)
    return Finding(
        effect=effect, low=low, high=high, p_value=p_value, observations=len(data.weeks),
        first=data.weeks[0].item(), last=data.weeks[-1].item(),
        parts=(
            *(_reading(name, each, weight) for name, each in found.items() if each is not main),
            Part("without_controls", *compared(raw_betas(data), weight)[:3], kind=CONTROL),
            *_by_group(data, main),
            Part("discoveries", float((main.discovery <= REGISTRATION.level).sum()), unit="count",
                 observations=len(data.assets)),
            *_outcomes(known, data, weight),
        ),
        caveats=("survivors", "little_power"),
    )  # fmt: skip


def contrast(data: Panel) -> NDArray[np.float64]:
    """Weights that compare the speculative assets with those of cash flows, equal within each."""
    old = np.isfinite(data.returns).sum(axis=0) >= numbers("rank")["evidence_weeks"]
    kind = np.array([asset.speculative for asset in data.assets]) * old
    most, least = kind > 0, kind < 0
    return most / max(int(most.sum()), 1) - least / max(int(least.sum()), 1)


def compared(betas: Betas, weight: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """A weighted sum of scarcity betas, its 90 % interval and two-sided p-value."""
    used = weight != 0.0
    drawn = betas.drawn[:, used] @ weight[used]
    half = REGISTRATION.level / 2.0
    low, high = np.quantile(drawn, [half, 1.0 - half])
    side = min((drawn <= 0.0).mean(), (drawn >= 0.0).mean())
    p_value = min(1.0, 2.0 * max(side, 1.0 / (len(drawn) + 1)))
    return float(betas.value[used] @ weight[used]), float(low), float(high), float(p_value)


def _reading(name: str, betas: Betas, weight: NDArray[np.float64]) -> Part:
    effect, low, high, p_value = compared(betas, weight)
    return Part(name, effect, low, high, kind=CONTROL, p_value=p_value)


def _by_group(data: Panel, betas: Betas) -> list[Part]:
    """Mean scarcity beta of each speculative group."""
    found = []
    for group in _GROUPS:
        member = np.array([asset.group == group for asset in data.assets]) * (contrast(data) > 0)
        if member.any():
            effect, low, high, p_value = compared(betas, member / member.sum())
            found.append(Part(group, effect, low, high, p_value=p_value))
    return found


def _outcomes(known: Known, data: Panel, weight: NDArray[np.float64]) -> list[Part]:
    """What the groups did since the essay, to both ends: a story, not a test."""
    found = []
    ends = np.array([ESSAY_DAY, *(day for _, day in _ENDS)], "datetime64[D]")
    prices = np.stack([
        sampled(each.observed_on, each.values, ends, oldest_days=PRICE_DAYS + 1)
        for each in data.prices.values()
    ])  # fmt: skip
    for place, (name, _) in enumerate(_ENDS, start=1):
        change = 100.0 * (prices[:, place] / prices[:, 0] - 1.0)
        most, least = (change[np.isfinite(change) & (sign * weight > 0)] for sign in (1, -1))
        if len(most) and len(least):
            apart = float(most.mean() - least.mean())
            found.append(Part(f"outcome_{name}", apart, unit="percent"))
    return found
