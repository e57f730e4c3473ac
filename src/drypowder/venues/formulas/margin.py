"""The price at which a venue closes a position.

    equity(P) = E + s q (u(P) - u(EP)),   u(P) = P (linear) or -1/P (inverse),   N(P) = q |u(P)|
    closed when  equity(P) = MM(N) + f N,   MM(N) = r_k N - c_k

E is the margin that counts, N the notional and f the closing fee that some venues include. Both
contracts are one equation in N: with t = s (linear) or -s (inverse) and N0 = q |u(EP)|,

    N - t (MM(N) + f N) = N0 - t E,   so   N = (N0 - t E - t c_k) / (1 - t (r_k + f))

The left side rises with N because every r + f is below one: at most one N solves it, and the
bracket is the one at the liquidation price, not at entry. Where N would not be positive, equity and
maintenance never meet and there is no price: margin that outlasts any fall of a long (or any rise
of an inverse short), or a linear short that owes more than it could ever be worth.

Source: Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts" and its COIN-M
counterpart (read 2024-10); Bybit help, "Liquidation Price (USDT Contract)" (2024) and "Liquidation
Price Calculation under Isolated Mode (Unified Trading Account)" (2024 and 2026-05-27); Hyperliquid
documentation, "Liquidations". Signs: side s = +1 long, -1 short; sizes and prices positive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from drypowder.errors import UsageError
from drypowder.venues import _checking as checking
from drypowder.venues._checking import INVERSE, LINEAR, Floats
from drypowder.venues.formulas.brackets import Brackets, bracket_at, known

MARK, ENTRY = "mark", "entry"
ROUNDING = 8.0 * np.finfo(np.float64).eps  # of N0: below it the notional is nothing but rounding
BACKSTOP_SHARE = 2.0 / 3.0  # of maintenance, Hyperliquid documentation, "Liquidations"


def liquidation_price(
    *,
    side: ArrayLike,
    size: ArrayLike,
    entry_price: ArrayLike,
    margin: ArrayLike,
    brackets: Brackets,
    contract: str = LINEAR,
    maintenance_at: str = MARK,
    close_fee_rate: ArrayLike = 0.0,
    contract_value: ArrayLike | None = None,
    other_maintenance: ArrayLike = 0.0,
    other_unrealised: ArrayLike = 0.0,
) -> float | Floats | None:
    """Where the venue closes this position, if all else stays as it is.

    A price on the losing side of today's means that the position lives; one on the winning side
    means that it is already due. Under cross margin the price holds for the given marks of the
    other positions only.

    Args:
        side: +1 long, -1 short.
        size: coins (linear) or contracts (inverse), positive.
        entry_price: USD per coin.
        margin: what is behind it in the contract's money (USD, or the coin for inverse): the
            position's margin if isolated, the wallet balance if cross.
        contract: "linear" or "inverse".
        maintenance_at: "mark" (maintenance follows the price) or "entry" (fixed at entry).
        close_fee_rate: fee on the notional at liquidation that is part of the test; a rebate is
            below zero.
        contract_value: USD per contract; needed if inverse.
        other_maintenance, other_unrealised: of all other positions of a cross account.

    Returns:
        The price, or None if equity meets maintenance at no positive price; for arrays float64
        with nan there.

    Raises:
        UsageError: DP-120 brackets, DP-121 a size or price, DP-122 side, DP-123 a word, DP-124
            contract_value, DP-125 fee, DP-127 shapes.

    Source: as this file.
    """
    equity = joined(margin, other_maintenance, other_unrealised)
    held = _position(side, size, entry_price, equity, contract, contract_value)
    fee = fee_of(close_fee_rate, known(brackets))
    checking.word("maintenance_at", maintenance_at, (MARK, ENTRY))
    if maintenance_at == ENTRY:
        entry = bracket_at(held.entry_notional, brackets)
        due = brackets.rate[entry] * held.entry_notional - brackets.deduction[entry]
        notional = (held.target + held.turn * due) / (1.0 - held.turn * fee)
    elif fee.ndim == 0:
        notional = _one_search(held, float(fee), brackets)
    else:
        notional = _one_pass_a_bracket(held, fee, brackets)
    return _price(held, notional)


def bankruptcy_price(
    *,
    side: ArrayLike,
    size: ArrayLike,
    entry_price: ArrayLike,
    margin: ArrayLike,
    contract: str = LINEAR,
    close_fee_rate: ArrayLike = 0.0,
    contract_value: ArrayLike | None = None,
) -> float | Floats | None:
    """Where nothing is left of the margin: a worse fill is somebody else's loss.

    Args, Returns: as `liquidation_price`.

    Raises:
        UsageError: DP-121 to DP-125 and DP-127, as `liquidation_price`.

    Source: Bybit help, "Bankruptcy Price (USDT Contract)"; Binance, "Liquidation Protocols".
    """
    equity = checking.finite("margin", margin)
    held = _position(side, size, entry_price, equity, contract, contract_value)
    return _price(held, held.target / (1.0 - held.turn * fee_of(close_fee_rate, None)))


def backstop_price(
    *,
    side: ArrayLike,
    size: ArrayLike,
    entry_price: ArrayLike,
    margin: ArrayLike,
    brackets: Brackets,
    contract: str = LINEAR,
    maintenance_at: str = MARK,
    close_fee_rate: ArrayLike = 0.0,
    contract_value: ArrayLike | None = None,
    other_maintenance: ArrayLike = 0.0,
    other_unrealised: ArrayLike = 0.0,
    share: float = BACKSTOP_SHARE,
) -> float | Floats | None:
    """Where the venue's vault takes the position over, together with all of its margin.

    Hyperliquid: equity under two thirds of maintenance, of the whole account if cross; so the
    maintenance of the other positions counts with the same share.

    Args:
        share: of maintenance, above 0 and at most 1. The others: as `liquidation_price`.

    Raises:
        UsageError: as `liquidation_price`.

    Source: Hyperliquid documentation, "Liquidations" (backstop).
    """
    return liquidation_price(
        side=side,
        size=size,
        entry_price=entry_price,
        margin=margin,
        brackets=known(brackets).scaled(share),
        contract=contract,
        maintenance_at=maintenance_at,
        close_fee_rate=close_fee_rate,
        contract_value=contract_value,
        other_maintenance=share * checking.finite("other_maintenance", other_maintenance),
        other_unrealised=other_unrealised,
    )


class _Position(NamedTuple):
    """Positions in the one form that both contracts share."""

    turn: Floats  # t: +1 if notional and equity rise together
    units: Floats  # coins, or USD of face value
    entry_notional: Floats  # N0
    target: Floats  # N0 - t E
    inverse: bool


def joined(margin: ArrayLike, other_maintenance: ArrayLike, other_unrealised: ArrayLike) -> Floats:
    """The money that one position of a cross account can count on: E = wallet - others' need."""
    equity = checking.finite("margin", margin)
    need = checking.not_negative("other_maintenance", other_maintenance)
    gain = checking.finite("other_unrealised", other_unrealised)
    if need.ndim or need:  # a million positions need no pass for a single zero
        equity = checking.shaped(equity, need, np.subtract)
    return checking.shaped(equity, gain, np.add) if gain.ndim or gain else equity


