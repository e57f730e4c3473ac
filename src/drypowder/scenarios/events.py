"""What happens on a day and not over a quarter: calls, news, lost appetite for risk, evidence.

Rows that belong to one day are heard on it, or on the next open day of the market that they
concern; crypto never closes. What happened before the first day is in the opening sheet already.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.channels.day import REGIMES
from drypowder.scenarios.clock import Clock, next_business_day
from drypowder.scenarios.scenario import Scenario
from drypowder.scenarios.schema import MINUTES_A_DAY, News, RiskOff

_DAYS_A_WEEK = 7


def called(scenario: Scenario, clock: Clock) -> np.ndarray:
    """Capital called by AI labs, USD bn per step: each row in equal parts on its days.

    The contingent share is not called in the central case; the lever scales what is.
    """
    total = np.zeros(len(clock.dates))
    scale = scenario.setting("call_scale") or 0.0
    for row in scenario.file.call:
        instalment = scale * (1.0 - row.contingent) * row.amount / len(row.due)
        for day in row.due:
            step = clock.step_of(day)
            if step is not None:
                total[step] += instalment
    return total


def dated_news(scenario: Scenario, clock: Clock) -> np.ndarray:
    """Log price change by events from outside the model (step, asset)."""
    economy = scenario.sheet.economy
    names = economy.names("cleared")
    total = np.zeros((len(clock.dates), len(names)))
    for row in scenario.file.news:
        steps = _steps_heard(row, economy, clock)
        for step in steps:
            if step is not None:
                total[step, names.index(row.instrument)] += row.change / len(steps)
    return total


def _steps_heard(row: News, economy: Economy, clock: Clock) -> list[int | None]:
    """Steps of the open days that share a figure equally: at least one, None outside the run."""
    never_closes = economy.instruments[economy.instrument(row.instrument)].group == "crypto"
    last = row.last_day or row.day
    days = [row.day + timedelta(days=k) for k in range((last - row.day).days + 1)]
    if not never_closes:
        days = [day for day in days if next_business_day(day) == np.datetime64(day)]
    return [clock.step_of(day, always_open=never_closes) for day in days or [row.day]]


def risk_off(scenario: Scenario, clock: Clock) -> np.ndarray:
    """Level of lost risk appetite, log odds per unit of beta: every row fades at its own pace.

    The lever is the size of the first row, the others in proportion; without a row, of a shock
    on the first day that fades with the half-life of the parameter.
    """
    given, rows = scenario.setting("risk_off"), scenario.file.risk_off
    if given is not None and not rows:
        rows = (_on_the_first_day(scenario),)
    scale = 1.0
    if given is not None:
        scale = given / rows[0].size if rows[0].size else 0.0
    total = np.zeros(len(clock.dates))
    for row in rows:
        step = clock.step_of(row.day, always_open=True)
        if step is not None:
            days = (clock.dates[step:] - clock.dates[step]) / np.timedelta64(1, "D")
            total[step:] += scale * row.size * 0.5 ** (days / row.half_life_days)
    return total


def _on_the_first_day(scenario: Scenario) -> RiskOff:
    file = scenario.file
    weeks = scenario.parameters["risk_off_half_life_weeks"].value
    return RiskOff(
        day=file.start,
        size=1.0,
        unit="log odds per unit of beta",
        half_life_days=_DAYS_A_WEEK * weeks,
        known_on=file.known_on,
        source="lever risk_off",
    )


def news_minutes(scenario: Scenario, clock: Clock) -> np.ndarray:
    """Minutes in which the day's events were heard: the fastest one's, a whole day without any."""
    economy, file = scenario.sheet.economy, scenario.file
    shortest = np.full(len(clock.dates), MINUTES_A_DAY)
    heard = [(row.minutes, _steps_heard(row, economy, clock)) for row in file.news]
    heard += [(row.minutes, [clock.step_of(row.day, always_open=True)]) for row in file.risk_off]
    for minutes, steps in heard:
        for step in (step for step in steps if step is not None):
            shortest[step] = min(shortest[step], minutes)
    return shortest


def evidence(scenario: Scenario, clock: Clock) -> np.ndarray:
    """Log likelihood of the day's announcements (step, regime), the likeliest regime at zero."""
    total = np.zeros((len(clock.dates), len(REGIMES)))
    for row in scenario.file.evidence:
        step = clock.step_of(row.day, always_open=True)
        if step is not None:
            total[step] += np.log([getattr(row.likelihood, regime) for regime in REGIMES])
    return total - total.max(axis=1, keepdims=True)
