"""Accounts during a cascade: what they own, what they must keep, and when to look at them again.

An account is looked at only when the market has travelled far enough to hurt it. With slack S
(equity less requirement) and exposure K = sum of notional (1 + top rate + fee) + collateral, no
move whose every log change is at most d costs more than K (e^d - 1); so nothing happens to the
account before its markets have travelled log(1 + S / K) in all, up and down added together.
Every account carries that reading of the odometer as its alarm: a round compares one number an
account, and examines exactly only those that ring. Nobody who must be liquidated is overlooked.
Money of the venue: USD for linear contracts, coins for inverse ones, whose payoff is -1/P.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.venues._sums import sums
from drypowder.venues.cascade.setting import Setting
from drypowder.venues.crowd.population import Population
from drypowder.venues.formulas.collateral import CollateralTiers
from drypowder.venues.formulas.schedule import Schedule

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Collateral(NamedTuple):
    """Coins that accounts hold as margin; `market` is the book that prices them."""

    owner: NDArray[np.int32]  # account, ascending
    market: NDArray[np.int16]
    amount: Floats  # coins


class Standing(NamedTuple):
    """Accounts examined at one mark; position rows are those of all of them."""

    who: Rows  # [account]
    equity: Floats  # [account], held orders not deducted
    required: Floats  # [account], maintenance and closing fee, and held orders where they count
    maintenance: Floats  # [account]
    exposure: Floats  # [account], K
    rows: Rows  # [row], into positions
    of: Rows  # [row], place in `who`
    notional: Floats  # [row]
    needed: Floats  # [row], maintenance and fee of the position


class Holdings:
    """Money and positions of every account, changed in place as rounds go by."""

    def __init__(self, population: Population, setting: Setting, collateral: Collateral | None):
        self.setting = setting
        markets = setting.markets
        self.money = population.money.astype(np.float64, copy=True)
        self.size = population.size.astype(np.float64, copy=True)
        self.owner, self.market = population.owner, population.market
        self.inverse = np.array([one.inverse for one in markets])
        self.cost = _payoff(population.entry, self.inverse[self.market])
        self.start = np.searchsorted(self.owner, np.arange(len(self.money) + 1)).astype(np.int32)
        self.schedule = Schedule.of([one.brackets for one in markets])
        venue = np.array([one.venue for one in markets], dtype=np.int8)
        self.venue = np.zeros(len(self.money), dtype=np.int8)
        self.venue[self.owner] = venue[self.market]
        self.fee = np.array([setting.venues[one.venue].close_fee_rate for one in markets])
        self.at_entry = np.array(
            [setting.venues[one.venue].maintenance_at == "entry" for one in markets]
        )
        self._hold(collateral)
        self.held_for_orders = np.zeros(0)  # USD an account; empty: nobody has open orders
        self._arrange()

    def _hold(self, collateral: Collateral | None) -> None:
        """Collateral beside money; no arrays where there is none."""
        self.pledged = collateral
        if collateral is None:
            return
        self.amount = collateral.amount.astype(np.float64, copy=True)
        self.pledge_start = np.searchsorted(
            collateral.owner, np.arange(len(self.money) + 1)
        ).astype(np.int32)
        ratios = [one.collateral_ratio for one in self.setting.markets]
        self._tiers = {k: r for k, r in enumerate(ratios) if isinstance(r, CollateralTiers)}
        self._ratio = np.array([0.0 if isinstance(one, CollateralTiers) else one for one in ratios])

    def _arrange(self) -> None:
        """Alarms beside one another by the odometer that they read: one market's, or all's."""
        count = np.diff(self.start)
        group = np.full(len(self.money), len(self.setting.markets), dtype=np.int16)
        alone = count == 1
        if self.pledged is not None:
            alone &= np.diff(self.pledge_start) == 0
        group[alone] = self.market[self.start[:-1][alone]]
        order = np.argsort(group, kind="stable")
        self._order = order.astype(np.int32)
        self._place = np.empty_like(self._order)
        self._place[self._order] = np.arange(len(order), dtype=np.int32)
        self._group = group
        self._edges = np.searchsorted(group[order], np.arange(len(self.setting.markets) + 2))
        self.alarm = np.zeros(len(order))  # in that arrangement; everybody is looked at first

    def ringing(self, travelled: Floats) -> Rows:
        """Accounts whose alarm has been reached.

        Args:
            travelled: odometer of each market and, last, of all together.
        """
        found = [
            low + np.flatnonzero(self.alarm[low:high] <= reading)
            for reading, low, high in zip(travelled, self._edges, self._edges[1:], strict=False)
            if high > low
        ]
        places = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
        return np.sort(self._order[places]).astype(np.int64)

    def arm(self, standing: Standing, travelled: Floats) -> None:
        """Set the alarm of examined accounts; one that owns nothing never rings again."""
        slack = standing.equity - standing.required
        reach = np.log1p(np.maximum(slack, 0.0) / np.maximum(standing.exposure, 1e-300))
        reach = np.where(standing.exposure > 0.0, reach, np.inf)
        base = travelled[self._group[standing.who]]
        # rounding must never let an account sleep through its trigger
        self.alarm[self._place[standing.who]] = base + reach * (1.0 - 1e-12) - 1e-15

    def examine(self, who: Rows, mark: Floats, index: Floats) -> Standing:
        """Equity and requirement of these accounts, at prices of every market."""
        rows, of = rows_of(self.start, who)
        market, size = self.market[rows], self.size[rows]
        inverse = self.inverse[market]
        now = _payoff(mark[market], inverse)
        notional = np.abs(size * now)
        maintenance = self.schedule.maintenance(market, self.counted(rows, notional))
        needed = maintenance + self.fee[market] * notional
        count = len(who)
        equity = self.money[who] + sums(of, size * (now - self.cost[rows]), count)
        worst = 1.0 + self.schedule.top_rate[market] + self.fee[market]
        exposure = sums(of, notional * worst, count)
        if self.pledged is not None:
            pledge = self.pledge_value(who, index)
            equity, exposure = equity + pledge, exposure + pledge
        required = sums(of, needed, count)
        if len(self.held_for_orders):
            required = required + self.held_for_orders[who]
        return Standing(
            who, equity, required, sums(of, maintenance, count), exposure, rows, of,
            notional, needed,
        )  # fmt: skip

    def counted(self, rows: Rows, notional: Floats) -> Floats:
        """The notional that brackets are asked for: at the mark, or at entry where so ruled."""
        at_entry = np.abs(self.size[rows] * self.cost[rows])
        return np.where(self.at_entry[self.market[rows]], at_entry, notional)

    def pledge_value(self, who: Rows, index: Floats) -> Floats:
        """What collateral counts for, at its index and after its haircut."""
        assert self.pledged is not None
        rows, of = rows_of(self.pledge_start, who)
        return sums(of, self.amount[rows] * self.counted_price(rows, index), len(who))

    def counted_price(self, rows: Rows, index: Floats) -> Floats:
        """[row] what a coin of each holding counts for: index times the ratio of its size."""
        assert self.pledged is not None
        market = self.pledged.market[rows]
        price = index[market]
        ratio = self._ratio[market]
        for number, tiers in self._tiers.items():
            here = (market == number) & (self.amount[rows] > 0.0)
            value = self.amount[rows][here] * price[here]
            ratio[here] = tiers.counted_usd(value) / value
        return price * ratio

    def overvalued(self, who: Rows, index: Floats, mid: Floats) -> Floats:
        """[account] by how much collateral counts for more than its own book would give."""
        assert self.pledged is not None
        rows, of = rows_of(self.pledge_start, who)
        market = self.pledged.market[rows]
        above = np.maximum(self.counted_price(rows, index) - mid[market], 0.0)
        return sums(of, self.amount[rows] * above, len(who))

    def close(self, rows: Rows, share: Floats, price: Floats) -> tuple[Floats, Floats]:
        """Close a share of each position at a price; the result goes to its owner's money.

        Returns:
            signed size that was closed (positive: a long was sold), and what it realised.
        """
        closed = self.size[rows] * share
        realised = closed * (_payoff(price, self.inverse[self.market[rows]]) - self.cost[rows])
        left = self.size[rows] - closed
        self.size[rows] = np.where(share >= 1.0, 0.0, left)
        np.add.at(self.money, self.owner[rows], realised)
        return closed, realised

    def owned_by_market(self) -> Floats:
        """Signed size of all accounts together in every market, coins held as margin included."""
        count = len(self.setting.markets)
        owned = sums(self.market, self.size, count)
        if self.pledged is not None:
            owned = owned + sums(self.pledged.market, self.amount, count)
        return owned

    def worth(self, mark: Floats) -> Floats:
        """Money and unrealised results of all accounts together, by venue."""
        now = _payoff(mark[self.market], self.inverse[self.market])
        venue = self.venue[self.owner]
        count = len(self.setting.venues)
        unrealised = sums(venue, self.size * (now - self.cost), count)
        return unrealised + sums(self.venue, self.money, count)


def rows_of(start: NDArray[np.int32], who: Rows) -> tuple[Rows, Rows]:
    """Rows that these owners have, and whose each is (its place in `who`)."""
    count = (start[who + 1] - start[who]).astype(np.int64)
    of = np.repeat(np.arange(len(who)), count)
    skipped = np.cumsum(count) - count
    return np.arange(len(of)) + np.repeat(start[who] - skipped, count), of


def _payoff(price: Floats, inverse: NDArray[np.bool_]) -> Floats:
    """u(P): P for linear contracts, -1/P for inverse ones."""
    if not inverse.any():
        return np.asarray(price, dtype=np.float64)
    return np.where(inverse, -1.0 / price, price)


payoff = _payoff
