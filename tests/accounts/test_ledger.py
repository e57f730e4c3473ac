"""Books over many periods: stocks are sums of what was posted, and nothing is one-sided."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drypowder.accounts import Economy, Instrument, Sector, default_economy
from drypowder.accounts.ledger import Ledger
from drypowder.accounts.postings import Posting, settle
from drypowder.errors import UnbalancedError, UsageError

# The treasury's notes are the only money; households also hold its bonds and some gold.
TOY = Economy(
    sectors=(
        Sector("households", "holder"),
        Sector("firms", "issuer"),
        Sector("treasury", "government"),
    ),
    instruments=(
        Instrument("notes", "par", "money"),
        Instrument("bonds", "cleared", "bonds"),
        Instrument("gold", "cleared", "gold", real=True),
    ),
    money="notes",
)
OPENING = np.array([[5.0, 40, 7], [0, 0, 0], [-5, -40, 0]])


def _posting(name: str, money, **claims) -> Posting:
    return Posting(
        money=np.array(money, dtype=float),
        claims={k: np.array(v, dtype=float) for k, v in claims.items()},
        name=name,
    )


def _ledger(*postings: Posting, **revaluations) -> Ledger:
    """Two periods: the treasury pays 3 and 4; households buy 2 of bonds; bonds then fall by 6."""
    postings = postings or (
        _posting("wages", [[3, 4], [0, 0], [-3, -4]]),
        _posting("issue", [[-2, 0], [0, 0], [2, 0]], bonds=[[2, 0], [0, 0], [-2, 0]]),
    )
    fall = {"bonds": np.array([[0.0, -6], [0, 0], [0, 6]])}
    return Ledger("Toy", TOY, "shells", OPENING, postings, revaluations or fall)


def test_stocks_are_the_opening_and_all_that_happened_since() -> None:
    ledger = _ledger()
    ledger.check()
    # notes 5 + 3 - 2 = 6, then + 4 = 10; bonds 40 + 2 = 42, then - 6 = 36; gold stays
    np.testing.assert_array_equal(ledger.stocks[1], [[6, 42, 7], [0, 0, 0], [-6, -42, 0]])
    np.testing.assert_array_equal(ledger.stocks[2], [[10, 36, 7], [0, 0, 0], [-10, -36, 0]])
    np.testing.assert_array_equal(ledger.held("treasury", "notes"), [-6, -10])
    assert ledger.periods == 2


def test_what_the_issuer_of_money_pays_it_creates_and_what_others_pay_moves() -> None:
    paid = np.array([[3.0], [1.0], [-4.0]])
    assert list(settle(money=paid, economy=TOY)) == ["notes"]
    np.testing.assert_array_equal(settle(money=paid, economy=TOY)["notes"], paid)


def test_an_economy_with_one_money_needs_no_banks_but_must_have_that_money() -> None:
    with pytest.raises(UsageError, match=r"DP-011: unknown instrument 'shells'.*Known: notes"):
        Economy(TOY.sectors, TOY.instruments, money="shells")
    with pytest.raises(UsageError, match="DP-010"):
        Economy(TOY.sectors, TOY.instruments)
    assert default_economy().money == ""


def test_matrices_of_a_period_balance_and_say_their_unit(tmp_path: Path) -> None:
    ledger = _ledger()
    flows, stocks = ledger.flow_matrix(1), ledger.balance_sheet(1)
    flows.check()
    stocks.check()
    np.testing.assert_array_equal(flows.total_usd_bn, ledger.stocks[1] - ledger.stocks[0])
    assert flows.text().startswith("Toy: flows of period 1: wages, shells\n")
    assert stocks.text().startswith("Toy: balance sheet, end of period 1, shells\n")
    assert r"\caption{Toy: balance sheet, end of period 1, shells; assets" in stocks.to_latex()
    stocks.to_csv(tmp_path / "stocks.csv")
    with (tmp_path / "stocks.csv").open(newline="") as file:
        header = next(csv.reader(file))
    assert header == ["sector", "notes_shells", "bonds_shells", "gold_shells", "net_worth_shells"]


@pytest.mark.parametrize(
    ("ledger", "said"),
    [
        (
            _ledger(_posting("theft", [[0, 3], [0, 0], [0, -2]])),
            "1 of money after theft in period 2 has no other side",
        ),
        (
            _ledger(_posting("gift", np.zeros((3, 2)), bonds=[[1, 0], [0, 0], [0, 0]])),
            "1 of bonds after gift in period 1",
        ),
        (
            _ledger(bonds=np.array([[0.0, -6], [0, 0], [0, 5]])),
            "1 of bonds after a change of price in period 2",
        ),
        (_ledger(_posting("noise", [[0, np.nan], [0, 0], [0, 0]])), "nan of money after noise"),
    ],
)
def test_a_flow_with_one_side_is_named(ledger: Ledger, said: str) -> None:
    with pytest.raises(UnbalancedError, match=f"DP-029: Toy: {said}"):
        ledger.check()


def test_an_opening_with_one_side_is_named() -> None:
    ledger = Ledger("Toy", TOY, "shells", OPENING + np.eye(3), _ledger().postings)
    with pytest.raises(UnbalancedError, match="DP-029: notes: held for 6 bn"):
        ledger.check()


def test_real_things_may_be_found_and_lost() -> None:
    found = _posting("find", np.zeros((3, 2)), gold=[[4, -11], [0, 0], [0, 0]])
    ledger = _ledger(found)
    ledger.check()
    np.testing.assert_array_equal(ledger.held("households", "gold"), [11, 0])


@pytest.mark.parametrize(("ask", "period"), [("balance_sheet", -1), ("flow_matrix", 0)])
def test_a_period_that_was_not_booked_is_refused(ask: str, period: int) -> None:
    for wrong in (period, 3):
        with pytest.raises(UsageError, match=f"DP-036: Toy has no period {wrong}"):
            getattr(_ledger(), ask)(wrong)


@given(arrays(float, (2, 2, 13), elements=st.floats(-1e6, 1e6)))
def test_money_issued_is_money_held_whatever_is_paid(paid: np.ndarray) -> None:
    wages = np.concatenate([paid[0], -paid[0].sum(axis=0, keepdims=True)])
    bought = np.concatenate([paid[1], -paid[1].sum(axis=0, keepdims=True)])
    ledger = _ledger(_posting("wages", wages), _posting("issue", -bought, bonds=bought))
    ledger = Ledger("Toy", TOY, "shells", OPENING, ledger.postings)
    ledger.check()
    held = ledger.held("households", "notes") + ledger.held("firms", "notes")
    np.testing.assert_allclose(held, -ledger.held("treasury", "notes"), rtol=1e-9, atol=1e-7)
    worth = ledger.stocks.sum(axis=2)
    np.testing.assert_allclose(worth[1:] - worth[:-1], wages.T, rtol=1e-9, atol=1e-7)
