"""Scenarios by name or file, resolved: announcements checked, levers set, parameters fixed."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from drypowder.accounts.sheet import OpeningSheet
from drypowder.errors import DataMissingError, UsageError
from drypowder.scenarios._complaints import complaint
from drypowder.scenarios._words import no_such
from drypowder.scenarios.levers import checked_levers, levers
from drypowder.scenarios.opening import opening_sheet
from drypowder.scenarios.parameters import Parameter, find
from drypowder.scenarios.quarters import Quarter
from drypowder.scenarios.resolve import flattened, resolve_parameters
from drypowder.scenarios.schema import ScenarioFile

_PROSE = {"title", "description", "story"}  # changes no number, hence no digest
# kinds of rows younger than the first hashes: a scenario without them keeps its own
_LATER = {"treasury_account", "borrowing", "ai_bonds"}
_MERGED = ("levers", "parameters")  # tables that an extension adds to, instead of replacing
_MAIN = ("essay", "hoards", "rest", "oct2025", "feb2026")  # the others are presets
_EXTENSIONS = 5  # deepest chain of `extends`
# Some fiscal quarters close a month before the calendar quarter that they stand in.
_EARLIEST_REPORT = timedelta(days=31)


@dataclass(frozen=True, eq=False)
class Scenario:
    """Levers, announcements and parameters of one what-if, ready to be compiled."""

    file: ScenarioFile
    parameters: Mapping[str, Parameter]  # by name, overrides and levers included
    where: str  # the file it was read from

    @property
    def name(self) -> str:
        """Short name."""
        return self.file.name

    @property
    def title(self) -> str:
        """One line."""
        return self.file.title

    @property
    def description(self) -> str:
        """What is assumed, and from where."""
        return self.file.description

    @property
    def story(self) -> str:
        """The sentence of the essay."""
        return self.file.story

    @property
    def known_on(self) -> date:
        """Nothing dated later feeds the scenario."""
        return self.file.known_on

    @property
    def levers(self) -> dict[str, float]:
        """Levers that are set, by name."""
        return dict(self.file.levers)

    def setting(self, lever: str) -> float | None:
        """Where a lever stands: as set, else the scenario's own value, else its default."""
        known = levers()[lever]
        if lever in self.file.levers:
            return float(self.file.levers[lever])
        if known.target_kind == "parameter":
            values = {self.parameters[name].value for name in known.parameters(self.parameters)}
            return values.pop() if len(values) == 1 else None
        if known.target_name == "deficit_usd_bn_pa":
            return self.file.deficit.amount if self.file.deficit else None
        if known.target_name in ScenarioFile.model_fields:
            return getattr(self.file, known.target_name)
        return known.default

    def with_levers(
        self, settings: Mapping[str, float | str] | None = None, **more: float | str
    ) -> Scenario:
        """The same scenario with levers, or parameters by name, set otherwise.

        Args:
            settings: {"bank_loan_share": 0.5, "participation.households": 0.4}, a choice by name,
                {"selling_rule": "pro_rata"}; more: the same as keywords.

        Raises:
            UsageError: DP-061 neither a lever nor a parameter, DP-062 outside the range, DP-056
                a percentage where a decimal is due, DP-067 no such choice, and those of
                `Parameter.fixed`.
        """
        given = {**(settings or {}), **more}
        moved = {k: v for k, v in given.items() if k in levers()}
        fixed = {k: v for k, v in given.items() if k not in moved}
        tables = {name.partition(".")[0] for name in self.parameters}
        for name in fixed:
            if name.partition(".")[0] not in tables:
                known = [*levers(), *self.parameters]
                raise UsageError("DP-061", f"{no_such('lever or parameter', name, known)}")
            find(self.parameters, name, where="levers")
        file = self.file.model_copy(
            update={
                "levers": {**self.file.levers, **checked_levers(moved, where="levers")},
                "parameters": {**self.file.parameters, **fixed},
            }
        )
        return _resolved(file, self.where)

    @cached_property
    def sheet(self) -> OpeningSheet:
        """The opening balance sheet of the first simulated day."""
        rrp = self.setting("rrp_usd_bn")
        return opening_sheet(self.file.opening, rrp, self.setting("extra_rrp_usd_bn") or 0.0)

    @cached_property
    def digest(self) -> str:
        """Hash of everything that decides a number: rows, levers, parameters, news, the sheet."""
        numbers = {
            "file": self.file.model_dump(mode="json", exclude=_PROSE | self._unused),
            "settings": {name: self.setting(name) for name in levers()},
            "parameters": {
                p.name: [p.value, p.low, p.high, p.scale, p.drawn] for p in self.parameters.values()
            },
        }
        text = json.dumps(numbers, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode())
        digest.update(_text("shocks.toml").encode())
        sheet = self.sheet
        digest.update(repr(sheet.economy).encode())
        for array in (sheet.net_usd_bn, sheet.issued_usd_bn):
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        return digest.hexdigest()[:16]

    @property
    def _unused(self) -> set[str]:
        return {name for name in _LATER if not getattr(self.file, name)}


