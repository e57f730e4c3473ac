"""Model BMW: firms invest on credit, and the loan makes the deposit that somebody then holds.

    Y = C + I      YD = WB + interest on deposits      C = alpha0 + alpha1 YD + alpha2 M(-1)
    I = gamma (kappa Y(-1) - K(-1)) + DA               DA = AF = delta K(-1)
    K - K(-1) = I - DA          L - L(-1) = I - AF     M - M(-1) = YD - C
    WB = Y - r(-1) L(-1) - AF   W = WB/N               N = Y/pr

Wages are what is left of sales after interest and wear, so firms keep nothing; banks pass on to
depositors the interest they get. Nobody saves first: investment paid for by a loan leaves a deposit
of the same amount, and households come to want it.
Source: W. Godley and M. Lavoie, Monetary Economics (2007), chapter 7. Signs: received and owned
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
        Sector("firms_current", "issuer"),
        Sector("firms_capital", "issuer"),
        Sector("banks", "bank"),
    ),
    instruments=(
        Instrument("deposits", "par", "money"),
        Instrument("loans", "par", "loans"),
        Instrument("fixed_capital", "appraised", "capital", real=True),
    ),
    money="deposits",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class BMW(Booked):
    """Model BMW; element 0 of an array is period 1."""

    _MONEY = ("M", "Ms")
    Y: Float[np.ndarray, " period"]  # income, output
    YD: Float[np.ndarray, " period"]  # disposable income
    C: Float[np.ndarray, " period"]  # consumption
    I: Float[np.ndarray, " period"]  # gross investment  # noqa: E741
    K: Float[np.ndarray, " period"]  # fixed capital
    KT: Float[np.ndarray, " period"]  # fixed capital that firms want
    DA: Float[np.ndarray, " period"]  # wear of capital
    AF: Float[np.ndarray, " period"]  # what firms set aside for it
    L: Float[np.ndarray, " period"]  # loans to firms
    M: Float[np.ndarray, " period"]  # deposits that households hold
    Ms: Float[np.ndarray, " period"]  # deposits that banks owe, from the books
    WB: Float[np.ndarray, " period"]  # wage bill
    W: Float[np.ndarray, " period"]  # wage
    N: Float[np.ndarray, " period"]  # work
    r: Float[np.ndarray, " period"]  # rate on loans and deposits, paid in the next period


class _Parameters(NamedTuple):
    r: float
    alpha0: float
    alpha1: float
    alpha2: float
    delta: float
    gamma: float
    kappa: float
    pr: float


class _Period(NamedTuple):
    Y: float
    YD: float
    C: float
    I: float  # noqa: E741
    K: float
    KT: float
    DA: float
    AF: float
    L: float
    M: float
    WB: float
    W: float
    N: float


def bmw(
    *,
    periods: int,
    alpha0: float = 25.0,
    alpha1: float = 0.75,
    alpha2: float = 0.1,
    delta: float = 0.1,
    gamma: float = 0.15,
    kappa: float = 1.0,
    r: float = 0.04,
    pr: float = 1.0,
    Y_start: float = 0.0,
    K_start: float = 0.0,
    L_start: float = 0.0,
    schedule: Schedule | None = None,
) -> BMW:
    """Private money only: deposits made by loans to firms that invest.

    Args:
        periods: how many to solve, at least 1.
        alpha0: consumption whatever the income.
        alpha1, alpha2: propensities to consume out of disposable income and out of deposits.
        delta: share of capital that wears out in a period.
        gamma: share of the gap to the capital wanted that firms close in a period.
        kappa: capital wanted for one unit of the last period's output.
        r: interest rate on loans and deposits.
        pr: output per unit of work.
        Y_start, K_start, L_start: output, capital and loans at the start; deposits equal loans.
        schedule: parameter -> {first period: value}.

    Raises:
        UsageError: DP-160 or DP-161 for arguments that make no sense.
        DrypowderError: DP-162 for a model that does not come to rest.

    Source: Godley and Lavoie (2007), sections 7.2 to 7.5; parameters from G. Zezza's programs.
    """
    values = {"r": r, "alpha0": alpha0, "alpha1": alpha1, "alpha2": alpha2, "delta": delta}
    values |= {"gamma": gamma, "kappa": kappa, "pr": pr}
    parameters, paths = parameter_paths(_Parameters, values, schedule, periods)
    refuse_explosive("model BMW", parameters, _follow, 2)
    start = start_stocks(Y=Y_start, K=K_start, L=L_start)
    solved, last = march(_solve, parameters, _at(**start))
    ledger = _booked(solved, last, paths["r"][:-1])
    owed = -ledger.held("banks", "deposits")
    return BMW(**solved, Ms=owed, r=paths["r"][1:], ledger=ledger)


def _solve(now: _Parameters, before: _Parameters, last: _Period) -> _Period:
    """Income solved from Y = alpha0 + alpha1 (Y - AF) + alpha2 M(-1) + I."""
    wear, wanted = now.delta * last.K, now.kappa * last.Y
    interest = before.r * last.L
    investment = now.gamma * (wanted - last.K) + wear
    fixed = now.alpha0 - now.alpha1 * wear + now.alpha2 * last.M
    output = (fixed + investment) / (1.0 - now.alpha1)
    wages = output - interest - wear
    disposable = wages + interest  # banks pass on what firms pay
    consumption = now.alpha0 + now.alpha1 * disposable + now.alpha2 * last.M
    work = output / now.pr
    return _Period(
        Y=output,
        YD=disposable,
        C=consumption,
        I=investment,
        K=last.K + investment - wear,
        KT=wanted,
        DA=wear,
        AF=wear,
        L=last.L + investment - wear,
        M=last.M + disposable - consumption,
        WB=wages,
        W=wages / work if work else math.nan,
        N=work,
    )


def _at(Y: float, K: float, L: float) -> _Period:
    unknown = dict.fromkeys(("YD", "C", "I", "KT", "DA", "AF", "WB", "W", "N"), math.nan)
    return _Period(**unknown, Y=Y, K=K, L=L, M=L)


def _follow(regime: _Parameters, state: Sequence[float]) -> Sequence[float]:
    """Loans follow capital, so output and capital say all."""
    output, capital = state
    found = _solve(regime, regime, _at(Y=output, K=capital, L=capital))
    return found.Y, found.K


def _booked(solved: Series, last: Series, rate: Float[np.ndarray, " period"]) -> Ledger:
    start, interest = float(last["L"][0]), rate * last["L"]
    opening = {
        "deposits": {"households": start, "banks": -start},
        "loans": {"banks": start, "firms_capital": -start},
        "fixed_capital": {"firms_capital": float(last["K"][0])},
    }
    book = Book("Model BMW", ECONOMY, len(rate), opening)
    book.pay("consumption", firms_current=solved["C"], households=-solved["C"])
    book.pay("investment", firms_current=solved["I"], firms_capital=-solved["I"])
    book.make("new capital", "fixed_capital", firms_capital=solved["I"])
    book.pay("wages", households=solved["WB"], firms_current=-solved["WB"])
    book.pay("set aside for wear", firms_capital=solved["AF"], firms_current=-solved["AF"])
    book.make("wear", "fixed_capital", firms_capital=-solved["DA"])
    book.pay("interest on loans", banks=interest, firms_current=-interest)
    book.pay("interest on deposits", households=interest, banks=-interest)
    lent = solved["L"] - last["L"]
    book.trade("loans", "loans", banks=lent, firms_capital=-lent)
    return book.close()
