"""The two public tables: sums shown, nothing lost on the way to CSV and LaTeX."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from drypowder.accounts import (
    BalanceSheetMatrix,
    Economy,
    FlowMatrix,
    Instrument,
    Sector,
    balance_sheet_matrix,
    default_economy,
    load_opening,
)
from drypowder.errors import DrypowderError, UnbalancedError, UsageError

SHEET = load_opening("2025Q4")
SMALL = Economy(
    sectors=(
        Sector("house_holds", "holder"),
        Sector("bank", "bank"),
        Sector("fund", "money_fund"),
        Sector("state", "government"),
        Sector("fed", "central_bank"),
    ),
    instruments=(
        Instrument("deposits", "par", "money"),
        Instrument("bonds", "cleared", "bonds"),
        Instrument("gold", "cleared", "gold", real=True),
    ),
)
# Households have 1,234.5 at the bank and 40 of the state's bonds, 7 of gold.
STOCKS = np.array([[1234.5, 40, 7], [-1234.5, 0, 0], [0, 0, 0], [0, -40, 0], [0, 0, 0]])
# They buy 10 of bonds from the bank's customers' side: the bank sells, deposits shrink.
BUY = np.array([[-10.0, 10, 0], [10, -10, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
PAY = np.array([[2.0, 0, 0], [-2.0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])


def _flows(**postings: np.ndarray) -> FlowMatrix:
    return FlowMatrix("Flows of a day", SMALL, postings or {"purchase": BUY, "interest": PAY})


def _read(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_the_balance_sheet_survives_a_round_trip_through_csv_exactly(tmp_path: Path) -> None:
    matrix = balance_sheet_matrix(SHEET)
    matrix.to_csv(tmp_path / "sheet.csv")
    header, *rows = _read(tmp_path / "sheet.csv")
    names = default_economy().instrument_names
    assert header == ["sector", *(f"{name}_usd_bn" for name in names), "net_worth_usd_bn"]
    assert [row[0] for row in rows] == [*default_economy().sector_names, "sum"]
    values = np.array([[float(x) for x in row[1:]] for row in rows])
    np.testing.assert_array_equal(values[:-1, :-1], SHEET.net_usd_bn)
    np.testing.assert_array_equal(values[:-1, -1], SHEET.net_worth_usd_bn)
    np.testing.assert_allclose(values[-1, :-1], SHEET.net_usd_bn.sum(axis=0), atol=1e-9)
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.csv"]


def test_the_flow_matrix_survives_a_round_trip_through_csv_exactly(tmp_path: Path) -> None:
    _flows().to_csv(str(tmp_path / "flows.csv"))
    header, *rows = _read(tmp_path / "flows.csv")
    assert header[:3] == ["posting", "sector", "deposits_usd_bn"]
    by = {(row[0], row[1]): [float(x) for x in row[2:]] for row in rows}
    for name, values in (("purchase", BUY), ("interest", PAY), ("all postings", BUY + PAY)):
        for k, sector in enumerate(SMALL.sector_names):
            assert by[name, sector] == [*values[k], values[k].sum()]
        assert by[name, "sum"] == [0.0, 0.0, 0.0, 0.0]


def test_latex_is_a_booktabs_table_with_sums_that_reads_back() -> None:
    latex = BalanceSheetMatrix("Small", SMALL, STOCKS).to_latex()
    for word in (r"\toprule", r"\midrule", r"\bottomrule", r"\begin{tabular}{lrrrrrr}"):
        assert word in latex
    lines = [line for line in latex.splitlines() if line.endswith(r"\\")]
    assert lines[0] == r" & house holds & bank & fund & state & fed & sum \\"
    assert lines[1] == r"deposits & 1,234.5 & $-$1,234.5 &  &  &  &  \\"
    assert lines[2] == r"bonds & 40.0 &  &  & $-$40.0 &  &  \\"
    assert lines[3] == r"gold & 7.0 &  &  &  &  & 7.0 \\"
    # 1,234.5 + 40 + 7 = 1,281.5; all net worth together is the gold.
    assert lines[4] == r"net worth & 1,281.5 & $-$1,234.5 &  & $-$40.0 &  & 7.0 \\"
    back = [[_number(c) for c in line[:-2].split("&")[1:-1]] for line in lines[1:4]]
    np.testing.assert_array_equal(np.array(back).T, STOCKS)


def _number(cell: str) -> float:
    return float(cell.replace("$-$", "-").replace(",", "").strip() or 0)


def test_latex_of_flows_lists_each_posting_and_only_what_it_moves() -> None:
    latex = _flows().to_latex()
    assert r"\multicolumn{7}{l}{\emph{purchase}} \\" in latex
    assert r"deposits & $-$10.0 & 10.0 &  &  &  &  \\" in latex
    assert "gold" not in latex
    assert r"change in net worth & 2.0 & $-$2.0 &  &  &  &  \\" in latex


def test_latex_makes_special_characters_harmless() -> None:
    latex = _flows(**{"50%_of_#1 & {x}": PAY}).to_latex()
    assert r"\emph{50\% of \#1 \& \{x\}}" in latex


def test_text_is_aligned_and_no_wider_than_asked() -> None:
    text = balance_sheet_matrix(SHEET).text(width=90)
    lines = text.splitlines()
    assert lines[0] == "Balance sheet 2025Q4, billion USD"
    assert max(map(len, lines)) <= 90
    for sector in (*SHEET.economy.sector_names, "sum"):
        assert sector in text
    first = next(line for line in lines if line.startswith("deposits"))
    header = lines[1]
    assert header.index("households") + len("households") == first.index("13,620.5") + 8
    assert "-23,700.0" in text and "net worth" in text


def test_text_of_flows_has_a_table_a_posting() -> None:
    text = _flows().text()
    for name in ("purchase", "interest", "all postings"):
        assert f"Flows of a day: {name}, billion USD" in text


def test_text_of_a_quiet_day_still_prints() -> None:
    quiet = _flows(nothing=np.zeros_like(PAY))
    assert "net worth" in quiet.text()
    assert r"\emph{nothing}" in quiet.to_latex()
    assert FlowMatrix("Empty", SMALL, {}).total_usd_bn.sum() == 0.0


def test_balanced_matrices_pass_their_check() -> None:
    balance_sheet_matrix(SHEET).check()
    BalanceSheetMatrix("Small", SMALL, STOCKS).check()
    _flows().check()


def test_a_posting_without_its_other_side_is_named_with_the_amount() -> None:
    one_sided = BUY.copy()
    one_sided[1, 1] = 0.0
    with pytest.raises(UnbalancedError, match="DP-029") as caught:
        _flows(fine=PAY, purchase=one_sided).check()
    assert "bonds: held for 10 bn but issued for 0 bn after purchase; the 10 bn has no issuer" in (
        caught.value.message
    )


def test_a_crooked_balance_sheet_is_named_with_the_amount() -> None:
    crooked = STOCKS.copy()
    crooked[0, 1] = 52.4
    with pytest.raises(UnbalancedError, match=r"DP-029: bonds: .* the 12\.4 bn has no issuer"):
        BalanceSheetMatrix("Small", SMALL, crooked).check()


def test_a_flow_that_is_not_a_number_is_refused() -> None:
    bad = PAY.copy()
    bad[2, 0] = np.inf
    with pytest.raises(UsageError, match=r"DP-026: deposits of fund after oops"):
        _flows(oops=bad).check()


def test_a_matrix_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match=r"DP-034: Small has shape \(4, 3\), not \(5, 3\)"):
        BalanceSheetMatrix("Small", SMALL, STOCKS[1:])
    with pytest.raises(UsageError, match="DP-034: short"):
        _flows(short=PAY[:, 1:])


def test_a_file_that_cannot_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matrix = BalanceSheetMatrix("Small", SMALL, STOCKS)
    for path in (tmp_path / "no" / "such.csv", tmp_path):
        with pytest.raises(DrypowderError, match="DP-035") as caught:
            matrix.to_csv(path)
        assert caught.value.exit_code == 1

    def full_disk(self: Path, *args: object, **options: object) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    target = tmp_path / "sheet.csv"
    target.write_bytes(b"old")
    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(DrypowderError, match=r"DP-035.*No space left"):
        matrix.to_csv(target)
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.csv"]
