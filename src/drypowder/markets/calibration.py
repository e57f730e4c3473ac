"""What one dollar of flow moves: multipliers of the demand system on the full opening sheet.

Equity multiplier M: change in value of all listed equity per USD when a buyer outside the
holders pays new money for it pro rata. Bonds: basis points on the Treasury column per 100 bn of
it sold to holders, proceeds not returned. Both are impact effects of one clearing.

Source: Gabaix and Koijen (2021) for equity; Li and Wei (FEDS 2014-07) and Gagnon et al. (2011) for
bonds. Signs: M > 0; more supply, yield up.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.markets.clearing import clear
from drypowder.markets.demand import Curves


class Multipliers(NamedTuple):
    """Impact of flows on prices, by path."""

    equity: Float[Array, " path"]  # USD of listed equity per USD bought
    treasury_bp_per_100bn: Float[Array, " path"]
    bitcoin: Float[Array, " path"]  # USD of bitcoin per USD bought


def multipliers(
    *,
    curves: Curves,
    segments: tuple[tuple[int, int], ...],
    equity: Float[Array, " asset"],
    treasury: int,
    bitcoin: int,
    treasury_duration_years: Float[Array, " path"],
    flow_usd_bn: float = 1.0,
) -> Multipliers:
    """Measure the three multipliers on the opening curves (log price zero, nothing supplied).

    Args:
        equity: one for listed equity buckets. treasury, bitcoin: positions of the assets.
        flow_usd_bn: size of the purchase; small means a derivative.
    """
    size = jnp.sum(curves.units, axis=0)
    one = jnp.zeros_like(size)
    bought = equity[:, None] * size
    bought = -flow_usd_bn * bought / jnp.sum(bought, axis=0, keepdims=True)
    moved = _log_price_change(curves._replace(net_supply=bought), segments)
    gain = jnp.sum(equity[:, None] * size * jnp.expm1(moved), axis=0)
    sold = one.at[treasury].set(flow_usd_bn)
    note = _log_price_change(curves._replace(net_supply=sold), segments)[treasury]
    coin = _log_price_change(
        curves._replace(net_supply=one.at[bitcoin].set(-flow_usd_bn)), segments
    )
    return Multipliers(
        equity=gain / flow_usd_bn,
        treasury_bp_per_100bn=-note / treasury_duration_years * 1e4 * 100.0 / flow_usd_bn,
        bitcoin=size[bitcoin] * jnp.expm1(coin[bitcoin]) / flow_usd_bn,
    )


def _log_price_change(curves: Curves, segments):
    assets, paths = curves.net_supply.shape
    start = jnp.zeros((assets, paths))
    guess = jnp.broadcast_to(-jnp.eye(assets)[:, :, None], (assets, assets, paths))
    return clear(
        log_price=start,
        inverse_guess=guess,
        curves=curves,
        segments=segments,
        alive=jnp.ones(paths, dtype=bool),
    ).log_price
