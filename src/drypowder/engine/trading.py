"""The market: news is heard, prices are found, private assets and fund shares are marked."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from drypowder.accounts.rows import place_rows, take_rows
from drypowder.channels.day import Day
from drypowder.engine.world import State, World
from drypowder.markets.clearing import Clearing, clear
from drypowder.markets.demand import Curves, weights
from drypowder.markets.yields import appraise


class Trades(NamedTuple):
    """What changed hands in the cleared markets, USD bn."""

    value: Float[Array, "sector asset path"]  # bought +, sold or issued -
    net_supply: Float[Array, "sector asset path"]  # sold by rule: issuers, fed, hoards
    clearing: Clearing
    clears: Bool[Array, " path"]  # every market cleared and every price is a number
    tightest: Int[Array, " path"]  # holder with the least excess money for what it holds


def hear_news(state: State, day: Day, news, world: World) -> State:
    """Fundamentals grow on trend; news moves what everybody thinks an asset is worth.

    Holders agree on news: it enters the log odds of each group so that all want at the new price
    what they held at the old one. It moves prices and makes nobody trade.
    """
    grown = jnp.log1p(day.trend_growth / day.trend_level) * (1.0 - world.growing_assets)[:, None]
    return state._replace(log_fundamental=state.log_fundamental + grown, news=state.news + news)


def find_prices(state, news, excess, supply, morning, day, world) -> Trades:
    """Clear every market that is open; each holder then owns what it wants at the price.

    The search starts from yesterday's prices moved by today's news, which is where prices end
    if nobody trades.
    """
    layout = world.layout
    holders, cleared = layout.holders, layout.economy.columns("cleared")
    curves = _curves(state, excess, supply, morning, day, world)
    solved = clear(
        log_price=state.log_price[cleared] + day.market_open[:, None] * news,
        inverse_guess=state.inverse,
        curves=curves,
        segments=layout.segments,
        alive=state.alive,
    )
    share, wealth = weights(log_price=solved.log_price, curves=curves, segments=layout.segments)
    wanted = share * wealth
    price = jnp.exp(solved.log_price)[None]
    bought = (wanted - price * curves.units) * curves.trades[None, :, None]
    sold = jnp.sum(supply, axis=0)
    gap = sold - jnp.sum(bought, axis=0)  # what rounding left over, pro rata to holdings
    bought = bought + wanted / jnp.maximum(jnp.sum(wanted, axis=0), 1e-300)[None] * gap[None]
    value = place_rows(bought, holders, len(supply)) - supply
    tightness = jnp.sum(curves.cash, axis=1) / (1e-9 + jnp.sum(curves.units, axis=1))
    tightest = jnp.argmin(jnp.where(jnp.isnan(tightness), -jnp.inf, tightness), axis=0)
    return Trades(value, supply, solved, state.alive & solved.converged, tightest)


def _curves(state, excess, supply, morning, day, world) -> Curves:
    """Demand curves of the day: tastes, news, rates and cash before trades."""
    layout = world.layout
    holders, cleared = layout.holders, layout.economy.columns("cleared")
    rates = world.overnight_pass * (1e-4 * morning.change_bp)[None, None]
    policy = world.levers.policy * day.policy_rate_change_pa
    rates = rates + world.policy_pass * policy[None, None]
    worth = world.slope * state.log_fundamental[None] + (1.0 + world.slope) * state.news[None]
    held = take_rows(state.units[:, cleared] + state.issued, holders)
    return Curves(
        log_odds=world.log_odds + worth - rates,
        slope=world.slope,
        cash=world.group_participation * take_rows(excess, holders)[:, None],
        units=held + world.trend_holdings * day.trend_growth,
        net_supply=jnp.sum(supply, axis=0),
        trades=day.market_open,
    )


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


def mark_funds(state: State, marks, trades: Trades, world: World):
    """Prices of the day: cleared, appraised, and fund shares at net asset value before flows.

    An insolvent fund has no price.
    """
    marks = marks.at[world.layout.economy.columns("cleared")].set(trades.clearing.log_price)
    return net_asset_values(marks, state.units, world.layout.funds)


def net_asset_values(marks, units, funds: tuple[tuple[int, int], ...]):
    """Log prices with every fund's shares at what its other assets are worth, in fund order."""
    for row, share in funds:
        worth = jnp.exp(marks) * units[row]
        assets = jnp.sum(worth, axis=0) - worth[share]
        marks = marks.at[share].set(jnp.log(assets / -units[row, share]))
    return marks
