"""Model SIM against the book, against its closed form, and against bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import DrypowderError, UsageError
from drypowder.replications import sim

theta = st.floats(0.02, 0.95)
alpha1 = st.floats(0.0, 0.95)
alpha2 = st.floats(0.02, 1.0)
spending = st.floats(0.1, 1e4)


def test_the_book_s_path_from_nothing() -> None:
    # Godley and Lavoie (2007), table 3.4, computed to six digits
    found = sim(periods=2)
    np.testing.assert_allclose(found.Y, [38.461538, 47.928994], atol=5e-7)
    np.testing.assert_allclose(found.YD, [30.769231, 38.343195], atol=5e-7)
    np.testing.assert_allclose(found.H, [12.307692, 22.721893], atol=5e-7)
    np.testing.assert_allclose([found.T[0], found.C[0]], [7.6923, 18.4615], atol=5e-5)
    rest = sim(periods=1000)
    ends = [rest.Y[-1], rest.T[-1], rest.YD[-1], rest.C[-1], rest.H[-1]]
    np.testing.assert_allclose(ends, [100, 20, 80, 80, 80], rtol=1e-12)


def test_money_held_is_money_issued_in_every_period_though_no_equation_says_so() -> None:
    found = sim(periods=1000)
    np.testing.assert_allclose(found.H, found.Hs, rtol=0, atol=1e-9)
    assert found.drift == np.abs(found.H - found.Hs).max() < 1e-9
    assert found.overdrawn is None
    for period in (1, 2, 17, 1000):
        flows, stocks = found.flow_matrix(period), found.balance_sheet(period)
        assert np.abs(flows.total_usd_bn.sum(axis=0)).max() < 1e-9
        assert np.abs(stocks.values_usd_bn.sum(axis=0)).max() < 1e-9
        flows.check()
        stocks.check()
    assert list(found.flow_matrix(1).postings_usd_bn) == [
        "consumption", "government spending", "wages", "taxes",
    ]  # fmt: skip


@given(theta, alpha1, alpha2, spending)
def test_income_at_rest_is_spending_over_the_tax_rate(
    theta: float, alpha1: float, alpha2: float, spending: float
) -> None:
    # Y* = G/theta, YD* = C* = Y*(1 - theta), H* = (1 - alpha1)/alpha2 YD*: start there and stay
    income = spending / theta
    disposable = income * (1 - theta)
    wealth = (1 - alpha1) / alpha2 * disposable
    found = sim(periods=13, G=spending, theta=theta, alpha1=alpha1, alpha2=alpha2, H_start=wealth)
    for series, rest in ((found.Y, income), (found.C, disposable), (found.H, wealth)):
        np.testing.assert_allclose(series, rest, rtol=1e-9)
    np.testing.assert_allclose(found.Hs, found.H, rtol=1e-9, atol=1e-9)


@given(theta, alpha1, alpha2, st.floats(0.0, 1e3))
def test_each_period_closes_part_of_the_gap_to_rest(
    theta: float, alpha1: float, alpha2: float, start: float
) -> None:
    # H - H* shrinks by 1 - alpha2 theta/(1 - alpha1 (1 - theta)) a period
    rest = 20 * (1 - theta) / theta * (1 - alpha1) / alpha2
    root = 1 - alpha2 * theta / (1 - alpha1 * (1 - theta))
    found = sim(periods=7, theta=theta, alpha1=alpha1, alpha2=alpha2, H_start=start)
    gaps = (start - rest) * root ** np.arange(1, 8)
    np.testing.assert_allclose(found.H, rest + gaps, rtol=1e-9, atol=1e-9 * (start + rest))


@given(st.floats(1e-3, 1e6), theta)
def test_the_unit_of_account_does_not_matter(unit: float, theta: float) -> None:
    here = sim(periods=11, theta=theta, H_start=3.0)
    there = sim(periods=11, theta=theta, G=20 * unit, H_start=3.0 * unit)
    for name in ("Y", "YD", "C", "T", "H", "Hs"):
        np.testing.assert_allclose(getattr(there, name), unit * getattr(here, name), rtol=1e-11)


@given(theta, st.integers(1, 20))
def test_a_schedule_that_changes_nothing_changes_nothing(theta: float, first: int) -> None:
    plain = sim(periods=17, theta=theta)
    same = sim(periods=17, theta=theta, schedule={"theta": {first: theta}, "G": {1: 20.0}})
    np.testing.assert_array_equal(plain.Y, same.Y)
    np.testing.assert_array_equal(plain.Hs, same.Hs)


def test_a_schedule_takes_hold_in_its_period_and_not_before() -> None:
    plain, more = sim(periods=9), sim(periods=9, schedule={"G": {5: 25.0}})
    np.testing.assert_array_equal(plain.Y[:4], more.Y[:4])
    # at once 5/(1 - alpha1 (1 - theta)) = 5/.52
    assert more.Y[4] - plain.Y[4] == pytest.approx(5 / 0.52)
    np.testing.assert_array_equal(more.G, [20] * 4 + [25] * 5)


def test_results_cannot_be_changed_by_accident() -> None:
    found = sim(periods=3)
    with pytest.raises(ValueError, match="read-only"):
        found.Y[0] = 0.0
    with pytest.raises(AttributeError):
        found.Y = found.C  # type: ignore[misc]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"periods": 0}, "DP-160", "periods is 0"),
        ({"periods": -3}, "DP-160", "periods is -3"),
        ({"periods": 2.5}, "DP-160", "periods is 2.5"),
        ({"periods": True}, "DP-160", "periods is True"),
        ({"theta": 0.0}, "DP-160", r"theta is 0.0. Give a number in \(0, 1\)"),
        ({"theta": 1.0}, "DP-160", "theta is 1.0"),
        ({"theta": 20}, "DP-160", "theta is 20"),
        ({"theta": "0.2"}, "DP-160", "theta is '0.2'"),
        ({"alpha1": 1.0}, "DP-160", "alpha1 is 1.0"),
        ({"alpha1": -0.1}, "DP-160", "alpha1 is -0.1"),
        ({"alpha2": 0.0}, "DP-160", r"alpha2 is 0.0. Give a number in \(0, 1\]"),
        ({"alpha2": 1.5}, "DP-160", "alpha2 is 1.5"),
        ({"G": float("nan")}, "DP-160", "G is nan"),
        ({"G": -1}, "DP-160", r"G is -1. Give a number in \[0, ∞\)"),
        ({"H_start": -1}, "DP-160", "H_start is -1"),
        ({"schedule": {"g": {1: 20}}}, "DP-161", "Did you mean 'G'"),
        ({"schedule": {"thetta": {1: 0.2}}}, "DP-161", "Did you mean 'theta'"),
        ({"schedule": {"zzz": {1: 0.2}}}, "DP-161", "names 'zzz'. Parameters: G, theta"),
        ({"schedule": {"G": 25}}, "DP-161", r"Write first periods and values: \{\"G\": \{1: 25\}"),
        ({"schedule": {"G": {-1: 25}}}, "DP-161", "has the period -1"),
        ({"schedule": {"G": {1.5: 25}}}, "DP-161", "has the period 1.5"),
        ({"schedule": {"G": {True: 25}}}, "DP-161", "has the period True"),
        ({"schedule": {"theta": {4: 2.0}}}, "DP-160", "theta is 2.0"),
        ({"schedule": [1, 2]}, "DP-161", r"the schedule is \[1, 2\]"),
        ({"theta": 1e-13, "alpha2": 1e-2}, "DP-162", "model SIM does not come to rest"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict, code: str, said: str) -> None:
    with pytest.raises(DrypowderError, match=f"{code}: .*{said}") as caught:
        sim(**{"periods": 5, **arguments})
    assert isinstance(caught.value, UsageError) == (code != "DP-162")


def test_a_period_that_was_not_solved_is_refused() -> None:
    with pytest.raises(UsageError, match=r"DP-036: Model SIM has no period 6\. Ask for 1 to 5"):
        sim(periods=5).flow_matrix(6)
