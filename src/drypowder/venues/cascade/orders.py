"""What a venue does with accounts that are short of margin: how much is closed, and where.

 - none: everything is closed in the book.
 - share (Hyperliquid): a large position loses a share; within a window after that, all of it.
 - tiers (Bybit, OKX): the position with the largest requirement is cut to the top of a lower
   bracket, one step of brackets down or as many as restore the ratio (a step is one bracket at
   Bybit, two at OKX); where no step is left it is closed in full.
   An account without equity is closed as a whole, at its bankruptcy price if nobody pays.
 - reduce (Binance): one order large enough to restore the ratio at the price the book offers.
A backstop vault takes the whole account, margin included, once equity is below a share of
maintenance. Equity below zero is nobody's to take: the waterfall of the caller decides.
Source: Binance FAQ 360033525271; Bybit help, "Liquidation"; OKX support, "Forced partial or full
liquidation"; Hyperliquid docs, "Liquidations" (all read 2025-26).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.venues.cascade.holdings import Holdings, Rows, Standing
from drypowder.venues.cascade.setting import Venue

Floats = NDArray[np.float64]


class Orders(NamedTuple):
    """Of the accounts of one venue that are short: what is to be done now."""

    share: Floats  # [row] of each position closed in the book
    to_vault: NDArray[np.bool_]  # [account] the vault should take over
    partial: NDArray[np.bool_]  # [account] something is left on purpose


def orders(
    standing: Standing, holdings: Holdings, venue: Venue, in_part: NDArray[np.bool_], cost: Floats
) -> Orders:
    """Orders of one venue for its accounts that are short of margin.

    Args:
        in_part: [account] no order for a part went before within the venue's window.
        cost: [market] log distance from the mark at which the book fills, plus fees.
    """
    to_vault = np.zeros(len(standing.who), dtype=bool)
    if venue.backstop_share > 0.0:
        to_vault = standing.equity < venue.backstop_share * standing.maintenance
    price = cost[holdings.market[standing.rows]]
    if venue.partial == "share":
        share = _a_share_first(standing, venue, in_part)
    elif venue.partial == "reduce":
        share = _just_enough(standing, venue, price)
    elif venue.partial == "tiers":
        share = _down_the_tiers(standing, holdings, venue, price)
    else:
        share = np.ones(len(standing.rows))
    share = np.where(to_vault[standing.of], 0.0, share)
    left = np.bincount(standing.of, (1.0 - share) * standing.notional, len(standing.who))
    return Orders(share, to_vault, ~to_vault & (left > 0.0))


def _a_share_first(standing: Standing, venue: Venue, in_part) -> Floats:
    large = (standing.notional > venue.partial_above_usd) & in_part[standing.of]
    return np.where(large, venue.partial_share, 1.0)


def _just_enough(standing: Standing, venue: Venue, price: Floats) -> Floats:
    """The share s of everything with equity - s cost = (1 - s) requirement.

    Maintenance is convex, so a smaller position owes less than its part: what is left is safe.
    """
    cost = np.bincount(standing.of, standing.notional * price, len(standing.who))
    saved = standing.required - cost
    missing = standing.required - standing.equity
    share = np.where(saved > missing, missing / np.where(saved > 0.0, saved, 1.0), 1.0)
    total = np.bincount(standing.of, standing.notional, len(standing.who))
    share = np.where(total > venue.partial_above_usd, np.clip(share, 0.0, 1.0), 1.0)
    return share[standing.of]


def _down_the_tiers(standing: Standing, holdings: Holdings, venue: Venue, price: Floats) -> Floats:
    """Cut the position that needs most by as many steps of brackets as are enough."""
    share = np.zeros(len(standing.rows))
    worst = _largest_each(standing)
    market, notional = holdings.market[standing.rows[worst]], standing.notional[worst]
    schedule = holdings.schedule
    counted = holdings.counted(standing.rows[worst], notional)
    bracket = schedule.bracket(market, counted)
    missing = (standing.required - standing.equity)[standing.of[worst]]
    cut = np.ones(len(worst))  # from the lowest bracket, or if no cut is enough: all of it
    undecided = (notional > venue.partial_above_usd) & (bracket >= venue.partial_from_tier - 1)
    step = venue.partial_tiers_down
    for down in range(step - 1, int(bracket.max(initial=0)), step):
        place = bracket - down
        target = schedule.floor[market, np.maximum(place, 0)]
        able = undecided & (place >= 1)
        aim = np.where(able, target, 0.0)
        less = 1.0 - aim / np.where(able, counted, 1.0)
        kept = schedule.maintenance(market, aim) + holdings.fee[market] * notional * (1.0 - less)
        freed = standing.needed[worst] - kept
        enough = able & (freed - notional * less * price[worst] >= missing)
        cut = np.where(enough, less, cut)
        undecided &= ~enough
    share[worst] = cut
    return np.where(standing.equity[standing.of] > 0.0, share, 1.0)


def _largest_each(standing: Standing) -> Rows:
    """The row that needs most margin, of every account."""
    order = np.lexsort((standing.needed, standing.of))
    last = np.append(standing.of[order][1:] != standing.of[order][:-1], True)
    return order[last]
