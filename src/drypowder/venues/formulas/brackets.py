"""Maintenance brackets: what a venue wants to see behind a position of a given size.

    MM(N) = r_k N - c_k  for floor_k <= N,   c_0 = 0,   c_k = c_{k-1} + floor_k (r_k - r_{k-1})

N is the notional at the price in question. The deduction c makes MM continuous: only what lies
above a floor pays the higher rate, as with brackets of an income tax. Because rates do not fall,
MM is convex.

Source: Binance, "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts" (maintenance
amount, read 2024-10); Hyperliquid documentation, "Margin tiers" (maintenance deduction); Bybit
help, "Maintenance Margin (USDT Contract)". Signs: everything positive, in the contract's money: USD
for linear contracts, the coin for inverse ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drypowder.errors import UsageError
from drypowder.venues._checking import Floats, not_negative, numbers, plain

CONTINUITY = 1e-6  # of the margin at a floor: how far published deductions may be rounded


@dataclass(frozen=True, eq=False)
class Brackets:
    """One symbol's table of maintenance rates, as in force on some day.

    Raises:
        UsageError: DP-120 floors, rates or deductions are no table of brackets.
    """

    floor: Floats  # [bracket] notional from which it holds, in the contract's money
    rate: Floats  # [bracket] maintenance margin per unit of notional
    deduction: Floats  # [bracket] in the contract's money
    max_leverage: Floats | None = None  # [bracket] at opening
    cap: float = np.inf  # notional above which nothing may be opened

    def __post_init__(self) -> None:
        for name in ("floor", "rate", "deduction", "max_leverage"):
            value = getattr(self, name)
            if value is not None:
                value = np.array(numbers(name, value), ndmin=1)
                value.setflags(write=False)
                object.__setattr__(self, name, value)
        object.__setattr__(self, "cap", float(self.cap))
        _check(self)

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[tuple[float, float]],
        *,
        max_leverage: ArrayLike | None = None,
        cap: float = np.inf,
    ) -> Brackets:
        """Brackets from (notional floor, rate) alone; the deductions follow from continuity.

        Args:
            rows: lowest first, the first floor being 0; rates as shares (0.004 for 0.4 %).
            max_leverage: one a row, at opening. cap: notional above which nothing may be opened.

        Raises:
            UsageError: DP-120 the rows are no table of brackets.
        """
        table = [tuple(row) for row in rows]
        if not table or any(len(row) != 2 for row in table):
            _broken("a table needs rows of (notional floor, rate)")
        floor, rate = numbers("rows", table).T
        steps = floor[1:] * np.diff(rate)
        deduction = np.concatenate([[0.0], np.cumsum(steps)])
        leverage = None if max_leverage is None else numbers("max_leverage", max_leverage)
        return cls(floor, rate, deduction, leverage, cap)

    @classmethod
    def flat(cls, rate: float, deduction: float = 0.0) -> Brackets:
        """One rate for every size, with the deduction of the bracket that is known to hold.

        A position far below that bracket would be told a maintenance below zero: this is for
        examples and for venues that publish a single rate.
        """
        return cls(np.zeros(1), np.array([rate]), np.array([deduction]))

    def scaled(self, share: float) -> Brackets:
        """The table with every requirement times `share`: a venue's second line."""
        if not 0.0 < share <= 1.0:
            _broken(f"a share of maintenance lies above 0 and not above 1, not at {share!r}")
        return Brackets(
            self.floor, share * self.rate, share * self.deduction, self.max_leverage, self.cap
        )


def maintenance_margin(*, notional: ArrayLike, brackets: Brackets) -> float | Floats:
    """The equity below which a position of this notional is closed.

    Args:
        notional: size times price, at the price in question, in the contract's money.

    Raises:
        UsageError: DP-120 `brackets` is no `Brackets`, DP-121 notional negative or not finite.

    Source: as this file.
    """
    value = not_negative("notional", notional)
    held = bracket_at(value, known(brackets))
    return plain(brackets.rate[held] * value - brackets.deduction[held])


def bracket_index(*, notional: ArrayLike, brackets: Brackets) -> int | NDArray[np.intp]:
    """Which bracket holds at this notional, counted from 0; a floor belongs to its bracket.

    Raises:
        UsageError: DP-120, DP-121 as `maintenance_margin`.
    """
    held = bracket_at(not_negative("notional", notional), known(brackets))
    return int(held) if np.ndim(held) == 0 else held


def bracket_at(notional: Floats, brackets: Brackets) -> NDArray[np.intp]:
    """`bracket_index` of inputs that were checked before."""
    return np.searchsorted(brackets.floor, notional, side="right") - 1


def known(brackets: object) -> Brackets:
    """Refuse what is no `Brackets`. Raises: UsageError DP-120."""
    if not isinstance(brackets, Brackets):
        _broken(f"brackets is a {type(brackets).__name__}, not a Brackets")
    return brackets


def _check(table: Brackets) -> None:
    """A table that a venue could not have meant is refused, with the row that gives it away."""
    floor, rate, deduction = table.floor, table.rate, table.deduction
    columns = [floor, rate, deduction]
    if table.max_leverage is not None:
        columns.append(table.max_leverage)
    if any(column.shape != floor.shape or column.ndim != 1 for column in columns) or not len(floor):
        _broken("floors, rates and deductions are not one list each of the same length")
    if not all(np.isfinite(column).all() for column in columns):
        _broken("a floor, rate, deduction or leverage is not finite")
    if floor[0] != 0.0:
        _broken(f"the first floor is {floor[0]:,g}, not 0")
    _refuse_row(np.diff(floor) <= 0.0, floor, "floor", "is not above the one before")
    _refuse_row(np.diff(rate) < 0.0, rate, "rate", "is below the one before")
    _refuse_row((rate <= 0.0) | (rate >= 1.0), rate, "rate", "is not a share between 0 and 1")
    if table.max_leverage is not None:
        low = table.max_leverage < 1.0
        _refuse_row(low, table.max_leverage, "largest leverage", "is below 1")
    if not table.cap > floor[-1]:
        _broken(f"the cap {table.cap:,g} is not above the last floor {floor[-1]:,g}")
    jump = np.diff(deduction) - floor[1:] * np.diff(rate)
    gap = np.abs(jump) > CONTINUITY * rate[1:] * floor[1:]
    _refuse_row(gap, deduction, "deduction", "leaves a step in maintenance at its floor")


def _refuse_row(wrong: NDArray[np.bool_], column: Floats, name: str, why: str) -> None:
    if wrong.any():
        row = int(np.argmax(wrong)) + len(column) - len(wrong)
        _broken(f"row {row + 1}: the {name} {column[row]:,g} {why}")


def _broken(why: str) -> NoReturn:
    raise UsageError(
        "DP-120",
        f"these are no maintenance brackets: {why}.",
        "Give floors from 0 upwards in the contract's money and rates as shares (0.004 for 0.4 %).",
    )
