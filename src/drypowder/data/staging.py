"""From what sources said to what is stored: units, known dates, and only what is new.

It happens in an in-memory database; one sorted file leaves it at the end. A source either dates
its own prints (`known_on`) or is a copy taken at some moment (`fetched_at`). Copies are laid side
by side, observation by observation, in the order in which they were taken: the first value was
known after the release lag (an estimate, flagged, and no later than the copy itself); a different
value in a later copy, or one that differs from what the source had dated by then, was known from
that copy on; an equal one says nothing new, and is kept in the list as such (`copies`), so that an
older copy which arrives after it does not hide it. Series that are re-estimated as a whole are
known from the copy only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from drypowder.data import checks, clocks, ingests, steps
from drypowder.data.ingests import damaged
from drypowder.data.known import text, texts
from drypowder.data.series import Catalogue, Series

_MEMORY = "1GB"


class Staging:
    """One ingest in the making."""

    def __init__(self, catalogue: Catalogue, stored_at: datetime, spill: Path) -> None:
        import duckdb

        self.catalogue, self.stored_at = catalogue, stored_at
        self.database = duckdb.connect(":memory:")
        self.database.execute(
            f"SET memory_limit = '{_MEMORY}'; SET temp_directory = {text(str(spill))};"
            " SET preserve_insertion_order = false; SET TimeZone = 'UTC'"
        )
        self.database.execute(steps.TABLES)
        self.files = 0
        self.stored_files: dict[str, list[str]] = {}
        self.taken: list[tuple[str, str]] = []  # hashes of files, and when they were in hand

    def close(self) -> None:
        """Give the memory back."""
        self.database.close()

    def add_file(self, source: str, licence: str, sha256: str, name: str) -> int:
        """Make a source known; returns the number its rows are entered under."""
        self.database.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?)", [self.files, source, licence, sha256, name]
        )
        self.files += 1
        return self.files - 1

    def add_columns(self, file: int, columns: dict[str, Any]) -> None:
        """Enter rows given as arrays (series, observed_on, known_on, fetched_at, value, unit)."""
        self.database.register("columns_given", columns)
        self.database.execute(
            "INSERT INTO incoming SELECT series, observed_on, known_on, fetched_at, value, unit,"
            f" {file} FROM columns_given"
        )
        self.database.unregister("columns_given")

    def settle(
        self,
        stored_files: dict[str, list[str]],
        stored_units: dict[str, str],
        said_again: Callable[[list[str], str], list[ingests.Confirmed]],
    ) -> None:
        """Convert, check, date, and leave only what is new in the table `prints`.

        Args:
            stored_files: files of the store by series; stored_units: the unit it is kept in.
            said_again: copies of some series after a moment that said what was known.

        Raises:
            UsageError: DP-170 to DP-175, see `checks`.
        """
        self._describe(stored_units)
        now = clocks.naive(self.stored_at)
        checks.incoming(self.database, now)
        for step in (steps.NAMES, steps.ENTRIES):
            self.database.execute(step)
        self.database.execute(steps.BY_FILE, {"now": now})
        checks.by_file(self.database)
        checks.clocks(self.database, now)
        for step in (steps.FRESH, steps.CONTRADICTED):
            self.database.execute(step)
        checks.contradictions(self.database)
        self._load_earlier(stored_files)
        self._load_said_again(said_again)
        checks.fresh(self.database)
        for step in (steps.OUT_ON, steps.SAID, steps.DATED):
            self.database.execute(step)
        self.database.execute(steps.NEW, {"stored_at": now})
        self.database.execute(steps.UNCHANGED)
        self.stored_files = stored_files

    def write(self, path: Path) -> None:
        """All new prints as one Parquet file, sorted by series, observed and known date."""
        self.database.execute(
            "SET preserve_insertion_order = true;"
            "COPY (SELECT * REPLACE (series::VARCHAR AS series) FROM"
            f" (FROM prints ORDER BY series, observed_on, known_on)) TO {text(str(path))}"
            f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {steps.GROUP_ROWS})"
        )

    def counts(self) -> tuple[int, int]:
        """Rows that came in, rows that are new."""
        rows = self.database.execute(
            "SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM prints)"
        ).fetchall()
        return rows[0][0], rows[0][1]

    def said_again(self) -> list[tuple]:
        """Series, moment, first and last observation of copies that said what was known."""
        found = self.database.execute("SELECT DISTINCT series::VARCHAR FROM unchanged").fetchall()
        names = [name for (name,) in found]
        files = sorted({file for name in names for file in self.stored_files.get(name, [])})
        stored = "SELECT series, observed_on FROM fresh WHERE false"
        if files:
            stored = (
                f"SELECT series::name, observed_on FROM read_parquet({texts(files)},"
                f" hive_partitioning = false) WHERE series IN ({', '.join(map(text, names))})"
            )
        return self.database.execute(steps.RUNS.format(stored=stored)).fetchall() if names else []

    def contradictions(self) -> list[tuple]:
        """Two files, figures of which they tell otherwise, series, and one such figure."""
        return self.database.execute(steps.OVERRULED).fetchall()

    def contents(self) -> list[tuple]:
        """A row a series of what is new, as `ingests.Content` keeps it, without the ingest."""
        return self.database.execute(
            "SELECT series::VARCHAR, count(*), min(observed_on), max(observed_on), min(known_on),"
            " max(known_on), any_value(unit), any_value(source), any_value(licence),"
            " count(*) FILTER (known_estimated) FROM prints GROUP BY series ORDER BY series"
        ).fetchall()

    def _load_said_again(
        self, said_again: Callable[[list[str], str], list[ingests.Confirmed]]
    ) -> None:
        """Copies taken after those that come in, as prints that were not stored at the time."""
        rows = self.database.execute(
            "SELECT series::VARCHAR, min(fetched_at) FROM fresh WHERE fetched_at IS NOT NULL"
            " AND series IN (SELECT series FROM earlier) GROUP BY series"
        ).fetchall()
        if not rows:
            return
        after = min(moment for _, moment in rows).isoformat()
        found = said_again([name for name, _ in rows], after)
        if not found:
            return
        self.database.execute(
            "CREATE TEMP TABLE said_again (series name, fetched_at TIMESTAMP,"
            " first_observed TIMESTAMP, last_observed TIMESTAMP)"
        )
        columns = {
            key: np.array([getattr(each, key) for each in found], dtype=object)
            for key in ("series", "fetched_at", "first_observed", "last_observed")
        }
        self.database.register("columns_given", columns)
        self.database.execute("INSERT INTO said_again BY NAME SELECT * FROM columns_given")
        self.database.unregister("columns_given")
        self.database.execute(steps.SAID_AGAIN)

    def _describe(self, stored_units: dict[str, str]) -> None:
        """Catalogue entries of all that came in, and the working days that their lags cross."""
        given = self.database.execute(
            "SELECT DISTINCT series, unit FROM incoming ORDER BY series, unit DESC"
        ).fetchall()
        rows: list[list] = []
        late: list[tuple[str, str, str]] = []
        units = dict(stored_units)
        for name, unit in given:
            about = self.catalogue.get(name)
            kept, size = checks.unit(about, unit or about.served_in, units.get(name, ""))
            units[name] = kept
            rows.append(_row(about, unit, kept, size))
            late += [(name, on, out) for on, out in about.late]
        self.database.executemany(f"INSERT INTO about VALUES ({', '.join('?' * 14)})", rows)
        if late:
            self.database.executemany("INSERT INTO late VALUES (?, ?, ?)", sorted(set(late)))
        self._working_days()

    def _working_days(self) -> None:
        found = self.database.execute(
            "SELECT DISTINCT working, (observed_on + to_days(lag_days::INTEGER))::DATE"
            " FROM incoming JOIN about USING (series, unit) WHERE working > 0"
            " AND year(observed_on) BETWEEN 1700 AND 2200"  # others are refused below
        ).fetchnumpy()
        working, days = (np.asarray(column) for column in found.values())
        days = days.astype("datetime64[D]")
        later = days.copy()
        for count in np.unique(working):
            later[working == count] = clocks.working_days_later(days[working == count], int(count))
        if len(days):
            columns = {"working": working, "from_day": days.astype("datetime64[us]"),
                       "to_day": later.astype("datetime64[us]")}  # fmt: skip
            self.database.register("columns_given", columns)
            self.database.execute("INSERT INTO working_days FROM columns_given")
            self.database.unregister("columns_given")

    def _load_earlier(self, stored_files: dict[str, list[str]]) -> None:
        """Stored prints of the observations that came in. Raises DataMissingError DP-177."""
        import duckdb

        found = self.database.execute("SELECT DISTINCT series FROM fresh").fetchall()
        files = sorted({file for (name,) in found for file in stored_files.get(name, [])})
        if files:
            names = ", ".join(text(name) for (name,) in found if name in stored_files)
            try:
                self.database.execute(steps.EARLIER.format(files=texts(files), names=names))
            except duckdb.Error as error:
                raise damaged(Path(files[0]).parent, str(error).splitlines()[0]) from error


def _row(about: Series, given: str, kept: str, size: float) -> list:
    return [
        about.name, given, kept, size, about.revision == "reestimated",
        about.revision == "none", about.bars,
        about.frequency != "irregular", about.lag_days, about.lag_working_days,
        about.publisher, about.licence, about.low, about.high,
    ]  # fmt: skip
