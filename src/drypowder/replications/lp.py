"""Model LP: perpetual bonds whose price moves, and households that want money, bills and bonds.

    YD = Y - T + r_b(-1) Bh(-1) + BLh(-1)        T = theta (Y + r_b(-1) Bh(-1) + BLh(-1))
    CG = (p_bL - p_bL(-1)) BLh(-1)               V - V(-1) = YD - C + CG
    C = alpha1 YD(-1) + alpha2 V(-1)             Ve = V(-1) + YD(-1) - C + CG
    Bh       = Ve (l20 + l22 r_b - l23 ER) - l24 YD(-1)
    p_bL BLh = Ve (l30 - l32 r_b + l33 ER) - l34 YD(-1)
    ER = 1/p_bL + chi (p_bL_e - p_bL)/p_bL       Hh = V - Bh - p_bL BLh
    Bs - Bs(-1) = G + r_b(-1) (Bs(-1) - Bcb(-1)) + BLs(-1) - T - p_bL (BLs - BLs(-1))

People expect the income of the last period; money takes what they got wrong. Higher yields cost
bondholders first and pay them later: a capital loss, a recession, then more income than before.
Source: W. Godley and M. Lavoie, Monetary Economics (2007), chapter 5, model LP1. Signs: received
and owned positive, paid and owed negative; bonds are counted in pieces that pay 1 a period.
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
    As,
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
    instruments=(
        Instrument("money", "par", "money"),
        Instrument("bills", "par", "bonds"),
        Instrument("bonds", "cleared", "bonds"),
    ),
    money="money",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class LP(Booked):
    """Model LP; element 0 of an array is period 1."""

    _MONEY = ("Hh", "Hs")
    Y: Float[np.ndarray, " period"]  # income, output
    YD: Float[np.ndarray, " period"]  # disposable income, capital gains apart
    C: Float[np.ndarray, " period"]  # consumption
    T: Float[np.ndarray, " period"]  # taxes
    G: Float[np.ndarray, " period"]  # government spending
    V: Float[np.ndarray, " period"]  # wealth of households
    CG: Float[np.ndarray, " period"]  # capital gain on bonds
    Bh: Float[np.ndarray, " period"]  # bills that households hold
    BLh: Float[np.ndarray, " period"]  # bonds that households hold, pieces
    Hh: Float[np.ndarray, " period"]  # money that households hold
    Bs: Float[np.ndarray, " period"]  # bills that the government has issued
    BLs: Float[np.ndarray, " period"]  # bonds that the government has issued, pieces
    Bcb: Float[np.ndarray, " period"]  # bills that the central bank holds
    Hs: Float[np.ndarray, " period"]  # money that the central bank has issued, from the books
    r_b: Float[np.ndarray, " period"]  # rate on bills, paid in the next period
    p_bL: Float[np.ndarray, " period"]  # price of a bond

    @property
    def r_bL(self) -> Float[np.ndarray, " period"]:
        """Yield of a bond."""
        return 1.0 / self.p_bL


class _Parameters(NamedTuple):
    r_b: float
    p_bL: float
    p_bL_e: float
    G: float
    theta: float
    alpha1: float
    alpha2: float
    chi: float
    lambda20: float
    lambda22: float
    lambda23: float
    lambda24: float
    lambda30: float
    lambda32: float
    lambda33: float
    lambda34: float


class _Period(NamedTuple):
    Y: float
    YD: float
    C: float
    T: float
    V: float
    CG: float
    Bh: float
    BLh: float
    Hh: float
    Bs: float
    BLs: float
    Bcb: float


def lp(
    *,
    periods: int,
    schedule: Schedule,
    G: float = 20.0,
    theta: float = 0.1938,
    alpha1: float = 0.8,
    alpha2: float = 0.2,
    chi: float = 0.1,
    lambda20: float = 0.44196,
    lambda22: float = 1.1,
    lambda23: float = 1.0,
    lambda24: float = 0.03,
    lambda30: float = 0.3997,
    lambda32: float = 1.0,
    lambda33: float = 1.1,
    lambda34: float = 0.03,
    V_start: float = 95.803,
    Bh_start: float = 37.839,
    BLh_start: float = 1.892,
    Bcb_start: float = 20.125,
    YD_start: float = 95.803,
) -> LP:
    """Money, bills and perpetual bonds, with both interest rates set by the authorities.

    Args:
        periods: how many to solve, at least 1.
        schedule: parameter -> {first period: value}; `r_b`, the rate on bills, and `p_bL`, the
            price of a bond that pays 1 a period, must be in it from period 1 on. `p_bL_e`, the
            price expected, is today's unless it is scheduled. Period 0 is as period 1 unless
            {0: ...} says otherwise.
        G: government spending a period.
        theta: share of income, interest included, paid in taxes.
        alpha1, alpha2: propensities to consume out of expected income and out of wealth.
        chi: how far an expected change of the bond's price counts as return.
        lambda20, lambda22, lambda23, lambda24: share of wealth wanted in bills: constant, per unit
            of r_b, less per unit of the bonds' return, less per unit of income over wealth.
        lambda30, lambda32, lambda33, lambda34: the same for bonds; r_b counts against.
        V_start, Bh_start, BLh_start, Bcb_start: wealth, bills and bonds of households and bills of
            the central bank at the start; the rest of wealth is money.
        YD_start: disposable income of period 0, which period 1 expects.

    Raises:
        UsageError: DP-160 or DP-161 for arguments that make no sense.
        DrypowderError: DP-162 for a model that does not come to rest.

    Source: Godley and Lavoie (2007), sections 5.2 to 5.7; start values from G. Zezza's programs.
    """
    values = {"r_b": SCHEDULED, "p_bL": SCHEDULED, "p_bL_e": As("p_bL"), "G": G, "theta": theta}
    values |= {"alpha1": alpha1, "alpha2": alpha2, "chi": chi}
    values |= dict(lambda20=lambda20, lambda22=lambda22, lambda23=lambda23, lambda24=lambda24)
    values |= dict(lambda30=lambda30, lambda32=lambda32, lambda33=lambda33, lambda34=lambda34)
    parameters, paths = parameter_paths(_Parameters, values, schedule, periods)
    refuse_explosive("model LP", parameters, _follow, 4)
    stocks = start_stocks(V=V_start, Bh=Bh_start, BLh=BLh_start, YD=YD_start, Bcb=Bcb_start)
    solved, last = march(_solve, parameters, _at(parameters[0].p_bL, **stocks))
    ledger = _booked(solved, last, paths)
    prices = {name: paths[name][1:] for name in ("G", "r_b", "p_bL")}
    return LP(**solved, **prices, Hs=-ledger.held("central_bank", "money"), ledger=ledger)


def _solve(now: _Parameters, before: _Parameters, last: _Period) -> _Period:
    """One after the other: consumption follows the income expected, not the income earned."""
    interest = before.r_b * last.Bh + last.BLh
    consumption = now.alpha1 * last.YD + now.alpha2 * last.V
    income = consumption + now.G
    taxes = now.theta * (income + interest)
    disposable = income + interest - taxes
    gain = (now.p_bL - before.p_bL) * last.BLh
    wealth = last.V + disposable - consumption + gain
    bills, bonds = _wanted(now, wealth=last.V + last.YD - consumption + gain, income=last.YD)
    sold = now.p_bL * (bonds - last.BLs)
    issued = last.Bs + now.G + before.r_b * last.Bs + last.BLs
    issued -= taxes + before.r_b * last.Bcb + sold
    return _Period(
        Y=income,
        YD=disposable,
        C=consumption,
        T=taxes,
        V=wealth,
        CG=gain,
        Bh=bills,
        BLh=bonds,
        Hh=wealth - bills - now.p_bL * bonds,
        Bs=issued,
        BLs=bonds,
        Bcb=issued - bills,
    )


def _wanted(now: _Parameters, *, wealth: float, income: float) -> tuple[float, float]:
    """Bills, and pieces of bonds, that people want at the wealth and income they expect."""
    bond_return = (1.0 + now.chi * (now.p_bL_e - now.p_bL)) / now.p_bL
    bills = now.lambda20 + now.lambda22 * now.r_b - now.lambda23 * bond_return
    bonds = now.lambda30 - now.lambda32 * now.r_b + now.lambda33 * bond_return
    bills = wealth * bills - now.lambda24 * income
    return bills, (wealth * bonds - now.lambda34 * income) / now.p_bL


def _at(price: float, V: float, Bh: float, BLh: float, YD: float, Bcb: float = 0.0) -> _Period:
    unknown = dict.fromkeys(("Y", "C", "T", "CG"), math.nan)
    money = V - Bh - price * BLh
    return _Period(**unknown, YD=YD, V=V, Bh=Bh, BLh=BLh, Hh=money, Bs=Bh + Bcb, BLs=BLh, Bcb=Bcb)


def _follow(regime: _Parameters, state: Sequence[float]) -> Sequence[float]:
    """Debt and the central bank's part of it follow from what households do."""
    found = _solve(regime, regime, _at(regime.p_bL, *state))
    return found.V, found.Bh, found.BLh, found.YD


