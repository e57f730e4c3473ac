"""Lenders let nobody carry more than risk and haircuts allow; who is above it sells to a buffer.

    "margin tightens, others are forced, and forced selling cascades"

Account of group g: assets A (what it wants at today's prices), debt B, equity E = A - B. Its
largest leverage is

    L = min( L0 m sigma0 / sigma,  1 / h ),   h = sum_a share_a haircut_a (1 + widening)

where sigma is an EWMA of the account's own volatility, sigma0 and L0 its opening values and m
the headroom it opened with (value at risk over equity is constant, so L is 1/(z sigma) with z
from the opening). Haircuts widen with lambda and with sigma. If A > L E the account is called until
A = b L (E + C). Money that it has left above its desired liquidity pays first: C. It has days to
sell the rest of the excess,

    1 - exp(-dt / T)  a day, of a mean of T days;  all of it at once where L (E + C) < c A

that is, where less than the share c of the equity that the call asks for is there: then lenders
sell for it. One-sided, never a reason to buy. Lower prices force more sales and sales lower prices:
the outcome taken is the least fixed point, found from "nobody is forced" downward. An account under
water puts up nothing and sells everything; its lenders bear the rest.
Source: Adrian and Shin (2014) for value at risk; Brunnermeier and Pedersen (2009) for haircuts;
Cont and Schaanning (2017) for one-sided thresholds with a buffer; loan terms of Unchained, BlockFi
and Ledn for topping up, days and close-out. Signs: debt > 0.
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
    margin_call_years: Float[Array, "sector path"]  # T, from the call to the sale, on average
    close_out_share: Float[Array, " path"]  # c, of the equity asked for, below which all is sold
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
    posted: Float[Array, "holder path"],
    largest: Float[Array, "holder path"],
    met_today: Float[Array, "holder path"],
    parameters: MarginParameters,
    switch: Float[Array, " path"],
) -> Float[Array, "holder path"]:
    """Share of what it can sell that each account may keep: one where the limit does not bind.

    Args:
        sellable: part of the assets whose market is open today. posted: money that the account
            puts up, see `put_up`. met_today: share of a call that is met today, see `share_met`.
    """
    called = _called(assets, debt, largest, switch)
    equity, close_out = assets - debt + posted, parameters.close_out_share[None]
    target = _sold_down_to(largest, parameters) * jnp.maximum(equity, 0.0)
    due = jnp.where(close_out * assets > largest * equity, 1.0, met_today)
    share = 1.0 - due * jnp.maximum(assets - target, 0.0) / jnp.maximum(sellable, 1e-300)
    return jnp.where(called, jnp.clip(share, LEAST_KEPT, 1.0), 1.0)


def put_up(
    *,
    assets: Float[Array, "holder path"],
    debt: Float[Array, "holder path"],
    spare: Float[Array, "holder path"],
    largest: Float[Array, "holder path"],
    parameters: MarginParameters,
    switch: Float[Array, " path"],
) -> Float[Array, "holder path"]:
    """Money with which a called account repays before it sells anything, USD bn.

    Args:
        spare: money above desired liquidity that is left after the trades of the day.
    """
    called = _called(assets, debt, largest, switch) & (assets > debt)
    missing = assets / _sold_down_to(largest, parameters) - (assets - debt)
    return jnp.where(called, jnp.clip(missing, 0.0, jnp.maximum(spare, 0.0)), 0.0)


def _called(assets, debt, largest, switch):
    return (debt > 0.0) & (assets > largest * (assets - debt)) & (switch[None] > 0.0)


def _sold_down_to(largest, parameters: MarginParameters):
    """Leverage at which a called account may rest."""
    return jnp.maximum(parameters.leverage_buffer[None] * largest, 1.0)


def share_met(
    *, dt_years: Float[Array, ""], margin_call_years: Float[Array, "holder path"]
) -> Float[Array, "holder path"]:
    """Share of what is called that is sold today: calls are met after an exponential time."""
    return -jnp.expm1(-dt_years / margin_call_years)


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
