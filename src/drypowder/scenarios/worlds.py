"""Parameters of many worlds as arrays, by the part of the engine that reads them.

Axes: sectors and instruments in the order of the economy, path last, float64.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.errors import UsageError
from drypowder.scenarios.forces import force_arrays
from drypowder.scenarios.priors import Arrays, by_asset, by_sector, draw, scalars, summing_to_one
from drypowder.scenarios.scenario import Scenario

_WEEKS_A_YEAR = 52
# Who plays which part.
_CAST = {
    "capex_share": "hyperscalers",
    "lab_share": "ai_labs",
    "firm_share": "other_firms",
    "import_recipient": "rest_of_world",
    "wealth_spender": "households",
}
# Whose receipts are whose earnings, and which listed asset an appraisal follows.
_EARNERS = {
    "equity_chips": "chip_memory_firms",
    "equity_memory": "chip_memory_firms",
    "equity_software": "other_firms",
    "equity_broad": "other_firms",
}
_TWINS = {"private_credit": "hy_and_loans", "private_ai_equity": "equity_speculative"}


def world_arrays(
    scenario: Scenario, paths: np.ndarray, seed: int, changed: Arrays | None = None
) -> dict[str, Arrays]:
    """Arrays of every parameter module, by module and field.

    Args:
        changed: values (path,) that replace those drawn, by parameter name.
    """
    drawn = {**draw(scenario.parameters, paths, seed), **(changed or {})}
    economy = scenario.sheet.economy
    return {
        "demand": _demand(drawn, economy),
        "reserves": scalars(drawn, _RESERVES),
        "income": _income(drawn, scenario, economy),
        "issuance": _issuance(drawn, scenario, economy),
        "valuation": _valuation(drawn, economy),
        "shocks": _shocks(drawn, economy),
        **force_arrays(drawn, economy),
    }


_RESERVES = (
    "bank_assets_usd_bn",
    "satiation_share",
    "turnover_share",
    "inventory_share",
    "lambda_bar_bp",
    "x_min",
    "lambda_smoothing",
    "standing_repo_cap_bp",
    "rrp_smoothing_usd_bn",
)
_DEMAND = (
    "crypto_excess_money_usd_bn",
    "desired_liquidity_per_bp",
    "bank_securities_capacity_usd_bn",
    "short_rate_reversion_pa",
    "policy_rate_reversion_pa",
)
_ISSUANCE = (
    "payout_share",
    "buyback_share",
    "cash_floor_share",
    "user_cost_elasticity",
    "lab_cash_floor_share",
)
_VALUATION = (
    "earnings_elasticity",
    "earnings_persistence_years",
    "receipts_memory_years",
    "bill_rate_pa",
    "bank_loan_spread_pa",
    "bill_spread_bp_per_100bn",
    "working_deposit_share",
)


def _demand(drawn: Arrays, economy: Economy) -> Arrays:
    spread = by_asset(drawn, "spread_duration_years", economy)
    assets = economy.names("cleared")
    rate = [drawn.get(f"rate_duration_years.{a}", spread[k]) for k, a in enumerate(assets)]
    sectors = (
        "participation",
        "kappa_sector_factor",
        "desired_liquidity_share",
        "funding_spread_loading",
    )
    return {
        **scalars(drawn, _DEMAND),
        **{table: by_sector(drawn, table, economy) for table in sectors},
        "kappa": by_asset(drawn, "kappa", economy),
        "spread_duration_years": spread,
        "rate_duration_years": np.stack(rate),
    }


def _income(drawn: Arrays, scenario: Scenario, economy: Economy) -> Arrays:
    keep, spend = _uses_of_receipts(drawn, economy)
    return {
        **scalars(drawn, ("import_leak", "wealth_spending_pa")),
        **_cast(economy, "import_recipient", "wealth_spender"),
        "receipt_share": summing_to_one(by_sector(drawn, "receipt_share", economy)),
        "keep": keep,
        "spend": spend,
        "receipt_lag_years": by_sector(drawn, "receipt_lag_weeks", economy) / _WEEKS_A_YEAR,
        "spending_recipient": _spending_recipient(scenario, economy),
    }


def _uses_of_receipts(drawn: Arrays, economy: Economy) -> tuple[np.ndarray, np.ndarray]:
    """Shares kept and spent: invest is given, and keep or (where spend is given) the rest."""
    invest = by_sector(drawn, "invest", economy)
    keep = by_sector(drawn, "keep", economy)
    for row, name in enumerate(economy.sector_names):
        if f"spend.{name}" in drawn:
            keep[row] = np.maximum(1.0 - invest[row] - drawn[f"spend.{name}"], 0.0)
    return keep, np.maximum(1.0 - keep - invest, 0.0)


def _spending_recipient(scenario: Scenario, economy: Economy) -> np.ndarray:
    """Whose receipts each sector's spending is: (receiver, spender), columns sum to one."""
    table: dict[str, dict[str, float]] = {}
    for parameter in scenario.parameters.values():
        if parameter.table == "spending_recipient":
            spender, receiver = parameter.entry.split(".")
            table.setdefault(spender, {})[receiver] = parameter.value
    matrix = np.zeros((len(economy.sectors), len(economy.sectors)))
    for column, spender in enumerate(economy.sector_names):
        for receiver, share in table.get(spender, table["others"]).items():
            matrix[economy.sector(receiver), column] = share
    return matrix


