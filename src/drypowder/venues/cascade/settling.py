"""Who pays whom: closings in the book, handovers to the vault, deleveraging, and what is owed.

Every closing has its other side: makers in the book, the vault, or accounts of the queue. Then
collateral pays debts, and what an account cannot pay lands on the fund or the vault by name.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drypowder.venues._sums import sums
from drypowder.venues.cascade.events import BOOK, FUND, VAULT
from drypowder.venues.cascade.holdings import Holdings, Rows, payoff, rows_of
from drypowder.venues.cascade.play import Play
from drypowder.venues.cascade.setting import Venue
from drypowder.venues.cascade.waterfall import Plan, fees

Floats = NDArray[np.float64]
_DUST = 1e-9  # of a position
_LEAST_PRICE = 1e-9  # of the mark: no position is closed below


def settle(play: Play, plan: Plan) -> None:
    """Close what was ordered, hand over, deleverage; then everybody pays."""
    standing = plan.standing
    to_vault = plan.orders.to_vault & ~plan.adl
    in_book = ~plan.adl & ~to_vault
    _close_in_book(play, plan, in_book)
    if to_vault.any():
        _hand_over(play, plan, to_vault)
    if plan.adl.any():
        _deleverage(play, plan)
    _square(play, plan)
    _look_again(play, standing.who)


def _look_again(play: Play, who: Rows) -> None:
    """Set the alarms of accounts that have changed; whoever is safe now was never found short."""
    touched = play.holdings.examine(who, play.mark, play.index)
    play.holdings.arm(touched, play.travelled)
    play.found_at[who[touched.equity >= touched.required]] = np.inf


def _close_in_book(play: Play, plan: Plan, chosen: NDArray[np.bool_]) -> None:
    holdings, standing = play.holdings, plan.standing
    share = np.where(chosen[standing.of], plan.orders.share, 0.0)
    fee = fees(play, plan, share)
    keep = (share > 0.0) & (holdings.size[standing.rows] != 0.0)
    rows, share, fee = standing.rows[keep], share[keep], fee[keep]
    market = holdings.market[rows]
    closed, _ = holdings.close(rows, share, play.fill[market])
    np.subtract.at(holdings.money, holdings.owner[rows], fee)
    play.fund[plan.number] += fee.sum()
    play.makers_take(market, closed, payoff(play.fill, holdings.inverse)[market])
    play.count_closed(play.book_usd, market, closed)
    stage = np.where(share >= 1.0, "full", "partial")
    for name in ("partial", "full"):
        one = stage == name
        play.log.add(
            play.time_s, holdings.owner[rows][one], market[one], name, closed[one],
            play.fill[market][one], fee=fee[one], counterparty=BOOK,
        )  # fmt: skip


def _hand_over(play: Play, plan: Plan, chosen: NDArray[np.bool_]) -> None:
    """The vault takes positions at the mark, and all margin with them."""
    holdings, standing = play.holdings, plan.standing
    rows = standing.rows[chosen[standing.of] & (holdings.size[standing.rows] != 0.0)]
    market, who = holdings.market[rows], standing.who[chosen]
    closed, _ = holdings.close(rows, np.ones(len(rows)), play.mark[market])
    np.add.at(play.vault_size, market, closed)
    now = payoff(play.mark, holdings.inverse)[market]
    np.add.at(play.vault_cost, market, closed * now)
    play.vault[plan.number] += holdings.money[who].sum()
    holdings.money[who] = 0.0
    play.count_closed(play.vault_usd, market, closed)
    play.log.add(
        play.time_s, holdings.owner[rows], market, "vault", closed, play.mark[market],
        counterparty=VAULT,
    )  # fmt: skip


def _deleverage(play: Play, plan: Plan) -> None:
    """Match positions of whoever failed with the other side, market by market."""
    holdings, standing = play.holdings, plan.standing
    worth = sums(standing.of, standing.notional, len(standing.who))
    lost = (standing.equity / np.maximum(worth, 1e-300))[standing.of]
    chosen = plan.adl[standing.of] & (holdings.size[standing.rows] != 0.0)
    for market in np.unique(holdings.market[standing.rows[chosen]]):
        for side in (1.0, -1.0):
            failed = chosen & (holdings.market[standing.rows] == market)
            failed &= holdings.size[standing.rows] * side > 0.0
            if failed.any():
                rows = standing.rows[failed]
                price = _adl_price(play, plan.venue, int(market), side, lost[failed])
                _close_against(play, plan, rows, price)


def _adl_price(play: Play, venue: Venue, market: int, side: float, lost: Floats) -> Floats:
    """Where each failed position is closed: equity per unit of notional is used up there."""
    if venue.adl_price == "previous_mark":
        return np.full(len(lost), play.mark_before[market])
    inverse = bool(play.holdings.inverse[market])
    bankrupt = _moved(play.mark[market], -side * lost, inverse)
    far = np.abs(np.log(bankrupt / play.mark[market])) > venue.adl_mark_bound
    return np.where(far, play.mark[market], bankrupt)


def _close_against(play: Play, plan: Plan, rows: Rows, price: Floats) -> None:
    """Close failed rows against the queue; what finds nobody goes to the book's makers."""
    holdings = play.holdings
    market = int(holdings.market[rows[0]])
    matched = play.queue.match(
        rows, market, play.mark, play.index, plan.venue, play.time_s, plan.standing.who[plan.adl]
    )
    before = np.abs(holdings.size[matched.row])
    size, at = matched.size, price[matched.failed]
    who, side = rows[matched.failed], np.sign(holdings.size[rows[0]])
    now = payoff(at, np.full(len(at), holdings.inverse[market]))
    whole = np.abs(holdings.size[rows])
    _reduce(holdings, who, side * size, now)
    _reduce(holdings, matched.row, -side * size, now)
    losers = holdings.owner[matched.row]
    play.deleveraged[losers] = True
    play.count_closed(play.adl_usd, np.full(len(rows), market), side * whole)
    play.log.add(
        play.time_s, holdings.owner[who], market, "adl", side * size, at, counterparty=losers
    )
    _nobody_left(play, rows, market, whole)
    dust = np.abs(holdings.size[matched.row]) <= _DUST * before
    _to_makers(play, np.unique(matched.row[dust]))
    touched = np.unique(losers).astype(np.int64)
    _pay_debts(play, plan, touched)
    _look_again(play, touched)


