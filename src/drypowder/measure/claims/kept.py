"""Verdicts are kept: computed once for the same data and code, and never forgotten.

`cache.json` holds answers by data, code, sentences and day; a corrupt one is computed again.
`history.jsonl` gets a line for each verdict that is new, and none is ever changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drypowder._version import __version__
from drypowder.measure.claims.asking import Answer, Fetched, ask
from drypowder.measure.claims.registry import claim, method_hash, registration_hash

if TYPE_CHECKING:
    from drypowder.data import Known

_CACHE, _HISTORY = "cache.json", "history.jsonl"
_IDENTITY = ("number", "word", "registration", "data_version", "as_of", "effect", "low", "high")
_MOST_KEPT = 300  # answers: fifteen claims on twenty days


def answers(
    known: Known,
    numbers: Sequence[int],
    sentences: Mapping[str, str],
    folder: Path | None = None,
) -> list[Answer]:
    """Verdicts on claims, from the cache where nothing has changed since.

    Args:
        folder: of cache and history; nothing is kept without one, or where it cannot be written.

    Raises:
        UsageError: DP-200 for a number without a claim.
    """
    kept = _read(folder)
    keys = {number: _key(known, number, sentences) for number in numbers}
    revived = {number: _revived(kept.get(key)) for number, key in keys.items()}
    found = {number: answer for number, answer in revived.items() if answer is not None}
    fresh = [number for number in keys if number not in found]
    fetched = Fetched(known, (name for number in fresh for name in _names(number)))
    for number in fresh:
        found[number] = ask(fetched, number, sentences)
        kept[keys[number]] = found[number].to_dict()
    made = [found[number] for number in numbers]
    if folder is not None and fresh:
        with contextlib.suppress(OSError):  # a home that cannot be written costs time only
            folder.mkdir(parents=True, exist_ok=True)
            _replace(folder / _CACHE, json.dumps(dict(list(kept.items())[-_MOST_KEPT:])))
            _append(folder / _HISTORY, made)
    return made


def history(folder: Path, number: int | None = None) -> list[dict[str, Any]]:
    """Verdicts in the order in which they were first computed; torn lines are left out."""
    found = []
    for line in _lines(folder / _HISTORY):
        with contextlib.suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict) and number in (None, entry.get("number")):
                found.append(entry)
    return found


def _names(number: int) -> tuple[str, ...]:
    """Series that a claim reads: those registered by name, and those of a field or basket."""
    asked = claim(number)
    registered = asked.REGISTRATION.needs + asked.REGISTRATION.optional
    return registered + tuple(getattr(asked, "FIELD", ()))


def _key(known: Known, number: int, sentences: Mapping[str, str]) -> str:
    words = registration_hash(number, sentences)
    return "|".join((known.version, known.as_of.date().isoformat(), words, method_hash()))


def _read(folder: Path | None) -> dict[str, Any]:
    if folder is None:
        return {}
    try:
        found = json.loads((folder / _CACHE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _revived(given: Any) -> Answer | None:
    try:
        return Answer.from_dict(given)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _append(path: Path, made: Sequence[Answer]) -> None:
    """One write a verdict that is not there yet, so that writers cannot mix their lines."""
    told = {_identity(entry) for entry in history(path.parent)}
    for answer in made:
        entry = _entry(answer)
        if _identity(entry) not in told:
            with path.open("ab") as file:
                file.write(f"{json.dumps(entry)}\n".encode())


def _entry(answer: Answer) -> dict[str, Any]:
    finding = answer.finding
    numbers = {name: getattr(finding, name, None) for name in ("effect", "low", "high", "p_value")}
    given = answer.to_dict()
    kept = ("number", "word", "observations", "missing", "registration", "data_version", "as_of")
    return {**{name: given[name] for name in kept}, **numbers, "drypowder_version": __version__}


def _identity(entry: Mapping[str, Any]) -> str:
    return json.dumps([entry.get(key) for key in _IDENTITY])


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _replace(path: Path, text: str) -> None:
    """All of the text or nothing of it, whoever else is writing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
