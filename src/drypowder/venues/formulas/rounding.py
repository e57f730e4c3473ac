"""From exact prices and sizes to the ticks and lots that a venue shows and trades.

Exact functions return exact prices; rounding is a step of its own, because it has a direction. A
venue rounds against the position: the liquidation or bankruptcy price of a long up to the next
tick, that of a short down. Rounded so, the price on the screen comes first: nobody is closed before
it is reached. The first tick at which the rule really closes a position lies on the other side of
the exact price (`beyond`). Sizes round down to whole lots: nobody is given a lot for which there is
no margin.

Source: Bybit help, "What is Bankruptcy Price?" (2020: long rounded up, short down, to the next 0.5)
and its example in "What is Auto-Deleveraging (ADL)?" (7,735.37 -> 7,735.50); Hyperliquid
documentation, "Tick and lot size" (five significant figures, whole prices always).
Signs: side +1 long, -1 short.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from drypowder.venues import _checking as checking
from drypowder.venues._checking import Floats

INSIDE, BEYOND, NEAREST, UP, DOWN = "inside", "beyond", "nearest", "up", "down"
DIRECTIONS = (INSIDE, BEYOND, NEAREST, UP, DOWN)
# A decimal that binary cannot hold exactly is on its tick within so much of a tick, or of a count:
SAME_TICK, SAME_COUNT = 1e-9, 1e-12
SIGNIFICANT_FIGURES = 5  # Hyperliquid documentation, "Tick and lot size"
PRICE_DECIMALS = 6  # the same, less the decimals of the size


def round_price(
    *,
    price: ArrayLike | None,
    tick: ArrayLike,
    side: ArrayLike = 1,
    direction: str = INSIDE,
) -> float | Floats | None:
    """A price as the venue shows it.

    Args:
        price: exact; None or nan (no price) stays what it is.
        tick: smallest step, USD.
        side: +1 long, -1 short; matters for `inside` and `beyond` alone.
        direction: "inside" (against the position: a long's price up, a short's down), "beyond"
            (the first tick at which the rule holds: a long's down, a short's up), "nearest" (a
            half goes up), "up" or "down".

    Raises:
        UsageError: DP-121 tick, DP-122 side, DP-123 direction, DP-127 no number.

    Source: as this file.
    """
    checking.word("direction", direction, DIRECTIONS)
    step, way = checking.positive("tick", tick), checking.sides(side)
    if price is None:
        return None
    exact = checking.numbers("price", price)
    checking.broadcast({"price": exact, "tick": step, "side": way})
    half = 0.5 if direction == NEAREST else 0.0
    ticks = _whole(exact / step + half)
    against, along = (UP, INSIDE), (UP, BEYOND)
    upward = np.where(way > 0.0, direction in against, direction in along)
    return checking.price_or_none(_times(np.where(upward, np.ceil(ticks), np.floor(ticks)), step))


def round_size(*, size: ArrayLike, lot: ArrayLike) -> float | Floats:
    """A size in whole lots, never more than was asked for.

    Args:
        size: coins or contracts, not negative. lot: smallest step, in the same unit.

    Raises:
        UsageError: DP-121 size or lot, DP-127 no number.

    Source: as this file.
    """
    amount, step = checking.not_negative("size", size), checking.positive("lot", lot)
    checking.broadcast({"size": amount, "lot": step})
    return checking.plain(_times(np.floor(_whole(amount / step)), step))


def hyperliquid_tick(*, price: ArrayLike, size_decimals: int) -> float | Floats:
    """The smallest step of a price on a venue that counts significant figures.

    Args:
        price: USD. size_decimals: decimals of the coin's size (`szDecimals` of the venue).

    Raises:
        UsageError: DP-121 price, DP-127 no number.

    Source: Hyperliquid documentation, "Tick and lot size".
    """
    value = checking.positive("price", price)
    power = np.floor(np.log10(value)) - (SIGNIFICANT_FIGURES - 1.0)
    power = np.clip(power, float(size_decimals - PRICE_DECIMALS), 0.0)
    return checking.plain(1.0 / np.round(10.0**-power))


def _whole(ticks: Floats) -> Floats:
    """A count of ticks, where one that is whole but for binary rounding is made whole."""
    near = np.round(ticks)
    noise = np.maximum(SAME_TICK, SAME_COUNT * np.abs(near))
    return np.where(np.abs(ticks - near) <= noise, near, ticks)


def _times(count: Floats, step: Floats) -> Floats:
    """count * step, without a tail of binary digits where the step divides one (0.1, 0.25)."""
    per_unit = np.round(1.0 / step)
    divides = np.abs(per_unit * step - 1.0) <= SAME_TICK
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(divides, count / np.where(divides, per_unit, 1.0), count * step)
