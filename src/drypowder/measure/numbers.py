"""The numbers that a measurement hangs on, read from its TOML: value, range, unit, source, why."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any


@lru_cache(maxsize=8)
def numbers(room: str) -> MappingProxyType[str, float]:
    """Value of every number of `measure/<room>/<room>.toml` by name, in the unit written there."""
    return MappingProxyType({name: row["value"] for name, row in table(room, room).items()})


@lru_cache(maxsize=32)
def table(room: str, name: str) -> dict[str, Any]:
    """A TOML file of a room of `measure`, as it is written."""
    path = resources.files("drypowder.measure").joinpath(room, f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))
