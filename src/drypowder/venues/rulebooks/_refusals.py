"""Rows of a file that are left out, each with its line and the first reason against it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import UsageError
from drypowder.venues.rulebooks._columns import Column, Sheet

_TOLD = 20  # rows listed in a message
_CELL = 40  # characters of a cell that are shown

Say = Callable[[int], str]


class Refused(NamedTuple):
    """A row that was left out."""

    line: int  # of the file, counted from 1
    reason: str


class Refusals:
    """Which rows are refused. Reasons are put into words only when somebody asks."""

    def __init__(self, sheet: Sheet) -> None:
        self.bad = np.zeros(len(sheet), dtype=bool)  # [row]
        self._line, self._misshapen = sheet.line, sheet.misshapen
        self._why = np.full(len(sheet), -1, dtype=np.int32)
        self._reasons: list[Say] = []

    def mark(self, rows: NDArray[np.bool_], reason: str) -> None:
        """Refuse rows for one reason."""
        self.mark_rows(np.nonzero(rows)[0], reason)

    def mark_rows(self, rows: NDArray[np.intp], reason: str) -> None:
        """Refuse rows, given by number, for one reason."""
        self.mark_each(rows, lambda _row: reason)

    def mark_cells(self, rows: NDArray[np.bool_], column: Column, why: str) -> None:
        """Refuse rows because of what stands in a column."""

        def say(row: int) -> str:
            return f"{column.name} is {column.cell(row)[:_CELL]!r}: {why}"

        self.mark_each(np.nonzero(rows)[0], say)

    def mark_each(self, rows: NDArray[np.intp], say: Say) -> None:
        """Refuse rows for a reason that `say` puts into words; the first reason stays."""
        fresh = rows[~self.bad[rows]]
        if len(fresh):
            self.bad[fresh] = True
            self._why[fresh] = len(self._reasons)
            self._reasons.append(say)

    def any(self) -> bool:
        """Whether any row is refused."""
        return bool(len(self))

    def __len__(self) -> int:
        return int(self.bad.sum()) + len(self._misshapen)

    def __iter__(self) -> Iterator[Refused]:
        """The refused rows in the order of the file."""
        waiting = list(self._misshapen)
        for row in np.nonzero(self.bad)[0]:
            line = int(self._line[row])
            while waiting and waiting[0][0] < line:
                yield Refused(*waiting.pop(0))
            yield Refused(line, self._reasons[self._why[row]](int(row)))
        yield from (Refused(*each) for each in waiting)

    def error(self, path: str) -> UsageError:
        """All of it as one error that lists the first rows."""
        told = [each for each, _ in zip(self, range(_TOLD), strict=False)]
        listed = "; ".join(f"line {line}: {reason}" for line, reason in told)
        more = f"; and {len(self) - _TOLD} more" if len(self) > _TOLD else ""
        rows = "1 row" if len(self) == 1 else f"{len(self)} rows"
        return UsageError(
            "DP-137",
            f"{path}: {rows} cannot be used: {listed}{more}.",
            "Mend them, or pass best_effort=True (--best-effort) to keep the others.",
        )
