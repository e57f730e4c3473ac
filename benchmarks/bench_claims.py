"""How long verdicts on all claims take where none is kept yet, and where all are.

The data are the development folder, imported first; without it the benchmark skips. Python's
bytecode is there before anything is timed. The baseline is what one would write first, each claim
asking the store for its own series, in the same process and with the same answers.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "import sys; from drypowder.cli import main; sys.exit(main())"]
COLD_S, KEPT_S = 5.0, 1.5  # of issue 6, and the gauge's own limit: nothing is left to compute
BUSY = 2.0  # other work shares the cores: asserted times are this much longer
REPEATS = 3


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A store with the whole development folder."""
    from drypowder.data import open_store
    from drypowder.data.importing import import_path

    default = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("DRYPOWDER_SHARED") or default)
    if not folder.is_dir():
        pytest.skip("the development data is absent; set DRYPOWDER_SHARED to its folder")
    home = tmp_path_factory.mktemp("home")
    import_path(open_store(home), folder)
    return home


def _claims(home: Path) -> float:
    """Wall seconds of `drypowder claims`."""
    path = os.pathsep.join(filter(None, [str(REPOSITORY / "src"), os.environ.get("PYTHONPATH")]))
    own = {"PYTHONPATH": path, "DRYPOWDER_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "",
           "PYTHONPYCACHEPREFIX": str(home / "bytecode")}  # fmt: skip
    began = time.perf_counter()
    done = subprocess.run([*COMMAND, "claims"], env={**os.environ, **own}, capture_output=True,
                          text=True, timeout=120)  # fmt: skip
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("HOLDS") + done.stdout.count("CANNOT SAY") > 1
    return seconds


def test_all_claims_where_none_is_kept_and_where_all_are(benchmark, home):
    _claims(home)  # for the bytecode
    cold = []
    for _ in range(REPEATS):
        shutil.rmtree(home / "claims")
        cold.append(_claims(home))
    kept = min(_claims(home) for _ in range(REPEATS))
    benchmark.pedantic(_claims, args=(home,), rounds=1)
    benchmark.extra_info.update(cold_s=min(cold), kept_s=kept)
    print(f"\nclaims: {min(cold):.1f} s of {COLD_S}, kept {kept:.1f} s of {KEPT_S}")
    assert min(cold) < BUSY * COLD_S
    assert kept < BUSY * KEPT_S


def test_one_question_for_all_claims_is_cheaper_than_one_each(benchmark, home):
    from drypowder.data import open_store
    from drypowder.measure.claims import answers, ask, numbers
    from drypowder.report.words import catalogue

    known, sentences = open_store(home).known_on("2026-11-23"), catalogue().section("claims")

    def apart() -> list:
        return [ask(known, number, sentences) for number in numbers()]

    def together() -> list:
        return answers(known, numbers(), sentences)

    def seconds(call) -> float:
        began = time.perf_counter()
        call()
        return time.perf_counter() - began

    assert [each.finding for each in apart()] == [each.finding for each in together()]
    pairs = np.array([(seconds(together), seconds(apart)) for _ in range(REPEATS)])
    ours, theirs = np.median(pairs, axis=0)
    benchmark.pedantic(together, rounds=1)
    benchmark.extra_info.update(together_s=float(ours), apart_s=float(theirs))
    print(f"\nall claims {ours:.2f} s, each with its own question {theirs:.2f} s "
          f"({theirs / ours:.2f} times as long)")  # fmt: skip
    assert ours < theirs
