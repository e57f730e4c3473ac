"""The day as a table of contents.

    announce -> receive and pay -> call and fund capex -> reserves and repo -> meet claims
    -> clear, force and clear again until nobody is forced -> settle postings -> revalue
    -> update conviction, volatility, queues, beliefs and anchors -> observe

Every arrow is one function below; each takes state and returns what it found. Trades happen at
the day's clearing price; stocks are never unknowns: flows are posted, stocks updated exactly.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.channels.day import Day
from drypowder.channels.policy import overnight
from drypowder.engine.claims import calls_due, meet_claims, money_of_claims
from drypowder.engine.force import find_prices, margin_accounts
from drypowder.engine.memory import remember
from drypowder.engine.observation import Observation, Seen, observe
from drypowder.engine.payments import (
    buy_for_the_fed,
    excess_money,
    fund_capex,
    net_supply,
    receive_and_pay,
    reserves_and_repo,
)
from drypowder.engine.repayment import repay
from drypowder.engine.settlement import Books, revalue_and_update, settle_day
from drypowder.engine.trading import (
    Trades,
    demand_curves,
    hear_news,
    mark_funds,
    mark_private,
    trade,
)
from drypowder.engine.world import State, World


def one_day(
    state: State, day: Day, news: Float[Array, "asset path"], world: World, *, both: bool = False
) -> tuple[State, Observation, Books]:
    """One business or calendar day of the whole economy.

    Args:
        both: look for the greatest fixed point of forced selling beside the least.
    """
    state, heard = hear_news(state, day, news, world)
    morning = reserves_and_repo(state, day, world)
    earned = receive_and_pay(state, day, world)
    called = calls_due(state, day, world)
    funded = fund_capex(state, day, earned, called, world)
    official, official_supply = buy_for_the_fed(state, day, funded, world)
    postings = earned.postings + funded.postings + official
    postings = postings + overnight(
        reverse_repo_change=morning.reverse_repo_change,
        standing_repo_change=morning.standing_repo_change,
        economy=world.layout.economy,
    )
    supply = net_supply(funded.net_supply, official_supply, world)
    excess = excess_money(state, postings, earned, funded, morning, day, world)
    claims = meet_claims(state, excess, called, day, world)
    excess = excess + money_of_claims(claims, world)
    curves = demand_curves(state, excess, claims, supply, heard, morning, day, world)
    accounts = margin_accounts(state, curves, morning.change_bp, day, world)
    forced = find_prices(state, heard, curves, accounts, day, world, both=both)
    trades = trade(state, forced.clearing, forced.curves, supply, world)
    repaid = repay(state, forced, accounts, curves, claims, excess, world)
    marks = mark_private(state, day, world)
    marks = mark_funds(marks, forced.clearing, repaid.forgiven, state, world)
    state, marks, trades = stop_where_failed(state, marks, trades, day, world)
    postings = postings + claims.postings + repaid.postings
    books = settle_day(state, marks, trades, postings, day, world)
    new = revalue_and_update(state, day, marks, trades, books, earned, funded, morning, world)
    new = remember(state, new, day, claims, forced, repaid, world)
    seen = observe(
        new, day, excess - repaid.paid, trades, books, funded, earned, morning,
        Seen(called, claims, accounts, forced, repaid), world,
    )  # fmt: skip
    return new, seen, books


def stop_where_failed(
    state: State, marks: Float[Array, "instrument path"], trades: Trades, day: Day, world: World
) -> tuple[State, Float[Array, "instrument path"], Trades]:
    """A path without a price keeps its prices and holdings from today, and says in which market."""
    missing = ~jnp.isfinite(marks)
    cleared = world.layout.economy.columns("cleared")
    clears = trades.clears & ~jnp.any(missing, axis=0)
    widest = cleared.start + jnp.argmax(jnp.abs(trades.clearing.residual), axis=0)
    market = jnp.where(jnp.any(missing, axis=0), jnp.argmax(missing, axis=0), widest)
    failed_now = state.alive & ~clears
    state = state._replace(
        alive=clears,
        failed_market=jnp.where(failed_now, market, state.failed_market),
        failed_holder=jnp.where(failed_now, trades.tightest, state.failed_holder),
        failed_day=jnp.where(failed_now, day.number, state.failed_day),
    )
    marks = jnp.where(clears[None], marks, state.log_price)
    return state, marks, trades._replace(clears=clears)
