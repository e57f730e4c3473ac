"""The reserves and repo market: liquidity scarcity, in basis points and convex.

    x = supply / (k_A bank assets + k_f turnover + k_c repo-financed inventories)
    z = (x - x_min) / (1 - x_min) ,   lambda = lambda_bar s softplus(-ln z / s)

lambda is SOFR over interest on reserves. Above satiation it is zero and what the banks do not
need lies in the reverse repo facility (RRP); the standing repo facility caps it and its use
adds reserves. Never to be tuned so that it "explains" a fall of anything else: two scarcities.

Source: Afonso, Giannone, La Spada and Williams (NY Fed Staff Report 1019, 2022) for satiation;
the closed form is our own.
Signs: supply and needs positive, USD bn; lambda in basis points.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class ReserveParameters(eqx.Module):
    """Demand for reserves; the trailing axis is the path."""

    bank_assets_usd_bn: Float[Array, " path"]  # at the opening
    satiation_share: Float[Array, " path"]  # k_A, of bank assets
    turnover_share: Float[Array, " path"]  # k_f, of yesterday's turnover
    inventory_share: Float[Array, " path"]  # k_c, of repo-financed inventories
    lambda_bar_bp: Float[Array, " path"]
    x_min: Float[Array, " path"]
    lambda_smoothing: Float[Array, " path"]  # s
    standing_repo_cap_bp: Float[Array, " path"]  # standing repo rate over interest on reserves
    rrp_smoothing_usd_bn: Float[Array, " path"]


def satiation_usd_bn(
    *,
    bank_assets_usd_bn: Float[Array, " path"],
    turnover_usd_bn: Float[Array, " path"],
    inventories_usd_bn: Float[Array, " path"],
    parameters: ReserveParameters,
) -> Float[Array, " path"]:
    """L*: the reserves above which one more is worth nothing overnight."""
    return (
        parameters.satiation_share * bank_assets_usd_bn
        + parameters.turnover_share * turnover_usd_bn
        + parameters.inventory_share * inventories_usd_bn
    )


def lambda_bp(
    *,
    supply_usd_bn: Float[Array, " path"],
    satiation_usd_bn: Float[Array, " path"],
    parameters: ReserveParameters,
) -> Float[Array, " path"]:
    """Overnight scarcity without the standing facility, basis points, convex and decreasing."""
    x = supply_usd_bn / satiation_usd_bn
    z = jnp.maximum((x - parameters.x_min) / (1.0 - parameters.x_min), 1e-9)
    s = parameters.lambda_smoothing
    return parameters.lambda_bar_bp * s * jax.nn.softplus(-jnp.log(z) / s)


def standing_repo_usd_bn(
    *,
    supply_usd_bn: Float[Array, " path"],
    satiation_usd_bn: Float[Array, " path"],
    parameters: ReserveParameters,
) -> Float[Array, " path"]:
    """Borrowing at the standing facility that holds lambda at its cap (zero below the cap)."""
    s = parameters.lambda_smoothing
    level = parameters.standing_repo_cap_bp / (parameters.lambda_bar_bp * s)
    level = jnp.maximum(level, 1e-9)
    softplus_inverse = level + jnp.log(-jnp.expm1(-level))
    z = jnp.exp(-s * softplus_inverse)
    x = parameters.x_min + z * (1.0 - parameters.x_min)
    return jnp.maximum(x * satiation_usd_bn - supply_usd_bn, 0.0)


def reverse_repo_usd_bn(
    *,
    supply_usd_bn: Float[Array, " path"],
    reserves_wanted_usd_bn: Float[Array, " path"],
    smoothing_usd_bn: Float[Array, " path"],
) -> Float[Array, " path"]:
    """What exceeds the reserves banks keep goes back to the fed overnight, smoothly, never < 0."""
    slack = (supply_usd_bn - reserves_wanted_usd_bn) / smoothing_usd_bn
    return smoothing_usd_bn * jax.nn.softplus(slack)


def reserves_wanted_usd_bn(
    *,
    supply_usd_bn: Float[Array, " path"],
    reverse_repo_usd_bn: Float[Array, " path"],
    smoothing_usd_bn: Float[Array, " path"],
) -> Float[Array, " path"]:
    """Reserves that banks keep, read off a day on which supply and RRP were observed."""
    level = jnp.maximum(reverse_repo_usd_bn / smoothing_usd_bn, 1e-12)
    return supply_usd_bn - smoothing_usd_bn * (level + jnp.log(-jnp.expm1(-level)))
