"""The leverage cycle: bad news, ruined optimists and tighter margins, all at once.

    (1 - a)(e + p0) + pD = p0                    optimists above a buy every asset on credit
    (a - b)(e + pD)/a + D = pD                   after bad news those above b do
    pD = b U + (1 - b) D                         b is indifferent then
    a (U - pD)/(p0 - pD) = a + (1 - a) a (U - D)/(pD - D)      a is indifferent at first

Agents h, even on [0, 1], give the good outcome probability h; each owns one asset and e goods,
and goods keep. The asset pays U unless two pieces of news in a row are bad, then D. Loans are
secured by the asset and promise what it is worth at worst: pD at first, D after bad news.
Source: J. Geanakoplos, The Leverage Cycle, NBER Macroeconomics Annual 24 (2009). Signs: what a
group owns is positive, what it owes negative.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq

from drypowder.accounts import Economy, Instrument, Sector
from drypowder.errors import DrypowderError, UsageError
from drypowder.replications._book import Book, Booked
from drypowder.replications._roots import roots

if TYPE_CHECKING:  # postings need jax, which takes a second to load
    from drypowder.accounts.ledger import Ledger

ECONOMY = Economy(
    sectors=tuple(Sector(name, "holder") for name in ("optimists", "middle", "pessimists")),
    instruments=(
        Instrument("goods", "par", "money", real=True),
        Instrument("loan", "par", "bonds"),
        Instrument("asset", "cleared", "equity", real=True),
    ),
    money="goods",
)


@dataclass(frozen=True)
class CollateralEquilibrium:
    """Two dates, one piece of news."""

    p: float  # price of the asset, goods
    b: float  # the marginal buyer: whoever is more optimistic buys
    borrowed: float  # against one asset, goods
    loan_to_value: float
    leverage: float  # asset over down payment


@dataclass(frozen=True, eq=False, kw_only=True)
class LeverageCycle(Booked):
    """Three dates, two pieces of news; prices in goods. The books: 1 first market, 2 bad news."""

    p0: float  # price at first
    a: float  # marginal buyer at first
    pD: float  # price after bad news
    b: float  # marginal buyer after bad news
    drop: float  # share of the price that bad news takes
    loan_to_value_before: float
    loan_to_value_after: float
    leverage_before: float
    leverage_after: float
    valuation_before: float  # what a expects of the asset at first
    valuation_after: float  # and after bad news
    equilibria: tuple[tuple[float, float, float, float], ...]  # (p0, a, pD, b) of each, b rising

    @property
    def unique(self) -> bool:
        return len(self.equilibria) == 1


def collateral_equilibrium(
    *,
    bad_payoff: float = 0.2,
    borrowing: bool = True,
    good_payoff: float = 1.0,
    goods: float = 1.0,
) -> CollateralEquilibrium:
    """Who buys, and at what price, with and without loans that the asset secures.

    Args:
        bad_payoff, good_payoff: of the asset; goods: that each agent brings.
        borrowing: whether buyers may promise the bad payoff of each asset.

    Raises:
        UsageError: DP-168 for payoffs or goods that make no such market.
    """
    _check(bad_payoff, good_payoff, goods)
    spread, borrowed = good_payoff - bad_payoff, bad_payoff if borrowing else 0.0

    def unspent(price: float) -> float:
        buyers = (good_payoff - price) / spread
        return buyers * (goods + price) + borrowed - price

    # a concave quadratic, above zero at D and below it at U: one root between
    price = float(brentq(unspent, bad_payoff, good_payoff, xtol=1e-15, rtol=1e-14))
    return CollateralEquilibrium(
        p=price,
        b=(price - bad_payoff) / spread,
        borrowed=borrowed,
        loan_to_value=borrowed / price,
        leverage=price / (price - borrowed),
    )


def leverage_cycle(
    *, bad_payoff: float = 0.2, good_payoff: float = 1.0, goods: float = 1.0
) -> LeverageCycle:
    """Prices and buyers before and after bad news, when loans are secured by the asset.

    Raises:
        UsageError: DP-168 for payoffs or goods that make no such market.
        DrypowderError: DP-169 if no equilibrium is found.
    """
    _check(bad_payoff, good_payoff, goods)
    market = _Market(bad_payoff, good_payoff, goods)
    found = tuple(market.prices(b) for b in roots(market.regret, 0.0, market.most()))
    if not found:
        raise DrypowderError(
            "DP-169",
            f"no price at which all agents are content was found for a bad payoff of {bad_payoff}.",
            "Move the payoffs apart or change the goods that agents bring.",
        )
    return market.told(found)


@dataclass(frozen=True)
class _Market:
    """The four equations as one in b."""

    bad: float
    good: float
    goods: float

    def prices(self, b: float) -> tuple[float, float, float, float]:
        """(p0, a, pD, b) that clear both markets, b being content."""
        after = b * self.good + (1.0 - b) * self.bad
        a = b * (self.goods + after) / (self.goods + self.bad)
        first = ((1.0 - a) * self.goods + after) / a
        return first, a, after, b

    def most(self) -> float:
        """b at which a is 1: nobody would be left to buy at first."""
        spread, held = self.good - self.bad, self.goods + self.bad
        return 2.0 * held / (held + np.sqrt(held**2 + 4.0 * spread * held))

    def regret(self, b: float) -> float:
        """What a would gain by buying at once rather than waiting, down payments cleared."""
        first, a, after, _ = self.prices(b)
        waiting = a + (1.0 - a) * a * (self.good - self.bad) / (after - self.bad)
        return a * (self.good - after) - waiting * (first - after)

    def told(self, found: tuple[tuple[float, float, float, float], ...]) -> LeverageCycle:
        """The first equilibrium in full, with all of them beside it."""
        first, a, after, b = found[0]
        spread = self.good - self.bad
        return LeverageCycle(
            p0=first,
            a=a,
            pD=after,
            b=b,
            drop=1.0 - after / first,
            loan_to_value_before=after / first,
            loan_to_value_after=self.bad / after,
            leverage_before=first / (first - after),
            leverage_after=after / (after - self.bad),
            valuation_before=self.good - (1.0 - a) ** 2 * spread,
            valuation_after=self.good - (1.0 - a) * spread,
            equilibria=found,
            ledger=self._books(*found[0]),
        )

    def _books(self, first: float, a: float, after: float, b: float) -> Ledger:
        """Who sold to whom, on whose credit: h > a, b < h < a, h < b, each of even density."""
        size, lent = np.array([1.0 - a, a - b, b]), np.array([0.0, 1.0 - b / a, b / a])
        book = Book("Leverage cycle", ECONOMY, 2, {
            "goods": _named(size * self.goods), "asset": _named(size * first),
        })  # fmt: skip
        buyers, later = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
        richest = np.array([0.0, 0.0, 1.0])  # in goods: the pessimists, who lend alone at last
        book.trade("purchase of assets", "asset", **_at(1, first * (buyers - size)))
        book.trade("loans", "loan", **_at(1, after * (lent - buyers)))
        book.revalue("asset", **_at(2, (after - first) * buyers))
        book.trade("collateral handed over", "asset", **_at(2, after * (lent - buyers)))
        book.trade("loans cancelled", "loan", **_at(2, after * (buyers - lent)))
        book.trade("second purchase", "asset", **_at(2, after * (later - lent)))
        book.trade("second loans", "loan", **_at(2, self.bad * (richest - later)))
        return replace(book.close(), unit="goods")


def _named(amounts: np.ndarray) -> dict[str, float]:
    return dict(zip(ECONOMY.sector_names, amounts.tolist(), strict=True))


def _at(period: int, amounts: np.ndarray) -> dict[str, np.ndarray]:
    """Amounts of one of the two periods by sector."""
    return {name: np.eye(2)[period - 1] * each for name, each in _named(amounts).items()}


def _check(bad: float, good: float, goods: float) -> None:
    if not (0.0 < bad < good < np.inf and 0.0 < goods < np.inf):
        raise UsageError(
            "DP-168",
            f"payoffs {bad} and {good} with {goods} goods an agent make no market.",
            "Give 0 < bad_payoff < good_payoff and goods above zero.",
        )
