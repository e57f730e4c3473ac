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


def hourly(hour, fall):
    """Bitcoin in bars of an hour, which falls by so much in one that ends on 30 January."""
    hours = np.arange("2025-01-01T00", "2026-03-10T00", dtype="datetime64[h]")
    steps = 0.002 * np.random.default_rng(2).standard_normal(len(hours))
    steps[hours == np.datetime64(f"2026-01-30T{hour}")] -= fall
    return made_up("perp-1h:BTCUSDT", hours, 100.0 * np.exp(np.cumsum(steps)))


def test_what_happens_after_new_york_has_closed_is_not_in_the_part_at_its_close():
    """New York closes at 21:00 UTC in January; bitcoin falls by a half before or after."""
    known, found = world(), {}
    worlds = {"calm": (20, 0.0), "before": (20, 0.7), "after": (22, 0.7)}
    for name, fall in worlds.items():
        bars = hourly(*fall)
        known.stored[bars.name] = bars
        found[name] = {each.key: each for each in c10.measure(known).parts}
    calm, before, after = (found[name]["bitcoin_at_new_york"].value for name in found)
    assert after == calm and before < calm - 10.0
    assert found["calm"]["at_new_york"].observations == 2  # the days with bars
    assert found["calm"]["at_midnight"] == found["after"]["at_midnight"]
    assert "at_new_york" not in {each.key for each in c10.measure(world()).parts}


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
