"""Bars with a header and without, in two units of time, without the one that is not over."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
from datetime import UTC, datetime

import pytest
from tests.data.connectors.publisher import NOW, PAGE, bytes_of

from drypowder.data.connectors import klines
from drypowder.data.connectors.dumps import read_dump
from drypowder.data.importing import import_path
from drypowder.errors import UsageError

HEADER = (
    b"open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    b"taker_buy_quote_volume,ignore\n"
)
LINE = b"1767225600000,100,110,90,105,2,1767229199999,210,7,1,105,0\n"


def test_a_dump_is_the_same_with_a_header_and_without():
    assert klines.read_csv(HEADER + LINE, NOW) == klines.read_csv(LINE, NOW)
    (bar,) = klines.read_csv(LINE, NOW)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover) == (
        100,
        110,
        90,
        105,
        2,
        210,
    )
    assert bar.opened == datetime(2026, 1, 1, 0, tzinfo=UTC)
    assert bar.closed == datetime(2026, 1, 1, 1, tzinfo=UTC)


def test_microseconds_of_newer_spot_dumps_are_the_same_moments():
    finer = LINE.replace(b"1767225600000", b"1767225600000000").replace(
        b"1767229199999", b"1767229199999999"
    )
    assert klines.read_csv(finer, NOW)[0].closed == klines.read_csv(LINE, NOW)[0].closed


def test_a_bar_that_is_not_over_is_dropped():
    end = datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert klines.read_csv(LINE, end) and not klines.read_csv(LINE, end.replace(hour=0, minute=59))


@pytest.mark.parametrize(
    "line",
    [
        LINE[:40],
        LINE.replace(b"110", b"104"),
        LINE.replace(b"105", b"x", 1),
        LINE.replace(b",0\n", b"\n"),
    ],
)
def test_half_a_line_or_an_impossible_bar_is_refused(line):
    with pytest.raises(ValueError, match="bar 1"):
        klines.read_csv(line, NOW)


def test_a_reply_that_is_no_list_is_refused():
    with pytest.raises(ValueError, match="list"):
        klines.read_json(b'{"code": -1121, "msg": "Invalid symbol."}', NOW)


@pytest.mark.real_data
@pytest.mark.parametrize(("kind", "count"), [("um", 24), ("spot", 24)])
def test_real_dumps_are_read_whole(wire, kind, count):
    content = bytes_of(wire / f"binance_vision_{kind}_klines_BTCUSDT-1h-2024-10-28.csv")
    found = klines.read_csv(content, NOW)
    assert len(found) == count == len(content.splitlines()) - (kind == "um")
    gaps = {(later.opened - earlier.opened).seconds for earlier, later in itertools.pairwise(found)}
    assert gaps == {3600}


@pytest.mark.real_data
def test_the_sample_of_the_rest_interface(wire):
    content = bytes_of(wire / "binance_rest_klines_handmade.json")
    found = klines.read_json(content, NOW)
    assert len(found) == len(json.loads(content)) == 3
    assert (found[0].close, found[0].turnover) == (50050.0, 626000.0)


def test_a_dump_goes_into_the_store(tmp_path, store):
    path = tmp_path / "BTCUSDT-1h-2026-01-01.csv"
    path.write_bytes(LINE)
    kept = store.append(read_dump(path, market="perp"))
    assert kept.series == {
        "perp-1h:BTCUSDT": 1, "perp-high-1h:BTCUSDT": 1,
        "perp-low-1h:BTCUSDT": 1, "perp-volume-1h:BTCUSDT": 1,
    }  # fmt: skip
    found = store.known_on().series("perp-1h:BTCUSDT")
    assert (str(found.observed_on[0])[:16], found.values[0]) == ("2026-01-01T01:00", 105.0)
    volume = store.known_on().series("perp-volume-1h:BTCUSDT")
    assert volume.values[0] == 210.0  # dollars, not coins


SPOT = b"1767225600000000,100,110,90,105,2,1767229199999999,210,7,1,105,0\n"
FUNDING = b"calc_time,funding_interval_hours,last_funding_rate\n1767225600007,8,0.0001\n"


def packed(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)  # of no time
    return stream.getvalue()


def test_a_folder_of_dumps_is_imported_as_it_was_downloaded(tmp_path, store):
    def put(folder, name, content):
        place = tmp_path / "dumps" / "data" / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.zip").write_bytes(packed(f"{name}.csv", content))

    put("spot/daily/klines/BTCUSDT/1h", "BTCUSDT-1h-2026-01-01", SPOT)
    put("futures/um/daily/klines/BTCUSDT/1h", "BTCUSDT-1h-2026-01-01", LINE.replace(b"105", b"104"))
    put("futures/um/monthly/fundingRate/BTCUSDT", "BTCUSDT-fundingRate-2026-01", FUNDING)
    put("futures/um/daily/markPriceKlines/BTCUSDT/1h", "BTCUSDT-1h-2026-01-01", LINE)
    found = import_path(store, tmp_path / "dumps")
    assert sum(bool(each.rows) for each in found.files) == 3  # mark prices are no trades
    known = store.known_on()
    assert known.series("spot-1h:BTCUSDT").values.tolist() == [105.0]
    assert known.series("perp-1h:BTCUSDT").values.tolist() == [104.0]
    rate = known.series("funding:BTCUSDT")
    assert (str(rate.observed_on[0])[:16], rate.values[0]) == ("2026-01-01T00:00", 0.0001)
    assert known.series("spot-volume-1h:BTCUSDT").values.tolist() == [2.0]  # coins


def test_a_header_or_the_caller_says_which_market(tmp_path, store):
    path = tmp_path / "BTCUSDT-1h-2026-01-01.csv"
    path.write_bytes(HEADER + LINE)
    assert "perp-1h:BTCUSDT" in import_path(store, path).stored.series
    path.write_bytes(LINE)
    with pytest.raises(UsageError, match=r"DP-176.*--market"):
        import_path(store, path)
    assert "spot-1h:BTCUSDT" in import_path(store, path, market="spot").stored.series


@pytest.mark.real_data
@pytest.mark.parametrize("kind", ["um", "spot"])
def test_real_dumps_are_imported(wire, tmp_path, store, kind):
    name = "BTCUSDT-1h-2024-10-28.csv"
    (tmp_path / kind).mkdir()
    (tmp_path / kind / name).write_bytes(bytes_of(wire / f"binance_vision_{kind}_klines_{name}"))
    found = import_path(store, tmp_path)
    series = "perp-1h:BTCUSDT" if kind == "um" else "spot-1h:BTCUSDT"
    assert found.stored.series[series] == 24
    assert store.known_on("2024-10-28").series(series).values[0] == pytest.approx(68_000, rel=0.02)


@pytest.mark.parametrize(
    ("name", "market", "content", "said"),
    [
        ("bars.csv", "perp", LINE, "its name"),
        ("BTCUSDT-1h-2026-01-01.csv", "futures", LINE, "--market"),
        ("BTCUSDT-1h-2026-01-01.csv", "spot", PAGE, "bar 1"),
        ("BTCUSDT-1h-2026-01-01.csv", "spot", LINE[:40], "bar 1"),
        ("BTCUSDT-1h-2026-01-01.csv", "spot", b"", "no row"),
        ("BTCUSDT-1h-2026-01-01.csv", "spot", b"\xff\xfe", "decode"),
        ("BTCUSDT-1h-2026-01-01.csv", "perp", LINE.replace(b",2,", b",0,"), "mark or index"),
        ("BTCUSDT-1h-2026-01-01.zip", "spot", LINE, "no archive"),
        ("BTCUSDT-1h-2026-01-01.zip", "spot", packed("a.txt", LINE), "no archive"),
        ("BTCUSDT-1h-2026-01-01.zip", "spot", packed("a.csv", LINE)[:60], "no archive"),
        ("BTCUSDT-fundingRate-2026-01.csv", "", LINE, "calc_time"),
        ("BTCUSDT-fundingRate-2026-01.csv", "", FUNDING[:51], "no row"),
        ("BTCUSDT-fundingRate-2026-01.csv", "", FUNDING.replace(b"0.0001", b"x"), "not a number"),
        ("BTCUSDT-fundingRate-2026-01.csv", "", FUNDING.replace(b"17672", b"x"), "not a number"),
    ],
)
def test_what_is_no_dump_is_refused(tmp_path, name, market, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=f"DP-176.*{said}"):
        read_dump(tmp_path / name, market=market)
    with pytest.raises(UsageError, match="DP-176"):
        read_dump(tmp_path / "nowhere" / name, market=market)
