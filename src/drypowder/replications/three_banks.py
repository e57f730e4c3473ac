"""Three banks under a leverage limit, and where their fire sale can come to rest: in two places.

    theta_i = clip(1 - (l (e_i - S_i d) - L_i) / (S_i (1 - d)), 0, 1),   d = sqrt(k sum theta_i S_i)

e equity after losses, S bonds, L loans, l the leverage limit, theta the share of bonds that a bank
must sell at a discount d, k the impact. A larger discount calls for more sales, so the map of d to
itself rises (markets.fixed_points): the least resting point is reached from "nobody sells", the
greatest from "everybody sells all", and roots between are stable or not by the slope of the map.
Source: our own example of a market with several equilibria, after Greenwood, Landier and Thesmar
(2015) and Cont and Schaanning (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from drypowder.errors import DrypowderError, UsageError
from drypowder.markets.fixed_points import fixed_points
from drypowder.replications._roots import roots

_PAST = 1.02  # how far beyond the largest discount roots are looked for: it can be one itself
_NUDGE = 1e-7  # for the slope at a root


@dataclass(frozen=True, eq=False)
class BankEquilibria:
    """Every discount at which sales and prices agree."""

    least: float
    greatest: float
    unique: bool
    converged: bool
    roots: tuple[float, ...]  # all of them, rising
    stable: tuple[bool, ...]  # whether a small push dies out at the root
    sold_least: Float[np.ndarray, " bank"]  # bonds sold
    sold_greatest: Float[np.ndarray, " bank"]


def three_bank_equilibria(
    *,
    equity: Sequence[float] = (28.0, 80.0, 65.0),
    bonds: Sequence[float] = (145.0, 435.0, 300.0),
    loans: Sequence[float] = (1170.0, 1245.0, 1190.0),
    leverage_limit: float = 44.0,
    impact: float = 0.000022,
) -> BankEquilibria:
    """Least and greatest discount of a fire sale, and all others; any number of banks.

    Args:
        equity: of each bank after its losses. leverage_limit: assets over equity.
        impact: square of the discount per unit of bonds sold.

    Raises:
        UsageError: DP-168 for lengths that differ or a discount that could reach one.
        DrypowderError: DP-169 if the map has no resting point that iteration finds.
    """
    capital, held, lent = (np.asarray(each, dtype=float) for each in (equity, bonds, loans))
    _check(capital, held, lent, leverage_limit, impact)
    most = float(np.sqrt(impact * held.sum()))

    def sold(discount: float) -> np.ndarray:
        return _sold(discount, capital, held, lent, leverage_limit)

    def respond(discount: np.ndarray) -> np.ndarray:
        return np.sqrt(impact * sold(float(discount[0])).sum(keepdims=True))

    found = fixed_points(respond, lowest=np.zeros(1), highest=np.array([most]))
    if not found.converged:
        raise DrypowderError(
            "DP-169",
            "the discount that sales make does not rise with the discount that they meet.",
            "Equilibria are found where a larger discount forces more sales.",
        )
    least, greatest = float(found.least[0]), float(found.greatest[0])
    between = _all_roots(respond, least, greatest, most)
    return BankEquilibria(
        least=least,
        greatest=greatest,
        unique=found.unique and len(between) == 1,
        converged=found.converged,
        roots=between,
        stable=tuple(_is_stable(respond, root) for root in between),
        sold_least=sold(least),
        sold_greatest=sold(greatest),
    )


def _sold(discount: float, equity, bonds, loans, limit: float) -> Float[np.ndarray, " bank"]:
    room = limit * (equity - bonds * discount) - loans
    worth = np.where(bonds > 0.0, bonds * (1.0 - discount), 1.0)
    return np.clip(1.0 - room / worth, 0.0, 1.0) * bonds


def _all_roots(respond, least: float, greatest: float, most: float) -> tuple[float, ...]:
    """The two that iteration finds, and those where the map crosses between them."""
    high = min(_PAST * most, 0.5 * (1.0 + most))
    crossed = roots(lambda d: float(respond(np.array([d]))[0]) - d, 0.0, high)
    near = 1e-8 * (1.0 + most)
    others = [r for r in crossed if min(abs(r - least), abs(r - greatest)) > near]
    ends = {least} if abs(greatest - least) <= near else {least, greatest}
    return tuple(sorted([*ends, *others]))


def _is_stable(respond, root: float) -> bool:
    """Slopes on both sides below one."""
    at = float(respond(np.array([root]))[0])
    sides = [
        abs(float(respond(np.array([max(root + step, 0.0)]))[0]) - at) / _NUDGE
        for step in (-_NUDGE, _NUDGE)
    ]
    return max(sides) < 1.0


def _check(equity, bonds, loans, limit: float, impact: float) -> None:
    columns = equity, bonds, loans
    fine = equity.shape == bonds.shape == loans.shape and equity.ndim == 1 and equity.size > 0
    fine = fine and all(np.all(np.isfinite(each)) for each in columns) and bool(bonds.min() >= 0.0)
    if not (fine and limit > 0.0 and impact > 0.0 and impact * bonds.sum() < 1.0):
        raise UsageError(
            "DP-168",
            "the banks' columns differ in length, or the discount could reach one.",
            "Give equity, bonds and loans of each bank; impact times all bonds below one.",
        )
