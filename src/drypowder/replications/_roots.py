"""Every root of a function of one number: several equilibria are told and none is picked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

_STEPS = 4_000  # of the scan: roots closer together than that are found as one or not at all
_EDGE = 1e-9  # of the interval: how near to its ends


def roots(
    function: Callable[[float], float], low: float, high: float, *, steps: int = _STEPS
) -> tuple[float, ...]:
    """Roots inside the open interval, rising; where the function is not finite there is none.

    Signs are looked for on an even grid and each change is closed in on by bisection and secants,
    so a root that only touches zero is not seen, and a pole is told from a root by its size.
    """
    even, edge = np.linspace(low, high, steps + 1), _EDGE * (high - low)
    grid = np.concatenate([[low + edge], even[1:-1], [high - edge]])
    value = np.array([function(float(x)) for x in grid])
    found = [float(x) for x in grid[value == 0.0]]
    sign = np.where(np.isfinite(value), np.sign(value), 0.0)
    for k in np.nonzero(sign[:-1] * sign[1:] < 0.0)[0]:
        root = float(brentq(function, grid[k], grid[k + 1], xtol=1e-15, rtol=1e-14))
        if abs(function(root)) <= max(abs(value[k]), abs(value[k + 1])):
            found.append(root)
    return tuple(sorted(found))
