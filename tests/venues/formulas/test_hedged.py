"""Long and short of one contract in one wallet: Binance's formula, and both ends by bisection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.venues.crowds import TIERS, played, setting, venue

from drypowder.errors import UsageError
from drypowder.venues import (
    Brackets,
    hedged_liquidation_price,
    liquidation_price,
    maintenance_margin,
)
from drypowder.venues.crowd.population import Population

ONE = Brackets.flat(0.01)


def test_binance_formula_of_hedge_mode_by_hand():
    """Long 3 at 100, short 1 at 110, wallet 50: (50 - 300 + 110) / (0.03 + 0.01 - 3 + 1)."""
    found = hedged_liquidation_price(
        long_size=3.0, long_entry_price=100.0, short_size=1.0, short_entry_price=110.0,
        margin=50.0, brackets=ONE,
    )  # fmt: skip
    assert found.lower == pytest.approx(-140.0 / -1.96, rel=1e-14) and found.upper is None


def test_binance_formula_of_hedge_mode_in_coin_by_hand():
    """Long 10, short 40 contracts of 100 USD at 50,000: 0.02 and 0.08 BTC, wallet 0.03 BTC.

    In x = 1/P: 0.03 - 0.06 + 3,000 x - 0.01 x 5,000 x = 0, so x = 0.03/2,950.
    """
    found = hedged_liquidation_price(
        long_size=10, long_entry_price=50_000.0, short_size=40, short_entry_price=50_000.0,
        margin=0.03, brackets=ONE, contract="inverse", contract_value=100.0,
    )  # fmt: skip
    assert found.lower is None and found.upper == pytest.approx(2_950.0 / 0.03, rel=1e-13)


def test_a_perfect_hedge_dies_of_its_size_alone():
    """Long and short 10 each from 100, wallet 40: maintenance 0.01 * 20 P passes it at 200."""
    found = hedged_liquidation_price(
        long_size=10.0, long_entry_price=100.0, short_size=10.0, short_entry_price=100.0,
        margin=40.0, brackets=ONE,
    )  # fmt: skip
    assert found.lower is None and found.upper == pytest.approx(200.0)


def test_both_ends_may_exist_and_none_where_nothing_saves():
    """Net long a little: a fall ruins it, and a rise into the second bracket does too."""
    steep = Brackets.from_rows([(0.0, 0.01), (2_000.0, 0.5)])
    legs = dict(long_size=10.0, long_entry_price=100.0, short_size=8.0, short_entry_price=100.0)
    both = hedged_liquidation_price(**legs, margin=100.0, brackets=steep)
    assert 0.0 < both.lower < 100.0 < both.upper
    lost = hedged_liquidation_price(**legs, margin=-1e6, brackets=steep)
    assert lost.lower == np.inf and lost.upper == 0.0


sizes = st.floats(1e-3, 1e5)
prices = st.floats(1.0, 1e5)


@given(
    sizes=st.tuples(sizes, sizes), entries=st.tuples(prices, prices), fee=st.floats(0.0, 0.001),
    share=st.floats(-0.5, 2.0), inverse=st.booleans(),
)  # fmt: skip
def test_what_is_left_is_nothing_at_each_end_and_positive_between(
    sizes, entries, fee, share, inverse
):
    tiers = Brackets.from_rows([(0.0, 0.004), (50e3, 0.01), (600e3, 0.05), (12e6, 0.2)])
    unit = np.array([1.0, -1.0]) * np.array(sizes) * (1000.0 if inverse else 1.0)
    entry = np.array(entries)

    def worth(price):
        return -unit / price if inverse else unit * price

    wallet = share * np.abs(worth(entry)).sum()

    def left(price):
        notional = np.abs(worth(price))
        need = maintenance_margin(notional=notional, brackets=tiers).sum() + fee * notional.sum()
        return wallet + (worth(price) - worth(entry)).sum() - need

    terms = dict(contract="inverse", contract_value=1000.0) if inverse else {}
    low, high = hedged_liquidation_price(
        long_size=sizes[0], long_entry_price=entries[0], short_size=sizes[1],
        short_entry_price=entries[1], margin=wallet, brackets=tiers, close_fee_rate=fee, **terms,
    )  # fmt: skip
    grid = np.geomspace(1e-2, 1e8, 400)
    alive = np.array([left(price) for price in grid]) > 0.0
    inside = (grid > (0.0 if low is None else low)) & (grid < (np.inf if high is None else high))
    scale = [
        np.abs(worth(price)).sum() + np.abs(worth(entry)).sum() + abs(wallet) for price in grid
    ]
    sure = np.abs([left(price) for price in grid]) > 1e-9 * np.array(scale)
    np.testing.assert_array_equal(alive[sure], inside[sure])


def test_one_leg_next_to_nothing_is_the_price_of_the_other():
    alone = dict(margin=[5_000.0, 20_000.0], brackets=TIERS)
    plain = liquidation_price(side=1, size=1.0, entry_price=100_000.0, **alone)
    pair = hedged_liquidation_price(
        long_size=1.0, long_entry_price=100_000.0, short_size=1e-12, short_entry_price=1.0, **alone
    )
    np.testing.assert_allclose(pair.lower, plain, rtol=1e-9)


def test_the_engine_closes_a_hedged_account_there():
    """Long 10 and short 4 at 100 in market 0, one wallet of 60."""
    price = hedged_liquidation_price(
        long_size=10.0, long_entry_price=100.0, short_size=4.0, short_entry_price=100.0,
        margin=60.0, brackets=TIERS,
    ).lower  # fmt: skip
    people = Population(
        money=np.array([60.0]), owner=np.array([0, 0]), market=np.array([0, 0]),
        size=np.array([10.0, -4.0]), entry=np.array([100.0, 100.0]),
    )  # fmt: skip
    place = setting(venue(), coins=("one",), depth_usd=1e12)
    for times, closed in ((1.0 + 1e-6, False), (1.0 - 1e-6, True)):
        end = played(place, people, np.log([[price / 100.0 * times]]))
        assert bool(end.accounts_closed[0]) is closed


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"short_size": 0.0}, "DP-121"),
        ({"contract": "inverse"}, "DP-124"),
        ({"close_fee_rate": 2.0}, "DP-125"),
        ({"margin": [1.0, 2.0], "long_size": [1.0, 2.0, 3.0]}, "DP-127"),
    ],
)
def test_what_makes_no_sense_is_refused(changed, code):
    plain = dict(
        long_size=1.0, long_entry_price=1.0, short_size=1.0, short_entry_price=1.0, margin=1.0,
        brackets=ONE,
    )  # fmt: skip
    with pytest.raises(UsageError) as refused:
        hedged_liquidation_price(**{**plain, **changed})
    assert refused.value.code == code
