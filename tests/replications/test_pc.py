"""Model PC against the book, against its closed form, and against bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drypowder.errors import DrypowderError, UsageError
from drypowder.replications import pc

RISE = {"r": {1: 0.025, 16: 0.035}}


def _rest(r, G=20.0, theta=0.2, alpha1=0.6, alpha2=0.4, lambda0=0.635, lambda1=5.0, lambda2=0.01):
    """YD*, wealth and bills where nothing moves: with V = k YD and Bh = b YD,

    YD = (1 - theta)(YD + G + r b YD), so YD* = G (1 - theta)/(theta - r b (1 - theta)).
    """
    k = (1 - alpha1) / alpha2
    b = k * (lambda0 + lambda1 * r) - lambda2
    income = G * (1 - theta) / (theta - r * b * (1 - theta))
    return income, k * income, b * income


def test_the_book_s_rise_of_the_bill_rate() -> None:
    # Godley and Lavoie (2007), section 4.5, computed to six digits
    found = pc(periods=17, schedule=RISE)
    np.testing.assert_allclose(found.Y[15:], [106.486371, 107.224848], atol=5e-7)
    np.testing.assert_allclose(found.V[15:], [86.486361, 86.978686], atol=5e-7)
    np.testing.assert_allclose(found.Bh[15:], [69.189088, 69.575564], atol=5e-7)
    np.testing.assert_array_equal(found.r[13:], [0.025, 0.025, 0.035, 0.035])


@pytest.mark.parametrize(
    ("r", "Y", "V", "Bh", "Hh"),
    [
        (0.025, 106.486486, 86.486486, 64.864865, 21.621622),
        (0.035, 110.090090, 90.090090, 72.072072, 18.018018),
    ],
)
def test_the_book_s_steady_states(r: float, Y: float, V: float, Bh: float, Hh: float) -> None:
    found = pc(periods=500, schedule={"r": {1: r}})
    ends = [x[-1] for x in (found.Y, found.YD, found.C, found.V, found.Bh, found.Hh)]
    np.testing.assert_allclose(ends, [Y, V, V, V, Bh, Hh], atol=5e-7)
    np.testing.assert_allclose([found.YD[-1], found.V[-1], found.Bh[-1]], _rest(r), rtol=1e-11)


def test_a_higher_rate_moves_people_into_bills_and_raises_income() -> None:
    low, high = (pc(periods=500, schedule={"r": {1: r}}) for r in (0.025, 0.035))
    assert high.Y[-1] > low.Y[-1] and high.Hh[-1] < low.Hh[-1]
    # shares .75 and .80 of wealth in bills, as in figure 4.3
    shares = [found.Bh[-1] / found.V[-1] for found in (low, high)]
    np.testing.assert_allclose(shares, [0.75, 0.80], rtol=1e-11)


def test_money_held_is_money_issued_in_every_period_though_no_equation_says_so() -> None:
    found = pc(periods=300, schedule=RISE)
    np.testing.assert_allclose(found.Hh, found.Hs, rtol=0, atol=1e-9)
    assert found.drift < 1e-9
    # the central bank hands on its profit, so what it owes grows as what it owns
    np.testing.assert_allclose(np.diff(found.Hs), np.diff(found.Bcb), atol=1e-9)
    np.testing.assert_allclose(found.Bs, found.Bh + found.Bcb, atol=1e-9)
    for period in range(1, 301):
        flows, stocks = found.flow_matrix(period), found.balance_sheet(period)
        assert np.abs(flows.total_usd_bn.sum(axis=0)).max() < 1e-9
        assert np.abs(stocks.values_usd_bn.sum(axis=0)).max() < 1e-9
        assert np.abs(flows.total_usd_bn[1]).max() < 1e-9  # firms keep nothing
    flows.check()
    stocks.check()


rate = st.floats(-0.02, 0.08)
theta = st.floats(0.1, 0.6)
alpha1 = st.floats(0.05, 0.9)
alpha2 = st.floats(0.05, 1.0)


@given(rate, theta, alpha1, alpha2, st.floats(0.1, 1.0), st.floats(0.0, 6.0), st.floats(0.0, 0.1))
def test_what_starts_at_rest_stays_at_rest(r, theta, alpha1, alpha2, lambda0, lambda1, lambda2):
    chosen = dict(theta=theta, alpha1=alpha1, alpha2=alpha2)
    chosen |= dict(lambda0=lambda0, lambda1=lambda1, lambda2=lambda2)
    income, wealth, bills = _rest(r, **chosen)
    assume(0.0 < income < 1e4 and 0.0 <= bills)
    try:
        found = pc(periods=23, schedule={"r": {1: r}}, **chosen, V_start=wealth, Bh_start=bills)
    except DrypowderError as error:
        assert error.code == "DP-162"
        return
    for series, rest in ((found.YD, income), (found.V, wealth), (found.Bh, bills)):
        np.testing.assert_allclose(series, rest, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.Hh, found.Hs, rtol=1e-9, atol=1e-9 * wealth)


@given(st.floats(1e-3, 1e6), rate)
def test_the_unit_of_account_does_not_matter(unit: float, r: float) -> None:
    start = {"V_start": 90.0, "Bh_start": 50.0, "Bcb_start": 40.0}
    here = pc(periods=11, schedule={"r": {1: r}}, **start)
    scaled = {name: unit * value for name, value in start.items()}
    there = pc(periods=11, schedule={"r": {1: r}, "G": {1: 20 * unit}}, **scaled)
    for name in ("Y", "YD", "C", "T", "V", "Bh", "Hh", "Bs", "Bcb", "Hs"):
        np.testing.assert_allclose(getattr(there, name), unit * getattr(here, name), rtol=1e-9)


@given(rate, st.integers(2, 20))
def test_a_schedule_that_changes_nothing_changes_nothing(r: float, first: int) -> None:
    plain = pc(periods=17, schedule={"r": {1: r}})
    same = pc(periods=17, schedule={"r": {first: r, 1: r}, "theta": {first: 0.2}})
    for name in ("Y", "V", "Bh", "Hs"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(same, name))


def test_the_rate_before_the_first_period_can_be_said() -> None:
    # interest paid in period 1 was agreed in period 0: 64.865 (.035 - .025) more of it
    plain = pc(periods=3, schedule={"r": {1: 0.025}})
    told = pc(periods=3, schedule={"r": {0: 0.035, 1: 0.025}})
    more = 64.865 * 0.01
    assert told.YD[0] - plain.YD[0] == pytest.approx(0.8 * more / (1 - 0.6 * 0.8))
    np.testing.assert_array_equal(told.r, plain.r)


def test_households_that_owe_money_are_reported() -> None:
    # at 10 % people want 1.135 of their wealth in bills: money held is below nothing
    found = pc(periods=40, schedule={"r": {1: 0.025, 16: 0.10}})
    assert found.overdrawn == 16
    assert found.Hh[14] > 0 > found.Hh[15]
    assert pc(periods=40, schedule=RISE).overdrawn is None
    assert pc(periods=9, schedule=RISE, Bh_start=90.0).overdrawn == 0  # from the start


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"schedule": {}}, "DP-161", "does not say what r is in period 1"),
        ({"schedule": None}, "DP-161", "does not say what r is in period 1"),
        ({"schedule": {"r": {16: 0.035}}}, "DP-161", "does not say what r is in period 1"),
        ({"schedule": {"R": {1: 0.03}}}, "DP-161", "Did you mean 'r'"),
        ({"schedule": {"r": {1: 0.03}, "lamda0": {1: 1}}}, "DP-161", "Did you mean 'lambda0'"),
        ({"schedule": {"r": {1: 2.5}}}, "DP-160", r"r is 2.5.*Write 2.5 % as 0.025"),
        ({"periods": 0}, "DP-160", "periods is 0"),
        ({"theta": 1.2}, "DP-160", "theta is 1.2"),
        ({"alpha1": 1.0}, "DP-160", "alpha1 is 1.0"),
        ({"lambda0": float("inf")}, "DP-160", "lambda0 is inf"),
        ({"V_start": -1.0}, "DP-160", "V_start is -1.0"),
        # interest on the debt outruns the tax on it: theta < r b (1 - theta)
        ({"theta": 0.015}, "DP-162", "model PC does not come to rest"),
        ({"schedule": {"r": {1: 0.03, 4: 0.2}}}, "DP-162", "model PC does not come to rest"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict, code: str, said: str) -> None:
    with pytest.raises(DrypowderError, match=f"{code}: .*{said}") as caught:
        pc(**{"periods": 5, "schedule": RISE, **arguments})
    assert isinstance(caught.value, UsageError) == (code != "DP-162")
