"""The probe: a shared cause read by two clocks is no lead, a lead is, and money leads nothing."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.errors import DataMissingError
from drypowder.measure.probe import probe
from drypowder.measure.probe.clocks import new_york_closes
from drypowder.measure.probe.money import fit
from drypowder.measure.probe.probe import DAILY, LEADS, NAIVE, TOGETHER, WEEKLY

FIRST, DAYS = np.datetime64("2024-01-01"), 900
LEVEL = 0.05


def _world(seed, *, days_ahead=0):
    """News by the hour that both hear at once; the share may hear bitcoin's of days ago too.

    The share trades at New York's close on every day; bitcoin's daily bar ends at midnight.
    """
    generator = np.random.default_rng(seed)
    hours = DAYS * 24
    news, own = generator.standard_normal((2, hours)) * [[0.005], [0.002]]
    coin = np.cumsum(news + own)
    heard = 0.8 * news
    if days_ahead:
        heard[24 * days_ahead :] += 0.5 * (news + own)[: -24 * days_ahead]
    share = np.cumsum(heard)
    days = FIRST + np.arange(DAYS)
    ends = FIRST.astype("datetime64[us]") + (1 + np.arange(hours)) * np.timedelta64(1, "h")
    close = np.searchsorted(ends, new_york_closes(days).astype("datetime64[us]"))
    return FakeKnown.of(
        made_up("perp-1h:BTCUSDT", ends, np.exp(coin)),
        made_up("price:BTC", days, np.exp(coin[23::24])),
        made_up("price:SPY", days, np.exp(share[close])),
    )


def test_two_clocks_make_a_lead_that_one_clock_does_not():
    found = probe(_world(1))
    (naive,), (daily,) = found.of(NAIVE), found.of(DAILY)
    assert naive.found.p_value < LEVEL and naive.found.best == 1 and naive.sign == 1
    assert daily.found.p_value > LEVEL and daily.found.at_once > 0.5
    assert found.verdict == TOGETHER


def test_a_lead_of_two_days_is_called_one():
    found = probe(_world(2, days_ahead=2))
    (daily,) = found.of(DAILY)
    assert daily.found.best == 2 and daily.holm < LEVEL and daily.leads
    assert daily.forecast.gain > 0.02 and found.verdict == LEADS


def test_questions_without_data_are_named():
    known = _world(1)
    del known.stored["perp-1h:BTCUSDT"]
    with pytest.raises(DataMissingError, match=r"DP-212.*run drypowder data pull"):
        probe(FakeKnown.of(known.stored["price:SPY"]))
    long = FakeKnown.of(*(
        made_up(name, FIRST - 2000 + np.arange(2500),
                np.exp(0.01 * np.cumsum(np.random.default_rng(k).standard_normal(2500))))
        for k, name in enumerate(("price:BTC", "price:SPY"))
    ))  # fmt: skip
    found = probe(long)
    assert {row.question for row in found.rows} == {WEEKLY, "weekly_back"}
    assert set(found.missing) == {"daily", "daily_back", "naive", "hourly", "hourly_back"}
    assert found.money is None


def test_money_that_cannot_lead_looks_as_good_as_money():
    """Two unrelated walks upwards: levels fit, changes do not, and random walks say why."""
    found = []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        stock = np.cumsum(generator.normal(0.0012, 0.002, 500))
        price = np.cumsum(generator.normal(0.01, 0.06, 500))
        weeks = FIRST + 7 * np.arange(500)
        found.append(fit(stock, price, weeks, lag=13, draws=99, seed=seed))
    assert np.median([each.levels for each in found]) > 0.8
    assert np.median([each.changes for each in found]) < 0.05
    assert np.mean([each.placebo_p < LEVEL for each in found]) <= 0.15
    assert np.mean([each.changes_p < LEVEL for each in found]) <= 0.15
    assert found[0].quarters == 38


def test_money_that_does_lead_beats_the_walks():
    generator = np.random.default_rng(5)
    stock = np.cumsum(generator.normal(0.0012, 0.004, 500))
    price = 8.0 * stock + 0.02 * np.cumsum(generator.standard_normal(500)) / 5.0
    found = fit(stock, price, FIRST + 7 * np.arange(500), lag=13, draws=499, seed=1)
    assert found.placebo_p < 0.05 and found.changes_p < 0.01
