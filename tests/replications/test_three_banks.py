"""Three banks whose fire sale can come to rest in more than one place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import three_bank_equilibria


def test_two_resting_points_and_one_between_that_is_none():
    found = three_bank_equilibria()
    assert found.least == pytest.approx(0.056480085, abs=5e-10)
    # everybody sells everything: sqrt(0.000022 x 880)
    assert found.greatest == pytest.approx(np.sqrt(0.000022 * 880.0), abs=1e-12)
    assert not found.unique and found.converged
    assert len(found.roots) == 3 and found.stable == (True, False, True)
    assert found.sold_least.tolist() == [145.0, 0.0, 0.0]
    # the least by hand: only the first bank sells, all of it
    assert found.least == pytest.approx(np.sqrt(0.000022 * 145.0), abs=1e-12)


def test_more_equity_leaves_one_resting_point():
    found = three_bank_equilibria(equity=(100.0, 100.0, 100.0))
    assert found.unique and found.least == found.greatest == 0.0 and found.roots == (0.0,)


@given(st.floats(15.0, 40.0), st.floats(1e-6, 2.2e-5))
def test_every_root_is_one_and_the_ends_are_least_and_greatest(equity, impact):
    bonds, loans = np.array([145.0, 435.0, 300.0]), np.array([1170.0, 1245.0, 1190.0])
    capital = np.array([equity, 80.0, 65.0])
    found = three_bank_equilibria(equity=tuple(capital), impact=impact)
    assert found.roots[0] == found.least
    assert found.roots[-1] == pytest.approx(found.greatest, abs=1e-8)
    for d in found.roots:
        room = 44.0 * (capital - bonds * d) - loans
        sold = np.clip(1.0 - room / (bonds * (1.0 - d)), 0.0, 1.0) * bonds
        assert np.sqrt(impact * sold.sum()) == pytest.approx(d, abs=1e-8)


@given(st.permutations(range(3)))
def test_the_order_of_the_banks_does_not_matter(order):
    capital, held = np.array([28.0, 80.0, 65.0]), np.array([145.0, 435.0, 300.0])
    lent = np.array([1170.0, 1245.0, 1190.0])
    mixed = three_bank_equilibria(
        equity=tuple(capital[order]), bonds=tuple(held[order]), loans=tuple(lent[order])
    )
    np.testing.assert_allclose(mixed.roots, three_bank_equilibria().roots, atol=1e-10)


def test_nonsense_is_refused():
    for wrong in ({"impact": 0.01}, {"equity": (1.0,)}, {"leverage_limit": 0.0}):
        with pytest.raises(UsageError):
            three_bank_equilibria(**wrong)
