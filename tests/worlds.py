"""Small economies worked by hand, and neutral parameters for any economy.

`plain_parameters` is behaviour without surprises: nobody desires liquidity, no spending, no
floors; tests override what they are about. Fixtures use different prime sizes per axis.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from drypowder.accounts.economy import Economy, default_economy
from drypowder.channels.day import Day
from drypowder.channels.income import IncomeParameters
from drypowder.channels.issuance import IssuanceParameters
from drypowder.engine.simulate import Inputs
from drypowder.engine.world import Parameters, ShockParameters, ValuationParameters
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
            bill_spread_bp_per_100bn=path(0.5),
            working_deposit_share=path(0.5),
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
