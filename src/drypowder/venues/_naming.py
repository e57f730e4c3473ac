"""Names as venues, libraries and people write them, and the nearest ones to a slip."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_MOST = 8  # names listed when none is near
_NEAR, _CUTOFF = 3, 0.5
_CONTRACT_WORDS = re.compile(r"(PERP|SWAP)$")
_MONIES = ("USDT", "USDC", "USD")


def spelled(symbol: str, known: Iterable[str]) -> str | None:
    """The known symbol that is meant: as written, in another spelling, or by its coin."""
    names = list(known)
    if symbol in names:
        return symbol
    key = symbol_key(symbol)
    for same in (_equal, _is_coin_of, _has_coin):
        for name in names:
            if same(key, symbol_key(name)):
                return name
    return None


def _equal(key: str, known: str) -> bool:
    return key == known


def _is_coin_of(key: str, known: str) -> bool:
    """BTC, where a venue lists BTCUSDT."""
    return known.startswith(key) and known[len(key) :] in _MONIES


def _has_coin(key: str, known: str) -> bool:
    """BTCUSDC, where a venue lists BTC."""
    return key.startswith(known) and key[len(known) :] in _MONIES


@lru_cache(maxsize=1 << 14)
def symbol_key(symbol: str) -> str:
    """One spelling for BTCUSDT, BTC/USDT:USDT, BTC-USDT-SWAP and BTC_USDT.

    A dated contract (BTC/USDT:USDT-251226) is another contract and keeps its date.
    """
    pair, _, settlement = symbol.strip().upper().partition(":")
    _, dash, expiry = settlement.partition("-")
    return _CONTRACT_WORDS.sub("", re.sub(r"[/_\-\s]", "", pair)) + dash + expiry


def coin_of(symbol: str) -> str:
    """The coin of a symbol: BTC of BTCUSDT, BTC/USDT:USDT and BTC."""
    key = symbol_key(symbol).partition("-")[0]
    for money in _MONIES:
        if key.endswith(money) and key != money:
            return key.removesuffix(money)
    return key


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence that there is no such name, with the nearest ones."""
    from difflib import get_close_matches

    names = list(dict.fromkeys(known))
    folded = {each.casefold(): each for each in names}
    near = get_close_matches(name.casefold(), folded, n=_NEAR, cutoff=_CUTOFF)
    if near:
        return f"unknown {what} {name!r}. Did you mean {' or '.join(folded[n] for n in near)}?"
    listed = ", ".join(names[:_MOST]) + (", ..." if len(names) > _MOST else "")
    return f"unknown {what} {name!r}. Known: {listed}."
