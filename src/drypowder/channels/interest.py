"""Whoever owes more than on trend pays for it, and whoever lent it is paid.

Interest of a day = rate x (held - trend) dt, for every claim that is debt: bonds and private
credit at the return required at the opening, bills and short paper at the short rate, bank loans
at a spread over it. Debt on trend pays too, but that is part of trend and moves nothing. What the
fed earns it remits to the Treasury, what money funds earn belongs to their owners, and a bank
keeps what it earns. Money (deposits, fund shares, repo, reserves) earns nothing beyond trend.
Source: docs/decisions/0002; each rate says in the parameters where it comes from.
Signs: interest received +, paid -.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.economy import Economy
from drypowder.accounts.postings import Posting, one_hot


def debt_columns(economy: Economy) -> tuple[int, ...]:
    """Columns of the claims that pay interest: bills, bank loans, bonds, private credit."""
    bills, loans = economy.instrument("bills"), economy.instrument("bank_loans_other")
    return bills, loans, *economy.group("bonds"), economy.instrument("private_credit")


def debt_rates_pa(
    *,
    short_rate_pa: Float[Array, " path"],
    bank_loan_spread_pa: Float[Array, " path"],
    bond_return_pa: Float[Array, "bond path"],
    private_credit_return_pa: Float[Array, " path"],
) -> Float[Array, "claim path"]:
    """What each claim of `debt_columns` pays: the first two float, the others are fixed."""
    floating = jnp.stack([short_rate_pa, short_rate_pa + bank_loan_spread_pa])
    return jnp.concatenate([floating, bond_return_pa, private_credit_return_pa[None]])


def interest(
    *,
    above_trend_usd_bn: Float[Array, "sector claim path"],
    rate_pa: Float[Array, "claim path"],
    fund_shares_usd_bn: Float[Array, "sector path"],
    dt_years: Float[Array, ""],
    switch: Float[Array, " path"],
    economy: Economy,
) -> Posting:
    """Debtors pay, holders receive; the fed and money funds pass on what they receive.

    Args:
        above_trend_usd_bn: face held (+) or owed (-) beyond trend, claims as in `debt_columns`.
        fund_shares_usd_bn: money-fund shares, whose owners share what money funds earn.
    """
    rate = rate_pa * dt_years * switch[None]
    earned = jnp.sum(rate[None] * above_trend_usd_bn, axis=1)
    fed, government = one_hot(economy, "central_bank"), one_hot(economy, "government")
    funds = one_hot(economy, "money_fund")
    owned = jnp.maximum(fund_shares_usd_bn, 0.0)
    share = owned / jnp.maximum(jnp.sum(owned, axis=0), 1e-300)[None]
    paid_out = share * jnp.sum(funds * earned, axis=0, keepdims=True)
    passed_on = paid_out - funds * jnp.sum(paid_out, axis=0, keepdims=True)
    remitted = (government - fed) * jnp.sum(fed * earned, axis=0, keepdims=True)
    return Posting(money=earned + passed_on + remitted, claims={}, name="interest", is_income=True)
