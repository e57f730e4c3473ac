"""Who is short of margin: funding first, then whoever's alarm has rung.

Accounts below their requirement cancel open orders; the venue notices after its lag, unless its
engine is down. Funding is paid between longs and shorts, so it moves liquidation prices.
"""

from __future__ import annotations

import numpy as np

from drypowder.venues._sums import sums
from drypowder.venues.cascade.holdings import Rows, Standing, payoff
from drypowder.venues.cascade.play import Play

_CHUNK = 1 << 16  # accounts examined together


def pay_funding(play: Play) -> None:
    """Longs pay shorts (or the other way) on the notional at the mark; nobody keeps any."""
    setting = play.setting
    rate = np.array([one.funding_rate for one in setting.markets])
    due = int(play.time_s // setting.funding_interval_s) - int(
        (play.time_s - play.round_s) // setting.funding_interval_s
    )
    if due == 0 or not rate.any():
        return
    holdings = play.holdings
    per_size = due * rate * np.abs(payoff(play.mark, holdings.inverse))
    paid = holdings.size * per_size[holdings.market]
    holdings.money -= sums(holdings.owner, paid, len(holdings.money))
    # contracts only: coins that makers gave as margin, or bought of it, pay nothing
    contracts = sums(holdings.market, holdings.size, len(per_size)) + play.vault_size
    play.maker_cost -= contracts * per_size
    venue = play.prices.venue
    play.vault -= sums(venue, play.vault_size * per_size, len(play.vault))
    play.travel(due * np.abs(rate), float(due * np.abs(rate).max()))


def who_is_short(play: Play) -> Standing:
    """Accounts below their requirement at this mark; all others are armed again."""
    holdings = play.holdings
    ringing = holdings.ringing(play.travelled)
    chunks = [ringing[low : low + _CHUNK] for low in range(0, len(ringing), _CHUNK)]
    short = np.concatenate([_below(play, chunk) for chunk in chunks] or [ringing])
    if len(holdings.held_for_orders):
        short = _cancel(play, short)
    short = _patient(play, short)
    return holdings.examine(short, play.mark, play.index)


def _below(play: Play, who: Rows) -> Rows:
    """Those of these accounts that are below their requirement; the alarms of all are set."""
    standing = play.holdings.examine(who, play.mark, play.index)
    play.holdings.arm(standing, play.travelled)
    below = (standing.equity < standing.required) & (standing.exposure > 0.0)
    play.found_at[who[~below]] = np.inf
    return who[below]


def _cancel(play: Play, short: Rows) -> Rows:
    """Open orders go first; whoever has enough without them is left alone."""
    holdings = play.holdings
    with_orders = short[holdings.held_for_orders[short] > 0.0]
    held = holdings.held_for_orders[with_orders]
    market = holdings.market[holdings.start[with_orders]]
    play.log.add(play.time_s, with_orders, market, "cancel", held, play.mark[market])
    holdings.held_for_orders[with_orders] = 0.0
    standing = holdings.examine(short, play.mark, play.index)
    return short[standing.equity < standing.required]


def _patient(play: Play, short: Rows) -> Rows:
    """Without those whom their venue has not noticed yet, or cannot liquidate now."""
    venue = play.holdings.venue[short]
    lag = np.array([one.detection_lag_s for one in play.setting.venues])[venue]
    play.found_at[short] = np.minimum(play.found_at[short], play.time_s)
    noticed = play.time_s >= play.found_at[short] + lag
    return short[noticed & ~play.prices.liquidation_out(play.time_s)[venue]]
