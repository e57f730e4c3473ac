"""Price paths and crowds that several tests of this room share."""

from __future__ import annotations

import numpy as np

from drypowder.venues.crowd.vintages import PricePath

FLAT_RATE = 0.005


def walk(*, seed: int, days: int = 40, markets: int = 1, wick: float = 0.004) -> PricePath:
    """Hourly bars of random prices with wicks, starting anywhere and ending now."""
    generator = np.random.default_rng(seed)
    bars = days * 24
    move = generator.normal(0.0, 0.006, (bars, 1)) + generator.normal(0.0, 0.002, (bars, markets))
    close = np.log([1e5, 4e3, 200.0, 3.0, 0.5][:markets]) + np.cumsum(move, axis=0)
    down, up = np.abs(generator.normal(0.0, wick, (2, bars, markets)))
    return PricePath(np.arange(bars)[::-1] / 24.0, close, close - down, close + up)


def still(price: float = 100.0, days: int = 60) -> PricePath:
    """A price that has never moved."""
    return PricePath(np.arange(days, -1.0, -1.0), np.full(days + 1, np.log(price)))
