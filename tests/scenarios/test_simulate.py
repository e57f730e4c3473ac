"""JAX is prepared before it is used, and compiled programs are kept apart by machine."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import drypowder
from drypowder.scenarios.simulate import cache_folder

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


def test_the_public_door_is_this_one():
    from drypowder.scenarios.simulate import simulate

    assert drypowder.simulate is simulate
