"""A cascade, account by account: who is liquidated, when, at what price, who is on the other side.

    "forced selling cascades"

A round: prices move (outside path, refill, marks) -> funding -> examine accounts whose alarm rings
-> cancel orders -> partial or full orders of each venue -> books clear, all orders of a market at
one average price -> fees, surplus and deficit to the fund -> backstop vault -> what the fund may
not pay is auto-deleveraged -> collateral is exchanged, to be sold in the next round -> arbitrage
between venues and spot.
All breached accounts of a round are found at the same mark, as exchanges do it.
Every trade has another side: an account, the fund, the vault, or the makers who rest in the book
(arbitrageurs trade with them too). `Cascade.residual` is what the ledger of a venue gained or
lost in all, relative to what it holds: zero but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import UsageError
from drypowder.venues.cascade.events import EventLog, Events
from drypowder.venues.cascade.holdings import Collateral
from drypowder.venues.cascade.play import LONG, SHORT, TOLD, Play
from drypowder.venues.cascade.setting import Setting
from drypowder.venues.cascade.settling import settle
from drypowder.venues.cascade.triggers import pay_funding, who_is_short
from drypowder.venues.cascade.waterfall import clear, coins_sell, plan_of, vault_sells
from drypowder.venues.crowd.population import Population

Floats = NDArray[np.float64]


__all__ = ["LONG", "SHORT", "Cascade", "cascade"]


@dataclass(frozen=True)
class Cascade:
    """What happened; arrays run over [round], then [market], [venue] or [coin] and side."""

    setting: Setting
    time_s: Floats  # end of each round
    mark: Floats  # [round, market]
    mid: Floats  # [round, market] price in the own book
    spot: Floats  # [round, coin]
    book_usd: Floats  # [round, market, side] closed in the book
    vault_usd: Floats  # [round, market, side] taken over by the backstop vault
    adl_usd: Floats  # [round, market, side] closed against deleveraged counterparties
    closings: NDArray[np.int64]  # [round, market] positions closed or reduced by force
    fund: Floats  # [round, venue] insurance fund, venue's money; coins to be sold at the mark
    vault: Floats  # [round, venue] equity of the vault
    unpaid: Floats  # [round, venue] what bankrupt accounts could not pay and fund or vault did
    accounts_closed: NDArray[np.bool_]  # [account] lost a position by force
    accounts_deleveraged: NDArray[np.bool_]  # [account] gave up a position to somebody who failed
    open_interest: Floats  # [market] at the start: longs, in the unit of size
    residual: Floats  # [venue] gained by everybody together, relative to all money and positions
    events: Events | None

    @property
    def forced_usd(self) -> Floats:
        """[round, market, side] closed by force in any way."""
        return self.book_usd + self.vault_usd + self.adl_usd


def cascade(
    *,
    setting: Setting,
    population: Population,
    outside: Floats,
    round_s: float,
    collateral: Collateral | None = None,
    open_orders: Floats | None = None,
    events: bool = True,
) -> Cascade:
    """Play one cascade.

    Args:
        population: accounts and positions; those of a market are on its venue.
        outside: log change of each coin since the start that comes from outside, [round, coin].
        round_s: how long a round lasts, seconds.
        collateral: coins that accounts hold as margin.
        open_orders: margin that open orders of each account hold, [account], venue's money;
            it counts where the venue's `orders_count` says so, until it is cancelled.
        events: whether to keep the log.

    Raises:
        UsageError: DP-151 for a population or a path that does not fit the setting.
    """
    _check(setting, population, outside, round_s)
    _check_collateral(setting, collateral)
    play = Play(setting, population, collateral, open_orders, round_s, EventLog(events))
    start = play.ledger()
    for number, path in enumerate(outside, start=1):
        _round(play, number * round_s, path)
    return _result(play, start)


def _round(play: Play, time_s: float, outside: Floats) -> None:
    """One tick of the venues' clock."""
    play.begin(time_s)
    play.move(outside)
    pay_funding(play)
    short = who_is_short(play)
    other_usd = coins_sell(play) + vault_sells(play)
    plans = [plan_of(play, venue, short) for venue in range(len(play.setting.venues))]
    placed = [plan for plan in plans if plan is not None]
    clear(play, placed, other_usd)
    for plan in placed:
        settle(play, plan)
    play.prices.arbitrage(time_s, play.round_s)
    play.write_down()


def _check(setting: Setting, population: Population, outside: Floats, round_s: float) -> None:
    wanted = (max(len(outside), 1), len(setting.coins))
    if np.shape(outside) != wanted or not np.all(np.isfinite(outside)):
        raise UsageError(
            "DP-151",
            f"the outside path has shape {np.shape(outside)} or holds numbers that are none.",
            f"Give log changes of {len(setting.coins)} coins, one row a round.",
        )
    if not round_s > 0.0:
        raise UsageError("DP-151", f"a round lasts {round_s} seconds.", "Give a time above zero.")
    if population.markets > len(setting.markets):
        raise UsageError(
            "DP-151",
            f"a position is in market {population.markets - 1}.",
            f"The setting has {len(setting.markets)} markets, from 0.",
        )
    venue = np.array([one.venue for one in setting.markets])[population.market]
    mixed = (np.diff(venue) != 0) & (np.diff(population.owner) == 0)
    if mixed.any():
        who = int(population.owner[1:][mixed][0])
        raise UsageError(
            "DP-151", f"account {who} has positions on two venues.", "Give it one account each."
        )


def _check_collateral(setting: Setting, collateral: Collateral | None) -> None:
    if collateral is not None and any(setting.markets[m].inverse for m in set(collateral.market)):
        raise UsageError(
            "DP-151",
            "coins held as margin are priced by an inverse contract.",
            "Name a linear contract of the coin: its book is in USD.",
        )


def _result(play: Play, start: tuple[Floats, Floats]) -> Cascade:
    """Everything that happened."""
    before, gross = start
    gained = play.ledger()[0] - before
    columns = (np.array(column) for column in zip(*play.told, strict=True))
    return Cascade(
        play.setting,
        **dict(zip(TOLD, columns, strict=True)),
        accounts_closed=play.forced,
        accounts_deleveraged=play.deleveraged,
        open_interest=play.open_interest,
        residual=gained / np.maximum(gross, 1e-300),
        events=play.log.all(),
    )
