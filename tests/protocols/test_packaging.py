"""What an installer may rely on: the lock, the pins, what is in the wheel, what a start costs."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = REPOSITORY / "src" / "drypowder"
ROOMS = (
    "accounts", "markets", "venues", "channels", "engine", "scenarios", "data", "measure",
    "replications", "report", "cli",
)  # fmt: skip
HEAVY = ("jax", "pandas", "matplotlib", "duckdb", "scipy")

# Generous, as tests share their cores; benchmarks/ holds `--help` to 0.3 s.
HELP_CEILING_S = 3.0

START = """
import json, sys
sys.argv = ["drypowder", *json.loads(sys.argv[1])]
from drypowder.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
print("loaded:" + json.dumps(sorted(name for name in sys.modules if "." not in name)))
"""


def _modules_after(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", START, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.rpartition("loaded:")[2]))


def _project() -> dict:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def _locked() -> dict[str, str]:
    """Each requirement of the lock, by name and version, with its hashes and markers."""
    text = (REPOSITORY / "requirements.lock").read_text()
    entries = re.split(r"(?m)^(?=[a-z0-9])", text)
    return {entry.split()[0]: entry for entry in entries if "==" in entry}


def test_lock_names_no_host():
    assert "://" not in (REPOSITORY / "requirements.lock").read_text()


def test_every_locked_requirement_carries_a_hash():
    assert _locked()
    assert [pin for pin, entry in _locked().items() if "--hash=sha256:" not in entry] == []


def test_lock_covers_what_the_project_asks_for():
    asked = {_name(line) for line in _project()["dependencies"]}
    asked |= {_name(line) for line in _project()["optional-dependencies"]["dev"]}
    assert asked - {_name(pin) for pin in _locked()} == set()


def test_no_jax_of_the_0_10_line_which_deadlocks():
    assert not version("jax").startswith("0.10.")
    assert not [pin for pin in _locked() if pin.startswith(("jax==0.10.", "jaxlib==0.10."))]
    assert "jax>=0.9.2,!=0.10.*" in _project()["dependencies"]


def test_installed_version_is_the_one_in_the_source():
    import drypowder

    assert version("drypowder") == drypowder.__version__
    assert f"[{drypowder.__version__}]" in (REPOSITORY / "CHANGELOG.md").read_text()


def test_wheel_carries_every_data_file_and_the_type_marker(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    source = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "drypowder/py.typed" in source
    assert source - inside == set()


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help")], ids=" ".join)
def test_help_loads_no_heavy_library(arguments):
    assert _modules_after(*arguments) & set(HEAVY) == set()


def test_help_starts_within_a_generous_ceiling():
    readings_s = []
    for _ in range(3):
        start = time.perf_counter()
        _modules_after("--help")
        readings_s.append(time.perf_counter() - start)
    assert min(readings_s) < HELP_CEILING_S


@pytest.mark.parametrize("room", ROOMS)
def test_room_opens_with_a_docstring(room):
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text())
    assert (ast.get_docstring(tree) or "").strip()


def test_contributing_is_short():
    assert len((REPOSITORY / "CONTRIBUTING.md").read_text().splitlines()) < 80


def test_continuous_integration_runs_the_readme_test_command():
    commands = {
        mark: subprocess.run(
            [str(REPOSITORY / "scripts" / "readme-command"), mark],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for mark in ("first command", "test command")
    }
    assert [len(lines) for lines in commands.values()] == [1, 1]
    assert "drypowder run essay" in commands["first command"][0]
    assert "--require-hashes" in commands["test command"][0]
    assert "scripts/check" in commands["test command"][0]
