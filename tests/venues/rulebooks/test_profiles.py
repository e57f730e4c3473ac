"""Venue profiles: what was known when, every rule with its source, slips named."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.venues.formulas.brackets import Brackets, maintenance_margin
from drypowder.venues.formulas.margin import backstop_price, bankruptcy_price, liquidation_price
from drypowder.venues.formulas.ranking import adl_rank
from drypowder.venues.rulebooks.profile import profile, shipped_profiles

VENUES = shipped_profiles()
OWN = """
name = "mine"
title = "A venue of mine"
extends = "hyperliquid"

[[fees]]
since = 2025-01-01
taker_fee_rate = 0.001
liquidation_fee_rate = 0.002
source = "my contract"

[[brackets]]
since = 2025-01-01
symbols = ["ABC"]
complete = true
source = "my contract"
tiers = [{ to = 1000, rate = 0.1, max_leverage = 5 }, { rate = 0.2, max_leverage = 2 }]
"""


def _file(tmp_path, text: str):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", VENUES)
def test_every_shipped_rule_has_a_date_and_a_source(name):
    rules = profile(name)
    assert set(rules.sources) == {
        "trigger", "fees", "partial", "takeover", "deleveraging", "mark", "clock",
    }  # fmt: skip
    for source in (*rules.sources.values(), *(each.source for each in rules.tables.values())):
        assert date(2018, 1, 1) < source.since < date(2027, 1, 1)
        assert source.text == "guess" or len(source.text) > 15
    assert all(rules.guesses.values())
    assert "guess" not in rules.source or rules.guesses


def test_the_venues_of_the_rule_books_are_shipped():
    assert {"binance_usdm", "binance_coinm", "bybit", "okx", "hyperliquid", "gate", "bitmex"} <= {
        *VENUES
    }
    assert profile("binance").name == profile("Binance-USDM").name == "binance_usdm"


def test_bybit_moved_maintenance_of_inverse_contracts_from_entry_to_mark():
    before = profile("bybit_inverse", as_of=date(2026, 5, 26))
    after = profile("bybit_inverse", as_of=date(2026, 5, 27))
    assert (before.maintenance_at, after.maintenance_at) == ("entry", "mark")
    assert after.valid_from == date(2026, 5, 27)
    # Bybit's example: 60,000 USD at 50,000, 10x, r = 0.5 %: PV 1.2, margin 0.12 BTC
    for rules, short, long in ((before, 55_248.62, 45_662.10), (after, 55_277.78, 45_681.82)):
        for side, expected in ((-1, short), (1, long)):
            price = liquidation_price(
                side=side, size=60_000, entry_price=50_000, margin=0.12,
                brackets=Brackets.flat(0.005), contract=rules.contract,
                maintenance_at=rules.maintenance_at, contract_value=1.0,
            )  # fmt: skip
            assert price == pytest.approx(expected, abs=0.005)


def test_bybit_raised_the_drawdown_that_its_fund_bears_on_5_november_2025():
    assert profile("bybit", as_of="2025-10-10").fund_drawdown_share == 0.3
    assert "takeover, fund_drawdown_share" in profile("bybit", as_of="2025-10-10").guesses
    after = profile("bybit", as_of="2025-11-05")
    assert (after.fund_drawdown_share, after.fund_window_hours) == (1.0, 8)


def test_nothing_of_a_later_day_is_seen():
    rules = profile("hyperliquid", as_of="2024-11-01")
    assert rules.brackets("BTC").rate.tolist() == [0.01]  # largest leverage of 50 at the time
    with pytest.raises(UsageError, match=r"DP-130.*XRP.*2025-06-01"):
        rules.brackets("XRP")
    assert all(source.since <= date(2024, 11, 1) for source in rules.sources.values())


def test_hyperliquid_tiers_meet_at_their_floor():
    brackets = profile("hyperliquid").brackets("BTC")
    # 150 M x 1.25 % = 150 M x 2.5 % - 1,875,000; 200 M x 2.5 % - 1,875,000
    assert maintenance_margin(notional=150e6, brackets=brackets) == 1_875_000
    assert maintenance_margin(notional=200e6, brackets=brackets) == 3_125_000
    assert profile("hyperliquid").brackets("ETH").deduction[1] == pytest.approx(1_333_333.33)


def test_coin_margined_amounts_are_those_of_the_page():
    brackets = profile("binance_coinm", as_of="2021-06-01").brackets("BTCUSD")
    # the page of February 2021: 50 BTC x (5 % - 2.5 %) + 0.56 BTC = 1.81 BTC, 11.81 BTC at 300 BTC
    assert brackets.deduction[brackets.floor == 50] == pytest.approx(1.81)
    at_300 = 0.125 * 300 - 11.81
    assert maintenance_margin(notional=300, brackets=brackets) == pytest.approx(at_300)
    # ... and later: 11.605 BTC at 300 BTC
    later = maintenance_margin(notional=300, brackets=profile("binance_coinm").brackets("BTCUSD"))
    assert later == pytest.approx(0.125 * 300 - 11.605)


@pytest.mark.parametrize("name", VENUES)
def test_shipped_maintenance_is_continuous_convex_and_below_margin_at_opening(name):
    for table in profile(name).tables.values():
        brackets = table.brackets
        below = maintenance_margin(notional=np.nextafter(brackets.floor, 0), brackets=brackets)
        above = maintenance_margin(notional=brackets.floor, brackets=brackets)
        np.testing.assert_allclose(below, above, rtol=1e-9, atol=1e-9)
        assert (np.diff(brackets.rate) > 0).all()
        assert brackets.max_leverage is not None
        assert (brackets.rate * brackets.max_leverage < 1.0).all()


@pytest.mark.parametrize(
    "spelling", ["BTCUSDT", "BTC/USDT:USDT", "btc-usdt-swap", "BTC_USDT", "BTC"]
)
def test_a_symbol_is_known_however_it_is_spelled(spelling):
    assert profile("binance").table(spelling).symbol == "BTCUSDT"


def test_a_coin_of_hyperliquid_is_known_by_its_ccxt_symbol_and_a_dated_contract_is_another():
    assert profile("hyperliquid").table("BTC/USDC:USDC").symbol == "BTC"
    with pytest.raises(UsageError, match="DP-129"):
        profile("binance").table("BTC/USDT:USDT-251226")


@pytest.mark.parametrize(
    ("ask", "code", "says"),
    [
        (lambda: profile("binnance"), "DP-128", "binance"),
        (lambda: profile("kraken"), "DP-128", "Known|mean"),
        (lambda: profile("binance", as_of="2019-01-01"), "DP-130", "2020-08-14"),
        (lambda: profile("binance", as_of="tomorrow"), "DP-130", "tomorrow"),
        (lambda: profile("binance").brackets("BTCUSTD"), "DP-129", "BTCUSDT"),
        (lambda: profile("binance", as_of="2021-01-01").brackets("BTC"), "DP-130", "2024-10-24"),
        (lambda: profile("okx").brackets("BTC-USDT-SWAP"), "DP-138", "read_tiers"),
        (lambda: profile("binance").check_notional("BTC", 2e9), "DP-133", "venue allows"),
        (lambda: profile("bybit").check_notional("BTC", [1.0, 3e6]), "DP-133", "read_tiers"),
        (lambda: profile("mine", path="/nowhere/mine.toml"), "DP-134", "no file"),
    ],
)
def test_a_slip_is_named(ask, code, says):
    with pytest.raises(DrypowderError, match=says) as caught:
        ask()
    assert caught.value.code == code


def test_what_a_table_covers_is_not_refused():
    profile("bybit").check_notional("BTCUSDT", [0.0, 2.6e6])
    profile("hyperliquid").check_notional("BTC", 1e12)


def test_a_profile_of_the_users_own_fills_the_rest_from_the_venue_it_extends(tmp_path):
    rules = profile("mine", path=_file(tmp_path, OWN))
    assert (rules.taker_fee_rate, rules.liquidation_fee_rate) == (0.001, 0.002)
    assert (rules.partial, rules.partial_share, rules.takeover) == ("share", 0.2, "vault")
    assert rules.brackets("ABC").deduction.tolist() == [0.0, 100.0]  # 1,000 x 10 %
    assert rules.brackets("BTC").cap == np.inf
    with pytest.raises(UsageError, match="DP-128"):
        profile("yours", path=_file(tmp_path, OWN))


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('source = "my contract"\n\n', "\n", "DP-131", "fees 1, source is missing"),
        ("since = 2025-01-01\ntaker", "taker", "DP-131", "fees 1, since is missing"),
        ("taker_fee_rate = 0.001", "taker_fee = 0.001", "DP-131", "taker_fee_rate"),
        ("taker_fee_rate = 0.001", "taker_fee_rate = 5", "DP-131", "fees 1, taker_fee_rate"),
        ("taker_fee_rate = 0.001", "taker_fee_rate = nan", "DP-131", "finite|less than"),
        ('extends = "hyperliquid"', "", "DP-131", "contract is missing"),
        ('extends = "hyperliquid"', 'extends = "hyper"', "DP-128", "hyperliquid"),
        ("rate = 0.2", "rate = 0.05", "DP-132", "ABC tier 2.*0.05 is below 0.1"),
        ("{ rate = 0.2", "{ deduction = 90, rate = 0.2", "DP-132", "ABC tier 2: deduction 90"),
        ("to = 1000", "to = -1", "DP-131", "tiers 1, to"),
        ("rate = 0.1, max_leverage = 5", "rate = 0.1, max_leverage = 20", "DP-132", "at once"),
        ("[[fees]]", "[[fees]", "DP-134", "cannot be read"),
        ('source = "my contract"\n\n', 'source = "mine"\nguesses = {x = "why"}\n\n', "DP-131", "x"),
    ],
)
def test_a_broken_profile_is_refused_with_its_place(tmp_path, old, new, code, says):
    assert old in OWN
    with pytest.raises(DrypowderError, match=says) as caught:
        profile("mine", path=_file(tmp_path, OWN.replace(old, new, 1)))
    assert caught.value.code == code


def test_an_empty_profile_is_refused(tmp_path):
    with pytest.raises(DataMissingError, match="DP-135"):
        profile("mine", path=_file(tmp_path, " \n"))


def test_full_tables_replace_shipped_ones_and_leave_the_rest():
    own = {"ETH/USDT:USDT": Brackets.flat(0.5), "XYZ/USDT:USDT": Brackets.flat(0.1)}
    rules = profile("binance").with_tables(own, source="my broker")
    assert rules.brackets("ETHUSDT").rate.tolist() == [0.5]
    assert rules.brackets("XYZ").rate.tolist() == [0.1]
    assert len(rules.brackets("BTC").rate) == 12
    assert rules.table("XYZ").source.text == "my broker"


def test_the_fee_in_the_trigger_is_that_of_venues_that_count_it():
    assert profile("binance").close_fee_rate == 0.0
    assert profile("gate").close_fee_rate == profile("gate").taker_fee_rate == 0.0006


PAGES = Path(__file__).resolve().parents[3] / "docs" / "venues"
LONG_BTC = {"side": 1, "size": 1.0, "entry_price": 60_000.0, "margin": 1200.0}
ON_CHAIN = {"side": 1, "size": 1.0, "entry_price": 100_000.0, "margin": 5000.0}


@pytest.mark.parametrize(
    ("page", "number", "work"),
    [
        ("binance", "59,045.23", lambda: liquidation_price(
            **LONG_BTC, brackets=profile("binance").brackets("BTC"))),
        ("bybit", "19,700", lambda: liquidation_price(
            side=1, size=1.0, entry_price=20_000.0, margin=400.0, maintenance_at="entry",
            brackets=profile("bybit").brackets("BTC"))),
        ("okx", "59,065.80", lambda: liquidation_price(
            **LONG_BTC, brackets=Brackets.flat(0.004), close_fee_rate=0.0005)),
        ("okx", "59,036.14", lambda: liquidation_price(**LONG_BTC, brackets=Brackets.flat(0.004))),
        ("hyperliquid", "96,202.53", lambda: liquidation_price(
            **ON_CHAIN, brackets=profile("hyperliquid").brackets("BTC"))),
        ("hyperliquid", "95,798.32", lambda: backstop_price(
            **ON_CHAIN, brackets=profile("hyperliquid").brackets("BTC"))),
        ("hyperliquid", "95,000", lambda: bankruptcy_price(**ON_CHAIN)),
        ("gate_bitmex", "13.1935", lambda: liquidation_price(
            side=-1, size=1.0, entry_price=10.0, margin=10 / 3, brackets=Brackets.flat(0.01),
            close_fee_rate=profile("gate").close_fee_rate)),
        ("gate_bitmex", "0.55", lambda: adl_rank(
            "bitmex", side=1, size=1.0, entry_price=100.0, mark_price=110.0, account_value=20.0)),
    ],
)  # fmt: skip
def test_worked_numbers_of_the_pages_are_what_the_functions_say(page, number, work):
    assert number in (PAGES / f"{page}.md").read_text(encoding="utf-8")
    half = 0.5 * 10.0 ** -len(number.partition(".")[2])
    assert work() == pytest.approx(float(number.replace(",", "")), abs=half)
