"""From values to a level between 0 and 100, in steps that a reader can redo with a pencil.

A part's score is its mid-rank among the month-ends of its window: the share of them below it, half
of those equal to it, in percent; 50 is its own median. A group is the weighted mean of its scores.
The gauge is a concave mean of the two groups,

    G = (w L^p + (1 - w) R^p)^(1/p),   p < 1,

because plenty of one kind does not wholly make up for scarcity of the other; what that costs
against the plain mean is the interaction. A last step moves the median of G over the window to 50.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
MIDDLE, TOP = 50.0, 100.0
_GEOMETRIC = 1e-9  # powers nearer to zero than this


def ranks(sample: Values) -> Values:
    """Mid-rank of every value among all of them, 0 to 100; not a number stays so.

    Args:
        sample: [grid].
    """
    known = np.isfinite(sample)
    made = np.full(len(sample), np.nan)
    made[known] = rank_of(sample[known], sample[known])
    return made


def rank_of(values: Values, sample: Values) -> Values:
    """Mid-rank of values in a sample, 0 to 100.

    Args:
        values: [any]; sample: [grid], all numbers.
    """
    ordered = np.sort(sample)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return TOP * 0.5 * (below + upto) / len(ordered)


@dataclass(frozen=True)
class Scheme:
    """Who counts how much. Arrays may carry leading axes of draws."""

    parts: Values  # [..., part] relative weights within their groups
    groups: Values  # [..., group] relative weights
    member: NDArray[np.intp]  # [part] -> group
    power: Values  # [...] of the concave mean

    @property
    def inside(self) -> Values:
        """[..., part, group] weight of each part in its group; columns sum to one."""
        own = self.parts[..., :, None] * (self.member[:, None] == np.arange(self.count))
        return own / own.sum(axis=-2, keepdims=True)

    @property
    def count(self) -> int:
        """Number of groups."""
        return self.groups.shape[-1]

    @property
    def between(self) -> Values:
        """[..., group] weights that sum to one."""
        return self.groups / self.groups.sum(axis=-1, keepdims=True)

    @property
    def shares(self) -> Values:
        """[..., part] weight of each part in the plain mean of all; they sum to one."""
        return np.einsum("...pg,...g->...p", self.inside, self.between)


def group_levels(scores: Values, scheme: Scheme) -> Values:
    """[..., group] weighted means; a score that is not a number counts as its median.

    Args:
        scores: [..., part].
    """
    filled = np.where(np.isfinite(scores), scores, MIDDLE)
    return np.einsum("...p,...pg->...g", filled, scheme.inside)


def concave_mean(levels: Values, weights: Values, power: Values) -> Values:
    """(sum w x^p)^(1/p) over the last axis; its limits at p = 0 and where x is 0.

    Args:
        levels, weights: [..., group]; power: [...], at most 1.
    """
    power = np.asarray(power)[..., None]
    flat = np.abs(power) < _GEOMETRIC
    safe = np.where(flat, 1.0, power)
    with np.errstate(divide="ignore", over="ignore"):
        raised = (weights * (levels / TOP) ** safe).sum(axis=-1)
        logs = (weights * np.log(levels / TOP)).sum(axis=-1)
        return TOP * np.where(flat[..., 0], np.exp(logs), raised ** (1.0 / safe[..., 0]))


@dataclass(frozen=True)
class Sum:
    """A level and what it is the sum of: 50 + contributions + interaction + centring + bound."""

    contributions: Values  # [part]
    interaction: float  # never above zero
    centring: float  # makes 50 the median of the window
    bound: float  # what the ends of the scale cut off
    groups: Values  # [group] levels

    @property
    def level(self) -> float:
        """0 to 100."""
        rest = self.interaction + self.centring + self.bound
        return float(MIDDLE + self.contributions.sum() + rest)


def centring(history: Values, scheme: Scheme) -> float:
    """What is added so that the median of the gauge over its window is 50.

    Args:
        history: [grid, part] scores.
    """
    levels = group_levels(history, scheme)
    return float(MIDDLE - np.median(concave_mean(levels, scheme.between, scheme.power)))


def add_up(scores: Values, scheme: Scheme, shift: float) -> Sum:
    """The level of one day with its parts.

    Args:
        scores: [part]; not a number contributes nothing. shift: from `centring`.
    """
    filled = np.where(np.isfinite(scores), scores, MIDDLE)
    contributions = scheme.shares * (filled - MIDDLE)
    levels = group_levels(scores, scheme)
    concave = float(concave_mean(levels, scheme.between, scheme.power))
    interaction = min(concave - float(levels @ scheme.between), 0.0)
    free = MIDDLE + float(contributions.sum()) + interaction + shift
    bound = float(np.clip(free, 0.0, TOP)) - free
    return Sum(contributions, interaction, shift, bound, levels)
