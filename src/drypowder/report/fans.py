"""Many worlds in a few numbers: quantile bands, mean and its standard error, never a bare mean.

Path 0 is the central path (central parameters, no news) and is no draw; worlds that stopped are
no draws either. A quantile is refused when too few worlds lie beyond it.
"""

from __future__ import annotations

import numpy as np

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
STATISTICS = ("q05", "q25", "q50", "q75", "q95", "mean", "se")
WORLDS_BEYOND = 3  # least worlds beyond a quantile: below this it is an anecdote
_ROUNDING = 1e-9  # 0.05 * 60 is a little under three in binary


def supported(level: float, worlds: int) -> bool:
    """Whether so many worlds can say anything about this quantile."""
    return worlds * min(level, 1.0 - level) >= WORLDS_BEYOND - _ROUNDING


def worlds_needed(level: float) -> int:
    """How many worlds this quantile asks for."""
    return round(WORLDS_BEYOND / min(level, 1.0 - level))


def draws(paths: int, failed: set[int]) -> np.ndarray:
    """Path numbers that count as random worlds."""
    return np.array([k for k in range(1, paths) if k not in failed], dtype=int)


def fan(worlds: np.ndarray) -> np.ndarray:
    """Statistics over the first axis, in the order of STATISTICS; NaN where refused.

    Args:
        worlds: (world, step, ...) of the random worlds only.
    """
    count = len(worlds)
    out = np.full((len(STATISTICS), *worlds.shape[1:]), np.nan)
    if count == 0:
        return out
    asked = [k for k, level in enumerate(LEVELS) if supported(level, count)]
    if asked:
        out[asked] = np.quantile(worlds, [LEVELS[k] for k in asked], axis=0)
    out[STATISTICS.index("mean")] = worlds.mean(axis=0)
    if count > 1:
        out[STATISTICS.index("se")] = worlds.std(axis=0, ddof=1) / np.sqrt(count)
    return out


def in_100_worlds(happened: np.ndarray) -> float:
    """How many of 100 worlds saw it; NaN with too few worlds for a middle quantile."""
    if not supported(0.25, len(happened)):
        return float("nan")
    return 100.0 * float(np.mean(happened))
