"""Intervals for figures that remember: stretches of history are drawn, not single days."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.choices import choice


@dataclass(frozen=True)
class Interval:
    """An estimate and the range that the data leave open."""

    effect: float
    low: float
    high: float
    p_value: float  # two-sided, of no effect
    observations: int
    block: float = 1.0  # mean length of the stretches drawn, observations


def block_interval(
    statistic: Callable[..., float],
    *columns: NDArray,
    level: float = 0.10,
    block: float | None = None,
    draws: int | None = None,
    seed: int | None = None,
) -> Interval:
    """Interval of a statistic of rows that belong together, by the stationary block bootstrap.

    Args:
        statistic: of arrays cut as `columns` are, to a number.
        columns: arrays with one row a moment, drawn together.
        level: two-sided; 0.10 gives a 90 % interval of percentiles.
        block: mean length of a stretch; chosen from the memory of the columns when left out.

    Source: Politis and Romano 1994; length by Politis and White 2004, Patton et al. 2009.
    """
    from arch.bootstrap import StationaryBootstrap

    length = block_length(*columns) if block is None else block
    drawn = StationaryBootstrap(
        max(1, round(length)), *columns, seed=int(choice("seed") if seed is None else seed)
    )
    found = np.asarray(drawn.apply(statistic, int(choice("draws") if draws is None else draws)))
    found = found[np.isfinite(found)]
    effect, count = float(statistic(*columns)), len(columns[0])
    if not found.size:
        return Interval(effect, math.nan, math.nan, math.nan, count, length)
    low, high = np.quantile(found, [level / 2.0, 1.0 - level / 2.0])
    return Interval(effect, float(low), float(high), _p_value(found), count, length)


def block_length(*columns: NDArray) -> float:
    """Mean stretch that keeps the memory of the columns: the longest any of them asks for."""
    from arch.bootstrap import optimal_block_length

    count = len(columns[0])
    longest = max(1.0, choice("longest_block_share") * count)
    wanted = [1.0]
    for column in columns:
        table = np.asarray(column, float).reshape(count, -1)
        table = table[:, np.ptp(table, axis=0) > 0.0]
        if table.size:
            wanted.extend(np.nan_to_num(optimal_block_length(table)["stationary"].to_numpy()))
    return float(min(max(wanted), longest))


def _p_value(found: NDArray) -> float:
    """Twice the smaller share of draws on either side of zero, never below one draw."""
    share = min(float(np.mean(found <= 0.0)), float(np.mean(found >= 0.0)))
    return float(min(1.0, 2.0 * max(share, 1.0 / (found.size + 1))))
