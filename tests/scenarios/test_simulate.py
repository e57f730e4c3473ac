"""JAX is prepared before it is used, and compiled programs are kept apart by machine."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import pytest

import drypowder
from drypowder.scenarios.simulate import cache_folder
from drypowder.xla import compile_loops_whole

_PREPARED = """
from drypowder.scenarios.simulate import prepare_jax
prepare_jax()
import jax, os
print(jax.config.jax_enable_x64, os.environ["TF_CPP_MIN_LOG_LEVEL"])
print(jax.config.values["jax_compilation_cache_dir"])
"""


def prepared(**environment: str) -> list[str]:
    """What a fresh process reports after prepare_jax: [x64, log level, cache folder]."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "TF_"))}
    command = [sys.executable, "-c", _PREPARED]
    told = subprocess.run(
        command, env={**clean, **environment}, capture_output=True, text=True, check=True
    )
    return told.stdout.split()


def test_the_folder_of_compiled_programs_names_the_compiler():
    assert cache_folder().name.startswith(version("jaxlib"))
    assert cache_folder() == cache_folder()


def test_jax_is_exact_quiet_and_remembers(tmp_path):
    exact, level, folder = prepared(XDG_CACHE_HOME=str(tmp_path))
    assert (exact, level) == ("True", "3")
    assert folder.startswith(str(tmp_path)) and os.path.isdir(folder)


def test_a_folder_chosen_by_the_user_is_kept(tmp_path):
    assert prepared(JAX_COMPILATION_CACHE_DIR=str(tmp_path))[2] == str(tmp_path)


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    assert prepared(XDG_CACHE_HOME=str(occupied))[2] == "None"


@pytest.mark.parametrize(
    "given, kept",
    [("", True), ("--xla_dump_to=x", True), ("--xla_backend_extra_options=a=1", False)],
)
def test_loops_are_compiled_whole_unless_the_caller_says_otherwise(given, kept, monkeypatch):
    monkeypatch.setenv("XLA_FLAGS", given)
    compile_loops_whole()
    assert os.environ["XLA_FLAGS"] == given  # JAX is here already and may have read it
    monkeypatch.delitem(sys.modules, "jax")
    for _ in range(2):  # once is enough, twice is no more
        compile_loops_whole()
        flags = os.environ["XLA_FLAGS"]
        assert flags.startswith(given) and flags.count("xla_backend_extra_options") == 1
        assert ("while_loop" in flags) == kept


_PRICES = """
import sys
if sys.argv[1] == "plain":
    import jax, jax.numpy as jnp
    jnp.zeros(1).block_until_ready()  # from here on XLA reads no more settings
import hashlib, drypowder
run = drypowder.simulate("essay", years=5 / 252, paths=3, seed=2)
print(hashlib.sha256(run.prices.tobytes()).hexdigest())
"""


@pytest.mark.slow
def test_loops_compiled_whole_change_no_bit(tmp_path):
    told = {
        how: subprocess.run(
            [sys.executable, "-c", _PRICES, how],
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / how), "JAX_ENABLE_X64": "1"},
            capture_output=True, text=True, check=True,
        ).stdout
        for how in ("plain", "whole")
    }  # fmt: skip
    assert told["plain"] == told["whole"] and len(told["plain"]) == 65


def test_the_public_door_is_this_one():
    from drypowder.scenarios.simulate import simulate

    assert drypowder.simulate is simulate
