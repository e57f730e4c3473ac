"""What is left over, made anew: as long a memory, as much noise in each moment, other signs.

    u[t] = rho u[t-1] + e[t],    u*[t] = rho u*[t-1] + s[t] e[t],    s[t] = -1 or +1 by a fair coin

rho is corrected for being estimated too low in a short history (Kilian 1998). Signs keep the size
of each moment's surprise, so that storms stay where they were (Gonçalves and Kilian 2004).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_LONGEST = 0.98  # memory, kept short of a random walk
_CORRECTING_DRAWS = 200


def remade(
    residual: NDArray, space: NDArray, *, draws: int, generator: np.random.Generator
) -> NDArray:
    """Residuals as they might have been [draw, row], before a regression takes its part.

    Args:
        residual: [row] in order of time.
        space: [row, regressor] orthonormal columns that the residual is left over from.
    """
    rho = memory(residual, space, generator)
    surprise = residual - rho * np.concatenate([[0.0], residual[:-1]])
    made = surprise * generator.choice([-1.0, 1.0], (draws, len(residual)))
    return lasting(made, rho)


def memory(residual: NDArray, space: NDArray, generator: np.random.Generator) -> float:
    """First autocorrelation of what a regression leaves over, corrected for its bias."""
    found = float(_first(residual[None])[0])
    started = lasting(generator.standard_normal((_CORRECTING_DRAWS, 2 * len(residual))), found)
    plain = started[:, len(residual) :]
    again = _first(plain - (plain @ space) @ space.T)
    return float(np.clip(2.0 * found - again.mean(), -_LONGEST, _LONGEST))


def _first(series: NDArray) -> NDArray:
    """First autocorrelation of each row; 0 where nothing moves."""
    size = (series[:, :-1] ** 2).sum(axis=1)
    return (series[:, 1:] * series[:, :-1]).sum(axis=1) / np.where(size > 0.0, size, np.inf)


def lasting(shocks: NDArray, rho: float) -> NDArray:
    """u[t] = rho u[t-1] + shocks[t] along the rows of each draw [draw, row]."""
    made = np.array(shocks.T, order="C")  # [row, draw]: a step is one addition of vectors
    for before, now in pairwise(made):
        now += rho * before
    return np.ascontiguousarray(made.T)
