"""`drypowder claims`: verdicts offline, exit codes, history, and what is never imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from drypowder.cli import main


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_HOME", str(tmp_path))
    return tmp_path


def test_a_claim_without_prices_answers_from_starter_figures(home, capsys):
    assert main(["claims", "2"]) == 0
    said = capsys.readouterr().out
    assert "OBSERVED" in said and "figures shipped with the package" in said
    assert "What would change our mind" in said


def test_a_claim_that_needs_prices_says_what_to_pull(home, capsys):
    assert main(["claims", "14"]) == 3
    told = capsys.readouterr()
    assert "CANNOT SAY" in told.out and "drypowder data pull BAMLH0A0HYM2" in told.out
    assert "DP-201" in told.err


def test_all_fifteen_are_told_and_kept(home, capsys):
    assert main(["claims", "--json"]) == 3
    rows = json.loads(capsys.readouterr().out)
    assert [row["number"] for row in rows] == list(range(1, 16))
    assert main(["claims", "2", "--history"]) == 0
    assert "Verdicts computed here on claim 2" in capsys.readouterr().out


def test_a_day_before_the_window_is_answered_from_what_was_known(home, capsys):
    assert main(["claims", "3", "--as-of", "2021-07-30", "--json"]) in (0, 3)
    (row,) = json.loads(capsys.readouterr().out)
    assert row["verdict"] == "cannot_say"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["16"], "DP-200"),
        (["2", "--as-of", "soon"], "DP-174"),
        (["2", "--as-of", "2999-01-01"], "DP-196"),
    ],
)
def test_a_request_that_is_off_is_named(home, capsys, arguments, code):
    assert main(["claims", *arguments]) == 2
    assert code in capsys.readouterr().err


def test_both_formats_and_a_file(home, tmp_path, capsys):
    assert main(["claims", "3", "--csv", "--out", str(tmp_path / "claim.csv")]) == 0
    header = (tmp_path / "claim.csv").read_text().splitlines()[0]
    assert header.startswith("number,slug,title,verdict,effect,low,high")
    assert main(["claims", "--csv", "--json"]) == 2


def test_strict_refuses_figures_that_are_too_old(home, capsys):
    assert main(["claims", "2", "--strict"]) in (0, 3)  # as old as the machine's clock makes them


def test_verdicts_never_import_jax(home):
    code = (
        "import sys; from drypowder.cli import main; main(['claims']); print('jax' in sys.modules)"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.splitlines()[-1] == "False"
