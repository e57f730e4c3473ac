"""Opening balance sheets: who owns what on the first day, checked and said where it was bent.

A sheet is loaded in five steps, each a function below: read, balance, split the public deposits
column, gross up the cells that are net of own issuance, check. Assets positive, liabilities
negative; every financial column sums to zero over sectors, because every claim is somebody's debt.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from drypowder.accounts._reading import Cell, Issue, read_cells, read_issues, read_table
from drypowder.accounts.balance import DOLLAR_USD_BN, check_balanced, is_real, plain
from drypowder.accounts.economy import Economy, default_economy
from drypowder.errors import DataMissingError, UnbalancedError

_SPLIT_OUT = ("currency", "treasury_account")  # columns that the public sheets fold into deposits


@dataclass(frozen=True)
class Adjustment:
    """One place where a number was forced: what was done, where, how much and why."""

    what: str
    where: str
    amount_usd_bn: float
    why: str

    def __str__(self) -> str:
        return f"{self.what}: {self.where} {self.amount_usd_bn:+,.1f} billion USD ({self.why})"


@dataclass(frozen=True, eq=False)
class OpeningSheet:
    """Every sector's assets and liabilities on one date, in Economy order."""

    name: str  # "2025Q4", or the stem of the user's file
    economy: Economy
    net_usd_bn: Float[np.ndarray, "sector instrument"]  # assets +, liabilities -, USD bn
    issued_usd_bn: Float[np.ndarray, "sector instrument"]  # gross amount outstanding, >= 0, USD bn
    cells: tuple[Cell, ...]  # source and status of each net amount, sector by sector
    adjustments: tuple[Adjustment, ...]  # everything that was forced, in order

    def __post_init__(self) -> None:
        for array in (self.net_usd_bn, self.issued_usd_bn):
            array.setflags(write=False)

    @property
    def gross_usd_bn(self) -> Float[np.ndarray, "sector instrument"]:
        """Amounts held, own issues included: net + issued, never negative, USD bn."""
        return self.net_usd_bn + self.issued_usd_bn

    @property
    def net_worth_usd_bn(self) -> Float[np.ndarray, " sector"]:
        """What each sector owns less what it owes, USD bn."""
        return self.net_usd_bn.sum(axis=1)

    def cell(self, sector: str, instrument: str) -> Cell:
        """One amount with its source and status. Raises UsageError DP-011 for an unknown name."""
        row, column = self.economy.sector(sector), self.economy.instrument(instrument)
        return self.cells[row * len(self.economy.instruments) + column]


def shipped_openings() -> tuple[str, ...]:
    """Names of the opening sheets that come with the package, oldest first."""
    names = (entry.name for entry in _openings().iterdir())
    return tuple(sorted(name.removesuffix(".csv") for name in names if name[:1].isdigit()))


def load_opening(
    name_or_path: str | Path,
    *,
    economy: Economy | None = None,
    issuance: str | Path | Traversable | None = None,
) -> OpeningSheet:
    """A balanced opening sheet, ready to simulate from, with every forced number reported.

    Args:
        name_or_path: a shipped name such as "2025Q4", or a CSV (sector, instrument,
            value_usd_bn, and optionally status, source, note) or TOML ([[cell]] entries).
        economy: rows and columns; the default economy when left out.
        issuance: a table of gross amounts outstanding (date, instrument, issuer,
            issued_usd_bn; date = the sheet's name). Shipped sheets bring theirs; for a file of
            your own without one, issued = what the cell owes net.

    Raises:
        DataMissingError: DP-020 not found, DP-021 unreadable, DP-022 empty, DP-028 a sector, an
            instrument or the sheet's issuance rows are absent.
        UsageError: DP-023 to DP-027, see `read_cells`.
        UnbalancedError: DP-029 a column does not balance, DP-030 nobody owns a real thing,
            DP-031 deposits cannot be split, DP-032 a gross holding is negative.

    Source: Federal Reserve Z.1 and H.4.1, TIC, SEC filings; each cell names its own.
    """
    economy = economy or default_economy()
    path, name, is_shipped = _locate(name_or_path)
    sheet = _assemble(name, economy, read_cells(path, economy))
    if is_shipped:
        sheet = replace(sheet, adjustments=_recorded_adjustments(name) + sheet.adjustments)
        issuance = issuance or _openings().joinpath("issuance.csv")
    check_balanced(sheet.net_usd_bn, economy, where=f"in {name}")
    sheet = _split_deposits(_absorb_rounding(sheet))
    return _gross_up(sheet, _issues(issuance, sheet) if issuance else ())


