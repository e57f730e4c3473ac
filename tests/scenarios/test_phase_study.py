"""The phase diagram: measured axes, one program, and a sign that nobody typed in."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.engine import simulate as engine
from drypowder.scenarios import load
from drypowder.scenarios.phase_study import _changed, _crossing, phase_study


@pytest.fixture(scope="module")
def counted():
    before = engine._trace_count
    return phase_study("rest", years=0.1), engine._trace_count - before


@pytest.fixture(scope="module")
def study(counted):
    return counted[0]


def test_all_worlds_share_one_program(counted):
    assert counted[1] <= 1


def test_both_axes_are_measured_and_move_as_asked(study):
    grid = study.grid
    at_one = grid.dry_powder_usd_bn[np.isclose(grid.multiple, 1.0)][0]
    ratio = grid.dry_powder_usd_bn / at_one
    np.testing.assert_allclose(ratio, grid.multiple, rtol=0.01)
    assert np.all(np.diff(grid.hoard_share, axis=1) > 0.0)
    assert grid.hoard_share.max() == pytest.approx(1.0, abs=0.02)
    assert grid.hoard_share.min() == pytest.approx(0.0, abs=0.05)


def test_a_dollar_from_hoards_pumps_and_one_from_others_drains(study):
    """Law 5 over the whole grid: the sign follows from who has to part with money."""
    effect = study.grid.risky_usd_per_usd
    assert np.all(effect[:, -1] > 0.0) and np.all(effect[:, 0] < 0.0)
    assert np.all(np.diff(effect, axis=1) > 0.0)


def test_less_dry_powder_asks_for_more_hoards_and_makes_both_ends_larger(study):
    assert np.all(np.diff(study.zero_share) < 0.0)  # rows: more and more dry powder
    effect = study.grid.risky_usd_per_usd
    assert np.all(np.diff(np.abs(effect[:, [0, -1]]), axis=0) < 0.0)


def test_opening_prices_and_kappa_are_the_same_in_every_world():
    """Only how much of it is wanted liquid, the pools scaled with it, and the floor are moved."""
    scenario = load("essay")
    changed = _changed(scenario, np.array([0.5, 1.0]), np.array([0.2, 0.45]))
    tables = {name.partition(".")[0] for name in changed}
    assert tables == {
        "desired_liquidity_share",
        "bank_securities_capacity_usd_bn",
        "crypto_excess_money_usd_bn",
        "cash_floor_share",
    }
    for name, values in changed.items():  # the second world is the scenario itself
        assert values[1] == pytest.approx(scenario.parameters[name].value), name
    # households keep 0.5 liquid; half the excess money leaves 1 - 0.5 * 0.5 = 0.75
    assert changed["desired_liquidity_share.households"][0] == pytest.approx(0.75)


def test_the_zero_is_between_the_two_points_around_it():
    # from -1 at 0.2 to +3 at 0.4: a quarter of the way, 0.25
    assert _crossing(np.array([0.2, 0.4]), np.array([-1.0, 3.0])) == pytest.approx(0.25)
    assert np.isnan(_crossing(np.array([0.2, 0.4]), np.array([1.0, 3.0])))
    assert np.isnan(_crossing(np.array([0.2, 0.4]), np.array([np.nan, 3.0])))


def test_a_short_run_is_valued_on_its_last_day(study):
    assert study.horizon_days == 24 and study.last_day == "2026-02-06"
