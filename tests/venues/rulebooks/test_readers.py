"""Risk tiers from files: what is whole is kept, what is broken is named."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.venues.formulas.brackets import maintenance_margin
from drypowder.venues.rulebooks.profile import profile
from drypowder.venues.rulebooks.readers import Tier, faults, read_tiers

HEADER = "symbol,tier,min_notional,max_notional,maint_margin_rate,max_leverage,cum\n"
# c2 = 5,000 x (2 % - 1 %) = 50; c3 = 50 + 50,000 x 0.5 % = 300
GOOD = "{s},1,0,5000,0.01,50,0\n{s},2,5000,50000,0.02,25,50\n{s},3,50000,600000,0.025,20,300\n"
REAL = ("2024-10-24", "2026-05-01")


def _write(tmp_path, text: str, name: str = "tiers.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _ccxt(*rows: tuple, cum: bool = True) -> list[dict]:
    keys = ("minNotional", "maxNotional", "maintenanceMarginRate", "maxLeverage")
    return [
        {"tier": n + 1, "currency": "USDT", **dict(zip(keys, row, strict=False)),
         "info": {"cum": str(row[4])} if cum else {}}
        for n, row in enumerate(rows)
    ]  # fmt: skip


ROWS = ((0.0, 5000.0, 0.01, 50.0, 0.0), (5000.0, 50_000.0, 0.02, 25.0, 50.0))


def test_csv_and_ccxt_json_say_the_same(tmp_path):
    short = GOOD.format(s="A/USDT:USDT").rsplit("A/", 1)[0]
    table = read_tiers(_write(tmp_path, HEADER + short)).brackets
    for cum in (True, False):
        content = json.dumps({"A/USDT:USDT": _ccxt(*ROWS, cum=cum)})
        other = read_tiers(_write(tmp_path, content, "t.json")).brackets
        for field in ("floor", "rate", "deduction", "max_leverage", "cap"):
            np.testing.assert_array_equal(
                getattr(table["A/USDT:USDT"], field), getattr(other["A/USDT:USDT"], field)
            )


def test_order_of_rows_does_not_matter(tmp_path):
    first, second, third = GOOD.format(s="A").splitlines(keepends=True)
    table = read_tiers(_write(tmp_path, HEADER + third + first + second)).brackets["A"]
    assert table.deduction == pytest.approx([0.0, 50.0, 300.0])


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("25,50\n", "25,60\n", "B tier 2: deduction 60 is published where 50"),
        ("2,5000,", "2,6000,", "B tier 2: it starts at 6,000 .* ends at 5,000, a gap"),
        ("2,5000,", "2,4000,", "B tier 2: it starts at 4,000 .* ends at 5,000, an overlap"),
        ("0.02,25", "0.005,25", "B tier 2: its maintenance rate 0.005 is below 0.01"),
        ("1,0,5000", "1,10,5000", "B tier 1: the first tier starts at 10, not at 0"),
        ("0.01,50", "1.0,50", "B tier 1: its maintenance rate is 1.0"),
        ("0.01,50", "-0.01,50", "B tier 1: its maintenance rate is -0.01"),
        ("0.01,50", "0.4,50", "B tier 1: .* closed at once"),
        ("0.02,25", "0.02,0", "B tier 2: its largest leverage is 0"),
        ("0.02,25", ",25", "B tier 2: its maintenance rate is None"),
        ("0.02,25", "high,25", "line 6, B: maint_margin_rate is 'high', not a number"),
        ("0.02,25", "nan,25", "line 6, B: maint_margin_rate is 'nan', not a number"),
        ("5000,50000,", "5000,inf,", "B tier 2: it goes from 5,000 to inf"),
        ("50000,600000", "50000,40000", "B tier 3: it goes from 50,000 to 40,000"),
    ],
)
def test_a_broken_table_is_refused_by_symbol_tier_and_numbers(tmp_path, old, new, says):
    """Among whole tables, the broken one names itself; best effort keeps the others."""
    broken = GOOD.format(s="B").replace(old, new, 1)
    assert broken != GOOD.format(s="B")
    path = _write(tmp_path, HEADER + GOOD.format(s="A") + broken + GOOD.format(s="C"))
    with pytest.raises(UsageError, match=says) as caught:
        read_tiers(path)
    assert caught.value.code == "DP-132"
    kept = read_tiers(path, best_effort=True)
    assert (list(kept.brackets), len(kept.problems)) == (["A", "C"], 1)


def test_when_every_table_is_broken_best_effort_has_nothing_to_keep(tmp_path):
    path = _write(tmp_path, HEADER + GOOD.format(s="A").replace("0.02", "0.002"))
    with pytest.raises(UsageError, match="DP-132"):
        read_tiers(path, best_effort=True)


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("t.csv", "", "DP-135"),
        ("t.csv", HEADER, "DP-135"),
        ("t.csv", "a,b\n1,2\n", "DP-139"),
        ("t.json", "", "DP-135"),
        ("t.json", "{}", "DP-135"),
        ("t.json", "[1, 2]", "DP-139"),
        ("t.json", '{"A": 1}', "DP-139"),
        ("t.json", "{", "DP-139"),
        ("t.json", '{"A": [1]}', "DP-132"),
        ("t.json", '{"A": []}', "DP-132"),
        ("t.json", '{"A": [{"minNotional": null, "maintenanceMarginRate": null}]}', "DP-132"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, text, code):
    with pytest.raises(DrypowderError) as caught:
        read_tiers(_write(tmp_path, text, name))
    assert caught.value.code == code


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataMissingError, match=r"DP-134.*absent\.json"):
        read_tiers(tmp_path / "absent.json")


def _tiers(steps: list[tuple[float, float]]) -> list[Tier]:
    """Continuous tiers from widths and rises of the rate, with their own deductions."""
    floors = np.concatenate([[0.0], np.cumsum([width for width, _ in steps])])
    rates = np.cumsum([rise for _, rise in steps])
    rates = rates / (rates[-1] + 0.5)
    cuts = np.concatenate([[0.0], np.cumsum(floors[1:-1] * np.diff(rates))])
    return [Tier(*map(float, each[:3]), None, float(each[3]))
            for each in zip(floors, floors[1:], rates, cuts, strict=False)]  # fmt: skip


STEPS = st.lists(
    st.tuples(st.floats(1e2, 1e8), st.floats(1e-3, 0.2)), min_size=2, max_size=12
)  # fmt: skip


@given(STEPS, st.data())
def test_a_continuous_table_is_whole_and_one_nudge_of_a_deduction_breaks_it(steps, data):
    tiers = _tiers(steps)
    assert faults("A", tiers) == []
    at = data.draw(st.integers(1, len(tiers) - 1))
    nudge = 1e-4 * tiers[at].rate * tiers[at].floor
    tiers[at] = tiers[at]._replace(deduction=tiers[at].deduction + nudge)
    (said,) = faults("A", tiers)
    assert said.startswith(f"A tier {at + 1}: deduction")


@pytest.mark.real_data
@pytest.mark.parametrize("day", REAL)
def test_all_published_tables_are_whole_and_convex(shared_data, day):
    tables = read_tiers(shared_data / "crypto" / f"binance_leverage_tiers_{day}.csv")
    assert tables.problems == ()
    assert len(tables.brackets) == {"2024-10-24": 349, "2026-05-01": 716}[day]
    for brackets in tables.brackets.values():
        notional = np.linspace(0.0, 1.1 * brackets.floor[-1] + 1.0, 997)
        margin = maintenance_margin(notional=notional, brackets=brackets)
        assert (np.diff(margin) > 0).all()
        assert (np.diff(margin, 2) >= -1e-9 * margin[-1]).all()


@pytest.mark.real_data
def test_shipped_tables_are_those_published(shared_data):
    path = shared_data / "crypto" / "binance_leverage_tiers_2024-10-24.csv"
    full, shipped = read_tiers(path).brackets, profile("binance", as_of="2024-10-24")
    for coin in ("BTC", "ETH", "SOL"):
        table = shipped.table(coin)
        many = len(table.brackets.floor)
        whole = full[f"{coin}/USDT:USDT"]
        for field in ("floor", "rate", "deduction", "max_leverage"):
            np.testing.assert_array_equal(
                getattr(table.brackets, field), getattr(whole, field)[:many]
            )
        assert table.complete == (many == len(whole.floor))
    after = shipped.with_tables(full, source="the full table")
    assert after.brackets("ETHUSDT").cap == full["ETH/USDT:USDT"].cap == 1.2e9
