"""Leverage makes tails fat: claims of the paper, seed by seed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

from drypowder.errors import UsageError
from drypowder.replications import fat_tails

SEEDS = (0, 1, 2)


@pytest.fixture(scope="module")
def runs():
    return {(leverage, seed): fat_tails(max_leverage=leverage, steps=20_000, seed=seed)
            for leverage in (0.0, 1.0, 10.0) for seed in SEEDS}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_leverage_makes_fat_tails_crashes_and_clusters_and_calms_in_between(runs, seed):
    noise, unlevered, levered = (runs[leverage, seed] for leverage in (0.0, 1.0, 10.0))
    assert noise.kurtosis < 3.2 and unlevered.kurtosis < 4.0 < 6.0 < levered.kurtosis
    assert levered.skewness < -0.25 and levered.worst < 2.0 * noise.worst
    assert levered.abs_autocorrelation > 0.1 > unlevered.abs_autocorrelation
    assert abs(levered.autocorrelation) < 0.05
    assert levered.volatility < noise.volatility


@pytest.mark.parametrize("seed", SEEDS)
def test_every_share_has_a_holder_and_nobody_borrows_more_than_allowed(runs, seed):
    for (leverage, _), run in runs.items():
        assert run.share_gap < 1e-12
        assert run.leverage.max() <= leverage
    assert runs[10.0, seed].closures > 0 == runs[1.0, seed].closures


def test_the_first_price_is_the_root_of_excess_demand():
    # one step from scratch: funds hold 2 of cash each and no shares
    run = fat_tails(max_leverage=5.0, steps=2_010, seed=4)
    spending = 1_000.0 * np.exp(0.035 * np.random.default_rng(4).standard_normal(1)[0])
    if spending >= 1_000.0:
        assert run.price[0] == pytest.approx(spending / 1_000.0)
        return
    beta = np.arange(5.0, 55.0, 5.0)

    def excess(p):
        return spending / p + (2.0 * np.minimum(beta * (1.0 - p), 5.0)).sum() / p - 1_000.0

    assert run.price[0] == pytest.approx(brentq(excess, 0.01, 1.0, xtol=1e-14), rel=1e-10)


def test_one_seed_one_path_and_money_has_no_unit():
    one, same = (fat_tails(max_leverage=5.0, steps=3_000, seed=7) for _ in range(2))
    assert np.array_equal(one.price, same.price)
    beta = np.arange(5.0, 55.0, 5.0) / 3.0  # per unit of money by which the price is low
    large = fat_tails(max_leverage=5.0, steps=3_000, seed=7, value=3.0, wealth=6.0,
                      aggressiveness=tuple(beta))  # fmt: skip
    np.testing.assert_allclose(large.price, 3.0 * one.price, rtol=1e-6)


def test_nonsense_is_refused():
    for wrong in ({"max_leverage": -1.0, "steps": 3_000}, {"max_leverage": 1.0, "steps": 2_000},
                  {"max_leverage": 1.0, "steps": 3_000, "wealth": 0.0}):  # fmt: skip
        with pytest.raises(UsageError):
            fat_tails(**wrong)
