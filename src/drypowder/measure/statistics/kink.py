"""Does a line bend? One slope against two, with the bend where it fits best and paid for.

Looking for the best threshold raises the statistic by chance, so its distribution under a straight
line is made by a wild bootstrap with the same search (Hansen 1996, 2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.bootstrap import Interval, block_length
from drypowder.measure.statistics.choices import choice


@dataclass(frozen=True)
class Kink:
    """The best bend of outcome over one regressor."""

    at: float  # regressor's value at the bend
    below: float  # slope to the left of it
    above: float  # slope to the right
    sup_wald: float
    p_value: float  # of a straight line, by wild bootstrap over the same search
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
    block: int = 1,
    draws: int | None = None,
    seed: int | None = None,
) -> Kink:
    """Sup-Wald test of a continuous bend in a regression.

    Args:
        outcome, regressor: [row]; controls: [row, control], entering straight.
        block: rows whose residuals share a random sign in the bootstrap (their memory).

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
    fake = residual * _signs(len(x), block, draws, seed)
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
    """Interval of the best bend: rows stay where they are, what is left over is given new signs.

    Stretches of residuals keep their length and size, and the knee is searched for again in each
    draw. A bend that the test does not tell from a straight line has zero inside its interval.
    """
    x, y = np.asarray(regressor, float), np.asarray(outcome, float)
    plain = _plain(x, None)
    grid, unit, base = _search(x, plain)
    knee = _knee(y, grid, unit, base)
    fitted = np.column_stack([plain, np.maximum(x - knee, 0.0)]) @ _slopes(y, x, plain, knee)
    block = max(1, round(block_length(y - fitted)))
    tested = kink_test(y, x, block=block, draws=draws, seed=seed)
    made = fitted + (y - fitted) * _signs(len(x), block, draws, seed)
    bends = [_slopes(each, x, plain, _knee(each, grid, unit, base))[-1] for each in made]
    low, high = np.quantile(bends, [level / 2.0, 1.0 - level / 2.0])
    if tested.p_value >= level:
        low, high = min(low, 0.0), max(high, 0.0)
    return Interval(tested.bend, float(low), float(high), tested.p_value, len(x), block)


def _knee(y: NDArray, grid: NDArray, unit: NDArray, base: NDArray) -> float:
    return grid[int(np.argmax((unit.T @ (y - base @ (base.T @ y))) ** 2))]


def _signs(count: int, block: int, draws: int | None, seed: int | None) -> NDArray:
    """Random signs [draw, row], the same within a block of rows."""
    generator = np.random.default_rng(int(choice("seed") if seed is None else seed))
    shape = (int(choice("draws") if draws is None else draws), -(-count // block))
    return generator.choice([-1.0, 1.0], shape).repeat(block, axis=1)[:, :count]


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
