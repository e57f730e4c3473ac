"""Spending moves money, it never destroys it: receipts wait, then are kept, spent, invested.

    "AI capex works like fiscal stimulus: the cash is spent, income multiplies"

Receipts of sector i wait in a buffer B_i and leave it at rate B_i / lag_i, split into

    keep k_i (desired liquidity rises for good), spend s_i (somebody else's receipts),
    invest rho_i = 1 - k_i - s_i (dry powder)

Households also spend a little out of listed-equity gains. No multiplier is coded; it is
measured. Switched off, receipts stay in the buffer and nobody spends out of wealth.
Source: Godley and Lavoie (2007) for the frame; Chodorow-Reich, Nenov and Simsek (2021) for wealth.
Signs: receipts +, payments -.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.postings import Posting


class IncomeParameters(eqx.Module):
    """Who receives and what they do with it; the trailing axis is the path."""

    import_leak: Float[Array, " path"]  # of AI capex, to the rest of the world
    receipt_share: Float[Array, "sector path"]  # of the domestic part; sums to one
    import_recipient: Float[Array, " sector"]  # one for the rest of the world
    keep: Float[Array, "sector path"]
    spend: Float[Array, "sector path"]
    receipt_lag_years: Float[Array, "sector path"]
    spending_recipient: Float[Array, "receiver spender"]  # columns sum to one
    wealth_spending_pa: Float[Array, " path"]  # out of equity gains
    wealth_spender: Float[Array, " sector"]  # one for households


class Income(eqx.Module):
    """Result of a day: postings, and how the buffers and kept balances moved (USD bn)."""

    postings: list[Posting]
    released: Float[Array, "sector path"]  # left the buffer
    kept: Float[Array, "sector path"]
    received: Float[Array, "sector path"]  # enters the buffer: spending of others


def release(
    *,
    buffer_usd_bn: Float[Array, "sector path"],
    equity_gain_usd_bn: Float[Array, "sector path"],
    dt_years: Float[Array, ""],
    switch: Float[Array, " path"],
    parameters: IncomeParameters,
) -> Income:
    """Waiting receipts leave the buffer: kept, spent on others, or free to invest.

    Args:
        equity_gain_usd_bn: listed-equity wealth of each sector above its trend value.
    """
    leaving = 1.0 - jnp.exp(-dt_years / parameters.receipt_lag_years)
    released = switch[None] * buffer_usd_bn * leaving
    wealth = (parameters.wealth_spending_pa * dt_years * switch)[None] * equity_gain_usd_bn
    spent = parameters.spend * released + parameters.wealth_spender[:, None] * wealth
    received = jnp.sum(parameters.spending_recipient[:, :, None] * spent[None], axis=1)
    posting = Posting(money=received - spent, claims={}, name="spending", is_income=True)
    return Income([posting], released, parameters.keep * released, received)


def receipts_of_capex(
    *, capex_usd_bn: Float[Array, " path"], parameters: IncomeParameters
) -> Float[Array, "sector path"]:
    """Who is paid for AI equipment: makers abroad first, then suppliers and workers at home."""
    abroad = parameters.import_recipient[:, None] * parameters.import_leak[None]
    home = parameters.receipt_share * (1.0 - parameters.import_leak)[None]
    return (abroad + home) * capex_usd_bn[None]
