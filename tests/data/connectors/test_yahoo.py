"""Prices through yfinance, served by this machine: adjusted, and without today."""

from __future__ import annotations

import pytest
from tests.data.connectors.publisher import PAGE, bytes_of, days, dumped, entry, reply
from werkzeug import Response

from drypowder.data.connectors import yahoo
from drypowder.errors import DataMissingError, DrypowderError

SOURCE = "Yahoo"
OPEN = 1_795_530_600  # 2026-11-24 14:30 UTC, when New York opens
DAY = 86_400


def chart(closes, *, now=OPEN + 3600, adjusted=None, currency="USD", **more):
    """Days before the 24th and the 24th itself, while the market is open."""
    stamps = [OPEN - DAY * k for k in range(len(closes))][::-1]
    quote = {
        "open": closes,
        "high": closes,
        "low": closes,
        "close": closes,
        "volume": [100] * len(closes),
    }
    meta = {
        "currency": currency,
        "symbol": "SPY",
        "instrumentType": "ETF",
        "gmtoffset": -18000,
        "exchangeTimezoneName": "America/New_York",
        "timezone": "EST",
        "regularMarketTime": now,
        "firstTradeDate": 0,
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "max"],
        "priceHint": 2,
        "currentTradingPeriod": {
            k: {"timezone": "EST", "start": OPEN, "end": OPEN + 23400, "gmtoffset": -18000}
            for k in ("pre", "regular", "post")
        },
    }
    result = {
        "meta": meta,
        "timestamp": stamps,
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": adjusted or closes}]},
    }
    return {"chart": {"result": [{**result, **more}], "error": None}}


def read(tree, name="price:SPY"):
    content = tree if isinstance(tree, bytes) else dumped(tree)
    return yahoo.read_chart(reply(content), entry(name), SOURCE)


def test_todays_row_is_dropped_while_the_market_is_open():
    assert days(read(chart([600.0, 610.0, 620.0]))) == ["2026-11-22", "2026-11-23"]


def test_todays_row_counts_after_the_close():
    assert days(read(chart([600.0, 610.0], now=OPEN + 23400)))[-1] == "2026-11-24"


def test_prices_are_scaled_as_the_close_is_adjusted():
    tree = chart([600.0, 610.0, None, 620.0], adjusted=[300.0, 610.0, None, 620.0])
    assert read(tree).values.tolist() == [300.0, 610.0]
    assert read(tree, "high:SPY").values.tolist() == [300.0, 610.0]
    assert read(tree, "volume:SPY").values.tolist() == [100.0, 100.0, 100.0]


def test_another_currency_is_refused():
    with pytest.raises(DrypowderError, match=r"DP-187.*KRW"):
        read(chart([600.0, 610.0], currency="KRW"))


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        (PAGE, "DP-185"),
        (b"", "DP-185"),
        (dumped(chart([1.0, 2.0]))[:-30], "DP-185"),
        ({"quoteResponse": {}}, "DP-186"),
        ({"chart": {"result": None, "error": {"code": "Not Found"}}}, "DP-183"),
        (chart([1.0, 2.0], timestamp=[OPEN]), "DP-186"),
        (chart([1.0, 2.0], indicators={"quote": []}), "DP-186"),
        (chart([1.0, 2.0], meta={}), "DP-186"),
        (chart([1.0, 2.0], adjusted=[1.0]), "DP-186"),
    ],
)
def test_another_form_is_refused(tree, code):
    with pytest.raises(DrypowderError, match=code):
        read(tree)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("sample", "code"),
    [("yahoo_v8_chart_360750.KS_1d.json.gz", "DP-187"), ("yahoo_v8_chart_GC_F_1mo_max.json", "")],
)
def test_real_charts_are_read_or_refused_for_their_currency(wire, sample, code):
    content = bytes_of(wire / sample)
    if code:
        with pytest.raises(DrypowderError, match=f"{code}.*KRW"):
            read(content)
    else:
        found = read(content)
        assert len(found) > 200 and found.values.min() > 200.0  # an ounce of gold since 2000
        assert str(found.newest) < "2026-05-27"  # the row of the day of the download is not over


def asked(httpserver, answers):
    """The chart's two requests of yfinance (its time zone, its prices); all else is not there."""
    seen = []

    def handle(request):
        seen.append(request)
        return answers(request)

    httpserver.expect_request("/v8/finance/chart/SPY").respond_with_handler(handle)
    return seen


def ask(session, name="price:SPY"):
    pytest.importorskip("yfinance")
    (question,) = yahoo.questions([entry(name)], {})
    found = question.fetch(session)
    return question.read(found, entry(name))


def test_yfinance_asks_this_machine_and_its_bytes_are_kept(httpserver, session):
    seen = asked(httpserver, lambda request: Response(dumped(chart([600.0, 610.0, 620.0]))))
    found = ask(session)
    assert found.values.tolist() == [600.0, 610.0]
    assert (session.raw.folder / f"{found.raw_sha256}.json").exists()
    count = len(seen)
    session.offline = True
    assert len(ask(session)) == 2 and len(seen) == count


def test_a_ticker_that_yahoo_does_not_know_is_unknown(httpserver, session):
    nothing = {
        "chart": {"result": None, "error": {"code": "Not Found", "description": "No data found"}}
    }
    asked(httpserver, lambda request: Response(dumped(nothing), 404))
    with pytest.raises(DataMissingError, match="DP-183"):
        ask(session)


def test_too_many_requests_are_said_to_be_that(httpserver, session):
    asked(httpserver, lambda request: Response(b"Too Many Requests", 429))
    with pytest.raises(DataMissingError, match=r"DP-181.*429"):
        ask(session)


def test_a_coin_is_spelled_as_yahoo_does(monkeypatch):
    (question,) = yahoo.questions([entry("price:BTC"), entry("volume:BTC")], {})
    assert "/v8/finance/chart/BTC-USD" in question.addresses[0] and len(question.series) == 2
