"""Claim 15: waiting for a fall, where we know whether falls turn round."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.fakes import FakeKnown, made_up

from drypowder.errors import DataMissingError
from drypowder.measure.claims import c15_patience as c15
from drypowder.measure.statistics import block_interval

DAYS = np.arange("2010-01-01", "2026-08-21", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]


def wander(*, pull=0.0, seed=0, count=3000):
    """Log price: a trend, and a deviation from it that returns by `pull` a day (0: never)."""
    random = np.random.default_rng(seed)
    deviation = np.zeros(count)
    for k in range(1, count):
        deviation[k] = (1.0 - pull) * deviation[k - 1] + random.normal(0, 0.01)
    return np.exp(0.0003 * np.arange(count) + deviation)


def test_the_rule_by_hand():
    """Up, down by a tenth: all in; up to a new high: half again."""
    price = np.array([100.0, 110.0, 104.0, 99.0, 98.0, 105.0, 111.0, 111.0])
    expected = [0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 0.5, 0.5]  # 99 is a tenth below 110
    assert c15.patient_weights(price, 0.10).tolist() == expected


def test_gain_is_the_covariance_of_share_and_return():
    weight, extra = np.array([0.5, 1.0]), np.array([-0.01, 0.03])
    # mean share 0.75: (-0.25 * -0.01 + 0.25 * 0.03) / 2 = 0.005 a day
    assert c15.timing_gain(weight, extra) == pytest.approx(100.0 * 252 * 0.005)


@given(st.floats(0.0, 1.0), st.integers(2, 50))
def test_a_share_that_never_moves_earns_nothing_by_timing(share, count):
    extra = np.random.default_rng(count).normal(0, 0.01, count)
    assert c15.timing_gain(np.full(count, share), extra) == pytest.approx(0.0, abs=1e-9)


def test_the_weight_of_a_day_knows_nothing_of_that_day():
    """A crash on the last day cannot change any earlier share."""
    price = wander(seed=2, count=400)
    crashed = price.copy()
    crashed[-1] *= 0.5
    assert np.array_equal(
        c15.patient_weights(price, 0.1)[:-1], c15.patient_weights(crashed, 0.1)[:-1]
    )


def test_cash_is_taken_off_by_calendar_days():
    known = FakeKnown.of(made_up("price:SPY", DAYS, np.full(len(DAYS), 100.0)),
                         made_up("DFF", DAYS, np.full(len(DAYS), 3.65)))  # fmt: skip
    _, _, extra = c15._excess(known)
    monday = np.flatnonzero(np.diff(DAYS).astype(int) == 3)[0]
    assert extra[monday] == pytest.approx(-3 * 3.65 / 100.0 / 365.0)


def test_without_prices_it_says_what_to_pull():
    with pytest.raises(DataMissingError):
        c15.measure(FakeKnown())


def test_size_and_power():
    """No memory: seldom a gain (nominal 5 % a side); falls that turn round: nearly always one."""
    seen = {}
    for pull in (0.0, 0.02):
        hits = []
        for seed in range(40):
            price = wander(pull=pull, seed=seed)
            extra = np.diff(price) / price[:-1]
            weight = c15.patient_weights(price, 0.10)[:-1]
            made = block_interval(c15.timing_gain, weight, extra, block=c15._BLOCK_DAYS, draws=99)
            hits.append(made.low > 0.0)
        seen[pull] = np.mean(hits)
    assert seen[0.0] <= 0.2
    assert seen[0.02] >= 0.6
