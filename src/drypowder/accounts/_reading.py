"""A balance-sheet file, CSV or TOML, read into cells: rows are checked before sums are made."""

from __future__ import annotations

import csv
import difflib
import io
import math
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

from drypowder.accounts.economy import Economy
from drypowder.errors import DataMissingError, UsageError

_SHEET = ("sector", "instrument", "value_usd_bn", "status", "source", "note")
_ISSUANCE = (
    "date",
    "instrument",
    "issuer",
    "issued_usd_bn",
    "held_by_issuer_sector_usd_bn",
    "note",
)
_OPTIONAL = frozenset({"status", "source", "note", "held_by_issuer_sector_usd_bn"})


@dataclass(frozen=True)
class Cell:
    """One amount of a sheet and where it comes from."""

    sector: str
    instrument: str
    value_usd_bn: float  # assets positive, liabilities negative
    status: str = "unstated"  # observed, derived, allocated, residual; missing: counted as zero
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class Issue:
    """The gross amount that one issuer has outstanding, its own holdings included."""

    date: str  # the name of the sheet it belongs to
    issuer: str
    instrument: str
    issued_usd_bn: float


@dataclass(frozen=True)
class _Row:
    where: str  # file and line, for messages
    fields: dict[str, object]

    def text(self, key: str) -> str:
        return str(self.fields.get(key) or "").strip()


def read_cells(path: Path | Traversable, economy: Economy) -> dict[tuple[str, str], Cell]:
    """The cells of an opening sheet by (sector, instrument), USD bn.

    Raises:
        DataMissingError: DP-020 no such file, DP-021 unreadable, DP-022 empty.
        UsageError: DP-023 unit missing, DP-024 wrong columns, DP-025 unknown name,
            DP-026 not a number, DP-027 the same cell twice.
    """
    cells: dict[tuple[str, str], Cell] = {}
    for row in _rows(path, "cell", _SHEET):
        cell = Cell(
            sector=_known(row, "sector", economy.sector_names),
            instrument=_known(row, "instrument", economy.instrument_names),
            value_usd_bn=_number(row, "value_usd_bn"),
            status=row.text("status") or "unstated",
            source=row.text("source"),
            note=row.text("note"),
        )
        _refuse_twice((cell.sector, cell.instrument) in cells, row, cell.sector, cell.instrument)
        cells[cell.sector, cell.instrument] = cell
    return cells


def read_issues(path: Path | Traversable, economy: Economy) -> tuple[Issue, ...]:
    """Gross amounts outstanding by date, issuer and instrument, USD bn.

    Raises:
        as `read_cells`; DP-026 also for a negative amount.
    """
    issues: dict[tuple[str, str, str], Issue] = {}
    for row in _rows(path, "issuance", _ISSUANCE):
        issue = Issue(
            date=row.text("date"),
            issuer=_known(row, "issuer", economy.sector_names),
            instrument=_known(row, "instrument", economy.instrument_names),
            issued_usd_bn=_number(row, "issued_usd_bn", least=0.0),
        )
        key = (issue.date, issue.issuer, issue.instrument)
        _refuse_twice(key in issues, row, issue.issuer, issue.instrument)
        issues[key] = issue
    return tuple(issues.values())


def read_table(path: Path | Traversable) -> list[dict[str, str]]:
    """The rows of a shipped table whose columns are known to be right."""
    return list(csv.DictReader(io.StringIO(_text(path), newline="")))


def _rows(path: Path | Traversable, table: str, columns: tuple[str, ...]) -> list[_Row]:
    text = _text(path)
    rows = list(_toml_rows(path, text, table) if _is_toml(path) else _csv_rows(path, text, columns))
    if not rows:
        raise DataMissingError(
            "DP-022",
            f"{path} is empty: it has no rows.",
            f"Give one row a cell with the columns {', '.join(columns)}.",
        )
    for row in rows if _is_toml(path) else ():
        _check_columns(row.where, tuple(row.fields), columns)
    return rows


def _text(path: Path | Traversable) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataMissingError("DP-020", f"there is no file {path}.", "Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path | Traversable, error: Exception) -> DataMissingError:
    return DataMissingError(
        "DP-021",
        f"{path} cannot be read: {error}.",
        "It must be a readable CSV or TOML file in UTF-8.",
    )


def _is_toml(path: Path | Traversable) -> bool:
    return path.name.lower().endswith(".toml")


def _toml_rows(path: Path | Traversable, text: str, table: str) -> Iterator[_Row]:
    try:
        entries = tomllib.loads(text).get(table, [])
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(path, error) from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(
            "DP-024", f"{path}: `{table}` is not a list of tables.", f"Write [[{table}]] entries."
        )
    for position, entry in enumerate(entries, start=1):
        yield _Row(f"{path.name}, {table} {position}", entry)


def _csv_rows(path: Path | Traversable, text: str, columns: tuple[str, ...]) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    try:
        for fields in reader:
            where = f"{path.name} line {reader.line_num}"
            if not any(field.strip() for field in fields):
                continue
            if not header:
                header = [field.strip() for field in fields]
                _check_columns(where, header, columns)
                continue
            if len(fields) != len(header):
                raise UsageError(
                    "DP-024",
                    f"{where} has {len(fields)} fields where the header has {len(header)}.",
                    "Quote a text that contains a comma; write no thousands separators.",
                )
            yield _Row(where, dict(zip(header, fields, strict=True)))
    except csv.Error as error:
        raise _unreadable(path, error) from error


def _check_columns(where: str, found: Iterable[str], columns: tuple[str, ...]) -> None:
    """The amount must carry its unit; the other columns must be the expected ones."""
    names = list(found)
    amounts = [name for name in columns if name.endswith("_usd_bn") and name not in _OPTIONAL]
    absent = [name for name in columns if name not in names and name not in _OPTIONAL]
    if absent and set(absent) <= set(amounts):
        others = [name for name in names if name not in columns]
        raise UsageError(
            "DP-023",
            f"{where}: the unit is missing: no column {absent[0]}"
            + (f" (found: {', '.join(others)})." if others else "."),
            f"State amounts in billions of US dollars and name the column {absent[0]}.",
        )
    unknown = [name for name in names if name not in columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if absent or unknown or repeated:
        faults = {"missing": absent, "unknown": unknown, "repeated": repeated}
        said = "; ".join(f"{what} {', '.join(map(repr, of))}" for what, of in faults.items() if of)
        raise UsageError(
            "DP-024", f"{where}: wrong columns: {said}.", f"Columns: {', '.join(columns)}."
        )


def _known(row: _Row, key: str, names: tuple[str, ...]) -> str:
    name = row.text(key)
    if name in names:
        return name
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"Did you mean {close[0]!r}? " if close else ""
    raise UsageError(
        "DP-025", f"{row.where}: unknown {key} {name!r}.", f"{hint}Known: {', '.join(names)}."
    )


def _number(row: _Row, key: str, *, least: float = -math.inf) -> float:
    raw = row.fields.get(key)
    try:
        value = math.nan if isinstance(raw, bool) else float(raw)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if math.isfinite(value) and value >= least:
        return value
    wanted = "a number" if least == -math.inf else "a number, zero or more"
    raise UsageError(
        "DP-026",
        f"{row.where}: {key} is {raw!r}, not {wanted}.",
        "Write a plain decimal number such as 1234.5; write 0 for nothing.",
    )


def _refuse_twice(seen: bool, row: _Row, sector: str, instrument: str) -> None:
    if seen:
        raise UsageError(
            "DP-027",
            f"{row.where}: {instrument} of {sector} is given a second time.",
            "Keep one row a cell.",
        )
