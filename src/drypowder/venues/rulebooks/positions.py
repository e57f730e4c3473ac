"""Positions from a CSV file: a million rows at once, every bad row with its line and reason.

Columns: account, symbol (or coin), side (long/short), size, entry_price, and margin or leverage;
mode (isolated, the default, or cross) and venue if wanted; others are passed over. Sizes are coins
for linear contracts, contracts for inverse ones. An isolated row's margin is its own, and without
one it is notional / leverage. Rows of a cross account share one wallet: margin is its balance,
written in one of the account's rows or in all of them; where none is written the wallet is the sum
of notional / leverage.

Signs: side +1 long, -1 short; sizes, prices and margins positive, in the contract's money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DrypowderError
from drypowder.venues._naming import coin_of, spelled
from drypowder.venues.formulas.brackets import bracket_index, maintenance_margin
from drypowder.venues.rulebooks._columns import Sheet, read_sheet
from drypowder.venues.rulebooks._refusals import Refusals
from drypowder.venues.rulebooks.profile import Profile, Table, beyond, profile

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_NEEDED = ("account", "symbol", "side", "size", "entry_price")
_MONEY = ("margin", "leverage")
_KNOWN = (*_NEEDED, *_MONEY, "mode", "venue", "contract_value")
_SAME = {"coin": "symbol", "entry": "entry_price"}
_SIDES = {"long": 1, "buy": 1, "1": 1, "+1": 1, "short": -1, "sell": -1, "-1": -1}
_MODES = {"isolated": 1, "": 1, "cross": 0}
_ROUNDING = 1e-9  # relative: two prints of one balance
_COLUMNS_HINT = f"Columns: {', '.join(_NEEDED)}, and margin or leverage; mode and venue if wanted."


@dataclass(frozen=True, eq=False)
class Positions:
    """Positions of many accounts, as arrays; names are tuples that the indices point into."""

    accounts: tuple[str, ...]
    symbols: tuple[str, ...]  # as the venue's table spells them
    venues: tuple[Profile | None, ...]  # None: no venue was named
    account: NDArray[np.int32]  # [position]
    symbol: NDArray[np.int32]  # [position]
    venue: NDArray[np.int32]  # [position]
    side: NDArray[np.int8]  # [position] +1 long, -1 short
    size: Floats  # [position] coins, or contracts where inverse
    entry_price: Floats  # [position] USD
    margin: Floats  # [position] its own, or the wallet of its cross account; the contract's money
    leverage: Floats  # [position] nan where the file has none
    isolated: Flags  # [position]
    contract_value: Floats  # [position] USD per contract; 1 for linear contracts
    line: NDArray[np.int64]  # [position] of the file
    refused: Refusals  # rows that were left out

    def __len__(self) -> int:
        return len(self.size)


def read_positions(
    path: str | Path,
    *,
    venue: Profile | str | None = None,
    as_of: date | str | None = None,
    profiles: Iterable[Profile] = (),
    best_effort: bool = False,
) -> Positions:
    """Positions that a venue would hold, checked against its brackets.

    Args:
        venue: rules for rows that name no venue. Without any, brackets are not checked.
        as_of: the day whose rules hold for venues given by name.
        profiles: rules of the user's own for venues that the file names.
        best_effort: leave bad rows out and list them in `refused`; a cross account that lost a
            row is left out whole, because its other legs would tell another story.

    Raises:
        DataMissingError: DP-134 the file cannot be read, DP-135 it has no rows.
        UsageError: DP-136 wrong columns, DP-137 bad rows, each with line and reason;
            DP-128 unknown venue of `venue`, DP-130 a day before its rules.
    """
    sheet = read_sheet(path, needed=_NEEDED, either=_MONEY, known=_KNOWN, same=_SAME,
                       hint=_COLUMNS_HINT)  # fmt: skip
    refused = Refusals(sheet)
    plain = _plain(sheet, refused)
    if venue is not None and not isinstance(venue, Profile):
        venue = profile(venue, as_of=as_of)
    placed = _placed(plain, sheet, refused, _Rules(venue, as_of, profiles))
    funded = _funded(placed, refused)
    _check_tiers(funded, refused)
    if refused.any() and not (best_effort and not refused.bad.all()):
        raise refused.error(str(path))
    return _kept(funded, refused)


def _plain(sheet: Sheet, refused: Refusals) -> Positions:
    """What the cells say, before any venue is asked."""
    accounts, symbols = sheet.column("account"), sheet.column("symbol")
    for column in (accounts, symbols):
        refused.mark(column.missing(), f"{column.name} is empty")
    side, mode = sheet.column("side"), sheet.column("mode")
    signs, isolated = side.mapped(_SIDES, other=0), mode.mapped(_MODES, other=-1)
    refused.mark_cells(signs == 0, side, "write long or short")
    refused.mark_cells(isolated < 0, mode, "write isolated or cross")
    size = _positive(sheet, refused, "size", "side says the direction")
    price = _positive(sheet, refused, "entry_price", "a price is above zero")
    leverage = _positive(sheet, refused, "leverage", "a multiple such as 10", optional=True)
    value = _positive(sheet, refused, "contract_value", "USD per contract", optional=True)
    margin = _number(sheet, refused, "margin")
    refused.mark_cells(~(margin > 0.0) & ~np.isnan(margin) & (isolated == 1),
                       sheet.column("margin"), "an isolated position has margin")  # fmt: skip
    refused.mark(np.isnan(margin) & np.isnan(leverage) & (isolated == 1),
                 "it has neither margin nor leverage")  # fmt: skip
    (owner, owners), (what, kinds) = accounts.coded(), symbols.coded()
    return Positions(
        accounts=owners, symbols=kinds, venues=(None,), account=owner, symbol=what,
        venue=np.zeros(len(sheet), dtype=np.int32), side=signs.astype(np.int8), size=size,
        entry_price=price, margin=margin, leverage=leverage, isolated=isolated != 0,
        contract_value=value, line=sheet.line, refused=refused,
    )  # fmt: skip


def _number(sheet: Sheet, refused: Refusals, name: str) -> Floats:
    """A column of numbers, nan where the cell is empty."""
    column = sheet.column(name)
    value = column.numbers()
    blank = column.missing()
    refused.mark_cells(~np.isfinite(value) & ~blank, column, "not a number")
    return np.where(blank, np.nan, value)


def _positive(
    sheet: Sheet, refused: Refusals, name: str, why: str, *, optional: bool = False
) -> Floats:
    value = _number(sheet, refused, name)
    blank = np.isnan(value)
    if not optional:
        refused.mark(blank, f"{name} is empty")
    refused.mark_cells((value <= 0.0) & ~blank, sheet.column(name), why)
    return value


class _Rules:
    """Which rules hold where, asked once a venue."""

    def __init__(self, venue: Profile | None, as_of: date | str | None, own: Iterable[Profile]):
        self.default, self.as_of = venue, as_of
        self.own = {each.name: each for each in own}
        if venue is not None:
            self.own.setdefault(venue.name, venue)

    def of(self, name: str) -> Profile | None:
        """The rules of a venue as the file names it. Raises: UsageError DP-128, DP-130."""
        if not name:
            return self.default
        if name.casefold() in self.own:
            return self.own[name.casefold()]
        shipped = profile(name, as_of=self.as_of)
        return self.own.get(shipped.name, shipped)  # an alias of rules that were given


def _placed(rows: Positions, sheet: Sheet, refused: Refusals, rules: _Rules) -> Positions:
    """Rows with their venue's rules; what no venue knows is refused."""
    where, named = sheet.column("venue").coded()
    found: list[Profile | None] = []
    for at, name in enumerate(named):
        try:
            found.append(rules.of(name))
        except DrypowderError as error:
            found.append(None)
            refused.mark(where == at, error.message.rstrip("."))
    rows = replace(rows, venues=tuple(found), venue=where)
    names = {name: at for at, name in enumerate(rows.symbols)}
    symbol, value = rows.symbol.copy(), rows.contract_value.copy()
    for some, venue, written in _groups(rows, ~refused.bad):
        if venue is None:
            continue
        known = spelled(written, venue.tables)
        if known is None:
            refused.mark_each(some, partial(_no_table, venue, written))
            continue
        symbol[some] = names.setdefault(known, len(names))
        if venue.contract == "inverse":
            worth = venue.steps(known).contract_value or np.nan
            value[some] = np.where(np.isnan(value[some]), worth, value[some])
            refused.mark_rows(some[np.isnan(value[some])], f"contract_value of {known} is unknown")
    value = np.where(np.isnan(value) | ~_inverse(rows), 1.0, value)
    return replace(rows, symbols=tuple(names), symbol=symbol, contract_value=value)


