"""Beliefs follow prices: who gained wants more, who lost weakens, and both fade.

    "prices fall, conviction weakens"; "speculative retail momentum cannot hold gains"

    c <- (1 - decay) c + phi (r_a - trend)

c enters log odds, so a rise of one doubles and a half what a group would hold at given prices.
Extrapolators are retail and crypto holders, hedge funds a little; mandates not at all. The
benchmark is the trend of the asset: no shock, no conviction.
Source: Barberis, Greenwood, Jin and Shleifer (2015) for the form; sizes are guesses.
Signs: c > 0 wants more.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


class ConvictionParameters(eqx.Module):
    """How strongly and how long past returns are extrapolated."""

    extrapolation: Float[Array, "sector path"]  # phi, log odds per unit of log return
    conviction_half_life_years: Float[Array, " path"]
    conviction_prior: Float[Array, "asset path"]  # log odds: what is believed in least at first


def updated_conviction(
    *,
    conviction: Float[Array, "holder asset path"],
    log_return: Float[Array, "asset path"],
    extrapolation: Float[Array, "holder path"],
    half_life_years: Float[Array, " path"],
    dt_years: Float[Array, ""],
    switch: Float[Array, " path"],
) -> Float[Array, "holder asset path"]:
    """Conviction after a day with returns beyond trend of `log_return`."""
    kept = jnp.exp(-jnp.log(2.0) * dt_years / half_life_years)
    heard = (switch[None] * extrapolation)[:, None] * log_return[None]
    return kept[None, None] * conviction + heard
