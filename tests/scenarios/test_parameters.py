"""Every number has a value between its ends, a unit, a source and a reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import DrypowderError
from drypowder.scenarios import load, parameters
from drypowder.scenarios.parameters import LIMITS, read_parameters
from drypowder.scenarios.priors import draw, expand
from drypowder.scenarios.resolve import SUM_TO_ONE
from drypowder.scenarios.worlds import correlation_factor, news_statistics

ONE = 'value = 0.5\nlow = 0.4\nhigh = 0.6\nunit = "share"\nsource = "guess"\nwhy = "test"\n'


def test_every_parameter_says_where_it_comes_from_and_why():
    for parameter in parameters().values():
        assert parameter.source and parameter.why, parameter.name
        assert parameter.unit in LIMITS
        assert parameter.low <= parameter.value <= parameter.high


def test_guesses_are_told_from_evidence():
    known = parameters()
    assert known["participation.households"].is_guess
    assert not known["satiation_share"].is_guess


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "DP-052"),
        ("= 1", "DP-051"),
        ("x = 1", "DP-053"),
        ("[x]\n" + ONE + "colour = 1", "DP-053"),
        ("[x]\n" + ONE.replace('why = "test"', ""), "DP-054"),
        ("[x]\n" + ONE.replace("0.5", '"a half"'), "DP-055"),
        ("[x]\n" + ONE.replace("0.5", "50"), "DP-056"),
        ("[x]\n" + ONE.replace("0.4", "-0.4"), "DP-057"),
        ("[x]\n" + ONE.replace("0.6", "inf"), "DP-058"),
        ("[x]\n" + ONE.replace('unit = "share"', ""), "DP-063"),
        ("[x]\n" + ONE.replace('"share"', '"percent"'), "DP-063"),
        ("[x]\n" + ONE.replace("0.4", "0.55"), "DP-064"),
        ("[x]\n" + ONE.replace("0.4", "0.0") + 'scale = "log"', "DP-064"),
        ("[x]\n" + ONE + 'at = {"2022Q4" = {value = 0.5}}', "DP-055"),
    ],
)
def test_a_faulty_table_of_parameters_is_refused(text, code):
    with pytest.raises(DrypowderError) as caught:
        read_parameters(text, where="mine.toml")
    assert caught.value.code == code
    assert "mine.toml" in caught.value.message


def test_entries_inherit_from_their_table_and_may_differ():
    text = (
        '[x]\nunit = "share"\nsource = "guess"\nwhy = "all"\n'
        "a = {value = 0.1, low = 0.1, high = 0.2}\n"
        'b = {value = 3.0, low = 1.0, high = 5.0, unit = "years", why = "own"}\n'
    )
    read = read_parameters(text, where="mine.toml")
    assert (read["x.a"].unit, read["x.a"].why) == ("share", "all")
    assert (read["x.b"].unit, read["x.b"].why, read["x.b"].source) == ("years", "own", "guess")


def test_each_opening_has_its_own_yields():
    assert load("essay").parameters["required_return_pa.treasuries"].value == 0.042
    assert load("hoards").parameters["required_return_pa.treasuries"].value == 0.040


def test_path_zero_is_central_and_others_stay_inside_their_priors():
    known = load("essay").parameters
    drawn = draw(known, np.arange(257), seed=0)
    for name, parameter in known.items():
        assert drawn[name][0] == parameter.value
        assert drawn[name].min() >= parameter.low and drawn[name].max() <= parameter.high
        varies = parameter.drawn and parameter.low < parameter.high
        assert (np.unique(drawn[name]).size > 1) == varies, name


def test_the_median_of_a_prior_is_its_central_value():
    # 4,096 draws: the share below the median has a standard error of 0.8 %
    known = load("essay").parameters
    drawn = draw(known, np.arange(1, 4097), seed=3)
    for name in ("kappa.equity", "participation.households", "payout_share"):
        assert np.mean(drawn[name] < known[name].value) == pytest.approx(0.5, abs=0.03)


@given(
    paths=st.lists(st.integers(0, 5000), min_size=1, max_size=7),
    seed=st.integers(0, 2**32),
)
def test_the_draw_of_a_path_does_not_depend_on_the_others(paths, seed):
    known = load("essay").parameters
    together = draw(known, np.array(paths), seed)
    for position, path in enumerate(paths):
        alone = draw(known, np.array([path]), seed)
        assert all(together[name][position] == alone[name][0] for name in known)


def test_a_new_parameter_leaves_the_draws_of_the_others_alone():
    known, paths = load("essay").parameters, np.arange(70)
    fewer = {name: known[name] for name in sorted(known)[::3]}
    drawn, before = draw(known, paths, 7), draw(fewer, paths, 7)
    assert all(np.array_equal(drawn[name], before[name]) for name in fewer)
    varying = [name for name in fewer if np.unique(drawn[name]).size > 1]
    ranks = np.array([drawn[name].argsort().argsort() for name in varying])
    assert np.abs(np.corrcoef(ranks) - np.eye(len(varying))).max() < 0.6  # of 70: no two are alike


def test_two_scenarios_are_compared_in_the_same_worlds():
    paths = np.arange(5)
    plain = draw(load("essay").parameters, paths, 0)
    moved = draw(load("essay").with_levers(payout_share=0.7).parameters, paths, 0)
    assert all(np.array_equal(plain[n], moved[n]) for n in plain if n != "payout_share")
    assert np.all(moved["payout_share"] == 0.7)


def test_an_entry_is_found_by_name_then_group_then_others():
    drawn = {"x.equity": np.ones(2), "x.gold_silver": np.zeros(2), "x.others": np.full(2, 9.0)}
    rows = expand(drawn, "x", ["gold_silver", "equity_broad", "bitcoin"], ["gold", "equity", "c"])
    assert rows[:, 0].tolist() == [0.0, 1.0, 9.0]


def test_shares_of_a_whole_add_up_at_their_central_values():
    for table in SUM_TO_ONE:
        total = sum(p.value for p in parameters().values() if p.table == table)
        assert total == pytest.approx(1.0, abs=1e-12), table


def test_news_has_a_factor_with_the_estimated_volatilities():
    news = news_statistics()
    correlation = np.array(list(news["correlation"].values()))
    assert list(news["correlation"]) == list(news["annual_volatility"])
    assert np.array_equal(correlation, correlation.T)
    factor = correlation_factor(correlation)
    assert np.allclose(factor @ factor.T, correlation, atol=2e-3)
    assert np.allclose(np.sum(factor**2, axis=1), 1.0, atol=1e-12)


def test_a_matrix_that_is_no_correlation_is_mended():
    # x with y and y with z alike, x with z opposite: impossible, eigenvalue 1 - 1.8
    impossible = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    factor = correlation_factor(impossible)
    assert np.all(np.isfinite(factor))
    assert np.allclose(np.sum(factor**2, axis=1), 1.0)
