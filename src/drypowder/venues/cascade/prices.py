"""Prices of one cascade: spot and perpetual books, oracle, marks, and the arbitrage between them.

The log price of a book is its anchor less the dislocation of what has been eaten. The anchor is
the path from outside plus what past selling moved for good. Arbitrage buys the perpetual that
stands below spot and sells the coins (or the other way round) until the gap is its cost or its
capacity is used up: that is how selling in perpetuals reaches spot, the oracle, and every other
venue. No money appears: the arbitrageur's two legs are trades with both books.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drypowder.venues._sums import sums
from drypowder.venues.cascade.book import average_fall, book_depth, book_fall, consumed_at, refilled
from drypowder.venues.cascade.marks import MARK_RULES, Average, mark, weighted_median
from drypowder.venues.cascade.setting import Book, Setting

Floats = NDArray[np.float64]
_MINUTE_S = 60.0
_MEMORY_S = 300.0  # of the return to which books react
_OWN_WINDOW_S = 30.0  # Hyperliquid docs, "Robust price indices": where only two inputs exist


class _Books:
    """Several books side by side."""

    def __init__(self, books: tuple[Book, ...]) -> None:
        columns = np.array(books, dtype=np.float64).reshape(len(books), len(Book._fields)).T
        self.normal, self.exponent, self.thinning, self.floor, self.rate, self.permanent = columns
        self.consumed = np.zeros(len(books))  # USD
        self.depth = self.normal.copy()

    def fall(self) -> Floats:
        return book_fall(self.consumed, self.depth, self.exponent)

    def rest(self, seconds: float, five_minute_return: Floats) -> Floats:
        """Refill, then thin with the last five minutes; tells the fall that stays for good."""
        before = self.fall()
        self.consumed = refilled(self.consumed, self.rate, seconds / _MINUTE_S)
        stays = self.permanent * (before - self.fall())
        depth = book_depth(self.normal, five_minute_return, self.thinning, self.floor)
        # orders leave at every distance alike: where the price stands does not change by itself
        self.consumed *= depth / self.depth
        self.depth = depth
        return stays

    def sell(self, usd: Floats) -> Floats:
        """Net selling (buying if negative); returns the mean fall at which it was filled."""
        after = self.consumed + usd
        mean = average_fall(self.consumed, after, self.depth, self.exponent)
        self.consumed = after
        return mean

    def would_fill(self, usd: Floats) -> Floats:
        """The mean fall at which that much would be filled."""
        return average_fall(self.consumed, self.consumed + usd, self.depth, self.exponent)


class Prices:
    """Logs of all prices at the current round; [coin] or [market]."""

    def __init__(self, setting: Setting, round_s: float) -> None:
        self.setting, self._round_s = setting, round_s
        self.venue = np.array([one.venue for one in setting.markets])
        self.coin = np.array([one.coin for one in setting.markets])
        venues = [setting.venues[number] for number in self.venue]
        self._rule = np.array([MARK_RULES.index(one.mark) for one in venues], dtype=np.int8)
        self._weight = np.array([one.oracle_weight for one in venues])
        self._start = np.log(np.array(setting.price_usd))
        self._own_index = np.array([one.collateral_index == "own" for one in setting.markets])
        self._fixed = np.array([one.collateral_index == "redemption" for one in setting.markets])
        self.perps = _Books(tuple(one.book for one in setting.markets))
        self.coins = _Books(setting.spot)
        self._moved = np.zeros(len(setting.coins))  # for good, log
        self._basis = Average(np.array([one.basis_window_s for one in venues]))
        self._own = Average(np.full(len(venues), _OWN_WINDOW_S))  # of the own book, less its start
        with np.errstate(divide="ignore"):
            self._floor = np.log([one.collateral_floor_usd for one in setting.markets])
        self.anchor = self._start.copy()
        self.spot, self.oracle = self._start.copy(), self._start[self.coin]
        self.mid = self._start[self.coin]
        self.mark, self.index = self.mid.copy(), self.mid.copy()
        self._before: list[tuple[Floats, Floats]] = [(self.mid.copy(), self.spot.copy())]

    def move(self, outside: Floats, time_s: float, seconds: float) -> None:
        """Let time pass: books refill and thin, the outside path moves, marks follow.

        Args:
            outside: log change of every coin since the start, from outside, [coin].
        """
        then_mid, then_spot = self._before[0]
        stays_perp = self.perps.rest(seconds, self.mid - then_mid)
        stays_spot = self.coins.rest(seconds, self.spot - then_spot)
        self._keep(stays_perp, stays_spot)
        self.anchor = self._start + outside - self._moved
        self.read(time_s, seconds)
        self._before.append((self.mid.copy(), self.spot.copy()))
        if len(self._before) * self._round_s > _MEMORY_S + self._round_s:
            self._before.pop(0)

    def _keep(self, perps: Floats, coins: Floats) -> None:
        """Permanent impact of a coin: the mean over its books, weighted by depth."""
        count = len(self._moved)
        depth = sums(self.coin, self.perps.normal, count) + self.coins.normal
        moved = sums(self.coin, perps * self.perps.normal, count)
        self._moved += (moved + coins * self.coins.normal) / depth

    def read(self, time_s: float, seconds: float) -> None:
        """Mids, oracle, marks and collateral indices from the books as they stand."""
        self.spot = self.anchor - self.coins.fall()
        self.mid = self.anchor[self.coin] - self.perps.fall()
        fresh = ~self._out("oracle", time_s)
        self.oracle = np.where(fresh, self.spot[self.coin], self.oracle)
        basis = self._basis.feed(self.mid - self.oracle, seconds)
        own = self._own.feed(self.mid - self._start[self.coin], seconds) + self._start[self.coin]
        self.mark = mark(self._rule, self.mid, self.oracle, basis, self._others(), own)
        self.index = np.where(self._own_index, self.mid, self.spot[self.coin])
        self.index = np.where(self._fixed, self._start[self.coin], self.index)
        self.index = np.maximum(self.index, self._floor)

    def _others(self) -> Floats:
        """Weighted median of the same coin's perpetuals on the other venues, [market]."""
        found = np.full(len(self.mid), np.nan)
        for here in np.flatnonzero(self._rule == MARK_RULES.index("median_oracle_ema")):
            there = (self.coin == self.coin[here]) & (self.venue != self.venue[here])
            if there.any():
                found[here] = weighted_median(
                    self.mid[there][:, None], self._weight[there][:, None]
                )[0]
        return found

    def arbitrage(self, time_s: float, seconds: float) -> Floats:
        """Close gaps between perpetuals and spot; returns USD bought in each market."""
        setting = self.setting
        most = setting.arbitrage_usd_per_minute * seconds / _MINUTE_S
        gap = self.spot[self.coin] - self.mid  # > 0: the perpetual is cheap
        beyond = np.sign(gap) * np.maximum(np.abs(gap) - setting.arbitrage_cost, 0.0)
        # the dislocation at which the perpetual stands `cost` away from spot
        aim = (self.anchor[self.coin] - self.mid) - beyond
        wanted = self.perps.consumed - consumed_at(aim, self.perps.depth, self.perps.exponent)
        bought = np.clip(wanted * self._share(), -most, most)
        bought = np.where(self._out("arbitrage", time_s), 0.0, bought)
        self.perps.sell(-bought)
        self.coins.sell(sums(self.coin, bought, len(self.spot)))
        return bought

    def _share(self) -> Floats:
        """Part of the gap closed in a round: spot comes to meet it, by its share of the depth."""
        count = len(self.spot)
        here = sums(self.coin, self.perps.depth, count)
        return (self.coins.depth / (self.coins.depth + here))[self.coin]

    def _out(self, kind: str, time_s: float) -> NDArray[np.bool_]:
        """Markets whose service of that kind is down now."""
        down = np.zeros(len(self.venue), dtype=bool)
        for outage in self.setting.outages:
            if outage.kind == kind and outage.start_s <= time_s < outage.end_s:
                down |= (self.venue == outage.venue) | (outage.venue < 0)
        return down

    def liquidation_out(self, time_s: float) -> NDArray[np.bool_]:
        """Venues whose liquidation engine is down now."""
        down = np.zeros(len(self.setting.venues), dtype=bool)
        down[self.venue[self._out("liquidation", time_s)]] = True
        return down
