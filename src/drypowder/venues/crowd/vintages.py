"""Open positions are the survivors of those that were ever opened.

Positions are opened at a steady rate and given up after an exponential time, so that a living one
is of age t with density exp(-t / tau) / tau; it came in at the price of then, E, with leverage l
(notional over the money that answers for it, not the button of the exchange), log-normal. With
side s and maintenance rate r it is closed by force at

    LP = E (1 - s / l) / (1 - s r)

and is alive only if no price since has reached LP: l must lie under the leverage at which the
worst price since then would have closed it. So longs seen after a fall have low leverage or are
young, whatever was opened; today's leverage differs from that at entry for the same reason.

    P(LP beyond y, alive | t) = Phi[(ln l(min(y, worst since t)) - ln m) / sd]

Here rates are flat; `drypowder.venues.crowd.sampling` draws accounts of the same law with brackets.
Signs: side +1 long, -1 short; a distance is ln(price now / LP) for longs, its negative for
shorts, positive while a position is alive. Source: ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from drypowder.errors import UsageError

Floats = NDArray[np.float64]
_OLDEST = 8.0  # mean ages: what is older is 0.03 % of all and taken to be as old as that


@dataclass(frozen=True)
class PricePath:
    """What prices did until now: bars that end `days_ago` before now, the last one now.

    A plain path of prices is a path of bars without wicks. Markets share one clock.

    Raises:
        UsageError: DP-141 for clocks that do not run to now, or prices that are no prices.
    """

    days_ago: Floats  # [bar], falling to zero
    log_close: Floats  # [bar, market]
    log_low: Floats | None = None  # [bar, market], of the time since the bar before
    log_high: Floats | None = None

    def __post_init__(self) -> None:
        days = np.asarray(self.days_ago, dtype=np.float64)
        close = _columns(self.log_close)
        low = close if self.log_low is None else _columns(self.log_low)
        high = close if self.log_high is None else _columns(self.log_high)
        _refuse(days.ndim != 1 or len(days) < 2, "it has fewer than two bars")
        runs = np.all(np.diff(days) < 0.0) and days[-1] == 0.0
        _refuse(not runs, "its days do not fall, bar by bar, to zero days ago")
        _refuse(
            close.shape[0] != len(days) or low.shape != close.shape or high.shape != close.shape,
            "days, closes, lows and highs have different lengths",
        )
        _refuse(not np.all(np.isfinite(low + close + high)), "a price is missing")
        _refuse(bool(np.any((low > close) | (high < close))), "a close lies outside its bar")
        for name, value in zip(self.__dataclass_fields__, (days, close, low, high), strict=True):
            object.__setattr__(self, name, value)

    @property
    def markets(self) -> int:
        """How many markets share the clock."""
        return self.log_close.shape[1]

    @property
    def price_now(self) -> Floats:
        """[market]: the last close."""
        return np.exp(self.log_close[-1])

    def wicks(self) -> tuple[Floats, Floats]:
        """Lows and highs, [bar, market] log."""
        assert self.log_low is not None and self.log_high is not None  # filled on construction
        return self.log_low, self.log_high

    def worst_since(self, side: int) -> Floats:
        """[bar, market]: lowest (longs) or highest (shorts) log price after each bar's close."""
        low, high = self.wicks()
        bars, worst = (low, np.minimum) if side > 0 else (high, np.maximum)
        after = np.concatenate([bars[1:], self.log_close[-1:]])
        return worst(worst.accumulate(after[::-1], axis=0)[::-1], self.log_close)

    def age_shares(self, mean_age_days: float) -> Floats:
        """[bar]: share of entrants, now of any age, that came in between this close and the next.

        What is older than the path counts as of its first bar; use a path of several mean ages.
        """
        oldest = np.exp(-self.days_ago / mean_age_days)
        oldest[0] = 0.0
        return np.append(np.diff(oldest), 0.0)


@dataclass(frozen=True)
class Leverage:
    """Effective leverage at entry, log-normal, and for how long positions are kept.

    Raises:
        UsageError: DP-141 unless all three are above zero.
    """

    median: float  # notional over money
    log_sd: float  # of ln leverage
    mean_age_days: float
    maximum: float = np.inf  # nobody is let in with more

    def __post_init__(self) -> None:
        given = np.array([self.median, self.log_sd, self.mean_age_days, self.maximum])
        _refuse(not np.all(given > 0.0), "median, spread, age and maximum must be above zero")

    def share_below(self, leverage: ArrayLike) -> Floats:
        """Share of entrants with at most this leverage."""
        capped = np.minimum(np.asarray(leverage, dtype=np.float64), self.maximum)
        with np.errstate(divide="ignore"):
            score = (np.log(np.maximum(capped, 0.0)) - np.log(self.median)) / self.log_sd
        most = (np.log(self.maximum) - np.log(self.median)) / self.log_sd
        return ndtr(score) / ndtr(most)


class Survivors(NamedTuple):
    """Living positions of one side of one market, as shares of all of them."""

    beyond: Floats  # [distance], with a liquidation price further away than that
    alive: float  # of those who would be there had nobody been closed by force
    never: float  # with no liquidation price: longs with no more notional than money


def survivors(
    *,
    distance: ArrayLike,
    path: PricePath,
    leverage: Leverage,
    side: int,
    maintenance_rate: float,
    market: int = 0,
) -> Survivors:
    """How much of today's open interest a further move would close: 1 - beyond.

    Args:
        distance: log moves against the side, zero or more.

    Raises:
        UsageError: DP-143 when nobody can be alive.
    """
    entry, worst, share = _entrants(path, leverage.mean_age_days, side, market)
    now = path.log_close[-1, market]
    goal = now - side * np.asarray(distance, dtype=np.float64)
    reach = np.minimum if side > 0 else np.maximum

    def living(log_price):
        """Share of entrants whose liquidation price lies beyond."""
        level = np.exp(reach(log_price[:, None], worst) - entry)
        inverse = side * (1.0 - (1.0 - side * maintenance_rate) * level)
        with np.errstate(divide="ignore"):
            most = np.where(inverse > 0.0, 1.0 / np.maximum(inverse, 1e-300), np.inf)
        return leverage.share_below(most) @ share

    alive = float(living(np.array([now]))[0])
    if not alive > 0.0:
        raise nobody_alive(f"the {'longs' if side > 0 else 'shorts'} of market {market}")
    never = float(leverage.share_below(1.0)) if side > 0 else 0.0
    return Survivors(living(np.atleast_1d(goal)) / alive, alive, never / alive)


def nobody_alive(who: str) -> UsageError:
    """The path has closed everybody that this distribution would let in."""
    return UsageError(
        "DP-143",
        f"hardly any of {who} would have lived through the path.",
        "Give a lower leverage, a shorter mean age, or another path.",
    )


def _entrants(path: PricePath, mean_age_days: float, side: int, market: int):
    """Log entry price, worst log price since and share of each bar that anybody came in at."""
    share = path.age_shares(mean_age_days)
    used = (share > 0.0) & (path.days_ago <= _OLDEST * mean_age_days + path.days_ago[-2])
    weight = share[used] / share[used].sum()
    return path.log_close[used, market], path.worst_since(side)[used, market], weight


def _columns(given: ArrayLike) -> Floats:
    array = np.asarray(given, dtype=np.float64)
    return array[:, None] if array.ndim == 1 else array


def _refuse(broken: bool, what: str) -> None:
    if broken:
        raise UsageError(
            "DP-141",
            f"no population can be drawn from this path or leverage: {what}.",
            "Bars run from the oldest to now (days_ago ends at 0), prices in logs.",
        )
