"""How far later prints moved a part: measured where the store holds the prints of before.

On each month-end of the past a part is worked out twice: from what was printed by then, and from
what the same dates read now. The root of the mean square of the difference is its revision, at the
age that its newest print usually has. Prints dated by a release lag alone say nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.gauge.formulas import Inputs
from drypowder.measure.gauge.parts import Part
from drypowder.measure.gauge.prints import Days, Prints
from drypowder.measure.gauge.sources import values
from drypowder.measure.numbers import numbers

if TYPE_CHECKING:
    from drypowder.data import Known

_SETTLED = np.timedelta64(92, "D")  # a quarter for later prints to come


@dataclass(frozen=True)
class Vintages:
    """All prints of a series that its source dated, by date observed, then by date known."""

    observed_on: Days
    known_on: NDArray[np.datetime64]
    values: NDArray[np.float64]

    def at(self, day: np.datetime64, now: Prints) -> tuple[Prints, Prints] | None:
        """The series as printed by a day, and the same dates as they read now."""
        out = self.known_on.astype("datetime64[D]") <= day
        if not out.any():
            return None
        days, printed, known = self.observed_on[out], self.values[out], self.known_on[out]
        last = np.append(days[1:] != days[:-1], True)
        dates, then, later = np.intersect1d(days[last], now.observed_on, return_indices=True)
        if not len(dates):
            return None
        shown = replace(now, observed_on=dates, known_on=known[last][then])
        return (
            replace(shown, values=printed[last][then]),
            replace(shown, values=now.values[later]),
        )


def vintages(known: Known, names: Iterable[str]) -> dict[str, Vintages]:
    """Series of which more than one value of a date was printed, with dates by their source."""
    from drypowder.data.overview import prints

    if getattr(known, "folder", None) is None:  # nothing is stored behind it
        return {}
    columns = prints(known, names)
    if not len(columns["value"]):
        return {}
    dated = ~np.asarray(columns["known_estimated"], dtype=bool)
    series = np.asarray(columns["series"])[dated]
    found = {}
    for name in np.unique(series):
        own = np.flatnonzero(dated)[series == name]
        days = columns["observed_on"][own].astype("datetime64[D]")
        figures = np.asarray(columns["value"][own], dtype=float)
        again = (days[1:] == days[:-1]) & (figures[1:] != figures[:-1])
        if again.any():
            found[str(name)] = Vintages(days, columns["known_on"][own], figures)
    return found


def widths(
    held: Mapping[str, Vintages], parts: Sequence[Part], given: Sequence[Inputs], days: Days
) -> NDArray[np.float64]:
    """[part] standard deviation of revisions in the part's unit; not a number where not measured.

    Args:
        days: month-ends of the window, the day itself last.
    """
    return np.array([_width(held, *pair, days) for pair in zip(parts, given, strict=True)])


def _width(held: Mapping[str, Vintages], part: Part, given: Inputs, days: Days) -> float:
    read = [name for name, prints in given.found.items() if not prints.estimated]
    if not read or not all(name in held for name in read):
        return float("nan")
    moved = []
    for day in days[days <= days[-1] - _SETTLED]:
        pairs = {name: held[name].at(day, given.found[name]) for name in read}
        if all(pairs.values()):
            then, now = (
                {name: pair[side] for name, pair in pairs.items() if pair} for side in (0, 1)
            )
            moved.append(_on(part, given, then, day) - _on(part, given, now, day))
    found = np.array(moved)[np.isfinite(moved)] if moved else np.empty(0)
    if len(found) < numbers("gauge")["fewest_revisions"]:
        return float("nan")
    return float(np.sqrt(np.mean(found**2)))


def _on(part: Part, given: Inputs, prints: Mapping[str, Prints], day: np.datetime64) -> float:
    inputs = replace(given, found={**given.found, **prints})
    return float(values(part, inputs, np.array([day], dtype="datetime64[D]"))[0])
