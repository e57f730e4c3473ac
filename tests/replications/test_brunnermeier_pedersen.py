"""Loss and margin spirals: the formula is the slope, every rest pays for itself, none is hidden."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import brunnermeier_pedersen

STEP = 1e-5
MARKETS = {
    "psi": st.floats(0.0, 3.0),
    "x0": st.floats(-5.0, 15.0),
    "eta": st.floats(20.0, 220.0),
    "supply": st.floats(5.0, 20.0),
    "slope": st.floats(0.5, 2.0),
    "margin": st.floats(5.0, 40.0),
}


@pytest.mark.parametrize(
    ("psi", "x0", "b", "price", "slope"),
    [
        (0.0, 0.0, 0.0, 97.5, 0.05),  # 20 (p - 90) = 150
        (0.0, 5.0, 500.0, 290.0 / 3.0, 1.0 / 15.0),  # 20 (p - 90) = 5 p - 350
        (1.0, 0.0, 0.0, 105.0 - 75.0**0.5, 1.0 / 300.0**0.5),  # u^2 + 10 u = 50
        (1.0, 5.0, 500.0, 95.0, 1.0 / 15.0),  # u^2 + 5 u = 50
    ],
)
def test_the_four_cases_worked_by_hand(psi, x0, b, price, slope):
    found = brunnermeier_pedersen(psi=psi, x0=x0, b=b)
    assert found.price == pytest.approx(price, abs=1e-12)
    assert found.dprice_deta == pytest.approx(slope, abs=1e-12)
    assert found.unique and found.kind == "funding"


def test_each_spiral_multiplies_and_both_multiply_more():
    """Bracket 20 alone, 20 - 5 with losses; with margins 23.66 - 6.34; with both 25 - 5 - 5."""
    cases = [(0.0, 0.0, 0.0), (0.0, 5.0, 500.0), (1.0, 0.0, 0.0), (1.0, 5.0, 500.0)]
    found = [brunnermeier_pedersen(psi=psi, x0=x0, b=b).multiplier for psi, x0, b in cases]
    assert found == pytest.approx([1.0, 4.0 / 3.0, 1.3660254, 5.0 / 3.0], abs=1e-7)


@given(**MARKETS)
def test_the_formula_is_the_slope_of_the_price(**market):
    market["b"] = 100.0 * market["x0"]
    found, near = (
        brunnermeier_pedersen(**{**market, "eta": market["eta"] + d}) for d in (0.0, STEP)
    )
    assume(found.kind == near.kind and found.dprice_deta < 100.0)
    slope = (near.price - found.price) / STEP
    assert slope == pytest.approx(found.dprice_deta, rel=1e-2, abs=1e-6)
    assert near.price >= found.price  # more money carries the price further


@given(**MARKETS)
def test_at_every_rest_the_money_used_is_the_money_there(**market):
    found = brunnermeier_pedersen(b=100.0 * market["x0"], **market)
    assert any(rest.stable for rest in found.rests)
    assert found.price == next(rest.price for rest in found.rests if rest.stable)
    for rest in found.rests:
        money = market["eta"] + (rest.price - 100.0) * market["x0"]
        need = rest.margin * rest.position
        assert rest.position == pytest.approx(
            market["supply"] - market["slope"] * (100.0 - rest.price), abs=1e-9
        )
        if rest.kind == "funding":
            assert need == pytest.approx(money, abs=1e-7)
        assert rest.kind != "value" or (rest.price == 100.0 and need <= money)
        assert rest.kind != "ruined" or (abs(rest.position) < 1e-9 and money <= 1e-9)


def test_several_rests_are_told():
    """With 25 units held losses outrun the need for money: calm, the edge, and ruin."""
    found = brunnermeier_pedersen(psi=4.0, x0=25.0, b=2450.0, eta=152.0)
    assert [(rest.kind, rest.stable) for rest in found.rests] == [
        ("value", True),
        ("funding", False),
        ("ruined", True),
    ]
    assert not found.unique and found.price == 100.0
    assert found.rests[1].dprice_deta < 0.0  # of a rest that nobody stays at


def test_without_money_customers_keep_everything():
    found = brunnermeier_pedersen(psi=0.0, x0=0.0, b=1.0, eta=0.0)
    assert (found.kind, found.price, found.position) == ("ruined", 90.0, 0.0)


def test_money_that_runs_out_just_where_customers_keep_everything_is_told():
    """At p = 80 the 20 of money are lost on the one unit held and nothing is left to carry."""
    found = brunnermeier_pedersen(
        psi=0.009650742800341176, x0=1.0, b=100.0, eta=20.0, supply=20.0, margin=5.0
    )
    assert found.price == pytest.approx(80.0, abs=1e-9) and found.unique


@pytest.mark.parametrize("bad", [{"margin": 0.0}, {"psi": -1.0}, {"supply": -3.0}])
def test_what_is_no_market_is_refused(bad):
    with pytest.raises(UsageError, match="DP-168"):
        brunnermeier_pedersen(**{"psi": 0.0, "x0": 0.0, "b": 0.0, **bad})