def _nobody_left(play: Play, rows: Rows, market: int, whole: Floats) -> None:
    """Makers are the other side of what is left when the queue is empty, at the mark."""
    holdings = play.holdings
    closed = _to_makers(play, rows)
    some = np.abs(closed) > _DUST * whole  # the rest is rounding of the matching
    play.log.add(
        play.time_s, holdings.owner[rows][some], market, "adl", closed[some],
        play.mark[market], counterparty=BOOK,
    )  # fmt: skip


def _to_makers(play: Play, rows: Rows) -> Floats:
    """Close positions against the makers at the mark; tells the signed sizes."""
    holdings = play.holdings
    market = holdings.market[rows]
    closed, _ = holdings.close(rows, np.ones(len(rows)), play.mark[market])
    play.makers_take(market, closed, payoff(play.mark, holdings.inverse)[market])
    return closed


def _square(play: Play, plan: Plan) -> None:
    """Debts are paid; a surplus goes where the rule says."""
    holdings = play.holdings
    closed = _pay_debts(play, plan, plan.standing.who)
    if plan.venue.surplus_to_fund:
        alone = np.diff(holdings.start)[closed] == 1
        left = closed[alone & ~_pledges(play, closed)]
        play.fund[plan.number] += holdings.money[left].sum()
        holdings.money[left] = 0.0


def _pay_debts(play: Play, plan: Plan, who: Rows) -> Rows:
    """Collateral pays first, then fund or vault for whoever has no position left; tells who."""
    holdings = play.holdings
    rows, of = rows_of(holdings.start, who)
    open_left = sums(of, np.abs(holdings.size[rows]), len(who)) > 0.0
    if holdings.pledged is not None:
        _exchange(play, plan, who)
    closed = who[~open_left]
    owed = np.maximum(-holdings.money[closed], 0.0)
    if plan.venue.backstop_share > 0.0:
        play.vault[plan.number] -= owed.sum()
    else:
        play.fund[plan.number] -= owed.sum()
    play.unpaid[plan.number] += owed.sum()
    holdings.money[closed] += owed
    payer = VAULT if plan.venue.backstop_share > 0.0 else FUND
    some = owed > 0.0
    market = holdings.market[holdings.start[closed[some]]]
    play.log.add(
        play.time_s, closed[some], market, "full", 0.0, play.mark[market],
        deficit=owed[some], counterparty=payer,
    )  # fmt: skip
    return closed


def _pledges(play: Play, who: Rows) -> NDArray[np.bool_]:
    if play.holdings.pledged is None:
        return np.zeros(len(who), dtype=bool)
    return np.diff(play.holdings.pledge_start)[who] > 0


def _exchange(play: Play, plan: Plan, who: Rows) -> None:
    """Coins held as margin pay a debt, at index and haircut; the fund sells them on."""
    holdings = play.holdings
    assert holdings.pledged is not None
    value = holdings.pledge_value(who, play.index)
    need = np.minimum(np.maximum(-holdings.money[who], 0.0), value)
    share = need / np.where(value > 0.0, value, 1.0)
    rows, of = rows_of(holdings.pledge_start, who)
    market = holdings.pledged.market[rows]
    coins = holdings.amount[rows] * share[of]
    credited = coins * play.index[market] * holdings.ratio[market]
    holdings.amount[rows] -= coins
    np.add.at(holdings.money, who[of], credited)
    proceeds = coins * np.exp(play.prices.mid)[market]
    play.fund[plan.number] += (proceeds - credited).sum()
    play.makers_take(market, coins, np.exp(play.prices.mid)[market])
    play.pending += sums(market, proceeds, len(play.pending))
    some = coins > 0.0
    play.log.add(
        play.time_s, who[of][some], market[some], "exchange", coins[some],
        (play.index[market] * holdings.ratio[market])[some], counterparty=FUND,
    )  # fmt: skip


def _reduce(holdings: Holdings, rows: Rows, size: Floats, now: Floats) -> None:
    """Close signed sizes of these positions (a row may come twice) at payoffs `now`."""
    np.subtract.at(holdings.size, rows, size)
    np.add.at(holdings.money, holdings.owner[rows], size * (now - holdings.cost[rows]))


def _moved(price: float, share: Floats, inverse: bool) -> Floats:
    """The price at which a unit of notional has gained `share` of itself (long side)."""
    if inverse:
        return price / np.maximum(1.0 - share, _LEAST_PRICE)
    return price * np.maximum(1.0 + share, _LEAST_PRICE)
