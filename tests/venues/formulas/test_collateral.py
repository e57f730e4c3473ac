"""Collateral counts at the venue's own index, less a haircut; selling it loses nothing unseen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.venues import CollateralTiers, auto_exchange, collateral_equity

RATIOS = [0.9999, 0.95, 0.9]  # USDT, BTC, SOL (Binance, 2021)


def test_equity_by_hand():
    """1,000 x 0.9999 + 0.1 x 50,000 x 0.95 + 10 x 150 x 0.9 - 300 = 6,799.9."""
    found = collateral_equity(
        balance=[1_000.0, 0.1, 10.0],
        index=[1.0, 50_000.0, 150.0],
        ratio=RATIOS,
        unrealised=-300.0,
    )
    assert found == pytest.approx(6_799.9)


def test_a_debt_counts_in_full():
    assert collateral_equity(balance=[-100.0], index=[1.0], ratio=[0.9]) == -100.0


def test_a_large_holding_counts_for_less_and_only_the_part_above_the_floor():
    """1 M at 95 %, the next 2 M at 80 %: 2.55 M."""
    tiers = CollateralTiers.from_rows([(0.0, 0.95), (1e6, 0.8)])
    found = collateral_equity(balance=[60.0], index=[50_000.0], ratio=[tiers])
    assert found == pytest.approx(2_550_000.0)


def test_a_synthetic_dollar_at_a_venues_own_price_and_at_redemption():
    """10 October 2025: USDe at 0.6567 on one venue. 1,000,000 with a debt of 900,000."""
    balance, ratio = [-900_000.0, 1_000_000.0], [1.0, 0.98]
    redeemed = collateral_equity(balance=balance, index=[1.0, 1.0], ratio=ratio)
    own_book = collateral_equity(balance=balance, index=[1.0, 0.6567], ratio=ratio)
    assert redeemed == pytest.approx(80_000.0) and own_book == pytest.approx(-256_434.0)


def test_accounts_in_rows():
    found = collateral_equity(
        balance=[[100.0, 1.0], [50.0, 0.0]],
        index=[1.0, 10.0],
        ratio=[1.0, 0.5],
        unrealised=[0.0, 5.0],
    )
    np.testing.assert_allclose(found, [105.0, 55.0])


def test_auto_exchange_by_hand():
    """-150 USDT: 1 coin at 100 x 0.95 pays 95; 55 more take 55/(50 x 0.9) of the other."""
    done = auto_exchange(
        balance=[[-150.0, 1.0, 2.0], [-9.0, 1.0, 2.0], [-1_000.0, 1.0, 2.0]],
        index=[1.0, 100.0, 50.0],
        ratio=[1.0, 0.95, 0.9],
        settle=0,
        threshold_usd=10.0,
    )
    np.testing.assert_allclose(done.sold, [[0, 1, 55 / 45], [0, 0, 0], [0, 1, 2]])
    np.testing.assert_allclose(done.balance[:, 0], [0.0, -9.0, -815.0])
    np.testing.assert_allclose(done.proceeds_usd, [150.0, 0.0, 185.0])
    np.testing.assert_allclose(done.haircut_usd, [5.0 + 55 / 0.9 - 55, 0.0, 15.0])


AMOUNTS = st.floats(-1e4, 1e4)


@given(
    st.lists(AMOUNTS, min_size=3, max_size=3),
    st.lists(st.floats(1e-3, 1e5), min_size=2, max_size=2),
    st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3),
    st.floats(0.0, 1e3),
)
def test_what_is_sold_is_proceeds_and_haircut(balance, prices, ratio, threshold):
    index = np.array([1.0, *prices])
    done = auto_exchange(
        balance=balance, index=index, ratio=ratio, settle=0, threshold_usd=threshold
    )
    scale = 1.0 + np.abs(np.array(balance) * index).sum()
    gone = ((np.array(balance) - done.balance) * index).sum()
    assert gone == pytest.approx(float(done.haircut_usd), abs=1e-9 * scale)
    assert (done.sold * index).sum() == pytest.approx(
        float(done.proceeds_usd + done.haircut_usd), abs=1e-9 * scale
    )
    assert np.all(done.sold >= 0.0) and done.haircut_usd >= -1e-9 * scale
    assert np.all(done.balance[1:] >= np.minimum(balance[1:], 0.0))
    assert done.balance[0] <= max(balance[0], 1e-9 * scale)


@given(
    st.lists(AMOUNTS, min_size=3, max_size=3),
    st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3),
    st.floats(0.0, 5e3),
)
def test_an_exchange_at_the_collateral_ratio_leaves_equity_where_it_was(balance, ratio, threshold):
    """What is sold counted for exactly what it brings; a ratio of one for the money itself."""
    terms = dict(index=[1.0, 20.0, 3.0], ratio=[1.0, *ratio[1:]])
    done = auto_exchange(balance=balance, **terms, settle=0, threshold_usd=threshold)
    before = collateral_equity(balance=balance, **terms)
    assert collateral_equity(balance=done.balance, **terms) == pytest.approx(before, abs=1e-6)


@given(st.floats(0.0, 1e9), st.floats(0.0, 1e9))
def test_more_of_an_asset_never_counts_for_less(first, second):
    tiers = CollateralTiers.from_rows([(0.0, 0.95), (1e6, 0.8), (1e8, 0.0)])
    low, high = tiers.counted_usd(np.sort([first, second]))
    assert low <= high + 1e-6


@pytest.mark.parametrize("rows", [[], [(1.0, 0.9)], [(0.0, 1.1)], [(0.0, 0.8), (10.0, 0.9)]])
def test_tiers_that_make_no_sense_are_refused(rows):
    with pytest.raises(UsageError, match="DP-125"):
        CollateralTiers.from_rows(rows)


def test_ratios_and_places_that_make_no_sense_are_refused():
    with pytest.raises(UsageError, match="DP-125"):
        collateral_equity(balance=[1.0], index=[1.0], ratio=[95.0])
    with pytest.raises(UsageError, match="DP-125"):
        collateral_equity(balance=[1.0, 1.0], index=[1.0, 1.0], ratio=[CollateralTiers.flat(0.9)])
    with pytest.raises(UsageError, match="DP-127"):
        auto_exchange(balance=[1.0], index=[1.0], ratio=[1.0], settle=3)
    with pytest.raises(UsageError, match="DP-121"):
        collateral_equity(balance=[1.0], index=[0.0], ratio=[1.0])
