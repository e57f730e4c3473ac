"""Draw a crowd of accounts that open interest, leverage and the path of prices allow.

Every contract has two sides, so in each market longs and shorts own the same number of coins, to
the last bit: sizes are whole multiples of a tiny lot that is a power of two, whose sums are exact
in any order. Sizes are Pareto; ages, entries and leverage follow `vintages` of this room, with
each account's own bracket. Who would have been closed on the way is drawn again, size kept, so
open interest is met and the living have the stated sizes. Ages and leverage are spread evenly
(a shifted Kronecker sequence over accounts sorted by size), which needs fewer accounts than
chance for the same precision.

Source: ours; the sequence is that of Roberts (2018), "The unreasonable effectiveness of
quasirandom sequences". Signs: size > 0 long.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from drypowder.errors import UsageError
from drypowder.venues._sums import sums
from drypowder.venues.crowd.population import Population
from drypowder.venues.crowd.vintages import Leverage, PricePath, nobody_alive
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.formulas.schedule import Schedule

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
_PLASTIC = 1.32471795724474602596  # root of x^3 = x + 1: steps that fill a square evenly
_LOT_BITS = 50  # of a market's open interest: sums of lots stay below 2^53
_ROUNDS = 2000  # redraws: one in a thousand may live, and nobody is left over
_CHUNK = 512  # cross accounts looked at together
_CROSS_AT_MOST = 0.9  # of a side of a market: isolated accounts must own some


@dataclass(frozen=True)
class Crowd:
    """How many there are and how unequal; nobody publishes these, so there are no defaults.

    Raises:
        UsageError: DP-141 for counts or shares that make no crowd.
    """

    accounts: int
    size_exponent: float  # of the Pareto law of position sizes: lower is more unequal, above 1
    cross_share: float = 0.0  # of accounts that own several markets with one wallet
    cross_markets: int = 2  # that each of them owns
    hedged_share: float = 0.0  # of cross accounts: as many USD long as short
    largest_share: float = 0.05  # of a side of a market that one account may own

    def __post_init__(self) -> None:
        shares = np.array([self.cross_share, self.hedged_share, self.largest_share])
        _refuse(self.accounts < 2, f"{self.accounts} accounts have no two sides")
        _refuse(not self.size_exponent > 1.0, "the size exponent must be above 1, for a mean")
        _refuse(not np.all((shares >= 0.0) & (shares <= 1.0)), "a share lies outside 0 to 1")
        _refuse(self.cross_share > 0.0 and self.cross_markets < 2, "one market is not several")


class _Legs(NamedTuple):
    """Positions before anybody has entered."""

    market: NDArray[np.int16]
    side: NDArray[np.int64]
    size: Floats  # USD until lots are made, then in the unit of the contract; positive


class _World(NamedTuple):
    """What every draw looks up."""

    path: PricePath
    leverage: Leverage
    schedule: Schedule
    entry_rate: Floats  # [market, bracket], 1 / largest leverage; 0 where none is told
    inverse: NDArray[np.bool_]  # [market]
    ages: Floats  # cumulative share of entrants by bar
    worst: dict[int, Floats]  # [bar, market] log, by side


def sample_population(
    *,
    open_interest_usd: ArrayLike,
    path: PricePath,
    leverage: Leverage,
    brackets: Sequence[Brackets],
    crowd: Crowd,
    generator: np.random.Generator,
    inverse: ArrayLike = False,
    market_numbers: ArrayLike | None = None,
) -> Population:
    """Accounts of one venue that are alive now and together own its open interest.

    Args:
        open_interest_usd: [market], of one side, at the last price of the path; above zero.
        brackets: one a market; entrants keep to the largest leverage of their bracket, or, where
            none is told, put down more than maintenance.
        inverse: [market] or one for all: contracts whose money is the coin; isolated only.
        market_numbers: [market] what the population shall call them; 0, 1, ... if not given.

    Returns:
        accounts with one position first (by market, side and size), then cross accounts.

    Raises:
        UsageError: DP-141 for inputs that do not fit together or too few isolated accounts,
            DP-143 where nobody would be alive.
    """
    interest = np.atleast_1d(np.asarray(open_interest_usd, dtype=np.float64))
    _check(interest, path, brackets)
    coin_money = np.broadcast_to(np.asarray(inverse, dtype=bool), interest.shape)
    cross = round(crowd.cross_share * crowd.accounts)
    _refuse(cross > 0 and (len(interest) < 2 or bool(coin_money.any())),
            "cross accounts need two linear markets or more")  # fmt: skip
    unit = np.where(coin_money, 1.0, 1.0 / path.price_now)
    cap = np.array([one.cap for one in brackets]) * np.where(coin_money, path.price_now, 1.0)
    shared = _cross_legs(interest, cap, crowd, cross, generator)
    single = _single_legs(interest, cap, shared, crowd.accounts - cross, crowd, generator)
    legs = _lots(single, shared, interest * unit, unit)
    world = _world(path, leverage, brackets, coin_money)
    first = len(single.size)
    alone = _Legs(legs.market[:first], legs.side[:first], legs.size[:first])
    shape = shared.size.shape
    together = _Legs(*(column[first:].reshape(shape) for column in legs))  # type: ignore[arg-type]
    bar, money = _enter_alone(alone, world, generator)
    cross_bar, cross_money = _enter_together(together, world, generator)
    each = shared.size.shape[1]
    numbers = np.arange(len(interest)) if market_numbers is None else np.asarray(market_numbers)
    bars = np.concatenate([bar, np.repeat(cross_bar, each)])
    return Population(
        money=np.concatenate([money, cross_money]),
        owner=np.concatenate([np.arange(first), first + np.repeat(np.arange(cross), each)]),
        market=numbers[legs.market].astype(np.int16),
        size=legs.side * legs.size,
        entry=np.exp(path.log_close[bars, legs.market]),
    )


def _check(interest: Floats, path: PricePath, brackets: Sequence[Brackets]) -> None:
    good = interest.ndim == 1 and np.all(np.isfinite(interest)) and np.all(interest > 0.0)
    _refuse(not good, "open interest is not above zero in every market")
    _refuse(
        not len(interest) == path.markets == len(brackets),
        f"{len(interest)} open interests, {path.markets} prices and {len(brackets)} tables of "
        "brackets were given",
    )


def _cross_legs(interest: Floats, cap: Floats, crowd: Crowd, count: int, generator) -> _Legs:
    """Books of cross accounts in USD, [account, leg]: hedged ones first, then one-sided."""
    each = min(crowd.cross_markets, len(interest))
    lottery = np.log(interest) + generator.gumbel(size=(count, len(interest)))
    market = np.argsort(-lottery, axis=1)[:, :each].astype(np.int16)
    sign = np.where(generator.permutation(count) % 2 == 0, 1, -1)
    hedged = np.arange(count) < round(crowd.hedged_share * count)
    first = np.arange(each) < (each + 1) // 2
    side = np.where(hedged[:, None] & ~first[None, :], -sign[:, None], sign[:, None])
    share = _leg_shares(interest[market], hedged[:, None] & ~first[None, :], hedged)
    positions = crowd.accounts - count + count * each
    mean = crowd.size_exponent / (crowd.size_exponent - 1.0)
    weight = generator.permutation(_pareto(count, crowd.size_exponent, generator)) / mean
    usd = 2.0 * interest.sum() / positions * each * weight[:, None] * share
    most = np.minimum(crowd.largest_share * interest, cap)
    room = np.min(most[market] / np.maximum(usd, 1e-300), axis=1, initial=1.0)
    return _smaller(_Legs(market, side, usd * room[:, None]), interest)


def _leg_shares(interest: Floats, short: NDArray[np.bool_], hedged) -> Floats:
    """[account, leg]: share of its book, by open interest; half a side where it is hedged."""
    share = np.zeros_like(interest)
    for side in (short, ~short):
        part = np.where(side, interest, 0.0)
        share += part / np.maximum(part.sum(axis=1, keepdims=True), 1e-300)
    return share * np.where(hedged, 0.5, 1.0)[:, None]


def _smaller(books: _Legs, interest: Floats) -> _Legs:
    """Books shrunk as a whole, hedges kept, where a side of a market would be crowded with them."""
    slot = books.market * 2 + (books.side < 0)
    taken = sums(slot.ravel(), books.size.ravel(), 2 * len(interest))
    fits = _CROSS_AT_MOST * np.repeat(interest, 2) / np.maximum(taken, 1e-9 * interest.min())
    room = np.min(fits[slot], axis=1, initial=1.0)
    return books._replace(size=books.size * room[:, None])


def _single_legs(
    interest: Floats, cap: Floats, shared: _Legs, count: int, crowd: Crowd, generator
) -> _Legs:
    """Isolated positions in USD: what cross accounts leave of each side of each market."""
    markets = len(interest)
    place = shared.market * 2 + (shared.side < 0)
    taken = sums(place.ravel(), shared.size.ravel(), 2 * markets)
    left = np.repeat(interest, 2) - taken
    number = _shares_of(count, np.repeat(interest, 2))
    most = np.minimum(np.maximum(crowd.largest_share, 2.0 / number) * left, np.repeat(cap, 2))
    _refuse(bool(np.any(number * most < left)), "too few accounts for the venue's largest position")
    sizes = [
        _filled(_pareto(k, crowd.size_exponent, generator), usd, limit)
        for k, usd, limit in zip(number, left, most, strict=True)
    ]
    slot = np.repeat(np.arange(2 * markets, dtype=np.int16), number)
    return _Legs(slot // 2, np.where(slot % 2 == 0, 1, -1), np.concatenate(sizes))


def _filled(weight: Floats, total: float, limit: float) -> Floats:
    """Sizes in these proportions, smallest first, that add up to `total`; none above `limit`."""
    capped = np.arange(len(weight))  # how many of the largest stand at the limit
    scale = (total - capped * limit) / np.cumsum(weight)[::-1]
    fits = scale * weight[::-1] <= limit * (1.0 + 1e-12)
    if not fits.any():
        return np.full(len(weight), limit)
    return np.minimum(scale[np.argmax(fits)] * weight, limit)


def _pareto(count: int, exponent: float, generator) -> Floats:
    """Sizes above 1, smallest first, one drawn from each equal share of the law."""
    rank = (np.arange(count) + generator.random(count)) / max(count, 1)
    return (1.0 - rank) ** (-1.0 / exponent)


def _shares_of(count: int, weight: Floats) -> Rows:
    """Whole numbers that add up to `count`, at least one each, close to proportional."""
    _refuse(count < len(weight), f"{count} isolated accounts cannot fill {len(weight)} sides")
    ideal = 1.0 + (count - len(weight)) * weight / weight.sum()
    number = np.floor(ideal).astype(np.int64)
    number[np.argsort(number - ideal, kind="stable")[: count - number.sum()]] += 1
    return number


def _lots(single: _Legs, shared: _Legs, total: Floats, unit: Floats) -> _Legs:
    """All legs in whole lots, each side of each market with the same number of them."""
    market = np.concatenate([single.market, shared.market.ravel()])
    side = np.concatenate([single.side, shared.side.ravel()])
    usd = np.concatenate([single.size, shared.size.ravel()])
    lot = 2.0 ** (np.ceil(np.log2(total)) - _LOT_BITS)
    number = np.maximum(np.rint(usd * unit[market] / lot[market]), 1.0)
    slot = market * 2 + (side < 0)
    missing = np.repeat(np.rint(total / lot), 2) - sums(slot, number, 2 * len(total))
    last = np.searchsorted(slot[: len(single.size)], np.arange(2 * len(total)), side="right") - 1
    number[last] += missing  # the largest isolated position takes the rounding
    return _Legs(market, side, number * lot[market])


def _world(path, leverage: Leverage, brackets: Sequence[Brackets], inverse) -> _World:
    schedule = Schedule.of(brackets)
    entry_rate = np.zeros_like(schedule.rate)
    for row, table in enumerate(brackets):
        if table.max_leverage is not None:
            entry_rate[row, : len(table.floor)] = 1.0 / table.max_leverage
    ages = np.cumsum(path.age_shares(leverage.mean_age_days))
    worst = {side: path.worst_since(side) for side in (1, -1)}
    return _World(path, leverage, schedule, entry_rate, inverse, ages / ages[-1], worst)


def _enter_alone(legs: _Legs, world: _World, generator) -> tuple[Rows, Floats]:
    """Bar of entry and margin of isolated positions that are alive now."""
    path, inverse = world.path, world.inverse[legs.market]
    worst = (legs.side < 0).astype(np.int64)
    extremes = np.stack([world.worst[1], world.worst[-1]])

    def propose(rows: Rows, age: Floats, rank: Floats):
        market, size, side = legs.market[rows], legs.size[rows], legs.side[rows]
        bar = np.searchsorted(world.ages, age, side="right")
        entry = _payoff(path.log_close[bar, market], inverse[rows])
        then = _payoff(extremes[worst[rows], bar, market], inverse[rows])
        opened = size * np.abs(entry)
        needed = world.schedule.maintenance(market, size * np.abs(then))
        needed -= side * size * (then - entry)
        most = opened / _entry_margin(world, market, opened)
        money = opened / _leverage(world.leverage, most, rank)
        return bar, money, money > needed

    return _draw(propose, len(legs.size), "the isolated positions", generator)


def _enter_together(legs: _Legs, world: _World, generator) -> tuple[Rows, Floats]:
    """The same for cross accounts, whose legs are opened at once and answer for each other."""
    path = world.path
    signed = legs.side * legs.size
    price, low, high = (np.exp(bars).T for bars in (path.log_close, *path.wicks()))
    dearest = np.exp(world.worst[-1])

    def propose(rows: Rows, age: Floats, rank: Floats):
        market = legs.market[rows]
        bar = np.searchsorted(world.ages, age, side="right")
        entry = price[market, bar[:, None]]
        opened = legs.size[rows] * entry
        margin = _entry_margin(world, market.ravel(), opened.ravel()).reshape(opened.shape)
        gross = opened.sum(axis=1)
        money = gross / _leverage(world.leverage, gross / margin.sum(axis=1), rank)
        largest = (legs.size[rows] * dearest[bar[:, None], market]).ravel()
        rate = world.schedule.maintenance(market.ravel(), largest) / largest
        slope = np.zeros((len(rows), path.markets))
        kept = signed[rows] - rate.reshape(opened.shape) * legs.size[rows]
        np.put_along_axis(slope, market, kept, axis=1)
        needed = (signed[rows] * entry).sum(axis=1) - _least(slope, bar, low, high)
        return bar, money, money > needed

    return _draw(propose, len(legs.size), "the cross accounts", generator)


def _least(slope: Floats, bar: Rows, low: Floats, high: Floats) -> Floats:
    """Least value since entry of books that are linear in prices, at common lows and highs.

    Coins are taken to reach their lows of a bar together, and their highs.
    """
    least = np.full(len(bar), np.inf)
    order = np.argsort(-bar, kind="stable")
    for start in range(0, len(order), _CHUNK):
        some = order[start : start + _CHUNK]
        first = bar[some].min() + 1
        before = np.arange(first, low.shape[1])[None, :] <= bar[some][:, None]
        for prices in (low, high):
            value = np.where(before, np.inf, slope[some] @ prices[:, first:])
            least[some] = np.minimum(least[some], value.min(axis=1, initial=np.inf))
    return least


def _entry_margin(world: _World, market, opened: Floats) -> Floats:
    """Least money with which a position of this notional may be opened."""
    held = world.schedule.bracket(market, opened)
    initial = world.entry_rate[market, held] * opened
    return np.maximum(initial, world.schedule.maintenance(market, opened))


def _leverage(law: Leverage, most: Floats, rank: Floats) -> Floats:
    """Leverage of entrants at these ranks, all below `most`."""
    limit = (np.log(np.minimum(most, law.maximum)) - np.log(law.median)) / law.log_sd
    return law.median * np.exp(law.log_sd * ndtri(rank * ndtr(limit)))


def _draw(propose: Callable, count: int, who: str, generator) -> tuple[Rows, Floats]:
    """Ask for age and leverage until everybody is alive; `propose` tells who is."""
    bar, money = np.zeros(count, dtype=np.int64), np.zeros(count)
    pending = np.arange(count)
    for _ in range(_ROUNDS):
        if not len(pending):
            return bar, money
        steps = np.arange(1, len(pending) + 1)
        start = generator.random(2)
        age, rank = ((start[k] + steps / _PLASTIC ** (k + 1)) % 1.0 for k in (0, 1))
        got_bar, got_money, alive = propose(pending, age, np.maximum(rank, 1e-12))
        bar[pending[alive]], money[pending[alive]] = got_bar[alive], got_money[alive]
        pending = pending[~alive]
    raise nobody_alive(who)


def _payoff(log_price: Floats, inverse: NDArray[np.bool_]) -> Floats:
    """u(P): P for linear contracts, -1/P for inverse ones."""
    return np.where(inverse, -np.exp(-log_price), np.exp(log_price))


def _refuse(broken: bool, what: str) -> None:
    if broken:
        raise UsageError(
            "DP-141",
            f"this crowd cannot be drawn: {what}.",
            "Check the number of accounts, the shares and that every market has its numbers.",
        )
