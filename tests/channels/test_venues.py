"""Perpetuals: who is closed at which price, what the book does, who pays, and two equal sides."""

from __future__ import annotations

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.channels.venues import (
    GRID,
    LONG,
    SHORT,
    Perpetuals,
    VenueParameters,
    book_gives_way,
    closings,
    exposed_perpetuals,
    opening_perpetuals,
    undone_share,
    updated_perpetuals,
)
from drypowder.venues.cascade.book import book_depth, book_fall

SECTORS = 5
VOLATILITY = jnp.array([0.5, 0.8])
SIGN = {LONG: 1.0, SHORT: -1.0}


def parameters(**changes):
    one = jnp.ones(1)
    plain = VenueParameters(
        perp_open_interest_usd_bn=jnp.array([[60.0], [40.0]]),
        perp_leverage_median=4.0 * one,
        perp_leverage_log_sd=0.7 * one,
        maintenance_rate=0.01 * one,
        entry_age_years=5 / 365 * one,
        closing_delay_minutes=1.0 * one,
        insurance_fund_usd_bn=jnp.array([[1.0], [1.0]]),
        backstop_share=0.0 * one,
        book_depth_usd_bn=jnp.array([[0.5], [0.4]]),
        book_exponent=2.0 * one,
        book_thinning=0.0 * one,
        book_floor_share=0.05 * one,
        arbitrage_share=jnp.zeros((SECTORS, 1)),
        arbitrage_capacity_share=0.1 * one,
        arbitrage_half_life_years=0.01 * one,
        perp_long_share=jnp.ones((SECTORS, 1)) / SECTORS,
        perp_short_share=jnp.ones((SECTORS, 1)) / SECTORS,
        perp_fund_share=jnp.ones((SECTORS, 1)) / SECTORS,
    )
    fields = {name: jnp.asarray(value) for name, value in changes.items()}
    return eqx.tree_at(
        lambda p: [getattr(p, name) for name in fields], plain, list(fields.values())
    )


_open, _expose, _close, _update = map(
    jax.jit, (opening_perpetuals, exposed_perpetuals, closings, updated_perpetuals)
)
_give_way = jax.jit(book_gives_way, static_argnames="side")


@cache
def _plain():
    return _open(parameters(), VOLATILITY)


def opened(given=None):
    return _plain() if given is None else _open(given, VOLATILITY)


def exposed(state=None, *, given=None, outside=0.0, minutes=1440.0, on=1.0):
    state = opened(given)[0] if state is None else state
    given = parameters() if given is None else given
    return _expose(
        perpetuals=state,
        log_price=jnp.zeros((2, 1)),
        outside_move=jnp.full((2, 1), outside),
        outside_minutes=jnp.array(minutes),
        switch=jnp.full(1, on),
        parameters=given,
    )


def gives(log_price, overshoot=0.0, *, side=LONG, given=None, **how):
    """Overshoot of the book of each coin."""
    morning = exposed(given=given, **how)
    given = parameters() if given is None else given
    found, _ = _give_way(
        exposed=morning,
        side=side,
        log_price=jnp.full((2, 1), float(log_price)),
        overshoot=jnp.full((2, 1), float(overshoot)),
        parameters=given,
    )
    return np.asarray(found)[:, 0]


def closed(log_price, *, overshoot=(0.0, 0.0), **how):
    beyond = jnp.broadcast_to(jnp.asarray(overshoot)[:, None, None], (2, 2, 1))
    price = jnp.full((2, 1), float(log_price))
    return _close(exposed=exposed(**how), log_price=price, overshoot=beyond)


def next_day(state, newcomers, found, log_price, *, dt_years=0.0, given=None):
    price = jnp.full((2, 1), float(log_price))
    return _update(
        perpetuals=state,
        newcomers=newcomers,
        closed=found,
        log_move=price,
        log_price=price,
        dt_years=jnp.array(dt_years),
        parameters=parameters() if given is None else given,
    )


def sides(state: Perpetuals):
    """Open coins of longs and shorts, [side, coin]."""
    return np.asarray(state.coins.sum(axis=1))[..., 0]


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_a_move_against_a_side_closes_that_side_and_no_other(side):
    found = closed(-0.1 * SIGN[side])
    assert np.all(np.asarray(found.coins)[side] > 1.0)
    assert np.all(np.asarray(found.coins)[1 - side] == 0.0)


def test_whoever_owes_nothing_is_never_closed():
    found = closed(-5.0, given=parameters(perp_leverage_median=jnp.array([0.2])))
    assert float(found.coins[LONG].sum()) < 0.02 * 100.0
    assert float(closed(-5.0).coins[LONG].sum()) > 0.9 * 100.0


