"""The levers: what could be done otherwise, with unit, range and the essay's sentence.

A lever is a policy choice with a name of its own; any parameter can be set by its own name too.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from drypowder.errors import UsageError
from drypowder.scenarios._words import no_such


@dataclass(frozen=True)
class Lever:
    """One choice: what it moves, in which unit and how far."""

    name: str
    unit: str
    low: float
    high: float
    target: str  # "parameter:payout_share", "switch:income", "field:...", "purchases:..."
    sentence: str  # of the essay, made executable
    what: str  # what it does
    default: float | None = None  # None: the scenario's own value
    kind: str = "amount"  # or "switch": zero or one

    @property
    def target_kind(self) -> str:
        """parameter, switch, field or purchases."""
        return self.target.partition(":")[0]

    @property
    def target_name(self) -> str:
        """The parameter, switch, scenario field or instrument that it moves."""
        return self.target.partition(":")[2]

    def checked(self, value: float, *, where: str) -> float:
        """The value, if the lever can be set to it.

        Raises:
            UsageError: DP-055 not a number, DP-056 a percentage where a decimal is due, DP-058
                not finite, DP-062 outside the range.
        """
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError("DP-055", f"{where}: {self.name} = {value!r} is not a number.")
        if not math.isfinite(value):
            raise UsageError("DP-058", f"{where}: {self.name} is {value}.", "Give a number.")
        if self.unit in ("share", "decimal per year") and abs(value) > 1.0:
            raise UsageError(
                "DP-056",
                f"{where}: {self.name} = {value:g} is more than 100 %; it is a {self.unit}.",
                f"Write {value / 100:g}, not {value:g}.",
            )
        allowed = value in (0, 1) if self.kind == "switch" else self.low <= value <= self.high
        if not allowed:
            raise UsageError(
                "DP-062",
                f"{where}: {self.name} = {value:g} is outside its range.",
                f"Allowed: {self.range_in_words}.",
            )
        return float(value)

    @property
    def range_in_words(self) -> str:
        """For messages and tables: "0 to 1 share", "0 or 1"."""
        return self.unit if self.kind == "switch" else f"{self.low:g} to {self.high:g} {self.unit}"


def levers() -> dict[str, Lever]:
    """All levers by name, in the order of levers.toml."""
    return dict(_shipped())


def checked_levers(given: Mapping[str, float], *, where: str) -> dict[str, float]:
    """Lever settings within their ranges. Raises UsageError DP-061 for an unknown name."""
    known = _shipped()
    for name in given:
        if name not in known:
            raise UsageError("DP-061", f"{where}: {no_such('lever', name, known)}")
    return {name: known[name].checked(value, where=where) for name, value in given.items()}


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Lever]:
    text = resources.files("drypowder.scenarios").joinpath("levers.toml").read_text("utf-8")
    return {name: Lever(name=name, **row) for name, row in tomllib.loads(text).items()}
