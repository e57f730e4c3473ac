"""Ensembles that survive a kill: every finished chunk of paths waits on disk until the run is.

The next attempt at the same run (same scenario, seed, version, paths) loads what is there and
computes the rest; since paths are drawn by counter, the final files have the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from drypowder.report.store import writing

Series = dict[str, np.ndarray]
_HASH_LETTERS = 16
_ROOMS = ("accounts", "markets", "channels", "engine", "scenarios")


@dataclass(frozen=True)
class Partial:
    """The unfinished chunks of one run."""

    folder: Path

    @classmethod
    def of(cls, home: Path, stamp: dict[str, object]) -> Partial:
        """The chunks of the run with this stamp: another jax, device or code starts afresh."""
        whole = json.dumps(stamp, sort_keys=True, default=str).encode() + _code()
        return cls(home / "partial" / f"{stamp['run']}-{_short_hash(whole)}")

    def chunks(self, compute: Callable[..., Series]) -> Callable[..., Series]:
        """`compute` (engine.run_paths) with a memory on disk: for `simulate(chunks=...)`."""

        def load_or_compute(inputs, numbers: np.ndarray, seed: int) -> Series:
            name = f"chunk-{numbers[0]:07d}-{len(numbers)}"
            found = self._load(name)
            if found is None:
                found = compute(inputs, numbers, seed)
                self._store(name, found)
            return found

        return load_or_compute

    def finished(self) -> int:
        """Chunks already on disk."""
        return len(list(self.folder.glob("chunk-*.npz")))

    def remove(self) -> None:
        """Forget the chunks: the run is stored."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.folder.parent.rmdir()  # only when empty

    def _load(self, name: str) -> Series | None:
        """The stored chunk; one that was damaged is dropped and computed again."""
        for path in self.folder.glob(f"{name}-*.npz"):
            data = path.read_bytes()
            if path.stem.endswith(_short_hash(data)):
                with np.load(io.BytesIO(data)) as arrays:
                    return {key: arrays[key] for key in arrays.files}
            path.unlink()
        return None

    def _store(self, name: str, series: Series) -> None:
        """Under its content's hash, written beside and renamed. Raises DrypowderError DP-073."""
        buffer = io.BytesIO()
        np.savez(buffer, **series)  # type: ignore[arg-type]
        data = buffer.getvalue()
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary = self.folder / f".{name}.{os.getpid()}"
            try:
                temporary.write_bytes(data)
                temporary.replace(self.folder / f"{name}-{_short_hash(data)}.npz")
            finally:
                temporary.unlink(missing_ok=True)


def _code() -> bytes:
    """The code of the rooms that decide a number: half a run of each version is no run."""
    package = resources.files("drypowder")
    digest = hashlib.sha256()
    for room in _ROOMS:
        files = package.joinpath(room).iterdir()
        for path in sorted((p for p in files if p.name.endswith(".py")), key=lambda p: p.name):
            digest.update(path.read_bytes())
    return digest.digest()


def _short_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_HASH_LETTERS]
