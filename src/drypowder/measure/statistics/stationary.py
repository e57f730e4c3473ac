"""Levels that wander agree by chance: what must be differenced before it is compared."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

_TOO_FEW = 12  # rows below which the test says nothing


def unit_root(values: NDArray) -> float:
    """P-value of a random walk (augmented Dickey-Fuller, lags by AIC); 1.0 for too few rows."""
    from statsmodels.tsa.stattools import adfuller

    kept = np.asarray(values, float)[np.isfinite(values)]
    if len(kept) < _TOO_FEW or np.ptp(kept) == 0.0:
        return 1.0
    with warnings.catch_warnings():  # statsmodels 0.15 announces another kind of result
        warnings.simplefilter("ignore", FutureWarning)
        found = adfuller(kept, autolag="AIC", regression="c")
    return float(found.pvalue if hasattr(found, "pvalue") else found[1])
