"""Every number of behaviour with its range, unit, source and reason, read from parameters.toml.

A `Parameter` is one number for one sector, instrument or group ("participation.households").
Its unit decides what values make sense at all; its low and high say how sure anybody is. An
override fixes the number in every path unless it brings a range of its own.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from importlib import resources

from drypowder.errors import DataMissingError, UsageError
from drypowder.scenarios._words import decimal_meant, no_such

_NUMBERS = ("value", "low", "high")
_INHERITED = ("unit", "source", "why", "scale", "known_on", "drawn")
_OWN = ("value", "low", "high", "at", *_INHERITED)
_INFINITE = math.inf
# The least and most that make sense at all, whatever anybody believes.
LIMITS = {
    "share": (0.0, 1.0),
    "decimal per year": (-1.0, 1.0),
    "USD bn": (0.0, _INFINITE),
    "USD bn per year": (0.0, _INFINITE),
    "years": (1e-6, _INFINITE),
    "weeks": (1e-6, _INFINITE),
    "per year": (0.0, _INFINITE),
    "bp": (0.0, _INFINITE),
    "bp per 100 bn": (0.0, _INFINITE),
    "share per bp": (0.0, _INFINITE),
    "multiple": (0.0, _INFINITE),
    "elasticity": (-_INFINITE, _INFINITE),
    "log price": (-_INFINITE, _INFINITE),
    "log odds per unit of annual return": (1e-12, _INFINITE),
    "log odds per unit of log return": (0.0, _INFINITE),
    "log odds": (-_INFINITE, _INFINITE),
    "log multiple": (-_INFINITE, _INFINITE),
    "days": (1e-6, _INFINITE),
    "minutes": (1e-6, _INFINITE),
    "position": (0.0, 3.0),  # in channels.day.RULES
    "share of net assets a month per unit of return": (0.0, _INFINITE),
    "USD bn, either sign": (-_INFINITE, _INFINITE),
    "decimal per year per unit of log fall": (-_INFINITE, _INFINITE),
    "USD bn per unit of log fall": (0.0, _INFINITE),
    "power": (1e-6, _INFINITE),
    "per log return": (0.0, _INFINITE),
}


@dataclass(frozen=True)
class Parameter:
    """One number: central value, prior range, unit, where it comes from and why."""

    name: str  # "kappa.equity": table, then entry
    value: float
    low: float
    high: float
    unit: str  # a key of LIMITS
    source: str  # "guess" for judgement
    why: str
    scale: str = "linear"  # or "log": how the prior is drawn
    known_on: date | None = None  # first day on which the source existed, where that matters
    drawn: bool = True  # False: the same value in every path
    at: tuple[tuple[str, float, float, float], ...] = ()  # (opening, value, low, high)

    @property
    def table(self) -> str:
        """The field that the number belongs to: "kappa" of "kappa.equity"."""
        return self.name.split(".")[0]

    @property
    def entry(self) -> str:
        """The sector, instrument or group, "" for a single number."""
        return self.name.partition(".")[2]

    @property
    def is_guess(self) -> bool:
        """Judgement rather than evidence: `drypowder params --guesses` lists it."""
        return self.source.startswith(("guess", "judgement"))

    def at_opening(self, opening: str) -> Parameter:
        """The same parameter with the numbers of another opening sheet, if it has any."""
        for name, value, low, high in self.at:
            if name == opening:
                return replace(self, value=value, low=low, high=high, at=())
        return replace(self, at=())

    def fixed(self, value: float, *, where: str) -> Parameter:
        """The same parameter at one value in every path."""
        checked(value, unit=self.unit, what=self.name, where=where)
        why = f"set to {value:g} in {where}; was {self.value:g}. {self.why}"
        return replace(
            self, value=value, low=value, high=value, at=(), known_on=None, source=where, why=why
        )


def parameters() -> dict[str, Parameter]:
    """All parameters of the package by name, in the order of parameters.toml."""
    return dict(_shipped())


def for_opening(opening: str) -> dict[str, Parameter]:
    """All parameters with the numbers that belong to an opening sheet."""
    return {name: parameter.at_opening(opening) for name, parameter in _shipped().items()}


def find(known: Mapping[str, Parameter], name: str, *, where: str) -> Parameter:
    """A parameter by name. Raises UsageError DP-059 with the nearest names if there is none."""
    if name in known:
        return known[name]
    entries = [key for key in known if key.startswith(f"{name}.")]
    if entries:
        raise UsageError(
            "DP-059",
            f"{where}: {name} has one value for each of {', '.join(_tails(entries))}.",
            f"Name one, for instance {entries[0]}.",
        )
    raise UsageError("DP-059", f"{where}: {no_such('parameter', name, known)}")


def checked(value: float, *, unit: str, what: str, where: str) -> float:
    """A number that its unit allows.

    Raises:
        UsageError: DP-058 not finite, DP-056 a percentage where a decimal is due, DP-057
            negative, DP-064 outside what the unit allows in another way.
    """
    least, most = LIMITS[unit]
    if not math.isfinite(value):
        raise UsageError("DP-058", f"{where}: {what} is {value}.", f"Give a number in {unit}.")
    advice = decimal_meant(value, unit=unit, low=least, high=most)
    if advice:
        raise UsageError(
            "DP-056", f"{where}: {what} = {value:g} is more than 100 %; it is a {unit}.", advice
        )
    if value < 0.0 <= least:
        raise UsageError(
            "DP-057", f"{where}: {what} = {value:g} is negative.", f"Its unit is {unit}: give >= 0."
        )
    if value < least:
        raise UsageError(
            "DP-064", f"{where}: {what} = {value:g} is too small.", f"Its unit is {unit}."
        )
    if value > most:
        raise UsageError(
            "DP-056",
            f"{where}: {what} = {value:g} is more than 100 %.",
            f"Allowed: {least:g} to {most:g} {unit}.",
        )
    return float(value)


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Parameter]:
    text = resources.files("drypowder.scenarios").joinpath("parameters.toml").read_text("utf-8")
    return read_parameters(text, where="parameters.toml")


def read_parameters(text: str, *, where: str) -> dict[str, Parameter]:
    """Parameters of a TOML text, entries inheriting unit, source and why from their table.

    Raises:
        DataMissingError: DP-051 not TOML, DP-052 empty.
        UsageError: DP-053 an unknown key, DP-054 a missing one, DP-063 no or an unknown unit,
            DP-064 value outside low and high, and those of `checked`.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise DataMissingError("DP-051", f"{where} is not TOML: {fault}.") from fault
    if not table:
        raise DataMissingError("DP-052", f"{where} is empty.", "Start from the shipped file.")
    return {p.name: p for name, node in table.items() for p in _walk(name, node, {}, where)}


