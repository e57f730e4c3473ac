"""The market solver: right derivative, one root however reached, honest when there is none."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.busy import busy_inputs

from drypowder.engine.simulate import make_levers, run_block, simulate
from drypowder.markets.clearing import TOLERANCE, clear, inverse
from drypowder.markets.demand import Curves, excess_demand, excess_demand_jacobian

HOLDERS, ASSETS, PATHS = 5, 7, 3
SEGMENTS = ((0, 5), (5, 7))
_clear = jax.jit(clear, static_argnames="segments")
_jacobian = jax.jit(excess_demand_jacobian, static_argnames="segments")


def _curves(seed: int, *, open_share: float = 1.0, supply: float = 1.0) -> Curves:
    """Random holders with opening prices near one; not everybody owns everything."""
    random = np.random.default_rng(seed)
    owned = random.uniform(size=(HOLDERS, ASSETS, 1)) < 0.7
    owned[0] = True
    units = random.uniform(1.0, 50.0, (HOLDERS, ASSETS, PATHS)) * owned
    cash = random.uniform(5.0, 100.0, (HOLDERS, len(SEGMENTS), PATHS))
    by_asset = np.repeat(cash, [stop - start for start, stop in SEGMENTS], axis=1)
    odds = np.where(units > 0.0, np.log(np.maximum(units, 1e-9) / by_asset), -1e3)
    return Curves(
        log_odds=jnp.asarray(odds + 0.05 * random.normal(size=(1, ASSETS, PATHS))),
        slope=jnp.asarray(random.uniform(0.5, 8.0, (HOLDERS, ASSETS, PATHS))),
        cash=jnp.asarray(cash),
        units=jnp.asarray(units),
        net_supply=jnp.asarray(supply * random.uniform(-2.0, 4.0, (ASSETS, PATHS))),
        trades=jnp.asarray((random.uniform(size=ASSETS) < open_share).astype(float)),
        kept=jnp.ones(cash.shape),
    )


def _alone(curves: Curves, path: int) -> Curves:
    return jax.tree.map(lambda leaf: leaf[..., path : path + 1], curves)._replace(
        trades=curves.trades
    )


def _cold_guess():
    return jnp.broadcast_to(-jnp.eye(ASSETS)[:, :, None], (ASSETS, ASSETS, PATHS))


def _solve(curves: Curves, start=None, guess=None):
    return _clear(
        log_price=jnp.zeros((ASSETS, PATHS)) if start is None else start,
        inverse_guess=_cold_guess() if guess is None else guess,
        curves=curves,
        segments=SEGMENTS,
        alive=jnp.ones(PATHS, dtype=bool),
    )


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 1.0]))
def test_the_jacobian_written_by_hand_is_the_derivative(seed, open_share):
    random = np.random.default_rng(seed + 1)
    curves = _curves(seed, open_share=open_share)
    curves = curves._replace(kept=jnp.asarray(random.uniform(0.2, 1.0, curves.cash.shape)))
    log_price = jnp.asarray(random.normal(0.0, 0.3, (ASSETS, PATHS)))
    by_hand = np.asarray(_jacobian(log_price=log_price, curves=curves, segments=SEGMENTS))
    is_open = np.asarray(curves.trades) > 0.0
    for path in range(PATHS):
        alone = _alone(curves, path)
        automatic = jax.jacfwd(
            lambda x, c=alone: excess_demand(log_price=x[:, None], curves=c, segments=SEGMENTS)[
                :, 0
            ]
        )(log_price[:, path])
        expected = np.where(is_open[:, None], automatic, -np.eye(ASSETS))  # a closed price stays
        np.testing.assert_allclose(by_hand[:, :, path], expected, rtol=1e-10, atol=1e-12)


@given(st.integers(0, 2**32 - 1))
def test_the_elimination_inverts_what_the_library_inverts(seed):
    curves = _curves(seed)
    log_price = jnp.asarray(np.random.default_rng(seed).normal(0.0, 0.3, (ASSETS, PATHS)))
    matrix = _jacobian(log_price=log_price, curves=curves, segments=SEGMENTS)
    library = np.linalg.inv(np.moveaxis(np.asarray(matrix), -1, 0))
    np.testing.assert_allclose(np.moveaxis(np.asarray(inverse(matrix)), -1, 0), library, rtol=1e-8)


def _full_newton(curves: Curves, log_price):
    """Fresh library solve on every step, each path on its own, damped."""
    for _ in range(60):
        gap = np.asarray(excess_demand(log_price=log_price, curves=curves, segments=SEGMENTS))
        slope = np.asarray(_jacobian(log_price=log_price, curves=curves, segments=SEGMENTS))
        step = np.linalg.solve(np.moveaxis(slope, -1, 0), -gap.T[:, :, None])[:, :, 0].T
        log_price = log_price + step * 0.5 / np.maximum(np.abs(step).max(axis=0), 0.5)
    return np.asarray(log_price)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_any_warm_start_reaches_the_root_of_full_newton(seed):
    curves = _curves(seed)
    root = _full_newton(curves, jnp.zeros((ASSETS, PATHS)))
    random = np.random.default_rng(seed)
    cold = _solve(curves)
    yesterday = _curves(seed)._replace(net_supply=curves.net_supply * 0.5)
    stale = _solve(yesterday)
    warm = _solve(curves, stale.log_price, stale.inverse)
    astray = _solve(curves, jnp.asarray(random.normal(0.0, 0.3, (ASSETS, PATHS))), stale.inverse)
    for found in (cold, warm, astray):
        assert bool(found.converged.all())
        np.testing.assert_allclose(found.log_price, root, atol=1e-9)


def test_a_warm_start_needs_no_new_jacobian():
    first = _solve(_curves(11))
    again = _solve(_curves(11), first.log_price, first.inverse)
    assert int(first.refreshes.max()) > 0
    assert int(again.refreshes.max()) == 0


@settings(max_examples=10)
@example(8169)  # every halved Newton step makes the worst gap wider before it narrows
@given(st.integers(0, 2**32 - 1))
def test_cash_cut_to_a_hundredth_still_clears(seed):
    """Specification 5: a violent shock needs many damped steps and must get them."""
    calm = _curves(seed, supply=0.0)
    before = _solve(calm)
    after = _solve(calm._replace(cash=0.01 * calm.cash), before.log_price, before.inverse)
    assert bool(after.converged.all())
    assert float(jnp.abs(after.residual).max()) <= TOLERANCE
    assert float(after.log_price.max()) < float(before.log_price.max())  # nobody can pay as much


def test_a_closed_market_keeps_its_price_and_its_quantities():
    curves = _curves(3, supply=0.0)
    shut = curves._replace(
        trades=jnp.array([1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]), cash=1.3 * curves.cash
    )
    start = jnp.asarray(np.random.default_rng(3).normal(0.0, 0.2, (ASSETS, PATHS)))
    found = _solve(shut, start)
    closed = np.asarray(shut.trades) == 0.0
    assert bool(found.converged.all())
    assert np.array_equal(np.asarray(found.log_price)[closed], np.asarray(start)[closed])
    assert np.all(np.asarray(found.log_price)[~closed] != np.asarray(start)[~closed])


def test_one_failing_path_does_not_disturb_the_others():
    curves = _curves(5)
    alone = _solve(curves)
    everything = -1.5 * jnp.sum(curves.units[3, :, 1]) - jnp.sum(curves.units[:, 3, 1])
    broken = curves._replace(net_supply=curves.net_supply.at[3, 1].set(everything))
    beside = _solve(broken)
    assert np.array_equal(np.asarray(beside.converged), [True, False, True])
    for path in (0, 2):
        assert np.array_equal(beside.log_price[:, path], alone.log_price[:, path])


MORE_THAN_THERE_IS = 30_000.0  # USD bn; all agency MBS are about 11,000, Treasuries 22,000


@pytest.mark.parametrize(("official", "market"), [(1, "treasuries"), (2, "agency_mbs")])
def test_an_impossible_market_is_named(official, market):
    """Buying more than exists has no price: the path stops there and says in which market."""
    inputs = busy_inputs(4)
    purchases = inputs.days.official_purchases_usd_bn.at[2, official].set(MORE_THAN_THERE_IS)
    days = _with(inputs.days, official_purchases_usd_bn=purchases)
    run = simulate(_with(inputs, days=days), paths=1)
    (failure,) = run.failures
    assert (failure.path, failure.step, failure.market) == (0, 2, market)


def test_a_path_that_fails_leaves_the_other_paths_of_its_block_alone():
    """Path 1 has no demand that is a number; paths 0 and 2 must not notice."""
    inputs = busy_inputs(4)
    levers = make_levers(inputs, 3, shock_scale=0.0)
    parameters = inputs.draw(np.arange(3))
    healthy = run_block(inputs, parameters, levers, np.arange(3), 0)
    kappa = parameters.demand.kappa.at[:, 1].set(jnp.nan)
    sick = _with(parameters, demand=_with(parameters.demand, kappa=kappa))
    series = run_block(inputs, sick, levers, np.arange(3), 0)
    assert np.array_equal(series["failed_day"], [-1, 0, -1])
    for path in (0, 2):
        assert np.array_equal(series["price"][path], healthy["price"][path])


def _with(module, **changes):
    """A frozen module with some fields replaced."""
    fields = {name: getattr(module, name) for name in module.__dataclass_fields__}
    return type(module)(**{**fields, **changes})
