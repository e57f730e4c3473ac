"""Who pays whom: closings in the book, handovers to the vault, deleveraging, and what is owed.

Every closing has its other side: makers in the book, the vault, or accounts of the queue. Then
collateral pays debts, and what an account cannot pay lands on the fund or the vault by name.

Nobody is asked for more than they may give while somebody else can pay: where a venue closes at
the mark because the bankruptcy price is too far from it, the fund bears the difference only as far
as its rule lets it, and the other side bears the rest; where no account is left on the other side,
the makers who hold it close at the same price. A fund below zero is the venue's own money: where
deleveraging has ruined the other side itself, or where coins that paid a debt fetch less in the
next round than they counted for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from drypowder.venues._sums import sums
from drypowder.venues.cascade.events import BOOK, FUND, VAULT
from drypowder.venues.cascade.holdings import Holdings, Rows, payoff, rows_of
from drypowder.venues.cascade.play import Play
from drypowder.venues.cascade.waterfall import Plan, allowance, fees, real_equity

Floats = NDArray[np.float64]
_DUST = 1e-9  # of a position
_LEAST_PRICE = 1e-9  # of the mark: no position is closed below
_HALVINGS = 50
_LEAST_TOLD = 1e-9  # of the venue's money: a smaller debt is rounding and gets no row of the log


def settle(play: Play, plan: Plan) -> None:
    """Close what was ordered, hand over, deleverage; then everybody pays."""
    standing = plan.standing
    to_vault = plan.orders.to_vault & ~plan.adl
    in_book = ~plan.adl & ~to_vault
    _close_in_book(play, plan, in_book)
    if to_vault.any():
        _hand_over(play, plan, to_vault)
    if plan.adl.any():
        _pay_debts(play, plan, standing.who[in_book])  # what is left is what the fund may bear
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
    if holdings.pledged is not None:
        _hand_over_coins(play, who)
    play.count_closed(play.vault_usd, market, closed)
    play.log.add(
        play.time_s, holdings.owner[rows], market, "vault", closed, play.mark[market],
        counterparty=VAULT,
    )  # fmt: skip


def _hand_over_coins(play: Play, who: Rows) -> None:
    """Collateral goes the same way: all margin does."""
    holdings = play.holdings
    assert holdings.pledged is not None
    rows, of = rows_of(holdings.pledge_start, who)
    market, coins = holdings.pledged.market[rows], holdings.amount[rows]
    holdings.amount[rows] = 0.0
    play.take_coins(market, coins)
    some = coins > 0.0
    play.log.add(
        play.time_s, who[of][some], market[some], "exchange", coins[some],
        play.mark[market][some], counterparty=VAULT,
    )  # fmt: skip


def _deleverage(play: Play, plan: Plan) -> None:
    """Match positions of whoever failed with the other side, market by market."""
    holdings, standing = play.holdings, plan.standing
    worth = sums(standing.of, standing.notional, len(standing.who))
    lost = (real_equity(play, standing) / np.maximum(worth, 1e-300))[standing.of]
    chosen = plan.adl[standing.of] & (holdings.size[standing.rows] != 0.0)
    rows, lost, notional = standing.rows[chosen], lost[chosen], standing.notional[chosen]
    price = _adl_price(play, plan, rows, lost, notional)
    market, side = holdings.market[rows], np.sign(holdings.size[rows])
    for here in np.unique(market):
        for way in (1.0, -1.0):
            failed = (market == here) & (side == way)
            if failed.any():
                _close_against(play, plan, rows[failed], price[failed])


def _adl_price(play: Play, plan: Plan, rows: Rows, lost: Floats, notional: Floats) -> Floats:
    """Where each failed position is closed: equity per unit of notional is used up there.

    Args:
        lost: [row] its account's equity per unit of notional. notional: [row].
    """
    holdings, venue = play.holdings, plan.venue
    market, side = holdings.market[rows], np.sign(holdings.size[rows])
    if venue.adl_price == "previous_mark":
        return play.mark_before[market]
    mark, inverse = play.mark[market], holdings.inverse[market]
    bankrupt = _moved(mark, -side * lost, inverse)
    far = np.abs(np.log(bankrupt / mark)) > venue.adl_mark_bound
    # at the mark the fund pays what is missing, as far as it may
    missing = float((np.maximum(-lost, 0.0) * notional)[far].sum())
    borne = min(allowance(play, plan.number) / missing, 1.0) if missing > 0.0 else 1.0
    nearer = _moved(mark, side * np.maximum(-lost, 0.0) * (1.0 - borne), inverse)
    return np.where(far, nearer, bankrupt)


def _close_against(play: Play, plan: Plan, rows: Rows, price: Floats) -> None:
    """Close failed rows against the queue; for what finds nobody the makers are the other side."""
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
    _nobody_left(play, rows, price, whole)
    dust = np.abs(holdings.size[matched.row]) <= _DUST * before
    _to_makers(play, np.unique(matched.row[dust]))
    touched = np.unique(losers).astype(np.int64)
    _pay_debts(play, plan, touched)
    _look_again(play, touched)


def _nobody_left(play: Play, rows: Rows, price: Floats, whole: Floats) -> None:
    """Makers who hold the other side close at the same price; whoever does not trades at the mark.

    Every contract has two sides: where the queue is empty, makers have what accounts have not.
    """
    holdings = play.holdings
    market = int(holdings.market[rows[0]])
    left, inverse = holdings.size[rows].copy(), np.full(len(rows), holdings.inverse[market])
    held = max(-np.sign(left.sum()) * play.maker_size[market], 0.0)
    share = min(held / max(np.abs(left).sum(), 1e-300), 1.0)
    at_mark = payoff(np.full(len(rows), play.mark[market]), inverse)
    now = share * payoff(price, inverse) + (1.0 - share) * at_mark
    _reduce(holdings, rows, left, now)
    holdings.size[rows] = 0.0
    play.makers_take(np.full(len(rows), market), left, now)
    some = np.abs(left) > _DUST * whole  # the rest is rounding of the matching
    play.log.add(
        play.time_s, holdings.owner[rows][some], market, "adl", left[some],
        np.where(inverse, -1.0 / now, now)[some], counterparty=BOOK,
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
    some = owed > _LEAST_TOLD
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
    """Coins held as margin pay a debt, at index and haircut; fund or vault sell them on."""
    holdings = play.holdings
    assert holdings.pledged is not None
    need = np.maximum(-holdings.money[who], 0.0)
    who, need = who[need > 0.0], need[need > 0.0]
    rows, of = rows_of(holdings.pledge_start, who)
    market, amount = holdings.pledged.market[rows], holdings.amount[rows]
    paid = holdings.counted_price(rows, play.index)
    above = np.maximum(paid - np.exp(play.prices.mid)[market], 0.0)

    def sold(borne: float) -> tuple[Floats, Floats]:
        """Coins and price of each row if the venue bears this share of an index above its book."""
        price = paid - (1.0 - borne) * above
        value = sums(of, amount * price, len(who))
        share = np.minimum(need / np.where(value > 0.0, value, np.inf), 1.0)
        return amount * share[of], price

    coins, price = sold(_borne(sold, above, allowance(play, plan.number)))
    holdings.amount[rows] -= coins
    credited = coins * price
    np.add.at(holdings.money, who[of], credited)
    pot, payer = (play.vault, VAULT) if play.has_vault[plan.number] else (play.fund, FUND)
    pot[plan.number] -= credited.sum()
    play.take_coins(market, coins)
    some = coins > 0.0
    play.log.add(
        play.time_s, who[of][some], market[some], "exchange", coins[some], price[some],
        counterparty=payer,
    )  # fmt: skip


def _borne(sold: Callable[[float], tuple[Floats, Floats]], above: Floats, allowed: float) -> float:
    """The share of what an index says above the book that fund or vault may pay.

    What they pay rises with the share, so halving finds where it is all that is allowed.
    """
    low, high = 0.0, 1.0
    if float((sold(high)[0] * above).sum()) <= allowed:
        return high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        fits = middle * float((sold(middle)[0] * above).sum()) <= allowed
        low, high = (middle, high) if fits else (low, middle)
    return low


def _reduce(holdings: Holdings, rows: Rows, size: Floats, now: Floats) -> None:
    """Close signed sizes of these positions (a row may come twice) at payoffs `now`."""
    np.subtract.at(holdings.size, rows, size)
    np.add.at(holdings.money, holdings.owner[rows], size * (now - holdings.cost[rows]))


def _moved(price: Floats, share: Floats, inverse: NDArray[np.bool_]) -> Floats:
    """The price at which a unit of notional has gained `share` of itself (long side)."""
    coin = price / np.maximum(1.0 - share, _LEAST_PRICE)
    return np.where(inverse, coin, price * np.maximum(1.0 + share, _LEAST_PRICE))
