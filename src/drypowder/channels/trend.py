"""Balanced growth: every par claim and bond grows at g, paid out of current accounts.

Only what exceeds the trend is a shock. Units grow by a share of their opening amount; fund
shares grow by what the fund's own claims need, so that funds save nothing. Columns sum to zero
because opening columns do; so does saving.
Source: Godley and Lavoie (2007), growing at one rate; docs/decisions/0002.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float


def trend_units(
    *,
    opening_units: Float[Array, "sector instrument"],
    growing: Float[Array, " instrument"],
    price: Float[Array, "instrument path"],
    fund_rows: tuple[tuple[int, int], ...],
    growth: Float[Array, ""],
) -> Float[Array, "sector instrument path"]:
    """Units added today.

    Args:
        growing: one for claims whose quantity grows, zero where the price does instead.
        fund_rows: (sector, instrument) of each fund and the shares it issues, in column order.
        growth: exp(g t_end) - exp(g t_start).
    """
    units = growth * opening_units * growing[None]
    units = jnp.broadcast_to(units[:, :, None], (*units.shape, price.shape[-1]))
    plain = units.shape[1] - len(fund_rows)  # fund shares are the last columns
    units = units[:, :plain]
    for sector, share in fund_rows:  # a fund may hold shares of those before it
        needed = jnp.sum(units[sector] * price[: units.shape[1]], axis=0)
        held = opening_units[:, share] / -opening_units[sector, share]
        grown = held[:, None, None] * (needed / price[share])[None, None]
        units = jnp.concatenate([units, grown], axis=1)
    return units
