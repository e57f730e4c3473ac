"""Refusals of this room: codes and figures here, the sentences among the words of the package.

This room imports no other one, so it reads their table as a file.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any

from drypowder.errors import DrypowderError, UsageError

_WORDS = ("report", "words", "en", "refusals.toml")


def refusal(
    code: str, which: str, kind: type[DrypowderError] = UsageError, /, **values: object
) -> DrypowderError:
    """An error whose message and hint stand under `[CODE.WHICH]`, fields filled in."""
    entry = _words()[code][which]
    return kind(code, entry["message"].format(**values), entry.get("hint", "").format(**values))


def phrase(which: str, /, **values: object) -> str:
    """What is wrong, as a part of a refusal's sentence: an entry of `[phrases]`."""
    return str(_words()["phrases"][which]).format(**values)


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    path = resources.files("drypowder").joinpath(*_WORDS)
    return tomllib.loads(path.read_text(encoding="utf-8"))
