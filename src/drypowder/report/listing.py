"""The list of stored runs: a small SQLite file that any number of processes may read.

It only repeats what the run folders say, plus when a run was made and how long it took; delete
it and the next call rebuilds it from the folders.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

from drypowder.report.files import MANIFEST
from drypowder.scenarios.levers import setting_said

_BUSY_MS = 10_000
_COLUMNS = "run, scenario, levers, paths, steps, seed, version, made_on, seconds"


@dataclass(frozen=True)
class Entry:
    """One stored run."""

    run: str
    scenario: str
    levers: str  # those changed, as `name=value, ...`
    paths: int
    steps: int
    seed: int
    version: str
    made_on: str  # UTC, ISO
    seconds: float  # of computing; 0 when unknown


def entries(home: Path) -> list[Entry]:
    """All stored runs, the latest first; folders that the list does not know are added."""
    with _open(home) as database:
        query = f"SELECT {_COLUMNS} FROM runs"
        known = {row[0]: Entry(*row) for row in database.execute(query)}
        present = {folder.name: folder for folder in run_folders(home)}
        for name, folder in present.items():
            if name not in known and (found := _entry_of(folder)):
                known[name] = found
                _insert(database, found)
        gone = known.keys() - present.keys()
        database.executemany("DELETE FROM runs WHERE run = ?", [(name,) for name in gone])
    listed = [entry for name, entry in known.items() if name in present]
    return sorted(listed, key=lambda e: (e.made_on, e.run), reverse=True)


def register(home: Path, entry: Entry) -> None:
    """Add a run, or replace what was said about it."""
    with _open(home) as database:
        _insert(database, entry)


def entry_of(manifest: dict, *, made_on: str, seconds: float) -> Entry:
    """What the catalogue says about a run with this manifest."""
    stamp = manifest["stamp"]
    levers = manifest["about"].get("levers_changed", {})
    return Entry(
        run=stamp["run"],
        scenario=stamp["scenario"],
        levers=", ".join(f"{k}={setting_said(k, v)}" for k, v in sorted(levers.items())),
        paths=stamp["paths"],
        steps=stamp["steps"],
        seed=stamp["seed"],
        version=stamp["version"],
        made_on=made_on,
        seconds=seconds,
    )


def now() -> str:
    """This moment, UTC, to the microsecond: the order of runs made in quick succession counts."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def run_folders(home: Path) -> list[Path]:
    """Folders of finished runs: temporary ones start with a dot."""
    runs = home / "runs"
    if not runs.is_dir():
        return []
    return sorted(p for p in runs.iterdir() if p.is_dir() and not p.name.startswith("."))


def _entry_of(folder: Path) -> Entry | None:
    """From the folder alone; a broken folder is left for `show` to complain about."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        made = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
        return entry_of(manifest, made_on=made.isoformat(timespec="microseconds"), seconds=0.0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _insert(database: sqlite3.Connection, entry: Entry) -> None:
    database.execute(
        f"INSERT OR REPLACE INTO runs ({_COLUMNS}) VALUES ({', '.join('?' * 9)})", astuple(entry)
    )


@contextlib.contextmanager
def _open(home: Path) -> Iterator[sqlite3.Connection]:
    """The database, made anew when it is absent or damaged."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "runs.sqlite"
    try:
        database = _connect(path)
    except sqlite3.DatabaseError:
        for broken in home.glob("runs.sqlite*"):
            broken.unlink(missing_ok=True)
        database = _connect(path)
    try:
        with database:
            yield database
    finally:
        database.close()


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_MS / 1000)
    try:
        database.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute(
            "CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, scenario TEXT, levers TEXT,"
            " paths INTEGER, steps INTEGER, seed INTEGER, version TEXT, made_on TEXT,"
            " seconds REAL)"
        )
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database
