"""How much is closed, at which price, and for whom neither book nor fund nor vault is enough.

All orders of a market in a round are filled at one average price. A venue with a fund pays the
smallest deficits first, so that it saves as many accounts as it can, and no more than its rule
lets it lose; a venue with a vault hands over whom the vault may still take. The rest is left to
auto-deleveraging and never meets the book.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.venues._sums import sums
from drypowder.venues.cascade.holdings import Standing, payoff
from drypowder.venues.cascade.orders import Orders, orders
from drypowder.venues.cascade.play import Play
from drypowder.venues.cascade.setting import Venue

Floats = NDArray[np.float64]


@dataclass
class Plan:
    """What one venue does in this round."""

    number: int
    venue: Venue
    standing: Standing
    orders: Orders
    adl: NDArray[np.bool_]  # [account] to be closed against the queue


def plan_of(play: Play, number: int, short: Standing) -> Plan | None:
    """What one venue will do with its accounts."""
    here = play.holdings.venue[short.who] == number
    if not here.any():
        return None
    venue = play.setting.venues[number]
    standing = play.holdings.examine(short.who[here], play.mark, play.index)
    cost = np.abs(play.prices.mark - play.prices.mid) + venue.liquidation_fee_rate
    in_part = play.time_s > play.in_full_until[standing.who]
    placed = orders(standing, play.holdings, venue, in_part, cost)
    until = play.time_s + venue.partial_window_s
    play.in_full_until[standing.who[placed.partial]] = until
    play.forced[standing.who] = True
    nobody = np.zeros(len(standing.who), dtype=bool)
    return Plan(number, venue, standing, placed, nobody)


def vault_sells(play: Play) -> Floats:
    """USD that vaults sell (buy) in the books this minute of what they took over."""
    rate = np.array([one.vault_unwind_share for one in play.setting.venues])[play.prices.venue]
    share = -np.expm1(-rate * play.round_s / 60.0)
    sold = play.vault_size * share
    play.vault_fill = sold
    return sold * play.usd(np.exp(play.prices.mid))


def coins_sell(play: Play) -> Floats:
    """USD of collateral that funds and vaults sell in the books in this round: all that they took.

    Whatever the book gives for it, less than at the exchange or more, is theirs.
    """
    play.coin_fill, play.coins = play.coins, np.zeros_like(play.coins)
    return play.coin_fill * np.exp(play.prices.mid)


def clear(play: Play, plans: list[Plan], other_usd: Floats) -> None:
    """All orders of a market at one price; whoever cannot pay and whom no fund saves, not."""
    while True:
        flow = other_usd.copy()
        for plan in plans:
            flow += _flow(play, plan, np.where(plan.adl[plan.standing.of], 0.0, plan.orders.share))
        _fill_at(play, flow)
        found = [_beyond_help(play, plan) for plan in plans]
        if not any(one.any() for one in found):
            break
        # without their orders the price is another one: it may help the rest, or ruin somebody
        for plan, one in zip(plans, found, strict=True):
            plan.adl |= one
    play.prices.perps.sell(flow)
    _vault_sold(play)
    _coins_sold(play)


def _flow(play: Play, plan: Plan, share: Floats) -> Floats:
    """Net USD that these orders sell in every market."""
    rows = plan.standing.rows
    market = play.holdings.market[rows]
    usd = play.holdings.size[rows] * share * play.usd(np.exp(play.prices.mid))[market]
    return sums(market, usd, len(play.mark))


def _fill_at(play: Play, flow: Floats) -> None:
    """Average price at which that flow is filled, for everybody in the market."""
    prices = play.prices
    play.fill = np.exp(prices.anchor[prices.coin] - prices.perps.would_fill(flow))


def _vault_sold(play: Play) -> None:
    now = payoff(play.fill, play.holdings.inverse)
    size = play.vault_fill
    held = np.where(play.vault_size != 0.0, play.vault_size, 1.0)
    cost = play.vault_cost * size / held
    gain = sums(play.prices.venue, size * now - cost, len(play.vault))
    play.vault += gain
    play.vault_size, play.vault_cost = play.vault_size - size, play.vault_cost - cost
    play.makers_take(np.arange(len(size)), size, now)


def _coins_sold(play: Play) -> None:
    got = sums(play.prices.venue, play.coin_fill * play.fill, len(play.fund))
    play.fund += np.where(play.has_vault, 0.0, got)
    play.vault += np.where(play.has_vault, got, 0.0)
    play.makers_take(np.arange(len(play.coin_fill)), play.coin_fill, play.fill)
    play.coin_fill = np.zeros_like(play.coin_fill)


def real_equity(play: Play, standing: Standing) -> Floats:
    """[account] equity with collateral at no more than its book would give.

    An index above the book triggers nobody, but its difference is money that nobody has.
    """
    if play.holdings.pledged is None:
        return standing.equity
    return standing.equity - play.holdings.overvalued(standing.who, play.index, _mid(play))


def _mid(play: Play) -> Floats:
    return np.exp(play.prices.mid)


def _beyond_help(play: Play, plan: Plan) -> NDArray[np.bool_]:
    """Accounts that must be auto-deleveraged, too: the fund may not pay what they would owe.

    The fund (or vault) pays the smallest deficits first, so that it saves as many as it can. A
    venue with a vault deleverages those whom the vault may not take, too.
    """
    owed = np.maximum(-_after_fill(play, plan), 0.0)  # also of what is left open on purpose
    owed[plan.adl] = 0.0
    if plan.venue.backstop_share > 0.0:
        owed = np.where(plan.orders.to_vault, 0.0, owed)
    order = np.argsort(owed, kind="stable")
    beyond = np.zeros(len(owed), dtype=bool)
    beyond[order] = np.cumsum(owed[order]) > allowance(play, plan.number)
    beyond &= owed > 0.0
    if plan.venue.backstop_share > 0.0:
        beyond |= _vault_is_full(play, plan)
    return beyond & ~plan.adl


def _after_fill(play: Play, plan: Plan) -> Floats:
    """Equity of each account once its orders are filled and the fee is paid."""
    standing, share = plan.standing, plan.orders.share
    paid = sums(standing.of, fees(play, plan, share), len(standing.who))
    return _before_fee(play, plan, share) - paid


def _before_fee(play: Play, plan: Plan, share: Floats) -> Floats:
    """Equity of each account once these shares of its positions are closed at the fill."""
    standing, holdings = plan.standing, play.holdings
    market = holdings.market[standing.rows]
    gap = payoff(play.fill, holdings.inverse) - payoff(play.mark, holdings.inverse)
    closed = holdings.size[standing.rows] * share
    moved = sums(standing.of, closed * gap[market], len(standing.who))
    return real_equity(play, standing) + moved


def fees(play: Play, plan: Plan, share: Floats) -> Floats:
    """Liquidation fee of each row, venue's money: of what is left, so no debt comes of it."""
    standing, holdings, rows = plan.standing, play.holdings, plan.standing.rows
    price = payoff(play.fill, holdings.inverse)[holdings.market[rows]]
    rate = plan.venue.liquidation_fee_rate
    asked = np.abs(holdings.size[rows] * share * price) * rate
    of_account = sums(standing.of, asked, len(standing.who))
    left = np.maximum(_before_fee(play, plan, share), 0.0)
    part = np.minimum(left / np.where(of_account > 0.0, of_account, 1.0), 1.0)
    return asked * part[standing.of]


