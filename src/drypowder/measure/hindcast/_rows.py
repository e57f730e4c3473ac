"""Series as rows of a scenario: changes between prints, above the growth the model adds itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.hindcast.settings import setting
from drypowder.measure.statistics.aligned import month_ends as last_of_months
from drypowder.scenarios.clock import BUSINESS_DAYS_A_YEAR, count
from drypowder.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from drypowder.data import Observed

FIRST_STEP = date(2023, 1, 3)  # first business day after the opening sheet
A_DAY = timedelta(days=1)
OBSERVED, SUBSTITUTE, PUBLISHED, MISSING = "observed", "substitute", "published", "missing"
PARTLY = "partly"  # some firms as stored, the others as published


@dataclass(frozen=True)
class Driver:
    """One part of the outside world: which figures drove it, and how sure they are."""

    key: str  # fed_treasuries, fed_mortgages, policy_rate, account, borrowing, firms, ai_bonds
    status: str  # observed, substitute, published (figures of the package), partly, missing
    series: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None
    known_on: date | None = None  # when the newest figure that was used became known
    starter: bool = False  # month ends or quarters shipped with the package
    total: float = 0.0  # what it did over the run, trend included (USD bn; the rate: decimal)


@dataclass(frozen=True)
class Rows:
    """Rows of a scenario with the driver that they come from."""

    driver: Driver
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Points:
    """Prints at month or quarter ends; the first is the last one before the first simulated day."""

    dates: list[date]
    values: NDArray[np.float64]
    known_on: list[date]

    def driver(self, key: str, status: str, observed: Observed | None) -> Driver:
        """Where these prints come from."""
        if observed is None or not self.dates:
            return Driver(key, MISSING, (observed.name,) if observed else ())
        return Driver(
            key, status, (observed.name,), self.dates[0], self.dates[-1], max(self.known_on),
            observed.starter, float(self.values[-1] - self.values[0]),
        )  # fmt: skip

    def changes(self) -> list[tuple[dict[str, Any], float]]:
        """From print to print: a row without its amount, and the change."""
        made = []
        pairs = zip(self.dates, self.dates[1:], self.known_on[1:], strict=False)
        for (before, day, told), change in zip(pairs, np.diff(self.values), strict=True):
            first = max(before + A_DAY, FIRST_STEP)
            if business_days(first, day):
                row = {"first_day": first, "last_day": day, "known_on": told}
                made.append((row, float(change)))
        return made


@dataclass(frozen=True)
class Trend:
    """Balanced growth, which the simulation adds by itself."""

    growth_pa: float

    def grown(self, first: date, last: date) -> float:
        """exp(g t) at the end of the last day less its value at the start of the first."""
        days = np.array([business_days(FIRST_STEP, day) for day in (first - A_DAY, last)])
        start, end = np.exp(self.growth_pa * days / BUSINESS_DAYS_A_YEAR)
        return float(end - start)


def business_days(first: date, last: date) -> int:
    """Business days from the first day to the last, both included; none if they are reversed."""
    return int(count(np.datetime64(first), np.datetime64(max(last + A_DAY, first))))


def month_ends(observed: Observed | None, last_day: date) -> Points:
    """The last print of each month from the opening on; empty if none is near the opening."""
    nothing = Points([], np.zeros(0), [])
    if observed is None:
        return nothing
    days = observed.observed_on.astype("datetime64[D]")
    start, end = np.datetime64(FIRST_STEP), np.datetime64(last_day)
    oldest = start - np.timedelta64(setting("oldest_driver_days"), "D")
    near = np.flatnonzero((days >= oldest) & (days < start))
    if not len(near):
        return nothing
    later = np.flatnonzero((days >= start) & (days <= end))
    kept = np.append(near[-1:], last_of_months(days[later], later)[1])
    known = observed.known_on[kept].astype("datetime64[D]").tolist()
    return Points(days[kept].tolist(), observed.values[kept], known)


def opening(base: Scenario, sector: int, instrument: str) -> float:
    """What a sector owns of an instrument net at the opening, USD bn."""
    sheet = base.sheet
    return float(sheet.net_usd_bn[sector, sheet.economy.instrument(instrument)])
