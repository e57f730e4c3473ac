"""Parameters fitted to targets: a misfit, a search for its least, and all that it leaves open.

Parameters are looked at as normal scores y of their prior quantiles: before anything is measured
every y is standard normal and independent of the others, so what is learnt shows at once. A target
is a range (no misfit inside) or a published value with a range (misfit from the value); either way
in units of half the range. loss = sum of weight * misfit^2 - log prior.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from drypowder.scenarios.parameters import Parameter

Evaluate = Callable[[np.ndarray], np.ndarray]  # values (draw, parameter) -> moments (draw, aim)
Progress = Callable[[int], None]  # called with the draws evaluated since the last call

WIDTH = 64  # candidates of one generation of the search: one compiled call
GENERATIONS = 20  # of draws after those from the prior, at most
_FARTHEST = 3.5  # normal score: a prior quantile of 1 in 4,000
_KEPT = 0.5  # effective share of the draws that a step of the temperature must keep
_ENOUGH = 0.5  # even draws that all are worth, of those in a generation: fewer, and it goes on
_NOTHING = 1e-9  # of the largest weight: draws that weigh less are forgotten
_WIDER = 2.0  # kernel over the rule of thumb, so that weights stay even
_FROM_PRIOR = 0.1  # of the draws of each generation
_FAILED = 1e12  # loss of a candidate that found no price: finite, so that a search can compare


@dataclass(frozen=True)
class Aim:
    """One target: where a moment should lie."""

    name: str
    scenario: str  # "" for a published elasticity
    low: float
    high: float
    unit: str
    source: str
    value: float | None = None  # published; None: anywhere in the range is as good
    weight: float = 1.0


@dataclass(frozen=True)
class Prior:
    """The parameters that are fitted, each with its two-sided triangle."""

    parameters: tuple[Parameter, ...]

    @property
    def names(self) -> list[str]:
        return [p.name for p in self.parameters]

    def values(self, score: np.ndarray) -> np.ndarray:
        """Parameters at normal scores (draw, parameter)."""
        place = _place(score)
        columns = [self._value(p, place[:, k]) for k, p in enumerate(self.parameters)]
        return np.stack(columns, axis=1)

    def log_density(self, values: np.ndarray) -> np.ndarray:
        """Log prior of values (draw, parameter), against the central ones: (draw,).

        Each side's width is its unit: a skewed triangle's density jumps at its centre, and what is
        as far out on either side should count the same.
        """
        places = [self._place_of(p, values[:, k]) for k, p in enumerate(self.parameters)]
        return np.log1p(-np.minimum(np.abs(np.stack(places)), 1.0 - 1e-12)).sum(axis=0)

    @staticmethod
    def _value(parameter: Parameter, place: np.ndarray) -> np.ndarray:
        low, middle, high = _ends(parameter)
        moved = middle + np.where(place < 0.0, middle - low, high - middle) * place
        value = np.exp(moved) if parameter.scale == "log" else moved
        return np.clip(value, parameter.low, parameter.high)

    @staticmethod
    def _place_of(parameter: Parameter, value: np.ndarray) -> np.ndarray:
        low, middle, high = _ends(parameter)
        away = (np.log(value) if parameter.scale == "log" else value) - middle
        width = np.where(away < 0.0, middle - low, high - middle)
        return np.where(width > 0.0, away / np.where(width > 0.0, width, 1.0), 0.0)


def _ends(parameter: Parameter) -> np.ndarray:
    ends = np.array([parameter.low, parameter.value, parameter.high])
    return np.log(ends) if parameter.scale == "log" else ends


def _place(score: np.ndarray) -> np.ndarray:
    """From -1 at low over 0 at the central value to 1 at high: a triangle with its peak at 0."""
    tail = np.sqrt(2.0 * ndtr(-np.abs(score)))
    return np.sign(score) * (1.0 - tail)


def score_of(place: np.ndarray) -> np.ndarray:
    """The normal score of a place between low (-1), central (0) and high (1)."""
    tail = 0.5 * (1.0 - np.abs(place)) ** 2
    return -np.sign(place) * ndtri(np.maximum(tail, 1e-300))


def distances(moments: np.ndarray, aims: Sequence[Aim]) -> np.ndarray:
    """How far each moment is from its target, in half-widths: (draw, aim)."""
    low, high = np.array([a.low for a in aims]), np.array([a.high for a in aims])
    value = np.array([np.nan if a.value is None else a.value for a in aims])
    half = np.maximum(0.5 * (high - low), 1e-12 * np.maximum(np.abs(high), 1e-12))
    outside = np.maximum(np.maximum(low - moments, moments - high), 0.0) / half
    side = np.where(moments < value, value - low, high - value)
    from_value = np.abs(moments - value) / np.where(side > 0.0, side, half)
    return np.where(np.isnan(value), outside, from_value)


def misfit(moments: np.ndarray, aims: Sequence[Aim]) -> np.ndarray:
    """Weighted sum of squared distances (draw,); infinite where a moment is missing."""
    away = distances(moments, aims)
    total = np.square(away) @ np.array([a.weight for a in aims])
    return np.where(np.isfinite(total), total, np.inf)


@dataclass(frozen=True)
class Sample:
    """Draws from the prior, and weighted draws from what the targets leave of it."""

    prior_moments: np.ndarray  # (draw, aim)
    score: np.ndarray  # (draw, parameter), of all generations
    values: np.ndarray  # (draw, parameter)
    moments: np.ndarray  # (draw, aim)
    weight: np.ndarray  # (draw,), sums to one
    temperatures: tuple[float, ...]  # power of the likelihood, generation by generation
    failed_share: float  # of the draws from the prior

    @property
    def effective(self) -> float:
        """As many equally weighted draws would say as much."""
        return float(1.0 / np.square(self.weight).sum())


def sample(
    prior: Prior,
    aims: Sequence[Aim],
    evaluate: Evaluate,
    *,
    draws: int,
    seed: int,
    progress: Progress = lambda done: None,
) -> Sample | None:
    """Sequential importance resampling: prior draws first, then draws near the ones that fit.

    Each generation raises the power of exp(-misfit) as far as half the draws survive it, draws
    anew around them (a normal kernel, a tenth from the prior) and weights by prior over proposal,
    until the power is one and enough draws count. In the end all of them count, with power one.

    Returns:
        None where every draw from the prior failed.
    """  # fmt: skip
    rng = np.random.default_rng(seed)
    score = rng.standard_normal((draws, len(prior.parameters)))
    first = moments = evaluate(prior.values(score))
    progress(draws)
    failed = ~np.isfinite(first).all(axis=1)
    if failed.all():
        return None
    base = np.zeros(draws)  # log prior over proposal
    powers: list[float] = []  # of the likelihood
    parts = [(score, moments, _weights(base, misfit(moments, aims), 1.0))]
    while len(powers) < GENERATIONS and parts[-1][2].any():
        powers.append(_next_power(base, misfit(moments, aims), powers[-1] if powers else 0.0))
        score, base = _anew(score, _weights(base, misfit(moments, aims), powers[-1]), rng)
        moments = evaluate(prior.values(score))
        progress(draws)
        parts.append((score, moments, _weights(base, misfit(moments, aims), 1.0)))
        if powers[-1] == 1.0 and sum(_effective(w) for _, _, w in parts) >= _ENOUGH * draws:
            break
    score, moments, weight = _pooled(parts)
    values = prior.values(score)
    return Sample(first, score, values, moments, weight, tuple(powers), float(failed.mean()))


def _pooled(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]):
    """All generations together, each counting as many draws as it is worth."""
    score, moments = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    weight = np.concatenate([_effective(w) * w for _, _, w in parts])
    kept = weight > _NOTHING * weight.max()
    return score[kept], moments[kept], weight[kept] / weight[kept].sum()


def _next_power(base: np.ndarray, loss: np.ndarray, power: float) -> float:
    """The largest power up to one that keeps an effective half of what even weights would."""
    least = _KEPT * min(_effective(_weights(base, loss, power)), float(np.isfinite(loss).sum()))
    low, high = power, 1.0
    if _effective(_weights(base, loss, high)) >= least:
        return high
    for _ in range(40):
        middle = 0.5 * (low + high)
        enough = _effective(_weights(base, loss, middle)) >= least
        low, high = (middle, high) if enough else (low, middle)
    return low


def _weights(base: np.ndarray, loss: np.ndarray, power: float) -> np.ndarray:
    """Weights that sum to one; zero where a moment is missing, also where all are."""
    counts = np.isfinite(loss)
    if not counts.any():
        return np.zeros(len(loss))
    logs = np.where(counts, base - power * np.where(counts, loss, 0.0), -np.inf)
    raised = np.exp(logs - logs.max())
    return raised / raised.sum()


def _effective(weight: np.ndarray) -> float:
    return float(1.0 / np.square(weight).sum()) if weight.any() else 0.0


def _kernel(score: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Lower factor of the kernel's covariance: Silverman's rule, somewhat wider."""
    size = score.shape[1]
    away = score - weight @ score
    spread = (weight[:, None] * away).T @ away + 1e-6 * np.eye(size)
    shrink = (4.0 / (size + 2.0) / _effective(weight)) ** (2.0 / (size + 4.0))
    return np.linalg.cholesky(min(_WIDER * shrink, 1.0) * spread)


