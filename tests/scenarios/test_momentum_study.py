"""Breakouts counted by hand, and that cash which decides nothing is found to decide nothing."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.scenarios.momentum_study import breakouts, by_thirds, failed_breakouts


def test_a_breakout_is_the_first_close_above_the_window():
    price = np.array([[1.0, 2.0, 1.5, 3.0, 4.0, 2.0, 5.0, 5.0, 5.0]])
    # window 2: day 3 breaks 2.0, day 4 goes on, day 6 breaks 4.0; two days must be left
    world, day = breakouts(price, window=2, horizon=2)
    assert day.tolist() == [3, 6] and world.tolist() == [0, 0]


def test_it_fails_when_the_price_is_back_below_the_level_it_broke():
    price = np.array([[1.0, 1.0, 2.0, 0.9, 0.9, 0.9], [1.0, 1.0, 2.0, 1.5, 1.5, 1.5],
                      [1.0, 1.0, 2.0, 0.5, 0.5, 0.5]])  # fmt: skip
    powder = np.array([[0.2] * 6, [0.9] * 6, [0.5] * 6])
    found = by_thirds("x", price, powder, window=2, horizon=2)
    assert found.count.tolist() == [1, 1, 1]
    assert found.failed_share.tolist() == [1.0, 1.0, 0.0]  # scarce, middling, plentiful
    assert found.difference == 1.0


def test_cash_that_decides_nothing_is_found_to_decide_nothing():
    random = np.random.default_rng(3)
    price = np.exp(np.cumsum(0.02 * random.normal(size=(200, 300)), axis=1))
    found = by_thirds("x", price, random.uniform(size=price.shape), window=40, horizon=20)
    assert abs(found.difference) < 4 * found.difference_error
    assert found.standard_error == pytest.approx(found.standard_error.mean(), rel=0.5)


@pytest.mark.slow
def test_the_essays_worlds_are_counted():
    found = failed_breakouts("essay", paths=64, years=0.5)
    assert all(each.count.sum() > 20 for each in found)
