"""Positions from a file: bad rows by line and reason, the others unharmed, a million quickly."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import DrypowderError, UsageError
from drypowder.report.liquidation_price import priced
from drypowder.venues import hedged_liquidation_price, liquidation_price, maintenance_margin
from drypowder.venues.crowd.crowd_of import crowd_of
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.rulebooks.positions import purses, read_positions
from drypowder.venues.rulebooks.profile import profile

HEADER = "account,symbol,side,size,entry_price,margin,leverage,mode\n"
GOOD = "a,BTCUSDT,long,1,60000,1200,,\nb,ETH,short,10,3000,,50,isolated\n"


def _write(tmp_path, text: str, header: str = HEADER):
    path = tmp_path / "positions.csv"
    path.write_bytes((header + text).encode())
    return path


def test_a_good_file_becomes_arrays(tmp_path):
    held = read_positions(_write(tmp_path, GOOD), venue="binance")
    assert len(held) == 2
    assert held.side.tolist() == [1, -1]
    # 10 x 3,000 / 50 = 600
    assert held.margin.tolist() == [1200.0, 600.0]
    assert [held.symbols[at] for at in held.symbol] == ["BTCUSDT", "ETHUSDT"]
    assert [held.accounts[at] for at in held.account] == ["a", "b"]
    assert held.line.tolist() == [2, 3]
    assert held.isolated.all() and len(held.refused) == 0


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("c,BTCUSDT,long,1,0,1200,,", "entry_price is '0'"),
        ("c,BTCUSDT,long,1,-5,1200,,", "entry_price is '-5'"),
        ("c,BTCUSDT,long,1,,1200,,", "entry_price is empty"),
        ("c,BTCUSDT,long,1,sixty,1200,,", "entry_price is 'sixty': not a number"),
        ("c,BTCUSDT,long,1,nan,1200,,", "entry_price is 'nan': not a number"),
        ("c,BTCUSDT,long,1,inf,1200,,", "entry_price is 'inf': not a number"),
        ('c,BTCUSDT,long,1,"60,000",1200,,', "entry_price is '60,000': not a number"),
        ("c,BTCUSDT,lang,1,60000,1200,,", "side is 'lang': write long or short"),
        ("c,BTCUSDT,,1,60000,1200,,", "side is ''"),
        ("c,BTCUSDT,long,-1,60000,1200,,", "size is '-1': side says the direction"),
        ("c,BTCUSDT,long,0,60000,1200,,", "size is '0'"),
        ("c,BTCUSDT,long,1,60000,,126,", "leverage 126 is above 100, .* 60,000"),
        ("c,BTCUSDT,long,1,60000,,0,", "leverage is '0'"),
        ("c,BTCUSDT,long,1,60000,249,,", "margin 249 is below the maintenance of 250"),
        ("c,BTCUSDT,long,1,60000,0,,", "margin is '0'"),
        ("c,BTCUSDT,long,1,60000,,,", "neither margin nor leverage"),
        ("c,BTCUSTD,long,1,60000,1200,,", "unknown symbol 'BTCUSTD'. Did you mean BTCUSDT"),
        ("c,,long,1,60000,1200,,", "symbol is empty"),
        (",BTCUSDT,long,1,60000,1200,,", "account is empty"),
        ("c,BTCUSDT,long,1,60000,1200,,half", "mode is 'half'"),
        ("c,BTCUSDT,long,40000,60000,2e9,,", "2,400,000,000 in BTCUSDT is above 1,800,000,000"),
        ("c,SOL,long,400000,200,4e7,,", "above 40,000,000, where our table ends"),
        ("c,BTCUSDT,long,1e200,1e200,1200,,", "size times price is out of range"),
        ("c,BTCUSDT,long,1e-200,1e-200,1200,,", "size times price is out of range"),
        ("c,BTCUSDT,long,1,60000,,1e-320,", "margin is out of range"),
        ("c,BTCUSDT,long,1,60000", "5 cells where the header has 8"),
        ("c,BTCUSDT,long,1,60000,1200,,,,", "10 cells where the header has 8"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_others_are_kept(tmp_path, row, says):
    """60,000 USD lie in the second bracket: 60,000 x 0.5 % - 50 = 250, largest leverage 100."""
    path = _write(tmp_path, f"{GOOD}\n{row}\n{GOOD}")  # a blank line counts
    with pytest.raises(UsageError, match=f"line 5: .*{says}") as caught:
        read_positions(path, venue="binance")
    assert caught.value.code == "DP-137"
    held = read_positions(path, venue="binance", best_effort=True)
    assert held.line.tolist() == [2, 3, 6, 7]
    assert [refused.line for refused in held.refused] == [5]


def test_the_first_twenty_bad_rows_are_listed_and_all_are_counted(tmp_path):
    path = _write(tmp_path, GOOD + "c,BTCUSDT,long,0,60000,1200,,\n" * 31)
    with pytest.raises(UsageError) as caught:
        read_positions(path, venue="binance")
    said = caught.value.message
    assert "31 rows" in said and said.count("line ") == 20 and said.endswith("and 11 more.")
    assert "line 4:" in said and "line 23:" in said and "line 24:" not in said


def test_when_every_row_is_bad_best_effort_keeps_nothing_in_silence(tmp_path):
    with pytest.raises(UsageError, match="DP-137"):
        read_positions(_write(tmp_path, "c,BTCUSDT,long,0,1,1,,\n"), venue="binance",
                       best_effort=True)  # fmt: skip


@pytest.mark.parametrize(
    ("header", "text", "code", "says"),
    [
        ("", "", "DP-135", "empty"),
        (HEADER, "", "DP-135", "no rows"),
        (HEADER, "\n\n", "DP-135", "no rows"),
        (HEADER.replace("side", "way"), GOOD, "DP-136", "no column side"),
        (HEADER.replace("entry_price", "price"), GOOD, "DP-136", "no column entry_price"),
        ("account,symbol,side,size,entry_price\n", "a,b,long,1,1\n", "DP-136", "margin or lev"),
        (HEADER.replace("leverage", "leverge"), GOOD, "DP-136", "Did you mean leverage"),
        (HEADER.replace("leverage", "margin"), GOOD, "DP-136", "twice"),
        (HEADER.replace("leverage", "coin"), GOOD, "DP-136", "twice"),
    ],
)
def test_a_file_without_the_columns_is_refused(tmp_path, header, text, code, says):
    with pytest.raises(DrypowderError, match=says) as caught:
        read_positions(_write(tmp_path, text, header), venue="binance")
    assert caught.value.code == code


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01", HEADER.encode() + b"\xff,1,1,1,1,1,1,1\n"]
)
def test_what_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "positions.csv"
    path.write_bytes(content)
    with pytest.raises(DrypowderError, match="DP-134"):
        read_positions(path, venue="binance")
    with pytest.raises(DrypowderError, match="DP-134"):
        read_positions(tmp_path / "absent.csv", venue="binance")


def test_headers_may_carry_a_mark_spaces_capitals_and_other_columns(tmp_path):
    header = "\ufeff Account ,COIN,Side,Size,Entry Price,Leverage,note\n"
    held = read_positions(_write(tmp_path, "7,BTC,Sell, 1 ,60000,20,hi\n", header), venue="binance")
    assert (held.side[0], held.size[0], held.accounts, held.margin[0]) == (-1, 1.0, ("7",), 3000.0)


def test_a_cross_account_has_one_wallet_at_each_venue(tmp_path):
    rows = (
        "a,BTC,long,1,60000,5000,,cross\n"  # written once ...
        "a,ETH,short,10,3000,,,cross\n"
        "b,BTC,long,1,60000,4000,,cross\n"  # ... or in every row
        "b,ETH,short,10,3000,4000,,cross\n"
        "c,BTC,long,1,60000,,20,cross\n"  # 3,000 + 3,000 from leverage
        "c,ETH,short,10,3000,,10,cross\n"
    )
    held = read_positions(_write(tmp_path, rows), venue="binance")
    assert held.margin.tolist() == [5000, 5000, 4000, 4000, 6000, 6000]
    assert not held.isolated.any()


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("a,BTC,long,1,60000,5000,,cross\na,ETH,short,10,3000,4000,,cross\n", "two different"),
        # 60,000 x 0.5 % - 50 = 250 and 30,000 x 0.4 % = 120: together 370
        ("a,BTC,long,1,60000,369,,cross\na,ETH,short,10,3000,,,cross\n", "wallet 369 .* 370"),
        ("a,BTC,long,1,60000,,20,cross\na,ETH,short,10,3000,,,cross\n", "neither margin nor"),
        ("a,BTC,long,1,60000,-1,,cross\na,ETH,short,10,3000,,,cross\n", "no balance above zero"),
    ],
)
def test_a_cross_account_that_cannot_be_is_refused_whole(tmp_path, rows, says):
    path = _write(tmp_path, rows + GOOD)
    with pytest.raises(UsageError, match=says):
        read_positions(path, venue="binance")
    held = read_positions(path, venue="binance", best_effort=True)
    assert held.line.tolist() == [4, 5]


def test_a_cross_account_that_lost_a_leg_is_left_out(tmp_path):
    rows = "a,BTC,long,1,60000,5000,,cross\na,ETH,short,10,0,,,cross\na,ETH,long,1,3000,,10,\n"
    held = read_positions(_write(tmp_path, rows), venue="binance", best_effort=True)
    assert held.line.tolist() == [4]
    assert [each.reason for each in held.refused] == [
        "another position of its cross account was refused",
        "entry_price is '0': a price is above zero",
    ]


def test_each_row_may_name_its_venue(tmp_path):
    header = HEADER.replace("mode", "venue")
    rows = (
        "a,BTC,long,1,60000,1500,,hyperliquid\n"
        "b,BTC,long,1,60000,,100,binance\n"
        "c,BTC,long,1,60000,,100,hyperliquid\n"  # 40 at most
        "d,BTC,long,1,60000,,100,binanse\n"
        "e,BTC,long,1,60000,,100,\n"
    )
    path = _write(tmp_path, rows, header)
    held = read_positions(path, venue="binance", as_of="2025-10-10", best_effort=True)
    assert [held.venues[at].name for at in held.venue] == [
        "hyperliquid", "binance_usdm", "binance_usdm",
    ]  # fmt: skip
    reasons = [each.reason for each in held.refused]
    assert "above 40" in reasons[0] and "unknown venue 'binanse'" in reasons[1]
    own = profile("binance").with_tables({"BTCUSDT": Brackets.flat(0.3)}, source="mine")
    held = read_positions(path, profiles=[own], best_effort=True)
    assert "below the maintenance" in next(iter(held.refused)).reason  # also by its alias


def test_inverse_positions_are_counted_in_contracts_and_coins(tmp_path):
    # 600 contracts of 100 USD at 50,000 are 1.2 BTC; 10x: 0.12 BTC
    held = read_positions(
        _write(tmp_path, "a,BTCUSD,short,600,50000,,10,\n"), venue="binance_coinm"
    )
    assert (held.margin[0], held.contract_value[0]) == (pytest.approx(0.12), 100.0)


def test_a_wallet_of_coins_answers_for_one_coin_alone(tmp_path):
    """0.5 BTC and 0.05 ETH of one account are two wallets; each row's money is in its own coin."""
    rules = profile("binance_coinm").with_tables({"ETHUSD": Brackets.flat(0.01)}, source="mine")
    text = "a,BTCUSD,long,100,50000,0.5,,cross\na,ETHUSD,short,100,3000,0.05,,cross\n"
    held = read_positions(_write(tmp_path, text), venue=rules)
    assert held.margin.tolist() == [0.5, 0.05] and len(set(purses(held))) == 2
    people = crowd_of(held).population
    assert people.money.tolist() == [0.5, 0.05] and people.owner.tolist() == [0, 1]
    found = priced(held, {})
    for row, symbol in enumerate(["BTCUSD", "ETHUSD"]):
        alone = liquidation_price(
            side=held.side[row], size=held.size[row], entry_price=held.entry_price[row],
            margin=held.margin[row], brackets=rules.brackets(symbol), contract="inverse",
            contract_value=held.contract_value[row],
        )  # fmt: skip
        assert found.liquidation[row] == alone


