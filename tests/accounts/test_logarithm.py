import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.accounts.logarithm import log


@given(st.floats(min_value=np.finfo(float).tiny, allow_infinity=False, allow_nan=False))
def test_is_the_logarithm_within_two_units_of_the_last_place(x):
    assert float(log(jnp.float64(x))) == pytest.approx(np.log(x), rel=4.5e-16, abs=0.0)


@given(st.floats(-1e-3, 1e-3))
def test_is_as_good_next_to_one(x):
    assert float(log(jnp.float64(1.0 + x))) == pytest.approx(np.log(1.0 + x), rel=4.5e-16)


def test_says_where_there_is_none():
    found = log(jnp.array([0.0, -0.0, -1.0, jnp.inf, -jnp.inf, jnp.nan, 1.0]))
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.log([0.0, -0.0, -1.0, np.inf, -np.inf, np.nan, 1.0])
    np.testing.assert_array_equal(found, expected)


@given(st.floats(1e-6, 1e6))
def test_its_slope_is_one_over_x(x):
    assert float(jax.grad(log)(jnp.float64(x))) == pytest.approx(1.0 / x, rel=1e-15)
