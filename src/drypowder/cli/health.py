"""`drypowder doctor`: whether this machine can run it, and what to do where it cannot."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from drypowder.cli.output import Output
from drypowder.errors import DrypowderError
from drypowder.report.tables import Column, Table
from drypowder.report.words import catalogue, coded

Check = tuple[str, bool, str, str]  # what, fine, found, what to do
_ROOM_BYTES = 1e9
_PYTHONS = ((3, 11), (3, 13))
_BILLION = 1e9


def examine(home: Path | None, output: Output) -> None:
    """All checks as a table. Raises DrypowderError DP-083 when one fails."""
    words = catalogue()
    checks = all_checks(home)
    columns = (Column("check"), Column("state"), Column("found"), Column("advice"))
    fine = words.say("cli.doctor.fine")
    rows = [
        (words.say(f"cli.doctor.{what}"), fine if good else words.say("cli.doctor.bad"), found,
         "" if good else words.say(f"cli.doctor.{advice}"))
        for what, good, found, advice in checks
    ]  # fmt: skip
    output.give_table(Table("doctor", columns, rows))
    failed = sum(not good for _, good, _, _ in checks)
    if failed:
        raise coded(DrypowderError, "DP-083", count=failed, checks=len(checks))


def all_checks(home: Path | None) -> list[Check]:
    """What was looked at, without loading anything heavy."""
    from drypowder.report.listing import run_folders
    from drypowder.report.store import home_folder

    place = home_folder(home)
    words = catalogue()
    free = shutil.disk_usage(_existing(place)).free
    room = words.say("cli.doctor.memory_unit", free=f"{free / _BILLION:.1f}")
    return [
        ("python", _PYTHONS[0] <= sys.version_info[:2] <= _PYTHONS[1], platform.python_version(),
         "python_bad"),
        _jax(),
        ("cores", True, str(os.cpu_count()), ""),
        ("store", _writable(place), str(place), "store_bad"),
        ("disk", free > _ROOM_BYTES, room, "disk_bad"),
        _cache(),
        ("runs", True, str(len(run_folders(place))), ""),
    ]  # fmt: skip


def _jax() -> Check:
    """Its version says whether two simulations at once can hang."""
    try:
        found = version("jax")
    except PackageNotFoundError:
        return ("jax", False, "", "jax_none")
    return ("jax", not found.startswith("0.10."), found, "jax_bad")


def _cache() -> Check:
    from platformdirs import user_cache_dir

    folder = Path(os.environ.get("JAX_COMPILATION_CACHE_DIR") or user_cache_dir("drypowder"))
    return ("cache", _writable(folder), str(folder), "cache_bad")


def _writable(folder: Path) -> bool:
    """Whether files can be made there, or the folder itself can."""
    return os.access(_existing(folder), os.W_OK | os.X_OK)


def _existing(folder: Path) -> Path:
    """The nearest folder above that exists."""
    return next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
