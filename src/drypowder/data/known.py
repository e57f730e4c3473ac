"""What could be known at a moment: of each observation the latest print that was out by then."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drypowder.data import clocks, ingests, shipped
from drypowder.data.refusals import refusal
from drypowder.data.series import Series, catalogue, unknown
from drypowder.errors import DataMissingError, DrypowderError

if TYPE_CHECKING:
    import pandas as pd

    from drypowder.data.shipped import Starter

_DAY_US = 86_400_000_000
# Of several prints the one dated by its source counts before one dated by a release lag, then the
# one known last, then the one stored last.
_LATEST = """
    SELECT series, observed_on,
        arg_max({{known_on: known_on, value: value, estimated: known_estimated}},
                {{dated: NOT known_estimated, known_on: known_on, stored_at: stored_at}}) AS print
    FROM read_parquet({files}, hive_partitioning = false)
    WHERE series IN ({names}) AND known_on <= $as_of {window}
    GROUP BY ALL
"""
_UNNESTED = """
    SELECT list_position($order, series) AS place, observed_on, print.known_on AS known_on,
        print.value AS value, print.estimated AS estimated
    FROM ({latest}) ORDER BY place, observed_on
"""


@dataclass(frozen=True)
class Observed:
    """A series as it could be known at a moment: the latest print of each date."""

    name: str
    label: str
    unit: str
    frequency: str
    source: str
    licence: str
    licensed: bool
    observed_on: NDArray[np.datetime64]  # us [observation], UTC, increasing
    known_on: NDArray[np.datetime64]  # us [observation]
    values: NDArray[np.float64]  # [observation]
    estimated: NDArray[np.bool_]  # known_on comes from the release lag
    starter: bool  # its last observation is one of the figures shipped with the package
    stale: bool
    age_days: float  # of the last observation at the moment asked for

    def __len__(self) -> int:
        return len(self.values)

    def latest(self) -> tuple[np.datetime64, float, np.datetime64]:
        """Observed on, value, known on of the last observation."""
        return self.observed_on[-1], float(self.values[-1]), self.known_on[-1]

    def to_pandas(self) -> pd.Series:
        """As a pandas series, indexed by the date observed."""
        import pandas as pd

        return pd.Series(self.values, index=pd.DatetimeIndex(self.observed_on), name=self.name)


@dataclass(frozen=True)
class Known:
    """The store at a moment: no print that came later can be seen from here."""

    as_of: datetime  # UTC
    folder: Path  # of the store
    bounded: bool = True  # False: all that is stored now
    starter: Starter | None = field(default=None, repr=False)

    @cached_property
    def version(self) -> str:
        """A short name of what can be seen: the key of every result computed from it."""
        parts = [each.ingest for each in ingests.read_all(self.folder)]
        parts += [shipped.version(), self.starter.version if self.starter else ""]
        # without a bound an answer still depends on the day, by what is stale
        parts.append(self.as_of.isoformat() if self.bounded else f"{self.as_of:%Y-%m-%d} all")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    def series(
        self, name: str, *, since: clocks.Moment = None, until: clocks.Moment = None
    ) -> Observed:
        """One series.

        Raises:
            UsageError: DP-170 for a name that nobody knows.
            DataMissingError: DP-171 when nothing of it was known.
        """
        found = self.find(name, since=since, until=until)
        if found is None:
            if catalogue().find(name) is None:
                raise unknown(name, [*catalogue().names(), *self.names()])
            raise missing(name, self.as_of)
        return found

    def find(
        self, name: str, *, since: clocks.Moment = None, until: clocks.Moment = None
    ) -> Observed | None:
        """One series, or None when nothing of it was known."""
        return self.table([name], since=since, until=until).get(name)

    def table(
        self,
        names: Iterable[str],
        *,
        since: clocks.Moment = None,
        until: clocks.Moment = None,
    ) -> dict[str, Observed]:
        """Several series in one query; those of which nothing was known are absent.

        Args:
            since, until: first and last moment observed, both included.
        """
        wanted = list(dict.fromkeys(names))
        window = {
            "since": None if since is None else _start(since),
            "until": None if until is None else clocks.naive(clocks.moment(until)),
        }
        held = ingests.contents(self.folder, wanted)
        found = self._from_store(held, window) if held else {}
        for name in wanted:
            if self.starter is None or name not in self.starter:
                continue
            columns = self.starter.known(name, clocks.naive(self.as_of), **window)
            if name in found and self.starter.whole(name):
                found[name] = _filled(found[name], columns, self.as_of)
            elif name not in found and name not in self._stored and len(columns["values"]):
                found[name] = self._observed(name, columns, starter=True)
        return {name: found[name] for name in wanted if name in found}

    def names(self, prefix: str = "") -> list[str]:
        """Names of all series of which something was known, sorted."""
        found = set(self._stored)
        if self.starter:
            found |= self.starter.names_known(clocks.naive(self.as_of))
        return sorted(name for name in found if name.startswith(prefix))

    @cached_property
    def _stored(self) -> set[str]:
        """Series of which something stored was known; figures stored later hide no starter ones."""
        limit = clocks.naive(self.as_of).isoformat()
        held = ingests.contents(self.folder)
        return {content.series for content in held if content.first_known <= limit}

    def _from_store(self, held: list[ingests.Content], window: dict) -> dict[str, Observed]:
        names = list(dict.fromkeys(content.series for content in held))
        files = sorted({str(self.folder / f"{content.ingest}.parquet") for content in held})
        columns = query(files, names, clocks.naive(self.as_of), **window)
        last = {content.series: content for content in held}
        places = columns.pop("place")
        starts = np.searchsorted(places, np.arange(1, len(names) + 2))
        found = {}
        for k, name in enumerate(names):
            part = slice(starts[k], starts[k + 1])
            if part.start < part.stop:
                cut = {key: values[part] for key, values in columns.items()}
                found[name] = self._observed(name, cut, content=last[name])
        return found

    def _observed(
        self,
        name: str,
        columns: dict[str, Any],
        *,
        content: ingests.Content | None = None,
        starter: bool = False,
    ) -> Observed:
        about = catalogue().find(name) or _undescribed(name, content)
        age_days = _age_days(columns["observed_on"][-1], self.as_of)
        return Observed(
            name=name,
            label=about.label,
            unit=content.unit if content else about.unit,
            frequency=about.frequency,
            source=content.source if content else str(columns.pop("source")),
            licence=content.licence if content else about.licence,
            licensed=about.licensed,
            starter=starter,
            stale=age_days > about.stale_after_days(),
            age_days=age_days,
            **columns,
        )


def _filled(stored: Observed, shipped: dict[str, Any], as_of: datetime) -> Observed:
    """A stored monthly or quarterly series with starter figures on dates that it lacks."""
    lacking = ~np.isin(shipped["observed_on"], stored.observed_on)
    if not lacking.any():
        return stored
    joined = {
        key: np.concatenate([getattr(stored, key), shipped[key][lacking]])
        for key in ("observed_on", "known_on", "values", "estimated")
    }
    order = np.argsort(joined["observed_on"], kind="stable")
    columns: dict[str, Any] = {key: values[order] for key, values in joined.items()}
    last = columns["observed_on"][-1]
    age_days = _age_days(last, as_of)
    return replace(
        stored,
        **columns,
        starter=bool(last > stored.observed_on[-1]),
        age_days=age_days,
        stale=age_days > catalogue().get(stored.name).stale_after_days(),
    )


def _age_days(observed_on: np.datetime64, as_of: datetime) -> float:
    return float((np.datetime64(clocks.naive(as_of), "us") - observed_on).astype(int) / _DAY_US)


def query(
    files: list[str], names: list[str], as_of: datetime, since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Latest prints known by a moment, by place in `names` (from 1) and date observed.

    Raises:
        DataMissingError: DP-177 for a file that is damaged or gone.
    """
    import duckdb

    window = "".join(
        f" AND observed_on {sign} ${key}"
        for key, sign, given in (("since", ">=", since), ("until", "<=", until))
        if given is not None
    )
    latest = _LATEST.format(files=texts(files), names=", ".join(map(text, names)), window=window)
    values: dict[str, Any] = {"as_of": as_of, "order": names, "since": since, "until": until}
    given = {key: value for key, value in values.items() if value is not None}
    try:
        with duckdb.connect(":memory:") as database:
            found = database.execute(_UNNESTED.format(latest=latest), given).fetchnumpy()
    except duckdb.Error as error:
        raise ingests.damaged(Path(files[0]).parent, str(error).splitlines()[0]) from error
    return {
        "place": np.asarray(found["place"]),
        "observed_on": np.asarray(found["observed_on"], dtype="datetime64[us]"),
        "known_on": np.asarray(found["known_on"], dtype="datetime64[us]"),
        "values": np.asarray(found["value"], dtype=np.float64),
        "estimated": np.asarray(found["estimated"], dtype=bool),
    }


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """A list of texts as SQL writes it."""
    return "[" + ", ".join(map(text, values)) + "]"


def missing(name: str, as_of: datetime) -> DrypowderError:
    """DP-171: the series is known of, its figures are not."""
    about = catalogue().find(name)
    how = (
        f"drypowder data pull {name}" if about and about.connector else "drypowder data import FILE"
    )
    day = f"{as_of:%Y-%m-%d}"
    return refusal("DP-171", "nothing_known", DataMissingError, name=name, day=day, command=how)


def _start(given: clocks.Moment) -> datetime:
    """The beginning of a day, or a moment itself."""
    stamp = clocks.naive(clocks.moment(given))
    whole = not ((isinstance(given, str) and len(given) > 10) or isinstance(given, datetime))
    return stamp - clocks.END_OF_DAY if whole else stamp


def _undescribed(name: str, content: ingests.Content | None) -> Series:
    """A series that an older or newer catalogue knew."""
    return Series(
        name=name,
        label=name,
        unit=content.unit if content else "",
        frequency="irregular",
        publisher=content.source if content else "",
        licence=content.licence if content else "",
        licensed=True,  # unless it is known to be free
    )
