"""The placebo: money leads bitcoin by 13 weeks, and so does anything else that grows.

Bitcoin's log price on the log of M2 thirteen weeks before looks wonderful: both wander upwards.
What such a fit is worth is told by money stocks that cannot lead, random walks with M2's own drift
and size of step, and by the same question about changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from drypowder.measure.numbers import numbers
from drypowder.measure.rank.weekly import Floats, sampled
from drypowder.measure.statistics.leads import placebo_p

if TYPE_CHECKING:
    from drypowder.data import Observed

_FEWEST = 100  # weeks


@dataclass(frozen=True)
class Money:
    """What bitcoin has to do with M2 of a quarter before."""

    lag_weeks: int
    levels: float  # share of the variance of log levels explained, R squared
    placebo_median: float  # the same for random walks that cannot lead: median ...
    placebo_high: float  # ... and the fit that one in twenty of them beats
    placebo_p: float  # share of random walks that fit at least as well
    changes: float  # R squared of changes over as many weeks, not overlapping
    changes_correlation: float
    changes_p: float  # two-sided, of no correlation of those changes
    weekly: float  # R squared of weekly changes
    observations: int  # weeks
    quarters: int  # changes that do not overlap
    first: date
    last: date


def money_placebo(series: Mapping[str, Observed]) -> Money | None:
    """The placebo, or None where weekly money or bitcoin is not stored or too short."""
    if "WM2NS" not in series or "price:BTC" not in series:
        return None
    given = numbers("probe")
    lag = int(given["m2_lag_weeks"])
    money, coin = series["WM2NS"], series["price:BTC"]
    mondays = money.observed_on.astype("datetime64[D]")
    now = np.add(mondays, np.timedelta64(7 * lag, "D"))
    price = np.log(sampled(coin.observed_on, coin.values, now, oldest_days=1))
    good = np.isfinite(price)
    if good.sum() < _FEWEST:
        return None
    stock, price, weeks = np.log(money.values[good]), price[good], now[good]
    return fit(stock, price, weeks, lag=lag, draws=int(given["draws"]), seed=int(given["seed"]))


def fit(stock: Floats, price: Floats, weeks: np.ndarray, *, lag: int, draws: int,
        seed: int) -> Money:  # fmt: skip
    """Levels, placebos and changes of two weekly series that are already lagged."""
    from scipy.special import stdtr

    generator = np.random.default_rng(seed)
    steps = np.diff(stock)
    walks = np.cumsum(generator.normal(steps.mean(), steps.std(), (draws, len(stock))), axis=1)
    null = _explained(walks, price)
    level = float(_explained(stock[None], price)[0])
    apart_stock, apart_price = np.diff(stock[::lag]), np.diff(price[::lag])
    together = float(np.corrcoef(apart_stock, apart_price)[0, 1])
    free = len(apart_stock) - 2.0
    t = together * np.sqrt(free / (1.0 - together**2))
    return Money(
        lag_weeks=lag, levels=level, placebo_median=float(np.median(null)),
        placebo_high=float(np.quantile(null, 0.95)), placebo_p=placebo_p(null, level),
        changes=together**2, changes_correlation=together,
        changes_p=float(2.0 * stdtr(free, -abs(t))),
        weekly=float(np.corrcoef(steps, np.diff(price))[0, 1] ** 2), observations=len(stock),
        quarters=len(apart_stock), first=weeks[0].item(), last=weeks[-1].item(),
    )  # fmt: skip


def _explained(candidates: Floats, outcome: Floats) -> Floats:
    """R squared of the outcome on each candidate [draw, week]."""
    left = candidates - candidates.mean(axis=1, keepdims=True)
    right = outcome - outcome.mean()
    return (left @ right) ** 2 / ((left**2).sum(axis=1) * (right**2).sum())
