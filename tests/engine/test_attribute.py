"""Who did it: parts add up, equal players get equal parts, who changes nothing gets nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tests.busy import busy_inputs

from drypowder.channels.day import SWITCHES
from drypowder.engine import attribute as module
from drypowder.engine import simulate as engine
from drypowder.engine.attribute import (
    add_up,
    attribute,
    coalitions,
    players_of,
    sales,
    sampled_shapley,
    shapley,
)
from drypowder.engine.settlement import TRADES

STEPS, SEED = 5, 3
ROUNDING = 1e-12
amounts = st.floats(-1e3, 1e3, allow_subnormal=False)


@st.composite
def games(draw, least: int = 1, most: int = 5):
    """The worth of every set of a few players."""
    n = draw(st.integers(least, most))
    return draw(arrays.arrays(float, 2**n, elements=amounts))


def players(worth: np.ndarray) -> int:
    return len(worth).bit_length() - 1


# ---- the value ------------------------------------------------------------------------------


def test_a_glove_game_worked_by_hand():
    """Players 0 and 1 own a left glove each, player 2 a right one; a pair is worth 1.

    Sets 000 100 010 110 001 101 011 111 (player 0 first) are worth 0 0 0 0 0 1 1 1. Of the six
    orders the pair is completed by player 0 in (2, 0, 1), by player 1 in (2, 1, 0), and by player
    2 in the other four: 1/6, 1/6, 4/6.
    """
    worth = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(shapley(worth), [1 / 6, 1 / 6, 4 / 6], rtol=0, atol=1e-15)


def test_sets_are_listed_by_the_bits_of_their_number():
    assert coalitions(2).tolist() == [[False, False], [True, False], [False, True], [True, True]]
    assert coalitions(10).shape == (1024, 10)


@given(games())
def test_parts_add_up_to_what_all_do_beyond_none(worth):
    whole = worth[-1] - worth[0]
    assert abs(shapley(worth).sum() - whole) <= ROUNDING * (1.0 + np.abs(worth).max())


@given(games(), st.data())
def test_equal_players_get_equal_parts(worth, data):
    """Exchanging two players exchanges their parts and moves nobody else's."""
    n = players(worth)
    order = np.array(data.draw(st.permutations(range(n))))
    moved = (coalitions(n)[:, order] * 2 ** np.arange(n)).sum(axis=1)  # set k under new names
    np.testing.assert_allclose(
        shapley(worth)[order], shapley(worth[np.argsort(moved)]), atol=ROUNDING * 1e3
    )


