"""Prices that optimists on credit pay, what bad news does to them, and the books of it all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import collateral_equilibrium, leverage_cycle

BAD, GOOD = st.floats(0.02, 0.95), st.floats(1.0, 3.0)
GOODS = st.floats(0.2, 5.0)
OPTIMISTS, MIDDLE, PESSIMISTS = range(3)


def test_without_loans_the_price_is_the_root_of_a_quadratic():
    """(1 - b)(1 + p) = p with b = (p - 0.2)/0.8, solved for p by hand."""
    found = collateral_equilibrium(borrowing=False)
    # (1 - p)/0.8 (1 + p) = p  <=>  p^2 + 0.8 p - 1 = 0
    assert found.p == pytest.approx((-0.8 + (0.64 + 4.0) ** 0.5) / 2.0, abs=1e-12)
    assert found.b == pytest.approx((found.p - 0.2) / 0.8, abs=1e-12)
    assert found.borrowed == 0.0 and found.leverage == 1.0


def test_with_loans_the_price_is_higher():
    """(1 - p)/0.8 (1 + p) + 0.2 = p  <=>  p^2 + 0.8 p - 1.16 = 0."""
    found = collateral_equilibrium()
    assert found.p == pytest.approx((-0.8 + (0.64 + 4.64) ** 0.5) / 2.0, abs=1e-12)
    assert found.loan_to_value == pytest.approx(0.2 / found.p, abs=1e-12)


def test_published_numbers_of_three_dates():
    found = leverage_cycle()
    assert (found.p0, found.a, found.pD) == pytest.approx((0.95, 0.87, 0.69), abs=5e-3)
    assert found.unique
    assert found.leverage_before == pytest.approx(3.7, abs=0.05)
    assert found.leverage_after == pytest.approx(1.4, abs=0.05)


@given(bad=BAD, good=GOOD, goods=GOODS)
def test_the_four_equations_hold(bad, good, goods):
    found = leverage_cycle(bad_payoff=bad, good_payoff=good, goods=goods)
    p0, a, pD, b = found.p0, found.a, found.pD, found.b
    assert 0.0 < b < a < 1.0 and bad < pD < p0 <= good
    assert (1.0 - a) * (goods + p0) + pD == pytest.approx(p0, abs=1e-9)
    assert (a - b) * (goods + pD) / a + bad == pytest.approx(pD, abs=1e-9)
    assert b * good + (1.0 - b) * bad == pytest.approx(pD, abs=1e-9)
    now = a * (good - pD) * (pD - bad)
    wait = (a * (pD - bad) + (1.0 - a) * a * (good - bad)) * (p0 - pD)
    assert now == pytest.approx(wait, abs=1e-9)


@given(bad=BAD, goods=GOODS)
def test_loans_lift_the_price_and_make_bad_news_worse_than_it_is(bad, goods):
    found = leverage_cycle(bad_payoff=bad, goods=goods)
    with_loans = collateral_equilibrium(bad_payoff=bad, goods=goods)
    assert with_loans.p > collateral_equilibrium(bad_payoff=bad, goods=goods, borrowing=False).p
    assert found.p0 - found.pD > found.valuation_before - found.valuation_after
    assert found.loan_to_value_after < found.loan_to_value_before


@given(bad=BAD, goods=GOODS)
def test_the_books_balance_and_nobody_makes_goods_or_assets(bad, goods):
    found = leverage_cycle(bad_payoff=bad, goods=goods)
    found.ledger.check()
    stocks = found.ledger.stocks  # moment, sector, (goods, loan, asset)
    np.testing.assert_allclose(stocks[..., 0].sum(axis=1), goods, atol=1e-9)
    np.testing.assert_allclose(stocks[..., 1].sum(axis=1), 0.0, atol=1e-9)
    np.testing.assert_allclose(
        stocks[..., 2].sum(axis=1), [found.p0, found.p0, found.pD], atol=1e-9
    )
    # not solved for: optimists have spent all, and bad news takes all they had
    np.testing.assert_allclose(stocks[1, OPTIMISTS, 0], 0.0, atol=1e-9)
    np.testing.assert_allclose(stocks[2, OPTIMISTS], 0.0, atol=1e-9)
    np.testing.assert_allclose(stocks[2, MIDDLE, 0], 0.0, atol=1e-9)


def test_the_flow_matrix_names_who_lost():
    found = leverage_cycle()
    flows = found.flow_matrix(2)
    assert set(flows.postings_usd_bn) >= {"collateral handed over", "loans cancelled"}
    before, after = found.balance_sheet(1), found.balance_sheet(2)
    lost = before.net_worth_usd_bn - after.net_worth_usd_bn
    assert lost[OPTIMISTS] == pytest.approx(found.p0 - found.pD, abs=1e-9)
    assert lost[MIDDLE] == pytest.approx(0.0, abs=1e-9)
    assert lost[PESSIMISTS] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("bad", [0.0, 1.0, 1.2, float("nan")])
def test_payoffs_that_make_no_market_are_refused(bad):
    for model in (leverage_cycle, collateral_equilibrium):
        with pytest.raises(UsageError, match="DP-168"):
            model(bad_payoff=bad)
