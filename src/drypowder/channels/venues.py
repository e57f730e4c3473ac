"""Perpetual futures: open positions by distance from their trigger, closed when prices reach it.

    "crypto is the leading probe; 2.6 billion USD liquidated in a day"

The state is the density of `drypowder.venues.cohorts`: coins and margin of longs and of shorts by
x = s ln(P / T), their distance from the price T that closes them (s = +1 long, -1 short), which is
all one need know: whatever its leverage, with maintenance r nothing is left of a position's margin
at

    B = T (1 - s r)

A day whose price goes y against a side closes what lies within y. Longs fall to the day's low,
shorts rise to its high: its close and, beyond it, how far the book is thrown by what it must take,

    V = depth (x / 1 %)^a,   depth = depth0 max(floor, exp(-thinning r5))

with r5 the return of the last five minutes. Who pays for a closing: it is filled an exponential lag
after its trigger, of mean g = y delay / minutes in price, so per USD

    r - g (1 - exp(-r / g))  is left over and goes to the venue's insurance fund,
    g exp(-r / g)            is missing and paid by the fund, nearest triggers first,

and those whose debt the fund cannot pay are auto-deleveraged: closed at B against the other side,
whoever gains and is most levered first, and off the book. Backstop vaults keep a share of the rest
off it. Whoever sells into a book finds somebody who closes the other side: open interest falls by
what is closed on both sides, and perpetuals are in zero net supply.
Closed longs reach the spot market through cash-and-carry traders, who buy the discounted perpetual
and sell coins they own; closed shorts make them undo such sales, at most all of them, a day later.
Source: venue rule books (brackets aside); Donier and Bonart (2015) for concave impact.
Signs: closings > 0, USD bn; reach and overshoot are log distances >= 0 against a side.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.logarithm import log
from drypowder.venues.cascade.book import UNIT_DISTANCE
from drypowder.venues.cohorts.density import (
    SIGNS,
    Density,
    Leverage,
    Reachable,
    aged,
    deleveraged,
    distance_grid,
    entrants,
    entry_price,
    moved,
    nearer,
    passed,
    reachable,
    signs,
    survivors,
)

LONG, SHORT = 0, 1
BUCKETS = 32  # of distance; tests/channels/test_venues.py holds it against many more
GRID = distance_grid(BUCKETS)
_MINUTES = 5.0  # of the return to which the book reacts
_SURE = 1e-9  # of the maintenance rate: a lag that is none


class VenueParameters(eqx.Module):
    """Perpetual traders, their venues and books; `coin` runs over the crypto assets."""

    perp_open_interest_usd_bn: Float[Array, "coin path"]  # of each side, at the opening
    perp_leverage_median: Float[Array, " path"]  # effective, at entry
    perp_leverage_log_sd: Float[Array, " path"]
    maintenance_rate: Float[Array, " path"]  # r
    entry_age_years: Float[Array, " path"]  # mean age of positions
    closing_delay_minutes: Float[Array, " path"]  # from trigger to fill, on average
    insurance_fund_usd_bn: Float[Array, "coin path"]  # that may be used, at the opening
    backstop_share: Float[Array, " path"]  # of closings that vaults keep off the book
    book_depth_usd_bn: Float[Array, "coin path"]  # within 1 %, in normal times, either way
    book_exponent: Float[Array, " path"]  # a
    book_thinning: Float[Array, " path"]  # per unit of the five-minute return
    book_floor_share: Float[Array, " path"]
    arbitrage_share: Float[Array, "sector path"]  # of closings that each sells as coins
    arbitrage_capacity_share: Float[Array, " path"]  # of their coins, a day
    arbitrage_half_life_years: Float[Array, " path"]  # of the position that they take
    perp_long_share: Float[Array, "sector path"]  # who owns the longs; sums to one
    perp_short_share: Float[Array, "sector path"]  # who owns the shorts; sums to one
    perp_fund_share: Float[Array, "sector path"]  # whose the insurance funds are; sums to one


class Perpetuals(NamedTuple):
    """Open positions at the close, and what venues keep for deficits."""

    coins: Float[Array, "side bucket coin path"]  # USD bn at the opening price
    margin: Float[Array, "side bucket coin path"]  # USD bn, put up at entry
    fund: Float[Array, "coin path"]  # USD bn


class Exposed(NamedTuple):
    """What moves of today's price can close, settled in the morning."""

    price: Float[Array, "coin path"]  # log, distances are measured from it
    coins: Float[Array, "side bucket coin path"]
    margin: Float[Array, "side bucket coin path"]
    in_book: Reachable  # coins that meet the book, by side
    deleveraged: Float[Array, "side bucket coin path"]  # coins closed against the other side
    fund_gain: Float[Array, "side bucket coin path"]  # USD bn; lost to deficits if negative
    outside: Float[Array, "side coin path"]  # log move against a side that came from outside
    minutes: Float[Array, ""]  # in which it came
    switch: Float[Array, " path"]


