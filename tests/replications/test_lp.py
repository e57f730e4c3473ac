"""Model LP against the book, against its closed form, and against bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drypowder.errors import DrypowderError, UsageError
from drypowder.replications import lp

RISE = {"r_b": {1: 0.03, 16: 0.04}, "p_bL": {1: 20.0, 16: 15.0}}
SAME = {"r_b": {1: 0.03}, "p_bL": {1: 20.0}}


def _rest(r_b=0.03, p_bL=20.0, G=20.0, theta=0.1938, alpha1=0.8, alpha2=0.2):
    """YD*, wealth, bills and bonds where nothing moves: V = k YD, Bh = b YD, BLh = c YD and

    YD = (1 - theta)(YD + G + r_b b YD + c YD), solved for YD; expectations are right.
    """
    k = (1 - alpha1) / alpha2
    b = k * (0.44196 + 1.1 * r_b - 1 / p_bL) - 0.03
    c = (k * (0.3997 - r_b + 1.1 / p_bL) - 0.03) / p_bL
    income = G * (1 - theta) / (theta - (r_b * b + c) * (1 - theta))
    return income, k * income, b * income, c * income


def test_the_book_s_rise_of_both_rates() -> None:
    # Godley and Lavoie (2007), section 5.7, computed to six digits
    found = lp(periods=17, schedule=RISE)
    np.testing.assert_allclose(found.Y[14:], [115.785633, 115.785362, 113.894805], atol=5e-7)
    np.testing.assert_allclose(found.V[14:], [95.785362, 86.333487, 87.190253], atol=5e-7)
    ours = [found.CG[15], found.Bh[15], found.BLh[15]]
    np.testing.assert_allclose(ours, [-9.451647, 33.325590, 2.300788], atol=5e-7)
    np.testing.assert_array_equal(found.p_bL[14:], [20, 15, 15])
    np.testing.assert_allclose(found.r_bL[14:], [0.05, 1 / 15, 1 / 15])


def test_the_book_s_steady_state() -> None:
    found = lp(periods=600, schedule=SAME)
    ends = [x[-1] for x in (found.Y, found.V, found.Bh, found.BLh, found.Hh)]
    printed = [115.783972, 95.783972, 37.830838, 1.890297, 20.147201]
    np.testing.assert_allclose(ends, printed, atol=5e-7)
    ours = [found.YD[-1], found.V[-1], found.Bh[-1], found.BLh[-1]]
    np.testing.assert_allclose(ours, _rest(), rtol=1e-11)


def test_higher_yields_cost_first_and_pay_later() -> None:
    found = lp(periods=600, schedule=RISE)
    before, rise, after = found.Y[14], found.Y[15], found.Y[16]
    assert found.CG[15] == pytest.approx(-5 * found.BLh[14])  # each bond lost 5
    assert not np.any(np.delete(found.CG, 15))
    assert abs(rise - before) < 1e-3  # spending of the period was decided
    assert after < before - 1.5  # the poorer spend less
    assert found.Y[-1] > before + 5  # the interest is somebody's income
    assert found.Y[-1] == pytest.approx(_rest(0.04, 15.0)[0] + 20, rel=1e-11)
    assert 16 <= found.Y.argmin() < 20  # the recession is short


def test_a_capital_loss_is_booked_as_a_change_of_price_and_not_as_a_payment() -> None:
    found = lp(periods=20, schedule=RISE)
    worth = [found.balance_sheet(t).net_worth_usd_bn for t in (15, 16)]
    saved = found.flow_matrix(16).total_usd_bn.sum(axis=1)
    households, government = 0, 2
    loss = (worth[1] - worth[0] - saved)[[households, government]]
    np.testing.assert_allclose(loss, [found.CG[15], -found.CG[15]], atol=1e-9)


def test_money_held_is_money_issued_in_every_period_though_no_equation_says_so() -> None:
    found = lp(periods=300, schedule=RISE)
    np.testing.assert_allclose(found.Hh, found.Hs, rtol=0, atol=1e-9)
    assert found.drift < 1e-9
    np.testing.assert_array_equal(found.BLh, found.BLs)
    np.testing.assert_allclose(found.Bs, found.Bh + found.Bcb, atol=1e-9)
    np.testing.assert_allclose(np.diff(found.Hs), np.diff(found.Bcb), atol=1e-9)
    for period in range(1, 301):
        flows, stocks = found.flow_matrix(period), found.balance_sheet(period)
        assert np.abs(flows.total_usd_bn.sum(axis=0)).max() < 1e-9
        assert np.abs(stocks.values_usd_bn.sum(axis=0)).max() < 1e-9
        assert np.abs(flows.total_usd_bn[1]).max() < 1e-9  # firms keep nothing
    flows.check()
    stocks.check()
    bonds = stocks.values_usd_bn[0, 2]
    assert bonds == pytest.approx(15 * found.BLh[-1], abs=1e-9)
    assert found.overdrawn is None


rate = st.floats(0.0, 0.06)
price = st.floats(12.0, 60.0)


@given(rate, price, st.floats(0.15, 0.6), st.floats(0.3, 0.9), st.floats(0.1, 0.6))
def test_what_starts_at_rest_stays_at_rest(r_b, p_bL, theta, alpha1, alpha2):
    income, wealth, bills, bonds = _rest(r_b, p_bL, theta=theta, alpha1=alpha1, alpha2=alpha2)
    assume(0.0 < income < 1e4 and bills >= 0.0 and bonds >= 0.0)
    start = dict(V_start=wealth, Bh_start=bills, BLh_start=bonds, YD_start=income)
    chosen = dict(theta=theta, alpha1=alpha1, alpha2=alpha2)
    try:
        found = lp(periods=23, schedule={"r_b": {1: r_b}, "p_bL": {1: p_bL}}, **chosen, **start)
    except DrypowderError as error:
        assert error.code == "DP-162"
        return
    for series, rest in zip(
        (found.YD, found.V, found.Bh, found.BLh), (income, wealth, bills, bonds), strict=True
    ):
        np.testing.assert_allclose(series, rest, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(found.Hh, found.Hs, rtol=1e-9, atol=1e-9 * wealth)


@given(st.floats(1e-3, 1e6), rate, price)
def test_the_unit_of_account_does_not_matter(unit: float, r_b: float, p_bL: float) -> None:
    start = dict(V_start=90.0, Bh_start=30.0, BLh_start=1.5, Bcb_start=20.0, YD_start=80.0)
    schedule = {"r_b": {1: r_b}, "p_bL": {1: 20.0, 5: p_bL}}
    here = lp(periods=11, schedule=schedule, **start)
    scaled = {name: unit * value for name, value in start.items()}
    there = lp(periods=11, schedule=schedule, G=20 * unit, **scaled)
    for name in ("Y", "YD", "C", "T", "V", "CG", "Bh", "BLh", "Hh", "Bs", "Bcb", "Hs"):
        wanted = unit * getattr(here, name)
        np.testing.assert_allclose(getattr(there, name), wanted, rtol=1e-9, atol=1e-9 * unit)


@given(rate, price, st.integers(2, 20))
def test_a_schedule_that_changes_nothing_changes_nothing(r_b, p_bL, first):
    plain = lp(periods=17, schedule={"r_b": {1: r_b}, "p_bL": {1: p_bL}})
    same = {"r_b": {1: r_b, first: r_b}, "p_bL": {1: p_bL, first: p_bL}, "chi": {first: 0.1}}
    same["p_bL_e"] = {1: p_bL}
    for name in ("Y", "V", "Bh", "BLh", "Hs"):
        ours = getattr(lp(periods=17, schedule=same), name)
        np.testing.assert_array_equal(getattr(plain, name), ours)


def test_an_expected_fall_of_the_price_drives_people_out_of_bonds() -> None:
    # the return expected falls by chi (15 - 20)/20 = -.025: 2.75 % of wealth leaves for bills
    plain = lp(periods=20, schedule=SAME)
    feared = lp(periods=20, schedule={**SAME, "p_bL_e": {10: 15.0}})
    np.testing.assert_array_equal(plain.BLh[:9], feared.BLh[:9])
    wealth = plain.V[8] + plain.YD[8] - plain.C[9]  # as expected
    moved = 20 * (plain.BLh[9] - feared.BLh[9]), feared.Bh[9] - plain.Bh[9]
    np.testing.assert_allclose(moved, [0.0275 * wealth, 0.025 * wealth], rtol=1e-11)
    # the price is the authorities' to hold, so nobody gains or loses
    assert not np.any(feared.CG)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ({"schedule": {"r_b": {1: 0.03}}}, "DP-161", "does not say what p_bL is in period 1"),
        ({"schedule": {"p_bL": {1: 20}}}, "DP-161", "does not say what r_b is in period 1"),
        ({"schedule": {**SAME, "pbl": {1: 20}}}, "DP-161", "Did you mean 'p_bL'"),
        ({"schedule": {**SAME, "rb": {1: 20}}}, "DP-161", "Did you mean 'r_b'"),
        ({"schedule": {**SAME, "p_bL": {1: 0.0}}}, "DP-160", "p_bL is 0.0"),
        ({"schedule": {**SAME, "r_b": {1: 3.0}}}, "DP-160", "r_b is 3.0.*0.025"),
        ({"periods": 0}, "DP-160", "periods is 0"),
        ({"theta": 0.0}, "DP-160", "theta is 0.0"),
        ({"chi": 2.0}, "DP-160", "chi is 2.0"),
        ({"BLh_start": -1.0}, "DP-160", "BLh_start is -1.0"),
        ({"theta": 0.01}, "DP-162", "model LP does not come to rest"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict, code: str, said: str) -> None:
    with pytest.raises(DrypowderError, match=f"{code}: .*{said}") as caught:
        lp(**{"periods": 5, "schedule": SAME, **arguments})
    assert isinstance(caught.value, UsageError) == (code != "DP-162")
