"""One claim asked on what was known on a day: its verdict and all that it read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.errors import DataMissingError
from drypowder.measure.claims.claim import (
    CANNOT_SAY,
    Finding,
    Part,
    Registration,
    TooFewError,
    Verdict,
    judge,
)
from drypowder.measure.claims.registry import claim, registration_hash

if TYPE_CHECKING:
    from drypowder.data import Known, Observed


_COLUMNS = ("observed_on", "known_on", "values", "estimated")
_TOO_FEW_WEEKS = "DP-211"  # of what is stored: pulling it again would not help


@dataclass(frozen=True)
class Source:
    """A series that a claim read: whose it is, which days, and since when it was known."""

    name: str
    label: str
    publisher: str
    first: date
    last: date
    known_on: date  # when the newest figure inside the window became known
    estimated: bool  # that day is guessed from the usual release lag
    starter: bool  # shipped with the package, not pulled
    short: bool  # it is stale and ends before the window does


@dataclass(frozen=True)
class Answer:
    """A verdict with all that is needed to check it."""

    number: int
    word: str  # one of VERDICTS
    observations: int
    finding: Finding | None
    missing: tuple[str, ...]  # series to pull
    sources: tuple[Source, ...]
    registration: str  # hash of code and sentences
    data_version: str
    as_of: date

    @property
    def known_on(self) -> date | None:
        """The day on which the newest figure that was used became known."""
        return max((each.known_on for each in self.sources), default=None)

    @property
    def starter(self) -> bool:
        """Figures shipped with the package were used."""
        return any(each.starter for each in self.sources)

    @property
    def estimated(self) -> bool:
        """Some known date is a guess from the release lag."""
        return any(each.estimated for each in self.sources)

    @property
    def short(self) -> tuple[str, ...]:
        """Series that are stale and end before the window does."""
        return tuple(each.name for each in self.sources if each.short)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: dates as texts."""
        return _plain(asdict(self))

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Answer:
        """Back from `to_dict`. Raises: KeyError, TypeError, ValueError for another text."""
        finding = given["finding"]
        if finding is not None:
            finding = Finding(**{
                **finding, **_dated(finding, "first", "last"),
                "parts": tuple(Part(**part) for part in finding["parts"]),
                "caveats": tuple(finding["caveats"]),
            })  # fmt: skip
        sources = (
            Source(**{**each, **_dated(each, "first", "last", "known_on")})
            for each in given["sources"]
        )
        return cls(**{
            **given, "finding": finding, "sources": tuple(sources),
            "missing": tuple(given["missing"]), **_dated(given, "as_of"),
        })  # fmt: skip


class Watched:
    """What is known, with a note of every series that was read."""

    def __init__(self, known: Known | Fetched) -> None:
        self._known = known
        self.read: dict[str, Observed] = {}

    def series(self, name: str, **span) -> Observed:
        """As `Known.series`."""
        return self._note(self._known.series(name, **span))

    def find(self, name: str, **span) -> Observed | None:
        """As `Known.find`."""
        found = self._known.find(name, **span)
        return None if found is None else self._note(found)

    def table(self, names: Iterable[str], **span) -> dict[str, Observed]:
        """As `Known.table`."""
        found = self._known.table(list(names), **span)
        return {name: self._note(each) for name, each in found.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._known, name)

    def _note(self, observed: Observed) -> Observed:
        if len(observed.values):
            self.read[observed.name] = observed
        return observed


class Fetched:
    """What is known, with the series that many claims read fetched in one query."""

    def __init__(self, known: Known, names: Iterable[str]) -> None:
        self._known, self._held = known, dict.fromkeys(names)
        self._held.update(known.table(self._held))

    def series(self, name: str, **span) -> Observed:
        """As `Known.series`."""
        return self.find(name, **span) or self._known.series(name, **span)

    def find(self, name: str, **span) -> Observed | None:
        """As `Known.find`."""
        return self.table([name], **span).get(name)

    def table(self, names: Iterable[str], **span) -> dict[str, Observed]:
        """As `Known.table`."""
        wanted = list(dict.fromkeys(names))
        unseen = [name for name in wanted if name not in self._held]
        if unseen:
            self._held.update(dict.fromkeys(unseen))
            self._held.update(self._known.table(unseen))
        whole = {name: found for name in wanted if (found := self._held[name]) is not None}
        if not span:
            return whole
        # which of its figures are shipped ones a series does not say: what ends in one is asked for
        asked = self._known.table([name for name in whole if whole[name].starter], **span)
        cut = {
            name: asked.get(name) if each.starter else _between(each, **span)
            for name, each in whole.items()
        }
        return {name: found for name, found in cut.items() if found is not None}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._known, name)


