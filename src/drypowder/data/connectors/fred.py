"""FRED: thousands of US series; the keyless CSV gives the latest print, the API every vintage.

Without a key: `graph/fredgraph.csv?id=ID`. The first column is the date (once DATE, now
observation_date), a missing value was "." and is now an empty field, and no unit is named: the
catalogue's is taken and held against what is plausible. ICE spreads reach back three years only.

With a key (FRED_API_KEY): revised series come with all their vintages. `realtime_start` is the day
from which a value was in force: known_on. The API allows 2000 vintages a request, and clips
`realtime_start` to the window asked for, so windows are joined and repeated values dropped. The
unit is read from the metadata.

Source: FRED, fredgraph.csv; FRED API, series, series/observations and series/vintagedates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import Provider, provider
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import (
    count_of,
    csv_of,
    fields_of,
    json_of,
    list_of,
    not_again,
)
from drypowder.data.connectors.rows import Print, Rows, changes_only, day, number, rows
from drypowder.data.connectors.wire import Reply, Session, address
from drypowder.data.refusals import phrase
from drypowder.data.series import Series

_GRAPH = "/graph/fredgraph.csv"
_DATES = ("observation_date", "date")  # what the first column is called, in any case
_ALWAYS = "9999-12-31"  # the API's word for: still in force
_FIRST = "1776-07-04"  # the API's earliest real-time day
_WINDOW = 1000  # vintages a request; the API allows 2000
_PAGE = 100_000  # rows a page, the API's largest
_ROWS = 10_000_000  # more than any series has
_UNITS = {  # as the metadata begin -> our word; the longest that fits
    "millions of u.s. dollars": "USD mn", "millions of dollars": "USD mn",
    "billions of u.s. dollars": "USD bn", "billions of dollars": "USD bn",
    "u.s. dollars": "USD", "dollars per barrel": "USD", "dollars": "USD",
    "percentage points": "percentage points", "percent": "percent",
    "thousands of persons": "thousand", "thousands": "thousand",
    "number": "count", "persons": "count", "index": "index", "level in percent": "percent",
}  # fmt: skip


@dataclass(frozen=True)
class _Vintages:
    """All that the API said about one series."""

    unit: str  # in our words; "" where its own is not in our list
    prints: list[Print]
    replies: list[Reply]


def questions(wanted: Sequence[Series], since: Mapping[str, date]) -> list[Question]:
    """One question a series: with vintages where it is revised and a key is set."""
    api, graph = provider("fred_api"), provider("fred")
    return [
        _vintage_question(api, each) if api.key and each.revision != "none" else _csv(graph, each)
        for each in wanted
    ]


def read_csv(reply: Reply, series: Series, source: str) -> Rows:
    """The keyless CSV: latest prints, no unit, no publication dates.

    Raises:
        DrypowderError: DP-185 a page or half a file, DP-186 other columns, DP-187 another unit.
    """
    header, body = csv_of(source, reply)
    dates = [k for k, name in enumerate(header) if name.strip().lower() in _DATES]
    values = [k for k, name in enumerate(header) if name.strip().upper() == series.key.upper()]
    if not dates or not values:
        fault = phrase("fred_columns", columns=", ".join(header[:6]), series=series.key)
        raise refusals.changed(source, series.name, fault)
    try:
        prints = [
            Print(day(line[dates[0]]), number(line[values[0]], line[dates[0]])) for line in body
        ]
    except ValueError as error:
        raise refusals.changed(source, series.name, str(error)) from None
    return rows(series, source, prints, [reply], unit=series.served_in or series.unit)


def read_vintages(found: _Vintages, series: Series, source: str) -> Rows:
    """Every print with the day from which it was in force."""
    unit = found.unit or series.served_in or series.unit
    return rows(series, source, changes_only(found.prints), found.replies, unit=unit)


def unit_of(words: str) -> str:
    """FRED's words for a unit in ours; "" for one that we have no word for."""
    given = words.strip().lower()
    fits = [name for name in _UNITS if given.startswith(name)]
    return _UNITS[max(fits, key=len)] if fits else ""


