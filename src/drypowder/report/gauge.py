"""The gauge told: bars that add up, how sure, what stands beside it; for a terminal and files."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from drypowder.measure.gauge.interval import DOUBTS
from drypowder.measure.gauge.reading import MISSING, STALE, Bar, Gauge
from drypowder.measure.numbers import numbers
from drypowder.report.gauge_beside import absorption_table, beside, history_table, owner_table
from drypowder.report.numbers import fixed
from drypowder.report.rounding import round_to_sum
from drypowder.report.section import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

DIGITS = 1  # of points
_TOP = 3  # parts named as moving
_QUIET = 0.5  # points: less is no change
_MIDDLE = 50.0
_STARTS = "start"
_ENDS = ("interaction", "centring", "bound")
_BANDS = (("band_plenty", "plenty"), ("band_ample", "ample"), ("band_usual", "usual"),
          ("band_tight", "tight"))  # fmt: skip


def table(found: Gauge) -> Table:
    """One row a part and one a step, all digits; `points` sum to the last row."""
    columns = (
        Column("part"), Column("group"), Column("state"), Column("value", "plain"), Column("unit"),
        Column("rank", "plain"), Column("weight", "plain"), Column("points", "plain"),
        Column("change_points", "plain"), Column("months", "count"), Column("first_month", "date"),
        Column("observed_on", "date"), Column("known_on", "date"), Column("starter"),
        Column("series"), Column("estimated"), Column("missing_series"), Column("source"),
    )  # fmt: skip
    bars = [
        (b.part.key, b.part.group, b.state, b.value, b.part.unit, b.score, b.share, b.contribution,
         b.change, b.months, b.first_month, b.observed_on, b.known_on, b.starter,
         " ".join(b.read), " ".join(b.estimated), " ".join(b.absent), b.part.source)
        for b in found.bars
    ]  # fmt: skip
    steps = [
        (name, "", "", None, "points", None, None, now, change, *[None] * 9)
        for name, now, change in _steps(found)
    ]
    return Table("gauge", columns, [steps[0], *bars, *steps[1:]])


def _steps(found: Gauge) -> list[tuple[str, float, float]]:
    """Rows that are no part: where the sum begins, what it ends with, and the level."""
    ends = [(name, getattr(found.sum, name), getattr(found.before, name)) for name in _ENDS]
    return [
        (_STARTS, _MIDDLE, 0.0),
        *((name, now, now - before) for name, now, before in ends),
        ("level", found.level, found.change),
    ]


@dataclass(frozen=True)
class Step:
    """One bar of the picture, with the rounded number that stands in the table."""

    label: str
    points: float
    share: float  # of the gauge, 0 where it is no part
    state: str
    note: str  # in place of the number


def steps(found: Gauge, words: Catalogue) -> list[Step]:
    """The bars from 50 to the level, in the order of the table."""
    rows = _rows(found)
    points = round_to_sum([row[1] for row in rows], DIGITS)
    bars = {bar.part.key: bar for bar in found.bars}
    made = []
    for (name, *_), rounded in zip(rows, points, strict=True):
        bar = bars.get(name)
        state = bar.state if bar else ""
        note = words.say("gauge.state.missing") if state == MISSING else ""
        made.append(
            Step(_name(name, words), rounded or 0.0, bar.share if bar else 0.0, state, note)
        )
    return made


def as_json(found: Gauge, words: Catalogue) -> dict[str, Any]:
    """Everything that was computed, all digits."""
    owners = owner_table(found, words).to_records()
    return {
        "kind": words.say("measured.badge"),
        "level": found.level,
        "band": band(found.level),
        "likely_low": found.low,
        "likely_high": found.high,
        "range_from": {name: list(ends) for name, ends in found.spans.items()},
        "revisions": {
            bar.part.key: {"deviation": bar.revision, "measured": bar.revision_measured}
            for bar in found.bars
            if bar.state != MISSING
        },
        "liquidity": float(found.sum.groups[0]),
        "room": float(found.sum.groups[1]),
        "since": found.since.isoformat(),
        "change": found.change,
        "parts": table(found).to_records(),
        "history": history_table(found).to_records(),
        "absorption": absorption_table(found).to_records(),
        "owners": owners,
        "said": [sentence for part in sections(found, words) for sentence in part.sentences],
        "stamp": found.stamp.to_dict(),
    }


def band(level: float) -> str:
    """What a level is called."""
    limits = numbers("gauge")
    return next((name for key, name in _BANDS if level >= limits[key]), "scarce")


def level_said(level: float, words: Catalogue) -> str:
    """A level as it is printed in a sentence."""
    return fixed(level, words, digits=0)


def print_gauge(found: Gauge, words: Catalogue, console: Console) -> None:
    """The level, the bars that add up to it, how sure, what stands beside it."""
    from drypowder.report.terminal import rich_table, say

    say(console, words.say("measured.badge"), style="bold")
    say(console, headline(found, words), style="bold")
    say(console, moved(found, words))
    for sentence in loud(found, words):
        say(console, sentence, style="bold")
    console.print()
    console.print(rich_table(shown(found, words), words))
    for section in sections(found, words):
        console.print()
        say(console, section.title, style="bold")
        for sentence in section.sentences:
            say(console, sentence, indent="  ")
        for made in section.tables:
            if made.key == "gauge_owners":
                console.print(rich_table(made, words))
    console.print()
    stamp = f"{found.stamp.line(words)} · {words.say('gauge.cite')}"
    say(console, stamp, style="dim")


def headline(found: Gauge, words: Catalogue) -> str:
    """The level and what 50 is."""
    return words.say(
        "gauge.head",
        level=level_said(found.level, words),
        band=words.say(f"gauge.band.{band(found.level)}"),
        months=len(found.history.days),
        first=_month(found),
    )


def moved(found: Gauge, words: Catalogue) -> str:
    """How far it moved since the day compared with, and what moved it."""
    rows = _rows(found)
    rounded = round_to_sum([row[2] for row in rows], DIGITS)
    names = {row[0]: change or 0.0 for row, change in zip(rows[1:-1], rounded[1:-1], strict=True)}
    order = sorted(names, key=lambda name: -abs(names[name]))
    said = ", ".join(
        f"{_name(name, words)} {fixed(names[name], words, digits=DIGITS, signed=True)}"
        for name in order[:_TOP] if names[name]
    )  # fmt: skip
    way = "none" if abs(found.change) < _QUIET else "up" if found.change > 0 else "down"
    return words.say(
        f"gauge.change_{way}",
        size=fixed(abs(found.change), words, digits=DIGITS),
        since=found.since,
        parts=said or words.say("labels.numbers.none"),
    )


def shown(found: Gauge, words: Catalogue) -> Table:
    """The bars as a person reads them: rounded so that the column still adds up."""
    rows = _rows(found)
    points = round_to_sum([row[1] for row in rows], DIGITS)
    changes = round_to_sum([row[2] for row in rows], DIGITS)
    columns = (
        Column("gauge_part"), Column("gauge_now", "mixed"), Column("gauge_rank", "mixed"),
        Column("gauge_weight", "mixed"), Column("gauge_points", "mixed"),
        Column("gauge_change", "mixed"), Column("observed_on", "date"), Column("known_on", "date"),
    )  # fmt: skip
    bars = {bar.part.key: bar for bar in found.bars}
    cells = [
        _cells(row[0], bars.get(row[0]), now, change, words)
        for row, now, change in zip(rows, points, changes, strict=True)
    ]
    cut = {b.part.key: b.part.group for b in found.bars}
    order = list(dict.fromkeys(cut.values()))
    body: list[tuple] = []
    for group, members in groupby(cells, key=lambda cell: cut.get(cell[0], "")):
        if group:
            level = fixed(found.sum.groups[order.index(group)], words, digits=DIGITS)
            body.append((words.say(f"gauge.group.{group}"), "", level, *[""] * 5))
        body += [(("  " if group else "") + _name(m[0], words), *m[1:]) for m in members]
    return Table("gauge_bars", columns, body)


def _rows(found: Gauge) -> list[tuple[str, float, float]]:
    """Name, points and change of every row of the sum; rows of nothing are left out."""
    start, *ends, level = _steps(found)
    bars = [(b.part.key, b.contribution, b.change) for b in found.bars]
    return [start, *bars, *(row for row in ends if row[0] != "bound" or row[1]), level]


def _cells(
    name: str, bar: Bar | None, points: float | None, change: float | None, words: Catalogue
) -> tuple[str, ...]:
    whole = name in (_STARTS, "level")
    said = fixed(points or 0.0, words, digits=DIGITS, signed=not whole)
    moved_by = "" if name == _STARTS else fixed(change or 0.0, words, digits=DIGITS, signed=True)
    if bar is None:
        return (name, "", "", "", said, moved_by, "", "")
    here = bar.state != MISSING
    value = value_said(bar.value, bar.part.unit, words)
    old = f" {words.say('gauge.state.stale')}" if bar.state == STALE else ""
    return (
        name,
        value + old if here else words.say("gauge.state.missing"),
        fixed(bar.score if here else _MIDDLE, words, digits=DIGITS),
        fixed(bar.share, words, digits=3),
        said,
        moved_by,
        str(bar.observed_on) if here else "",
        str(bar.known_on) if here else "",
    )


def value_said(value: float, unit: str, words: Catalogue) -> str:
    """A part's value with its unit."""
    if not math.isfinite(value):
        return words.say("gauge.unit.none")
    sized = 100.0 * value if unit == "share" else value
    digits = {"usd_bn": 0, "bp": 1, "share": 2, "multiple": 2}[unit]
    return words.say(f"gauge.unit.{unit}", value=fixed(sized, words, digits=digits))


