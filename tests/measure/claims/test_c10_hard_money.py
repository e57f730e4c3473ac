"""Claim 10: five days among many, where we know whether they were special."""

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.errors import DataMissingError
from drypowder.measure.claims import c10_hard_money as c10
from drypowder.measure.claims import judge
from drypowder.measure.claims.claim import TooFewError

DAYS = np.arange("2015-01-01", "2026-08-21", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]


def world(fall=0.0, *, seed=0):
    """Three assets with fat tails, each falling by `fall` ordinary days on the five days."""
    random = np.random.default_rng(seed)
    event = np.isin(DAYS, list(c10._DAYS.values()))
    series = []
    for name, size in zip(c10.REGISTRATION.needs, (0.01, 0.008, 0.03), strict=True):
        moves = size * (random.standard_t(4, len(DAYS)) / np.sqrt(2.0) - fall * event)
        series.append(made_up(name, DAYS, 100.0 * np.exp(np.cumsum(moves))))
    return FakeKnown.of(*series)


def test_a_fall_of_three_ordinary_days_is_found_as_three():
    found = c10.measure(world(3.0))
    assert found.effect == pytest.approx(-3.0, abs=1.0)
    assert judge(c10.REGISTRATION, found).word == "holds"
    assert found.observations == 5


def test_todays_move_is_not_in_its_own_yardstick():
    closes = np.exp(np.cumsum(np.r_[0.0, np.tile([0.01, -0.01], 45), 5.0]))[:, None]
    _, moves = c10.standardised(np.arange(92).astype("datetime64[D]"), closes)
    assert moves[-1, 0] == pytest.approx(5.0 / np.std(np.tile([0.01, -0.01], 45), ddof=1))


def test_without_prices_it_says_what_to_pull_and_before_the_days_nothing():
    with pytest.raises(DataMissingError):
        c10.measure(FakeKnown())
    known = world()
    known.as_of = known.as_of.replace(month=3, day=1)
    with pytest.raises(TooFewError):
        c10.measure(known)


def test_size_and_power_with_fat_tails():
    for fall, least, most in ((0.0, 0.01, 0.2), (1.0, 0.8, 1.0)):
        found = [c10.measure(world(fall, seed=seed)) for seed in range(80)]
        seen = np.mean([each.high < 0.0 or each.low > 0.0 for each in found])
        assert least <= seen <= most
