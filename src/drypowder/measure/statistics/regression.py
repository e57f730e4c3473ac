"""A straight line through figures that remember: slopes with errors that allow for memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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


def hac_ols(
    outcome: NDArray, regressors: NDArray, *, lags: int | None = None, level: float = 0.10
) -> Slopes:
    """Least squares with Newey-West errors in Student's distribution.

    Args:
        outcome: [row]; regressors: [row] or [row, regressor], without the constant.
        lags: of the errors; 4 (T/100)^(2/9) when left out (Newey and West 1994).
    """
    from statsmodels.regression.linear_model import OLS

    table = np.column_stack([np.ones(len(outcome)), regressors])
    memory = round(4.0 * (len(outcome) / 100.0) ** (2.0 / 9.0)) if lags is None else lags
    fit = OLS(outcome, table).fit(
        cov_type="HAC", cov_kwds={"maxlags": memory, "use_correction": True}, use_t=True
    )
    ends = fit.conf_int(level)
    return Slopes(
        np.asarray(fit.params), ends[:, 0], ends[:, 1], np.asarray(fit.pvalues),
        np.asarray(fit.resid), len(outcome), float(fit.rsquared),
    )  # fmt: skip
