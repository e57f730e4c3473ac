"""Levers side by side: one program, effects that are differences, sizes that undo what they say."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.engine import simulate as engine
from drypowder.scenarios import levers, load
from drypowder.scenarios.policy_study import (
    FOUND,
    NOTHING,
    OUT_OF_REACH,
    OUTCOMES,
    TARGETS,
    _bracket,
    _search,
    policy_study,
    trials,
)

YEARS = 0.1  # 26 days


@pytest.fixture(scope="module")
def counted():
    """A study of a month, and how many programs were traced for it."""
    before = engine._trace_count
    return policy_study("essay", years=YEARS, threads=2), engine._trace_count - before


@pytest.fixture(scope="module")
def study(counted):
    return counted[0]


def _row(study, lever):
    return next(r for r in study.rows if r.trial.lever == lever)


def test_one_program_serves_every_lever(counted):
    """Calendar, parameter, switch and sheet alike: shapes are the same, so nothing is traced."""
    study, traced = counted
    assert traced <= 1
    kinds = {levers()[row.trial.lever].target_kind for row in study.rows}
    assert kinds == {"purchases", "field", "parameter", "switch"}


def test_settings_are_those_of_the_presets():
    by_lever = {trial.lever: trial.setting for trial in trials()}
    for preset in ("qe", "rate_cuts", "rmp_bills", "fed_absorbs", "slow_capex", "bank_funded"):
        for lever, setting in load(preset).levers.items():
            assert by_lever[lever] == setting, preset


def test_a_row_is_the_difference_to_the_scenario_itself(study):
    """Against two runs made by hand: the library's own call, not the study's."""
    import drypowder

    base = drypowder.simulate("essay", years=YEARS)
    eased = drypowder.simulate(
        load("essay").with_levers(qe_treasuries_usd_bn_per_month=60.0), years=YEARS
    )
    change = dict(zip(OUTCOMES, _row(study, "qe_treasuries_usd_bn_per_month").change, strict=True))
    coin = eased.price("bitcoin")[0, -1] / base.price("bitcoin")[0, -1] - 1.0
    assert change["bitcoin_change"] == pytest.approx(coin, rel=1e-6)
    powder = eased.dry_powder[0, -1].sum() - base.dry_powder[0, -1].sum()
    assert change["dry_powder_usd_bn"] == pytest.approx(powder, rel=1e-6)
    twin = base.companions["without_ai_capex"]["listed_equity_usd_bn"][-1]
    effect = dict(zip(OUTCOMES, study.ai_effect, strict=True))["listed_equity_change"]
    expected = base.series["listed_equity_usd_bn"][0, -1] / twin - 1.0
    assert effect == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_signs_that_theory_leaves_no_doubt_about(study):
    eased = dict(zip(OUTCOMES, _row(study, "qe_treasuries_usd_bn_per_month").change, strict=True))
    assert eased["treasury_yield_bp"] < 0.0 < eased["bitcoin_change"]
    cut = dict(zip(OUTCOMES, _row(study, "policy_rate_change").change, strict=True))
    assert cut["treasury_yield_bp"] < 0.0 < cut["listed_equity_change"]


def test_every_lever_with_an_amount_has_a_size_for_every_target(study):
    sized = {(undo.lever, undo.outcome) for undo in study.undo}
    amounts = {t.lever for t in trials() if levers()[t.lever].kind == "amount"}
    assert sized == {(lever, outcome) for lever in amounts for outcome in TARGETS}
    for undo in study.undo:
        known = levers()[undo.lever]
        if undo.state != NOTHING:
            assert known.low <= undo.setting <= known.high
        assert (abs(undo.left) < 0.05) == (undo.state != OUT_OF_REACH)


def test_the_size_found_brings_the_outcome_back(study):
    """Run at the setting that was found, against the twin of the scenario: next to nothing."""
    import drypowder

    found = next(u for u in study.undo if u.state == FOUND and u.lever.startswith("qe"))
    assert found.outcome == "listed_equity_change"
    scenario = load("essay")
    twin = drypowder.simulate(scenario, years=YEARS).companions["without_ai_capex"]
    moved = drypowder.simulate(scenario.with_levers({found.lever: found.setting}), years=YEARS)
    gap = moved.series["listed_equity_usd_bn"][0, -1] / twin["listed_equity_usd_bn"][-1] - 1.0
    effect = study.ai_effect[OUTCOMES.index(found.outcome)]
    assert abs(gap) < 0.05 * abs(effect)
    assert gap == pytest.approx(found.left * effect, abs=1e-9)


def test_without_ai_capex_there_is_nothing_to_undo():
    quiet = policy_study("rest", years=YEARS, threads=2)
    np.testing.assert_array_equal(quiet.ai_effect, 0.0)
    assert {undo.state for undo in quiet.undo} == {NOTHING}


def test_the_root_nearest_to_the_start_is_searched():
    # gap = (x - 1)(x + 2): roots at 1 and -2; from 0 the nearer one is 1
    known = {x: (x - 1.0) * (x + 2.0) for x in (-4.0, 0.0, 4.0)}
    assert _bracket(known, 0.0) == (0.0, 4.0)
    found = _search(lambda x: (x - 1.0) * (x + 2.0), (0.0, 4.0), known, 1e-6, 8.0)
    assert min(found, key=lambda x: abs(x - 1.0)) == pytest.approx(1.0, abs=1e-4)
    assert _bracket({0.0: 2.0, 1.0: 1.0}, 0.0) is None  # the range ends first
    assert _bracket({0.0: 0.0, 1.0: 0.0}, 0.0) is None  # and nothing happens at all