class Closed(NamedTuple):
    """What a day closed by force; by side of who was closed."""

    reach: Float[Array, "side coin path"]  # how far the price went against each side
    overshoot: Float[Array, "side coin path"]  # part of it beyond the close of the day
    coins: Float[Array, "side coin path"]
    value: Float[Array, "side coin path"]  # USD bn at today's price
    deleveraged: Float[Array, "side coin path"]  # coins, of these
    margin_lost: Float[Array, "side path"]  # USD bn
    fund_gain: Float[Array, "side coin path"]  # USD bn


def opening_perpetuals(
    parameters: VenueParameters, volatility_pa: Float[Array, " coin"]
) -> tuple[Perpetuals, Density]:
    """Positions of all ages that lived through them; and one coin of newcomers on each side."""
    leverage = Leverage(
        parameters.perp_leverage_median,
        parameters.perp_leverage_log_sd,
        parameters.maintenance_rate,
    )
    sigma = volatility_pa[:, None] * jnp.sqrt(parameters.entry_age_years)[None]
    alive = survivors(leverage, sigma=sigma, grid=GRID)
    size = parameters.perp_open_interest_usd_bn[None, None]
    opened = Perpetuals(
        size * alive.open_coins, size * alive.margin_usd_bn, parameters.insurance_fund_usd_bn
    )
    return opened, entrants(leverage, GRID)


def exposed_perpetuals(
    *,
    perpetuals: Perpetuals,
    log_price: Float[Array, "coin path"],
    outside_move: Float[Array, "coin path"],
    outside_minutes: Float[Array, ""],
    switch: Float[Array, " path"],
    parameters: VenueParameters,
) -> Exposed:
    """Coins, margin and the fund's part of every bucket, should the price get there.

    Args:
        log_price: yesterday's close. outside_move: today's log move from outside.
    """
    rate, sign = parameters.maintenance_rate, signs(4)
    lag = parameters.closing_delay_minutes / outside_minutes
    gap = jnp.maximum(GRID.middle[:, None] * jnp.minimum(lag, 1.0)[None], _SURE * rate[None])
    failing = jnp.exp(-rate[None] / gap)  # filled where nothing is left
    missing = gap * (failing - jnp.exp(-1.0 / gap))  # nobody loses more than the price
    kept = rate[None] - gap * (1.0 - failing)
    coins = perpetuals.coins
    away = jnp.exp(-sign * GRID.middle[None, :, None, None])
    worth = coins * away * jnp.exp(log_price)[None, None]
    owed = worth * missing[None, :, None]
    unpaid = jnp.clip(owed + nearer(owed) - perpetuals.fund[None, None], 0.0, owed)
    gone = unpaid / jnp.where(owed > 0.0, owed, 1.0) * failing[None, :, None] * coins
    against = -signs(3) * outside_move[None]
    met = (switch * (1.0 - parameters.backstop_share))[None, None, None] * (coins - gone)
    return Exposed(
        price=log_price,
        coins=coins,
        margin=perpetuals.margin,
        in_book=reachable(met, GRID),
        deleveraged=gone,
        fund_gain=worth * kept[None, :, None] - (owed - unpaid),
        outside=jnp.maximum(against, 0.0),
        minutes=outside_minutes,
        switch=switch,
    )


def book_gives_way(
    *,
    exposed: Exposed,
    side: int,
    log_price: Float[Array, "coin path"],
    overshoot: Float[Array, "coin path"],
    parameters: VenueParameters,
) -> tuple[Float[Array, "coin path"], Float[Array, "coin path"]]:
    """How far closings of a side throw its book if the price touched `overshoot` beyond its close.

    One application of a monotone map of the overshoot: iterate from zero to the least fixed point.

    Returns:
        the overshoot that these closings cause, log; and what they bring to the book, USD bn.
    """
    reach = SIGNS[side] * (exposed.price - log_price) + overshoot
    of_side = Reachable(*(one[side] for one in exposed.in_book))
    value = of_side.within(reach, GRID) * jnp.exp(log_price)
    fast = (exposed.outside[side] + overshoot) * jnp.minimum(_MINUTES / exposed.minutes, 1.0)
    floor = jnp.log(parameters.book_floor_share)[None]
    thin = jnp.maximum(-parameters.book_thinning[None] * fast, floor)
    # drypowder.venues.cascade.book in logs: a power takes several times as long
    eaten = log(jnp.where(value > 0.0, value, 1.0) / parameters.book_depth_usd_bn) - thin
    fall = UNIT_DISTANCE * jnp.exp(eaten / parameters.book_exponent[None])
    return jnp.where(value > 0.0, fall, 0.0), value


