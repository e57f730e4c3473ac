"""Yields by duration: what an asset offers at its price, and what holders require.

    y_a = ybar_a + (ln V_a - ln P_a) / D_a

For assets without cash flows (gold, bitcoin) D is the horizon over which holders expect a
return to the anchor; it is not a rate duration, and a sensitivity to yields is an output.
Source: Macaulay's duration, to first order. Signs: durations > 0; yields are decimals per year.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float


def offered_yield_pa(
    *,
    log_price: Float[Array, "asset path"],
    log_fundamental: Float[Array, "asset path"],
    required_return_pa: Float[Array, "asset path"],
    duration_years: Float[Array, "asset path"],
) -> Float[Array, "asset path"]:
    """Return offered at today's price; equal to the opening required return at the opening."""
    return required_return_pa + (log_fundamental - log_price) / duration_years


def earnings_to_value(
    *,
    receipts_ratio: Float[Array, "asset path"],
    elasticity: Float[Array, " path"],
    persistence_years: Float[Array, " path"],
    duration_years: Float[Array, "asset path"],
) -> Float[Array, "asset path"]:
    """Rise of ln V when receipts exceed trend by a ratio that fades over `persistence_years`.

    A gain in earnings that decays at 1/T raises the value of a claim of duration D by the share
    (1 - exp(-D/T)) T/D of it.
    """
    fade = persistence_years[None] / duration_years
    return elasticity[None] * receipts_ratio * fade * (-jnp.expm1(-1.0 / fade))


def appraise(
    *,
    appraised: Float[Array, "asset path"],
    model: Float[Array, "asset path"],
    half_life_years: Float[Array, "asset path"],
    dt_years: Float[Array, ""],
) -> Float[Array, "asset path"]:
    """An appraised log price moves slowly toward its model value."""
    share = -jnp.expm1(-jnp.log(2.0) * dt_years / half_life_years)
    return appraised + share * (model - appraised)
