"""Compiled programs that are kept give the same numbers, and are never needed."""

from __future__ import annotations

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
    check(KeptPrograms(tmp_path)("twice", twice, PAIR))
    assert not kept(tmp_path)


def test_a_folder_that_is_not_there_costs_nothing_but_time(tmp_path):
    check(KeptPrograms(tmp_path / "nowhere")("twice", twice, PAIR))


def test_the_oldest_make_room(tmp_path):
    call = KeptPrograms(tmp_path)
    for length in range(1, programs._KEPT + 3):
        call("twice", twice, Pair(jnp.arange(float(length)), jnp.array(3)))
    assert len(kept(tmp_path)) == programs._KEPT
