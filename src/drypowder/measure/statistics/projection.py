"""What follows a shock, horizon by horizon, without believing in a model of everything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.regression import hac_ols


@dataclass(frozen=True)
class Response:
    """Of the outcome to one unit of the shock."""

    horizons: NDArray  # [horizon] in rows after the shock
    value: NDArray
    low: NDArray
    high: NDArray
    p_value: NDArray
    observations: int  # at the longest horizon


def local_projection(
    outcome: NDArray,
    shock: NDArray,
    *,
    horizons: int,
    controls: NDArray | None = None,
    lags: int = 4,
    level: float = 0.10,
    draws: int | None = None,
    cumulative: bool = False,
) -> Response:
    """Regressions of the outcome h rows ahead on the shock, its past and the outcome's past.

    Args:
        outcome: [row], stationary (changes), unless `cumulative`: then changes are summed up
            from the row of the shock to h rows later.
        shock: [row]; controls: [row, control], known at the shock's row or before it.
        lags: of outcome and shock on the right. One more than the data need makes the usual
            errors right at every horizon (lag augmentation).

    Source: Jordà 2005; Montiel Olea and Plagborg-Møller 2021, Econometrica 89(4).
    """
    outcome, shock = np.asarray(outcome, float), np.asarray(shock, float)
    rows = np.arange(lags, len(outcome) - horizons)
    past = [series[rows - k] for k in range(1, lags + 1) for series in (outcome, shock)]
    extra = (
        []
        if controls is None
        else list(np.asarray(controls, float).reshape(len(shock), -1)[rows].T)
    )
    table = np.column_stack([shock[rows], *past, *extra])
    total = np.cumsum(outcome)
    found = []
    for horizon in range(horizons + 1):
        ahead = outcome[rows + horizon]
        if cumulative:
            ahead = total[rows + horizon] - total[rows - 1]
        fit = hac_ols(ahead, table, lags=horizon, level=level, draws=draws)
        found.append((fit.value[1], fit.low[1], fit.high[1], fit.p_value[1]))
    value, low, high, p_value = np.array(found).T
    return Response(np.arange(horizons + 1), value, low, high, p_value, len(rows))
