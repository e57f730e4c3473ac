"""Rounding has a direction: prices against the position, sizes down."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.venues import hyperliquid_tick, round_price, round_size

TICKS = [0.5, 0.1, 0.01, 1e-6, 0.25, 5.0, 100.0]


def test_bybit_examples_of_a_long():
    """Bybit help, What is ADL: 7,735.372549 is shown as 7,735.50, 7,773.478 as 7,773.50."""
    assert round_price(price=7_735.372549, tick=0.5, side=1) == 7_735.5
    assert round_price(price=7_773.478, tick=0.5, side=1) == 7_773.5


def test_each_direction():
    shown = {
        way: round_price(price=[10.24, 10.24], tick=0.1, side=[1, -1], direction=way).tolist()
        for way in ("inside", "beyond", "nearest", "up", "down")
    }
    assert shown == {
        "inside": [10.3, 10.2],
        "beyond": [10.2, 10.3],
        "nearest": [10.2, 10.2],
        "up": [10.3, 10.3],
        "down": [10.2, 10.2],
    }


def test_no_price_stays_no_price():
    assert round_price(price=None, tick=0.1) is None
    assert round_price(price=np.nan, tick=0.1) is None
    np.testing.assert_array_equal(round_price(price=[np.nan, 1.0], tick=0.1), [np.nan, 1.0])


@given(st.integers(1, 10**9), st.sampled_from(TICKS), st.sampled_from([1, -1]))
def test_a_price_on_a_tick_stays_there_whatever_the_direction(count, tick, side):
    price = round_price(price=count * tick, tick=tick, direction="nearest")
    assert price == pytest.approx(count * tick, rel=1e-15)
    for direction in ("inside", "beyond", "up", "down"):
        assert round_price(price=price, tick=tick, side=side, direction=direction) == price


@given(st.floats(1e-3, 1e6), st.sampled_from(TICKS), st.sampled_from([1, -1]))
def test_the_screen_comes_first_and_the_rule_at_most_a_tick_later(price, tick, side):
    slack = 1e-8 * (tick + price)
    inside = side * (round_price(price=price, tick=tick, side=side) - price)
    beyond = side * (price - round_price(price=price, tick=tick, side=side, direction="beyond"))
    assert -slack <= inside <= tick + slack and -slack <= beyond <= tick + slack


def test_sizes_round_down_but_not_from_a_whole_lot():
    assert round_size(size=0.123456, lot=1e-5) == 0.12345
    assert round_size(size=0.3, lot=0.1) == 0.3  # 0.3 / 0.1 is 2.9999999999999996 in binary
    np.testing.assert_array_equal(round_size(size=[0.0, 199.0], lot=100.0), [0.0, 100.0])


@given(st.floats(0.0, 1e6), st.sampled_from(TICKS))
def test_nobody_is_given_a_lot_more_than_asked(size, lot):
    given_ = round_size(size=size, lot=lot)
    assert size - lot * (1.0 + 1e-9) <= given_ <= size * (1.0 + 1e-8)


def test_five_significant_figures_and_whole_prices_always():
    found = hyperliquid_tick(price=[96_202.5, 123_456.0, 1_234.5, 1.2345, 0.002], size_decimals=0)
    np.testing.assert_allclose(found, [1.0, 1.0, 0.1, 1e-4, 1e-6], rtol=1e-15)
    assert hyperliquid_tick(price=1.2345, size_decimals=3) == 1e-3


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"tick": 0.0}, "DP-121"),
        ({"side": 2}, "DP-122"),
        ({"direction": "sideways"}, "DP-123"),
        ({"price": "much"}, "DP-127"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, code):
    with pytest.raises(UsageError) as refused:
        round_price(**{"price": 1.0, "tick": 0.1, **wrong})
    assert refused.value.code == code
