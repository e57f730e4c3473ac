"""The shipped end-2025 sheet with every channel at work at once: nothing is neutral here."""

from __future__ import annotations

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from hypothesis import strategies as st
from tests.worlds import grow, inputs_for, quiet_days

from drypowder.accounts.economy import default_economy
from drypowder.accounts.sheet import load_opening
from drypowder.channels.day import REGIMES, RULES, Day
from drypowder.engine.simulate import Inputs

LEVERS = {"fed_absorbs": 0.3, "extra_bonds_usd_bn": 63.0}
_CAPEX = 3.0, 60.0, 120.0, 90.0, 0.0, 60.0, 8.0  # hoard, then Treasuries, then paper, then refill


def busy_inputs(
    steps: int, *, weekend: int | None = None, capex_usd_bn=_CAPEX, **overrides
) -> Inputs:
    """A scenario in which hoards run out within a week and every market sees issues.

    Args:
        weekend: step on which only crypto trades and nothing is paid or issued.
        capex_usd_bn: a day, repeated as long as the run lasts.
        overrides: parameters that replace those of `busy_parameters`.
    """
    sheet = load_opening("2025Q4")
    issued = sheet.issued_usd_bn[:, sheet.economy.columns("cleared")]
    parameters = {**busy_parameters(), **overrides}
    days = busy_days(steps, weekend=weekend, capex_usd_bn=capex_usd_bn)
    return inputs_for(sheet.net_usd_bn, issued, days, levers=LEVERS, **parameters)


def forced_inputs(
    steps: int, *, weekend: int | None = None, capex_usd_bn=_CAPEX, days=None, **overrides
) -> Inputs:
    """The busy scenario with every force at work: calls, redemptions, margin, beliefs, venues.

    Args:
        days: fields of `Day` that replace those of `forced_days`, one row a step.
    """
    plain = busy_inputs(
        steps, weekend=weekend, capex_usd_bn=capex_usd_bn, **{**forces(), **overrides}
    )
    fields = {**forced_days(steps), **(days or {})}
    at = [jnp.asarray(value) for value in fields.values()]
    told = eqx.tree_at(lambda d: [getattr(d, name) for name in fields], plain.days, at)
    return replace(plain, days=told)


def forced_days(steps: int) -> dict[str, np.ndarray]:
    """Evidence on the central bank, a call, a fall of shares and coins, and lost appetite."""
    names = default_economy().names("cleared")
    day, fall = np.arange(steps), np.zeros((steps, len(names)))
    shares = np.array([name.startswith("equity") for name in names])
    coins = np.array([name in ("bitcoin", "alt_crypto") for name in names])
    fall[day % 8 == 5] = -0.04 * shares - 0.12 * coins
    fall[day % 8 == 2, names.index("gold_silver")] = 0.01
    evidence = np.zeros((steps, len(REGIMES)))
    evidence[day % 8 == 1] = 0.3, -0.1, -0.4
    return {
        "dated_news": fall,
        "news_minutes": np.where(day % 8 == 5, 30.0, 1440.0),
        "called_usd_bn": np.where(day % 8 == 3, 60.0, 0.0),
        "risk_off": np.where(day % 8 >= 6, 0.03, 0.0),
        "evidence": evidence,
    }


