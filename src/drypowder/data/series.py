"""What each series is: its label, unit, rhythm, release lag, publisher and licence.

The catalogue is TOML, a section a series (`catalogue/*.toml`). A name may end in `*` and then
describes all series that begin so (`price:*`); the longest such name that fits counts. Every
file opens with `[defaults]`, which its sections may overwrite.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib import resources

from drypowder.data.refusals import phrase, refusal
from drypowder.errors import DrypowderError

REVISIONS = ("none", "revised", "reestimated")
PERIOD_DAYS = {
    "settlement": 8 / 24, "hourly": 1 / 24, "four-hourly": 4 / 24, "daily": 1.0, "weekly": 7.0,
    "monthly": 31.0, "quarterly": 92.0, "annual": 366.0, "irregular": 366.0,
}  # fmt: skip


@dataclass(frozen=True)
class Series:
    """One series of the catalogue."""

    name: str
    label: str
    unit: str  # that it is kept in
    frequency: str  # a key of PERIOD_DAYS
    publisher: str
    licence: str
    licensed: bool = False  # somebody's property: neither shipped nor shown as a series
    served_in: str = ""  # unit of a source that names none; the unit it is kept in where empty
    lag_days: float = 0.0  # from the date observed to the day it was out, calendar days
    lag_working_days: int = 0  # more of them, holidays of the Federal Reserve left out
    lag_source: str = ""
    late: tuple[tuple[str, str], ...] = ()  # came later than that: day observed, day it was out
    late_source: str = ""
    revision: str = "none"  # one of REVISIONS
    bars: bool = False  # observed at a moment, not on a day: the close of a bar, a settlement
    close: bool = False  # moves until the end of its day, and counts from then on
    low: float = float("-inf")  # outside low..high the unit must be wrong
    high: float = float("inf")
    connector: str = ""  # who fetches it, and under which key
    key: str = ""
    note: str = ""

    @property
    def period_days(self) -> float:
        """From one observation to the next, the longest that is usual."""
        return PERIOD_DAYS[self.frequency]

    def stale_after_days(self) -> float:
        """Age of the last observation beyond which it is loudly old.

        One period, the release lag, two working days and, for what rests at weekends, a weekend.
        """
        weekend = 0.0 if self.bars else 2.0
        lag = self.lag_days + self.lag_working_days
        return self.period_days + lag + 2.0 + weekend


class Catalogue:
    """Every series we can speak of, by name."""

    def __init__(self, entries: Iterable[Series]) -> None:
        self._entries = {entry.name: entry for entry in entries}
        self._patterns = sorted(
            (n for n in self._entries if n.endswith("*")), key=len, reverse=True
        )

    def entry_name(self, name: str) -> str | None:
        """The section of the catalogue that describes a series: its own, or a pattern."""
        if name in self._entries and not name.endswith("*"):
            return name
        fitting = (p for p in self._patterns if name.startswith(p[:-1]) and len(name) >= len(p))
        return None if name.endswith("*") else next(fitting, None)

    def find(self, name: str) -> Series | None:
        """The entry of a series, or None."""
        entry = self.entry_name(name)
        if entry is None or entry == name:
            return self._entries.get(entry or "")
        return _filled(self._entries[entry], name, name[len(entry) - 1 :])

    def get(self, name: str) -> Series:
        """The entry of a series.

        Raises:
            UsageError: DP-170 for a name that nobody knows, with the nearest ones.
        """
        found = self.find(name)
        if found is None:
            raise unknown(name, self.names())
        return found

    def names(self) -> list[str]:
        """All names, patterns among them, in the order of the files."""
        return list(self._entries)

    def __iter__(self):
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)


def unknown(name: str, known: Iterable[str]) -> DrypowderError:
    """DP-170 with the names that look most like the one asked for."""
    names = list(known)
    by_case = {each.upper(): each for each in names}
    near = difflib.get_close_matches(name.upper(), list(by_case), 4, 0.5)
    said = phrase("near", names=", ".join(by_case[each] for each in near)) if near else ""
    return refusal("DP-170", "unknown", name=name, near=said)


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The catalogue that is shipped, read once."""
    return Catalogue([each for text in texts() for each in read(text)])


@lru_cache(maxsize=1)
def texts() -> tuple[str, ...]:
    """The files of the catalogue in the order of their names."""
    folder = resources.files("drypowder.data").joinpath("catalogue")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return tuple(f.read_text(encoding="utf-8") for f in files)


def read(text: str) -> list[Series]:
    """Entries of one file of the catalogue."""
    table = tomllib.loads(text)
    defaults = table.get("defaults", {})
    known = {field.name for field in fields(Series)}
    entries = []
    for name, given in table["series"].items():
        values = {**defaults, **given, "name": name}
        values["late"] = tuple(sorted(values.get("late", {}).items()))
        if unread := set(values) - known:
            raise ValueError(f"{name}: unknown keys {sorted(unread)}")
        if values.setdefault("revision", "none") not in REVISIONS:
            raise ValueError(f"{name}: revision is one of {REVISIONS}")
        entries.append(Series(**values))
    return entries


def _filled(entry: Series, name: str, rest: str) -> Series:
    from dataclasses import replace

    return replace(
        entry, name=name, label=entry.label.replace("*", rest), key=entry.key.replace("*", rest)
    )
