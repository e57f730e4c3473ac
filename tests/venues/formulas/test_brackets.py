"""Maintenance brackets: published deductions follow from continuity; broken tables are refused."""

from __future__ import annotations

import csv
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.venues import Brackets, bracket_index, maintenance_margin

# Binance BTCUSDT of 24 October 2024: floor, rate, published maintenance amount
BTCUSDT = [
    (0.0, 0.004, 0.0),
    (50e3, 0.005, 50.0),
    (600e3, 0.0065, 950.0),
    (3e6, 0.01, 11_450.0),
    (12e6, 0.02, 131_450.0),
    (70e6, 0.025, 481_450.0),
    (100e6, 0.05, 2_981_450.0),
    (230e6, 0.1, 14_481_450.0),
    (480e6, 0.125, 26_481_450.0),
    (600e6, 0.15, 41_481_450.0),
    (800e6, 0.25, 121_481_450.0),
    (1.2e9, 0.5, 421_481_450.0),
]


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 12))
    steps = draw(st.lists(st.floats(1.0, 1e6), min_size=rows - 1, max_size=rows - 1))
    rates = draw(st.lists(st.floats(1e-4, 0.9), min_size=rows, max_size=rows, unique=True))
    floors = np.concatenate([[0.0], np.cumsum(steps)])
    return Brackets.from_rows(zip(floors, sorted(rates), strict=True))


def test_binance_maintenance_amounts_follow_from_floors_and_rates():
    table = Brackets.from_rows([(floor, rate) for floor, rate, _ in BTCUSDT])
    np.testing.assert_allclose(table.deduction, [amount for *_, amount in BTCUSDT], rtol=1e-12)


def test_binance_help_examples_of_the_maintenance_amount():
    """By the page: 250,000 (1 % - 0.5 %) + 50 = 1,300; COIN-M: 50 BTC x 2.5 % + 0.56 = 1.81 BTC."""
    usd = Brackets.from_rows([(0.0, 0.004), (50e3, 0.005), (250e3, 0.01)])
    assert usd.deduction[2] == pytest.approx(1_300.0, rel=1e-14)
    # the page starts from an amount of 0.56 BTC; here 20 BTC x 2.8 % leads to it
    coin = Brackets.from_rows([(0.0, 0.005), (20.0, 0.033), (50.0, 0.058)])
    assert coin.deduction[1:] == pytest.approx([0.56, 1.81], rel=1e-14)


def test_hyperliquid_deductions():
    bitcoin = Brackets.from_rows([(0.0, 1 / 80), (150e6, 1 / 40)])
    ether = Brackets.from_rows([(0.0, 1 / 50), (100e6, 1 / 30)])
    assert bitcoin.deduction[1] == pytest.approx(1_875_000.0)
    assert ether.deduction[1] == pytest.approx(1_333_333.33, abs=0.01)
    assert maintenance_margin(notional=150e6, brackets=bitcoin) == pytest.approx(1_875_000.0)
    assert maintenance_margin(notional=200e6, brackets=bitcoin) == pytest.approx(3_125_000.0)


def test_one_flat_rate_is_the_formula_with_its_deduction():
    table = Brackets.flat(0.1, deduction=135_365.0)
    assert maintenance_margin(notional=5e6, brackets=table) == pytest.approx(5e5 - 135_365.0)


def test_a_floor_belongs_to_its_bracket():
    table = Brackets.from_rows([(0.0, 0.01), (100.0, 0.02)])
    np.testing.assert_array_equal(
        bracket_index(notional=[0.0, 99.9, 100.0, 1e9], brackets=table), [0, 0, 1, 1]
    )
    assert bracket_index(notional=100.0, brackets=table) == 1
    assert type(maintenance_margin(notional=100, brackets=table)) is float


@given(tables())
def test_maintenance_is_continuous_at_every_floor(table):
    inside = table.floor[1:]
    before = table.rate[:-1] * inside - table.deduction[:-1]
    after = maintenance_margin(notional=inside, brackets=table)
    assert np.all(np.abs(after - before) <= 1e-9 * (1.0 + inside))


