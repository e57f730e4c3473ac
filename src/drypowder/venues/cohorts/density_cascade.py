"""A cascade on a density of positions: what the engine of accounts does, in a few dozen buckets.

A round has the order of `drypowder.venues.cascade`: books refill and thin, the outside path moves,
the mark follows the own book, all that it triggers is filled together at one average price F, the
fund pays those who owe least, and who is left is auto-deleveraged: closed at the price B = T (1 -
s r) that leaves nothing, against positions of the other side, after which the fill is found again
without them. A position at distance x owes s (B(x) - F), its venue keeps what is left otherwise.
Distances are measured from the first price throughout, so buckets lose nothing on the way.
Source: venue rule books, as `drypowder.venues.cascade`. Signs: as `density`.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.venues.cascade.book import average_fall, book_depth, book_fall, refilled
from drypowder.venues.cohorts.density import Density, Grid, deleveraged, entry_price, passed, signs

_MEMORY_S, _MINUTE_S = 300.0, 60.0  # of the return to which the book reacts


class Rules(NamedTuple):
    """One venue and its books; the coins of a path share maintenance and the shape of the book."""

    maintenance_rate: Float[Array, " path"]
    depth_usd_bn: Float[Array, "coin path"]  # within 1 %, in normal times
    exponent: Float[Array, " path"]
    thinning: Float[Array, " path"]
    floor_share: Float[Array, " path"]
    refill_per_minute: Float[Array, " path"]


class Played(NamedTuple):
    """State of a cascade. Distances are measured from the first price throughout."""

    reach: Float[Array, "side coin path"]  # furthest that the mark went against each side
    open: Density  # of all first buckets; what lies within reach is closed
    makers_coins: Float[Array, "coin path"]  # bought from closed longs, less sold to closed shorts
    consumed_usd_bn: Float[Array, "coin path"]
    depth_usd_bn: Float[Array, "coin path"]
    fund_usd_bn: Float[Array, "coin path"]
    marks: Float[Array, "round coin path"]  # log, of the last five minutes


class Round(NamedTuple):
    """What one round did; amounts by side of who was closed."""

    mark: Float[Array, "coin path"]  # log
    fill: Float[Array, "coin path"]  # log
    book_coins: Float[Array, "side coin path"]
    deleveraged_coins: Float[Array, "side coin path"]
    fund_usd_bn: Float[Array, "coin path"]
    open_coins: Float[Array, "side coin path"]  # left at the end of the round
    makers_coins: Float[Array, "coin path"]


def density_cascade(
    density: Density,
    *,
    fund_usd_bn: Float[Array, "coin path"],
    outside: Float[Array, "round coin path"],
    round_s: float,
    rules: Rules,
    grid: Grid,
) -> tuple[Played, Round]:
    """Play a cascade in rounds: the same order as `drypowder.venues.cascade`, account by account.

    Refill and thinning, outside move, mark at the own mid, breaches at one mark, one fill for all,
    fund, auto-deleveraging (which the fill is found again without), next round.

    Args:
        density: at a price of one. outside: log change of the price since then, from outside.

    Returns:
        the state at the end and every round.
    """
    rounds = int(_MEMORY_S // round_s) + 1
    nothing = jnp.zeros_like(fund_usd_bn)
    start = Played(
        reach=jnp.zeros((2, *nothing.shape)),
        open=density,
        makers_coins=nothing,
        consumed_usd_bn=nothing,
        depth_usd_bn=rules.depth_usd_bn,
        fund_usd_bn=fund_usd_bn,
        marks=jnp.zeros((rounds, *nothing.shape)),
    )

    def one(state: Played, anchor):
        return _round(state, anchor, round_s, rules, grid)

    return jax.lax.scan(one, start, outside)


def _round(state: Played, anchor, round_s: float, rules: Rules, grid: Grid):
    exponent, minutes = rules.exponent[None], round_s / _MINUTE_S
    eaten = refilled(state.consumed_usd_bn, rules.refill_per_minute[None], minutes)
    five = state.marks[-1] - state.marks[0]
    depth = book_depth(rules.depth_usd_bn, five, rules.thinning[None], rules.floor_share[None])
    eaten = eaten * depth / state.depth_usd_bn  # orders leave at every distance alike
    mark = anchor - book_fall(eaten, depth, exponent)
    reach = jnp.maximum(state.reach, -signs(3) * mark[None])
    slices = _triggered(state, reach, rules, grid)
    closing = jnp.sum(slices.coins, axis=1)

    def sold(coins):
        return jnp.sum(signs(3) * coins, axis=0) * jnp.exp(mark)

    def price(coins):
        return anchor - average_fall(eaten, eaten + sold(coins), depth, exponent)

    owing = slices.until(price(closing))
    beyond = _beyond_the_fund(slices, owing, price(closing), state.fund_usd_bn)
    gone = jnp.sum(beyond * slices.coins_between(slices.begin, owing), axis=1)
    book, fill = closing - gone, price(closing - gone)
    owed = (1.0 - beyond) * slices.owed(slices.begin, owing, fill)
    owed = owed + slices.owed(owing, slices.end, fill)  # those in surplus owe less than nothing
    fund = state.fund_usd_bn - jnp.sum(owed, axis=(0, 1))
    left, unmatched = _against_the_queue(state.open, reach, gone, mark, rules, grid)
    makers = state.makers_coins + jnp.sum(signs(3) * (book + unmatched), axis=0)
    marks = jnp.concatenate([state.marks[1:], mark[None]])
    still = jnp.sum((1.0 - passed(reach, grid)) * left.open_coins, axis=1)
    new = Played(reach, left, makers, eaten + sold(book), depth, fund, marks)
    return new, Round(mark, fill, book, gone, fund, still, makers)


class _Slices(NamedTuple):
    """What one mark triggers: part of each bucket; arrays are (side, bucket, coin, path)."""

    begin: Array  # distance from the first price
    end: Array
    per_distance: Array  # coins
    rate: Array

    @property
    def coins(self):
        return self.coins_between(self.begin, self.end)

    def coins_between(self, begin, end):
        return self.per_distance * (end - begin)

    def until(self, fill):
        """Up to which distance owners cannot pay what a fill at this log price leaves."""
        bankrupt = signs(4) * (jnp.log(1.0 - signs(4) * self.rate) - fill[None, None])
        return jnp.clip(bankrupt, self.begin, self.end)

    def owed(self, begin, end, fill):
        """USD bn that owners between two distances owe beyond their margin, negative in surplus."""
        sign = signs(4)
        bankrupt = (1.0 - sign * self.rate) * (jnp.exp(-sign * begin) - jnp.exp(-sign * end))
        return self.per_distance * (bankrupt - sign * jnp.exp(fill)[None, None] * (end - begin))


def _triggered(state: Played, reach, rules: Rules, grid: Grid) -> _Slices:
    lower, upper = (edge[None, :, None, None] for edge in (grid.lower, grid.upper))
    begin = jnp.clip(state.reach[:, None], lower, upper)
    end = jnp.clip(reach[:, None], lower, upper)
    per_distance = state.open.open_coins / grid.width[None, :, None, None]
    return _Slices(begin, end, per_distance, rules.maintenance_rate[None, None, None])


def _beyond_the_fund(slices: _Slices, owing, fill, fund):
    """Share of those who owe, bucket by bucket, whom the fund cannot save: smallest debts first."""
    owed = slices.owed(slices.begin, owing, fill)
    deeper = jnp.cumsum(owed[:, ::-1], axis=1)[:, ::-1]
    unpaid = jnp.clip(deeper - fund[None, None], 0.0, owed)
    return jnp.where(owed > 0.0, unpaid / jnp.where(owed > 0.0, owed, 1.0), 0.0)


def _against_the_queue(open_: Density, reach, gone, mark, rules: Rules, grid: Grid):
    """The other side gives up as many coins as are auto-deleveraged; also what found nobody."""
    price = jnp.exp(mark)
    entry = entry_price(open_, jnp.ones_like(price), rules.maintenance_rate, grid)
    gains = jnp.asarray(signs(4)) * (price[None, None] - entry) > 0.0
    free = (1.0 - passed(reach, grid)) * open_.open_coins
    taken = jax.vmap(deleveraged)(free, gone[::-1], gains)
    kept = 1.0 - taken / jnp.where(free > 0.0, free, 1.0)
    unmatched = gone - jnp.sum(taken, axis=1)[::-1]
    return Density(*(kept * mass for mass in open_)), unmatched