def _csv(source: Provider, series: Series) -> Question:
    params = {"id": series.key}

    def fetch(session: Session) -> Rows:
        return session.get(
            source, _GRAPH, params, partial(read_csv, series=series, source=source.title),
            extension="csv",
        )  # fmt: skip

    asked = (address(source, _GRAPH, params),)
    return Question(source, (series,), asked, fetch, lambda found, _: found)


def _vintage_question(source: Provider, series: Series) -> Question:
    asked = (address(source, "/fred/series/observations", {"series_id": series.key}),)
    return Question(
        source,
        (series,),
        asked,
        lambda session: _fetch_vintages(session, source, series),
        lambda found, each: read_vintages(found, each, source.title),
    )


def _fetch_vintages(session: Session, source: Provider, series: Series) -> _Vintages:
    ask = partial(_ask, session, source)
    about = ask("/fred/series", {"series_id": series.key}, ["seriess"])[0]
    entry = list_of(source.title, series.name, about, "seriess")
    if not entry:
        raise refusals.unknown(source.title, series.key)
    units = fields_of(source.title, series.name, entry[0], ["units"])["units"]
    tree, _ = ask("/fred/series/vintagedates", {"series_id": series.key}, ["vintage_dates"])
    vintages = _days(source.title, series.name, tree)
    prints, replies = [], []
    for first, last in windows(vintages):
        for tree, reply in _pages(ask, source.title, series.key, first, last):
            replies.append(reply)
            prints += _observations(source.title, series.name, tree)
    return _Vintages(unit_of(str(units)), prints, replies)


def _days(source: str, name: str, tree: dict[str, Any]) -> list[str]:
    """Days on which something was published, as the API writes them."""
    given = list_of(source, name, tree, "vintage_dates")
    try:
        return [day(each).isoformat() for each in given]
    except ValueError as error:
        raise refusals.changed(source, name, str(error)) from None


def windows(vintages: Sequence[str]) -> list[tuple[str, str]]:
    """Real-time periods that hold few enough vintages each and leave no day out."""
    if not vintages:
        return [(_FIRST, _ALWAYS)]
    starts = list(vintages[::_WINDOW])
    ends = [*(vintages[k - 1] for k in range(_WINDOW, len(vintages), _WINDOW)), _ALWAYS]
    return list(zip(starts, ends, strict=True))


def _pages(ask: Any, source: str, key: str, first: str, last: str):
    """Pages of one real-time period, each with its reply."""
    offset, total = 0, 1
    seen: set[str] = set()
    while offset < total:
        params = {"series_id": key, "realtime_start": first, "realtime_end": last,
                  "limit": str(_PAGE), "offset": str(offset)}  # fmt: skip
        tree, reply = ask("/fred/series/observations", params, ["observations"])
        not_again(source, key, reply, seen)
        yield tree, reply
        offset += _PAGE
        total = count_of(source, key, tree.get("count", 0), _ROWS)


def _ask(
    session: Session, source: Provider, path: str, params: dict[str, str], needed: list[str]
) -> tuple[dict[str, Any], Reply]:
    """One JSON reply that has the fields needed; the key goes along and is written nowhere."""

    def read(reply: Reply) -> tuple[dict[str, Any], Reply]:
        tree = json_of(source.title, reply)
        return fields_of(source.title, path, tree, needed), reply

    return session.get(
        source, path, {**params, "file_type": "json"}, read, extension="json",
        secret={"api_key": source.needed_key()},
    )  # fmt: skip


def _observations(source: str, name: str, tree: dict[str, Any]) -> list[Print]:
    found = []
    for each in list_of(source, name, tree, "observations"):
        row = fields_of(source, name, each, ["date", "value", "realtime_start"])
        try:
            value = number(row["value"], row["date"])
            found.append(Print(day(row["date"]), value, day(row["realtime_start"])))
        except ValueError as error:
            raise refusals.changed(source, name, str(error)) from None
    return found
