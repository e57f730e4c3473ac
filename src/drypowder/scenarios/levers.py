"""The levers: what could be done otherwise, with unit, range and the essay's sentence.

A lever is a policy choice with a name of its own; any parameter can be set by its own name too.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from drypowder.errors import UsageError
from drypowder.scenarios._words import decimal_meant, no_such


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
    kind: str = "amount"  # or "switch": zero or one; or "choice": a position in `choices`
    choices: tuple[str, ...] = ()  # the names of a choice

    @property
    def target_kind(self) -> str:
        """parameter, switch, field or purchases."""
        return self.target.partition(":")[0]

    @property
    def target_name(self) -> str:
        """The parameter, switch, scenario field or instrument that it moves."""
        return self.target.partition(":")[2]

    def parameters(self, known: Iterable[str]) -> list[str]:
        """Which of the known parameters it moves: one, or with ".*" all of a table, or none."""
        if self.target_kind != "parameter":
            return []
        table, star, _ = self.target_name.partition("*")
        return [name for name in known if name.startswith(table)] if star else [table]

    def checked(self, value: float | str, *, where: str) -> float:
        """The value, if the lever can be set to it; of a choice, its position.

        Raises:
            UsageError: DP-055 not a number, DP-056 a percentage where a decimal is due, DP-058
                not finite, DP-062 outside the range, DP-067 no such choice.
        """
        if self.choices:
            return self._chosen(value, where)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise UsageError("DP-055", f"{where}: {self.name} = {value!r} is not a number.")
        if not math.isfinite(value):
            raise UsageError("DP-058", f"{where}: {self.name} is {value}.", "Give a number.")
        advice = decimal_meant(value, unit=self.unit, low=self.low, high=self.high)
        if advice:
            raise UsageError(
                "DP-056",
                f"{where}: {self.name} = {value:g} is more than 100 %; it is a {self.unit}.",
                advice,
            )
        allowed = value in (0, 1) if self.kind == "switch" else self.low <= value <= self.high
        if not allowed:
            raise UsageError(
                "DP-062",
                f"{where}: {self.name} = {value:g} is outside its range.",
                f"Allowed: {self.range_in_words}.",
            )
        return float(value)

    def _chosen(self, value: float | str, where: str) -> float:
        """The position of a choice, given by name or by position."""
        if isinstance(value, str) and value in self.choices:
            return float(self.choices.index(value))
        if not isinstance(value, (bool, str)) and value in range(len(self.choices)):
            return float(value)
        known = ", ".join(self.choices)
        raise UsageError("DP-067", f"{where}: {self.name} cannot be {value!r}.", f"Known: {known}.")

    @property
    def default_in_words(self) -> str:
        """For tables: "1", "pro_rata"; nothing where the scenario decides."""
        return "" if self.default is None else self.said(self.default)

    def said(self, value: float) -> str:
        """A setting as a person writes it: the name of a choice, else the number."""
        return self.choices[int(value)] if self.choices else f"{value:g}"

    @property
    def range_in_words(self) -> str:
        """For messages and tables: "0 to 1 share", "0 or 1", "liquid_first or pro_rata"."""
        if self.choices:
            return ", ".join(self.choices[:-1]) + f" or {self.choices[-1]}"
        return self.unit if self.kind == "switch" else f"{self.low:g} to {self.high:g} {self.unit}"


def levers() -> dict[str, Lever]:
    """All levers by name, in the order of levers.toml."""
    return dict(_shipped())


def setting_said(name: str, value: float) -> str:
    """The setting of a lever, or of a parameter by name, as a person writes it."""
    known = _shipped()
    return known[name].said(value) if name in known else f"{value:g}"


def checked_levers(given: Mapping[str, float | str], *, where: str) -> dict[str, float]:
    """Lever settings within their ranges. Raises UsageError DP-061 for an unknown name."""
    known = _shipped()
    for name in given:
        if name not in known:
            raise UsageError("DP-061", f"{where}: {no_such('lever', name, known)}")
    return {name: known[name].checked(value, where=where) for name, value in given.items()}


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Lever]:
    text = resources.files("drypowder.scenarios").joinpath("levers.toml").read_text("utf-8")
    rows = tomllib.loads(text)
    for row in rows.values():
        row["choices"] = tuple(row.get("choices", ()))
    return {name: Lever(name=name, **row) for name, row in rows.items()}
