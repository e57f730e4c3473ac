"""The list of ingests: which file holds which series, in a small SQLite file (WAL).

A Parquet file counts from the moment it stands here, and not before: what a killed process left
behind is ignored by every reader and swept by the next writer. Any number of processes read
while one writes.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

from drypowder.errors import DataMissingError

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
        raise damaged(path, "the list of its files is gone")
    _connect(path).close()


def add(folder: Path, ingest: Ingest, found: Iterable[Content]) -> None:
    """Enter a finished file; from here on it counts."""
    with contextlib.closing(_connect(folder / FILE)) as database, database:
        database.execute("INSERT INTO ingests VALUES (?, ?, ?, ?, ?)", astuple(ingest))
        marks = ", ".join("?" * 11)
        database.executemany(
            f"INSERT INTO contents ({_CONTENT}) VALUES ({marks})", map(astuple, found)
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


def damaged(path: Path, fault: object) -> DataMissingError:
    """DP-177: a file of the store is not what was written."""
    return DataMissingError(
        "DP-177",
        f"{path}: the store cannot be read ({fault}).",
        "Move its folder away and import or pull again; nothing was changed.",
    )


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
