"""Who takes part in the contest, and why: written down before it was run (universe.toml)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from drypowder.measure.numbers import table


@dataclass(frozen=True)
class Asset:
    """One member of the field."""

    ticker: str
    group: str
    why: str
    speculative: int  # +1 should lose most by claim 5, -1 least, 0 not compared

    @property
    def series(self) -> str:
        """Name of its price series in the store."""
        return f"price:{self.ticker}"


@lru_cache(maxsize=1)
def universe() -> tuple[Asset, ...]:
    """All assets of the field, in the order of their groups."""
    return tuple(
        Asset(ticker, group, why, entry["speculative"])
        for group, entry in table("rank", "universe").items()
        for ticker, why in entry.items()
        if ticker not in ("speculative", "why")
    )
