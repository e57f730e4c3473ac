"""`drypowder liquidations`: exact prices, maps and cascades from the command line, offline."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from html import escape
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from drypowder.cli.liquidation_rules import move_of, path_of, prices_of
from drypowder.errors import UsageError

ROOT = Path(__file__).parents[2]
NOT_A_FORECAST = "A model's answer to what-if, not a forecast."
LONG = ("liquidations", "price", "--venue", "binance", "--symbol", "BTCUSDT", "--side", "long",
        "--entry", "100000", "--size", "0.5", "--as-of", "2025-10-10")  # fmt: skip
SMALL = ("--venue", "hyperliquid", "--coin", "BTC", "--accounts", "640", "--as-of", "2025-10-11")
POSITIONS = """account,symbol,side,size,entry_price,margin,leverage,mode
a1,BTC,long,800,121000,,20,isolated
a2,BTC,short,700,122000,,15,isolated
a3,BTC,long,1500,123000,12000000,,cross
a3,ETH,short,20000,4400,12000000,,cross
"""


@pytest.fixture
def book(tmp_path):
    """Three accounts, one of them cross."""
    path = tmp_path / "book.csv"
    path.write_text(POSITIONS)
    return str(path)


def test_the_price_is_exact_and_tells_its_rule(call):
    code, out, err = call(*LONG, "--margin", "5000")
    assert code == 0 and err == ""
    # (100,000 x 0.5 - 5,000) / (0.5 x (1 - 0.004)): the bracket at that price is the first
    assert "90,361.4458" in out and "90,361.5" in out and "9.64 % below the entry price" in out
    assert "in force since 2020-08-14. Binance FAQ" in out and "in force since 2024-10-24" in out
    assert "Guess (trigger, orders_count)" in out and "Rules: 2025-10-10" in out


def test_json_has_the_unrounded_price_and_the_rounded_one_beside_it(call):
    _, out, _ = call(*LONG, "--leverage", "10", "--json")
    found = json.loads(out)
    assert found["liquidation_price"] == pytest.approx(45_000 / (0.5 * 0.996), rel=1e-12)
    assert (found["liquidation_price_on_tick"], found["tick"]) == (90_361.5, 0.1)
    assert found["at_liquidation"]["bracket"] == 1 and found["at_entry"]["bracket"] == 2
    assert found["tiers"]["since"] == "2024-10-24" and found["rule"]["source"]


def test_the_vault_of_hyperliquid_has_a_price_of_its_own(call):
    _, out, _ = call("liquidations", "price", "--venue", "hyperliquid", "--side", "short",
                     "--entry", "100000", "--size", "1", "--leverage", "20", "--json")  # fmt: skip
    found = json.loads(out)
    assert found["liquidation_price"] < found["backstop_price"] < found["bankruptcy_price"]
    assert found["backstop_price"] == pytest.approx(105_000 / (1 + 0.0125 * 2 / 3))


def test_no_price_is_said_in_words_and_is_null(call):
    code, out, _ = call(*LONG, "--margin", "60000")
    assert code == 0 and "No liquidation price" in out
    assert json.loads(call(*LONG, "--margin", "60000", "--json")[1])["liquidation_price"] is None


def test_cross_margin_counts_the_wallet_and_what_others_need(call):
    alone = json.loads(call(*LONG, "--cross", "--wallet", "5000", "--json")[1])
    needy = json.loads(call(*LONG, "--wallet", "5000", "--other-maintenance", "500", "--json")[1])
    assert alone["mode"] == needy["mode"] == "cross"
    assert needy["liquidation_price"] > alone["liquidation_price"]


def test_inverse_contracts_count_in_the_coin(call):
    code, out, _ = call("liquidations", "price", "--venue", "binance_coinm", "--side", "short",
                        "--entry", "40000", "--size", "1000", "--leverage", "5",
                        "--as-of", "2021-02-05")  # fmt: skip
    # 100,000 USD of contracts: (2.5 + 0.5) / (1 + 0.004) coins of face value are left
    assert code == 0 and "margin 0.5 BTC" in out and "49,800" in out


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        ((*LONG, "--leverage", "130"), 2, "DP-153"),
        ((*LONG, "--margin", "100"), 2, "DP-154"),
        (LONG, 2, "DP-088"),
        ((*LONG, "--margin", "1", "--leverage", "2"), 2, "DP-088"),
        ((*LONG, "--margin", "5000", "--entry", "-1"), 2, "DP-121"),
        ((*LONG, "--margin", "5e9", "--size", "1e5"), 2, "DP-133"),
        ((*LONG, "--margin", "5000", "--symbol", "NOPE"), 2, "DP-129"),
        ((*LONG, "--margin", "5000", "--venue", "nowhere"), 2, "DP-128"),
        ((*LONG, "--margin", "5000", "--as-of", "2019-01-01"), 2, "DP-130"),
        ((*LONG, "--margin", "5000", "--side", "up"), 2, "DP-088"),
        ((*LONG, "--margin", "5000", "--tiers", "/nowhere.csv"), 3, "DP-134"),
        (("liquidations", "price", "--venue", "okx", *LONG[4:], "--margin", "1"), 3, "DP-138"),
        (("liquidations", "price", "--positions", "/nowhere.csv"), 3, "DP-134"),
        (("liquidations", "cascade", "--shock", "-10"), 2, "DP-156"),
        (("liquidations", "cascade", "--shock", "-100%"), 2, "DP-156"),
        (("liquidations", "cascade", "--over", "-1"), 2, "DP-158"),
        (("liquidations", "cascade", "--replay", "nope"), 3, "DP-155"),
        (("liquidations", "map", "--coin", "DOGE"), 3, "DP-157"),
        (("liquidations", "map", "--price", "none"), 2, "DP-159"),
        (("liquidations", "map", "--open-interest", "0"), 2, "DP-158"),
        (("liquidations", "map", "--range", "-30%"), 2, "DP-158"),
        (("liquidations", "map", "--as-of", "2025-06-01"), 3, "DP-157"),
        (("liquidations", "map", "--json", "--csv"), 2, "DP-081"),
    ],
)
def test_errors_have_a_code_an_exit_code_and_a_hint_last(call, arguments, code, error):
    found, out, err = call(*arguments)
    lines = err.strip().splitlines()
    assert (found, out) == (code, "") and lines[0].startswith(f"error {error}"), err
    assert lines[-1].startswith("hint: ") and "Traceback" not in err and "{" not in err


def test_a_file_of_positions_is_priced_row_by_row(call, book):
    code, out, _ = call("liquidations", "price", "--venue", "hyperliquid", "--positions", book,
                        "--csv")  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and [row["account"] for row in rows] == ["a1", "a2", "a3", "a3"]
    one = json.loads(call("liquidations", "price", "--venue", "hyperliquid", "--side", "long",
                          "--entry", "121000", "--size", "800", "--leverage", "20",
                          "--json")[1])  # fmt: skip
    assert float(rows[0]["liquidation_price"]) == pytest.approx(one["liquidation_price"])
    code, out, _ = call("liquidations", "price", "--venue", "hyperliquid", "--positions", book)
    assert code == 0 and "4 of 4 positions shown" in out


def test_bad_rows_are_named_and_can_be_left_out(call, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(POSITIONS.replace("700,122000", "-700,122000"))
    asked = ("liquidations", "price", "--venue", "hyperliquid", "--positions", str(path))
    code, _, err = call(*asked)
    assert code == 2 and "error DP-137" in err and "line 3" in err
    code, out, err = call(*asked, "--best-effort", "--csv")
    assert code == 0 and len(out.splitlines()) == 4 and "line 3: size" in err


def test_tiers_of_a_file_take_the_place_of_shipped_ones(call, tmp_path):
    path = tmp_path / "tiers.csv"
    path.write_text("symbol,min_notional,maint_margin_rate\nBTCUSDT,0,0.01\n")
    found = json.loads(call(*LONG, "--margin", "5000", "--tiers", str(path), "--json")[1])
    assert found["liquidation_price"] == pytest.approx(45_000 / (0.5 * 0.99))
    assert found["tiers"]["source"] == str(path)


def test_the_map_needs_no_options_and_says_what_it_is_not(call):
    code, out, err = call("liquidations", "map")
    assert code == 0 and err == "" and NOT_A_FORECAST in out and "\x1b" not in out
    assert "── mark 73,020 ──" in out and "1 million" in out and "1 billion" in out
    assert "Model card" in out and "true numbers are lower" in out and "a guess" in out
    assert "Coverage: 0 % of open interest seen" in out and "░" in out and "███" not in out


def test_the_same_map_twice_has_the_same_bytes_and_another_seed_has_not(call):
    first, second = (call("liquidations", "map", *SMALL)[1] for _ in range(2))
    assert first == second != call("liquidations", "map", *SMALL, "--seed", "1")[1]


def test_a_file_is_solid_and_its_coverage_is_told(call, book):
    code, out, _ = call("liquidations", "map", *SMALL, "--positions", book)
    assert code == 0 and "███" in out and "░░░" not in out
    said = " ".join(out.split())
    assert "of longs and 1.9 % of shorts seen" in said and "the rest is left out" in said
    code, out, _ = call("liquidations", "map", *SMALL, "--positions", book, "--open-interest",
                        "4.48e9")  # fmt: skip
    assert (
        code == 0
        and "███" in out
        and "░░░" in out
        and "the rest is modelled" in " ".join(out.split())
    )


def test_the_map_speaks_csv_and_json(call, book):
    asked = ("liquidations", "map", *SMALL, "--positions", book)
    rows = list(csv.DictReader(io.StringIO(call(*asked, "--csv")[1])))
    assert {row["side_closed"] for row in rows} == {"long", "short"}
    found = json.loads(call(*asked, "--shock", "-10%", "--json")[1])
    assert found["note"] == NOT_A_FORECAST and found["cascade"]["ledger_gap"] < 1e-9
    assert {"name", "value", "source", "guess"} == set(found["assumptions"][0])


def test_the_page_is_one_file_without_network(call, tmp_path, book):
    page = tmp_path / "map.html"
    code, _, err = call("liquidations", "map", *SMALL, "--positions", book, "--open-interest",
                        "4.48e9", "--shock", "-10%", "--html", str(page))  # fmt: skip
    text = page.read_text()
    assert code == 0 and "map.html" in err and text.count("<svg") == 2
    assert "http" not in text and "<script" not in text and "url(#liquidation_map-" in text
    assert escape(NOT_A_FORECAST) in text and "Model card" in text
    assert "mark after the shock" in text


def test_prices_and_past_prices_can_be_given(call, tmp_path):
    path = tmp_path / "path.csv"
    days = [f"2026-11-{day:02d},{70000 + 500 * day}" for day in range(1, 21)]
    path.write_text("\n".join(["time,close", *days]))
    code, out, _ = call("liquidations", "map", *SMALL, "--price", "80000", "--path", str(path))
    assert code == 0 and "along the path of prices that was given" in out
    assert "mark 80,000" in out


def test_a_cascade_tells_who_paid_and_what_feeds_would_show(call, book, tmp_path):
    log = tmp_path / "events.csv"
    asked = ("liquidations", "cascade", *SMALL, "--positions", book, "--shock", "-10%")
    code, out, err = call(*asked, "--events", str(log))
    assert code == 0 and "events.csv" in err and NOT_A_FORECAST in out
    for said in ("is closed by force", "could not pay", "Truly closed", "ledger balances"):
        assert said in out
    rows = list(csv.DictReader(log.open()))
    columns = ("time_s", "account", "venue", "coin", "stage", "quantity", "price_usd", "fee",
               "deficit", "counterparty")  # fmt: skip
    assert tuple(rows[0]) == columns and {row["account"] for row in rows} <= {"a1", "a2", "a3"}
    assert {"book", "fund", "vault", "a1", "a2", "a3"} >= {row["counterparty"] for row in rows}
    table = tmp_path / "events.parquet"
    assert call(*asked, "--events", str(table))[0] == 0
    assert pq.read_table(table).num_rows == len(rows)
    assert len(call(*asked, "--csv")[1].splitlines()) == len(rows) + 1


def test_a_quiet_market_closes_nobody(call):
    code, out, _ = call("liquidations", "cascade", *SMALL, "--shock", "0%")
    assert code == 0 and "Nobody is closed by force" in out


def test_a_feed_of_one_a_second_shows_less_than_happened(call):
    found = json.loads(call("liquidations", "cascade", "--venue", "binance", "--as-of",
                            "2025-10-11", "--accounts", "3200", "--shock", "-20%", "--over", "1",
                            "--json")[1])  # fmt: skip
    assert 0.0 < found["reported_usd"] < 0.5 * found["true_usd"]
    assert found["true_usd"] <= 2.0 * found["open_interest_usd"]


@pytest.mark.parametrize(
    ("typed", "move"),
    [("-10%", -0.1), ("-0.1", -0.1), ("+5 %", 0.05), ("\N{MINUS SIGN}2.5%", -0.025), ("0", 0.0)],
)
def test_moves_are_percentages_or_decimals(typed, move):
    assert move_of(typed) == pytest.approx(move)


@pytest.mark.parametrize("typed", ["-10", "10", "-1", "1.5", "ten", "", "-100%", "nan%", "-0.1.2"])
def test_what_could_mean_two_things_is_no_move(typed):
    with pytest.raises(UsageError, match="DP-156"):
        move_of(typed)


def test_prices_have_names_or_belong_to_the_coin_asked_for():
    assert prices_of(["80000", "ETH=2500"], "BTC") == {"BTC": 80_000.0, "ETH": 2_500.0}


@pytest.mark.parametrize(
    "content",
    ["", "time,price\n2026-01-01,1\n", "days_ago,close\n1,x\n0,2\n", "days_ago,close\n1,-5\n0,2\n",
     "time,close\nyesterday,5\n"],
)  # fmt: skip
def test_a_path_that_is_none_is_refused(tmp_path, content):
    file = tmp_path / "path.csv"
    file.write_text(content)
    with pytest.raises(UsageError, match="DP-159"):
        path_of(file)


def test_a_price_needs_neither_simulator_nor_pictures():
    code = (
        "import sys; from drypowder.cli import main; "
        f"code = main({[*LONG, '--margin', '5000']!r}); "
        "heavy = ('jax', 'scipy', 'matplotlib', 'pandas', 'pyarrow', 'duckdb'); "
        "print(code, [m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout + done.stderr


def test_without_a_verb_the_verbs_are_listed(call):
    code, out, err = call("liquidations")
    assert code == 0 and err == "" and all(f"  {verb} " in out for verb in ("price", "map"))


@pytest.mark.parametrize("verb", ["price", "map", "cascade"])
def test_every_verb_has_help(call, verb):
    code, out, _ = call("liquidations", verb, "--help")
    assert code == 0 and f"Usage: drypowder liquidations {verb}" in out
