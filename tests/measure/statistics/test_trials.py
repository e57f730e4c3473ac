"""Measured size and power of every tool, on worlds made with seeds."""

from __future__ import annotations

import math

import pytest

from drypowder.measure.statistics.trials import trials

TOO_OFTEN = 0.02  # more than promised
LEAST_POWER = 0.75


def assert_honest(found, slack):
    for each in found:
        noise = 3.0 * math.sqrt(each.nominal * (1.0 - each.nominal) / each.worlds)
        assert each.size <= each.nominal + slack + noise, each
        assert each.power >= LEAST_POWER, each


def test_no_tool_cries_wolf_much_more_often_than_it_promises():
    assert_honest(trials(40, draws=99), TOO_OFTEN)


@pytest.mark.slow
def test_size_and_power_in_many_worlds():
    assert_honest(trials(400), TOO_OFTEN)
