"""Runs that stay: a folder each, written whole or not at all, found again by a few letters.

<home>/runs/<run>/   manifest.json, *.parquet, summary.txt, report.html
<home>/runs.sqlite   the list of them
<home>/partial/      chunks of ensembles that are not finished (see partial.py)
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.home import home_folder
from drypowder.report import listing
from drypowder.report.files import (
    FORMAT,
    MANIFEST,
    PATHS,
    Pages,
    file_hash,
    read_record,
    write_record,
)
from drypowder.report.record import Record
from drypowder.report.words import coded

LAST = "last"


def save(record: Record, home: Path, pages: Pages, *, seconds: float = 0.0) -> Path:
    """Store a run and list it. Raises DrypowderError DP-073 when it cannot; nothing stays then.

    Args:
        pages: file name -> text, stored beside the series (summary.txt, report.html); asked for
            when the series are written.
    """
    with writing(home):
        runs = home / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        _sweep(runs)
        temporary = runs / f".new-{record.run_id}-{os.getpid()}"
        try:
            temporary.mkdir()
            write_record(record, temporary, pages)
            folder = _move_into_place(temporary, runs / record.run_id)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        entry = listing.entry_of(manifest, made_on=listing.now(), seconds=seconds)
        listing.register(home, entry)
    return folder


def open_run(token: str, home: str | Path | None = None) -> Record:
    """The record of a stored run, every file checked against its hash.

    Args:
        token: its id, the beginning of one, `last`, or a folder.
        home: where runs live, if not in the usual place (see `home_folder`).
    """
    folder = find(token, home_folder(home))
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    try:
        return read_record(folder, manifest)
    except (OSError, ValueError, KeyError) as error:
        raise coded(DataMissingError, "DP-072", folder=folder, fault=error) from error


def find(token: str, home: Path) -> Path:
    """The folder of a run: its id, the beginning of one, `last`, or a folder.

    Raises:
        UsageError: DP-070 for an unknown run, DP-071 for a beginning of several.
        DataMissingError: DP-075 when there are no runs at all.
    """
    if (Path(token).expanduser() / MANIFEST).is_file():
        return Path(token).expanduser()
    if token == LAST:
        listed = [entry.run for entry in listing.entries(home)]
        if listed:
            return home / "runs" / listed[0]
    names = [folder.name for folder in listing.run_folders(home)]
    if not names:
        raise coded(DataMissingError, "DP-075", home=home)
    found = [name for name in names if name.startswith(token)]
    if token in names:
        found = [token]
    if not found or not token:
        known = ", ".join(names[:8]) + (" ..." if len(names) > 8 else "")
        raise coded(UsageError, "DP-070", token=token, known=known)
    if len(found) > 1:
        raise coded(UsageError, "DP-071", token=token, found=", ".join(found))
    return home / "runs" / found[0]


def read_manifest(folder: Path) -> dict:
    """The manifest of a run folder. Raises DataMissingError DP-072, UsageError DP-074."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        known = manifest["format"] == FORMAT and manifest["files"] and manifest["stamp"]["run"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise coded(DataMissingError, "DP-072", folder=folder, fault=error) from error
    if not known:
        raise coded(UsageError, "DP-074", folder=folder, found=manifest["format"], known=FORMAT)
    return manifest


def check_files(folder: Path, manifest: dict, *, paths_too: bool = False) -> None:
    """Every file is there and as it was written. Raises DataMissingError DP-072."""
    for name, expected in manifest["files"].items():
        if name == PATHS and not paths_too:
            continue  # hundreds of megabytes: checked when they are asked for
        try:
            if file_hash(folder / name) == expected:
                continue
            fault: object = f"{name} is not what was written"
        except OSError as error:
            fault = f"{name}: {error.strerror}"
        raise coded(DataMissingError, "DP-072", folder=folder, fault=fault)


@contextlib.contextmanager
def writing(where: Path) -> Iterator[None]:
    """A full disk or a forbidden folder becomes DP-073."""
    try:
        yield
    except OSError as error:
        fault = error.strerror or error
        raise coded(DrypowderError, "DP-073", where=where, fault=fault) from error


def write_text(path: Path, text: str) -> None:
    """A whole file or none; a device or pipe is written to. Raises DrypowderError DP-073."""
    if path.exists() and not path.is_file():
        with writing(path):
            path.write_text(text, encoding="utf-8", newline="\n")
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path):
        try:
            temporary.write_text(text, encoding="utf-8", newline="\n")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _move_into_place(temporary: Path, folder: Path) -> Path:
    """Rename onto the final name; an older copy of the same run leaves only when we are ready."""
    old = folder.with_name(f".old-{folder.name}-{os.getpid()}")
    if folder.exists():
        folder.rename(old)
    try:
        temporary.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
    return folder


def _sweep(runs: Path) -> None:
    """Remove what a killed process left behind."""
    for pattern in (".new-*", ".old-*"):
        for folder in runs.glob(pattern):
            if not _alive(int(folder.name.rpartition("-")[2])):
                shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
