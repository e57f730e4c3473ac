"""Columns of numbers, dates and texts to Arrow and back, through their buffers.

pyarrow's own conversions load pandas where it is installed, half a second that `show` has no use
for. No column has gaps: what is missing is NaN or an empty text.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np


def write_columns(path: Path, columns: dict) -> None:
    """One Parquet file; equal columns give equal bytes."""
    import pyarrow.parquet as pq

    pq.write_table(arrow_table(columns), path, compression="zstd")


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """All columns of a Parquet file by name."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:  # read_table would load the dataset module, and pandas
        table = file.read()
    return {name: _from_arrow(table[name]) for name in table.column_names}


def arrow_table(columns: dict):
    """An Arrow table of NumPy arrays and lists of texts or integers."""
    import pyarrow as pa

    return pa.Table.from_arrays([_to_arrow(v) for v in columns.values()], names=list(columns))


def _to_arrow(values):
    """A list becomes texts, or integers where it holds those."""
    import pyarrow as pa

    if isinstance(values, list) and not (values and isinstance(values[0], (int, float))):
        return _texts(values)
    array = np.ascontiguousarray(values)
    if array.dtype.kind == "M":
        days = array.astype("datetime64[D]").astype(np.int32)
        return pa.Array.from_buffers(pa.date32(), len(days), [None, pa.py_buffer(days)])
    kind = pa.int64() if array.dtype.kind in "iu" else pa.float64()
    array = np.ascontiguousarray(array, dtype=kind.to_pandas_dtype())
    return pa.Array.from_buffers(kind, len(array), [None, pa.py_buffer(array)])


def _texts(values: list[str]):
    import pyarrow as pa

    pieces = [text.encode() for text in values]
    ends = np.cumsum([0, *map(len, pieces)]).astype(np.int32)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(pieces))]
    return pa.Array.from_buffers(pa.string(), len(pieces), buffers)


def _from_arrow(column) -> np.ndarray:
    """A chunked column without gaps."""
    import pyarrow as pa

    if pa.types.is_string(column.type):
        return np.array(column.to_pylist(), dtype=object)
    kind = np.int32 if pa.types.is_date32(column.type) else column.type.to_pandas_dtype()
    parts = [
        np.frombuffer(chunk.buffers()[1], dtype=kind)[chunk.offset : chunk.offset + len(chunk)]
        for chunk in column.chunks
        if len(chunk)
    ]
    array = np.concatenate(parts) if parts else np.zeros(0, dtype=kind)
    return array.astype("datetime64[D]") if pa.types.is_date32(column.type) else array
