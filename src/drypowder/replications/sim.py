"""Model SIM: the government pays with money it makes, taxes come back, households keep the rest.

    Y = C + G      T = theta Y      YD = Y - T      C = alpha1 YD + alpha2 H(-1)
    H - H(-1) = YD - C

Spending on 20 lifts income until taxes take 20 back: Y* = G/theta, whatever people save. What the
households hold is what the government has issued, though no equation says so.
Source: W. Godley and M. Lavoie, Monetary Economics (2007), chapter 3. Signs: received and owned
positive, paid and owed negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from drypowder.accounts import Economy, Instrument, Sector
from drypowder.replications._book import (
    Book,
    Booked,
    Schedule,
    march,
    parameter_paths,
    refuse_explosive,
    start_stocks,
)

ECONOMY = Economy(
    sectors=(
        Sector("households", "holder"),
        Sector("firms", "issuer"),
        Sector("government", "government"),
    ),
    instruments=(Instrument("money", "par", "money"),),
    money="money",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Sim(Booked):
    """Model SIM; element 0 of an array is period 1."""

    _MONEY = ("H", "Hs")
    Y: Float[np.ndarray, " period"]  # income, output
    YD: Float[np.ndarray, " period"]  # disposable income
    C: Float[np.ndarray, " period"]  # consumption
    T: Float[np.ndarray, " period"]  # taxes
    G: Float[np.ndarray, " period"]  # government spending
    H: Float[np.ndarray, " period"]  # money that households hold
    Hs: Float[np.ndarray, " period"]  # money that the government has issued, from the books


class _Parameters(NamedTuple):
    G: float
    theta: float
    alpha1: float
    alpha2: float


class _Period(NamedTuple):
    Y: float
    YD: float
    C: float
    T: float
    H: float


def sim(
    *,
    periods: int,
    G: float = 20.0,
    theta: float = 0.2,
    alpha1: float = 0.6,
    alpha2: float = 0.4,
    H_start: float = 0.0,
    schedule: Schedule | None = None,
) -> Sim:
    """The simplest economy with government money, period by period.

    Args:
        periods: how many to solve, at least 1.
        G: government spending a period.
        theta: share of income paid in taxes.
        alpha1, alpha2: propensities to consume out of disposable income and out of wealth.
        H_start: money that households hold at the start.
        schedule: parameter -> {first period: value}.

    Raises:
        UsageError: DP-160 or DP-161 for arguments that make no sense.
        DrypowderError: DP-162 for a model that does not come to rest.

    Source: Godley and Lavoie (2007), table 3.4.
    """
    values = {"G": G, "theta": theta, "alpha1": alpha1, "alpha2": alpha2}
    parameters, paths = parameter_paths(_Parameters, values, schedule, periods)
    refuse_explosive("model SIM", parameters, _follow, 1)
    start = start_stocks(H=H_start)
    solved, _ = march(_solve, parameters, _at(**start))
    spending = paths["G"][1:]
    book = Book("Model SIM", ECONOMY, len(spending), _opening(**start))
    book.pay("consumption", firms=solved["C"], households=-solved["C"])
    book.pay("government spending", firms=spending, government=-spending)
    book.pay("wages", households=solved["Y"], firms=-solved["Y"])
    book.pay("taxes", government=solved["T"], households=-solved["T"])
    ledger = book.close()
    return Sim(**solved, G=spending, Hs=-ledger.held("government", "money"), ledger=ledger)


def _solve(now: _Parameters, before: _Parameters, last: _Period) -> _Period:
    """Income solved from Y = alpha1 (1 - theta) Y + alpha2 H(-1) + G."""
    income = (now.alpha2 * last.H + now.G) / (1.0 - now.alpha1 * (1.0 - now.theta))
    taxes = now.theta * income
    disposable = income - taxes
    consumption = now.alpha1 * disposable + now.alpha2 * last.H
    return _Period(income, disposable, consumption, taxes, last.H + disposable - consumption)


def _at(H: float) -> _Period:
    return _Period(math.nan, math.nan, math.nan, math.nan, H)


def _follow(regime: _Parameters, state: Sequence[float]) -> Sequence[float]:
    return (_solve(regime, regime, _at(*state)).H,)


def _opening(H: float) -> dict[str, dict[str, float]]:
    return {"money": {"households": H, "government": -H}}
