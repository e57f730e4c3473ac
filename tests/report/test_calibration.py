"""Fits of replays and what is said of them: tables, ridges, lines to paste, a chart."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest

from drypowder.errors import DrypowderError, UsageError
from drypowder.report import calibration, fitting, ridge
from drypowder.report.fitting import Asked, Fitted, Judge, chosen, fit
from drypowder.report.moments import model_value
from drypowder.report.record import record_of
from drypowder.report.words import catalogue
from drypowder.scenarios import load
from drypowder.scenarios.calibrate import Aim, Prior, misfit, sample
from drypowder.scenarios.identify import identify
from drypowder.scenarios.parameters import Parameter

WORDS = catalogue()
LOW = "bitcoin: deepest low under the close before"


def asked(*targets: str, scenarios=("essay",), parameters=("kappa.equity",), draws=64) -> Asked:
    return Asked(tuple(map(load, scenarios)), parameters, targets, draws)


@pytest.fixture(scope="module")
def ridged() -> Fitted:
    """A fit by hand: the sum of two parameters is measured, a third does nothing."""
    unit = "log odds per unit of annual return"
    parameters = [Parameter(name, 1.0, 0.5, 2.0, unit, "guess", "test", "log")
                  for name in ("kappa.crypto", "kappa.gold", "kappa.equity")]  # fmt: skip
    prior = Prior(tuple(parameters))
    aims = (Aim("sum", "", 1.99, 2.01, "USD per USD", "nobody, 2026"),)

    def moments(values: np.ndarray) -> np.ndarray:
        return values[:, :1] + values[:, 1:2]

    drawn = sample(prior, aims, moments, draws=1000, seed=0)
    assert drawn is not None
    values = np.array([1.2, 0.8, 1.0])
    known = identify(tuple(prior.names), drawn.score, drawn.weight)
    before, after = moments(np.ones((1, 3)))[0], moments(values[None])[0]
    losses = tuple(float(misfit(at[None], aims)[0]) for at in (before, after))
    return Fitted(asked("all"), prior, aims, values, before, after, losses, 0.4, False, drawn,
                  known, ("silver",))  # fmt: skip


def test_ridges_are_said_with_their_pair_and_correlation(ridged):
    told = " ".join(calibration.ridges(ridged, WORDS))
    assert "kappa.crypto is known only together with kappa.gold" in told
    assert "kappa.equity is not identified" in told and "2 of 3" in told
    rows = calibration.parameters(ridged, WORDS).to_records()
    known = [row["known"] for row in rows]
    assert known == ["only with kappa.gold", "only with kappa.crypto", "not identified"]


def test_tables_give_before_after_and_shares_of_draws_inside(ridged):
    (row,) = calibration.targets(ridged).to_records()
    assert (row["before"], row["after"], row["verdict"]) == (2.0, 2.0, "hit")
    assert row["prior_inside"] < 0.1 < 0.4 < row["posterior_inside"]
    (row,) = calibration.predictive(ridged).to_records()
    assert row["prior_q05"] < row["posterior_q05"] <= row["posterior_q95"] < row["prior_q95"]
    assert 0.2 < row["low_at"] <= row["high_at"] < 0.8
    said = calibration.as_json(ridged, WORDS)
    assert said["left_out"] == ["silver"] and "not a forecast" in said["note"]


def test_lines_to_paste_are_parameters_that_a_scenario_takes(ridged, tmp_path):
    text = calibration.fragment(ridged, WORDS)
    tomllib.loads(text)
    (tmp_path / "mine.toml").write_text('extends = "essay"\n' + text)
    found = load(tmp_path / "mine.toml").parameters["kappa.crypto"]
    assert found.value == 1.2 and found.low < 1.2 < found.high
    assert "only with kappa.gold" in found.why and "calibrate" in found.source


def test_the_ridge_is_drawn_the_same_every_time_and_says_what_it_is_not(ridged):
    drawn = ridge.picture(ridged, WORDS)
    assert drawn == ridge.picture(ridged, WORDS)
    assert "kappa.crypto and kappa.gold" in drawn and "not a forecast" in drawn
    one = replace(ridged, identification=identify(("a",), ridged.sample.score[:, :1],
                                                  ridged.sample.weight))  # fmt: skip
    assert ridge.chart(one, WORDS) is None


def test_weighted_quantiles_are_those_of_repeated_draws():
    values, weight = np.array([3.0, 1.0, 2.0, np.nan]), np.array([0.2, 0.3, 0.4, 0.1])
    # without the last, which has no number: mass 3/9, 7/9, 1 at 1, 2, 3
    assert calibration.weighted_quantiles(values, weight, (0.05, 0.5, 0.95)) == (1.0, 2.0, 3.0)


def test_ranges_of_one_measure_share_a_weight_and_what_is_not_modelled_is_named():
    aims, missing = chosen(asked("all", scenarios=("feb2026", "oct2025")))
    weights = {(aim.scenario, aim.name): aim.weight for aim in aims}
    assert weights["oct2025", LOW] == weights["oct2025", f"{LOW[:20]}, with a wider margin"] == 0.5
    assert weights["feb2026", LOW] == weights["", "equity_multiplier"] == 1.0
    assert "silver" in missing and "bitcoin: worst hour" in missing


def test_targets_are_found_by_name_slug_and_scenario():
    both = ("feb2026", "oct2025")
    found, _ = chosen(asked(LOW, scenarios=both))
    assert [aim.scenario for aim in found] == list(both)
    found, _ = chosen(asked("oct2025_" + fitting.slug(LOW), scenarios=both))
    assert [aim.scenario for aim in found] == ["oct2025"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (asked("equity multipler"), "DP-110"),
        (asked(), "DP-111"),
        (asked("all", parameters=()), "DP-111"),
        (asked("all", parameters=("trend_growth_pa",)), "DP-112"),
        (asked("all", parameters=("turnover_share",)), "DP-113"),
        (asked("all", parameters=("kapa.equity",)), "DP-059"),
        (asked("silver", scenarios=("feb2026",)), "DP-116"),
        (asked("all", scenarios=("feb2026", "oct2025"), parameters=("perp_leverage_median",)),
         "DP-115"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused_with_a_code(given, code):
    with pytest.raises(UsageError) as error:
        fit(given)
    assert error.value.code == code


def test_a_fit_whose_every_draw_fails_is_an_error(monkeypatch):
    def nothing(self, values):
        found = np.full((len(values), 1), np.nan)
        found[0] = 4.0 if len(values) == 1 else np.nan
        return found

    monkeypatch.setattr(Judge, "moments", nothing)
    with pytest.raises(DrypowderError) as error:
        fit(asked("equity_multiplier"))
    assert error.value.code == "DP-114"


@pytest.mark.slow
def test_candidates_on_the_path_axis_are_runs_of_their_own_and_trace_once():
    from drypowder.engine import simulate as engine
    from drypowder.scenarios.simulate import simulate

    given = asked("all", scenarios=("oct2025",), parameters=("book_floor_share", "kappa.crypto"))
    prior = fitting._prior(given)
    aims = tuple(aim for aim in chosen(given)[0] if aim.scenario)
    judge = Judge(given, prior, aims)
    values = np.array([[0.03, 0.5], [0.04, 1.0], [0.06, 2.0]])
    found = judge.moments(values)
    traces = engine._trace_count
    judge.moments(np.repeat(values, 50, axis=0) * 0.99)
    assert engine._trace_count == traces
    changed = given.scenarios[0].with_levers({"book_floor_share": 0.03, "kappa.crypto": 0.5})
    record = record_of(simulate(changed), {})
    rows = {row.name: row.model_dump(mode="json") for row in changed.file.target}
    alone = [model_value(record, rows[aim.name]) for aim in aims]
    np.testing.assert_allclose(found[0], alone, rtol=1e-7, atol=1e-9)


@pytest.mark.slow
def test_own_moments_of_a_replay_give_their_parameters_back(monkeypatch):
    """October's own moments at a known truth, as narrow targets: the truth lies in what is left."""
    given = asked("all", scenarios=("oct2025",), draws=256,
                  parameters=("crypto_excess_money_usd_bn", "book_thinning"))  # fmt: skip
    aims, _ = chosen(given)
    truth = np.array([300.0, 45.0])
    at = Judge(given, fitting._prior(given), aims).moments(truth[None])[0]
    own = tuple(replace(aim, low=m - 0.03 * abs(m), high=m + 0.03 * abs(m), value=None)
                for aim, m in zip(aims, at, strict=True))  # fmt: skip
    monkeypatch.setattr(fitting, "chosen", lambda given: (own, ()))
    found = fit(given)
    assert found.misfit[1] < 0.05 < found.misfit[0]
    rows = calibration.parameters(found, WORDS).to_records()
    for row, true in zip(rows, truth, strict=True):
        assert row["posterior_q05"] <= true <= row["posterior_q95"], row
        assert row["variance_left"] < 0.5 and row["fitted_value"] == pytest.approx(true, rel=0.1)
