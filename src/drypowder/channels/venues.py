"""Perpetual futures, coarsely: cohorts by leverage whose longs are closed when the price falls.

    "crypto is the leading probe; 2.6 billion USD liquidated in a day"

A long of leverage l entered at price E is closed below E (1 - 1/l) / (1 - m). Entries of a
cohort are spread (logistic, width s) around their average, so of what is open a day closes

    [F(low) - F(w)] / [1 - F(w)],   F(p) = 1/(1 + exp(-(ln threshold - p)/s))

with w the lowest price that today's positions have lived through. Selling V into the book moves
the price by x for as long as it lasts, V = depth (x / 1 %)^a, and the book thins with the return
of the last five minutes: depth = depth0 max(floor, exp(-thinning r5)). Closings reach the spot
market through cash-and-carry traders, who buy the discounted perpetual and sell coins they own.
Perpetuals are in zero net supply: what closed longs lose is paid to the other side.
Source: venue rule books for the threshold; Donier and Bonart (2015) for concave impact. Shorts,
brackets, funds and auto-deleveraging are not here but in the venues room, account by account.
Signs: liquidations > 0, USD bn; x > 0 is a fall.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

_PERCENT = 0.01
_MINUTES = 5.0  # of the return to which the book reacts


class VenueParameters(eqx.Module):
    """Perpetual traders and their book; `coin` runs over the crypto assets."""

    perp_open_interest_usd_bn: Float[Array, "coin path"]  # longs, at the opening
    perp_leverage: Float[Array, "cohort path"]  # effective, of each cohort
    perp_cohort_share: Float[Array, " cohort"]  # of open interest; sums to one
    maintenance_rate: Float[Array, " path"]
    entry_spread: Float[Array, " path"]  # s, log price
    entry_age_years: Float[Array, " path"]  # mean age of positions
    book_depth_usd_bn: Float[Array, "coin path"]  # bids within 1 % in normal times
    book_exponent: Float[Array, " path"]  # a
    book_thinning: Float[Array, " path"]  # per unit of the five-minute return
    book_floor_share: Float[Array, " path"]
    off_book_share: Float[Array, " path"]  # of closings that never meet the book
    arbitrage_share: Float[Array, "sector path"]  # of closings that each sells as coins
    arbitrage_capacity_share: Float[Array, " path"]  # of their coins, a day
    arbitrage_half_life_years: Float[Array, " path"]  # of the position that they take
    perp_long_share: Float[Array, "sector path"]  # who owns the longs; sums to one
    perp_short_share: Float[Array, "sector path"]  # who is paid; sums to one


class Perpetuals(NamedTuple):
    """Open longs of every cohort and coin."""

    open: Float[Array, "cohort coin path"]  # USD bn at the opening price: coins
    entry: Float[Array, "cohort coin path"]  # average log price of entries
    watermark: Float[Array, "coin path"]  # lowest log price that today's longs lived through


class Closed(NamedTuple):
    """What a day closed."""

    coins: Float[Array, "cohort coin path"]  # of each cohort, at the opening price
    value: Float[Array, "coin path"]  # USD bn at today's price
    margin_lost: Float[Array, " path"]  # USD bn
    overshoot: Float[Array, "coin path"]  # x: how far below its close the price was


def opening_perpetuals(
    parameters: VenueParameters, volatility_pa: Float[Array, " coin"]
) -> Perpetuals:
    """Every cohort at its share of open interest, entered at the opening price.

    Positions of mean age T have lived through the lowest price of T on average, a fall of
    sigma sqrt(2 T / pi): those that could not have are no longer open.
    """
    spread = _rested(parameters)
    lived = volatility_pa[:, None] * jnp.sqrt(2.0 * parameters.entry_age_years / jnp.pi)[None]
    return Perpetuals(spread, jnp.zeros_like(spread), -lived)


def close_longs(
    *,
    perpetuals: Perpetuals,
    log_price: Float[Array, "coin path"],
    overshoot: Float[Array, "coin path"],
    outside_fall: Float[Array, "coin path"],
    outside_minutes: Float[Array, ""],
    switch: Float[Array, " path"],
    parameters: VenueParameters,
) -> Closed:
    """Longs closed if the price touched `overshoot` below `log_price`, and what that does to it.

    One application of a monotone map of the overshoot: iterate from zero to the least fixed point.

    Args:
        outside_fall: today's log fall that came from outside, >= 0, within `outside_minutes`.
    """
    low = log_price - overshoot
    threshold = _threshold(perpetuals, parameters)
    before = _passed(threshold, perpetuals.watermark, parameters)
    now = _passed(threshold, jnp.minimum(low, perpetuals.watermark), parameters)
    share = (now - before) / jnp.maximum(1.0 - before, 1e-12)
    levered = jnp.where(parameters.perp_leverage > 1.0, 1.0, 0.0)[:, None]
    coins = switch[None, None] * levered * perpetuals.open * share
    value = jnp.sum(coins, axis=0) * jnp.exp(log_price)
    fast = (outside_fall + overshoot) * jnp.minimum(_MINUTES / outside_minutes, 1.0)
    thin = jnp.exp(-parameters.book_thinning[None] * fast)
    depth = parameters.book_depth_usd_bn * jnp.maximum(thin, parameters.book_floor_share[None])
    met = (1.0 - parameters.off_book_share)[None] * value / depth
    root = jnp.where(met > 0.0, met, 1.0) ** (1.0 / parameters.book_exponent)[None]
    fall = _PERCENT * root
    lost = jnp.sum(coins * jnp.exp(perpetuals.entry) / parameters.perp_leverage[:, None], (0, 1))
    return Closed(coins, value, lost, jnp.where(met > 0.0, fall, 0.0))


def updated_perpetuals(
    *,
    perpetuals: Perpetuals,
    closed: Closed,
    log_price: Float[Array, "coin path"],
    dt_years: Float[Array, ""],
    parameters: VenueParameters,
) -> Perpetuals:
    """New positions replace old ones and rebuild what was closed, at today's price."""
    fresh = -jnp.expm1(-dt_years / parameters.entry_age_years)
    left = perpetuals.open - closed.coins
    target = _rested(parameters)
    wide = fresh[None, None]
    entry = perpetuals.entry + wide * (log_price[None] - perpetuals.entry)
    lowest = jnp.minimum(perpetuals.watermark, log_price - closed.overshoot)
    watermark = lowest + fresh[None] * (log_price - lowest)
    return Perpetuals(left + wide * (target - left), entry, watermark)


def _rested(parameters: VenueParameters) -> Float[Array, "cohort coin path"]:
    """Open interest of every cohort when nobody has been closed, coins at the opening price."""
    share = parameters.perp_cohort_share[:, None, None]
    return share * parameters.perp_open_interest_usd_bn[None]


def _threshold(perpetuals: Perpetuals, parameters: VenueParameters):
    leverage = jnp.maximum(parameters.perp_leverage, 1.0 + 1e-9)
    ratio = jnp.log1p(-1.0 / leverage) - jnp.log1p(-parameters.maintenance_rate)[None]
    return perpetuals.entry + jnp.minimum(ratio, 0.0)[:, None]


def _passed(threshold, log_price, parameters: VenueParameters):
    return jax.nn.sigmoid((threshold - log_price[None]) / parameters.entry_spread[None, None])
