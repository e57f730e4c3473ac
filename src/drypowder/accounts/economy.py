"""Sectors and instruments as data: the rows and columns of every balance sheet.

An `Economy` is hashable and static: compiled functions are specialised to it. Instruments
are sorted par, cleared, appraised, fund shares, so that each kind is one slice.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import resources

from drypowder.errors import UsageError

KINDS = ("par", "cleared", "appraised", "fund_share")
ROLES = ("holder", "bank", "issuer", "money_fund", "government", "central_bank")


@dataclass(frozen=True)
class Instrument:
    """One column: what kind of claim it is and how its price is found."""

    name: str
    kind: str  # one of KINDS
    group: str  # money, bonds, equity, crypto ...: for tables and parameter classes
    real: bool = False  # a thing (gold, bitcoin), not a promise: nobody issued it


@dataclass(frozen=True)
class Sector:
    """One row: who it is and by which rule it acts."""

    name: str
    role: str  # one of ROLES
    issues_shares: str = ""  # the fund-share instrument this sector issues at net asset value


@dataclass(frozen=True)
class Economy:
    """All sectors and instruments, in the order of every array in the package."""

    sectors: tuple[Sector, ...]
    instruments: tuple[Instrument, ...]
    # the one money that every payment moves, as in textbooks; "" for bank deposits, the Treasury
    # account and reserves, which need exactly one sector of each role
    money: str = ""

    def __post_init__(self) -> None:
        ordered = tuple(sorted(self.instruments, key=lambda i: KINDS.index(i.kind)))
        object.__setattr__(self, "instruments", ordered)
        if self.money:
            self.instrument(self.money)
            return
        for role in ("bank", "money_fund", "government", "central_bank"):
            count = sum(s.role == role for s in self.sectors)
            if count != 1:
                raise UsageError(
                    "DP-010",
                    f"the economy has {count} sectors with role {role!r}.",
                    "Payments need exactly one of each: add or remove a sector.",
                )

    @cached_property
    def sector_names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.sectors)

    @cached_property
    def instrument_names(self) -> tuple[str, ...]:
        return tuple(i.name for i in self.instruments)

    def sector(self, name: str) -> int:
        """Row of a sector. Raises UsageError DP-011 for an unknown name."""
        return _index(self.sector_names, name, "sector")

    def instrument(self, name: str) -> int:
        """Column of an instrument. Raises UsageError DP-011 for an unknown name."""
        return _index(self.instrument_names, name, "instrument")

    def role(self, role: str) -> int:
        """Row of the only sector with this role (bank, money_fund, government, central_bank)."""
        return next(k for k, s in enumerate(self.sectors) if s.role == role)

    def columns(self, kind: str) -> slice:
        """The contiguous columns of one kind."""
        rows = [k for k, i in enumerate(self.instruments) if i.kind == kind]
        return slice(rows[0], rows[-1] + 1) if rows else slice(0, 0)

    def group(self, group: str) -> tuple[int, ...]:
        """Columns of one group (money, bonds, equity, crypto ...), in column order."""
        return tuple(k for k, i in enumerate(self.instruments) if i.group == group)

    def names(self, kind: str) -> tuple[str, ...]:
        """Instrument names of one kind, in column order."""
        return self.instrument_names[self.columns(kind)]

    def with_sectors(self, sectors: tuple[Sector, ...]) -> Economy:
        """The same columns with other rows (splitting a sector, changing the order)."""
        return replace(self, sectors=sectors)


def _index(names: tuple[str, ...], name: str, what: str) -> int:
    if name in names:
        return names.index(name)
    raise UsageError("DP-011", f"unknown {what} {name!r}.", f"Known: {', '.join(names)}.")


@lru_cache(maxsize=1)
def default_economy() -> Economy:
    """The sixteen sectors and twenty-six instruments of the shipped opening sheets."""
    text = resources.files("drypowder.accounts").joinpath("economy.toml").read_text()
    table = tomllib.loads(text)
    return Economy(
        sectors=tuple(Sector(**row) for row in table["sector"]),
        instruments=tuple(Instrument(**row) for row in table["instrument"]),
    )
