"""Crypto venues through ccxt: bars, funding, open interest, and the brackets of a symbol.

ccxt knows the markets, keeps the venue's limits and asks; the bytes it received are kept and read
here, so that close times and turnover are the venue's own. A bar, a settlement and a snapshot are
observed and known at the moment they happen; what is not over yet is left out. Requests begin at
multiples of a full page, so that those that are over keep their address.

Source: Binance, USD-M futures and spot market data, through ccxt.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors import klines
from drypowder.data.connectors._settings import Provider, provider, reach_days, rerouted
from drypowder.data.connectors.question import Question
from drypowder.data.connectors.reading import fields_of, json_of, list_of, moment_of
from drypowder.data.connectors.rows import Print, Rows, number, rows
from drypowder.data.connectors.wire import Passing, Reply, Session
from drypowder.data.refusals import phrase
from drypowder.data.series import Series

_NAME = re.compile(r"(perp|spot)(?:-(volume|low|high))?-(1d|4h|1h)")
_VENUES = {"perp": "binanceusdm", "spot": "binance"}
_HOURS = {"1d": 24, "4h": 4, "1h": 1, "funding": 8, "oi": 4}
_PAGES = {"perp": 1000, "spot": 1000, "funding": 1000, "oi": 500}  # rows a reply, at most
_STAMPS = {"funding": "fundingTime", "oi": "timestamp"}  # of bars it is the first field
_KEY, _SECRET = "DRYPOWDER_CCXT_KEY", "DRYPOWDER_CCXT_SECRET"

Found = list[Reply]


@dataclass(frozen=True)
class _Feed:
    """One stream of a symbol that can be asked for."""

    kind: str  # perp, spot, funding or oi
    symbol: str  # as the venue spells it: BTCUSDT
    rhythm: str  # 1d, 4h, 1h; of funding and oi their own

    @property
    def page_ms(self) -> int:
        """How much time a full page spans."""
        return _PAGES[self.kind] * _HOURS[self.rhythm] * 3_600_000

    def start_ms(self, first: datetime) -> int:
        """The beginning of the page that holds a moment."""
        stamp = int(first.timestamp() * 1000)
        return stamp - stamp % self.page_ms


def questions(wanted: Sequence[Series], since: Mapping[str, date]) -> list[Question]:
    """One question a stream: close, high, low and turnover come together."""
    source = provider("ccxt")
    groups: dict[_Feed, list[Series]] = {}
    for each in wanted:
        groups.setdefault(_feed(each), []).append(each)
    return [
        _question(source, feed, members, min(since.get(s.name, date.min) for s in members))
        for feed, members in groups.items()
    ]


def read_bars(found: Found, series: Series, source: str) -> Rows:
    """One measure of the bars that were over when the replies came."""
    bars: list[klines.Bar] = []
    for reply in found:
        try:
            bars += klines.read_json(reply.content, reply.fetched_at)
        except ValueError as error:
            raise refusals.changed(source, series.name, str(error)) from None
    return read_parsed(bars, found, series, source)


def read_parsed(bars: Sequence[klines.Bar], found: Found, series: Series, source: str) -> Rows:
    """Close, high, low or turnover of bars, each observed and known at its close."""
    match = _NAME.fullmatch(series.name.partition(":")[0])
    field = (match[2] if match else None) or "close"
    if field == "volume" and series.name.startswith("perp"):
        field = "turnover"  # in dollars; of spot the catalogue keeps coins
    prints = [Print(bar.closed, getattr(bar, field), bar.closed) for bar in bars]
    return rows(series, source, prints, found, unit=series.served_in or series.unit)


def read_stamped(found: Found, series: Series, source: str, value: str) -> Rows:
    """Settlements or snapshots: a moment, and a number in the field of this name."""
    prints, stamp = [], _STAMPS[series.name.partition(":")[0]]
    for reply in found:
        for each in list_of(source, series.name, json_of(source, reply)):
            row = fields_of(source, series.name, each, [stamp, value])
            try:
                on, told = settled(row[stamp])
                prints.append(Print(on, number(row[value], value), max(on, told)))
            except (ValueError, OverflowError) as error:
                raise refusals.changed(source, series.name, str(error)) from None
    return rows(series, source, prints, found, unit=series.served_in or series.unit)


def settled(milliseconds: Any) -> tuple[datetime, datetime]:
    """The minute of a settlement, and the venue's own stamp, some milliseconds late.

    Raises:
        ValueError: it is no stamp.
    """
    told = moment_of(number(milliseconds, "time") / 1000.0)
    return (told + timedelta(seconds=30)).replace(second=0, microsecond=0), told


def leverage_tiers(session: Session, symbols: Sequence[str]) -> Reply:
    """The venue's brackets of some symbols, kept as `drypowder liquidations --tiers FILE` reads.

    Binance tells them only to customers: set DRYPOWDER_CCXT_KEY and DRYPOWDER_CCXT_SECRET.

    Raises:
        DataMissingError: DP-182 without a key, DP-183 for an unknown symbol.
    """
    import json

    source = provider("ccxt")
    url = f"ccxt://{_VENUES['perp']}/leverage_tiers?symbols={','.join(sorted(symbols))}"

    def once() -> bytes:
        venue = _venue("perp", source)
        if not venue.apiKey:
            raise refusals.no_key(source.title, f"{_KEY} and {_SECRET}")
        markets = _asked(partial(_markets, venue), source, url)
        names = [_spelled(markets, symbol, source) for symbol in symbols]
        tiers = _asked(lambda: venue.fetch_leverage_tiers(names), source, url)
        return json.dumps(tiers, sort_keys=True).encode()

    return session.through(source, url, once, lambda reply: reply, extension="json")


def _question(source: Provider, feed: _Feed, members: Sequence[Series], since: date) -> Question:
    start = _start(feed, since, datetime.now(UTC))

    def fetch(session: Session) -> Found:
        return _pages(session, source, feed, _start(feed, since, session.now()))

    if feed.kind == "funding":
        read: Callable[..., Rows] = partial(read_stamped, value="fundingRate")
    elif feed.kind == "oi":
        read = partial(read_stamped, value="sumOpenInterestValue")
    else:
        read = read_bars
    return Question(
        source, tuple(members), (_address(feed, start),), fetch,
        lambda found, each: read(found, each, source.title),
    )  # fmt: skip


def _feed(series: Series) -> _Feed:
    kind = series.name.partition(":")[0]
    match = _NAME.fullmatch(kind)
    if match:
        return _Feed(match[1], series.key, match[3])
    return _Feed(kind, series.key, kind)


def _start(feed: _Feed, since: date, now: datetime) -> int:
    reach = now - timedelta(days=reach_days(feed.rhythm))
    if feed.kind == "oi":  # the venue refuses what it no longer has
        return int(reach.replace(minute=0, second=0, microsecond=0).timestamp() * 1000)
    # what was pulled before goes on where it ended, however long ago
    first = reach if since == date.min else datetime(since.year, since.month, since.day, tzinfo=UTC)
    return feed.start_ms(first)


def _pages(session: Session, source: Provider, feed: _Feed, start: int) -> Found:
    """Pages from a moment to now; a page that is not full is the last one."""
    venue: list[Any] = []  # made when something has to be asked
    found: Found = []
    until = int(session.now().timestamp() * 1000)
    while start < until:
        url = _address(feed, start)
        once = partial(_once, venue, source, feed, start, url)
        count, last, reply = session.through(
            source, url, once, partial(_extent, feed, source), extension="json"
        )
        found.append(reply)
        if count < _PAGES[feed.kind] or last < start:
            break
        start = last + 1
    return found


def _once(venue: list[Any], source: Provider, feed: _Feed, start: int, url: str) -> bytes:
    if not venue:
        venue.append(_venue(feed.kind, source))
    exchange = venue[0]
    markets = _asked(partial(_markets, exchange), source, url)
    symbol, limit = _spelled(markets, feed.symbol, source), _PAGES[feed.kind]
    calls: dict[str, Callable[[], Any]] = {
        "funding": lambda: exchange.fetch_funding_rate_history(symbol, start, limit),
        "oi": lambda: exchange.fetch_open_interest_history(symbol, "4h", start, limit),
    }
    bars = partial(exchange.fetch_ohlcv, symbol, feed.rhythm, start, limit)
    exchange.last_http_response = None
    _asked(calls.get(feed.kind, bars), source, url, heard=lambda: exchange.last_http_response)
    return str(exchange.last_http_response or "").encode()


def _asked(
    call: Callable[[], Any], source: Provider, url: str, heard: Callable[[], Any] = lambda: None
) -> Any:
    """What a call of ccxt returns; its errors as ours."""
    import ccxt  # type: ignore[import-untyped]

    try:
        return call()
    except ccxt.AuthenticationError:
        raise refusals.no_key(source.title, f"{_KEY} and {_SECRET}") from None
    except ccxt.BadSymbol as error:
        raise refusals.unknown(source.title, str(error)) from None
    except (ccxt.RateLimitExceeded, ccxt.DDoSProtection) as error:
        raise Passing(type(error).__name__, answered=True, throttled=True) from None
    except ccxt.NetworkError as error:
        raise Passing(_short(error), answered=heard() is not None) from None
    except ccxt.BaseError as error:
        raise refusals.refused(source.title, url, _short(error)) from None
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        if heard() is None:
            fault = phrase("not_as_ccxt", fault=error)
            raise refusals.not_readable(source.title, url, fault) from None
        return None  # its bytes are read below, and judged there


def _extent(feed: _Feed, source: Provider, reply: Reply) -> tuple[int, int, Reply]:
    """How many rows a page has, and the moment of its last one in milliseconds."""
    found = list_of(source.title, feed.kind, json_of(source.title, reply))
    stamps = []
    for each in found:
        try:
            stamps.append(int(each[_STAMPS.get(feed.kind, 0)]))
        except (KeyError, IndexError, TypeError, ValueError, OverflowError):
            raise refusals.changed(source.title, feed.symbol, phrase("row_without_time")) from None
    return len(found), max(stamps, default=0), reply


def _venue(kind: str, source: Provider) -> Any:
    """The exchange as ccxt knows it, at the host that the environment names."""
    try:
        import ccxt  # type: ignore[import-untyped]
    except ImportError:
        raise refusals.not_installed(source.title, source.extra) from None
    keys = {"apiKey": os.environ.get(_KEY, ""), "secret": os.environ.get(_SECRET, "")}
    name = _VENUES.get(kind, _VENUES["perp"])
    exchange = getattr(ccxt, name)({"enableRateLimit": True, **keys})
    elsewhere = rerouted("ccxt")
    if elsewhere:
        exchange.urls["api"] = _moved(exchange.urls["api"], elsewhere)
        exchange.has["fetchCurrencies"] = False
    return exchange


def _moved(urls: Any, elsewhere: str) -> Any:
    """All addresses of a venue at another host."""
    if isinstance(urls, dict):
        return {name: _moved(each, elsewhere) for name, each in urls.items()}
    return elsewhere + urlsplit(urls).path if isinstance(urls, str) else urls


def _markets(exchange: Any) -> dict[str, Any]:
    exchange.load_markets()
    return exchange.markets_by_id


def _spelled(markets: Mapping[str, Any], symbol: str, source: Provider) -> str:
    """The venue's BTCUSDT as ccxt's BTC/USDT:USDT."""
    if symbol not in markets:
        raise refusals.unknown(source.title, symbol)
    return str(markets[symbol][0]["symbol"])


def _address(feed: _Feed, start: int) -> str:
    """A question as we name it in the raw store: ccxt chooses the venue's own address."""
    venue = _VENUES.get(feed.kind, _VENUES["perp"])
    host = rerouted("ccxt") or f"ccxt://{venue}"
    return f"{host}/{feed.kind}-{feed.rhythm}?symbol={feed.symbol}&since={start}"


def _short(error: Exception) -> str:
    """What ccxt says without the address it asked, which may be signed."""
    return re.sub(r"https?://\S+", "", f"{type(error).__name__}: {error}")[:200].strip()
