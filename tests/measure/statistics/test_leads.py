"""A true lead is found; a shared cause, shared storms and memory alone are none."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.measure.statistics.leads import (
    forecast,
    lead,
    phases_drawn,
    placebo_p,
    turned,
)  # fmt: skip

LAGS, LEVEL = 10, 0.05


def _pair(seed, *, count=600, ahead=0.0, lag=3, memory=0.0):
    """Two series with the same news (correlation 0.5) and storms; y hears x of `lag` before too."""
    generator = np.random.default_rng(seed)
    storm = np.exp(
        0.5 * np.convolve(generator.standard_normal(count + 19), np.ones(20) / 4, "valid")
    )
    shared, own_x, own_y = storm * generator.standard_normal((3, count))
    x, y = shared + own_x, shared + own_y
    for t in range(1, count):
        x[t] += memory * x[t - 1]
    y[lag:] += ahead * x[:-lag]
    return x, y


def _p(seed, **world):
    x, y = _pair(seed, **world)
    return lead(x, y, lags=LAGS, block=5, draws=199, generator=np.random.default_rng(seed)).p_value


@pytest.mark.parametrize("memory", [0.0, 0.2])
def test_the_same_news_at_the_same_time_is_no_lead(memory):
    found = [_p(seed, memory=memory) < LEVEL for seed in range(120)]
    assert np.mean(found) <= 0.10  # size at 5 %: measured 0.03 in 300


def test_a_true_lead_is_found_at_its_lag():
    x, y = _pair(5, ahead=0.35)
    found = lead(x, y, lags=LAGS, block=5, draws=999, generator=np.random.default_rng(5))
    assert found.best == 3 and found.p_value < LEVEL and found.at_once > 0.3
    assert found.correlation[2] > 0.15
    power = [_p(seed, ahead=0.35) < LEVEL for seed in range(40)]
    assert np.mean(power) > 0.8


def test_the_follower_does_not_lead():
    x, y = _pair(5, ahead=0.35)
    back = lead(y, x, lags=LAGS, block=5, draws=499, generator=np.random.default_rng(5))
    assert back.p_value > LEVEL


@pytest.mark.parametrize("make", [turned, phases_drawn])
def test_placebos_tell_a_lead_from_none(make):
    for ahead, says in ((0.0, False), (0.35, True)):
        x, y = _pair(8, ahead=ahead)
        generator = np.random.default_rng(2)
        found = lead(x, y, lags=LAGS, block=5, draws=99, generator=generator)
        null = make(x, y, lags=LAGS, draws=499, generator=generator)
        assert null.shape == (499,) and (placebo_p(null, found.largest) < LEVEL) is says


def test_turning_round_is_what_one_gets_by_hand():
    generator = np.random.default_rng(4)
    x, y = generator.standard_normal((2, 64))
    x, y = x - x.mean(), y - y.mean()
    null = turned(x, y, lags=3, draws=50, generator=np.random.default_rng(0))
    by_hand = {
        round(max(abs((p := np.roll(x, s + k) * y).sum()) / np.sqrt((p**2).sum())
                  for k in (1, 2, 3)), 9)
        for s in range(6, 58)
    }  # fmt: skip
    assert {round(float(value), 9) for value in null} <= by_hand


def test_forecasts_gain_only_where_there_is_a_lead():
    gains = [forecast(*_pair(seed), lags=5, first=250) for seed in range(60)]
    assert np.mean([each.gain for each in gains]) < 0.0  # noise in coefficients costs
    assert np.mean([each.p_value < LEVEL for each in gains]) < 0.12
    led = forecast(*_pair(1, ahead=0.35), lags=5, first=250)
    assert led.gain > 0.03 and led.p_value < 0.01 and led.observations == 600 - 250


def test_a_forecast_knows_nothing_of_its_own_day():
    x, y = _pair(3)
    before = forecast(x[:400], y[:400], lags=2, first=100)
    x2, y2 = x.copy(), y.copy()
    x2[400:], y2[400:] = 99.0, -99.0
    assert forecast(x2[:400], y2[:400], lags=2, first=100) == before


def test_a_p_value_is_never_zero():
    assert placebo_p(np.zeros(99), 1.0) == pytest.approx(0.01)
