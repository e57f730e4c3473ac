"""Which price an exchange believes: oracle, index and the marks that trigger liquidations.

A mark is a median of three, so one exchange's wick alone liquidates nobody there:
 - `median_index_basis` (Binance, Bybit, OKX): index; index with the average basis; own last price;
 - `median_oracle_ema` (Hyperliquid): oracle with the 150-second average of own mid less oracle;
   own book; weighted median of the other exchanges' perpetuals, or where there are none the
   30-second average of the own book;
 - `last`: the own last price (what a stop order sees).
Averages are exponential with the clock: num <- num e^(-t/T) + x t, den <- den e^(-t/T) + t.
Source: Hyperliquid docs, "Robust price indices" (read 2026); Binance FAQ on mark price (from
memory). Prices are in logs: differences are relative.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MARK_RULES = ("last", "median_index_basis", "median_oracle_ema")

Floats = NDArray[np.float64]


class Average:
    """An exponential average on the clock, of one value a market; zero for a long time before."""

    def __init__(self, window_s: Floats) -> None:
        self._window = window_s
        self._sum, self._weight = np.zeros_like(window_s), window_s.copy()

    def feed(self, value: Floats, elapsed_s: float) -> Floats:
        """Let `elapsed_s` pass, take `value` in and tell the average."""
        kept = np.exp(-elapsed_s / self._window)
        self._sum = self._sum * kept + value * elapsed_s
        self._weight = self._weight * kept + elapsed_s
        return self._sum / self._weight


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Column by column, the value at which half the weight is reached.

    Args:
        values, weights: [voter, column]; a weight of zero leaves a voter out.

    Returns:
        [column]; nan where nobody votes.
    """
    order = np.argsort(values, axis=0, kind="stable")
    ranked = np.take_along_axis(values, order, axis=0)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=0), axis=0)
    total = reached[-1]
    place = np.argmax(reached >= 0.5 * total, axis=0)
    return np.where(total > 0.0, ranked[place, np.arange(values.shape[1])], np.nan)


def mark(
    rule: NDArray[np.int8], mid: Floats, oracle: Floats, basis: Floats, others: Floats, own: Floats
) -> Floats:
    """The log mark of every market.

    Args:
        rule: index into MARK_RULES, [market].
        mid, oracle: log price of the own book and of spot, [market].
        basis: average of mid less oracle, [market].
        others: log median of the other exchanges, [market]; nan where there is none.
        own: average of `mid` over half a minute, [market]; takes the place of `others`.
    """
    elsewhere = np.where(np.isnan(others), own, others)
    third = np.where(rule == MARK_RULES.index("median_oracle_ema"), elsewhere, oracle)
    median = np.median(np.stack([oracle + basis, mid, third]), axis=0)
    return np.where(rule == MARK_RULES.index("last"), mid, median)
