"""Sums by group, as floats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sums(group: NDArray, value: NDArray, count: int) -> NDArray[np.float64]:
    """[count]: the values of each group added up."""
    return np.bincount(group, value, count).astype(np.float64, copy=False)
