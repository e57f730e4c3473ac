"""What is refused at the door of the store, each with a code, a place and a way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drypowder.data.refusals import refusal
from drypowder.data.series import Series
from drypowder.data.units import accepted, factor
from drypowder.errors import DrypowderError

_FAR = 50.0  # times: between two copies of the same dates, no revision explains it
_ENOUGH = 3  # common dates before two copies are compared
_AS_GIVEN = "as given"
_FIRST_DAY = "1700-01-01"  # a year before is a slip of the pen

_FUTURE = """
SELECT series, strftime(greatest(known_on, fetched_at), '%Y-%m-%d'),
    strftime(observed_on, '%Y-%m-%d'), name
FROM incoming JOIN files USING (file)
WHERE greatest(known_on, fetched_at)::DATE > $now::DATE LIMIT 1
"""
_TWICE = """
SELECT series, observed_on, value, other, name FROM by_file JOIN files USING (file)
WHERE value <> other ORDER BY series, observed_on LIMIT 1
"""
_CONTRADICTED = """
SELECT series, observed_on, value, other, a.name, b.name, count(*) OVER ()
FROM contradicted JOIN files a USING (file) JOIN files b ON b.file = other_file
WHERE refused ORDER BY series, observed_on LIMIT 1
"""
# Of what has a rhythm; a day of grace for places whose date runs ahead of UTC.
_TIMELESS = """
SELECT series, strftime(observed_on, '%Y-%m-%d'), strftime(observed_on, '%Y-%m-%d %H:%M'),
    strftime(known_on, '%Y-%m-%d'), name,
    NOT bars AND observed_on <> date_trunc('day', observed_on),
    coalesce(known_on < observed_on, false)
FROM by_file JOIN entries USING (series) JOIN files USING (file)
WHERE regular AND ((NOT bars AND observed_on <> date_trunc('day', observed_on))
    OR observed_on > $now::TIMESTAMP + INTERVAL 1 DAY
    OR observed_on > known_on + INTERVAL 1 DAY)
ORDER BY series, observed_on LIMIT 1
"""
_LONG_AGO = f"""
SELECT series, strftime(observed_on, '%Y-%m-%d'), strftime(known_on, '%Y-%m-%d'), name
FROM (SELECT series, observed_on, coalesce(known_on, fetched_at) AS known_on, file FROM by_file)
JOIN files USING (file)
WHERE least(observed_on, known_on) < TIMESTAMP '{_FIRST_DAY}' ORDER BY ALL LIMIT 1
"""
_OUTSIDE = """
SELECT f.series, f.observed_on, f.value, a.kept, a.low, a.high, name
FROM fresh f JOIN entries a USING (series) JOIN files USING (file)
WHERE f.value < a.low OR f.value > a.high LIMIT 1
"""
_JUMPED = f"""
SELECT f.series, median(f.value / e.value) AS ratio, any_value(name)
FROM fresh f JOIN earlier e USING (series, observed_on) JOIN files USING (file)
WHERE e.value <> 0 AND f.value <> 0
GROUP BY f.series
HAVING count(*) >= {_ENOUGH} AND NOT abs(ratio) BETWEEN {1 / _FAR} AND {_FAR} LIMIT 1
"""


def unit(about: Series, given: str, stored: str = "") -> tuple[str, float]:
    """The unit a series is kept in and what its numbers are multiplied by.

    Args:
        stored: unit of what is stored of a series whose unit is the user's choice.

    Raises:
        UsageError: DP-172 for a unit that cannot be converted.
    """
    kept = (stored or given) if about.unit == _AS_GIVEN else about.unit
    size = factor(given, kept)
    if size is None:
        raise refusal("DP-172", "unit", name=about.name, given=given, kept=kept,
                      accepted=", ".join(accepted(kept)))  # fmt: skip
    return kept, size


def incoming(database: Any, now: datetime) -> None:
    """What a file says of when it was known. Raises UsageError DP-175 for a day to come."""
    found = database.execute(_FUTURE, {"now": now}).fetchone()
    if found:
        series, known, observed, name = found
        raise refusal("DP-175", "known_in_future", file=name, series=series,
                      day=observed, known=known)  # fmt: skip


def by_file(database: Any) -> None:
    """Each file against itself. Raises UsageError DP-173 for two values of one date."""
    found = database.execute(_TWICE).fetchone()
    if found:
        series, observed, low, high, name = found
        raise refusal("DP-173", "one_file", file=name, series=series, day=_when(observed),
                      value=f"{low:g}", other=f"{high:g}")  # fmt: skip


def contradictions(database: Any) -> None:
    """Files against each other, where nothing says which is the later copy.

    Of a series that is revised the first file counts, and the import tells; of others one of the
    two must be wrong. Raises UsageError DP-173 with both.
    """
    found = database.execute(_CONTRADICTED).fetchone()
    if found:
        series, observed, value, other, file, other_file, count = found
        raise refusal(
            "DP-173", "two_files", series=series, day=_when(observed), value=f"{value:g}",
            other=f"{other:g}", file=file, other_file=other_file, count=f"{count:,}",
        )  # fmt: skip


def clocks(database: Any, now: datetime) -> None:
    """What a figure describes is over, and daily figures describe days.

    Raises:
        UsageError: DP-174 for an hour where a day belongs, DP-175 for a day to come, or for a
            figure that would have been known before what it describes.
    """
    found = database.execute(_LONG_AGO).fetchone()
    if found:
        series, observed, known, name = found
        raise refusal("DP-175", "long_ago", file=name, series=series, day=observed, known=known)
    found = database.execute(_TIMELESS, {"now": now}).fetchone()
    if not found:
        return
    series, day, moment, known, name, hour, before = found
    if hour:
        raise refusal("DP-174", "an_hour", file=name, series=series, given=moment)
    if before:
        raise refusal("DP-175", "known_before", file=name, series=series, day=day, known=known)
    raise refusal("DP-175", "in_future", file=name, series=series, day=day)


def fresh(database: Any) -> None:
    """What is new, in its own unit, against what is plausible and what is stored.

    Raises:
        UsageError: DP-172 where the unit must be another.
    """
    found = database.execute(_OUTSIDE).fetchone()
    if found:
        series, observed, value, kept, low, high, name = found
        raise refusal(
            "DP-172", "outside", file=name, series=series, value=f"{value:g}", unit=kept,
            day=_when(observed), low=f"{low:g}", high=f"{high:g}",
        )  # fmt: skip
    found = database.execute(_JUMPED).fetchone()
    if found:
        series, ratio, name = found
        raise refusal("DP-172", "jumped", file=name, series=series, ratio=f"{ratio:.4g}")


def unreadable(path: object, fault: object) -> DrypowderError:
    """DP-176: a file that cannot be read, or holds something else than it should."""
    return refusal("DP-176", "unreadable", path=path, fault=fault)


def _when(stamp: datetime) -> str:
    return (
        f"{stamp:%Y-%m-%d}" if (stamp.hour, stamp.minute) == (0, 0) else f"{stamp:%Y-%m-%d %H:%M}"
    )
