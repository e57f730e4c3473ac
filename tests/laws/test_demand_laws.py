"""Laws 2, 3, 4, 6 and 10 on the demand system itself, worked by hand."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.markets.clearing import clear
from drypowder.markets.demand import Curves, average_over, opening_log_odds, weights

ONE_GROUP = ((0, 1),)


def solve(curves, segments):
    assets, paths = curves.net_supply.shape
    return clear(
        log_price=jnp.zeros((assets, paths)),
        inverse_guess=jnp.broadcast_to(-jnp.eye(assets)[:, :, None], (assets, assets, paths)),
        curves=curves,
        segments=segments,
        alive=jnp.ones(paths, dtype=bool),
    )


def curves_of(units, cash, slope, *, extra_cash=0.0, supply=0.0, shift=0.0):
    """Curves anchored at (units, cash), then with more cash, net supply or shifted log odds."""
    units, cash = jnp.asarray(units, dtype=float), jnp.asarray(cash, dtype=float)
    by_asset = jnp.repeat(cash, units.shape[1], axis=1)
    odds = opening_log_odds(units=units, cash=by_asset)
    assets, paths = units.shape[1:]
    return Curves(
        log_odds=odds + shift,
        slope=jnp.broadcast_to(jnp.asarray(slope, dtype=float), units.shape),
        cash=cash + extra_cash,
        units=units,
        net_supply=jnp.broadcast_to(jnp.asarray(supply, dtype=float), (assets, paths)),
        trades=jnp.ones(assets),
        kept=jnp.ones_like(cash),
    )


@given(
    cash=st.floats(5.0, 500.0),
    supply=st.floats(-20.0, 200.0),
    slope=st.floats(0.0, 20.0),
    value=st.floats(-0.5, 0.5),
)
def test_law_3_one_group_has_the_closed_form_price(cash, supply, slope, value):
    """ln P = [ln X - ln S + alpha + kappa(ybar - r) + (kappa/D) ln V] / (1 + kappa/D).

    Opening: 100 units at price 1 and cash 50, so alpha + kappa(...) = ln(100/50). X and S are
    after clearing: the buyer pays for what is issued.
    """
    opening = curves_of([[[100.0]]], [[[50.0]]], slope)
    moved = opening._replace(
        log_odds=opening.log_odds + slope * value,
        cash=opening.cash - 50.0 + cash,
        net_supply=jnp.full((1, 1), min(supply, 0.6 * cash)),
    )
    found = solve(moved, ONE_GROUP)
    price = float(jnp.exp(found.log_price[0, 0]))
    issued = min(supply, 0.6 * cash)
    units_after = 100.0 + issued / price
    cash_after = cash - issued
    expected = (np.log(cash_after) - np.log(units_after) + np.log(2.0) + slope * value) / (
        1.0 + slope
    )
    assert bool(found.converged[0])
    assert np.log(price) == pytest.approx(expected, abs=1e-9)


def test_an_issue_that_no_price_can_place_is_not_converged():
    """A fixed share theta = 2/3 of 5 in cash cannot buy an issue of 4: 2 (5 - 4) < 4."""
    curves = curves_of([[[100.0]]], [[[50.0]]], 0.0, extra_cash=-45.0, supply=4.0)
    assert not bool(solve(curves, ONE_GROUP).converged[0])


@pytest.mark.parametrize(("theta", "published"), [(0.5, 2.0), (0.8, 5.0), (0.9, 10.0)])
def test_law_4_a_balanced_fund_moves_the_price_by_one_over_one_less_theta(theta, published):
    """Fixed share theta (kappa 0), assets 100: inflow of 1 % moves the price 1 %/(1 - theta)."""
    held, cash = 100.0 * theta, 100.0 * (1.0 - theta)
    found = solve(curves_of([[[held]]], [[[cash]]], 0.0, extra_cash=1.0), ONE_GROUP)
    assert float(jnp.expm1(found.log_price[0, 0])) * 100.0 == pytest.approx(published, abs=1e-8)


@given(st.integers(0, 10_000))
def test_law_2_the_money_column_clears_by_itself(seed):
    """Walras: cash left over is the cash brought less what was issued, without solving for it."""
    random = np.random.default_rng(seed)
    units = random.uniform(1.0, 100.0, (5, 3, 2))
    cash = random.uniform(1.0, 50.0, (5, 1, 2))
    supply = random.uniform(-2.0, 10.0, (3, 2))
    curves = curves_of(units, cash, random.uniform(0.1, 10.0, (5, 3, 1)), supply=supply)
    found = solve(curves, ((0, 3),))
    assert bool(jnp.all(found.converged))
    share, wealth = weights(log_price=found.log_price, curves=curves, segments=((0, 3),))
    left = wealth[:, 0] * (1.0 - jnp.sum(share, axis=1))
    brought = jnp.sum(curves.cash[:, 0], axis=0)
    gap = jnp.sum(left, axis=0) - (brought - jnp.sum(curves.net_supply, axis=0))
    np.testing.assert_allclose(gap / brought, 0.0, atol=1e-9)


@given(st.floats(1.0, 60.0), st.floats(0.0005, 0.03), st.floats(1.0, 10.0), st.floats(1.05, 4.0))
def test_law_6_a_common_rise_of_required_return_hurts_the_longer_asset_more(
    kappa, rise, shorter, ratio
):
    """Two assets of equal size and kappa, durations D and ratio*D, required return up by `rise`."""
    durations = np.array([shorter, ratio * shorter])
    slope = (kappa / durations)[None, :, None]
    shift = -(slope * durations[None, :, None]) * rise  # -kappa * rise for both
    curves = curves_of(np.full((1, 2, 1), 30.0), [[[40.0]]], slope, shift=shift)
    found = solve(curves, ((0, 2),))
    fall = -np.asarray(found.log_price[:, 0])
    assert fall[1] > fall[0] > 0.0


@given(st.floats(-5.0, 5.0))
def test_law_10_with_kappa_to_infinity_flows_move_no_price(flow):
    found = solve(
        curves_of(np.full((1, 2, 1), 30.0), [[[40.0]]], 1e9, supply=np.array([[flow], [0.0]])),
        ((0, 2),),
    )
    np.testing.assert_allclose(np.asarray(found.log_price), 0.0, atol=1e-8)


def test_overnight_stress_does_not_move_long_yields_one_for_one():
    """theta 2, D 6: (1 - exp(-12))/12 = 0.0833; a bill of 0.3 years feels 0.752 of it."""
    passed = average_over(reversion_pa=jnp.array([2.0]), years=jnp.array([[6.0], [0.3]]))
    np.testing.assert_allclose(passed[:, 0], [0.0833328, 0.7519806], atol=1e-6)


def test_the_last_dollar_is_infinitely_dear():
    """Selling to one holder: each further 10 of its cash moves the price more (convexity)."""
    prices = [
        float(solve(curves_of([[[100.0]]], [[[50.0]]], 2.0, supply=s), ONE_GROUP).log_price[0, 0])
        for s in (0.0, 10.0, 20.0, 30.0, 40.0, 49.0, 49.9, 49.99)
    ]
    falls = -np.diff(prices)
    per_dollar = falls / np.array([10, 10, 10, 10, 9, 0.9, 0.09])
    assert np.all(np.diff(per_dollar) > 0.0)
    assert per_dollar[-1] > 100.0 * per_dollar[0]
