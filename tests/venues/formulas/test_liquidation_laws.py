"""Laws of the price at which a venue closes a position.

The second opinion knows nothing of brackets' knots: it looks for the price at which equity equals
maintenance by halving an interval.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drypowder.venues import (
    Brackets,
    backstop_price,
    bankruptcy_price,
    liquidation_price,
    maintenance_margin,
)

LONG, SHORT = 1, -1


def equity_over_maintenance(price, case) -> float:
    """Equity less maintenance less the fee at a price, straight from the definitions."""
    side, size, entry, margin = case["side"], case["size"], case["entry_price"], case["margin"]
    if case["contract"] == "inverse":
        size = size * case["contract_value"]
        gain, notional = side * size * (1.0 / entry - 1.0 / price), size / price
    else:
        gain, notional = side * size * (price - entry), size * price
    due = maintenance_margin(notional=notional, brackets=case["brackets"])
    return margin + gain - due - case["close_fee_rate"] * notional


def halving(case) -> float | None:
    """The price where equity meets maintenance, looked for over 18 decades around entry."""
    low, high = 1e-9 * case["entry_price"], 1e9 * case["entry_price"]
    below = equity_over_maintenance(low, case) > 0.0
    if below == (equity_over_maintenance(high, case) > 0.0):
        return None
    for _ in range(120):
        middle = np.sqrt(low * high)
        if (equity_over_maintenance(middle, case) > 0.0) == below:
            low = middle
        else:
            high = middle
    return np.sqrt(low * high)


@st.composite
def tables(draw):
    """Brackets of up to eight rows; floors around the notionals of `cases`."""
    rows = draw(st.integers(1, 8))
    steps = draw(st.lists(st.floats(0.05, 1.0), min_size=rows - 1, max_size=rows - 1))
    rates = draw(st.lists(st.floats(1e-3, 0.6), min_size=rows, max_size=rows, unique=True))
    floors = np.concatenate([[0.0], 10.0 ** np.cumsum([1.0, *steps])[1:]])
    return Brackets.from_rows(zip(floors, sorted(rates), strict=True))


@st.composite
def cases(draw, contracts=("linear", "inverse")):
    contract = draw(st.sampled_from(contracts))
    entry = 10.0 ** draw(st.floats(-4.0, 5.0))
    notional = 10.0 ** draw(st.floats(-1.0, 7.0))
    leverage = draw(st.floats(0.7, 150.0))
    value = draw(st.sampled_from([1.0, 10.0, 100.0]))
    inverse = contract == "inverse"
    return {
        "side": draw(st.sampled_from([LONG, SHORT])),
        "size": notional * entry / value if inverse else notional / entry,
        "entry_price": entry,
        "margin": notional / leverage,
        "brackets": draw(tables()),
        "contract": contract,
        "contract_value": value if inverse else None,
        "close_fee_rate": draw(st.sampled_from([0.0, 0.0006, 0.01])),
    }


def notional_at(price, case) -> float:
    if case["contract"] == "inverse":
        return case["size"] * case["contract_value"] / price
    return case["size"] * price


@given(cases())
def test_equity_at_the_liquidation_price_is_maintenance_and_fee(case):
    found = liquidation_price(**case)
    assume(found is not None)
    scale = notional_at(case["entry_price"], case) + notional_at(found, case)
    assert abs(equity_over_maintenance(found, case)) <= 1e-9 * scale


@given(cases())
def test_halving_an_interval_finds_the_same_price(case):
    found, slow = liquidation_price(**case), halving(case)
    if found is None:
        assert slow is None
    elif 1e-8 < found / case["entry_price"] < 1e8:
        assert slow == pytest.approx(found, rel=1e-9)


@given(cases(), st.floats(1e-6, 3.0))
def test_the_price_is_the_only_one(case, step):
    """Equity exceeds what is due on one side of the price and falls short on the other."""
    found = liquidation_price(**case)
    assume(found is not None)
    safe = equity_over_maintenance(found * (1.0 + step) ** case["side"], case)
    due = equity_over_maintenance(found / (1.0 + step) ** case["side"], case)
    assert safe > 0.0 > due


@given(cases(), st.floats(1.0, 4.0))
def test_more_margin_never_brings_the_price_closer(case, more):
    first = liquidation_price(**case)
    second = liquidation_price(**{**case, "margin": more * case["margin"]})
    if first is None:
        assert second is None
    elif second is not None:
        assert case["side"] * (first - second) >= -1e-12 * first


@given(cases(), st.floats(1e-3, 1e3))
def test_the_unit_in_which_coins_are_counted_does_not_matter(case, k):
    """Prices k times as high and, for a linear contract, sizes k times as small."""
    factor = k if case["contract"] == "inverse" else 1.0 / k
    moved = {**case, "entry_price": k * case["entry_price"], "size": factor * case["size"]}
    first, second = liquidation_price(**case), liquidation_price(**moved)
    if first is None or second is None:
        assume(first is None and second is None)
    else:
        assert second == pytest.approx(k * first, rel=1e-9)


@given(cases())
def test_backstop_and_bankruptcy_lie_beyond_liquidation(case):
    terms = {key: value for key, value in case.items() if key != "brackets"}
    prices = [liquidation_price(**case), backstop_price(**case), bankruptcy_price(**terms)]
    for first, second in pairwise(prices):
        assert second is None or case["side"] * (first - second) > 0.0


@given(cases(), st.floats(0.0, 0.3), st.floats(-0.3, 0.3))
def test_other_positions_count_like_margin(case, need, gain):
    terms = {key: value for key, value in case.items() if key != "margin"}
    margin = case["margin"]
    found = liquidation_price(
        **terms, margin=margin, other_maintenance=need * margin, other_unrealised=gain * margin
    )
    alone = liquidation_price(**terms, margin=(1.0 - need + gain) * margin)
    if found is None or alone is None:
        assert found is alone
    else:
        assert found == pytest.approx(alone, rel=1e-9)


@given(st.lists(cases(contracts=("linear",)), min_size=2, max_size=5))
def test_many_positions_at_once_have_the_prices_of_each_alone(several):
    shared = {"brackets": several[0]["brackets"], "close_fee_rate": 0.0006}
    names = ("side", "size", "entry_price", "margin")
    many = liquidation_price(**{name: [case[name] for case in several] for name in names}, **shared)
    alone = [
        liquidation_price(**{name: case[name] for name in names}, **shared) for case in several
    ]
    np.testing.assert_array_equal(many, [np.nan if one is None else one for one in alone])
