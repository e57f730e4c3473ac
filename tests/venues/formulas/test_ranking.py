"""Who is closed against a loss that nobody else pays: winners first, by the venue's order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.venues import adl_lights, adl_rank


def test_binance_example_of_its_developers_forum():
    """Topic 17801: profit 40.2 on a wallet of 4.27, margin ratio 13.42 %: 9.4145 and 1.2634."""
    score = adl_rank(
        "binance",
        side=1,
        size=1.0,
        entry_price=100.0,
        mark_price=140.2,
        account_value=4.27 + 40.2,
        maintenance=0.1342 * (4.27 + 40.2),
    )
    assert round(score, 4) == 1.2634 and round(score / 0.1342, 4) == 9.4145


def test_bitmex_by_hand():
    """Long 2 at 100, mark 120, margin 20: PnL 20 %, leverage 240/60 = 4, score 0.8.

    Its short twin loses 20 %; with a margin of 100 it has leverage 240/60 = 4: score -0.05.
    """
    score = adl_rank(
        "bitmex",
        side=[1, -1],
        size=2.0,
        entry_price=100.0,
        mark_price=120.0,
        account_value=[20.0 + 40.0, 100.0 - 40.0],
    )
    np.testing.assert_allclose(score, [0.8, -0.05], rtol=1e-14)


def test_bitmex_inverse_leverage_is_mark_value_over_its_distance_from_bankruptcy():
    """10,000 USD long at 50,000, margin 0.02 coins, mark 60,000; bankrupt at s Q/(E + s Q/EP)."""
    mark_value, entry_value, margin = -10_000 / 60_000, -10_000 / 50_000, 0.02
    bankrupt_value = -10_000 / (10_000 / (margin + 10_000 / 50_000))
    gain = (mark_value - entry_value) / abs(entry_value)
    expected = gain * abs(mark_value) / (mark_value - bankrupt_value)
    score = adl_rank(
        "bitmex",
        side=1,
        size=100,
        entry_price=50_000.0,
        mark_price=60_000.0,
        account_value=margin + mark_value - entry_value,
        contract="inverse",
        contract_value=100.0,
    )
    assert score == pytest.approx(expected, rel=1e-12)


def test_hyperliquid_as_meant_and_as_printed():
    """Short from 100 to 80, 2 coins, account worth 40: leverage 4, so 1.25 x 4 or 0.8 x 4."""
    terms = dict(side=-1, size=2.0, entry_price=100.0, mark_price=80.0, account_value=40.0)
    assert adl_rank("hyperliquid", **terms) == pytest.approx(5.0)
    assert adl_rank("hyperliquid", **terms, literal=True) == pytest.approx(3.2)


MANY = st.lists(
    st.tuples(
        st.sampled_from([1, -1]), st.floats(50.0, 200.0), st.floats(0.1, 5.0), st.floats(5.0, 500.0)
    ),
    min_size=1,
    max_size=20,
)


def as_arrays(many, mark: float = 100.0) -> dict[str, np.ndarray]:
    side, entry, size, wallet = (np.array(column) for column in zip(*many, strict=True))
    unrealised = side * size * (mark - entry)
    return dict(
        side=side,
        size=size,
        entry_price=entry,
        mark_price=np.array(mark),
        account_value=wallet + unrealised,
    )


@given(MANY, st.sampled_from(["bitmex", "bybit", "binance"]))
def test_nobody_who_loses_comes_before_one_who_gains(many, venue):
    given_ = as_arrays(many)
    score = adl_rank(venue, **given_, maintenance=1.0)
    gain = given_["side"] * (given_["mark_price"] - given_["entry_price"])
    winners, losers = score[gain > 0.0], score[gain <= 0.0]
    assert not len(winners) or not len(losers) or winners.min() >= losers.max()


@given(MANY, st.sampled_from(["bitmex", "hyperliquid", "pro_rata_leverage", "random"]))
def test_who_owns_nothing_comes_last(many, venue):
    given_ = as_arrays(many)
    score = adl_rank(venue, **given_, seed=1)
    assert np.all(np.isneginf(score) == (given_["account_value"] <= 0.0))


@given(MANY, st.sampled_from(["bitmex", "bybit", "binance", "hyperliquid", "pro_rata_leverage"]))
def test_the_order_of_accounts_does_not_matter(many, venue):
    forward = adl_rank(venue, **as_arrays(many), maintenance=1.0)
    backward = adl_rank(venue, **as_arrays(many[::-1]), maintenance=1.0)
    np.testing.assert_array_equal(forward, backward[::-1])


@given(MANY, st.sampled_from(["bitmex", "hyperliquid", "pro_rata_leverage"]))
def test_more_leverage_on_the_same_gain_comes_earlier(many, venue):
    given_ = as_arrays(many)
    solvent = given_["account_value"] > 0.0
    before = adl_rank(venue, **given_)
    after = adl_rank(venue, **{**given_, "account_value": given_["account_value"] / 2.0})
    gains = given_["side"] * (given_["mark_price"] - given_["entry_price"]) > 0.0
    if venue != "bitmex":
        gains = np.ones_like(gains)
    assert np.all(after[solvent & gains] > before[solvent & gains])


def test_lots_are_drawn_from_the_seed():
    terms = as_arrays([(1, 90.0, 1.0, 50.0)] * 7)
    first = adl_rank("random", **terms, seed=3)
    np.testing.assert_array_equal(first, adl_rank("random", **terms, seed=3))
    assert np.any(first != adl_rank("random", **terms, seed=4))


def test_lights_are_fifths_of_each_queue():
    score = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 100])
    side = np.array([1] * 10 + [-1] * 2)
    lights = adl_lights(score, side=side)
    np.testing.assert_array_equal(lights, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 1, 3])
    np.testing.assert_array_equal(adl_lights([7.0] * 5, side=1), [5] * 5)
    assert adl_lights(1.0, side=-1) == 1  # its last contract is the last of the queue


def test_lights_count_contracts_as_in_the_example_of_bitmex():
    """testnet.bitmex.com/app/autoDeleveragingExamples: six longs, fifths by quantity, not by head.

    20 % is five lights: accounts 2, 5, 4, 1, 6, 3 stand at 20, 40, 60, 80, 80 and 100 %.
    """
    quantity, score = [10, 10, 20, 30, 20, 10], [3, 6, 1, 4, 5, 2]
    lights = adl_lights(score, side=1, size=quantity)
    np.testing.assert_array_equal(100 - 20 * (lights - 1), [80, 20, 100, 60, 40, 80])


@pytest.mark.parametrize(
    ("venue", "wrong", "code"),
    [
        ("nasdaq", {}, "DP-126"),
        ("binance", {}, "DP-126"),
        ("random", {}, "DP-126"),
        ("bitmex", {"mark_price": 0.0}, "DP-121"),
        ("bitmex", {"side": 3}, "DP-122"),
        ("bitmex", {"contract": "inverse"}, "DP-124"),
    ],
)
def test_what_makes_no_sense_is_refused(venue, wrong, code):
    terms = dict(side=1, size=1.0, entry_price=100.0, mark_price=110.0, account_value=20.0)
    with pytest.raises(UsageError) as refused:
        adl_rank(venue, **{**terms, **wrong})
    assert refused.value.code == code
