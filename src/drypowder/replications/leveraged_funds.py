"""Leveraged funds that hold the same assets sell to one another's cost until nobody must sell.

    over its limit (A > k l E): sells A - l E, in proportion;   E <= 0: sells everything
    p_after = p exp(-beta sold / Q),   beta = -ln(1 - fall) / 0.05,   paid (p + p_after)/2

A assets, E equity, l the leverage a fund opened with, k how far it may exceed it, Q the market of
each asset, a multiple of what funds hold. Proceeds repay debt. As in most models of fire sales
somebody unnamed buys: here it is an `outside_buyer` in the books, who owes what it paid.
Source: after Cont and Schaanning (2017) for one-sided thresholds; the population is our own
example. Signs: debt is positive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from drypowder.accounts import Economy, Instrument, Sector
from drypowder.errors import DrypowderError, UsageError

if TYPE_CHECKING:  # postings need jax, which takes a second to load
    from drypowder.accounts.ledger import Ledger

_SOLD = 0.05  # the share of a market whose sale the price fall is stated for
_ECONOMY = Economy(
    (
        Sector("funds", "holder"),
        Sector("lenders", "holder"),
        Sector("outside_buyer", "holder"),
        Sector("issuers", "issuer"),
        Sector("central_bank", "central_bank"),
    ),
    (
        Instrument("cash", "par", "money"),
        Instrument("loans", "par", "loans"),
        Instrument("assets", "cleared", "equity"),
    ),
    money="cash",
)


@dataclass(frozen=True, eq=False)
class _Round:
    """What a round moved, all funds together."""

    proceeds: float
    gain_of_funds: float  # by new prices, on what they had or sold
    gain_of_buyer: float


@dataclass(frozen=True, eq=False)
class LeveragedFunds:
    """Where the sales ended."""

    rounds: int  # in which something was sold
    failures: int  # funds whose equity was gone
    p0: float  # price of the first asset; 1 before the shock
    mean_sold: float  # share of an asset's market that was sold, mean over assets
    prices: Float[np.ndarray, " asset"]
    sold: Float[np.ndarray, " asset"]  # shares of the market
    equity: Float[np.ndarray, " fund"]
    debt: Float[np.ndarray, " fund"]
    _opening: tuple[float, float] = field(repr=False)  # assets after the shock, and debt
    _rounds: tuple[_Round, ...] = field(repr=False)

    def ledger(self) -> Ledger:
        """Every round in the accounts: who paid whom, and what is left.

        Raises:
            UnbalancedError: DP-029 if a payment has no other side.
        """
        return _ledger(self._opening, self._rounds)


def leveraged_funds(
    *,
    n: int,
    seed: int = 0,
    shock: float = 0.1,
    assets: int = 10,
    least_leverage: float = 2.0,
    most_leverage: float = 12.0,
    equity_spread: float = 1.0,
    concentration: float = 0.3,
    tolerance: float = 1.15,
    market_over_holdings: float = 10.0,
    impact_at_5pct_sold: float = 0.05,
    shocked: int = 0,
    most_rounds: int = 10_000,
) -> LeveragedFunds:
    """Sell until nobody must: rounds, failures and prices.

    Args:
        n: funds. seed: of NumPy's default generator; leverage, equity and holdings are drawn in
            this order.
        shock: fall of the price of asset number `shocked`.
        equity_spread: standard deviation of the logarithm of a fund's equity.
        concentration: of the Dirichlet law of holdings; small is concentrated.
        tolerance: leverage, over what a fund opened with, above which it sells.
        market_over_holdings: size of each market over what funds hold of it.
        impact_at_5pct_sold: fall of a price, as a share, when 5 % of its market is sold.

    Raises:
        UsageError: DP-168 for an argument out of bounds.
        DrypowderError: DP-169 if sales go on after `most_rounds`.
    """
    _check(n, assets, shocked, least_leverage, most_leverage, tolerance, market_over_holdings)
    if not (shock < 1.0 and 0.0 <= impact_at_5pct_sold < 1.0 and concentration > 0.0):
        raise _out_of_bounds(f"shock {shock}, impact {impact_at_5pct_sold} or holdings")
    random = np.random.default_rng(seed)
    limit = random.uniform(least_leverage, most_leverage, n)
    equity = np.exp(random.normal(0.0, equity_spread, n))
    shares = random.dirichlet(concentration * np.ones(assets), n)
    units, debt = shares * (limit * equity)[:, None], (limit - 1.0) * equity
    market = market_over_holdings * units.sum(axis=0)
    beta, prices = -np.log1p(-impact_at_5pct_sold) / _SOLD, np.ones(assets)
    prices[shocked] -= shock
    opening = float((units @ prices).sum()), float(debt.sum())
    failed, sold = np.zeros(n, dtype=bool), np.zeros(assets)
    told: list[_Round] = []
    while True:
        worth = units @ prices
        equity = worth - debt
        failed |= equity <= 0.0
        offered = units * _share_sold(worth, equity, tolerance, limit)[:, None]
        total = offered.sum(axis=0)
        if total.sum() <= 0.0:
            break
        if len(told) == most_rounds:
            raise _endless(most_rounds)
        after = prices * np.exp(-beta * total / np.where(market > 0.0, market, 1.0))
        paid = 0.5 * (prices + after)
        proceeds = offered @ paid
        units, debt = units - offered, debt - proceeds
        told.append(_moved(units, total, sold, prices, paid, after))
        prices, sold = after, sold + total
    share = sold / np.where(market > 0.0, market, 1.0)
    return LeveragedFunds(
        rounds=len(told),
        failures=int(failed.sum()),
        p0=float(prices[0]),
        mean_sold=float(share.mean()),
        prices=prices,
        sold=share,
        equity=equity,
        debt=debt,
        _opening=opening,
        _rounds=tuple(told),
    )


def _share_sold(worth, equity, tolerance: float, limit) -> Float[np.ndarray, " fund"]:
    """Of its assets that each fund sells now."""
    over = worth > tolerance * limit * equity
    part = (worth - limit * equity) / np.where(worth > 0.0, worth, 1.0)
    return np.where(equity <= 0.0, 1.0, np.where(over, np.clip(part, 0.0, 1.0), 0.0))


def _moved(kept, total, bought, before, paid, after) -> _Round:
    """Money and gains of a round: on what was kept, and on what changed hands on the way."""
    return _Round(
        proceeds=float(total @ paid),
        gain_of_funds=float(kept.sum(axis=0) @ (after - before) + total @ (paid - before)),
        gain_of_buyer=float(bought @ (after - before) + total @ (after - paid)),
    )


def _ledger(opening: tuple[float, float], rounds: tuple[_Round, ...]) -> Ledger:
    from drypowder.accounts.ledger import Ledger
    from drypowder.accounts.postings import Posting

    paid = np.array([each.proceeds for each in rounds])
    funds, buyer = (np.array([getattr(each, f"gain_of_{who}") for each in rounds])
                    for who in ("funds", "buyer"))  # fmt: skip
    none = 0.0 * paid
    trade = np.stack([-paid, none, paid, none, none])
    repaid = np.stack([-paid, paid, none, none, none])
    assets, debt = opening
    stocks = {"cash": [0.0] * 5, "loans": [-debt, debt, 0.0, 0.0, 0.0],
              "assets": [assets, 0.0, 0.0, -assets, 0.0]}  # fmt: skip
    ledger = Ledger(
        "Leveraged funds",
        _ECONOMY,
        "units of money",
        np.array([stocks[name] for name in _ECONOMY.instrument_names]).T,
        (
            Posting(money=-trade, claims={"assets": trade}, name="sale of assets"),
            Posting(money=repaid, claims={"loans": -repaid}, name="repayment of loans"),
        ),
        {"assets": np.stack([funds, none, buyer, -funds - buyer, none])},
    )
    ledger.check()
    return ledger


def _check(n, assets, shocked, least, most, tolerance, market) -> None:
    if n < 1 or assets < 1 or not 0 <= shocked < assets:
        raise _out_of_bounds(f"{n} funds and asset {shocked} of {assets}")
    if not (1.0 <= least <= most < np.inf and tolerance >= 1.0 and market > 0.0):
        raise _out_of_bounds(f"leverage {least} to {most}, tolerance {tolerance}, market {market}")


def _out_of_bounds(what: str) -> UsageError:
    return UsageError(
        "DP-168",
        f"the funds were given with {what}.",
        "Leverage and tolerance are one or more, markets above zero, shock and impact below one.",
    )


def _endless(rounds: int) -> DrypowderError:
    return DrypowderError(
        "DP-169",
        f"after {rounds} rounds somebody still has to sell.",
        "Raise most_rounds, or the tolerance: with none, sales shrink for ever.",
    )
