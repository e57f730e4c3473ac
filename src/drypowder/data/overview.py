"""What is stored, how old it is, where it has gaps, and every print of a series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drypowder.data import clocks, ingests
from drypowder.data.known import Known, text, texts
from drypowder.data.series import Series, catalogue

_SLACK_DAYS = 4.0  # a long weekend is no gap
_WIDE = 2.0  # periods without an observation that make one
COLUMNS = (
    "series", "observed_on", "known_on", "stored_at", "value", "unit", "source", "licence",
    "raw_sha256", "known_estimated", "fetched_at",
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    """One series as it stands. Days are UTC, ISO; gaps are those between its observations."""

    name: str
    label: str
    group: str  # the entry of the catalogue: itself, or its pattern
    frequency: str
    unit: str
    rows: int
    first_on: str
    last_on: str
    known_on: str  # when the last print was known, release lags included
    age_days: float
    stale: bool
    estimated: float  # share of prints whose known date comes from the release lag
    origin: str  # store or starter
    source: str
    licence: str
    licensed: bool


@dataclass(frozen=True)
class _Seen:
    """Prints of one series that were known. Stamps are UTC, ISO."""

    rows: int
    first_on: str
    last_on: str
    known_on: str  # the last of them
    estimated: int


@dataclass(frozen=True)
class Gap:
    """Days between two observations that are further apart than usual."""

    name: str
    count: int  # of such gaps
    last_from: str
    last_to: str


def standings(known: Known, prefix: str = "") -> list[Standing]:
    """All series of which something was known, by name.

    Reads figures only of series of which something came after the moment asked about.
    """
    held: dict[str, list[ingests.Content]] = {}
    limit = clocks.naive(known.as_of).isoformat()
    for content in ingests.contents(known.folder):
        if content.series.startswith(prefix) and content.first_known <= limit:
            held.setdefault(content.series, []).append(content)
    later = {name: parts for name, parts in held.items() if max(map(_known, parts)) > limit}
    seen = {name: _seen_of(parts) for name, parts in held.items()} | _seen_by(later, known)
    found = [_stored(name, parts, seen[name], known) for name, parts in held.items()]
    shipped = [n for n in known.starter or () if n.startswith(prefix) and n not in held]
    found += [each for each in (_shipped(name, known) for name in shipped) if each]
    return sorted(found, key=lambda each: each.name)


def gaps(known: Known, names: Iterable[str], since: str = "2021-01-01") -> list[Gap]:
    """Series with holes among their observations."""
    found = []
    for name, observed in known.table(names, since=since).items():
        about = catalogue().find(name)
        if about is None or about.frequency == "irregular" or len(observed) < 2:
            continue
        longest = _WIDE * about.period_days + (0.0 if about.bars else _SLACK_DAYS)
        days = np.diff(observed.observed_on) / np.timedelta64(1, "D")
        wide = np.nonzero(days > longest)[0]
        if len(wide):
            first, last = observed.observed_on[wide[-1] : wide[-1] + 2]
            found.append(Gap(name, len(wide), str(first)[:10], str(last)[:10]))
    return found


def prints(known: Known, names: Iterable[str]) -> dict[str, NDArray[Any]]:
    """Every print known by a moment, columns as they are stored; superseded ones among them.

    Raises:
        DataMissingError: DP-177 for a damaged file.
    """
    import duckdb

    wanted = list(dict.fromkeys(names))
    held = ingests.contents(known.folder, wanted)
    if not held:
        return {column: np.array([]) for column in COLUMNS}
    files = sorted({str(known.folder / f"{content.ingest}.parquet") for content in held})
    asked = (
        f"SELECT {', '.join(COLUMNS)} FROM read_parquet({texts(files)},"
        f" hive_partitioning = false) WHERE series IN"
        f" ({', '.join(map(text, wanted))}) AND known_on <= $as_of"
        " ORDER BY series, observed_on, known_on, stored_at"
    )
    try:
        with duckdb.connect(":memory:") as database:
            found = database.execute(asked, {"as_of": clocks.naive(known.as_of)}).fetchnumpy()
    except duckdb.Error as error:
        raise ingests.damaged(known.folder, str(error).splitlines()[0]) from error
    never = np.datetime64("NaT", "us")
    found["fetched_at"] = np.ma.filled(found["fetched_at"].astype("datetime64[us]"), never)
    return {key: np.asarray(values) for key, values in found.items()}


def _known(content: ingests.Content) -> str:
    return content.last_known


def _seen_of(parts: list[ingests.Content]) -> _Seen:
    """All that is stored of a series, from the list."""
    return _Seen(
        sum(part.rows for part in parts),
        min(part.first_observed for part in parts),
        max(part.last_observed for part in parts),
        max(part.last_known for part in parts),
        sum(part.estimated for part in parts),
    )


def _seen_by(held: dict[str, list[ingests.Content]], known: Known) -> dict[str, _Seen]:
    """What was known of some series at a moment, from their prints. Raises DP-177."""
    import duckdb

    if not held:
        return {}
    ingested = {part.ingest for parts in held.values() for part in parts}
    files = [str(known.folder / f"{each}.parquet") for each in sorted(ingested)]
    asked = (
        "SELECT series, count(*), min(observed_on), max(observed_on), max(known_on),"
        f" count(*) FILTER (known_estimated) FROM read_parquet({texts(files)},"
        f" hive_partitioning = false) WHERE known_on <= $as_of AND series IN"
        f" ({', '.join(map(text, held))}) GROUP BY series"
    )
    try:
        with duckdb.connect(":memory:") as database:
            rows = database.execute(asked, {"as_of": clocks.naive(known.as_of)}).fetchall()
    except duckdb.Error as error:
        raise ingests.damaged(known.folder, str(error).splitlines()[0]) from error
    return {
        name: _Seen(count, first.isoformat(), last.isoformat(), told.isoformat(), estimated)
        for name, count, first, last, told, estimated in rows
    }


def _stored(name: str, parts: list[ingests.Content], seen: _Seen, known: Known) -> Standing:
    about, as_of = catalogue().find(name), known.as_of
    newer = _newer(name, known, seen.last_on)
    last_on = newer or seen.last_on
    age = (clocks.naive(as_of) - datetime.fromisoformat(last_on)).total_seconds() / 86_400
    return Standing(
        **_described(name, about),
        unit=parts[-1].unit,
        rows=seen.rows,
        first_on=seen.first_on[:10],
        last_on=last_on[:10],
        known_on=seen.known_on[:10],
        age_days=age,
        stale=bool(about and age > about.stale_after_days()),
        estimated=seen.estimated / seen.rows,
        origin="store + starter" if newer else "store",
        source=parts[-1].source,
        licence=parts[-1].licence,
    )


def _newer(name: str, known: Known, last_on: str) -> str:
    """The last starter figure of a slow series, where it is newer than what is stored."""
    if known.starter is None or name not in known.starter or not known.starter.whole(name):
        return ""
    seen = known.starter.known(name, clocks.naive(known.as_of), None, None)["observed_on"]
    last = str(seen[-1].astype("datetime64[s]")) if len(seen) else ""
    return last if last > last_on else ""


def _shipped(name: str, known: Known) -> Standing | None:
    observed = known.find(name)
    if observed is None:
        return None
    return Standing(
        **_described(name, catalogue().find(name)),
        unit=observed.unit,
        rows=len(observed),
        first_on=str(observed.observed_on[0])[:10],
        last_on=str(observed.observed_on[-1])[:10],
        known_on=str(observed.known_on[-1])[:10],
        age_days=observed.age_days,
        stale=observed.stale,
        estimated=float(observed.estimated.mean()),
        origin="starter",
        source=observed.source,
        licence=observed.licence,
    )


def _described(name: str, about: Series | None) -> dict[str, Any]:
    return {
        "name": name,
        "label": about.label if about else name,
        "group": catalogue().entry_name(name) if about else name,
        "frequency": about.frequency if about else "",
        "licensed": about.licensed if about else True,
    }
