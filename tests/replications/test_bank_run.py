"""Two outcomes of one promise, where they part, what a gate does, and that nothing goes missing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import bank_run

SHARE = st.floats(0.0, 1.0)
BANKS = {
    "promised": st.floats(0.5, 3.0),
    "early_share": st.floats(0.05, 0.9),
    "long_return": st.floats(1.2, 4.0),
    "liquidation": st.floats(0.3, 1.1),
}


def test_the_optimum_worked_by_hand():
    """c2 = sqrt(2) c1 and c1/4 + 3 c2/8 = 1: c1 = 1/(0.25 + 0.75/sqrt 2)."""
    found = bank_run(promised=1.28, withdrawn_share=0.25)
    c1 = 1.0 / (0.25 + 0.75 / math.sqrt(2.0))
    assert (found.c1, found.c2) == pytest.approx((c1, math.sqrt(2.0) * c1), abs=1e-12)
    assert pytest.approx(0.391085, abs=5e-7) == found.EU
    assert found.autarky == pytest.approx(0.375, abs=1e-12)
    assert found.payoff_to_waiters == pytest.approx((1 - 0.32) * 2 / 0.75, abs=1e-12)


@given(**BANKS)
def test_the_threshold_is_where_waiting_pays_as_much_as_coming(**bank):
    """f* = l (R - r1) / (r1 (R - l)), and zero, or none, outside (0, 1)."""
    found = bank_run(withdrawn_share=0.5, **bank)
    r1, R, l = bank["promised"], bank["long_return"], bank["liquidation"]  # noqa: E741
    wanted = l * (R - r1) / (r1 * (R - l))
    if wanted <= 0.0:
        assert found.threshold == 0.0
    elif wanted >= 1.0:
        assert found.threshold is None or found.threshold > 1.0 - 1e-6
    else:
        assert found.threshold == pytest.approx(wanted, abs=1e-9)


@given(**BANKS)
def test_what_people_expect_is_what_they_do(**bank):
    found = bank_run(withdrawn_share=0.5, **bank)
    for share in (found.least, found.greatest):
        at = bank_run(withdrawn_share=share, **bank)
        rushes = at.payoff_to_waiters < bank["promised"]
        assert share == (1.0 if rushes else bank["early_share"])
    assert found.unique == (found.least == found.greatest)


@given(share=SHARE, gate=st.one_of(st.none(), SHARE), **BANKS)
def test_the_books_leave_nothing_with_the_bank(share, gate, **bank):
    """Not solved for: what waiters are paid by formula is what assets that were kept bring."""
    found = bank_run(withdrawn_share=share, gate=gate, **bank)
    found.ledger.check()
    end = found.ledger.stocks[-1]  # sector, (goods, deposits, assets)
    everybody_was_paid = share * found.served_share >= 1.0
    if not everybody_was_paid:
        np.testing.assert_allclose(end[2, [0, 2]], 0.0, atol=1e-9)
    np.testing.assert_allclose(end[:, 1], 0.0, atol=1e-9)
    made = found.sold_early * bank["liquidation"] + (1 - found.sold_early) * bank["long_return"]
    np.testing.assert_allclose(end[:, 0].sum(), made, atol=1e-9)


@given(lift=st.floats(0.8, 1.2), early=st.floats(0.05, 0.95), aversion=st.floats(0.5, 6.0))
def test_no_other_promise_serves_depositors_better(lift, early, aversion):
    arguments = {"withdrawn_share": early, "early_share": early, "risk_aversion": aversion}
    best = bank_run(promised=1.0, **arguments)
    promised = lift * best.c1
    if early * promised < 1.0:
        assert bank_run(promised=promised, **arguments).EU_promised <= best.EU + 1e-12
    at_best = bank_run(promised=best.c1, **arguments)
    assert at_best.EU_promised == pytest.approx(best.EU, abs=1e-9)
    assert at_best.payoff_to_waiters == pytest.approx(best.c2, rel=1e-9)
    assert best.EU >= best.autarky - 1e-12


@given(gate=st.floats(0.25, 0.5624))
def test_a_gate_below_the_threshold_ends_the_bad_outcome(gate):
    free = bank_run(promised=1.28, withdrawn_share=0.9)
    gated = bank_run(promised=1.28, withdrawn_share=0.9, gate=gate)
    assert (free.least, free.greatest, free.unique) == (0.25, 1.0, False)
    assert (gated.least, gated.greatest, gated.unique) == (0.25, 0.25, True)
    assert gated.threshold is None
    assert gated.payoff_to_waiters >= 1.28 > free.payoff_to_waiters
    assert gated.EU_promised == free.EU_promised  # it costs nothing if nobody runs


def test_a_gate_above_the_threshold_does_not_help():
    assert bank_run(promised=1.28, withdrawn_share=0.9, gate=0.6).greatest == 1.0


def test_in_a_run_those_who_come_share_what_assets_fetch():
    """1/1.28 = 78.125 % are paid 1.28, on average 1; the others and all who wait get nothing."""
    found = bank_run(promised=1.28, withdrawn_share=1.0)
    assert found.served_share == pytest.approx(0.78125)
    assert found.payoff_to_withdrawers == pytest.approx(1.0)
    assert found.payoff_to_waiters == 0.0 and not found.solvent


@pytest.mark.parametrize(
    "bad", [{"withdrawn_share": 1.1}, {"gate": -0.1}, {"promised": 0.0}, {"long_return": 0.9}]
)
def test_what_is_no_bank_is_refused(bad):
    with pytest.raises(UsageError, match="DP-168"):
        bank_run(**{"promised": 1.28, "withdrawn_share": 0.25, **bad})
