"""How often each tool cries wolf, and how often it sees the wolf: measured on made-up worlds.

Every tool is tried on worlds without the effect (its size: rejections where there is nothing) and
on worlds with one (its power). The worlds remember as markets do: shocks last, variance clusters.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.bootstrap import block_interval
from drypowder.measure.statistics.events import event_window
from drypowder.measure.statistics.kink import bend_interval, kink_test
from drypowder.measure.statistics.many import benjamini_hochberg, holm
from drypowder.measure.statistics.projection import local_projection
from drypowder.measure.statistics.regimes import by_regime, correlation
from drypowder.measure.statistics.regression import hac_ols
from drypowder.measure.statistics.stationary import unit_root

_LEVEL = 0.10


@dataclass(frozen=True)
class Trial:
    """One tool on many made-up worlds."""

    tool: str
    worlds: int
    size: float  # share of worlds without the effect in which it was found
    nominal: float  # the share that the tool promises at the most
    power: float  # share of worlds with the effect in which it was found
    effect: str  # what there was to find


def trials(worlds: int, *, draws: int = 199, seed: int = 20260206) -> list[Trial]:
    """Size and power of every tool.

    Args:
        worlds: made up for each tool; draws: of each bootstrap.
    """
    found = []
    for tool, (test, nominal, effect) in _tools(draws).items():
        rejected = [
            np.mean([test(np.random.default_rng([seed, k, strong]), bool(strong))
                     for k in range(worlds)])
            for strong in (0, 1)
        ]  # fmt: skip
        found.append(Trial(tool, worlds, float(rejected[0]), nominal, float(rejected[1]), effect))
    return found


def remembering(generator: np.random.Generator, count: int, memory: float = 0.3) -> NDArray:
    """A series with lasting shocks (AR(1)) and clustering variance, of unit variance or so."""
    storm = np.exp(0.5 * _autoregression(0.4 * generator.standard_normal(count), 0.9))
    return _autoregression(storm * generator.standard_normal(count), memory)


def _autoregression(shocks: NDArray, memory: float) -> NDArray:
    from scipy.signal import lfilter

    return lfilter([1.0], [1.0, -memory], shocks)


def _tools(draws: int) -> dict[str, tuple[Callable, float, str]]:
    return {
        "correlation, block bootstrap": (_correlated(draws), _LEVEL, "correlation 0.3, 135 days"),
        "correlation in one of two states": (
            _correlated_in_state(draws), _LEVEL, "correlation 0.4 in the 100 days of one state"),
        "slope, Newey-West": (_sloped, _LEVEL, "slope 0.3, 120 rows"),
        "local projection, lag-augmented": (
            _projected, _LEVEL, "response 0.5 after two of 160 rows"),
        "bend, sup-Wald by wild bootstrap": (_bent(draws), _LEVEL, "slope 1 turns 3, 264 rows"),
        "bend, interval by wild bootstrap": (
            _bent_interval(draws), _LEVEL, "slope 1 turns 3, 264 rows"),
        "event window among placebos": (_eventful, _LEVEL, "a jump of 4 window deviations"),
        "random walk, augmented Dickey-Fuller": (_wandering, 0.05, "memory 0.8, 150 rows"),
        "any of 15 looks, Holm": (_looked(holm), _LEVEL, "one effect of 4 standard errors"),
        "any of 15 looks, Benjamini-Hochberg": (
            _looked(benjamini_hochberg), _LEVEL, "one effect of 4 standard errors"),
    }  # fmt: skip


def _correlated(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        left, other = remembering(generator, 135), remembering(generator, 135)
        right = 0.3 * left + math.sqrt(1 - 0.3**2) * other if strong else other
        made = block_interval(correlation, left, right, level=_LEVEL, draws=draws)
        return not made.low <= 0.0 <= made.high

    return test


def _correlated_in_state(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        state = np.repeat([0, 1], [150, 100])
        left, other = remembering(generator, 250), remembering(generator, 250)
        weight = 0.4 * (state == 1) * strong
        right = weight * left + np.sqrt(1 - weight**2) * other
        made = by_regime(correlation, left, right, state=state, level=_LEVEL, draws=draws)[1]
        return not made.low <= 0.0 <= made.high

    return test


def _sloped(generator: np.random.Generator, strong: bool) -> bool:
    x, noise = remembering(generator, 120), remembering(generator, 120)
    return bool(hac_ols(0.3 * strong * x + noise, x).p_value[1] < _LEVEL)


def _projected(generator: np.random.Generator, strong: bool) -> bool:
    shock = generator.standard_normal(160)
    outcome = remembering(generator, 160, 0.6)
    outcome[2:] += 0.5 * strong * shock[:-2]
    made = local_projection(outcome, shock, horizons=2, lags=2, level=_LEVEL)
    return bool(made.p_value[2] < _LEVEL)


def _bent(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        x = np.sort(generator.uniform(0.0, 1.0, 264))
        bend = 2.0 * strong * np.maximum(x - 0.6, 0.0)
        outcome = x + bend + 0.2 * remembering(generator, 264, 0.5)
        made = kink_test(outcome, x, block=8, draws=draws, seed=int(generator.integers(2**31)))
        return made.p_value < _LEVEL

    return test


def _bent_interval(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        x = np.sort(generator.uniform(0.0, 1.0, 264))
        bend = 2.0 * strong * np.maximum(x - 0.6, 0.0)
        outcome = x + bend + 0.2 * remembering(generator, 264, 0.5)
        made = bend_interval(outcome, x, draws=draws, seed=int(generator.integers(2**31)))
        return not made.low <= 0.0 <= made.high

    return test


def _eventful(generator: np.random.Generator, strong: bool) -> bool:
    days = np.arange(500).astype("datetime64[D]")
    steps = remembering(generator, 500, 0.1)
    steps[450:460] += strong * 4.0 * steps[:450].std() * math.sqrt(10.0) / 10.0
    made = event_window(days, np.cumsum(steps), start=days[449], end=days[459], level=_LEVEL)
    return made.p_value < _LEVEL


def _wandering(generator: np.random.Generator, strong: bool) -> bool:
    series = _autoregression(generator.standard_normal(150), 0.8 if strong else 1.0)
    return unit_root(series) < 0.05


def _looked(correct: Callable):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        from scipy.special import ndtr

        errors = generator.standard_normal(15)
        errors[0] += 4.0 * strong
        raised = correct(2.0 * ndtr(-np.abs(errors)))
        return bool(raised[0] < _LEVEL if strong else raised.min() < _LEVEL)

    return test
