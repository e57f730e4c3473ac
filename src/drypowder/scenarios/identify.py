"""What the targets say about parameters, and what they leave open: ridges are named, not hidden.

Draws are looked at as normal scores of prior quantiles, whose prior covariance is the identity:
the eigenvalues of their covariance after fitting are the shares of prior variance that are left,
direction by direction. A direction that keeps more than four fifths is not identified.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OPEN = 0.8  # of the prior variance: a direction that keeps more is not identified
_IN_OPEN = 0.25  # of a parameter inside open directions: more, and it is part of a ridge
_TOGETHER = 0.3  # least correlation of a pair worth naming
IDENTIFIED, ONLY_WITH, NOT = "identified", "only_with", "not_identified"


@dataclass(frozen=True)
class Standing:
    """What is known of one parameter after fitting."""

    name: str
    variance_left: float  # of its prior variance, as a normal score
    verdict: str
    partner: str = ""  # whom it trades off with most
    correlation: float = 0.0


@dataclass(frozen=True)
class Identification:
    """Principal directions of what is left, the best known first."""

    names: tuple[str, ...]
    left: np.ndarray  # (direction,): variance over prior variance
    directions: np.ndarray  # (direction, parameter), length one
    correlation: np.ndarray  # (parameter, parameter)
    standings: tuple[Standing, ...]

    def pair(self) -> tuple[int, int] | None:
        """The two parameters that trade off most; None where there is only one."""
        if len(self.names) < 2:
            return None
        strength = np.abs(np.triu(self.correlation, 1))
        open_ones = [s.verdict == ONLY_WITH for s in self.standings]
        if any(open_ones):
            strength = strength * np.maximum(*np.meshgrid(open_ones, open_ones))
        first, second = np.unravel_index(int(np.argmax(strength)), strength.shape)
        return int(first), int(second)


def identify(names: tuple[str, ...], score: np.ndarray, weight: np.ndarray) -> Identification:
    """Which parameters, or combinations of them, weighted draws (draw, parameter) pin down."""
    away = score - weight @ score
    spread = (weight[:, None] * away).T @ away
    left, vectors = np.linalg.eigh(spread)
    deviation = np.sqrt(np.maximum(np.diag(spread), 1e-300))
    correlation = spread / np.outer(deviation, deviation)
    open_share = np.square(vectors[:, left > OPEN]).sum(axis=1)
    alone = 1.0 / np.maximum(np.diag(np.linalg.pinv(spread, hermitian=True)), 1e-300)
    standings = tuple(
        _standing(k, names, float(spread[k, k]), open_share[k], alone[k], correlation[k])
        for k in range(len(names))
    )
    return Identification(names, left, vectors.T, correlation, standings)


def _standing(
    k: int,
    names: tuple[str, ...],
    variance: float,
    open_share: float,
    alone: float,
    correlation: np.ndarray,
) -> Standing:
    """Known by itself, known once its partner is, or not known.

    Args:
        open_share: of the parameter in open directions. alone: its variance given all others.
    """  # fmt: skip
    others = np.abs(np.where(np.arange(len(names)) == k, 0.0, correlation))
    partner = int(np.argmax(others))
    if variance <= OPEN and open_share <= _IN_OPEN:
        return Standing(names[k], variance, IDENTIFIED)
    if others[partner] >= _TOGETHER and min(variance, alone) <= OPEN:
        found = (names[partner], float(correlation[partner]))
        return Standing(names[k], variance, ONLY_WITH, *found)
    return Standing(names[k], variance, NOT if variance > OPEN else IDENTIFIED)
