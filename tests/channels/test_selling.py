"""Four rules of raising cash: what each sells, worked by hand, and what all of them share."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.channels.day import RULES
from drypowder.channels.selling import LEAST_KEPT, cheapest, in_order, raise_by_rule

VALUE = [40.0, 30.0, 20.0]
CONVICTION = [0.2, -0.1, 0.2]
HAIRCUT = [0.3, 0.3, 0.1]
DEPTH = [10.0, 20.0, 20.0]


def raised(rule, need, *, dry=0.0, value=VALUE, conviction=CONVICTION, idle=0.0):
    wide = jnp.asarray(value, dtype=float)[None, :, None]
    chosen = jnp.asarray([[[float(name == rule)]] for name in RULES])
    return raise_by_rule(
        need=jnp.array([[need]]),
        dry_powder=jnp.array([[dry]]),
        value=wide,
        conviction=jnp.asarray(conviction)[None, :, None],
        haircut=jnp.asarray(HAIRCUT)[:, None],
        depth=jnp.asarray(DEPTH)[:, None],
        rule=chosen,
        idle_share=jnp.array([idle]),
    )


@pytest.mark.parametrize(
    ("rule", "need", "expected"),
    [
        # the second is believed in least: all of it, then the tied two in proportion 2 to 1
        ("lowest_conviction_first", 36.0, [4.0, 30.0, 2.0]),
        # the third has the smallest haircut, the other two share what is left 4 to 3
        ("liquid_first", 55.0, [20.0, 15.0, 20.0]),
        ("pro_rata", 45.0, [20.0, 15.0, 10.0]),
        # mu 1 sells 10, 20, 20 and the third is sold out; the next 15 cost half again: mu 1.5
        ("cheapest_exit", 65.0, [15.0, 30.0, 20.0]),
    ],
)
def test_each_rule_sells_what_its_name_says(rule, need, expected):
    sale = raised(rule, need)
    kept = (1.0 - LEAST_KEPT) * sum(VALUE)
    assert need < kept
    np.testing.assert_allclose(np.asarray(sale.sold)[0, :, 0], expected, rtol=1e-12)
    assert float(sale.unmet[0, 0]) == pytest.approx(0.0, abs=1e-12)


def test_dry_powder_pays_first_and_then_nothing_is_sold():
    sale = raised("lowest_conviction_first", 7.0, dry=10.0, idle=0.1)
    assert float(sale.dry_powder[0, 0]) == pytest.approx(7.0)
    assert np.all(np.asarray(sale.sold) == 0.0)
    # tastes rise by ln(10/3): what is left of the money wants to hold what it held
    np.testing.assert_allclose(np.asarray(sale.taste)[0, :, 0], np.log(10.0 / 3.0), rtol=1e-12)


def test_pro_rata_leaves_the_mix_and_tastes_alone():
    sale = raised("pro_rata", 20.0, dry=10.0)
    assert float(sale.dry_powder[0, 0]) == pytest.approx(2.0)  # a fifth of everything
    np.testing.assert_allclose(np.asarray(sale.sold)[0, :, 0], [8.0, 6.0, 4.0], rtol=1e-12)
    np.testing.assert_allclose(np.asarray(sale.taste), 0.0, atol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_a_call_above_total_wealth_is_a_default(rule):
    sale = raised(rule, 150.0, dry=10.0)
    sold = (1.0 - LEAST_KEPT) * sum(VALUE)
    paid = float(sale.dry_powder[0, 0]) + float(sale.sold.sum())
    assert float(sale.sold.sum()) == pytest.approx(sold)
    assert paid + float(sale.unmet[0, 0]) == pytest.approx(150.0)
    assert float(sale.unmet[0, 0]) == pytest.approx(50.0 + LEAST_KEPT * sum(VALUE))


amounts = st.floats(0.0, 1e4)
positions = st.lists(st.floats(0.0, 500.0), min_size=3, max_size=3)


@given(st.sampled_from(RULES), amounts, st.floats(-50.0, 500.0), positions)
def test_what_is_needed_is_paid_sold_or_missing(rule, need, dry, value):
    sale = raised(rule, need, dry=dry, value=value, idle=0.05)
    found = float(sale.dry_powder[0, 0]) + float(sale.sold.sum()) + float(sale.unmet[0, 0])
    assert found == pytest.approx(need, rel=1e-9, abs=1e-9)
    sold = np.asarray(sale.sold)[0, :, 0]
    assert np.all(sold >= 0.0) and np.all(sold <= np.asarray(value) * (1.0 + 1e-12))
    assert np.all(np.isfinite(np.asarray(sale.taste)))


@given(st.sampled_from(RULES), amounts, st.floats(0.0, 500.0), st.floats(0.0, 500.0), positions)
def test_more_dry_powder_never_means_more_forced_sales(rule, need, dry, more, value):
    less = raised(rule, need, dry=dry, value=value, idle=0.05)
    richer = raised(rule, need, dry=dry + more, value=value, idle=0.05)
    assert float(richer.sold.sum()) <= float(less.sold.sum()) * (1.0 + 1e-9) + 1e-9


@given(st.permutations(range(3)), st.floats(0.0, 80.0))
def test_the_order_of_assets_is_no_rule(order, need):
    key, value = jnp.asarray(CONVICTION)[None, :, None], jnp.asarray(VALUE)[None, :, None]
    depth, mixed = jnp.asarray(DEPTH)[:, None], np.array(order)
    wanted = jnp.array([[need]])
    for sell in (lambda v, k, d: in_order(wanted, v, k), lambda v, k, d: cheapest(wanted, v, d)):
        straight = np.asarray(sell(value, key, depth))[:, mixed]
        shuffled = np.asarray(sell(value[:, mixed], key[:, mixed], depth[mixed]))
        np.testing.assert_allclose(shuffled, straight, rtol=1e-12, atol=1e-12)
