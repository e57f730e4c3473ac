"""Dates a reader asks for: when dry powder ran out and whose, and what happened on the way.

An event is a row (event, subject, path, step, date): the first day on which it was true in that
world. What never happened has no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.report.axes import FORCES, PRIVATE, holders, vehicles

if TYPE_CHECKING:
    from drypowder.engine.run import Failure

RAN_OUT = "dry_powder_ran_out"  # below a hundredth of the first day's
HOARD_DONE = "first_day_without_hoard_share"
POOL_EMPTY = "reverse_repo_empty"
RESERVES_SHORT = "reserves_below_need"
STOPPED = "market_did_not_clear"
OVER_LIMIT = "over_its_limit"
CALL_UNPAID = "call_not_paid"
GATED = "gate_bound"
EMPTY_SHARE = 0.01  # of the first day's dry powder: the logit never lets the last dollar go
_EMPTY_POOL_USD_BN = 1.0
_NO_SHARE = 1e-6  # of the day's capex
_NOBODY_USD_BN = 5e-4  # of forced sales and unpaid calls
_QUEUE_USD_BN = 0.05  # worth calling one
_LONGEST_NOTICE_YEARS = 0.25  # any queue longer than this is a gate's
_DAYS_A_YEAR = 365.25
_BEYOND_HOARDS = (
    "treasuries", "bank_loans", "bonds", "short_paper", "private_credit", "buybacks_cut",
    "new_shares",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """The first day on which something was true in one world."""

    event: str
    subject: str  # sector, market or blank
    path: int
    step: int
    date: str


def find_events(series: dict[str, np.ndarray], dates: np.ndarray, economy: Economy) -> list[Event]:
    """All events of all worlds; `series` maps names to (path, step, ...)."""
    found: list[tuple[str, str, np.ndarray]] = []
    if "dry_powder_usd_bn" in series:
        powder = series["dry_powder_usd_bn"]
        empty = (powder <= EMPTY_SHARE * powder[:, :1]) & (powder[:, :1] > 0.0)
        names = economy.sector_names
        found += [(RAN_OUT, name, empty[:, :, k]) for k, name in enumerate(names)]
    found += [(HOARD_DONE, "hyperscalers", no_hoard_share(series))]
    if "reverse_repo_usd_bn" in series:
        found.append((POOL_EMPTY, "", series["reverse_repo_usd_bn"] < _EMPTY_POOL_USD_BN))
    if {"reserve_supply_usd_bn", "satiation_usd_bn"} <= series.keys():
        short = series["reserve_supply_usd_bn"] < series["satiation_usd_bn"]
        found.append((RESERVES_SHORT, "", short))
    found += _forces(series, dates, economy)
    return [
        Event(name, subject, int(path), int(true[path].argmax()), str(dates[true[path].argmax()]))
        for name, subject, true in found
        for path in np.flatnonzero(true.any(axis=1))
    ]


def _forces(series: dict[str, np.ndarray], dates: np.ndarray, economy: Economy):
    """Accounts that lenders made sell, calls nobody paid, gates that bound."""
    found = []
    if "forced_usd_bn" in series:
        by_lenders = series["forced_usd_bn"][:, :, FORCES.index("margin")] > _NOBODY_USD_BN
        found += [
            (OVER_LIMIT, name, by_lenders[:, :, k]) for k, name in enumerate(holders(economy))
        ]
    if "call_default_usd_bn" in series:
        found.append((CALL_UNPAID, "ai_labs", series["call_default_usd_bn"] > _NOBODY_USD_BN))
    if {"queue_usd_bn", "redeemed_usd_bn"} <= series.keys() and PRIVATE in vehicles(economy):
        found.append((GATED, PRIVATE, _gated(series, dates, vehicles(economy).index(PRIVATE))))
    return found


def _gated(series: dict[str, np.ndarray], dates: np.ndarray, vehicle: int) -> np.ndarray:
    """Days on which more waits than notice alone explains: over a quarter at the day's pace.

    Only for private credit: payments of funds are known after subscriptions alone.
    """
    queue, paid = (series[k][:, :, vehicle] for k in ("queue_usd_bn", "redeemed_usd_bn"))
    span = (dates[-1] - dates[0]) / np.timedelta64(1, "D")
    pace = paid * _DAYS_A_YEAR * max(len(dates) - 1, 1) / max(span, 1.0)
    return (paid > 0.0) & (queue > np.maximum(_QUEUE_USD_BN, _LONGEST_NOTICE_YEARS * pace))


def no_hoard_share(series: dict[str, np.ndarray]) -> np.ndarray:
    """Days on which hoards no longer cover the gap, so that the next dollar comes from elsewhere.

    Returns:
        (path, step): Treasuries were sold or outside money was raised.
    """
    elsewhere = sum(series[f"funding_{name}_usd_bn"] for name in _BEYOND_HOARDS)
    return elsewhere > _NO_SHARE * np.maximum(series["funding_capex_usd_bn"], _NO_SHARE)


def stopped(failures, dates: np.ndarray) -> list[Event]:
    """Worlds whose markets did not clear, as events."""
    return [Event(STOPPED, f.market, f.path, f.step, str(dates[f.step])) for f in failures]


def twins_stopped(failures: Mapping[str, Failure], dates: np.ndarray) -> list[dict[str, str]]:
    """Twins of the central path whose markets did not clear: twin, date, market, sector."""
    return [
        {"twin": twin, "date": str(dates[f.step]), "market": f.market, "sector": f.sector}
        for twin, f in sorted(failures.items())
    ]


def first_date(events: list[Event], event: str, subject: str = "", path: int = 0) -> str | None:
    """The date of an event on one path, if it happened."""
    found = [e.date for e in events if (e.event, e.subject, e.path) == (event, subject, path)]
    return found[0] if found else None
