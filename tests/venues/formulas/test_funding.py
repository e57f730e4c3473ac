"""Funding: what one side pays, the other receives, to the last bit."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.venues import funding_payment, hyperliquid_funding_rate


def test_a_long_pays_a_short_by_hand():
    """2 coins at 50,000 and 0.01 %: 10 USD; inverse, 100,000 USD at 50,000: 2 coins, 0.0002."""
    paid = funding_payment(side=[1, -1], size=2.0, price=50_000.0, rate=1e-4)
    np.testing.assert_array_equal(paid, [10.0, -10.0])
    terms = dict(size=1_000, price=50_000.0, rate=1e-4, contract="inverse", contract_value=100.0)
    assert funding_payment(side=1, **terms) == pytest.approx(2e-4)
    assert funding_payment(side=-1, **terms) == pytest.approx(-2e-4)


def test_shorts_pay_where_the_rate_is_below_zero():
    assert funding_payment(side=-1, size=1.0, price=100.0, rate=-0.01) == 1.0


@given(
    st.lists(st.integers(1, 10**9), min_size=1, max_size=30),
    st.floats(1e-6, 1e6),
    st.floats(-0.04, 0.04),
    st.sampled_from(["linear", "inverse"]),
    st.randoms(use_true_random=False),
)
def test_payments_of_one_market_add_up_to_exactly_nothing(lots, price, rate, contract, chance):
    """Longs of whole lots, and shorts who split the same total otherwise."""
    total = sum(lots)
    cuts = sorted({chance.randrange(total + 1) for _ in range(5)} | {0, total})
    shorts = [after - before for before, after in pairwise(cuts)]
    side = np.array([1] * len(lots) + [-1] * len(shorts))
    size = np.array(lots + shorts) * 1e-5
    value = 1.0 if contract == "inverse" else None
    paid = funding_payment(
        side=side, size=size, price=price, rate=rate, contract=contract, contract_value=value
    )
    order = np.array(chance.sample(range(len(side)), len(side)))
    assert paid.sum() == 0.0 and paid[order].sum() == 0.0 and sum(paid[order].tolist()) == 0.0
    notional = size / price if contract == "inverse" else size * price
    exact = side * notional * rate
    np.testing.assert_allclose(paid, exact, rtol=0.0, atol=1e-14 * np.abs(exact).sum() + 1e-300)


def test_several_markets_at_once_are_paid_as_they_are():
    paid = funding_payment(side=[1, -1], size=1.0, price=[100.0, 50.0], rate=0.01)
    np.testing.assert_array_equal(paid, [1.0, -0.5])


def test_hyperliquid_rate_by_hand():
    """No premium: 0.01 %/8; premium 0.1 %: (0.1 % - 0.05 %)/8; -0.1 %: (-0.1 % + 0.05 %)/8."""
    assert hyperliquid_funding_rate(premium=0.0) == pytest.approx(0.0000125)
    found = hyperliquid_funding_rate(premium=[0.001, -0.001, 0.0003, 5.0, -5.0])
    np.testing.assert_allclose(found, [6.25e-5, -6.25e-5, 1.25e-5, 0.04, -0.04], rtol=1e-12)


def test_leverage_costs_about_eleven_per_cent_a_year_when_nobody_is_in_a_hurry():
    assert 24 * 365 * hyperliquid_funding_rate(premium=0.0) == pytest.approx(0.1095)


@given(st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=20))
def test_the_rate_never_falls_as_the_premium_rises(premiums):
    rates = hyperliquid_funding_rate(premium=np.sort(premiums))
    assert np.all(np.diff(rates) >= -1e-18)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"price": 0.0}, "DP-121"),
        ({"rate": np.nan}, "DP-121"),
        ({"side": 0}, "DP-122"),
        ({"contract": "quanto"}, "DP-123"),
        ({"contract": "inverse"}, "DP-124"),
        ({"size": [1.0, 2.0], "rate": [0.1, 0.1, 0.1]}, "DP-127"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, code):
    with pytest.raises(UsageError) as refused:
        funding_payment(**{"side": 1, "size": 1.0, "price": 100.0, "rate": 0.01, **wrong})
    assert refused.value.code == code
