"""What is stored and known, in tables and sentences: `drypowder data`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

    from drypowder.data import Known, Observed
    from drypowder.data.importing import Imported
    from drypowder.data.overview import Gap, Standing

_STATUS = (
    "name", "label", "group", "frequency", "unit", "rows", "first_on", "last_on", "known_on",
    "age_days", "stale", "estimated", "origin", "source", "licence", "licensed",
)  # fmt: skip
_KINDS = {"rows": "count", "age_days": "number", "estimated": "share"}


def files(found: Imported, words: Catalogue) -> Table:
    """What became of each file of an import."""
    columns = (Column("file"), Column("rows", "count"), Column("unfinished", "count"),
               Column("layout"), Column("skipped"))  # fmt: skip
    rows = [
        (each.path, each.rows, each.unfinished, each.layout, each.skipped) for each in found.files
    ]
    return Table("data_import", columns, rows)


def contradictions(found: Imported, words: Catalogue) -> list[str]:
    """Files that tell revised series otherwise, a sentence a pair."""
    return [
        words.say(
            "data.import.contradiction", file=each.file, other=each.other_file,
            rows=f"{each.rows:,}", series=f"{each.series:,}", apart=f"{100 * each.apart:.3g}",
            name=each.example[0], day=f"{each.example[1]:%Y-%m-%d}",
            value=f"{each.example[2]:.8g}", other_value=f"{each.example[3]:.8g}",
        )
        for each in found.contradictions
    ]  # fmt: skip


def status(found: list[Standing], holes: dict[str, Gap]) -> Table:
    """Every series with its age, origin and gaps."""
    columns = tuple(Column(key, _KINDS.get(key, "text")) for key in _STATUS)
    columns += (Column("gaps", "count"), Column("last_gap"))
    rows = []
    for each in found:
        hole = holes.get(each.name)
        last = f"{hole.last_from} to {hole.last_to}" if hole else ""
        rows.append((*(getattr(each, key) for key in _STATUS), hole.count if hole else 0, last))
    return Table("data_status", columns, rows)


def print_status(
    known: Known, found: list[Standing], holes: dict[str, Gap], words: Catalogue, console: Console
) -> None:
    """Series one by one, patterns together, what is stale first in words."""
    from drypowder.report.terminal import rich_table, say

    stale = sum(each.stale for each in found)
    starter = sum(each.origin == "starter" for each in found)
    if not found:
        say(console, words.say("data.status.nothing"))
        return
    say(console, words.say("data.status.head", count=f"{len(found):,}", stale=f"{stale:,}",
                           as_of=f"{known.as_of:%Y-%m-%d}"), style="bold")  # fmt: skip
    if starter:
        say(console, words.say("data.status.starter", count=starter))
    console.print()
    console.print(rich_table(_grouped(found, words), words))
    starters = {each.name for each in found if each.origin == "starter"}
    for hole in (each for each in holes.values() if each.name not in starters):
        say(console, words.say("data.status.gap", name=hole.name, count=hole.count,
                               first=hole.last_from, last=hole.last_to))  # fmt: skip
    licensed = sorted({each.licence for each in found if each.licensed})
    if licensed:
        console.print()
        say(console, words.say("data.status.licensed", licences="; ".join(licensed)))
    say(console, words.say("data.stamp", as_of=f"{known.as_of:%Y-%m-%d %H:%M}",
                           version=known.version), style="dim")  # fmt: skip


def _grouped(found: list[Standing], words: Catalogue) -> Table:
    """A row a series; those of one pattern are told in one."""
    groups: dict[str, list[Standing]] = {}
    for each in found:
        groups.setdefault(each.group, []).append(each)
    rows = []
    for group, members in groups.items():
        latest = max(members, key=lambda each: each.last_on)
        name = group if len(members) > 1 else members[0].name
        old = sum(each.stale for each in members)
        state = words.say("data.status.fresh")
        if old:
            state = words.say("data.status.stale", count=old, of=len(members))
            state = words.say("data.status.one_stale") if len(members) == 1 else state
        origin = " + ".join(dict.fromkeys(each.origin for each in members))
        label = latest.label if len(members) == 1 else words.say(
            "data.status.several", count=len(members))  # fmt: skip
        rows.append((name, latest.last_on, round(latest.age_days), state, origin, label))
    columns = (Column("series"), Column("last_on", "date"), Column("age_days", "count"),
               Column("state"), Column("origin"), Column("label"))  # fmt: skip
    return Table("data_status", columns, rows)


def observations(observed: Observed) -> Table:
    """Observed on, known on, value, whether the known date is an estimate."""
    columns = (Column("observed_on", "moment"), Column("known_on", "moment"),
               Column("value", "level"), Column("known_estimated"))  # fmt: skip
    rows = list(
        zip(
            map(_stamp, observed.observed_on), map(_stamp, observed.known_on),
            observed.values.tolist(), observed.estimated.tolist(), strict=True,
        )
    )  # fmt: skip
    return Table("data_series", columns, rows)


def series_data(observed: Observed, known: Known, table: Table) -> dict[str, Any]:
    """All of one series for JSON."""
    keys = ("name", "label", "unit", "frequency", "source", "licence", "licensed", "starter",
            "stale", "age_days")  # fmt: skip
    return {
        **{key: getattr(observed, key) for key in keys},
        "as_of": known.as_of.isoformat(),
        "version": known.version,
        "observations": table.to_records(),
    }


def print_series(
    observed: Observed, known: Known, last: int, words: Catalogue, console: Console
) -> None:
    """What it is, whether it is old, its last observations."""
    from drypowder.report.terminal import rich_table, say

    say(console, _head(observed, words), style="bold")
    say(console, words.say("data.show.source", source=observed.source, licence=observed.licence))
    if observed.starter:
        say(console, words.say("data.show.starter", name=observed.name))
    if observed.stale:
        say(console, words.say("data.show.stale", days=round(observed.age_days)), style="bold")
    share = float(observed.estimated.mean())
    if share:
        say(console, words.say("data.show.estimated", share=f"{100 * share:.0f}"))
    console.print()
    table = observations(observed)
    tail = Table(table.key, table.columns, table.rows[-last:])
    console.print(rich_table(_marked(tail, words), words))
    console.print()
    say(console, words.say("data.stamp", as_of=f"{known.as_of:%Y-%m-%d %H:%M}",
                           version=known.version), style="dim")  # fmt: skip


def _head(observed: Observed, words: Catalogue) -> str:
    said = {key: getattr(observed, key) for key in ("name", "label", "unit", "frequency")}
    return words.say("data.show.head", **said)


def _marked(table: Table, words: Catalogue) -> Table:
    """Whether a known date is an estimate, in words."""
    how = {True: words.say("data.show.by_lag"), False: words.say("data.show.by_source")}
    rows = [(*row[:-1], how[bool(row[-1])]) for row in table.rows]
    return Table(table.key, table.columns, rows)


def prints_table(columns: dict[str, Any]) -> Table:
    """Every print with all that is stored of it."""
    kinds = {"value": "level"}
    keys = [key for key in columns]
    rows = [
        tuple(_plain(cell) for cell in row)
        for row in zip(*(np.asarray(columns[key]) for key in keys), strict=True)
    ]
    return Table("data_prints", tuple(Column(k, kinds.get(k, "text")) for k in keys), rows)


def print_vintages(
    observed: Observed, columns: dict[str, Any], last: int, words: Catalogue, console: Console
) -> None:
    """Dates whose value was printed more than once, the latest of them, print by print."""
    from drypowder.report.terminal import rich_table, say

    say(console, _head(observed, words), style="bold")
    days, counts = np.unique(np.asarray(columns["observed_on"]), return_counts=True)
    revised = days[counts > 1]
    if not len(revised):
        say(console, words.say("data.vintages.none", dates=f"{len(days):,}"))
        return
    say(console, words.say("data.vintages.head", revised=f"{len(revised):,}",
                           dates=f"{len(days):,}"))  # fmt: skip
    console.print()
    rows: list[tuple] = []
    for day in revised[-last:]:
        chosen = np.nonzero(np.asarray(columns["observed_on"]) == day)[0]
        values = np.asarray(columns["value"])[chosen]
        for place, row in enumerate(chosen):
            change = values[place] - values[place - 1] if place else None
            how = "by_lag" if columns["known_estimated"][row] else "by_source"
            rows.append((_stamp(day), _stamp(columns["known_on"][row]), values[place], change,
                         words.say(f"data.show.{how}")))  # fmt: skip
    kinds = (
        Column("observed_on", "moment"),
        Column("known_on", "moment"),
        Column("value", "level"),
        Column("change", "plain"),
        Column("known_estimated"),
    )
    console.print(rich_table(Table("data_vintages", kinds, rows), words))


def exported(out: Path, names: list[str], rows: int) -> Table:
    """What was written."""
    return Table("data_export", (Column("file"), Column("series"), Column("rows", "count")),
                 [(str(out), ", ".join(names), rows)])  # fmt: skip


def _stamp(moment: Any) -> str:
    """A day without an hour as a day, a moment to the second."""
    text = str(np.datetime64(moment, "s"))
    return text[:10] if text.endswith(("00:00:00", "23:59:59")) else text


def _plain(cell: Any) -> Any:
    if isinstance(cell, np.datetime64):
        return "" if np.isnat(cell) else str(cell)
    return cell
