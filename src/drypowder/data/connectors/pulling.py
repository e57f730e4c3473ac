"""`drypowder data pull`: ask for series, read what comes, and store it; one fault costs one series.

Nothing that is stored is ever touched by a fault: a reply is read and checked before the store
sees it, and the store appends. Series of one source are appended together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module

from drypowder.data import ingests
from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import provider, usual
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.raw import RawStore
from drypowder.data.connectors.rows import Rows
from drypowder.data.connectors.wire import Session
from drypowder.data.refusals import phrase, refusal
from drypowder.data.series import Series, catalogue
from drypowder.data.store import Store
from drypowder.errors import DataMissingError, DrypowderError

_MODULES = {
    "fred": "fred", "nyfed": "nyfed", "fiscaldata": "fiscaldata", "edgar": "edgar",
    "defillama": "defillama", "ccxt": "crypto", "yahoo": "yahoo",
}  # fmt: skip
LICENSED_SOURCE = "yahoo"  # whose terms are told before it is asked
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one series."""

    series: Series
    source: str  # who was asked, in words
    new: int = 0  # prints that the store did not have
    newest: date | None = None  # last observation of the reply
    fault: DrypowderError | None = None

    @property
    def status(self) -> str:
        """new, unchanged or failed."""
        if self.fault is not None:
            return "failed"
        return "new" if self.new else "unchanged"


def wanted(names: Sequence[str]) -> list[Series]:
    """Catalogue entries of the names given, or of the usual ones where none is.

    Raises:
        UsageError: DP-170 for a name that nobody knows.
    """
    return [catalogue().get(name) for name in dict.fromkeys(names or usual_names())]


def usual_names() -> list[str]:
    """What the gauge and the claims need from public sources."""
    rules = usual()
    single = [
        each.name
        for each in catalogue()
        if each.connector in rules.connectors and not each.name.endswith("*")
    ]
    if not provider("edgar").may_ask:
        return [*single, *rules.members]
    from drypowder.data.connectors.edgar import companies

    filed = [f"{measure}:{each}" for each in companies() for measure in rules.measures]
    return [*single, *rules.members, *filed]


def questions(series: Sequence[Series], store: Store) -> list[Question]:
    """What would be asked, source by source.

    Raises:
        DataMissingError: DP-183 for a series that nobody serves.
        UsageError: DP-188 for a source set to what is no address.
    """
    since = _pulled_until(store, series)
    groups: dict[str, list[Series]] = {}
    for each in series:
        if each.connector not in _MODULES:
            raise refusals.unknown(each.publisher, phrase("download", series=each.name))
        groups.setdefault(each.connector, []).append(each)
    made: list[Question] = []
    for name, members in groups.items():
        module = import_module(f"drypowder.data.connectors.{_MODULES[name]}")
        made += module.questions(members, since)
    return made


def pull(
    asked: Sequence[Question],
    store: Store,
    session: Session,
    progress: Progress = lambda done, total, source: None,
) -> list[Outcome]:
    """Ask every question, store what could be read, and say what became of each series."""
    outcomes: list[Outcome] = []
    for source, batch in _by_source(asked):
        ready: list[tuple[Series, Rows]] = []
        for question in batch:
            progress(len(outcomes) + len(ready), _count(asked), source)
            for series, answer in _answers(question, session):
                if isinstance(answer, DrypowderError):
                    outcomes.append(Outcome(series, source, fault=answer))
                else:
                    ready.append((series, answer))
        outcomes += _stored(store, source, ready)
    progress(len(outcomes), len(outcomes), "")
    return outcomes


def open_session(store: Store, *, offline: bool = False) -> Session:
    """A session whose raw store lies beside the store's own files."""
    return Session(raw=RawStore(store.folder / "raw"), offline=offline)


def failure(outcomes: Iterable[Outcome]) -> type[DrypowderError] | None:
    """The kind of error that a pull ends with: data missing, or worse; None where all went well."""
    faults = [each.fault for each in outcomes if each.fault is not None]
    if not faults:
        return None
    missing = all(isinstance(fault, DataMissingError) for fault in faults)
    return DataMissingError if missing else DrypowderError


def _answers(
    question: Question, session: Session
) -> Iterator[tuple[Series, Rows | DrypowderError]]:
    try:
        found = question.fetch(session)
    except (DrypowderError, OSError) as fault:
        refusal = fault if isinstance(fault, DrypowderError) else _unwritten(session, fault)
        yield from ((series, refusal) for series in question.series)
        return
    for series in question.series:
        try:
            yield series, question.read(found, series)
        except DrypowderError as fault:
            yield series, fault


def _unwritten(session: Session, fault: OSError) -> DrypowderError:
    """DP-178: the reply could not be kept on disk, so nothing is read from it."""
    said = fault.strerror or fault
    return refusal("DP-178", "store", DrypowderError, path=session.raw.folder, fault=said)


def _stored(store: Store, source: str, ready: Sequence[tuple[Series, Rows]]) -> Iterator[Outcome]:
    """All series of a source at once; where the store refuses, one by one, to spare the others."""
    if not ready:
        return
    try:
        until = [(series.name, rows.newest.isoformat()) for series, rows in ready if rows.newest]
        kept = store.append([part for _, rows in ready for part in rows.parts()], origin=source)
        store.pulled(until)
    except DrypowderError as fault:
        if len(ready) == 1:
            series, rows = ready[0]
            yield Outcome(series, source, newest=rows.newest, fault=_as_ours(fault, source, series))
            return
        for pair in ready:
            yield from _stored(store, source, [pair])
        return
    for series, rows in ready:
        yield Outcome(series, source, kept.series.get(series.name, 0), rows.newest)


def _as_ours(fault: DrypowderError, source: str, series: Series) -> DrypowderError:
    """A unit that the store refuses has changed at the source: nobody typed it."""
    if fault.code != "DP-172":
        return fault
    return refusals.wrong_unit(source, series.name, fault.message)


def _pulled_until(store: Store, series: Sequence[Series]) -> Mapping[str, date]:
    """Up to which day each series was pulled from its beginning on.

    What was imported does not count: a short file must not keep the years before it, nor a file
    that runs ahead the weeks in between, from being asked for.
    """
    found = ingests.pulled(store.folder, [entry.name for entry in series])
    return {name: date.fromisoformat(until) for name, until in found.items()}


def _by_source(asked: Sequence[Question]) -> Iterator[tuple[str, list[Question]]]:
    groups: dict[str, list[Question]] = {}
    for each in asked:
        groups.setdefault(each.source.title, []).append(each)
    yield from groups.items()


def _count(asked: Sequence[Question]) -> int:
    return sum(len(each.series) for each in asked)
