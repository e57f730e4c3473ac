"""Which claims there are, and the hash of what was written down about each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module, resources
from importlib.resources.abc import Traversable
from typing import cast

from drypowder.errors import UsageError
from drypowder.measure.claims.claim import Claim
from drypowder.measure.refused import refused

_ROOM = "drypowder.measure.claims"
_FILE = re.compile(r"c(\d\d)_\w+\.py")
_METHOD_ROOMS = ("drypowder.data", "drypowder.measure")


def numbers() -> tuple[int, ...]:
    """Numbers of the claims, as the essay's order has them."""
    return tuple(sorted(_files()))


def claim(number: int) -> Claim:
    """A claim by its number.

    Raises:
        UsageError: DP-200 for a number without a claim.
    """
    if number not in _files():
        known = ", ".join(map(str, numbers()))
        raise refused(UsageError, "DP-200", number=number, known=known)
    return cast(Claim, import_module(f"{_ROOM}.{_files()[number][:-3]}"))


def registration_hash(number: int, sentences: Mapping[str, str]) -> str:
    """Hash over a claim's code, registered values and sentences: any change shows.

    Args:
        sentences: entries of the word catalogue whose keys begin `claims.<number>.`.
    """
    made = hashlib.sha256()
    path = resources.files(_ROOM).joinpath(_files()[number])
    made.update(path.read_bytes())
    made.update(repr(claim(number).REGISTRATION).encode())  # days and rules shared by all claims
    for key in sorted(key for key in sentences if key.startswith(f"claims.{number}.")):
        made.update(f"\0{key}\0{sentences[key]}".encode())
    return made.hexdigest()


@lru_cache(maxsize=1)
def method_hash() -> str:
    """Hash over all code and numbers that read or measure: another one voids kept verdicts."""
    made = hashlib.sha256()
    for room in _METHOD_ROOMS:
        for entry in _within(resources.files(room)):
            made.update(entry.read_bytes())
    return made.hexdigest()


def _within(folder: Traversable) -> Iterator[Traversable]:
    """Files of code and numbers below a folder, in one order."""
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _within(entry)
        elif entry.name.endswith((".py", ".toml")):
            yield entry


@lru_cache(maxsize=1)
def _files() -> dict[int, str]:
    found = (_FILE.fullmatch(entry.name) for entry in resources.files(_ROOM).iterdir())
    return {int(match[1]): match[0] for match in found if match}
