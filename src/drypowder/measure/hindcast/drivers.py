"""What the world outside the model did since end-2022, as one scenario.

Purchases and run-off of the Fed, the policy rate, the Treasury's account, what it borrowed and in
which maturity, the capex and cash flow of five firms and the bonds they sold. Rows are changes
above balanced growth, which the model adds by itself. A series that is missing leaves its part on
trend, and says so. No parameter is estimated: the shipped ones are used, but for three that were
learned after the cut, which are set from what was known before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.errors import UsageError
from drypowder.measure.hindcast import _official as official
from drypowder.measure.hindcast._rows import (
    A_DAY,
    FIRST_STEP,
    MISSING,
    OBSERVED,
    PARTLY,
    PUBLISHED,
    Driver,
    Rows,
    Trend,
    business_days,
    opening,
)
from drypowder.measure.hindcast.settings import REPLACED, setting, settings
from drypowder.measure.refused import refused
from drypowder.scenarios.clock import BUSINESS_DAYS_A_YEAR
from drypowder.scenarios.quarters import Quarter
from drypowder.scenarios.scenario import Scenario, load, restore

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

BASE = "hoards"  # shipped scenario with the end-2022 sheet and the figures of five firms
_FIELDS = ("value", "low", "high", "unit", "source", "why", "known_on")  # of a parameter


@dataclass(frozen=True)
class Driven:
    """The scenario of what happened outside the model, and where each part of it comes from."""

    scenario: Scenario
    drivers: tuple[Driver, ...]


def drive(known: Known, last_day: date) -> Driven:
    """The scenario in which everything outside the model happens as it did.

    Args:
        known: what was known later cannot enter.
        last_day: of the simulation.

    Raises:
        DataMissingError: DP-222 when not even the Fed's Treasuries are known.
        UsageError: DP-224 if a parameter was learned after the cut.
    """
    base = load(BASE)
    trend = Trend(base.parameters["trend_growth_pa"].value)
    bought = official.purchases(known, last_day, trend, base)
    kept = official.account(known, last_day, trend, base)
    parts = {
        "purchases": bought,
        "policy_rate": [official.policy_rate(known, last_day)],
        "treasury_account": [kept],
        "borrowing": [official.borrowing(known, last_day, trend, base, kept)],
        "firm": [_firms(known, base)],
        "ai_bonds": [_ai_bonds(known, last_day, trend, base)],
    }
    rows = {
        kind: [_rounded(row) for part in found for row in part.rows]
        for kind, found in parts.items()
    }
    scenario = restore(_file(base, rows, known, last_day))
    _refuse_hindsight(scenario)
    return Driven(scenario, tuple(part.driver for found in parts.values() for part in found))


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    """Amounts to a thousand dollars: the last bit of a sum is NumPy's, and the hash would tell."""
    return {k: round(v, 6) if isinstance(v, float) else v for k, v in row.items()}


def _file(base: Scenario, rows: dict[str, Any], known: Known, last_day: date) -> dict[str, Any]:
    """The scenario as rows: the base, what happened, and numbers known before the cut."""
    replaced = {name: {k: settings()[name][k] for k in _FIELDS} for name in REPLACED}
    return {
        **base.file.model_dump(),
        **rows,
        "name": "hindcast",
        "title": "What happened outside the model since end-2022",
        "known_on": max(known.as_of.date(), setting("cut")),  # rows bring their own, earlier days
        "start": FIRST_STEP,
        "years": business_days(FIRST_STEP, last_day) / BUSINESS_DAYS_A_YEAR,
        "parameters": {**base.file.parameters, **replaced},
    }


def _refuse_hindsight(scenario: Scenario) -> None:
    """What behaviour is like must have been known by the cut, whatever happened later."""
    cut = setting("cut")
    late = [p for p in scenario.parameters.values() if p.known_on and p.known_on > cut]
    if late:
        names = ", ".join(f"{p.name} ({p.known_on})" for p in late)
        raise refused(UsageError, "DP-224", cut=cut, names=names)


