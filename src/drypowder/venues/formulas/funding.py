"""Funding: longs pay shorts, or shorts longs, and the venue keeps nothing.

    payment = s N F,   F_8h = P + clamp(i - P, -0.05 %, +0.05 %),   hourly F = F_8h / 8

N is the notional at the oracle (or mark) price, P the average premium of the contract over the
oracle within the hour, sampled every five seconds, and i = 0.01 % the interest of eight hours.
Funding is the rent of leverage: it wears the margin down, so liquidation prices creep.

Source: Hyperliquid documentation, "Funding" (read 2025-10). Signs: a payment above zero is paid by
the account; side +1 long, -1 short.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from drypowder.venues import _checking as checking
from drypowder.venues._checking import INVERSE, LINEAR, Floats

# Hyperliquid documentation, "Funding", the same for every asset:
INTEREST_8H, CLAMP_8H = 1e-4, 5e-4
CAP_HOURLY = 0.04
HOURS = 8  # over which the published rate is quoted
NETTED = 1e-12  # of gross size: longs and shorts that differ by less are each other's other side


def funding_payment(
    *,
    side: ArrayLike,
    size: ArrayLike,
    price: ArrayLike,
    rate: ArrayLike,
    contract: str = LINEAR,
    contract_value: ArrayLike | None = None,
) -> float | Floats:
    """What each account pays (above zero) or receives at one funding time.

    Where all positions of one market are given (one price, one rate, longs equal shorts), the
    payments add up to exactly zero in whatever order they are added: each is rounded to a binary
    unit in which all sums are exact, and the units left over, under a 1e-15th of all that changes
    hands for each account, go to the largest payer.

    Args:
        side, size, contract, contract_value: as `liquidation_price`.
        price: oracle or mark price by the venue's rule, USD per coin.
        rate: of this funding time, as a share of notional; above zero longs pay.

    Returns:
        In the contract's money, one a position.

    Raises:
        UsageError: DP-121 to DP-124 and DP-127, as `liquidation_price`.

    Source: as this file.
    """
    units = checking.units(size=size, contract=contract, contract_value=contract_value)
    way, at = checking.sides(side), checking.positive("price", price)
    share = checking.finite("rate", rate)
    checking.broadcast({"side": way, "size": units, "price": at, "rate": share})
    signed = way * units
    paid = signed * ((1.0 / at if contract == INVERSE else at) * share)
    one_market = at.size == 1 and share.size == 1
    if one_market and abs(signed.sum()) <= NETTED * np.abs(signed).sum():
        paid = _adds_up(paid)
    return checking.plain(paid)


def hyperliquid_funding_rate(
    *,
    premium: ArrayLike,
    interest_8h: float = INTEREST_8H,
    clamp_8h: float = CLAMP_8H,
    cap_hourly: float = CAP_HOURLY,
) -> float | Floats:
    """The rate that longs pay for one hour, given the hour's average premium.

    At a premium of zero it is 0.00125 % an hour, about 11 % a year: leverage costs something even
    when nobody is in a hurry.

    Args:
        premium: average of (impact price - oracle) / oracle within the hour, as a share.
        interest_8h, clamp_8h: shares over eight hours. cap_hourly: share an hour, either way.

    Raises:
        UsageError: DP-121 premium not finite, DP-127 no number.

    Source: as this file.
    """
    value = checking.finite("premium", premium)
    rate = value + np.clip(interest_8h - value, -clamp_8h, clamp_8h)
    return checking.plain(np.clip(rate / HOURS, -cap_hourly, cap_hourly))


def _adds_up(paid: Floats) -> Floats:
    """Payments as whole numbers of one power of two, small enough that no sum is rounded."""
    gross = float(np.abs(paid).sum())
    if gross == 0.0:
        return paid
    power = int(np.ceil(np.log2(gross))) - np.finfo(np.float64).nmant
    unit = max(np.ldexp(1.0, power), np.finfo(np.float64).smallest_subnormal)
    whole = np.round(paid / unit)
    largest = np.unravel_index(np.argmax(np.abs(whole)), whole.shape)
    whole[largest] -= whole.sum()
    return whole * unit
