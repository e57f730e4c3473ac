"""What is announced, as USD bn per step: capex, cash flow, deficits, purchases, rates.

Capex of a firm: what it reported, then its guidance, then a fill rule. Inside a guided span the
quarters grow at one constant rate from the last reported quarter so that the span adds up to the
guidance. Amounts of a quarter or a month fall on its business days in equal parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from drypowder.errors import UsageError
from drypowder.scenarios.clock import BUSINESS_DAYS_A_YEAR, Clock, count
from drypowder.scenarios.events import called, dated_news, evidence, news_minutes, risk_off
from drypowder.scenarios.levers import levers
from drypowder.scenarios.quarters import Quarter
from drypowder.scenarios.scenario import Scenario
from drypowder.scenarios.schema import Firm, Guidance, Spell

OFFICIAL = ("bills", "treasuries", "agency_mbs")
_QUARTERS_A_YEAR = 4
_MONTHS_A_YEAR = 12
_A_DAY = np.timedelta64(1, "D")
_BUILD_YEARS = 0.25  # over which the Treasury account is built, and between steps of the rate
_FACTORS = (0.05, 20.0)  # growth of capex in a quarter that a guidance may imply


@dataclass(frozen=True, eq=False)
class Flows:
    """Announcements by step; amounts USD bn per step, rates decimals per year."""

    capex: np.ndarray
    operating_cash_flow: np.ndarray
    trend_operating_cash_flow: np.ndarray
    lab_spending: np.ndarray
    deficit: np.ndarray  # above trend
    treasury_account_build: np.ndarray  # above trend
    interest_in_deficit: np.ndarray  # one on days whose borrowing is known, interest included
    bills_for_notes: np.ndarray  # issued beyond the share of bills
    ai_bonds: np.ndarray  # sold whatever the gap
    official_purchases: np.ndarray  # (step, official), above trend
    policy_rate_change_pa: np.ndarray
    corporate_issuance: np.ndarray  # above trend
    corporate_buybacks: np.ndarray  # above trend
    called: np.ndarray  # capital calls of AI labs
    dated_news: np.ndarray  # (step, asset) log price
    news_minutes: np.ndarray  # in which the day's events were heard
    risk_off: np.ndarray  # level of lost risk appetite, log odds per unit of beta
    evidence: np.ndarray  # (step, regime) log likelihood of the day's announcement


def announce(scenario: Scenario, clock: Clock) -> Flows:
    """Everything the calendar of a scenario says, step by step."""
    trend = trend_levels(scenario, clock)
    steady = clock.settled_years * trend
    cash_flow, trend_cash_flow = _cash_flows(scenario, clock)
    file = scenario.file
    deficit = _deficit(scenario, steady) + spells(file.borrowing, "deficit", clock)
    build = _account_build(scenario, clock) + spells(file.treasury_account, "amount", clock)
    told = _told(file.borrowing, clock)
    return Flows(
        capex=_paced(scenario, _capex(scenario, clock), trend_cash_flow),
        operating_cash_flow=cash_flow,
        trend_operating_cash_flow=trend_cash_flow,
        lab_spending=_value(scenario, "lab_spending_usd_bn_pa") * steady,
        deficit=deficit,
        treasury_account_build=build,
        interest_in_deficit=told,
        bills_for_notes=told * _bills_for_notes(scenario, clock, deficit + build),
        ai_bonds=spells(file.ai_bonds, "amount", clock),
        official_purchases=_purchases(scenario, clock, trend),
        policy_rate_change_pa=_policy_rate(scenario, clock),
        corporate_issuance=_value(scenario, "corporate_issuance_usd_bn_pa") * steady,
        corporate_buybacks=_value(scenario, "corporate_buybacks_usd_bn_pa") * steady,
        called=called(scenario, clock),
        dated_news=dated_news(scenario, clock),
        news_minutes=news_minutes(scenario, clock),
        risk_off=risk_off(scenario, clock),
        evidence=evidence(scenario, clock),
    )


def trend_levels(scenario: Scenario, clock: Clock) -> np.ndarray:
    """exp(g t) at the start of each step."""
    return np.exp(_value(scenario, "trend_growth_pa") * clock.years_elapsed[:-1])


def quarterly_capex(firm: Firm, last: Quarter, rates: Mapping[str, float]) -> dict[str, float]:
    """Capex of a firm for each quarter up to `last`, USD bn: reported, guided, then filled.

    Args:
        rates: growth per year "after_guidance" and "without_guidance".
    """
    first = Quarter(firm.first_quarter)
    plan = {first.next(k).name: amount for k, amount in enumerate(firm.capex)}
    filled_from = first.next(len(firm.capex))
    if firm.guidance:
        filled_from = _follow_guidance(firm.name, firm.guidance, plan, filled_from)
    flat = 0 if firm.guidance else _QUARTERS_A_YEAR
    for k in range(last.number - filled_from.number + 1):
        rate = rates["without_guidance" if k < flat else "after_guidance"]
        before = plan[filled_from.next(k - 1).name]
        plan[filled_from.next(k).name] = before * (1.0 + rate) ** (1.0 / _QUARTERS_A_YEAR)
    return plan


def _follow_guidance(
    firm: str, guidance: Guidance, plan: dict[str, float], first_open: Quarter
) -> Quarter:
    """Fill the guided quarters that are not reported yet; return the first quarter after them."""
    guided = [Quarter(name) for name in guidance.quarters]
    ahead = [quarter for quarter in guided if quarter >= first_open]
    rest = guidance.central - sum(plan.get(q.name, 0.0) for q in guided if q < first_open)
    if not ahead:
        return first_open
    last = plan[first_open.next(-1).name]
    factor = _growth_factor(rest / last, len(ahead)) if last > 0.0 else None
    if ahead[0] != first_open or factor is None:
        raise UsageError(
            "DP-064",
            f"firm {firm}: its guidance leaves {rest:g} bn for {len(ahead)} quarters from "
            f"{ahead[0].name}, after {last:g} bn in {first_open.next(-1).name}.",
            "Guide the quarters right after the last reported one, with an amount in reach.",
        )
    for k, quarter in enumerate(ahead, start=1):
        plan[quarter.name] = last * factor**k
    return guided[-1].next()


def _growth_factor(total: float, quarters: int) -> float | None:
    """x with x + x^2 + ... = total, by bisection; None if out of reach."""
    low, high = _FACTORS
    powers = np.arange(1, quarters + 1)
    if not np.sum(low**powers) <= total <= np.sum(high**powers):
        return None
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if np.sum(middle**powers) < total else (low, middle)
    return 0.5 * (low + high)


def spread(amounts: Mapping[str, float], clock: Clock) -> np.ndarray:
    """Quarterly amounts on the business days of the clock, equal parts a day, USD bn per step."""
    total = np.zeros(len(clock.dates))
    for name, amount in amounts.items():
        first, end = (np.datetime64(day) for day in (Quarter(name).first_day, Quarter(name).end))
        total += amount * clock.business_days(first, end) / count(first, end)
    return total


def spells(rows: Sequence[Spell], field: str, clock: Clock) -> np.ndarray:
    """Amounts on the business days between two dates, equal parts a day, USD bn per step."""
    total = np.zeros(len(clock.dates))
    for row in rows:
        first, end = np.datetime64(row.first_day), np.datetime64(row.last_day) + _A_DAY
        days = count(first, end)
        total += getattr(row, field) * clock.business_days(first, end) / max(days, 1)
    return total


def _told(rows: Sequence[Spell], clock: Clock) -> np.ndarray:
    """One on steps that a row speaks of."""
    told = np.zeros(len(clock.dates))
    for row in rows:
        first, end = np.datetime64(row.first_day), np.datetime64(row.last_day) + _A_DAY
        told = np.maximum(told, clock.business_days(first, end) > 0)
    return told


def _bills_for_notes(scenario: Scenario, clock: Clock, borrowed: np.ndarray) -> np.ndarray:
    """Bills in the place of notes, so that as many notes are issued as was told."""
    share = 1.0 - _value(scenario, "bill_share")
    return share * borrowed - spells(scenario.file.borrowing, "notes", clock)


def _last_quarter(clock: Clock) -> Quarter:
    return Quarter.of(clock.ends[-1].astype(object))


def _capex(scenario: Scenario, clock: Clock) -> np.ndarray:
    kinds = ("after_guidance", "without_guidance")
    rates = {kind: _value(scenario, f"capex_growth_{kind}_pa") for kind in kinds}
    plans = [quarterly_capex(f, _last_quarter(clock), rates) for f in scenario.file.firm]
    return sum((spread(plan, clock) for plan in plans), np.zeros(len(clock.dates)))


def _paced(scenario: Scenario, capex: np.ndarray, trend_cash_flow: np.ndarray) -> np.ndarray:
    """The lever slows what exceeds trend, which is what the base year's cash flow pays for."""
    pace = _lever(scenario, "capex_pace")
    trend = (1.0 - _value(scenario, "payout_share")) * trend_cash_flow
    return capex if pace == 1.0 else np.maximum(trend + pace * (capex - trend), 0.0)


