"""A record as files and back: wide Parquet for series, JSON for the manifest.

No clock and no host in any file: the same run gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from drypowder.accounts.economy import Economy, Instrument, Sector
from drypowder.report.axes import axis_names
from drypowder.report.columns import arrow_table, read_columns, write_columns
from drypowder.report.events import Event
from drypowder.report.fans import STATISTICS
from drypowder.report.record import Record

FORMAT = 1  # of the run directory; a reader refuses what it does not know
MANIFEST, SERIES, TWINS, FANS = "manifest.json", "series.parquet", "twins.parquet", "fans.parquet"
EVENTS, BOOKS, PATHS = "events.parquet", "books.parquet", "paths.parquet"
OUTCOMES = "outcomes.parquet"
SUMMARY, PAGE = "summary.txt", "report.html"
Pages = dict[str, Callable[[], str]]  # file name -> what writes its text
_SEPARATOR = ":"  # between a twin or statistic and its series
_PATHS_A_GROUP = 64


def write_record(record: Record, folder: Path, pages: Pages) -> None:
    """Write every file of a run into an existing folder; the manifest last, with all hashes."""
    names, steps = record.economy, {"step": np.arange(len(record.dates)), "date": record.dates}
    write_columns(folder / SERIES, {**steps, **wide(record.central, names)})
    twins = _prefixed(record.companions, names)
    write_columns(folder / TWINS, {**steps, **twins})
    if record.fans:
        by_statistic = {
            statistic: {name: values[k] for name, values in record.fans.items()}
            for k, statistic in enumerate(STATISTICS)
        }
        write_columns(folder / FANS, {**steps, **_prefixed(by_statistic, names)})
    write_columns(folder / EVENTS, {f.name: [getattr(e, f.name) for e in record.events]
                             for f in fields(Event)})  # fmt: skip
    write_columns(folder / BOOKS, _long_books(record))
    write_columns(folder / OUTCOMES, record.outcomes)
    if record.paths is not None:
        _write_paths(folder / PATHS, record)
    for name, tell in pages.items():
        (folder / name).write_text(tell(), encoding="utf-8", newline="\n")
    hashes = {path.name: file_hash(path) for path in sorted(folder.iterdir())}
    manifest = {
        "format": FORMAT,
        "stamp": record.stamp,
        "about": record.about,
        "economy": asdict(record.economy),
        "files": hashes,
    }
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False, default=str)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_record(folder: Path, manifest: dict) -> Record:
    """The record of a run folder whose hashes were checked."""
    economy = _economy(manifest["economy"])
    series = read_columns(folder / SERIES)
    dates = series.pop("date").astype("datetime64[D]")
    series.pop("step")
    fans = _split(read_columns(folder / FANS), economy) if (folder / FANS).exists() else {}
    opening, closing, flows = _read_books(folder / BOOKS, economy)
    names = next(iter(fans.values()), {})
    return Record(
        stamp=manifest["stamp"],
        economy=economy,
        dates=dates,
        central=_narrow(series, economy),
        companions=_split(read_columns(folder / TWINS), economy),
        fans={name: np.stack([fans[s][name] for s in STATISTICS]) for name in names},
        opening=opening,
        closing=closing,
        flows=flows,
        events=_read_events(folder / EVENTS),
        outcomes=read_columns(folder / OUTCOMES),
        about=manifest["about"],
    )


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def wide(series: dict[str, np.ndarray], economy: Economy) -> dict[str, np.ndarray]:
    """(step, member) arrays as one column a member: `price.treasuries`.

    Two axes of members become one: `forced_usd_bn.margin.hedge_funds`.
    """
    columns: dict[str, np.ndarray] = {}
    for name, array in series.items():
        if array.ndim == 1:
            columns[name] = array
        else:
            flat = array.reshape(len(array), -1)
            for place, member in enumerate(axis_names(name, economy)):
                columns[f"{name}.{member}"] = flat[:, place]
    return columns


def _narrow(columns: dict[str, np.ndarray], economy: Economy) -> dict[str, np.ndarray]:
    """The inverse of `_wide`."""
    names = dict.fromkeys(column.partition(".")[0] for column in columns)
    return {
        name: columns[name] if name in columns else _stacked(name, columns, economy)
        for name in names
    }


def _stacked(name: str, columns: dict[str, np.ndarray], economy: Economy) -> np.ndarray:
    """The columns of one series side by side; `margin.hedge_funds` lies on two axes."""
    members = axis_names(name, economy)
    flat = np.stack([columns[f"{name}.{member}"] for member in members], axis=-1)
    first = len(dict.fromkeys(member.partition(".")[0] for member in members))
    return flat.reshape(len(flat), first, -1) if "." in members[0] else flat


def _prefixed(groups: dict[str, dict[str, np.ndarray]], economy: Economy) -> dict[str, np.ndarray]:
    return {
        f"{group}{_SEPARATOR}{column}": values
        for group, series in groups.items()
        for column, values in wide(series, economy).items()
    }


def _split(columns: dict[str, np.ndarray], economy: Economy) -> dict[str, dict[str, np.ndarray]]:
    """The inverse of `_prefixed`, whatever calendar columns there are left out."""
    groups: dict[str, dict[str, np.ndarray]] = {}
    for name, values in columns.items():
        group, separator, column = name.partition(_SEPARATOR)
        if separator:
            groups.setdefault(group, {})[column] = values
    return {group: _narrow(series, economy) for group, series in groups.items()}


def _long_books(record: Record) -> dict[str, list]:
    """Opening, closing and every posting, a row a cell that is not zero."""
    parts = {"opening": record.opening, "closing": record.closing}
    parts |= {f"flow{_SEPARATOR}{name}": flow for name, flow in record.flows.items()}
    rows = [
        (part, record.economy.sector_names[r], record.economy.instrument_names[c], values[r, c])
        for part, values in parts.items()
        for r, c in np.argwhere((values != 0.0) | _kept_corner(values))
    ]
    names = ("part", "sector", "instrument", "usd_bn")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _kept_corner(values: np.ndarray) -> np.ndarray:
    """One cell is always written, so that a posting that moved nothing is remembered."""
    corner = np.zeros(values.shape, dtype=bool)
    corner[0, 0] = True
    return corner


def _read_books(path: Path, economy: Economy):
    table = read_columns(path)
    shape = (len(economy.sectors), len(economy.instruments))
    parts: dict[str, np.ndarray] = {}
    rows = [economy.sector(name) for name in table["sector"]]
    columns = [economy.instrument(name) for name in table["instrument"]]
    for part, row, column, value in zip(table["part"], rows, columns, table["usd_bn"], strict=True):
        parts.setdefault(part, np.zeros(shape))[row, column] = value
    opening, closing = parts.pop("opening"), parts.pop("closing")
    return opening, closing, {k.partition(_SEPARATOR)[2]: v for k, v in parts.items()}


def _read_events(path: Path) -> list[Event]:
    table = read_columns(path)
    columns = [table[f.name].tolist() for f in fields(Event)]
    return [Event(*row) for row in zip(*columns, strict=True)]


def _economy(data: dict) -> Economy:
    return Economy(
        sectors=tuple(Sector(**row) for row in data["sectors"]),
        instruments=tuple(Instrument(**row) for row in data["instruments"]),
    )


def _write_paths(path: Path, record: Record) -> None:
    """All worlds, a row a path and step, a group of paths at a time."""
    import pyarrow.parquet as pq

    writer = None
    try:
        for table in _path_tables(record):
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def _path_tables(record: Record) -> Iterator:
    worlds = record.paths or {}
    paths, steps = record.stamp["paths"], len(record.dates)
    for start in range(0, paths, _PATHS_A_GROUP):
        numbers = np.arange(start, min(start + _PATHS_A_GROUP, paths))
        flat = {
            name: array[numbers].reshape(len(numbers) * steps, *array.shape[2:])
            for name, array in worlds.items()
        }
        index = {
            "path": np.repeat(numbers, steps),
            "step": np.tile(np.arange(steps), len(numbers)),
            "date": np.tile(record.dates, len(numbers)),
        }
        yield arrow_table({**index, **wide(flat, record.economy)})
