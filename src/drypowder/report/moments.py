"""A replay against what was measured outside: hit, near or missed, all at the same size.

A target is a range between two days with a source. The model's figure comes from the central path
alone. What this run has no series for is "not measured", what the model has no part for is "not
in the model yet": neither is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from drypowder.report.derive import BP, NOTES
from drypowder.report.record import NO_VENUES, Record
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue
from drypowder.scenarios.clock import next_business_day
from drypowder.venues.replays.targets import HIT, MISS, NEAR
from drypowder.venues.replays.targets import verdict as place_of

NOT_MEASURED, NOT_IN_MODEL = "not_measured", "not_in_model"
VERDICTS = (HIT, NEAR, MISS, NOT_MEASURED, NOT_IN_MODEL)
_PERCENT = 100.0


def targets(record: Record) -> Table | None:
    """Every target of the scenario, what the run says, and whether that is a hit."""
    rows = record.about.get("targets", [])
    if not rows:
        return None
    columns = (
        Column("name"), Column("target_low", "plain"), Column("target_high", "plain"),
        Column("model", "plain"), Column("unit"), Column("verdict", names="verdict"),
        Column("measure"), Column("first_day", "date"), Column("last_day", "date"),
        Column("source"),
    )  # fmt: skip
    return Table("targets", columns, [_row(record, row) for row in rows])


def sentences(table: Table, words: Catalogue) -> list[str]:
    """How the run stands to what was measured: a sentence for each verdict that occurs."""
    lines = []
    for said in VERDICTS:
        names = [row["name"] for row in table.to_records() if row["verdict"] == said]
        if names:
            told = {"count": len(names), "all": len(table.rows), "list": "; ".join(names)}
            lines.append(words.say(f"report.targets.{said}", **told))
    return lines


def _row(record: Record, row: dict[str, Any]) -> tuple:
    value = model_value(record, row)
    said = verdict(value, low=row["low"], high=row["high"], measure=row["measure"])
    share = row["unit"] == "share"
    scale, unit = (_PERCENT, "%") if share else (1.0, row["unit"])
    numbers = (scale * row["low"], scale * row["high"], scale * value)
    days = (row["first_day"], row["last_day"])
    return (row["name"], *numbers, unit, said, row["measure"], *days, row["source"])


def verdict(value: float, *, low: float, high: float, measure: str) -> str:
    """Near is outside the range by no more than half its width."""
    if measure not in MEASURES:
        return NOT_IN_MODEL
    return NOT_MEASURED if not np.isfinite(value) else place_of(value, low, high)


def model_value(record: Record, row: dict[str, Any]) -> float:
    """What the central path says of a target; NaN where it says nothing."""
    first, last = (np.datetime64(row[key]) for key in ("first_day", "last_day"))
    measure = MEASURES.get(row["measure"])
    if measure is None or first < record.dates[0] or last > record.dates[-1]:
        return float("nan")
    before = int(np.searchsorted(record.dates, first)) - 1
    end = int(np.searchsorted(record.dates, last, side="right")) - 1
    look = _Look(record, record.central, row["instrument"], before, end)
    try:
        return float(measure(look))
    except (KeyError, ValueError):  # a series, or a member of one, that this run does not have
        return float("nan")


@dataclass(frozen=True)
class _Look:
    """A run from the close of step `before` (-1: the opening) to that of step `end`."""

    record: Record
    series: dict[str, np.ndarray]
    instrument: str | None
    before: int
    end: int

    @property
    def days(self) -> slice:
        """The steps in between."""
        return slice(self.before + 1, self.end + 1)

    def of(self, series: str, step: int) -> float:
        """One member of a series at the close of a step; unknown before the first."""
        member = self.record.member(series, str(self.instrument))
        return float(self.series[series][step, member]) if step >= 0 else float("nan")

    def closes(self) -> np.ndarray:
        """Prices at the closes of `before` to `end`; one at the opening."""
        prices = self.series["price"][:, self.record.member("price", str(self.instrument))]
        return np.concatenate([[1.0], prices])[self.before + 1 : self.end + 2]

    def lows(self) -> np.ndarray:
        """The lowest price of each day."""
        member = self.record.member("low_price", str(self.instrument))
        return self.series["low_price"][self.days, member]


def _price_change(look: _Look) -> float:
    if look.instrument is None:
        values = look.series["listed_equity_usd_bn"]
        return values[look.end] / values[look.before] - 1.0 if look.before >= 0 else np.nan
    closes = look.closes()
    return closes[-1] / closes[0] - 1.0


def _worst_low(look: _Look) -> float:
    return float(np.min(look.lows() / look.closes()[:-1])) - 1.0


def _rebound(look: _Look) -> float:
    return look.closes()[-1] / float(np.min(look.lows())) - 1.0


def _yield_change(look: _Look) -> float:
    return BP * (look.of("yield_pa", look.end) - look.of("yield_pa", look.before))


def _spread_change(look: _Look) -> float:
    return _yield_change(look) - _yield_change(replace(look, instrument=NOTES))


def _spread_reversed(look: _Look) -> float:
    """How much of the change the next business day takes back."""
    dates = look.record.dates
    after = next_business_day((dates[look.end] + np.timedelta64(1, "D")).astype(object))
    step = int(np.searchsorted(dates, after, side="right")) - 1
    moved = _spread_change(look)
    if step <= look.end or after > dates[-1] or moved == 0.0:
        return np.nan
    return -_spread_change(replace(look, before=look.end, end=step)) / moved


def _liquidated(look: _Look) -> float:
    member = look.record.member("perp_liquidated_usd_bn", str(look.instrument))
    return float(look.series["perp_liquidated_usd_bn"][look.days, member].sum())


def _liquidated_share(look: _Look) -> float:
    """Coins are counted in billions of dollars at the opening price."""
    interest = look.of("perp_open_interest_coins", look.before) * look.closes()[0]
    return _liquidated(look) / interest if interest > 0.0 else np.nan


def _share_of_liquidations(look: _Look) -> float:
    total = float(look.series["perp_liquidated_usd_bn"][look.days].sum())
    return _liquidated(look) / total if total > 0.0 else np.nan


def _open_interest_change(look: _Look) -> float:
    name = "perp_open_interest_coins"
    return look.of(name, look.end) / look.of(name, look.before) - 1.0


def _fall_outside_perpetuals(look: _Look) -> float:
    """The fall of the twin without venues over the fall with them."""
    twin, fall = look.record.twin(NO_VENUES), _worst_low(look)
    if twin is None or fall >= 0.0:
        return np.nan
    return _worst_low(replace(look, series=twin)) / fall


MEASURES: dict[str, Callable[[_Look], float]] = {
    "price_change": _price_change,
    "worst_low": _worst_low,
    "rebound": _rebound,
    "yield_change": _yield_change,
    "spread_change": _spread_change,
    "spread_reversed": _spread_reversed,
    "liquidated": _liquidated,
    "liquidated_share": _liquidated_share,
    "share_of_liquidations": _share_of_liquidations,
    "open_interest_change": _open_interest_change,
    "fall_outside_perpetuals": _fall_outside_perpetuals,
}
