"""The list of ingests: which file holds which series, in a small SQLite file (WAL).

A Parquet file counts from the moment it stands here, and not before: what a killed process left
behind is ignored by every reader and swept by the next writer. Any number of processes read
while one writes.

Beside it: which later copies said again what was known (an older copy that arrives after them must
not hide that), when the bytes of a file were first in hand, and up to which day a publisher was
asked for a series.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from drypowder.data.refusals import phrase, refusal
from drypowder.errors import DataMissingError, DrypowderError

FILE = "ingests.sqlite"
_BUSY_S = 30.0
_CONTENT = (
    "series, ingest, rows, first_observed, last_observed, first_known, last_known, unit,"
    " source, licence, estimated"
)
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS ingests
    (ingest TEXT PRIMARY KEY, stored_at TEXT, origin TEXT, rows INTEGER, bytes INTEGER);
CREATE TABLE IF NOT EXISTS contents
    ({_CONTENT}, PRIMARY KEY (series, ingest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_ingest ON contents (ingest);
CREATE TABLE IF NOT EXISTS copies
    (series TEXT, fetched_at TEXT, first_observed TEXT, last_observed TEXT,
     PRIMARY KEY (series, fetched_at, first_observed)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS taken (raw_sha256 TEXT PRIMARY KEY, taken_at TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pulled (series TEXT PRIMARY KEY, until TEXT) WITHOUT ROWID;
COMMIT;
"""


@dataclass(frozen=True)
class Ingest:
    """One immutable file of prints."""

    ingest: str  # its name without the ending
    stored_at: str  # UTC, ISO
    origin: str  # what it came from, in words
    rows: int
    bytes: int


@dataclass(frozen=True)
class Content:
    """What one ingest holds of one series. Stamps are UTC, ISO."""

    series: str
    ingest: str
    rows: int
    first_observed: str
    last_observed: str
    first_known: str
    last_known: str
    unit: str
    source: str
    licence: str
    estimated: int  # rows whose known date comes from the release lag


@dataclass(frozen=True)
class Confirmed:
    """A copy that said again what was known of these observations, all of them. UTC, ISO."""

    series: str
    fetched_at: str
    first_observed: str
    last_observed: str


def read_all(folder: Path) -> list[Ingest]:
    """All ingests in the order in which they were stored; none where nothing was ever stored."""
    with reading(folder) as database:
        if database is None:
            return []
        query = "SELECT ingest, stored_at, origin, rows, bytes FROM ingests ORDER BY stored_at, 1"
        return [Ingest(*row) for row in database.execute(query)]


def contents(folder: Path, names: Iterable[str] | None = None) -> list[Content]:
    """What is stored of each series, an entry an ingest, oldest ingest first.

    Args:
        names: of these series only.
    """
    with reading(folder) as database:
        if database is None:
            return []
        query = f"SELECT {_CONTENT} FROM contents"
        if names is None:
            rows = database.execute(query).fetchall()
        else:
            rows = [
                row
                for name in names
                for row in database.execute(f"{query} WHERE series = ?", (name,))
            ]
    return sorted((Content(*row) for row in rows), key=lambda c: (c.series, c.ingest))


def prepare(folder: Path) -> None:
    """Make the list before the first file, so that files without a list are a loss, not litter.

    Raises:
        DataMissingError: DP-177 where files are there and their list is not.
    """
    path = folder / FILE
    if not path.exists() and any(folder.glob("*.parquet")):
        raise damaged(path, phrase("list_gone"))
    _connect(path).close()


def add(
    folder: Path,
    ingest: Ingest | None,
    found: Iterable[Content],
    confirmed: Iterable[Confirmed] = (),
    taken: Iterable[tuple[str, str]] = (),
) -> None:
    """Enter a finished file, from here on it counts; and what its copies said again.

    Args:
        ingest: None where nothing was new; taken: hashes of files, and when they were in hand.
    """
    with contextlib.closing(_connect(folder / FILE)) as database, database:
        if ingest is not None:
            database.execute("INSERT INTO ingests VALUES (?, ?, ?, ?, ?)", astuple(ingest))
        marks = ", ".join("?" * 11)
        database.executemany(
            f"INSERT INTO contents ({_CONTENT}) VALUES ({marks})", map(astuple, found)
        )
        database.executemany(
            "INSERT INTO copies VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET last_observed = max(last_observed, excluded.last_observed)",
            map(astuple, confirmed),
        )
        database.executemany("INSERT OR IGNORE INTO taken VALUES (?, ?)", taken)


def confirmed(folder: Path, names: Iterable[str], after: str) -> list[Confirmed]:
    """Copies of some series taken after a moment, by the one who writes."""
    with contextlib.closing(_connect(folder / FILE)) as database:
        query = "SELECT * FROM copies WHERE series = ? AND fetched_at > ?"
        return [Confirmed(*row) for name in names for row in database.execute(query, (name, after))]


def taken_at(folder: Path, raw_sha256: str) -> str | None:
    """When the bytes of a file were first imported, UTC; None where they never were."""
    with contextlib.closing(_connect(folder / FILE)) as database:
        query = "SELECT taken_at FROM taken WHERE raw_sha256 = ?"
        row = database.execute(query, (raw_sha256,)).fetchone()
    return row[0] if row else None


def pulled(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Up to which day the publisher has told each series, from its beginning on; ISO."""
    with reading(folder) as database:
        if database is None:
            return {}
        made = "SELECT 1 FROM sqlite_master WHERE name = 'pulled'"
        if not database.execute(made).fetchone():  # a list made before this was kept
            return {}
        query = "SELECT series, until FROM pulled WHERE series = ?"
        return dict(row for name in names for row in database.execute(query, (name,)))


def enter_pulled(folder: Path, until: Iterable[tuple[str, str]]) -> None:
    """The publisher has told these series up to these days; never an earlier one than before."""
    with contextlib.closing(_connect(folder / FILE)) as database, database:
        database.executemany(
            "INSERT INTO pulled VALUES (?, ?)"
            " ON CONFLICT DO UPDATE SET until = max(until, excluded.until)",
            until,
        )


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection | None]:
    """The list, read only; None where there is none. Reading creates no store.

    Raises:
        DataMissingError: DP-177 for a list that is damaged.
    """
    path = folder / FILE
    if not path.exists():
        yield None
        return
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_S)
    try:
        made = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'contents'").fetchone()
        yield database if made else None  # the first writer has only just begun
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    finally:
        database.close()


def damaged(path: Path, fault: object) -> DrypowderError:
    """DP-177: a file of the store is not what was written."""
    return refusal("DP-177", "damaged", DataMissingError, path=path, fault=fault)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path, timeout=_BUSY_S)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.executescript(_SCHEMA)
    except sqlite3.OperationalError:
        raise  # disk full or forbidden, not damaged
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error
    return database