def changed(
    sheet: OpeningSheet,
    *,
    net_usd_bn: Float[np.ndarray, "sector instrument"],
    issued_usd_bn: Float[np.ndarray, "sector instrument"],
    adjustments: Iterable[Adjustment],
    source: str,
) -> OpeningSheet:
    """The same sheet with other amounts: cells that moved say by what rule and from where.

    Raises:
        UnbalancedError: DP-029, DP-030 or DP-032 if the new amounts break the accounts.
    """
    check_balanced(net_usd_bn, sheet.economy, where=f"in {sheet.name}")
    gross_usd_bn = net_usd_bn + issued_usd_bn
    _refuse_negative_holdings(gross_usd_bn, sheet)
    # an issuer that holds none of its own paper holds exactly none, not 1e-13
    holds_none = (issued_usd_bn > 0.0) & (np.abs(gross_usd_bn) <= DOLLAR_USD_BN)
    issued_usd_bn = np.where(holds_none, np.maximum(-net_usd_bn, 0.0), issued_usd_bn)
    cells = tuple(
        cell if abs(value - cell.value_usd_bn) <= DOLLAR_USD_BN else _moved(cell, value, source)
        for cell, value in zip(sheet.cells, net_usd_bn.ravel().tolist(), strict=True)
    )
    return replace(
        sheet,
        net_usd_bn=net_usd_bn,
        issued_usd_bn=issued_usd_bn,
        cells=cells,
        adjustments=(*sheet.adjustments, *adjustments),
    )


def _openings() -> Traversable:
    return resources.files("drypowder.accounts").joinpath("openings")


def _locate(name_or_path: str | Path) -> tuple[Traversable, str, bool]:
    """Where the sheet is, what it is called, and whether it is one of ours."""
    if str(name_or_path) in shipped_openings():
        return _openings().joinpath(f"{name_or_path}.csv"), str(name_or_path), True
    path = Path(name_or_path)
    if path.exists():
        return path, path.stem, False
    raise DataMissingError(
        "DP-020",
        f"there is no opening sheet and no file {str(name_or_path)!r}.",
        f"Shipped sheets: {', '.join(shipped_openings())}; or give the path of a CSV or TOML.",
    )


def _assemble(name: str, economy: Economy, cells: dict[tuple[str, str], Cell]) -> OpeningSheet:
    """The matrix of a file; cells that the file leaves out count as zero and are reported."""
    for position, names, what in (
        (0, economy.sector_names, "sector"),
        (1, economy.instrument_names, "instrument"),
    ):
        given = {key[position] for key in cells} | (set(_SPLIT_OUT) if position else set())
        _refuse_absent([each for each in names if each not in given], what, name)
    keys = [(s, i) for s in economy.sector_names for i in economy.instrument_names]
    filled = tuple(cells.get(key) or Cell(*key, 0.0, status="missing") for key in keys)
    net = np.array([cell.value_usd_bn for cell in filled])
    shape = (len(economy.sectors), len(economy.instruments))
    return OpeningSheet(
        name=name,
        economy=economy,
        net_usd_bn=net.reshape(shape),
        issued_usd_bn=np.zeros(shape),
        cells=filled,
        adjustments=_missing_report(economy, cells),
    )


def _missing_report(economy: Economy, cells: dict[tuple[str, str], Cell]) -> tuple[Adjustment, ...]:
    """Which cells of the columns that a file knows were left out, one line a column."""
    known = {instrument for _, instrument in cells}
    absent = {
        i: [s for s in economy.sector_names if (s, i) not in cells]
        for i in economy.instrument_names
        if i in known
    }
    return tuple(
        Adjustment("missing cells counted as zero", f"{', '.join(who)}, {i}", 0.0, "no row given")
        for i, who in absent.items()
        if who
    )


def _refuse_absent(absent: list[str], what: str, name: str) -> None:
    if absent:
        raise DataMissingError(
            "DP-028",
            f"{name} has no row for {what} {', '.join(absent)}.",
            f"Add at least one row for each {what}, with 0 if it owns and owes nothing.",
        )


def _issues(issuance: str | Path | Traversable, sheet: OpeningSheet) -> tuple[Issue, ...]:
    """The rows of an issuance table that belong to this sheet."""
    path = Path(issuance) if isinstance(issuance, str) else issuance
    issues = read_issues(path, sheet.economy)
    ours = tuple(issue for issue in issues if issue.date == sheet.name)
    if not ours:
        dates = ", ".join(sorted({issue.date for issue in issues}))
        raise DataMissingError(
            "DP-028",
            f"{path.name} has no row for date {sheet.name!r} (dates: {dates}).",
            "Write the sheet's name (its file name without ending) into the date column.",
        )
    return ours


