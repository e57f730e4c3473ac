"""Whose winning positions are closed against a loss that nobody else pays.

    bitmex       PnL% * leverage if PnL% > 0, else PnL% / leverage
    bybit        the same: highest profit and effective leverage first
    binance      max(0, UPNL) / max(1, wallet) * MM / (wallet + UPNL)
    hyperliquid  (mark/entry)^s * notional / account value

PnL% = UPNL / entry notional; leverage = notional at mark / account value, which is what BitMEX's
|mark value| / (mark value - bankrupt value) comes to. Longs and shorts stand in queues of their
own. Two rules that no venue here uses are for comparison: by leverage alone, and by lot.

Source: BitMEX, "Auto-Deleveraging"; Bybit help, "What is Auto-Deleveraging (ADL)?"; Binance
developers' forum, topic 17801; Hyperliquid documentation, "Auto-deleveraging". As Hyperliquid
prints it, mark/entry ranks shorts with less profit first; on 10 October 2025 it closed shorts in
profit (arXiv 2512.01112), so entry/mark is used for shorts and the printed form is `literal`.
Signs: side +1 long, -1 short; a higher score is closed earlier.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drypowder.errors import UsageError
from drypowder.venues import _checking as checking
from drypowder.venues._checking import INVERSE, LINEAR, Floats

LIGHTS = 5  # fifths of a queue
SAME_FIFTH = 1e-9  # of a fifth: sums of quantities that end on its edge belong to it
SMALLEST = np.finfo(np.float64).tiny
SMALLEST_WALLET = 1.0  # in the contract's money: Binance divides profit by no less


def adl_rank(
    venue: str,
    *,
    side: ArrayLike,
    size: ArrayLike,
    entry_price: ArrayLike,
    mark_price: ArrayLike,
    account_value: ArrayLike,
    wallet: ArrayLike | None = None,
    maintenance: ArrayLike | None = None,
    contract: str = LINEAR,
    contract_value: ArrayLike | None = None,
    literal: bool = False,
    seed: int | None = None,
) -> float | Floats:
    """How early each position is closed against somebody else's loss; higher is earlier.

    Args:
        venue: "bitmex", "bybit", "binance", "hyperliquid", "pro_rata_leverage" or "random".
        side, size, entry_price, contract, contract_value: as `liquidation_price`.
        mark_price: now, USD per coin.
        account_value: wallet and unrealised profit of whoever holds the position (of the
            position alone if isolated), in the contract's money.
        wallet: the same without unrealised profit; by default less this position's.
        maintenance: MM of the position or account; needed for "binance".
        literal: Hyperliquid's formula as printed, also for shorts.
        seed: needed for "random".

    Returns:
        One score a position. Who owns nothing (account value not above zero) can be asked for
        nothing and comes last, with -inf; at Binance with 0, its lowest score.

    Raises:
        UsageError: DP-121 to DP-124, DP-127 as `liquidation_price`; DP-126 no such ranking, or
            what it needs is missing.

    Source: as this file.
    """
    if venue not in RANKINGS:
        _refuse(f"there is no ranking {venue!r}", f"Choose one of: {', '.join(RANKINGS)}.")
    units = checking.units(size=size, contract=contract, contract_value=contract_value)
    way, entry = checking.sides(side), checking.positive("entry_price", entry_price)
    mark = checking.positive("mark_price", mark_price)
    value = checking.finite("account_value", account_value)
    given = {"side": way, "size": units, "entry_price": entry, "mark_price": mark}
    shape = checking.broadcast({**given, "account_value": value})
    inverse = contract == INVERSE
    at_entry, at_mark = (units / entry, units / mark) if inverse else (units * entry, units * mark)
    unrealised = way * (at_entry - at_mark) if inverse else way * (at_mark - at_entry)
    asked = _Asked(
        way=way,
        growth=mark / entry,
        entry_notional=at_entry,
        notional=at_mark,
        unrealised=unrealised,
        value=value,
        wallet=value - unrealised if wallet is None else checking.finite("wallet", wallet),
        maintenance=None
        if maintenance is None
        else checking.not_negative("maintenance", maintenance),
        literal=literal,
        seed=seed,
    )
    return checking.plain(np.array(np.broadcast_to(RANKINGS[venue](asked), shape)))


def adl_lights(
    score: ArrayLike, *, side: ArrayLike, size: ArrayLike = 1.0
) -> int | NDArray[np.int64]:
    """The lamps a venue shows: 5 for the fifth of a queue that is closed first, 1 for the last.

    Longs and shorts are counted apart, by quantity: a position belongs to the fifth in which the
    last of its contracts stands. Of equal scores each is counted as the first.

    Args:
        score: of `adl_rank`, all positions of one market. side: +1 long, -1 short.
        size: quantity of each position; without it all count alike.

    Raises:
        UsageError: DP-121 size, DP-122 side, DP-127 no number or shapes that do not fit.

    Source: BitMEX, "Auto-Deleveraging Further Information" (six longs of 10 to 30 contracts).
    """
    value, way = checking.numbers("score", score), checking.sides(side)
    amount = checking.positive("size", size)
    shape = checking.broadcast({"score": value, "side": way, "size": amount})
    value, way, amount = (np.broadcast_to(one, shape).ravel() for one in (value, way, amount))
    lights = np.ones(value.shape, dtype=np.int64)
    for queue in (way > 0.0, way < 0.0):
        order = np.argsort(-value[queue], kind="stable")
        ranked, ahead = -value[queue][order], np.cumsum(amount[queue][order])
        first = np.searchsorted(ranked, -value[queue], side="left")
        reached = np.concatenate([[0.0], ahead])[first] + amount[queue]
        fifth = np.ceil(LIGHTS * reached / max(ahead[-1:].sum(), SMALLEST) - SAME_FIFTH)
        lights[queue] = LIGHTS + 1 - np.maximum(fifth, 1.0).astype(np.int64)
    return int(lights[0]) if shape == () else lights.reshape(shape)


class _Asked(NamedTuple):
    """What the rankings look at, one a position; amounts in the contract's money."""

    way: Floats
    growth: Floats  # mark / entry
    entry_notional: Floats
    notional: Floats
    unrealised: Floats
    value: Floats
    wallet: Floats
    maintenance: Floats | None
    literal: bool
    seed: int | None


