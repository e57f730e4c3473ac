"""Levels that wander agree by chance: what must be differenced before it is compared."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DrypowderError

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


def integrated(values: NDArray, *, level: float = 0.05, most: int = 2) -> int:
    """How often to difference until a random walk is rejected, `most` at the most."""
    for order in range(most):
        if unit_root(np.diff(values, n=order)) < level:
            return order
    return most


def guard_stationary(series: Mapping[str, NDArray], *, level: float = 0.05) -> None:
    """Refuse levels that wander.

    Raises:
        DrypowderError: DP-203 naming each series in which a random walk cannot be rejected.
    """
    wandering = [name for name, values in series.items() if not unit_root(values) < level]
    if wandering:
        raise DrypowderError(
            "DP-203",
            f"{', '.join(wandering)}: a random walk cannot be rejected, so levels agree by chance.",
            "Compare changes instead of levels.",
        )
