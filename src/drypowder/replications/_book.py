"""What the models of Godley and Lavoie have in common: schedules, periods in a row, and the books.

A page states how one period follows from the last in closed form; the amounts are then booked as
payments between sectors, and what the issuer of money owes at the end is read from the books. No
equation of a page says that money held is money issued: the books do.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Float

from drypowder.accounts import BalanceSheetMatrix, Economy, FlowMatrix
from drypowder.errors import DrypowderError, UsageError

if TYPE_CHECKING:  # postings need jax, which takes a second to load
    from drypowder.accounts.ledger import Ledger

SOURCE = "W. Godley and M. Lavoie, Monetary Economics (2007)"
UNIT = "units of money"
# Where each parameter makes sense; parentheses exclude the end. The others may be any number.
RANGES = {
    "G": "[0, inf)",
    "theta": "(0, 1)",
    "alpha0": "[0, inf)",
    "alpha1": "[0, 1)",
    "alpha2": "(0, 1]",
    "r": "(-1, 1)",
    "r_b": "(-1, 1)",
    "p_bL": "(0, inf)",
    "p_bL_e": "(0, inf)",
    "chi": "[0, 1]",
    "delta": "[0, 1]",
    "gamma": "[0, 1]",
    "kappa": "[0, inf)",
    "pr": "(0, inf)",
}
_ROUNDING = 1e-9  # of the largest stock
_STABLE = 1.0 - 1e-12  # above it rounding decides whether a model comes to rest

SCHEDULED = object()  # a parameter that only the schedule can say

Schedule = Mapping[str, Mapping[int, float]]
Series = dict[str, Float[np.ndarray, " period"]]
Amount = Float[np.ndarray, " period"] | float
Parameters = Any  # the NamedTuple of a page
Period = Any  # likewise


@dataclass(frozen=True)
class As:
    """A parameter that is as another one unless the schedule says otherwise."""

    name: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Booked:
    """A solved model and its books; element 0 of an array is period 1."""

    ledger: Ledger = field(repr=False)
    _MONEY: ClassVar[tuple[str, str]]  # the fields: money held as the model says, and issued

    @property
    def drift(self) -> float:
        """Largest gap in any period between money that households hold and money issued."""
        held, issued = (getattr(self, name) for name in self._MONEY)
        return float(np.abs(held - issued).max())

    @property
    def overdrawn(self) -> int | None:
        """First period at whose end households hold less than nothing of something; 0 the start.

        None if never. The books balance even so, but nobody would lend households that money.
        """
        held = self.ledger.stocks[:, self.ledger.economy.sector("households")].min(axis=1)
        short = np.flatnonzero(held < -_ROUNDING * np.abs(self.ledger.stocks).max())
        return int(short[0]) if len(short) else None

    def flow_matrix(self, period: int) -> FlowMatrix:
        """Who paid whom in a period. Raises UsageError DP-036 for one not solved."""
        return self.ledger.flow_matrix(period)

    def balance_sheet(self, period: int) -> BalanceSheetMatrix:
        """Who owned what at the end of a period; 0 is the start. Raises UsageError DP-036."""
        return self.ledger.balance_sheet(period)


class Book:
    """Payments between sectors, booked for all periods at once; `close` checks and returns them."""

    def __init__(
        self, title: str, economy: Economy, periods: int, opening: dict[str, dict[str, float]]
    ) -> None:
        self._title, self._economy, self._periods = title, economy, periods
        stocks = [self._columns(cells, 1)[:, 0] for cells in opening.values()]
        self._opening = np.zeros((len(economy.sectors), len(economy.instruments)))
        self._opening[:, [economy.instrument(name) for name in opening]] = np.array(stocks).T
        self._postings: list[tuple[str, Any, dict[str, Any], bool]] = []
        self._revaluations: dict[str, Any] = {}

    def pay(self, name: str, **received: Amount) -> None:
        """Income of some is spending of others: amounts received, minus amounts paid."""
        self._postings.append((name, self._columns(received, self._periods), {}, True))

    def trade(self, name: str, instrument: str, **bought: Amount) -> None:
        """A claim against money: values bought, minus values sold or issued."""
        values = self._columns(bought, self._periods)
        self._postings.append((name, -values, {instrument: values}, False))

    def make(self, name: str, instrument: str, **made: Amount) -> None:
        """A thing that nobody owes comes into the world, or (minus) wears out."""
        values = self._columns(made, self._periods)
        self._postings.append((name, np.zeros_like(values), {instrument: values}, False))

    def revalue(self, instrument: str, **gained: Amount) -> None:
        """What a change of its price gave to each sector; no money moves."""
        self._revaluations[instrument] = self._columns(gained, self._periods)

    def close(self) -> Ledger:
        """The books. Raises UnbalancedError DP-029 if anything has only one side."""
        from drypowder.accounts.ledger import Ledger
        from drypowder.accounts.postings import Entry

        postings = tuple(Entry(*each) for each in self._postings)
        ledger = Ledger(
            self._title, self._economy, UNIT, self._opening, postings, self._revaluations
        )
        ledger.check()
        return ledger

    def _columns(self, cells: Mapping[str, Amount], periods: int) -> np.ndarray:
        columns = np.zeros((len(self._economy.sectors), periods))
        for sector, amounts in cells.items():
            columns[self._economy.sector(sector)] = amounts
        return columns


def parameter_paths(
    kind: Callable[..., Parameters],
    values: Mapping[str, Any],
    schedule: Schedule | None,
    periods: int,
) -> tuple[list[Parameters], Series]:
    """The parameters of period 0, 1, ... `periods`, as rows and as columns.

    Args:
        values: what holds until the schedule says otherwise; `SCHEDULED` if it must say it.
        schedule: parameter -> {first period: value}; a first value given for period 1 holds
            before it too.

    Raises:
        UsageError: DP-160 fewer periods than one or a number where it makes no sense;
            DP-161 a schedule that names no parameter, no first period or no number.
    """
    last = _count(periods)
    schedule = {} if schedule is None else schedule
    _refuse_unknown(schedule, tuple(values))
    columns: dict[str, np.ndarray] = {}
    for name, value in values.items():
        steps = _steps(name, schedule.get(name, {}), needed=value is SCHEDULED)
        if isinstance(value, As):
            column = columns[value.name].copy()
        else:
            value = steps[0][1] if value is SCHEDULED else value
            column = np.full(last + 1, in_range(name, value))
        for k, (first, new) in enumerate(steps):
            column[0 if k == 0 and first == 1 else first :] = new
        column.flags.writeable = False
        columns[name] = column
    rows: list[Parameters] = []  # one object a regime
    starts = {first for steps in schedule.values() for first in map(int, steps) if first <= last}
    for first, end in pairwise([*sorted({0} | starts), last + 1]):
        rows += [kind(*(float(column[first]) for column in columns.values()))] * (end - first)
    return rows, columns


def march(
    solve: Callable[[Parameters, Parameters, Period], Period],
    parameters: Sequence[Parameters],
    start: Period,
) -> tuple[Series, Series]:
    """Every variable of every period, and the same one period before."""
    rows = [start]
    for before, now in pairwise(parameters):
        rows.append(solve(now, before, rows[-1]))
    size = len(start)
    table = np.fromiter(chain.from_iterable(rows), float, size * len(rows)).reshape(-1, size).T
    table.flags.writeable = False
    names = type(start)._fields
    solved, last = (dict(zip(names, t, strict=True)) for t in (table[:, 1:], table[:, :-1]))
    return solved, last


def refuse_explosive(
    model: str,
    parameters: Sequence[Parameters],
    follow: Callable[[Parameters, Sequence[float]], Sequence[float]],
    size: int,
) -> None:
    """A model that does not come to rest has no answer: the largest root must lie below one.

    Args:
        follow: state of the next period from `size` numbers of this one; linear but for a constant.

    Raises:
        DrypowderError: DP-162 naming the root and the parameters.
    """
    for before, regime in pairwise([(), *parameters]):
        if regime is before or regime == before:
            continue
        rest = np.asarray(follow(regime, [0.0] * size))
        moves = np.array([follow(regime, row) for row in np.eye(size).tolist()]) - rest
        root = float(np.abs(np.linalg.eigvals(moves)).max()) if np.isfinite(moves).all() else np.inf
        if root >= _STABLE:
            said = ", ".join(f"{k} {v:.6g}" for k, v in regime._asdict().items())
            raise DrypowderError(
                "DP-162",
                f"{model} does not come to rest: what is off grows {root:.6g} times a period "
                f"({said}).",
                "Tax or consume a larger part of income and wealth, or lower the interest rate.",
            )


def in_range(name: str, value: Any, allowed: str | None = None) -> float:
    """The value as a float. Raises UsageError DP-160 if it is no number or makes no sense."""
    allowed = allowed or RANGES.get(name, "(-inf, inf)")
    low, high = (float(end) for end in allowed[1:-1].split(","))
    number = math.nan
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        number = float(value)
    above = number > low or (allowed[0] == "[" and number == low)
    below = number < high or (allowed[-1] == "]" and number == high)
    if math.isfinite(number) and above and below:
        return number
    percent = " Write 2.5 % as 0.025." if name in ("r", "r_b") else ""
    raise UsageError(
        "DP-160",
        f"{name} is {value!r}.",
        f"Give a number in {allowed}.{percent}".replace("inf", "∞"),
    )


def start_stocks(**stocks: Any) -> dict[str, float]:
    """Stocks at the start as floats, none below zero. Raises UsageError DP-160."""
    return {name: in_range(f"{name}_start", value, "[0, inf)") for name, value in stocks.items()}


def _count(periods: Any) -> int:
    try:
        count = 0 if isinstance(periods, bool) else operator.index(periods)
    except TypeError:
        count = 0
    if count < 1:
        raise UsageError("DP-160", f"periods is {periods!r}.", "Give a whole number, at least 1.")
    return count


def _refuse_unknown(schedule: Schedule, names: tuple[str, ...]) -> None:
    if not isinstance(schedule, Mapping):
        raise UsageError(
            "DP-161", f"the schedule is {schedule!r}.", 'Write {"r": {1: 0.025, 16: 0.035}}.'
        )
    by_case = {name.lower(): name for name in names}
    for key in schedule:
        if key in names:
            continue
        close = difflib.get_close_matches(str(key).lower(), by_case, n=1)
        hint = f"Did you mean {by_case[close[0]]!r}? " if close else ""
        raise UsageError(
            "DP-161", f"the schedule names {key!r}.", f"{hint}Parameters: {', '.join(names)}."
        )


def _steps(name: str, steps: Any, *, needed: bool) -> list[tuple[int, float]]:
    """First periods and values in order of time."""
    if not isinstance(steps, Mapping):
        raise UsageError(
            "DP-161",
            f"the schedule of {name} is {steps!r}.",
            f'Write first periods and values: {{"{name}": {{1: {steps!r}}}}}.',
        )
    for first in steps:
        if isinstance(first, bool) or not isinstance(first, (int, np.integer)) or first < 0:
            raise UsageError(
                "DP-161",
                f"the schedule of {name} has the period {first!r}.",
                "Periods are whole numbers: 1 is the first one solved, 0 the start.",
            )
    if needed and min(steps, default=2) > 1:
        raise UsageError(
            "DP-161",
            f"the schedule does not say what {name} is in period 1.",
            f'Give it from the first period on: {{"{name}": {{1: ...}}}}.',
        )
    return [(int(first), in_range(name, steps[first])) for first in sorted(steps)]
