"""What the gauge can read on a day: series known by then, else dated figures known by then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.measure.gauge.formulas import FORMULAS, Inputs
from drypowder.measure.gauge.parts import Part, estimates, parts
from drypowder.measure.gauge.prints import Days, Prints, Values, estimated
from drypowder.measure.numbers import numbers, table

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

_LONG = np.timedelta64(730, "D")  # an alternative shorter than this is no history


@dataclass(frozen=True)
class Source:
    """Everything known on a day that any part may read."""

    day: date
    observed: Mapping[str, Observed]
    deals: Mapping[str, Prints]  # single deals of firms, by `debt:FIRM` and `shares:FIRM`

    @classmethod
    def of(cls, known: Known, extra: Iterable[str] = ()) -> Source:
        """One query for all series."""
        names = [name for part in parts() for name in part.names()]
        found = known.table(list(dict.fromkeys([*names, *extra])))
        day = known.as_of.date()
        return cls(day, found, _deals(day))

    def inputs(self, part: Part, given: Mapping[str, float] | None = None,
               shift: float = 0.0) -> Inputs:  # fmt: skip
        """The series of a part, resolved.

        Args:
            given: numbers in place of those of gauge.toml.
            shift: where dated figures stand between low (-1) and high (1).
        """
        series = tuple(self.best(entry) for entry in part.series)
        found: dict[str, Prints] = {}
        for name in replace(part, series=series).names():
            prints = self._prints(name, part, shift)
            if prints is not None and len(prints):
                found[name] = prints
        growth = {name: each.growth_pa for name, each in estimates().items()}
        return Inputs(found, series, part.carry_days, part.options, growth,
                      {**numbers("gauge"), **(given or {})}, self.deals)  # fmt: skip

    def _prints(self, name: str, part: Part, shift: float) -> Prints | None:
        if name in self.observed:
            return Prints.of(self.observed[name], part.since)
        return estimated(estimates()[name], self.day, shift) if name in estimates() else None

    def best(self, entry: str) -> str:
        """Of alternatives "A|B" the one that reaches furthest and has a history."""
        names = entry.split("|")
        known = [name for name in names if len(getattr(self.observed.get(name), "values", ()))]
        if len(names) == 1 or not known:
            return names[-1]
        return max(known, key=self._reach)

    def _reach(self, name: str) -> tuple[bool, Any]:
        """Whether a series has a history, and its last day."""
        days = self.observed[name].observed_on
        return bool(days[-1] - days[0] > _LONG), days[-1]


def values(part: Part, given: Inputs, days: Days) -> Values:
    """The part's value on each day, in its unit."""
    return FORMULAS[part.formula](given, days)


def month_ends(first: np.datetime64, last: date) -> Days:
    """The last day of each month from the month of `first` on, and `last` itself."""
    months = np.arange(first.astype("datetime64[M]"), np.datetime64(last, "M") + 1)
    ends = (months + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    today = np.datetime64(last, "D")
    return np.append(ends[ends < today], today)


def _deals(day: date) -> dict[str, Prints]:
    """Deals that were known by a day, by what was sold and by whom."""
    rows = [row for row in _deal_rows() if row["known_on"] <= day]
    made = {}
    for kind, firm in dict.fromkeys((row["kind"], row["firm"]) for row in rows):
        own = sorted((r for r in rows if (r["kind"], r["firm"]) == (kind, firm)),
                     key=lambda r: r["observed_on"])  # fmt: skip
        made[f"{kind}:{firm}"] = Prints(
            f"{kind}:{firm}",
            np.array([r["observed_on"] for r in own], dtype="datetime64[D]"),
            np.array([r["known_on"] for r in own], dtype="datetime64[us]"),
            np.array([r["value"] for r in own], dtype=float),
            source="; ".join(r["source"] for r in own),
        )
    return made


@lru_cache(maxsize=1)
def _deal_rows() -> list[dict[str, Any]]:
    return table("gauge", "raised")["rows"]
