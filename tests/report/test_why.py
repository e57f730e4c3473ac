"""`why`: columns that add up, a page that holds everything, questions that cannot be answered."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.synthetic import about, make_run

from drypowder.accounts.economy import default_economy
from drypowder.channels.day import SWITCHES
from drypowder.cli import main
from drypowder.engine.attribute import Split, Stopped
from drypowder.engine.repayment import CHANNELS
from drypowder.engine.run import Failure
from drypowder.engine.world import make_layout
from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.report import attribution, why
from drypowder.report.produce import Order, produce
from drypowder.report.record import record_of
from drypowder.report.store import open_run
from drypowder.report.targets import target_named, targets
from drypowder.report.waterfall import charts, page
from drypowder.report.why import Answer, Question, ask, rebuild
from drypowder.report.words import catalogue

WORDS, ECONOMY = catalogue(), default_economy()
NOT_A_FORECAST = "A model's answer to what-if, not a forecast."


def make_answer(target: str = "bitcoin", *, paths: int = 1, seed: int = 2, **changes) -> Answer:
    """Four channels on, of which one does nothing; one asset sold by everybody to everybody."""
    random = np.random.default_rng(seed)
    players = ("issuance", "income", "liquidity", "margin")
    parts = random.normal(scale=0.1, size=(paths, 4)) * np.array([1.0, 0.5, 0.1, 0.0])
    nothing = random.normal(scale=0.1, size=paths)
    sectors, assets = len(ECONOMY.sectors), len(ECONOMY.names("cleared"))
    split = Split(
        players=players, numbers=np.arange(paths), nothing=nothing,
        whole=nothing + parts.sum(axis=1), parts=parts, alone=0.5 * parts, last=2.0 * parts,
        noise=np.zeros_like(parts), sampled=False, coalitions=16, stopped=(),
    )  # fmt: skip
    made = Answer(
        stamp={**make_run().stamp, "run": "5eed0001"}, economy=ECONOMY,
        target=target_named(target, ECONOMY), first_day="2026-02-06", last_day="2026-06-16",
        split=split, off=tuple(n for n in SWITCHES if n not in players),
        sold=random.random((sectors, sectors, assets)), forced={}, caveats=[], folder=None,
    )  # fmt: skip
    return replace(made, **changes)


# ---- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("paths", [1, 5])
def test_effects_sum_to_the_whole_to_the_last_bit(paths):
    table = attribution.parts(make_answer(paths=paths))
    *effects, whole = table.column("shapley")
    assert sum(effects) == whole and table.column("channel")[0] == attribution.NOTHING
    assert table.row("margin")["shapley"] == 0.0 == table.row("venues")["shapley"]
    assert table.row("issuance")["interaction"] == pytest.approx(
        table.row("issuance")["shapley"] - table.row("issuance")["alone"], abs=1e-15
    )
    errors = [e for e in table.column("standard_error") if e is not None]
    assert (errors == []) == (paths == 1)


@given(st.lists(st.floats(-500.0, 500.0), min_size=1, max_size=11), st.integers(0, 4))
def test_rounded_columns_still_add_up(values, digits):
    values = [*values, float(np.sum(values))]
    *rounded, total = attribution.round_to_sum(values, digits)
    assert round(sum(rounded), digits + 2) == pytest.approx(total, abs=1e-9)
    assert all(abs(a - b) <= 1.01 * 10.0**-digits for a, b in zip(values, rounded, strict=False))
    assert all(b == 0.0 for a, b in zip(values, rounded, strict=False) if a == 0.0)


def test_the_table_people_read_can_be_added_up_with_a_pencil():
    answer = make_answer(paths=5)
    header, *rows = attribution.shown(attribution.parts(answer), WORDS).shown(WORDS)
    *effects, whole = (float(row[1].replace("−", "-")) for row in rows)
    assert sum(effects) == pytest.approx(whole, abs=1e-9)
    assert header[0].startswith("channel") and rows[-1][0] == "all together"


@pytest.mark.parametrize(
    ("name", "key", "said"),
    [
        ("bitcoin", "shapley", "%"),
        ("treasuries_yield", "shapley_bp", "bp"),
        ("ig_spread", "shapley_bp", "bp"),
        ("lambda_bp", "shapley_bp", "bp"),
        ("listed_equity", "shapley", "%"),
        ("dry_powder", "shapley_usd_bn", "USD"),
        ("dry_powder.households", "shapley_usd_bn", "USD"),
    ],
)
def test_units_follow_the_question(name, key, said):
    answer = make_answer(name)
    assert attribution.parts(answer).columns[1].key == key
    assert said in attribution.claim(answer, WORDS)
    assert said in attribution.shown(attribution.parts(answer), WORDS).shown(WORDS)[0][1] or (
        said in attribution.shown(attribution.parts(answer), WORDS).shown(WORDS)[0][0]
    )


def test_every_target_reads_its_change_from_a_run():
    """Synthetic: yields rise by 1e-4 x (1 + k/12) a step, dry powder falls by 2 a sector."""
    run = make_run()
    cleared = run.economy.columns("cleared")
    series = {**run.series, "low_price": 0.5 * run.series["price"][:, :, cleared]}
    for name, target in targets(run.economy).items():
        assert np.isfinite(target.change(series, 0, 5)).all(), name
        assert target.label(WORDS)
    known = targets(run.economy)
    price = series["price"][0, :, run.economy.instrument("bitcoin")]  # falls every day
    assert known["bitcoin_low"].change(series, 1, 5)[0] == pytest.approx(
        0.5 * price[5] / price[1] - 1.0
    )
    assert known["treasuries_yield"].change(run.series, 0, 5)[0] == pytest.approx(5.0)
    assert known["ig_spread"].change(run.series, 0, 6)[0] == pytest.approx(6.0 * 2 / 12)
    assert known["dry_powder"].change(run.series, 0, 1)[0] == pytest.approx(-2.0 * 16)
    assert known["dry_powder.fed"].change(run.series, 2, 3)[0] == pytest.approx(-2.0)


# ---- who sold to whom --------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["bitcoin", "dry_powder", "ig_credit_yield"])
def test_twelve_links_hold_every_sale(target):
    answer = make_answer(target)
    table, every = attribution.links(answer), attribution.pairs(answer)
    assert len(table.rows) <= 12
    assert sum(table.column("usd_bn")) == pytest.approx(sum(every.column("usd_bn")), rel=1e-6)
    sold = [usd for seller, _, usd in every.rows if seller == table.rows[0][0]]
    shown = [usd for seller, _, usd in table.rows if seller == table.rows[0][0]]
    assert sum(shown) == pytest.approx(sum(sold), rel=1e-6)


def test_few_traders_need_no_others():
    sold = np.zeros((16, 16, 13))
    sold[3, 5, 11] = 2.0
    (row,) = attribution.links(make_answer("bitcoin", sold=sold)).rows
    assert row == (ECONOMY.sector_names[3], ECONOMY.sector_names[5], 2.0)
    assert len(charts(make_answer("gold_silver", sold=sold), WORDS)) == 1  # nothing to draw


def test_forced_sales_are_told_where_the_engine_has_them():
    """Seven days of 1.5 by redemption; of margin sales 7 x 2 at once and 7 x 1 a round later."""
    holders = make_layout(ECONOMY).holders
    amounts, by_round = np.zeros((7, len(CHANNELS), len(holders))), np.zeros((7, 8))
    amounts[:, CHANNELS.index("redemption"), 5] = 1.5
    by_round[:, :2] = 2.0, 1.0
    series = {"forced_usd_bn": amounts, "forced_by_round": by_round,
              "forced_unique": np.array([1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0])}  # fmt: skip
    answer = make_answer(forced=series)
    (row,) = attribution.forced(answer).rows
    assert row == ("redemption", ECONOMY.sector_names[holders[5]], 10.5)
    assert attribution.rounds(answer).rows == [(1, 14.0), (2, 7.0)]
    section = next(s for s in attribution.sections(answer, WORDS) if s.key == "forced")
    total, later, elsewhere = section.sentences
    assert "10.5 billion USD" in total and "7 billion USD" in later
    assert "elsewhere: 1;" in elsewhere
    assert WORDS.label("table", "forced_rounds") in page(answer, WORDS)
    assert attribution.forced(make_answer()) is None


# ---- the page ----------------------------------------------------------------------------------


def test_the_page_holds_everything_and_says_that_it_is_no_forecast():
    answer = make_answer(paths=5)
    html = page(answer, WORDS)
    assert html == page(answer, WORDS)
    assert "http" not in html and "<script" not in html and html.count("<svg") == 2
    assert html.count(NOT_A_FORECAST.replace("'", "&#x27;")) >= 3
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(ids)
    for chart in charts(answer, WORDS):
        assert set(chart.card(WORDS)) == {"what", "how", "sure"} and chart.table.rows
        assert "<text" in chart.svg and "<image" not in chart.svg


# ---- a run -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A week of the essay without its policy."""
    from drypowder.scenarios import load

    folder = tmp_path_factory.mktemp("home")
    order = Order(load("essay").with_levers(policy=0), {"policy": 0.0}, years=0.02)
    produce(order, folder, WORDS)
    return folder