def _issuance(drawn: Arrays, scenario: Scenario, economy: Economy) -> Arrays:
    total = np.maximum(drawn["bond_share"] + drawn["private_share"], 1.0)
    tables = ("customer_share", "lab_funder_share", "lab_supplier_share", "deficit_recipient_share")
    count = len(drawn["bond_share"])
    return {
        **scalars(drawn, _ISSUANCE),
        **_cast(economy, "capex_share", "lab_share", "firm_share"),
        "bond_share": drawn["bond_share"] / total,
        "private_share": drawn["private_share"] / total,
        **{table: summing_to_one(by_sector(drawn, table, economy)) for table in tables},
        "shareholder_share": _pro_rata(scenario, "equity_hyperscalers", count),
        "private_lender_share": _pro_rata(scenario, "private_credit", count),
    }


def _pro_rata(scenario: Scenario, instrument: str, paths: int) -> np.ndarray:
    """Shares of those who own an instrument at the opening, its issuers apart (sector, path)."""
    sheet = scenario.sheet
    column = sheet.economy.instrument(instrument)
    held = np.where(sheet.issued_usd_bn[:, column] > 0.0, 0.0, sheet.net_usd_bn[:, column])
    held = np.maximum(held, 0.0)
    if held.sum() <= 0.0:
        raise UsageError("DP-064", f"{sheet.name}: nobody but its issuers owns {instrument}.")
    return np.repeat((held / held.sum())[:, None], paths, axis=1)


def _valuation(drawn: Arrays, economy: Economy) -> Arrays:
    cleared, appraised = economy.names("cleared"), economy.names("appraised")
    earners = {a: s for a, s in _EARNERS.items() if a in cleared}
    return {
        **scalars(drawn, _VALUATION),
        "required_return_pa": by_asset(drawn, "required_return_pa", economy),
        "private_credit_return_pa": drawn["required_return_pa.private_credit"],
        "bucket_receipts_usd_bn": by_asset(drawn, "bucket_receipts_usd_bn", economy),
        "bucket_sector": _pairs(cleared, economy.sector_names, earners),
        "appraisal_half_life_years": by_asset(
            drawn, "appraisal_half_life_years", economy, "appraised"
        ),
        "appraisal_beta": by_asset(drawn, "appraisal_beta", economy, "appraised"),
        "appraisal_twin": _pairs(appraised, cleared, _TWINS),
    }


def _shocks(drawn: Arrays, economy: Economy) -> Arrays:
    news = news_statistics()
    assets = list(economy.names("cleared"))
    unknown = [name for name in assets if name not in news["annual_volatility"]]
    if unknown:
        raise UsageError("DP-059", f"shocks.toml has no volatility for {', '.join(unknown)}.")
    known = list(news["annual_volatility"])
    order = [known.index(name) for name in assets]
    volatility = np.array([news["annual_volatility"][name] for name in assets])
    correlation = np.array([news["correlation"][name] for name in assets])[:, order]
    equity = [i.group == "equity" for i in economy.instruments[economy.columns("cleared")]]
    return {
        "cholesky": volatility[:, None] * correlation_factor(correlation),
        "jump_rate_pa": drawn["jump_rate_pa"][0],
        "jump_size": by_asset(drawn, "jump_size", economy)[:, 0],
        "from_earnings": np.array(equity, dtype=float),
    }


def correlation_factor(correlation: np.ndarray) -> np.ndarray:
    """Lower-triangular factor of the nearest correlation matrix that has one.

    Rounded to three digits a correlation matrix can lose its positive eigenvalues: they are
    raised to a small floor and the diagonal set back to one.
    """
    values, vectors = np.linalg.eigh(0.5 * (correlation + correlation.T))
    mended = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(mended))
    return np.linalg.cholesky(scale[:, None] * mended * scale[None, :])


@lru_cache(maxsize=1)
def news_statistics() -> dict:
    """Volatilities and correlations of news, with window, proxies and estimator."""
    text = resources.files("drypowder.scenarios").joinpath("shocks.toml").read_text("utf-8")
    return tomllib.loads(text)


def _cast(economy: Economy, *parts: str) -> Arrays:
    names = economy.sector_names
    return {part: np.array([float(n == _CAST[part]) for n in names]) for part in parts}


def _pairs(rows: tuple[str, ...], columns: tuple[str, ...], pairs: dict[str, str]) -> np.ndarray:
    return np.array([[float(pairs.get(row) == column) for column in columns] for row in rows])
