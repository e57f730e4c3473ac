"""What the outside sees at the close, and whether the books of the day agree."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.postings import one_hot
from drypowder.accounts.rows import take_rows
from drypowder.channels.capital_call import Called
from drypowder.channels.day import Day
from drypowder.channels.issuance import Funding
from drypowder.channels.venues import LONG, SHORT
from drypowder.engine.claims import Claims
from drypowder.engine.force import Accounts, Forced
from drypowder.engine.repayment import Repaid
from drypowder.engine.settlement import Books
from drypowder.engine.trading import Trades
from drypowder.engine.world import State, World, margin_debt, money_usd_bn, ready_cash
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
    low_price: Float[Array, "asset path"]  # lowest of the day, relative to the opening
    forced_usd_bn: Float[Array, "channel holder path"]  # sold because somebody had to
    forced_by_round: Float[Array, "round path"]  # by margin and cash-and-carry, USD bn
    forced_settled: Float[Array, " path"]  # one where forced selling came to rest
    forced_unique: Float[Array, " path"]  # zero where it could have come to rest elsewhere
    leverage: Float[Array, "holder path"]  # of margin accounts
    largest_leverage: Float[Array, "holder path"]  # that lenders allow
    loan_losses_usd_bn: Float[Array, " path"]
    called_usd_bn: Float[Array, " path"]
    call_default_usd_bn: Float[Array, " path"]  # called and not paid
    redeemed_usd_bn: Float[Array, "vehicle path"]  # paid out, less subscriptions
    queue_usd_bn: Float[Array, "vehicle path"]  # asked for and not yet paid
    beliefs: Float[Array, "regime path"]
    perp_open_interest_coins: Float[Array, "coin path"]  # USD bn at the opening price
    perp_liquidated_usd_bn: Float[Array, "coin path"]  # longs and shorts, in any way
    perp_shorts_closed_usd_bn: Float[Array, "coin path"]  # of these
    perp_deleveraged_usd_bn: Float[Array, "coin path"]  # of these, against the other side
    insurance_fund_usd_bn: Float[Array, "coin path"]


class Seen(NamedTuple):
    """What the forces of the day did, for the observer."""

    called: Called
    claims: Claims
    accounts: Accounts
    forced: Forced
    repaid: Repaid


def observe(
    new, day, excess, trades, books, funded, earned, morning, seen: Seen, world
) -> Observation:
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
        **_forces(new, price[cleared], seen, world),
    )


def _forces(new: State, price, seen: Seen, world: World) -> dict[str, Array]:
    """Forced sales, margin accounts, calls, queues, beliefs and perpetuals at the close."""
    layout, closed, flows = world.layout, seen.forced.closed, seen.claims.requests
    debt = margin_debt(new.units, layout)
    cleared = layout.economy.columns("cleared")
    held = take_rows(new.units[:, cleared] + new.issued, layout.holders)
    assets = jnp.sum(held * price[None], axis=1)
    low = price.at[layout.coins].multiply(jnp.exp(-closed.overshoot[LONG]))
    paid = jnp.sum(flows.paid, axis=1)
    return {
        "low_price": low,
        "forced_usd_bn": seen.repaid.sold,
        "forced_by_round": seen.forced.by_round,
        "forced_settled": seen.forced.settled.astype(jnp.float64),
        "forced_unique": seen.forced.unique.astype(jnp.float64),
        "leverage": assets / jnp.maximum(assets - debt, 1e-9),
        "largest_leverage": seen.accounts.largest,
        "loan_losses_usd_bn": jnp.sum(seen.repaid.forgiven, axis=0),
        "called_usd_bn": jnp.sum(seen.called.due, axis=0),
        "call_default_usd_bn": jnp.sum(seen.claims.unmet, axis=0),
        "redeemed_usd_bn": paid.at[: len(layout.funds)].add(-jnp.sum(flows.subscribed, axis=1)),
        "queue_usd_bn": jnp.sum(flows.noticed + flows.queued, axis=1),
        "beliefs": new.beliefs,
        "perp_open_interest_coins": jnp.sum(new.perps.coins[LONG], axis=0),
        "perp_liquidated_usd_bn": jnp.sum(closed.value, axis=0),
        "perp_shorts_closed_usd_bn": closed.value[SHORT],
        "perp_deleveraged_usd_bn": jnp.sum(closed.deleveraged, axis=0) * price[layout.coins],
        "insurance_fund_usd_bn": new.perps.fund,
    }


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
    rows = jnp.max(jnp.abs(jnp.sum(books.flow, axis=1) - books.saving), axis=0)
    moved, bought, held, owned = _sums_over_sectors(
        books.flow, jnp.maximum(books.flow, 0.0), new.units, jnp.maximum(new.units, 0.0)
    )
    columns = jnp.max(jnp.abs(moved), axis=0)
    opened = jnp.sum(world.opening_units, axis=0)[:, None]  # zero, but for real things
    stocks = jnp.max(jnp.abs(held - opened), axis=0)
    gross, assets = jnp.sum(bought, axis=0), jnp.sum(owned * price, axis=0)
    scale = jnp.maximum(gross, 1e-6 * assets)
    return jnp.maximum(jnp.maximum(columns, rows), stocks) / scale


def _sums_over_sectors(*arrays: Float[Array, "sector ..."]) -> tuple[Float[Array, "..."], ...]:
    """One pass over all: sums that XLA fuses into what follows cost the day twice as much."""
    zeros = (jnp.zeros((), arrays[0].dtype),) * len(arrays)

    def add(left, right):
        return tuple(a + b for a, b in zip(left, right, strict=True))

    return tuple(jax.lax.reduce(arrays, zeros, add, (0,)))
