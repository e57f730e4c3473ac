"""What happened: each outcome at the ends of months, as the newest prints have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.hindcast.settings import Outcome, outcomes, setting

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

_BP = 100.0  # of a per cent


@dataclass(frozen=True)
class Happened:
    """One outcome as it was observed, month after month from long before the opening."""

    outcome: Outcome
    days: NDArray[np.datetime64]  # (month,) ends of months; the last may be a day within one
    levels: NDArray[np.float64]  # (month,) bp, log price or USD bn; NaN where there is no print
    licensed: bool  # somebody's property: never shown as a series
    starter: bool
    known_on: date  # when the newest print that was used became known

    @property
    def key(self) -> str:
        """Name of the outcome."""
        return self.outcome.key


def observe(known: Known, last_day: date) -> tuple[dict[str, Happened], dict[str, list[str]]]:
    """Every outcome that can be observed, and of the others the series that are missing."""
    names = {name for outcome in outcomes() for name in outcome.observed}
    found = known.table(sorted(names), until=last_day)
    days = month_days(last_day)
    happened, missing = {}, {}
    for outcome in outcomes():
        lacking = [name for name in outcome.observed if name not in found]
        if lacking:
            missing[outcome.key] = lacking
            continue
        happened[outcome.key] = _happened(outcome, [found[n] for n in outcome.observed], days)
    return happened, missing


def month_days(last_day: date) -> NDArray[np.datetime64]:
    """Ends of months from the drift window before the opening to the last day."""
    months = setting("drift_window") + 1
    start = np.datetime64(setting("start")).astype("datetime64[M]") - months
    end = np.datetime64(last_day)
    ends = np.arange(start + 1, end.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    return np.append(ends, end)


def _happened(outcome: Outcome, series: list[Observed], days) -> Happened:
    levels = np.stack([_at(each, days) for each in series])
    weights = np.array(list(outcome.observed.values()))
    if outcome.kind == "price":
        opening = levels[:, [int(np.searchsorted(days, np.datetime64(setting("start"))))]]
        value = np.log(weights @ (levels / opening))
    else:
        value = (_BP if outcome.kind == "rate" else 1.0) * (weights @ levels)
    told = max(each.known_on.max() for each in series)
    return Happened(
        outcome, days, value, any(each.licensed for each in series),
        any(each.starter for each in series), told.astype("datetime64[D]").item(),
    )  # fmt: skip


def _at(series: Observed, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """The last print on or before each day, if it is not too old."""
    printed = series.observed_on.astype("datetime64[D]")
    place = np.searchsorted(printed, days, side="right") - 1
    age = (days - printed[np.maximum(place, 0)]).astype(int)
    fresh = (place >= 0) & (age <= setting("oldest_print_days"))
    return np.where(fresh, series.values[np.maximum(place, 0)], np.nan)
