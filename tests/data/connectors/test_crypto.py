"""Venues through ccxt, served by this machine: bars, funding, open interest, brackets."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.data.connectors.publisher import NOW, PAGE, bytes_of, dumped, entry
from werkzeug import Response

from drypowder.data.connectors import crypto
from drypowder.errors import DataMissingError, DrypowderError

pytest.importorskip("ccxt")

HOUR = 3_600_000
MARKET = {
    "symbol": "BTCUSDT",
    "pair": "BTCUSDT",
    "contractType": "PERPETUAL",
    "deliveryDate": 4133404800000,
    "onboardDate": 1569398400000,
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "marginAsset": "USDT",
    "pricePrecision": 2,
    "quantityPrecision": 3,
    "underlyingType": "COIN",
    "filters": [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10", "minPrice": "1", "maxPrice": "9999999"},
        {"filterType": "LOT_SIZE", "stepSize": "0.001", "minQty": "0.001", "maxQty": "1000"},
    ],
    "orderTypes": ["LIMIT"],
    "timeInForce": ["GTC"],
    "maintMarginPercent": "2.5",
    "requiredMarginPercent": "5",
    "baseAssetPrecision": 8,
    "quotePrecision": 8,
}


def stamp(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def bar(opened: int, close: float) -> list:
    return [
        opened,
        "100",
        "200",
        "50",
        str(close),
        "2",
        opened + HOUR - 1,
        "260.5",
        9,
        "1",
        "130",
        "0",
    ]


@pytest.fixture
def venue(httpserver):
    httpserver.expect_request("/fapi/v1/exchangeInfo").respond_with_json(
        {"symbols": [MARKET], "rateLimits": []}
    )
    return httpserver


def ask(session, names, since=None):
    wanted = [entry(name) for name in names]
    (question,) = crypto.questions(wanted, since or {})
    found = question.fetch(session)
    return [question.read(found, each) for each in wanted]


def test_a_bar_is_observed_and_known_at_its_close_and_the_last_is_not_over(venue, session):
    hour = stamp(NOW.replace(minute=0)) - 2 * HOUR
    bars = [bar(hour - HOUR, 150), bar(hour, 160), bar(hour + 2 * HOUR, 170)]
    venue.expect_request("/fapi/v1/klines").respond_with_json(bars)
    names = [
        "perp-1h:BTCUSDT",
        "perp-high-1h:BTCUSDT",
        "perp-low-1h:BTCUSDT",
        "perp-volume-1h:BTCUSDT",
    ]
    close, high, low, turnover = ask(session, names, dict.fromkeys(names, NOW.date()))
    assert close.values.tolist() == [150.0, 160.0]
    assert [str(each)[:19] for each in close.observed_on] == [
        "2026-11-23T16:00:00",
        "2026-11-23T17:00:00",
    ]
    assert (close.known_on == close.observed_on).all()
    assert (high.values[0], low.values[0], turnover.values[0]) == (200.0, 50.0, 260.5)
    assert session.asked == 1


def test_pages_begin_at_the_same_moments_every_day(venue, session, monkeypatch):
    monkeypatch.setitem(crypto._PAGES, "perp", 3)
    first = datetime(2026, 11, 23, 6, tzinfo=UTC)
    asked = []

    def answer(request):
        start = int(request.args["startTime"])
        asked.append(start)
        opens = [k for k in (stamp(first) + n * HOUR for n in range(-6, 13)) if k >= start][:3]
        return Response(dumped([bar(opened, 150) for opened in opens if opened < stamp(NOW)]))

    venue.expect_request("/fapi/v1/klines").respond_with_handler(answer)
    (found,) = ask(session, ["perp-1h:BTCUSDT"], {"perp-1h:BTCUSDT": date(2026, 11, 23)})
    assert asked[0] % (3 * HOUR) == 0
    assert len(found) == 18  # the hours from midnight to 18:00, each over
    count = len(asked)
    session.offline = True
    assert len(ask(session, ["perp-1h:BTCUSDT"], {"perp-1h:BTCUSDT": date(2026, 11, 23)})[0]) == 18
    assert len(asked) == count


def test_a_stream_goes_on_where_it_ended_however_long_ago(venue, session):
    asked = []

    def answer(request):
        asked.append(int(request.args["startTime"]))
        return Response(dumped([bar(asked[-1], 150)]))

    venue.expect_request("/fapi/v1/klines").respond_with_handler(answer)
    ask(session, ["perp-1h:BTCUSDT"], {"perp-1h:BTCUSDT": date(2024, 1, 2)})
    assert asked[0] <= stamp(datetime(2024, 1, 2, tzinfo=UTC))


def test_funding_is_a_share_at_its_settlement(venue, session):
    at = stamp(NOW - timedelta(hours=2)) + 1  # venues are some milliseconds late
    venue.expect_request("/fapi/v1/fundingRate").respond_with_json(
        [{"symbol": "BTCUSDT", "fundingTime": at, "fundingRate": "-0.00012", "markPrice": "68000"}]
    )
    (found,) = ask(session, ["funding:BTCUSDT"])
    assert found.values.tolist() == [-0.00012] and found.unit == "share"
    assert str(found.observed_on[0]) == "2026-11-23T16:00:00.000000"


def test_open_interest_is_in_dollars(venue, session):
    venue.expect_request("/futures/data/openInterestHist").respond_with_json(
        [
            {
                "symbol": "BTCUSDT",
                "sumOpenInterest": "80000",
                "sumOpenInterestValue": "5440000000",
                "timestamp": stamp(NOW - timedelta(hours=4)),
            }
        ]
    )
    (found,) = ask(session, ["oi:BTCUSDT"])
    assert found.values.tolist() == [5.44e9]


def test_a_symbol_that_the_venue_does_not_list_is_unknown(venue, session):
    with pytest.raises(DataMissingError, match=r"DP-183.*NOPEUSDT"):
        ask(session, ["perp-1h:NOPEUSDT"])


@pytest.mark.parametrize("status", [418, 429, 503])
def test_a_venue_that_refuses_is_asked_again_and_then_named(venue, session, status):
    venue.expect_request("/fapi/v1/klines").respond_with_data(b"{}", status=status)
    with pytest.raises(DataMissingError, match=r"DP-18[01]"):
        ask(session, ["perp-1h:BTCUSDT"])
    assert session.asked == session.manners.tries


@pytest.mark.parametrize(
    "content",
    [PAGE, b"", b"[[1767225600000", b'{"code": 0}', b"[[1767225600000, 1]]", b'[{"a": 1}]'],
)
def test_a_reply_that_is_no_list_of_bars_is_refused(venue, session, content):
    venue.expect_request("/fapi/v1/klines").respond_with_data(content)
    with pytest.raises(DrypowderError, match=r"DP-18[0156]"):
        ask(session, ["perp-1h:BTCUSDT"])


def test_brackets_are_told_to_customers_only(venue, session):
    with pytest.raises(DataMissingError, match=r"DP-182.*DRYPOWDER_CCXT_KEY"):
        crypto.leverage_tiers(session, ["BTCUSDT"])


@pytest.mark.real_data
def test_brackets_are_kept_as_the_liquidations_verb_reads_them(
    venue, session, monkeypatch, wire, tmp_path
):
    from drypowder.venues import read_tiers

    sample = json.loads(bytes_of(wire / "ccxt_leverage_tiers_binance_excerpt.json"))[
        "BTC/USDT:USDT"
    ]
    venue.expect_request("/fapi/v1/leverageBracket").respond_with_json(
        [{"symbol": "BTCUSDT", "brackets": [each["info"] for each in sample]}]
    )
    key, secret = "k" * 20, "s" * 20
    monkeypatch.setenv("DRYPOWDER_CCXT_KEY", key)
    monkeypatch.setenv("DRYPOWDER_CCXT_SECRET", secret)
    kept = crypto.leverage_tiers(session, ["BTCUSDT"]).kept
    tables = read_tiers(kept.path)
    assert len(tables.brackets) == 1 and not tables.problems
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(
        key.encode() in p.read_bytes() or secret.encode() in p.read_bytes() for p in written
    )


def test_without_the_extra_its_name_is_said(session, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ccxt", None)
    with pytest.raises(DataMissingError, match=r"DP-188.*crypto") as error:
        ask(session, ["perp-1h:BTCUSDT"])
    assert "drypowder[crypto]" in error.value.hint