def _firms(known: Known, base: Scenario) -> Rows:
    """Capex and operating cash flow of five firms, for the quarters whose reports were out."""
    as_of = known.as_of.date()
    out = as_of - timedelta(days=setting("report_lag_days"))
    names = [f"{what}:{firm.name}" for what in ("capex", "ocf") for firm in base.file.firm]
    stored = {name: each for name, each in known.table(names).items() if not each.starter}
    rows: list[dict[str, Any]] = []
    first: list[date] = []
    last: list[date] = []
    read: list[str] = []
    for firm in base.file.firm:
        begin = Quarter(firm.first_quarter)
        count = sum(begin.next(k).end <= out for k in range(len(firm.capex)))
        own = _reported(stored, firm.name, begin)
        if own is None:
            spent, earned = firm.capex[:count], firm.operating_cash_flow[:count]
            told = min(firm.known_on, as_of)
        else:
            spent, earned, told = own
            count = len(spent)
            read.append(firm.name)
        rows.append({**firm.model_dump(), "capex": spent, "operating_cash_flow": earned,
                     "known_on": told})  # fmt: skip
        first.append(begin.first_day)
        last.append(begin.next(count).first_day - A_DAY)
    total = sum(sum(row["capex"][4:]) for row in rows)
    newest = max(row["known_on"] for row in rows)
    status = OBSERVED if len(read) == len(rows) else PARTLY if read else PUBLISHED
    source = tuple(f"capex:{firm.name}" for firm in base.file.firm)
    driver = Driver("firms", status, source, min(first), max(last), newest, False, total)
    return Rows(driver, rows)


def _reported(
    stored: Mapping[str, Observed], firm: str, begin: Quarter
) -> tuple[tuple[float, ...], tuple[float, ...], date] | None:
    """Capex and operating cash flow quarter by quarter, and when the newest was known.

    None unless both are stored for every quarter from the first one on, to at least end-2022.
    """
    series = [stored.get(f"{what}:{firm}") for what in ("capex", "ocf")]
    if any(each is None for each in series):
        return None
    both = [_by_quarter(each, begin) for each in series if each is not None]
    count = 0
    while all(count in each for each in both):
        count += 1
    if begin.next(count).first_day < FIRST_STEP.replace(day=1):
        return None
    spent, earned = (tuple(each[k][0] for k in range(count)) for each in both)
    return spent, earned, max(each[k][1] for each in both for k in range(count))


def _by_quarter(observed: Observed, begin: Quarter) -> dict[int, tuple[float, date]]:
    """Amount and known date by quarter; a fiscal quarter that closes early counts as its own."""
    days = observed.observed_on.astype("datetime64[D]").tolist()
    known = observed.known_on.astype("datetime64[D]").tolist()
    return {
        Quarter.of(day).number - begin.number: (float(value), told)
        for day, value, told in zip(days, observed.values, known, strict=True)
    }


def _ai_bonds(known: Known, last_day: date, trend: Trend, base: Scenario) -> Rows:
    """Rise of the firms' long-term debt, quarter by quarter, where both ends were reported."""
    names = [f"debt:{firm.name}" for firm in base.file.firm]
    found = known.table(names)
    owed = -opening(base, base.sheet.economy.sector("hyperscalers"), "ig_credit")
    quarters = Quarter.of(last_day).number - Quarter.of(FIRST_STEP).number + 1
    rows: list[dict[str, Any]] = []
    total = 0.0
    for k in range(quarters):
        quarter = Quarter.of(FIRST_STEP).next(k)
        changes = [c for c in (_change(each, quarter) for each in found.values()) if c]
        if not changes:
            continue
        change = sum(amount for amount, _ in changes)
        first, last = quarter.first_day, min(quarter.next().first_day - A_DAY, last_day)
        first = max(first, FIRST_STEP)
        total += change
        rows.append({
            "first_day": first, "last_day": last, "unit": "USD bn",
            "amount": change - owed * trend.grown(first, last),
            "known_on": max(told for _, told in changes), "source": "SEC EDGAR company facts",
        })  # fmt: skip
    if not rows:
        return Rows(Driver("ai_bonds", MISSING, tuple(names)), [])
    driver = Driver(
        "ai_bonds", OBSERVED, tuple(found), rows[0]["first_day"], rows[-1]["last_day"],
        max(row["known_on"] for row in rows), any(v.starter for v in found.values()), total,
    )  # fmt: skip
    return Rows(driver, rows)


def _change(observed: Observed, quarter: Quarter) -> tuple[float, date] | None:
    """Change over a quarter and the day it was known, if both its ends were reported.

    A fiscal quarter that closes a month early stands for the calendar quarter it mostly lies in.
    """
    days = observed.observed_on.astype("datetime64[D]")
    ends = [np.datetime64(q.end) - np.timedelta64(1, "D") for q in (quarter.next(-1), quarter)]
    slack = np.timedelta64(31, "D")
    places = [np.flatnonzero((days <= end) & (days > end - slack)) for end in ends]
    if not all(len(place) for place in places):
        return None
    before, after = (int(place[-1]) for place in places)
    told = observed.known_on[after].astype("datetime64[D]").item()
    return float(observed.values[after] - observed.values[before]), told
