"""How long the store takes: importing, an as-of question of fifty series, and the overview.

`python benchmarks/bench_store.py` prints the figures; pytest runs the same with assertions. The
figures are made up here: 320 daily series over 25 years, two million prints, a tenth of them
revised. The baseline answers the same question with pandas from one Parquet file of all prints,
read by column and filtered on reading: what one would write without a store.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from types import SimpleNamespace

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY)]  # for `python benchmarks/bench_store.py`

import numpy as np  # noqa: E402
import pyarrow as pa  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from drypowder.data import open_store  # noqa: E402
from drypowder.data.importing import import_path  # noqa: E402
from drypowder.data.overview import standings  # noqa: E402

SERIES, DAYS, ASKED = 320, 6250, 50
IMPORT_S, QUESTION_S = 60.0, 0.3  # of issue 6, on two cores
AS_OF, SINCE = "2022-06-30", "2012-06-30"
REPEATS = 5


def prints() -> pa.Table:
    """Two million prints, each out a day later, every tenth revised within a month."""
    dice = np.random.default_rng(11)
    days = np.datetime64("1999-01-04", "us") + np.arange(DAYS) * np.timedelta64(1, "D")
    names = np.repeat([f"own:{number:03}" for number in range(SERIES)], DAYS)
    observed = np.tile(days, SERIES)
    values = np.exp(np.cumsum(dice.normal(0.0, 0.01, (SERIES, DAYS)), axis=1)).ravel()
    again = np.arange(0, len(values), 10)
    day = np.timedelta64(1, "D")
    return pa.table({
        "series": np.concatenate([names, names[again]]),
        "observed_on": np.concatenate([observed, observed[again]]),
        "known_on": np.concatenate([observed + day, observed[again] + 30 * day]),
        "value": np.concatenate([values, values[again] * 1.01]),
    })  # fmt: skip


def best(call, repeats: int = REPEATS) -> tuple[float, object]:
    """Seconds of the median call after a first one, and what it returned."""
    found, seconds = call(), []
    for _ in range(repeats):
        began = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds)), found


def by_pandas(path: Path, names: list[str]) -> dict[str, np.ndarray]:
    """The same question of one Parquet file."""
    import pandas as pd

    where = [("series", "in", names), ("observed_on", ">=", pd.Timestamp(SINCE)),
             ("known_on", "<=", pd.Timestamp(f"{AS_OF} 23:59:59"))]  # fmt: skip
    rows = pd.read_parquet(path, filters=where).sort_values(["series", "observed_on", "known_on"])
    last = rows.drop_duplicates(["series", "observed_on"], keep="last")
    return {name: group["value"].to_numpy() for name, group in last.groupby("series")}


@cache
def figures() -> SimpleNamespace:
    """All timings, with the answers compared."""
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "prints.parquet"
        pq.write_table(prints(), path)
        store = open_store(folder / "home", shipped=False)
        began = time.perf_counter()
        rows = import_path(store, path).stored.rows
        seconds = time.perf_counter() - began
        known = store.known_on(AS_OF)
        names = known.names()[:: SERIES // ASKED][:ASKED]
        ours, table = best(lambda: known.table(names, since=SINCE))
        theirs, frame = best(lambda: by_pandas(path, names))
        overview, _ = best(lambda: standings(known))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    equal = all(np.array_equal(table[name].values, frame[name]) for name in names)
    return SimpleNamespace(rows=rows, importing=seconds, ours=ours, theirs=theirs, equal=equal,
                           overview=overview, asked=len(table))  # fmt: skip


def test_two_million_prints_are_imported_and_asked_in_time():
    found = figures()
    assert found.rows == SERIES * DAYS * 11 // 10
    assert found.importing < IMPORT_S
    assert found.equal and found.asked == ASKED
    assert found.ours < QUESTION_S


def main() -> None:
    found = figures()
    print(f"import of {found.rows:,} prints: {found.importing:.1f} s")
    ratio = found.theirs / found.ours
    print(f"{found.asked} series over ten years as of {AS_OF}: {found.ours:.3f} s")
    print(f"pandas over one file: {found.theirs:.3f} s ({ratio:.1f} times as long)")
    print(f"overview of all series: {found.overview:.3f} s")


if __name__ == "__main__":
    main()
