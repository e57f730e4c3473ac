"""`drypowder gauge` at the door: words, JSON, CSV, a page, exit codes, what it imports."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from drypowder.cli import main

DAY = ("--as-of", "2026-02-06")
_SIGNED = re.compile(r"([+−]) (\d+\.\d)")


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run a verb in this process on starter figures: exit code, stdout, stderr."""
    monkeypatch.setenv("DRYPOWDER_HOME", str(tmp_path / "home"))

    def run(*arguments: str):
        capsys.readouterr()
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return run


def test_the_printed_sum_can_be_added_up_with_a_pencil(call):
    code, said, _ = call("gauge", *DAY)
    assert code == 0
    line = " ".join(said.split())
    line = line[line.index("50 −") : line.index(". A part is")]
    terms, level = line.split(" = ")
    total = 50.0 + sum((1 if sign == "+" else -1) * float(n) for sign, n in _SIGNED.findall(terms))
    assert round(total, 1) == float(level)


def test_the_text_says_what_it_is_and_what_is_missing(call):
    _, said, _ = call("gauge", *DAY)
    assert said.startswith("OBSERVED\n")
    assert said.count("Missing: ") == 3
    assert "as of 2026-02-06 · known on 2026-02-02" in said
    assert "forecast" not in said
    for day in ("2026-01-30", "2025-09-30"):
        assert day in said


def test_json_and_csv_carry_the_same_numbers_to_the_last_digit(call):
    data = json.loads(call("gauge", *DAY, "--json")[1])
    rows = list(csv.DictReader(io.StringIO(call("gauge", *DAY, "--csv")[1])))
    points = [float(row["points"]) for row in rows]
    assert abs(sum(points[:-1]) - points[-1]) < 1e-9
    assert points[-1] == data["level"]
    assert data["stamp"]["as_of"] == "2026-02-06"
    assert data["likely_low"] < data["level"] < data["likely_high"]
    assert len(data["history"]) == 57
    assert {row["part"] for row in data["parts"]} == {row["part"] for row in rows}


def test_the_page_holds_everything_and_fetches_nothing(call, tmp_path):
    page = tmp_path / "gauge.html"
    code, _, notes = call("gauge", *DAY, "--page", str(page))
    text = page.read_text(encoding="utf-8")
    assert code == 0 and str(page) in notes
    assert "OBSERVED" in text and text.count("<svg") == 2
    assert "what-if" not in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)


def test_old_figures_exit_3_only_when_strict(call):
    code, said, notes = call("gauge", "--as-of", "2026-08-21")
    assert code == 0 and "OLD: swing of the Treasury account" in said
    code, said, notes = call("gauge", "--as-of", "2026-08-21", "--strict")
    assert code == 3 and said.startswith("OBSERVED") and "DP-194" in notes
    assert call("gauge", *DAY, "--strict")[0] == 0


def test_without_a_day_it_answers_for_its_newest_figures_and_says_how_old_they_are(call):
    code, said, notes = call("gauge")
    assert code == 0 and "as of 2026-08-21" in said
    assert "OLD: the newest figure" in notes


@pytest.mark.parametrize(("given", "code", "error"), [
    (("--as-of", "06.02.2026"), 2, "DP-174"),
    (("--as-of", "2999-01-01"), 2, "DP-196"),
    (("--as-of", "2026-02-06", "--since", "2026-02-06"), 2, "DP-193"),
    (("--as-of", "2021-07-01"), 3, "DP-191"),
])  # fmt: skip
def test_bad_questions_are_refused_with_what_to_do(call, given, code, error):
    found, said, notes = call("gauge", *given)
    assert (found, said) == (code, "")
    assert error in notes and "hint:" in notes


def test_a_reading_can_be_cited_and_repeated(call):
    _, said, _ = call("cite", "gauge", *DAY)
    assert "13.8 of 100 on 2026-02-06" in said
    assert "drypowder gauge --as-of 2026-02-06 --since 2025-11-07" in said


def test_the_gauge_never_loads_the_simulator():
    code = (
        "import sys; from drypowder.cli import main; main(['gauge', '--json']);"
        "print(sorted({'jax', 'equinox', 'statsmodels', 'scipy', 'matplotlib', 'pandas'}"
        " & set(sys.modules)), file=sys.stderr)"
    )
    source = Path(__file__).parents[3] / "src"
    env = {**os.environ, "PYTHONPATH": str(source), "DRYPOWDER_HOME": "/nonexistent/home"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert ran.stderr.splitlines()[-1] == "[]"
