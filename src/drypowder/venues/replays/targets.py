"""What a replay says beside what was measured: hit, near or missed, all at the same size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.venues.cascade.rounds import LONG, Cascade

Floats = NDArray[np.float64]
HIT, NEAR, MISS, NOT_MEASURED = "hit", "near", "miss", "not measured"
_NEAR_BY = 0.5  # of the width of a target
_BEGUN = 1e-3  # of open interest closed by force: the cascade has begun
_LARGE = 3  # coins with a symbol of their own; the basket of others comes last


class Target(NamedTuple):
    """One thing that was measured, beside what the model says."""

    name: str
    measured: float  # by the model
    low: float
    high: float
    unit: str
    verdict: str
    source: str
    note: str


@dataclass(frozen=True)
class Reported:
    """What feeds would have shown of the true liquidations, USD; [coin]."""

    true_usd: Floats
    reported_usd: Floats


class Scene(NamedTuple):
    """What the measures look at."""

    played: Cascade
    seen: Reported
    outside: Floats

    def markets(self, row: dict[str, Any]) -> NDArray[np.int64]:
        """Markets of the venue and coin that a target names; all if it names none."""
        setting = self.played.setting
        return np.array(
            [
                number
                for number, one in enumerate(setting.markets)
                if row.get("venue") in (None, setting.venues[one.venue].name)
                and row.get("coin") in (None, setting.coins[one.coin])
            ]
        )

    def forced(self, row: dict[str, Any]) -> Floats:
        """[round] USD closed by force there."""
        return self.played.forced_usd[:, self.markets(row)].sum(axis=(1, 2))

    def deleveraged(self, row: dict[str, Any]) -> Floats:
        """[round] USD closed against deleveraged counterparties there."""
        return self.played.adl_usd[:, self.markets(row)].sum(axis=(1, 2))

    def interest(self, row: dict[str, Any]) -> float:
        """Open interest there at the start, USD."""
        setting, markets = self.played.setting, self.markets(row)
        price = np.array([setting.price_usd[setting.markets[m].coin] for m in markets])
        return float(self.played.open_interest[markets] @ price)

    def coin(self, row: dict[str, Any]) -> int:
        """Number of the coin that a target names."""
        return self.played.setting.coins.index(row["coin"])

    def venue(self, row: dict[str, Any]) -> int:
        """Number of the venue that a target names."""
        return [one.name for one in self.played.setting.venues].index(row["venue"])


def _first_adl(scene: Scene, row: dict[str, Any]) -> float:
    time, cut = scene.played.time_s, scene.deleveraged(row)
    if not cut.any():
        return np.nan
    begun = np.cumsum(scene.forced(row)) >= _BEGUN * scene.interest(row)
    return float(time[np.argmax(cut > 0.0)] - time[np.argmax(begun)])


def _spot_low(scene: Scene, row: dict[str, Any]) -> float:
    return float(scene.played.spot[:, scene.coin(row)].min() / row["reference"] - 1.0)


def _book_low(scene: Scene, row: dict[str, Any]) -> float:
    return float(scene.played.mid[:, scene.markets(row)].min() / row["reference"] - 1.0)


def _coin_share(scene: Scene, row: dict[str, Any]) -> float:
    everything = scene.forced({"venue": row["venue"]}).sum()
    return float(scene.forced(row).sum() / everything)


def _vault_gain(scene: Scene, row: dict[str, Any]) -> float:
    number = scene.venue(row)
    return float(scene.played.vault[-1, number] - scene.played.setting.venues[number].vault_money)


def _long_share(scene: Scene, row: dict[str, Any]) -> float:
    sides = scene.played.forced_usd[:, scene.markets(row)].sum(axis=(0, 1))
    return float(sides[LONG] / sides.sum())


def _outside_share(scene: Scene, row: dict[str, Any]) -> float:
    coin = scene.coin(row)
    start = scene.played.setting.price_usd[coin]
    fall = np.log(scene.played.spot[:, coin].min() / start)
    return float(scene.outside[:, coin].min() / fall)


def _reported_share(scene: Scene, row: dict[str, Any]) -> float:
    large = scene.seen.reported_usd[:_LARGE]
    return float(scene.seen.reported_usd[scene.coin(row)] / large.sum())


MEASURES: dict[str, Callable[[Scene, dict[str, Any]], float]] = {
    "liquidated_share": lambda s, r: float(s.forced(r).sum() / s.interest(r)),
    "adl_share": lambda s, r: float(s.deleveraged(r).sum() / s.interest(r)),
    "adl_of_forced": lambda s, r: float(s.deleveraged(r).sum() / s.forced(r).sum()),
    "adl_of_both": lambda s, r: float(
        s.deleveraged(r).sum() / (s.forced(r).sum() + s.deleveraged(r).sum())
    ),
    "first_adl_s": _first_adl,
    "spot_low": _spot_low,
    "book_low": _book_low,
    "coin_share": _coin_share,
    "unpaid_usd": lambda s, r: float(s.played.unpaid[:, s.venue(r)].sum()),
    "vault_gain_usd": _vault_gain,
    "long_share": _long_share,
    "outside_share": _outside_share,
    "forced_usd": lambda s, r: float(s.forced(r).sum()),
    "reported_share": _reported_share,
    "reported_usd": lambda s, r: float(s.seen.reported_usd.sum()),
}


def judged(row: dict[str, Any], scene: Scene) -> Target:
    value = MEASURES[row["measure"]](scene, row)
    return Target(
        row["name"], value, row["low"], row["high"], row["unit"],
        verdict(value, row["low"], row["high"]), row["source"], row.get("note", ""),
    )  # fmt: skip


def verdict(value: float, low: float, high: float) -> str:
    """Hit inside the range, near if outside by no more than half its width."""
    if not np.isfinite(value):
        return NOT_MEASURED
    outside = max(low - value, value - high, 0.0)
    return HIT if outside == 0.0 else NEAR if outside <= _NEAR_BY * (high - low) else MISS
