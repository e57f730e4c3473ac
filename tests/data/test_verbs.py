"""`drypowder data`: what a person sees, as words, JSON and CSV, and the exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from drypowder.cli import main

OWN = "series,observed_on,value,unit,known_on\n"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_HOME", str(tmp_path / "home"))
    return tmp_path


def _own(home, text):
    path = home / "a.csv"
    path.write_text(OWN + text)
    return str(path)


def test_import_says_what_became_of_each_file(home, capsys):
    path = _own(home, "M2SL,2026-01-01,22500,,2026-02-24\nM2SL,2026-01-01,22480,,2026-03-24\n")
    assert main(["data", "import", path]) == 0
    said = capsys.readouterr()
    assert "our own" in said.out
    assert "2 new prints of 1 series stored" in said.err
    assert main(["data", "vintages", "M2SL"]) == 0
    assert "−20" in capsys.readouterr().out
    assert main(["data", "vintages", "M2SL", "--json"]) == 0
    assert [row["value"] for row in json.loads(capsys.readouterr().out)] == [22500.0, 22480.0]


def test_import_tells_files_that_contradict_each_other_and_rows_left_out(home, capsys):
    folder = home / "files"
    folder.mkdir()
    for name, value in (("a.csv", 686.2), ("b.csv", 684.1)):
        rows = f"ticker,date,close\nSPY,2026-02-04,{value}\nSPY,2026-02-05,677.6\n"
        (folder / name).write_text(rows)
    assert main(["data", "import", str(folder), "--json"]) == 0
    said = capsys.readouterr()
    assert "DP-173: a.csv and b.csv tell 1 figures" in said.err
    assert "price:SPY of 2026-02-04: 686.2 and 684.1" in said.err
    assert "2 rows were left out" in said.err
    assert [row["unfinished"] for row in json.loads(said.out)] == [1, 1]


def test_show_tells_source_unit_and_both_dates(home, capsys):
    assert main(["data", "show", "WALCL", "--as-of", "2026-02-06"]) == 0
    said = capsys.readouterr().out
    for words in ("Federal Reserve total assets", "USD bn", "starter figure", "release lag"):
        assert words in said
    assert main(["data", "show", "WALCL", "--as-of", "2026-02-06", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["starter"] is True
    last = found["observations"][-1]
    assert (last["observed_on"], last["known_on"]) == ("2026-01-28", "2026-01-29")


def test_status_lists_age_and_origin_and_strict_is_exit_3(home, capsys):
    assert main(["data", "status", "--csv", "--as-of", "2026-02-06"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.startswith("name,label,group,frequency,unit,rows")
    assert len(rows) > 30
    assert main(["data", "status", "--strict"]) == 3
    said = capsys.readouterr()
    assert "STALE" in said.out
    assert "DP-179" in said.err
    assert said.err.strip().splitlines()[-1].startswith("hint:")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "WALC"], 2, "DP-170"),
        (["show", "VIXCLS"], 3, "DP-171"),
        (["show", "WALCL", "--as-of", "soon"], 2, "DP-174"),
        (["show", "WALCL", "--as-of", "2001-01-01"], 3, "DP-171"),
        (["import", "nowhere"], 2, "DP-176"),
        (["export", "WALCL", "--out", "x.doc"], 2, "DP-176"),
        (["status", "--json", "--csv"], 2, "DP-081"),
    ],
)
def test_refusals_have_their_code_and_their_exit(home, capsys, arguments, code, said):
    assert main(["data", *arguments]) == code
    assert said in capsys.readouterr().err


def test_export_warns_of_licences(home, capsys):
    path = _own(home, "price:SPY,2026-02-05,677.6,,\n")
    assert main(["data", "import", path]) == 0
    capsys.readouterr()
    assert main(["data", "export", "price:SPY", "WALCL", "--out", str(home / "out.csv")]) == 0
    said = capsys.readouterr()
    assert "not to be passed on: price:SPY" in said.err
    assert len((home / "out.csv").read_text().splitlines()) == 1 + 1 + 63


def test_data_verbs_load_neither_jax_nor_pandas(home):
    program = (
        "import sys; from drypowder.cli import main; main(['data', 'status']);"
        " assert not {'jax', 'pandas', 'statsmodels'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
