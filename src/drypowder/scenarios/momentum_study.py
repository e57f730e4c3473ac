"""Can momentum hold its gains, and does marginal cash decide it? Counted in simulated worlds.

    "speculative retail momentum cannot hold gains"

A breakout is a close above the highest of the last `window` days that was not above it the day
before; it fails if within `horizon` days the price is back below the level it broke. Breakouts
are sorted by dry powder on their day, relative to the opening, into thirds. If the essay is
right, failures are more frequent where dry powder is scarce. Nothing here is a forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drypowder.engine.simulate import simulate
from drypowder.scenarios.compile import compile_inputs
from drypowder.scenarios.scenario import Scenario

SPECULATIVE = ("equity_speculative", "equity_chips", "bitcoin", "alt_crypto")
_THIRDS = 3


@dataclass(frozen=True)
class Breakouts:
    """Breakouts of one asset by thirds of dry powder, scarcest first."""

    asset: str
    dry_powder: np.ndarray  # (third,) mean, relative to the opening
    count: np.ndarray  # (third,)
    failed_share: np.ndarray  # (third,)
    standard_error: np.ndarray  # (third,), worlds resampled as wholes
    difference: float  # scarcest less most plentiful third
    difference_error: float


def failed_breakouts(
    scenario: Scenario | str,
    *,
    paths: int = 256,
    years: float | None = None,
    seed: int = 0,
    window: int = 60,
    horizon: int = 20,
    assets: tuple[str, ...] = SPECULATIVE,
) -> list[Breakouts]:
    """How often breakouts fail, by how much dry powder there is.

    Args:
        window, horizon: trading days.
    """
    run = simulate(compile_inputs(scenario, years=years, seed=seed), paths=paths, seed=seed)
    powder = run.dry_powder[1:].sum(axis=2)  # the central path hears no news
    powder = powder / powder[:, :1]
    worlds = np.flatnonzero(np.isfinite(run.prices[1:]).all(axis=(1, 2)))
    return [
        by_thirds(name, run.price(name)[1:][worlds], powder[worlds], window=window, horizon=horizon)
        for name in assets
    ]


def by_thirds(
    asset: str, price: np.ndarray, powder: np.ndarray, *, window: int, horizon: int
) -> Breakouts:
    """Breakouts of given prices, shaped (world, day), sorted by dry powder of the same shape."""
    world, day = breakouts(price, window=window, horizon=horizon)
    level = np.array([price[w, d - window : d].max() for w, d in zip(world, day, strict=True)])
    ahead = [price[w, d + 1 : d + 1 + horizon].min() for w, d in zip(world, day, strict=True)]
    failed = (np.array(ahead) < level).astype(float)
    cash = powder[world, day]
    third = np.searchsorted(np.quantile(cash, [1 / _THIRDS, 2 / _THIRDS]), cash)
    count = np.bincount(third, minlength=_THIRDS)
    share = np.bincount(third, failed, minlength=_THIRDS) / np.maximum(count, 1)
    errors, difference = _jackknife(world, third, failed, len(price))
    mean = np.bincount(third, cash, minlength=_THIRDS) / np.maximum(count, 1)
    return Breakouts(
        asset, mean, count, share, errors, float(share[0] - share[-1]), float(difference)
    )


def breakouts(price: np.ndarray, *, window: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """World and day of every breakout that leaves `horizon` days to fail in."""
    windows = np.lib.stride_tricks.sliding_window_view(price[:, :-1], window, axis=1)
    above = price[:, window:] > windows.max(axis=2)
    fresh = above & ~np.pad(above, ((0, 0), (1, 0)))[:, :-1]
    world, place = np.nonzero(fresh[:, : max(fresh.shape[1] - horizon, 0)])
    return world, place + window


def _jackknife(world, third, failed, worlds: int) -> tuple[np.ndarray, float]:
    """Standard errors, leaving out whole worlds: breakouts of one are not independent."""
    place = world * _THIRDS + third
    count = np.bincount(place, minlength=worlds * _THIRDS).reshape(worlds, _THIRDS)
    lost = np.bincount(place, failed, minlength=worlds * _THIRDS).reshape(worlds, _THIRDS)
    left = (lost.sum(axis=0) - lost) / np.maximum(count.sum(axis=0) - count, 1)
    gap = left[:, 0] - left[:, -1]
    scale = (worlds - 1) / worlds
    errors = np.sqrt(scale * np.sum((left - left.mean(axis=0)) ** 2, axis=0))
    return errors, float(np.sqrt(scale * np.sum((gap - gap.mean()) ** 2)))
