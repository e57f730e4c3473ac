"""Many looks find something by chance: p-values raised by the number of looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike) -> NDArray:
    """P-values such that the chance of any false finding stays at the level. Holm 1979."""
    values = np.asarray(p_values, float)
    order = np.argsort(values)
    steps = values[order] * np.arange(len(values), 0, -1)
    raised = np.empty_like(values)
    raised[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return raised


def benjamini_hochberg(p_values: ArrayLike) -> NDArray:
    """P-values such that the share of false findings stays at the level (Benjamini, Hochberg)."""
    values = np.asarray(p_values, float)
    order = np.argsort(values)[::-1]
    steps = values[order] * len(values) / np.arange(len(values), 0, -1)
    raised = np.empty_like(values)
    raised[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return raised
