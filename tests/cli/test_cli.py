"""Each verb on a stored run: words for people, numbers for machines, errors with a hint."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.report.synthetic import about, make_run

from drypowder.cli import main
from drypowder.report.artist import Artist
from drypowder.report.export import FORMATS
from drypowder.report.produce import store
from drypowder.report.record import record_of
from drypowder.report.words import catalogue

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
CALL = [sys.executable, "-c", "import sys; from drypowder.cli import main; sys.exit(main())"]
NOT_A_FORECAST = "A model's answer to what-if, not a forecast."
VERBS = ("run", "scenarios", "levers", "params", "show", "why", "compare", "export", "explain",
         "cite", "doctor", "calibrate", "liquidations", "replicate")  # fmt: skip


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Two stored runs: one world, and seven."""
    folder = tmp_path_factory.mktemp("home")
    for paths in (1, 7):
        record = record_of(make_run(paths=paths), about(), keep_paths=True)
        store(record, folder, catalogue(), artist=Artist())
    return folder


@pytest.fixture(autouse=True)
def _home(home, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_HOME", str(home))
    monkeypatch.delenv("DRYPOWDER_DEBUG", raising=False)


def test_help_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys; from drypowder.cli import main; main(['--help']); heavy = ('jax', 'numpy', "
        "'pandas', 'matplotlib', 'duckdb', 'scipy', 'pydantic', 'pyarrow'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    seconds = []
    for _ in range(8):  # the quickest of some: other work may share the cores
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True,
                              text=True)  # fmt: skip
        seconds.append(time.perf_counter() - began)
        assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
    assert min(seconds) < 0.3
    assert all(f"\n  {verb}" in done.stdout for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(call, verb):
    code, out, _ = call(verb, "--help")
    assert code == 0 and "Usage: drypowder " + verb in out


def test_no_arguments_is_help(call, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["drypowder"])
    assert main() == 0


def test_show_lists_runs_and_shows_one(call):
    code, out, _ = call("show")
    assert code == 0 and "5eed0001" in out and "5eed0007" in out
    code, out, err = call("show", "5eed0007")
    assert code == 0 and err == "" and NOT_A_FORECAST in out and "run 5eed0007" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("show",), ("show", "last"), ("compare", "5eed0001", "5eed0007"), ("cite", "last"),
        ("scenarios",), ("levers",), ("params",), ("params", "--guesses"), ("explain",),
        ("explain", "duration"), ("explain", "DP-070"), ("doctor",),
    ],
)  # fmt: skip
def test_every_verb_speaks_json_and_csv_and_writes_files(call, arguments, tmp_path):
    code, out, _ = call(*arguments, "--json")
    assert code == 0 and json.loads(out)
    code, out, _ = call(*arguments, "--csv")
    rows = list(csv.reader(io.StringIO(out)))
    assert code == 0 and len(rows) > 1 and len({len(row) for row in rows}) == 1
    code, out, err = call(*arguments, "--csv", "--out", str(tmp_path / "x.csv"))
    assert code == 0 and out == "" and "x.csv" in err
    assert len(list(csv.reader((tmp_path / "x.csv").open()))) == len(rows)


def test_json_of_a_run_holds_every_table_and_no_nan(call):
    _, out, _ = call("show", "5eed0007", "--json")
    found = json.loads(out, parse_constant=lambda name: pytest.fail(name))
    tables = {"dry_powder", "funding", "yields", "assets", "fed", "worlds", "ai_dollar", "events"}
    assert tables <= found["tables"].keys()
    assert found["note"] == NOT_A_FORECAST and found["stamp"]["seed"] == 5


def test_the_list_of_runs_tells_the_minute(call):
    _, out, _ = call("show")
    assert re.search(r"\b\d{4}-\d\d-\d\d \d\d:\d\d\b", out) and "+00:00" not in out
    _, out, _ = call("show", "--json")
    assert "+00:00" in json.loads(out)[0]["made_on"]


def test_compare_needs_two_runs_and_shows_the_difference(call):
    code, _, err = call("compare", "last")
    assert code == 2 and err.startswith("error DP-085")
    code, out, _ = call("compare", "5eed0001", "5eed0007")
    assert code == 0 and "difference" in out and NOT_A_FORECAST in out


@pytest.mark.parametrize("kind", FORMATS)
def test_export_writes_files_in_every_format(call, kind, tmp_path):
    code, out, err = call("export", "5eed0007", "--out", str(tmp_path / "away"), "--format", kind)
    files = sorted(p.name for p in (tmp_path / "away").iterdir())
    assert code == 0 and out == "" and files and all(name in err for name in files)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["away"]
    expected = {"csv": "closing_balance_sheet.csv", "latex": "transaction_flows.tex",
                "parquet": "paths.parquet", "json": "run.json", "html": "report.html",
                "svg": "sankey.svg"}  # fmt: skip
    assert expected[kind] in files


def test_export_takes_the_options_of_every_verb(call, tmp_path):
    """--csv is --format csv, which is also what nothing means; --json lists the files written."""
    names = {}
    for given in ((), ("--csv",), ("--format", "csv"), ("--csv", "--format", "csv")):
        out = tmp_path / "-".join(("away", *given))
        code, said, _ = call("export", "last", "--out", str(out), *given)
        assert code == 0 and said == ""
        names[given] = sorted(path.name for path in out.iterdir())
    assert len({tuple(found) for found in names.values()}) == 1 and "series.csv" in names[()]
    for given in ((), ("--format", "latex"), ("--format", "json")):
        out = tmp_path / "-".join(("listed", *given))
        code, said, err = call("export", "last", "--out", str(out), "--json", *given)
        assert code == 0 and sorted(json.loads(said)) == sorted(map(str, out.iterdir()))
        assert all(path in err for path in json.loads(said))