def test_switched_off_nobody_is_closed_and_no_coin_is_lost():
    state, newcomers = opened()
    found = closed(-0.3, on=0.0)
    for part in (found.coins, found.value, found.deleveraged, found.margin_lost, found.fund_gain):
        assert float(jnp.abs(part).max()) == 0.0
    np.testing.assert_array_equal(gives(-0.3, on=0.0), 0.0)
    np.testing.assert_allclose(sides(next_day(state, newcomers, found, -0.3)), sides(state))


def test_a_price_that_was_lived_through_closes_nobody_twice():
    state, newcomers = opened()
    after = next_day(state, newcomers, closed(-0.12, overshoot=(0.05, 0.0)), -0.12)
    again = closed(0.0, overshoot=(0.05, 0.0), state=after)
    whole = closed(-0.17).coins[LONG].sum()  # a bucket is at most this much of it
    assert float(again.coins[LONG].sum()) < 0.2 * float(whole)


def test_the_book_gives_way_as_the_book_of_the_venues_says():
    given = parameters(book_thinning=jnp.array([60.0]), backstop_share=jnp.array([0.2]))
    how = {"given": given, "outside": -0.04, "minutes": 20.0}
    found, price, beyond = gives(-0.1, 0.02, **how), -0.1, 0.02
    sold = closed(price, overshoot=(beyond, 0.0), **how)
    value = 0.8 * np.asarray(sold.coins - sold.deleveraged)[LONG] * np.exp(price)
    depth = book_depth(np.array([[0.5], [0.4]]), (0.04 + beyond) * 5.0 / 20.0, 60.0, 0.05)
    np.testing.assert_allclose(found, book_fall(value, depth, 2.0)[:, 0], rtol=1e-12)


def test_a_fast_fall_meets_a_thinner_book_than_a_slow_one():
    given = parameters(book_thinning=jnp.array([60.0]))
    slow = gives(-0.12, given=given, outside=-0.12)
    fast = gives(-0.12, given=given, outside=-0.12, minutes=10.0)
    assert np.all(fast > 1.5 * slow)


@given(st.floats(-1.0, 0.0), st.floats(0.0, 0.5), st.floats(0.0, 0.3))
def test_a_lower_price_never_closes_less_and_never_more_than_is_open(price, further, overshoot):
    one = np.asarray(closed(price, overshoot=(overshoot, 0.0)).coins)
    lower = np.asarray(closed(price - further, overshoot=(overshoot, 0.0)).coins)
    assert np.all(lower[LONG] >= one[LONG] - 1e-12)
    assert np.all(lower.sum(axis=-1) <= np.array([60.0, 40.0]) + 1e-9)


