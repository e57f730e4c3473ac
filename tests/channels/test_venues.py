"""Perpetual cohorts: who is closed at which price, what the book does, and that it is monotone."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.channels.venues import (
    VenueParameters,
    close_longs,
    opening_perpetuals,
    updated_perpetuals,
)

SECTORS = 5


def parameters(**changes):
    one = jnp.ones(1)
    plain = VenueParameters(
        perp_open_interest_usd_bn=jnp.array([[60.0], [40.0]]),
        perp_leverage=jnp.array([[0.8], [2.0], [10.0]]),
        perp_cohort_share=jnp.array([0.5, 0.3, 0.2]),
        maintenance_rate=0.01 * one,
        entry_spread=1e-4 * one,
        entry_age_years=5 / 365 * one,
        book_depth_usd_bn=jnp.array([[0.5], [0.4]]),
        book_exponent=2.0 * one,
        book_thinning=0.0 * one,
        book_floor_share=0.05 * one,
        off_book_share=0.0 * one,
        arbitrage_share=jnp.zeros((SECTORS, 1)),
        arbitrage_capacity_share=0.1 * one,
        arbitrage_half_life_years=0.01 * one,
        perp_long_share=jnp.ones((SECTORS, 1)) / SECTORS,
        perp_short_share=jnp.ones((SECTORS, 1)) / SECTORS,
    )
    fields = {name: jnp.asarray(value) for name, value in changes.items()}
    return eqx.tree_at(
        lambda p: [getattr(p, name) for name in fields], plain, list(fields.values())
    )


def closed(log_price, *, overshoot=(0.0, 0.0), given=None, state=None, fall=0.0, minutes=1440.0):
    given = parameters() if given is None else given
    state = opening_perpetuals(given, jnp.zeros(2)) if state is None else state
    return close_longs(
        perpetuals=state,
        log_price=jnp.asarray(log_price, dtype=float)[:, None],
        overshoot=jnp.asarray(overshoot, dtype=float)[:, None],
        outside_fall=jnp.full((2, 1), fall),
        outside_minutes=jnp.array(minutes),
        switch=jnp.ones(1),
        parameters=given,
    )


def test_a_long_is_closed_below_its_bankruptcy_price_over_one_less_maintenance():
    # ten times: 1 - 1/10 = 0.90, over 0.99 is 0.9091
    just_above, just_below = np.log(0.9095), np.log(0.9087)
    assert float(closed([just_above, 0.0]).coins.sum()) == pytest.approx(0.0, abs=0.3)
    found = closed([just_below, 0.0])
    assert float(found.coins[2, 0, 0]) == pytest.approx(0.2 * 60.0, rel=0.02)
    assert float(found.coins[1, 0, 0]) == pytest.approx(0.0, abs=1e-12)
    assert float(found.coins[:, 1].sum()) == 0.0  # the other coin did not fall


def test_whoever_owns_more_than_it_owes_is_never_closed():
    assert float(closed([-5.0, -5.0]).coins[0].sum()) == 0.0


def test_a_price_that_was_lived_through_closes_nobody_twice():
    state = opening_perpetuals(parameters(), jnp.zeros(2))
    first = closed([-0.12, -0.12], state=state)
    after = updated_perpetuals(
        perpetuals=state,
        closed=first,
        log_price=jnp.full((2, 1), -0.12),
        dt_years=jnp.array(0.0),
        parameters=parameters(),
    )
    assert float(closed([-0.12, -0.12], state=after).value.sum()) == pytest.approx(0.0, abs=1e-9)


def test_the_book_gives_way_with_the_square_root_of_what_is_sold():
    found = closed([np.log(0.9), 0.0])
    sold = float(found.value[0, 0])
    assert sold == pytest.approx(0.2 * 60.0 * 0.9, rel=1e-6)
    assert float(found.overshoot[0, 0]) == pytest.approx(0.01 * np.sqrt(sold / 0.5), rel=1e-9)


def test_a_fast_fall_meets_a_thinner_book_than_a_slow_one():
    given = parameters(book_thinning=jnp.array([60.0]))
    slow = closed([-0.12, 0.0], given=given, fall=0.12, minutes=1440.0)
    fast = closed([-0.12, 0.0], given=given, fall=0.12, minutes=10.0)
    assert float(fast.overshoot[0, 0]) > 1.5 * float(slow.overshoot[0, 0])


def test_closed_longs_lose_what_they_put_up():
    found = closed([np.log(0.9), 0.0])
    assert float(found.margin_lost[0]) == pytest.approx(0.2 * 60.0 / 10.0, rel=1e-6)


@given(st.floats(-1.0, 0.0), st.floats(0.0, 0.5), st.floats(0.0, 0.3))
def test_a_lower_price_never_closes_less(price, further, overshoot):
    given = parameters(entry_spread=jnp.array([0.04]))
    one = closed([price, price], overshoot=[overshoot] * 2, given=given)
    lower = closed([price - further, price], overshoot=[overshoot] * 2, given=given)
    assert np.all(np.asarray(lower.coins) >= np.asarray(one.coins) - 1e-12)
    total = np.asarray(given.perp_open_interest_usd_bn)[:, 0]
    assert np.all(np.asarray(lower.coins).sum(axis=0)[:, 0] <= total + 1e-9)


@given(st.floats(0.0, 0.3), st.floats(0.0, 0.3))
def test_the_cascade_is_a_monotone_map_of_the_overshoot(one, more):
    given = parameters(entry_spread=jnp.array([0.04]), book_thinning=jnp.array([60.0]))
    small = closed([-0.05, -0.05], overshoot=[one] * 2, given=given, fall=0.05, minutes=10.0)
    large = closed([-0.05, -0.05], overshoot=[one + more] * 2, given=given, fall=0.05, minutes=10.0)
    assert np.all(np.asarray(large.overshoot) >= np.asarray(small.overshoot) - 1e-12)
