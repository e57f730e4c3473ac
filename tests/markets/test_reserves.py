"""Law 9: ample reserves cost nothing however much is issued; scarce ones cost convexly."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from tests.worlds import plain_parameters

from drypowder.accounts.economy import default_economy
from drypowder.engine.simulate import simulate
from drypowder.markets.reserves import ReserveParameters, lambda_bp, standing_repo_usd_bn
from drypowder.scenarios.compile import compile_inputs
from drypowder.scenarios.scenario import load

NEED = 3_000.0


def parameters(paths: int, cap_bp: float = 1e6) -> ReserveParameters:
    """lambda_bar 40 bp, x_min 0.7, smoothing 0.03."""
    return plain_parameters(default_economy(), paths, standing_repo_cap_bp=cap_bp).reserves


def price_of(share_of_need) -> np.ndarray:
    supply = NEED * jnp.asarray(share_of_need)
    need = jnp.full(supply.shape, NEED)
    return np.asarray(
        lambda_bp(supply_usd_bn=supply, satiation_usd_bn=need, parameters=parameters(len(supply)))
    )


def test_law_9_lambda_is_nothing_above_satiation_and_convex_below():
    share = np.linspace(0.72, 1.6, 200)
    price = price_of(share)
    assert np.all(price[share > 1.25] < 1e-6)
    assert np.all(np.diff(price) < 0.0) and np.all(np.diff(price, 2) > -1e-12)


def test_lambda_by_hand():
    # x = 0.85: z = (0.85 - 0.7)/0.3 = 0.5, softplus(ln 2/0.03) x 0.03 = ln 2 to 1e-11: 40 ln 2
    assert price_of([0.85])[0] == pytest.approx(40.0 * np.log(2.0), rel=1e-9)


def test_the_standing_facility_lends_what_holds_lambda_at_its_cap():
    supply, need = jnp.array([0.75 * NEED]), jnp.array([NEED])
    given = parameters(1, cap_bp=10.0)
    lent = standing_repo_usd_bn(supply_usd_bn=supply, satiation_usd_bn=need, parameters=given)
    held = lambda_bp(supply_usd_bn=supply + lent, satiation_usd_bn=need, parameters=given)
    assert float(lent[0]) > 0.0 and float(held[0]) == pytest.approx(10.0, rel=1e-6)


def test_law_9_with_two_trillion_in_reverse_repo_doubling_issuance_leaves_lambda_at_zero():
    full = load("rrp_two_trillion").with_levers(capex_pace=2.0)
    assert simulate(compile_inputs(full, years=0.25)).series["lambda_bp"].max() < 1e-3
