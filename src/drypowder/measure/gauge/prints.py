"""Prints of a series by day, and what was the latest of them on any day.

Days are NumPy days (`datetime64[D]`); a value that nobody had by then, or only a print too old to
count, is not a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.gauge.parts import Estimates
from drypowder.measure.numbers import numbers

if TYPE_CHECKING:
    from drypowder.data import Observed

Days = NDArray[np.datetime64]  # [grid] or [observation], whole days
Values = NDArray[np.float64]
_YEAR_DAYS = 365.25
_LONGEST_QUARTER, _SHORTEST_QUARTER = np.timedelta64(93, "D"), np.timedelta64(59, "D")


@dataclass(frozen=True)
class Prints:
    """One series as the gauge reads it, its days increasing."""

    name: str
    observed_on: Days
    known_on: NDArray[np.datetime64]  # [observation], microseconds
    values: Values
    starter: bool = False
    stale: bool = False
    estimated: bool = False  # dated figures of ours, not a series
    source: str = ""

    @classmethod
    def of(cls, observed: Observed, since: date) -> Prints:
        """A series of the store from a day on."""
        days = observed.observed_on.astype("datetime64[D]")
        kept = (days >= np.datetime64(since, "D")) & np.isfinite(observed.values)
        # starter figures are month-ends, whatever the rhythm of their series
        rested = observed.starter and observed.age_days <= numbers("gauge")["starter_stale_days"]
        return cls(
            observed.name, days[kept], observed.known_on[kept], observed.values[kept],
            observed.starter, observed.stale and not rested, False, observed.source,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.values)

    def place(self, days: Days) -> NDArray[np.intp]:
        """Of the latest print on each day; -1 where there is none yet."""
        return np.searchsorted(self.observed_on, days, side="right") - 1

    def at(self, days: Days, carry_days: int) -> Values:
        """The latest value on each day, while it counts."""
        if not len(self):
            return np.full(len(days), np.nan)
        place = self.place(days)
        age = (days - self.observed_on[place]).astype(int)
        return np.where((place >= 0) & (age <= carry_days), self.values[place], np.nan)

    def mean(self, days: Days, span_days: int, carry_days: int) -> Values:
        """The mean of the prints of so many days, else the latest one while it counts."""
        if not len(self):
            return np.full(len(days), np.nan)
        last = self.place(days) + 1
        first = self.place(days - np.timedelta64(span_days, "D")) + 1
        total = np.concatenate([[0.0], np.cumsum(self.values)])
        count = last - first
        mean = (total[last] - total[first]) / np.maximum(count, 1)
        return np.where(count > 0, mean, self.at(days, carry_days))

    def quarters(self, days: Days, count: int, carry_days: int) -> Values:
        """The sum of the last `count` quarters on each day, while the latest counts.

        Not a number where a quarter between them is missing.
        """
        if len(self) < count:
            return np.full(len(days), np.nan)
        place = self.place(days)
        total = np.concatenate([[0.0], np.cumsum(self.values)])
        enough = np.maximum(place + 1, count)
        made = total[enough] - total[enough - count]
        span = self.observed_on[enough - 1] - self.observed_on[enough - count]
        whole = span < count * _LONGEST_QUARTER - _SHORTEST_QUARTER
        known = (place + 1 >= count) & np.isfinite(self.at(days, carry_days))
        return np.where(known & whole, made, np.nan)

    def total(self, days: Days) -> Values:
        """The sum of all prints up to each day."""
        sums = np.concatenate([[0.0], np.cumsum(self.values)])
        return sums[np.searchsorted(self.observed_on, days, side="right")]


def estimated(given: Estimates, known_by: date, shift: float = 0.0) -> Prints | None:
    """Dated figures known by a day, as a series; None if there is none yet.

    Args:
        shift: where each figure stands between its low (-1), value (0) and high (1).
    """
    points = [each for each in given.points if each.known_on <= known_by]
    if not points:
        return None
    values = [
        e.value + shift * ((e.high - e.value) if shift > 0 else (e.value - e.low)) for e in points
    ]
    return Prints(
        given.name,
        np.array([e.observed_on for e in points], dtype="datetime64[D]"),
        np.array([e.known_on for e in points], dtype="datetime64[us]"),
        np.array(values),
        estimated=True,
        source="; ".join(dict.fromkeys(e.source for e in points)),
    )


def denominator(prints: Prints, days: Days, growth_pa: float, carry_days: int) -> Values:
    """A series that scales another: its latest value, or a line between dated figures.

    Nothing is known before the first dated figure; after the last one it grows.
    """
    if not prints.estimated:
        return prints.at(days, carry_days)
    at = days.astype(float)
    known = prints.observed_on.astype(float)
    years = np.maximum(at - known[-1], 0.0) / _YEAR_DAYS
    line = np.interp(at, known, prints.values, left=np.nan)
    return line * (1.0 + growth_pa) ** years
