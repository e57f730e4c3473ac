"""The same balance sheet rolled, split, reordered or counted in another unit.

None of these moves anybody's net worth: a roll is a posting that names every side, the others
only change how the rows are cut, in which order they stand, and what one unit is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from drypowder.accounts._reading import Cell
from drypowder.accounts.balance import DOLLAR_USD_BN, plain
from drypowder.accounts.sheet import Adjustment, OpeningSheet, changed
from drypowder.errors import UsageError

# Shares of a split must sum to one within this.
_SHARES_TOLERANCE = 1e-9


def roll_to(sheet: OpeningSheet, *, rrp_usd_bn: float) -> OpeningSheet:
    """Year-end window dressing undone: domestic money leaves the Fed's reverse repo facility.

    Money funds lend to banks and dealers instead, and the banks keep the money as reserves; what
    banks had at the facility becomes reserves directly. Each gives up the same share; the foreign
    pool stays. A target above the opening level runs the same postings backwards.

    Args:
        rrp_usd_bn: domestic use of the facility to reach (9.6 on 30 January 2026, against 106 at
            year end), USD bn.

    Raises:
        UsageError: DP-033 for a target that is negative, not finite, or needs more money-fund
            repo or reserves than there are.

    Source: Federal Reserve Bank of New York, overnight reverse repo operations.
    """
    economy, net, issued = sheet.economy, sheet.net_usd_bn.copy(), sheet.issued_usd_bn.copy()
    rrp, repo, reserves = map(economy.instrument, ("on_rrp", "margin_and_repo_loans", "reserves"))
    bank, fund, fed = map(economy.role, ("bank", "money_fund", "central_bank"))
    by_funds, by_banks = _leaving_facility(
        float(net[fund, rrp]), float(net[bank, rrp]), float(rrp_usd_bn)
    )
    _refuse_impossible(sheet, by_funds, by_banks, float(rrp_usd_bn))
    leaving = by_funds + by_banks
    net[[fund, bank, fed], rrp] += (-by_funds, -by_banks, leaving)
    net[[fund, bank], repo] += (by_funds, -by_funds)
    net[[bank, fed], reserves] += (leaving, -leaving)
    issued[fed, [rrp, reserves]] += (-leaving, leaving)
    issued[bank, repo] += max(by_funds, 0.0)
    return changed(
        sheet,
        net_usd_bn=net,
        issued_usd_bn=np.maximum(issued, 0.0),
        adjustments=_roll_report(economy.sector_names, (fund, bank), (by_funds, by_banks)),
        source=f"rolled to a domestic RRP of {plain(float(rrp_usd_bn))}",
    )


def split_sector(
    sheet: OpeningSheet, sector: str, shares: Sequence[float], names: Sequence[str]
) -> OpeningSheet:
    """One sector becomes several that own and owe the same mix, in the given shares.

    Args:
        shares: positive, summing to one.
        names: of the new sectors, which keep the role and stand where the old one stood.

    Raises:
        UsageError: DP-034 if shares and names do not fit; DP-010 for a role that must be single;
            DP-011 for an unknown sector.
    """
    row = sheet.economy.sector(sector)
    _check_split(sheet, sector, shares, names)
    old = sheet.economy.sectors
    rows = (*old[:row], *(replace(old[row], name=name) for name in names), *old[row + 1 :])
    weights = np.array([1.0] * row + list(shares) + [1.0] * (len(old) - row - 1))[:, None]
    repeats = np.array([1] * row + [len(names)] + [1] * (len(old) - row - 1))
    net = np.repeat(sheet.net_usd_bn, repeats, axis=0) * weights
    width = len(sheet.economy.instruments)
    origin = np.repeat(np.arange(len(old)), repeats)
    cells = tuple(
        _shared(cell, rows[k].name, float(weights[k, 0]))
        for k, source_row in enumerate(origin.tolist())
        for cell in sheet.cells[source_row * width : (source_row + 1) * width]
    )
    return replace(
        sheet,
        economy=sheet.economy.with_sectors(rows),
        net_usd_bn=net,
        issued_usd_bn=np.repeat(sheet.issued_usd_bn, repeats, axis=0) * weights,
        cells=cells,
    )


def permuted(sheet: OpeningSheet, order: Sequence[str]) -> OpeningSheet:
    """The same sheet with its sectors in another order, which must not matter.

    Args:
        order: every sector name once.

    Raises:
        UsageError: DP-034 if the order is not exactly the sheet's sectors.
    """
    if sorted(order) != sorted(sheet.economy.sector_names):
        raise UsageError(
            "DP-034",
            f"the order {', '.join(order)} is not a rearrangement of {sheet.name}'s sectors.",
            f"Name each once: {', '.join(sheet.economy.sector_names)}.",
        )
    rows = [sheet.economy.sector(name) for name in order]
    width = len(sheet.economy.instruments)
    return replace(
        sheet,
        economy=sheet.economy.with_sectors(tuple(sheet.economy.sectors[k] for k in rows)),
        net_usd_bn=sheet.net_usd_bn[rows],
        issued_usd_bn=sheet.issued_usd_bn[rows],
        cells=tuple(cell for k in rows for cell in sheet.cells[k * width : (k + 1) * width]),
    )


def in_unit(sheet: OpeningSheet, factor: float) -> OpeningSheet:
    """The same sheet with every amount times `factor`: the choice of unit must not matter.

    Args:
        factor: units per billion USD, e.g. 1000 to count in millions; fields keep their names.

    Raises:
        UsageError: DP-034 for a factor that is not positive and finite.
    """
    if not (math.isfinite(factor) and factor > 0.0):
        raise UsageError("DP-034", f"the unit factor {factor!r} is not positive.", "Use e.g. 1000.")
    return replace(
        sheet,
        net_usd_bn=sheet.net_usd_bn * factor,
        issued_usd_bn=sheet.issued_usd_bn * factor,
        cells=tuple(replace(c, value_usd_bn=c.value_usd_bn * factor) for c in sheet.cells),
        adjustments=tuple(
            replace(a, amount_usd_bn=a.amount_usd_bn * factor) for a in sheet.adjustments
        ),
    )


def _leaving_facility(
    funds_usd_bn: float, banks_usd_bn: float, target_usd_bn: float
) -> tuple[float, float]:
    """What money funds and banks take out, in proportion to what they have there (USD bn)."""
    domestic = funds_usd_bn + banks_usd_bn
    leaving = domestic - target_usd_bn
    share = funds_usd_bn / domestic if domestic > 0.0 else 1.0
    return leaving * share, leaving * (1.0 - share)


def _refuse_impossible(
    sheet: OpeningSheet, by_funds: float, by_banks: float, target_usd_bn: float
) -> None:
    economy, gross = sheet.economy, sheet.gross_usd_bn
    repo = gross[economy.role("money_fund"), economy.instrument("margin_and_repo_loans")]
    reserves = gross[economy.role("bank"), economy.instrument("reserves")]
    if not (math.isfinite(target_usd_bn) and target_usd_bn >= 0.0):
        fault = f"a domestic RRP of {target_usd_bn} bn is not an amount"
    elif -by_funds > repo + DOLLAR_USD_BN:
        fault = f"money funds lend only {plain(repo)} bn in repo and cannot move {plain(-by_funds)}"
    elif -(by_funds + by_banks) > reserves + DOLLAR_USD_BN:
        fault = f"banks own only {plain(reserves)} bn of reserves"
    else:
        return
    raise UsageError(
        "DP-033",
        f"{sheet.name} cannot be rolled: {fault}.",
        "Give the domestic level in billions of USD, such as 9.629 (30 January 2026).",
    )


def _roll_report(
    names: tuple[str, ...], rows: tuple[int, int], leaving: tuple[float, float]
) -> list[Adjustment]:
    ways = ("on_rrp to repo with banks, who keep reserves", "on_rrp to reserves")
    return [
        Adjustment(
            what="year-end RRP rolled to a level without window dressing",
            where=f"{names[row]}, {way}",
            amount_usd_bn=amount,
            why="year-end use of the facility is window dressing",
        )
        for row, way, amount in zip(rows, ways, leaving, strict=True)
        if abs(amount) > DOLLAR_USD_BN
    ]


def _shared(cell: Cell, name: str, share: float) -> Cell:
    """A cell of a split sector says so; cells of the other sectors stay as they are."""
    if name == cell.sector and share == 1.0:
        return cell
    return replace(
        cell,
        sector=name,
        value_usd_bn=cell.value_usd_bn * share,
        status="allocated",
        note=". ".join(filter(None, (f"{share:g} of {cell.sector}", cell.note))),
    )


def _check_split(
    sheet: OpeningSheet, sector: str, shares: Sequence[float], names: Sequence[str]
) -> None:
    taken = set(sheet.economy.sector_names) - {sector}
    if not shares or len(shares) != len(names):
        fault = f"{len(shares)} shares for {len(names)} names"
    elif len(set(names)) != len(names) or taken & set(names):
        fault = f"the names {', '.join(names)} are not new and different"
    elif not all(math.isfinite(s) and s > 0.0 for s in shares):
        fault = f"the shares {', '.join(map(str, shares))} are not all positive"
    elif abs(math.fsum(shares) - 1.0) > _SHARES_TOLERANCE:
        fault = f"the shares sum to {math.fsum(shares):.9g}, not 1"
    else:
        return
    raise UsageError(
        "DP-034", f"{sector} cannot be split: {fault}.", "One positive share a name, summing to 1."
    )
