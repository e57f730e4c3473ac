"""What the outside sees at the close, and whether the books of the day agree."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.postings import one_hot
from drypowder.accounts.rows import take_rows
from drypowder.channels.day import Day
from drypowder.channels.issuance import Funding
from drypowder.engine.settlement import Books
from drypowder.engine.trading import Trades
from drypowder.engine.world import State, World, money_usd_bn, ready_cash
from drypowder.markets.yields import offered_yield_pa


class Observation(NamedTuple):
    """What the day shows to the outside; the trailing axis is the path."""

    price: Float[Array, "instrument path"]
    dry_powder_usd_bn: Float[Array, "sector path"]
    money_usd_bn: Float[Array, "sector path"]
    yield_pa: Float[Array, "asset path"]
    lambda_bp: Float[Array, " path"]
    reverse_repo_usd_bn: Float[Array, " path"]
    reserve_supply_usd_bn: Float[Array, " path"]
    satiation_usd_bn: Float[Array, " path"]
    bill_rate_pa: Float[Array, " path"]
    funding: Funding
    receipts_usd_bn: Float[Array, "sector path"]  # entering buffers today
    listed_equity_usd_bn: Float[Array, " path"]  # at opening share counts
    turnover_usd_bn: Float[Array, " path"]
    residual: Float[Array, " path"]  # of the accounts, relative
    market_residual: Float[Array, " path"]  # worst ln(demand/supply)
    refreshes: Float[Array, " path"]  # Jacobians the markets needed


def observe(new, day, excess, trades, books, funded, earned, morning, world) -> Observation:
    """What the outside sees at the close."""
    layout, valuation = world.layout, world.parameters.valuation
    economy, cleared = layout.economy, layout.economy.columns("cleared")
    price = jnp.exp(new.log_price)
    equity = economy.group("equity")
    own = tuple(k - cleared.start for k in equity)
    shares = jnp.sum(take_rows(world.opening_issued, own, axis=1), axis=0)
    bills = economy.instrument("bills")
    held = jnp.sum(jnp.maximum(new.units[:, bills], 0.0), axis=0)
    fed = new.units[economy.role("central_bank"), bills]
    public = held - fed - (day.trend_level + day.trend_growth) * world.opening_public_bills
    policy = world.levers.policy * day.policy_rate_change_pa
    return Observation(
        price=price,
        dry_powder_usd_bn=_dry_powder(excess, trades, new, day, world),
        money_usd_bn=money_usd_bn(new.units, economy),
        yield_pa=offered_yield_pa(
            log_price=new.log_price[cleared],
            log_fundamental=new.log_fundamental
            + world.parameters.shocks.from_earnings[:, None] * new.news,
            required_return_pa=valuation.required_return_pa,
            duration_years=world.parameters.demand.spread_duration_years,
        ),
        lambda_bp=morning.lambda_bp,
        reverse_repo_usd_bn=new.units[economy.role("money_fund"), economy.instrument("on_rrp")],
        reserve_supply_usd_bn=morning.supply_usd_bn,
        satiation_usd_bn=morning.satiation_usd_bn,
        bill_rate_pa=valuation.bill_rate_pa
        + policy
        + 1e-6 * valuation.bill_spread_bp_per_100bn * public,
        funding=funded.funding,
        receipts_usd_bn=earned.received + funded.receipts,
        listed_equity_usd_bn=jnp.sum(take_rows(price, equity) * shares[:, None], axis=0),
        turnover_usd_bn=new.turnover,
        residual=account_residual(new, books, price, world),
        market_residual=jnp.max(jnp.abs(trades.clearing.residual), axis=0),
        refreshes=trades.clearing.refreshes.astype(jnp.float64),
    )


def _dry_powder(excess, trades: Trades, new: State, day: Day, world: World):
    """X after the day's trades; for issuers, cash above the floor of their hoard."""
    economy, parameters = world.layout.economy, world.parameters.issuance
    issuer = one_hot(economy, "issuer")
    demander = one_hot(economy, "holder") + one_hot(economy, "bank")
    left = excess - jnp.sum(trades.value, axis=1)
    have = ready_cash(new.units, economy)
    level = day.trend_level + day.trend_growth
    need = level * ready_cash(world.opening_units, economy)[:, None]
    floor = jnp.where(
        parameters.lab_share[:, None] > 0.0,
        parameters.lab_cash_floor_share[None],
        parameters.cash_floor_share[None],
    )
    return demander * left + issuer * (have - floor * need)


def account_residual(new: State, books: Books, price, world: World) -> Float[Array, " path"]:
    """Largest gap of the books relative to the day's gross flows.

    Columns of flows sum to zero, each sector's flows sum to its saving, and stocks of every claim
    net to what they did at the opening; scaled by max(gross flows, 1e-6 gross assets).
    """
    columns = jnp.max(jnp.abs(jnp.sum(books.flow, axis=0)), axis=0)
    rows = jnp.max(jnp.abs(jnp.sum(books.flow, axis=1) - books.saving), axis=0)
    opened = jnp.sum(world.opening_units, axis=0)[:, None]  # zero, but for real things
    stocks = jnp.max(jnp.abs(jnp.sum(new.units, axis=0) - opened), axis=0)
    gross = jnp.sum(jnp.maximum(books.flow, 0.0), axis=(0, 1))
    assets = jnp.sum(jnp.maximum(new.units, 0.0) * price[None], axis=(0, 1))
    scale = jnp.maximum(gross, 1e-6 * assets)
    return jnp.maximum(jnp.maximum(columns, rows), stocks) / scale
