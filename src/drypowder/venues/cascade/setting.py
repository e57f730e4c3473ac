"""What a cascade is played on: coins, venues with their rules, markets with their books.

A market is one contract of one coin on one venue. A venue's money is what its accounts are kept
in: USD for linear contracts, the coin for inverse ones. Everything here is fixed during a
cascade; arrays run over [coin], [venue] or [market]. The `spot` book of a coin is where arbitrage
between venues meets, and what the oracle reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import UsageError
from drypowder.venues.cascade.marks import MARK_RULES
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.formulas.collateral import CollateralTiers
from drypowder.venues.formulas.ranking import RANKINGS

Floats = NDArray[np.float64]

PARTIAL_RULES = ("none", "share", "tiers", "reduce")
ADL_PRICES = ("bankruptcy", "previous_mark")
INDICES = ("own", "spot", "redemption")  # of collateral


class Book(NamedTuple):
    """Resting orders of one market, see `book`."""

    depth_usd: float  # within 1 %, in normal times, on either side
    exponent: float = 2.0  # a
    thinning: float = 0.0  # per unit of the five-minute log return
    floor_share: float = 0.05  # of the depth: it never thins further
    refill_per_minute: float = 0.05  # rho
    permanent_share: float = 0.0  # of the dislocation that refills without coming back


@dataclass(frozen=True)
class Venue:
    """The rules by which one exchange liquidates."""

    name: str
    close_fee_rate: float = 0.0  # counted in the trigger
    liquidation_fee_rate: float = 0.0  # of what is closed in the book, paid to the fund
    maintenance_at: str = "mark"  # or "entry"
    partial: str = "none"  # none, share, tiers, reduce
    partial_from_tier: int = 1  # counted from 1: from lower brackets everything is closed
    partial_tiers_down: int = 1  # at a step, until one is enough
    partial_above_usd: float = 0.0  # smaller positions are closed in full
    partial_share: float = 1.0  # of a position, the first time
    partial_window_s: float = 0.0  # after a partial order, in which the next is for everything
    backstop_share: float = 0.0  # of maintenance, below which a vault takes over; 0: no vault
    vault_money: float = 0.0  # equity of the vault
    vault_leverage: float = 0.0  # notional that it takes at most, per unit of its equity
    vault_unwind_share: float = 0.0  # of its position sold into the book, a minute
    vault_loss_share: float = 1.0  # of its equity: it takes nothing more after losing this
    fund_money: float = 0.0  # the insurance fund
    fund_loss_share: float = 1.0  # of its peak in eight hours: deeper falls are auto-deleveraged
    surplus_to_fund: bool = True  # what is left of a position closed in full
    adl_ranking: str = "binance"
    adl_refresh_s: float = 30.0  # how often its queue is ranked again
    adl_price: str = "bankruptcy"  # or previous_mark
    adl_mark_bound: float = np.inf  # a bankruptcy price further from the mark becomes the mark
    mark: str = "median_index_basis"
    basis_window_s: float = 150.0
    orders_count: bool = False  # margin of open orders is missing until they are cancelled
    detection_lag_s: float = 0.0
    oracle_weight: float = 1.0  # of its perpetual in other venues' medians


@dataclass(frozen=True)
class Market:
    """One contract."""

    venue: int
    coin: int
    brackets: Brackets
    book: Book
    inverse: bool = False
    funding_rate: float = 0.0  # per funding interval; longs pay when positive
    collateral_ratio: float | CollateralTiers = 0.0  # of a coin held as margin; 0: not taken
    collateral_index: str = "own"  # price of that coin: own book, spot, or the start ("redemption")
    collateral_floor_usd: float = 0.0  # below which that price never falls


class Outage(NamedTuple):
    """Something that does not work for a while."""

    kind: str  # liquidation, arbitrage, oracle
    venue: int  # -1: everywhere
    start_s: float
    end_s: float


OUTAGES = ("liquidation", "arbitrage", "oracle")


@dataclass(frozen=True)
class Setting:
    """Coins, venues and markets of one cascade.

    Raises:
        UsageError: DP-150 for a market of an unknown coin or venue, an unknown rule, a book
            without depth, or a venue with more than one money.
    """

    coins: tuple[str, ...]
    price_usd: tuple[float, ...]  # of each coin at the start
    venues: tuple[Venue, ...]
    markets: tuple[Market, ...]
    spot: tuple[Book, ...]  # of each coin
    arbitrage_usd_per_minute: float = np.inf  # between each market and spot
    arbitrage_cost: float = 5e-4  # a gap smaller than this is left alone, log
    funding_interval_s: float = 8 * 3600.0
    outages: tuple[Outage, ...] = field(default=())

    def __post_init__(self) -> None:
        if len(self.price_usd) != len(self.coins) or len(self.spot) != len(self.coins):
            raise _bad(
                f"{len(self.coins)} coins have {len(self.price_usd)} prices and "
                f"{len(self.spot)} spot books",
                "Give one of each for every coin.",
            )
        for name, price in zip(self.coins, self.price_usd, strict=True):
            if not (np.isfinite(price) and price > 0.0):
                raise _bad(f"the price of {name} is {price}", "A price is a number above zero.")
        for venue in self.venues:
            _check_venue(venue)
        for number, market in enumerate(self.markets):
            self._check_market(number, market)
        for number, venue in enumerate(self.venues):
            self._check_money(number, venue)
        for outage in self.outages:
            if outage.kind not in OUTAGES:
                raise _bad(
                    f"there is no outage of {outage.kind!r}", f"Known: {', '.join(OUTAGES)}."
                )

    def _check_market(self, number: int, market: Market) -> None:
        if not 0 <= market.venue < len(self.venues) or not 0 <= market.coin < len(self.coins):
            raise _bad(
                f"market {number} names venue {market.venue} and coin {market.coin}",
                f"There are {len(self.venues)} venues and {len(self.coins)} coins, from 0.",
            )
        if not market.book.depth_usd > 0.0 or not market.book.exponent > 0.0:
            raise _bad(
                f"the book of market {number} has depth {market.book.depth_usd} USD and "
                f"exponent {market.book.exponent}",
                "Both must be above zero; use a huge depth for a market that never moves.",
            )
        ratio = market.collateral_ratio
        if market.collateral_index not in INDICES or not market.collateral_floor_usd >= 0.0:
            raise _bad(
                f"collateral of market {number} has index {market.collateral_index!r} and floor "
                f"{market.collateral_floor_usd}",
                f"Known indices: {', '.join(INDICES)}; a floor is not below zero.",
            )
        if not (isinstance(ratio, CollateralTiers) or 0.0 <= ratio <= 1.0):
            raise _bad(f"collateral of market {number} counts for {ratio}", "Give a share.")

    def _check_money(self, number: int, venue: Venue) -> None:
        """One purse is kept in one money: USD, or one coin."""
        here = [market for market in self.markets if market.venue == number]
        moneys = {self.coins[one.coin] if one.inverse else "USD" for one in here}
        if len(moneys) > 1:
            raise _bad(
                f"accounts of {venue.name} would be kept in {', '.join(sorted(moneys))} at once",
                "Give a venue for each: contracts margined in a coin have wallets of their own.",
            )

    def names(self) -> tuple[str, ...]:
        """Of the markets: venue, then coin."""
        return tuple(f"{self.venues[m.venue].name} {self.coins[m.coin]}" for m in self.markets)


def _check_venue(venue: Venue) -> None:
    for what, value, known in (
        ("partial liquidation", venue.partial, PARTIAL_RULES),
        ("price of auto-deleveraging", venue.adl_price, ADL_PRICES),
        ("mark", venue.mark, MARK_RULES),
        ("ranking", venue.adl_ranking, tuple(one for one in RANKINGS if one != "random")),
        ("moment of maintenance", venue.maintenance_at, ("mark", "entry")),
    ):
        if value not in known:
            raise _bad(
                f"{venue.name} has no rule {value!r} for {what}", f"Known: {', '.join(known)}."
            )


def _bad(what: str, hint: str) -> UsageError:
    return UsageError("DP-150", f"the cascade cannot be set up: {what}.", hint)
