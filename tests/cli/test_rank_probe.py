"""`drypowder rank` and `drypowder probe`: what is told, what machines get, what is missing."""

from __future__ import annotations

import csv
import io
import json

import pytest
from tests.measure.rank.worlds import field

import drypowder.data


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_HOME", str(tmp_path / "home"))


class _Store:
    def __init__(self, known):
        self.known = known

    def known_on(self, as_of):
        return self.known


@pytest.fixture
def _small(monkeypatch):
    """A made-up store with twenty assets, of which bitcoin is none."""
    known = field(only=20)
    monkeypatch.setattr(drypowder.data, "open_store", lambda home=None: _Store(known))
    return known


def test_the_verbs_have_help(call):
    for verb in ("rank", "probe"):
        code, out, _ = call(verb, "--help")
        assert code == 0 and f"Usage: drypowder {verb}" in out and "--as-of" in out


def test_without_prices_both_say_what_to_pull_and_exit_3(call):
    code, out, err = call("rank")
    assert (code, out) == (3, "") and "DP-210" in err and "run drypowder data pull" in err
    code, out, err = call("probe")
    assert (code, out) == (3, "") and "DP-212" in err and "run drypowder data pull" in err


@pytest.mark.usefixtures("_small")
def test_the_contest_is_told_with_its_cut_and_its_stamp(call):
    code, out, err = call("rank")
    assert (code, err) == (0, "")
    assert "OBSERVED" in out and "- - cut - -" in out and "made of names that trade today" in out
    assert "as of 2026-11-23" in out and "of 20 assets" in out
    lines = out.splitlines()
    above = lines.index(next(line for line in lines if "- - cut" in line))
    assert sum("●" in line or "○○○" in line for line in lines[:above]) == 13  # 20 - round(20 / 3)


@pytest.mark.usefixtures("_small")
def test_machines_get_every_digit(call):
    code, out, _ = call("rank", "--json")
    found = json.loads(out)
    assert code == 0 and found["badge"] == "OBSERVED" and len(found["rows"]) == 20
    assert found["outcome_days"] == 90 and found["rows"][0]["scarcity_beta_pct_week"] < 0
    assert found["stamp"]["data_version"] == "made up"
    code, out, _ = call("rank", "--csv", "--window", "60")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and len(rows) == 20 and float(rows[0]["low"]) < float(rows[0]["high"])


def test_old_series_are_loud_and_strict_exits_3(call, _small):
    _small.stored["SOFR"].stale = True
    code, out, _ = call("rank")
    assert code == 0 and "OLD: the last week" in out and "SOFR" in out
    code, out, err = call("rank", "--strict")
    assert code == 3 and "DP-214" in err and "SOFR" in err and "OBSERVED" in out


@pytest.mark.parametrize("window", ["9", "90w", "-90d", "1000d", "x"])
def test_a_window_that_is_none_is_a_mistake_of_usage(call, window):
    code, out, err = call("rank", f"--window={window}")
    assert (code, out) == (2, "") and "DP-213" in err


@pytest.mark.usefixtures("_small")
def test_a_probe_without_bitcoin_says_so(call):
    code, _, err = call("probe")
    assert code == 3 and "price:BTC" in err


def test_a_probe_is_told_and_written_for_machines(call, monkeypatch):
    from tests.measure.probe.test_probe import _world

    known = _world(1)
    monkeypatch.setattr(drypowder.data, "open_store", lambda home=None: _Store(known))
    code, out, err = call("probe")
    assert (code, err) == (0, "")
    assert "No lead is found" in out and "OBSERVED" in out and "No hourly prices of shares" in out
    code, out, _ = call("probe", "--json")
    found = json.loads(out)
    assert (
        code == 0 and found["verdict"] == "together" and len(found["rows"][0]["correlations"]) == 10
    )
    code, out, _ = call("probe", "--csv")
    assert code == 0 and out.startswith("question,target,observations")


def test_neither_verb_imports_jax():
    import subprocess
    import sys

    asked = (
        "import sys; from drypowder.cli import main; main(['rank']); main(['probe']); "
        "sys.exit('jax' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True).returncode == 0
