"""Stablecoins: the dry powder of crypto, in circulation by day.

Traps: dates are Unix seconds as a string; amounts are by peg, a day may lack one; the last entry is
today's and still moves, so it is left out.

Source: DefiLlama, stablecoincharts/all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import provider
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import fields_of, json_of, list_of, moment_of
from drypowder.data.connectors.rows import Print, Rows, number, rows, total
from drypowder.data.connectors.wire import Reply, Session, address
from drypowder.data.refusals import phrase
from drypowder.data.series import Series

_ALL = "/stablecoincharts/all"
_AMOUNT = "totalCirculatingUSD"


def questions(wanted: Sequence[Series], since: Mapping[str, date]) -> list[Question]:
    """One question for all of them."""
    source = provider("defillama")

    def fetch(session: Session) -> tuple[list[Any], Reply]:
        def read(reply: Reply) -> tuple[list[Any], Reply]:
            found = list_of(source.title, _ALL, json_of(source.title, reply))
            for each in found[:1]:
                fields_of(source.title, _ALL, each, ["date", _AMOUNT])
            return found, reply

        return session.get(source, _ALL, {}, read, extension="json")

    asked = (address(source, _ALL, {}),)
    return [
        Question(source, tuple(wanted), asked, fetch, lambda got, s: read(got, s, source.title))
    ]


def read(found: tuple[list[Any], Reply], series: Series, source: str) -> Rows:
    """`total`: coins of every peg; `usd`: those pegged to the dollar."""
    entries, reply = found
    if series.key not in ("total", "usd"):
        raise refusals.unknown(source, phrase("stablecoins", key=series.key))
    prints = []
    for each in entries:
        row = fields_of(source, series.name, each, ["date", _AMOUNT])
        try:
            on = moment_of(row["date"]).date()
            value = _amount(row[_AMOUNT], series.key)
        except ValueError as error:
            raise refusals.changed(source, series.name, str(error)) from None
        if on < reply.fetched_at.date():
            prints.append(Print(on, value))
    return rows(series, source, prints, [reply], unit="USD")


def _amount(by_peg: Any, which: str) -> float:
    """USD over pegs; NaN where the day has none. Raises ValueError for another form."""
    if not isinstance(by_peg, dict):
        raise ValueError(phrase("by_peg", name=_AMOUNT, kind=type(by_peg).__name__))
    amounts = {peg: number(value, peg) for peg, value in by_peg.items()}
    if "peggedUSD" not in amounts:
        return math.nan
    return amounts["peggedUSD"] if which == "usd" else total(amounts.values(), _AMOUNT)