def _anew(score: np.ndarray, weight: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """As many draws around weighted ones, and the log of prior over proposal of each."""
    chosen = score[rng.choice(len(score), size=len(score), p=weight)]
    fresh = rng.standard_normal(chosen.shape)
    moved = chosen + fresh @ _kernel(score, weight).T
    drawn = np.where(rng.random((len(score), 1)) < _FROM_PRIOR, fresh, moved)
    return drawn, _log_normal(drawn) - _log_proposal(drawn, score, weight)


def _log_proposal(score: np.ndarray, kept: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Log density of the mixture that `_anew` draws from."""
    factor = _kernel(kept, weight)
    heavy = weight > _NOTHING * weight.max()
    old = np.linalg.solve(factor, kept[heavy].T)
    new = np.linalg.solve(factor, score.T)
    squared = (new**2).sum(0)[:, None] + (old**2).sum(0)[None] - 2.0 * new.T @ old
    near = np.exp(-0.5 * np.maximum(squared, 0.0)) @ weight[heavy]
    near /= np.prod(np.diag(factor)) * (2.0 * np.pi) ** (0.5 * score.shape[1])
    return np.log((1.0 - _FROM_PRIOR) * near + _FROM_PRIOR * np.exp(_log_normal(score)))


def _log_normal(score: np.ndarray) -> np.ndarray:
    return -0.5 * (score**2).sum(axis=1) - 0.5 * score.shape[1] * np.log(2.0 * np.pi)


def search(
    prior: Prior,
    aims: Sequence[Aim],
    evaluate: Evaluate,
    *,
    generations: int,
    seed: int,
    progress: Progress = lambda done: None,
) -> np.ndarray:
    """Values (parameter,) with the least loss: differential evolution, a batch a generation.

    Rounds and thresholds make the loss rough, so nothing here asks for a slope.
    """  # fmt: skip
    from scipy.optimize import differential_evolution

    size = len(prior.parameters)

    def loss(columns: np.ndarray) -> np.ndarray:
        values = prior.values(columns.reshape(size, -1).T)
        found = misfit(evaluate(values), aims) - prior.log_density(values)
        progress(len(values))
        return np.where(np.isfinite(found), found, _FAILED)

    start = np.random.default_rng(seed).standard_normal((WIDTH, size))
    start = np.clip(start, -_FARTHEST, _FARTHEST)
    start[0] = 0.0  # the central values
    found = differential_evolution(
        loss, [(-_FARTHEST, _FARTHEST)] * size, init=start, maxiter=generations, tol=1e-6,
        rng=np.random.default_rng(seed), polish=False, updating="deferred", vectorized=True,
    )  # fmt: skip
    return prior.values(found.x[None])[0]
