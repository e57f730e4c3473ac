"""`drypowder calibrate`: every format, files written whole, nothing of the package touched."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

import drypowder

ASK = ("calibrate", "essay", "--parameter", "crypto_excess_money_usd_bn", "--parameter",
       "kappa.crypto", "--target", "bitcoin_multiplier", "--draws", "32")  # fmt: skip


@pytest.mark.slow
def test_a_fit_speaks_words_json_csv_and_toml_and_draws_its_ridge(call, tmp_path):
    code, out, err = call(*ASK, "--chart", str(tmp_path / "ridge.svg"))
    assert code == 0 and "not a forecast" in out and "[parameters.kappa.crypto]" in out
    assert (tmp_path / "ridge.svg").read_text().startswith("<?xml") and "ridge.svg" in err
    code, out, _ = call(*ASK, "--json")
    found = json.loads(out)
    assert code == 0 and found["method"] == "gauss_newton" and len(found["parameters"]) == 2
    code, out, _ = call(*ASK, "--csv")
    assert code == 0 and out.startswith("parameter,prior_low") and len(out.splitlines()) == 3
    code, out, _ = call(*ASK, "--toml", "--out", str(tmp_path / "fit.toml"))
    assert code == 0 and out == ""
    written = tomllib.loads((tmp_path / "fit.toml").read_text())
    assert written["parameters"]["crypto_excess_money_usd_bn"]["unit"] == "USD bn"
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--toml", "--json"), "DP-081"),
        (("--draws", "3"), "DP-080"),
        (("--seed", "-1"), "DP-080"),
        (("--target", "nothing like it"), "DP-110"),
        (("--parameter", "jump_rate_pa"), "DP-112"),
    ],
)
def test_what_is_asked_wrongly_is_refused_before_anything_runs(call, more, code):
    status, out, err = call(*ASK, *more)
    assert status == 2 and out == "" and code in err and "hint:" in err.splitlines()[-1]


@pytest.mark.parametrize("option", ["--out", "--chart"])
def test_no_file_of_the_package_is_written_over(call, option):
    shipped = Path(drypowder.__file__).parent / "scenarios" / "shipped" / "essay.toml"
    before = shipped.read_bytes()
    status, _, err = call(*ASK, option, str(shipped))
    assert status == 2 and "DP-117" in err and shipped.read_bytes() == before
