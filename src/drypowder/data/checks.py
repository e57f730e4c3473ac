"""What is refused at the door of the store, each with a code, a place and a way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from drypowder.data.series import Series
from drypowder.data.units import accepted, factor
from drypowder.errors import DrypowderError, UsageError

_FAR = 100.0  # times: between two copies of the same dates, no revision explains it
_ENOUGH = 3  # common dates before two copies are compared
_AS_GIVEN = "as given"

_FUTURE = """
SELECT series, greatest(known_on, fetched_at), observed_on, name
FROM incoming JOIN files USING (file)
WHERE greatest(known_on, fetched_at)::DATE > $now::DATE LIMIT 1
"""
_TWICE = """
SELECT series, observed_on, value, other, name FROM by_file JOIN files USING (file)
WHERE value <> other ORDER BY series, observed_on LIMIT 1
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


def unit(about: Series, given: str) -> tuple[str, float]:
    """The unit a series is kept in and what its numbers are multiplied by.

    Raises:
        UsageError: DP-172 for a unit that cannot be converted.
    """
    if about.unit == _AS_GIVEN:
        return given, 1.0
    size = factor(given, about.unit)
    if size is None:
        raise UsageError(
            "DP-172",
            f"{about.name} comes in {given!r} and is kept in {about.unit!r}.",
            f"Give it in one of: {', '.join(accepted(about.unit))}.",
        )
    return about.unit, size


def incoming(database: Any, now: datetime) -> None:
    """What a file says of when it was known. Raises UsageError DP-175 for a day to come."""
    found = database.execute(_FUTURE, {"now": now}).fetchone()
    if found:
        series, known, observed, name = found
        raise UsageError(
            "DP-175",
            f"{name}: {series} of {observed:%Y-%m-%d} would be known on {known:%Y-%m-%d},"
            " which is still to come.",
            "Correct known_on; it is the day the figure was published, in UTC. Nothing was stored.",
        )


def by_file(database: Any) -> None:
    """Each file against itself. Raises UsageError DP-173 for two values of one date."""
    found = database.execute(_TWICE).fetchone()
    if found:
        series, observed, low, high, name = found
        raise UsageError(
            "DP-173",
            f"{name}: {series} has two values on {_when(observed)}, {low:g} and {high:g}.",
            "Keep one, or give each the day it was published in known_on. Nothing was stored.",
        )


def fresh(database: Any) -> None:
    """What is new, in its own unit, against what is plausible and what is stored.

    Raises:
        UsageError: DP-172 where the unit must be another.
    """
    found = database.execute(_OUTSIDE).fetchone()
    if found:
        series, observed, value, kept, low, high, name = found
        raise UsageError(
            "DP-172",
            f"{name}: {series} is {value:g} {kept} on {_when(observed)}, outside {low:g} to"
            f" {high:g}: the unit must be another.",
            "Name the unit in a column `unit`, or correct the row. Nothing was stored.",
        )
    found = database.execute(_JUMPED).fetchone()
    if found:
        series, ratio, name = found
        raise UsageError(
            "DP-172",
            f"{name}: {series} is {ratio:.4g} times what is stored for the same dates: its unit"
            " has changed at the source.",
            "Name the unit in a column `unit`. Nothing was stored.",
        )


def unreadable(path: object, fault: object) -> DrypowderError:
    """DP-176: a file that cannot be read, or holds something else than it should."""
    return UsageError(
        "DP-176",
        f"{path}: {fault}.",
        "Give CSV or Parquet with the columns series, observed_on and value; docs/data.md shows"
        " them. Nothing was stored.",
    )


def _when(stamp: datetime) -> str:
    return (
        f"{stamp:%Y-%m-%d}" if (stamp.hour, stamp.minute) == (0, 0) else f"{stamp:%Y-%m-%d %H:%M}"
    )
