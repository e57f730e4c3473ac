"""How long a reader waits: help, a first run with everything to compile, the next one.

Python's bytecode is there before anything is timed, as after an installation: without it every
command compiles a thousand modules first, which takes as long as the command.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "import sys; from drypowder.cli import main; sys.exit(main())"]
HELP_S, COLD_S, WARM_S = 0.3, 8.0, 3.0  # targets on two idle cores
BUSY = 2.0  # other work shares the cores: asserted times are this much longer


def _call(home: Path, *arguments: str) -> tuple[float, str]:
    """Wall seconds of one command with homes of its own, and what it printed."""
    path = os.pathsep.join(filter(None, [str(REPOSITORY / "src"), os.environ.get("PYTHONPATH")]))
    own = {
        "PYTHONPATH": path,
        "HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(home / "bytecode"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "DRYPOWDER_HOME": str(home / "runs"),
    }
    start = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        timeout=120,
    )
    seconds = time.perf_counter() - start
    assert done.returncode == 0, done.stderr[-2000:]
    return seconds, done.stdout


@pytest.fixture(scope="module", autouse=True)
def _command_exists():
    cli = pytest.importorskip("drypowder.cli")
    if not hasattr(cli, "main"):
        pytest.skip("the command line does not exist yet")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_help(benchmark, home):
    _call(home, "--help")
    seconds, text = min(_call(home, "--help") for _ in range(3))
    benchmark.pedantic(_call, args=(home, "--help"), rounds=2)
    print(f"\n--help {seconds:.2f} s (target {HELP_S})")
    assert "essay" in text
    assert seconds < BUSY * HELP_S


def test_essay_cold_then_warm(benchmark, home):
    """Cold: an empty compilation cache. Warm: the same command again, the best of three."""
    question = ("run", "essay", "--paths", "1")
    _call(home, *question)  # for the bytecode
    shutil.rmtree(home / "cache")
    cold, text = _call(home, *question)
    warm = min(_call(home, *question)[0] for _ in range(3))
    benchmark.pedantic(_call, args=(home, *question), rounds=1)
    benchmark.extra_info.update(cold_s=cold, warm_s=warm)
    print(f"\nessay: cold {cold:.1f} s (target {COLD_S}), warm {warm:.1f} s (target {WARM_S})")
    assert "dry powder" in text.lower()
    assert cold < BUSY * COLD_S
    assert warm < BUSY * WARM_S
