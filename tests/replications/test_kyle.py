"""Each side answers the other best, and profits sum to zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import kyle

POSITIVE = st.floats(0.01, 100.0)


@pytest.mark.parametrize(
    ("sigma0", "sigma_u", "wanted"),
    [(1.0, 1.0, (1.0, 0.5, 0.5, 0.5)), (4.0, 3.0, (1.5, 1.0 / 3.0, 2.0, 3.0))],
)
def test_worked_by_hand(sigma0, sigma_u, wanted):
    """sigma_u/sqrt(Sigma0), sqrt(Sigma0)/(2 sigma_u), Sigma0/2, sigma_u sqrt(Sigma0)/2."""
    found = kyle(sigma0=sigma0, sigma_u=sigma_u)
    told = (found.beta, found.lambda_, found.posterior, found.profit)
    assert told == pytest.approx(wanted, abs=1e-12)


@given(sigma0=POSITIVE, sigma_u=POSITIVE)
def test_profits_sum_to_zero_and_dealers_have_none(sigma0, sigma_u):
    found = kyle(sigma0=sigma0, sigma_u=sigma_u)
    assert found.dealer_profit == pytest.approx(0.0, abs=1e-9 * found.profit)
    assert found.profit + found.noise_profit == pytest.approx(0.0, abs=1e-9 * found.profit)
    assert found.informativeness == pytest.approx(0.5)


@given(sigma0=POSITIVE, sigma_u=POSITIVE, factor=st.floats(0.1, 3.0))
def test_no_other_intensity_earns_more_against_these_dealers(sigma0, sigma_u, factor):
    """E[(v - p) x] with x = beta' (v - p0) is beta' (1 - lambda beta') Sigma0."""
    found = kyle(sigma0=sigma0, sigma_u=sigma_u)
    other = factor * found.beta
    earned = other * (1.0 - found.lambda_ * other) * sigma0
    assert earned <= found.profit * (1.0 + 1e-12)


@given(sigma0=POSITIVE, sigma_u=POSITIVE)
def test_dealers_set_the_price_that_orders_predict(sigma0, sigma_u):
    """Regression of v on beta (v - p0) + u."""
    found = kyle(sigma0=sigma0, sigma_u=sigma_u)
    slope = found.beta * sigma0 / (found.beta**2 * sigma0 + sigma_u**2)
    assert found.lambda_ == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("inf")])
def test_without_noise_or_news_there_is_no_auction(bad):
    for sigma0, sigma_u in ((bad, 1.0), (1.0, bad)):
        with pytest.raises(UsageError, match="DP-168"):
            kyle(sigma0=sigma0, sigma_u=sigma_u)