@given(games(), st.data())
def test_a_player_that_changes_nothing_gets_exactly_nothing(worth, data):
    """Put between the others, whoever they are."""
    n = players(worth)
    bit = 2 ** data.draw(st.integers(0, n))
    number = np.arange(2 ** (n + 1))
    others = (number // (2 * bit)) * bit + number % bit
    parts = shapley(worth[others])
    assert parts[int(bit).bit_length() - 1] == 0.0
    rest = np.delete(parts, int(bit).bit_length() - 1)
    np.testing.assert_allclose(rest, shapley(worth), atol=ROUNDING * 1e3)


@given(games(least=3, most=3), games(least=3, most=3), amounts)
def test_the_parts_of_a_sum_are_the_sums_of_the_parts(one, other, scale):
    both = shapley(one + scale * other)
    size = 1.0 + np.abs(one).max() + abs(scale) * np.abs(other).max()
    np.testing.assert_allclose(both, shapley(one) + scale * shapley(other), atol=ROUNDING * size)


@given(games(least=1, most=4))
def test_the_value_is_the_mean_gain_over_all_orders(worth):
    n = players(worth)
    orders = np.array([o for order in permutations(range(n)) for o in (order, order[::-1])])
    mean, _ = sampled_shapley(worth, orders)
    np.testing.assert_allclose(mean, shapley(worth), atol=ROUNDING * 1e3)


def test_a_run_without_channels_has_no_parts():
    assert shapley(np.array([[2.0], [3.0]])).shape == (2, 0)


@given(arrays.arrays(float, st.integers(1, 12), elements=amounts), st.data())
def test_shown_parts_sum_to_the_whole_to_the_last_bit_in_any_order(parts, data):
    whole = float(parts.sum()) * (1.0 + 1e-15)
    shown, total = add_up(parts, whole)
    assert abs(total - whole) <= 1e-12 * (1.0 + np.abs(parts).max())
    assert (shown[parts == 0.0] == 0.0).all()
    order = data.draw(st.permutations(range(len(parts))))
    assert sum(shown[order].tolist()) == total


# ---- orders that are drawn ---------------------------------------------------------------------


def test_where_channels_do_not_interact_a_few_orders_are_exact():
    """Each player adds its own number whatever is on: every order finds it, without noise."""
    own = np.array([2.0, -3.0, 5.0])
    worth = (coalitions(3) * own).sum(axis=1)
    orders = np.array([[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]])
    mean, error = sampled_shapley(worth, orders)
    assert mean.tolist() == own.tolist() and error.tolist() == [0.0, 0.0, 0.0]


def test_an_order_and_its_reverse_share_pairwise_interactions_exactly():
    """Two players worth 1 together and 0 alone: one order gives (0, 1), its reverse (1, 0)."""
    mean, _ = sampled_shapley(np.array([0.0, 0.0, 0.0, 1.0]), np.array([[0, 1], [1, 0]]))
    assert mean.tolist() == [0.5, 0.5]


@given(games(least=5, most=5), st.integers(0, 99))
def test_sampled_parts_add_up_and_lie_near_the_exact_ones(worth, seed):
    random = np.random.default_rng(seed)
    first = np.array([random.permutation(5) for _ in range(200)])
    mean, error = sampled_shapley(worth, np.stack([first, first[:, ::-1]], 1).reshape(-1, 5))
    assert abs(mean.sum() - (worth[-1] - worth[0])) <= ROUNDING * 1e4
    assert (np.abs(mean - shapley(worth)) <= 6.0 * error + 1e-9).all()


# ---- who sold to whom --------------------------------------------------------------------------


def test_sales_are_shared_among_the_buyers_of_the_day():
    """Day one: A sells 6, B buys 2 and C 4. Day two: B sells 1 to C, who is the only buyer."""
    trades = np.array([[-6.0, 2.0, 4.0], [0.0, -1.0, 1.0]])[:, :, None]
    sold = sales(trades)[:, :, 0]
    assert sold.tolist() == [[0.0, 2.0, 4.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]


@given(arrays.arrays(float, (7, 5, 3), elements=st.floats(-10.0, 10.0, allow_subnormal=False)))
def test_every_sale_has_a_buyer_and_every_purchase_a_seller(trades):
    trades[:, 0] -= trades.sum(axis=1)  # what one sector buys another sells
    sold = sales(trades)
    assert (sold >= 0.0).all()
    np.testing.assert_allclose(sold.sum(axis=1), np.maximum(-trades, 0.0).sum(axis=0), atol=1e-9)
    np.testing.assert_allclose(sold.sum(axis=0), np.maximum(trades, 0.0).sum(axis=0), atol=1e-9)


# ---- the engine --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def inputs():
    return busy_inputs(STEPS)


def bitcoin(inputs):
    column = inputs.economy.instrument("bitcoin")

    def change(series):
        return series["price"][:, -1, column] / series["price"][:, 0, column] - 1.0

    return change


@pytest.fixture(scope="module")
def split(inputs):
    return attribute(inputs, bitcoin(inputs), last_step=STEPS - 1)


def test_the_whole_is_what_the_run_says_and_the_parts_are_all_of_it(split, inputs):
    run = engine.simulate(inputs)
    price = run.price("bitcoin")[0]
    assert split.coalitions == 2 ** len(split.players) == 1024 and split.stopped == ()
    np.testing.assert_allclose(split.whole[0], price[-1] / price[0] - 1.0, rtol=1e-9)
    np.testing.assert_allclose(split.nothing + split.parts.sum(axis=1), split.whole, atol=1e-14)
    assert abs(split.parts[0, SWITCHES.index("issuance")]) > 1e-4


def test_a_channel_that_is_off_is_no_player_and_moves_nobody_else_much(split, inputs):
    off = replace(inputs, levers={**inputs.levers, "income": 0.0, "margin": 0.0})
    assert players_of(off) == tuple(n for n in SWITCHES if n not in ("income", "margin"))
    found = attribute(off, bitcoin(inputs), last_step=STEPS - 1)
    assert found.coalitions == 256 and "income" not in found.players
    run = engine.simulate(off)
    price = run.price("bitcoin")[0]
    np.testing.assert_allclose(found.whole[0], price[-1] / price[0] - 1.0, rtol=1e-9)
    np.testing.assert_allclose(found.nothing, split.nothing, rtol=1e-12)  # nothing on is nothing on


def test_no_set_of_channels_compiles_anew(split, inputs):
    before = engine._trace_count
    off = replace(inputs, levers={**inputs.levers, "policy": 0.0})
    attribute(off, bitcoin(inputs), last_step=STEPS - 1)
    attribute(inputs, bitcoin(inputs), last_step=STEPS - 1, paths=2, samples=4, seed=SEED)
    assert engine._trace_count == before


def test_every_set_hears_the_same_news(inputs):
    """World p of the split is path p of the run; with no channel on it still hears its news."""
    found = attribute(inputs, bitcoin(inputs), last_step=STEPS - 1, paths=2, samples=4, seed=SEED)
    series = engine.run_paths(inputs, np.arange(3), SEED)
    np.testing.assert_allclose(found.whole, bitcoin(inputs)(series)[1:], rtol=1e-9)
    assert found.numbers.tolist() == [1, 2] and found.sampled
    assert abs(found.nothing[0] - found.nothing[1]) > 1e-4


def test_days_after_the_last_one_do_not_matter(inputs):
    long = busy_inputs(module._STEPS_A_PROGRAM + 2)
    column = inputs.economy.instrument("bitcoin")

    def change(series):
        assert series["price"].shape[1] == module._STEPS_A_PROGRAM  # cut after a whole quarter
        return series["price"][:, STEPS - 1, column] / series["price"][:, 0, column] - 1.0

    one = replace(long, levers={**long.levers, **dict.fromkeys(SWITCHES[1:], 0.0)})
    short = replace(inputs, levers=one.levers)
    found = attribute(one, change, last_step=STEPS - 1)
    same = attribute(short, bitcoin(inputs), last_step=STEPS - 1)
    np.testing.assert_allclose(found.parts, same.parts, rtol=1e-9)


def test_a_world_whose_market_fails_is_left_out_and_named(inputs, monkeypatch):
    def failing(inputs, parameters, levers, numbers, seed):
        series = engine.run_block(inputs, parameters, levers, numbers, seed)
        broken = (numbers == 2) & (np.asarray(levers.issuance) == 0.0)
        series["failed_day"] = np.where(broken, 1, series["failed_day"])
        return series

    monkeypatch.setattr(module, "run_block", failing)
    few = replace(inputs, levers={**inputs.levers, **dict.fromkeys(SWITCHES[2:], 0.0)})
    found = attribute(few, bitcoin(inputs), last_step=STEPS - 1, paths=3, seed=SEED)
    assert found.numbers.tolist() == [1, 3] and np.isfinite(found.parts).all()
    assert {s.failure.path for s in found.stopped} == {2}
    assert [s.on for s in found.stopped] == [(), ("income",)]
    later = attribute(few, bitcoin(inputs), last_step=0, paths=3, seed=SEED)
    assert later.stopped == () and len(later.numbers) == 3  # it failed after the last step


def test_progress_counts_up_to_all_runs(inputs):
    seen = []
    attribute(inputs, bitcoin(inputs), last_step=STEPS - 1, samples=8, seed=SEED,
              progress=lambda *counts: seen.append(counts))  # fmt: skip
    done, total = seen[-1]
    assert done == total < 1024 and [d for d, _ in seen] == sorted(d for d, _ in seen)


def test_daily_trades_have_two_sides_and_sum_to_the_flows_of_the_run(inputs):
    _, books = engine.run_companions(inputs)
    np.testing.assert_allclose(books.trades.sum(axis=1), 0.0, atol=1e-9)
    cleared = inputs.economy.columns("cleared")
    total = books.trades.sum(axis=0)
    np.testing.assert_allclose(total, books.flows[TRADES][:, cleared], atol=1e-9)