@given(st.sampled_from([LONG, SHORT]), st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_the_cascade_is_a_monotone_map_of_the_overshoot(side, one, more):
    given = parameters(book_thinning=jnp.array([60.0]), closing_delay_minutes=jnp.array([4.0]),
                       insurance_fund_usd_bn=jnp.zeros((2, 1)))  # fmt: skip
    price = -0.05 * SIGN[side]
    how = {"side": side, "given": given, "outside": price, "minutes": 10.0}
    assert np.all(gives(price, one + more, **how) >= gives(price, one, **how) - 1e-12)


def test_more_margin_means_fewer_closings():
    found = [
        float(closed(-0.1, given=parameters(perp_leverage_median=jnp.array([m]))).coins.sum())
        for m in (8.0, 4.0, 2.0)
    ]
    assert found[0] > found[1] > found[2] > 0.0


def test_the_day_does_not_depend_on_the_order_of_coins():
    state, _ = opened()
    turned = Perpetuals(state.coins[:, :, ::-1], state.margin[:, :, ::-1], state.fund[::-1])
    one, other = closed(-0.1, state=state), closed(-0.1, state=turned)
    np.testing.assert_allclose(one.coins, other.coins[:, ::-1], rtol=1e-12)
    np.testing.assert_allclose(one.fund_gain, other.fund_gain[:, ::-1], rtol=1e-12)


def test_a_quiet_close_leaves_maintenance_to_the_fund_and_all_margin_is_lost():
    state, _ = opened()
    found = closed(-0.1, state=state)  # over a day: the lag of a minute moves no price
    assert float(found.deleveraged.sum()) == 0.0
    share = np.clip((0.1 - GRID.lower) / GRID.width, 0.0, 1.0)[:, None]
    coins = np.asarray(state.coins[LONG, :, :, 0]) * share
    at_trigger = (coins * np.exp(-GRID.middle)[:, None]).sum(axis=0)
    np.testing.assert_allclose(found.fund_gain[LONG, :, 0], 0.01 * at_trigger, rtol=0.02)
    margin = (np.asarray(state.margin[LONG, :, :, 0]) * share).sum()
    assert float(found.margin_lost[LONG, 0]) == pytest.approx(margin, rel=1e-12)


def test_a_fast_fall_with_an_empty_fund_deleverages_and_with_a_full_one_does_not():
    empty = parameters(insurance_fund_usd_bn=jnp.zeros((2, 1)))
    how = {"outside": -0.2, "minutes": 10.0}
    found = closed(-0.2, given=empty, **how)
    assert np.all(np.asarray(found.deleveraged)[LONG] > 0.1)
    assert np.all(np.asarray(found.fund_gain) >= 0.0)  # it had nothing to lose
    full = parameters(insurance_fund_usd_bn=jnp.full((2, 1), 100.0))
    paid = closed(-0.2, given=full, **how)
    assert float(paid.deleveraged.sum()) == 0.0
    assert float(paid.fund_gain.sum()) < float(found.fund_gain.sum())
    assert np.all(gives(-0.2, given=empty, **how) < gives(-0.2, given=full, **how))  # off the book


def test_a_fund_pays_what_is_missing_and_no_more_than_it_has():
    """By simulation of lags: an exponential fall after each trigger."""
    given = parameters(insurance_fund_usd_bn=jnp.full((2, 1), 100.0),
                       closing_delay_minutes=jnp.array([2.0]))  # fmt: skip
    state, _ = opened(given)
    found = closed(-0.2, given=given, state=state, outside=-0.2, minutes=20.0)
    lag = np.random.default_rng(3).exponential(size=200_000)
    share = np.clip((0.2 - GRID.lower) / GRID.width, 0.0, 1.0)
    left = [(0.01 - np.minimum(0.1 * x * lag, 1.0)).mean() for x in GRID.middle]
    worth = np.asarray(state.coins[LONG, :, 0, 0]) * np.exp(-GRID.middle) * share
    assert float(found.fund_gain[LONG, 0, 0]) == pytest.approx((worth * left).sum(), rel=0.02)
    small = parameters(insurance_fund_usd_bn=jnp.full((2, 1), 1e-3),
                       closing_delay_minutes=jnp.array([2.0]))  # fmt: skip
    assert np.all(np.asarray(closed(-0.2, given=small, outside=-0.2, minutes=20.0).fund_gain)
                  >= -1e-3 - 1e-12)  # fmt: skip


@given(st.floats(-0.5, 0.5), st.floats(0.0, 0.2), st.floats(0.0, 20.0))
def test_longs_and_shorts_stay_equal_whatever_happens(move, beyond, delay):
    given = parameters(closing_delay_minutes=jnp.array([0.1 + delay]),
                       insurance_fund_usd_bn=jnp.full((2, 1), 0.01))  # fmt: skip
    state, newcomers = opened(given)
    overshoot = (beyond, 0.0) if move < 0.0 else (0.0, beyond)
    found = closed(move, overshoot=overshoot, given=given, outside=move, minutes=30.0)
    after = next_day(state, newcomers, found, move, dt_years=1 / 365, given=given)
    long, short = sides(after)
    np.testing.assert_allclose(long, short, rtol=1e-10)
    assert float(after.coins.min()) >= 0.0 and float(after.margin.min()) >= 0.0
    gone = np.asarray(found.coins.sum(axis=0))[:, 0]
    fresh = 1.0 - np.exp(-1.0 / 5.0)
    whole = np.array([60.0, 40.0])
    np.testing.assert_allclose(long, whole - (1.0 - fresh) * gone, rtol=1e-9)
    assert np.all(np.asarray(after.fund) >= -1e-12)


def test_without_a_move_open_interest_stands_still_and_nobody_is_closed():
    state, newcomers = opened()
    found = closed(0.0)
    assert float(found.coins.max()) == 0.0
    np.testing.assert_array_equal(gives(0.0), 0.0)
    np.testing.assert_array_equal(gives(0.0, side=SHORT), 0.0)
    after = next_day(state, newcomers, found, 0.0, dt_years=1 / 365)
    np.testing.assert_allclose(sides(after), sides(state), rtol=1e-12)
    np.testing.assert_array_equal(after.fund, state.fund)


def test_years_of_standing_still_leave_only_newcomers():
    state, newcomers = opened()
    after = next_day(state, newcomers, closed(0.0), 0.0, dt_years=3.0)
    size = parameters().perp_open_interest_usd_bn[None, None]
    np.testing.assert_allclose(after.coins, size * newcomers.open_coins, atol=1e-12)


def test_a_squeeze_undoes_what_was_sold_and_no_more():
    coins = jnp.array([[6.0, 4.0], [6.0, 4.0], [3.0, 1.0]])[:, :, None]
    hedge = jnp.array([-np.log(1.1), -np.log(1.1), 0.0])[:, None, None] * jnp.ones((1, 2, 1))
    share = jnp.array([0.25, 0.25, 0.25])[:, None]
    for bought, undone in ((1.0, 0.25), (8.0, 1.0)):  # of the one that each of them sold
        found = undone_share(closed_shorts_usd_bn=jnp.array([bought]), coins_usd_bn=coins,
                             hedge=hedge, arbitrage_share=share)  # fmt: skip
        np.testing.assert_allclose(np.asarray(found)[:, 0], [undone, undone, 0.0], rtol=1e-9)