def test_a_stored_run_is_split_and_its_parts_add_up(home):
    answer = ask(Question("last"), home, WORDS)
    record = open_run("last", home)
    price = record.central["price"][:, ECONOMY.instrument("bitcoin")]
    table = attribution.parts(answer)
    whole = table.row(attribution.SUM)["shapley"]
    assert whole == pytest.approx(price[-1] / price[0] - 1.0, rel=1e-9)
    assert answer.off == ("policy",) and table.row("policy")["shapley"] == 0.0
    assert answer.caveats == [] and answer.split.coalitions == 2 ** len(answer.split.players)


def test_the_verb_answers_in_words_json_csv_and_a_page(home, capsys):
    arguments = ["why", "last", "--target", "treasuries_yield", "--home", str(home)]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert NOT_A_FORECAST in out and "all together" in out and "Off in this run" in out
    (path,) = re.findall(r"page: (.+)", err)
    assert path.startswith(str(home / "runs"))
    with open(path, encoding="utf-8") as file:
        assert file.read().startswith("<!doctype html>")
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["note"] == NOT_A_FORECAST and found["unit"] == "bp"
    *effects, whole = (row["shapley_bp"] for row in found["parts"])
    assert sum(effects) == whole
    assert main([*arguments, "--csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows[0][:2] == ["channel", "shapley_bp"] and len(rows) == 1 + 1 + len(SWITCHES) + 1
    open_run("last", home)  # the run is as it was


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--target", "bitcon"], "DP-090"),
        (["--from", "1999-01-01"], "DP-092"),
        (["--to", "tomorrow"], "DP-092"),
        (["--from", "2026-01-05", "--to", "2026-01-05"], "DP-093"),
        (["--from", "2026-01-06", "--to", "2026-01-05"], "DP-093"),
        (["--paths", "0"], "DP-080"),
        (["--samples", "1"], "DP-080"),
    ],
)
def test_questions_that_make_no_sense_are_refused(home, capsys, options, code):
    assert main(["why", "last", "--home", str(home), *options]) == 2
    out, err = capsys.readouterr()
    assert out == "" and f"error {code}" in err and "hint: " in err
    assert ("bitcoin" in err) or code != "DP-090"


