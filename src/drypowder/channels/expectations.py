"""What people think the central bank will turn out to be, and what that is worth today.

    "a policy maker who thinks there is too much money makes it worse through expectations"

Regimes k have an announced change of the policy rate, dr_k, and of the balance sheet, B_k, each
a leg of its own, and two puts: cuts for the fall of listed equity that dated events from outside
imply (fear), and purchases for each unit by which it stands below its peak beyond a trigger.
Beliefs are Bayesian, p_k <- p_k L_k / sum. Holders look ahead: the money expected to be added or
withdrawn is felt as if a share of it had come already,

    e_a = w ln(1 + (E_p[B] - E_0[B]) / X),  minus the expected rate change over the asset's life

and clearing turns e into a price by 1/(1 + kappa/D): what is anchored by cash flows moves little,
what is not moves most. Nothing says which asset should fall.
People see in the morning what an event will do to shares, and look ahead from there: that is why
Treasuries rise on the day on which shares fall. Dear capital alone brings no cuts, and drawn news
none either: its covariance with Treasuries is that of days on which cuts were expected already.
Source: Bernanke and Kuttner (2005) for the rate leg; Cieslak and Vissing-Jorgensen (2021) for
cuts after falls of shares; Haddad, Moreira and Muir (2025) for purchases.
Signs: purchases > 0 add money; a fall of the rate is < 0.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


class ExpectationParameters(eqx.Module):
    """Regimes of policy; the trailing axis is the path."""

    beliefs: Float[Array, "regime path"]  # at the opening; sum to one
    regime_rate_change_pa: Float[Array, "regime path"]
    regime_purchases_usd_bn: Float[Array, "regime path"]  # over the horizon people look at
    regime_put_rate_pa: Float[Array, "regime path"]  # for each unit of fear, <= 0
    fear_half_life_years: Float[Array, " path"]  # of dated events
    regime_put_usd_bn: Float[Array, "regime path"]  # for each unit of log fall below the trigger
    put_trigger: Float[Array, " path"]  # log fall from the peak
    anticipation_share: Float[Array, " path"]  # w, of expected money that is felt today


def updated_beliefs(
    *, beliefs: Float[Array, "regime path"], evidence: Float[Array, " regime"]
) -> Float[Array, "regime path"]:
    """Bayes: beliefs after evidence with the given log likelihoods."""
    return jax.nn.softmax(jnp.log(jnp.maximum(beliefs, 1e-300)) + evidence[:, None], axis=0)


def expected_money_usd_bn(
    *,
    beliefs: Float[Array, "regime path"],
    drawdown: Float[Array, " path"],
    parameters: ExpectationParameters,
) -> Float[Array, " path"]:
    """Money that policy is expected to add beyond what was expected at the opening.

    Args:
        drawdown: log fall of listed equity from its peak, >= 0.
    """
    moved = beliefs - parameters.beliefs
    steady = jnp.sum(moved * parameters.regime_purchases_usd_bn, axis=0)
    beyond = jnp.maximum(drawdown - parameters.put_trigger, 0.0)
    return steady + beyond * jnp.sum(beliefs * parameters.regime_put_usd_bn, axis=0)


def expected_rate_change_pa(
    *,
    beliefs: Float[Array, "regime path"],
    fear: Float[Array, " path"],
    parameters: ExpectationParameters,
) -> Float[Array, " path"]:
    """Change of the policy rate expected beyond what was expected at the opening.

    Args:
        fear: log fall of listed equity that dated events imply, >= 0.
    """
    moved = beliefs - parameters.beliefs
    steady = jnp.sum(moved * parameters.regime_rate_change_pa, axis=0)
    return steady + fear * jnp.sum(beliefs * parameters.regime_put_rate_pa, axis=0)


def anticipated(
    *,
    money_usd_bn: Float[Array, " path"],
    dry_powder_usd_bn: Float[Array, " path"],
    parameters: ExpectationParameters,
    switch: Float[Array, " path"],
) -> Float[Array, " path"]:
    """e: shift of everybody's log odds of every asset."""
    share = money_usd_bn / jnp.maximum(dry_powder_usd_bn, 1e-300)
    return switch * parameters.anticipation_share * jnp.log1p(jnp.maximum(share, -0.9))
