"""What many assets load on the same few factors: all at once, with errors that remember.

    r[t, n] = X[t] b[n] + e[t, n]        each asset on the weeks that it has

Errors are Newey-West's (1987) with Bartlett weights; intervals come from weeks drawn in blocks of
random length (Politis and Romano 1994), the same weeks for every asset, so that what they share
stays shared. Testing many assets, somebody always looks guilty: correct with `many`.

Missing returns are NaN. X has no missing rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Floats = NDArray[np.float64]
_NEARLY_SINGULAR = 1e12
_ENOUGH_BLOCKS, _SPARE_BLOCKS = 1.5, 20  # so that drawn blocks fill the history


@dataclass(frozen=True)
class Loadings:
    """What each asset loads on each factor."""

    value: Floats  # [asset, factor]
    error: Floats  # standard errors [asset, factor]
    p_value: Floats  # two-sided, Student's t [asset, factor]
    weeks: NDArray[np.int64]  # observations [asset]
    residuals: Floats  # [week, asset], NaN where there is no return


def loadings(returns: Floats, factors: Floats, *, lags: int) -> Loadings:
    """Least squares of every asset on the same factors, errors robust to clusters and memory.

    Args:
        returns: [week, asset], NaN where missing.
        factors: [week, factor]; a constant must be among them if one is wanted.
        lags: of the Newey-West errors, in weeks.
    """
    there = np.isfinite(returns)
    filled = np.where(there, returns, 0.0)
    inner = np.einsum("tn,ti,tj->nij", there.astype(float), factors, factors, optimize=True)
    bread = _inverse(inner)
    value = np.einsum("nij,nj->ni", bread, np.einsum("tn,ti->ni", filled, factors))
    residuals = np.where(there, filled - factors @ value.T, 0.0)
    scores = residuals[:, :, None] * factors[:, None, :]
    middle = _long_run(scores, lags)
    weeks = there.sum(axis=0)
    free = np.maximum(weeks - factors.shape[1], 1)
    scale = weeks / free
    spread = np.einsum("nij,njk,nkl->nil", bread, middle, bread) * scale[:, None, None]
    error = np.sqrt(np.maximum(np.einsum("nii->ni", spread), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(value / error)
    p_value = 2.0 * stdtr(free[:, None].astype(float), -t)
    return Loadings(value, error, p_value, weeks, np.where(there, residuals, np.nan))


def drawn_loadings(returns: Floats, factors: Floats, counts: Floats) -> Floats:
    """Loadings in histories made of drawn weeks [draw, asset, factor].

    Args:
        counts: how often each week stands in each history [draw, week]; see `block_counts`.
    """
    there = np.isfinite(returns)
    filled = np.where(there, returns, 0.0)
    weeks, size = factors.shape
    assets = returns.shape[1]
    # assets with the same weeks share an inverse, and most have all of them
    kinds, kind = np.unique(there, axis=1, return_inverse=True)
    products = (factors[:, :, None] * factors[:, None, :]).reshape(weeks, 1, size * size)
    inner = counts @ (kinds[:, :, None] * products).reshape(weeks, -1)
    inverse = _inverse(inner.reshape(-1, size, size)).reshape(len(counts), -1, size, size)
    outer = counts @ (filled[:, :, None] * factors[:, None, :]).reshape(weeks, -1)
    solved = inverse[:, kind.ravel()] @ outer.reshape(len(counts), assets, size, 1)
    return solved.reshape(len(counts), assets, size)


def block_indices(
    count: int, *, length: int, mean_block: float, draws: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Places in a series of `count`, drawn in blocks of random length, round the end.

    Source: Politis and Romano, The stationary bootstrap, JASA 89 (1994).
    """
    starts = generator.integers(0, count, size=(draws, length))
    fresh = generator.random((draws, length)) < 1.0 / mean_block
    fresh[:, 0] = True
    place = np.where(fresh, np.arange(length), 0)
    since = np.maximum.accumulate(place, axis=1)
    return (np.take_along_axis(starts, since, axis=1) + np.arange(length) - since) % count


def block_counts(
    count: int, *, mean_block: float, draws: int, generator: np.random.Generator
) -> Floats:
    """How often each of `count` weeks stands in each drawn history as long [draw, week]."""
    most = int(_ENOUGH_BLOCKS * count / mean_block) + _SPARE_BLOCKS
    lengths = generator.geometric(1.0 / mean_block, (draws, most))
    ends = np.minimum(np.cumsum(lengths, axis=1), count)
    ends[:, -1] = count
    lengths = np.diff(ends, axis=1, prepend=0)
    begins = generator.integers(0, count, (draws, most)) + 2 * count * np.arange(draws)[:, None]
    size = 2 * count * draws + 1
    edges = np.bincount(begins.ravel(), minlength=size)
    edges -= np.bincount((begins + lengths).ravel(), minlength=size)
    covered = np.cumsum(edges[:-1]).reshape(draws, 2 * count)
    return (covered[:, :count] + covered[:, count:]).astype(float)


def _long_run(scores: Floats, lags: int) -> Floats:
    """Bartlett-weighted covariance of scores [week, asset, factor] summed over weeks."""
    total = np.einsum("tni,tnj->nij", scores, scores, optimize=True)
    for lag in range(1, lags + 1):
        shared = np.einsum("tni,tnj->nij", scores[lag:], scores[:-lag], optimize=True)
        total += (1.0 - lag / (lags + 1.0)) * (shared + shared.transpose(0, 2, 1))
    return total


def _inverse(matrices: Floats) -> Floats:
    """Inverses of symmetric matrices; NaN for one that is (nearly) singular."""
    scale = np.sqrt(np.einsum("nii->ni", matrices))
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = matrices / (scale[:, :, None] * scale[:, None, :])
    good = np.isfinite(unit).all(axis=(1, 2))
    unit = np.where(good[:, None, None], unit, np.eye(matrices.shape[1]))
    good &= np.linalg.det(unit) > 1.0 / _NEARLY_SINGULAR
    unit = np.where(good[:, None, None], unit, np.eye(matrices.shape[1]))
    with np.errstate(divide="ignore", invalid="ignore"):
        made = np.linalg.inv(unit) / (scale[:, :, None] * scale[:, None, :])
    return np.where(good[:, None, None], made, np.nan)
