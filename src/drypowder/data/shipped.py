"""Starter figures: month ends and company quarters that come with the package, each with a source.

They answer for a series while the user's own store holds nothing of it; those of monthly and
quarterly series also fill dates that the store lacks. Their known dates come from the release
lags of the catalogue and are flagged as estimates.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drypowder.data import clocks
from drypowder.data.series import Series, catalogue, texts
from drypowder.data.units import factor

FILES = ("monthly.csv", "quarterly.csv")
FACTS = "facts.csv"


@dataclass(frozen=True)
class Fact:
    """One dated figure with its source, that is no series."""

    id: str
    label: str
    value: float
    unit: str
    as_of: str  # as its source dates it: a day, month, quarter or year
    known_on: date
    source: str
    confidence: str  # A primary or official, B press or vendor, C aggregator
    note: str


@dataclass(frozen=True)
class Starter:
    """All starter figures, by series."""

    rows: dict[str, tuple[tuple[str, float, str], ...]]  # observed on, value, source
    version: str  # short hash of the files

    def __contains__(self, name: str) -> bool:
        return name in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    @cached_property
    def _columns(self) -> dict[str, dict[str, NDArray]]:
        return {}

    def columns(self, name: str) -> dict[str, NDArray]:
        """Observed on, known on and values of one series."""
        if name not in self._columns:
            observed = np.array([row[0] for row in self.rows[name]], dtype="datetime64[us]")
            self._columns[name] = {
                "observed_on": observed,
                "known_on": out_on(catalogue().get(name), observed),
                "values": np.array([row[1] for row in self.rows[name]]),
            }
        return self._columns[name]

    def whole(self, name: str) -> bool:
        """Whether the figures are all of a slow series, not month ends of a faster one."""
        return catalogue().get(name).frequency in ("monthly", "quarterly")

    def names_known(self, as_of: datetime) -> set[str]:
        """Series of which something was known at a moment."""
        limit = np.datetime64(as_of, "us")
        return {name for name in self.rows if self.columns(name)["known_on"].min() <= limit}

    def known(
        self, name: str, as_of: datetime, since: datetime | None, until: datetime | None
    ) -> dict:
        """What could be known of a series at a moment; moments without zone, UTC."""
        columns = self.columns(name)
        seen = columns["known_on"] <= np.datetime64(as_of, "us")
        if since is not None:
            seen &= columns["observed_on"] >= np.datetime64(since, "us")
        if until is not None:
            seen &= columns["observed_on"] <= np.datetime64(until, "us")
        found: dict = {key: values[seen] for key, values in columns.items()}
        found["estimated"] = np.ones(int(seen.sum()), dtype=bool)
        found["source"] = self.rows[name][-1][2]
        return found


def out_on(about: Series, observed: NDArray) -> NDArray:
    """When a print of a series was out, by its release lag: end of that day for dated figures."""
    if about.bars:
        return observed + np.timedelta64(round(about.lag_days * 86_400e6), "us")
    days = observed.astype("datetime64[D]") + np.timedelta64(int(about.lag_days), "D")
    if about.lag_working_days:
        days = clocks.working_days_later(days, about.lag_working_days)
    for on, out in about.late:
        late = observed.astype("datetime64[D]") == np.datetime64(on)
        days = np.where(late, np.maximum(days, np.datetime64(out)), days)
    return days.astype("datetime64[us]") + np.timedelta64(clocks.END_OF_DAY)


@lru_cache(maxsize=1)
def starter() -> Starter:
    """The starter figures, read once, in the units of the catalogue."""
    found: dict[str, list[tuple[str, float, str]]] = {}
    files = [_text(name) for name in FILES]
    for text in files:
        for row in csv.DictReader(io.StringIO(text)):
            about = catalogue().get(row["series"])
            size = factor(row["unit"], about.unit)
            assert size is not None, row
            found.setdefault(row["series"], []).append(
                (row["observed_on"], float(row["value"]) * size, row["source"])
            )
    return Starter({name: tuple(sorted(rows)) for name, rows in found.items()}, _short(files))


@lru_cache(maxsize=1)
def version() -> str:
    """A short hash of what is shipped beside starter figures: dated facts, and the catalogue."""
    return _short([_text(FACTS), *texts()])


@lru_cache(maxsize=1)
def facts() -> tuple[Fact, ...]:
    """Dated single figures that ship, each with its source."""
    return tuple(_fact(row) for row in csv.DictReader(io.StringIO(_text(FACTS))))


def _fact(row: dict[str, Any]) -> Fact:
    known = date.fromisoformat(row["known_on"])
    return Fact(**{**row, "value": float(row["value"]), "known_on": known})


def _text(name: str) -> str:
    path = resources.files("drypowder.data").joinpath("starter", name)
    return path.read_text(encoding="utf-8")


def _short(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
