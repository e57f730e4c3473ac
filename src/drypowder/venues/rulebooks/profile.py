"""A venue is a dated profile, not code: its rules as they were known on a day.

Rule books change (Bybit moved maintenance of inverse contracts from entry to mark between 2024
and 2026, and its fund's limit from 30 % to 100 % of the peak in 2025), so that each rule in
`profiles/*.toml` carries the day from which it is known to hold, and its source. A question about
a past day sees nothing later. The bracket tables shipped here are those that public pages quote;
incomplete ones end where our knowledge ends, and full ones are read from files (readers).

Money: notionals, margins and deductions are in the contract's money: USD for linear contracts,
the coin for inverse ones. Shares and rates are decimals.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.errors import DataMissingError, UsageError
from drypowder.venues._naming import spelled, symbol_key, unknown
from drypowder.venues.formulas.brackets import Brackets

if TYPE_CHECKING:
    from drypowder.venues.rulebooks.schema import Rule, VenueFile

_READ_MORE = (
    "Read the venue's full table, a ccxt JSON or a CSV file: --tiers FILE, or in Python "
    "drypowder.venues.read_tiers and profile.with_tables."
)
_OWN_FORMAT = "A profile is a TOML file in UTF-8; the shipped ones show how it looks."


@dataclass(frozen=True)
class Source:
    """Where a rule stands, and since when it is known to hold."""

    since: date
    text: str
    why: str = ""


@dataclass(frozen=True)
class Table:
    """The risk tiers of one symbol."""

    symbol: str
    brackets: Brackets
    source: Source
    complete: bool = True  # false: the venue has tiers above `brackets.cap` that we do not know


@dataclass(frozen=True)
class Steps:
    """How prices and sizes of a symbol are stepped; None where we do not know."""

    tick: float | None = None  # of the price
    lot: float | None = None  # of the size
    contract_value: float | None = None  # USD per contract, inverse contracts


@dataclass(frozen=True)
class Profile:
    """The rules of one venue as they were known on `as_of`."""

    name: str
    title: str
    as_of: date  # the last day of the calendar: all that is known
    valid_from: date  # the day of the latest change among the rules in force
    contract: str  # linear or inverse
    money: str  # USD or coin
    # when: equity below maintenance ...
    maintenance_at: str  # at mark, or fixed at entry
    fee_in_trigger: bool  # ... plus the fee for closing
    orders_count: bool  # margin of open orders lowers the equity that is tested
    taker_fee_rate: float  # of notional
    liquidation_fee_rate: float  # of the notional closed by force
    # how much at once
    partial: str  # none, share, tiers, reduce
    partial_above_usd: float  # smaller positions are closed in full
    partial_share: float  # of the position, first
    partial_window_s: float  # after a partial order, in which the next is for everything
    partial_from_tier: int  # counted from 1; lower tiers are closed in full
    partial_tiers_down: int  # a step
    # who takes what the book did not
    takeover: str  # fund, vault, none
    backstop_share: float  # of maintenance, below which a vault takes over; 0: no vault
    fund_rule: str  # empties, drawdown, position_cap, none
    fund_drawdown_share: float | None  # of the fund's peak within the window
    fund_window_hours: float | None
    fund_position_share: float | None  # of the fund: its largest position
    fund_usd: float | None  # size of fund or vault
    adl_ranking: str  # binance, bybit, bitmex, hyperliquid
    adl_price: str  # bankruptcy, previous_mark
    adl_mark_bound: float | None  # a bankruptcy price further from mark than this: mark is used
    # prices and time
    mark: str  # last, median_index_basis, median_oracle_ema
    mark_ema_s: float | None
    round_seconds: float
    reports_per_second: float | None  # liquidations a symbol that reach the feed; None: all
    funding_hours: float
    # data
    sources: Mapping[str, Source]  # group of rules -> where it stands
    guesses: Mapping[str, str]  # field, or group, -> why it is uncertain
    tables: Mapping[str, Table]  # symbol -> tiers known on `as_of`
    first_tables: Mapping[str, date]  # symbol -> day of its first table, whenever
    instruments: Mapping[str, Steps]

    @property
    def source(self) -> str:
        """The sources of all rules in force, one a line."""
        return "\n".join(dict.fromkeys(each.text for each in self.sources.values()))

    @property
    def close_fee_rate(self) -> float:
        """The fee that the trigger counts, as `liquidation_price` takes it."""
        return self.taker_fee_rate if self.fee_in_trigger else 0.0

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols whose tiers are known."""
        return tuple(self.tables)

    def table(self, symbol: str) -> Table:
        """The tiers of a symbol however it is spelled: BTCUSDT, BTC/USDT:USDT, or the coin BTC.

        Raises:
            UsageError: DP-129 unknown symbol, with near ones, DP-130 known only later.
            DataMissingError: DP-138 no table of this venue is known.
        """
        found = spelled(symbol, self.tables)
        if found is not None:
            return self.tables[found]
        later = spelled(symbol, self.first_tables)
        if later is not None:
            raise _too_early(f"{self.title}: {later}", self.first_tables[later], self.as_of)
        if not self.tables:
            raise DataMissingError(
                "DP-138", f"no risk tiers of {self.title} are shipped.", _READ_MORE
            )
        raise UsageError(
            "DP-129", f"{self.title}: {unknown('symbol', symbol, self.tables)}", _READ_MORE
        )

    def brackets(self, symbol: str) -> Brackets:
        """The maintenance brackets of a symbol. Raises: as `table`."""
        return self.table(symbol).brackets

    def steps(self, symbol: str) -> Steps:
        """Tick, lot and contract value of a symbol, None where unknown."""
        found = spelled(symbol, self.instruments)
        return Steps() if found is None else self.instruments[found]

    def check_notional(self, symbol: str, notional: Any) -> None:
        """Refuse a position larger than what the symbol's table covers.

        Args:
            notional: one or many, in the contract's money.

        Raises:
            UsageError: DP-133 saying whether the venue allows no more or we know no more.
        """
        table, largest = self.table(symbol), float(np.max(notional, initial=0.0))
        if largest > table.brackets.cap:
            raise UsageError("DP-133", f"{self.title}: {beyond(table, largest)}.", _more(table))

    def with_tables(
        self, tables: Mapping[str, Brackets], *, source: str, since: date | None = None
    ) -> Profile:
        """This profile with full tables of the user's own; they replace shipped ones.

        Args:
            tables: symbol -> brackets, such as `read_tiers(path).brackets`.
            source: where they come from, for the model card. since: their day, if it is known.
        """
        stand = Source(since or self.valid_from, source)
        fresh = {symbol: Table(symbol, own, stand) for symbol, own in tables.items()}
        keys = {symbol_key(symbol) for symbol in fresh}
        kept = {name: each for name, each in self.tables.items() if symbol_key(name) not in keys}
        return replace(self, tables={**fresh, **kept})


