"""A bank that promises more than its assets fetch at once: two outcomes, both rational.

    waiters are paid   (1 - r1 f / l) R / (1 - f)      while r1 f < l, then nothing
    waiting stops to pay above   f* = l (R - r1) / (r1 (R - l))

A share t of depositors needs money early. One unit of the asset pays l if sold early and R if
kept. The bank promises r1 to whoever comes early; a share f does. If everybody expects f = t,
waiting is best; if all expect all to come, coming is. A gate that stops paying at or below f*
leaves the good outcome alone. The contract that is best for all solves u'(c1) = (R/l) u'(c2)
with t c1/l + (1 - t) c2/R = 1; u(c) = (c^(1-g) - 1)/(1 - g).
Source: D. Diamond, Banks and Liquidity Creation: A Simple Exposition of the Diamond-Dybvig
Model, Richmond Fed Economic Quarterly 93(2), 2007. Signs: payments to depositors > 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from drypowder.accounts import Economy, Instrument, Sector
from drypowder.errors import UsageError
from drypowder.markets.fixed_points import fixed_points
from drypowder.replications._book import Book, Booked
from drypowder.replications._roots import roots

if TYPE_CHECKING:  # postings need jax, which takes a second to load
    from drypowder.accounts.ledger import Ledger


ECONOMY = Economy(
    sectors=(
        Sector("withdrawers", "holder"), Sector("waiters", "holder"), Sector("bank", "issuer"),
    ),
    instruments=(
        Instrument("goods", "par", "money", real=True),
        Instrument("deposits", "par", "money"),
        Instrument("assets", "appraised", "loans", real=True),
    ),
    money="goods",
)  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True)
class BankRun(Booked):
    """Payoffs at one share of withdrawals, and where withdrawals come to rest. Per unit put in.

    The books: period 1 deposits, 2 early withdrawals, 3 whatever is left.
    """

    payoff_to_waiters: float
    payoff_to_withdrawers: float  # expected, as those late in the queue find nothing
    served_share: float  # of those who want their money
    paid_early: float  # by the bank to all of them
    sold_early: float  # of its assets
    solvent: bool  # it could serve everybody who came
    threshold: float | None  # share of withdrawals above which waiting pays less; None: never
    least: float  # share of withdrawals if everybody trusts
    greatest: float  # and if nobody does
    unique: bool  # the two are one
    c1: float  # the best promise to those who come early
    c2: float  # and to those who wait
    EU: float  # expected utility of the best promise, no run
    EU_promised: float  # of this promise, no run
    autarky: float  # expected utility without a bank


@dataclass(frozen=True)
class _Bank:
    """The bank's promise and its assets, per unit put in."""

    promised: float
    needed: float  # share of depositors who must have money early
    long_return: float
    liquidation: float
    aversion: float
    gate: float  # share of depositors that is paid before the bank stops paying

    def served(self, share: float) -> float:
        """How many of those who come, `share` of all, are paid."""
        return min(share, self.gate, self.liquidation / self.promised)

    def waiting(self, share: float) -> float:
        """What is left for each of the others, long after."""
        if min(share, self.gate) * self.promised > self.liquidation:
            return 0.0
        served = self.served(share)
        left = 1.0 - served * self.promised / self.liquidation
        if served < 1.0:
            return max(left, 0.0) * self.long_return / (1.0 - served)
        return float("inf") if left > 0.0 else self.long_return  # one alone who waits

    def chance(self, share: float) -> float:
        """That one of `share` who come is paid."""
        return self.served(share) / share if share else 1.0

    def coming(self, share: float) -> float:
        """What one who comes can expect: the promise, or a place among those who wait."""
        chance = self.chance(share)
        return self.promised if chance == 1.0 else (
            chance * self.promised + (1.0 - chance) * self.waiting(share)
        )  # fmt: skip

    def utility(self, consumed: float) -> float:
        if consumed == 0.0:
            return -1.0 / (1.0 - self.aversion) if self.aversion < 1.0 else -float("inf")
        if self.aversion == 1.0:
            return float(np.log(consumed))
        return float((consumed ** (1.0 - self.aversion) - 1.0) / (1.0 - self.aversion))

    def expected(self, early: float, late: float, chance: float = 1.0) -> float:
        """Utility of one who does not know yet when the money is needed."""
        terms = ((self.needed * chance, early), (self.needed * (1.0 - chance), 0.0),
                 (1.0 - self.needed, late))  # fmt: skip
        return sum(weight * self.utility(each) for weight, each in terms if weight > 0.0)

    def best(self) -> tuple[float, float]:
        """c1 and c2 that a benevolent bank would promise."""
        ratio = (self.long_return / self.liquidation) ** (1.0 / self.aversion)
        early = 1.0 / (self.needed / self.liquidation
                       + (1.0 - self.needed) * ratio / self.long_return)  # fmt: skip
        return early, ratio * early


