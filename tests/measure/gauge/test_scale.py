"""The arithmetic of the gauge: ranks, groups, a concave mean, a sum that adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.measure.gauge.scale import (
    Scheme,
    add_up,
    centring,
    concave_mean,
    group_levels,
    rank_of,
    ranks,
)  # fmt: skip

MEMBER = np.array([0, 0, 0, 1, 1])
scores = st.lists(st.floats(0.0, 100.0), min_size=5, max_size=5).map(np.array)
weights = st.lists(st.floats(0.1, 3.0), min_size=5, max_size=5).map(np.array)
powers = st.floats(-4.0, 1.0)


def scheme(parts=(1.0, 1.5, 0.5, 1.0, 0.5), power=-1.0):
    return Scheme(np.array(parts), np.array([0.5, 0.5]), MEMBER, np.array(power))


def test_mid_ranks_of_a_small_sample_are_those_worked_by_hand():
    # of 4: below 0, equal 1 -> 12.5; 1 below and 2 equal -> 50, twice; 3 below and 1 equal -> 87.5
    assert ranks(np.array([3.0, 5.0, 5.0, 9.0])).tolist() == [12.5, 50.0, 50.0, 87.5]
    assert rank_of(np.array([4.0, 100.0]), np.array([3.0, 5.0, 5.0, 9.0])).tolist() == [25.0, 100.0]
    assert np.isnan(ranks(np.array([1.0, np.nan, 2.0]))[1])


def test_an_example_worked_by_hand():
    # liquidity (40 + 20 + 60) / 3 = 40, room (80 + 40) / 2 = 60: mean 50, harmonic 48
    now = add_up(np.array([40.0, 20.0, 60.0, 80.0, 40.0]), scheme((1, 1, 1, 1, 1)), 3.0)
    assert now.groups.tolist() == pytest.approx([40.0, 60.0])
    assert now.interaction == pytest.approx(-2.0)
    assert now.contributions.sum() == pytest.approx(0.0)
    assert now.contributions[3] == pytest.approx(
        0.25 * 30.0
    )  # half of the gauge, half of the group
    assert now.level == pytest.approx(51.0)


@given(scores, weights, powers, st.floats(-60.0, 60.0))
def test_parts_add_up_to_the_level_and_the_level_stays_on_its_scale(now, parts, power, shift):
    made = add_up(now, scheme(parts, power), shift)
    total = 50.0 + made.contributions.sum() + made.interaction + made.centring + made.bound
    assert abs(total - made.level) < 1e-9
    assert -1e-9 <= made.level <= 100.0 + 1e-9
    concave = float(concave_mean(made.groups, np.array([0.5, 0.5]), np.array(power)))
    assert made.level == pytest.approx(np.clip(concave + shift, 0.0, 100.0), abs=1e-9)


@given(scores, weights, powers)
def test_plenty_of_one_never_wholly_makes_up_for_scarcity_of_the_other(now, parts, power):
    made = add_up(now, scheme(parts, power), 0.0)
    assert made.interaction <= 0.0
    if abs(made.groups[0] - made.groups[1]) < 1e-12:
        assert made.interaction == pytest.approx(0.0, abs=1e-9)


@given(scores, weights, powers, st.integers(0, 4), st.floats(0.0, 100.0))
def test_more_of_a_part_is_never_less_dry_powder(now, parts, power, place, better):
    raised = now.copy()
    raised[place] = max(now[place], better)
    used = scheme(parts, power)
    assert add_up(raised, used, 0.0).level >= add_up(now, used, 0.0).level - 1e-9


@given(scores, st.permutations(range(5)))
def test_the_order_of_parts_does_not_matter(now, order):
    order = list(order)
    used = scheme()
    moved = Scheme(used.parts[order], used.groups, MEMBER[order], used.power)
    assert add_up(now[order], moved, 1.0).level == pytest.approx(add_up(now, used, 1.0).level)


@given(scores, st.integers(0, 4))
def test_a_part_at_its_median_contributes_nothing_nor_does_one_that_is_missing(now, place):
    for score in (50.0, np.nan):
        set_to = now.copy()
        set_to[place] = score
        assert add_up(set_to, scheme(), 0.0).contributions[place] == 0.0


def test_the_concave_mean_has_its_limits():
    halves = np.array([0.5, 0.5])
    assert concave_mean(np.array([0.0, 80.0]), halves, np.array(-1.0)) == 0.0
    assert concave_mean(np.array([20.0, 80.0]), halves, np.array(0.0)) == pytest.approx(40.0)
    assert concave_mean(np.array([20.0, 80.0]), halves, np.array(1.0)) == pytest.approx(50.0)


@given(st.integers(1, 40), st.integers(0, 2**31))
def test_centring_makes_fifty_the_median_of_the_window(months, seed):
    history = np.random.default_rng(seed).uniform(0.0, 100.0, (months, 5))
    used = scheme()
    shift = centring(history, used)
    levels = concave_mean(group_levels(history, used), used.between, used.power) + shift
    assert np.median(levels) == pytest.approx(50.0)
