"""Two states of the world: the same link can have one sign in calm and another in fear."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.bootstrap import Interval, block_interval


@dataclass(frozen=True)
class Regimes:
    """A regression whose coefficients switch between hidden states, states ordered by variance."""

    coefficients: NDArray  # [state, 1 + regressor], constant first
    deviation: NDArray  # [state] standard deviation of what is left
    stays: NDArray  # [state] probability of staying a row longer
    probability: NDArray  # [row, state] given all rows
    log_likelihood: float


def correlation(left: NDArray, right: NDArray) -> float:
    """Pearson's; NaN where one side does not move."""
    if len(left) < 3 or np.ptp(left) == 0.0 or np.ptp(right) == 0.0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def by_regime(
    statistic: Callable[..., float], *columns: NDArray, state: NDArray, **options
) -> dict[int, Interval]:
    """A statistic and its block-bootstrap interval within each state of a given series of states.

    Whole history is drawn, then cut by state, so that stretches stay together.
    """

    def inside(wanted: int) -> Callable[..., float]:
        def cut(*drawn: NDArray) -> float:
            kept = drawn[-1] == wanted
            return statistic(*(each[kept] for each in drawn[:-1])) if kept.sum() > 2 else np.nan

        return cut

    found = {}
    for wanted in np.unique(state):
        made = block_interval(inside(int(wanted)), *columns, state, **options)
        rows = int((state == wanted).sum())
        found[int(wanted)] = Interval(
            made.effect, made.low, made.high, made.p_value, rows, made.block
        )
    return found


def markov_regimes(
    outcome: NDArray, regressors: NDArray, *, states: int = 2, tries: int = 4, seed: int = 0
) -> Regimes:
    """Coefficients and noise that switch between hidden states (Hamilton 1989).

    Several starts, since the likelihood has more than one top; the best is kept.
    """
    from statsmodels.tsa.regime_switching.markov_regression import MarkovRegression

    outcome, table = (
        np.asarray(outcome, float),
        np.asarray(regressors, float).reshape(len(outcome), -1),
    )
    scale, width = outcome.std() or 1.0, table.std(axis=0)
    width = np.where(width > 0.0, width, 1.0)
    model = MarkovRegression(
        outcome / scale, k_regimes=states, exog=table / width, switching_variance=True
    )
    np.random.seed(seed)  # statsmodels draws its starts from the global generator
    fit = model.fit(search_reps=tries, disp=False, maxiter=200)
    named = dict(zip(model.param_names, fit.params, strict=True))
    count = table.shape[1]
    names = ["const", *(f"x{k + 1}" for k in range(count))]
    value = np.array([[named[f"{name}[{s}]"] for name in names] for s in range(states)])
    value = value * scale / np.concatenate([[1.0], width])
    deviation = scale * np.sqrt([named[f"sigma2[{s}]"] for s in range(states)])
    order = np.argsort(deviation)
    stays = np.diag(np.asarray(fit.regime_transition)[:, :, 0])
    return Regimes(
        value[order], deviation[order], stays[order],
        np.asarray(fit.smoothed_marginal_probabilities)[:, order], float(fit.llf),
    )  # fmt: skip
