"""`compare SCENARIO --levers` and `--phase`: tables, files, and what is refused."""

from __future__ import annotations

import csv
import io
import json

import pytest

from drypowder.cli import main


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run `compare` with a store of its own: exit code, stdout, stderr."""
    monkeypatch.setenv("DRYPOWDER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DRYPOWDER_DEBUG", raising=False)

    def run(*arguments: str):
        capsys.readouterr()
        code = main(["compare", *arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def month(tmp_path):
    """A scenario of 26 days."""
    path = tmp_path / "month.toml"
    path.write_text('extends = "essay"\nname = "month"\nyears = 0.1\n')
    return str(path)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("essay", "hoards", "--levers"), "DP-100"),
        (("5eed0001", "5eed0007", "--phase"), "DP-100"),
        (("essay", "--levers", "--phase"), "DP-101"),
        (("essay", "5eed0001"), "DP-102"),
        (("essay",), "DP-102"),
        (("esay", "--levers"), "DP-050"),
        (("essay", "--levers", "--json", "--csv"), "DP-081"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_hint(call, given, code):
    exit_code, out, err = call(*given)
    assert exit_code == 2 and out == ""
    assert err.startswith(f"error {code}: ") and "\nhint: " in err


def test_levers_as_words_with_a_page(call, month, tmp_path):
    code, out, err = call(month, "--levers")
    assert code == 0
    assert "QE, 60 bn a month" in out and "What would undo AI capex" in out
    assert "A model's answer to what-if, not a forecast." in out
    (page,) = (tmp_path / "home" / "compare").iterdir()
    assert page.name.endswith("-levers.html") and str(page) in err
    assert max(map(len, out.splitlines())) <= 110


def test_levers_as_json_and_csv_agree(call, month, tmp_path):
    place = tmp_path / "levers.json"
    assert call(month, "--levers", "--json", "--out", str(place))[0] == 0
    data = json.loads(place.read_text())
    code, out, _ = call(month, "--levers", "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == len(data["levers"])
    for row, record in zip(rows, data["levers"], strict=True):
        assert row["lever"] == record["lever"]
        assert float(row["treasury_yield_bp"]) == record["treasury_yield_bp"]


def test_phase_as_words_and_numbers_with_page_and_picture(call, month, tmp_path):
    code, out, err = call(month, "--phase")
    assert code == 0 and "The zero line:" in out and "hoards pay" in out
    files = sorted(path.suffix for path in (tmp_path / "home" / "compare").iterdir())
    assert files == [".html", ".svg"] and err.count("page: ") + err.count("picture: ") == 2
    code, out, _ = call(month, "--phase", "--json")
    data = json.loads(out)
    assert code == 0 and len(data["zero_line"]) * 9 == len(data["grid"])
