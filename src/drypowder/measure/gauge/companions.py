"""Beside the gauge: the naive count of cash, what AI asked for, whose money it is, dates.

None of it enters the level. The naive count shows why dry powder is not cash: broad money is at a
record while what is uncommitted is not. Each row says what it could not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np

from drypowder.measure.gauge.formulas import difference_bp, raised
from drypowder.measure.gauge.parts import estimates, part
from drypowder.measure.gauge.prints import Days, Prints, Values, denominator, estimated
from drypowder.measure.gauge.scale import TOP, rank_of
from drypowder.measure.gauge.sources import Source
from drypowder.measure.numbers import numbers, table
from drypowder.measure.stamp import day_of

MONEY, FUNDS, CONDITIONS = "M2SL", "MMMFFAQ027S", "NFCI"
EXTRA = (MONEY, FUNDS, CONDITIONS, "stablecoins:total", "TGA", "WTREGEN")
VERDICTS = CONFIRMED, OVERTURNED, EARLY = ("confirmed", "overturned", "early")
_YEAR = np.timedelta64(365, "D")
_CARRY_DAYS = 300  # the oldest print of money or money funds that still counts
_SPANS = 28  # days that a rate is averaged over


@dataclass(frozen=True)
class Naive:
    """Cash counted without asking whether it is lent already."""

    score: float  # mid-rank of broad money in the same window, 0 to 100
    usd_bn: float
    record: bool  # no earlier print is higher
    observed_on: date
    known_on: date


@dataclass(frozen=True)
class Absorption:
    """What AI firms placed in a year against the money that grew in it."""

    day: date
    raised_usd_bn: float
    money_usd_bn: float  # growth of broad money over the year
    with_funds_usd_bn: float  # and of money funds, part of which broad money holds already
    ratio: float  # raised over the growth of broad money; not a number where it shrank
    ratio_with_funds: float


@dataclass(frozen=True)
class Owner:
    """Idle money of one owner."""

    key: str
    usd_bn: float
    lent: str  # no, partly, yes, not called
    observed_on: date
    known_on: date
    source: str
    note: str


@dataclass(frozen=True)
class Dates:
    """First findings of others, measured again here."""

    rrp_peak_usd_bn: float
    rrp_peak_on: date
    empty_since: date | None  # the first print below the limit
    empty_limit_usd_bn: float
    repo_peak_bp: float
    repo_peak_on: date
    repo_prints_a_month: float  # about one: month-ends alone
    trough: float  # lowest level of the gauge in its window
    trough_on: date
    rrp_verdict: str  # of the finding that it was empty by autumn 2025
    repo_verdict: str  # of the finding that its stress peaked on 31 October 2025


@dataclass(frozen=True)
class Companions:
    """Everything beside the gauge."""

    naive: Naive | None
    conditions: tuple[float, date] | None  # the Chicago Fed's index; below zero is loose
    absorption: tuple[Absorption, ...]
    owners: tuple[Owner, ...]


def beside(source: Source, days: Days) -> Companions:
    """What stands beside the gauge of a day.

    Args:
        source: read with `EXTRA`. days: the window of the gauge, the day itself last.
    """
    return Companions(
        _naive(source, days), _conditions(source), _absorption(source, days), _owners(source)
    )


def dates(source: Source, days: Days, levels: Values) -> Dates | None:
    """When reverse repo ran empty, when repo was dearest, when the gauge was lowest.

    Args:
        days, levels: the history of the gauge. None where a series is missing.
    """
    rrp = source.inputs(part("rrp")).prints(0)
    rates = source.inputs(part("repo_spread"))
    above, below = rates.prints(0), rates.prints(1)
    if rrp is None or above is None or below is None:
        return None
    spread = difference_bp(above, below, part("repo_spread").options["within_days"])
    top, peak = int(np.argmax(rrp.values)), int(np.argmax(spread.values))
    limit = numbers("gauge")["empty_share"] * rrp.values[top]
    mean = rrp.mean(rrp.observed_on, _SPANS, _CARRY_DAYS)
    empty = [k for k in range(top, len(rrp)) if mean[k] < limit]
    months = max(1.0, (spread.observed_on[-1] - spread.observed_on[0]).astype(int) / 30.44)
    lowest = int(np.argmin(levels))
    return Dates(
        float(rrp.values[top]),
        rrp.observed_on[top].item(),
        rrp.observed_on[empty[0]].item() if empty else None,
        float(limit),
        float(spread.values[peak]),
        spread.observed_on[peak].item(),
        float(len(spread) / months),
        float(levels[lowest]),
        days[lowest].item(),
        rrp_verdict(source.day, rrp.observed_on[empty[0]].item() if empty else None),
        repo_verdict(source.day, spread.observed_on[peak].item()),
    )


def rrp_verdict(day: date, empty_since: date | None) -> str:
    """Whether reverse repo was empty by the day that others had found. One of VERDICTS."""
    by = table("gauge", "findings")["rrp_empty"]["by"]
    if empty_since is not None and empty_since <= by:
        return CONFIRMED
    return OVERTURNED if day > by else EARLY


def repo_verdict(day: date, peak_on: date) -> str:
    """Whether repo was dearest on the day that others had found. One of VERDICTS."""
    found = table("gauge", "findings")["repo_peak"]["on"]
    if day <= found:
        return EARLY
    return CONFIRMED if peak_on == found else OVERTURNED


def _naive(source: Source, days: Days) -> Naive | None:
    money = _series(source, MONEY)
    if money is None:
        return None
    window = money.at(days, _CARRY_DAYS)
    window = window[np.isfinite(window)]
    if not len(window):
        return None
    return Naive(
        float(rank_of(window[-1:], window)[0]) if len(window) > 1 else TOP / 2,
        float(money.values[-1]),
        bool(money.values[-1] >= money.values.max()),
        money.observed_on[-1].item(),
        day_of(money.known_on[-1]),
    )


def _conditions(source: Source) -> tuple[float, date] | None:
    index = _series(source, CONDITIONS)
    return None if index is None else (float(index.values[-1]), index.observed_on[-1].item())


def _absorption(source: Source, days: Days) -> tuple[Absorption, ...]:
    """At quarter ends and on the day itself, where the numerator is known."""
    supply, money = source.inputs(part("ai_supply")), _series(source, MONEY)
    if money is None:
        return ()
    months = days.astype("datetime64[M]").astype(int) % 12
    shown = days[np.isin(months, (2, 5, 8, 11)) | (np.arange(len(days)) == len(days) - 1)]
    placed = raised(supply, shown)
    # the year to the last print, so that late figures do not shorten it
    told = money.observed_on[np.maximum(money.place(shown), 0)]
    grown = money.at(shown, _CARRY_DAYS) - money.at(told - _YEAR, _CARRY_DAYS)
    funds = _funds(source, shown) - _funds(source, shown - _YEAR)
    return tuple(
        Absorption(day.item(), float(p), float(g), float(g + f), _over(p, g), _over(p, g + f))
        for day, p, g, f in zip(shown, placed, grown, funds, strict=True)
        if np.isfinite(p) and np.isfinite(g)
    )


def _funds(source: Source, days: Days) -> Values:
    """Assets of money funds, from the series or dated figures."""
    prints = _series(source, FUNDS) or estimated(estimates()[FUNDS], source.day)
    if prints is None:
        return np.full(len(days), np.nan)
    return denominator(prints, days, estimates()[FUNDS].growth_pa, _CARRY_DAYS)


def _over(above: float, below: float) -> float:
    return float(above / below) if below > 0.0 else float("nan")


def _owners(source: Source) -> tuple[Owner, ...]:
    found = []
    for row in _owner_rows():
        summed = [_series(source, name) for name in _chosen(source, row.get("series", ()))]
        known = [each for each in summed if each is not None]
        if summed and len(known) == len(summed):
            found.append(_sum(row, known))
        elif "value" in row and row["known_on"] <= source.day:
            found.append(Owner(
                row["key"], float(row["value"]), row["lent"], row["observed_on"],
                row["known_on"], row["source"], row["note"],
            ))  # fmt: skip
    return tuple(found)


def _sum(row: dict[str, Any], known: Sequence[Prints]) -> Owner:
    return Owner(
        row["key"],
        float(sum(each.values[-1] for each in known)),
        row["lent"],
        min(each.observed_on[-1].item() for each in known),
        max(day_of(each.known_on[-1]) for each in known),
        "; ".join(dict.fromkeys(each.source.partition(" (")[0] for each in known)),
        row["note"],
    )


def _chosen(source: Source, entries: Sequence[str]) -> list[str]:
    return [source.best(entry) for entry in entries]


def _series(source: Source, name: str) -> Prints | None:
    given = source.observed.get(name)
    if given is None:
        return None
    prints = Prints.of(given, date.min)
    return prints if len(prints) else None


@lru_cache(maxsize=1)
def _owner_rows() -> list[dict[str, Any]]:
    return table("gauge", "owners")["rows"]
