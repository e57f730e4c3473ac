"""Who is still there after a quarter of rising scarcity: weeks of the past dealt again.

A world is a quarter of observed weeks, drawn in blocks, the same weeks for every asset, so that
what falls together falls together. Each asset's own mean is taken out first: what rose in the
sample has no head start for having risen. The cut rule: the third of the field with the worst
quarter is out. Told for worlds in which scarcity rose (their innovations beyond market, rates and
momentum add to more than nothing) and for all of them; the difference is what scarcity adds to
plain volatility.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drypowder.measure.rank.weekly import Floats
from drypowder.measure.statistics.cross_section import block_indices


@dataclass(frozen=True)
class Survival:
    """Share of worlds that each asset survives; NaN for one with too short a past."""

    scarce: Floats  # worlds in which scarcity rises [asset]
    every: Floats  # all worlds [asset]
    worlds: int  # in which scarcity rises


def survival(
    returns: Floats,
    scarcity: Floats,
    *,
    horizon: int,
    cut_share: float,
    mean_block: float,
    worlds: int,
    generator: np.random.Generator,
) -> Survival:
    """Shares of drawn worlds in which an asset is not among the worst.

    Args:
        returns: log returns [week, asset]; a column with a missing week does not take part.
        scarcity: innovation beyond the controls [week].
        horizon: weeks of a world.
    """
    fit = np.asarray(np.isfinite(returns).all(axis=0))
    centred = returns[:, fit] - returns[:, fit].mean(axis=0)
    places = block_indices(
        len(returns), length=horizon, mean_block=mean_block, draws=worlds, generator=generator
    )
    counts = np.zeros((worlds, len(returns)))
    np.add.at(counts, (np.arange(worlds)[:, None], places), 1.0)
    outcome = counts @ centred
    kept = _not_worst(outcome, cut_share)
    rising = counts @ scarcity > 0.0
    return Survival(_spread(kept[rising].mean(axis=0), fit), _spread(kept.mean(axis=0), fit),
                    int(rising.sum()))  # fmt: skip


def _not_worst(outcome: Floats, cut_share: float) -> np.ndarray:
    """Whether an asset is above the cut in each world [world, asset]."""
    out = round(cut_share * outcome.shape[1])
    return outcome.argsort(axis=1).argsort(axis=1) >= out


def _spread(shares: Floats, fit: np.ndarray) -> Floats:
    made = np.full(len(fit), np.nan)
    made[fit] = shares
    return made
