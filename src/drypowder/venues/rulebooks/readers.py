"""Risk tiers from files: what ccxt returns as JSON, or a CSV table, checked before it is used.

    MM(N) = r_k N - c_k,   c_k = c_{k-1} + floor_k (r_k - r_{k-1})

must be continuous and convex: tiers follow each other without gap or overlap, rates do not fall,
and a published deduction ("cum", "maintenance amount") agrees with ours. A table that breaks this
would put a liquidation price at a notional where the venue has another, so that it is refused.

Source: ccxt's unified leverage-tier structure (documentation, "Leverage Tiers"); Binance FAQ
b3c689c1f50a44cabb3a84e663b81d93 for the recursion. Notionals in the contract's money.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from drypowder.errors import DataMissingError, UsageError
from drypowder.venues.formulas.brackets import CONTINUITY, Brackets

_COLUMNS = {  # of a CSV file -> names that mean the same
    "symbol": ("symbol",),
    "tier": ("tier",),
    "min_notional": ("min_notional", "minNotional", "notional_floor"),
    "max_notional": ("max_notional", "maxNotional", "notional_cap"),
    "maint_margin_rate": ("maint_margin_rate", "maintenanceMarginRate", "maintenance_margin_rate"),
    "max_leverage": ("max_leverage", "maxLeverage"),
    "cum": ("cum", "deduction", "maintenance_amount"),
}
_NEEDED = ("symbol", "min_notional", "maint_margin_rate")
_TOLD = 5  # broken symbols listed in a message
_KEEP = "Mend or remove them, or pass best_effort=True to keep the other symbols."


class Tier(NamedTuple):
    """One row of a table as published; None where the file says nothing."""

    floor: float | None
    cap: float | None
    rate: float | None
    max_leverage: float | None = None
    deduction: float | None = None


@dataclass(frozen=True)
class TierTables:
    """The tables of one file. `problems` is empty unless broken symbols were left out."""

    brackets: Mapping[str, Brackets]
    problems: tuple[str, ...]  # each names symbol, tier and numbers
    source: str


def read_tiers(path: str | Path, *, best_effort: bool = False) -> TierTables:
    """The risk tiers of a file, by symbol.

    A .json file is what ccxt's fetch_leverage_tiers returns (symbol -> list of tiers); any other
    is a CSV table with the columns symbol, tier, min_notional, max_notional, maint_margin_rate,
    max_leverage, cum, of which the first, third and fifth are needed.

    Args:
        best_effort: leave broken symbols out and name them in `problems`. Otherwise one broken
            symbol refuses the file: half a table answers the wrong question without a word.

    Raises:
        DataMissingError: DP-134 the file cannot be read, DP-135 it has no tiers.
        UsageError: DP-132 broken tables, each named with tier and numbers, DP-139 the file is
            something else.
    """
    text = _text(path)
    read = _from_json if str(path).lower().endswith(".json") else _from_csv
    tables, problems = read(text, str(path))
    kept: dict[str, Brackets] = {}
    for symbol, rows in tables.items():
        tiers = sorted(rows, key=lambda tier: tier.floor or 0.0)
        wrong = faults(symbol, tiers)
        problems += wrong
        if not wrong:
            kept[symbol] = _brackets(tiers)
    if problems and not (best_effort and kept):
        raise _refused(str(path), problems)
    return TierTables(kept, tuple(problems), str(path))


def checked(symbol: str, tiers: Iterable[Tier], where: str) -> Brackets:
    """Brackets of one symbol. Raises: UsageError DP-132 naming tier and numbers."""
    rows = list(tiers)
    wrong = faults(symbol, rows)
    if wrong:
        raise _refused(where, wrong)
    return _brackets(rows)


def faults(symbol: str, tiers: list[Tier]) -> list[str]:
    """What is wrong with a symbol's tiers: at most the first fault, as a sentence without stop."""
    before, deduction = None, 0.0
    for number, tier in enumerate(tiers, start=1):
        where = f"{symbol} tier {number}"
        wrong = _out_of_range(tier, last=number == len(tiers)) or _out_of_step(tier, before)
        if wrong:
            return [f"{where}: {wrong}"]
        floor, rate = float(tier.floor or 0.0), float(tier.rate or 0.0)
        if before is not None:
            deduction += floor * (rate - float(before.rate or 0.0))
        published = deduction if tier.deduction is None else tier.deduction
        if abs(published - deduction) > CONTINUITY * max(rate * floor, 1e-9):
            return [
                f"{where}: deduction {published:,.10g} is published where {deduction:,.10g} makes "
                f"maintenance continuous at {floor:,.10g}"
            ]
        before = tier
    return [] if tiers else [f"{symbol}: it has no tiers"]


def _out_of_range(tier: Tier, *, last: bool) -> str:
    """A number that cannot be, in words; empty when all can."""
    floor, rate, leverage = tier.floor, tier.rate, tier.max_leverage
    cap = math.inf if tier.cap is None else tier.cap
    if floor is None or not math.isfinite(floor) or floor < 0.0:
        return f"its floor is {floor}"
    if rate is None or not 0.0 < rate < 1.0:
        return f"its maintenance rate is {rate}, not a share between 0 and 1"
    if not cap > floor or (math.isinf(cap) and not last):
        return f"it goes from {floor:,.10g} to {cap:,.10g}"
    if leverage is not None and not leverage > 0.0:
        return f"its largest leverage is {leverage}"
    if leverage is not None and rate * leverage >= 1.0:
        return (
            f"a position opened at its largest leverage {leverage:g} would be closed at once by "
            f"a maintenance rate of {rate:g}"
        )
    return ""