def _cash_flows(scenario: Scenario, clock: Clock) -> tuple[np.ndarray, np.ndarray]:
    """Operating cash flow, reported then grown, and the last four quarters before it on trend.

    A year's cash flow is centred on its middle, half a year before the first day.
    """
    start = Quarter.of(scenario.file.start)
    base = 0.0
    reported: dict[str, float] = {}
    for firm in scenario.file.firm:
        first = Quarter(firm.first_quarter)
        known = {first.next(k).name: x for k, x in enumerate(firm.operating_cash_flow)}
        year = [start.next(-k).name for k in range(1, _QUARTERS_A_YEAR + 1)]
        if not set(year) <= set(known):
            raise UsageError(
                "DP-065",
                f"firm {firm.name}: operating_cash_flow lacks a quarter of the year before "
                f"{start.name}, which is the trend.",
                f"Start first_quarter at {year[-1]} or before.",
            )
        base += sum(known[name] for name in year)
        for name, amount in known.items():
            reported[name] = reported.get(name, 0.0) + amount
    growth = _value(scenario, "operating_cash_flow_growth_pa")
    filled = _grown(reported, _last_quarter(clock), growth)
    # years since the middle of the base year, at the middle of each step
    elapsed = clock.years_elapsed[:-1] + 0.5 * clock.dt_years + 0.5
    trend = np.exp(_value(scenario, "trend_growth_pa") * elapsed)
    return spread(filled, clock), base * trend * clock.settled_years