def test_a_long_and_a_short_of_one_wallet_share_a_price(tmp_path):
    """Hedge mode, with ether in the same wallet: both bitcoin legs are closed at one price."""
    text = (
        "a,BTCUSDT,long,3,60000,20000,,cross\na,BTCUSDT,short,1,61000,,,cross\n"
        "a,ETHUSDT,long,2,3000,,,cross\nb,BTCUSDT,long,3,60000,20000,,\n"
    )
    text = text.replace(",,cross", ",1,cross")
    held = read_positions(_write(tmp_path, text), venue="binance", as_of="2025-10-10")
    found = priced(held, {"ETHUSDT": 2900.0})
    rules = profile("binance", as_of="2025-10-10")
    need = maintenance_margin(notional=5800.0, brackets=rules.brackets("ETHUSDT"))
    pair = hedged_liquidation_price(
        long_size=3.0, long_entry_price=60_000.0, short_size=1.0, short_entry_price=61_000.0,
        margin=20_000.0, brackets=rules.brackets("BTCUSDT"), other_maintenance=need,
        other_unrealised=-200.0,
    )  # fmt: skip
    assert found.liquidation[:2] == pytest.approx([pair.lower] * 2, rel=1e-12)
    assert np.isnan(found.bankruptcy[:2]).all() and np.isfinite(found.bankruptcy[3])