def _recorded_adjustments(name: str) -> tuple[Adjustment, ...]:
    """What the makers of a shipped sheet had to force against independent estimates."""
    rows = read_table(_openings().joinpath("adjustments.csv"))
    return tuple(
        Adjustment(
            what="residual against an independent estimate",
            where=f"{row['sector']}, {row['instrument']}",
            amount_usd_bn=float(row["adjustment_usd_bn"]),
            why=f"{row['residual_usd_bn']} instead of {row['estimate_usd_bn']}: {row['why']}",
        )
        for row in rows
        if row["date"] == name
    )


def _absorb_rounding(sheet: OpeningSheet) -> OpeningSheet:
    """A gap within the tolerance goes into the column's largest cell, so that columns are exact."""
    net, economy = sheet.net_usd_bn.copy(), sheet.economy
    gap = np.where(is_real(economy), 0.0, net.sum(axis=0))
    largest = np.argmax(np.abs(net), axis=0)
    net[largest, np.arange(net.shape[1])] -= gap
    reported = [
        Adjustment(
            what="rounding of a column",
            where=f"{economy.sector_names[largest[k]]}, {economy.instrument_names[k]}",
            amount_usd_bn=float(-gap[k]),
            why="the column missed zero within the tolerance; its largest cell takes it",
        )
        for k in np.flatnonzero(np.abs(gap) > DOLLAR_USD_BN)
    ]
    return changed(
        sheet,
        net_usd_bn=net,
        issued_usd_bn=_owed(net, economy),
        adjustments=reported,
        source="rounding of the column",
    )


def _split_deposits(sheet: OpeningSheet) -> OpeningSheet:
    """Public tables put notes and the Treasury's account into deposits; here each has its column.

    The Treasury's deposit becomes `treasury_account` at the central bank. The rest of what the
    central bank owes as deposits becomes `currency`, taken out of the holders' deposits by the
    shares in openings/rules.toml. Nobody's net worth moves, and the bank's deposits then equal
    what the others hold there.

    Raises:
        UnbalancedError: DP-031 if the central bank owes less than the Treasury holds, or more
            currency than all depositors together hold.
    """
    economy = sheet.economy
    if not {"deposits", *_SPLIT_OUT} <= set(economy.instrument_names):
        return sheet
    deposits, currency, account = (economy.instrument(n) for n in ("deposits", *_SPLIT_OUT))
    fed, government = economy.role("central_bank"), economy.role("government")
    net = sheet.net_usd_bn.copy()
    treasury_usd_bn = net[government, deposits]
    notes_usd_bn = -net[fed, deposits] - treasury_usd_bn
    if abs(notes_usd_bn) <= DOLLAR_USD_BN:
        notes_usd_bn = 0.0
    if treasury_usd_bn < 0.0 or notes_usd_bn < 0.0:
        raise _cannot_split(sheet, float(treasury_usd_bn), float(-net[fed, deposits]))
    held_usd_bn = _currency_held(net[:, deposits], float(notes_usd_bn), sheet)
    net[[government, fed], deposits] = 0.0
    net[[government, fed], account] += (treasury_usd_bn, -treasury_usd_bn)
    net[:, deposits] -= held_usd_bn
    net[:, currency] += held_usd_bn
    net[fed, currency] -= notes_usd_bn
    return changed(
        sheet,
        net_usd_bn=net,
        issued_usd_bn=_owed(net, economy),
        adjustments=_split_report(economy, float(treasury_usd_bn), held_usd_bn),
        source="split of the public deposits column (openings/rules.toml)",
    )


def _currency_held(
    deposits_usd_bn: Float[np.ndarray, " sector"], notes_usd_bn: float, sheet: OpeningSheet
) -> Float[np.ndarray, " sector"]:
    """Notes by holder: the stated shares first, nobody more than its deposits, then pro rata."""
    rules = tomllib.loads(_openings().joinpath("rules.toml").read_text(encoding="utf-8"))
    stated, sectors = rules["currency_holders"], sheet.economy.sectors
    may_hold = [s.role not in ("bank", "government", "central_bank") for s in sectors]
    room = np.where(may_hold, np.maximum(deposits_usd_bn, 0.0), 0.0)
    shares = np.array([stated.get(s.name, {"value": 0.0})["value"] for s in sectors])
    if notes_usd_bn > room.sum() + DOLLAR_USD_BN:
        raise UnbalancedError(
            "DP-031",
            f"{sheet.name}: the central bank owes {plain(notes_usd_bn)} bn of currency but all "
            f"depositors together hold {plain(room.sum())} bn in their deposits cells.",
            "Holders' deposits must include their notes; or fill the currency column yourself.",
        )
    held = np.zeros(len(sectors))
    for _ in range(len(sectors)):
        left, free = max(notes_usd_bn - held.sum(), 0.0), room - held
        weights = np.where(free > 0.0, shares, 0.0)
        weights = weights if weights.sum() > 0.0 else free
        if left <= 0.0 or weights.sum() <= 0.0:
            break
        held = held + np.minimum(free, left * weights / weights.sum())
    return held


