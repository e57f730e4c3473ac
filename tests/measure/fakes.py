"""What is known, made up: series as the store hands them out, without a store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np

from drypowder.errors import DataMissingError


def made_up(name, days, values, *, lag_days=1, starter=False, estimated=False, **more):
    """A series observed on `days`, each figure known `lag_days` later."""
    on = np.asarray(days, "datetime64[us]")
    return SimpleNamespace(**{
        "name": name, "label": name, "unit": "", "frequency": "daily", "source": "made up",
        "licence": "", "licensed": False, "observed_on": on,
        "known_on": on + np.timedelta64(lag_days, "D"), "values": np.asarray(values, float),
        "estimated": np.full(len(on), estimated), "starter": starter, "stale": False,
        "age_days": 0.0, **more,
    })  # fmt: skip


@dataclass
class FakeKnown:
    """As `drypowder.data.Known`."""

    stored: dict = field(default_factory=dict)
    as_of: datetime = datetime(2026, 11, 23, 23, 59, tzinfo=UTC)
    version: str = "made up"

    @classmethod
    def of(cls, *series, **more):
        return cls({each.name: each for each in series}, **more)

    def series(self, name, since=None, until=None):
        found = self.find(name, since, until)
        if found is None:
            raise DataMissingError("DP-171", f"nothing is known of {name}.")
        return found

    def find(self, name, since=None, until=None):
        held = self.stored.get(name)
        if held is None:
            return None
        kept = held.known_on <= np.datetime64(self.as_of.replace(tzinfo=None))
        for day, late in ((since, False), (until, True)):
            if day is not None:
                edge = np.datetime64(day)
                kept &= held.observed_on <= edge if late else held.observed_on >= edge
        columns = ("observed_on", "known_on", "values", "estimated")
        cut = {column: getattr(held, column)[kept] for column in columns}
        return SimpleNamespace(**{**vars(held), **cut}) if kept.any() else None

    def table(self, names, since=None, until=None):
        found = {name: self.find(name, since, until) for name in names}
        return {name: each for name, each in found.items() if each is not None}

    def names(self, prefix=""):
        return [name for name in self.stored if name.startswith(prefix)]