def bank_run(
    *,
    promised: float,
    withdrawn_share: float,
    early_share: float = 0.25,
    long_return: float = 2.0,
    liquidation: float = 1.0,
    risk_aversion: float = 2.0,
    gate: float | None = None,
) -> BankRun:
    """Who gets what if a share of depositors comes at once, and whether they will.

    Args:
        promised: r1, to whoever comes early; withdrawn_share: f, of all depositors.
        early_share: t, who must have money early; long_return: R; liquidation: l, what an asset
            fetches early; risk_aversion: g of the utility above.
        gate: share of depositors after whom the bank stops paying early; None: it never does.

    Raises:
        UsageError: DP-168 for shares outside [0, 1] or a promise and assets that make no bank.
    """
    bank = _Bank(promised, early_share, long_return, liquidation, risk_aversion,
                 1.0 if gate is None else gate)  # fmt: skip
    _check(bank, withdrawn_share)
    resting = fixed_points(
        lambda share: np.array([_wanted(bank, float(share[0]))]),
        lowest=np.array([early_share]),
        highest=np.array([1.0]),
    )
    c1, c2 = bank.best()
    served, late = bank.served(withdrawn_share), bank.waiting(early_share)
    return BankRun(
        payoff_to_waiters=bank.waiting(withdrawn_share),
        payoff_to_withdrawers=bank.coming(withdrawn_share),
        served_share=bank.chance(withdrawn_share),
        paid_early=served * promised,
        sold_early=served * promised / liquidation,
        solvent=withdrawn_share * promised <= liquidation,
        threshold=_threshold(bank),
        least=float(resting.least[0]),
        greatest=float(resting.greatest[0]),
        unique=resting.unique,
        c1=c1,
        c2=c2,
        EU=bank.expected(c1, c2),
        EU_promised=bank.expected(promised, late, bank.chance(early_share)),
        autarky=bank.expected(liquidation, long_return),
        ledger=_books(bank, withdrawn_share),
    )


def _books(bank: _Bank, share: float) -> Ledger:
    """Deposits taken and invested, assets sold for those who come, the rest for those who wait."""
    served = bank.served(share)
    sold = served * bank.promised / bank.liquidation
    waits = np.array([share - served, 1.0 - share, 0.0])  # claims that are left
    late = bank.waiting(share) if served < 1.0 else 0.0
    premium = served * (bank.promised - 1.0)
    book = Book("Bank run", ECONOMY, 3, {"goods": {"withdrawers": share, "waiters": 1.0 - share}})
    book.trade("deposits", "deposits", **_at(1, [share, 1.0 - share, -1.0]))
    for name, period, change, price in (
        ("investment", 1, 1.0, 1.0),
        ("early sale", 2, -sold, bank.liquidation),
        ("assets ripen", 3, sold - 1.0, bank.long_return),
    ):
        book.make(name, "assets", **_at(period, [0.0, 0.0, change]))
        book.make(f"{name}, goods", "goods", **_at(period, [0.0, 0.0, -change * price]))
    book.trade("early withdrawals", "deposits", **_at(2, [-served, 0.0, served]))
    book.pay("premium to those who come", **_at(2, [premium, 0.0, -premium]))
    book.trade("late withdrawals", "deposits", **_at(3, [*-waits[:2], waits.sum()]))
    gain = (late - 1.0) * waits
    book.pay("premium to those who wait", **_at(3, [*gain[:2], -gain.sum()]))
    return replace(book.close(), unit="goods")


def _at(period: int, amounts: Sequence[float]) -> dict[str, np.ndarray]:
    """Amounts of one of the three periods by sector."""
    named = zip(ECONOMY.sector_names, amounts, strict=True)
    return {name: np.eye(3)[period - 1] * each for name, each in named}


def _wanted(bank: _Bank, expected: float) -> float:
    """Who comes if `expected` are expected to: those who must, and all if waiting pays less."""
    return 1.0 if bank.waiting(expected) < bank.promised else bank.needed


def _threshold(bank: _Bank) -> float | None:
    """Where waiting stops to pay; zero if it never does, None if it always pays."""
    if bank.waiting(0.0) <= bank.promised:
        return 0.0
    found = roots(lambda f: bank.waiting(f) - bank.promised, 0.0, 1.0)
    return found[0] if found else None


def _check(bank: _Bank, share: float) -> None:
    shares = (share, bank.needed, bank.gate)
    if not all(0.0 <= each <= 1.0 for each in shares):
        raise UsageError(
            "DP-168",
            f"withdrawn {share}, early {bank.needed} and gate {bank.gate} are not all shares.",
            "Give shares of depositors between 0 and 1.",
        )
    amounts = (bank.promised, bank.liquidation, bank.aversion)
    if not min(amounts) > 0.0 or not bank.liquidation < bank.long_return < np.inf:
        raise UsageError(
            "DP-168",
            f"a promise of {bank.promised} on assets that pay {bank.liquidation} early and "
            f"{bank.long_return} late makes no bank.",
            "Give amounts above zero, and assets that pay more if kept.",
        )
