"""Notice, gates and queues: how fast money leaves, never who is paid in the end."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.channels.redemption import RedemptionParameters, redeem, updated_performance

DT = 1 / 252
INVESTORS = [70.0, 20.0, 10.0]


def parameters(*, up=0.1, down=0.2, notice=0.01, gate=1.0):
    one = jnp.full((1, 1), 1.0)
    return RedemptionParameters(
        flow_up=up * one,
        flow_down=down * one,
        notice_years=notice * one,
        gate_share_quarter=gate * one,
        performance_memory_years=jnp.array([1 / 12]),
        fund_rule=jnp.ones((4, 1, 1)),
        private_buyer_share=jnp.ones((3, 1)) / 3.0,
    )


def flows(performance, *, noticed=None, queued=None, requested=None, business=1.0, **how):
    zero = jnp.zeros((1, 3, 1))
    return redeem(
        performance=jnp.array([[performance]]),
        held=jnp.asarray(INVESTORS)[None, :, None],
        noticed=zero if noticed is None else noticed,
        queued=zero if queued is None else queued,
        requested=zero if requested is None else requested,
        dt_years=jnp.array(DT),
        business=jnp.array(business),
        switch=jnp.array([how.pop("switch", 1.0)]),
        parameters=parameters(**how),
    )


def test_a_good_month_brings_money_in_at_once():
    found = flows(0.05)
    # 0.1 x 5 % a month of 100 bn, 12/252 of a month a day
    assert float(found.subscribed.sum()) == pytest.approx(0.5 * 12 / 252)
    assert float(found.paid.sum()) == 0.0


def test_a_bad_month_is_asked_for_first_and_paid_after_notice():
    found = flows(-0.05, notice=0.1)
    asked = 0.2 * 0.05 * 100.0 * 12 / 252
    leaving = 1.0 - np.exp(-DT / 0.1)
    assert float(found.paid.sum()) == pytest.approx(leaving * asked)
    assert float(found.noticed.sum()) == pytest.approx((1.0 - leaving) * asked)


def test_a_gate_pays_a_share_of_net_assets_a_quarter_pro_rata():
    queued = 0.5 * jnp.asarray(INVESTORS)[None, :, None]
    found = flows(0.0, queued=queued, gate=0.05)
    paid = np.asarray(found.paid)[0, :, 0]
    assert paid.sum() == pytest.approx(0.05 * 4 * DT * 100.0)
    np.testing.assert_allclose(paid / paid.sum(), [0.7, 0.2, 0.1])
    assert float(found.queued.sum()) == pytest.approx(50.0 - paid.sum())


def test_nothing_settles_on_a_closed_day():
    found = flows(-0.1, queued=jnp.full((1, 3, 1), 1.0), business=0.0)
    assert float(found.paid.sum()) == 0.0 and float(found.subscribed.sum()) == 0.0


def test_switched_off_nobody_asks():
    found = flows(-0.5, switch=0.0)
    assert float(found.noticed.sum() + found.paid.sum() + found.queued.sum()) == 0.0


@given(st.floats(0.02, 0.5), st.lists(st.floats(0.0, 9.0), min_size=3, max_size=3))
def test_the_gate_slows_a_run_and_does_not_change_who_finally_pays(gate, requests):
    """A run of requests on one day, then years in which nobody asks again."""
    asked = jnp.asarray(requests)[None, :, None]
    totals = []
    for limit in (1.0, gate):
        state = flows(0.0, requested=asked, gate=limit)
        paid = np.asarray(state.paid)
        for _ in range(2 * 252):
            state = flows(0.0, noticed=state.noticed, queued=state.queued, gate=limit)
            paid = paid + np.asarray(state.paid)
        totals.append((paid[0, :, 0], float(state.queued.sum() + state.noticed.sum())))
    free, slowed = totals
    np.testing.assert_allclose(free[0], requests, atol=1e-6)
    waiting = slowed[1] * np.asarray(requests) / max(sum(requests), 1e-12)
    np.testing.assert_allclose(slowed[0] + waiting, requests, atol=1e-6)


def test_performance_is_the_last_month():
    state = jnp.zeros((1, 1))
    for _ in range(252):
        state = updated_performance(
            performance=state,
            log_return=jnp.array([[0.001]]),
            memory_years=jnp.array([1 / 12]),
            dt_years=jnp.array(DT),
        )
    # a steady 0.1 % a day settles at the sum of a fading month: 0.001/(1 - exp(-12/252))
    assert float(state[0, 0]) == pytest.approx(0.001 / (1.0 - np.exp(-12 / 252)), rel=1e-4)
