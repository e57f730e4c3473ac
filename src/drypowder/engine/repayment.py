"""After the market: forced sellers repay, lenders bear what is not repaid, perpetuals settle.

A called account repays with money first and sells the rest. One under water sells everything and
pays the rest out of its cash; what is still missing its lenders forgive, and their net worth falls
by it. Signs: amounts >= 0, USD bn.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.logarithm import log
from drypowder.accounts.postings import Posting, one_hot, swap
from drypowder.accounts.rows import place_rows, take_rows
from drypowder.channels.selling import LEAST_KEPT
from drypowder.channels.venues import LONG, SHORT
from drypowder.engine.claims import Claims
from drypowder.engine.force import Accounts, Forced, wanted
from drypowder.engine.world import State, World, ready_cash
from drypowder.markets.demand import Curves

_SOLD_OUT = -14.0  # log odds: who was sold out of everything wants a millionth of it
CHANNELS = ("capital_call", "redemption", "margin", "venues")  # of forced sales


class Repaid(NamedTuple):
    """What force did to accounts and tastes."""

    postings: list[Posting]
    paid: Float[Array, "sector path"]  # debt repaid with money
    forgiven: Float[Array, "sector path"]  # debt that lenders wrote off
    sold: Float[Array, "channel holder path"]  # forced sales by channel
    taste: Float[Array, "holder asset path"]  # what was sold stays sold
    hedge: Float[Array, "holder asset path"]  # of cash-and-carry, which is undone again


def repay(
    state: State,
    forced: Forced,
    accounts: Accounts,
    curves: Curves,
    claims: Claims,
    excess,
    world: World,
) -> Repaid:
    """Proceeds of forced sales go to lenders; closed perpetuals pay the other side.

    Args:
        curves: demand before lenders stood in the way.
        excess: X of every sector after the claims of the day, USD bn.
    """
    layout, coins = world.layout, world.layout.coins
    value = wanted(forced.clearing, curves, world)
    margin, hedge = forced.pressure.margin[:, None], forced.pressure.hedge[:, None]
    hedged = jnp.zeros_like(value).at[:, coins].set((1.0 - hedge) * value[:, coins])
    called = (1.0 - margin) * (value - hedged)
    proceeds = jnp.sum(called, axis=1)
    missing = _missing(proceeds, value, accounts, world)
    free = take_rows(excess, layout.holders) + jnp.sum(claims.sale.sold, axis=1)
    cash = take_rows(ready_cash(state.units, layout.economy), layout.holders)
    cash = jnp.maximum(cash - claims.sale.dry_powder, 0.0) + jnp.sum(hedged, axis=1)
    own = jnp.minimum(missing, cash)
    count = len(layout.economy.sectors)
    repaid = jnp.minimum(proceeds + forced.posted, accounts.debt) + own
    paid = place_rows(repaid, layout.holders, count)
    lost = place_rows(missing - own, layout.holders, count)
    redeemed = jnp.sum(claims.sale.sold, axis=1) - claims.for_call
    return Repaid(
        postings=[*_settle_loans(paid, lost, world), _settle_perpetuals(forced, world)],
        paid=paid,
        forgiven=lost,
        sold=jnp.stack([claims.for_call, redeemed, proceeds, jnp.sum(hedged, axis=1)]),
        taste=jnp.maximum(
            state.taste
            + claims.sale.taste
            + log(margin) * curves.trades[None, :, None]
            - _less_idle(forced)[:, None],
            _SOLD_OUT,
        ),
        hedge=state.hedge + _hedge_taste(hedge, hedged, free, curves, coins),
    )


def _less_idle(forced: Forced):
    """Log change of idle money by what was put up: who pays with money has nothing to sell."""
    share = forced.posted / jnp.where(forced.spare > 0.0, forced.spare, 1.0)
    return log(jnp.maximum(1.0 - share, LEAST_KEPT))


def _missing(proceeds, value, accounts: Accounts, world: World):
    """Debt of accounts under water that selling everything does not cover."""
    assets = jnp.sum(value, axis=1) + accounts.shut
    drowned = (assets < accounts.debt) & (world.levers.margin[None] > 0.0)
    return jnp.where(drowned, jnp.maximum(accounts.debt - proceeds - accounts.shut, 0.0), 0.0)


def _settle_loans(paid, lost, world: World) -> list[Posting]:
    bank = one_hot(world.layout.economy, "bank")
    gone = paid + lost
    written_off = lost - bank * jnp.sum(lost, axis=0, keepdims=True)
    lenders = bank * jnp.sum(gone, axis=0, keepdims=True)
    return [
        swap("margin_repaid", "margin_and_repo_loans", gone - lenders),
        Posting(money=written_off, claims={}, name="loan_losses", is_income=True),
    ]


def _settle_perpetuals(forced: Forced, world: World) -> Posting:
    """What who was closed had put up is gone, to the venue's fund and to the other side."""
    parameters, closed = world.parameters.venues, forced.closed
    fund = jnp.sum(closed.fund_gain, axis=1)
    owners = parameters.perp_long_share, parameters.perp_short_share
    money = parameters.perp_fund_share * jnp.sum(fund, axis=0)[None]
    for side in (LONG, SHORT):
        lost, kept = closed.margin_lost[side][None], fund[side][None]
        money = money - owners[side] * lost + owners[1 - side] * (lost - kept)
    return Posting(money=money, claims={}, name="perpetual_losses", is_income=True)


def _hedge_taste(hedge, hedged, cash, curves: Curves, coins: slice):
    """Coins sold against perpetuals are not wanted back, nor is the cash they brought spent."""
    brought = jnp.sum(hedged, axis=1) / jnp.where(cash > 0.0, cash, 1.0)
    idle = -log(1.0 + jnp.where(cash > 0.0, brought, 0.0))
    shift = jnp.zeros_like(curves.log_odds) + idle[:, None]
    return shift.at[:, coins].add(log(hedge) * curves.trades[None, coins, None])
