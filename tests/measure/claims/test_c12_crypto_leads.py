"""Claim 12: a lead is found, the same news is none, and a low is told by closing prices."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.fakes import made_up
from tests.measure.probe.test_probe import _world

from drypowder.measure.claims import c12_crypto_leads as c12
from drypowder.measure.claims.claim import FAILS, HOLDS, LEANS_FOR, judge


def _known(seed, **world):
    known = _world(seed, **world)
    hours = known.stored["perp-1h:BTCUSDT"]
    four = hours.observed_on.astype("datetime64[h]").astype(int) % 4 == 0
    known.stored["perp-4h:BTCUSDT"] = made_up(
        "perp-4h:BTCUSDT", hours.observed_on[four], hours.values[four]
    )
    return known


def test_a_lead_of_two_days_holds():
    found = c12.measure(_known(2, days_ahead=2))
    assert found.low > 0.10 and judge(c12.REGISTRATION, found).word == HOLDS
    parts = {part.key: part for part in found.parts}
    assert parts["all_lags_p"].value < 0.05 and parts["forecast_gain"].value > 2.0
    assert parts["shares_lead"].low < 0.0 < parts["shares_lead"].high


def test_the_same_news_is_no_lead():
    """Measured in 40 worlds: one held, one leant so."""
    words = [judge(c12.REGISTRATION, c12.measure(_known(seed))).word for seed in range(12)]
    assert words.count(HOLDS) + words.count(LEANS_FOR) <= 2 and FAILS in words


def test_the_slope_is_the_one_that_was_put_in():
    """y of tomorrow hears 0.3 of x: a day of one s.d. (1 %) is followed by 0.3 %."""
    found = []
    for seed in range(20):
        x, y = 0.01 * np.random.default_rng(seed).standard_normal((2, 4000))
        y[1:] += 0.3 * x[:-1]
        found.append(c12.following(x, y))
    assert np.mean([each[0] for each in found]) == pytest.approx(0.3, abs=0.03)
    assert np.mean([each[1] < 0.3 < each[2] for each in found]) >= 0.75
    assert max(each[3] for each in found) < 0.01


def test_the_interval_of_no_lead_covers_nothing_nine_times_in_ten():
    inside = []
    for seed in range(150):
        generator = np.random.default_rng(seed)
        shared, x, y = 0.01 * generator.standard_normal((3, 550))
        _, low, high, _ = c12.following(shared + x, shared + y)
        inside.append(low < 0.0 < high)
    assert 0.80 < np.mean(inside) < 0.97


def test_a_low_that_broke_and_a_bottom_after_can_both_be_true():
    known = _known(1)
    days = np.arange(np.datetime64("2026-02-01"), np.datetime64("2026-08-21"))
    price = np.full(len(days), 70.0)
    price[days == np.datetime64("2026-02-05")] = 50.0
    price[days == np.datetime64("2026-06-30")] = 45.0
    price[-1] = 63.0
    known.stored["price:BTC"] = made_up("price:BTC", days, price)
    parts = {part.key: part.value for part in c12.measure(known).parts}
    assert parts["broken"] == pytest.approx(-10.0)
    assert parts["from_new_low"] == pytest.approx(40.0)
    assert parts["from_old_low"] == pytest.approx(26.0)
