"""`drypowder replicate`: published numbers against ours, and an exit code for machines."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drypowder.replications import table
from drypowder.replications.table import pages
from drypowder.report.replications import shown
from drypowder.report.words import catalogue

ROOT = Path(__file__).parents[2]
CALL = [sys.executable, "-c", "import sys; from drypowder.cli import main; sys.exit(main())"]
MOST_SECONDS = 60.0
KEYS = {"paper", "quantity", "published", "ours", "difference", "verdict"}


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_HOME", str(tmp_path / "home"))


@pytest.fixture
def _wrong(monkeypatch):
    """A page whose first number nobody can reproduce."""
    right = table.rows

    def rows(page):
        text = 'published = 7.0\ntolerance = 0.5\nreads = "beta"\nsource = "none"\n'
        call = "call = { sigma0 = 1.0, sigma_u = 1.0 }\n"
        wrong = table.read_rows(
            f'paper = "Nobody"\n[[row]]\nquantity = "wrong"\n{text}{call}'
            f'[[row]]\nquantity = "broken"\n{text}call = {{ sigma0 = -1.0, sigma_u = 1.0 }}\n',
            page,
        )
        return wrong if page == "kyle" else right(page)

    monkeypatch.setattr(table, "rows", rows)


def test_the_verb_has_help(call):
    code, out, _ = call("replicate", "--help")
    assert code == 0 and "Usage: drypowder replicate" in out and "--plot" in out


def test_one_paper_is_told_in_words(call):
    code, out, err = call("replicate", "kyle")
    assert (code, err) == (0, "")
    assert "Kyle (1985)" in out and "price impact" in out and "pass" in out
    assert "4 of 4 numbers reproduced; models: 1;" in out
    assert "Diamond" not in out


def test_machines_get_all_digits_and_the_call(call):
    code, out, _ = call("replicate", "bank-run", "--json")
    found = json.loads(out)
    assert code == 0 and found.__class__ is list
    assert KEYS <= found[0].keys() and {each["page"] for each in found} == {"bank_run"}
    assert found[0]["call"].startswith("bank_run(promised=1.28")
    code, out, _ = call("replicate", "bank_run", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == len(found)
    assert float(rows[0]["ours"]) == found[0]["ours"]


def test_an_unknown_paper_is_a_mistake_of_usage_and_names_the_nearest(call):
    code, out, err = call("replicate", "kylee")
    assert (code, out) == (2, "") and "DP-165" in err and "kyle" in err


@pytest.mark.usefixtures("_wrong")
def test_a_number_that_is_off_ends_with_an_error_after_all_is_told(call):
    code, out, err = call("replicate", "kyle")
    assert code == 1
    assert "0 of 2 numbers reproduced" in out and "outside" in out and "failed" in out
    assert "broken: UsageError: DP-168" in out
    assert "DP-166: 2 of 2" in err and "kyle, wrong; kyle, broken" in err


@pytest.mark.usefixtures("_wrong")
def test_a_number_that_is_off_is_in_the_json_too(call):
    code, out, _ = call("replicate", "kyle", "--json")
    assert code == 1
    wrong, broken = json.loads(out)
    assert wrong["verdict"] == "outside" and wrong["difference"] == pytest.approx(-6.0)
    assert broken["ours"] is None and "DP-168" in broken["problem"]


@pytest.mark.parametrize(
    ("line", "ours", "wanted"),
    [
        ("published = 38.4615\ntolerance = 5e-5", 38.46153846, ("38.4615", "38.46154", "+3.8e−05")),
        ("published = -9.45\ntolerance = 0.005", -9.45, ("−9.45", "−9.450", "0")),
        ("published = 1e-9\ntolerance = 1e-9", 1e-9, ("0.000000001", "0.000000001", "0")),
        ("at_least = 6.0", 9.9182, ("≥ 6", "9.92", "0")),
        ("at_most = -0.25", -0.1, ("≤ −0.25", "−0.1000", "+1.5e−01")),
    ],
)
def test_numbers_are_shown_with_the_digits_that_their_tolerance_speaks_of(line, ours, wanted):
    text = f'[[row]]\nquantity = "{"long words " * 9}"\nreads = "x"\nkind = "recalled"\n{line}\n'
    (row,) = table.read_rows(text, "page")
    (cells,) = shown([table.Comparison(row, ours, 0.0)], catalogue()).rows
    assert cells[1:4] == wanted
    assert max(map(len, cells[0].splitlines())) <= 60


def test_pictures_go_to_the_home_or_beside_the_answer(call, tmp_path):
    code, _, err = call("replicate", "bank_run", "--plot")
    picture = tmp_path / "home" / "replicate" / "bank_run.svg"
    assert code == 0 and str(picture) in err
    text = picture.read_text()
    assert text.lstrip().startswith("<?xml") or text.startswith("<svg")
    assert "what-if, not a forecast" in text and "56.2" in text
    answer = tmp_path / "answers" / "x.json"
    answer.parent.mkdir()
    code, out, _ = call("replicate", "bank_run", "--plot", "--json", "--out", str(answer))
    assert (code, out) == (0, "") and json.loads(answer.read_text())
    assert (answer.parent / "bank_run.svg").read_text() == text  # the same bytes


def test_a_paper_without_a_picture_draws_none(call, tmp_path):
    code, _, err = call("replicate", "kyle", "--plot")
    assert (code, err) == (0, "") and not list((tmp_path / "home").rglob("*.svg"))


def test_every_published_number_is_reproduced_within_a_minute_from_cold(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "XDG_CACHE_HOME": str(tmp_path)}
    began = time.perf_counter()
    done = subprocess.run([*CALL, "replicate", "--json"], env=environment, capture_output=True,
                          text=True)  # fmt: skip
    seconds = time.perf_counter() - began
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {each["page"] for each in found} == set(pages())
    assert {each["verdict"] for each in found} == {"pass"}
    assert seconds < MOST_SECONDS
