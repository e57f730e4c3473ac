"""A slope that several firms share over few quarters: errors for memory and for common shocks.

    y[t, f] = firm[f] + slope * x[t, f] + u[t, f],    u[t, f] = rho u[t-1, f] + e[t, f]

Errors are Driscoll and Kraay's (1998): the moments of all firms of a quarter are summed first, and
then Newey and West's weights are laid over quarters. How far t strays by chance is taken from
panels remade with the memory found, corrected for its bias, and one random sign a quarter for all
firms (Gonçalves 2011), so that what firms share stays shared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.bootstrap import Interval
from drypowder.measure.statistics.choices import choice
from drypowder.measure.statistics.memory import lasting

_LONGEST = 0.95  # memory: few quarters cannot tell more from a random walk
_CORRECTING_DRAWS = 200


def panel_slope(
    x: NDArray,
    y: NDArray,
    *,
    level: float = 0.10,
    draws: int | None = None,
    seed: int | None = None,
) -> Interval:
    """Slope within firms, its interval from a bootstrap of t.

    Args:
        x, y: [quarter, firm] in order of time, NaN where a figure is missing.
    """
    there = np.isfinite(x) & np.isfinite(y)
    generator = np.random.default_rng(int(choice("seed") if seed is None else seed))
    moved = _within(np.where(there, x, 0.0)[None], there)[0]
    slope, left = _fit(moved, np.where(there, y, 0.0)[None], there)
    rho = _memory(moved, left, there, generator)
    before = np.concatenate([np.zeros((1, x.shape[1])), left[0, :-1]])
    count = int(choice("draws") if draws is None else draws)
    signs = generator.choice([-1.0, 1.0], (count, len(x), 1))
    strayed, other = _fit(moved, _remembering(signs * (left[0] - rho * before), rho), there)
    error = float(_errors(moved, left)[0])
    far = np.abs(strayed) / _errors(moved, other)
    width = error * float(np.quantile(far, 1.0 - level))
    effect, t = float(slope[0]), abs(float(slope[0])) / error
    p_value = (1.0 + float((far >= t).sum())) / (1.0 + count)
    return Interval(effect, effect - width, effect + width, p_value, int(there.sum()))


def _within(values: NDArray, there: NDArray) -> NDArray:
    """Each firm's mean taken out [draw, quarter, firm]; zero where nothing is known."""
    known = np.where(there, values, 0.0)
    mean = known.sum(axis=1, keepdims=True) / np.maximum(there.sum(axis=0), 1)
    return np.where(there, known - mean, 0.0)


def _fit(moved: NDArray, y: NDArray, there: NDArray) -> tuple[NDArray, NDArray]:
    """Slopes [draw] and what is left over [draw, quarter, firm]."""
    own = _within(y, there)
    slope = (moved * own).sum(axis=(1, 2)) / (moved * moved).sum()
    return slope, np.where(there, own - slope[:, None, None] * moved, 0.0)


def _errors(moved: NDArray, left: NDArray) -> NDArray:
    """Driscoll and Kraay's errors of the slopes [draw]; above zero."""
    sums = (moved * left).sum(axis=2)
    rows = sums.shape[1]
    lags = round(4.0 * (rows / 100.0) ** (2.0 / 9.0))
    total = (sums * sums).sum(axis=1)
    for lag in range(1, min(lags, rows - 1) + 1):
        share = 2.0 * (1.0 - lag / (lags + 1.0))
        total = total + share * (sums[:, lag:] * sums[:, :-lag]).sum(axis=1)
    return np.sqrt(np.maximum(total, np.finfo(float).tiny)) / (moved * moved).sum()


def _memory(moved: NDArray, left: NDArray, there: NDArray, generator: np.random.Generator) -> float:
    """First autocorrelation over all firms, corrected for being found too low in few quarters."""
    found = float(_first(left)[0])
    rows, firms = moved.shape
    shocks = generator.standard_normal((_CORRECTING_DRAWS, 2 * rows, firms))
    started = _remembering(shocks, float(np.clip(found, -_LONGEST, _LONGEST)))[:, rows:]
    again = _first(_fit(moved, started, there)[1])
    return float(np.clip(2.0 * found - float(again.mean()), -_LONGEST, _LONGEST))


def _first(left: NDArray) -> NDArray:
    size = (left[:, :-1] ** 2).sum(axis=(1, 2))
    return (left[:, 1:] * left[:, :-1]).sum(axis=(1, 2)) / np.where(size > 0.0, size, np.inf)


def _remembering(shocks: NDArray, rho: float) -> NDArray:
    """u[t] = rho u[t-1] + shocks[t], firm by firm [draw, quarter, firm]."""
    draws, rows, firms = shocks.shape
    series = shocks.transpose(0, 2, 1).reshape(draws * firms, rows)
    return lasting(series, rho).reshape(draws, firms, rows).transpose(0, 2, 1)
