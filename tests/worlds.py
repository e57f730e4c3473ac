"""Small economies worked by hand, and neutral parameters for any economy.

`plain_parameters` is behaviour without surprises: nobody desires liquidity, no spending, no
floors; tests override what they are about. Fixtures use different prime sizes per axis.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from drypowder.accounts.economy import Economy, default_economy
from drypowder.channels.capital_call import CallParameters
from drypowder.channels.conviction import ConvictionParameters
from drypowder.channels.day import REGIMES, Day
from drypowder.channels.expectations import ExpectationParameters
from drypowder.channels.income import IncomeParameters
from drypowder.channels.issuance import IssuanceParameters
from drypowder.channels.margin import MarginParameters
from drypowder.channels.redemption import RedemptionParameters
from drypowder.channels.venues import VenueParameters
from drypowder.engine.simulate import Inputs
from drypowder.engine.world import (
    Parameters,
    ShockParameters,
    ValuationParameters,
    make_layout,
)
from drypowder.markets.demand import DemandParameters
from drypowder.markets.reserves import ReserveParameters


def plain_parameters(economy: Economy, paths: int, **overrides) -> Parameters:
    """Neutral parameters; `overrides` replace a field of whichever module has it."""
    sectors = len(economy.sectors)
    cleared = economy.names("cleared")
    assets, appraised = len(cleared), len(economy.names("appraised"))

    def path(value):
        return jnp.full(paths, float(value))

    def each(rows, value):
        return jnp.full((rows, paths), float(value))

    def at(*names):
        return jnp.array([float(s.name in names) for s in economy.sectors])

    def share(*names):
        one = at(*names)
        return jnp.repeat((one / jnp.maximum(one.sum(), 1.0))[:, None], paths, axis=1)

    years = each(assets, 10.0)
    layout = make_layout(economy)
    vehicles, coins = layout.vehicles, layout.crypto[1] - layout.crypto[0]
    spending = jnp.repeat(share("other_firms")[:, :1], sectors, axis=1)
    modules = {
        "demand": DemandParameters(
            participation=each(sectors, 1.0),
            crypto_excess_money_usd_bn=path(100.0),
            kappa=each(assets, 20.0),
            kappa_sector_factor=each(sectors, 1.0),
            rate_duration_years=years,
            spread_duration_years=years,
            desired_liquidity_share=each(sectors, 0.5),
            desired_liquidity_per_bp=path(0.0),
            bank_securities_capacity_usd_bn=path(500.0),
            short_rate_reversion_pa=path(2.0),
            policy_rate_reversion_pa=path(0.3),
            funding_spread_loading=each(sectors, 0.0),
        ),
        "reserves": ReserveParameters(
            bank_assets_usd_bn=path(25_000.0),
            satiation_share=path(0.12),
            turnover_share=path(0.0),
            inventory_share=path(0.0),
            lambda_bar_bp=path(40.0),
            x_min=path(0.7),
            lambda_smoothing=path(0.03),
            standing_repo_cap_bp=path(50.0),
            rrp_smoothing_usd_bn=path(20.0),
        ),
        "income": IncomeParameters(
            import_leak=path(0.6),
            receipt_share=share("other_firms", "households"),
            import_recipient=at("rest_of_world"),
            keep=each(sectors, 0.0),
            spend=each(sectors, 0.0),
            receipt_lag_years=each(sectors, 0.1),
            spending_recipient=spending,
            wealth_spending_pa=path(0.0),
            wealth_spender=at("households"),
        ),
        "issuance": IssuanceParameters(
            capex_share=at("hyperscalers"),
            lab_share=at("ai_labs"),
            payout_share=path(0.5),
            buyback_share=path(0.5),
            cash_floor_share=path(0.4),
            user_cost_elasticity=path(0.0),
            bond_share=path(0.5),
            private_share=path(0.25),
            customer_share=share("other_firms"),
            shareholder_share=share("households"),
            private_lender_share=share("insurers_pensions"),
            lab_funder_share=share("deep_pockets"),
            lab_supplier_share=share("hyperscalers"),
            lab_cash_floor_share=path(0.8),
            deficit_recipient_share=share("households"),
            firm_share=at("other_firms"),
        ),
        "valuation": ValuationParameters(
            required_return_pa=each(assets, 0.05),
            earnings_elasticity=path(0.0),
            earnings_persistence_years=path(2.0),
            bucket_receipts_usd_bn=each(assets, 0.0),
            bucket_sector=jnp.zeros((assets, sectors)),
            receipts_memory_years=path(0.5),
            appraisal_half_life_years=each(appraised, 0.5),
            appraisal_beta=each(appraised, 1.0),
            appraisal_twin=jnp.zeros((appraised, assets)),
            bill_rate_pa=path(0.036),
            bank_loan_spread_pa=path(0.014),
            private_credit_return_pa=path(0.09),
            bill_spread_bp_per_100bn=path(0.5),
            working_deposit_share=path(0.5),
        ),
        "call": CallParameters(
            call_share=share("deep_pockets"),
            call_spending_lag_years=path(1.0),
            call_idle_share=path(0.05),
            fund_redemption_share=path(0.0),
        ),
        "redemption": RedemptionParameters(
            flow_up=each(vehicles, 0.0),
            flow_down=each(vehicles, 0.0),
            notice_years=each(vehicles, 0.1),
            gate_share_quarter=each(vehicles, 1.0),
            performance_memory_years=path(1 / 12),
            fund_rule=jnp.zeros((4, vehicles, paths)).at[2].set(1.0),
            private_buyer_share=share("insurers_pensions"),
        ),
        "margin": MarginParameters(
            leverage_headroom=each(sectors, 1e6),
            leverage_buffer=path(1.0),
            margin_call_years=each(sectors, 1e-9),  # at once
            close_out_share=path(0.0),
            volatility_half_life_years=path(0.5),
            haircut=each(assets, 0.0),
            haircut_per_volatility=path(0.0),
            haircut_per_bp=path(0.0),
        ),
        "conviction": ConvictionParameters(
            extrapolation=each(sectors, 0.0),
            conviction_half_life_years=path(0.5),
            conviction_prior=each(assets, 0.0),
        ),
        "expectations": ExpectationParameters(
            beliefs=jnp.full((3, paths), 1.0 / 3.0),
            regime_rate_change_pa=each(3, 0.0),
            regime_purchases_usd_bn=each(3, 0.0),
            regime_put_rate_pa=each(3, 0.0),
            regime_put_usd_bn=each(3, 0.0),
            fear_half_life_years=path(0.5),
            put_trigger=path(0.1),
            anticipation_share=path(0.5),
        ),
        "venues": VenueParameters(
            perp_open_interest_usd_bn=each(coins, 0.0),
            perp_leverage_median=path(2.0),
            perp_leverage_log_sd=path(0.8),
            maintenance_rate=path(0.01),
            entry_age_years=path(0.02),
            book_depth_usd_bn=each(coins, 0.5),
            book_exponent=path(2.0),
            book_thinning=path(0.0),
            book_floor_share=path(0.05),
            closing_delay_minutes=path(1.0),
            insurance_fund_usd_bn=each(coins, 0.1),
            backstop_share=path(0.0),
            arbitrage_share=each(sectors, 0.0),
            arbitrage_capacity_share=path(0.1),
            arbitrage_half_life_years=path(0.02),
            perp_long_share=share("crypto_leveraged"),
            perp_short_share=share("hedge_funds"),
            perp_fund_share=share("crypto_leveraged"),
        ),
        "shocks": ShockParameters(
            cholesky=jnp.zeros((assets, assets)),
            jump_rate_pa=jnp.array(0.0),
            jump_size=jnp.zeros(assets),
            from_earnings=jnp.zeros(assets),
        ),
    }
    return Parameters(**{name: _override(module, overrides) for name, module in modules.items()})


def _override(module, overrides):
    for name, value in overrides.items():
        if hasattr(module, name):
            shape = getattr(module, name).shape
            array = jnp.asarray(value, dtype=float)
            array = array[:, None] if array.ndim == 1 and len(shape) == 2 else array
            array = jnp.broadcast_to(array, shape)
            module = eqx.tree_at(lambda m, n=name: getattr(m, n), module, array)
    return module


def quiet_days(economy: Economy, steps: int, *, dt_years: float = 1 / 252, **amounts) -> Day:
    """Days on which nothing happens, except what `amounts` says (a number or one per step)."""
    fields = {name: np.zeros(steps) for name in Day.__dataclass_fields__}
    fields["number"] = np.arange(steps)
    fields["dt_years"] = np.full(steps, dt_years)
    fields["business"] = fields["trend_level"] = np.ones(steps)
    fields["market_open"] = np.ones((steps, len(economy.names("cleared"))))
    fields["official_purchases_usd_bn"] = np.zeros((steps, 3))
    fields["ai_debt_duration_years"] = np.full(steps, 6.0)
    fields["dated_news"] = np.zeros((steps, len(economy.names("cleared"))))
    fields["news_minutes"] = np.full(steps, 1440.0)
    fields["evidence"] = np.zeros((steps, len(REGIMES)))
    for name, value in amounts.items():
        fields[name] = np.broadcast_to(np.asarray(value, dtype=float), fields[name].shape)
    return Day(**{name: jnp.asarray(value) for name, value in fields.items()})


def grow(days: Day, g: float) -> Day:
    """The same days on balanced growth at g a year."""
    end = np.cumsum(np.asarray(days.dt_years))
    start = end - np.asarray(days.dt_years)
    level = np.exp(g * start)
    return eqx.tree_at(
        lambda d: (d.trend_level, d.trend_growth),
        days,
        (jnp.asarray(level), jnp.asarray(np.exp(g * end) - level)),
    )


def inputs_for(
    units,
    issued,
    days: Day,
    *,
    economy: Economy | None = None,
    levers=None,
    companions=None,
    **overrides,
) -> Inputs:
    """Inputs of the engine from a sheet and neutral parameters."""
    economy = economy or default_economy()
    return Inputs(
        name="test",
        economy=economy,
        units=np.asarray(units, dtype=float),
        issued=np.asarray(issued, dtype=float),
        dates=np.arange(len(days.number)).astype("datetime64[D]"),
        days=days,
        draw=lambda numbers: plain_parameters(economy, len(numbers), **overrides),
        levers=levers or {},
        companions=companions or {},
        digest="test",
    )
