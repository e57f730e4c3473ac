"""Forced selling inside the day: from "nobody is forced" down to the least fixed point.

Lower prices take more accounts over their limit and close more longs; what they sell lowers
prices. Every round clears all markets again, so every forced sale has met its buyer. Where a
day has more than one resting point the least is taken; the greatest is found where asked for.
Shorts that a rise closes move their own book that day; they reach the coins a day later.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from drypowder.accounts.rows import take_rows
from drypowder.channels.day import Day
from drypowder.channels.margin import kept_share, largest_leverage, put_up, share_met
from drypowder.channels.selling import LEAST_KEPT
from drypowder.channels.venues import (
    LONG,
    SHORT,
    Closed,
    Exposed,
    book_gives_way,
    closings,
    exposed_perpetuals,
)
from drypowder.engine.trading import Heard
from drypowder.engine.world import State, World, margin_debt
from drypowder.markets.clearing import TOLERANCE, Clearing, clear
from drypowder.markets.demand import Curves, weights

ROUNDS = 8  # rounds whose forced sales are kept apart; the last holds all later ones
_MOST_ROUNDS = 60
_CAME_TO_REST = 1e-10  # change of a log price
_ON_THE_WAY = 1e-7  # the same, between rounds
_MOST_SLOPE = 0.9  # of the map of the cascade that a step may count on
_ROUGHLY = 1e-4  # of a change in pressure: how well prices on the way need be found
_SETTLED = 1e-5  # change of a kept share between rounds
_MATERIAL = 1e-3  # pressure from which it is worth asking whether worse was possible
_SAME = 1e-3  # least and greatest closer than this are one
_PANIC = 1.0  # log fall from which the greatest fixed point is approached


class Pressure(NamedTuple):
    """How far every account is squeezed."""

    margin: Float[Array, "holder path"]  # share of its assets that it keeps
    hedge: Float[Array, "holder path"]  # share of its coins that a cash-and-carry trader keeps
    overshoot: Float[Array, "coin path"]  # log price below the close at the worst moment


class Accounts(NamedTuple):
    """Margin accounts of the morning."""

    debt: Float[Array, "holder path"]  # USD bn
    shut: Float[Array, "holder path"]  # USD bn of assets whose market is closed today
    largest: Float[Array, "holder path"]  # leverage that lenders allow
    met_today: Float[Array, "holder path"]  # share of a call


class Forced(NamedTuple):
    """Where forced selling came to rest."""

    pressure: Pressure
    clearing: Clearing
    curves: Curves  # with what each group may keep
    posted: Float[Array, "holder path"]  # USD bn repaid with money before anything was sold
    spare: Float[Array, "holder path"]  # USD bn of money that was there for it
    closed: Closed
    by_round: Float[Array, "round path"]  # USD bn sold by margin and cash-and-carry
    settled: Bool[Array, " path"]
    unique: Bool[Array, " path"]  # the greatest fixed point is the same, or was not looked for


class _Search(NamedTuple):
    clearing: Clearing
    now: Pressure  # today's prices are those of this pressure
    then: Pressure  # what these prices call for
    by_round: Float[Array, "round path"]
    moving: Bool[Array, " path"]  # has not come to rest
    number: Int[Array, ""]  # of rounds


def find_prices(
    state: State, heard: Heard, curves: Curves, accounts: Accounts, day: Day, world: World,
    *, both: bool,
) -> Forced:  # fmt: skip
    """Clear every open market, first with nobody forced, then until nobody is forced further.

    The search starts from yesterday's prices moved by today's news, which is where prices end
    if nobody trades.

    Args:
        both: also come from below, where everybody sells everything, to the greatest fixed point.
    """
    nobody = Pressure(
        jnp.ones_like(accounts.debt),
        jnp.ones_like(accounts.debt),
        jnp.zeros_like(state.perps.fund),
    )
    cleared = world.layout.economy.columns("cleared")
    guess = state.log_price[cleared] + day.market_open[:, None] * heard.news
    exposed = exposed_perpetuals(
        perpetuals=state.perps,
        log_price=state.log_price[cleared][world.layout.coins],
        outside_move=heard.outside_move[world.layout.coins],
        outside_minutes=day.news_minutes,
        switch=world.levers.venues,
        parameters=world.parameters.venues,
    )
    problem = state, curves, accounts, exposed, world
    start = _begin(nobody, guess, state.inverse, jnp.ones_like(state.alive))
    if both:
        end, unique = _least_and_greatest(start, problem)
    else:
        end, unique = _settle(start, jnp.array(True), problem), jnp.ones_like(state.alive)
    value = wanted(end.clearing, curves, world)
    posted, spare = _posted(value, end.clearing, curves, accounts, world)
    return Forced(
        pressure=end.now,
        clearing=end.clearing,
        curves=_under(curves, end.now),
        posted=posted,
        spare=spare,
        closed=_closed(end, exposed, world),
        by_round=end.by_round,
        settled=~end.moving,
        unique=unique,
    )


def margin_accounts(
    state: State, curves: Curves, lambda_change_bp, day: Day, world: World
) -> Accounts:
    """Debt and the largest leverage of every account, from yesterday's volatility."""
    layout, parameters = world.layout, world.parameters.margin
    price = jnp.exp(state.log_price[layout.economy.columns("cleared")])
    debt, value = margin_debt(state.units, layout), jnp.maximum(curves.units, 0.0) * price[None]
    total = jnp.maximum(jnp.sum(value, axis=1), 1e-300)
    largest = largest_leverage(
        opening_leverage=world.opening_leverage,
        headroom=take_rows(parameters.leverage_headroom, layout.holders),
        volatility_ratio=jnp.sqrt(state.variance / world.opening_variance),
        haircut=jnp.sum(value * parameters.haircut[None], axis=1) / total,
        lambda_change_bp=lambda_change_bp,
        parameters=parameters,
    )
    shut = jnp.sum(value * (1.0 - curves.trades)[None, :, None], axis=1)
    patience = take_rows(parameters.margin_call_years, layout.holders)
    met = share_met(dt_years=day.dt_years, margin_call_years=patience)
    return Accounts(debt, shut, largest, met)