def _out_of_step(tier: Tier, before: Tier | None) -> str:
    """A break with the tier before, in words."""
    floor, rate = float(tier.floor or 0.0), float(tier.rate or 0.0)
    if before is None:
        return f"the first tier starts at {floor:,.10g}, not at 0" if floor else ""
    end, last = before.cap, float(before.rate or 0.0)
    if end is not None and floor != end:
        what = "a gap" if floor > end else "an overlap"
        return f"it starts at {floor:,.10g} where the one before ends at {end:,.10g}, {what}"
    if floor <= float(before.floor or 0.0):
        return f"its floor {floor:,.10g} is not above {before.floor:,.10g} of the one before"
    if rate < last:
        return f"its maintenance rate {rate:g} is below {last:g} of the tier before"
    return ""


def _brackets(tiers: list[Tier]) -> Brackets:
    rows = [(float(tier.floor or 0.0), float(tier.rate or 0.0)) for tier in tiers]
    leverage = [tier.max_leverage for tier in tiers if tier.max_leverage is not None]
    whole = len(leverage) == len(tiers) and min(leverage) >= 1.0
    cap = tiers[-1].cap
    return Brackets.from_rows(
        rows, max_leverage=leverage if whole else None, cap=math.inf if cap is None else cap
    )


def _refused(where: str, problems: list[str]) -> UsageError:
    told = "; ".join(problems[:_TOLD])
    more = f"; and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
    count = f"{len(problems)} broken table" + ("s" if len(problems) > 1 else "")
    return UsageError("DP-132", f"{where}: {count} of risk tiers: {told}{more}.", _KEEP)


def _text(path: str | Path) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DataMissingError("DP-134", f"there is no file {path}.", "Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DataMissingError(
            "DP-134", f"{path} cannot be read: {error}.", "It must be JSON or CSV in UTF-8."
        ) from error
    if not text.strip():
        raise DataMissingError("DP-135", f"{path} is empty.", "Give at least one symbol's tiers.")
    return text


def _other(path: str, why: str) -> UsageError:
    return UsageError(
        "DP-139",
        f"{path} is no table of risk tiers: {why}.",
        "JSON: what ccxt's fetch_leverage_tiers returns. CSV: symbol, tier, min_notional, "
        "max_notional, maint_margin_rate, max_leverage, cum.",
    )


Read = tuple[dict[str, list[Tier]], list[str]]


def _from_json(text: str, path: str) -> Read:
    """symbol -> tiers of ccxt's unified structure; the deduction is in the venue's own part."""
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise _other(path, f"{error}") from error
    if not isinstance(content, dict) or not all(isinstance(t, list) for t in content.values()):
        raise _other(path, "it does not map symbols to lists of tiers")
    if not content:
        raise DataMissingError("DP-135", f"{path} has no symbols.", "Give at least one.")
    tables: dict[str, list[Tier]] = {}
    problems: list[str] = []
    for symbol, rows in content.items():
        try:
            tables[symbol] = [_json_tier(row) for row in rows]
        except (TypeError, ValueError, AttributeError) as error:
            problems.append(f"{symbol}: {error}")
    return tables, problems


def _json_tier(row: dict[str, Any]) -> Tier:
    own = row.get("info") or {}
    return Tier(
        _number(row, "minNotional"),
        _number(row, "maxNotional"),
        _number(row, "maintenanceMarginRate"),
        _number(row, "maxLeverage"),
        _number(own if isinstance(own, dict) else {}, "cum"),
    )


def _number(row: Mapping[str, Any], key: str) -> float | None:
    value = row.get(key)
    if value is None or value == "":
        return None
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise ValueError(f"{key} is {value!r}, not a number")
    return number


def _from_csv(text: str, path: str) -> Read:
    """Rows by symbol, in the order of the file."""
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip() for cell in next(rows, [])]
    place = {column: header.index(name) for column, names in _COLUMNS.items()
             for name in names if name in header}  # fmt: skip
    absent = [column for column in _NEEDED if column not in place]
    if absent:
        raise _other(path, f"it has no column {absent[0]} (found: {', '.join(header)})")
    tables: dict[str, list[Tier]] = {}
    problems: dict[str, str] = {}  # of each symbol the first
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        named = {c: cells[at].strip() for c, at in place.items() if at < len(cells)}
        symbol = named.get("symbol", "")
        try:
            tables.setdefault(symbol, []).append(_csv_tier(named))
        except ValueError as error:
            problems.setdefault(symbol, f"line {rows.line_num}, {symbol}: {error}")
    if not tables:
        raise DataMissingError("DP-135", f"{path} has no rows.", "Give one row a tier.")
    return {s: t for s, t in tables.items() if s not in problems}, [*problems.values()]


def _csv_tier(row: Mapping[str, str]) -> Tier:
    names = ("min_notional", "max_notional", "maint_margin_rate", "max_leverage", "cum")
    return Tier(*(_number(row, name) for name in names))
