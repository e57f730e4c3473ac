"""What the central bank and the Treasury did: purchases, policy rate, account, borrowing."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.errors import DataMissingError
from drypowder.measure.hindcast._rows import (
    A_DAY,
    MISSING,
    OBSERVED,
    PUBLISHED,
    SUBSTITUTE,
    Driver,
    Points,
    Rows,
    Trend,
    business_days,
    month_ends,
    opening,
)
from drypowder.measure.hindcast.settings import borrowing_rows, setting
from drypowder.measure.refused import refused
from drypowder.scenarios.clock import BUSINESS_DAYS_A_YEAR
from drypowder.scenarios.scenario import Scenario

if TYPE_CHECKING:
    from drypowder.data import Known

_ACCOUNT = ("TGA", "WTREGEN")  # by the day where stored, else the mean of the week
_RATE = ("EFFR", "DFF")
_ISSUED = ("bills", "notes", "bonds")  # outstanding, to the public
_MONTH_DAYS = BUSINESS_DAYS_A_YEAR / 12  # of a pace per month
_PACE_ROWS = 2  # last published periods whose pace goes on


def purchases(known: Known, last_day: date, trend: Trend, base: Scenario) -> list[Rows]:
    """What the Fed bought or let run off, Treasuries and mortgage bonds.

    Raises:
        DataMissingError: DP-222 when the Fed's Treasuries are not known.
    """
    found = known.table(["TREAST", "WSHOMCB", "WALCL"])
    notes = month_ends(found.get("TREAST"), last_day)
    if not notes.dates:
        raise refused(DataMissingError, "DP-222")
    fed = base.sheet.economy.role("central_bank")
    held = {name: opening(base, fed, name) for name in ("bills", "treasuries", "agency_mbs")}
    driver = notes.driver("fed_treasuries", OBSERVED, found["TREAST"])
    rows = [row for part in notes.changes() for row in _treasuries(*part, trend, held)]
    mortgages, status, source = month_ends(found.get("WSHOMCB"), last_day), OBSERVED, "WSHOMCB"
    if not mortgages.dates:  # all assets that are no Treasuries: loans to banks are among them
        source, status = "WALCL", SUBSTITUTE
        mortgages = _less(month_ends(found.get(source), last_day), notes)
    others = mortgages.driver("fed_mortgages", status, found.get(source))
    run_off = [
        _paced(row, "agency_mbs", change - held["agency_mbs"] * _grown(trend, row), source)
        for row, change in mortgages.changes()
    ]
    return [Rows(driver, rows), Rows(others, run_off)]


def policy_rate(known: Known, last_day: date) -> Rows:
    """The federal funds rate against its level on the opening day, whenever it moved."""
    table = known.table(_RATE)
    observed = next((table[name] for name in _RATE if name in table), None)
    points = month_ends(observed, last_day)
    if observed is None or not points.dates:
        return Rows(points.driver("policy_rate", OBSERVED, observed), [])
    days = observed.observed_on.astype("datetime64[D]")
    kept = (days >= np.datetime64(points.dates[0])) & (days <= np.datetime64(last_day))
    told = observed.known_on[kept].astype("datetime64[D]").tolist()
    points = Points(days[kept].tolist(), observed.values[kept] / 100.0, told)
    rows, last = [], 0.0
    for day, value, day_known in zip(points.dates, points.values, points.known_on, strict=True):
        change = float(value - points.values[0])
        if abs(change - last) >= setting("rate_step"):
            last = change
            rows.append({"first_day": day, "change": round(change, 6), "known_on": day_known,
                         "unit": "decimal per year", "source": observed.name})  # fmt: skip
    return Rows(points.driver("policy_rate", OBSERVED, observed), rows)


def account(known: Known, last_day: date, trend: Trend, base: Scenario) -> Rows:
    """What the Treasury gathered in its account at the Fed."""
    table = known.table(_ACCOUNT)
    held = opening(base, base.sheet.economy.role("government"), "treasury_account")
    found = [(month_ends(table[name], last_day), table[name]) for name in _ACCOUNT if name in table]
    points, observed = next(
        ((p, o) for p, o in found if p.dates), (month_ends(None, last_day), None)
    )
    rows = [
        {**row, "amount": change - held * _grown(trend, row), "unit": "USD bn",
         "source": observed.name if observed else ""}
        for row, change in points.changes()
    ]  # fmt: skip
    return Rows(points.driver("account", OBSERVED, observed), rows)


def borrowing(known: Known, last_day: date, trend: Trend, base: Scenario, kept: Rows) -> Rows:
    """What was borrowed and not kept in the account was spent; what was no bill were notes.

    Args:
        kept: rows of the account.
    """
    state = base.sheet.economy.role("government")
    owed = {name: -opening(base, state, name) for name in ("bills", "treasuries")}
    stored = _issued(known, last_day)
    told = stored or _published(known.as_of.date(), last_day)
    periods = [*told, *_continued(told, last_day)]
    rows = []
    for row in periods:
        grown = _grown(trend, row)
        gathered = _within(kept.rows, row["first_day"], row["last_day"])
        rows.append({
            "first_day": row["first_day"], "last_day": row["last_day"], "unit": "USD bn",
            "deficit": row["net_issuance"] - sum(owed.values()) * grown - gathered,
            "notes": row["net_issuance"] - row["bills"] - owed["treasuries"] * grown,
            "known_on": row["known_on"], "source": row["source"],
        })  # fmt: skip
    if not told:
        return Rows(Driver("borrowing", MISSING), [])
    driver = Driver(
        "borrowing", OBSERVED if stored else PUBLISHED, _ISSUED if stored else ("Z.1",),
        told[0]["first_day"], told[-1]["last_day"], max(row["known_on"] for row in told), False,
        sum(row["net_issuance"] for row in periods),
    )  # fmt: skip
    return Rows(driver, rows)


def _published(as_of: date, last_day: date) -> list[dict[str, Any]]:
    """What the package says that was borrowed, in periods whose figure was out."""
    return [y for y in borrowing_rows() if y["known_on"] <= as_of and y["first_day"] <= last_day]


def _issued(known: Known, last_day: date) -> list[dict[str, Any]]:
    """What was borrowed month by month, from amounts outstanding where all three are stored."""
    found = known.table(_ISSUED)
    points = [month_ends(found.get(name), last_day) for name in _ISSUED]
    if any(len(each.dates) < 2 for each in points):
        return []
    changes = [{row["last_day"]: (row, change) for row, change in each.changes()}
               for each in points]  # fmt: skip
    if not changes[0].keys() == changes[1].keys() == changes[2].keys():
        return []  # a month is missing in one: the published periods have none missing
    made = []
    for day, (row, bills) in changes[0].items():
        others = [each[day] for each in changes[1:]]
        known_on = max(row["known_on"], *(other["known_on"] for other, _ in others))
        net = bills + sum(change for _, change in others)
        made.append({**row, "net_issuance": net, "bills": bills, "known_on": known_on,
                     "source": ", ".join(_ISSUED)})  # fmt: skip
    return made


def _continued(told: list[dict[str, Any]], last_day: date) -> list[dict[str, Any]]:
    """After the last published period its pace, with that of the one before, goes on."""
    if not told or told[-1]["last_day"] >= last_day:
        return []
    recent = told[-_PACE_ROWS:]
    days = sum(business_days(row["first_day"], row["last_day"]) for row in recent)
    first = told[-1]["last_day"] + A_DAY
    share = business_days(first, last_day) / days
    amounts = {k: share * sum(row[k] for row in recent) for k in ("net_issuance", "bills")}
    return [{**told[-1], **amounts, "first_day": first, "last_day": last_day,
             "source": "pace of the periods before"}]  # fmt: skip


def _treasuries(row: dict[str, Any], change: float, trend: Trend, held) -> list[dict[str, Any]]:
    """Notes and bonds at first; since reserve management began, bills alone change."""
    grown = _grown(trend, row)
    both = held["treasuries"] + held["bills"]
    if row["first_day"] < setting("reserve_management_from"):
        return [_paced(row, "treasuries", change - both * grown, "TREAST")]
    return [
        _paced(row, "bills", change - held["bills"] * grown, "TREAST"),
        _paced(row, "treasuries", -held["treasuries"] * grown, "TREAST"),
    ]


def _paced(row: dict[str, Any], instrument: str, amount: float, source: str) -> dict[str, Any]:
    """An amount over a spell as the pace per month that a scenario states."""
    pace = amount * _MONTH_DAYS / business_days(row["first_day"], row["last_day"])
    return {**row, "instrument": instrument, "amount": pace, "unit": "USD bn per month",
            "above_trend": True, "source": source}  # fmt: skip


def _less(assets: Points, notes: Points) -> Points:
    """Assets less Treasuries, where both were printed on the same day."""
    other = dict(zip(notes.dates, notes.values, strict=True))
    kept = [k for k, day in enumerate(assets.dates) if day in other]
    values = np.array([assets.values[k] - other[assets.dates[k]] for k in kept])
    return Points([assets.dates[k] for k in kept], values, [assets.known_on[k] for k in kept])


def _grown(trend: Trend, row: dict[str, Any]) -> float:
    return trend.grown(row["first_day"], row["last_day"])


def _within(rows: list[dict[str, Any]], first: date, last: date) -> float:
    """What of the rows' amounts falls on the business days of a period, USD bn."""
    return sum(
        row["amount"]
        * business_days(max(row["first_day"], first), min(row["last_day"], last))
        / business_days(row["first_day"], row["last_day"])
        for row in rows
    )