def _walk(name: str, node: object, inherited: dict, where: str) -> Iterator[Parameter]:
    """A node is a parameter if it has a value, else a table of them."""
    if not isinstance(node, dict):
        raise UsageError("DP-053", f"{where}: {name} = {node!r} stands outside any parameter.")
    own = {**inherited, **{key: node[key] for key in _INHERITED if key in node}}
    if "value" in node:
        yield _parameter(name, {**node, **own}, where)
        return
    for key, child in node.items():
        if key not in _INHERITED:
            yield from _walk(f"{name}.{key}", child, own, where)


def _parameter(name: str, given: dict, where: str) -> Parameter:
    unknown = [key for key in given if key not in _OWN]
    if unknown:
        raise UsageError("DP-053", f"{where}, {name}: {no_such('key', unknown[0], _OWN)}")
    if given.get("unit") not in LIMITS:
        raise UsageError(
            "DP-063",
            f"{where}, {name}: unit {given.get('unit')!r} is not one of ours.",
            f"Give one of: {', '.join(LIMITS)}.",
        )
    missing = [key for key in ("low", "high", "source", "why") if key not in given]
    if missing:
        raise UsageError("DP-054", f"{where}, {name}: {', '.join(missing)} is missing.")
    at = given.pop("at", {})
    given |= {key: _number(given[key], name, where) for key in _NUMBERS}
    others = tuple(
        (o, *(_number(row.get(key), f"{name} at {o}", where) for key in _NUMBERS))
        for o, row in at.items()
    )
    parameter = Parameter(name=name, at=others, **given)
    for opening in ("", *at):
        _check_range(parameter.at_opening(opening), where)
    return parameter


def _number(value: object, name: str, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError("DP-055", f"{where}, {name}: {value!r} is not a number.")
    return float(value)


def _check_range(parameter: Parameter, where: str) -> None:
    for value in (parameter.low, parameter.value, parameter.high):
        checked(value, unit=parameter.unit, what=parameter.name, where=where)
    ordered = parameter.low <= parameter.value <= parameter.high
    if not ordered or (parameter.scale == "log" and parameter.low <= 0.0):
        raise UsageError(
            "DP-064",
            f"{where}: {parameter.name} has low {parameter.low:g}, value {parameter.value:g}, "
            f"high {parameter.high:g} on a {parameter.scale} scale.",
            "Order them low <= value <= high; a log scale needs low > 0.",
        )


def _tails(names: list[str]) -> list[str]:
    return [name.partition(".")[2] for name in names]
