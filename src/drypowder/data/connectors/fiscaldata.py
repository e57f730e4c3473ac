"""The Treasury by the day: its cash, its debt, its bills, what it sold at auction.

Traps: amounts are strings, missing is the string "null". Until 2021-09-30 the cash is account
`Federal Reserve Account`, then `Treasury General Account (TGA)`, both with the number in
`close_today_bal`; from 2022-04-18 it is `Treasury General Account (TGA) Closing Balance` with the
number in `open_today_bal` and "null" in `close_today_bal`. Replies come in pages.

Source: US Treasury, Fiscal Data API: Daily Treasury Statement (operating cash balance), Debt to the
Penny, Monthly Statement of the Public Debt (summary), Treasury Securities Auctions Data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import Provider, provider
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import count_of, fields_of, json_of, list_of, not_again
from drypowder.data.connectors.rows import Print, Rows, day, number, rows, total
from drypowder.data.connectors.windows import windows
from drypowder.data.connectors.wire import Reply, Session, address
from drypowder.data.refusals import phrase
from drypowder.data.series import Series

_ROOT = "/services/api/fiscal_service/"
_PAGE = 10_000  # rows a page, the API's largest
_PAGES = 1000  # more than any table has
_YEARS = 5  # asked at once: little enough for one page of most tables
_AGAIN_DAYS = 45  # asked again before the newest stored day, for late corrections
_CLOSING = "Treasury General Account (TGA) Closing Balance"
_ACCOUNTS = ("Federal Reserve Account", "Treasury General Account (TGA)")
_CLASSES = {"debt_bills": "Bills", "debt_notes": "Notes", "debt_bonds": "Bonds"}
_PENNY = {"debt_public": "debt_held_public_amt", "debt_total": "tot_pub_debt_out_amt"}
_SOLD = {"bills": ("Bill", "CMB"), "notes": ("Note",), "bonds": ("Bond",)}

Found = list[tuple[list[Any], Reply]]  # rows of each page with its reply


@dataclass(frozen=True)
class _Table:
    """One table of the API."""

    path: str
    date_field: str
    begins: date  # of the table
    fields: tuple[str, ...]
    read: Callable[[list[dict[str, Any]], Series, str], list[Print]]


def cash(entries: list[dict[str, Any]], series: Series, source: str) -> list[Print]:
    """Close of the day of the Treasury's account, whichever account and field held it then."""
    closing: list[Print] = []
    before: dict[date, float] = {}
    for row in entries:
        account, on = str(row["account_type"]).strip(), day(row["record_date"])
        opened = number(row["open_today_bal"], f"open_today_bal of {on}")
        closed = number(row["close_today_bal"], f"close_today_bal of {on}")
        if account == _CLOSING:
            closing.append(Print(on, closed if math.isnan(opened) else opened))
        elif account in _ACCOUNTS:
            before.setdefault(on, closed)
    told = {each.observed_on for each in closing}
    return [*closing, *(Print(on, value) for on, value in before.items() if on not in told)]


def penny(entries: list[dict[str, Any]], series: Series, source: str) -> list[Print]:
    """Debt by the day, in total or held by the public."""
    name = _PENNY[series.key]
    return [Print(day(row["record_date"]), number(row[name], name)) for row in entries]


def outstanding(entries: list[dict[str, Any]], series: Series, source: str) -> list[Print]:
    """Marketable securities of one class held by the public at the month's end."""
    wanted, name = _CLASSES[series.key], "debt_held_public_mil_amt"
    return [
        Print(day(row["record_date"]), number(row[name], name))
        for row in entries
        if row["security_type_desc"] == "Marketable" and row["security_class_desc"] == wanted
    ]


def sold(entries: list[dict[str, Any]], series: Series, source: str) -> list[Print]:
    """What was accepted at the auctions of a day; the results are known on that day."""
    kind = series.key.partition(":")[2]
    if kind not in _SOLD:
        raise refusals.unknown(source, phrase("auctions", kind=kind, known=", ".join(_SOLD)))
    by_day: dict[date, list[float]] = {}
    for row in entries:
        if row["security_type"] in _SOLD[kind]:
            value = number(row["total_accepted"], "total_accepted")
            by_day.setdefault(day(row["auction_date"]), []).append(value)
    return [
        Print(on, total(values, "total_accepted"), on)
        for on, values in by_day.items()
        if not any(map(math.isnan, values))  # not all of its auctions have results yet
    ]


