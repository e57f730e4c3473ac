"""Choices that no data settle, each with its range, source and reason in `choices.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources


def choice(name: str) -> float:
    """The value chosen for a tool, in the unit `choices.toml` gives. Raises: KeyError."""
    return _choices()[name]["value"]


@lru_cache(maxsize=1)
def _choices() -> dict[str, dict]:
    path = resources.files("drypowder.measure.statistics").joinpath("choices.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
