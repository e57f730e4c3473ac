"""A table of results: raw numbers for machines, formatted ones for people, units in the names."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass, field
from typing import Any

from drypowder.report.numbers import cell
from drypowder.report.words import Catalogue

KINDS = (
    "text", "date", "moment", "count", "usd_bn", "change_usd_bn", "bp", "change_bp", "rate",
    "share", "change_pct", "years", "number", "mixed", "plain", "price", "level",
)  # fmt: skip
_NO_AMOUNTS = ("text", "date", "moment")
_UNIT = ", "  # before the unit of a heading
_RUN = "run_"  # columns of a comparison are named after runs


@dataclass(frozen=True)
class Column:
    """A column: `key` ends with its unit; `names` is the group of labels that cells come from."""

    key: str
    kind: str = "text"  # one of KINDS
    names: str = ""  # labels group of a text column: sector, instrument, source ...

    def heading(self, words: Catalogue) -> str:
        """What a person reads above the column, unit included."""
        if self.key.startswith(_RUN):
            return self.key.removeprefix(_RUN)
        return words.label("column", self.key)


@dataclass(frozen=True)
class Table:
    """Rows of raw values under named columns; `key` names it in every format."""

    key: str
    columns: tuple[Column, ...]
    rows: list[tuple] = field(default_factory=list)

    def to_records(self) -> list[dict[str, Any]]:
        """One dictionary a row, for JSON; what is not a number becomes null."""
        names = [column.key for column in self.columns]
        return [dict(zip(names, map(_jsonable, row), strict=True)) for row in self.rows]

    def to_csv(self) -> str:
        """Header and rows with all digits."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.key for column in self.columns])
        writer.writerows([["" if v is None else v for v in map(_jsonable, r)] for r in self.rows])
        return text.getvalue()

    def shown(self, words: Catalogue) -> list[list[str]]:
        """Headings and cells as a person reads them."""
        return [
            self._headings(words),
            *([_cell(v, c, words) for v, c in self._cells(r)] for r in self.rows),
        ]

    def _headings(self, words: Catalogue) -> list[str]:
        """Headings; a unit that all amounts share is said once, beside what the rows are."""
        said = [column.heading(words) for column in self.columns]
        amounts = [k for k, column in enumerate(self.columns) if column.kind not in _NO_AMOUNTS]
        units = {said[k].rpartition(_UNIT)[2] for k in amounts if _UNIT in said[k]}
        if len(amounts) < 2 or len(units) != 1 or not all(_UNIT in said[k] for k in amounts):
            return said
        for k in amounts:
            said[k] = said[k].rpartition(_UNIT)[0]
        return [said[0] + _UNIT + units.pop(), *said[1:]]

    def first(self, count: int) -> Table:
        """The same table with its first rows only."""
        return Table(self.key, self.columns, self.rows[:count])

    def keep(self, *keys: str) -> Table:
        """The same rows with the named columns only, in that order."""
        names = [column.key for column in self.columns]
        places = [names.index(key) for key in keys]
        columns = tuple(self.columns[k] for k in places)
        return Table(self.key, columns, [tuple(row[k] for k in places) for row in self.rows])

    def column(self, key: str) -> list:
        """All values of one column."""
        place = [column.key for column in self.columns].index(key)
        return [row[place] for row in self.rows]

    def row(self, name: object) -> dict[str, Any]:
        """The row whose first cell is `name`; empty when there is none."""
        found = [record for record in self.to_records() if next(iter(record.values())) == name]
        return found[0] if found else {}

    def _cells(self, row: tuple):
        return zip(row, self.columns, strict=True)


def dumps(value: object) -> str:
    """JSON as we write it everywhere."""
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"


def _cell(value: Any, column: Column, words: Catalogue) -> str:
    if column.names and isinstance(value, str):
        return words.label(column.names, value)
    return cell(value, column.kind, words)


def _jsonable(value: Any) -> Any:
    """NumPy scalars as Python ones, dates as text, NaN as nothing."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
