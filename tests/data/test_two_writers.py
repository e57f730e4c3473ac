"""Two processes write at once and one is killed at random moments: nothing is lost or torn."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.data import writer as batches
from tests.data.writer import ROWS

from drypowder.data import ingests, open_store

SCRIPT = Path(batches.__file__)
SOURCES = Path(ingests.__file__).parents[2]
ROUNDS = 4
MOST = 10_000  # batches: more than a writer gets to


def _start(home: Path, name: str, first: int, last: int = MOST) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    command = [sys.executable, str(SCRIPT), str(home), name, str(first), str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def _said(process: subprocess.Popen) -> list[int]:
    """Batches that the process said were stored."""
    output, _ = process.communicate()
    return [int(line) for line in output.splitlines()]


def _batches(home: Path, name: str) -> set[int]:
    """Numbers of the stored batches; each must be there whole."""
    observed = open_store(home, shipped=False).known_on().find(f"own:{name}")
    if observed is None:
        return set()
    numbers, counts = np.unique(observed.values, return_counts=True)
    assert set(counts.tolist()) <= {ROWS}, "a batch is stored in part"
    return set(numbers.astype(int).tolist())


def test_a_killed_writer_loses_nothing_and_disturbs_nobody(tmp_path):
    dice, home = random.Random(7), tmp_path / "home"
    said: dict[str, set[int]] = {"steady": set(), "killed": set()}
    next_steady = 0
    for each in range(ROUNDS):
        victim = _start(home, "killed", 1000 * each)
        steady = _start(home, "steady", next_steady, next_steady + 6)
        assert victim.stdout is not None
        victim_first = int(victim.stdout.readline())  # it has begun to write
        time.sleep(dice.uniform(0.0, 0.4))
        _batches(home, "steady")  # a reader beside two writers
        victim.send_signal(signal.SIGKILL)
        said["killed"] |= {victim_first, *_said(victim)}
        done = _said(steady)
        assert steady.returncode == 0
        assert done == list(range(next_steady, next_steady + 6))
        said["steady"] |= set(done)
        next_steady += 6
    assert _batches(home, "steady") == said["steady"]
    stored = _batches(home, "killed")
    assert said["killed"] <= stored
    # at most the batch in the hands of the killed process was stored without his saying so
    assert len(stored - said["killed"]) <= ROUNDS


def test_what_a_killed_writer_left_is_ignored_and_swept(tmp_path):
    store = open_store(tmp_path, shipped=False)
    store.append([batches.batch("a", 0)])
    orphan = store.folder / "20260101T000000.000000-1.parquet"
    half = store.folder / ".new-20260101T000000.000000-1.parquet"
    listed = next(store.folder.glob("2*.parquet"))
    orphan.write_bytes(listed.read_bytes())
    half.write_bytes(b"PAR1")
    assert len(store.known_on().series("own:a")) == ROWS  # not counted twice
    store.append([batches.batch("a", 1)])
    assert not orphan.exists()
    assert not half.exists()
    assert len(store.known_on().series("own:a")) == 2 * ROWS


def test_a_reader_in_the_middle_sees_the_store_before_or_after(tmp_path):
    process = _start(tmp_path, "w", 0, 12)
    seen = []
    while process.poll() is None:
        seen.append(len(_batches(tmp_path, "w")))
    _said(process)
    assert seen == sorted(seen)
    assert len(_batches(tmp_path, "w")) == 12


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(Exception, match="DP-178"):
        open_store(tmp_path).append([batches.batch("a", 0)])
