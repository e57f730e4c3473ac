"""New York Fed markets: what the Desk borrows and lends overnight, its rates, what it holds.

Traps: one path serves repo and reverse repo and ignores the type asked for, so operations are told
apart by `operationType` here; announcements are no results; small-value exercises are tests, named
in the note though not always, so of two reverse repos on a day the later one counts; repo has two
operations a day, which add up. Terms are spelled `termCalenderDays`. Amounts are USD. Years are
asked one by one.

Source: New York Fed Markets Data API, rp/results, rates, soma/summary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import Provider, provider
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import fields_of, json_of, list_of
from drypowder.data.connectors.rows import Print, Rows, day, number, rows, total
from drypowder.data.connectors.windows import windows
from drypowder.data.connectors.wire import Reply, Session, address
from drypowder.data.series import Series

_OPERATIONS = "/api/rp/results/search.json"
_SUMMARY = "/api/soma/summary.json"
_FIRST_OPERATION = date(2013, 9, 23)  # the overnight reverse repo facility opens
_FIRST_RATE = {"sofr": date(2018, 4, 2), "effr": date(2000, 7, 3)}
_SECURED = ("sofr", "bgcr", "tgcr")
_EXERCISE = "small value exercise"
_AGAIN_DAYS = 14  # asked again before the newest stored day, for late corrections
_TERMS = ("termCalenderDays", "termCalendarDays")  # as it is spelled, and as it should be
_RATE_FIELDS = {"": "percentRate", "99": "percentPercentile99", "volume": "volumeInBillions"}

Found = list[tuple[list[dict[str, Any]], Reply]]  # entries of each window with their reply


def questions(wanted: Sequence[Series], since: Mapping[str, date]) -> list[Question]:
    """Operations of both kinds in one question, each rate in one, all holdings in one."""
    source = provider("nyfed")
    groups: dict[str, list[Series]] = {}
    for each in wanted:
        groups.setdefault(each.key.partition(":")[0], []).append(each)
    made = []
    for kind, members in groups.items():
        first = min(since.get(each.name, date.min) for each in members)
        if kind == "operations":
            made.append(_windowed(source, members, _OPERATIONS, _FIRST_OPERATION, first,
                                  ("repo", "operations"), read_operations))  # fmt: skip
        elif kind == "soma":
            made.append(_holdings(source, members))
        else:
            family = "secured" if kind in _SECURED else "unsecured"
            path = f"/api/rates/{family}/{kind}/search.json"
            made.append(_windowed(source, members, path, _FIRST_RATE[kind], first,
                                  ("refRates",), read_rate))  # fmt: skip
    return made


def read_operations(found: Found, series: Series, source: str) -> Rows:
    """Accepted amounts by day: `operations:Repo` adds up, `operations:Reverse Repo` is the last.

    Source: New York Fed, repo and reverse repo operations, overnight.
    """
    wanted = series.key.partition(":")[2]
    by_day: dict[date, list[tuple[str, float]]] = {}
    for each in (each for entries, _ in found for each in entries):
        row = fields_of(source, series.name, each, ["operationDate", "operationType",
                                                    "totalAmtAccepted"])  # fmt: skip
        try:
            if row["operationType"] != wanted or not _counts(row):
                continue
            on, value = day(row["operationDate"]), number(row["totalAmtAccepted"], "totalAmt")
        except ValueError as error:
            raise refusals.changed(source, series.name, str(error)) from None
        by_day.setdefault(on, []).append((str(row.get("closeTime", "")), value))
    pick = _latest if wanted == "Reverse Repo" else _sum
    try:
        prints = [Print(on, pick(values), on) for on, values in by_day.items()]
    except ValueError as error:
        raise refusals.changed(source, series.name, str(error)) from None
    return _rows(series, source, prints, found)


def read_rate(found: Found, series: Series, source: str) -> Rows:
    """A reference rate, its 99th percentile or its volume, by the day it holds for."""
    kind, _, part = series.key.partition(":")
    prints = []
    for each in (each for entries, _ in found for each in entries):
        name = _RATE_FIELDS[part]
        row = fields_of(source, series.name, each, ["effectiveDate", "type", name])
        if str(row["type"]).lower() != kind:
            continue
        try:
            prints.append(Print(day(row["effectiveDate"]), number(row[name], name)))
        except ValueError as error:
            raise refusals.changed(source, series.name, str(error)) from None
    return _rows(series, source, prints, found)


def read_holdings(found: Found, series: Series, source: str) -> Rows:
    """The Desk's holdings of one kind, par USD, by Wednesday."""
    kind = series.key.partition(":")[2]
    prints = []
    for each in (each for entries, _ in found for each in entries):
        row = fields_of(source, series.name, each, ["asOfDate", kind])
        try:
            prints.append(Print(day(row["asOfDate"]), number(row[kind], kind)))
        except ValueError as error:
            raise refusals.changed(source, series.name, str(error)) from None
    return _rows(series, source, prints, found)