def _position(
    side: ArrayLike,
    size: ArrayLike,
    entry_price: ArrayLike,
    equity: Floats,
    contract: str,
    contract_value: ArrayLike | None,
) -> _Position:
    """Checked inputs in the shared form."""
    held = checking.units(size=size, contract=contract, contract_value=contract_value)
    way, price = checking.sides(side), checking.positive("entry_price", entry_price)
    checking.broadcast({"side": way, "size": held, "entry_price": price, "margin": equity})
    inverse = contract == INVERSE
    turn = -way if inverse else way
    entry_notional = held / price if inverse else held * price
    return _Position(turn, held, entry_notional, entry_notional - turn * equity, inverse)


def fee_of(close_fee_rate: ArrayLike, brackets: Brackets | None) -> Floats:
    """The closing fee as a share of notional; with maintenance it must leave something over.

    A rebate is a fee below zero: it may lower what is required, not below nothing.
    """
    fee = checking.finite("close_fee_rate", close_fee_rate)
    least = -1.0 if brackets is None else -float(brackets.rate[0])
    room = 1.0 if brackets is None else 1.0 - float(brackets.rate[-1])
    if fee.size and not (np.min(fee) > least and np.max(fee) < room):
        raise UsageError(
            "DP-125",
            f"close_fee_rate {float(fee.flat[np.argmax((fee <= least) | (fee >= room))]):g} is not "
            f"between {least:g} and {room:g}, what maintenance leaves of the notional.",
            "Give the fee as a share of notional, 0.0006 for 0.06 %; a rebate is below zero.",
        )
    return fee


def _one_search(held: _Position, fee: float, brackets: Brackets) -> Floats:
    """N of every position from one sorted search over the knots of both directions.

    The knots of t = -1 are laid out mirrored below zero and those of t = +1 above it, so that the
    key t (N0 - t E) finds direction and bracket together.
    """
    floor, rate, deduction = brackets.floor, brackets.rate + fee, brackets.deduction
    up = (floor * (1.0 - rate) + deduction)[1:]
    down = (floor * (1.0 + rate) - deduction)[1:]
    knots = np.concatenate([-down[::-1], [0.0], up])
    slope = np.concatenate([1.0 + rate[::-1], 1.0 - rate])
    shift = np.concatenate([-deduction[::-1], deduction])
    # a target below zero is below every floor, so it belongs to the first bracket of its side
    key = held.turn * np.maximum(held.target, np.finfo(np.float64).tiny)
    segment = np.searchsorted(knots, key, side="right")
    return (held.target - shift[segment]) / slope[segment]


def _one_pass_a_bracket(held: _Position, fee: Floats, brackets: Brackets) -> Floats:
    """The same where every position pays a fee of its own and knots differ between positions."""
    segment = np.zeros(np.broadcast_shapes(held.target.shape, fee.shape), dtype=np.intp)
    for floor, rate, deduction in zip(
        brackets.floor[1:], brackets.rate[1:], brackets.deduction[1:], strict=True
    ):
        knot = floor - held.turn * ((rate + fee) * floor - deduction)
        segment += held.target >= knot
    shift, slope = brackets.deduction[segment], brackets.rate[segment] + fee
    return (held.target - held.turn * shift) / (1.0 - held.turn * slope)


def _price(held: _Position, notional: Floats) -> float | Floats | None:
    """The price at which the position has this notional; none if that is nothing."""
    with np.errstate(divide="ignore"):
        price = held.units / notional if held.inverse else notional / held.units
    return checking.price_or_none(
        np.where(notional > ROUNDING * held.entry_notional, price, np.nan)
    )
