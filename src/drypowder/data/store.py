"""The store: immutable Parquet files and a list of them; everything else is computed when asked.

    <home>/data/ingests.sqlite    which file holds which series (see ingests.py)
    <home>/data/<ingest>.parquet  prints sorted by series, observed and known date; never changed
    <home>/data/writing.lock      held by the one who writes; released by the system if he dies

Readers need no lock. A writer makes a temporary file, renames it and enters it into the list, in
this order; whatever a killed writer left is in no list and is swept by the next one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from drypowder.data import clocks, ingests
from drypowder.data.known import Known
from drypowder.data.prints import Prints, Stored
from drypowder.data.refusals import refusal
from drypowder.data.series import catalogue
from drypowder.data.shipped import Starter, starter
from drypowder.errors import DrypowderError
from drypowder.home import home_folder

_LOCK, _NEW, _SPILL = "writing.lock", ".new-", ".spill-"


class Store:
    """The user's figures and, where there are none, those shipped with the package."""

    def __init__(self, home: Path, *, shipped: Starter | None) -> None:
        self.folder = home / "data"
        self.shipped = shipped

    def known_on(self, as_of: clocks.Moment = None) -> Known:
        """Everything that could be known by the end of a day, or by a moment; None: all, now.

        Raises:
            UsageError: DP-174 for what is no day, or a moment without a time zone.
        """
        return Known(
            as_of=clocks.moment(as_of),
            folder=self.folder,
            bounded=as_of is not None,
            starter=self.shipped,
        )

    def append(self, prints: Iterable[Prints], *, origin: str = "") -> Stored:
        """Store what is new of some prints, all of it or nothing.

        Raises:
            UsageError: DP-170, DP-172 to DP-175 for what cannot be taken.
            DrypowderError: DP-178 when the disk is full or the folder forbids it.
        """
        with self.writing() as write:
            for each in prints:
                enter(write, each)
            return self.finish(write, origin)

    def pulled(self, until: Iterable[tuple[str, str]]) -> None:
        """Keep that publishers have told some series up to these days. Raises DP-178."""
        with _written(self.folder):
            ingests.enter_pulled(self.folder, until)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Any]:
        """A new ingest in the making, while nobody else writes."""
        from drypowder.data.staging import Staging

        with _written(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder / _LOCK):
                self._sweep()
                spill = self.folder / f"{_SPILL}{os.getpid()}"
                staging = Staging(catalogue(), clocks.now(), spill)
                try:
                    yield staging
                finally:
                    staging.close()
                    shutil.rmtree(spill, ignore_errors=True)

    def finish(self, staging: Any, origin: str) -> Stored:
        """Settle, write, rename and list: from then on the new prints count."""
        held = ingests.contents(self.folder)
        staging.settle(
            self._files(held),
            {each.series: each.unit for each in held},
            partial(ingests.confirmed, self.folder),
        )
        came, new = staging.counts()
        again = [ingests.Confirmed(*_texts(row)) for row in staging.said_again()]
        if not new:
            ingests.add(self.folder, None, [], again, staging.taken)
            return Stored("", 0, came, {})
        stored_at = clocks.naive(staging.stored_at)
        name = f"{stored_at:%Y%m%dT%H%M%S.%f}-{os.getpid()}"
        temporary = self.folder / f"{_NEW}{name}.parquet"
        final = self.folder / f"{name}.parquet"
        try:
            staging.write(temporary)
            _to_disk(temporary)
            temporary.rename(final)
            _to_disk(self.folder)
        finally:
            temporary.unlink(missing_ok=True)
        entry = ingests.Ingest(name, stored_at.isoformat(), origin, new, final.stat().st_size)
        contents = [_content(name, row) for row in staging.contents()]
        ingests.add(self.folder, entry, contents, again, staging.taken)
        return Stored(name, new, max(came - new, 0), {each.series: each.rows for each in contents})

    def _files(self, held: Iterable[ingests.Content]) -> dict[str, list[str]]:
        """Files of the store by series."""
        files: dict[str, list[str]] = {}
        for each in held:
            files.setdefault(each.series, []).append(str(self.folder / f"{each.ingest}.parquet"))
        return files

    def _sweep(self) -> None:
        """Remove what is in no list; only the one who holds the lock may."""
        ingests.prepare(self.folder)
        listed = {each.ingest for each in ingests.read_all(self.folder)}
        for path in self.folder.glob("*.parquet"):
            if path.stem not in listed:
                path.unlink(missing_ok=True)
        for path in self.folder.glob(f"{_SPILL}*"):
            shutil.rmtree(path, ignore_errors=True)


def open_store(home: str | Path | None = None, *, shipped: bool = True) -> Store:
    """The store in a home folder; nothing is created before something is stored.

    Args:
        home: the argument, else DRYPOWDER_HOME, else the user's data folder.
        shipped: whether starter figures answer for series that are not stored.
    """
    return Store(home_folder(home), shipped=starter() if shipped else None)


def enter(staging: Any, prints: Prints) -> None:
    """One source into the staging tables."""
    count = len(prints.values)
    fetched = np.datetime64(clocks.naive(prints.fetched_at), "us")
    known = np.full(count, np.datetime64("NaT", "us"))
    if prints.known_on is not None:
        known = np.asarray(prints.known_on, dtype="datetime64[us]")
    file = staging.add_file(prints.source, prints.licence, prints.raw_sha256, prints.series)
    staging.add_columns(file, {
        "series": np.full(count, prints.series, dtype=object),
        "observed_on": np.asarray(prints.observed_on, dtype="datetime64[us]"),
        "known_on": known,
        "fetched_at": np.where(np.isnat(known), fetched, np.datetime64("NaT", "us")),
        "value": np.asarray(prints.values, dtype=np.float64),
        "unit": np.full(count, prints.unit, dtype=object),
    })  # fmt: skip


def _content(ingest: str, row: tuple) -> ingests.Content:
    """A row of `Staging.contents` with its stamps as text."""
    series, rows, *rest = row
    return ingests.Content(series, ingest, rows, *_texts(rest))


def _texts(cells: Iterable[Any]) -> list[Any]:
    """Stamps as text, the rest as it is."""
    return [each.isoformat() if isinstance(each, datetime) else each for each in cells]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among writers; the system lets go when the process dies."""
    import fcntl

    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _written(folder: Path) -> Iterator[None]:
    """A full disk or a forbidden folder becomes DP-178."""
    import sqlite3

    try:
        yield
    except DrypowderError:
        raise
    except (OSError, sqlite3.OperationalError) as error:
        raise _cannot_write(folder, getattr(error, "strerror", None) or error) from error
    except Exception as error:
        if type(error).__module__.startswith("_duckdb") and _of_disk(error):
            raise _cannot_write(folder, str(error).splitlines()[0]) from error
        raise


def _of_disk(error: Exception) -> bool:
    return type(error).__name__ in ("IOException", "OutOfMemoryException")


def _cannot_write(folder: Path, fault: object) -> DrypowderError:
    return refusal("DP-178", "store", DrypowderError, path=folder, fault=fault)


def _to_disk(path: Path) -> None:
    """Wait until the bytes, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
