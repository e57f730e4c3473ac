"""A CSV file as columns of text: quick for a million rows, and every row knows its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DataMissingError, UsageError

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_SLIP = 0.8  # likeness from which an unknown column is taken for a misspelled one


class Column:
    """One column of trimmed text; empty throughout if the file does not have it."""

    def __init__(self, name: str, text: Any, rows: int) -> None:
        self.name, self._text, self._rows = name, text, rows  # text: a pyarrow array, or None

    def missing(self) -> NDArray[np.bool_]:
        """Rows whose cell is empty."""
        import pyarrow.compute as pc

        if self._text is None:
            return np.ones(self._rows, dtype=bool)
        return pc.equal(self._text, "").to_numpy(zero_copy_only=False)

    def coded(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Which of its distinct texts stands in each row, and these in the order of the file."""
        if self._text is None or not self._rows:
            return np.zeros(self._rows, dtype=np.int32), ("",)
        coded = self._text.dictionary_encode()
        return coded.indices.to_numpy(zero_copy_only=False), tuple(coded.dictionary.to_pylist())

    def mapped(self, words: Mapping[str, int], *, other: int) -> NDArray[np.int64]:
        """A number for each word, whatever its case."""
        index, names = self.coded()
        values = [words.get(name.casefold(), other) for name in names]
        return np.array(values, dtype=np.int64)[index]

    def numbers(self) -> NDArray[np.float64]:
        """The cells as float64, nan where a cell is empty or no number."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if self._text is None:
            return np.full(self._rows, np.nan)
        text = pc.if_else(pc.equal(self._text, ""), pa.scalar(None, pa.string()), self._text)
        try:
            value = pc.cast(text, pa.float64())
        except pa.ArrowInvalid:  # somewhere: only then is each cell looked at
            is_number = pc.match_substring_regex(text, _NUMBER)
            value = pc.cast(pc.if_else(is_number, text, pa.scalar(None, pa.string())), pa.float64())
        return value.to_numpy(zero_copy_only=False)

    def cell(self, row: int) -> str:
        """What stands in a row."""
        return "" if self._text is None else self._text[row].as_py()

    def where(self, rows: NDArray[np.bool_]) -> Column:
        """The same column with some rows only."""
        import pyarrow as pa

        text = None if self._text is None else self._text.filter(pa.array(rows))
        return Column(self.name, text, int(rows.sum()))


@dataclass(frozen=True)
class Sheet:
    """The columns of a file, and the rows that were no rows at all."""

    columns: dict[str, Column]
    line: NDArray[np.int64]  # [row] of the file, counted from 1
    misshapen: tuple[tuple[int, str], ...]  # line, reason

    def __len__(self) -> int:
        return len(self.line)

    def column(self, name: str) -> Column:
        """A column; empty throughout if the file does not have it."""
        return self.columns[name]


def read_sheet(
    path: str | Path,
    *,
    needed: Sequence[str],
    either: Sequence[str],
    known: Sequence[str],
    same: Mapping[str, str],
    hint: str,
) -> Sheet:
    """The known columns of a CSV file as text.

    Args:
        needed: columns that must be there; `either`: of which one must.
        same: other names of columns. Case and spaces around names do not matter.

    Raises:
        DataMissingError: DP-134 unreadable, DP-135 no rows.
        UsageError: DP-136 a column is missing, misspelled or twice there.
    """
    table, misshapen = _table(path)
    found = [_tidy(name, same) for name in table.column_names]
    _check_columns(str(path), found, needed, either, known, hint)
    taken = {name: table.column(at) for at, name in enumerate(found) if name in known}
    rows = table.num_rows
    columns = {name: _column(name, taken.get(name), rows) for name in known}
    bare = np.logical_and.reduce([columns[name].missing() for name in taken])
    line = _lines(rows, [number for number, _ in misshapen])
    if bare.any():  # blank lines
        columns = {name: column.where(~bare) for name, column in columns.items()}
        line = line[~bare]
    if not len(line) and not misshapen:
        raise DataMissingError("DP-135", f"{path} has no rows.", hint)
    return Sheet(columns, line, tuple(misshapen))


def _tidy(name: str, same: Mapping[str, str]) -> str:
    tidy = name.strip().lstrip("\ufeff").casefold().replace(" ", "_")
    return same.get(tidy, tidy)


def _table(path: str | Path) -> tuple[Any, list[tuple[int, str]]]:
    """The file as text columns, and the rows with too few or too many cells."""
    import pyarrow as pa
    from pyarrow import csv

    misshapen: list[tuple[int, str]] = []

    def note(row: Any) -> str:
        said = f"{row.actual_columns} cells where the header has {row.expected_columns}"
        misshapen.append((int(row.number), said))
        return "skip"

    names = _header(path)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError("DP-136", f"{path} has the column {twice!r} twice.", "Keep one of them.")
    try:
        table = csv.read_csv(
            str(path),
            # one thread, so that a bad row knows its number
            read_options=csv.ReadOptions(use_threads=False, block_size=1 << 24),
            parse_options=csv.ParseOptions(ignore_empty_lines=False, invalid_row_handler=note),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(path, error) from error
    if table.column_names != names:
        raise _unreadable(path, ValueError("its first line is no plain list of column names"))
    return table, misshapen


def _header(path: str | Path) -> list[str]:
    """The names of the first line, which must not be read as numbers."""
    import csv

    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file), None)
    except FileNotFoundError as error:
        raise DataMissingError("DP-134", f"there is no file {path}.", "Check the path.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error
    if not names:
        raise DataMissingError("DP-135", f"{path} is empty.", "Its first line names the columns.")
    return names


def _unreadable(path: str | Path, error: Exception) -> DataMissingError:
    return DataMissingError(
        "DP-134", f"{path} cannot be read: {error}.", "It must be a CSV file in UTF-8."
    )


def _check_columns(
    path: str, found: list[str], needed: Sequence[str], either: Sequence[str],
    known: Sequence[str], hint: str,
) -> None:  # fmt: skip
    from difflib import get_close_matches

    absent = [name for name in needed if name not in found]
    if not any(name in found for name in either):
        absent.append(" or ".join(either))
    others = [name for name in found if name and name not in known]
    if absent:
        listed = ", ".join(map(repr, filter(None, found)))
        raise UsageError("DP-136", f"{path} has no column {absent[0]} (found: {listed}).", hint)
    for name in others:
        near = get_close_matches(name, [each for each in known if each not in found], 1, _SLIP)
        if near:
            raise UsageError(
                "DP-136", f"{path} has a column {name!r}. Did you mean {near[0]}?", hint
            )
    twice = [name for name in found if name in known and found.count(name) > 1]
    if twice:
        raise UsageError(
            "DP-136", f"{path} has the column {twice[0]!r} twice.", "Keep one of them."
        )


def _column(name: str, chunks: Any, rows: int) -> Column:
    import pyarrow.compute as pc

    text = None if chunks is None else pc.utf8_trim_whitespace(chunks.combine_chunks())
    return Column(name, text, rows)


def _lines(rows: int, skipped: list[int]) -> NDArray[np.int64]:
    """Line numbers of the rows that are left: the header is line 1."""
    line = np.arange(2, rows + 2 + len(skipped), dtype=np.int64)
    return np.delete(line, [number - 2 for number in skipped])
