"""Which parts the gauge has: data, not code.

`parts.toml` names each part's group, formula, series, direction, weight and reason;
`estimates.toml` holds dated figures for denominators of which no series is known.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from drypowder.errors import DrypowderError, UsageError
from drypowder.measure.numbers import table
from drypowder.measure.refused import phrase, refused

LIQUIDITY, ROOM = "liquidity", "room"
UNITS = ("usd_bn", "bp", "share", "multiple")
_FIRM, _DEALS = "{firm}", "debt-issued:"
_NEEDED = (
    "group", "formula", "series", "direction", "weight", "low", "high", "from", "carry_days",
    "unit", "revision", "source", "why",
)  # fmt: skip


@dataclass(frozen=True)
class Weight:
    """How much a part or group counts, and the range it is drawn from."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """One thing that fills or drains."""

    key: str
    group: str
    formula: str  # of formulas.FORMULAS
    series: tuple[str, ...]  # "A|B": whichever reaches furthest; "{firm}" once a firm
    direction: int  # +1: more of it is more dry powder
    weight: Weight  # within the group, relative
    since: date  # no earlier print is used
    carry_days: int  # the oldest print that still counts
    unit: str  # one of UNITS
    revision: float  # standard deviation of revisions over that of the part
    source: str
    why: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)  # of the formula

    def names(self) -> tuple[str, ...]:
        """Every series that the part may read."""
        return tuple(dict.fromkeys(name for entry in self.series for name in self.spelled(entry)))

    def spelled(self, entry: str) -> tuple[str, ...]:
        """The series of one entry: alternatives, and one a firm."""
        firms = self.options.get("firms", ("",)) if _FIRM in entry else ("",)
        made = (each.replace(_FIRM, firm) for firm in firms for each in entry.split("|"))
        return tuple(dict.fromkeys(made))

    def judged(self) -> tuple[str, ...]:
        """Series whose age is the part's age: all but deals, which come when they come."""
        return tuple(name for name in self.names() if not name.startswith(_DEALS))


@dataclass(frozen=True)
class Estimate:
    """A dated figure that stands for a series nobody has given us."""

    observed_on: date
    known_on: date
    value: float
    low: float
    high: float
    source: str
    why: str


@dataclass(frozen=True)
class Estimates:
    """The figures of one series and how it grows after the last one."""

    name: str
    label: str
    unit: str
    growth_pa: float
    points: tuple[Estimate, ...]


@lru_cache(maxsize=1)
def groups() -> dict[str, Weight]:
    """Groups in the order of the page. Weights are shares of the gauge."""
    return {key: _weight(row) for key, row in table("gauge", "parts")["group"].items()}


@lru_cache(maxsize=1)
def parts() -> tuple[Part, ...]:
    """All parts in the order of the page. Raises: DrypowderError DP-190 for one that is broken."""
    return tuple(_part(key, row) for key, row in table("gauge", "parts")["part"].items())


@lru_cache(maxsize=1)
def estimates() -> dict[str, Estimates]:
    """Dated figures by the series they stand for."""
    return {name: _estimates(name, row) for name, row in table("gauge", "estimates").items()}


def part(key: str) -> Part:
    """One part by its key. Raises: UsageError DP-192 for an unknown one, with the nearest."""
    found = {each.key: each for each in parts()}
    if key not in found:
        near = difflib.get_close_matches(key, found, 3, 0.4) or list(found)
        raise refused(UsageError, "DP-192", key=key, near=", ".join(near))
    return found[key]


def _part(key: str, row: Mapping[str, Any]) -> Part:
    absent = [name for name in _NEEDED if name not in row]
    if absent:
        raise _broken(key, "missing", name=absent[0])
    if row["direction"] not in (-1, 1) or row["unit"] not in UNITS:
        raise _broken(key, "choices", units=", ".join(UNITS))
    return Part(
        key=key,
        group=row["group"],
        formula=row["formula"],
        series=tuple(row["series"]),
        direction=row["direction"],
        weight=_weight(row),
        since=row["from"],
        carry_days=row["carry_days"],
        unit=row["unit"],
        revision=float(row["revision"]),
        source=row["source"],
        why=row["why"],
        options={name: value for name, value in row.items() if name not in _NEEDED},
    )


def _weight(row: Mapping[str, Any]) -> Weight:
    made = Weight(float(row["weight"]), float(row["low"]), float(row["high"]))
    if not 0.0 <= made.low <= made.value <= made.high:
        raise _broken(str(dict(row)), "order")
    return made


def _estimates(name: str, row: Mapping[str, Any]) -> Estimates:
    points = sorted((Estimate(**each) for each in row["points"]), key=lambda e: e.observed_on)
    return Estimates(name, row["label"], row["unit"], row["growth_pa"]["value"], tuple(points))


def _broken(where: str, which: str, **values: object) -> DrypowderError:
    why = phrase("DP-190", which, **values)
    return refused(DrypowderError, "DP-190", where=where, why=why)