def profile(
    name: str, *, as_of: date | str | None = None, path: str | Path | None = None
) -> Profile:
    """The rules of a venue as they were known on a day.

    Args:
        name: a shipped venue (`shipped_profiles()`) or one of its aliases, or the venue that the
            file at `path` describes.
        as_of: a day; today's knowledge if absent.
        path: a TOML file of the user's own, checked like the shipped ones.

    Raises:
        UsageError: DP-128 unknown venue, DP-130 a day before its first rules, DP-131 a file that
            breaks the schema, DP-132 broken tiers.
        DataMissingError: DP-134 the file cannot be read, DP-135 it is empty.
    """
    if path is None:
        file = _resolved(_shipped_file(name))
    else:
        file = _resolved(_read(Path(path).read_bytes, str(path)))
        known = (file.name, *file.aliases)
        if name.casefold() not in known:
            raise UsageError("DP-128", f"{path}: {unknown('venue', name, known)}")
    return _known_on(file, _day(as_of))


@cache
def shipped_profiles() -> tuple[str, ...]:
    """Names of the venues that come with the package."""
    folder = files("drypowder.venues.rulebooks") / "profiles"
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir()
                        if each.name.endswith(".toml")))  # fmt: skip


def beyond(table: Table, notional: float) -> str:
    """Why a position is too large for a table, in words without a stop."""
    said = f"a position of {notional:,.10g} in {table.symbol} is above {table.brackets.cap:,.10g}"
    limit = "the largest the venue allows"
    if not table.complete:
        limit = "where our table ends (read_tiers reads a full one)"
    return f"{said}, {limit}"


def _more(table: Table) -> str:
    if table.complete:
        return f"Check the size; tiers of {table.source.since}: {table.source.text}."
    return _READ_MORE


def _day(as_of: date | str | None) -> date:
    if as_of is None:
        return date.max
    if isinstance(as_of, datetime):
        return as_of.date()
    if isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(as_of)
    except (TypeError, ValueError) as error:
        raise UsageError("DP-130", f"{as_of!r} is no day.", "Write it as 2025-10-10.") from error


def _shipped_file(name: str) -> VenueFile:
    wanted, aliases = str(name).strip().casefold().replace("-", "_"), {}
    if wanted in shipped_profiles():
        return _parsed(wanted)
    for venue in shipped_profiles():
        aliases.update(dict.fromkeys(_parsed(venue).aliases, venue))
    if wanted in aliases:
        return _parsed(aliases[wanted])
    known = (*shipped_profiles(), *aliases)
    raise UsageError(
        "DP-128", unknown("venue", str(name), known),
        "A venue of your own: profile(name, path=...) with a TOML file.",
    )  # fmt: skip


@cache
def _parsed(venue: str) -> VenueFile:
    place = files("drypowder.venues.rulebooks") / "profiles" / f"{venue}.toml"
    return _read(place.read_bytes, place.name)