def wanted(clearing: Clearing, curves: Curves, world: World) -> Float[Array, "holder asset path"]:
    """What each group would hold at these prices if no lender stood in the way, USD bn."""
    share, wealth = weights(
        log_price=clearing.log_price, curves=curves, segments=world.layout.segments
    )
    return share * wealth


def _begin(start: Pressure, guess, inverse, moving) -> _Search:
    """A search that has cleared nothing yet."""
    paths = guess.shape[-1]
    count = jnp.zeros(paths, dtype=jnp.int64)
    unknown = Clearing(guess, inverse, jnp.zeros_like(guess), moving, count)
    return _Search(unknown, start, start, jnp.zeros((ROUNDS, paths)), moving, jnp.array(0))


def _least_and_greatest(start: _Search, problem) -> tuple[_Search, Bool[Array, " path"]]:
    """Both resting points of the day where somebody is forced, and whether they are one.

    One compiled loop serves both directions: first down from nobody, then up from everybody.
    """

    def phase(number, found):
        least, _ = found
        first = number == 0
        forced = _distance(least.now, start.now) > _MATERIAL
        everybody = _begin(
            _everybody(least.now, problem), least.clearing.log_price, least.clearing.inverse, forced
        )
        begun = jax.tree.map(lambda one, other: jnp.where(first, one, other), start, everybody)
        ended = _settle(begun, first, problem)
        alone = ~forced | (_distance(ended.now, least.now) <= _SAME)
        kept = jax.tree.map(lambda one, other: jnp.where(first, one, other), ended, least)
        return kept, alone

    nothing = jnp.ones_like(start.moving)
    return jax.lax.fori_loop(0, 2, phase, (start, nothing))


def _settle(begun: _Search, down, problem) -> _Search:
    """Rounds until prices ask for no more: down from nobody, or up from everybody.

    Prices on the way are found only as well as the pressure is; those of the last round exactly.
    A path that has come to rest stands still, whatever the paths beside it do.
    """
    state, curves, _, _, world = problem

    def one_round(search: _Search) -> _Search:
        distance = _distance(search.now, search.then)
        last = distance <= _SETTLED
        cleared = clear(
            log_price=search.clearing.log_price,
            inverse_guess=search.clearing.inverse,
            curves=_under(curves, search.then),
            segments=world.layout.segments,
            alive=state.alive & search.moving,
            tolerance=jnp.where(
                last, TOLERANCE, jnp.clip(_ROUGHLY * distance, TOLERANCE, _ROUGHLY)
            ),
        )
        value = wanted(cleared, curves, world)
        sold = _sold(value, search.then, world) - _sold(value, search.now, world)
        place = jnp.clip(search.number - 1, 0, ROUNDS - 1)
        then = _answer(cleared, search.then, down, problem)
        after = _Search(
            cleared,
            search.then,
            then,
            search.by_round.at[place].add(sold),
            ~(last & (_distance(search.then, then) <= _SETTLED)),
            search.number + 1,
        )
        return _where(search.moving, after, search)._replace(number=after.number)

    def unsettled(search: _Search):
        return jnp.any(search.moving) & (search.number < _MOST_ROUNDS)

    return jax.lax.while_loop(unsettled, one_round, begun)


