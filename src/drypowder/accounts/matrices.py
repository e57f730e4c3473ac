"""The two tables of stock-flow-consistent economics: who owns what, and who paid whom.

In the balance-sheet matrix every financial column sums to zero because each claim is somebody's
debt; in the transaction-flow matrix every column of every posting does, because each payment is
somebody's receipt. Both print as plain text, CSV and LaTeX (booktabs), sums shown.

Source: W. Godley and M. Lavoie, Monetary Economics (2007), tables 1.1 and 1.2, for the layout;
here rows are sectors in arrays and CSV, columns in print.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from drypowder.accounts.balance import (
    BALANCE_TOLERANCE,
    DOLLAR_USD_BN,
    check_balanced,
    check_columns,
    check_finite,
)
from drypowder.accounts.economy import Economy
from drypowder.accounts.sheet import OpeningSheet
from drypowder.errors import DrypowderError, UsageError

FLOW_TOLERANCE = 1e-9  # of the gross flow in a column of a posting
_CELL = str | float
_UNIT = "billion USD"
_SUFFIXES = {_UNIT: "usd_bn"}  # of columns in files; any other unit is its own


@dataclass(frozen=True, eq=False)
class BalanceSheetMatrix:
    """Stocks at one moment: sectors by instruments, with net worth and column sums."""

    title: str
    economy: Economy
    values_usd_bn: Float[np.ndarray, "sector instrument"]  # assets +, liabilities -, in `unit`
    unit: str = _UNIT  # a textbook counts in units of its own

    def __post_init__(self) -> None:
        _check_shape(self.title, self.values_usd_bn, self.economy)

    @property
    def net_worth_usd_bn(self) -> Float[np.ndarray, " sector"]:
        """Row sums, USD bn."""
        return self.values_usd_bn.sum(axis=1)

    def check(self, tolerance: float = BALANCE_TOLERANCE) -> None:
        """Every financial column sums to zero. Raises UnbalancedError DP-029 or DP-030."""
        check_balanced(self.values_usd_bn, self.economy, tolerance, where=f"in {self.title}")

    def to_rows(self) -> list[list[_CELL]]:
        """A header, one row a sector with its net worth, and a row of column sums (USD bn)."""
        instruments, worth = _headings(self.economy, self.unit)
        body = _with_sums(self.values_usd_bn)
        names = (*self.economy.sector_names, "sum")
        return [
            ["sector", *instruments, worth],
            *([name, *row] for name, row in zip(names, body.tolist(), strict=True)),
        ]

    def to_csv(self, path: str | Path) -> None:
        """Write `to_rows`, all digits kept. Raises DrypowderError DP-035 if it cannot."""
        _write_rows(Path(path), self.to_rows())

    def to_latex(self) -> str:
        """A booktabs table, instruments as rows and sectors as columns, sums shown."""
        lines = _latex_lines(self.economy.instrument_names, self.values_usd_bn)
        worth = _latex_line("net worth", [*self.net_worth_usd_bn, self.net_worth_usd_bn.sum()])
        title, lines = f"{self.title}, {self.unit}", [*lines, r"\midrule", worth]
        return _latex(title, self.economy.sector_names, lines)

    def text(self, width: int = 120) -> str:
        """An aligned plain table no wider than `width`, instruments as rows."""
        labels = (*self.economy.instrument_names, "net worth")
        title = f"{self.title}, {self.unit}"
        return _text(title, labels, self.economy.sector_names, self.values_usd_bn, width)


@dataclass(frozen=True, eq=False)
class FlowMatrix:
    """Flows of one step by named posting: who paid, who received, which claims changed hands."""

    title: str
    economy: Economy
    postings_usd_bn: dict[str, Float[np.ndarray, "sector instrument"]]  # received +, given -
    unit: str = _UNIT

    def __post_init__(self) -> None:
        for name, values in self.postings_usd_bn.items():
            _check_shape(name, values, self.economy)

    @property
    def total_usd_bn(self) -> Float[np.ndarray, "sector instrument"]:
        """All postings together: the change of every stock other than by revaluation, USD bn."""
        zero = np.zeros((len(self.economy.sectors), len(self.economy.instruments)))
        return sum(self.postings_usd_bn.values(), start=zero)

    def check(
        self, tolerance: float = FLOW_TOLERANCE, *, floor_usd_bn: float = DOLLAR_USD_BN
    ) -> None:
        """In every posting each financial column sums to zero.

        Args:
            tolerance: largest gap as a share of the column's flow, or `floor_usd_bn` if larger.

        Raises:
            UnbalancedError: DP-029 naming the posting, the column and the amount.
            UsageError: DP-026 for an amount that is not finite.
        """
        for name, values in self.postings_usd_bn.items():
            where = f"after {name}"
            check_finite(values, self.economy, where=where)
            check_columns(values, self.economy, tolerance, floor_usd_bn=floor_usd_bn, where=where)

    def to_rows(self) -> list[list[_CELL]]:
        """A header, then for each posting one row a sector and a row of sums; last all postings."""
        instruments, worth = _headings(self.economy, self.unit)
        names = (*self.economy.sector_names, "sum")
        rows: list[list[_CELL]] = [["posting", "sector", *instruments, worth]]
        for posting, values in self._with_total():
            body = _with_sums(values).tolist()
            rows.extend([posting, name, *row] for name, row in zip(names, body, strict=True))
        return rows

    def to_csv(self, path: str | Path) -> None:
        """Write `to_rows`, all digits kept. Raises DrypowderError DP-035 if it cannot."""
        _write_rows(Path(path), self.to_rows())

    def to_latex(self) -> str:
        """A booktabs table: under each posting the instruments it moves, sectors as columns."""
        columns = len(self.economy.sectors) + 2
        lines: list[str] = []
        for posting, values in self._with_total():
            lines += [rf"\multicolumn{{{columns}}}{{l}}{{\emph{{{_escape(posting)}}}}} \\"]
            lines += [*self._moved_lines(values), r"\midrule"]
        worth = self.total_usd_bn.sum(axis=1)
        lines.append(_latex_line("change in net worth", [*worth, worth.sum()]))
        return _latex(f"{self.title}, {self.unit}", self.economy.sector_names, lines)

    def text(self, width: int = 120) -> str:
        """Aligned plain tables, one a posting, each no wider than `width`."""
        return "\n\n".join(
            _text(
                f"{self.title}: {posting}, {self.unit}",
                (*np.array(self.economy.instrument_names)[_touched(values)].tolist(), "net worth"),
                self.economy.sector_names,
                values[:, _touched(values)],
                width,
            )
            for posting, values in self._with_total()
        )

    def _with_total(self) -> list[tuple[str, np.ndarray]]:
        return [*self.postings_usd_bn.items(), ("all postings", self.total_usd_bn)]

    def _moved_lines(self, values: Float[np.ndarray, "sector instrument"]) -> list[str]:
        touched = _touched(values)
        names = [n for n, t in zip(self.economy.instrument_names, touched, strict=True) if t]
        return _latex_lines(tuple(names), values[:, touched])


def balance_sheet_matrix(sheet: OpeningSheet) -> BalanceSheetMatrix:
    """The balance-sheet matrix of an opening sheet."""
    return BalanceSheetMatrix(f"Balance sheet {sheet.name}", sheet.economy, sheet.net_usd_bn)


def _check_shape(name: str, values: np.ndarray, economy: Economy) -> None:
    wanted = (len(economy.sectors), len(economy.instruments))
    if values.shape != wanted:
        raise UsageError(
            "DP-034",
            f"{name} has shape {values.shape}, not {wanted} (sectors, instruments).",
            "Give one row a sector and one column an instrument, in the economy's order.",
        )


def _headings(economy: Economy, unit: str) -> tuple[list[str], str]:
    """What heads the columns of a file: each instrument and the net worth, with their unit."""
    suffix = _SUFFIXES.get(unit, unit.replace(" ", "_"))
    return [f"{name}_{suffix}" for name in economy.instrument_names], f"net_worth_{suffix}"


def _with_sums(
    values: Float[np.ndarray, "sector instrument"],
) -> Float[np.ndarray, "sector_and_sum instrument_and_sum"]:
    wide = np.concatenate([values, values.sum(axis=1, keepdims=True)], axis=1)
    return np.concatenate([wide, wide.sum(axis=0, keepdims=True)], axis=0)


def _touched(values: Float[np.ndarray, "sector instrument"]) -> np.ndarray:
    return np.abs(values).max(axis=0) > 0.0


def _write_rows(path: Path, rows: list[list[_CELL]]) -> None:
    """The whole file or none: written beside the target, then moved onto it."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    temporary = path.parent / f".{path.name}.{os.getpid()}"
    try:
        temporary.write_text(buffer.getvalue(), encoding="utf-8", newline="")
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise DrypowderError(
            "DP-035",
            f"{path} cannot be written: {error.strerror or error}.",
            "Nothing was left behind. Check that the folder exists, is writable and has room.",
        ) from error


