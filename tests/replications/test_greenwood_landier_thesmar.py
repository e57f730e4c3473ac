"""Vulnerable banks: the matrix formula, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import greenwood_landier_thesmar

CASE = {
    "A": (100.0, 200.0),
    "E": (5.0, 8.0),
    "M": ((0.5, 0.5), (0.2, 0.8)),
    "L": (2e-3, 1e-3),
    "f": (-0.02, 0.0),
}


def test_two_banks_and_two_assets_by_hand():
    # bank 1 loses 1 % of 100 at debt over equity 19: sells 19; bank 2 .4 % of 200 at 24: 19.2
    found = greenwood_landier_thesmar(**CASE)
    np.testing.assert_allclose(found.R1, [-0.01, -0.004])
    np.testing.assert_allclose(found.sales_by_bank, [-19.0, -19.2])
    np.testing.assert_allclose(found.sales, [-13.34, -24.86])
    np.testing.assert_allclose(found.second_round, [-0.02668, -0.02486])
    assert found.AV == pytest.approx(-0.586292, abs=5e-7)
    assert found.direct == pytest.approx(-0.138462, abs=5e-7)
    assert found.outside_buyer == pytest.approx(38.2) and found.feasible


@given(st.floats(0.01, 3.0), st.floats(0.1, 50.0), st.integers(0, 2**31))
def test_linear_in_the_shock_and_free_of_units_and_order(strength, unit, seed):
    chance = np.random.default_rng(seed)
    banks, assets = 5, 3
    case = {
        "A": chance.uniform(50, 500, banks),
        "E": chance.uniform(5, 20, banks),
        "M": chance.dirichlet(np.ones(assets), banks),
        "L": chance.uniform(0, 1e-3, assets),
        "f": -chance.uniform(0, 0.05, assets),
    }
    plain = greenwood_landier_thesmar(**case)
    double = greenwood_landier_thesmar(**dict(case, f=strength * case["f"]))
    assert double.AV == pytest.approx(strength * plain.AV)
    money = dict(case, A=unit * case["A"], E=unit * case["E"], L=case["L"] / unit)
    assert greenwood_landier_thesmar(**money).AV == pytest.approx(plain.AV)
    order = chance.permutation(banks)
    mixed = greenwood_landier_thesmar(**dict(case, A=case["A"][order], E=case["E"][order],
                                             M=case["M"][order]))  # fmt: skip
    assert mixed.AV == pytest.approx(plain.AV)
    assert plain.systemicness.sum() == pytest.approx(plain.AV)
    assert (plain.indirect * case["E"]).sum() / case["E"].sum() == pytest.approx(plain.AV)
    assert plain.sales.sum() == pytest.approx(plain.sales_by_bank.sum())
    as_matrix = greenwood_landier_thesmar(**dict(case, L=np.diag(case["L"])))
    assert as_matrix.AV == pytest.approx(plain.AV)


def test_sales_beyond_what_there_is_are_told_and_nonsense_is_refused():
    assert not greenwood_landier_thesmar(**dict(CASE, f=(-0.2, -0.2))).feasible
    for wrong in ({"E": (5.0, 0.0)}, {"E": (500.0, 8.0)}, {"f": (-0.02,)}, {"A": (np.nan, 1.0)}):
        with pytest.raises(UsageError):
            greenwood_landier_thesmar(**{**CASE, **wrong})
