"""Laws of the book and of marks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.venues.cascade.book import average_fall, book_depth, book_fall, consumed_at, refilled
from drypowder.venues.cascade.marks import MARK_RULES, Average, mark, weighted_median

USD = st.floats(1e3, 1e9)
EXPONENT = st.floats(1.0, 3.0)


def test_one_percent_takes_the_quoted_depth():
    assert book_fall(np.float64(3e8), 3e8, 2.0) == pytest.approx(0.01)
    assert book_fall(np.float64(1.2e9), 3e8, 2.0) == pytest.approx(0.02)  # four times, a = 2
    assert book_fall(np.float64(-3e8), 3e8, 2.0) == pytest.approx(-0.01)


@given(consumed=USD, depth=USD, exponent=EXPONENT)
def test_fall_and_what_was_eaten_are_inverse(consumed, depth, exponent):
    fall = book_fall(np.float64(consumed), depth, exponent)
    assert consumed_at(fall, depth, exponent) == pytest.approx(consumed, rel=1e-9)


@given(before=st.floats(-1e9, 1e9), flow=st.floats(-1e9, 1e9), exponent=EXPONENT)
def test_average_is_the_mean_of_the_falls_on_the_way(before, flow, exponent):
    depth = 2e8
    way = before + flow * (np.arange(20_000) + 0.5) / 20_000
    expected = book_fall(way, depth, exponent).mean()
    got = average_fall(np.float64(before), np.float64(before + flow), depth, exponent)
    assert got == pytest.approx(expected, abs=2e-4 * 0.01 + 1e-3 * abs(expected))


@given(first=USD, second=USD, exponent=EXPONENT)
def test_two_orders_cost_what_one_does(first, second, exponent):
    whole = average_fall(np.float64(0.0), np.float64(first + second), 1e8, exponent)
    one = average_fall(np.float64(0.0), np.float64(first), 1e8, exponent)
    two = average_fall(np.float64(first), np.float64(first + second), 1e8, exponent)
    assert whole * (first + second) == pytest.approx(one * first + two * second, rel=1e-9)


def test_books_thin_with_the_last_five_minutes_and_refill():
    assert book_depth(np.float64(100.0), 0.0, 40.0, 0.05) == 100.0
    assert book_depth(np.float64(100.0), -0.01, 40.0, 0.05) == pytest.approx(67.032, rel=1e-4)
    assert book_depth(np.float64(100.0), 0.5, 40.0, 0.05) == 5.0
    assert refilled(np.float64(100.0), np.log(2.0), 1.0) == pytest.approx(50.0)


def test_average_forgets_with_the_clock():
    average = Average(np.array([150.0]))
    assert average.feed(np.array([1.0]), 1.5)[0] == pytest.approx(0.01, rel=0.02)
    for _ in range(5000):
        last = average.feed(np.array([1.0]), 3.0)
    assert last[0] == pytest.approx(1.0, abs=1e-9)


def test_weighted_median_is_where_half_is_reached():
    values = np.array([[1.0], [5.0], [2.0]])
    assert weighted_median(values, np.array([[3.0], [1.0], [1.0]]))[0] == 1.0
    assert weighted_median(values, np.array([[1.0], [3.0], [1.0]]))[0] == 5.0
    assert np.isnan(weighted_median(values, np.zeros((3, 1)))[0])


@given(mid=st.floats(-1, 1), oracle=st.floats(-1, 1), basis=st.floats(-0.1, 0.1))
def test_a_mark_is_never_beyond_what_it_is_the_median_of(mid, oracle, basis):
    none = np.array([np.nan])
    for rule, name in enumerate(MARK_RULES):
        own = np.array([0.5 * (mid + oracle)])
        got = mark(np.array([rule]), *(np.array([x]) for x in (mid, oracle, basis)), none, own)[0]
        if name == "last":
            assert got == mid
        else:
            assert min(mid, oracle, oracle + basis) <= got <= max(mid, oracle, oracle + basis)


def test_without_other_exchanges_the_third_voice_is_the_own_average():
    """Hyperliquid: where exactly two inputs exist, a 30-second average of the own book is added.

    Oracle with basis 0, own book -0.20 and on average -0.05: the median is the average.
    """
    rule = np.array([MARK_RULES.index("median_oracle_ema")])
    mid, oracle, basis = np.array([-0.20]), np.array([0.0]), np.array([0.0])
    for others, expected in ((np.nan, -0.05), (-0.15, -0.15)):
        got = mark(rule, mid, oracle, basis, np.array([others]), np.array([-0.05]))
        assert got == [expected]