def _windowed(
    source: Provider,
    members: Sequence[Series],
    path: str,
    opened: date,
    since: date,
    below: tuple[str, ...],
    read: Callable[..., Rows],
) -> Question:
    first = opened if since == date.min else max(opened, since - timedelta(days=_AGAIN_DAYS))
    start = max(windows(first, first, 1)[0][0], opened)

    def fetch(session: Session) -> Found:
        return list(_ask_windows(session, source, path, opened, first, below))

    params = {"startDate": start.isoformat()}
    return Question(source, tuple(members), (address(source, path, params),), fetch,
                    partial(_read, read, source.title))  # fmt: skip


def _ask_windows(
    session: Session, source: Provider, path: str, opened: date, first: date, below: tuple[str, ...]
) -> Iterator[tuple[list[dict[str, Any]], Reply]]:
    for start, end in windows(first, session.now().date(), 1):
        params = {"startDate": max(start, opened).isoformat()}
        if end is not None:
            params["endDate"] = end.isoformat()
        yield session.get(
            source, path, params, partial(_entries, source.title, below), extension="json"
        )


def _holdings(source: Provider, members: Sequence[Series]) -> Question:
    def fetch(session: Session) -> Found:
        read = partial(_entries, source.title, ("soma", "summary"))
        return [session.get(source, _SUMMARY, {}, read, extension="json")]

    asked = (address(source, _SUMMARY, {}),)
    return Question(source, tuple(members), asked, fetch,
                    partial(_read, read_holdings, source.title))  # fmt: skip


def _entries(
    source: str, below: tuple[str, ...], reply: Reply
) -> tuple[list[dict[str, Any]], Reply]:
    return list_of(source, below[-1], json_of(source, reply), *below), reply


def _read(read: Callable[..., Rows], source: str, found: Found, series: Series) -> Rows:
    return read(found, series, source)


def _rows(series: Series, source: str, prints: list[Print], found: Found) -> Rows:
    replies = [reply for _, reply in found]
    return rows(series, source, prints, replies, unit=series.served_in or series.unit)


def _counts(row: dict[str, Any]) -> bool:
    """Whether an operation is one that took place, overnight or over days off, and no test."""
    if str(row.get("auctionStatus", "Results")).lower() != "results":
        return False
    if str(row.get("term", "Overnight")).lower() != "overnight" and not _short(row):
        return False
    return _EXERCISE not in str(row.get("note") or "").lower()


def _short(row: dict[str, Any]) -> bool:
    """A term of at most a long weekend. Raises ValueError."""
    return any(number(row[name], name) <= 4 for name in _TERMS if name in row)


def _latest(values: list[tuple[str, float]]) -> float:
    """Of two reverse repos on a day the earlier is an exercise, whatever its note says."""
    return max(values)[1]


def _sum(values: list[tuple[str, float]]) -> float:
    return total((value for _, value in values), "totalAmtAccepted")
