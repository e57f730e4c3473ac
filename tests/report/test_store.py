"""Runs are stored whole or not at all, found again, checked, and resumed after a kill."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from tests.report.synthetic import about, make_run

from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.report import listing, store
from drypowder.report.partial import Partial
from drypowder.report.record import record_of

PAGES = {"summary.txt": lambda: "a summary\n", "report.html": lambda: "<!doctype html>\n"}


@pytest.fixture
def record():
    return record_of(make_run(), about(), keep_paths=True)


def test_a_stored_run_reads_back_as_it_was(record, tmp_path):
    store.save(record, tmp_path, PAGES)
    back = store.open_run(record.run_id[:5], tmp_path)
    assert back.economy == record.economy and back.events == record.events
    np.testing.assert_array_equal(back.dates, record.dates)
    for kind in ("central", "fans", "outcomes", "flows"):
        for name, array in getattr(record, kind).items():
            np.testing.assert_array_equal(getattr(back, kind)[name], array)
    for twin, series in record.companions.items():
        for name, array in series.items():
            np.testing.assert_array_equal(back.companions[twin][name], array)
    np.testing.assert_array_equal(back.closing, record.closing)
    assert back.stamp == record.stamp and back.about == record.about


def test_the_same_run_gives_the_same_bytes(record, tmp_path):
    first, second = (store.save(record, tmp_path / n, PAGES) for n in ("a", "b"))
    names = sorted(p.name for p in first.iterdir())
    assert names == sorted(p.name for p in second.iterdir()) and "paths.parquet" in names
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_a_full_disk_leaves_nothing_and_says_so(record, tmp_path, monkeypatch):
    import pyarrow.parquet as pq

    written = []

    def fill(table, path, **options):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        Path(path).write_bytes(b"half")

    monkeypatch.setattr(pq, "write_table", fill)
    with pytest.raises(DrypowderError, match=r"DP-073.*No space left"):
        store.save(record, tmp_path, PAGES)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_page_that_cannot_be_made_leaves_nothing_behind(record, tmp_path):
    def stumble() -> str:
        raise RuntimeError("no pen")

    with pytest.raises(RuntimeError, match="no pen"):
        store.save(record, tmp_path, {**PAGES, "report.html": stumble})
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_failed_rewrite_keeps_the_older_copy(record, tmp_path, monkeypatch):
    folder = store.save(record, tmp_path, PAGES)
    monkeypatch.setattr(
        "drypowder.report.store.write_record", lambda *a: (_ for _ in ()).throw(OSError(28, "full"))
    )
    with pytest.raises(DrypowderError, match="DP-073"):
        store.save(record, tmp_path, PAGES)
    monkeypatch.undo()
    assert store.open_run("last", tmp_path).stamp == record.stamp
    assert [p.name for p in folder.parent.iterdir()] == [record.run_id]


def test_leavings_of_a_killed_process_are_swept(record, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "runs" / f".new-abc-{dead.pid}").mkdir(parents=True)
    alive = tmp_path / "runs" / f".new-abc-{os.getppid()}"
    alive.mkdir()
    store.save(record, tmp_path, PAGES)
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == [alive.name, record.run_id]


@pytest.mark.parametrize("name", ["series.parquet", "summary.txt", "books.parquet"])
def test_a_changed_or_missing_file_is_found_out(record, tmp_path, name):
    folder = store.save(record, tmp_path, PAGES)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-1] + b"!")
    with pytest.raises(DataMissingError, match=f"DP-072.*{name}"):
        store.open_run("last", tmp_path)
    (folder / name).unlink()
    with pytest.raises(DataMissingError, match=f"DP-072.*{name}"):
        store.open_run("last", tmp_path)


def test_a_broken_manifest_and_another_format_are_told_apart(record, tmp_path):
    folder = store.save(record, tmp_path, PAGES)
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text("{")
    with pytest.raises(DataMissingError, match="DP-072"):
        store.open_run(record.run_id, tmp_path)
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(UsageError, match="DP-074"):
        store.open_run(record.run_id, tmp_path)


def test_runs_are_found_by_beginning_last_and_folder(tmp_path):
    with pytest.raises(DataMissingError, match="DP-075"):
        store.find("last", tmp_path)
    for paths in (7, 5):
        store.save(record_of(make_run(paths=paths), about()), tmp_path, PAGES)
    assert store.find("last", tmp_path).name == "5eed0005"
    assert store.find("5eed0007", tmp_path).name == "5eed0007"
    folder = tmp_path / "runs" / "5eed0007"
    assert store.find(str(folder), tmp_path) == folder
    with pytest.raises(UsageError, match=r"DP-071.*5eed0005, 5eed0007"):
        store.find("5eed", tmp_path)
    with pytest.raises(UsageError, match=r"DP-070.*5eed0005"):
        store.find("77", tmp_path)


def test_the_list_is_rebuilt_from_the_folders(record, tmp_path):
    store.save(record, tmp_path, PAGES, seconds=1.5)
    assert listing.entries(tmp_path)[0].seconds == 1.5
    for spoil in (lambda p: p.unlink(), lambda p: p.write_bytes(b"no database" * 400)):
        for path in tmp_path.glob("runs.sqlite-*"):
            path.unlink()
        spoil(tmp_path / "runs.sqlite")
        (entry,) = listing.entries(tmp_path)
        assert (entry.run, entry.levers, entry.paths) == (record.run_id, "capex_scale=1.25", 7)
    with sqlite3.connect(tmp_path / "runs.sqlite") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_damaged_chunks_are_computed_again(tmp_path):
    partial, calls = Partial.of(tmp_path, make_run().stamp), []

    def compute(inputs, numbers, seed):
        calls.append(numbers[0])
        return {"x": numbers * 1.5}

    chunk = partial.chunks(compute)
    first = chunk(None, np.arange(3), 1)
    np.testing.assert_array_equal(chunk(None, np.arange(3), 1)["x"], first["x"])
    assert calls == [0] and partial.finished() == 1
    (path,) = partial.folder.iterdir()
    path.write_bytes(path.read_bytes()[:-2])
    chunk(None, np.arange(3), 1)
    assert calls == [0, 0]
    partial.remove()
    assert not partial.folder.exists()


KILLED = """
    import signal, sys, time
    from pathlib import Path
    import numpy as np
    from drypowder.report.partial import Partial
    from tests.report.synthetic import make_run
    run, home = make_run(paths=7), Path(sys.argv[1])
    def compute(inputs, numbers, seed):
        if numbers[0] >= 4 and "hang" in sys.argv:
            print("ready", flush=True); time.sleep(60)
        print("computed", numbers[0], flush=True)
        return {name: array[numbers] for name, array in run.series.items()}
    chunk = Partial.of(home, run.stamp).chunks(compute)
    parts = [chunk(None, np.arange(k, min(k + 2, 7)), 5) for k in range(0, 7, 2)]
    series = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
    import dataclasses
    from drypowder.report.record import record_of
    from drypowder.report.store import save
    from tests.report.synthetic import about
    save(record_of(dataclasses.replace(run, series=series), about()), home, {"summary.txt": str})
"""


def test_killed_in_the_middle_and_run_again_gives_the_same_bytes(tmp_path):
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    command = [sys.executable, "-c", textwrap.dedent(KILLED)]
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    process = subprocess.Popen([*command, str(broken), "hang"], env=environment,
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stdout is not None
    while "ready" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (broken / "runs").exists()
    again = subprocess.run([*command, str(broken)], env=environment, capture_output=True, text=True)
    assert again.stdout.split("\n")[:2] == ["computed 4", "computed 6"], again.stderr
    subprocess.run([*command, str(whole)], env=environment, check=True, capture_output=True)
    for path in (whole / "runs" / "5eed0007").iterdir():
        assert path.read_bytes() == (broken / "runs" / "5eed0007" / path.name).read_bytes()


def test_loading_a_run_needs_no_simulator_and_no_drawing(record, tmp_path):
    store.save(record, tmp_path, PAGES)
    code = (
        "import sys; from drypowder.report.store import open_run; "
        f"open_run('last', {str(tmp_path)!r}); "
        "print([m for m in ('jax', 'matplotlib', 'pandas', 'scipy', 'duckdb') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(root / "src")})  # fmt: skip
    assert done.stdout.strip() == "[]", done.stderr
