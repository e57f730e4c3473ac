"""Known answers: a model that is right, one that is shuffled, one that says nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.measure.hindcast.skill import (
    BETTER,
    DRIFT,
    EVEN,
    MARKET_BETA,
    NO_CHANGE,
    TOO_FEW,
    WORSE,
    beta,
    drift,
    scores,
)

MONTHS, FIRST = 160, 121
ORIGINS = np.arange(FIRST, MONTHS - 1)


def walk(seed: int, *, mean: float = 0.0, months: int = MONTHS) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(mean, 1.0, months))


def score(simulated, levels, market=None, *, horizon=1, against=NO_CHANGE):
    found = scores(simulated, levels, market, ORIGINS, horizon=horizon, last=MONTHS - 1)
    return next(each for each in found if each.benchmark == against)


@pytest.mark.parametrize("horizon", [1, 3])
def test_a_model_that_is_what_happened_makes_no_error(horizon):
    levels = walk(3)
    found = score(levels, levels, horizon=horizon)
    assert found.model_rmse == 0.0
    assert found.ratio == 0.0
    assert found.hits == 1.0
    assert found.verdict == BETTER


def test_half_of_every_change_leaves_half_of_the_error():
    levels = walk(5)
    assert score(0.5 * levels, levels).ratio == pytest.approx(0.5)


def test_a_shuffled_model_is_not_better_than_no_change():
    """Right changes in the wrong months: errors of both sizes add up, the ratio is about root 2."""
    levels = walk(7)
    shuffled = np.cumsum(np.random.default_rng(1).permutation(np.diff(levels, prepend=0.0)))
    found = score(shuffled, levels)
    assert found.ratio > 1.1
    assert found.verdict == WORSE


def test_a_model_that_never_moves_is_no_change_itself():
    found = score(np.zeros(MONTHS), walk(11))
    assert found.ratio == 1.0
    assert found.verdict == EVEN


def test_drift_and_beta_recover_what_made_the_series():
    market = 2.0 * walk(13, mean=1.0)
    levels = 0.7 * market
    assert beta(levels, market, MONTHS - 1) == pytest.approx(0.7)
    line = np.arange(MONTHS, dtype=float) * 0.3
    assert drift(line, MONTHS - 1) == pytest.approx(0.3)
    found = score(np.zeros(MONTHS), levels, market, against=MARKET_BETA)
    assert found.benchmark_rmse == pytest.approx(0.0, abs=1e-9)


@given(seed=st.integers(0, 10_000), origin=st.integers(60, MONTHS - 2))
def test_no_benchmark_sees_beyond_its_origin(seed, origin):
    """Whatever comes after the origin, drift and beta there are the same to the bit."""
    levels, market = walk(seed), walk(seed + 1)
    other, elsewhere = levels.copy(), market.copy()
    other[origin + 1 :] += 99.0
    elsewhere[origin + 1 :] *= -3.0
    assert drift(levels, origin) == drift(other, origin)
    assert beta(levels, market, origin) == beta(other, elsewhere, origin)


def test_too_few_months_are_never_judged():
    levels = walk(17)
    found = scores(levels, levels, None, ORIGINS[-5:], horizon=1, last=MONTHS - 1)
    assert {each.verdict for each in found} == {TOO_FEW}
    nothing = scores(levels, levels, None, ORIGINS[-5:], horizon=12, last=MONTHS - 1)
    assert {each.origins for each in nothing} == {0}


def test_a_month_without_a_print_is_left_out():
    levels = walk(19)
    levels[140] = np.nan
    assert score(np.zeros(MONTHS), levels).origins == len(ORIGINS) - 2


def test_size_noise_is_seldom_called_skill():
    """200 pairs of unrelated walks: a model of small noise is called better in at most 15 %."""
    small, verdicts = 0.2, []
    for seed in range(200):
        found = score(small * walk(2 * seed), walk(2 * seed + 1))
        verdicts.append(found.verdict)
    assert verdicts.count(BETTER) <= 30


def test_power_a_third_of_the_truth_is_found():
    """A model that knows a third of each change, in 39 months, is called better in four of five."""
    found = []
    for seed in range(60):
        levels = walk(3 * seed)
        noise = 0.2 * walk(3 * seed + 1)
        found.append(score(levels / 3.0 + noise, levels).verdict)
    assert found.count(BETTER) >= 48


def test_drift_needs_enough_months():
    assert np.isnan(drift(np.arange(10.0), 9))
    levels = np.arange(30.0)
    market = np.ones(30)
    market[:10] = np.nan
    assert np.isnan(beta(levels, market, 29))
    assert score(np.zeros(MONTHS), walk(2), against=DRIFT).origins == len(ORIGINS)
