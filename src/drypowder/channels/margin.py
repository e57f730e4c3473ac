"""Lenders let nobody carry more than risk and haircuts allow; who is above it sells to a buffer.

    "margin tightens, others are forced, and forced selling cascades"

Account of group g: assets A (what it wants at today's prices), debt B, equity E = A - B. Its
largest leverage is

    L = min( L0 m sigma0 / sigma,  1 / h ),   h = sum_a share_a haircut_a (1 + widening)

where sigma is an EWMA of the account's own volatility, sigma0 and L0 its opening values and m
the headroom it opened with (value at risk over equity is constant, so L is 1/(z sigma) with z
from the opening). Haircuts widen with lambda and with sigma. If A > L E the account sells down
to b L E and repays debt with the proceeds: one-sided, never a reason to buy. Lower prices force
more sales and sales lower prices: the outcome taken is the least fixed point, found from "nobody
is forced" downward. An account under water sells everything; its lenders bear the rest.
Source: Adrian and Shin (2014) for value at risk; Brunnermeier and Pedersen (2009) for haircuts;
Cont and Schaanning (2017) for one-sided thresholds with a buffer. Signs: debt > 0.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.channels.selling import LEAST_KEPT


class MarginParameters(eqx.Module):
    """What lenders allow; the trailing axis is the path."""

    leverage_headroom: Float[Array, "sector path"]  # largest over opening leverage
    leverage_buffer: Float[Array, " path"]  # b, of the largest leverage, sold down to
    volatility_half_life_years: Float[Array, " path"]
    haircut: Float[Array, "asset path"]
    haircut_per_volatility: Float[Array, " path"]  # rise per unit of sigma/sigma0 - 1
    haircut_per_bp: Float[Array, " path"]  # rise per bp of lambda


def largest_leverage(
    *,
    opening_leverage: Float[Array, "holder path"],
    headroom: Float[Array, "holder path"],
    volatility_ratio: Float[Array, "holder path"],
    haircut: Float[Array, "holder path"],
    lambda_change_bp: Float[Array, " path"],
    parameters: MarginParameters,
) -> Float[Array, "holder path"]:
    """L: assets per unit of equity that lenders allow today.

    Args:
        volatility_ratio: sigma/sigma0. haircut: of the account's mix, before widening.
    """
    risk = opening_leverage * headroom / jnp.maximum(volatility_ratio, 1e-12)
    tighter = parameters.haircut_per_volatility[None] * jnp.maximum(volatility_ratio - 1.0, 0.0)
    tighter = tighter + (parameters.haircut_per_bp * jnp.maximum(lambda_change_bp, 0.0))[None]
    pledged = 1.0 / jnp.clip(haircut * (1.0 + tighter), 1e-12, 1.0)
    return jnp.maximum(jnp.minimum(risk, pledged), 1.0)


def kept_share(
    *,
    assets: Float[Array, "holder path"],
    sellable: Float[Array, "holder path"],
    debt: Float[Array, "holder path"],
    largest: Float[Array, "holder path"],
    buffer: Float[Array, " path"],
    switch: Float[Array, " path"],
) -> Float[Array, "holder path"]:
    """Share of what it can sell that each account may keep: one where the limit does not bind.

    Args:
        sellable: part of the assets whose market is open today.
    """
    equity = assets - debt
    target = jnp.maximum(buffer[None] * largest, 1.0) * jnp.maximum(equity, 0.0)
    breached = (debt > 0.0) & (assets > largest * equity) & (switch[None] > 0.0)
    share = 1.0 - (assets - target) / jnp.maximum(sellable, 1e-300)
    return jnp.where(breached, jnp.clip(share, LEAST_KEPT, 1.0), 1.0)


def updated_variance(
    *,
    variance_pa: Float[Array, "holder path"],
    log_return: Float[Array, "holder path"],
    half_life_years: Float[Array, " path"],
    dt_years: Float[Array, ""],
) -> Float[Array, "holder path"]:
    """EWMA of squared daily returns at an annual rate."""
    kept = jnp.exp(-jnp.log(2.0) * dt_years / half_life_years)[None]
    return kept * variance_pa + (1.0 - kept) * log_return**2 / dt_years
