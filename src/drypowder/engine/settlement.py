"""After the market: postings are settled, stocks updated, and what remembers is updated."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.postings import Amounts, Posting, flow_columns, saving, stack_columns
from drypowder.channels.day import Day
from drypowder.channels.savings import money_fund_sweep, raise_cash
from drypowder.channels.trend import trend_units
from drypowder.engine.trading import Trades, net_asset_values
from drypowder.engine.world import State, World
from drypowder.markets.yields import earnings_to_value

TREND, TRADES = "trend_growth", "market_trades"


class Books(NamedTuple):
    """The day's flows after settlement, USD bn; nothing moves on a path whose markets failed."""

    flow: Float[Array, "sector instrument path"]
    saving: Amounts
    postings: list[Posting]
    trend: Float[Array, "sector instrument path"]


def settle_day(state: State, marks, trades: Trades, postings, day: Day, world: World) -> Books:
    """Every posting becomes cell changes; savers raise cash; money funds sweep theirs."""
    economy, valuation = world.layout.economy, world.parameters.valuation
    paid = Posting(money=-jnp.sum(trades.value, axis=1), claims={}, name=TRADES)
    postings = [*postings, paid]
    deposits = economy.instrument("deposits")
    share = valuation.working_deposit_share[None] * day.trend_level
    opening = jnp.maximum(world.opening_units[:, deposits], 0.0)[:, None]
    postings += raise_cash(
        money=sum(p.money for p in postings),
        deposits=state.units[:, deposits],
        money_fund_shares=state.units[:, economy.instrument("money_fund_shares")],
        bills=state.units[:, economy.instrument("bills")],
        least_deposits=share * opening,
        economy=economy,
    )
    postings += [money_fund_sweep(money=sum(p.money for p in postings), economy=economy)]
    columns = flow_columns(postings, economy)
    before, after = economy.columns("cleared").start, economy.columns("cleared").stop
    flow = jnp.concatenate(
        [
            stack_columns(columns, economy.instrument_names[:before]),
            trades.value,
            stack_columns(columns, economy.instrument_names[after:]),
        ],
        axis=1,
    )
    going = trades.clears[None, None]
    grown = trend_units(
        opening_units=world.opening_units,
        growing=world.growing,
        price=jnp.exp(marks),
        fund_rows=world.layout.funds,
        growth=day.trend_growth,
    )
    return Books(
        flow=jnp.where(going, flow, 0.0),
        saving=jnp.where(trades.clears[None], saving(postings), 0.0),
        postings=postings,
        trend=jnp.where(going, grown, 0.0),
    )


def revalue_and_update(
    state: State, day: Day, marks, trades, books, earned, funded, morning, world: World
) -> State:
    """Stocks after flows, fund shares after income, and everything that remembers."""
    layout, cleared = world.layout, world.layout.economy.columns("cleared")
    price = jnp.exp(marks)
    units = state.units + books.flow / price[None] + books.trend
    marks = net_asset_values(marks, units, layout.funds)
    issuer = (world.opening_issued > 0.0)[:, :, None] & trades.clears[None, None]
    issued = jnp.where(issuer, trades.net_supply, 0.0) / price[None, cleared]
    grown = world.opening_issued * world.growing_assets[None] * day.trend_growth
    grown = jnp.where(trades.clears[None, None], grown[:, :, None], 0.0)
    receipts = earned.received + funded.receipts
    rate = _receipts_rate(state, receipts, day, world)
    bank = layout.economy.role("bank")
    return state._replace(
        units=units,
        issued=state.issued + issued + grown,
        log_price=marks,
        log_fundamental=state.log_fundamental
        + _earned_value(state.receipts_rate, rate, day, world),
        buffer=state.buffer - earned.released + receipts,
        kept=state.kept + earned.kept,
        bank_purchases=state.bank_purchases + jnp.sum(trades.value[bank], axis=0),
        receipts_rate=rate,
        turnover=0.5 * jnp.sum(jnp.abs(trades.value), axis=(0, 1)),
        standing_repo=state.standing_repo + morning.standing_repo_change,
        inverse=trades.clearing.inverse,
    )


def _receipts_rate(state: State, receipts, day: Day, world: World):
    """Receipts above trend, USD bn a year, averaged over the memory of earnings."""
    memory = world.parameters.valuation.receipts_memory_years
    share = -jnp.expm1(-day.dt_years / memory)[None]
    return state.receipts_rate + share * (receipts / day.dt_years - state.receipts_rate)


def _earned_value(before, after, day: Day, world: World):
    """Change of ln V that today's change of the receipts rate is worth."""
    valuation = world.parameters.valuation
    base = valuation.bucket_receipts_usd_bn * day.trend_level

    def value(rate):
        received = jnp.einsum("as,sp->ap", valuation.bucket_sector, rate)
        return earnings_to_value(
            receipts_ratio=jnp.where(base > 0.0, received / jnp.where(base > 0.0, base, 1.0), 0.0),
            elasticity=valuation.earnings_elasticity,
            persistence_years=valuation.earnings_persistence_years,
            duration_years=world.parameters.demand.spread_duration_years,
        )

    return value(after) - value(before)
