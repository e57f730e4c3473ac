"""How files of figures look: layouts are data (`layouts.toml`), recognised by their columns."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from drypowder.data.series import Catalogue


@dataclass(frozen=True)
class Layout:
    """One kind of file; see the head of `layouts.toml`."""

    name: str = ""
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    observed: str = ""
    values: dict[str, str] = field(default_factory=dict)
    series: str = ""
    known: str = ""
    fetched: str = ""
    pattern: str = ""
    unit_column: str = ""
    source: str = ""
    said: tuple[str, ...] = ()
    utc: bool = False
    bars: bool = False
    close: bool = False
    download: tuple[str, ...] = ()
    round: str = ""
    upper: bool = False
    alias: dict[str, str] = field(default_factory=dict)
    file_symbol: str = ""
    quarter: tuple[str, ...] = ()
    wide: tuple[str, ...] = ()
    catalogued: bool = False  # rows of series that the catalogue does not know are left out
    skip: str = ""

    def fits(self, columns: list[str], path: Path, known: Catalogue) -> bool:
        """Whether a file with these columns looks like this."""
        if self.wide:
            return bool(self.date_column(columns)) and all(
                known.find(c) for c in columns if c not in self.wide
            ) and len(columns) > 1  # fmt: skip
        named = not self.file_symbol or self.symbol(path) is not None
        return named and set(self.needs) <= set(columns) and not set(self.without) & set(columns)

    def date_column(self, columns: list[str]) -> str:
        """The date of a wide file."""
        return next((name for name in self.wide if name in columns), "")

    def symbol(self, path: Path) -> str | None:
        """What the name of the file says of the pair in it."""
        found = re.search(self.file_symbol, path.name.lower())
        return found[1].upper() if found else None


@lru_cache(maxsize=1)
def layouts() -> tuple[Layout, ...]:
    """All layouts in the order in which they are tried."""
    path = resources.files("drypowder.data").joinpath("layouts.toml")
    found = tomllib.loads(path.read_text(encoding="utf-8"))["layout"]
    return tuple(_layout(each) for each in found)


def _layout(given: dict[str, Any]) -> Layout:
    values: dict[str, Any] = {k: tuple(v) if type(v) is list else v for k, v in given.items()}
    return Layout(**values)


def recognise(columns: list[str], path: Path, known: Catalogue) -> Layout | None:
    """The first layout that fits, or None."""
    return next((each for each in layouts() if each.fits(columns, path, known)), None)
