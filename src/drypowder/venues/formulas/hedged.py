"""Where an account closes that is long and short of one contract (hedge mode, cross margin).

    K + d x - MM(a x) - MM(b x) - f (a + b) x = 0,   x = P (linear) or 1/P (inverse)

a and b are long and short in units, d = a - b (linear) or b - a (inverse), K = E - d-weighted
entries. Each leg has a bracket of its own; both legs answer with one wallet, so they share their
prices. The left side is concave in x because maintenance is convex: the account lives on one
interval of prices and closes at either end. Binance prints the end that its brackets lead to:

    LP = (WB - TMM + UPNL + cumL + cumS - a EP_L + b EP_S) / (a MMR_L + b MMR_S - a + b)

A pair that is long and short alike has no direction, but it can still be too large for its wallet.

Source: Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts" (hedge position
mode) and its COIN-M counterpart. Signs: sizes and prices positive.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from drypowder.venues import _checking as checking
from drypowder.venues._checking import INVERSE, LINEAR, Floats
from drypowder.venues.formulas.brackets import Brackets, bracket_at, known
from drypowder.venues.formulas.margin import ROUNDING, fee_of, joined

_CHUNK = 1 << 15  # positions


class HedgedPrices(NamedTuple):
    """The account lives between them; None (nan in arrays) where that end does not exist."""

    lower: float | Floats | None  # closed at and below; infinite if closed at every price
    upper: float | Floats | None  # closed at and above; zero if closed at every price


def hedged_liquidation_price(
    *,
    long_size: ArrayLike,
    long_entry_price: ArrayLike,
    short_size: ArrayLike,
    short_entry_price: ArrayLike,
    margin: ArrayLike,
    brackets: Brackets,
    contract: str = LINEAR,
    close_fee_rate: ArrayLike = 0.0,
    contract_value: ArrayLike | None = None,
    other_maintenance: ArrayLike = 0.0,
    other_unrealised: ArrayLike = 0.0,
) -> HedgedPrices:
    """Between which prices a wallet carries a long and a short leg of one contract.

    Args:
        long_size, short_size: coins (linear) or contracts (inverse), positive.
        long_entry_price, short_entry_price: USD per coin.
        margin: wallet balance in the contract's money.
        contract, close_fee_rate, contract_value, other_maintenance, other_unrealised: as
            `liquidation_price`; other positions are those of other contracts.

    Raises:
        UsageError: DP-120, DP-121, DP-123 to DP-125, DP-127, as `liquidation_price`.

    Source: as this file. Venues that put both legs into one bracket (OKX, Bitget) have another
    rule; two isolated legs are two positions of `liquidation_price`.
    """
    equity = joined(margin, other_maintenance, other_unrealised)
    legs = [
        _leg(name, size, price, contract, contract_value)
        for name, size, price in (
            ("long", long_size, long_entry_price), ("short", short_size, short_entry_price),
        )
    ]  # fmt: skip
    fee = fee_of(close_fee_rate, known(brackets))
    names = ("long_size", "long_entry_price", "short_size", "short_entry_price", "margin", "fee")
    given = dict(zip(names, (*legs[0], *legs[1], equity, fee), strict=True))
    shape = checking.broadcast(given)
    long, long_worth, short, short_worth, equity, fee = (
        np.broadcast_to(one, shape).ravel() for one in given.values()
    )
    turn = -1.0 if contract == INVERSE else 1.0
    start = equity - turn * (long_worth - short_worth)
    slope, noise = (
        turn * (long - short) - fee * (long + short),
        ROUNDING * (long_worth + short_worth),
    )
    low, high = np.empty((2, len(long)))
    for at in range(0, len(long), _CHUNK):  # each position looks at every floor of both its legs
        some = slice(at, at + _CHUNK)
        curve = _Curve(long[some], short[some], slope[some], start[some], brackets)
        low[some], high[some] = _interval(curve, noise[some])
    with np.errstate(divide="ignore"):
        ends = (1.0 / high, 1.0 / low) if contract == INVERSE else (low, high)
    return HedgedPrices(*(checking.price_or_none(one.reshape(shape)) for one in ends))


def _leg(
    name: str, size: ArrayLike, price: ArrayLike, contract: str, value: ArrayLike | None
) -> tuple[Floats, Floats]:
    """Units and worth at entry of one leg."""
    units = checking.units(size=size, contract=contract, contract_value=value)
    entry = checking.positive(f"{name}_entry_price", price)
    join = np.divide if contract == INVERSE else np.multiply
    return units, checking.shaped(units, entry, join)


class _Curve(NamedTuple):
    """What is left over maintenance as a function of x, per position."""

    long: Floats
    short: Floats
    slope: Floats  # d - f (a + b)
    start: Floats  # K
    brackets: Brackets

    def of(self, x: Floats) -> tuple[Floats, Floats]:
        """Value and slope to the right at x, [position, place]."""
        value, slope = self.start[:, None] + self.slope[:, None] * x, self.slope[:, None] + 0.0 * x
        for units in (self.long[:, None], self.short[:, None]):
            held = bracket_at(units * x, self.brackets)
            value = value - self.brackets.rate[held] * units * x + self.brackets.deduction[held]
            slope = slope - self.brackets.rate[held] * units
        return value, slope


def _interval(curve: _Curve, noise: Floats) -> tuple[Floats, Floats]:
    """The x between which the curve is not negative; nan where it has no such end."""
    floor = curve.brackets.floor
    # a hair above the floor, so that rounding cannot leave a knot in the bracket below it
    kinks = [np.nextafter(floor[1:] / one[:, None], np.inf) for one in (curve.long, curve.short)]
    zero = np.zeros((len(curve.long), 1))
    x = np.sort(np.concatenate([zero, *kinks], axis=1), axis=1)
    value, slope = curve.of(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        root = x - value / slope
    following = np.concatenate([x[:, 1:], np.full(zero.shape, np.inf)], axis=1)
    ends = np.concatenate([value[:, 1:], np.where(slope[:, -1:] < 0.0, -np.inf, np.inf)], axis=1)
    ends[:, -1:] = np.where(slope[:, -1:] == 0.0, value[:, -1:], ends[:, -1:])
    up, down = (value < 0.0) & (ends >= 0.0), (value >= 0.0) & (ends < 0.0)
    low, high = (
        np.where(found.any(axis=1), np.take_along_axis(
            np.clip(root, x, following), np.argmax(found, axis=1)[:, None], axis=1)[:, 0], np.nan)
        for found in (up, down)
    )  # fmt: skip
    never = (value < 0.0).all(axis=1) & ~up.any(axis=1)
    low, high = np.where(never, np.inf, low), np.where(never, 0.0, high)
    larger = np.maximum(curve.long, curve.short)
    return np.where(low * larger <= noise, np.nan, low), high
