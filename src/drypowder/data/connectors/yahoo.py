"""Prices of shares, funds and coins through yfinance: off unless asked for by name.

Yahoo's terms allow personal use and no redistribution, so nothing of it is shipped or drawn. The
library brings browser-like transport and cookies; the reply's bytes are kept and read here. Close,
open, high and low are scaled by adjusted over raw close. Traps: the last row is today's price while
the market is open; null rows are days off; a dividend restates all history.

Source: Yahoo Finance, v8 chart, through yfinance.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import Provider, provider, rerouted
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import fields_of, json_of, list_of, moment_of
from drypowder.data.connectors.rows import Print, Rows, number, rows
from drypowder.data.connectors.wire import Passing, Reply, Session, address
from drypowder.data.refusals import phrase
from drypowder.data.series import Series

_TICKERS = {"BTC": "BTC-USD", "ETH": "ETH-USD", "SOL": "SOL-USD", "XRP": "XRP-USD", "VIX": "^VIX"}
_ADJUSTED = ("open", "high", "low", "close")
_PASSING = (429, 500, 502, 503, 504)
_EVER = "1960-01-01"


def questions(wanted: Sequence[Series], since: Mapping[str, date]) -> list[Question]:
    """One question a ticker."""
    source = provider("yahoo")
    groups: dict[str, list[Series]] = {}
    for each in wanted:
        groups.setdefault(each.key, []).append(each)
    return [_question(source, ticker, members) for ticker, members in groups.items()]


def read_chart(reply: Reply, series: Series, source: str) -> Rows:
    """One measure of a ticker by day: price, open, high, low (adjusted, USD) or volume.

    Raises:
        DataMissingError: DP-183 Yahoo does not know the ticker.
        DrypowderError: DP-185 to DP-187 as every reader.
    """
    measure = series.name.partition(":")[0]
    chart = _chart(reply, series, source)
    meta = fields_of(source, series.name, chart.get("meta"), ["currency"])
    if meta["currency"] != "USD":
        fault = phrase("currency", currency=meta["currency"])
        raise refusals.wrong_unit(source, series.name, fault)
    stamps = list_of(source, series.name, chart, "timestamp")
    values = _values(chart, measure, series, source)
    if len(stamps) != len(values):
        fault = phrase("lengths", dates=len(stamps), values=len(values))
        raise refusals.changed(source, series.name, fault)
    try:
        offset = number(meta.get("gmtoffset", 0), "gmtoffset")
        days = [_day(stamp, offset) for stamp in stamps]
        last = _last_finished(meta, offset)
    except ValueError as error:
        raise refusals.changed(source, series.name, str(error)) from None
    prints = [Print(on, value) for on, value in zip(days, values, strict=True) if on <= last]
    return rows(series, source, prints, [reply], unit=series.unit)


def _chart(reply: Reply, series: Series, source: str) -> dict[str, Any]:
    tree = fields_of(source, series.name, json_of(source, reply), ["chart"])
    chart = fields_of(source, series.name, tree["chart"], ["result"])
    if not chart["result"]:
        raise refusals.unknown(source, series.key)
    found = list_of(source, series.name, chart, "result")[0]
    return fields_of(source, series.name, found, ["meta", "timestamp", "indicators"])


def _values(chart: Mapping[str, Any], measure: str, series: Series, source: str) -> list[float]:
    """One measure, NaN on days off; prices scaled as the close is adjusted."""
    quotes = _column(chart, "quote", series, source)
    name = "close" if measure == "price" else measure
    given = _numbers(quotes, name, series, source)
    if name not in _ADJUSTED:
        return given
    adjusted = _column(chart, "adjclose", series, source)
    closes = _numbers(quotes, "close", series, source)
    after = _numbers(adjusted, "adjclose", series, source)
    if not len(given) == len(closes) == len(after):
        raise refusals.changed(source, series.name, phrase("columns_differ"))
    return [
        value * b / a if a else math.nan for value, a, b in zip(given, closes, after, strict=True)
    ]


def _column(chart: Mapping[str, Any], name: str, series: Series, source: str) -> Any:
    """The one table of a kind of indicator."""
    found = list_of(source, series.name, chart["indicators"], name)
    if len(found) != 1:
        raise refusals.changed(source, series.name, phrase("tables", count=len(found), name=name))
    return found[0]


def _numbers(table: Any, name: str, series: Series, source: str) -> list[float]:
    """A column, NaN where it is null. Raises DrypowderError DP-186 for what is no number."""
    try:
        return [number(value, name) for value in list_of(source, series.name, table, name)]
    except ValueError as error:
        raise refusals.changed(source, series.name, str(error)) from None


def _last_finished(meta: Mapping[str, Any], offset: float) -> date:
    """The last day whose session was over when Yahoo answered. Raises ValueError."""
    if "regularMarketTime" not in meta:
        return date.max
    now = number(meta["regularMarketTime"], "regularMarketTime")
    ends: Any = meta
    for name in ("currentTradingPeriod", "regular", "end"):
        ends = ends.get(name) if isinstance(ends, Mapping) else None
    today = _day(now, offset)
    over = ends is None or now >= number(ends, "end")
    return today if over else today - timedelta(days=1)


def _day(stamp: Any, offset: float) -> date:
    """The exchange's own date. Raises ValueError."""
    return moment_of(number(stamp, "timestamp") + offset).date()


