"""A straight line through figures that remember: slopes with errors that allow for memory.

Newey and West's errors are too small where memory is long for the sample, above all for a step in
a level, so that Student's table cannot be trusted. How far t = slope / error strays by chance is
taken from histories remade with the same regressors, memory and storms (`memory.py`): a bootstrap
of t with autoregressive errors (Davison and Hall 1993; Gonçalves and Vogelsang 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.choices import choice
from drypowder.measure.statistics.memory import remade


@dataclass(frozen=True)
class Slopes:
    """Coefficients, constant first, with intervals at the level asked for."""

    value: NDArray  # [1 + regressor]
    low: NDArray
    high: NDArray
    p_value: NDArray
    residual: NDArray  # [row]
    observations: int
    r_squared: float


@dataclass(frozen=True)
class Line:
    """Least squares without a word on how sure it is."""

    value: NDArray  # [1 + regressor], constant first
    residual: NDArray  # [row]
    weight: NDArray  # [1 + regressor, row]: value = weight @ outcome
    table: NDArray  # [row, 1 + regressor]
    r_squared: float


def least_squares(outcome: NDArray, regressors: NDArray) -> Line:
    """Least squares with a constant.

    Args:
        outcome: [row]; regressors: [row] or [row, regressor].
    """
    from statsmodels.regression.linear_model import OLS

    table = np.column_stack([np.ones(len(outcome)), regressors])
    fit = OLS(np.asarray(outcome, float), table).fit()
    weight = np.asarray(fit.model.pinv_wexog)
    return Line(np.asarray(fit.params), np.asarray(fit.resid), weight, table, float(fit.rsquared))


def hac_ols(
    outcome: NDArray,
    regressors: NDArray,
    *,
    lags: int | None = None,
    level: float = 0.10,
    draws: int | None = None,
    seed: int | None = None,
) -> Slopes:
    """Least squares; intervals from Newey-West errors and a bootstrap of their t.

    Args:
        outcome: [row], in order of time; regressors: [row] or [row, regressor], no constant.
        lags: of the errors; 4 (T/100)^(2/9) when left out (Newey and West 1994).
        level: two-sided; 0.10 gives a 90 % interval, symmetric about the slope.
    """
    fit = least_squares(outcome, regressors)
    value, residual, weight = fit.value, fit.residual, fit.weight
    length = round(4.0 * (len(outcome) / 100.0) ** (2.0 / 9.0)) if lags is None else lags
    error = _errors(residual[None], weight, length)[0]
    strayed = _strayed(residual, fit.table, weight, length, draws, seed)  # [draw, coefficient] |t|
    width = error * np.quantile(strayed, 1.0 - level, axis=0)
    t = np.abs(value) / np.where(error > 0.0, error, np.finfo(float).tiny)
    p_value = (1.0 + (strayed >= t).sum(axis=0)) / (1.0 + len(strayed))
    return Slopes(
        value, value - width, value + width, p_value, residual, len(residual), fit.r_squared
    )


def _strayed(
    residual: NDArray, table: NDArray, weight: NDArray, lags: int, draws: int | None,
    seed: int | None,
) -> NDArray:  # fmt: skip
    """|t| of coefficients that are zero, in histories remade [draw, coefficient]."""
    count = int(choice("draws") if draws is None else draws)
    generator = np.random.default_rng(int(choice("seed") if seed is None else seed))
    space, _ = np.linalg.qr(table)
    made = remade(residual, space, draws=count, generator=generator)
    slopes = made @ weight.T
    errors = _errors(made - slopes @ table.T, weight, lags)
    return np.abs(slopes) / np.where(errors > 0.0, errors, np.inf)


def _errors(residual: NDArray, weight: NDArray, lags: int) -> NDArray:
    """Newey-West errors, corrected for the coefficients used up [draw, coefficient]."""
    rows, columns = residual.shape[1], weight.shape[0]
    found = []
    for each in weight:
        moved = residual * each
        total = np.einsum("dt,dt->d", moved, moved)
        for lag in range(1, min(lags, rows - 1) + 1):
            share = 2.0 * (1.0 - lag / (lags + 1.0))
            total += share * np.einsum("dt,dt->d", moved[:, lag:], moved[:, :-lag])
        found.append(total)
    scale = rows / max(rows - columns, 1)
    return np.sqrt(scale * np.maximum(np.column_stack(found), 0.0))
