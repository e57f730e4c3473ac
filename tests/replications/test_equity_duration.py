"""Implied duration: a level perpetuity has (1 + r)/r, early cash shortens, a price lengthens."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import equity_duration

SHARES = {
    "book": st.floats(5.0, 200.0),
    "earnings": st.floats(-10.0, 40.0),
    "growth": st.floats(-0.2, 0.4),
    "r": st.floats(0.04, 0.3),
}


def test_the_share_of_the_page():
    found = equity_duration(price=100.0, book=50.0, earnings=8.0, growth=0.1)
    assert found.duration == pytest.approx(15.9998, abs=5e-5)
    # year 1 by hand: ROE 0.12 + 0.57 * 0.04 = 0.1428, growth 0.06 + 0.24 * 0.04 = 0.0696
    assert found.earnings[0] == pytest.approx(50.0 * 0.1428)
    assert found.cash_flow[0] == pytest.approx(50.0 * (0.1428 - 0.0696))


@given(r=st.floats(0.01, 0.5), years=st.integers(1, 40), persistence=st.floats(0.0, 1.0))
def test_a_level_perpetuity_has_one_plus_r_over_r(r, years, persistence):
    """Return on equity stays 0.15, nothing grows: 1.5 a year for ever, price 1.5/r."""
    found = equity_duration(
        price=1.5 / r, book=10.0, earnings=1.5, growth=0.0, years=years, r=r,
        roe_persistence=persistence, roe_mean=0.15, growth_mean=0.0,
    )  # fmt: skip
    assert found.duration == pytest.approx((1.0 + r) / r, rel=1e-9)


@given(**SHARES)
def test_book_grows_by_what_is_earned_and_not_paid_out(**share):
    found = equity_duration(price=100.0, **share)
    before = np.concatenate([[share["book"]], found.book[:-1]])
    np.testing.assert_allclose(found.book, before + found.earnings - found.cash_flow, atol=1e-9)


@given(more=st.floats(0.1, 20.0), **SHARES)
def test_more_cash_early_shortens(more, **share):
    found = equity_duration(price=100.0, **share)
    richer = equity_duration(price=100.0, **{**share, "earnings": share["earnings"] + more})
    assert richer.duration < found.duration


@given(price=st.floats(20.0, 500.0), factor=st.floats(1.05, 3.0), **SHARES)
def test_a_higher_price_moves_duration_towards_the_perpetuity(price, factor, **share):
    """D = T_end - (PV of the forecast)(T_end - D_forecast)/P: the gap shrinks as one over P."""
    low, high = (equity_duration(price=p, **share) for p in (price, factor * price))
    gap_low = low.terminal_duration - low.duration
    gap_high = high.terminal_duration - high.duration
    assert gap_high == pytest.approx(gap_low / factor, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("bad", [{"price": 0.0}, {"book": -1.0}, {"r": 0.0}, {"years": 0}])
def test_what_has_no_duration_is_refused(bad):
    with pytest.raises(UsageError, match="DP-168"):
        equity_duration(**{"price": 100.0, "book": 50.0, "earnings": 8.0, "growth": 0.1, **bad})