def _booked(solved: Series, last: Series, paths: Series) -> Ledger:
    spending, rate = paths["G"][1:], paths["r_b"][:-1]
    price, price_before = paths["p_bL"][1:], paths["p_bL"][:-1]
    book = Book("Model LP", ECONOMY, len(spending), _opening(last, float(price_before[0])))
    book.pay("consumption", firms=solved["C"], households=-solved["C"])
    book.pay("government spending", firms=spending, government=-spending)
    book.pay("income", households=solved["Y"], firms=-solved["Y"])
    profit = rate * last["Bcb"]
    book.pay(
        "interest on bills",
        households=rate * last["Bh"],
        central_bank=profit,
        government=-rate * last["Bs"],
    )
    book.pay("interest on bonds", households=last["BLh"], government=-last["BLs"])
    book.pay("central bank profits", government=profit, central_bank=-profit)
    book.pay("taxes", government=solved["T"], households=-solved["T"])
    book.trade(
        "bills",
        "bills",
        households=solved["Bh"] - last["Bh"],
        central_bank=solved["Bcb"] - last["Bcb"],
        government=last["Bs"] - solved["Bs"],
    )
    bought = price * (solved["BLh"] - last["BLh"])
    book.trade(
        "bonds", "bonds", households=bought, government=-price * (solved["BLs"] - last["BLs"])
    )
    rise = price - price_before
    book.revalue("bonds", households=rise * last["BLh"], government=-rise * last["BLs"])
    return book.close()


def _opening(last: Series, price: float) -> dict[str, dict[str, float]]:
    start = {name: float(path[0]) for name, path in last.items()}
    bonds = price * start["BLh"]
    return {
        "money": {"households": start["Hh"], "central_bank": -start["Hh"]},
        "bills": {
            "households": start["Bh"],
            "central_bank": start["Bcb"],
            "government": -start["Bs"],
        },
        "bonds": {"households": bonds, "government": -bonds},
    }
