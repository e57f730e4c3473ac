"""Compiled programs kept from one process to the next, so that a warm run need not trace again.

JAX keeps what XLA compiled, but every process still traces and lowers the program to find it,
which takes longer than the simulation itself. Here the executable is kept under a key of all that
it depends on: the source of the rooms that it is traced from, versions, processor, settings, shapes
and every static field. A kept program has been loaded and has given the same numbers before it is
trusted; one that does not load or run is thrown away and the ordinary way is taken.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache

_ROOMS = ("accounts", "markets", "venues", "channels", "engine")  # what programs are traced from
_KEPT = 16  # programs; the oldest go first
_REFUSED = ".refused"  # in place of a program that cannot be kept here


class KeptPrograms:
    """Calls compiled functions from a folder; anything that fails there is done without it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, name: str, program: Any, *arguments: Any, **static: Any) -> Any:
        """What `program(*arguments, **static)` gives; `program` is jitted."""
        place = self._folder / f"{name}-{_key(arguments, static)}.program"
        if place.with_suffix(_REFUSED).exists():
            return program(*arguments, **static)
        if not place.exists():
            return self._first(program, arguments, static, place)
        try:
            return _run(place.read_bytes(), arguments)
        except Exception:  # whatever a program that was kept may do: it can be made again
            place.unlink(missing_ok=True)
            return program(*arguments, **static)

    def _first(self, program: Any, arguments: tuple, static: dict, place: Path) -> Any:
        """Compile, and keep the result if a loaded copy gives the same numbers."""
        with _uncached():  # what comes out of JAX's own cache cannot be kept again
            compiled = program.lower(*arguments, **static).compile()
        result = compiled(*arguments)
        try:
            content = _packed(compiled)
            kept = _same(_run(content, arguments), result)
            _write(place if kept else place.with_suffix(_REFUSED), content if kept else b"")
        except Exception:  # this machine, disk or version keeps none: the ordinary way is cached
            with suppress(OSError):
                _write(place.with_suffix(_REFUSED), b"")
        return result


def _key(arguments: tuple, static: dict) -> str:
    """All that a program depends on, and nothing of the numbers it is given."""
    shapes = jax.tree.map(lambda leaf: (jnp.shape(leaf), str(leaf.dtype)), arguments)
    settings = jax.config.values["jax_enable_x64"], os.environ.get("XLA_FLAGS")
    told = f"{jax.__version__} {jax.lib.__version__} {settings}"
    parts = (_source(), told.encode(), pickle.dumps((shapes, static)))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:24]


@cache
def _source() -> bytes:
    """Digest of the rooms' source."""
    root = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for room in _ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            digest.update(file.read_bytes())
    return digest.digest()


def _packed(compiled: Any) -> bytes:
    """An executable with the shape of what it returns; leaves are numbered."""
    payload, _, out = serialize_executable.serialize(compiled)
    return pickle.dumps((payload, jax.tree.unflatten(out, range(out.num_leaves))))


def _run(content: bytes, arguments: tuple) -> Any:
    payload, numbered = pickle.loads(content)
    trees = jax.tree.structure((arguments, {})), jax.tree.structure(numbered)
    loaded = serialize_executable.deserialize_and_load(payload, *trees)
    return jax.block_until_ready(loaded(*arguments))


def _same(one: Any, other: Any) -> bool:
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.array_equal(mine, theirs, equal_nan=True) for mine, theirs in pairs)


def _write(place: Path, content: bytes) -> None:
    """Whole or not at all; the oldest programs make room."""
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        file.write(content)
    try:
        os.replace(file.name, place)
    except OSError:
        os.unlink(file.name)
        raise
    kept = sorted(place.parent.glob("*.program"), key=lambda one: one.stat().st_mtime)
    for old in kept[:-_KEPT]:
        old.unlink(missing_ok=True)


@contextmanager
def _uncached() -> Iterator[None]:
    """JAX's own cache is off inside; JAX asks once whether it is on, unless the cache is reset."""
    was = jax.config.values["jax_enable_compilation_cache"]
    try:
        jax.config.update("jax_enable_compilation_cache", False)
        compilation_cache.reset_cache()
        yield
    finally:
        jax.config.update("jax_enable_compilation_cache", was)
        compilation_cache.reset_cache()
