"""Bars as Binance serves them: by the REST interface, and as public dumps with or without a header.

Twelve fields: open time, open, high, low, close, volume in coins, close time, turnover, trades, two
of takers, unused. Times are milliseconds; dumps of spot since 2025 have microseconds. A bar counts
from its close: it is observed then and known then, and one that is not over is dropped.

Source: Binance, market data endpoints (klines); data.binance.vision.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from drypowder.data.refusals import phrase

_FIELDS = 12
_MICROSECONDS_FROM = 10**14  # a stamp this large is not in milliseconds before the year 5138


@dataclass(frozen=True)
class Bar:
    """One bar. Prices in the quote currency; `turnover` too, `volume` in coins."""

    opened: datetime
    closed: datetime  # UTC, the first moment after the bar
    open: float
    high: float
    low: float
    close: float
    volume: float
    turnover: float


def read_json(content: bytes, until: datetime) -> list[Bar]:
    """Bars of a REST reply that were over at `until`. Raises ValueError for another form."""
    try:
        found = json.loads(content)
    except RecursionError as error:
        raise ValueError(str(error)) from None
    if not isinstance(found, list):
        raise ValueError(phrase("klines_list", kind=type(found).__name__))
    return _bars(found, until)


def has_header(content: bytes) -> bool:
    """Whether a dump begins with names of columns."""
    text = content[:4096].decode("utf-8-sig", errors="replace")
    return _is_header(text.partition("\n")[0].split(","))


def read_csv(content: bytes, until: datetime) -> list[Bar]:
    """Bars of a public dump, with a header line or without. Raises ValueError."""
    lines = [line for line in csv.reader(io.StringIO(content.decode("utf-8-sig"))) if line]
    if lines and _is_header(lines[0]):
        lines = lines[1:]
    return _bars(lines, until)


def _bars(lines: Sequence[Any], until: datetime) -> list[Bar]:
    made = [_bar(line, place) for place, line in enumerate(lines, 1)]
    return [bar for bar in made if bar.closed <= until]


def _bar(line: Any, place: int) -> Bar:
    """One line. Raises ValueError naming its place."""
    if not isinstance(line, (list, tuple)) or len(line) != _FIELDS:
        raise ValueError(phrase("bar_fields", place=place, count=_FIELDS))
    try:
        prices = [float(line[k]) for k in (1, 2, 3, 4, 5, 7)]
        opened, closed = _moment(line[0]), _moment(int(line[6]) + 1)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise ValueError(phrase("bar_fault", place=place, fault=error)) from None
    if not prices[2] <= min(prices[0], prices[3]) <= max(prices[0], prices[3]) <= prices[1]:
        raise ValueError(phrase("bar_range", place=place))
    return Bar(opened, closed, *prices)


def _moment(stamp: Any) -> datetime:
    units = 1e6 if int(stamp) >= _MICROSECONDS_FROM else 1e3
    return datetime.fromtimestamp(int(stamp) / units, UTC)


def _is_header(line: Sequence[str]) -> bool:
    return len(line) == _FIELDS and not line[0].strip().lstrip("-").isdigit()
