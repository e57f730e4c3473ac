"""The steps of an ingest in the making, as SQL: `Staging` carries them out one by one.

incoming (as given) -> by_file (in the unit kept) -> fresh (one value a print) -> dated (known dates
among all copies) -> prints (what is new).
"""

from __future__ import annotations

PRINTS = (
    "series VARCHAR, observed_on TIMESTAMP, known_on TIMESTAMP, stored_at TIMESTAMP, value DOUBLE,"
    " unit VARCHAR, source VARCHAR, licence VARCHAR, raw_sha256 VARCHAR, known_estimated BOOLEAN,"
    " fetched_at TIMESTAMP"
)
TABLES = """
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
EQUAL = 1e-7  # relative: a figure that passed through single precision is the same figure
GROUP_ROWS = 8192  # of a row group: a query reads only those of the series it asks for

NAMES = "CREATE TYPE name AS ENUM (SELECT DISTINCT series FROM incoming ORDER BY series)"
ENTRIES = f"""
CREATE TEMP TABLE entries AS
SELECT DISTINCT ON (series) * REPLACE (series::name AS series) FROM about;
CREATE TEMP TABLE earlier ({PRINTS.replace("series VARCHAR", "series name")},
    said_again BOOLEAN DEFAULT false);
"""
EARLIER = """
INSERT INTO earlier BY NAME
SELECT p.* REPLACE (series::name AS series)
FROM (FROM read_parquet({files}, hive_partitioning = false) WHERE series IN ({names})) p
SEMI JOIN fresh f ON f.series = p.series::name AND f.observed_on = p.observed_on
"""
BY_FILE = """
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
FRESH = """
CREATE TEMP TABLE fresh AS
SELECT series, observed_on, known_on, fetched_at, arg_min(value, file) AS value,
    min(file) AS file, min(value) AS least, max(value) AS most
FROM by_file GROUP BY ALL
"""
CONTRADICTED = f"""
CREATE TEMP TABLE contradicted AS
SELECT f.series, f.observed_on, f.value, b.value AS other, f.file, b.file AS other_file,
    a.settled OR f.known_on IS NOT NULL AS refused
FROM (FROM fresh WHERE most - least > {EQUAL} * greatest(abs(most), abs(least))) f
JOIN by_file b ON b.series = f.series AND b.observed_on = f.observed_on
    AND b.known_on IS NOT DISTINCT FROM f.known_on
    AND b.fetched_at IS NOT DISTINCT FROM f.fetched_at
    AND abs(b.value - f.value) > {EQUAL} * greatest(abs(b.value), abs(f.value))
JOIN entries a ON a.series = f.series
"""
# Of the copies taken after one that comes in late, the first that spoke of the same observation:
# it said what the last print before it says.
SAID_AGAIN = """
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
OVERRULED = """
SELECT a.name, b.name, count(*), count(DISTINCT series),
    max(abs(other - value) / greatest(abs(other), abs(value))),
    arg_max(row(series::VARCHAR, observed_on, value, other),
        abs(other - value) / greatest(abs(other), abs(value)))
FROM contradicted JOIN files a USING (file) JOIN files b ON b.file = other_file
GROUP BY ALL ORDER BY ALL
"""
UNCHANGED = """
CREATE TEMP TABLE unchanged AS
SELECT DISTINCT series, fetched_at FROM (FROM fresh WHERE fetched_at IS NOT NULL) f
ANTI JOIN prints p ON p.series = f.series AND p.observed_on = f.observed_on
    AND p.fetched_at = f.fetched_at
ANTI JOIN earlier e ON e.series = f.series AND e.observed_on = f.observed_on
    AND e.fetched_at = f.fetched_at
"""
RUNS = """
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
OUT_ON = """
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
SAID = """
-- what the source itself had last said when a copy was taken; nothing for most series
CREATE TEMP TABLE said AS
WITH every AS (SELECT series, observed_on, known_on, fetched_at, value FROM fresh
    UNION ALL BY NAME SELECT series, observed_on, known_on, fetched_at, value FROM earlier)
SELECT c.series, c.observed_on, c.fetched_at, arg_max(d.value, d.known_on) AS value
FROM every c JOIN (FROM every WHERE fetched_at IS NULL) d
    ON d.series = c.series AND d.observed_on = c.observed_on AND d.known_on <= c.fetched_at
GROUP BY ALL
"""
DATED = f"""
CREATE TEMP TABLE dated AS
WITH told AS (
    SELECT *, row_number() OVER copies AS place, lag(value) OVER copies AS before
    FROM released
    WINDOW copies AS (PARTITION BY series, observed_on, fetched_at IS NULL
                      ORDER BY coalesce(fetched_at, known_on), stored_at NULLS LAST)
    QUALIFY before IS NULL
        OR abs(value - before) > {EQUAL} * greatest(abs(value), abs(before))
)
SELECT series, observed_on, CASE
        WHEN fetched_at IS NULL THEN known_on
        WHEN seen_first THEN fetched_at
        ELSE least(fetched_at, out_on) END AS known_on,
    value, file, fetched_at,
    fetched_at IS NOT NULL AND NOT seen_first AND out_on <= fetched_at AS known_estimated
FROM (
    SELECT t.*, reestimated OR place > 1 OR coalesce(
        abs(t.value - s.value) > {EQUAL} * greatest(abs(t.value), abs(s.value)), false
    ) AS seen_first
    FROM told t LEFT JOIN said s USING (series, observed_on, fetched_at)
)
"""
NEW = """
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
