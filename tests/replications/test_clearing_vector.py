"""Debts in a circle: payments that are consistent, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import clearing_vector


def test_three_firms_by_hand():
    # firms 1 and 2 fail: p1 = 20 + 3/8 p2 + 20, p2 = 10 + 3/5 p1, so p1 = 1750/31, p2 = 1360/31
    found = clearing_vector(liabilities=[[0, 60, 40], [30, 0, 50], [20, 0, 0]],
                            external_assets=[20, 10, 50])  # fmt: skip
    np.testing.assert_allclose(found.payments, [1750 / 31, 1360 / 31, 20.0], rtol=1e-12)
    assert found.defaults.tolist() == [True, True, False]
    np.testing.assert_allclose(found.equity, [0.0, 0.0, 80.0], atol=1e-12)
    assert found.unique and found.converged


def test_a_chain_fails_one_after_the_other():
    # 1 owes 10 and has 4; 2 owes 9 and gets 4, has 3; 3 owes 8 and gets 7: each round one more
    debts = np.zeros((4, 4))
    debts[0, 1], debts[1, 2], debts[2, 3] = 10.0, 9.0, 8.0
    found = clearing_vector(liabilities=debts, external_assets=[4.0, 3.0, 0.5, 0.0])
    assert found.default_round.tolist() == [1, 2, 3, 0] and found.rounds == 3
    np.testing.assert_allclose(found.payments, [4.0, 7.0, 7.5, 0.0])


def test_money_that_only_goes_round_may_go_round_or_not():
    found = clearing_vector(liabilities=[[0, 1], [1, 0]], external_assets=[0, 0])
    assert (found.least.tolist(), found.greatest.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    assert not found.unique


@given(st.integers(0, 2**31), st.integers(2, 9), st.floats(0.01, 100.0))
def test_payments_clear_and_nothing_is_made_or_lost(seed, count, unit):
    chance = np.random.default_rng(seed)
    debts = chance.uniform(0, 10, (count, count)) * (chance.random((count, count)) < 0.6)
    np.fill_diagonal(debts, 0.0)
    assets = chance.uniform(0, 6, count)
    found = clearing_vector(liabilities=debts, external_assets=assets)
    owed = debts.sum(axis=1)
    shares = debts / np.where(owed > 0, owed, 1)[:, None]
    again = np.minimum(owed, assets + shares.T @ found.payments)
    np.testing.assert_allclose(found.payments, again, atol=1e-9)
    np.testing.assert_allclose(found.least, found.greatest, atol=1e-6)
    assert found.equity.min() >= -1e-9
    assert found.equity.sum() == pytest.approx(assets.sum(), rel=1e-9)
    large = clearing_vector(liabilities=unit * debts, external_assets=unit * assets)
    np.testing.assert_allclose(large.payments, unit * found.payments, rtol=1e-9)
    order = chance.permutation(count)
    mixed = clearing_vector(liabilities=debts[np.ix_(order, order)], external_assets=assets[order])
    np.testing.assert_allclose(mixed.payments, found.payments[order], rtol=1e-9)
    richer = clearing_vector(liabilities=debts, external_assets=assets + 1.0)
    assert (richer.payments >= found.payments - 1e-9).all()


def test_nonsense_is_refused():
    for debts, assets in (
        ([[0, 1]], [1, 1]),
        ([[0, -1], [1, 0]], [1, 1]),
        ([[1.0]], [1.0]),
        ([[0, 1], [1, 0]], [-1, 1]),
        ([[0, np.inf], [1, 0]], [1, 1]),
    ):
        with pytest.raises(UsageError):
            clearing_vector(liabilities=debts, external_assets=assets)
