"""Who can pay whom when debts are a circle: payments that are consistent with one another.

    p = min(owed, e + P' p),   P[i, j] = L[i, j] / owed[i]

L[i, j] is owed by i to j, e what i has besides. Equity is paid last and creditors in proportion.
The greatest payments are found exactly by fictitious default: suppose that nobody fails, see who
does, solve for what those can pay, and look again; each round names at least one more. The least
are climbed to from "nobody pays" (markets.fixed_points). They differ only where money could go
round in a circle that nobody outside feeds.
Source: L. Eisenberg and T. Noe, Systemic risk in financial systems, Management Science 47 (2001).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import ArrayLike

from drypowder.errors import UsageError
from drypowder.markets.fixed_points import fixed_points

_SAME = 1e-9  # of the largest debt


@dataclass(frozen=True, eq=False)
class ClearingVector:
    """What everybody pays and is left with, at the greatest payments."""

    payments: Float[np.ndarray, " firm"]  # the greatest
    least: Float[np.ndarray, " firm"]
    greatest: Float[np.ndarray, " firm"]
    unique: bool
    converged: bool  # of the climb to the least
    defaults: Bool[np.ndarray, " firm"]
    rounds: int  # of fictitious default
    default_round: Int[np.ndarray, " firm"]  # in which each failed, 0 for never
    equity: Float[np.ndarray, " firm"]  # what is left; the sum is that of external assets
    recovery: Float[np.ndarray, " firm"]  # paid over owed, 1 where nothing is


def clearing_vector(*, liabilities: ArrayLike, external_assets: ArrayLike) -> ClearingVector:
    """Payments that clear a network of debts.

    Args:
        liabilities: (firm, firm), owed by the row to the column.
        external_assets: of each firm, outside the network.

    Raises:
        UsageError: DP-168 for shapes that do not fit or amounts below zero.
    """
    debts, assets = (np.asarray(each, dtype=float) for each in (liabilities, external_assets))
    _check(debts, assets)
    owed = debts.sum(axis=1)
    shares = debts / np.where(owed > 0.0, owed, 1.0)[:, None]
    greatest, rounds, default_round = _fictitious_default(owed, shares, assets)

    def respond(paid: np.ndarray) -> np.ndarray:
        return np.minimum(owed, assets + shares.T @ paid)

    # in shares of the largest debt: the tolerance of the climb is a number
    size = max(float(owed.max()), 1.0e-300)
    found = fixed_points(lambda p: respond(p * size) / size, lowest=0.0 * owed, highest=owed / size)
    least = np.minimum(found.least * size, greatest)
    return ClearingVector(
        payments=greatest,
        least=least,
        greatest=greatest,
        unique=bool(np.all(greatest - least <= _SAME * size)),
        converged=found.converged,
        defaults=default_round > 0,
        rounds=rounds,
        default_round=default_round,
        equity=assets + shares.T @ greatest - greatest,
        recovery=np.where(owed > 0.0, greatest / np.where(owed > 0.0, owed, 1.0), 1.0),
    )


def _fictitious_default(owed, shares, assets):
    """The greatest payments, rounds, and the round in which each firm failed."""
    paid, failed = owed.copy(), np.zeros(owed.shape, dtype=bool)
    when, rounds = np.zeros(owed.shape, dtype=int), 0
    while True:
        has = assets + shares.T @ paid
        new = ~failed & (has < owed * (1.0 - 1e-14))
        if not new.any():
            return paid, rounds, when
        rounds += 1
        failed |= new
        when[new] = rounds
        paid = _paid_by_failed(owed, shares, assets, failed)


def _paid_by_failed(owed, shares, assets, failed):
    """What the failed can pay while the others pay in full."""
    paid = owed.copy()
    among = shares[np.ix_(failed, failed)].T
    received = assets[failed] + shares[np.ix_(~failed, failed)].T @ owed[~failed]
    paid[failed] = np.linalg.solve(np.eye(len(received)) - among, received)
    return np.clip(paid, 0.0, owed)


def _check(debts, assets) -> None:
    count = len(np.atleast_1d(assets))
    if assets.shape != (count,) or debts.shape != (count, count) or count == 0:
        raise _unusable(f"shapes {debts.shape} and {assets.shape}")
    if not (np.all(np.isfinite(debts)) and np.all(np.isfinite(assets))):
        raise _unusable("a number that is not finite")
    if debts.min() < 0.0 or assets.min() < 0.0:
        raise _unusable("an amount below zero")
    if np.any(np.diag(debts) != 0.0):
        raise _unusable("a debt to oneself")


def _unusable(what: str) -> UsageError:
    return UsageError(
        "DP-168",
        f"the network was given with {what}.",
        "Give what each firm (row) owes each other (column), and its other assets; none negative.",
    )
