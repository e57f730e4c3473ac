"""A run to take away: tables as CSV or JSON, series as Parquet, the two matrices for a paper."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from drypowder.errors import UsageError
from drypowder.report import charts, flows
from drypowder.report.compare import outcomes_table
from drypowder.report.experiments import all_tables
from drypowder.report.files import PAGE, wide
from drypowder.report.record import Record
from drypowder.report.store import check_files, find, read_manifest, writing
from drypowder.report.summary import sections
from drypowder.report.tables import Column, Table, dumps
from drypowder.report.words import Catalogue, coded

Files = dict[str, str]


def export(
    token: str, record: Record, home: Path, out: Path, kind: str, words: Catalogue
) -> list[Path]:
    """Write a run into a folder in one format; what is there under other names stays.

    Raises:
        UsageError: DP-078 for a format we do not have.
        DrypowderError: DP-073 when it cannot be written; nothing new stays then.
    """
    if kind == "parquet":
        folder = find(token, home)
        check_files(folder, read_manifest(folder), paths_too=True)
        names = sorted(p.name for p in folder.iterdir() if p.suffix in (".parquet", ".json"))
        return _place(out, names, lambda name, to: shutil.copyfile(folder / name, to))
    if kind not in MAKERS:
        raise coded(UsageError, "DP-078", kind=kind, known=", ".join(FORMATS))
    texts = MAKERS[kind](record, words)
    return _place(out, list(texts), lambda name, to: _write(to, texts[name]))


def as_json(record: Record, words: Catalogue) -> dict[str, object]:
    """Stamp, sentences and every table of a run, ready for `json.dumps`."""
    return {
        "note": words.say("report.not_a_forecast"),
        "stamp": record.stamp,
        "title": record.about.get("title"),
        "twins_stopped": record.twins_stopped,
        "sentences": {part.key: part.sentences for part in sections(record, words)},
        "outcomes": outcomes_table(record).to_records(),
        "tables": {key: table.to_records() for key, table in tables_of(record).items()},
    }


def tables_of(record: Record) -> dict[str, Table]:
    """Every table, the links of the AI dollar and the dates included."""
    return {**all_tables(record), "ai_dollar": flows.links(record), "events": events_table(record)}


def events_table(record: Record) -> Table:
    """Dates of what happened on the central path."""
    columns = (Column("event", names="event"), Column("subject"), Column("date", "date"))
    rows = sorted({(e.event, e.subject, e.date) for e in record.events if e.path == 0},
                  key=lambda row: (row[2], row[0], row[1]))  # fmt: skip
    return Table("events", columns, rows)


def _csv(record: Record, words: Catalogue) -> Files:
    files = {f"{key}.csv": table.to_csv() for key, table in tables_of(record).items()}
    files["series.csv"] = series_csv(record)
    for matrix in _matrices(record):
        rows = [[_plain(cell) for cell in row] for row in matrix.to_rows()]
        files[f"{_stem(matrix)}.csv"] = "\n".join(",".join(row) for row in rows) + "\n"
    return files


def _json(record: Record, words: Catalogue) -> Files:
    return {"run.json": dumps(as_json(record, words))}


def _latex(record: Record, words: Catalogue) -> Files:
    return {f"{_stem(matrix)}.tex": matrix.to_latex() for matrix in _matrices(record)}


def _html(record: Record, words: Catalogue) -> Files:
    from drypowder.report.html import page

    return {PAGE: page(record, words)}


def _svg(record: Record, words: Catalogue) -> Files:
    stamp = f"{words.say('report.not_a_forecast')} {words.say('report.stamp', **record.stamp)}"
    return {f"{c.key}.svg": charts.framed(c, stamp) for c in charts.all_charts(record, words)}


MAKERS: dict[str, Callable[[Record, Catalogue], Files]] = {
    "csv": _csv, "json": _json, "latex": _latex, "html": _html, "svg": _svg,
}  # fmt: skip
FORMATS = ("csv", "parquet", "json", "latex", "html", "svg")


def series_csv(record: Record) -> str:
    """The central path, a row a day, every column named with its unit or member."""
    columns = wide(record.central, record.economy)
    lines = [",".join(["date", *columns])]
    values = np.column_stack(list(columns.values())).tolist()
    lines += [
        ",".join([str(day), *map(repr, row)]) for day, row in zip(record.dates, values, strict=True)
    ]
    return "\n".join(lines) + "\n"


def _matrices(record: Record) -> list:
    """Balance sheets of both ends and the flows between them (central path)."""
    from drypowder.accounts.matrices import BalanceSheetMatrix, FlowMatrix

    first, last = record.stamp["first_day"], record.stamp["last_day"]
    economy, name = record.economy, f"{record.scenario} ({record.run_id})"
    return [
        BalanceSheetMatrix(f"Opening balance sheet, {name}, {first}", economy, record.opening),
        BalanceSheetMatrix(f"Closing balance sheet, {name}, {last}", economy, record.closing),
        FlowMatrix(f"Transaction flows, {name}, {first} to {last}", economy, record.flows),
    ]


def _stem(matrix) -> str:
    """`opening_balance_sheet`, `transaction_flows` ..."""
    return matrix.title.partition(",")[0].lower().replace(" ", "_")


def _plain(cell: object) -> str:
    text = repr(cell) if isinstance(cell, float) else str(cell)
    return f'"{text}"' if "," in text else text


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _place(out: Path, names: list[str], write: Callable[[str, Path], object]) -> list[Path]:
    """All files into a temporary folder beside `out`, then each onto its name."""
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    with writing(out):
        try:
            temporary.mkdir(parents=True)
            for name in names:
                write(name, temporary / name)
            out.mkdir(parents=True, exist_ok=True)
            for name in names:
                (temporary / name).replace(out / name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return [out / name for name in names]
