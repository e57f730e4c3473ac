"""Does crypto lead? Bitcoin against shares on one clock, with placebos, and as forecasts.

Four questions, fixed before looking. On days: does bitcoin at New York's close lead shares by up to
two weeks, and do shares lead bitcoin? On weeks, over the whole history: by up to a quarter, with
bitcoin's week ending a day earlier, so that its later clock cannot help it? On hours: does it lead
other coins and tokenised gold (no hourly share prices are stored, so that the hourly question about
shares stays open)? And what would the naive reading of daily bars have said?

It leads by the rule of this page when one of the four targets passes the test on all lags and all
targets together with a positive sign, and forecasts from it beat no change out of sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DataMissingError
from drypowder.measure.numbers import numbers
from drypowder.measure.probe.clocks import SOURCES, at_closes
from drypowder.measure.probe.money import Money, money_placebo
from drypowder.measure.rank.weekly import PRICE_DAYS, Days, Floats, sampled, wednesdays
from drypowder.measure.refused import refused
from drypowder.measure.stamp import MeasuredStamp
from drypowder.measure.statistics.leads import (
    Forecast,
    Lead,
    forecast,
    lead,
    phases_drawn,
    placebo_p,
    turned,
)  # fmt: skip
from drypowder.measure.statistics.many import holm

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

TARGETS = ("SPY", "QQQ", "IWM", "ARKK")
HOURLY = ("ETHUSDT", "SOLUSDT", "PAXGUSDT")
DAILY, BACK, WEEKLY, WEEKLY_BACK, NAIVE, HOURS, HOURS_BACK = (
    "daily", "daily_back", "weekly", "weekly_back", "naive", "hourly", "hourly_back",
)  # fmt: skip
QUESTIONS = (DAILY, BACK, WEEKLY, WEEKLY_BACK, NAIVE, HOURS, HOURS_BACK)
LEADS, FOLLOWS, BOTH_WAYS, TOGETHER, APART = "leads", "follows", "both_ways", "together", "apart"
_BITCOIN, _COIN_BARS = "price:BTC", "perp-1h:"
_HOUR, _WEEKEND = np.timedelta64(1, "h"), np.timedelta64(4, "D")


@dataclass(frozen=True)
class Row:
    """One pair of series and one question."""

    question: str  # one of QUESTIONS
    target: str  # ticker or contract; the leader is bitcoin, in *_back the follower
    found: Lead
    turned_p: float  # share of histories turned round that look as much like a lead
    phases_p: float  # share of histories with drawn phases that do
    forecast: Forecast
    first: date
    last: date
    holm: float = float("nan")  # over the targets of the question

    @property
    def sign(self) -> int:
        """Of the correlation at the best lag."""
        return int(np.sign(self.found.t[self.found.best - self.found.lags[0]]))

    @property
    def leads(self) -> bool:
        """Passes all lags and targets together, with a positive sign, and forecasts gain."""
        level = numbers("probe")["level"]
        gains = self.forecast.gain > 0.0 and self.forecast.p_value < level
        return bool(self.holm < level and self.sign > 0 and gains)


@dataclass(frozen=True)
class Probe:
    """All answers."""

    rows: tuple[Row, ...]
    money: Money | None  # None: no weekly money stock is stored
    hour_late: float  # share of daily returns of bitcoin measured an hour before the close
    missing: tuple[str, ...]  # questions without data
    stale: tuple[str, ...]  # series that are older than they should be
    stamp: MeasuredStamp

    def of(self, question: str) -> tuple[Row, ...]:
        """Rows of one question."""
        return tuple(row for row in self.rows if row.question == question)

    @property
    def verdict(self) -> str:
        """leads, follows, both ways, moves together without a lead, or goes apart."""
        ahead = any(row.leads for row in (*self.of(DAILY), *self.of(WEEKLY)))
        behind = any(row.leads for row in (*self.of(BACK), *self.of(WEEKLY_BACK)))
        if ahead or behind:
            return BOTH_WAYS if ahead and behind else LEADS if ahead else FOLLOWS
        same = [row.found for row in (*self.of(DAILY), *self.of(WEEKLY))]
        level = numbers("probe")["level"]
        tied = any(_at_once_p(found) < level for found in same)
        return TOGETHER if tied else APART


def probe(known: Known) -> Probe:
    """Every question on the data known on a day.

    Raises:
        DataMissingError: DP-212 where neither the daily nor the weekly question has data.
    """
    shares = [f"price:{name}" for name in TARGETS]
    coins = [f"{_COIN_BARS}{name}" for name in HOURLY]
    series = known.table([_BITCOIN, *shares, *SOURCES, *coins, *money_series()])
    rows, hour_late = _daily(series)
    rows = [*rows, *_weekly(series), *_hourly(series)]
    asked = {row.question for row in rows}
    if not asked & {DAILY, WEEKLY}:
        named = " ".join((_BITCOIN, *shares, SOURCES[0]))
        raise refused(DataMissingError, "DP-212", named=named)
    return Probe(
        tuple(_corrected(rows)), money_placebo(series), hour_late,
        tuple(name for name in QUESTIONS if name not in asked),
        tuple(sorted(each.name for each in series.values() if each.stale)),
        MeasuredStamp.of(known, np.concatenate([each.known_on for each in series.values()])),
    )  # fmt: skip


def money_series() -> tuple[str, ...]:
    """Series of the placebo with the money stock."""
    return ("WM2NS",)


def close_to_close(
    series: Mapping[str, Observed], name: str
) -> tuple[Days, Floats, Floats, NDArray[np.int64]]:
    """Days, bitcoin's return at New York's close, the share's return, place of the source.

    Days on which either is missing are left out; the return of a Monday spans the weekend in both.
    """
    share = series[f"price:{name}"]
    days = share.observed_on.astype("datetime64[D]")
    returns = np.full(len(days), np.nan)
    returns[1:] = np.diff(np.log(share.values))
    coin, source = at_closes(series, days)
    good = np.isfinite(returns) & np.isfinite(coin)
    return days[good], coin[good], returns[good], source[good]


def _daily(series: Mapping[str, Observed]) -> tuple[list[Row], float]:
    rows, late = [], np.nan
    given = numbers("probe")
    lags = int(given["daily_lags"])
    for name in (name for name in TARGETS if f"price:{name}" in series):
        days, coin, share, source = close_to_close(series, name)
        if len(days) < given["fewest"]:
            continue
        late = float((source == len(SOURCES) - 1).mean())
        rows.append(_row(DAILY, name, coin, share, days, lags))
        rows.append(_row(BACK, name, share, coin, days, lags))
        if _BITCOIN in series:
            bar = sampled(
                series[_BITCOIN].observed_on, np.log(series[_BITCOIN].values),
                series[f"price:{name}"].observed_on.astype("datetime64[D]"), oldest_days=0,
            )  # fmt: skip
            naive = np.full(len(bar), np.nan)
            naive[1:] = np.diff(bar)
            kept = np.isin(series[f"price:{name}"].observed_on.astype("datetime64[D]"), days)
            both = np.isfinite(naive[kept])
            rows.append(_row(NAIVE, name, naive[kept][both], share[both], days[both], lags))
    return rows, late


def _weekly(series: Mapping[str, Observed]) -> list[Row]:
    """Weeks to Wednesday; bitcoin's ends on Tuesday at midnight UTC, before the share's."""
    rows: list[Row] = []
    given = numbers("probe")
    if _BITCOIN not in series:
        return rows
    coin = series[_BITCOIN]
    for name in (name for name in TARGETS if f"price:{name}" in series):
        share = series[f"price:{name}"]
        weeks = wednesdays(max(coin.observed_on[0], share.observed_on[0]),
                           min(coin.observed_on[-1], share.observed_on[-1]))  # fmt: skip
        levels = sampled(share.observed_on, share.values, weeks, oldest_days=PRICE_DAYS)
        day_before = weeks - np.timedelta64(1, "D")
        coins = sampled(coin.observed_on, coin.values, day_before, oldest_days=0)
        same_day = sampled(coin.observed_on, coin.values, weeks, oldest_days=0)
        moves = np.diff(np.log(np.stack([coins, same_day, levels])), axis=1)
        good = np.isfinite(moves).all(axis=0)
        if good.sum() < given["fewest"]:
            continue
        days, (early, late, shares) = weeks[1:][good], moves[:, good]
        lags = int(given["weekly_lags"])
        rows.append(_row(WEEKLY, name, early, shares, days, lags))
        rows.append(_row(WEEKLY_BACK, name, shares, late, days, lags))
    return rows


def _hourly(series: Mapping[str, Observed]) -> list[Row]:
    rows: list[Row] = []
    given = numbers("probe")
    coin = series.get(SOURCES[0])
    for name in (name for name in HOURLY if f"{_COIN_BARS}{name}" in series):
        other = series[f"{_COIN_BARS}{name}"]
        if coin is None:
            break
        hours, left, right = np.intersect1d(
            coin.observed_on, other.observed_on, return_indices=True
        )
        moves = np.diff(np.log(np.stack([coin.values[left], other.values[right]])), axis=1)
        whole = np.diff(hours) == _HOUR
        if whole.sum() < given["fewest"]:
            continue
        days, (bitcoin, others) = hours[1:][whole], moves[:, whole]
        lags = int(given["hourly_lags"])
        rows.append(_row(HOURS, name, bitcoin, others, days, lags))
        rows.append(_row(HOURS_BACK, name, others, bitcoin, days, lags))
    return rows


def _row(question: str, target: str, x: Floats, y: Floats, on: np.ndarray, lags: int) -> Row:
    given = numbers("probe")
    generator = np.random.default_rng(int(given["seed"]))
    block, draws, fewer = (int(given[name]) for name in ("block", "draws", "placebo_draws"))
    found = lead(x, y, lags=lags, block=block, draws=draws, generator=generator)
    placebos = [
        placebo_p(make(x, y, lags=lags, draws=fewer, generator=generator), found.largest)
        for make in (turned, phases_drawn)
    ]
    made = forecast(x, y, lags=int(given["slope_lags"]), first=int(given["first_forecast"]))
    first, last = (each.astype("datetime64[D]").item() for each in (on[0], on[-1]))
    return Row(question, target, found, placebos[0], placebos[1], made, first, last)


def _corrected(rows: list[Row]) -> list[Row]:
    """Rows with their p-values corrected over the targets of each question."""
    made: list[Row] = []
    for question in QUESTIONS:
        group = [row for row in rows if row.question == question]
        raised = holm([row.found.p_value for row in group]) if group else ()
        made += [replace(row, holm=float(p)) for row, p in zip(group, raised, strict=True)]
    return made


def _at_once_p(found: Lead) -> float:
    """Two-sided p-value of the correlation without a lag."""
    from scipy.special import stdtr

    free = found.observations - 2.0
    t = found.at_once * np.sqrt(free / max(1.0 - found.at_once**2, 1e-12))
    return float(2.0 * stdtr(free, -abs(t)))
