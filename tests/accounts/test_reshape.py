"""Rolling, splitting, reordering and changing the unit: nobody gets richer or poorer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.accounts import (
    OpeningSheet,
    check_balanced,
    in_unit,
    load_opening,
    permuted,
    roll_to,
    split_sector,
)
from drypowder.errors import UsageError

SHEET = load_opening("2025Q4")
NAMES = SHEET.economy.sector_names


def _amount(sheet: OpeningSheet, sector: str, instrument: str) -> float:
    return float(
        sheet.net_usd_bn[sheet.economy.sector(sector), sheet.economy.instrument(instrument)]
    )


def test_window_dressing_rolls_into_repo_and_reserves_by_hand_worked_amounts() -> None:
    # Domestic RRP 90 + 16 = 106, target 10.6: everyone keeps a tenth, 9 and 1.6.
    # Money funds lend 81 more to banks (repo 2,892 -> 2,973; banks 316 -> 235), banks' reserves
    # rise by 81 + 14.4 = 95.4 to 3,052.8; the foreign pool of 330 stays.
    rolled = roll_to(SHEET, rrp_usd_bn=10.6)
    expected = {
        ("money_funds", "on_rrp"): 9.0,
        ("banks_dealers", "on_rrp"): 1.6,
        ("rest_of_world", "on_rrp"): 330.0,
        ("fed", "on_rrp"): -340.6,
        ("money_funds", "margin_and_repo_loans"): 2_973.0,
        ("banks_dealers", "margin_and_repo_loans"): 235.0,
        ("banks_dealers", "reserves"): 3_052.8,
        ("fed", "reserves"): -3_052.8,
    }
    for (sector, instrument), value in expected.items():
        assert _amount(rolled, sector, instrument) == pytest.approx(value)
    moved = np.argwhere(np.abs(rolled.net_usd_bn - SHEET.net_usd_bn) > 1e-9)
    assert len(moved) == 7
    assert [a.amount_usd_bn for a in rolled.adjustments[-2:]] == pytest.approx([81.0, 14.4])
    assert "rolled to a domestic RRP of 10.6" in rolled.cell("fed", "reserves").source


@given(target_usd_bn=st.floats(min_value=0.0, max_value=2_500.0))
def test_a_roll_moves_nobodys_net_worth_and_keeps_every_column(target_usd_bn: float) -> None:
    rolled = roll_to(SHEET, rrp_usd_bn=target_usd_bn)
    check_balanced(rolled.net_usd_bn, rolled.economy, 1e-12)
    np.testing.assert_allclose(rolled.net_worth_usd_bn, SHEET.net_worth_usd_bn, atol=1e-8)
    assert rolled.gross_usd_bn.min() >= -1e-9 and rolled.issued_usd_bn.min() >= 0.0
    # reserves plus RRP, the Fed's whole supply, is only re-labelled
    supply = [_amount(s, "fed", "reserves") + _amount(s, "fed", "on_rrp") for s in (SHEET, rolled)]
    assert supply[0] == pytest.approx(supply[1])
    domestic = _amount(rolled, "money_funds", "on_rrp") + _amount(rolled, "banks_dealers", "on_rrp")
    assert domestic == pytest.approx(target_usd_bn, abs=1e-9)


def test_what_the_fed_and_banks_owe_gross_follows_the_roll() -> None:
    rolled = roll_to(SHEET, rrp_usd_bn=10.6)
    change = rolled.issued_usd_bn - SHEET.issued_usd_bn
    row, column = SHEET.economy.sector, SHEET.economy.instrument
    assert change[row("fed"), column("on_rrp")] == pytest.approx(-95.4)
    assert change[row("fed"), column("reserves")] == pytest.approx(95.4)
    assert change[row("banks_dealers"), column("margin_and_repo_loans")] == pytest.approx(81.0)


@pytest.mark.parametrize("target", [-1.0, float("nan"), float("inf"), 4_000.0])
def test_an_impossible_roll_is_refused(target: float) -> None:
    with pytest.raises(UsageError, match="DP-033"):
        roll_to(SHEET, rrp_usd_bn=target)


@given(share=st.floats(min_value=0.001, max_value=0.999), sector=st.sampled_from(NAMES[:5]))
def test_a_split_sector_sums_to_the_whole(share: float, sector: str) -> None:
    parts = (share, 1.0 - share)
    cut = split_sector(SHEET, sector, parts, (f"{sector}_a", f"{sector}_b"))
    row = SHEET.economy.sector(sector)
    assert cut.economy.sector_names[row : row + 2] == (f"{sector}_a", f"{sector}_b")
    for whole, split in (
        (SHEET.net_usd_bn, cut.net_usd_bn),
        (SHEET.issued_usd_bn, cut.issued_usd_bn),
    ):
        np.testing.assert_allclose(split[row : row + 2].sum(axis=0), whole[row], rtol=1e-12)
        np.testing.assert_array_equal(np.delete(split, [row, row + 1], 0), np.delete(whole, row, 0))
    check_balanced(cut.net_usd_bn, cut.economy, 1e-12)
    cell = cut.cell(f"{sector}_a", "deposits")
    assert cell.value_usd_bn == pytest.approx(share * _amount(SHEET, sector, "deposits"))
    assert cell.status == "allocated" and f"of {sector}" in cell.note
    assert cut.cell("fed", "reserves") == SHEET.cell("fed", "reserves")


@pytest.mark.parametrize(
    ("shares", "names", "word"),
    [
        ((), (), "0 shares"),
        ((0.5, 0.5), ("a",), "2 shares for 1 names"),
        ((0.5, 0.5), ("a", "a"), "not new"),
        ((0.5, 0.5), ("a", "fed"), "not new"),
        ((1.5, -0.5), ("a", "b"), "not all positive"),
        ((0.5, 0.4), ("a", "b"), "sum to 0.9"),
        ((float("nan"), 0.5), ("a", "b"), "not all positive"),
    ],
)
def test_a_split_that_does_not_add_up_is_refused(
    shares: tuple[float, ...], names: tuple[str, ...], word: str
) -> None:
    with pytest.raises(UsageError, match="DP-034") as caught:
        split_sector(SHEET, "households", shares, names)
    assert word in str(caught.value)


def test_a_role_that_must_be_single_cannot_be_split() -> None:
    with pytest.raises(UsageError, match="DP-010"):
        split_sector(SHEET, "fed", (0.5, 0.5), ("east", "west"))


@given(order=st.permutations(NAMES))
def test_the_order_of_sectors_does_not_matter(order: list[str]) -> None:
    shuffled = permuted(SHEET, order)
    assert shuffled.economy.sector_names == tuple(order)
    for name in order:
        assert _amount(shuffled, name, "bills") == _amount(SHEET, name, "bills")
        assert shuffled.cell(name, "bills") == SHEET.cell(name, "bills")
    np.testing.assert_array_equal(permuted(shuffled, NAMES).issued_usd_bn, SHEET.issued_usd_bn)


def test_an_order_that_drops_a_sector_is_refused() -> None:
    with pytest.raises(UsageError, match="DP-034"):
        permuted(SHEET, NAMES[1:])


def test_another_unit_scales_every_amount() -> None:
    millions = in_unit(SHEET, 1_000.0)
    np.testing.assert_allclose(millions.gross_usd_bn, 1_000.0 * SHEET.gross_usd_bn, rtol=1e-9)
    assert millions.cell("fed", "reserves").value_usd_bn == pytest.approx(-2_957_400.0)
    assert millions.adjustments[0].amount_usd_bn == 1_000 * SHEET.adjustments[0].amount_usd_bn
    for factor in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(UsageError, match="DP-034"):
            in_unit(SHEET, factor)
