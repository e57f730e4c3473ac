"""The state of a cascade: accounts, prices, and everybody who is no account.

Venue pots (fund, vault), the makers who rest in the books, and the odometers that tell when an
account must be looked at. The modules that play a round change it in place: triggers (who is
short), waterfall (how much, at what price, who is beyond help), settling (who pays whom).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drypowder.venues._sums import sums
from drypowder.venues.cascade.deleverage import Queue
from drypowder.venues.cascade.events import EventLog
from drypowder.venues.cascade.holdings import Collateral, Holdings, payoff
from drypowder.venues.cascade.prices import Prices
from drypowder.venues.cascade.setting import Setting
from drypowder.venues.crowd.population import Population

Floats = NDArray[np.float64]
LONG, SHORT = 0, 1
TOLD = (
    "time_s", "mark", "mid", "spot", "book_usd", "vault_usd", "adl_usd", "closings", "fund",
    "vault", "unpaid",
)  # fmt: skip
_HOUR_S, _FUND_HOURS = 3600.0, 8.0


class Play:
    """State of a cascade; arrays run over [market], [venue] or [account]."""

    def __init__(
        self,
        setting: Setting,
        population: Population,
        collateral: Collateral | None,
        open_orders: Floats | None,
        round_s: float,
        log: EventLog,
    ) -> None:
        self.setting: Setting = setting
        self.holdings = Holdings(population, setting, collateral)
        self.prices = Prices(setting, round_s)
        self.queue = Queue(self.holdings)
        self.log: EventLog = log
        self.round_s: float = round_s
        markets, venues = len(setting.markets), len(setting.venues)
        self.fund = np.array([one.fund_money for one in setting.venues])
        self.vault = np.array([one.vault_money for one in setting.venues])
        self.vault_size, self.vault_cost = np.zeros(markets), np.zeros(markets)
        # whoever is on the other side of the accounts that are given
        self.maker_size = -self.holdings.owned_by_market()
        self.maker_cost = self.maker_size * payoff(np.exp(self.prices.mark), self.holdings.inverse)
        self.unpaid = np.zeros(venues)
        self.travelled = np.zeros(markets + 1)
        self.forced = np.zeros(population.accounts, dtype=bool)
        self.deleveraged = np.zeros(population.accounts, dtype=bool)
        self.found_at = np.full(population.accounts, np.inf)
        self.in_full_until = np.full(population.accounts, -np.inf)
        self.has_vault = np.array([one.backstop_share > 0.0 for one in setting.venues])
        self.coins = np.zeros(markets)  # that funds and vaults took; sold in the next round
        self.open_interest = sums(population.market, np.maximum(population.size, 0.0), markets)
        self.fill = np.exp(self.prices.mid)  # average price of this round's orders
        self.vault_fill = np.zeros(markets)  # size that vaults sell in this round
        self.coin_fill = np.zeros(markets)  # coins that funds and vaults sell in this round
        self.linear_usd = ~self.holdings.inverse
        self._orders_of(open_orders)
        self.fund_peaks: list[Floats] = [self.fund.copy()]  # of the last eight hours
        self.told: list[tuple] = []  # a row a round

    def _orders_of(self, open_orders: Floats | None) -> None:
        if open_orders is not None:
            counts = np.array([one.orders_count for one in self.setting.venues])
            held = np.where(counts[self.holdings.venue], open_orders, 0.0)
            self.holdings.held_for_orders = held

    def begin(self, time_s: float) -> None:
        """A round begins: nothing has been closed in it."""
        self.time_s = time_s
        shape = (len(self.setting.markets), 2)
        self.book_usd, self.vault_usd, self.adl_usd = (np.zeros(shape) for _ in range(3))
        self.count = np.zeros(len(self.setting.markets), dtype=np.int64)
        self.unpaid = np.zeros(len(self.setting.venues))

    def move(self, outside: Floats) -> None:
        """Prices move and the odometers run."""
        prices = self.prices
        self.mark_before = np.exp(prices.mark)
        was_mark, was_index = prices.mark, prices.index
        prices.move(outside, self.time_s, self.round_s)
        step = np.abs(prices.mark - was_mark)
        self.travel(step, max(step.max(), np.abs(prices.index - was_index).max()))
        self.mark, self.index = np.exp(prices.mark), np.exp(prices.index)

    def travel(self, each: Floats, together: float) -> None:
        """The odometers of every market and of all together run on."""
        self.travelled[:-1] += each
        self.travelled[-1] += together

    def usd(self, price: Floats) -> Floats:
        """USD of one unit of size in every market."""
        return np.where(self.linear_usd, price, 1.0)

    def makers_take(self, market: NDArray, size: Floats, now: Floats) -> None:
        """Makers in the book are the other side, at payoffs `now`."""
        np.add.at(self.maker_size, market, size)
        np.add.at(self.maker_cost, market, size * now)

    def take_coins(self, market: NDArray, amount: Floats) -> None:
        """Collateral becomes the property of the venue's fund or vault, until it is sold."""
        np.add.at(self.coins, market, amount)

    def coins_worth(self) -> Floats:
        """[venue] what a fund or vault holds in coins: at the mark, or what their sale fetches."""
        worth = self.coins * np.exp(self.prices.mark) + self.coin_fill * self.fill
        return sums(self.prices.venue, worth, len(self.fund))

    def fund_equity(self) -> Floats:
        """[venue] money of the fund, and coins that it has yet to sell."""
        return self.fund + np.where(self.has_vault, 0.0, self.coins_worth())

    def vault_equity(self, venue: int) -> tuple[float, float]:
        """Equity of a venue's vault at the mark, and the notional it holds."""
        here = self.prices.venue == venue
        now = payoff(self.mark, self.holdings.inverse)
        unrealised = self.vault_size * now - self.vault_cost
        held = np.abs(self.vault_size * now)
        coins = float(self.coins_worth()[venue]) if self.has_vault[venue] else 0.0
        return float(self.vault[venue] + unrealised[here].sum()) + coins, float(held[here].sum())

    def count_closed(self, table: Floats, market: NDArray, closed: Floats) -> None:
        """Add closed positions to a table of USD by market and side."""
        usd = np.abs(closed) * self.usd(self.mark)[market]
        np.add.at(table, (market, np.where(closed > 0.0, LONG, SHORT)), usd)
        np.add.at(self.count, market, 1)

    def write_down(self) -> None:
        """The round goes on record."""
        prices = self.prices
        kept = int(_FUND_HOURS * _HOUR_S / self.round_s) + 1
        fund = self.fund_equity()
        self.fund_peaks.append(fund)
        if len(self.fund_peaks) > kept:
            self.fund_peaks.pop(0)
        vault = np.array([self.vault_equity(n)[0] for n in range(len(self.vault))])
        self.told.append(
            (
                self.time_s, np.exp(prices.mark), np.exp(prices.mid), np.exp(prices.spot),
                self.book_usd, self.vault_usd, self.adl_usd, self.count, fund, vault, self.unpaid,
            )
        )  # fmt: skip

    def ledger(self) -> tuple[Floats, Floats]:
        """All money of each venue, positions at the mark included, and its size."""
        mark = np.exp(self.prices.mark)
        holdings, venue = self.holdings, self.prices.venue
        now = payoff(mark, holdings.inverse)
        count = len(self.fund)
        others = (self.maker_size + self.vault_size) * now - self.maker_cost - self.vault_cost
        pots = self.fund + self.vault + self.coins_worth()
        total = holdings.worth(mark) + sums(venue, others, count) + pots
        if holdings.pledged is not None:
            total = total + self._pledged_worth(mark)
        notional = np.abs(holdings.size * now[holdings.market])
        gross = sums(venue[holdings.market], notional, count)
        return total, gross + sums(holdings.venue, np.abs(holdings.money), count)

    def _pledged_worth(self, mark: Floats) -> Floats:
        holdings = self.holdings
        assert holdings.pledged is not None
        market = holdings.pledged.market
        return sums(self.prices.venue[market], holdings.amount * mark[market], len(self.fund))
