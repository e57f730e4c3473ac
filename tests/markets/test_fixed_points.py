"""Laws 18 and 19: fixed points need not be unique; non-finite is never converged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.markets.fixed_points import fixed_points

# Three banks (published map): a discount makes bonds worth less, a leverage limit of 44 makes
# banks sell, selling makes the discount.
EQUITY = np.array([28.0, 80.0, 65.0])
BONDS = np.array([145.0, 435.0, 300.0])
LOANS = np.array([1170.0, 1245.0, 1190.0])


def discount_from_sales(discount):
    room = 44.0 * (EQUITY - BONDS * discount) - LOANS
    sold = np.clip(1.0 - room / (BONDS * (1.0 - discount)), 0.0, 1.0)
    return np.sqrt(0.000022 * np.sum(sold * BONDS, keepdims=True))


def test_three_banks_have_several_equilibria_and_the_least_is_the_published_one():
    found = fixed_points(discount_from_sales, lowest=np.zeros(1), highest=np.array([0.5]))
    assert found.converged and not found.unique
    assert found.least[0] == pytest.approx(0.056480085, abs=5e-10)
    # all bonds sold: sqrt(0.000022 * 880)
    assert found.greatest[0] == pytest.approx(np.sqrt(0.000022 * 880.0), abs=1e-12)


@given(st.lists(st.floats(0.0, 0.9), min_size=3, max_size=3), st.floats(0.1, 5.0))
def test_a_contraction_has_one_fixed_point(slopes, shift):
    slope = np.array(slopes)
    found = fixed_points(
        lambda x: slope * x + shift, lowest=np.zeros(3), highest=np.full(3, 10.0 * shift)
    )
    assert found.converged and found.unique
    np.testing.assert_allclose(found.least, shift / (1.0 - slope), rtol=1e-9)


def test_non_finite_and_non_monotone_maps_are_not_converged():
    assert not fixed_points(lambda x: x * np.nan, lowest=np.zeros(1), highest=np.ones(1)).converged
    assert not fixed_points(lambda x: 1.0 - x, lowest=np.zeros(1), highest=np.ones(1)).converged