def names() -> tuple[str, ...]:
    """Shipped scenarios: the main ones first, then presets by name."""
    folder = resources.files("drypowder.scenarios").joinpath("shipped")
    found = sorted(
        e.name.removesuffix(".toml") for e in folder.iterdir() if e.name.endswith("toml")
    )
    first = [name for name in _MAIN if name in found]
    return (*first, *(name for name in found if name not in first))


def load(name_or_path: str | Path) -> Scenario:
    """A shipped scenario by name, or one of your own from a TOML file.

    Raises:
        UsageError: DP-050 no such scenario; DP-053 to DP-069 a fault in the file, with its place.
        DataMissingError: DP-051 unreadable, DP-052 empty.
    """
    raw, where = _read(name_or_path)
    for _ in range(_EXTENSIONS):
        base = raw.pop("extends", None)
        if base is None:
            break
        raw = _extended(raw, _read(base)[0])
    else:
        raise UsageError("DP-066", f"{where}: `extends` never ends.", "Extend a shipped scenario.")
    try:
        file = ScenarioFile.model_validate(raw)
    except ValidationError as fault:
        raise complaint(fault, ScenarioFile, where) from None
    return _resolved(file, where)


def restore(rows: dict[str, Any]) -> Scenario:
    """The scenario whose rows stand in the manifest of a run. Raises ValueError for other rows."""
    return _resolved(ScenarioFile.model_validate(rows), "manifest.json")


def _extended(raw: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    merged = {key: {**base.get(key, {}), **raw.get(key, {})} for key in _MERGED}
    return {**base, **raw, **merged}


def _resolved(file: ScenarioFile, where: str) -> Scenario:
    """The scenario with its rows checked against the date, its levers and parameters resolved."""
    for place, row in file.announcements():
        if row.known_on > file.known_on:
            raise UsageError(
                "DP-060",
                f"{where}: {place} was known on {row.known_on}, after {file.known_on}.",
                "Remove the row, or move the scenario's known_on.",
            )
    for firm in file.firm:
        last = Quarter(firm.first_quarter).next(len(firm.capex) - 1)
        if firm.known_on < last.end - _EARLIEST_REPORT:
            raise UsageError(
                "DP-060",
                f"{where}: firm {firm.name} reports {last.name}, which cannot have been known on "
                f"{firm.known_on}.",
                "Give the day of the report, or fewer quarters.",
            )
    file = file.model_copy(update={"levers": checked_levers(file.levers, where=where)})
    return Scenario(file, resolve_parameters(file, where), where)


def _read(name_or_path: str | Path) -> tuple[dict[str, Any], str]:
    """The raw table of a scenario and what to call the place it came from."""
    if str(name_or_path) in names():
        where = f"{name_or_path}.toml"
        return _named(tomllib.loads(_text(f"shipped/{where}")), where), where
    path = Path(name_or_path)
    if not path.exists():
        raise UsageError(
            "DP-050", no_such("scenario", str(name_or_path), names()), "Or give a file."
        )
    try:
        text = path.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise DataMissingError(
            "DP-051", f"{path} cannot be read as TOML: {fault}.", "Save it as UTF-8 text in TOML."
        ) from fault
    if not table:
        raise DataMissingError("DP-052", f"{path} is empty.", 'Start with `extends = "essay"`.')
    table.setdefault("name", path.stem)
    return _named(table, path.name), path.name


def _named(table: dict[str, Any], where: str) -> dict[str, Any]:
    """The same table with its parameters under their full names.

    What an extension is made of is looked at before it is put together, the rest afterwards.

    Raises:
        UsageError: DP-055 `extends` is no text, `levers` or `parameters` no table.
    """
    base = table.get("extends", "")
    if not isinstance(base, str):
        said, hint = f"extends = {base!r} is not one name", 'Write extends = "essay".'
        raise UsageError("DP-055", f"{where}: {said}.", hint)
    for key in (key for key in _MERGED if not isinstance(table.get(key, {}), dict)):
        said, hint = f"{key} = {table[key]!r} is not a table", f"Write [{key}], then name = number."
        raise UsageError("DP-055", f"{where}: {said}.", hint)
    return {**table, "parameters": flattened(table.get("parameters", {}), where)}


def _text(name: str) -> str:
    return resources.files("drypowder.scenarios").joinpath(name).read_text(encoding="utf-8")
