"""Compiled programs that are kept give the same numbers, and are never needed."""

from __future__ import annotations

import subprocess
import sys
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from drypowder.scenarios import programs
from drypowder.scenarios.programs import KeptPrograms


class Pair(NamedTuple):
    left: jax.Array
    right: jax.Array


@jax.jit
def twice(pair: Pair) -> dict:
    """Something with a loop, so that it is compiled in parts."""
    total, _ = jax.lax.scan(lambda c, x: (c + jnp.sin(x), None), jnp.array(0.0), pair.left)
    return {"sum": total, "pair": Pair(pair.left * 2.0, pair.right)}


PAIR = Pair(jnp.arange(7.0), jnp.array(3))


def check(answer) -> None:
    expected = twice(PAIR)
    np.testing.assert_array_equal(answer["sum"], expected["sum"])
    np.testing.assert_array_equal(answer["pair"].left, expected["pair"].left)
    assert isinstance(answer["pair"], Pair)


def kept(folder) -> list:
    return sorted(folder.glob("*.program"))


def test_a_kept_program_gives_the_same_numbers_without_tracing(tmp_path, monkeypatch):
    call = KeptPrograms(tmp_path)
    check(call("twice", twice, PAIR))
    assert len(kept(tmp_path)) == 1
    monkeypatch.setattr(call, "_first", lambda *_: pytest.fail("it was compiled again"))
    check(call("twice", None, PAIR))  # the program itself is not even looked at


def test_other_shapes_and_other_sources_are_other_programs(tmp_path, monkeypatch):
    call = KeptPrograms(tmp_path)
    call("twice", twice, PAIR)
    call("twice", twice, Pair(jnp.arange(5.0), jnp.array(3)))
    monkeypatch.setattr(programs, "_source", lambda: b"another day")
    call("twice", twice, PAIR)
    assert len(kept(tmp_path)) == 3


def test_a_broken_program_is_thrown_away_and_done_without(tmp_path):
    call = KeptPrograms(tmp_path)
    call("twice", twice, PAIR)
    (place,) = kept(tmp_path)
    place.write_bytes(b"half a program")
    check(call("twice", twice, PAIR))
    assert not kept(tmp_path)
    check(call("twice", twice, PAIR))
    assert len(kept(tmp_path)) == 1


def test_a_program_that_loads_differently_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "_same", lambda one, other: False)
    call = KeptPrograms(tmp_path)
    check(call("twice", twice, PAIR))
    assert not kept(tmp_path)
    monkeypatch.setattr(call, "_first", lambda *_: pytest.fail("it was tried again"))
    check(call("twice", twice, PAIR))


def test_what_jax_has_cached_is_compiled_afresh(tmp_path):
    """An executable out of JAX's own cache lacks functions when it is loaded again."""
    code = (
        "import sys, jax, jax.numpy as jnp\n"
        "from pathlib import Path\n"
        "from drypowder.scenarios.programs import KeptPrograms\n"
        "jax.config.update('jax_compilation_cache_dir', sys.argv[1])\n"
        "jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.0)\n"
        "jax.config.update('jax_persistent_cache_min_entry_size_bytes', -1)\n"
        "f = jax.jit(lambda x: jax.lax.scan(lambda c, y: (c + jnp.sin(y) * y, c - y), 0.0, x))\n"
        "x = jnp.arange(7.0)\n"
        "folder = Path(sys.argv[2])\n"
        "KeptPrograms(folder)('f', f, x) if folder.is_dir() else f(x)\n"
        "print(len(list(folder.glob('*.program'))))\n"
    )
    (tmp_path / "programs").mkdir()
    for folder, count in (("none", "0"), ("programs", "1")):  # the second finds JAX's cache filled
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "jax"), str(tmp_path / folder)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == count, done.stderr


def test_a_folder_that_is_not_there_costs_nothing_but_time(tmp_path):
    check(KeptPrograms(tmp_path / "nowhere")("twice", twice, PAIR))


def test_the_oldest_make_room(tmp_path):
    call = KeptPrograms(tmp_path)
    for length in range(1, programs._KEPT + 3):
        call("twice", twice, Pair(jnp.arange(float(length)), jnp.array(3)))
    assert len(kept(tmp_path)) == programs._KEPT
