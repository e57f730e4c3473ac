"""By which numbers the hindcast is made and judged, with their sources, and what is compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from drypowder.measure.numbers import table

REPLACED = ("bond_share", "private_share", "payout_share")  # learned after the cut as shipped
MARKET = "listed_equity"  # whose own observed changes the market benchmark is given
PIPES = "pipes"  # group that nobody would predict from the stock market


@dataclass(frozen=True)
class Outcome:
    """One number that is both simulated and observed."""

    key: str
    group: str  # rates, spreads, equity, waits, pipes
    kind: str  # rate (bp), price (per cent), amount (USD bn)
    simulated: dict[str, float]  # weights on columns of the simulation
    observed: dict[str, float]  # weights on series of the store
    why: str

    @property
    def unit(self) -> str:
        """Of changes."""
        return {"rate": "bp", "price": "%", "amount": "USD bn"}[self.kind]


def setting(name: str) -> Any:
    """The value of one setting."""
    return settings()[name]["value"]


def settings() -> dict[str, dict[str, Any]]:
    """Every setting by name, with unit, source and reason."""
    return table("hindcast", "settings")


@lru_cache(maxsize=1)
def borrowing_rows() -> tuple[dict[str, Any], ...]:
    """What the Treasury borrowed net, year by year."""
    return tuple(table("hindcast", "borrowing")["year"])


@lru_cache(maxsize=1)
def outcomes() -> tuple[Outcome, ...]:
    """Everything that is compared, in the order of the page."""
    return tuple(Outcome(key, **row) for key, row in table("hindcast", "outcomes").items())
