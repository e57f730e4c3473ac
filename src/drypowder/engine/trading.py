"""The market: news is heard, prices are found, private assets and fund shares are marked."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from drypowder.accounts.logarithm import log
from drypowder.accounts.rows import place_rows, take_rows
from drypowder.channels.day import Day
from drypowder.channels.expectations import (
    anticipated,
    expected_money_usd_bn,
    expected_rate_change_pa,
    updated_beliefs,
)
from drypowder.engine.world import State, World
from drypowder.markets.clearing import Clearing
from drypowder.markets.demand import Curves, by_asset, weights
from drypowder.markets.yields import appraise


class Trades(NamedTuple):
    """What changed hands in the cleared markets, USD bn."""

    value: Float[Array, "sector asset path"]  # bought +, sold or issued -
    net_supply: Float[Array, "sector asset path"]  # sold by rule: issuers, fed, hoards
    clearing: Clearing
    clears: Bool[Array, " path"]  # every market cleared and every price is a number
    tightest: Int[Array, " path"]  # holder with the least excess money for what it holds


class Heard(NamedTuple):
    """What is known in the morning."""

    news: Float[Array, "asset path"]  # log price, drawn and dated
    outside_move: Float[Array, "asset path"]  # log price, what dated events alone imply
    fear: Float[Array, " path"]  # log fall of listed equity that dated events imply


def hear_news(state: State, day: Day, news, world: World) -> tuple[State, Heard]:
    """Fundamentals grow on trend; news and announcements move what everybody thinks.

    Holders agree on news: it enters the log odds of each group so that all want at the new price
    what they held at the old one. It moves prices and makes nobody trade. Dated events are heard
    on every path, whatever is drawn besides.
    """
    grown = jnp.log1p(day.trend_growth / day.trend_level) * (1.0 - world.growing_assets)[:, None]
    dated = day.dated_news[:, None]
    news = news + dated
    scared = day.risk_off * world.beta[:, None] * world.pass_through
    worse = scared - state.risk_off[None] * world.beta[:, None] * world.pass_through
    share = world.equity_share[:, None]
    faded = jnp.log(2.0) * day.dt_years / world.parameters.expectations.fear_half_life_years
    fear = jnp.maximum(jnp.exp(-faded) * state.fear - jnp.sum(share * dated, axis=0), 0.0)
    heard = Heard(news, dated - worse, fear + jnp.sum(share * scared, axis=0))
    state = state._replace(
        log_fundamental=state.log_fundamental + grown,
        news=state.news + news,
        beliefs=updated_beliefs(beliefs=state.beliefs, evidence=day.evidence),
        risk_off=jnp.zeros_like(state.risk_off) + day.risk_off,
        fear=fear,
    )
    return state, heard


def demand_curves(state, excess, claims, supply, heard: Heard, morning, day, world) -> Curves:
    """Demand of the day: tastes, news, rates, beliefs, and cash before trades.

    Args:
        excess: X of every sector after the claims of the day are paid.
        claims: what fell due; what its payers sell stays sold, whichever segment it lies in.
    """
    layout = world.layout
    holders, cleared = layout.holders, layout.economy.columns("cleared")
    held = take_rows(state.units[:, cleared] + state.issued, holders)
    sold = [jnp.sum(claims.sale.sold[:, a:b], axis=1) for a, b in layout.segments]
    free = take_rows(excess, holders) + sum(sold)
    return Curves(
        log_odds=_log_odds(state, claims, heard, morning, day, world),
        slope=world.slope,
        cash=world.group_participation * free[:, None] - jnp.stack(sold, axis=1),
        units=held + world.trend_holdings * day.trend_growth,
        net_supply=jnp.sum(supply, axis=0),
        trades=day.market_open,
        kept=jnp.ones_like(world.group_participation),
    )


def trade(state: State, solved: Clearing, curves: Curves, supply, world: World) -> Trades:
    """Every holder ends with what it wants and may hold at the day's prices."""
    layout = world.layout
    share, wealth = weights(log_price=solved.log_price, curves=curves, segments=layout.segments)
    wanted = share * wealth * by_asset(curves.kept, layout.segments)
    price = jnp.exp(solved.log_price)[None]
    bought = (wanted - price * curves.units) * curves.trades[None, :, None]
    sold = jnp.sum(supply, axis=0)
    gap = sold - jnp.sum(bought, axis=0)  # what rounding left over, pro rata to holdings
    bought = bought + wanted / jnp.maximum(jnp.sum(wanted, axis=0), 1e-300)[None] * gap[None]
    value = place_rows(bought, layout.holders, len(supply)) - supply
    tightness = jnp.sum(curves.cash, axis=1) / (1e-9 + jnp.sum(curves.units, axis=1))
    tightest = jnp.argmin(jnp.where(jnp.isnan(tightness), -jnp.inf, tightness), axis=0)
    return Trades(value, supply, solved, state.alive & solved.converged, tightest)