def _question(source: Provider, ticker: str, members: Sequence[Series]) -> Question:
    symbol = _TICKERS.get(ticker, ticker)
    url = address(source, f"/v8/finance/chart/{quote(symbol)}", {"interval": "1d"})

    def fetch(session: Session) -> Reply:
        def whole(reply: Reply) -> Reply:
            _chart(reply, members[0], source.title)
            return reply

        once = partial(_once, session, source, symbol)
        return session.through(source, url, once, whole, extension="json")

    def read(reply: Reply, series: Series) -> Rows:
        return read_chart(reply, series, source.title)

    return Question(source, tuple(members), (url,), fetch, read)


def _once(session: Session, source: Provider, symbol: str) -> bytes:
    """The chart's bytes as yfinance received them. Raises Passing where another try may do."""
    try:
        import yfinance  # type: ignore[import-untyped]
        from curl_cffi import requests
    except ImportError:
        raise refusals.not_installed(source.title, source.extra) from None
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # we say what went wrong
    yfinance.set_tz_cache_location(str(session.raw.folder / "yfinance"))
    with _listening(requests.Session, rerouted("yahoo"), session.manners.timeout_s) as heard:
        try:
            yfinance.Ticker(symbol, session=heard).history(start=_EVER, interval="1d")
        except Exception as error:  # the library raises whatever its transport raises
            heard.fault = f"{type(error).__name__}: {error}"
    if heard.status in _PASSING:
        raise Passing(f"HTTP {heard.status}", answered=True, throttled=heard.status == 429)
    if heard.content is None and heard.status:
        raise refusals.unknown(source.title, symbol)
    if heard.content is None:
        raise Passing(heard.fault or phrase("no_chart"), answered=False)
    return heard.content


def _listening(base: type, elsewhere: str, timeout_s: float) -> Any:
    """A transport for yfinance that keeps the chart's bytes, and may ask another host."""

    class Listening(base):  # type: ignore[misc, valid-type]
        content: bytes | None = None
        status = 0
        fault = ""

        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            if elsewhere:
                url = elsewhere + urlsplit(url)._replace(scheme="", netloc="").geturl()
            answer = super().request(method, url, *args, **kwargs)
            if "/v8/finance/chart/" in url:
                self.status = answer.status_code
                if kwargs.get("params", {}).get("period1") is not None:
                    self.content = answer.content
            return answer

    return Listening(impersonate="chrome", timeout=timeout_s)
