"""Which number each parameter has in a scenario: sheet, then overrides, then levers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from drypowder.errors import UsageError
from drypowder.scenarios._complaints import complaint
from drypowder.scenarios.levers import levers
from drypowder.scenarios.parameters import Parameter, checked, find, for_opening, parameters
from drypowder.scenarios.schema import Override, ScenarioFile

SUM_TO_ONE = (
    "receipt_share",
    "customer_share",
    "lab_funder_share",
    "lab_supplier_share",
    "deficit_recipient_share",
)
_TOLERANCE = 1e-9  # of shares that must add up


def resolve_parameters(file: ScenarioFile, where: str) -> dict[str, Parameter]:
    """All parameters of a scenario by name.

    Raises:
        UsageError: DP-059 an unknown parameter, DP-060 a source younger than the scenario's date,
            DP-063 another unit, DP-064 a range out of order or shares that do not add up, DP-068
            beliefs that do not.
    """
    known = for_opening(file.opening)
    for name, given in file.parameters.items():
        known[name] = _overridden(find(known, name, where=where), given, where)
    for name, value in file.levers.items():
        lever = levers()[name]
        for moved in lever.parameters(known):
            known[moved] = known[moved].fixed(value, where=f"lever {name}")
    _refuse_hindsight(known, file, where)
    _refuse_sums(known, where)
    _refuse_beliefs(known, where)
    return known


def flattened(given: Mapping[str, Any], where: str, prefix: str = "") -> dict[str, Any]:
    """Parameters by their full names: unquoted, `kappa.gold = 2` is a table in a table to TOML.

    Raises:
        UsageError: DP-064 the same parameter is given twice, quoted and unquoted.
    """
    known, flat = parameters(), dict[str, Any]()
    for key, value in given.items():
        name = f"{prefix}{key}"
        nested = isinstance(value, dict) and value and "value" not in value
        if nested and any(other.startswith(f"{name}.") for other in known):
            found = flattened(value, where, f"{name}.")
        else:
            found = {name: value}
        for twice in found.keys() & flat.keys():
            raise UsageError("DP-064", f"{where}: {twice} is given twice.", "Keep one of them.")
        flat |= found
    return flat


def _overridden(parameter: Parameter, given: Any, where: str) -> Parameter:
    """A bare number fixes the parameter; a table may bring a range, a source and a date."""
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return parameter.fixed(float(given), where=where)
    if not isinstance(given, dict):
        raise UsageError(
            "DP-055",
            f"{where}: {parameter.name} = {given!r} is not a number.",
            f"Give a number in {parameter.unit}, or a table with value, unit, source and why.",
        )
    try:
        row = Override.model_validate(given)
    except ValidationError as fault:
        raise complaint(fault, Override, f"{where}, parameters, {parameter.name}") from None
    if row.unit != parameter.unit:
        raise UsageError(
            "DP-063",
            f"{where}: {parameter.name} is given in {row.unit!r}.",
            f'Write unit = "{parameter.unit}".',
        )
    low = row.value if row.low is None else row.low
    high = row.value if row.high is None else row.high
    for value in (low, row.value, high):
        checked(value, unit=parameter.unit, what=parameter.name, where=where)
    if not low <= row.value <= high:
        raise UsageError(
            "DP-064",
            f"{where}: {parameter.name} has low {low:g}, value {row.value:g}, high {high:g}.",
            "Order them low <= value <= high.",
        )
    return replace(
        parameter, value=row.value, low=low, high=high, source=row.source, why=row.why,
        known_on=row.known_on,
    )  # fmt: skip


def _refuse_hindsight(known: Mapping[str, Parameter], file: ScenarioFile, where: str) -> None:
    for parameter in known.values():
        if parameter.known_on and parameter.known_on > file.known_on:
            raise UsageError(
                "DP-060",
                f"{where}: {parameter.name} has a source of {parameter.known_on}, after "
                f"{file.known_on}: {parameter.source}.",
                f"Set {parameter.name} in [parameters] from what was known then.",
            )


def _refuse_beliefs(known: Mapping[str, Parameter], where: str) -> None:
    """Beliefs are probabilities of regimes, of which one is true."""
    beliefs = [p.value for p in known.values() if p.table == "beliefs"]
    if beliefs and abs(sum(beliefs) - 1.0) > _TOLERANCE:
        raise UsageError(
            "DP-068",
            f"{where}: beliefs add up to {sum(beliefs):.9g}, not 1.",
            "Set the others too: " + ", ".join(n for n in known if n.startswith("beliefs.")) + ".",
        )


def _refuse_sums(known: Mapping[str, Parameter], where: str) -> None:
    """Shares of a whole must add up before anything is drawn; scaling would hide a slip."""
    spenders = {".".join(n.split(".")[:2]) for n in known if n.startswith("spending_recipient.")}
    for table in (*SUM_TO_ONE, *sorted(spenders)):
        shares = [p.value for n, p in known.items() if n.startswith(f"{table}.")]
        if abs(sum(shares) - 1.0) > _TOLERANCE:
            raise UsageError(
                "DP-064",
                f"{where}: the shares of {table} add up to {sum(shares):.9g}, not 1.",
                "Set the others too.",
            )
    mix = known["bond_share"].value + known["private_share"].value
    if mix > 1.0 + _TOLERANCE:
        raise UsageError(
            "DP-064",
            f"{where}: bond_share and private_share add up to {mix:.9g}, more than 1.",
            "What is neither is shares: leave room for them.",
        )
    for name in [n for n in known if n.startswith("keep.")]:
        rest = known.get(name.replace("keep.", "invest."))
        if rest and known[name].value + rest.value > 1.0 + _TOLERANCE:
            raise UsageError(
                "DP-064",
                f"{where}: {name} and {rest.name} add up to more than 1.",
                "What is neither kept nor invested is spent: leave room for it.",
            )
