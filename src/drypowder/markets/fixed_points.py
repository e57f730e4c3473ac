"""Forced selling need not have one outcome: least and greatest fixed points of a monotone map.

When a lower price forces more selling and more selling lowers the price, the outcome is a fixed
point of a monotone map. Iterating from "nobody is forced" climbs to the least; from "everybody
sells everything" descends to the greatest. If they differ, history decides.

Source: Tarski (1955), Milgrom and Roberts (1990).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class FixedPoints(NamedTuple):
    """Where forced selling can come to rest."""

    least: Float[np.ndarray, " dimension"]
    greatest: Float[np.ndarray, " dimension"]
    unique: bool
    converged: bool  # False for a map that is not monotone, not finite, or too slow


def fixed_points(
    respond: Callable[[Float[np.ndarray, " dimension"]], Float[np.ndarray, " dimension"]],
    *,
    lowest: Float[np.ndarray, " dimension"],
    highest: Float[np.ndarray, " dimension"],
    tolerance: float = 1e-12,
    iterations: int = 100_000,
) -> FixedPoints:
    """Least and greatest fixed point of a monotone map of the box [lowest, highest] into itself.

    Non-finite is never converged; a step against the direction of travel by more than
    the tolerance means the map is not monotone, and is reported as not converged.
    """
    least, up = _climb(respond, np.asarray(lowest, dtype=float), 1.0, tolerance, iterations)
    greatest, down = _climb(respond, np.asarray(highest, dtype=float), -1.0, tolerance, iterations)
    same = bool(np.all(np.abs(greatest - least) <= 1e3 * tolerance * (1.0 + np.abs(least))))
    return FixedPoints(least, greatest, same, up and down)


def _climb(respond, start, direction, tolerance, iterations):
    point = start
    for _ in range(iterations):
        new = np.asarray(respond(point), dtype=float)
        move = direction * (new - point)
        if not np.all(np.isfinite(new)) or np.any(move < -tolerance * (1.0 + np.abs(point))):
            return new, False
        point = new
        if np.all(move <= tolerance * (1.0 + np.abs(point))):
            return point, True
    return point, False
