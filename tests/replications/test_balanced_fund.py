"""Our clearing with one fund that owns everything: the multiplier is one over inelasticity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import balanced_fund

THETA = st.floats(0.05, 0.95)


@pytest.mark.parametrize(("theta", "percent", "dollars"), [(0.5, 2, 1), (0.8, 5, 4), (0.9, 10, 9)])
def test_one_per_cent_in(theta, percent, dollars):
    found = balanced_fund(theta=theta, inflow=0.01)
    assert found.price_change == pytest.approx(0.01 * percent, abs=1e-11)
    assert found.dollars_per_dollar == pytest.approx(dollars, abs=1e-9)


@given(theta=THETA, size=st.floats(-0.9, 3.0))
def test_with_a_fixed_share_the_multiplier_is_the_same_for_every_flow(theta, size):
    inflow = size * (1.0 - theta)
    found = balanced_fund(theta=theta, inflow=inflow)
    assert found.price_change == pytest.approx(inflow / (1.0 - theta), abs=1e-9)
    assert found.equity_share == pytest.approx(theta, abs=1e-9)
    assert found.cash == 1.0 - theta + inflow  # nobody sold: the money is still there


@given(theta=THETA, kappa=st.floats(0.0, 20.0), delta=st.floats(0.0, 0.1))
def test_the_local_multiplier_is_theirs(theta, kappa, delta):
    found = balanced_fund(theta=theta, inflow=0.0, kappa=kappa, delta=delta)
    assert found.zeta == pytest.approx(1.0 - theta + kappa * delta)
    assert found.local_multiplier == pytest.approx(1.0 / found.zeta, rel=1e-9)
    assert found.price_change == pytest.approx(0.0, abs=1e-11)
    assert found.multiplier == found.local_multiplier


@given(theta=THETA, inflow=st.floats(0.001, 0.5), kappa=st.floats(0.1, 20.0))
def test_whoever_minds_the_price_moves_it_less(theta, inflow, kappa):
    rigid, minds = (balanced_fund(theta=theta, inflow=inflow, kappa=k) for k in (0.0, kappa))
    assert 0.0 < minds.price_change < rigid.price_change


def test_a_small_flow_at_their_calibration_moves_the_price_five_for_one():
    found = balanced_fund(theta=0.84, inflow=1e-6, kappa=1.0, delta=0.04)
    assert found.multiplier == pytest.approx(5.0, abs=1e-4)


@pytest.mark.parametrize("inflow", [-0.2, -0.5])
def test_a_fund_without_buyers_cannot_pay_out_more_than_its_cash(inflow):
    with pytest.raises(UsageError, match="DP-168"):
        balanced_fund(theta=0.8, inflow=inflow - 1e-12)


@pytest.mark.parametrize("theta", [0.0, 1.0, -0.1])
def test_a_share_outside_zero_and_one_is_refused(theta):
    with pytest.raises(UsageError, match="DP-168"):
        balanced_fund(theta=theta, inflow=0.01)