def _grown(reported: dict[str, float], last: Quarter, growth: float) -> dict[str, float]:
    """Quarters after the last reported one: the mean of the last four grows from their middle."""
    if not reported:
        return {}
    end = max(Quarter(name) for name in reported)
    level = sum(reported[end.next(-k).name] for k in range(_QUARTERS_A_YEAR)) / _QUARTERS_A_YEAR
    filled = dict(reported)
    for k in range(1, last.number - end.number + 1):
        years = (k + 0.5 * (_QUARTERS_A_YEAR - 1)) / _QUARTERS_A_YEAR
        filled[end.next(k).name] = level * (1.0 + growth) ** years
    return filled


def _deficit(scenario: Scenario, steady: np.ndarray) -> np.ndarray:
    """Deficit less what balanced growth of the debt already borrows, USD bn per step.

    On trend the Treasury owes g more a year on its bills and bonds, less g more in its account.
    """
    total = scenario.setting("deficit_usd_bn_pa")
    if total is None:
        return np.zeros(len(steady))
    names = ("bills", "treasuries", "treasury_account")
    debt = -_owned(scenario, "government", names)
    return (total - _value(scenario, "trend_growth_pa") * debt) * steady


def _account_build(scenario: Scenario, clock: Clock) -> np.ndarray:
    """The lever's amount over the first quarter of a year, in equal parts a business day."""
    done = np.minimum(np.cumsum(clock.settled_years), _BUILD_YEARS) / _BUILD_YEARS
    return _lever(scenario, "treasury_account_build_usd_bn") * np.diff(done, prepend=0.0)


def _purchases(scenario: Scenario, clock: Clock, trend: np.ndarray) -> np.ndarray:
    """Purchases above trend (step, official); announced paces include what trend supplies."""
    total = np.zeros((len(clock.dates), len(OFFICIAL)))
    on_trend = _value(scenario, "trend_growth_pa") * _owned(scenario, "central_bank", OFFICIAL)
    for row in scenario.file.purchases:
        last = row.last_day or clock.ends[-1].astype(object)
        days = clock.business_days(
            np.datetime64(row.first_day), np.datetime64(last) + np.timedelta64(1, "D")
        )
        pace = _MONTHS_A_YEAR * row.amount - (0.0 if row.above_trend else on_trend * trend)
        pace = pace if row.above_trend else np.maximum(pace, 0.0)
        total[:, OFFICIAL.index(row.instrument)] += pace * days / BUSINESS_DAYS_A_YEAR
    for name, lever in levers().items():
        if lever.target_kind == "purchases":
            yearly = _MONTHS_A_YEAR * _lever(scenario, name)
            total[:, OFFICIAL.index(lever.target_name)] += yearly * clock.settled_years
    return total


def _policy_rate(scenario: Scenario, clock: Clock) -> np.ndarray:
    """Deviation from the opening rate: the last announced one, plus the lever in four steps."""
    change = np.zeros(len(clock.dates))
    for row in sorted(scenario.file.policy_rate, key=lambda r: r.first_day):
        change[clock.dates >= np.datetime64(row.first_day)] = row.change
    steps = np.floor(clock.years_elapsed[:-1] / _BUILD_YEARS + 1e-9) + 1.0
    return change + _lever(scenario, "policy_rate_change") * np.minimum(steps, 4.0) / 4.0


def _owned(scenario: Scenario, role: str, instruments: tuple[str, ...]) -> float:
    """What the sector with a role owns net of some instruments at the opening, USD bn."""
    sheet = scenario.sheet
    row = sheet.net_usd_bn[sheet.economy.role(role)]
    return float(sum(row[sheet.economy.instrument(name)] for name in instruments))


def _lever(scenario: Scenario, name: str) -> float:
    return scenario.setting(name) or 0.0


def _value(scenario: Scenario, name: str) -> float:
    return scenario.parameters[name].value
