"""Which claims there are, and the hash of what was written down about each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module, resources
from typing import cast

from drypowder.errors import UsageError
from drypowder.measure.claims.claim import Claim

_ROOM = "drypowder.measure.claims"
_FILE = re.compile(r"c(\d\d)_\w+\.py")
_METHOD_ROOMS = (
    "drypowder.measure.claims", "drypowder.measure.probe", "drypowder.measure.rank",
    "drypowder.measure.statistics",
)  # fmt: skip


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
        raise UsageError("DP-200", f"there is no claim {number}.", f"There are {known}.")
    return cast(Claim, import_module(f"{_ROOM}.{_files()[number][:-3]}"))


def registration_hash(number: int, sentences: Mapping[str, str]) -> str:
    """Hash over the code of a claim and the sentences said about it: any change shows.

    Args:
        sentences: entries of the word catalogue whose keys begin `claims.<number>.`.
    """
    made = hashlib.sha256()
    path = resources.files(_ROOM).joinpath(_files()[number])
    made.update(path.read_bytes())
    for key in sorted(key for key in sentences if key.startswith(f"claims.{number}.")):
        made.update(f"\0{key}\0{sentences[key]}".encode())
    return made.hexdigest()


@lru_cache(maxsize=1)
def method_hash() -> str:
    """Hash over every file of the rooms that measure: a cached verdict of other code is void."""
    made = hashlib.sha256()
    for room in _METHOD_ROOMS:
        folder = resources.files(room)
        files = (entry for entry in folder.iterdir() if entry.name.endswith((".py", ".toml")))
        for entry in sorted(files, key=lambda each: each.name):
            made.update(entry.read_bytes())
    return made.hexdigest()


@lru_cache(maxsize=1)
def _files() -> dict[int, str]:
    found = (_FILE.fullmatch(entry.name) for entry in resources.files(_ROOM).iterdir())
    return {int(match[1]): match[0] for match in found if match}