def test_without_a_venue_only_the_cells_are_checked(tmp_path):
    held = read_positions(_write(tmp_path, "a,ANY,long,1,60000,1,,\n"))
    assert held.venues == (None,) and held.margin.tolist() == [1.0]


ROW = st.tuples(
    st.sampled_from(["long", "SHORT", "buy", "-1"]),
    st.floats(1e-3, 10.0),
    st.floats(1.0, 1e5),
    st.floats(1.0, 50.0),
    st.booleans(),
)


@given(st.lists(ROW, min_size=1, max_size=30), st.permutations(range(30)))
def test_good_rows_come_through_whatever_stands_between_them(tmp_path_factory, rows, order):
    """Bad rows change nothing about good ones, and the order of rows does not matter."""
    lines = []
    for number, (side, size, price, leverage, good) in enumerate(rows):
        said = repr(size) if good else "much"
        lines.append(f"n{number},BTC,{side},{said},{price!r},,{leverage!r},\n")
    order = [at for at in order if at < len(rows)]
    path = _write(tmp_path_factory.mktemp("p"), GOOD + "".join(lines[at] for at in order))
    held = read_positions(path, venue="binance", best_effort=True)
    kept = [at for at in order if rows[at][4]]
    assert [held.accounts[at] for at in held.account[2:]] == [f"n{at}" for at in kept]
    np.testing.assert_array_equal(held.size[2:], [rows[at][1] for at in kept])
    np.testing.assert_allclose(
        held.margin[2:], [rows[at][1] * rows[at][2] / rows[at][3] for at in kept], rtol=1e-15
    )
    assert len(held.refused) == len(rows) - len(kept)


def test_a_million_rows_with_three_bad_lines_take_a_moment(tmp_path):
    row = "{n},BTCUSDT,{side},{size},{price},,10,\n"
    lines = [
        row.format(n=n // 2, side=("long", "short")[n % 2], size=0.1 + n % 97, price=100 + n % 9973)
        for n in range(1_000_000)
    ]
    lines[10] = lines[10].replace("long", "lng")
    lines[500_000] = "1,BTCUSDT,long,1,much,,10,\n"
    lines[-1] = "1,BTCUSDT,long\n"
    read_positions(_write(tmp_path, GOOD), venue="binance")  # imports
    path = _write(tmp_path, "".join(lines))
    start = time.perf_counter()
    held = read_positions(path, venue="binance", best_effort=True)
    seconds = time.perf_counter() - start
    assert len(held) == 999_997
    assert [each.line for each in held.refused] == [12, 500_002, 1_000_001]
    assert seconds < 4.0  # 0.7 s on two idle cores
