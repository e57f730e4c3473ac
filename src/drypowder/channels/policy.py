"""The levers of the fed: the water, the pipes, and who ends up holding the duration.

    "fiscal stimulus escapes it when the central bank ends up holding the duration"

Purchases above trend are paid with new reserves: bills from money funds at par, Treasuries and
agency MBS in the market, where they are negative net supply. Negative purchases are QT.
The reverse-repo pool and the standing facility move reserves by postings of their own.
Source: the fed's balance sheet (Federal Reserve H.4.1). Signs: bought +, sold -.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.economy import Economy
from drypowder.accounts.postings import Posting, one_hot, swap
from drypowder.channels.day import OFFICIAL_PURCHASES, Day


def purchase(
    *,
    day: Day,
    switch: Float[Array, " path"],
    absorbed_usd_bn: Float[Array, " path"],
    fed_holdings_usd_bn: dict[str, Float[Array, " path"]],
    money_fund_bills_usd_bn: Float[Array, " path"],
    economy: Economy,
) -> tuple[list[Posting], dict[str, Float[Array, "sector path"]]]:
    """Official purchases: bills directly from money funds, the rest as (negative) net supply.

    Args:
        absorbed_usd_bn: Treasuries bought on top, to take AI duration out of private hands.
        fed_holdings_usd_bn: what it can sell. money_fund_bills_usd_bn: bills it can buy.
    """
    fed, funds = one_hot(economy, "central_bank"), one_hot(economy, "money_fund")
    amounts = dict(zip(OFFICIAL_PURCHASES, day.official_purchases_usd_bn, strict=True))
    amounts["treasuries"] = amounts["treasuries"] + absorbed_usd_bn
    amounts = {name: jnp.maximum(x, -fed_holdings_usd_bn[name]) for name, x in amounts.items()}
    amounts["bills"] = jnp.minimum(amounts["bills"], money_fund_bills_usd_bn)
    bills = (fed - funds) * (switch * amounts["bills"])[None]
    bonds = ("treasuries", "agency_mbs")
    supply = {name: -(switch * amounts[name])[None] * fed for name in bonds}
    return [swap("official_bills", "bills", bills)], supply


def overnight(
    *,
    reverse_repo_change: Float[Array, " path"],
    standing_repo_change: Float[Array, " path"],
    economy: Economy,
) -> list[Posting]:
    """Money funds place cash at the fed (RRP); banks borrow from it (standing repo)."""
    fed, funds = one_hot(economy, "central_bank"), one_hot(economy, "money_fund")
    bank = one_hot(economy, "bank")
    placed = (funds - fed) * reverse_repo_change[None]
    lent = (fed - bank) * standing_repo_change[None]
    return [
        swap("reverse_repo", "on_rrp", placed),
        swap("standing_repo", "margin_and_repo_loans", lent),
    ]
