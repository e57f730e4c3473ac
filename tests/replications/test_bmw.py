"""Model BMW against the book, against its closed form, and against bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drypowder.errors import DrypowderError, UsageError
from drypowder.replications import bmw


def _rest(alpha0=25.0, alpha1=0.75, alpha2=0.1, delta=0.1, kappa=1.0) -> float:
    """Output where nothing moves: K = L = M = kappa Y, C = YD = Y - delta K, so

    (1 - alpha1)(1 - delta kappa) Y = alpha0 + alpha2 kappa Y.
    """
    return alpha0 / ((1 - alpha1) * (1 - delta * kappa) - alpha2 * kappa)


def test_the_book_s_steady_state() -> None:
    found = bmw(periods=500)
    ends = [x[-1] for x in (found.Y, found.K, found.L, found.M, found.I, found.C, found.WB)]
    np.testing.assert_allclose(ends, [200, 200, 200, 200, 20, 180, 172], rtol=1e-12)
    np.testing.assert_allclose([found.W[-1], found.N[-1]], [0.86, 200], rtol=1e-12)
    assert _rest() == pytest.approx(200)


def test_the_first_periods_by_hand() -> None:
    # period 1: nothing yet, so Y = C = 25/(1 - .75) = 100
    # period 2: I = .15 (100 - 0) = 15, Y = (25 + 15)/.25 = 160, K = L = M = 15
    # period 3: I = .15 (160 - 15) + 1.5 = 23.25, Y = (25 - .75*1.5 + .1*15 + 23.25)/.25 = 194.5
    found = bmw(periods=3)
    np.testing.assert_allclose(found.Y, [100, 160, 194.5], rtol=1e-12)
    np.testing.assert_allclose(found.I, [0, 15, 23.25], rtol=1e-12)
    np.testing.assert_allclose(found.K, [0, 15, 36.75], rtol=1e-12)
    np.testing.assert_allclose(found.WB, [100, 160, 194.5 - 0.04 * 15 - 1.5], rtol=1e-12)


def test_investment_paid_for_by_loans_makes_deposits_and_destroys_none() -> None:
    found = bmw(periods=40)
    net = found.I - found.AF  # what firms could not pay from what they set aside
    np.testing.assert_allclose(np.diff(found.Ms, prepend=0.0), net, atol=1e-9)
    np.testing.assert_allclose(found.Ms, found.L, atol=1e-9)
    grows = net > 0
    assert grows.any() and np.all(np.diff(found.Ms, prepend=0.0)[grows] > 0)
    # whoever sold the capital goods was paid in full, and the payment took nothing from anybody
    paid = found.flow_matrix(5).postings_usd_bn["investment"]
    np.testing.assert_allclose(paid[:, 0], [0, found.I[4], -found.I[4], 0])
    lent = found.flow_matrix(5).postings_usd_bn["loans"]
    # households, firms' current account, their capital account, banks; deposits, loans, capital
    new = found.L[4] - found.L[3]
    np.testing.assert_allclose(lent, [[0, 0, 0], [0, 0, 0], [new, -new, 0], [-new, new, 0]])


def test_more_investment_means_more_deposits_from_that_period_on() -> None:
    eager = {"gamma": {20: 0.18}}
    plain, more = bmw(periods=24), bmw(periods=24, schedule=eager)
    extra = more.I[19] - plain.I[19]
    assert extra == pytest.approx(0.03 * (plain.KT[19] - plain.K[18]))
    assert more.Ms[19] - plain.Ms[19] == pytest.approx(extra)


def test_deposits_held_are_deposits_owed_in_every_period_though_no_equation_says_so() -> None:
    found = bmw(periods=2000)
    np.testing.assert_allclose(found.M, found.Ms, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.K, found.L, rtol=0, atol=1e-9)
    assert found.drift < 1e-9
    for period in range(1, 2001, 7):
        flows, stocks = found.flow_matrix(period), found.balance_sheet(period)
        owed = slice(0, 2)  # deposits and loans; nobody owes capital
        assert np.abs(flows.total_usd_bn.sum(axis=0)[owed]).max() < 1e-9
        assert np.abs(stocks.values_usd_bn.sum(axis=0)[owed]).max() < 1e-9
        assert np.abs(flows.total_usd_bn[1]).max() < 1e-9  # the current account keeps nothing
        assert np.abs(flows.total_usd_bn[2:, 0].sum() + flows.total_usd_bn[0, 0]) < 1e-9
        assert np.abs(stocks.net_worth_usd_bn[1:]).max() < 1e-9  # nor do firms and banks own
    flows.check()
    stocks.check()


alpha0 = st.floats(1.0, 100.0)
alpha1 = st.floats(0.1, 0.8)
alpha2 = st.floats(0.01, 0.2)
delta = st.floats(0.0, 0.3)
gamma = st.floats(0.01, 0.3)
kappa = st.floats(0.1, 2.0)


@given(alpha0, alpha1, alpha2, delta, gamma, kappa, st.floats(0.0, 0.1))
def test_what_starts_at_rest_stays_at_rest(alpha0, alpha1, alpha2, delta, gamma, kappa, r):
    income = _rest(alpha0, alpha1, alpha2, delta, kappa)
    assume(0.0 < income < 1e5)
    chosen = dict(alpha0=alpha0, alpha1=alpha1, alpha2=alpha2, delta=delta, kappa=kappa, r=r)
    start = dict(Y_start=income, K_start=kappa * income, L_start=kappa * income)
    try:
        found = bmw(periods=23, gamma=gamma, **chosen, **start)
    except DrypowderError as error:
        assert error.code == "DP-162"
        return
    np.testing.assert_allclose(found.Y, income, rtol=1e-7)
    for series in (found.K, found.L, found.M, found.Ms):
        np.testing.assert_allclose(series, kappa * income, rtol=1e-7)
    np.testing.assert_allclose(found.I, delta * kappa * income, rtol=1e-6, atol=1e-6)
    interest = r * kappa * income
    np.testing.assert_allclose(found.WB, income - interest - found.AF, rtol=1e-6, atol=1e-6)


@given(st.floats(1e-3, 1e6))
def test_the_unit_of_account_does_not_matter(unit: float) -> None:
    here, there = bmw(periods=31), bmw(periods=31, alpha0=25 * unit)
    for name in ("Y", "YD", "C", "I", "K", "L", "M", "Ms", "WB"):
        np.testing.assert_allclose(
            getattr(there, name), unit * getattr(here, name), rtol=1e-9, atol=1e-9 * unit
        )


@given(st.floats(-0.05, 0.2), st.floats(0.2, 5.0))
def test_interest_and_productivity_move_no_output_because_banks_and_firms_keep_nothing(r, pr):
    plain, other = bmw(periods=31), bmw(periods=31, r=r, pr=pr)
    for name in ("Y", "C", "I", "K", "M"):
        np.testing.assert_allclose(getattr(plain, name), getattr(other, name), rtol=1e-9)
    np.testing.assert_allclose(other.N * pr, other.Y, rtol=1e-12)
    np.testing.assert_allclose(other.W * other.N, other.WB, rtol=1e-12)


@given(st.integers(1, 20))
def test_a_schedule_that_changes_nothing_changes_nothing(first: int) -> None:
    plain, same = bmw(periods=17), bmw(periods=17, schedule={"alpha0": {first: 25.0}})
    np.testing.assert_array_equal(plain.Y, same.Y)
    np.testing.assert_array_equal(plain.Ms, same.Ms)


@pytest.mark.parametrize(
    ("change", "alpha0", "alpha1", "higher"),
    [({"alpha0": {16: 28.0}}, 28.0, 0.75, True), ({"alpha1": {16: 0.74}}, 25.0, 0.74, False)],
)
def test_the_book_s_two_experiments(change, alpha0, alpha1, higher) -> None:
    # section 7.5: more autonomous consumption raises income; thrift lowers it (figures 7.1, 7.3)
    start = dict(Y_start=200.0, K_start=200.0, L_start=200.0)
    found = bmw(periods=600, schedule=change, **start)
    np.testing.assert_allclose(found.Y[:15], 200, rtol=1e-12)
    assert found.Y[-1] == pytest.approx(_rest(alpha0=alpha0, alpha1=alpha1), rel=1e-10)
    assert (found.Y[15] > 200) == higher == (found.Y[-1] > 200)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"periods": 0}, "DP-160", "periods is 0"),
        ({"alpha1": 1.0}, "DP-160", "alpha1 is 1.0"),
        ({"delta": 1.5}, "DP-160", "delta is 1.5"),
        ({"pr": 0.0}, "DP-160", "pr is 0.0"),
        ({"r": 4}, "DP-160", "r is 4"),
        ({"L_start": -1}, "DP-160", "L_start is -1"),
        ({"schedule": {"alpha": {1: 25.0}}}, "DP-161", "Did you mean 'alpha"),
        ({"schedule": {"Kappa": {1: 1.0}}}, "DP-161", "Did you mean 'kappa'"),
        # deposits call for more spending than thrift holds back: (1 - a1)(1 - dk) = .225 < a2 k
        ({"alpha2": 0.3}, "DP-162", "model BMW does not come to rest"),
        ({"schedule": {"gamma": {3: 0.9}}}, "DP-162", "model BMW does not come to rest"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict, code: str, said: str) -> None:
    with pytest.raises(DrypowderError, match=f"{code}: .*{said}") as caught:
        bmw(**{"periods": 5, **arguments})
    assert isinstance(caught.value, UsageError) == (code != "DP-162")
