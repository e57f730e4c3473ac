"""Files that people have, into the store: recognised by their columns, all of them or none.

What is no series is left out with a reason. A faulty file refuses the whole import, so that
nobody has to find out which half of a folder is stored.

Of a file of bars the newest bar of each series is left out, and of daily closes the newest day of
each download: its close may not have been reached.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from drypowder.data import clocks, ingests, reading
from drypowder.data.checks import unreadable
from drypowder.data.connectors import dumps
from drypowder.data.layouts import recognise
from drypowder.data.prints import Stored
from drypowder.data.refusals import phrase
from drypowder.data.series import catalogue
from drypowder.data.store import Store, enter

_TABLES = (".csv", ".csv.gz", ".parquet")


@dataclass(frozen=True)
class FileRead:
    """What became of one file."""

    path: str  # below the folder that was imported
    layout: str
    rows: int  # prints it held
    skipped: str  # why it was left out; "" where it was read
    unfinished: int = 0  # rows left out because what they describe may not have been over


@dataclass(frozen=True)
class Contradiction:
    """Two files that tell a revised series otherwise, undated: the first by name counts."""

    file: str
    other_file: str
    rows: int
    series: int
    apart: float  # largest relative difference
    example: tuple[str, datetime, float, float]  # series, day, value that counts, the other one


@dataclass(frozen=True)
class Imported:
    """What became of an import."""

    stored: Stored
    files: tuple[FileRead, ...]
    contradictions: tuple[Contradiction, ...] = ()


def import_path(store: Store, path: str | Path, *, market: str = "") -> Imported:
    """Take a file, or all files of a folder, into the store: everything or nothing.

    Args:
        market: perp or spot, of dumps of bars that do not say it themselves.

    Raises:
        UsageError: DP-176 for a file that cannot be read or recognised; DP-170 and DP-172 to
            DP-175 for what is in it, DP-173 too for files that contradict each other.
        DrypowderError: DP-178 when the store cannot be written.
    """
    given = Path(path).expanduser()
    if market and market not in dumps.MARKETS:
        raise unreadable(given, phrase("dump_market"))
    found = list(_files(given))
    with store.writing() as staging:
        reports = []
        for each in found:
            name = each.name if given.is_file() else str(each.relative_to(given))
            if dumps.is_dump(each):
                reports.append(_read_dump(staging, each, name, market))
            else:
                reports.append(_read(staging, store, each, name, alone=given.is_file()))
        if not any(report.rows for report in reports):
            raise unreadable(given, phrase("no_series"))
        stored = store.finish(staging, str(given))
        told = tuple(Contradiction(*row) for row in staging.contradictions())
    return Imported(stored, tuple(reports), told)


def _files(given: Path) -> Iterator[Path]:
    """The file itself, or all files below a folder in the order of their names."""
    if given.is_file():
        yield given
        return
    if not given.is_dir():
        raise unreadable(given, phrase("nowhere"))
    try:
        below = sorted(given.rglob("*"), key=lambda each: str(each.relative_to(given)))
    except OSError as error:
        raise unreadable(given, error.strerror or error) from error
    if not below and not _may_list(given):
        raise unreadable(given, phrase("closed_folder"))
    yield from (each for each in below if each.is_file() and not each.name.startswith("."))


def _may_list(folder: Path) -> bool:
    try:
        return any(True for _ in folder.iterdir()) or True
    except OSError:
        return False


def _read_dump(staging: Any, path: Path, name: str, market: str) -> FileRead:
    """A dump of bars or funding: each known at its close, as the venue tells it."""
    found = dumps.read_dump(path, market=market)
    for each in found:
        enter(staging, each)
    return FileRead(name, dumps.SOURCE, sum(len(each) for each in found), "")


def _read(staging: Any, store: Store, path: Path, name: str, *, alone: bool) -> FileRead:
    """One table into the staging tables, or the reason why not."""
    if not name.lower().endswith(_TABLES):
        return _left_out(path, name, phrase("no_table"), alone)
    table = reading.open_table(staging.database, path)
    layout = recognise(list(table.columns), path, catalogue())
    if layout is None:
        shown = ", ".join(list(table.columns)[:6])
        return _left_out(path, name, phrase("columns_unknown", columns=shown), alone)
    if layout.skip:
        return _left_out(path, name, layout.skip, alone)
    sha256 = _sha256(path)
    files = {
        (source, licence): staging.add_file(source or layout.source, licence, sha256, name)
        for source, licence in reading.sources(staging.database, table, layout)
    }
    now = _in_hand(staging, store, sha256)
    rows, unfinished = reading.enter(staging.database, table, layout, files, now)
    return FileRead(name, layout.name, rows, "", unfinished)


def _in_hand(staging: Any, store: Store, sha256: str) -> datetime:
    """When a file without a date was taken: now, or when the same bytes were first imported.

    So a file imported again is the old copy that it is, and hides nothing that came since.
    """
    before = ingests.taken_at(store.folder, sha256)
    if before is not None:
        return datetime.fromisoformat(before)
    now = clocks.naive(staging.stored_at)
    staging.taken.append((sha256, now.isoformat()))
    return now


def _left_out(path: Path, name: str, why: str, alone: bool) -> FileRead:
    if alone:
        raise unreadable(path, why)
    return FileRead(name, "", 0, why)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