def forces() -> dict[str, object]:
    """Parameters of every force; rows differ, and so do the two coins, funds and cohorts."""
    economy = default_economy()
    sectors, assets = len(economy.sectors), len(economy.names("cleared"))
    rules = np.zeros((len(RULES), 3, 1))
    rules[RULES.index("liquid_first"), 0] = rules[RULES.index("pro_rata"), 1] = 1.0
    rules[RULES.index("pro_rata"), 2] = 1.0
    return {
        "call_share": _shares(deep_pockets=0.6, rest_of_world=0.2, hyperscalers=0.2),
        "call_spending_lag_years": 0.3,
        "call_idle_share": 0.9,  # who is called must sell
        "fund_redemption_share": 0.2,
        "flow_up": np.array([0.2, 0.1, 0.3]),
        "flow_down": np.array([0.8, 1.5, 0.6]),
        "notice_years": np.array([0.004, 0.2, 0.1]),
        "gate_share_quarter": np.array([1.0, 0.25, 0.05]),
        "performance_memory_years": 0.08,
        "fund_rule": rules,
        "private_buyer_share": _shares(insurers_pensions=0.7, rest_of_world=0.3),
        "leverage_headroom": np.linspace(1.5, 1.1, sectors),
        "leverage_buffer": 0.9,
        "margin_call_years": np.linspace(0.002, 0.02, sectors),
        "close_out_share": 0.7,
        "volatility_half_life_years": 0.1,
        "haircut": np.linspace(0.02, 0.3, assets),
        "haircut_per_volatility": 0.5,
        "haircut_per_bp": 0.01,
        "extrapolation": np.linspace(0.0, 0.6, sectors),
        "conviction_half_life_years": 0.3,
        "conviction_prior": np.linspace(0.3, -0.2, assets),
        "beliefs": np.array([0.3, 0.5, 0.2]),
        "regime_rate_change_pa": np.array([-0.01, 0.001, 0.012]),
        "regime_purchases_usd_bn": np.array([600.0, 10.0, -900.0]),
        "regime_put_rate_pa": np.array([-0.05, -0.02, -0.01]),
        "regime_put_usd_bn": np.array([5000.0, 1000.0, 100.0]),
        "fear_half_life_years": 0.3,
        "put_trigger": 0.02,
        "anticipation_share": 0.4,
        "perp_open_interest_usd_bn": np.array([30.0, 20.0]),
        "perp_leverage_median": 4.0,
        "perp_leverage_log_sd": 0.8,
        "maintenance_rate": 0.01,
        "entry_age_years": 0.02,
        "book_depth_usd_bn": np.array([0.6, 0.3]),
        "book_exponent": 1.8,
        "book_thinning": 3.0,
        "book_floor_share": 0.1,
        "closing_delay_minutes": 2.0,
        "insurance_fund_usd_bn": np.array([0.004, 0.002]),
        "backstop_share": 0.1,
        "arbitrage_share": _shares(hedge_funds=0.5, crypto_leveraged=0.2),
        "arbitrage_capacity_share": 0.1,
        "arbitrage_half_life_years": 0.03,
        "perp_long_share": _shares(crypto_leveraged=0.7, retail_momentum=0.3),
        "perp_short_share": _shares(hedge_funds=0.8, crypto_leveraged=0.2),
        "perp_fund_share": _shares(crypto_leveraged=0.5, other_firms=0.5),
    }


def busy_days(steps: int, *, weekend: int | None = None, capex_usd_bn=_CAPEX) -> Day:
    """Capex, labs, deficit with bills, account build, fed, rates: on every day but a weekend's."""
    economy = default_economy()
    day = np.arange(steps)
    works = (day != weekend).astype(float)
    crypto = np.array([economy.instruments[k].group == "crypto" for k in _cleared(economy)])
    official = np.array([0.8, -1.5, 0.6])[None] * works[:, None]
    days = quiet_days(
        economy,
        steps,
        business=works,
        market_open=np.maximum(works[:, None], crypto[None]),
        capex_usd_bn=np.resize(capex_usd_bn, steps) * works,
        operating_cash_flow_usd_bn=2.8 * works,
        trend_operating_cash_flow_usd_bn=2.2 * works,
        lab_spending_usd_bn=4.0 * works,
        deficit_usd_bn=3.5 * works,
        interest_in_deficit=0.5 * works,
        bill_share=0.3,
        bills_for_notes_usd_bn=0.4 * works,
        treasury_account_build_usd_bn=1.2 * works,
        ai_bonds_usd_bn=0.3 * works,
        official_purchases_usd_bn=official,
        policy_rate_change_pa=-0.0005 * (1 + day % 5),
        corporate_issuance_usd_bn=1.1 * works,
        corporate_buybacks_usd_bn=0.9 * works,
        bank_loan_share=0.25,
        ai_debt_duration_years=4.0,
        programme_share=works / 63.0,
    )
    return grow(days, 0.045)


