"""Do two series move together? Pearson's correlation, with an interval for figures that remember.

Stretches of history drawn again, the first choice, cried wolf 16 to 18 times in 100 where 10 were
promised.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.bootstrap import Interval
from drypowder.measure.statistics.regression import hac_ols


def correlation(left: NDArray, right: NDArray) -> float:
    """Pearson's; NaN where one side does not move."""
    if len(left) < 3 or np.ptp(left) == 0.0 or np.ptp(right) == 0.0:
        return float("nan")
    return float(np.corrcoef(left, right)[0, 1])


def correlation_interval(
    left: NDArray, right: NDArray, *, level: float = 0.10, draws: int | None = None
) -> Interval:
    """Correlation as the slope of one standardised side on the other, errors as in `hac_ols`.

    Of both regressions the wider interval counts, cut at -1 and +1. Rows in order of time.
    """
    value = correlation(left, right)
    if not np.isfinite(value):
        return Interval(value, np.nan, np.nan, np.nan, len(left))
    x, y = ((side - np.mean(side)) / np.std(side) for side in (left, right))
    fits = [hac_ols(*pair, level=level, draws=draws) for pair in ((y, x), (x, y))]
    wide = max(fits, key=lambda fit: fit.high[1] - fit.low[1])
    p_value = max(float(fit.p_value[1]) for fit in fits)
    return Interval(
        value, max(-1.0, float(wide.low[1])), min(1.0, float(wide.high[1])), p_value, len(left)
    )
