"""Conviction and expectations, worked by hand."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.channels.conviction import updated_conviction
from drypowder.channels.expectations import (
    ExpectationParameters,
    anticipated,
    expected_money_usd_bn,
    expected_rate_change_pa,
    updated_beliefs,
)

PARAMETERS = ExpectationParameters(
    beliefs=jnp.array([[0.35], [0.50], [0.15]]),
    regime_rate_change_pa=jnp.array([[0.0], [0.0], [-0.005]]),
    regime_purchases_usd_bn=jnp.array([[500.0], [250.0], [-750.0]]),
    regime_put_rate_pa=jnp.array([[-0.1], [-0.1], [0.0]]),
    regime_put_usd_bn=jnp.array([[5000.0], [0.0], [0.0]]),
    fear_half_life_years=jnp.array([0.5]),
    put_trigger=jnp.array([0.1]),
    anticipation_share=jnp.array([0.5]),
)
CALM = jnp.zeros(1)


def test_bayes_by_hand():
    # 0.35 x 0.5, 0.50 x 0.5, 0.15 x 1 = 0.175, 0.25, 0.15 of 0.575
    found = updated_beliefs(beliefs=PARAMETERS.beliefs, evidence=jnp.log(jnp.array([0.5, 0.5, 1])))
    np.testing.assert_allclose(np.asarray(found)[:, 0], np.array([0.175, 0.25, 0.15]) / 0.575)


@given(st.lists(st.floats(-20.0, 0.0), min_size=3, max_size=3))
def test_beliefs_sum_to_one_whatever_is_announced(evidence):
    found = updated_beliefs(beliefs=PARAMETERS.beliefs, evidence=jnp.asarray(evidence))
    assert float(found.sum()) == pytest.approx(1.0)


def test_no_announcement_and_no_fall_expect_nothing_new():
    at = {"beliefs": PARAMETERS.beliefs, "parameters": PARAMETERS}
    assert float(expected_money_usd_bn(drawdown=CALM, **at)[0]) == 0.0
    assert float(expected_rate_change_pa(fear=CALM, **at)[0]) == 0.0


def test_two_legs_and_two_puts_by_hand():
    beliefs = jnp.array([[0.25], [0.40], [0.35]])
    at = {"beliefs": beliefs, "parameters": PARAMETERS}
    # -0.10 x 500 - 0.10 x 250 - 0.20 x 750 = -225
    assert float(expected_money_usd_bn(drawdown=CALM, **at)[0]) == pytest.approx(-225.0)
    # 0.06 beyond the trigger x 0.25 x 5,000 = 75
    deep = jnp.array([0.16])
    assert float(expected_money_usd_bn(drawdown=deep, **at)[0]) == pytest.approx(-150.0)
    # 0.20 x -0.005, and 0.16 x 0.65 x -0.1
    assert float(expected_rate_change_pa(fear=CALM, **at)[0]) == pytest.approx(-0.001)
    assert float(expected_rate_change_pa(fear=deep, **at)[0]) == pytest.approx(-0.0114)


def test_money_that_is_expected_is_felt_in_part():
    at = {"dry_powder_usd_bn": jnp.array([15_000.0]), "parameters": PARAMETERS}
    one = jnp.ones(1)
    felt = anticipated(money_usd_bn=jnp.array([-225.0]), switch=one, **at)
    assert float(felt[0]) == pytest.approx(0.5 * np.log(1.0 - 0.015))
    assert float(anticipated(money_usd_bn=one * -225.0, switch=0.0 * one, **at)[0]) == 0.0


def test_conviction_follows_returns_and_fades_by_halves():
    args = {
        "extrapolation": jnp.array([[0.3], [0.0]]),
        "half_life_years": jnp.array([0.5]),
        "dt_years": jnp.array(0.5),
        "switch": jnp.ones(1),
    }
    start = jnp.zeros((2, 1, 1))
    risen = updated_conviction(conviction=start, log_return=jnp.array([[0.2]]), **args)
    np.testing.assert_allclose(np.asarray(risen)[:, 0, 0], [0.06, 0.0])  # mandates do not follow
    later = updated_conviction(conviction=risen, log_return=jnp.array([[0.0]]), **args)
    np.testing.assert_allclose(np.asarray(later)[:, 0, 0], [0.03, 0.0])
