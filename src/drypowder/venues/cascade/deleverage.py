"""Auto-deleveraging: who must give up a profitable position when nobody else can pay.

A position that neither the book nor a fund can close at a price its owner can pay is matched,
off the book, with positions of the other side: first those that the venue's queue puts first, and
never a losing one while a profitable one is left. Both sides close at the bankruptcy price of
whoever failed (or, on Hyperliquid, at the mark before the round), so the loss is a profit forgone
by somebody with a name.
Source: Binance, Bybit and BitMEX help pages on auto-deleveraging; Hyperliquid docs, "Liquidations".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.venues.cascade.holdings import Holdings, Rows
from drypowder.venues.cascade.setting import Venue
from drypowder.venues.formulas.ranking import adl_rank

Floats = NDArray[np.float64]
_FIRST_LOOK = 1024  # positions at the front of a queue


class Matched(NamedTuple):
    """Pieces that were closed against one another, in order; arrays run over [piece]."""

    failed: Rows  # place among the rows that had to be closed
    row: Rows  # of the counterparty, into positions
    size: Floats  # > 0


class Queue:
    """Who could be deleveraged in each market, in the venue's order.

    The order is made again once it is older than the venue's refresh time; in between, whoever
    is used up or has started to lose is passed over.
    """

    def __init__(self, holdings: Holdings) -> None:
        self._holdings = holdings
        self._by_market: NDArray[np.int64] | None = None
        self._ranked: dict[tuple[int, float], tuple[float, Rows]] = {}

    def match(
        self, failed: Rows, market: int, mark: Floats, index: Floats, venue: Venue, time_s: float,
        barred: Rows,
    ) -> Matched:  # fmt: skip
        """Counterparties for these positions, all of one side of one market.

        Args:
            barred: accounts that fail in this round: nobody's counterparty.

        Positions that find nobody (the other side is used up) are left out of the result.
        """
        holdings = self._holdings
        side = float(np.sign(holdings.size[failed[0]]))
        made_s, queue = self._ranked.get((market, side), (-np.inf, np.zeros(0, dtype=np.int64)))
        if time_s - made_s >= venue.adl_refresh_s:
            made_s, queue = time_s, self._rank(market, side, mark, index, venue.adl_ranking)
        queue = queue[_first_used(holdings.size[queue] != 0.0) :]
        self._ranked[market, side] = made_s, queue
        needed = np.abs(holdings.size[failed])
        rows = self._enough(queue, needed.sum(), barred, mark[market])
        return _paired(needed, np.abs(holdings.size[rows]), rows)

    def _enough(self, queue: Rows, needed: float, barred: Rows, mark: float) -> Rows:
        """The front of the queue that covers what is needed, losing positions last."""
        holdings, reach = self._holdings, _FIRST_LOOK
        while True:
            rows = queue[:reach]
            alive = (holdings.size[rows] != 0.0) & ~np.isin(holdings.owner[rows], barred)
            rows = rows[alive]
            gains = _gain(holdings, rows, mark) > 0.0
            if np.abs(holdings.size[rows[gains]]).sum() >= needed:
                return rows[gains]
            if reach >= len(queue):
                return np.concatenate([rows[gains], rows[~gains]])
            reach *= 4

    def _rows(self, market: int) -> Rows:
        if self._by_market is None:
            self._by_market = np.argsort(self._holdings.market, kind="stable")
            markets = np.arange(len(self._holdings.setting.markets) + 1)
            self._edges = np.searchsorted(self._holdings.market[self._by_market], markets)
        return self._by_market[self._edges[market] : self._edges[market + 1]]

    def _rank(self, market: int, side: float, mark: Floats, index: Floats, ranking: str) -> Rows:
        """Positions opposite to `side`, those that must give way first at the front."""
        holdings = self._holdings
        rows = self._rows(market)
        rows = rows[holdings.size[rows] * side < 0.0]
        inverse = bool(holdings.inverse[market])
        who, of = np.unique(holdings.owner[rows], return_inverse=True)
        standing = holdings.examine(who.astype(np.int64), mark, index)
        score = adl_rank(
            ranking,
            side=np.full(len(rows), -side),
            size=np.abs(holdings.size[rows]),
            entry_price=-1.0 / holdings.cost[rows] if inverse else holdings.cost[rows],
            mark_price=np.full(len(rows), mark[market]),
            wallet=holdings.money[holdings.owner[rows]],
            account_value=standing.equity[of],
            maintenance=standing.maintenance[of],
            contract="inverse" if inverse else "linear",
            contract_value=1.0 if inverse else None,
        )
        return rows[np.lexsort((-np.asarray(score), _gain(holdings, rows, mark[market]) <= 0.0))]


def _gain(holdings: Holdings, rows: Rows, mark: float) -> Floats:
    """Unrealised profit of these positions, all of one market."""
    now = -1.0 / mark if len(rows) and holdings.inverse[holdings.market[rows[0]]] else mark
    return holdings.size[rows] * (now - holdings.cost[rows])


def _first_used(alive: NDArray[np.bool_]) -> int:
    """Where the queue starts."""
    return int(np.argmax(alive)) if alive.any() else len(alive)


def _paired(needed: Floats, offered: Floats, rows: Rows) -> Matched:
    """Two queues laid side by side and cut where either ends."""
    ends = np.union1d(np.cumsum(needed), np.cumsum(offered))
    ends = ends[ends <= min(needed.sum(), offered.sum()) * (1.0 + 1e-12)]
    begins = np.concatenate([[0.0], ends[:-1]])
    middle = 0.5 * (begins + ends)
    failed = np.minimum(np.searchsorted(np.cumsum(needed), middle, "right"), len(needed) - 1)
    place = np.minimum(np.searchsorted(np.cumsum(offered), middle, "right"), len(rows) - 1)
    keep = ends > begins
    return Matched(failed[keep], rows[place[keep]], (ends - begins)[keep])