def loud(found: Gauge, words: Catalogue) -> list[str]:
    """What is old or missing: told before anything else."""
    said = []
    for bar in found.bars:
        if bar.state == STALE and bar.observed_on is not None:
            days = (found.stamp.as_of - bar.observed_on).days
            said.append(words.say("gauge.stale", part=_name(bar.part.key, words),
                                  observed=bar.observed_on, days=days))  # fmt: skip
    return said + [_missing(bar, words) for bar in found.missing]


def _missing(bar: Bar, words: Catalogue) -> str:
    name = _name(bar.part.key, words)
    primary = [series for series in bar.absent if series in bar.part.spelled(bar.part.series[0])]
    if not primary:
        least = int(numbers("gauge")["fewest_months"])
        if bar.months >= least:
            return words.say("gauge.gap", part=name, observed=bar.observed_on)
        return words.say("gauge.short", part=name, months=bar.months, least=least)
    own = primary[0].startswith("own:")
    how = words.say("gauge.how_own" if own else "gauge.how_pull", series=primary[0])
    return words.say("gauge.missing", part=name, series=" / ".join(primary), how=how)


def sections(found: Gauge, words: Catalogue) -> list[Section]:
    """How sure, what stands beside it, whose money it is."""
    title = words.say("gauge.section.sure")
    own = words.say("gauge.section.owners")
    return [
        Section("sure", title, _sure(found, words)),
        Section("beside", words.say("gauge.section.beside"), beside(found, words),
                [absorption_table(found)]),
        Section("owners", own, [words.say("gauge.beside.uncommitted")],
                [owner_table(found, words)]),
        Section("sources", words.say("gauge.section.sources"), _sources(found, words)),
    ]  # fmt: skip