def allowance(play: Play, venue: int) -> float:
    """What a fund or vault may pay now: its rule says how far it may fall.

    A fund from its peak of the last eight hours, a vault from what it began with.
    """
    rules = play.setting.venues[venue]
    if rules.backstop_share > 0.0:
        floor = (1.0 - rules.vault_loss_share) * rules.vault_money
        return max(play.vault_equity(venue)[0] - floor, 0.0)
    peak = max(float(one[venue]) for one in play.fund_peaks)
    left = float(play.fund_equity()[venue])
    return max(left - (1.0 - rules.fund_loss_share) * peak, 0.0)


def _vault_is_full(play: Play, plan: Plan) -> NDArray[np.bool_]:
    """Accounts for which the vault has no room, or whose equity is below zero."""
    standing, venue = plan.standing, plan.venue
    candidates = plan.orders.to_vault & (standing.equity >= 0.0)
    equity, held = play.vault_equity(plan.number)
    room = venue.vault_leverage * max(equity, 0.0) - held
    if equity < (1.0 - venue.vault_loss_share) * venue.vault_money:
        room = 0.0
    notional = sums(standing.of, standing.notional, len(standing.who))
    # those with most margin for their size first: the vault loses least by them
    quality = np.where(candidates, standing.equity / np.maximum(notional, 1e-300), -np.inf)
    order = np.argsort(-quality, kind="stable")
    used = np.cumsum(np.where(candidates, notional, 0.0)[order])
    taken = np.zeros(len(order), dtype=bool)
    taken[order] = (used <= room) & candidates[order]
    return plan.orders.to_vault & ~taken
