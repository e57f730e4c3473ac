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

from drypowder.data import checks, clocks, ingests
from drypowder.data.ingests import damaged
from drypowder.data.known import text, texts
from drypowder.data.series import Catalogue, Series

PRINTS = (
    "series VARCHAR, observed_on TIMESTAMP, known_on TIMESTAMP, stored_at TIMESTAMP, value DOUBLE,"
    " unit VARCHAR, source VARCHAR, licence VARCHAR, raw_sha256 VARCHAR, known_estimated BOOLEAN,"
    " fetched_at TIMESTAMP"
)
_TABLES = """
CREATE TEMP TABLE incoming (series VARCHAR, observed_on TIMESTAMP, known_on TIMESTAMP,
    fetched_at TIMESTAMP, value DOUBLE, unit VARCHAR, file INTEGER);
CREATE TEMP TABLE files (file INTEGER, source VARCHAR, licence VARCHAR, raw_sha256 VARCHAR,
    name VARCHAR);
CREATE TEMP TABLE about (series VARCHAR, unit VARCHAR, kept VARCHAR, factor DOUBLE,
    reestimated BOOLEAN, settled BOOLEAN, bars BOOLEAN, regular BOOLEAN, lag_days DOUBLE,
    working INTEGER, publisher VARCHAR, licence VARCHAR, low DOUBLE, high DOUBLE);
CREATE TEMP TABLE late (series VARCHAR, observed_on TIMESTAMP, out_on DATE);
CREATE TEMP TABLE working_days (working INTEGER, from_day DATE, to_day DATE);
"""
_EQUAL = 1e-7  # relative: a figure that passed through single precision is the same figure
_MEMORY = "1GB"
_GROUP_ROWS = 8192  # of a row group: a query reads only those of the series it asks for