@given(tables(), st.lists(st.integers(0, 2 * 10**9), min_size=3, max_size=40, unique=True))
def test_maintenance_rises_with_size_and_never_less_steeply(table, sizes):
    notional = np.sort(sizes) / 100.0  # cents
    margin = maintenance_margin(notional=notional, brackets=table)
    steps = np.diff(notional)
    slope = np.diff(margin) / steps
    noise = 1e-9 * (1.0 + notional[1:]) / steps
    assert np.all(margin >= 0.0) and np.all(margin <= notional)
    assert np.all(slope >= table.rate[0] - noise) and np.all(slope <= table.rate[-1] + noise)
    assert np.all(np.diff(slope) >= -(noise[1:] + noise[:-1]))


@given(tables(), st.floats(0.0, 1e7), st.floats(0.1, 1.0))
def test_a_share_of_the_table_asks_for_that_share(table, notional, share):
    whole = maintenance_margin(notional=notional, brackets=table)
    part = maintenance_margin(notional=notional, brackets=table.scaled(share))
    assert part == pytest.approx(share * whole, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([], "needs rows"),
        ([(0.0, 0.01, 1.0)], "needs rows"),
        ([(10.0, 0.01)], "first floor is 10"),
        ([(0.0, 0.01), (0.0, 0.02)], "row 2: the floor 0"),
        ([(0.0, 0.01), (100.0, 0.02), (50.0, 0.03)], "row 3: the floor 50"),
        ([(0.0, 0.02), (100.0, 0.01)], "row 2: the rate 0.01 is below"),
        ([(0.0, 0.01), (100.0, 1.5)], "row 2: the rate 1.5 is not a share"),
        ([(0.0, 0.0)], "row 1: the rate 0 is not a share"),
        ([(0.0, np.nan)], "not finite"),
    ],
)
def test_a_table_that_no_venue_could_have_meant_is_refused(rows, why):
    with pytest.raises(UsageError, match=why) as refused:
        Brackets.from_rows(rows)
    assert refused.value.code == "DP-120"


def test_a_step_in_given_deductions_is_refused_and_a_rounded_one_is_not():
    floor, rate = np.array([0.0, 100e6]), np.array([1 / 50, 1 / 30])
    assert Brackets(floor, rate, np.array([0.0, 1_333_333.33])).deduction[1] == 1_333_333.33
    with pytest.raises(UsageError, match="row 2: the deduction"):
        Brackets(floor, rate, np.array([0.0, 1_300_000.0]))


def test_leverages_and_cap_are_checked():
    with pytest.raises(UsageError, match="same length"):
        Brackets.from_rows([(0.0, 0.01)], max_leverage=[50.0, 20.0])
    with pytest.raises(UsageError, match="largest leverage"):
        Brackets.from_rows([(0.0, 0.01)], max_leverage=[0.5])
    with pytest.raises(UsageError, match="cap"):
        Brackets.from_rows([(0.0, 0.01), (100.0, 0.02)], cap=100.0)


def test_a_table_cannot_be_changed():
    table = Brackets.from_rows([(0.0, 0.01)])
    with pytest.raises(ValueError, match="read-only"):
        table.rate[0] = 0.5


@pytest.mark.parametrize("notional", [-1.0, np.nan, np.inf])
def test_a_notional_below_zero_or_unknown_is_refused(notional):
    with pytest.raises(UsageError, match="DP-121"):
        maintenance_margin(notional=notional, brackets=Brackets.flat(0.01))


@pytest.mark.real_data
@pytest.mark.parametrize("day", ["2024-10-24", "2026-05-01"])
def test_every_maintenance_amount_of_an_exchange_follows_from_its_floors_and_rates(
    shared_data, day
):
    path = shared_data / "crypto" / f"binance_leverage_tiers_{day}.csv"
    with path.open(newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["symbol"], int(row["tier"])))
    for symbol, group in groupby(rows, key=lambda row: row["symbol"]):
        tiers = list(group)
        table = Brackets.from_rows(
            [(float(t["min_notional"]), float(t["maint_margin_rate"])) for t in tiers],
            max_leverage=[float(t["max_leverage"]) for t in tiers],
        )
        published = np.array([float(t["cum"]) for t in tiers])
        np.testing.assert_allclose(table.deduction, published, rtol=1e-9, err_msg=symbol)