def closings(
    *,
    exposed: Exposed,
    log_price: Float[Array, "coin path"],
    overshoot: Float[Array, "side coin path"],
) -> Closed:
    """Everybody whom the day's low (longs) or high (shorts) reached, and who pays for them."""
    against = signs(3) * (exposed.price - log_price)[None]
    reach = exposed.switch[None, None] * jnp.maximum(against + overshoot, 0.0)
    share = passed(reach, GRID)

    def part(whole):
        return jnp.sum(whole * share, axis=1)

    coins = part(exposed.coins)
    return Closed(
        reach=reach,
        overshoot=overshoot,
        coins=coins,
        value=coins * jnp.exp(log_price)[None],
        deleveraged=part(exposed.deleveraged),
        margin_lost=jnp.sum(part(exposed.margin), axis=1),
        fund_gain=part(exposed.fund_gain),
    )


def updated_perpetuals(
    *,
    perpetuals: Perpetuals,
    newcomers: Density,
    closed: Closed,
    log_move: Float[Array, "coin path"],
    log_price: Float[Array, "coin path"],
    dt_years: Float[Array, ""],
    parameters: VenueParameters,
) -> Perpetuals:
    """What is left stands at its new distances; newcomers replace the old and who was closed.

    Args:
        log_move: of the price since yesterday. log_price: today's close.
    """
    open_ = Density(perpetuals.coins, perpetuals.margin)
    left = moved(open_, reach=closed.reach, log_move=log_move, grid=GRID)
    left = _other_side_closes(left, closed, jnp.exp(log_price), parameters)
    size = parameters.perp_open_interest_usd_bn[None, None]
    new = Density(
        size * newcomers.open_coins,
        size * jnp.exp(log_price)[None, None] * newcomers.margin_usd_bn,
    )
    fresh = -jnp.expm1(-dt_years / parameters.entry_age_years)
    return Perpetuals(
        *aged(left, new, fresh), fund=perpetuals.fund + jnp.sum(closed.fund_gain, axis=0)
    )


def _other_side_closes(left: Density, closed: Closed, price, parameters) -> Density:
    """Whom a venue deleverages leaves first, then as many as closings found in the book."""

    def queue(density: Density) -> Density:
        entry = entry_price(density, price, parameters.maintenance_rate, GRID)
        gains = signs(4) * (price[None, None] - entry) > 0.0
        sides = [
            deleveraged(density.open_coins[side], closed.deleveraged[1 - side], gains[side])
            for side in (LONG, SHORT)
        ]
        return _scaled(density, _kept(jnp.stack(sides), density.open_coins))

    left = jax.lax.cond(jnp.any(closed.deleveraged > 0.0), queue, lambda same: same, left)
    met = (closed.coins - closed.deleveraged)[::-1]
    return _scaled(left, _kept(met, jnp.sum(left.open_coins, axis=1))[:, None])


def _kept(taken, whole):
    return 1.0 - jnp.minimum(taken / jnp.where(whole > 0.0, whole, 1.0), 1.0)


def _scaled(density: Density, share) -> Density:
    return Density(*(share * mass for mass in density))


def undone_share(
    *,
    closed_shorts_usd_bn: Float[Array, " path"],
    coins_usd_bn: Float[Array, "holder coin path"],
    hedge: Float[Array, "holder coin path"],
    arbitrage_share: Float[Array, "holder path"],
) -> Float[Array, "holder path"]:
    """Part of the coins sold against perpetuals that a squeeze makes their sellers buy back.

    A perpetual that stands above its coin is sold and the coin bought: cash-and-carry traders do so
    until they have back what they sold, and no further.

    Args:
        hedge: log odds at which coins are not wanted because they were sold so.
    """
    sold = jnp.sum(coins_usd_bn * jnp.expm1(jnp.maximum(-hedge, 0.0)), axis=1)
    wanted = arbitrage_share * closed_shorts_usd_bn[None]
    return jnp.minimum(wanted / jnp.where(sold > 0.0, sold, jnp.inf), 1.0)
