"""What companies filed: capex, cash flow, cash, debt, by quarter, with every restatement.

`filed` is the day a figure was known; a later filing with another figure for the same period is a
later print. Traps: cash flows of 10-Q are year-to-date, so quarters are differences within a fiscal
year, and its fourth quarter, which nobody files, is the year less nine months; a filing repeats the
year before, so `fy` and `fp` name the filing and not the period; firms change tags; the SEC refuses
whoever does not say who asks.

Source: SEC EDGAR, api/xbrl/companyfacts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import Provider, provider, tables
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import fields_of, json_of, list_of
from drypowder.data.connectors.rows import Print, Rows, day, number, rows
from drypowder.data.connectors.wire import Reply, Session, address
from drypowder.data.series import Series

_PATH = "/api/xbrl/companyfacts/CIK{cik:010d}.json"
_FORMS = ("10-K", "10-Q", "20-F", "40-F")  # with their amendments: 10-K/A, 10-KT ...
_QUARTER_DAYS = (80, 100)  # thirteen or fourteen weeks; calendar quarters have 90 to 92 days
_YEAR_DAYS = 380  # of the longest fiscal year


@dataclass(frozen=True)
class Fact:
    """A figure of one period as one filing gave it."""

    start: date | None  # None: a level at `end`
    end: date
    value: float
    filed: date

    @property
    def days(self) -> int:
        """Length of the period, both ends counted."""
        return (self.end - self.start).days + 1 if self.start else 0


Found = tuple[dict[str, Any], Reply]  # us-gaap facts by tag


def questions(wanted: Sequence[Series], since: Mapping[str, date]) -> list[Question]:
    """One question a company."""
    source = provider("edgar")
    groups: dict[str, list[Series]] = {}
    for each in wanted:
        groups.setdefault(each.key, []).append(each)
    return [_question(source, ticker, members) for ticker, members in groups.items()]


def companies() -> tuple[str, ...]:
    """Tickers whose SEC number we know."""
    return tuple(tables("companies")["cik"])


def read_facts(found: Found, series: Series, source: str) -> Rows:
    """One measure of a company, by quarter: `capex:MSFT`, `cash:ORCL`.

    Raises:
        DataMissingError: DP-183 the company reports it under no tag that we know.
        DrypowderError: DP-185 to DP-187 as every reader.
    """
    measure = series.name.partition(":")[0]
    facts, reply = found
    if measure in tables("companies")["flows"]:
        prints = quarters(_merged(facts, tables("companies")["flows"][measure], series, source))
    else:
        prints = list(_level_prints(facts, tables("companies")["levels"][measure], series, source))
    if not prints:
        raise refusals.unknown(source, f"{measure} of {series.key} under a tag that we know")
    return rows(series, source, prints, [reply], unit="USD")


def quarters(facts: Sequence[Fact]) -> list[Print]:
    """Quarterly flows as they became known, filing by filing.

    Args:
        facts: flows of any length; those of one fiscal year share their start.
    """
    state: dict[tuple[date | None, date], Fact] = {}
    told: dict[date, float] = {}
    prints = []
    for filed, batch in groupby(sorted(facts, key=lambda fact: fact.filed), lambda f: f.filed):
        starts: set[date | None] = set()
        for fact in (each for each in batch if each.start is not None):
            state[fact.start, fact.end] = fact
            starts.add(fact.start)
        for end, value in _quarters_of(state, starts, filed).items():
            if told.get(end) != value:
                told[end] = value
                prints.append(Print(end, value, filed))
    return prints


def levels(facts: Sequence[Fact]) -> list[Print]:
    """Balances as they became known: the first print and each that changed it."""
    told: dict[date, float] = {}
    prints = []
    for fact in sorted(facts, key=lambda fact: (fact.filed, fact.end)):
        if fact.start is None and told.get(fact.end) != fact.value:
            told[fact.end] = fact.value
            prints.append(Print(fact.end, fact.value, fact.filed))
    return prints


def _quarters_of(
    state: Mapping[tuple[date | None, date], Fact], starts: set[date | None], filed: date
) -> dict[date, float]:
    """Value of each quarter that a filing of this day tells, by its last day.

    A quarter that it gives as such counts before a difference.
    """
    best: dict[date, tuple[bool, float]] = {}
    for start in starts:
        year = sorted((f for f in state.values() if f.start == start), key=lambda f: f.end)
        for place, fact in enumerate(year):
            for as_such, value in _tellings(fact, year[:place], filed):
                if fact.end not in best or as_such:
                    best[fact.end] = as_such, value
    return {end: value for end, (_, value) in best.items()}


def _tellings(fact: Fact, earlier: Sequence[Fact], filed: date) -> Iterator[tuple[bool, float]]:
    """A quarter as such or as a difference, where something of it is news of this day."""
    low, high = _QUARTER_DAYS
    if low <= fact.days <= high and fact.filed == filed:
        yield True, fact.value
    if fact.days <= _YEAR_DAYS:
        for before in earlier:
            news = filed in (fact.filed, before.filed)
            if news and low <= (fact.end - before.end).days <= high:
                yield False, fact.value - before.value


def _level_prints(
    facts: dict[str, Any], sums: Sequence[Sequence[str]], series: Series, source: str
) -> Iterator[Print]:
    """Balances, each date from the first sum of tags that the firm reports for it."""
    taken: set[date] = set()
    for tags in sums:
        parts = [levels(_facts(facts, tag, series, source)) for tag in tags]
        found = list(_added(parts))
        yield from (each for each in found if each.observed_on not in taken)
        taken |= {day(each.observed_on) for each in found}


def _added(parts: Sequence[Sequence[Print]]) -> Iterator[Print]:
    """Sums of several balances of one date, told anew whenever one of them is."""
    state: dict[date, dict[int, float]] = {}
    every = [(each, k) for k, part in enumerate(parts) for each in part]
    by_filing = sorted(every, key=lambda pair: str(pair[0].known_on))
    for filed, batch in groupby(by_filing, lambda pair: pair[0].known_on):
        touched = set()
        for each, k in batch:
            state.setdefault(day(each.observed_on), {})[k] = each.value
            touched.add(day(each.observed_on))
        for on in sorted(touched):
            if len(state[on]) == len(parts):
                yield Print(on, sum(state[on].values()), filed)


def _merged(facts: dict[str, Any], tags: Sequence[str], series: Series, source: str) -> list[Fact]:
    """Facts of several tags; where two tell of one period, those of the first."""
    found: list[Fact] = []
    taken: set[tuple[date | None, date]] = set()
    for tag in tags:
        new = [f for f in _facts(facts, tag, series, source) if (f.start, f.end) not in taken]
        found += new
        taken |= {(fact.start, fact.end) for fact in new}
    return found


def _facts(facts: dict[str, Any], tag: str, series: Series, source: str) -> list[Fact]:
    """All figures under one tag in USD; none where the firm does not use it."""
    if tag not in facts:
        return []
    units = fields_of(source, f"{series.key} {tag}", facts[tag], ["units"])["units"]
    if "USD" not in units:
        fault = f"{tag} is reported in {', '.join(units) or 'no unit'}, not in USD"
        raise refusals.wrong_unit(source, series.name, fault)
    found = []
    for entry in list_of(source, f"{series.key} {tag}", units, "USD"):
        row = fields_of(source, f"{series.key} {tag}", entry, ["end", "val", "filed", "form"])
        if not str(row["form"]).startswith(_FORMS):
            continue
        try:
            start = day(row["start"]) if row.get("start") else None
            found.append(Fact(start, day(row["end"]), number(row["val"], tag), day(row["filed"])))
        except ValueError as error:
            raise refusals.changed(source, series.name, str(error)) from None
    return found


def _question(source: Provider, ticker: str, members: Sequence[Series]) -> Question:
    if ticker not in tables("companies")["cik"]:
        return _nobody(source, ticker, members)
    path = _PATH.format(cik=tables("companies")["cik"][ticker])

    def fetch(session: Session) -> Found:
        return session.get(
            source, path, {}, lambda reply: _gaap(source.title, ticker, reply), extension="json"
        )

    return Question(
        source, tuple(members), (address(source, path, {}),), fetch,
        lambda found, each: read_facts(found, each, source.title),
    )  # fmt: skip


def _nobody(source: Provider, ticker: str, members: Sequence[Series]) -> Question:
    """A company without a number that we know: the answer is that we cannot ask."""

    def fetch(_: Session) -> Found:
        known = ", ".join(companies())
        raise refusals.unknown(source.title, f"{ticker!r} under a number that we know ({known})")

    return Question(source, tuple(members), (), fetch, lambda found, _: found)


def _gaap(source: str, ticker: str, reply: Reply) -> Found:
    tree = fields_of(source, ticker, json_of(source, reply), ["facts"])
    facts = fields_of(source, ticker, tree["facts"], ["us-gaap"])["us-gaap"]
    return facts, reply
