"""The leverage cycle of a bank that measures risk by the recent past."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.errors import UsageError
from drypowder.replications import basel_cycle
from drypowder.replications.basel_cycle import MICRO


def test_a_bank_that_is_the_market_makes_a_cycle():
    # recomputed by an independent program, 1,000 years of which 200 are dropped
    found = basel_cycle(alpha=0.075)
    assert found.period_years == pytest.approx(16.3, abs=0.05)
    assert (found.low, found.high) == (pytest.approx(9.3, abs=0.05), pytest.approx(39.1, abs=0.05))
    assert found.mean == pytest.approx(26.45, abs=0.005)
    assert found.leverage_mean == pytest.approx(5.55, abs=0.005)
    assert found.leverage_low == pytest.approx(0.27, abs=0.005)
    assert found.leverage_high == pytest.approx(17.3, abs=0.05)
    assert not found.fixed_point
    assert found.outside > 0  # for moments the bank is short of the asset: the paper's map goes on


def test_a_small_bank_lets_the_price_rest():
    found = basel_cycle(alpha=0.075, equity=MICRO)
    assert found.fixed_point and np.isnan(found.period_years)
    assert found.price[-1] == pytest.approx(25.0, abs=1e-9)


def test_longer_memory_calms():
    swings = [basel_cycle(delta=delta, steps=4_000) for delta in (0.5, 0.1)]
    assert swings[1].high - swings[1].low < 0.1 * (swings[0].high - swings[0].low)


@pytest.mark.parametrize("changes", [{}, {"equity": MICRO}, {"noise": 0.5, "alpha": 0.03}])
def test_cash_grows_by_what_the_bank_borrows_and_by_nothing_else(changes):
    assert basel_cycle(**changes, steps=3_000).cash_gap < 1e-9


def test_a_start_in_which_the_bank_would_own_more_than_all_is_told():
    # perceived variance 0: leverage .075/sqrt(1e-6) = 75, share 75 x 2.27 x .3/25 = 2.04
    with pytest.raises(UsageError) as refused:
        basel_cycle(start_variance=0.0)
    assert refused.value.code == "DP-164" and "2.043" in refused.value.message


def test_nonsense_is_refused():
    for wrong in ({"alpha": 0.0}, {"bank_weight": 1.0}, {"theta": -1.0}, {"steps": 100}):
        with pytest.raises(UsageError):
            basel_cycle(**wrong)


def test_noise_has_a_seed():
    one, two, other = (basel_cycle(noise=0.5, alpha=0.03, seed=s, steps=3_000) for s in (1, 1, 2))
    assert np.array_equal(one.price, two.price) and not np.array_equal(one.price, other.price)