def _printed(value_usd_bn: float) -> str:
    """One decimal; nothing at all prints as a dot, and minus zero never."""
    text = f"{value_usd_bn:,.1f}"
    if text in ("0.0", "-0.0"):
        return "." if abs(value_usd_bn) <= DOLLAR_USD_BN else "0.0"
    return text


def _escape(text: str) -> str:
    """Names as words, with LaTeX's special characters made harmless."""
    words = text.replace("_", " ").replace("\\", r"\textbackslash ")
    for character in "&%$#{}":
        words = words.replace(character, f"\\{character}")
    return words.replace("~", r"\textasciitilde ").replace("^", r"\textasciicircum ")


def _latex_line(label: str, values: list[float]) -> str:
    cells = [_printed(float(v)).replace("-", "$-$") for v in values]
    return " & ".join([_escape(label), *("" if c == "." else c for c in cells)]) + r" \\"


def _latex_lines(
    names: tuple[str, ...], values: Float[np.ndarray, "sector instrument"]
) -> list[str]:
    return [
        _latex_line(name, [*column, column.sum()])
        for name, column in zip(names, values.T, strict=True)
    ]


def _latex(title: str, sectors: tuple[str, ...], lines: list[str]) -> str:
    header = " & ".join(["", *map(_escape, sectors), "sum"]) + r" \\"
    return "\n".join(
        [
            r"% needs \usepackage{booktabs}; wide: \usepackage{pdflscape} or \resizebox helps",
            r"\begin{table}",
            rf"\caption{{{_escape(title)}; assets positive, liabilities negative}}",
            rf"\begin{{tabular}}{{l{'r' * (len(sectors) + 1)}}}",
            r"\toprule",
            header,
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _text(
    title: str,
    labels: tuple[str, ...],
    sectors: tuple[str, ...],
    values: Float[np.ndarray, "sector instrument"],
    width: int,
) -> str:
    """Blocks of as many sectors as fit; the last row is net worth, the last column the sum."""
    table = _with_sums(values).T  # instruments and net worth x sectors and sum
    columns = [
        [name, *map(_printed, column)]
        for name, column in zip((*sectors, "sum"), table.T.tolist(), strict=True)
    ]
    label_width = max(map(len, labels))
    lines = [title]
    for block in _blocks(columns, width - label_width):
        sizes = [max(map(len, column)) for column in block]
        for row, label in enumerate(("", *labels)):
            cells = [f"  {c[row]:>{size}}" for c, size in zip(block, sizes, strict=True)]
            lines.append((f"{label:<{label_width}}" + "".join(cells)).rstrip())
        lines.append("")
    return "\n".join(lines[:-1])


def _blocks(columns: list[list[str]], room: int) -> list[list[list[str]]]:
    blocks: list[list[list[str]]] = [[]]
    used = 0
    for column in columns:
        size = 2 + max(map(len, column))
        if blocks[-1] and used + size > room:
            blocks.append([])
            used = 0
        blocks[-1].append(column)
        used += size
    return blocks
