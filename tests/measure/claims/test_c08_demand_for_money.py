"""Claim 8: settlement days by the calendar, and a rise on them that we put there."""

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.errors import DataMissingError
from drypowder.measure.claims import c08_demand_for_money as c08
from drypowder.measure.claims import judge

DAYS = np.arange("2021-08-02", "2026-08-21", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
SETTLES = np.isin(DAYS, c08.settlement_rises(DAYS, np.zeros(len(DAYS)))[0])


def world(rise_bp=0.0, *, noise_bp=1.0, seed=0, starter=False):
    random = np.random.default_rng(seed)
    spread = random.normal(0, noise_bp, len(DAYS)) + rise_bp * SETTLES
    return FakeKnown.of(
        made_up("SOFR", DAYS, 4.0 + spread / 100.0, starter=starter),
        made_up("IORB", DAYS, np.full(len(DAYS), 4.0), starter=starter),
    )


def test_settlement_days_are_the_middle_and_the_last_working_day():
    """15 November 2025 was a Saturday: coupons settle on Monday 17; the last day is Friday 28."""
    november = (DAYS >= np.datetime64("2025-11-01")) & (DAYS <= np.datetime64("2025-11-30"))
    assert DAYS[november & SETTLES].astype(str).tolist() == ["2025-11-17", "2025-11-28"]


def test_a_month_that_still_runs_has_no_last_day():
    assert str(DAYS[SETTLES][-1]) == "2026-08-17"


def test_a_rise_of_eight_is_found_as_eight():
    found = c08.measure(world(8.0, noise_bp=1e-6))
    assert found.effect == pytest.approx(8.0, abs=1e-3)
    assert judge(c08.REGISTRATION, found).word == "holds"
    assert judge(c08.REGISTRATION, c08.measure(world(0.0))).word == "fails"


def test_month_end_figures_alone_are_refused_by_name():
    with pytest.raises(DataMissingError, match="DP-230"):
        c08.measure(world(starter=True))


def test_days_that_hang_on_those_before_leave_the_mean_and_widen_its_interval():
    """A wave over settlement days, twelve of them high and eleven low: few independent ones."""
    known = world(6.0, noise_bp=0.5)
    window = SETTLES & (DAYS >= np.datetime64("2025-09-01"))
    wave = np.zeros(len(DAYS))
    wave[window] = 3.0 * np.sign(np.sin(np.arange(window.sum()) / 4.0 + 0.1))
    known.stored["SOFR"].values[:] += wave / 100.0
    found = c08.measure(known)
    (part,) = [each for each in found.parts if each.key == "remembering"]
    assert part.value == pytest.approx(found.effect)
    assert part.high - part.low > 1.5 * (found.high - found.low)


def test_size_and_power():
    for rise, least, most in ((0.0, 0.02, 0.2), (3.0, 0.95, 1.0)):
        found = [c08.measure(world(rise, noise_bp=3.0, seed=seed)) for seed in range(80)]
        seen = np.mean([each.low > 0.0 or each.high < 0.0 for each in found])
        assert least <= seen <= most
