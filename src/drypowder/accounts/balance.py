"""The one law of every sheet and every flow: each claim is somebody's debt.

A financial column sums to zero over sectors; a column of real things (gold, bitcoin) sums to what
is owned. Assets positive, liabilities negative.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float

from drypowder.accounts.economy import Economy
from drypowder.errors import UnbalancedError, UsageError

# How far a financial column may miss zero: a share of its gross amounts, or this many USD bn.
BALANCE_TOLERANCE = 0.5e-6
BALANCE_FLOOR_USD_BN = 1e-6
# Amounts below one dollar are rounding of float64 and not worth a word.
DOLLAR_USD_BN = 1e-9


def check_balanced(
    net_usd_bn: Float[np.ndarray, "sector instrument"],
    economy: Economy,
    tolerance: float = BALANCE_TOLERANCE,
    *,
    floor_usd_bn: float = BALANCE_FLOOR_USD_BN,
    where: str = "",
) -> None:
    """Every claim is somebody's debt: each financial column sums to zero over sectors.

    Args:
        tolerance: largest gap as a share of the column's holdings, or `floor_usd_bn` if larger.
        where: words for the message, such as "in 2025Q4" or "after capital_call".

    Raises:
        UsageError: DP-026 an amount is not finite.
        UnbalancedError: DP-029 a financial column misses zero; DP-030 a real column (gold,
            bitcoin) is owned by nobody.
    """
    check_finite(net_usd_bn, economy, where=where)
    _refuse_unowned(net_usd_bn, economy, where)
    check_columns(net_usd_bn, economy, tolerance, floor_usd_bn=floor_usd_bn, where=where)


def check_columns(
    amounts_usd_bn: Float[np.ndarray, "sector instrument"],
    economy: Economy,
    tolerance: float,
    *,
    floor_usd_bn: float,
    where: str,
) -> None:
    """Each financial column sums to zero. Raises UnbalancedError DP-029 naming the worst first."""
    gap = np.where(is_real(economy), 0.0, amounts_usd_bn.sum(axis=0))
    held = np.maximum(amounts_usd_bn, 0.0).sum(axis=0)
    issued = np.maximum(-amounts_usd_bn, 0.0).sum(axis=0)
    allowed = np.maximum(tolerance * np.maximum(held, issued), floor_usd_bn)
    worst = [int(k) for k in np.argsort(-np.abs(gap), kind="stable") if abs(gap[k]) > allowed[k]]
    if not worst:
        return
    first, names = worst[0], economy.instrument_names
    others = [f"{names[k]} {plain(gap[k], sign=True)}" for k in worst[1:]]
    raise UnbalancedError(
        "DP-029",
        f"{names[first]}: held for {plain(held[first])} bn but issued for "
        f"{plain(issued[first])} bn{_spaced(where)}; the {plain(abs(gap[first]))} bn has no "
        f"{'issuer' if gap[first] > 0 else 'holder'}."
        + (f" Also: {', '.join(others)} bn." if others else ""),
        "Give the other side of each amount: assets positive, liabilities negative, USD bn.",
    )


def check_finite(
    amounts_usd_bn: Float[np.ndarray, "sector instrument"], economy: Economy, *, where: str = ""
) -> None:
    """No amount is NaN or infinite. Raises UsageError DP-026 naming the first that is."""
    bad = np.argwhere(~np.isfinite(amounts_usd_bn))
    if len(bad):
        row, column = bad[0]
        raise UsageError(
            "DP-026",
            f"{economy.instrument_names[column]} of {economy.sector_names[row]}"
            f"{_spaced(where)} is {amounts_usd_bn[row, column]}, not a number.",
            "Write a plain decimal number such as 1234.5; write 0 for nothing.",
        )


def is_real(economy: Economy) -> Bool[np.ndarray, " instrument"]:
    """Which columns are things that nobody issued."""
    return np.array([instrument.real for instrument in economy.instruments])


def plain(value_usd_bn: float, *, sign: bool = False) -> str:
    """12.4 rather than 12.400000: thousands separated, at most six decimals."""
    rounded = round(float(value_usd_bn), 6) + 0.0  # + 0.0: never minus zero
    text = f"{rounded:+,.6f}" if sign else f"{rounded:,.6f}"
    return text.rstrip("0").rstrip(".")


def _refuse_unowned(
    net_usd_bn: Float[np.ndarray, "sector instrument"], economy: Economy, where: str
) -> None:
    for k in np.flatnonzero(is_real(economy) & ~(net_usd_bn.sum(axis=0) > 0.0)):
        raise UnbalancedError(
            "DP-030",
            f"{economy.instrument_names[k]} sums to {plain(net_usd_bn[:, k].sum())} bn"
            f"{_spaced(where)}: a real thing must be owned by somebody.",
            "Enter its holders, or leave the instrument out of the economy.",
        )


def _spaced(where: str) -> str:
    return f" {where}" if where else ""