def _no_table(venue: Profile, symbol: str, _at: int) -> str:
    """Why a venue has no tiers of a symbol."""
    try:
        venue.table(symbol)
    except DrypowderError as error:
        return error.message.rstrip(".")
    raise AssertionError(symbol)  # only asked for symbols without a table


def _inverse(rows: Positions) -> Flags:
    kinds = [venue is not None and venue.contract == "inverse" for venue in rows.venues]
    return np.array(kinds, dtype=bool)[rows.venue]


def _groups(rows: Positions, good: Flags) -> Iterator[tuple[NDArray[np.intp], Profile | None, str]]:
    """Good rows of each venue and symbol: (row numbers, venue, symbol)."""
    many = len(rows.symbols)
    (where,) = np.nonzero(good)
    if not len(where):
        return
    key = rows.venue[where].astype(np.int64) * many + rows.symbol[where]
    order = np.argsort(key, kind="stable")
    kinds, starts = np.unique(key[order], return_index=True)
    for kind, some in zip(kinds, np.split(where[order], starts[1:]), strict=True):
        yield some, rows.venues[kind // many], rows.symbols[kind % many]


def _notional(rows: Positions) -> Floats:
    """At entry, in the contract's money."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        linear = rows.size * rows.entry_price
        inverse = rows.size * rows.contract_value / rows.entry_price
    return np.where(_inverse(rows), inverse, linear)


def _funded(rows: Positions, refused: Refusals) -> Positions:
    """Rows with their margin: written, from leverage, or the wallet of a cross account."""
    notional = _notional(rows)
    out = ~((notional > 0.0) & (notional < np.inf))
    refused.mark(out, "size times price is out of range")
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        opened = notional / rows.leverage
    margin = np.where(np.isnan(rows.margin) & rows.isolated, opened, rows.margin)
    (cross,) = np.nonzero(~rows.isolated & ~refused.bad)
    if len(cross):
        margin[cross] = _wallets(rows, cross, opened, refused)
    refused.mark(~np.isfinite(margin), "its margin is out of range")
    return replace(rows, margin=margin)


def _wallets(rows: Positions, cross: NDArray[np.intp], opened: Floats, refused: Refusals) -> Floats:
    """The balance of each cross row's account at its venue, as often as it was written."""
    _, owner = np.unique(purses(rows)[cross], return_inverse=True)
    written, many = rows.margin[cross], int(owner.max()) + 1
    low, high, sums = np.full(many, np.inf), np.full(many, -np.inf), np.zeros(many)
    stated = ~np.isnan(written)
    np.minimum.at(low, owner[stated], written[stated])
    np.maximum.at(high, owner[stated], written[stated])
    np.add.at(sums, owner, opened[cross])
    differ = (high - low > _ROUNDING * np.abs(high))[owner]
    refused.mark_rows(cross[differ & stated], "its cross account has two different balances")
    wallet = np.where(np.isfinite(high), high, sums)[owner]
    refused.mark_rows(cross[np.isnan(wallet)], "its cross account has neither margin nor leverage")
    refused.mark_rows(cross[wallet <= 0.0], "its cross account has no balance above zero")
    return wallet


def purses(rows: Positions) -> NDArray[np.int64]:
    """[position] a number for each wallet: an account at a venue, of one coin if inverse.

    Contracts margined in the coin have a wallet for each coin: bitcoin does not answer for ether.
    """
    wallet = rows.account.astype(np.int64) * len(rows.venues) + rows.venue
    coins = [coin_of(symbol) for symbol in rows.symbols]
    number = {coin: at for at, coin in enumerate(dict.fromkeys(coins), start=1)}
    coin = np.array([number[one] for one in coins], dtype=np.int64)[rows.symbol]
    return wallet * (len(number) + 1) + np.where(_inverse(rows), coin, 0)


def _check_tiers(rows: Positions, refused: Refusals) -> None:
    """Size, leverage and margin against the brackets at entry."""
    notional = _notional(rows)
    needed, most = np.zeros(len(rows)), np.full(len(rows), np.inf)
    for some, venue, symbol in _groups(rows, ~refused.bad):
        if venue is None:
            continue
        table, size = venue.table(symbol), notional[some]
        brackets = table.brackets
        refused.mark_each(some[size > brackets.cap], partial(_too_large, table, notional))
        needed[some] = maintenance_margin(notional=size, brackets=brackets)
        if brackets.max_leverage is not None:
            most[some] = brackets.max_leverage[bracket_index(notional=size, brackets=brackets)]

    def too_high(at: int) -> str:
        said = f"leverage {rows.leverage[at]:g} is above {most[at]:g}, the largest for a notional"
        return f"{said} of {notional[at]:,.10g}"

    def too_thin(at: int) -> str:
        said = f"margin {rows.margin[at]:,.10g} is below the maintenance of {needed[at]:,.10g}"
        return f"{said} at entry"

    refused.mark_each(np.nonzero(rows.leverage > most * (1.0 + _ROUNDING))[0], too_high)
    refused.mark_each(np.nonzero(rows.isolated & (rows.margin < needed))[0], too_thin)
    _check_wallets(rows, needed, refused)


def _too_large(table: Table, notional: Floats, at: int) -> str:
    return beyond(table, float(notional[at]))


def _check_wallets(rows: Positions, needed: Floats, refused: Refusals) -> None:
    """A cross account's wallet against what all its positions need."""
    (cross,) = np.nonzero(~rows.isolated & ~refused.bad)
    if not len(cross):
        return
    _, owner = np.unique(purses(rows)[cross], return_inverse=True)
    total = np.bincount(owner, needed[cross])[owner]
    whole = np.zeros(len(rows))
    whole[cross] = total

    def too_thin(at: int) -> str:
        account = rows.accounts[rows.account[at]]
        said = f"wallet {rows.margin[at]:,.10g} of cross account {account!r} is below the"
        return f"{said} maintenance of {whole[at]:,.10g} at entry"

    refused.mark_each(cross[rows.margin[cross] < total], too_thin)


def _kept(rows: Positions, refused: Refusals) -> Positions:
    """The good rows. A cross account that lost a row goes with it."""
    if refused.any():
        purse = purses(rows)
        lost = np.isin(purse, np.unique(purse[refused.bad & ~rows.isolated]))
        refused.mark(lost & ~rows.isolated, "another position of its cross account was refused")
    keep = ~refused.bad
    fields = vars(rows).items()
    arrays: dict[str, Any] = {k: v[keep] for k, v in fields if isinstance(v, np.ndarray)}
    return replace(rows, **arrays)