def _revised(found: Gauge, words: Catalogue) -> list[str]:
    """Which revisions were measured from stored prints, and that the others are a guess."""
    moved = [bar for bar in found.bars if bar.state != MISSING and bar.revision > 0.0]
    measured = [bar for bar in moved if bar.revision_measured]
    if not moved:
        return []
    if not measured:
        return [words.say("gauge.revised_guess", count=len(moved))]
    names = ", ".join(
        f"{_name(bar.part.key, words)} ({value_said(bar.revision, bar.part.unit, words)})"
        for bar in measured
    )
    return [words.say("gauge.revised", parts=names, count=len(moved) - len(measured))]


def _sure(found: Gauge, words: Catalogue) -> list[str]:
    ends = {
        name: f"{level_said(found.spans[name][0], words)}–{level_said(found.spans[name][1], words)}"
        for name in DOUBTS
    }
    given = numbers("gauge")
    said = [
        again(found, words),
        words.say("gauge.range", low=level_said(found.low, words),
                  high=level_said(found.high, words), share=round(100 * given["likely_share"]),
                  draws=found.spread.draws, **ends),
        *_revised(found, words),
    ]  # fmt: skip
    starters = [bar for bar in found.bars if bar.starter and bar.observed_on]
    if starters:
        newest = max(bar.observed_on for bar in starters if bar.observed_on)
        said.append(words.say("gauge.starter", count=len(starters), total=len(found.bars),
                              newest=newest))  # fmt: skip
    for bar in found.bars:
        if bar.estimated and bar.state != MISSING:
            said.append(words.say("gauge.estimated", part=_name(bar.part.key, words),
                                  series=", ".join(bar.estimated)))  # fmt: skip
    return said


def _sources(found: Gauge, words: Catalogue) -> list[str]:
    """Where each part comes from, and among how many month-ends it is ranked."""
    return [
        words.say(
            "gauge.source" if bar.state != MISSING else "gauge.source_none",
            part=_name(bar.part.key, words), source=bar.part.source, months=bar.months,
            first=str(bar.first_month)[:7],
        )
        for bar in found.bars
    ]  # fmt: skip


def again(found: Gauge, words: Catalogue) -> str:
    """The sum with the rounded numbers of the table."""
    rows = _rows(found)
    points = round_to_sum([row[1] for row in rows], DIGITS)
    signs = " ".join(
        fixed(p, words, digits=DIGITS, signed=True).replace("+", "+ ").replace("−", "− ")
        for p in points[1:-1] if p
    )  # fmt: skip
    return words.say("gauge.again", signs=signs,
                     level=fixed(points[-1] or 0.0, words, digits=DIGITS))  # fmt: skip


def citation(found: Gauge, words: Catalogue) -> tuple[str, str]:
    """How to cite a reading and the command that repeats it."""
    stamp = found.stamp.to_dict()
    said = words.say("gauge.cite_text", level=fixed(found.level, words, digits=DIGITS), **stamp)
    return said, f"drypowder gauge --as-of {found.stamp.as_of} --since {found.since}"


def too_old(found: Gauge, today: date) -> int | None:
    """Days by which the newest figure is behind a day, if that is too many."""
    if found.stamp.known_on is None:
        return None
    days = (today - found.stamp.known_on).days
    return days if days > numbers("gauge")["stale_after_days"] else None


def _name(key: str, words: Catalogue) -> str:
    known = words.section("gauge")
    return known.get(f"gauge.part.{key}") or words.say(f"gauge.row.{_row(key)}")


def _row(key: str) -> str:
    return "sum" if key == "level" else key


def _month(found: Gauge) -> str:
    return str(found.history.days[0])[:7]