def _read(content: Callable[[], bytes], where: str) -> VenueFile:
    """A checked file. Pydantic is imported here: `import drypowder.venues` stays light."""
    from drypowder.venues.rulebooks.schema import parse

    try:
        text = content().decode("utf-8-sig")
        if not text.strip():
            raise DataMissingError("DP-135", f"{where} is empty.", _OWN_FORMAT)
        return parse(tomllib.loads(text), where)
    except FileNotFoundError as error:
        raise DataMissingError("DP-134", f"there is no file {where}.", "Check the path.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataMissingError(
            "DP-134", f"{where} cannot be read: {error}.", _OWN_FORMAT
        ) from error


def _resolved(file: VenueFile) -> VenueFile:
    """A file with the groups that it leaves to the shipped venue it extends."""
    from drypowder.venues.rulebooks.schema import GROUPS

    update: dict[str, Any] = {}
    if file.extends is not None:
        base = _resolved(_shipped_file(file.extends))
        update = {group: getattr(base, group) for group in GROUPS if not getattr(file, group)}
        update |= {"contract": file.contract or base.contract, "money": file.money or base.money}
        if update["contract"] == base.contract:  # notionals are in the same money
            update["brackets"] = [*base.brackets, *file.brackets]
            update["instruments"] = [*base.instruments, *file.instruments]
    full = file.model_copy(update=update)
    absent = [g for g in ("contract", "money", *GROUPS) if not getattr(full, g)]
    if absent:
        raise UsageError(
            "DP-131", f"{file.name}: {absent[0]} is missing.",
            'Write it, or take what is missing from a shipped venue: extends = "binance_usdm".',
        )  # fmt: skip
    return full


def _known_on(file: VenueFile, as_of: date) -> Profile:
    """What a file says about a day, and nothing of what came later."""
    from drypowder.venues.rulebooks.schema import GROUPS, latest

    rules: dict[str, Rule] = {}
    first = max(min(rule.since for rule in getattr(file, group)) for group in GROUPS)
    if as_of < first:
        raise _too_early(file.title, first, as_of)
    values: dict[str, Any] = {}
    for group in GROUPS:
        rule = latest(getattr(file, group), as_of)
        assert rule is not None  # as_of is not before the first rule of any group
        rules[group] = rule
        values |= rule.values()
    tables = _tables(file, as_of)
    steps = sorted((each for each in file.instruments if each.since <= as_of),
                   key=lambda each: each.since)  # fmt: skip
    return Profile(
        name=file.name,
        title=file.title,
        as_of=as_of,
        valid_from=max(rule.since for rule in rules.values()),
        contract=str(file.contract),
        money=str(file.money),
        **values,
        sources={group: _source(rule) for group, rule in rules.items()},
        guesses=_guesses(rules) | _guesses({f"tiers of {t.symbol}": r for t, r in tables}),
        tables={table.symbol: table for table, _ in tables},
        first_tables=_first_tables(file),
        instruments={i.symbol: Steps(i.tick, i.lot, i.contract_value) for i in steps},
    )


def _tables(file: VenueFile, as_of: date) -> list[tuple[Table, Rule]]:
    """Each symbol's latest tiers known on a day, checked as tiers from any file are."""
    from drypowder.venues.rulebooks.readers import Tier, checked
    from drypowder.venues.rulebooks.schema import latest

    found: list[tuple[Table, Rule]] = []
    for symbol in _first_tables(file):
        rule = latest((each for each in file.brackets if symbol in each.symbols), as_of)
        if rule is None:
            continue
        floors = [0.0, *(tier.to or np.inf for tier in rule.tiers)]
        tiers = [
            Tier(low, high, tier.rate, tier.max_leverage, tier.deduction)
            for low, high, tier in zip(floors, floors[1:], rule.tiers, strict=False)
        ]
        table = Table(symbol, checked(symbol, tiers, file.name), _source(rule), rule.complete)
        found.append((table, rule))
    return found


def _first_tables(file: VenueFile) -> dict[str, date]:
    first: dict[str, date] = {}
    for rule in file.brackets:
        for symbol in rule.symbols:
            first[symbol] = min(rule.since, first.get(symbol, rule.since))
    return first


def _source(rule: Rule) -> Source:
    return Source(rule.since, rule.source, rule.why)


def _guesses(rules: Mapping[str, Rule]) -> dict[str, str]:
    said = {}
    for group, rule in rules.items():
        if rule.source == "guess":
            said[group] = rule.why or "guess"
        said |= {f"{group}, {field}": why for field, why in rule.guesses.items()}
    return said


def _too_early(what: str, first: date, as_of: date) -> UsageError:
    return UsageError(
        "DP-130",
        f"{what}: nothing is known of its rules on {as_of}; the first are of {first}.",
        f"Ask for {first} or later, or describe the earlier rules in a TOML file of your own.",
    )
