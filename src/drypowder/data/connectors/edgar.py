"""What companies filed: capex, cash flow, cash, debt, by quarter, with every restatement.

`filed` is the day a figure was known; a later filing with another figure for the same period is a
later print. Traps: cash flows of 10-Q are year-to-date, so quarters are differences within a fiscal
year, and its fourth quarter, which nobody files, is the year less nine months; a filing repeats the
year before, so `fy` and `fp` name the filing and not the period; firms change tags; the SEC refuses
whoever does not say who asks.

Both parts of a difference are of one basis: of filings of the year itself, or both as the year
after retold them. Where a part was restated and the other was not told again since, or no common
basis exists, the difference is an estimate, and its source says so.

Source: SEC EDGAR, api/xbrl/companyfacts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import Provider, provider, tables
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import fields_of, json_of, list_of
from drypowder.data.connectors.rows import Print, Rows, day, number, rows
from drypowder.data.connectors.wire import Reply, Session, address
from drypowder.data.refusals import phrase
from drypowder.data.series import Series

_PATH = "/api/xbrl/companyfacts/CIK{cik:010d}.json"
_FORMS = ("10-K", "10-Q", "20-F", "40-F")  # with their amendments: 10-K/A, 10-KT ...
_QUARTER_DAYS = (80, 100)  # thirteen or fourteen weeks; calendar quarters have 90 to 92 days
_YEAR_DAYS = 380  # of the longest fiscal year
_SLACK_DAYS = 45  # fiscal years of 52 weeks end earlier each year


@dataclass(frozen=True)
class Fact:
    """A figure of one period as one filing gave it."""

    start: date | None  # None: a level at `end`
    end: date
    value: float
    filed: date
    filing: str = ""  # its number; filings of one day are taken for one where it is not known
    tag: int = 0  # place in the list of tags: the first counts

    @property
    def days(self) -> int:
        """Length of the period, both ends counted."""
        return (self.end - self.start).days + 1 if self.start else 0


@dataclass
class _Told:
    """What was said of one period, filing by filing."""

    tellings: list[tuple[int, Fact]] = field(default_factory=list)  # years after it, what

    def add(self, later: int, fact: Fact) -> None:
        """One more telling; of several tags the first one counts."""
        if all(known.tag >= fact.tag for k, known in self.tellings if k == later):
            self.tellings.append((later, fact))

    def basis(self, later: int | None = None) -> _Basis | None:
        """What stood at the last telling so many years after it; None: at the very last."""
        places = [k for k, (years, _) in enumerate(self.tellings) if later in (None, years)]
        if not places:
            return None
        seen = [fact for _, fact in self.tellings[: places[-1] + 1]]
        now = seen[-1]
        began = len(seen) - 1
        while began and seen[began - 1].value == now.value:
            began -= 1
        before = seen[began - 1].filed if began else None
        return _Basis(now, now.filed, seen[began].filed, before)


@dataclass(frozen=True)
class _Basis:
    """A figure as it stands: when last told, since when so, and when last told otherwise."""

    fact: Fact
    told: date
    since: date
    otherwise: date | None  # None: it was never restated

    def left_behind(self, other: _Basis) -> bool:
        """Whether the other was restated and this one neither told again nor restated since."""
        if other.otherwise is None or self.told >= other.since:
            return False
        return self.otherwise is None or self.since <= other.otherwise


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
        raise refusals.unknown(source, phrase("tag_unknown", measure=measure, company=series.key))
    return rows(series, source, prints, [reply], unit="USD")


def quarters(facts: Sequence[Fact]) -> list[Print]:
    """Quarterly flows as they became known, filing by filing.

    A quarter that is filed as such counts before a difference of the same day.

    Args:
        facts: flows of any length; those of one fiscal year share their start.
    """
    told: dict[date, dict[date, _Told]] = {}  # start -> end -> what was said
    last: dict[tuple[bool, date], tuple[float, bool]] = {}  # as such or not, quarter -> value, mark
    said: dict[date, float] = {}
    prints = []
    for filed, batch in groupby(sorted(facts, key=_by_filing), lambda fact: fact.filed):
        starts = _take(told, list(batch))
        news: dict[date, tuple[float, bool]] = {}
        for as_such, end, value, marked in _tellings(told, starts, filed):
            given = value, marked
            if last.get((as_such, end)) != given or (as_such and end in news):
                last[as_such, end] = news[end] = given
        for end, (value, marked) in sorted(news.items()):
            if said.get(end) != value:
                said[end] = value
                prints.append(Print(end, value, filed, estimate=marked))
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


def _by_filing(fact: Fact) -> tuple[date, str]:
    return fact.filed, fact.filing


def _take(told: dict[date, dict[date, _Told]], batch: Sequence[Fact]) -> list[date]:
    """The facts of one day into what was told; the fiscal years that they touch."""
    own: dict[str, date] = {}  # a filing's own period ends last
    for fact in batch:
        own[fact.filing] = max(own.get(fact.filing, fact.end), fact.end)
    starts = set()
    for fact in batch:
        if fact.start is not None:
            later = ((own[fact.filing] - fact.end).days + _SLACK_DAYS) // 365
            told.setdefault(fact.start, {}).setdefault(fact.end, _Told()).add(later, fact)
            starts.add(fact.start)
    return sorted(starts)


def _tellings(
    told: Mapping[date, Mapping[date, _Told]], starts: Sequence[date], filed: date
) -> Iterator[tuple[bool, date, float, bool]]:
    """Differences as they stand, then what was filed as such on this day.

    Whether as such, quarter, value, whether it is an estimate.
    """
    low, high = _QUARTER_DAYS
    such = []
    for start in starts:
        year = sorted(told[start].items())
        for place, (end, whole) in enumerate(year):
            days = (end - start).days + 1
            now = whole.basis()
            if low <= days <= high and now is not None and now.told == filed:
                such.append((True, end, now.fact.value, False))
            parts = [part for before, part in year[:place] if low <= (end - before).days <= high]
            if days <= _YEAR_DAYS and parts:
                value, marked = _difference(whole, parts[-1])
                yield False, end, value, marked
    yield from such


def _difference(whole: _Told, part: _Told) -> tuple[float, bool]:
    """The latest difference of two figures of one basis; an estimate where there is none."""
    common = {later for later, _ in whole.tellings} & {later for later, _ in part.tellings}
    latest = max(common, default=None)
    a, b = whole.basis(latest), part.basis(latest)
    assert a is not None and b is not None
    apart = a.left_behind(b) or b.left_behind(a) or a.fact.tag != b.fact.tag
    return a.fact.value - b.fact.value, apart or latest is None


def _level_prints(
    facts: dict[str, Any], sums: Sequence[Sequence[str]], series: Series, source: str
) -> Iterator[Print]:
    """Balances, each date from the first sum of tags that the firm has reported for it by then."""
    told = []
    for rank, tags in enumerate(sums):
        parts = [levels(_facts(facts, tag, series, source)) for tag in tags]
        told += [(each.known_on, rank, each) for each in _added(parts)]
    best: dict[date, tuple[int, Any]] = {}  # the sum and when it was told
    for _, rank, each in sorted(told, key=lambda row: (str(row[0]), row[1])):
        on = day(each.observed_on)
        known = best.get(on)
        if known is None or (rank <= known[0] and each.known_on != known[1]):
            best[on] = rank, each.known_on
            yield each


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
    """Facts of several tags, each with the place of its tag."""
    return [
        replace(fact, tag=place)
        for place, tag in enumerate(tags)
        for fact in _facts(facts, tag, series, source)
    ]


def _facts(facts: dict[str, Any], tag: str, series: Series, source: str) -> list[Fact]:
    """All figures under one tag in USD; none where the firm does not use it."""
    if tag not in facts:
        return []
    units = fields_of(source, f"{series.key} {tag}", facts[tag], ["units"])["units"]
    fields_of(source, f"{series.key} {tag}", units, [])
    if "USD" not in units:
        fault = phrase("tag_unit", tag=tag, units=", ".join(units) or phrase("no_unit"))
        raise refusals.wrong_unit(source, series.name, fault)
    found = []
    for entry in list_of(source, f"{series.key} {tag}", units, "USD"):
        row = fields_of(source, f"{series.key} {tag}", entry, ["end", "val", "filed", "form"])
        if not str(row["form"]).startswith(_FORMS):
            continue
        try:
            start = day(row["start"]) if row.get("start") else None
            value = number(row["val"], tag)
            filing = str(row.get("accn") or "")
            found.append(Fact(start, day(row["end"]), value, day(row["filed"]), filing))
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
        raise refusals.unknown(source.title, phrase("company_unknown", company=ticker, known=known))

    return Question(source, tuple(members), (), fetch, lambda found, _: found)


def _gaap(source: str, ticker: str, reply: Reply) -> Found:
    tree = fields_of(source, ticker, json_of(source, reply), ["facts"])
    facts = fields_of(source, ticker, tree["facts"], ["us-gaap"])["us-gaap"]
    return fields_of(source, ticker, facts, []), reply
