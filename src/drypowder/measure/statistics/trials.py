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

from drypowder.measure.statistics.events import event_window
from drypowder.measure.statistics.kink import bend_interval, kink_test
from drypowder.measure.statistics.many import benjamini_hochberg, holm
from drypowder.measure.statistics.projection import local_projection
from drypowder.measure.statistics.regression import hac_ols
from drypowder.measure.statistics.stationary import unit_root
from drypowder.measure.statistics.together import correlation_interval

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
        "correlation, bootstrap of t": (_correlated(135, 0.3, draws), _LEVEL,
                                        "correlation 0.3, 135 days"),
        "correlation, shorter": (_correlated(100, 0.4, draws), _LEVEL,
                                 "correlation 0.4, 100 days"),
        "slope, Newey-West and bootstrap of t": (_sloped(draws), _LEVEL, "slope 0.3, 120 rows"),
        **{
            f"step in a level, memory {memory}": (
                _stepped(memory, size, draws), _LEVEL, f"a step of {size}, 72 days before it")
            for memory, size in ((0.3, 1.0), (0.6, 1.5), (0.8, 2.5), (0.9, 5.0))
        },
        "local projection, lag-augmented": (
            _projected(draws), _LEVEL, "response 0.5 after two of 160 rows"),
        "bend, sup-Wald by bootstrap": (_bent(draws), _LEVEL, "slope 1 turns 3, 264 rows"),
        "bend, interval by bootstrap": (_bent_interval(draws), _LEVEL, "slope 1 turns 3, 264 rows"),
        "event window among placebos": (_eventful, _LEVEL, "a jump of 4 window deviations"),
        "random walk, augmented Dickey-Fuller": (_wandering, 0.05, "memory 0.8, 150 rows"),
        "any of 15 looks, Holm": (_looked(holm), _LEVEL, "one effect of 4 standard errors"),
        "any of 15 looks, Benjamini-Hochberg": (
            _looked(benjamini_hochberg), _LEVEL, "one effect of 4 standard errors"),
    }  # fmt: skip


def _seed(generator: np.random.Generator) -> int:
    return int(generator.integers(2**31))


def _correlated(count: int, size: float, draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        left, other = remembering(generator, count), remembering(generator, count)
        right = size * left + math.sqrt(1 - size**2) * other if strong else other
        made = correlation_interval(left, right, level=_LEVEL, draws=draws)
        return not made.low <= 0.0 <= made.high

    return test


def _sloped(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        x, noise = remembering(generator, 120), remembering(generator, 120)
        made = hac_ols(0.3 * strong * x + noise, x, draws=draws, seed=_seed(generator))
        return bool(made.p_value[1] < _LEVEL)

    return test


def _stepped(memory: float, size: float, draws: int):
    """The design of claim 7: days before and after, month-ends, errors over 15 days."""

    def test(generator: np.random.Generator, strong: bool) -> bool:
        day = np.arange(242)
        after, month_end = (day >= 72).astype(float), (day % 21 >= 18).astype(float)
        outcome = size * strong * after + month_end + remembering(generator, len(day), memory)
        made = hac_ols(outcome, np.column_stack([after, month_end]), lags=15, draws=draws,
                       seed=_seed(generator))  # fmt: skip
        return bool(made.p_value[1] < _LEVEL)

    return test


def _projected(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        shock = generator.standard_normal(160)
        outcome = remembering(generator, 160, 0.6)
        outcome[2:] += 0.5 * strong * shock[:-2]
        made = local_projection(outcome, shock, horizons=2, lags=2, level=_LEVEL, draws=draws)
        return bool(made.p_value[2] < _LEVEL)

    return test


def _bent(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        x = np.sort(generator.uniform(0.0, 1.0, 264))
        bend = 2.0 * strong * np.maximum(x - 0.6, 0.0)
        outcome = x + bend + 0.2 * remembering(generator, 264, 0.5)
        made = kink_test(outcome, x, draws=draws, seed=_seed(generator))
        return made.p_value < _LEVEL

    return test


def _bent_interval(draws: int):
    def test(generator: np.random.Generator, strong: bool) -> bool:
        x = np.sort(generator.uniform(0.0, 1.0, 264))
        bend = 2.0 * strong * np.maximum(x - 0.6, 0.0)
        outcome = x + bend + 0.2 * remembering(generator, 264, 0.5)
        made = bend_interval(outcome, x, draws=draws, seed=_seed(generator))
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