def _leverage(asked: _Asked) -> Floats:
    """Notional per unit of account value; minus infinity for who owns nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(asked.value > 0.0, asked.notional / asked.value, -np.inf)


def _by_profit_and_leverage(asked: _Asked) -> Floats:
    gain, leverage = asked.unrealised / asked.entry_notional, _leverage(asked)
    with np.errstate(invalid="ignore"):
        score = np.where(gain > 0.0, gain * leverage, gain / leverage)
    return np.where(np.isneginf(leverage), -np.inf, score)


def _binance(asked: _Asked) -> Floats:
    if asked.maintenance is None:
        _refuse("binance ranks by margin ratio, but maintenance is missing", "Give maintenance.")
    profit = np.maximum(asked.unrealised, 0.0) / np.maximum(asked.wallet, SMALLEST_WALLET)
    balance = asked.wallet + asked.unrealised
    with np.errstate(divide="ignore", invalid="ignore"):
        return profit * np.where(balance > 0.0, asked.maintenance / balance, 0.0)


def _hyperliquid(asked: _Asked) -> Floats:
    return (asked.growth if asked.literal else asked.growth**asked.way) * _leverage(asked)


def _by_lot(asked: _Asked) -> Floats:
    if asked.seed is None:
        _refuse("a draw by lot needs a seed", "Give seed, any whole number.")
    shape = np.broadcast_shapes(asked.notional.shape, asked.way.shape, asked.value.shape)
    lots = np.random.default_rng(asked.seed).random(shape)
    return np.where(asked.value > 0.0, lots, -np.inf)


RANKINGS: dict[str, Callable[[_Asked], Floats]] = {
    "bitmex": _by_profit_and_leverage,
    "bybit": _by_profit_and_leverage,
    "binance": _binance,
    "hyperliquid": _hyperliquid,
    "pro_rata_leverage": _leverage,
    "random": _by_lot,
}


def _refuse(what: str, hint: str) -> NoReturn:
    raise UsageError("DP-126", f"{what}.", hint)
