"""What the day leaves in people's minds and in queues: tastes, beliefs, volatility, waiting money.

On a path whose markets failed nothing is remembered: it stands still.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.rows import take_rows
from drypowder.channels.conviction import updated_conviction
from drypowder.channels.day import Day
from drypowder.channels.margin import updated_variance
from drypowder.channels.redemption import updated_performance
from drypowder.channels.venues import SHORT, undone_share, updated_perpetuals
from drypowder.engine.claims import Claims
from drypowder.engine.force import Forced
from drypowder.engine.repayment import Repaid
from drypowder.engine.world import PRIVATE, State, World

_NOTHING = 1e-6  # USD bn; an account of less has no return to speak of


def remember(
    state: State, new: State, day: Day, claims: Claims, forced: Forced, repaid: Repaid, world: World
) -> State:
    """Everything that remembers the day, apart from stocks and prices."""
    parameters, levers, layout = world.parameters, world.levers, world.layout
    returns = _returns_beyond_trend(state, new, day, world)
    cleared = returns[layout.economy.columns("cleared")]
    peak, drawdown = _drawdown(new, day, world)
    coins = new.log_price[layout.economy.columns("cleared")][layout.coins]
    learnt = new._replace(
        taste=repaid.taste,
        hedge=_hedge(new, day, forced, repaid, world),
        conviction=updated_conviction(
            conviction=state.conviction,
            log_return=cleared,
            extrapolation=take_rows(parameters.conviction.extrapolation, layout.holders),
            half_life_years=parameters.conviction.conviction_half_life_years,
            dt_years=day.dt_years,
            switch=levers.conviction,
        ),
        variance=updated_variance(
            variance_pa=state.variance,
            log_return=_account_returns(state, cleared, world),
            half_life_years=parameters.margin.volatility_half_life_years,
            dt_years=day.dt_years,
        ),
        performance=updated_performance(
            performance=state.performance,
            log_return=_vehicle_returns(state, returns, world),
            memory_years=parameters.redemption.performance_memory_years,
            dt_years=day.dt_years,
        ),
        noticed=claims.requests.noticed,
        queued=claims.requests.queued,
        called_waiting=claims.waiting,
        bridge=claims.bridge,
        equity_peak=peak,
        drawdown=drawdown,
        perps=updated_perpetuals(
            perpetuals=state.perps,
            newcomers=world.newcomers,
            closed=forced.closed,
            log_move=coins - state.log_price[layout.economy.columns("cleared")][layout.coins],
            log_price=coins,
            dt_years=day.dt_years,
            parameters=parameters.venues,
        ),
    )
    return jax.tree.map(partial(_where_alive, new.alive), learnt, new)


def _hedge(new: State, day: Day, forced: Forced, repaid: Repaid, world: World):
    """What cash-and-carry traders sold is bought back in time, and at once in a squeeze."""
    parameters, layout = world.parameters.venues, world.layout
    cleared = layout.economy.columns("cleared")
    fading = jnp.log(2.0) * day.dt_years / parameters.arbitrage_half_life_years
    held = take_rows(new.units[:, cleared] + new.issued, layout.holders)[:, layout.coins]
    undone = undone_share(
        closed_shorts_usd_bn=jnp.sum(forced.closed.value[SHORT], axis=0),
        coins_usd_bn=held * jnp.exp(new.log_price[cleared][layout.coins])[None],
        hedge=repaid.hedge[:, layout.coins],
        arbitrage_share=take_rows(parameters.arbitrage_share, layout.holders),
    )
    return repaid.hedge * (jnp.exp(-fading)[None] * (1.0 - undone))[:, None]


def _where_alive(alive, now, before):
    return jnp.where(jnp.broadcast_to(alive, now.shape), now, before)


def _returns_beyond_trend(state: State, new: State, day: Day, world: World):
    """Log returns of all instruments less what growth alone gives."""
    trend = jnp.log1p(day.trend_growth / day.trend_level) * (1.0 - world.growing)
    return new.log_price - state.log_price - trend[:, None]


def _account_returns(state: State, returns, world: World) -> Float[Array, "holder path"]:
    """Return of what each holder has in the cleared markets; of nothing it is zero."""
    cleared = world.layout.economy.columns("cleared")
    held = take_rows(state.units[:, cleared] + state.issued, world.layout.holders)
    value = jnp.maximum(held, 0.0) * jnp.exp(state.log_price[cleared])[None]
    total = jnp.sum(value, axis=1)
    earned = jnp.sum(value * returns[None], axis=1)
    return jnp.where(total > _NOTHING, earned / jnp.where(total > _NOTHING, total, 1.0), 0.0)


def _vehicle_returns(state: State, returns, world: World) -> Float[Array, "vehicle path"]:
    """Return beyond trend of each fund's securities on its net assets, and of private credit."""
    economy, found = world.layout.economy, []
    marked = (*economy.names("cleared"), *economy.names("appraised"))
    rows = tuple(economy.instrument(name) for name in marked)
    price = jnp.exp(take_rows(state.log_price, rows))
    earned = take_rows(returns, rows)
    for row, share in world.layout.funds:
        value = take_rows(state.units[row], rows) * price
        assets = -state.units[row, share] * jnp.exp(state.log_price[share])
        found.append(jnp.sum(value * earned, axis=0) / assets)
    if PRIVATE in economy.instrument_names:
        found.append(returns[economy.instrument(PRIVATE)])
    return jnp.stack(found) if found else state.performance


def _drawdown(new: State, day: Day, world: World):
    """Highest value of listed equity beyond trend, and how far below it the day ends (logs)."""
    economy = world.layout.economy
    equity, first = economy.group("equity"), economy.columns("cleared").start
    if not equity:
        return new.equity_peak, new.drawdown
    own = tuple(k - first for k in equity)
    shares = jnp.sum(take_rows(world.opening_issued, own, axis=1), axis=0)[:, None]
    worth = jnp.sum(shares * jnp.exp(take_rows(new.log_price, equity)), axis=0)
    level = jnp.log(worth / jnp.sum(shares)) - jnp.log(day.trend_level + day.trend_growth)
    peak = jnp.maximum(new.equity_peak, level)
    return peak, peak - level
