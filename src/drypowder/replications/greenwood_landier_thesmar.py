"""Banks that return to their leverage hit others who hold the same assets: one matrix formula.

    R1 = M f,   sales = M' (A B R1),   second round = L sales,   AV = 1'A M L M' B A M f / sum E

A assets, E equity, B debt over equity, M each bank's shares of its assets in each class, L impact
on the return of a class per unit of money sold, f the shock. A bank sells A B times its return, in
proportion to what it holds. The paper's buyer is not a party: `outside_buyer` says what it pays.
Source: R. Greenwood, A. Landier and D. Thesmar, Vulnerable banks, Journal of Financial Economics
115 (2015). Signs: losses and sales are negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from drypowder.errors import UsageError


@dataclass(frozen=True, eq=False)
class VulnerableBanks:
    """One round of deleveraging."""

    R1: Float[np.ndarray, " bank"]  # return on assets by the shock itself
    sales: Float[np.ndarray, " asset"]  # money, sold negative
    sales_by_bank: Float[np.ndarray, " bank"]
    second_round: Float[np.ndarray, " asset"]  # return of each class by the sales
    R2: Float[np.ndarray, " bank"]  # return on assets by the sales
    AV: float  # aggregate vulnerability: equity that the sales take, share of all equity
    direct: float  # and that the shock itself takes
    systemicness: Float[np.ndarray, " bank"]  # what each bank's sales add to AV; they sum to it
    indirect: Float[np.ndarray, " bank"]  # what all sales take of each bank's equity
    outside_buyer: float  # money that somebody must pay for what is sold, before its impact
    feasible: bool  # nobody sells more than it has, and no class falls by more than all


def greenwood_landier_thesmar(
    *, A: ArrayLike, E: ArrayLike, M: ArrayLike, L: ArrayLike, f: ArrayLike
) -> VulnerableBanks:
    """What a shock does to banks by way of each other's sales.

    Args:
        A: assets of each bank. E: equity. M: (bank, asset), shares of assets by class.
        L: impact on the return of each class per unit of money sold, or a matrix (asset, asset).
        f: return of each class by the shock.

    Raises:
        UsageError: DP-168 for shapes that do not fit or amounts out of bounds.
    """
    assets, equity, shares, shock = (np.asarray(each, dtype=float) for each in (A, E, M, f))
    impact = np.asarray(L, dtype=float)
    impact = np.diag(impact) if impact.ndim == 1 else impact
    _check(assets, equity, shares, impact, shock)
    first = shares @ shock
    by_bank = assets * (assets - equity) / equity * first
    sales = shares.T @ by_bank
    second = impact @ sales
    loss = assets * (shares @ second)
    # what one bank's sales do to all banks' assets
    reach = assets @ shares @ impact @ shares.T
    left = assets * (1.0 + first)
    return VulnerableBanks(
        R1=first,
        sales=sales,
        sales_by_bank=by_bank,
        second_round=second,
        R2=shares @ second,
        AV=float(loss.sum() / equity.sum()),
        direct=float(assets @ first / equity.sum()),
        systemicness=reach * by_bank / equity.sum(),
        indirect=loss / equity,
        outside_buyer=float(-sales.sum()),
        feasible=bool(np.all(-by_bank <= left) and np.all(second >= -1.0)),
    )


def _check(assets, equity, shares, impact, shock) -> None:
    banks, classes = len(np.atleast_1d(assets)), len(np.atleast_1d(shock))
    shapes = (assets.shape, equity.shape, shares.shape, impact.shape, shock.shape)
    if shapes != ((banks,), (banks,), (banks, classes), (classes, classes), (classes,)):
        raise _unusable(f"shapes {shapes}")
    if not all(np.all(np.isfinite(each)) for each in (assets, equity, shares, impact, shock)):
        raise _unusable("a number that is not finite")
    if not (np.all(equity > 0.0) and np.all(assets >= equity)):
        raise _unusable("equity that is not above zero, or above assets")


def _unusable(what: str) -> UsageError:
    return UsageError(
        "DP-168",
        f"the banks were given with {what}.",
        "Give A and E by bank, M by bank and asset class, L and f by class; 0 < E <= A.",
    )
