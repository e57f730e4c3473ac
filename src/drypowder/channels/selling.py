"""Who must raise cash sells by a rule; the rule is a parameter, and evidence on it is mixed.

    "a capital call makes tapped-out deep pockets sell what they believe in least"

A seller needs N. Dry powder pays first (except pro rata); the rest R is sold:

    lowest_conviction_first  in order of belief, the least believed first (the essay)
    liquid_first             in order of haircut: what a lender trusts most is easiest to sell
    pro_rata                 cash and every asset by the same share: nobody's mix changes
    cheapest_exit            s_a = min(v_a, mu depth_a): more of what moves less

What was sold stays sold: tastes shift by ln(q'/q) - ln(X'/X), so that at unchanged prices the
seller wants exactly what is left. Whoever pays out of dry powder alone sells nothing.
Source: Jiang, Li and Wang (2021) liquid first in calm, pro rata in stress; Akepanidtaworn et al.
(2023) extreme positions first; Greenwood, Landier and Thesmar (2015) pro rata.
Signs: needs, values and sales >= 0, USD bn at yesterday's prices.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.logarithm import log

LEAST_KEPT = 1e-4  # share of a position that no sale goes below: tastes have a logarithm


class Sale(NamedTuple):
    """How a need is met, USD bn at yesterday's prices; what is not met is a default."""

    dry_powder: Float[Array, "seller path"]
    sold: Float[Array, "seller asset path"]
    unmet: Float[Array, "seller path"]
    taste: Float[Array, "seller asset path"]  # shift of log odds that keeps it sold


def raise_by_rule(
    *,
    need: Float[Array, "seller path"],
    dry_powder: Float[Array, "seller path"],
    value: Float[Array, "seller asset path"],
    conviction: Float[Array, "seller asset path"],
    haircut: Float[Array, "asset path"],
    depth: Float[Array, "asset path"],
    rule: Float[Array, "rule seller path"],
    idle_share: Float[Array, " path"],
) -> Sale:
    """Cash for a need: dry powder, then what the rule sells, up to everything.

    Args:
        dry_powder: X before the need; the share `idle_share` of it is never spent.
        value: holdings, >= 0. depth: USD bn that moves an asset's price by 1 in logs.
        rule: one where the seller follows the rule (order of `channels.day.RULES`), else zero.
    """
    cash, total = jnp.maximum(dry_powder, 0.0), jnp.sum(value, axis=1)
    spare = cash * (1.0 - idle_share)[None]
    share = need / jnp.maximum(cash + total, 1e-300)
    paid = jnp.minimum(jnp.where(rule[2] > 0.0, share * cash, need), spare)
    rest = jnp.minimum(need - paid, (1.0 - LEAST_KEPT) * total)
    order = rule[0][:, None] * conviction + rule[1][:, None] * haircut[None]
    sold = (
        (rule[0] + rule[1])[:, None] * in_order(rest, value, order)
        + rule[2][:, None] * value * (rest / jnp.maximum(total, 1e-300))[:, None]
        + rule[3][:, None] * cheapest(rest, value, depth)
    )
    kept = jnp.maximum(1.0 - sold / jnp.where(value > 0.0, value, 1.0), LEAST_KEPT)
    left = jnp.maximum(1.0 - paid / jnp.where(cash > 0.0, cash, 1.0), LEAST_KEPT)
    return Sale(paid, sold, need - paid - rest, log(kept) - log(left)[:, None])


def in_order(
    need: Float[Array, "seller path"],
    value: Float[Array, "seller asset path"],
    key: Float[Array, "seller asset path"],
) -> Float[Array, "seller asset path"]:
    """Sell in ascending order of the key; equals are sold side by side, so order is no rule."""
    earlier = key[:, None] < key[:, :, None]  # (seller, asset, other, path)
    equal = key[:, None] == key[:, :, None]
    before = jnp.sum(jnp.where(earlier, value[:, None], 0.0), axis=2)
    tied = jnp.sum(jnp.where(equal, value[:, None], 0.0), axis=2)
    share = (need[:, None] - before) / jnp.maximum(tied, 1e-300)
    return value * jnp.clip(share, 0.0, 1.0)


def cheapest(
    need: Float[Array, "seller path"],
    value: Float[Array, "seller asset path"],
    depth: Float[Array, "asset path"],
) -> Float[Array, "seller asset path"]:
    """Least cost of selling against depth: s = min(v, mu depth), mu from the need.

    The cost of s is s^2 / (2 depth); equal marginal cost until an asset is sold out. Proceeds
    are piecewise linear in mu with corners v/depth: the last corner below, then a straight line.
    """
    corner = value / depth[None]
    at_corner = jnp.sum(jnp.minimum(value[:, None], corner[:, :, None] * depth[None, None]), axis=2)
    reached = at_corner <= need[:, None]  # corners at which proceeds fall short of the need
    low = jnp.max(jnp.where(reached, corner, 0.0), axis=1)
    raised = jnp.sum(jnp.minimum(value, low[:, None] * depth[None]), axis=1)
    open_depth = jnp.sum(jnp.where(corner > low[:, None], depth[None], 0.0), axis=1)
    mu = low + (need - raised) / jnp.maximum(open_depth, 1e-300)
    return jnp.minimum(value, jnp.where(open_depth > 0.0, mu, low)[:, None] * depth[None])
