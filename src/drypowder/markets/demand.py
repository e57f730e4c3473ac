"""Demand over excess cash: the price of money rises convexly as dry powder runs out.

    "once dry powder is gone, every dollar must leave something else"

A holder group g (a sector in one market segment) divides Y_g = X_g + sum_a P_a q_ga between
idle cash and assets by a logit on expected excess returns,

    ln(w_ga / w_g0) = ln(q_ga / X_g)_opening + kappa_ga (s_ga - s_ga,opening) + e_a
    s_ga - opening  = (ln V_a - ln P_a - Dr_a dr_ga) / Ds_a

so that opening holdings are optimal at opening prices. Ds is the duration of the excess-return
(spread) leg and Dr that of the rate leg; for assets without cash flows both are the horizon H.
Because w_g0 can approach zero only if returns diverge, the last dollar is infinitely dear.

Source: Koijen and Yogo (2019) for the logit of holdings. Signs: holdings >= 0.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.logarithm import log


class DemandParameters(eqx.Module):
    """Behaviour of holders; the trailing axis is the path."""

    participation: Float[Array, "sector path"]  # share of X that the securities group may use
    crypto_excess_money_usd_bn: Float[Array, " path"]  # X of all crypto groups at the opening
    kappa: Float[Array, "asset path"]  # log-odds per unit of annual excess return
    kappa_sector_factor: Float[Array, "sector path"]
    rate_duration_years: Float[Array, "asset path"]
    spread_duration_years: Float[Array, "asset path"]
    desired_liquidity_share: Float[Array, "sector path"]  # of opening money
    desired_liquidity_per_bp: Float[Array, " path"]  # relative rise of Mstar per bp of lambda
    bank_securities_capacity_usd_bn: Float[Array, " path"]
    short_rate_reversion_pa: Float[Array, " path"]  # theta of overnight stress
    policy_rate_reversion_pa: Float[Array, " path"]  # theta of a policy move
    funding_spread_loading: Float[Array, "sector path"]  # own funding spread per unit of lambda


class Curves(NamedTuple):
    """Demand of one day as a function of log prices only."""

    log_odds: Float[Array, "holder asset path"]  # at log price zero
    slope: Float[Array, "holder asset path"]  # kappa_ga / Ds_a
    cash: Float[Array, "holder segment path"]  # X_g before trades, USD bn
    units: Float[Array, "holder asset path"]  # q_ga before trades
    net_supply: Float[Array, "asset path"]  # issuance less official purchases, USD bn
    trades: Float[Array, " asset"]  # one where the market is open today, else zero
    kept: Float[Array, "holder segment path"]  # share of what it wants that lenders let it hold


def opening_log_odds(
    *, units: Float[Array, "holder asset path"], cash: Float[Array, "holder asset path"]
) -> Float[Array, "holder asset path"]:
    """Tastes that make opening holdings optimal: ln(q/X), or 'never' where nothing is held."""
    held = units > 0.0
    never = -1.0e3  # exp() of it is exactly zero
    return jnp.where(held, jnp.log(jnp.where(held, units, 1.0)) - jnp.log(cash), never)


def average_over(
    *, reversion_pa: Float[Array, " path"], years: Float[Array, "asset path"]
) -> Float[Array, "asset path"]:
    """Share of today's short-rate deviation that lasts on average over an asset's life.

    (1 - exp(-theta D)) / (theta D): overnight stress must not move ten-year yields one for one.
    """
    decay = jnp.maximum(reversion_pa[None, :] * years, 1e-12)
    return -jnp.expm1(-decay) / decay


def weights(
    *, log_price: Float[Array, "asset path"], curves: Curves, segments: tuple[tuple[int, int], ...]
) -> tuple[Float[Array, "holder asset path"], Float[Array, "holder asset path"]]:
    """Portfolio shares w_ga, and the wealth Y_g that each asset's group divides (USD bn).

    What a group wants; lenders may let it hold less (`kept`).
    """
    odds, wealth, idle = _groups(log_price, curves, segments)
    shares = [
        odds[:, start:stop] * idle[:, number, None] for number, (start, stop) in enumerate(segments)
    ]
    return jnp.concatenate(shares, axis=1), by_asset(wealth, segments)


def by_asset(
    by_segment: Float[Array, "holder segment path"], segments: tuple[tuple[int, int], ...]
) -> Float[Array, "holder asset path"]:
    """What holds for a market segment, repeated for each of its assets."""
    parts = [
        jnp.repeat(by_segment[:, number, None], stop - start, axis=1)
        for number, (start, stop) in enumerate(segments)
    ]
    return jnp.concatenate(parts, axis=1)


def _groups(log_price, curves: Curves, segments):
    """Odds w_ga / w_g0 of each asset; wealth Y_g and idle share w_g0 of each group."""
    price = jnp.exp(log_price) * curves.trades[:, None]
    odds = jnp.exp(curves.log_odds - curves.slope * log_price[None]) * curves.trades[None, :, None]
    worth, total = price[None] * curves.units, []
    for start, stop in segments:
        total.append((jnp.sum(worth[:, start:stop], axis=1), jnp.sum(odds[:, start:stop], axis=1)))
    wealth = curves.cash + jnp.stack([held for held, _ in total], axis=1)
    wealth = jnp.maximum(wealth, 0.0)  # who owes more than it owns wants nothing, not less
    idle = 1.0 / (1.0 + jnp.stack([summed for _, summed in total], axis=1))
    return odds, wealth, idle


def excess_demand(
    *, log_price: Float[Array, "asset path"], curves: Curves, segments: tuple[tuple[int, int], ...]
) -> Float[Array, "asset path"]:
    """ln(demand) - ln(supply) for every cleared asset; zero where the market is closed."""
    odds, wealth, idle = _groups(log_price, curves, segments)
    left = wealth * idle * curves.kept  # idle cash, which odds multiply into holdings
    demand = [
        jnp.sum(odds[:, start:stop] * left[:, number, None], axis=0)
        for number, (start, stop) in enumerate(segments)
    ]
    supply = jnp.exp(log_price) * jnp.sum(curves.units, axis=0) + curves.net_supply
    trades = curves.trades[:, None] > 0.0
    gap = jnp.where(trades, jnp.concatenate(demand, axis=0) / supply, 1.0)
    return jnp.where(trades, log(gap), 0.0)


def excess_demand_jacobian(
    *, log_price: Float[Array, "asset path"], curves: Curves, segments: tuple[tuple[int, int], ...]
) -> Float[Array, "asset asset path"]:
    """Analytic derivative of `excess_demand` with respect to log prices (rows: markets)."""
    share, wealth = weights(log_price=log_price, curves=curves, segments=segments)
    holding = share * wealth * by_asset(curves.kept, segments)
    weight = holding / jnp.maximum(jnp.sum(holding, axis=0), 1e-300)[None]
    old_value = jnp.exp(log_price) * jnp.sum(curves.units, axis=0)
    supply = old_value + curves.net_supply
    old_value_share = jnp.exp(log_price)[None] * curves.units * curves.trades[None, :, None]
    old_share = old_value_share / jnp.where(wealth == 0.0, 1.0, wealth)
    pull = share * curves.slope + old_share
    own = jnp.sum(weight * curves.slope, axis=0) + old_value / supply
    rows = len(own)
    blocks = jnp.zeros((rows, rows, own.shape[-1]))
    for start, stop in segments:
        cross = weight[:, start:stop, None] * pull[:, None, start:stop]
        blocks = blocks.at[start:stop, start:stop].set(jnp.sum(cross, axis=0))
    diagonal = jnp.where(curves.trades[:, None] > 0.0, own, 1.0)
    return blocks - jnp.eye(rows)[:, :, None] * diagonal[:, None, :]
