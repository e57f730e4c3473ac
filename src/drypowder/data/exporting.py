"""Prints out of the store, in the schema that an import takes back unchanged."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drypowder.data.known import Known
from drypowder.data.overview import COLUMNS, prints
from drypowder.data.refusals import refusal
from drypowder.errors import DrypowderError

_STAMPS = ("observed_on", "known_on", "stored_at", "fetched_at")


def export(known: Known, names: Sequence[str], out: Path) -> int:
    """Write every print of some series known by then to a CSV or Parquet file; returns how many.

    Figures that are starter figures only are written too, as one print a date.

    Raises:
        UsageError: DP-170 for an unknown series, DP-176 for a file name that says no format.
        DataMissingError: DP-171 for a series of which nothing was known.
        DrypowderError: DP-178 when the file cannot be written.
    """
    if out.suffix.lower() not in (".csv", ".parquet"):
        raise refusal("DP-176", "no_format", path=out)
    columns = _columns(known, names)
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        (_csv if out.suffix.lower() == ".csv" else _parquet)(columns, temporary)
        temporary.replace(out)
    except OSError as error:
        fault = error.strerror or error
        raise refusal("DP-178", "export", DrypowderError, path=out, fault=fault) from error
    finally:
        temporary.unlink(missing_ok=True)
    return len(columns["value"])


def _columns(known: Known, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Prints of the store and, where it holds nothing of a series, starter figures."""
    parts = []
    for name in dict.fromkeys(names):
        observed = known.series(name)
        stored = prints(known, [name])
        parts.append(stored if len(stored["value"]) else _shipped(observed))
    return {key: np.concatenate([np.asarray(part[key]) for part in parts]) for key in COLUMNS}


def _shipped(observed: Any) -> dict[str, Any]:
    count = len(observed)
    same = {"series": observed.name, "unit": observed.unit, "source": observed.source,
            "licence": observed.licence, "raw_sha256": ""}  # fmt: skip
    never = np.full(count, np.datetime64("NaT", "us"))
    return {
        **{key: np.full(count, value, dtype=object) for key, value in same.items()},
        "observed_on": observed.observed_on,
        "known_on": observed.known_on,
        "stored_at": never,
        "fetched_at": never,
        "value": observed.values,
        "known_estimated": observed.estimated,
    }


def _csv(columns: dict[str, np.ndarray], path: Path) -> None:
    shown = {key: _texts(values) if key in _STAMPS else values for key, values in columns.items()}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(zip(*(shown[key] for key in COLUMNS), strict=True))


def _texts(stamps: np.ndarray) -> list[str]:
    """ISO with the zone; nothing where there is no stamp."""
    texts = np.datetime_as_string(stamps.astype("datetime64[us]"), unit="us", timezone="UTC")
    return ["" if text == "NaT" else text for text in texts]


def _parquet(columns: dict[str, np.ndarray], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = []
    for key in COLUMNS:
        values = columns[key]
        kind = pa.timestamp("us", tz="UTC") if key in _STAMPS else None
        arrays.append(pa.array(values.tolist() if values.dtype == object else values, kind))
    pq.write_table(pa.Table.from_arrays(arrays, names=list(COLUMNS)), path, compression="zstd")
