"""How large markets were on a day: prices, open interest, depth, leverage, funds.

Nobody publishes all of it, yet a map or a cascade needs all of it: figures.toml holds dated ones
with their sources, and says of each guess that it is one. Whoever knows better gives their own.
Money: USD; open interest is one side of all venues together; leverage is effective, all the money
that answers for a position counted. Sources: in the file, entry by entry.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from drypowder.errors import DataMissingError

GUESS = "guess"


@dataclass(frozen=True)
class _Dated:
    since: date
    source: str
    why: str
    guesses: Mapping[str, str]  # field -> why it is uncertain
    sources: Mapping[str, str]  # field -> where it stands, if not in `source`

    def told(self, attribute: str) -> tuple[str, str]:
        """Source of a field with its day, and why it is a guess; empty if it is none."""
        why = self.guesses.get(attribute, "")
        if self.source == GUESS:
            why = why or self.why
        source = self.sources.get(attribute, self.source)
        return (str(self.since), why) if why else (f"{source} ({self.since})", "")


@dataclass(frozen=True)
class CoinFigures(_Dated):
    """One coin on all venues together."""

    name: str
    price_usd: float
    open_interest_usd: float  # one side
    depth_usd: float  # orders within 1 % on either side
    daily_volatility: float  # of log returns


@dataclass(frozen=True)
class LeverageFigures(_Dated):
    """Effective leverage at entry, log-normal, and how long positions are kept."""

    median: float
    log_sd: float
    mean_age_days: float


@dataclass(frozen=True)
class CrowdFigures(_Dated):
    """How unequal positions are."""

    size_exponent: float  # of a Pareto law
    largest_share: float  # of a side of a market


@dataclass(frozen=True)
class BookFigures(_Dated):
    """How books react, as `Book` of a setting takes it."""

    exponent: float
    thinning: float
    floor_share: float
    refill_per_minute: float
    permanent_share: float


@dataclass(frozen=True)
class VenueFigures(_Dated):
    """One exchange."""

    name: str
    share: float  # of open interest and depth of all venues
    fund_usd: float | None = None  # where its profile does not say it
    leverage_multiple: float = 1.0  # of the median elsewhere
    vault_leverage: float = 0.0
    vault_unwind_share: float = 0.0
    vault_loss_share: float = 1.0


F = TypeVar("F", bound=_Dated)
_KINDS: dict[str, type[_Dated]] = {
    "coins": CoinFigures,
    "leverages": LeverageFigures,
    "crowds": CrowdFigures,
    "books": BookFigures,
    "venues": VenueFigures,
}


def figures(kind: type[F], *, as_of: date, name: str | None = None) -> F:
    """The latest entry of a kind known on a day.

    Args:
        kind: CoinFigures, LeverageFigures, CrowdFigures, BookFigures or VenueFigures.
        name: of the coin or venue, where the kind has one.

    Raises:
        DataMissingError: DP-157 nothing is shipped for that name or day.
    """
    group = next(key for key, each in _KINDS.items() if each is kind)
    named = [one for one in _shipped()[group] if getattr(one, "name", None) == name]
    known = [one for one in named if one.since <= as_of]
    if known:
        return max(known, key=lambda one: one.since)  # type: ignore[return-value]
    what = "" if name is None else f" of {name}"
    if named:
        first = min(one.since for one in named)
        raise DataMissingError(
            "DP-157",
            f"no market figures{what} are shipped for {as_of}; the first are of {first}.",
            "Give your own (--price, --open-interest, --depth, ...), or ask for a later day.",
        )
    shipped = sorted({one.name for one in _shipped()[group]})  # type: ignore[attr-defined]
    raise DataMissingError(
        "DP-157",
        f"no market figures{what} are shipped (shipped: {', '.join(shipped)}).",
        "Give your own (--price, --open-interest, --depth, ...).",
    )


@cache
def _shipped() -> dict[str, list[_Dated]]:
    text = files("drypowder.venues.scenes").joinpath("figures.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    return {group: [_entry(kind, row) for row in content[group]] for group, kind in _KINDS.items()}


def _entry(kind: type[_Dated], row: dict[str, Any]) -> _Dated:
    """One row; whole numbers become floats, and a guess must name a field."""
    given: dict[str, Any] = {"why": "", "guesses": {}, "sources": {}, **row}
    known = {each.name for each in fields(kind)}
    assert not {*given["guesses"], *given["sources"]} - known, row
    told: dict[str, Any] = {k: float(v) if isinstance(v, int) else v for k, v in given.items()}
    return kind(**told)