def test_a_run_whose_scenario_has_changed_is_refused(home):
    record = open_run("last", home)
    assert rebuild(record).digest == record.stamp["scenario_hash"]
    changed = replace(record, stamp={**record.stamp, "scenario_hash": "0123"})
    with pytest.raises(UsageError, match="DP-091"):
        rebuild(changed)
    older = replace(record, about={k: v for k, v in record.about.items() if k != "file"})
    assert rebuild(older).digest == record.stamp["scenario_hash"]  # by name and levers


def test_a_run_of_an_unknown_scenario_is_refused():
    with pytest.raises(DataMissingError, match="DP-095"):
        rebuild(record_of(make_run(), about()))


def test_what_has_changed_since_is_said(home, monkeypatch):
    original = open_run

    def tampered(token, folder):
        record = original(token, folder)
        central = {**record.central, "price": record.central["price"] ** 2}
        return replace(record, central=central, stamp={**record.stamp, "version": "0.0.1"})

    monkeypatch.setattr(why, "open_run", tampered)
    caveats = ask(Question("last"), home, WORDS).caveats
    assert len(caveats) == 2 and "0.0.1" in caveats[0] and "changed since" in caveats[1]


def test_worlds_that_stop_are_named_or_refused():
    stopped = (Stopped(("issuance",), Failure(2, 0, "bitcoin", "households")),)
    answer = make_answer(paths=3)
    split = replace(answer.split, stopped=stopped)
    inputs = type("Inputs", (), {"dates": make_run().dates})
    why._check(split, inputs, 4)
    (said,) = why._caveats(None, replace(answer, split=split), (0, 1), make_run().series, WORDS)
    assert "channels: 1;" in said and "issuance" in said and "bitcoin" in said
    with pytest.raises(DrypowderError, match=r"DP-094.*bitcoin"):
        why._check(replace(split, numbers=np.arange(0)), inputs, 1)
