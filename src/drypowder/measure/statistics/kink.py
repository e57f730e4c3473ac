"""Does a line bend? One slope against two, with the bend where it fits best and paid for.

Looking for the best threshold raises the statistic by chance, so its distribution under a straight
line is made by a bootstrap with the same search (Hansen 1996, 2017), of residuals that remember as
those found do (`memory.py`). Random signs by the block, the first choice, cried wolf 16 to 18 times
in 100 where 10 were promised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.bootstrap import Interval
from drypowder.measure.statistics.choices import choice
from drypowder.measure.statistics.memory import remade


@dataclass(frozen=True)
class Kink:
    """The best bend of outcome over one regressor."""

    at: float  # regressor's value at the bend
    below: float  # slope to the left of it
    above: float  # slope to the right
    sup_wald: float
    p_value: float  # of a straight line, by bootstrap over the same search
    observations: int

    @property
    def bend(self) -> float:
        """Slope to the right less slope to the left: above zero is convex."""
        return self.above - self.below


def kink_test(
    outcome: NDArray,
    regressor: NDArray,
    *,
    controls: NDArray | None = None,
    draws: int | None = None,
    seed: int | None = None,
) -> Kink:
    """Sup-Wald test of a continuous bend in a regression.

    Args:
        outcome, regressor: [row] in order of time; controls: [row, control], entering straight.

    Returns:
        the bend with most fit inside the trimmed range, and its p-value.
    """
    x, y = np.asarray(regressor, float), np.asarray(outcome, float)
    plain = _plain(x, controls)
    grid, unit, base = _search(x, plain)
    residual = y - base @ (base.T @ y)
    gain = (unit.T @ residual) ** 2
    best = int(np.argmax(gain))
    wald = _wald(gain, residual)[best]
    fake = _made(residual, base, draws, seed)
    fake = fake - (fake @ base) @ base.T
    highest = _wald((fake @ unit).T ** 2, fake.T).max(axis=0)
    slopes = _slopes(y, x, plain, grid[best])
    p_value = (1.0 + np.sum(highest >= wald)) / (len(highest) + 1.0)
    return Kink(float(grid[best]), float(slopes[1]), float(slopes[1] + slopes[-1]), float(wald),
                float(p_value), len(x))  # fmt: skip


def bend_interval(
    outcome: NDArray,
    regressor: NDArray,
    *,
    level: float = 0.10,
    draws: int | None = None,
    seed: int | None = None,
) -> Interval:
    """Interval of the best bend: rows stay where they are, what is left over is made anew.

    The knee is searched for again in each draw. A bend that the test does not tell from a straight
    line has zero inside its interval.
    """
    x, y = np.asarray(regressor, float), np.asarray(outcome, float)
    plain = _plain(x, None)
    grid, unit, base = _search(x, plain)
    knee = _knee(y, grid, unit, base)
    table = np.column_stack([plain, np.maximum(x - knee, 0.0)])
    fitted = table @ _slopes(y, x, plain, knee)
    tested = kink_test(y, x, draws=draws, seed=seed)
    made = fitted + _made(y - fitted, np.linalg.qr(table)[0], draws, seed)
    bends = [_slopes(each, x, plain, _knee(each, grid, unit, base))[-1] for each in made]
    low, high = np.quantile(bends, [level / 2.0, 1.0 - level / 2.0])
    if tested.p_value >= level:
        low, high = min(low, 0.0), max(high, 0.0)
    return Interval(tested.bend, float(low), float(high), tested.p_value, len(x))


def _knee(y: NDArray, grid: NDArray, unit: NDArray, base: NDArray) -> float:
    return grid[int(np.argmax((unit.T @ (y - base @ (base.T @ y))) ** 2))]


def _made(residual: NDArray, space: NDArray, draws: int | None, seed: int | None) -> NDArray:
    """Residuals made anew [draw, row]."""
    generator = np.random.default_rng(int(choice("seed") if seed is None else seed))
    count = int(choice("draws") if draws is None else draws)
    return remade(residual, space, draws=count, generator=generator)


def _plain(x: NDArray, controls: NDArray | None) -> NDArray:
    extra = [] if controls is None else list(np.asarray(controls, float).reshape(len(x), -1).T)
    return np.column_stack([np.ones(len(x)), x, *extra])


def _search(x: NDArray, plain: NDArray) -> tuple[NDArray, NDArray, NDArray]:
    """Thresholds tried, what each bend adds to a line (unit columns), and the line's own space."""
    trim = choice("trim")
    grid = np.unique(np.quantile(x, np.linspace(trim, 1.0 - trim, int(choice("grid")))))
    base, _ = np.linalg.qr(plain)
    bends = np.maximum(x[:, None] - grid[None, :], 0.0)
    bends = bends - base @ (base.T @ bends)
    size = np.sqrt((bends**2).sum(axis=0))
    return grid, bends / np.where(size > 0.0, size, np.inf), base


def _slopes(y: NDArray, x: NDArray, plain: NDArray, knee: float) -> NDArray:
    """Constant, slope left of the knee, controls, and the bend."""
    return np.linalg.lstsq(np.column_stack([plain, np.maximum(x - knee, 0.0)]), y, rcond=None)[0]


def _wald(gain: NDArray, residual: NDArray) -> NDArray:
    """Rows times the share of what is left that a bend explains."""
    left = (residual**2).sum(axis=0)
    return len(residual) * gain / (left - gain)