def _cannot_split(sheet: OpeningSheet, treasury_usd_bn: float, owed_usd_bn: float) -> Exception:
    return UnbalancedError(
        "DP-031",
        f"{sheet.name}: the treasury holds {plain(treasury_usd_bn)} bn of deposits but the "
        f"central bank owes {plain(owed_usd_bn)} bn in the deposits column.",
        "Enter the Treasury account as a deposit of the treasury owed by the central bank, or "
        "fill the treasury_account and currency columns and leave both deposits cells at 0.",
    )


def _split_report(
    economy: Economy, treasury_usd_bn: float, held_usd_bn: Float[np.ndarray, " sector"]
) -> list[Adjustment]:
    report = [
        Adjustment(
            what="currency taken out of deposits",
            where=f"{economy.sector_names[k]}, deposits to currency",
            amount_usd_bn=float(held_usd_bn[k]),
            why="public tables count notes as deposits; holder shares are a guess, see rules.toml",
        )
        for k in np.flatnonzero(held_usd_bn > DOLLAR_USD_BN)
    ]
    if treasury_usd_bn > DOLLAR_USD_BN:
        where = f"{economy.sector_names[economy.role('government')]}, deposits to treasury_account"
        why = "the Treasury banks with the central bank: its money is not a bank deposit"
        report.append(Adjustment("Treasury account split off", where, treasury_usd_bn, why))
    return report


def _gross_up(sheet: OpeningSheet, issues: tuple[Issue, ...]) -> OpeningSheet:
    """Amounts outstanding: as stated for an issuer, otherwise what its cell owes net.

    A cell can be net of own issuance even when it is positive (foreign bonds, agency pools);
    an issuer that the table lacks in a column which it covers is reported.
    """
    economy = sheet.economy
    issued = _owed(sheet.net_usd_bn, economy)
    stated = np.zeros(issued.shape, dtype=bool)
    for issue in issues:
        row, column = economy.sector(issue.issuer), economy.instrument(issue.instrument)
        _refuse_real_issue(economy.instruments[column].real, issue)
        issued[row, column], stated[row, column] = issue.issued_usd_bn, True
    unlisted = (issued > 0.0) & ~stated & stated.any(axis=0)
    report = [
        Adjustment(
            what="issuer missing in the issuance table",
            where=f"{economy.sector_names[row]}, {economy.instrument_names[column]}",
            amount_usd_bn=float(issued[row, column]),
            why="its negative cell is taken as the amount outstanding",
        )
        for row, column in np.argwhere(unlisted)
    ]
    return changed(
        sheet, net_usd_bn=sheet.net_usd_bn, issued_usd_bn=issued, adjustments=report, source=""
    )


def _owed(
    net_usd_bn: Float[np.ndarray, "sector instrument"], economy: Economy
) -> Float[np.ndarray, "sector instrument"]:
    """What each sector owes if it holds none of its own issues; nobody owes a real thing."""
    return np.where(is_real(economy), 0.0, np.maximum(-net_usd_bn, 0.0))


def _refuse_real_issue(real: bool, issue: Issue) -> None:
    if real:
        raise UnbalancedError(
            "DP-032",
            f"{issue.issuer} is said to have issued {issue.instrument}, which is a real thing.",
            "Delete this row of the issuance table: nobody owes a real thing.",
        )


def _refuse_negative_holdings(
    gross_usd_bn: Float[np.ndarray, "sector instrument"], sheet: OpeningSheet
) -> None:
    row, column = np.unravel_index(np.argmin(gross_usd_bn), gross_usd_bn.shape)
    if gross_usd_bn[row, column] < -DOLLAR_USD_BN:
        instrument = sheet.economy.instruments[column]
        raise UnbalancedError(
            "DP-032",
            f"{sheet.name}: {sheet.economy.sector_names[row]} would hold "
            f"{plain(gross_usd_bn[row, column])} bn of {instrument.name}, counting what it issued.",
            "A real thing cannot be owed: enter what is owned."
            if instrument.real
            else "Raise the amount issued in the issuance table to at least what the cell owes.",
        )


def _moved(cell: Cell, value_usd_bn: float, source: str) -> Cell:
    was = f"{source}; was {plain(cell.value_usd_bn)}"
    return replace(
        cell,
        value_usd_bn=value_usd_bn,
        status="allocated",
        source="; ".join(filter(None, (cell.source, source))),
        note=". ".join(filter(None, (was, cell.note))),
    )
