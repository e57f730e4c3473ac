"""Refusals of this room: codes and figures in the code, the sentences among the package's words.

`report` stands above this room, so its table of words is read as a file, as `data` does.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from typing import Any, TypeVar

from drypowder.errors import DrypowderError

_WORDS = ("report", "words", "en", "errors.toml")
_Kind = TypeVar("_Kind", bound=DrypowderError)


def refused(kind: type[_Kind], code: str, /, **values: object) -> _Kind:
    """An error whose message and hint stand under `[CODE]`, fields filled in."""
    entry = _words()[code]
    return kind(code, entry["message"].format(**values), entry["hint"].format(**values))


def phrase(code: str, which: str, /, **values: object) -> str:
    """What is wrong, as a part of a refusal's sentence: another entry of `[CODE]`."""
    return str(_words()[code][which]).format(**values)


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    path = resources.files("drypowder").joinpath(*_WORDS)
    return tomllib.loads(path.read_text(encoding="utf-8"))