def _log_odds(state: State, claims, heard: Heard, morning, day: Day, world: World):
    """Log odds of every group at log price zero."""
    expectations, levers = world.parameters.expectations, world.levers
    rates = world.overnight_pass * (1e-4 * morning.change_bp)[None, None]
    ahead = levers.expectations * expected_rate_change_pa(
        beliefs=state.beliefs, fear=heard.fear, parameters=expectations
    )
    policy = levers.policy * day.policy_rate_change_pa + ahead
    policy = jnp.maximum(policy, -world.parameters.valuation.bill_rate_pa)  # zero is low
    rates = rates + world.policy_pass * policy[None, None]
    money = expected_money_usd_bn(
        beliefs=state.beliefs, drawdown=state.drawdown, parameters=expectations
    )
    promised = anticipated(
        money_usd_bn=money,
        dry_powder_usd_bn=day.trend_level * world.opening_dry_powder,
        parameters=expectations,
        switch=levers.expectations,
    )
    mood = promised[None, None] - (day.risk_off * world.beta)[None, :, None]
    worth = world.slope * state.log_fundamental[None] + (1.0 + world.slope) * state.news[None]
    own = state.taste + state.hedge + state.conviction + claims.sale.taste
    return world.log_odds + worth - rates + mood + own


def mark_private(state: State, day: Day, world: World) -> Float[Array, "instrument path"]:
    """Appraised prices move slowly toward their listed twins; the rest as yesterday."""
    economy, valuation = world.layout.economy, world.parameters.valuation
    kind, cleared = economy.columns("appraised"), economy.columns("cleared")
    trend = jnp.log(day.trend_level) * (1.0 - world.growing)
    grown = jnp.log(day.trend_level + day.trend_growth) * (1.0 - world.growing)
    listed = state.log_price[cleared] - trend[cleared][:, None]
    model = valuation.appraisal_beta * (valuation.appraisal_twin @ listed)
    moved = appraise(
        appraised=state.log_price[kind] - trend[kind][:, None],
        model=model,
        half_life_years=valuation.appraisal_half_life_years,
        dt_years=day.dt_years,
    )
    return state.log_price.at[kind].set(moved + grown[kind][:, None])


def mark_funds(marks, clearing: Clearing, forgiven, state: State, world: World):
    """Prices of the day: cleared, appraised, and fund shares at net asset value before flows.

    Args:
        forgiven: debt that lenders write off today, USD bn by sector: a fund under water is
            worth what its lenders cannot reach.
    """
    marks = marks.at[world.layout.economy.columns("cleared")].set(clearing.log_price)
    return net_asset_values(marks, state.units, world.layout.funds, forgiven)


def net_asset_values(marks, units, funds: tuple[tuple[int, int], ...], forgiven=None):
    """Log prices with every fund's shares at what its other assets are worth.

    Funds hold each other's shares: as many rounds as there are funds, so that order is nothing.
    """
    for row, share in funds * len(funds):
        worth = jnp.exp(marks) * units[row]
        assets = jnp.sum(worth, axis=0) - worth[share]
        assets = assets if forgiven is None else assets + forgiven[row]
        marks = marks.at[share].set(log(assets / -units[row, share]))
    return marks
