"""One table of a file as rows of prints: names, stamps in UTC, values, and when it was taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from drypowder.data.checks import unreadable
from drypowder.data.known import text
from drypowder.data.layouts import Layout
from drypowder.data.refusals import phrase, refusal
from drypowder.data.series import catalogue

_NOTHING = "('', '.', 'null', 'na', 'n/a', 'nan', 'nd', 'none', '-')"
_THOUSANDS = r"^\s*[+-]?\d{1,3}(,\d{3})+(\.\d*)?\s*$"
_BARS = {60: "1m", 300: "5m", 900: "15m", 3600: "1h", 14_400: "4h", 86_400: "1d"}


# columns of an exported file that say its known date was not the source's own
_OURS = (("known_estimated", "::BOOLEAN"), ("fetched_at", " IS NOT NULL"))


@dataclass(frozen=True)
class Table:
    """A file that DuckDB can read, with the type of each column."""

    path: Path
    source: str  # as SQL
    columns: dict[str, str]


def open_table(database: Any, path: Path) -> Table:
    """Look at a file. Raises UsageError DP-176 for one that is empty or cannot be read."""
    import duckdb

    source = f"read_parquet({text(str(path))}, hive_partitioning = false)"
    if not path.name.lower().endswith(".parquet"):
        how = "header = true, all_varchar = true, hive_partitioning = false"
        source = f"read_csv({text(str(path))}, {how})"
    try:
        if path.stat().st_size == 0:
            raise unreadable(path, phrase("empty_file"))
        described = database.execute(f"DESCRIBE FROM {source}").fetchall()
        return Table(path, source, {row[0]: row[1] for row in described})
    except duckdb.Error as error:
        raise unreadable(path, _first_line(error)) from error
    except OSError as error:
        raise unreadable(path, error.strerror or error) from error


def sources(database: Any, table: Table, layout: Layout) -> list[tuple[str, str]]:
    """Source and licence of the rows, as far as the file says; one pair of empty texts if not.

    Raises:
        UsageError: DP-176 for a file that breaks off.
    """
    import duckdb

    if not _says(table, layout):
        return [("", "")]
    try:
        asked = f"SELECT DISTINCT {_whose(layout)} FROM {table.source} ORDER BY ALL"
        return database.execute(asked).fetchall() or [("", "")]
    except duckdb.Error as error:
        raise unreadable(table.path, _first_line(error)) from error


def enter(
    database: Any, table: Table, layout: Layout, files: dict[tuple[str, str], int], now: datetime
) -> tuple[int, int]:
    """Append the rows of a table to `incoming`; returns how many, and how many were not over.

    A bar or a close counts once its time was over when the file was taken.

    Args:
        files: number under which rows of each source and licence are entered.

    Raises:
        UsageError: DP-176 for a file that breaks off or holds no numbers, DP-174 for stamps
            without a time zone.
    """
    import duckdb

    rows = unfinished = 0
    try:
        reader = _Reader(database, table, layout, files)
        reader.check()
        for query in reader.queries(now):
            rows += database.execute(
                "INSERT INTO incoming SELECT series, observed_on, known_on,"
                " CASE WHEN known_on IS NULL THEN coalesce(fetched_at, $now) END, value, unit,"
                f" file FROM ({query}) WHERE value IS NOT NULL AND over",
                {"now": now},
            ).fetchone()[0]
            if reader.dated and not unfinished:
                counted = f"SELECT count(*) FROM ({query}) WHERE value IS NOT NULL AND NOT over"
                unfinished = database.execute(counted).fetchone()[0]
    except duckdb.Error as error:
        raise unreadable(table.path, _first_line(error)) from error
    if not rows:
        raise unreadable(table.path, phrase("not_over" if unfinished else "no_row"))
    return rows, unfinished


class _Reader:
    """The SQL of one table under one layout."""

    def __init__(
        self, database: Any, table: Table, layout: Layout, files: dict[tuple[str, str], int]
    ) -> None:
        self.files = files
        self.database, self.table, self.layout = database, table, layout
        self.date = layout.date_column(list(table.columns)) if layout.wide else layout.observed
        self.step_s, self.bar = self._bar() if layout.bars else (0, "")
        self.dated = bool(layout.bars or layout.close or layout.series)  # by when it was over
        self.values = layout.values or {n: n for n in table.columns if n != self.date}

    def queries(self, now: datetime) -> Iterator[str]:
        """A SELECT of series, observed_on, known_on, fetched_at, value, unit, over a column."""
        has = self.table.columns
        known = self._known()
        unit = f"coalesce({_quoted(self.layout.unit_column)}, '')"
        unit = unit if self.layout.unit_column in has else "''"
        for column, template in self.values.items():
            yield (
                f"SELECT {self._name(template)} AS series, {self._observed()} AS observed_on,"
                f" {known} AS known_on, {self._fetched()} AS fetched_at,"
                f" {self._number(column)} AS value, {unit} AS unit, {self._over(template, now)}"
                f" AS over, {self._file()} AS file FROM {self.table.source}{self._where()}"
            )

    def _file(self) -> str:
        """The number under which a row's source is known."""
        if len(self.files) == 1 or not _says(self.table, self.layout):
            return str(next(iter(self.files.values())))
        row = f"row({_whose(self.layout)})"
        cases = (f"WHEN row({text(s)}, {text(t)}) THEN {k}" for (s, t), k in self.files.items())
        return f"CASE {row} {' '.join(cases)} END"

    def _known(self) -> str:
        """When the source says it was known; nothing where that was our own estimate."""
        has, column = self.table.columns, self.layout.known
        if column not in has:
            return "NULL::TIMESTAMP"
        known = _whole_day(self._stamp(column))
        ours = [f"{_quoted(c)}{test}" for c, test in _OURS if c in has]
        return f"CASE WHEN {' OR '.join(ours)} THEN NULL ELSE {known} END" if ours else known

    def check(self) -> None:
        """Every filled cell is a number and a stamp with its zone. Raises UsageError."""
        for column in self.values:
            self._find(
                f"{self._number(column)} IS NULL AND {self._filled(column)}",
                column,
                "no_number_there",
            )
        stamps = [c for c in (self.date, self.layout.known) if c in self.table.columns]
        for column in stamps:
            unread = f"{self._stamp(column)} IS NULL AND {self._filled(column)}"
            self._find(unread, column, "no_stamp_there")
            if not self.layout.utc:
                self._check_zone(column)
        for column in self._naming():
            self._find(
                f"coalesce(trim({_quoted(column)}::VARCHAR), '') = ''", column, "no_name_there"
            )
        for column in stamps[:1]:
            self._find(f"NOT ({self._filled(column)})", column, "no_stamp_there")

    def _find(self, condition: str, column: str, fault: str) -> None:
        found = self.database.execute(
            f"SELECT {_quoted(column)}::VARCHAR FROM {self.table.source} WHERE {condition} LIMIT 1"
        ).fetchone()
        if found:
            what = phrase("bad_cell", column=column, given=found[0], what=phrase(fault))
            raise unreadable(self.table.path, what)

    def _check_zone(self, column: str) -> None:
        """A stamp with an hour needs its zone; a date needs none. Raises UsageError DP-174."""
        cell, kind = _quoted(column), self.table.columns[column]
        if kind == "VARCHAR":
            bare = f"{cell} LIKE '%:%' AND NOT regexp_matches({cell}, '(Z|[+-]\\d\\d:?(\\d\\d)?)$')"
        elif kind.startswith("TIMESTAMP") and not _zoned(kind):
            bare = f"{cell} <> date_trunc('day', {cell})"
        else:
            return
        found = self.database.execute(
            f"SELECT {cell}::VARCHAR FROM {self.table.source} WHERE {bare} LIMIT 1"
        ).fetchone()
        if found:
            raise refusal("DP-174", "no_zone_in_file", file=self.table.path, column=column,
                          given=found[0])  # fmt: skip

    def _naming(self) -> list[str]:
        """Columns whose text is part of a series' name."""
        found = {each for name in self.values.values() for each in re.findall(r"\{(\w+)\}", name)}
        return sorted(found & set(self.table.columns))

    def _name(self, template: str) -> str:
        """The template of a name as SQL."""
        parts = re.split(r"\{(\w+)\}", template)
        symbol = self.layout.symbol(self.table.path) if self.layout.file_symbol else None
        pieces = []
        for place, part in enumerate(parts):
            if place % 2 == 0:
                pieces.append(text(part))
            elif part == "bar":
                pieces.append(text(self.bar))
            elif part == "symbol" and symbol:
                pieces.append(text(symbol))
            else:
                pieces.append(self._cell_of_name(part))
        return " || ".join(piece for piece in pieces if piece != "''")

    def _cell_of_name(self, column: str) -> str:
        cell = f"trim({_quoted(column)}::VARCHAR)"
        cell = f"upper({cell})" if self.layout.upper else cell
        for given, meant in self.layout.alias.items():
            cell = f"replace({cell}, {text(given)}, {text(meant)})"
        return cell

    def _observed(self) -> str:
        if self.layout.quarter:
            year, quarter = (f"{_quoted(c)}::INTEGER" for c in self.layout.quarter)
            return f"last_day(make_date({year}, 3 * {quarter}, 1))::TIMESTAMP"
        stamp = self._stamp(self.date)
        if self.layout.round:
            half = "INTERVAL 30 SECOND"
            stamp = f"date_trunc({text(self.layout.round)}, {stamp} + {half})"
        return f"{stamp} + to_seconds({self.step_s})" if self.step_s else stamp

    def _stamp(self, column: str) -> str:
        """A column of dates or stamps as UTC without zone; NULL where it is neither."""
        cell, kind = _quoted(column), self.table.columns[column]
        if kind == "VARCHAR":
            moment = f"TRY_CAST({cell} AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"
            return f"CASE WHEN {cell} LIKE '%:%' THEN {moment} ELSE TRY_CAST({cell} AS DATE) END"
        if _zoned(kind):
            return f"({cell} AT TIME ZONE 'UTC')::TIMESTAMP"
        return f"TRY_CAST({cell} AS TIMESTAMP)"

    def _fetched(self) -> str:
        """When the copy was taken: the end of a day or month that the file names."""
        column = self.layout.fetched
        if column not in self.table.columns:
            return "NULL::TIMESTAMP"
        if not self.layout.pattern:
            return _whole_day(self._stamp(column))
        found = f"regexp_extract({_quoted(column)}::VARCHAR, {text(self.layout.pattern)}, 1)"
        month = f"last_day(TRY_CAST({found} || '-01' AS DATE))"
        return _whole_day(f"coalesce(TRY_CAST({found} AS DATE), {month})::TIMESTAMP")

    def _number(self, column: str) -> str:
        cell = _quoted(column)
        if self.table.columns[column] == "VARCHAR":
            # a comma counts only between thousands: 4,25 is not four hundred and twenty-five
            bare = f"regexp_matches({cell}, {text(_THOUSANDS)})"
            plain = f"CASE WHEN {bare} THEN replace({cell}, ',', '') ELSE {cell} END"
            return f"TRY_CAST({plain} AS DOUBLE)"
        return f"TRY_CAST({cell} AS DOUBLE)"

    def _filled(self, column: str) -> str:
        cell = _quoted(column)
        if self.table.columns[column] == "VARCHAR":
            return f"{cell} IS NOT NULL AND lower(trim({cell})) NOT IN {_NOTHING}"
        return f"{cell} IS NOT NULL"

    def _bar(self) -> tuple[int, str]:
        """Length of the bars in seconds and in words: the commonest spacing of their openings."""
        stamp = self._stamp(self.date)
        found = self.database.execute(
            "SELECT mode(date_diff('second', before, opened)) FROM"
            " (SELECT opened, lag(opened) OVER (ORDER BY opened) AS before FROM"
            f" (SELECT DISTINCT {stamp} AS opened FROM {self.table.source}))"
        ).fetchone()
        if not found or found[0] not in _BARS:
            raise unreadable(self.table.path, phrase("bar_spacing"))
        return found[0], _BARS[found[0]]

    def _over(self, template: str, now: datetime) -> str:
        """Whether what a row describes was over when the copy was taken.

        Where nobody says when that was, of bars the newest of each series, and of daily closes
        the newest day of each download, may not have been. What is typed by hand today neither.
        """
        if not self.dated:
            return "true"
        stamp, fetched = self._stamp(self.date), self._fetched()
        if self.step_s:
            return f"{stamp} < max({stamp}) OVER (PARTITION BY {self._name(template)})"
        if self.layout.close:
            columns = [each for each in self.layout.download if each in self.table.columns]
            within = f"PARTITION BY {', '.join(map(_quoted, columns))}" if columns else ""
            newest = f"{stamp} < max({stamp}) OVER ({within})"
            return f"coalesce({fetched} >= {stamp} + INTERVAL 1 DAY, {newest})"
        said = f"{self._known()} IS NOT NULL OR {fetched} IS NOT NULL"
        closes = " OR ".join(
            f"starts_with({self._name(template)}, {text(each.name.rstrip('*'))})"
            for each in catalogue()
            if each.close
        )
        return f"({said} OR {self._observed()} < {text(f'{now:%Y-%m-%d}')} OR NOT ({closes}))"

    def _where(self) -> str:
        """Of FRED what the catalogue knows."""
        if self.layout.catalogued:
            column = next(iter(self.layout.values.values())).strip("{}")
            names = ", ".join(text(n) for n in catalogue().names() if not n.endswith("*"))
            return f" WHERE {_quoted(column)} IN ({names})"
        return ""


def _says(table: Table, layout: Layout) -> bool:
    """Whether a file says whose figures it holds."""
    return bool(layout.said) and set(layout.said) <= set(table.columns)


def _whose(layout: Layout) -> str:
    return ", ".join(f"coalesce(trim({_quoted(each)}::VARCHAR), '')" for each in layout.said)


def _zoned(kind: str) -> bool:
    """Whether a column's type holds moments with their zone."""
    return "ZONE" in kind or "TZ" in kind


def _whole_day(stamp: str) -> str:
    """A day means its end; a moment is itself."""
    return (
        f"CASE WHEN {stamp} = date_trunc('day', {stamp})"
        f" THEN {stamp} + INTERVAL '23:59:59' ELSE {stamp} END"
    )


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")
