"""Funds that sell to one another's cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import DrypowderError, UsageError
from drypowder.replications import leveraged_funds


def test_a_thousand_funds_to_ten_digits():
    # recomputed by an independent program from the stated rules, NumPy's generator and order
    found = leveraged_funds(n=1000)
    assert (found.rounds, found.failures) == (6, 1)
    assert found.p0 == pytest.approx(0.8768964147, abs=5e-11)
    assert found.mean_sold == pytest.approx(0.0067119134, abs=5e-11)


@given(st.integers(1, 200), st.integers(0, 99), st.floats(0.0, 0.6))
def test_books_balance_and_end_where_the_funds_do(count, seed, shock):
    found = leveraged_funds(n=count, seed=seed, shock=shock)
    if not found.rounds:
        return
    ledger = found.ledger()  # checked when it is made
    debt, worth = found.debt.sum(), (found.equity + found.debt).sum()
    assert -ledger.held("funds", "loans")[-1] == pytest.approx(debt, rel=1e-9, abs=1e-9)
    assert ledger.held("funds", "assets")[-1] == pytest.approx(worth, rel=1e-9, abs=1e-9)
    paid = -ledger.held("outside_buyer", "cash")[-1]
    assert paid == pytest.approx(ledger.held("lenders", "cash")[-1], rel=1e-12)
    assert paid > 0.0


@given(st.integers(0, 99))
def test_a_harder_shock_or_impact_does_no_good(seed):
    by_shock = [leveraged_funds(n=60, seed=seed, shock=s) for s in (0.0, 0.05, 0.1, 0.2, 0.4)]
    by_impact = [leveraged_funds(n=60, seed=seed, impact_at_5pct_sold=i) for i in (0.0, 0.03, 0.1)]
    assert by_shock[0].rounds == 0
    for runs in (by_shock, by_impact):
        assert (np.diff([run.failures for run in runs]) >= 0).all()
        assert (np.diff([run.p0 for run in runs]) <= 1e-12).all()


def test_nonsense_and_endless_sales_are_refused():
    for wrong in ({"n": 0}, {"n": 5, "shock": 1.0}, {"n": 5, "least_leverage": 0.5},
                  {"n": 5, "shocked": 10}, {"n": 5, "impact_at_5pct_sold": 1.0}):  # fmt: skip
        with pytest.raises(UsageError):
            leveraged_funds(**wrong)
    with pytest.raises(DrypowderError) as endless:
        leveraged_funds(n=1000, most_rounds=2)
    assert endless.value.code == "DP-169"
