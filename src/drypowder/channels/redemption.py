"""Who is disappointed takes money out; notice, gates and queues decide when it is paid.

    "funds are redeemed, prices fall ... and forced selling cascades"

Investors of a fund respond to r, its return beyond trend over the last month, by

    flow = b+ max(r, 0) + b- min(r, 0)     share of net assets per month and unit of return

Money comes in at once. Requests wait out the notice (a first-order lag), are paid up to the gate,
a share of net assets a quarter, and queue where it binds: the gate slows a run and does not
change who finally pays. Private credit has no fund of its own here: its holders are bought out
at the appraised price by the institutions that hold most of it, gate and queue alike.
Source: Goldstein, Jiang and Ng (2017) and Ding, Getmansky, Liang and Wermers for the asymmetry;
sizes are guesses. Signs: requests and payments > 0 leave the fund.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

_QUARTERS_A_YEAR = 4.0
_MONTHS_A_YEAR = 12.0
_TRADING_DAY = 1.0 / 252.0  # years that a business day settles, on whatever clock


class RedemptionParameters(eqx.Module):
    """How investors and funds behave; `vehicle` runs over the funds, then private credit."""

    flow_up: Float[Array, "vehicle path"]  # b+
    flow_down: Float[Array, "vehicle path"]  # b-
    notice_years: Float[Array, "vehicle path"]
    gate_share_quarter: Float[Array, "vehicle path"]  # of net assets; one is no gate
    performance_memory_years: Float[Array, " path"]
    fund_rule: Float[Array, "rule vehicle path"]  # one where a redeemed fund sells by the rule
    private_buyer_share: Float[Array, "sector path"]  # who buys out holders; sums to one


class Requests(NamedTuple):
    """The day's flows of every vehicle by investor, USD bn."""

    subscribed: Float[Array, "vehicle sector path"]
    paid: Float[Array, "vehicle sector path"]
    noticed: Float[Array, "vehicle sector path"]  # requests under notice, after today
    queued: Float[Array, "vehicle sector path"]  # requests past their notice, unpaid


def redeem(
    *,
    performance: Float[Array, "vehicle path"],
    held: Float[Array, "vehicle sector path"],
    noticed: Float[Array, "vehicle sector path"],
    queued: Float[Array, "vehicle sector path"],
    requested: Float[Array, "vehicle sector path"],
    dt_years: Float[Array, ""],
    business: Float[Array, ""],
    switch: Float[Array, " path"],
    parameters: RedemptionParameters,
) -> Requests:
    """Flows of a day.

    Args:
        performance: return beyond trend over the last month, log.
        held: what each investor has in each vehicle, >= 0, at yesterday's net asset value.
        requested: further requests, for a capital call.
    """
    waiting = noticed + queued  # in dollars: whoever waits while shares fall is owed less
    covered = jnp.minimum(1.0, held / jnp.where(waiting > 0.0, waiting, 1.0))
    noticed, queued = noticed * covered, queued * covered
    settled = business * jnp.maximum(dt_years, _TRADING_DAY)
    monthly = parameters.flow_up * jnp.maximum(performance, 0.0)
    outflow = -parameters.flow_down * jnp.minimum(performance, 0.0)
    month = _MONTHS_A_YEAR * dt_years * switch[None]
    free = jnp.maximum(held - noticed - queued - requested, 0.0)
    asked = jnp.minimum(month * outflow, 1.0)[:, None] * free + requested
    leaving = -jnp.expm1(-dt_years / parameters.notice_years)[:, None]
    under_notice = noticed + asked
    due = queued + leaving * under_notice
    assets = jnp.sum(held, axis=1)
    gate = parameters.gate_share_quarter * _QUARTERS_A_YEAR * settled
    most = jnp.where(parameters.gate_share_quarter < 1.0, gate, 1.0) * assets
    total = jnp.sum(due, axis=1)
    share = business * jnp.minimum(1.0, most / jnp.maximum(total, 1e-300))
    paid = share[:, None] * due
    subscribed = (_MONTHS_A_YEAR * settled * switch[None] * monthly)[:, None] * held
    return Requests(subscribed, paid, (1.0 - leaving) * under_notice, due - paid)


def updated_performance(
    *,
    performance: Float[Array, "vehicle path"],
    log_return: Float[Array, "vehicle path"],
    memory_years: Float[Array, " path"],
    dt_years: Float[Array, ""],
) -> Float[Array, "vehicle path"]:
    """Return beyond trend over the last month, old days fading out."""
    return jnp.exp(-dt_years / memory_years)[None] * performance + log_return