_CASH = _Table(
    "v1/accounting/dts/operating_cash_balance", "record_date", date(2005, 10, 3),
    ("record_date", "account_type", "open_today_bal", "close_today_bal"), cash,
)  # fmt: skip
_DEBT = _Table(
    "v2/accounting/od/debt_to_penny", "record_date", date(1993, 4, 1),
    ("record_date", "debt_held_public_amt", "tot_pub_debt_out_amt"), penny,
)  # fmt: skip
_MONTHLY = _Table(
    "v1/debt/mspd/mspd_table_1", "record_date", date(2001, 1, 31),
    ("record_date", "security_type_desc", "security_class_desc", "debt_held_public_mil_amt"),
    outstanding,
)  # fmt: skip
_AUCTIONS = _Table(
    "v1/accounting/od/auctions_query", "auction_date", date(1979, 11, 15),
    ("auction_date", "security_type", "total_accepted"), sold,
)  # fmt: skip


def questions(wanted: Sequence[Series], since: Mapping[str, date]) -> list[Question]:
    """One question a table."""
    source = provider("fiscaldata")
    groups: dict[_Table, list[Series]] = {}
    for each in wanted:
        groups.setdefault(_table(each, source), []).append(each)
    return [
        _question(source, table, members, min(since.get(s.name, date.min) for s in members))
        for table, members in groups.items()
    ]


def _table(series: Series, source: Provider) -> _Table:
    if series.key == "operating_cash_balance":
        return _CASH
    if series.key in _PENNY:
        return _DEBT
    if series.key in _CLASSES:
        return _MONTHLY
    return _AUCTIONS


def _question(source: Provider, table: _Table, members: Sequence[Series], since: date) -> Question:
    def fetch(session: Session) -> Found:
        return list(_pages(session, source, table, since))

    def read(found: Found, series: Series) -> Rows:
        return read_pages(found, series, source.title, table)

    first = _first(table, since)
    asked = address(source, _ROOT + table.path, _params(table, windows(first, first, _YEARS)[0], 1))
    return Question(source, tuple(members), (asked,), fetch, read)


def read_pages(found: Found, series: Series, source: str, table: _Table) -> Rows:
    """One series out of the pages of a table."""
    entries = [
        fields_of(source, series.name, row, table.fields) for page, _ in found for row in page
    ]
    try:
        prints = table.read(entries, series, source)
    except ValueError as error:
        raise refusals.changed(source, series.name, str(error)) from None
    replies = [reply for _, reply in found]
    return rows(series, source, prints, replies, unit=series.served_in or series.unit)


def _pages(
    session: Session, source: Provider, table: _Table, since: date
) -> Iterator[tuple[list[Any], Reply]]:
    for window in windows(_first(table, since), session.now().date(), _YEARS):
        page, pages = 1, 1
        seen: set[str] = set()
        while page <= pages:
            found, pages, reply = session.get(
                source, _ROOT + table.path, _params(table, window, page),
                lambda reply: _page(source.title, table, reply), extension="json",
            )  # fmt: skip
            not_again(source.title, table.path, reply, seen)
            yield found, reply
            page += 1


def _first(table: _Table, since: date) -> date:
    """The first day to ask for."""
    if since == date.min:
        return table.begins
    return max(table.begins, since - timedelta(days=_AGAIN_DAYS))


def _page(source: str, table: _Table, reply: Reply) -> tuple[list[Any], int, Reply]:
    """Rows of a page, how many pages there are, and the reply itself."""
    tree = json_of(source, reply)
    found = list_of(source, table.path, tree, "data")
    for row in found[:1]:
        fields_of(source, table.path, row, table.fields)
    meta = fields_of(source, table.path, tree.get("meta") or {}, [])
    return found, count_of(source, table.path, meta.get("total-pages", 1), _PAGES), reply


def _params(table: _Table, window: tuple[date, date | None], page: int) -> dict[str, str]:
    first, last = window
    asked = [f"{table.date_field}:gte:{first.isoformat()}"]
    if last is not None:
        asked.append(f"{table.date_field}:lte:{last.isoformat()}")
    return {
        "fields": ",".join(table.fields), "sort": table.date_field, "filter": ",".join(asked),
        "page[number]": str(page), "page[size]": str(_PAGE),
    }  # fmt: skip
