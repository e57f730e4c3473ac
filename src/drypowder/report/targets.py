"""What can be asked about: the outputs of a run whose change can be split over channels.

Prices and listed equity change by a share, yields, spreads and lambda by basis points, dry powder
by billions of dollars. The lowest price of an asset, within days too, is where a cascade shows.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.errors import UsageError
from drypowder.report.derive import BP, HY, IG, NOTES
from drypowder.report.numbers import basis_points, dollars, percent
from drypowder.report.words import Catalogue, coded

YIELD, LOWEST, POWDER = "_yield", "_low", "dry_powder"
_LOW = "low_price"  # series: the lowest of each day, by asset
_SPREADS = {"ig_spread": IG, "hy_spread": HY}
_NEAR = 4  # names offered for one that is misspelled


@dataclass(frozen=True)
class Target:
    """One output: a weighted sum over the last axis of a series, and the unit of its change."""

    name: str
    unit: str  # change_pct, change_bp or change_usd_bn: kinds of tables.KINDS
    series: str
    weights: tuple[tuple[int, float], ...] = ()  # none: the series has no last axis
    low: int | None = None  # asset whose lowest price after the first close is meant

    def change(self, series: dict[str, np.ndarray], first: int, last: int) -> np.ndarray:
        """From the close of one step to that of another: (path,) for series (path, step, ...)."""
        then = self._level(series, first)
        if self.low is not None:
            return series[_LOW][:, first + 1 : last + 1, self.low].min(axis=1) / then - 1.0
        now = self._level(series, last)
        return now / then - 1.0 if self.unit == "change_pct" else now - then

    def _level(self, series: dict[str, np.ndarray], step: int) -> np.ndarray:
        values = series[self.series]
        if not self.weights:
            return values[:, step]
        return sum((w * values[:, step, k] for k, w in self.weights), start=np.zeros(len(values)))

    def label(self, words: Catalogue) -> str:
        """What a reader calls it."""
        kind, _, member = self.name.partition(".")
        for ending in (YIELD, LOWEST):
            if self.name.endswith(ending):
                name = words.label("instrument", self.name.removesuffix(ending))
                return words.say(f"why.target{ending.replace('_', '.')}", name=name)
        if member:
            return words.say(f"why.target.{kind}_of", name=words.label("sector", member))
        known = words.section("why").get(f"why.target.{kind}")
        return known or words.label("instrument", kind)

    def said(self, change: float, words: Catalogue) -> str:
        """A change with its sign and unit."""
        say = {"change_pct": percent, "change_bp": basis_points, "change_usd_bn": dollars}
        return say[self.unit](change, words, signed=True)


def targets(economy: Economy) -> dict[str, Target]:
    """All of them by name; the ones asked for most come first."""
    assets, names = economy.names("cleared"), economy.instrument_names
    priced = [n for kind in ("cleared", "appraised", "fund_share") for n in economy.names(kind)]
    made = [
        *(Target(n, "change_pct", "price", ((names.index(n), 1.0),)) for n in priced),
        *(Target(n + YIELD, "change_bp", "yield_pa", ((k, BP),)) for k, n in enumerate(assets)),
        *(_lowest(n, names.index(n), k) for k, n in enumerate(assets)),
        *_spreads(assets),
        Target("lambda_bp", "change_bp", "lambda_bp"),
        Target("listed_equity", "change_pct", "listed_equity_usd_bn"),
        *_powder(economy.sector_names),
    ]
    return {target.name: target for target in made}


def target_named(name: str, economy: Economy) -> Target:
    """Raises UsageError DP-090 with the names that are near and those that exist."""
    known = targets(economy)
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=_NEAR)
    plain = [n for n in known if not n.endswith((YIELD, LOWEST)) and "." not in n]
    raise coded(
        UsageError, "DP-090", given=name, near=", ".join(near) or "-", known=", ".join(plain)
    )


def _lowest(name: str, column: int, asset: int) -> Target:
    return Target(name + LOWEST, "change_pct", "price", ((column, 1.0),), low=asset)


def _spreads(assets: tuple[str, ...]) -> list[Target]:
    return [
        Target(key, "change_bp", "yield_pa", ((assets.index(n), BP), (assets.index(NOTES), -BP)))
        for key, n in _SPREADS.items()
        if {n, NOTES} <= set(assets)
    ]


def _powder(sectors: tuple[str, ...]) -> list[Target]:
    every = tuple((k, 1.0) for k in range(len(sectors)))
    series, unit = "dry_powder_usd_bn", "change_usd_bn"
    return [
        Target(POWDER, unit, series, every),
        *(Target(f"{POWDER}.{n}", unit, series, ((k, 1.0),)) for k, n in enumerate(sectors)),
    ]