def _between(
    observed: Observed, since: date | None = None, until: date | None = None
) -> Observed | None:
    """A series from the first to the last day, both included; None where nothing is left."""
    from drypowder.data import catalogue

    kept = np.ones(len(observed.values), bool)
    if since is not None:
        kept &= observed.observed_on >= np.datetime64(since)
    if until is not None:
        kept &= observed.observed_on < np.datetime64(until) + np.timedelta64(1, "D")
    if not kept.any():
        return None
    columns = {name: getattr(observed, name)[kept] for name in _COLUMNS}
    earlier = (observed.observed_on[-1] - columns["observed_on"][-1]) / np.timedelta64(1, "D")
    age_days = observed.age_days + float(earlier)
    about = catalogue().find(observed.name)
    stale = observed.stale if about is None else age_days > about.stale_after_days()
    return replace(observed, **columns, age_days=age_days, stale=stale)


def ask(known: Known | Fetched, number: int, sentences: Mapping[str, str]) -> Answer:
    """Measure one claim and judge it.

    Args:
        known: what could be known by the end of a day.
        sentences: the word catalogue's section `claims`, for the hash.

    Raises:
        UsageError: DP-200 for a number without a claim. Missing data are an answer, no error.
    """
    asked, watched = claim(number), Watched(known)
    registration = asked.REGISTRATION
    verdict = _verdict(asked, watched)
    sources = tuple(_source(each, registration) for _, each in sorted(watched.read.items()))
    return Answer(
        number, verdict.word, verdict.observations, verdict.finding, verdict.missing, sources,
        registration_hash(number, sentences), known.version, known.as_of.date(),
    )  # fmt: skip


def _verdict(asked, watched: Watched) -> Verdict:
    registration = asked.REGISTRATION
    try:
        return judge(registration, asked.measure(watched))
    except DataMissingError as error:
        return Verdict(CANNOT_SAY, registration, missing=_to_pull(error, registration, watched))
    except TooFewError as error:
        return Verdict(CANNOT_SAY, registration, observations=error.observations)


def _to_pull(
    error: DataMissingError, registration: Registration, watched: Watched
) -> tuple[str, ...]:
    """Series that would help; none before the window, or where too little was known on the day."""
    if error.code == _TOO_FEW_WEEKS or watched.as_of.date() <= registration.window[0]:
        return ()
    found = {name: watched.find(name) for name in registration.needs}
    absent = tuple(name for name, each in found.items() if each is None)
    monthly = tuple(name for name, each in found.items() if each is not None and each.starter)
    return absent or monthly or registration.needs


def _source(observed: Observed, registration: Registration) -> Source:
    days = observed.observed_on.astype("datetime64[D]")
    inside = days <= np.datetime64(registration.window[1])
    place = int(np.flatnonzero(inside)[-1]) if inside.any() else 0
    known = observed.known_on[: place + 1].max()
    return Source(
        observed.name, observed.label, observed.source, days[0].item(), days[place].item(),
        known.astype("datetime64[D]").item(), bool(observed.estimated[: place + 1].any()),
        bool(observed.starter), _is_short(observed, days[-1].item(), registration.window[1]),
    )  # fmt: skip


def _is_short(observed: Observed, last: date, end: date) -> bool:
    """Stale, and the window goes on for longer than its rhythm and release lag explain."""
    from drypowder.data import catalogue

    about = catalogue().find(observed.name)
    patience = about.stale_after_days() if about else 0.0
    return bool(observed.stale) and (end - last).days > patience


def _dated(given: Mapping[str, Any], *names: str) -> dict[str, date]:
    return {name: date.fromisoformat(given[name]) for name in names}


def _plain(value: Any) -> Any:
    """Dates as texts and NumPy numbers as those of Python."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    value = value.item() if hasattr(value, "item") else value
    return value
