"""Weeks that end on Wednesdays; momentum; what is usual."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.fakes import made_up

from drypowder.measure.rank.momentum import winners_less_losers
from drypowder.measure.rank.outcome import outcome
from drypowder.measure.rank.weekly import sampled, wednesdays, week_means


def _days(*texts):
    return np.array(texts, "datetime64[D]")


@given(first=st.dates(date(1990, 1, 1), date(2030, 1, 1)), span=st.integers(0, 400))
def test_all_wednesdays_between_two_days(first, span):
    start = np.datetime64(first)
    found = wednesdays(start, start + span)
    by_hand = [d for d in (start + k for k in range(span + 1)) if d.item().weekday() == 2]
    assert list(found) == by_hand


def test_a_price_is_the_days_or_the_day_befores_and_no_older():
    days, prices = _days("2024-12-23", "2024-12-24", "2026-08-03"), np.array([1.0, 2.0, 3.0])
    at = _days("2024-12-25", "2025-01-01", "2026-08-05")  # Christmas; a gap; an intraday last row
    np.testing.assert_array_equal(sampled(days, prices, at, oldest_days=1), [2.0, np.nan, np.nan])


def test_a_weeks_mean_is_over_thursday_to_wednesday():
    days = _days("2026-07-29", "2026-07-30", "2026-08-05", "2026-08-06")
    found = week_means(days, np.array([10.0, 1.0, 3.0, 50.0]), _days("2026-08-05", "2026-08-12"))
    np.testing.assert_array_equal(found, [2.0, 50.0])
    at = _days("2026-08-05", "2026-08-12", "2026-08-19")
    assert np.isnan(week_means(days, np.ones(4), at)[2])


def test_winners_less_losers_by_hand():
    """Nine shares that rise by their own number each week: (7+8+9)/3 - (1+2+3)/3 = 6 %."""
    prices = 0.01 * np.arange(20)[:, None] * np.arange(1.0, 10.0)
    found = winners_less_losers(prices, past=8, skip=2, share=1 / 3)
    assert np.isnan(found[:9]).all()
    np.testing.assert_allclose(found[9:], 6.0)
    prices[:, 8] = np.nan
    assert np.isnan(winners_less_losers(prices, past=8, skip=2, share=1 / 3)).all()


def test_momentum_looks_only_backwards():
    prices = np.cumsum(np.random.default_rng(0).standard_normal((60, 12)), axis=0)
    full = winners_less_losers(prices, past=20, skip=4, share=1 / 3)
    cut = winners_less_losers(prices[:50], past=20, skip=4, share=1 / 3)
    np.testing.assert_array_equal(full[:50], cut)


def test_an_outcome_is_ranked_among_its_own_past():
    days = np.datetime64("2020-01-01") + np.arange(2000)
    prices = np.exp(0.001 * np.arange(2000.0))
    prices[-1] *= 1.5
    found = outcome(made_up("x", days, prices), days=90, last=date(2030, 1, 1), years=5)
    assert found.change == pytest.approx(np.exp(0.09) * 1.5 - 1)
    assert found.usual == pytest.approx(np.exp(0.09) - 1) and found.rank == 1.0
    early = outcome(made_up("x", days, prices), days=90, last=date(2020, 3, 1), years=5)
    assert np.isnan(early.change) and np.isnan(early.rank)
    assert outcome(made_up("x", days, prices), days=90, last=date(2019, 1, 1), years=5).last is None