_NAMES = "CREATE TYPE name AS ENUM (SELECT DISTINCT series FROM incoming ORDER BY series)"
_ENTRIES = f"""
CREATE TEMP TABLE entries AS
SELECT DISTINCT ON (series) * REPLACE (series::name AS series) FROM about;
CREATE TEMP TABLE earlier ({PRINTS.replace("series VARCHAR", "series name")},
    said_again BOOLEAN DEFAULT false);
"""
_EARLIER = """
INSERT INTO earlier BY NAME
SELECT p.* REPLACE (series::name AS series)
FROM (FROM read_parquet({files}, hive_partitioning = false) WHERE series IN ({names})) p
SEMI JOIN fresh f ON f.series = p.series::name AND f.observed_on = p.observed_on
"""
_BY_FILE = """
CREATE TEMP TABLE by_file AS
SELECT i.series::name AS series, i.observed_on,
    -- a day means its end, and what is in hand is known
    CASE WHEN i.known_on IS NOT NULL THEN least($now::TIMESTAMP, i.known_on + CASE
        WHEN NOT a.bars AND i.known_on = date_trunc('day', i.known_on)
        THEN INTERVAL '23:59:59' ELSE INTERVAL 0 SECOND END) END AS known_on,
    CASE WHEN i.fetched_at IS NOT NULL THEN least($now::TIMESTAMP, i.fetched_at) END
        AS fetched_at, i.file,
    min(i.value * a.factor) AS value, max(i.value * a.factor) AS other
FROM incoming i JOIN about a ON a.series = i.series AND a.unit = i.unit
WHERE isfinite(i.value)
GROUP BY ALL
"""
_FRESH = """
CREATE TEMP TABLE fresh AS
SELECT series, observed_on, known_on, fetched_at, arg_min(value, file) AS value,
    min(file) AS file, min(value) AS least, max(value) AS most
FROM by_file GROUP BY ALL
"""
_CONTRADICTED = f"""
CREATE TEMP TABLE contradicted AS
SELECT f.series, f.observed_on, f.value, b.value AS other, f.file, b.file AS other_file,
    a.settled OR f.known_on IS NOT NULL AS refused
FROM (FROM fresh WHERE most - least > {_EQUAL} * greatest(abs(most), abs(least))) f
JOIN by_file b ON b.series = f.series AND b.observed_on = f.observed_on
    AND b.known_on IS NOT DISTINCT FROM f.known_on
    AND b.fetched_at IS NOT DISTINCT FROM f.fetched_at
    AND abs(b.value - f.value) > {_EQUAL} * greatest(abs(b.value), abs(f.value))
JOIN entries a ON a.series = f.series
"""
# Of the copies taken after one that comes in late, the first that spoke of the same observation:
# it said what the last print before it says.
_SAID_AGAIN = """
INSERT INTO earlier BY NAME
SELECT e.* REPLACE (l.fetched_at AS fetched_at, l.fetched_at AS known_on,
    false AS known_estimated, true AS said_again)
FROM (SELECT DISTINCT series, observed_on, fetched_at FROM (
        SELECT f.series, f.observed_on, min(c.fetched_at) AS fetched_at
        FROM fresh f JOIN said_again c ON c.series = f.series AND c.fetched_at > f.fetched_at
            AND f.observed_on BETWEEN c.first_observed AND c.last_observed
        GROUP BY f.series, f.observed_on, f.fetched_at)) l
ASOF JOIN (FROM earlier WHERE fetched_at IS NOT NULL) e
    ON e.series = l.series AND e.observed_on = l.observed_on AND e.fetched_at <= l.fetched_at
ANTI JOIN earlier s
    ON s.series = l.series AND s.observed_on = l.observed_on AND s.fetched_at = l.fetched_at
"""
_OVERRULED = """
SELECT a.name, b.name, count(*), count(DISTINCT series),
    max(abs(other - value) / greatest(abs(other), abs(value))),
    arg_max(row(series::VARCHAR, observed_on, value, other),
        abs(other - value) / greatest(abs(other), abs(value)))
FROM contradicted JOIN files a USING (file) JOIN files b ON b.file = other_file
GROUP BY ALL ORDER BY ALL
"""
_UNCHANGED = """
CREATE TEMP TABLE unchanged AS
SELECT DISTINCT series, fetched_at FROM (FROM fresh WHERE fetched_at IS NOT NULL) f
ANTI JOIN prints p ON p.series = f.series AND p.observed_on = f.observed_on
    AND p.fetched_at = f.fetched_at
ANTI JOIN earlier e ON e.series = f.series AND e.observed_on = f.observed_on
    AND e.fetched_at = f.fetched_at
"""
_RUNS = """
WITH every AS (SELECT series, observed_on,
        row_number() OVER (PARTITION BY series ORDER BY observed_on) AS place
    FROM (SELECT series, observed_on FROM fresh SEMI JOIN unchanged USING (series)
          UNION {stored})),
placed AS (SELECT series, fetched_at, observed_on, place - row_number() OVER (
        PARTITION BY series, fetched_at ORDER BY observed_on) AS run
    FROM (SELECT DISTINCT series, fetched_at, observed_on
          FROM fresh SEMI JOIN unchanged USING (series, fetched_at))
    JOIN every USING (series, observed_on))
SELECT series::VARCHAR, fetched_at, min(observed_on), max(observed_on)
FROM placed GROUP BY series, fetched_at, run ORDER BY ALL
"""
_OUT_ON = """
CREATE TEMP VIEW released AS
SELECT f.*, CASE
        WHEN a.bars THEN f.observed_on + to_seconds(a.lag_days * 86400)
        ELSE greatest(coalesce(w.to_day, (f.observed_on + to_days(a.lag_days::INTEGER))::DATE),
            l.out_on) + INTERVAL '23:59:59' END AS out_on,
    a.reestimated
FROM (SELECT * EXCLUDE (least, most), NULL::TIMESTAMP AS stored_at, false AS known_estimated
      FROM fresh
      UNION ALL BY NAME
      SELECT series, observed_on, known_on, fetched_at, value, -1 AS file, stored_at,
          known_estimated FROM earlier) f
JOIN entries a USING (series)
LEFT JOIN working_days w ON w.working = a.working
    AND w.from_day = (f.observed_on + to_days(a.lag_days::INTEGER))::DATE
LEFT JOIN late l ON l.series = f.series::VARCHAR AND l.observed_on = f.observed_on
"""
_SAID = """
-- what the source itself had last said when a copy was taken; nothing for most series
CREATE TEMP TABLE said AS
WITH every AS (SELECT series, observed_on, known_on, fetched_at, value FROM fresh
    UNION ALL BY NAME SELECT series, observed_on, known_on, fetched_at, value FROM earlier)
SELECT c.series, c.observed_on, c.fetched_at, arg_max(d.value, d.known_on) AS value
FROM every c JOIN (FROM every WHERE fetched_at IS NULL) d
    ON d.series = c.series AND d.observed_on = c.observed_on AND d.known_on <= c.fetched_at
GROUP BY ALL
"""
_DATED = f"""
CREATE TEMP TABLE dated AS
WITH told AS (
    SELECT *, row_number() OVER copies AS place, lag(value) OVER copies AS before
    FROM released
    WINDOW copies AS (PARTITION BY series, observed_on, fetched_at IS NULL
                      ORDER BY coalesce(fetched_at, known_on), stored_at NULLS LAST)
    QUALIFY before IS NULL
        OR abs(value - before) > {_EQUAL} * greatest(abs(value), abs(before))
)
SELECT series, observed_on, CASE
        WHEN fetched_at IS NULL THEN known_on
        WHEN seen_first THEN fetched_at
        ELSE least(fetched_at, out_on) END AS known_on,
    value, file, fetched_at,
    fetched_at IS NOT NULL AND NOT seen_first AND out_on <= fetched_at AS known_estimated
FROM (
    SELECT t.*, reestimated OR place > 1 OR coalesce(
        abs(t.value - s.value) > {_EQUAL} * greatest(abs(t.value), abs(s.value)), false
    ) AS seen_first
    FROM told t LEFT JOIN said s USING (series, observed_on, fetched_at)
)
"""
_NEW = """
CREATE TEMP TABLE prints AS
SELECT d.series, d.observed_on, d.known_on, $stored_at::TIMESTAMP AS stored_at, d.value,
    a.kept AS unit,
    coalesce(nullif(f.source, ''), e.source, a.publisher) AS source,
    coalesce(nullif(f.licence, ''), e.licence, a.licence) AS licence,
    coalesce(f.raw_sha256, e.raw_sha256, '') AS raw_sha256, d.known_estimated, d.fetched_at
FROM dated d
JOIN entries a USING (series)
LEFT JOIN files f USING (file)
LEFT JOIN (SELECT DISTINCT ON (series, observed_on, fetched_at) * FROM earlier) e
    ON d.file = -1 AND e.series = d.series AND e.observed_on = d.observed_on
    AND e.fetched_at = d.fetched_at
ANTI JOIN (FROM earlier WHERE NOT said_again QUALIFY row_number() OVER (
        PARTITION BY series, observed_on, known_on, known_estimated ORDER BY stored_at DESC) = 1) s
    ON s.series = d.series AND s.observed_on = d.observed_on AND s.known_on = d.known_on
    AND s.value = d.value AND s.known_estimated = d.known_estimated
    AND (d.fetched_at IS NULL OR s.fetched_at <= d.fetched_at)
"""


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
        self.database.execute(_TABLES)
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
        for step in (_NAMES, _ENTRIES):
            self.database.execute(step)
        self.database.execute(_BY_FILE, {"now": now})
        checks.by_file(self.database)
        checks.clocks(self.database, now)
        for step in (_FRESH, _CONTRADICTED):
            self.database.execute(step)
        checks.contradictions(self.database)
        self._load_earlier(stored_files)
        self._load_said_again(said_again)
        checks.fresh(self.database)
        for step in (_OUT_ON, _SAID, _DATED):
            self.database.execute(step)
        self.database.execute(_NEW, {"stored_at": now})
        self.database.execute(_UNCHANGED)
        self.stored_files = stored_files

    def write(self, path: Path) -> None:
        """All new prints as one Parquet file, sorted by series, observed and known date."""
        self.database.execute(
            "SET preserve_insertion_order = true;"
            "COPY (SELECT * REPLACE (series::VARCHAR AS series) FROM"
            f" (FROM prints ORDER BY series, observed_on, known_on)) TO {text(str(path))}"
            f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_GROUP_ROWS})"
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
        return self.database.execute(_RUNS.format(stored=stored)).fetchall() if names else []

    def contradictions(self) -> list[tuple]:
        """Two files, figures of which they tell otherwise, series, and one such figure."""
        return self.database.execute(_OVERRULED).fetchall()

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
        self.database.execute(_SAID_AGAIN)

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
                self.database.execute(_EARLIER.format(files=texts(files), names=names))
            except duckdb.Error as error:
                raise damaged(Path(files[0]).parent, str(error).splitlines()[0]) from error


def _row(about: Series, given: str, kept: str, size: float) -> list:
    return [
        about.name, given, kept, size, about.revision == "reestimated",
        about.revision == "none", about.bars,
        about.frequency != "irregular", about.lag_days, about.lag_working_days,
        about.publisher, about.licence, about.low, about.high,
    ]  # fmt: skip
