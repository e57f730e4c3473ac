"""Claim 4: how unusual a rise of the real yield is, where we know how unusual it is."""

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.measure.claims import c04_cost_of_capital as c04
from drypowder.measure.claims import judge
from drypowder.measure.claims.claim import TooFewError

DAYS = np.arange("2003-01-01", "2026-07-25", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]
WINDOW = (DAYS > np.datetime64("2026-02-06")) & (DAYS <= np.datetime64("2026-06-30"))

AUGUST = np.arange("2026-01-01", "2026-09-01", dtype="datetime64[D]")
AUGUST = AUGUST[np.is_busday(AUGUST)]


def world(rise_bp=0.0, *, daily_bp=5.0, seed=0, policy_bp=0.0):
    """A yield that wanders, and rises by so much over the window; the two-year yield with it."""
    random = np.random.default_rng(seed)
    policy = random.normal(0, daily_bp, len(DAYS)) + policy_bp * WINDOW / WINDOW.sum()
    own = random.normal(0, daily_bp, len(DAYS)) + rise_bp * WINDOW / WINDOW.sum()
    real = 0.5 * policy + own
    return FakeKnown.of(made_up("DFII10", DAYS, 1.0 + np.cumsum(real) / 100.0),
                        made_up("DGS2", DAYS, 2.0 + np.cumsum(policy) / 100.0))  # fmt: skip


def part(found, key):
    return next(each for each in found.parts if each.key == key)


def test_a_yield_that_never_moves_but_in_the_window_rises_by_what_it_rose():
    found = c04.measure(world(40.0, daily_bp=1e-6))
    assert found.effect == pytest.approx(40.0, abs=0.01)
    assert judge(c04.REGISTRATION, found).word == "holds"


def test_the_rise_that_the_two_year_yield_explains_is_taken_away():
    found = c04.measure(world(0.0, policy_bp=80.0, daily_bp=1.0, seed=3))
    assert part(found, "real_raw").value == pytest.approx(40.0, abs=25.0)
    assert abs(part(found, "without_policy").value) < 25.0
    level, driver = np.array([0.0, 1.0, 3.0, 4.0, 8.0]), np.array([0.0, 2.0, 6.0, 8.0, 16.0])
    left = c04.unexplained(level, driver, np.array([True, True, True, True, False]))
    assert left == pytest.approx(
        np.zeros(5), abs=1e-9
    )  # slope one half, learned before, holds after


def test_before_the_window_is_over_nothing_is_said():
    known = world(40.0)
    known.as_of = known.as_of.replace(month=3, day=1)
    with pytest.raises(TooFewError):
        c04.measure(known)


@pytest.mark.parametrize("day", [(6, 10), (6, 27), (6, 29), (6, 30)])
def test_nothing_is_said_until_the_figure_of_the_windows_last_day_is_known(day):
    month, day_of = day
    known = world(40.0)
    known.as_of = known.as_of.replace(month=month, day=day_of)
    with pytest.raises(TooFewError):
        c04.measure(known)


def test_a_day_after_the_window_the_answer_is_that_of_all_later_days():
    known, later = world(40.0), world(40.0)
    known.as_of = known.as_of.replace(month=7, day=1)
    found = c04.measure(known)
    assert found.effect == c04.measure(later).effect
    assert str(found.last) == "2026-06-30"


def test_a_part_to_august_ends_in_the_week_of_its_last_day():
    """DGS10 to 21 August is a part; one that ends on 31 July is no figure of August."""
    levels = np.linspace(4.0, 5.0, len(AUGUST))
    for last, there in (("2026-08-20", True), ("2026-07-31", False)):
        known = world(40.0)
        seen = np.datetime64(last) >= AUGUST
        known.stored["DGS10"] = made_up("DGS10", AUGUST[seen], levels[seen])
        keys = {each.key for each in c04.measure(known).parts}
        assert ("nominal_whole" in keys) == there
        assert "nominal_oil_neutral" in keys


def test_five_years_of_month_ends_show_the_rise_but_cannot_judge_it():
    known = world(60.0, daily_bp=0.5)
    held = known.stored["DFII10"]
    months = held.observed_on.astype("datetime64[M]")
    last = np.append(months[1:] != months[:-1], True) & (
        held.observed_on > np.datetime64("2021-06-01")
    )
    known = FakeKnown.of(made_up("DFII10", held.observed_on[last], held.values[last], starter=True))
    found = c04.measure(known)
    assert found.effect == pytest.approx(60.0, abs=15.0)
    assert found.observations < c04.REGISTRATION.fewest
    assert judge(c04.REGISTRATION, found).word == "cannot_say"


def test_size_and_power():
    """Nominal size 10 %; a rise of four usual deviations is seen nearly always."""
    usual = np.sqrt(WINDOW.sum() * 1.25) * 5.0  # daily deviation sqrt(1 + 0.25) * 5 bp
    words = {}
    for rise in (0.0, 4.0 * usual):
        found = [c04.measure(world(rise, seed=seed)) for seed in range(60)]
        words[rise] = np.mean([each.low > 0.0 or each.high < 0.0 for each in found])
    assert words[0.0] <= 0.22
    assert words[4.0 * usual] >= 0.9