def test_exported_series_are_the_stored_ones_to_the_last_digit(call, tmp_path):
    call("export", "last", "--out", str(tmp_path), "--format", "csv")
    header, *rows = csv.reader((tmp_path / "series.csv").open())
    place = header.index("yield_pa.treasuries")
    run = make_run()
    assert [float(row[place]) for row in rows] == run.series["yield_pa"][0, :, 0].tolist()


def test_cite_gives_the_command_that_repeats_the_run(call):
    _, out, _ = call("cite", "5eed0007")
    assert "drypowder run synthetic --set capex_scale=1.25 --paths 7 --seed 5" in out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("show", "nope"), 2, "DP-070"),
        (("show", "5eed"), 2, "DP-071"),
        (("explain", "flibbertigibbet"), 2, "DP-076"),
        (("run", "essay", "--set", "bank_loan_share"), 2, "DP-077"),
        (("run", "essay", "--set", "bank_loan_share=much"), 2, "DP-077"),
        (("run", "essay", "--set", "nonsense=1"), 2, "DP-061"),
        (("run", "essay", "--set", "bank_loan_share=50"), 2, "DP-05"),
        (("run", "no_such_scenario"), 2, "DP-050"),
        (("run", "essay", "--paths", "0"), 2, "DP-080"),
        (("export", "last", "--out", "/tmp/x", "--format", "xml"), 2, "DP-078"),
        (("levers", "--json", "--csv"), 2, "DP-081"),
        (("export", "last", "--out", "/tmp/x", "--json", "--csv"), 2, "DP-081"),
        (("export", "last", "--out", "/tmp/x", "--csv", "--format", "latex"), 2, "DP-082"),
        (("export", "last", "--json"), 2, "DP-088"),
        (("nonsense",), 2, "DP-088"),
        (("run",), 2, "DP-088"),
        (("show", "--nonsense"), 2, "DP-088"),
        (("show", "last", "--home", "/nonexistent-drypowder"), 3, "DP-07"),
    ],
)
def test_errors_have_a_code_an_exit_code_and_a_hint_last(call, arguments, code, error):
    found, out, err = call(*arguments)
    lines = err.strip().splitlines()
    assert found == code and out == "" and lines[0].startswith(f"error {error}")
    assert lines[-1].startswith("hint: ") and "Traceback" not in err


def test_a_folder_that_cannot_be_written_is_a_coded_error(call, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    code, _, err = call("show", "last", "--csv", "--out", str(tmp_path / "file" / "x.csv"))
    assert code == 1 and "error DP-073" in err and "hint:" in err


def test_interruption_says_that_the_run_goes_on(call, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("drypowder.cli.stored.list_runs", stop)
    code, _, err = call("show")
    assert code == 130 and "DP-084" in err and "goes on from there" in err


def test_a_fault_of_our_own_is_coded_and_told_in_full_on_request(call, monkeypatch):
    def fail(*arguments, **options):
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("drypowder.cli.stored.list_runs", fail)
    code, _, err = call("show")
    assert code == 1 and "error DP-089" in err and "ZeroDivisionError: oh" in err
    monkeypatch.setenv("DRYPOWDER_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["show"])


def test_a_closed_pipe_is_no_error():
    line = f'{sys.executable} -c "from drypowder.cli import main; main()" explain | head -1'
    done = subprocess.run(["bash", "-c", line], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0 and "Traceback" not in done.stderr


def test_no_color_is_honoured(monkeypatch):
    from drypowder.cli.output import console

    monkeypatch.setenv("NO_COLOR", "1")
    assert console().no_color


def test_doctor_warns_of_the_jax_that_hangs(call, monkeypatch):
    monkeypatch.setattr("drypowder.cli.health.version", lambda name: "0.10.2")
    code, out, err = call("doctor")
    assert code == 1 and "can hang" in " ".join(out.split()) and "error DP-083" in err


@pytest.mark.slow
def test_a_killed_ensemble_goes_on_and_gives_the_same_bytes(tmp_path):
    """The real thing: SIGKILL after the first of three chunks, then the same command again."""
    arguments = ["run", "essay", "--paths", "130", "--years", "0.1", "--seed", "7"]
    process = subprocess.Popen([*CALL, *arguments, "--home", str(tmp_path / "a")], env=ENVIRONMENT,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    while not list((tmp_path / "a").glob("partial/*/chunk-*.npz")):
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    for home in ("a", "b"):
        subprocess.run([*CALL, *arguments, "--home", str(tmp_path / home)], env=ENVIRONMENT,
                       check=True, capture_output=True)  # fmt: skip
    (first,), (second,) = ((tmp_path / home / "runs").iterdir() for home in ("a", "b"))
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name
    assert not (tmp_path / "a" / "partial").exists()


def test_run_answers_stores_and_says_what_is_next(call, tmp_path):
    code, out, err = call("run", "rest", "--years", "0.02", "--home", str(tmp_path),
                          "--html", str(tmp_path / "page.html"))  # fmt: skip
    assert code == 0 and NOT_A_FORECAST in out and "page.html" in err and "again: " in err
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")
    (folder,) = (tmp_path / "runs").iterdir()
    assert (folder / "summary.txt").read_text() == out
