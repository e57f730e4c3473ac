"""Promised capital is called: dry powder first, then sales by rule; the labs spend it.

    "deep pockets are tapped out; a capital call makes them sell what they believe in least"

A call C is divided among those who promised it. Each pays what dry powder and sales allow; the
rest is a default, and the labs, its creditors, go without. Called capital waits with the labs
and is spent at rate 1/lag, on top of what private rounds pay for. Part of a call may be met by
redeeming hedge-fund shares: until the fund pays, a bank lends (a bridge loan), which the
redemption repays.
Source: SoftBank's asset sales and bridge loan for its OpenAI call (Reuters, December 2025;
Bloomberg, March 2026). Signs: called > 0, paid by funders to labs against private AI equity.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.economy import Economy
from drypowder.accounts.postings import Posting, one_hot, swap


class CallParameters(eqx.Module):
    """Who is called and what they do; the trailing axis is the path."""

    call_share: Float[Array, "sector path"]  # of a call; sums to one
    call_spending_lag_years: Float[Array, " path"]  # of called capital in the labs' hands
    call_idle_share: Float[Array, " path"]  # of dry powder that is never spent
    fund_redemption_share: Float[Array, " path"]  # of fund shares put on the list of what is sold


class Called(NamedTuple):
    """The day's calls, USD bn."""

    due: Float[Array, "sector path"]
    spent: Float[Array, " path"]  # called capital that the labs spend today
    waiting: Float[Array, " path"]  # called capital not yet spent, after today


def call_capital(
    *,
    called_usd_bn: Float[Array, ""],
    waiting: Float[Array, " path"],
    dt_years: Float[Array, ""],
    switch: Float[Array, " path"],
    parameters: CallParameters,
) -> Called:
    """Who has to pay today, and what the labs spend of earlier calls.

    Args:
        waiting: called capital the labs have not spent yet, before today.
    """
    due = parameters.call_share * (switch * called_usd_bn)[None]
    leaving = -jnp.expm1(-dt_years / parameters.call_spending_lag_years)
    spent = waiting * leaving
    return Called(due, spent, waiting - spent)


def pay_calls(
    *,
    paid: Float[Array, "sector path"],
    bridged: Float[Array, "sector path"],
    lab: Float[Array, " sector"],
    economy: Economy,
) -> list[Posting]:
    """What was called changes hands: money to the labs, private AI equity to who paid.

    Args:
        paid: what each sector pays, all its sources added up. bridged: of it lent by banks.
    """
    received = lab[:, None] * jnp.sum(paid, axis=0, keepdims=True)
    lent = one_hot(economy, "bank") * jnp.sum(bridged, axis=0, keepdims=True)
    return [
        swap("capital_call", "private_ai_equity", paid - received),
        swap("bridge_loans", "bank_loans_other", lent - bridged),
    ]
