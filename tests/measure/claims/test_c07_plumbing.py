"""Claim 7: a fall of the repo spread, where we know how far it fell."""

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.errors import DataMissingError
from drypowder.measure.claims import c07_plumbing as c07
from drypowder.measure.claims import judge

DAYS = np.arange("2021-08-02", "2026-08-21", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]


def world(fall_bp=0.0, *, noise_bp=2.0, memory=0.5, seed=0, starter=False):
    random = np.random.default_rng(seed)
    noise = random.normal(0, noise_bp, len(DAYS))
    for k in range(1, len(noise)):
        noise[k] += memory * noise[k - 1]
    spread = noise - fall_bp * (DAYS >= c07._BUYING)
    return FakeKnown.of(
        made_up("SOFR", DAYS, 4.0 + spread / 100.0, starter=starter),
        made_up("IORB", DAYS, np.full(len(DAYS), 4.0), starter=starter),
    )


def test_a_fall_of_ten_is_found_as_ten():
    found = c07.measure(world(10.0, noise_bp=1e-6))
    assert found.effect == pytest.approx(-10.0, abs=1e-3)
    assert judge(c07.REGISTRATION, found).word == "holds"


def test_month_end_days_by_the_calendar():
    days = np.array(["2025-10-28", "2025-10-29", "2025-10-31", "2025-11-02", "2025-11-03"],
                    "datetime64[D]")  # fmt: skip
    assert c07.near_month_end(days).tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]


def test_month_end_figures_alone_are_refused_by_name():
    with pytest.raises(DataMissingError, match=r"DP-230.*drypowder data pull SOFR IORB"):
        c07.measure(world(starter=True))


def test_size_and_power_with_memory():
    """Nominal 10 %: found below 17 in 80 worlds, by chance once in fifty; ten is always seen."""
    for fall, least, most in ((0.0, 0.0, 0.17), (10.0, 0.95, 1.0)):
        found = [c07.measure(world(fall, seed=seed)) for seed in range(80)]
        seen = np.mean([each.high < 0.0 or each.low > 0.0 for each in found])
        assert least <= seen <= most
