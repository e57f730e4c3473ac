"""What lenders allow and what is sold when it is passed, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.channels.margin import (
    MarginParameters,
    kept_share,
    largest_leverage,
    put_up,
    share_met,
    updated_variance,
)
from drypowder.channels.selling import LEAST_KEPT

PARAMETERS = MarginParameters(
    leverage_headroom=jnp.full((1, 1), 1.2),
    leverage_buffer=jnp.array([0.9]),
    margin_call_years=jnp.full((1, 1), 0.01),
    close_out_share=jnp.array([0.6]),
    volatility_half_life_years=jnp.array([0.5]),
    haircut=jnp.full((1, 1), 0.2),
    haircut_per_volatility=jnp.array([0.5]),
    haircut_per_bp=jnp.array([0.01]),
)


def column(value):
    return jnp.full((1, 1), float(value))


def allowed(volatility_ratio=1.0, haircut=0.0, lambda_bp=0.0):
    return float(
        largest_leverage(
            opening_leverage=column(2.5),
            headroom=column(1.2),
            volatility_ratio=column(volatility_ratio),
            haircut=column(haircut),
            lambda_change_bp=jnp.array([float(lambda_bp)]),
            parameters=PARAMETERS,
        )[0, 0]
    )


def kept(assets, debt, largest, *, posted=0.0, sellable=None, met=1.0, buffer=0.9, switch=1.0):
    return float(
        kept_share(
            assets=column(assets),
            sellable=column(assets if sellable is None else sellable),
            debt=column(debt),
            largest=column(largest),
            posted=column(posted),
            met_today=column(met),
            parameters=replace(PARAMETERS, leverage_buffer=jnp.array([buffer])),
            switch=jnp.array([switch]),
        )[0, 0]
    )


def posted(assets, debt, largest, spare, *, buffer=0.9, switch=1.0):
    return float(
        put_up(
            assets=column(assets),
            debt=column(debt),
            spare=column(spare),
            largest=column(largest),
            parameters=replace(PARAMETERS, leverage_buffer=jnp.array([buffer])),
            switch=jnp.array([switch]),
        )[0, 0]
    )


def test_value_at_risk_over_equity_is_constant():
    assert allowed() == pytest.approx(3.0)  # 2.5 x 1.2
    assert allowed(volatility_ratio=2.0) == pytest.approx(1.5)
    assert allowed(volatility_ratio=100.0) == 1.0  # nobody has to hold less than its own money


def test_haircuts_bind_where_they_are_tighter_and_widen_with_stress():
    assert allowed(haircut=0.4) == pytest.approx(2.5)
    # 0.4 x (1 + 0.01 x 25) = 0.5; volatility half again adds 0.25 of it: 0.4 x 1.5 = 0.6
    assert allowed(haircut=0.4, lambda_bp=25.0) == pytest.approx(2.0)
    assert allowed(haircut=0.4, lambda_bp=25.0, volatility_ratio=1.5) == pytest.approx(1.0 / 0.6)


def test_an_account_over_its_limit_sells_to_the_buffer_and_repays():
    # assets 100, debt 75, equity 25: leverage 4 over 3; down to 0.9 x 3 x 25 = 67.5
    assert kept(100.0, 75.0, 3.0) == pytest.approx(0.675)
    # only 50 of the 100 can be sold today: the same 32.5 are 65 % of them
    assert kept(100.0, 75.0, 3.0, sellable=50.0) == pytest.approx(0.35)


def test_a_call_is_met_over_days_and_an_account_nearly_gone_is_closed_out():
    # leverage 4 over 3: 32.5 to sell, 40 % of it today
    assert kept(100.0, 75.0, 3.0, met=0.4) == pytest.approx(0.87)
    # the call asks for equity of 100 / 3; less than 0.6 of it is left from a debt of 80 on
    assert kept(100.0, 79.99, 3.0, met=0.4) > 0.8
    assert kept(100.0, 80.01, 3.0, met=0.4) == pytest.approx(0.9 * 3.0 * 0.1999)
    assert kept(100.0, 110.0, 3.0, met=0.4) == LEAST_KEPT


def test_money_pays_before_anything_is_sold():
    # leverage 4 over 3, to rest at 2.7: 100 / 2.7 of equity is asked for and 25 there
    assert posted(100.0, 75.0, 3.0, 50.0) == pytest.approx(100.0 / 2.7 - 25.0)
    assert kept(100.0, 75.0, 3.0, posted=100.0 / 2.7 - 25.0) == pytest.approx(1.0)
    # with 5 only, 2.7 x 30 = 81 may be held
    assert posted(100.0, 75.0, 3.0, 5.0) == 5.0
    assert kept(100.0, 75.0, 3.0, posted=5.0) == pytest.approx(0.81)
    # a debt of 82 leaves 18 of the 20 below which lenders close out; 5 more and they wait
    assert kept(100.0, 82.0, 3.0, met=0.5) == pytest.approx(0.486)
    assert kept(100.0, 82.0, 3.0, posted=5.0, met=0.5) == pytest.approx(0.8105)


def test_nobody_puts_up_money_uncalled_or_under_water():
    assert posted(100.0, 50.0, 3.0, 50.0) == 0.0
    assert posted(100.0, 101.0, 3.0, 50.0) == 0.0
    assert posted(100.0, 75.0, 3.0, 50.0, switch=0.0) == 0.0
    assert posted(100.0, 75.0, 3.0, -1.0) == 0.0


@given(
    st.floats(0.05, 0.99), st.floats(1.05, 8.0), st.floats(0.01, 1.0), st.floats(0.0, 1.0),
    st.floats(0.5, 1.0),
)  # fmt: skip
def test_idle_money_never_means_more_sales_and_lower_prices_do(debt, largest, met, spare, fall):
    """Money put up and what may be kept, together; idle money can only fall with prices."""

    def may_keep(assets, spare):
        paid = posted(assets, debt, largest, spare, buffer=1.0)
        return kept(assets, debt, largest, posted=paid, met=met, buffer=1.0)

    assert may_keep(1.0, spare) >= may_keep(1.0, 0.0) - 1e-9
    assert may_keep(fall, fall * spare) <= may_keep(1.0, spare) + 1e-9


def test_half_of_all_calls_are_met_within_ln_2_of_their_mean_time():
    met = share_met(dt_years=jnp.array(0.02 * jnp.log(2.0)), margin_call_years=column(0.02))
    assert float(met[0, 0]) == pytest.approx(0.5)


def test_the_limit_is_one_sided():
    assert kept(100.0, 50.0, 3.0) == 1.0
    assert kept(100.0, 0.0, 0.5) == 1.0
    assert kept(100.0, 75.0, 3.0, switch=0.0) == 1.0


def test_an_account_under_water_sells_everything():
    assert kept(100.0, 110.0, 3.0) == LEAST_KEPT


@given(
    st.floats(1.0, 1e4), st.floats(0.0, 1.2), st.floats(1.0, 8.0), st.floats(0.0, 1e3),
    st.floats(0.01, 1.0),
)  # fmt: skip
def test_more_equity_never_means_more_forced_sales(assets, debt_share, largest, equity, met):
    debt = debt_share * assets
    sold = assets * (1.0 - kept(assets, debt, largest, met=met))
    richer = assets * (1.0 - kept(assets, max(debt - equity, 0.0), largest, met=met))
    assert richer <= sold + 1e-9 * assets


@given(
    st.floats(1.0, 1e4), st.floats(0.05, 0.99), st.floats(1.05, 8.0), st.floats(0.5, 1.0),
    st.floats(0.01, 1.0),
)  # fmt: skip
def test_lower_prices_never_leave_more_to_keep(assets, debt_share, largest, fall, met):
    """Of units: the value kept at a price, over the price. Buffer one: no cliff at the limit."""
    debt = debt_share * assets
    before = kept(assets, debt, largest, met=met, buffer=1.0)
    after = kept(fall * assets, debt, largest, met=met, buffer=1.0)
    assert after <= before + 1e-9


@given(st.floats(0.05, 0.99), st.floats(1.05, 8.0), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_patient_lender_never_makes_anybody_sell_more_in_a_day(debt_share, largest, one, other):
    slow, quick = sorted((one, other))
    assert kept(1.0, debt_share, largest, met=quick) <= kept(1.0, debt_share, largest, met=slow)


def test_volatility_forgets_by_halves():
    half_life = jnp.array([0.5])
    state = column(0.04)
    for _ in range(126):
        state = updated_variance(
            variance_pa=state,
            log_return=column(0.0),
            half_life_years=half_life,
            dt_years=jnp.array(1 / 252),
        )
    assert float(state[0, 0]) == pytest.approx(0.02)
