"""Which money pays: deposits first, then money-fund shares, then bills.

A sector whose payments leave too little on deposit redeems money-fund shares, then sells bills
to money funds. Money funds lend what they receive to dealers overnight and call it back to pay.
Source: docs/decisions/0007, judgement. Signs: bought +, sold or redeemed -.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.economy import Economy
from drypowder.accounts.postings import Posting, one_hot, swap


def raise_cash(
    *,
    money: Float[Array, "sector path"],
    deposits: Float[Array, "sector path"],
    money_fund_shares: Float[Array, "sector path"],
    bills: Float[Array, "sector path"],
    least_deposits: Float[Array, "sector path"],
    economy: Economy,
) -> list[Posting]:
    """Redeem money-fund shares, then sell bills, until deposits are back at their working level.

    Args:
        money: the day's net receipts before this. Stocks are those at the start of the day.
    """
    funds = one_hot(economy, "money_fund")
    saver = one_hot(economy, "holder") + one_hot(economy, "issuer")
    need = saver * jnp.maximum(least_deposits - deposits - money, 0.0)
    redeemed = jnp.minimum(need, jnp.maximum(money_fund_shares, 0.0))
    sold = jnp.minimum(need - redeemed, jnp.maximum(bills, 0.0))
    paid_out = funds * jnp.sum(redeemed, axis=0, keepdims=True)
    taken_in = funds * jnp.sum(sold, axis=0, keepdims=True)
    return [
        swap("money_fund_redemptions", "money_fund_shares", paid_out - redeemed),
        swap("bills_sold_for_cash", "bills", taken_in - sold),
    ]


def money_fund_sweep(*, money: Float[Array, "sector path"], economy: Economy) -> Posting:
    """What money funds receive they lend to dealers overnight; what they pay, they call back."""
    funds, bank = one_hot(economy, "money_fund"), one_hot(economy, "bank")
    cash = jnp.sum(funds * money, axis=0, keepdims=True)
    return swap("dealer_repo", "margin_and_repo_loans", (funds - bank) * cash)