def _where(chosen: Bool[Array, " path"], new, old):
    """Leaf by leaf, the new value on chosen paths."""

    def pick(one, other):
        return jnp.where(jnp.broadcast_to(chosen, one.shape), one, other) if one.ndim else one

    return jax.tree.map(pick, new, old)


def _answer(clearing, now: Pressure, down, problem) -> Pressure:
    """The pressure that these prices call for, never back on the direction of travel."""
    _, curves, accounts, exposed, world = problem
    parameters, levers = world.parameters, world.levers
    value = wanted(clearing, curves, world)
    sellable = jnp.sum(value, axis=1)
    margin = kept_share(
        assets=sellable + accounts.shut,
        sellable=sellable,
        debt=accounts.debt,
        posted=_posted(value, clearing, curves, accounts, world)[0],
        largest=accounts.largest,
        met_today=accounts.met_today,
        parameters=parameters.margin,
        switch=levers.margin,
    )
    book = _book(clearing, LONG, exposed, world)
    overshoot = _cascade(book, now.overshoot, down, _ON_THE_WAY)
    hedge = _hedged(value[:, world.layout.coins], book(overshoot)[1], world)
    fine = jnp.isfinite(jnp.sum(clearing.log_price, axis=0))

    def further(new, old):
        return jnp.where(down, jnp.minimum(new, old), jnp.maximum(new, old))

    return Pressure(
        jnp.where(fine, further(margin, now.margin), now.margin),
        jnp.where(fine, further(hedge, now.hedge), now.hedge),
        jnp.where(fine, overshoot, now.overshoot),
    )


def _posted(value, clearing: Clearing, curves: Curves, accounts: Accounts, world: World):
    """Money that called accounts put up, and what they had for it after what they want to buy.

    As for capital calls, a share of it is never spent.
    """
    kept_idle = world.parameters.call.call_idle_share[None]
    owned = jnp.exp(clearing.log_price)[None] * curves.units * curves.trades[None, :, None]
    spare = jnp.maximum(jnp.sum(curves.cash, axis=1) + jnp.sum(owned - value, axis=1), 0.0)
    posted = put_up(
        assets=jnp.sum(value, axis=1) + accounts.shut,
        debt=accounts.debt,
        spare=(1.0 - kept_idle) * spare,
        largest=accounts.largest,
        parameters=world.parameters.margin,
        switch=world.levers.margin,
    )
    return posted, spare


class _Look(NamedTuple):
    """Search for where a book comes to rest; every coin by itself."""

    at: Float[Array, "coin path"]  # not beyond the resting point
    answer: Float[Array, "coin path"]  # of the book there
    tried: Float[Array, "coin path"]
    misses: Int[Array, "coin path"]  # tries in a row that went too far
    looks: Int[Array, ""]


