"""Model PC: households choose between money and bills; the central bank buys what they leave.

    YD = Y - T + r(-1) Bh(-1)                T = theta (Y + r(-1) Bh(-1))
    C = alpha1 YD + alpha2 V(-1)             V - V(-1) = YD - C
    Bh/V = lambda0 + lambda1 r - lambda2 YD/V        Hh = V - Bh
    Bs - Bs(-1) = G + r(-1) Bs(-1) - T - r(-1) Bcb(-1)      Bcb = Bs - Bh

The central bank sets the rate and takes bills at that rate, so it pays out as much money as
households want, though nobody plans it. A higher rate raises income: interest is spending too.
Source: W. Godley and M. Lavoie, Monetary Economics (2007), chapter 4. Signs: received and owned
positive, paid and owed negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from drypowder.accounts import Economy, Instrument, Sector
from drypowder.replications._book import (
    SCHEDULED,
    Book,
    Booked,
    Schedule,
    Series,
    march,
    parameter_paths,
    refuse_explosive,
    start_stocks,
)

if TYPE_CHECKING:
    from drypowder.accounts.ledger import Ledger

ECONOMY = Economy(
    sectors=(
        Sector("households", "holder"),
        Sector("firms", "issuer"),
        Sector("government", "government"),
        Sector("central_bank", "central_bank"),
    ),
    instruments=(Instrument("money", "par", "money"), Instrument("bills", "par", "bonds")),
    money="money",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class PC(Booked):
    """Model PC; element 0 of an array is period 1."""

    _MONEY = ("Hh", "Hs")
    Y: Float[np.ndarray, " period"]  # income, output
    YD: Float[np.ndarray, " period"]  # disposable income
    C: Float[np.ndarray, " period"]  # consumption
    T: Float[np.ndarray, " period"]  # taxes
    G: Float[np.ndarray, " period"]  # government spending
    V: Float[np.ndarray, " period"]  # wealth of households
    Bh: Float[np.ndarray, " period"]  # bills that households hold
    Hh: Float[np.ndarray, " period"]  # money that households hold
    Bs: Float[np.ndarray, " period"]  # bills that the government has issued
    Bcb: Float[np.ndarray, " period"]  # bills that the central bank holds
    Hs: Float[np.ndarray, " period"]  # money that the central bank has issued, from the books
    r: Float[np.ndarray, " period"]  # rate on bills, paid in the next period


class _Parameters(NamedTuple):
    r: float
    G: float
    theta: float
    alpha1: float
    alpha2: float
    lambda0: float
    lambda1: float
    lambda2: float


class _Period(NamedTuple):
    Y: float
    YD: float
    C: float
    T: float
    V: float
    Bh: float
    Hh: float
    Bs: float
    Bcb: float


def pc(
    *,
    periods: int,
    schedule: Schedule,
    G: float = 20.0,
    theta: float = 0.2,
    alpha1: float = 0.6,
    alpha2: float = 0.4,
    lambda0: float = 0.635,
    lambda1: float = 5.0,
    lambda2: float = 0.01,
    V_start: float = 86.485,
    Bh_start: float = 64.865,
    Bcb_start: float = 21.576,
) -> PC:
    """Government money and bills, with the interest rate set by the central bank.

    Args:
        periods: how many to solve, at least 1.
        schedule: parameter -> {first period: value}; `r`, the rate on bills, must be in it from
            period 1 on. Period 0 has the rate of period 1 unless {0: ...} says otherwise.
        G: government spending a period.
        theta: share of income, interest included, paid in taxes.
        alpha1, alpha2: propensities to consume out of disposable income and out of wealth.
        lambda0, lambda1, lambda2: share of wealth wanted in bills: constant, per unit of rate, less
            per unit of income over wealth.
        V_start, Bh_start, Bcb_start: wealth, bills of households and of the central bank at the
            start; the rest of wealth is money.

    Raises:
        UsageError: DP-160 or DP-161 for arguments that make no sense.
        DrypowderError: DP-162 for a model that does not come to rest.

    Source: Godley and Lavoie (2007), sections 4.1 to 4.5; start values from G. Zezza's programs.
    """
    values = {"r": SCHEDULED, "G": G, "theta": theta, "alpha1": alpha1, "alpha2": alpha2}
    values |= {"lambda0": lambda0, "lambda1": lambda1, "lambda2": lambda2}
    parameters, paths = parameter_paths(_Parameters, values, schedule, periods)
    refuse_explosive("model PC", parameters, _follow, 2)
    start = _at(**start_stocks(V=V_start, Bh=Bh_start, Bcb=Bcb_start))
    solved, last = march(_solve, parameters, start)
    spending = paths["G"][1:]
    ledger = _booked(solved, last, spending, paths["r"][:-1])
    issued = -ledger.held("central_bank", "money")
    return PC(**solved, G=spending, Hs=issued, r=paths["r"][1:], ledger=ledger)


def _solve(now: _Parameters, before: _Parameters, last: _Period) -> _Period:
    """Income solved from Y = alpha1 (1 - theta) (Y + interest) + alpha2 V(-1) + G."""
    interest = before.r * last.Bh
    taxed = (now.G + now.alpha2 * last.V + interest) / (1.0 - now.alpha1 * (1.0 - now.theta))
    income, taxes = taxed - interest, now.theta * taxed
    disposable = taxed - taxes
    consumption = now.alpha1 * disposable + now.alpha2 * last.V
    wealth = last.V + disposable - consumption
    bills = wealth * (now.lambda0 + now.lambda1 * now.r) - now.lambda2 * disposable
    issued = last.Bs + now.G + before.r * last.Bs - taxes - before.r * last.Bcb
    return _Period(
        Y=income,
        YD=disposable,
        C=consumption,
        T=taxes,
        V=wealth,
        Bh=bills,
        Hh=wealth - bills,
        Bs=issued,
        Bcb=issued - bills,
    )


def _at(V: float, Bh: float, Bcb: float = 0.0) -> _Period:
    unknown = dict.fromkeys(("Y", "YD", "C", "T"), math.nan)
    return _Period(**unknown, V=V, Bh=Bh, Hh=V - Bh, Bs=Bh + Bcb, Bcb=Bcb)


def _follow(regime: _Parameters, state: Sequence[float]) -> Sequence[float]:
    """Debt and the central bank's part of it follow from wealth and bills, so two numbers do."""
    found = _solve(regime, regime, _at(*state))
    return found.V, found.Bh


def _booked(
    solved: Series, last: Series, spending: np.ndarray, rate: Float[np.ndarray, " period"]
) -> Ledger:
    opening = {
        "money": {"households": last["Hh"][0], "central_bank": -last["Hh"][0]},
        "bills": {
            "households": last["Bh"][0],
            "central_bank": last["Bcb"][0],
            "government": -last["Bs"][0],
        },
    }
    book = Book("Model PC", ECONOMY, len(spending), opening)
    book.pay("consumption", firms=solved["C"], households=-solved["C"])
    book.pay("government spending", firms=spending, government=-spending)
    book.pay("income", households=solved["Y"], firms=-solved["Y"])
    profit = rate * last["Bcb"]
    book.pay(
        "interest",
        households=rate * last["Bh"],
        central_bank=profit,
        government=-rate * last["Bs"],
    )
    book.pay("central bank profits", government=profit, central_bank=-profit)
    book.pay("taxes", government=solved["T"], households=-solved["T"])
    book.trade(
        "bills",
        "bills",
        households=solved["Bh"] - last["Bh"],
        central_bank=solved["Bcb"] - last["Bcb"],
        government=last["Bs"] - solved["Bs"],
    )
    return book.close()
