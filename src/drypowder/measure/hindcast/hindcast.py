"""The model held to account: what it would have said from end-2022 on, against what happened.

Everything outside the model happens as it was observed; everything inside is simulated with
parameters known by end-2025. Months up to then are judged apart from those after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import UsageError
from drypowder.measure.hindcast._rows import FIRST_STEP, Driver, business_days
from drypowder.measure.hindcast.drivers import drive
from drypowder.measure.hindcast.observed import Happened, month_days, observe
from drypowder.measure.hindcast.settings import MARKET, PIPES, Outcome, outcomes, setting
from drypowder.measure.hindcast.simulated import Simulated, simulate_outcomes
from drypowder.measure.hindcast.skill import BETTER, TOO_FEW, WORSE, Score, scores
from drypowder.measure.refused import refused
from drypowder.measure.stamp import MeasuredStamp

if TYPE_CHECKING:
    from drypowder.data import Known

FAILS, HOLDS, CANNOT_SAY = "fails", "holds", "cannot_say"
BEFORE, AFTER = "before", "after"  # the cut: months that the parameters could have known, or not
_SHORTEST = 32  # business days that a hindcast needs: a month and a bit


@dataclass(frozen=True)
class Change:
    """One outcome over one period: what was simulated, within which band, and what happened."""

    period: str  # before, after
    first: date
    last: date
    simulated: float  # bp, per cent or USD bn
    low: float  # band of parameter draws
    high: float
    observed: float

    @property
    def same_sign(self) -> bool:
        """Whether the direction was right."""
        return bool(np.sign(self.simulated) == np.sign(self.observed))

    @property
    def inside(self) -> bool:
        """Whether what happened lies within the band of the draws."""
        return self.low <= self.observed <= self.high


@dataclass(frozen=True)
class Judged:
    """One outcome with its changes and its skill at every horizon, before and after the cut."""

    outcome: Outcome
    licensed: bool
    starter: bool
    changes: tuple[Change, ...]
    scores: dict[str, tuple[Score, ...]]  # by period

    def verdict(self, period: str) -> str:
        """Fails where any simpler answer was better, holds where all were worse at some horizon.

        A horizon with too few spans without overlap counts for nothing.
        """
        judged = [s for s in self.scores.get(period, ()) if s.verdict != TOO_FEW]
        if any(score.verdict == WORSE for score in judged):
            return FAILS
        horizons = {score.horizon for score in judged}
        beaten = any(
            all(s.verdict == BETTER for s in judged if s.horizon == months) for months in horizons
        )
        return HOLDS if beaten else CANNOT_SAY


@dataclass(frozen=True)
class Hindcast:
    """The whole answer."""

    last_day: date
    judged: tuple[Judged, ...]
    missing: dict[str, list[str]]  # outcome -> series that are not there
    drivers: tuple[Driver, ...]
    days: NDArray[np.datetime64]  # (month,) from the opening on
    paths: dict[str, NDArray[np.float64]]  # outcome -> (path, month) simulated change
    happened: dict[str, Happened]
    worst_gap: float
    stopped: int
    draws: int
    scenario_hash: str
    stamp: MeasuredStamp


def hindcast(known: Known, *, last_day: date | None = None, draws: int | None = None) -> Hindcast:
    """Drive the simulator with what happened outside it and compare.

    Args:
        known: what can be used; later prints cannot enter.
        last_day: of the comparison; draws: parameter draws of the band.

    Raises:
        UsageError: DP-220 for a day that cannot be reached.
        DataMissingError: DP-222 when the drivers are missing. Others: see `simulate_outcomes`.
    """
    last_day = _checked(last_day or min(setting("last"), known.as_of.date()), known)
    draws = setting("draws") if draws is None else draws
    driven = drive(known, last_day)
    simulated = simulate_outcomes(driven.scenario, draws=draws)
    return compare(known, driven.drivers, simulated, last_day, driven.scenario.digest)


def compare(
    known: Known,
    drivers: tuple[Driver, ...],
    simulated: Simulated,
    last_day: date,
    scenario_hash: str = "",
) -> Hindcast:
    """Hold a simulation against what happened; nothing is simulated here."""
    happened, missing = observe(known, last_day)
    market = happened.get(MARKET)
    days = month_days(last_day)
    paths = simulated.at(days)
    judged = [
        _judge(
            happened[o.key], paths[o.key], None if o.key == MARKET or o.group == PIPES else market
        )
        for o in outcomes()
        if o.key in happened
    ]
    opened = int(np.searchsorted(days, np.datetime64(setting("start"))))
    used = [np.datetime64(d.known_on) for d in drivers if d.known_on]
    used += [np.datetime64(each.known_on) for each in happened.values()]
    return Hindcast(
        last_day, tuple(judged), missing, drivers, days[opened:],
        {key: values[:, opened:] for key, values in paths.items()}, happened,
        simulated.worst_gap, simulated.stopped,
        len(next(iter(simulated.changes.values()))) - 1, scenario_hash,
        MeasuredStamp.of(known, np.array(used, dtype="datetime64[D]")),
    )  # fmt: skip


def _checked(last_day: date, known: Known) -> date:
    """Raises UsageError DP-220 for a day before there is anything to compare, or after today."""
    if business_days(FIRST_STEP, last_day) < _SHORTEST or last_day > known.as_of.date():
        raise refused(
            UsageError, "DP-220", day=last_day, first=FIRST_STEP, last=known.as_of.date(),
            shortest=_SHORTEST,
        )  # fmt: skip
    return last_day


def _judge(happened: Happened, paths: NDArray[np.float64], market: Happened | None) -> Judged:
    """Both periods: total changes, and skill at each horizon."""
    days = happened.days
    opened = int(np.searchsorted(days, np.datetime64(setting("start"))))
    cut = int(np.searchsorted(days, np.datetime64(setting("cut")), side="right")) - 1
    end = len(days) - 1
    periods = {BEFORE: (opened, min(cut, end)), AFTER: (cut, end)}
    periods = {name: span for name, span in periods.items() if span[1] > span[0]}
    whole = end - (days[end] + 1 != (days[end] + 1).astype("datetime64[M]"))  # whole months only
    changes, found = [], {}
    for name, (first, last) in periods.items():
        changes += _change(name, happened, paths, first, last)
        found[name] = tuple(
            score
            for horizon in setting("horizons")
            for score in scores(
                _shown(happened.outcome, paths[0]), _shown(happened.outcome, happened.levels),
                None if market is None else market.levels, np.arange(first, last),
                horizon=horizon, last=min(last, int(whole)),
            )
        )  # fmt: skip
    return Judged(happened.outcome, happened.licensed, happened.starter, tuple(changes), found)


def _shown(outcome: Outcome, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log prices in per cent; the rest as it is."""
    return 100.0 * values if outcome.kind == "price" else values


def _change(name: str, happened: Happened, paths, first: int, last: int) -> list[Change]:
    """Up to the last month that was printed; nothing if the first one was not."""
    outcome, days = happened.outcome, happened.days
    printed = np.flatnonzero(np.isfinite(happened.levels[: last + 1]))
    last = max(first, int(printed[-1])) if len(printed) else first
    if last == first:
        return []
    observed = happened.levels[last] - happened.levels[first]
    if not np.isfinite(observed):
        return []
    moved = paths[:, last] - paths[:, first]
    low, high = np.quantile(moved, setting("band"))
    made = [_whole(outcome, x) for x in (moved[0], low, high, observed)]
    return [Change(name, days[first].item(), days[last].item(), *made)]


def _whole(outcome: Outcome, change: float) -> float:
    """A log change as per cent; the rest as it is."""
    return float(100.0 * np.expm1(change)) if outcome.kind == "price" else float(change)