def _cascade(book, overshoot, down, near: float = _CAME_TO_REST) -> Float[Array, "coin path"]:
    """Where closings and the book come to rest at given spot prices, from `overshoot` on.

    Plain iteration halves the gap at best. Newton's step is tried first and kept where the map
    there still points the way of travel, so that no resting point is jumped over. Where it does
    not, the chord to that point is tried the same way, and then the plain step is taken.

    Args:
        near: a gap below which a coin has come to rest, log price.
    """

    def answer(x):
        after, slope = jax.jvp(lambda at: book(at)[0], (x,), (jnp.ones_like(x),))
        return after, x + (after - x) / (1.0 - jnp.clip(slope, 0.0, _MOST_SLOPE))

    def one_look(search: _Look) -> _Look:
        found, leap = answer(search.tried)
        gap, beyond = search.answer - search.at, found - search.tried
        going = jnp.abs(gap) > near
        onward = jnp.where(down, beyond >= 0.0, beyond <= 0.0) | (search.misses > 1)
        across = jnp.where(gap == beyond, 1.0, gap - beyond)
        chord = search.at + gap * (search.tried - search.at) / across
        nearer = jnp.where((chord > search.answer) == down, chord, search.answer)
        again = jnp.where(search.misses > 0, search.answer, nearer)
        kept = going & onward
        return _Look(
            at=jnp.where(kept, search.tried, search.at),
            answer=jnp.where(kept, found, search.answer),
            tried=jnp.where(kept, leap, again),
            misses=jnp.where(kept, 0, search.misses + 1),
            looks=search.looks + 1,
        )

    def unsettled(search: _Look):
        going = jnp.abs(search.answer - search.at) > near
        return jnp.any(going) & (search.looks < 2 * _MOST_ROUNDS)

    after, leap = answer(overshoot)
    none = jnp.zeros(overshoot.shape, dtype=jnp.int64)
    start = _Look(overshoot, after, leap, none, jnp.array(0))
    return jax.lax.while_loop(unsettled, one_look, start).at


def _book(clearing, side: int, exposed: Exposed, world: World):
    """What an overshoot makes the perpetuals' book give way, at these spot prices."""

    def answer(overshoot):
        return book_gives_way(
            exposed=exposed,
            side=side,
            log_price=clearing.log_price[world.layout.coins],
            overshoot=overshoot,
            parameters=world.parameters.venues,
        )

    return answer


def _closed(end: _Search, exposed: Exposed, world: World) -> Closed:
    """Longs at the day's low, found with its prices; shorts at its high, which feeds nothing."""
    start = end.then.overshoot, jnp.zeros_like(end.then.overshoot)
    low, high = (
        _cascade(_book(end.clearing, side, exposed, world), start[side], jnp.array(True))
        for side in (LONG, SHORT)
    )
    return closings(
        exposed=exposed,
        log_price=end.clearing.log_price[world.layout.coins],
        overshoot=jnp.stack([low, high]),
    )


def _hedged(coins, closed, world: World) -> Float[Array, "holder path"]:
    """Share of their coins that cash-and-carry traders keep after buying what closed longs sold."""
    parameters = world.parameters.venues
    own = jnp.sum(coins, axis=1)
    share = take_rows(parameters.arbitrage_share, world.layout.holders)
    sold = jnp.minimum(
        share * jnp.sum(closed, axis=0)[None], parameters.arbitrage_capacity_share[None] * own
    )
    return 1.0 - sold / jnp.maximum(own, 1e-300)


def _everybody(now: Pressure, problem) -> Pressure:
    """The worst that lenders and venues could ask for: everything sold, panic in the book."""
    _, _, accounts, _, world = problem
    indebted = (accounts.debt > 0.0) & (world.levers.margin[None] > 0.0)
    capacity = world.parameters.venues.arbitrage_capacity_share
    return Pressure(
        jnp.where(indebted, LEAST_KEPT, 1.0),
        jnp.ones_like(now.hedge) * (1.0 - capacity)[None],
        jnp.full_like(now.overshoot, _PANIC),
    )


def _sold(value, pressure: Pressure, world: World) -> Float[Array, " path"]:
    """What all accounts together may not keep, USD bn."""
    coins = jnp.sum(value[:, world.layout.coins], axis=1)
    by_margin = (1.0 - pressure.margin) * jnp.sum(value, axis=1)
    return jnp.sum(by_margin + pressure.margin * (1.0 - pressure.hedge) * coins, axis=0)


def _under(curves: Curves, pressure: Pressure) -> Curves:
    """Demand when accounts keep only what they may: hedges bind in the last segment, crypto."""
    columns = [pressure.margin] * (curves.cash.shape[1] - 1) + [pressure.margin * pressure.hedge]
    return curves._replace(kept=jnp.stack(columns, axis=1))


def _distance(one: Pressure, other: Pressure) -> Float[Array, " path"]:
    """Largest difference in what is kept; the overshoot follows from prices."""
    gaps = jnp.maximum(jnp.abs(one.margin - other.margin), jnp.abs(one.hedge - other.hedge))
    return jnp.max(gaps, axis=0)