def busy_parameters() -> dict[str, object]:
    """No value is neutral and rows differ, so that a mixed-up index would show."""
    economy = default_economy()
    sectors, assets = len(economy.sectors), len(economy.names("cleared"))
    rate_years = np.linspace(3.0, 19.0, assets)
    chips, firms = economy.sector("chip_memory_firms"), economy.sector("other_firms")
    appraised, cleared = economy.names("appraised"), economy.names("cleared")
    loans, software = cleared.index("hy_and_loans"), cleared.index("equity_software")
    return {
        "participation": np.linspace(0.9, 0.4, sectors),
        "kappa": np.linspace(15.0, 35.0, assets),
        "kappa_sector_factor": np.linspace(0.7, 1.4, sectors),
        "rate_duration_years": rate_years,
        "spread_duration_years": 0.5 * rate_years + 2.0,
        "desired_liquidity_share": np.linspace(0.7, 0.4, sectors),
        "desired_liquidity_per_bp": 0.001,
        "funding_spread_loading": np.linspace(0.0, 1.0, sectors),
        "bank_assets_usd_bn": 26_000.0,  # scarce reserves: lambda is alive
        "turnover_share": 0.02,
        "inventory_share": 0.1,
        "receipt_share": _shares(households=0.3, chip_memory_firms=0.4, other_firms=0.3),
        "keep": np.linspace(0.05, 0.25, sectors),
        "spend": np.linspace(0.6, 0.2, sectors),
        "receipt_lag_years": np.linspace(0.05, 0.4, sectors),
        "spending_recipient": _circular_spending(sectors),
        "wealth_spending_pa": 0.03,
        "user_cost_elasticity": -0.5,
        "customer_share": _shares(households=0.2, other_firms=0.7, rest_of_world=0.1),
        "shareholder_share": _shares(households=0.5, open_end_funds_etfs=0.2, rest_of_world=0.3),
        "private_lender_share": _shares(insurers_pensions=0.6, banks_dealers=0.1, deep_pockets=0.3),
        "lab_funder_share": _shares(deep_pockets=0.6, hyperscalers=0.3, chip_memory_firms=0.1),
        "lab_supplier_share": _shares(hyperscalers=0.7, chip_memory_firms=0.2, other_firms=0.1),
        "deficit_recipient_share": _shares(households=0.6, other_firms=0.3, rest_of_world=0.1),
        "required_return_pa": np.linspace(0.04, 0.12, assets),
        "earnings_elasticity": 0.8,
        "bucket_receipts_usd_bn": np.array(
            [{"equity_chips": 300.0, "equity_broad": 4000.0}.get(name, 0.0) for name in cleared]
        ),
        "bucket_sector": _one_at(cleared, "equity_chips", chips, sectors)
        + _one_at(cleared, "equity_broad", firms, sectors),
        "appraisal_beta": np.array([0.5, 1.3]),
        "appraisal_twin": _one_at(appraised, "private_credit", loans, assets)
        + _one_at(appraised, "private_ai_equity", software, assets),
        "working_deposit_share": 0.998,  # savers soon redeem money funds and sell bills
        "cholesky": 0.15 * np.eye(assets) + 0.05,
        "jump_rate_pa": 3.0,
        "jump_size": np.linspace(-0.01, -0.06, assets),
        "from_earnings": np.array([float("equity" in name) for name in cleared]),
    }


def any_parameters() -> dict[str, st.SearchStrategy]:
    """Numbers that may take the place of busy parameters, each between its bounds."""
    bounds = {
        "kappa": (2.0, 60.0),
        "participation": (0.05, 1.0),
        "desired_liquidity_share": (0.1, 0.9),
        "bank_assets_usd_bn": (20_000.0, 32_000.0),
        "payout_share": (0.1, 0.9),
        "cash_floor_share": (0.0, 1.0),
        "bond_share": (0.0, 0.6),
        "private_share": (0.0, 0.4),
        "import_leak": (0.0, 1.0),
        "keep": (0.0, 0.4),
        "spend": (0.0, 0.6),
        "user_cost_elasticity": (-2.0, 0.0),
        "working_deposit_share": (0.0, 1.0),
        "earnings_elasticity": (0.0, 1.5),
        "receipts_memory_years": (0.05, 2.0),
        "lambda_smoothing": (0.01, 0.2),
        "short_rate_reversion_pa": (0.2, 8.0),
    }
    return {name: st.floats(*both, allow_nan=False) for name, both in bounds.items()}


def _cleared(economy):
    kind = economy.columns("cleared")
    return range(kind.start, kind.stop)


def _shares(**shares):
    return np.array([shares.get(name, 0.0) for name in default_economy().sector_names])


def _circular_spending(sectors):
    """Each sector spends on households and on its next neighbour."""
    flow = 0.4 * np.roll(np.eye(sectors), 1, axis=0)
    flow[default_economy().sector("households")] += 0.6
    return flow


def _one_at(rows, row, column, columns):
    matrix = np.zeros((len(rows), columns))
    matrix[rows.index(row), column] = 1.0
    return matrix
