"""Claim 1: AI capex works like fiscal stimulus: bonds are issued or assets sold, the cash is spent.

An extra dollar of capex is paid with new debt, with cash and securities given up, or with what the
firm earns. Only the first two ask other people to hold something more:
    debt raised_ft = firm_f + share * capex_ft + error,    quarters t, firms f
Source of the deposit law behind it: Godley and Lavoie 2007. Sign: above zero as the essay says.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims._dated import dated
from drypowder.measure.claims.claim import (
    CONTROL,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.statistics import block_interval, dates_of
from drypowder.measure.statistics.panel import panel_slope

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

_FIRMS = ("MSFT", "GOOGL", "AMZN", "META")  # those that file long-term debt quarter by quarter
_FIRST, _LAST = date(2022, 1, 1), date(2026, 6, 30)
REGISTRATION = Registration(
    number=1,
    slug="capex-as-stimulus",
    needs=tuple(f"{what}:{firm}" for what in ("capex", "debt") for firm in _FIRMS),
    optional=(
        *(f"{what}:{firm}" for what in ("ocf", "cash") for firm in _FIRMS),
        "capex:ORCL",
        "ocf:ORCL",
    ),
    window=(_FIRST, _LAST),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.25,  # half of Morgan Stanley's share from outside, July 2025
    unit="per_dollar",
    fewest=40,  # firm quarters
)
_BLOCK_QUARTERS = 4.0  # a year: best coverage of the lengths tried on worlds with rare deals
_LONGEST_QUARTER_DAYS = 100
_YEAR_QUARTERS = 4
_WAVE = np.datetime64("2026-06")  # three quarters of bonds are then filed
_GOVERNMENTS = (
    ("meta_governments_2025h1", "meta_governments_2025"),
    ("alphabet_governments_2024", "alphabet_governments_2025"),
    ("microsoft_governments_2025q2", "microsoft_governments_2025q3"),
)


def measure(known: Known) -> Finding:
    """Dollars of long-term debt raised for each extra dollar of capex, firm by firm."""
    for name in REGISTRATION.needs:
        known.series(name)  # says what to pull
    quarters, capex, debt = _panel(known, "debt")
    count = int(np.isfinite(debt).sum())
    REGISTRATION.require(count)
    made = block_interval(
        within_slope, capex, debt, level=REGISTRATION.level, block=_BLOCK_QUARTERS
    )
    return Finding(
        effect=made.effect, low=made.low, high=made.high, p_value=made.p_value,
        observations=count, first=_day(quarters[0]), last=_day(quarters[-1]),
        parts=(
            _remembering(capex, debt), *_recent(capex, debt), *_other_money(known),
            *_oracle(known), *_securities(known), *_all_bonds(known),
        ),
        caveats=(
            "few_stretches", "long_term_debt_only",
            *(("three_quarters",) if quarters[-1] >= _WAVE else ()),
            "spending_moves_money", "not_measured",
        ),
    )  # fmt: skip


def within_slope(capex: NDArray, money: NDArray) -> float:
    """Dollars of money per dollar of capex, each firm's mean taken out.

    Args:
        capex, money: [quarter, firm], NaN where a figure is missing.
    """
    both = np.isfinite(capex) & np.isfinite(money)
    count = np.maximum(both.sum(axis=0), 1)
    x = np.where(both, capex - np.where(both, capex, 0.0).sum(axis=0) / count, 0.0)
    y = np.where(both, money - np.where(both, money, 0.0).sum(axis=0) / count, 0.0)
    spread = float((x * x).sum())
    return float((x * y).sum()) / spread if spread > 0.0 else np.nan


def _panel(known: Known, what: str) -> tuple[NDArray, NDArray, NDArray]:
    """Quarters [quarter]; capex and a flow, or the change of a stock, both [quarter, firm]."""
    flows = [
        (_by_quarter(known.find(f"capex:{f}")), _by_quarter(known.find(f"{what}:{f}"), what))
        for f in _FIRMS
    ]
    quarters = np.array(sorted(set().union(*(a.keys() & b.keys() for a, b in flows))))
    capex, money = (
        np.array([[pair[k].get(q, np.nan) for pair in flows] for q in quarters]) for k in (0, 1)
    )
    both = np.isfinite(capex * money)
    return quarters, np.where(both, capex, np.nan), np.where(both, money, np.nan)


def _by_quarter(series: Observed | None, what: str = "flow") -> dict[np.datetime64, float]:
    """Figure by the month its quarter ended in; of stocks, the change from the quarter before."""
    if series is None:
        return {}
    days, values = dates_of(series), series.values
    if what in ("debt", "cash"):
        apart = np.diff(days).astype(int) <= _LONGEST_QUARTER_DAYS
        days, values = days[1:][apart], np.diff(values)[apart]
    first, last = map(np.datetime64, REGISTRATION.window)
    kept = (days >= first) & (days <= last) & np.isfinite(values)
    return dict(zip(days[kept].astype("datetime64[M]"), values[kept].tolist(), strict=True))


def _remembering(capex: NDArray, debt: NDArray) -> Part:
    """The same slope with errors for memory and for what all firms share in a quarter."""
    made = panel_slope(capex, debt, level=REGISTRATION.level)
    return Part("remembering", made.effect, made.low, made.high, kind=CONTROL,
                p_value=made.p_value, observations=made.observations)  # fmt: skip


def _recent(capex: NDArray, debt: NDArray) -> list[Part]:
    """Debt raised as a share of all capex, last year and before."""
    found = []
    for key, rows in (("last_year", slice(-_YEAR_QUARTERS, None)),
                      ("before", slice(None, -_YEAR_QUARTERS))):  # fmt: skip
        spent = float(np.nansum(capex[rows]))
        if spent > 0.0:
            found.append(Part(key, float(np.nansum(debt[rows])) / spent, unit="per_dollar"))
    return found


def _other_money(known: Known) -> list[Part]:
    """The same slope for the other two purses: cash given up, and earnings."""
    found = []
    for key, what, sign in (("cash_given_up", "cash", -1.0), ("earnings", "ocf", 1.0)):
        _, capex, money = _panel(known, what)
        count = int(np.isfinite(money).sum())
        if count >= REGISTRATION.fewest:
            made = block_interval(
                within_slope, capex, sign * money, level=REGISTRATION.level, block=_BLOCK_QUARTERS
            )
            found.append(
                Part(
                    key, made.effect, made.low, made.high, kind=CONTROL, p_value=made.p_value,
                    observations=count,
                )
            )  # fmt: skip
    return found


def _oracle(known: Known) -> list[Part]:
    """Capex that Oracle could not pay out of earnings, last four quarters known."""
    series = known.table(["capex:ORCL", "ocf:ORCL"])
    if len(series) < 2:
        return []
    spent, earned = (_by_quarter(series[f"{what}:ORCL"]) for what in ("capex", "ocf"))
    both = sorted(spent.keys() & earned.keys())[-_YEAR_QUARTERS:]
    return [Part("oracle_gap", sum(spent[q] - earned[q] for q in both), unit="usd_bn")]


def _securities(known: Known) -> list[Part]:
    """Government paper that three of the firms bought (+) or sold (-), from their filings."""
    pairs = [(dated(known, before), dated(known, after)) for before, after in _GOVERNMENTS]
    moved = [after.value - before.value for before, after in pairs if before and after]
    if not moved:
        return []
    return [Part("governments_bought", sum(moved), unit="usd_bn", observations=len(moved))]


def _all_bonds(known: Known) -> list[Part]:
    """Net corporate bonds that somebody had to take, at annual rates."""
    keys = ("corporate_bonds_2025", "corporate_bonds_2026q1")
    found = [(key, dated(known, key)) for key in keys]
    return [Part(key, row.value, unit="usd_bn") for key, row in found if row is not None]


def _day(month: np.datetime64) -> date:
    """Last day of a month."""
    following = month + np.timedelta64(1, "M")
    return (following.astype("datetime64[D]") - np.timedelta64(1, "D")).item()
