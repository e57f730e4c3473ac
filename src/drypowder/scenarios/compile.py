"""A scenario as arrays: what the engine reads, built here and nowhere else."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from drypowder.channels.capital_call import CallParameters
from drypowder.channels.conviction import ConvictionParameters
from drypowder.channels.day import Day
from drypowder.channels.expectations import ExpectationParameters
from drypowder.channels.income import IncomeParameters
from drypowder.channels.issuance import IssuanceParameters
from drypowder.channels.margin import MarginParameters
from drypowder.channels.redemption import RedemptionParameters
from drypowder.channels.venues import VenueParameters
from drypowder.engine.simulate import Inputs
from drypowder.engine.world import Parameters, ShockParameters, ValuationParameters
from drypowder.markets.demand import DemandParameters
from drypowder.markets.reserves import ReserveParameters
from drypowder.scenarios.announce import announce, trend_levels
from drypowder.scenarios.clock import Clock, make_clock
from drypowder.scenarios.levers import levers
from drypowder.scenarios.scenario import Scenario, load
from drypowder.scenarios.worlds import world_arrays

COMPANIONS = {
    "without_ai_capex": {"ai_capex": 0.0},
    "plus_100bn_ai_bonds": {"extra_bonds_usd_bn": 100.0},
    "fed_absorbs": {"fed_absorbs": 1.0},
    "no_income": {"income": 0.0},
}
REPLAY_COMPANIONS = {"without_venues": {"venues": 0.0}}  # targets ask what perpetuals added


def compile_inputs(
    scenario: Scenario | str, *, years: float | None = None, seed: int = 0
) -> Inputs:
    """Everything that the engine needs to run a scenario.

    Args:
        scenario: a Scenario, or what `load` takes.
        years: horizon instead of the scenario's own.
        seed: of the parameter draws; path 0 is central whatever it is.

    Raises:
        UsageError: DP-064, DP-065 for announcements that cannot be laid out on the calendar.
    """
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    file, sheet = scenario.file, scenario.sheet
    clock = make_clock(file.clock, file.start, file.years if years is None else years)
    cleared = sheet.economy.columns("cleared")
    return Inputs(
        name=scenario.name,
        economy=sheet.economy,
        units=np.array(sheet.net_usd_bn),
        issued=np.array(sheet.issued_usd_bn[:, cleared]),
        dates=clock.dates,
        days=_days(scenario, clock),
        draw=lambda paths: _parameters(scenario, np.asarray(paths), seed),
        levers=_switches(scenario),
        companions={**COMPANIONS, **(REPLAY_COMPANIONS if file.target else {})},
        digest=scenario.digest,
    )


def _days(scenario: Scenario, clock: Clock) -> Day:
    """The calendar, one row a step."""
    flows, steps = announce(scenario, clock), len(clock.dates)
    level = trend_levels(scenario, clock)
    growth = scenario.parameters["trend_growth_pa"].value * clock.dt_years
    rows = {
        "dt_years": np.full(steps, clock.dt_years),
        "business": clock.business,
        "market_open": _market_open(scenario, clock),
        "trend_level": level,
        "trend_growth": level * np.expm1(growth),
        "capex_usd_bn": flows.capex,
        "operating_cash_flow_usd_bn": flows.operating_cash_flow,
        "trend_operating_cash_flow_usd_bn": flows.trend_operating_cash_flow,
        "lab_spending_usd_bn": flows.lab_spending,
        "deficit_usd_bn": flows.deficit,
        "interest_in_deficit": flows.interest_in_deficit,
        "bill_share": np.full(steps, scenario.parameters["bill_share"].value),
        "bills_for_notes_usd_bn": flows.bills_for_notes,
        "treasury_account_build_usd_bn": flows.treasury_account_build,
        "official_purchases_usd_bn": flows.official_purchases,
        "policy_rate_change_pa": flows.policy_rate_change_pa,
        "corporate_issuance_usd_bn": flows.corporate_issuance,
        "corporate_buybacks_usd_bn": flows.corporate_buybacks,
        "ai_bonds_usd_bn": flows.ai_bonds,
        "bank_loan_share": np.full(steps, scenario.parameters["bank_loan_share"].value),
        "ai_debt_duration_years": np.full(
            steps, scenario.parameters["ai_debt_duration_years"].value
        ),
        "programme_share": _programme_share(clock),
        "called_usd_bn": flows.called,
        "dated_news": flows.dated_news,
        "news_minutes": flows.news_minutes,
        "risk_off": flows.risk_off,
        "evidence": flows.evidence,
    }
    return Day(number=jnp.arange(steps), **_floats(rows))


def _programme_share(clock: Clock) -> np.ndarray:
    """An extra bond programme is sold evenly over the business days of its first quarter."""
    started = np.arange(len(clock.dates)) * clock.dt_years < 0.25
    days = clock.business * started
    return days / max(days.sum(), 1.0)


def _market_open(scenario: Scenario, clock: Clock) -> np.ndarray:
    """One where an asset trades (step, asset): crypto always, the rest on business days."""
    economy = scenario.sheet.economy
    crypto = [i.group == "crypto" for i in economy.instruments[economy.columns("cleared")]]
    return np.maximum(clock.business[:, None], np.array(crypto, dtype=float)[None, :])


def parameters_of(scenario: Scenario, changed: dict[str, np.ndarray], *, paths: int) -> Parameters:
    """Central parameters in every path, except those given by name, one value a path."""
    return _parameters(scenario, np.zeros(paths, dtype=int), 0, changed)


def _parameters(
    scenario: Scenario, paths: np.ndarray, seed: int, changed: dict[str, np.ndarray] | None = None
) -> Parameters:
    arrays = world_arrays(scenario, paths, seed, changed)
    parts = {
        "demand": DemandParameters,
        "reserves": ReserveParameters,
        "income": IncomeParameters,
        "issuance": IssuanceParameters,
        "valuation": ValuationParameters,
        "shocks": ShockParameters,
        "call": CallParameters,
        "redemption": RedemptionParameters,
        "margin": MarginParameters,
        "conviction": ConvictionParameters,
        "expectations": ExpectationParameters,
        "venues": VenueParameters,
    }
    return Parameters(**{k: part(**_floats(arrays[k])) for k, part in parts.items()})


def _floats(arrays: dict[str, np.ndarray]) -> dict[str, jnp.ndarray]:
    return {name: jnp.asarray(array, dtype=jnp.float64) for name, array in arrays.items()}


def _switches(scenario: Scenario) -> dict[str, float]:
    """Levers of the engine that the scenario sets otherwise than it would; a choice as position."""
    named = {lever.target_name: name for name, lever in levers().items()
             if lever.target_kind == "switch" and name in scenario.levers}  # fmt: skip
    return {field: scenario.levers[name] for field, name in named.items()}
