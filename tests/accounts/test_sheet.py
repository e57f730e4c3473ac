"""Opening sheets: what is shipped says what the facts say, and nothing crooked gets in."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder import accounts
from drypowder.accounts import (
    Economy,
    Instrument,
    OpeningSheet,
    Sector,
    check_balanced,
    default_economy,
    load_opening,
    shipped_openings,
)
from drypowder.errors import DataMissingError, DrypowderError, UnbalancedError, UsageError

# Net worth before the split, checks delivered with the sheets (the split moves nobody's).
NET_WORTH_USD_BN: dict[str, dict[str, float]] = {
    "2022Q4": {
        "households": 24_976,
        "retail_momentum": 1_285,
        "insurers_pensions": 18_903,
        "deep_pockets": 1_063,
        "crypto_leveraged": 96,
        "hyperscalers": -4_168,
        "ai_labs": -34,
        "chip_memory_firms": -1_563,
        "other_firms": -34_993,
        "banks_dealers": -2_862,
        "treasury": -21_076,
        "fed": -1_081,
        "rest_of_world": 22_894,
    },
    "2025Q4": {
        "households": 43_998,
        "retail_momentum": 3_446,
        "insurers_pensions": 26_263,
        "deep_pockets": 1_619,
        "crypto_leveraged": 269,
        "hyperscalers": -11_735,
        "ai_labs": -1_196,
        "chip_memory_firms": -8_524,
        "other_firms": -49_935,
        "banks_dealers": -4_638,
        "treasury": -27_631,
        "fed": -1_139,
        "rest_of_world": 39_164,
    },
}  # money, open-end and hedge funds: 0
# Investor-held real things, as delivered with the sheets: gold and silver, bitcoin, other crypto.
REAL_USD_BN = {"2022Q4": (2_782.5, 318.5, 339.5), "2025Q4": (7_270.4, 1_747.6, 941.4)}
# Central-bank deposits less the Treasury's: 2,845.3 - 446.7 and 3,395 - 840.
CURRENCY_USD_BN = {"2022Q4": 2_398.6, "2025Q4": 2_555.0}
SHEETS = tuple(NET_WORTH_USD_BN)

TOY = Economy(
    sectors=(
        Sector("savers", "holder"),
        Sector("rest_of_world", "holder"),
        Sector("firm", "issuer"),
        Sector("bank", "bank"),
        Sector("fund", "money_fund"),
        Sector("state", "government"),
        Sector("fed", "central_bank"),
    ),
    instruments=(
        Instrument("deposits", "par", "money"),
        Instrument("currency", "par", "money"),
        Instrument("treasury_account", "par", "central_bank_money"),
        Instrument("bonds", "cleared", "bonds"),
        Instrument("gold", "cleared", "gold", real=True),
    ),
)
# Two savers, a firm's bond, and 30 bn at the fed: 10 the Treasury's, 20 notes.
TOY_CELLS = {
    ("savers", "deposits"): 100.0,
    ("rest_of_world", "deposits"): 6.0,
    ("bank", "deposits"): -86.0,
    ("state", "deposits"): 10.0,
    ("fed", "deposits"): -30.0,
    ("firm", "bonds"): -50.0,
    ("fund", "bonds"): 50.0,
    ("savers", "gold"): 7.0,
}
HEADER = "sector,instrument,value_usd_bn\n"


def _toy_text(cells: dict[tuple[str, str], float]) -> str:
    return HEADER + "".join(f"{s},{i},{v!r}\n" for (s, i), v in cells.items())


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def _write(text: str | bytes, name: str = "mine.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return _write


@pytest.fixture(scope="session", params=SHEETS)
def shipped(request: pytest.FixtureRequest) -> OpeningSheet:
    return load_opening(request.param)


def _refused(
    kind: type[DrypowderError], code: str, *words: str, path: Path, **options: object
) -> DrypowderError:
    with pytest.raises(kind) as caught:
        load_opening(path, economy=TOY, **options)
    assert caught.value.code == code
    for word in words:
        assert word in str(caught.value)
    assert caught.value.hint
    return caught.value


# ---------------------------------------------------------------- the shipped sheets


def test_both_sheets_are_shipped_and_list_every_cell_with_its_status_and_source() -> None:
    assert shipped_openings() == SHEETS
    known = {"observed", "derived", "allocated", "residual"}
    for name in SHEETS:
        text = resources.files("drypowder.accounts").joinpath("openings", f"{name}.csv").read_text()
        rows = list(csv.DictReader(text.splitlines()))
        assert len(rows) == 16 * 24  # sectors by instruments
        assert {row["status"] for row in rows} == known
        assert all(row["source"] for row in rows)


def test_package_data_names_no_development_folder() -> None:
    for entry in resources.files("drypowder.accounts").joinpath("openings").iterdir():
        text = entry.read_text()
        assert "shared/" not in text and "(fact " not in text


def test_every_financial_column_of_a_shipped_sheet_sums_to_zero(shipped: OpeningSheet) -> None:
    sums = shipped.net_usd_bn.sum(axis=0)
    real = [i.real for i in shipped.economy.instruments]
    assert np.abs(np.where(real, 0.0, sums)).max() < 1e-8
    held = [sums[shipped.economy.instrument(n)] for n in ("gold_silver", "bitcoin", "alt_crypto")]
    np.testing.assert_allclose(held, REAL_USD_BN[shipped.name], atol=0.05)


def test_net_worth_by_sector_is_the_one_of_the_facts(shipped: OpeningSheet) -> None:
    facts = NET_WORTH_USD_BN[shipped.name]
    for name, worth in zip(shipped.economy.sector_names, shipped.net_worth_usd_bn, strict=True):
        assert worth == pytest.approx(facts.get(name, 0.0), abs=0.5001)


def test_bank_deposits_equal_what_others_hold_at_banks(shipped: OpeningSheet) -> None:
    economy, net = shipped.economy, shipped.net_usd_bn
    deposits = net[:, economy.instrument("deposits")]
    bank = economy.role("bank")
    assert -deposits[bank] == pytest.approx(np.delete(deposits, bank).sum(), abs=1e-8)
    # As printed: 22,518.1 and 23,700.0 bn owed by banks, untouched by the split.
    assert -deposits[bank] == {"2022Q4": 22_518.1, "2025Q4": 23_700.0}[shipped.name]
    assert deposits[economy.role("central_bank")] == deposits[economy.role("government")] == 0.0


def test_currency_is_owed_by_the_fed_and_held_half_abroad(shipped: OpeningSheet) -> None:
    economy = shipped.economy
    currency = shipped.net_usd_bn[:, economy.instrument("currency")]
    total = CURRENCY_USD_BN[shipped.name]
    expected = {"fed": -total, "households": total / 2, "rest_of_world": total / 2}
    for name, value in zip(economy.sector_names, currency, strict=True):
        assert value == pytest.approx(expected.get(name, 0.0), abs=1e-9)


def test_the_treasury_account_is_owed_by_the_fed(shipped: OpeningSheet) -> None:
    column = shipped.net_usd_bn[:, shipped.economy.instrument("treasury_account")]
    held = column[shipped.economy.role("government")]
    assert held == {"2022Q4": 446.7, "2025Q4": 840.0}[shipped.name]
    assert column[shipped.economy.role("central_bank")] == -held
    assert np.count_nonzero(column) == 2


def test_gross_holdings_are_never_negative(shipped: OpeningSheet) -> None:
    assert shipped.issued_usd_bn.min() >= 0.0
    assert shipped.gross_usd_bn.min() == 0.0
    dust = (shipped.gross_usd_bn > 0.0) & (shipped.gross_usd_bn < 1e-6)
    assert not dust.any()


def test_gross_holdings_of_net_issuers_are_the_published_ones() -> None:
    # issuance.csv, held_by_issuer_sector: agencies of banks 3,310; bonds of the rest of the
    # world 879.26 + 3,646.1 = 4,525.4 although its cell is positive; foreign memory 577.5.
    sheet = load_opening("2025Q4")
    for sector, instrument, held_usd_bn in (
        ("banks_dealers", "agency_mbs", 3_310.0),
        ("rest_of_world", "ig_credit", 4_525.4),
        ("rest_of_world", "equity_memory", 577.5),
        ("hyperscalers", "equity_hyperscalers", 0.0),
    ):
        cell = sheet.economy.sector(sector), sheet.economy.instrument(instrument)
        assert sheet.gross_usd_bn[cell] == pytest.approx(held_usd_bn, abs=0.06)


def test_an_issuer_missing_in_the_issuance_table_owes_its_negative_cell() -> None:
    # 27 bn Hyperion and 18 bn AI-lab loans: private credit outstanding 1,355 + 27 + 18 = 1,400.
    sheet = load_opening("2025Q4")
    column = sheet.economy.instrument("private_credit")
    assert sheet.issued_usd_bn[:, column].sum() == pytest.approx(1_400.0)
    missing = {a.where: a.amount_usd_bn for a in sheet.adjustments if "issuer missing" in a.what}
    assert missing["hyperscalers, private_credit"] == pytest.approx(27.0)
    assert missing["ai_labs, private_credit"] == pytest.approx(18.0)


def test_every_forced_number_is_reported() -> None:
    # adjustments.csv: the deposits residual of 2025 was forced by +1,047.
    found = {(a.what, a.where): a.amount_usd_bn for a in load_opening("2025Q4").adjustments}
    residual = "residual against an independent estimate", "other_firms, deposits"
    assert found[residual] == pytest.approx(1_047.4)
    currency = "currency taken out of deposits", "households, deposits to currency"
    assert found[currency] == pytest.approx(1_277.5)
    account = "Treasury account split off", "treasury, deposits to treasury_account"
    assert found[account] == pytest.approx(840.0)


def test_an_adjustment_reads_as_a_sentence_with_its_amount() -> None:
    text = next(str(a) for a in load_opening("2025Q4").adjustments if "Treasury account" in a.what)
    assert text.startswith("Treasury account split off: treasury, deposits to treasury_account")
    assert "+840.0 billion USD" in text


def test_a_cell_that_was_split_says_what_it_was() -> None:
    cell = load_opening("2025Q4").cell("households", "deposits")
    assert cell.value_usd_bn == pytest.approx(14_898.0 - 1_277.5)
    assert cell.status == "allocated"
    assert "was 14,898" in cell.note and "Z.1 L.201" in cell.source


def test_cells_carry_the_numbers_of_the_matrix(shipped: OpeningSheet) -> None:
    values = np.array([cell.value_usd_bn for cell in shipped.cells])
    np.testing.assert_allclose(values, shipped.net_usd_bn.ravel(), atol=1e-9)
    names = [(s, i) for s in shipped.economy.sector_names for i in shipped.economy.instrument_names]
    assert [(c.sector, c.instrument) for c in shipped.cells] == names


def test_a_sheet_cannot_be_changed_in_place(shipped: OpeningSheet) -> None:
    with pytest.raises(ValueError, match="read-only"):
        shipped.net_usd_bn[0, 0] = 1.0


def test_reading_a_sheet_does_not_import_jax() -> None:
    code = (
        "import sys, drypowder.accounts as a; a.load_opening('2025Q4'); print('jax' in sys.modules)"
    )
    path = str(Path(accounts.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"


# ---------------------------------------------------------------- sheets of one's own


def test_a_sheet_of_ones_own_is_split_by_hand_worked_amounts(write: Callable[..., Path]) -> None:
    # 30 at the fed less 10 of the Treasury = 20 of notes, all stated shares abroad; but the rest
    # of the world has only 6, so the savers give up the other 14: deposits 100 - 14 = 86 = bank's.
    sheet = load_opening(write(_toy_text(TOY_CELLS) + _zeros()), economy=TOY)
    by = {(c.sector, c.instrument): c.value_usd_bn for c in sheet.cells}
    assert by["savers", "deposits"] == pytest.approx(86.0)
    assert by["rest_of_world", "deposits"] == pytest.approx(0.0)
    assert by["bank", "deposits"] == -86.0
    assert by["savers", "currency"] == pytest.approx(14.0)
    assert by["rest_of_world", "currency"] == pytest.approx(6.0)
    assert by["fed", "currency"] == -20.0
    assert by["state", "treasury_account"] == 10.0
    assert by["state", "deposits"] == by["fed", "deposits"] == 0.0


def _zeros() -> str:
    return "fed,bonds,0\n"


def test_missing_cells_count_as_zero_and_are_reported(write: Callable[..., Path]) -> None:
    sheet = load_opening(write(_toy_text(TOY_CELLS)), economy=TOY)
    missing = [a.where for a in sheet.adjustments if a.what == "missing cells counted as zero"]
    assert "savers, rest_of_world, bank, state, fed, bonds" in missing
    assert sheet.cell("savers", "bonds").status == "missing"


def test_without_an_issuance_table_the_negative_cell_is_what_was_issued(
    write: Callable[..., Path],
) -> None:
    sheet = load_opening(write(_toy_text(TOY_CELLS)), economy=TOY)
    real = np.array([i.real for i in TOY.instruments])
    np.testing.assert_array_equal(
        sheet.issued_usd_bn, np.where(real, 0.0, np.maximum(-sheet.net_usd_bn, 0.0))
    )


def test_an_issuance_table_of_ones_own_grosses_up(write: Callable[..., Path]) -> None:
    table = write(
        "date,instrument,issuer,issued_usd_bn\nmine,bonds,firm,61.5\nother,bonds,firm,9\n", "i.csv"
    )
    sheet = load_opening(write(_toy_text(TOY_CELLS)), economy=TOY, issuance=table)
    cell = TOY.sector("firm"), TOY.instrument("bonds")
    assert sheet.issued_usd_bn[cell] == 61.5
    assert sheet.gross_usd_bn[cell] == pytest.approx(11.5)  # bought back: 61.5 - 50


def test_toml_and_csv_read_the_same(write: Callable[..., Path]) -> None:
    toml = "".join(
        f'[[cell]]\nsector = "{s}"\ninstrument = "{i}"\nvalue_usd_bn = {v}\nstatus = "observed"\n'
        for (s, i), v in TOY_CELLS.items()
    )
    first = load_opening(write(toml, "mine.toml"), economy=TOY)
    second = load_opening(str(write(_toy_text(TOY_CELLS))), economy=TOY)
    np.testing.assert_array_equal(first.net_usd_bn, second.net_usd_bn)
    assert first.name == second.name == "mine"
    assert first.cell("firm", "bonds").status == "observed"


def test_a_sheet_that_is_already_split_is_left_alone(write: Callable[..., Path]) -> None:
    first = load_opening(write(_toy_text(TOY_CELLS)), economy=TOY)
    again = _toy_text({(c.sector, c.instrument): c.value_usd_bn for c in first.cells})
    second = load_opening(write(again, "again.csv"), economy=TOY)
    np.testing.assert_allclose(second.net_usd_bn, first.net_usd_bn, atol=1e-9)
    assert second.adjustments == ()


def test_an_economy_without_notes_is_not_split(write: Callable[..., Path]) -> None:
    plain = Economy(TOY.sectors, tuple(i for i in TOY.instruments if i.name != "currency"))
    cells = {k: v for k, v in TOY_CELLS.items()} | {("fed", "treasury_account"): 0.0}
    sheet = load_opening(write(_toy_text(cells)), economy=plain)
    assert sheet.cell("fed", "deposits").value_usd_bn == -30.0


def test_a_rounding_gap_goes_into_the_largest_cell_and_is_reported(
    write: Callable[..., Path],
) -> None:
    # 50 bn of bonds against 50.00002: within 0.5e-6 of 50.00002 = 0.000025.
    cells = TOY_CELLS | {("fund", "bonds"): 50.00002}
    sheet = load_opening(write(_toy_text(cells)), economy=TOY)
    assert sheet.net_usd_bn[:, TOY.instrument("bonds")].sum() == 0.0
    report = [a for a in sheet.adjustments if a.what == "rounding of a column"]
    assert [(a.where, round(a.amount_usd_bn, 9)) for a in report] == [("fund, bonds", -0.00002)]


# ---------------------------------------------------------------- what is refused


def test_a_sheet_that_nobody_ships_is_refused_with_the_known_names(tmp_path: Path) -> None:
    for unknown in ("2019Q4", tmp_path / "absent.csv"):
        with pytest.raises(DataMissingError, match="DP-020") as caught:
            load_opening(unknown)
        assert "2022Q4, 2025Q4" in caught.value.hint
        assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("content", "name"),
    [(b"\xff\xfe\x00s", "mine.csv"), ("[[cell]\n", "mine.toml"), (HEADER + '"open', "mine.csv")],
)
def test_an_unreadable_file_is_refused(
    write: Callable[..., Path], content: str | bytes, name: str
) -> None:
    _refused(DataMissingError, "DP-021", "cannot be read", path=write(content, name))


def test_a_folder_is_no_sheet(tmp_path: Path) -> None:
    _refused(DataMissingError, "DP-021", "cannot be read", path=tmp_path)


@pytest.mark.parametrize(
    ("content", "name"),
    [("", "mine.csv"), ("\n \n", "mine.csv"), (HEADER, "mine.csv"), ("a = 1\n", "mine.toml")],
)
def test_an_empty_file_is_refused(write: Callable[..., Path], content: str, name: str) -> None:
    _refused(DataMissingError, "DP-022", "empty", path=write(content, name))


@pytest.mark.parametrize("amount", ["value", "value_usd_mn", "value_eur_bn"])
def test_an_amount_without_its_unit_is_refused(write: Callable[..., Path], amount: str) -> None:
    path = write(f"sector,instrument,{amount}\nfed,bonds,1\n")
    _refused(UsageError, "DP-023", "unit is missing", "value_usd_bn", amount, path=path)


def test_a_toml_amount_without_its_unit_is_refused(write: Callable[..., Path]) -> None:
    path = write('[[cell]]\nsector="fed"\ninstrument="bonds"\nvalue=1.0\n', "mine.toml")
    _refused(UsageError, "DP-023", "mine.toml, cell 1", "value_usd_bn", path=path)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("sector;instrument;value_usd_bn\nfed;bonds;1\n", "missing 'sector'"),
        ("sector,instrument,value_usd_bn,unit\nfed,bonds,1,mn\n", "unknown 'unit'"),
        ("sector,sector,instrument,value_usd_bn\nfed,fed,bonds,1\n", "repeated 'sector'"),
        (HEADER + "fed,bonds,1,234.5\n", "line 2 has 4 fields"),
    ],
)
def test_a_table_of_another_shape_is_refused(
    write: Callable[..., Path], text: str, word: str
) -> None:
    _refused(UsageError, "DP-024", word, path=write(text))


def test_a_toml_that_lists_no_cells_is_refused(write: Callable[..., Path]) -> None:
    _refused(UsageError, "DP-024", "[[cell]]", path=write("cell = 3\n", "mine.toml"))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("feds,bonds,1\n", ("line 2", "unknown sector 'feds'", "Did you mean 'fed'")),
        ("fed,bond,1\n", ("line 2", "unknown instrument 'bond'", "Did you mean 'bonds'")),
        (",bonds,1\n", ("unknown sector ''",)),
    ],
)
def test_an_unknown_name_is_refused_with_its_line(
    write: Callable[..., Path], row: str, words: tuple[str, ...]
) -> None:
    _refused(UsageError, "DP-025", *words, path=write(HEADER + row))


@pytest.mark.parametrize("value", ["", "n/a", "nan", "NaN", "inf", "-Infinity", "12 bn", "1e999"])
def test_what_is_not_a_number_is_refused(write: Callable[..., Path], value: str) -> None:
    path = write(HEADER + f"fed,bonds,0\nbank,bonds,{value}\n")
    _refused(UsageError, "DP-026", "line 3", "value_usd_bn", repr(value), path=path)


@pytest.mark.parametrize("value", ["true", "nan", '"many"', "[1.0]", "1" + "0" * 400])
def test_a_toml_value_that_is_not_a_number_is_refused(
    write: Callable[..., Path], value: str
) -> None:
    path = write(f'[[cell]]\nsector="fed"\ninstrument="bonds"\nvalue_usd_bn={value}\n', "m.toml")
    _refused(UsageError, "DP-026", "m.toml, cell 1", path=path)


def test_the_same_cell_twice_is_refused(write: Callable[..., Path]) -> None:
    path = write(HEADER + "fed,bonds,1\nfed,bonds,1\n")
    _refused(UsageError, "DP-027", "line 3", "bonds of fed", path=path)


def test_a_sector_or_an_instrument_that_is_wholly_absent_is_refused(
    write: Callable[..., Path],
) -> None:
    without_bank = {k: v for k, v in TOY_CELLS.items() if k[0] != "bank"}
    _refused(DataMissingError, "DP-028", "sector bank", path=write(_toy_text(without_bank)))
    without_gold = {k: v for k, v in TOY_CELLS.items() if k[1] != "gold"}
    _refused(DataMissingError, "DP-028", "instrument gold", path=write(_toy_text(without_gold)))


def test_a_column_that_does_not_balance_is_refused_with_the_amount(
    write: Callable[..., Path],
) -> None:
    path = write(_toy_text(TOY_CELLS | {("fund", "bonds"): 62.4, ("savers", "deposits"): 99.0}))
    error = _refused(
        UnbalancedError,
        "DP-029",
        "bonds: held for 62.4 bn but issued for 50 bn in mine; the 12.4 bn has no issuer.",
        "Also: deposits -1 bn.",
        path=path,
    )
    assert error.exit_code == 4


def test_a_real_thing_that_nobody_owns_is_refused(write: Callable[..., Path]) -> None:
    for amount in (0.0, -3.0):
        path = write(_toy_text(TOY_CELLS | {("savers", "gold"): amount}))
        _refused(UnbalancedError, "DP-030", "gold", path=path)


def test_a_treasury_account_larger_than_what_the_fed_owes_is_refused(
    write: Callable[..., Path],
) -> None:
    cells = TOY_CELLS | {("state", "deposits"): 31.0, ("bank", "deposits"): -107.0}
    _refused(UnbalancedError, "DP-031", "31 bn", "30 bn", path=write(_toy_text(cells)))


def test_more_notes_than_depositors_hold_is_refused(write: Callable[..., Path]) -> None:
    # The bank holds notes itself: the others' 26 bn cannot hold 120.
    cells = TOY_CELLS | {
        ("savers", "deposits"): 20.0,
        ("bank", "deposits"): 94.0,
        ("fed", "deposits"): -130.0,
    }
    _refused(UnbalancedError, "DP-031", "120 bn", "26 bn", path=write(_toy_text(cells)))


def test_a_negative_holding_is_refused(write: Callable[..., Path]) -> None:
    short = TOY_CELLS | {("firm", "gold"): -1.0}
    _refused(UnbalancedError, "DP-032", "firm", "-1 bn of gold", path=write(_toy_text(short)))
    table = write("date,instrument,issuer,issued_usd_bn\nmine,bonds,firm,49\n", "i.csv")
    path = write(_toy_text(TOY_CELLS))
    _refused(UnbalancedError, "DP-032", "firm", "-1 bn of bonds", path=path, issuance=table)


@pytest.mark.parametrize(
    ("row", "kind", "code", "word"),
    [
        ("mine,bonds,firm,-1", UsageError, "DP-026", "zero or more"),
        ("mine,bonds,firms,1", UsageError, "DP-025", "unknown issuer 'firms'"),
        ("mine,bonds,firm,61\nmine,bonds,firm,61", UsageError, "DP-027", "second time"),
        ("mine,gold,firm,1", UnbalancedError, "DP-032", "real thing"),
        ("2025Q4,bonds,firm,61", DataMissingError, "DP-028", "'mine'"),
    ],
)
def test_a_crooked_issuance_table_is_refused(
    write: Callable[..., Path], row: str, kind: type[DrypowderError], code: str, word: str
) -> None:
    table = write(f"date,instrument,issuer,issued_usd_bn\n{row}\n", "i.csv")
    _refused(kind, code, word, path=write(_toy_text(TOY_CELLS)), issuance=table)


def test_a_check_refuses_what_is_not_a_number() -> None:
    sheet = load_opening("2025Q4")
    bad = sheet.net_usd_bn.copy()
    bad[3, 5] = np.nan
    with pytest.raises(UsageError, match="DP-026") as caught:
        check_balanced(bad, sheet.economy, 1e-6)
    assert "open_end_funds_etfs" in str(caught.value)


# ---------------------------------------------------------------- laws

_CENTS = st.integers(min_value=0, max_value=10**9)
_HOLDERS = ("savers", "rest_of_world", "firm", "fund")


@st.composite
def balanced_cells(draw: st.DrawFn) -> dict[tuple[str, str], float]:
    """A balanced sheet in whole cents: issuers owe exactly what the others hold."""
    held = {name: draw(_CENTS) for name in _HOLDERS}
    treasury, share = draw(_CENTS), draw(st.integers(0, 100))
    notes = sum(held.values()) * share // 100
    bonds = {name: draw(_CENTS) for name in ("savers", "rest_of_world", "bank", "fund", "fed")}
    cents = {(name, "deposits"): value for name, value in held.items()}
    cents |= {(name, "bonds"): value for name, value in bonds.items()}
    cents |= {
        ("state", "deposits"): treasury,
        ("fed", "deposits"): -treasury - notes,
        ("bank", "deposits"): notes - sum(held.values()),
        ("firm", "bonds"): -sum(bonds.values()),
        ("savers", "gold"): 1 + draw(_CENTS),
    }
    return {key: value / 100 for key, value in cents.items()}


@given(cells=balanced_cells())
def test_any_balanced_sheet_loads_and_stays_balanced(
    tmp_path_factory: pytest.TempPathFactory, cells: dict[tuple[str, str], float]
) -> None:
    path = tmp_path_factory.mktemp("sheet") / "mine.csv"
    path.write_text(_toy_text(cells))
    sheet = load_opening(path, economy=TOY)
    check_balanced(sheet.net_usd_bn, TOY, 1e-14)
    before = [sum(v for (s, _), v in cells.items() if s == name) for name in TOY.sector_names]
    np.testing.assert_allclose(sheet.net_worth_usd_bn, before, atol=1e-6)
    assert sheet.issued_usd_bn.min() >= 0.0 and sheet.gross_usd_bn.min() >= -1e-9
    assert sheet.cell("bank", "deposits").value_usd_bn == pytest.approx(cells["bank", "deposits"])


@given(
    cells=balanced_cells(),
    where=st.sampled_from([("savers", "deposits"), ("fund", "bonds"), ("fed", "bonds")]),
    gap_cents=st.integers(10**4, 10**8),
    sign=st.sampled_from([-1, 1]),
)
def test_any_unbalanced_sheet_is_refused_naming_the_column_and_the_amount(
    tmp_path_factory: pytest.TempPathFactory,
    cells: dict[tuple[str, str], float],
    where: tuple[str, str],
    gap_cents: int,
    sign: int,
) -> None:
    path = tmp_path_factory.mktemp("sheet") / "mine.csv"
    path.write_text(_toy_text(cells | {where: cells[where] + sign * gap_cents / 100}))
    text = f"{gap_cents / 100:,.2f}".rstrip("0").rstrip(".")
    error = _refused(UnbalancedError, "DP-029", f"the {text} bn has no", path=path)
    assert error.message.startswith(f"{where[1]}: held for")
    assert ("issuer" if sign > 0 else "holder") in error.message


def test_the_default_economy_is_the_one_of_the_sheets(shipped: OpeningSheet) -> None:
    assert shipped.economy is default_economy()
    assert shipped.net_usd_bn.shape == (16, 26)
