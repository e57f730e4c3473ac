"""`drypowder data pull`: fetch series, say what is new, and end with an error where one failed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.output import Output, console, note
from drypowder.errors import DrypowderError
from drypowder.report.words import Catalogue, catalogue, coded

if TYPE_CHECKING:
    from drypowder.data.connectors import Outcome
    from drypowder.data.connectors.question import Question
    from drypowder.data.connectors.wire import Session
    from drypowder.report.tables import Table

_TIERS = "tiers:"
_SEVERAL = "DP-189"
_NAMED = 5  # series that the error names


def pull_series(
    names: Sequence[str], *, dry_run: bool, offline: bool, home: Path | None, output: Output
) -> None:
    """Ask, store, tell.

    Raises:
        UsageError: DP-170 for a series that nobody knows, DP-188 for an address that is none.
        DataMissingError: DP-180 to DP-184, DP-188 where sources cannot be had, DP-189 of several.
        DrypowderError: DP-185 to DP-187 where a reply is not what it should be, DP-189 of several.
    """
    from drypowder.data import open_store
    from drypowder.data.connectors import open_session, pull, questions, wanted

    words, store = catalogue(), open_store(home)
    tiers = [name.removeprefix(_TIERS) for name in names if name.startswith(_TIERS)]
    series = [name for name in names if not name.startswith(_TIERS)]
    asked = questions(wanted(series), store) if series or not tiers else []
    _tell_terms(asked, words, all_of_them=not names)
    if dry_run:
        output.give_table(_plan(asked))
        note(words.say("pull.would", questions=len(asked)))
        return
    session = open_session(store, offline=offline)
    with contextlib.closing(session), _progress(words) as progress:
        outcomes = pull(asked, store, session, progress)
        kept = _tiers(session, tiers)
    if kept is not None:
        note(words.say("pull.tiers", symbols=", ".join(tiers), path=kept))
    if outcomes:
        error = _error(outcomes)
        output.give_table(_table(outcomes))
        _tell(outcomes, session.asked, words, faults=error is not None and error.code == _SEVERAL)
        if error is not None:
            raise error


def _tiers(session: Session, symbols: Sequence[str]) -> Path | None:
    """The file of brackets; None where none were asked for."""
    if not symbols:
        return None
    from drypowder.data.connectors.crypto import leverage_tiers

    return leverage_tiers(session, symbols).kept.path


def _tell_terms(asked: Sequence[Question], words: Catalogue, *, all_of_them: bool) -> None:
    """On what terms the optional sources answer, and who was left out."""
    from drypowder.data.connectors._settings import provider

    if any(each.source.name == "yahoo" for each in asked):
        note(words.say("pull.licence"))
    if all_of_them and not provider("edgar").may_ask:
        note(words.say("pull.companies"))


def _plan(asked: Sequence[Question]) -> Table:
    """What would be asked, an address a row."""
    from drypowder.report.tables import Column, Table

    columns = (Column("pulled_series"), Column("source"), Column("address"))
    rows = [
        (", ".join(series.name for series in each.series), each.source.title, address)
        for each in asked
        for address in each.addresses or ("",)
    ]
    return Table("pull_plan", columns, rows)


def _table(outcomes: Sequence[Outcome]) -> Table:
    """What became of each series."""
    from drypowder.report.tables import Column, Table

    columns = (
        Column("pulled_series"), Column("status"), Column("new_prints", "count"),
        Column("newest", "date"), Column("source"), Column("error"),
    )  # fmt: skip
    rows = [
        (each.series.name, each.status, each.new,
         each.newest.isoformat() if each.newest else "", each.source,
         each.fault.code if each.fault else "")
        for each in outcomes
    ]  # fmt: skip
    return Table("pull", columns, rows)


def _tell(outcomes: Sequence[Outcome], requests: int, words: Catalogue, *, faults: bool) -> None:
    """Each fault once, unless the command ends with it; what to know of a series; the count."""
    for fault, (name, *others) in _alike(outcomes) if faults else ():
        if others:
            name = words.say("pull.more", first=name, count=len(others))
        note(words.say("pull.failed", series=name, code=fault.code, message=fault.message))
        note(words.say("pull.do", hint=fault.hint))
    for each in (each for each in outcomes if each.series.note and each.fault is None):
        note(words.say("pull.note", series=each.series.name, note=each.series.note))
    counts = {status: sum(each.status == status for each in outcomes)
              for status in ("new", "unchanged", "failed")}  # fmt: skip
    prints = sum(each.new for each in outcomes)
    note(words.say("pull.done", series=len(outcomes), prints=prints, requests=requests, **counts))


def _alike(outcomes: Sequence[Outcome]) -> Iterator[tuple[DrypowderError, list[str]]]:
    """Each fault with the names of all series that it befell."""
    groups: dict[str, tuple[DrypowderError, list[str]]] = {}
    for each in outcomes:
        if each.fault is not None:
            groups.setdefault(str(each.fault), (each.fault, []))[1].append(each.series.name)
    yield from groups.values()


def _error(outcomes: Sequence[Outcome]) -> DrypowderError | None:
    """What the command ends with: the fault itself where it was one thing, else DP-189."""
    from drypowder.data.connectors import failure

    kind = failure(outcomes)
    if kind is None:
        return None
    failed = [(each.series.name, each.fault) for each in outcomes if each.fault is not None]
    if len(failed) == len(outcomes) and len({str(fault) for _, fault in failed}) == 1:
        return failed[0][1]
    named = "; ".join(f"{name} ({fault.code})" for name, fault in failed[:_NAMED])
    more = f" ... ({len(failed) - _NAMED} more)" if len(failed) > _NAMED else ""
    return coded(kind, _SEVERAL, failed=len(failed), count=len(outcomes), named=named + more)


@contextlib.contextmanager
def _progress(words: Catalogue) -> Iterator[Callable[[int, int, str], None]]:
    """A bar on a terminal; elsewhere a line a source, on stderr."""
    if not sys.stderr.isatty():
        said: set[str] = set()

        def tell(done: int, total: int, source: str) -> None:
            if source and source not in said:
                said.add(source)
                note(words.say("pull.asking", source=source))

        yield tell
        return
    from rich import progress as bars

    columns = (bars.TextColumn("{task.description}"), bars.BarColumn(), bars.MofNCompleteColumn())
    with bars.Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, source: bar.update(
            task, completed=done, total=total,
            description=words.say("pull.asking", source=source) if source else "",
        )  # fmt: skip
