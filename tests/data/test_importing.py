"""Files of every layout, faulty files, and the development data as a whole."""

from __future__ import annotations

import gzip
import os
import resource
import time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from drypowder.data import clocks, open_store
from drypowder.data.exporting import export
from drypowder.data.importing import import_path
from drypowder.data.overview import prints
from drypowder.errors import DataMissingError, UsageError

OWN = "series,observed_on,value,unit,known_on\n"


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "home", shipped=False)


def _file(folder, name, text):
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_our_own_schema_with_units_and_known_dates(store, tmp_path):
    text = OWN + "WALCL,2026-02-04,6605909,USD mn,2026-02-05\nSOFR,2026-02-04,410,bp,\n"
    found = import_path(store, _file(tmp_path, "a.csv", text))
    assert (found.stored.rows, found.files[0].layout) == (2, "our own")
    known = store.known_on("2026-02-05")
    assert known.series("WALCL").values[0] == pytest.approx(6605.909)
    assert not known.series("WALCL").estimated[0]
    assert known.series("SOFR").values[0] == pytest.approx(4.1)
    assert known.series("SOFR").estimated[0]
    assert store.known_on("2026-02-04").find("WALCL") is None


def test_own_series_need_no_entry_in_the_catalogue(store, tmp_path):
    text = OWN + "own:deal count,2026-02-04,7,count,\n"
    import_path(store, _file(tmp_path, "a.csv", text))
    observed = store.known_on().series("own:deal count")
    assert (observed.unit, observed.licence) == ("count", "the user's own")


def test_a_fred_file_with_an_empty_cell_and_several_columns(store, tmp_path):
    text = "observation_date,SOFR,DGS10\n2026-02-04,4.1,4.29\n2026-02-05,,4.21\n"
    found = import_path(store, _file(tmp_path, "fredgraph.csv", text))
    assert found.stored.series == {"DGS10": 2, "SOFR": 1}


def test_downloads_of_one_series_become_vintages(store, tmp_path):
    text = (
        "series_id,vintage,date,value\nM2SL,2026-05-27,2026-01-01,100000000\n".replace(
            "100000000", "22500"
        )
        + "M2SL,2026-07-30,2026-01-01,22480\nNOTHING,2026-07-30,2026-01-01,1\n"
    )
    found = import_path(store, _file(tmp_path, "v.csv.gz", text))
    assert found.stored.rows == 2
    assert store.known_on("2026-07-29").series("M2SL").values[0] == 22500
    assert store.known_on("2026-07-30").series("M2SL").values[0] == 22480


def test_bars_are_dated_at_their_close_and_the_newest_is_left_out(store, tmp_path):
    hours = np.array(["2026-02-05T00", "2026-02-05T01", "2026-02-05T02"], dtype="datetime64[us]")
    columns = {"symbol": ["BTCUSDT"] * 3, "open_time_utc": hours, "trades": [1, 2, 3]}
    columns |= {key: [7.0, 8.0, 9.0] for key in ("open", "high", "low", "close", "quote_volume")}
    pq.write_table(pa.table(columns), tmp_path / "bars.parquet")
    import_path(store, tmp_path / "bars.parquet")
    observed = store.known_on().series("perp-1h:BTCUSDT")
    closes = ["2026-02-05T01:00:00.000000", "2026-02-05T02:00:00.000000"]
    assert observed.observed_on.astype(str).tolist() == closes
    assert observed.values.tolist() == [7.0, 8.0]


CLOSES = "ticker,date,close{}\nSPY,2026-02-04,686.2{}\nSPY,2026-02-05,677.6{}\n"


def test_of_daily_closes_the_newest_day_may_not_be_over(store, tmp_path):
    found = import_path(store, _file(tmp_path, "a.csv", CLOSES.format("", "", "")))
    assert (found.files[0].rows, found.files[0].unfinished) == (1, 1)
    assert store.known_on().series("price:SPY").values.tolist() == [686.2]


@pytest.mark.parametrize(
    ("taken", "rows"), [("2026-02-05", 1), ("2026-02-05T15:00:00Z", 1), ("2026-02-06", 2)]
)
def test_a_copy_that_says_when_it_was_taken_keeps_the_days_that_were_over(
    store, tmp_path, taken, rows
):
    text = CLOSES.format(",fetched_at", f",{taken}", f",{taken}")
    assert import_path(store, _file(tmp_path, "a.csv", text)).files[0].rows == rows


def test_each_download_in_a_file_has_its_own_newest_day(store, tmp_path):
    text = "ticker,date,close,origin\nSPY,2026-08-20,1,K\nBTC,2026-08-21,1,K\nBTC,2026-08-20,1,K\n"
    text += "LQD,2026-07-31,106.25,D\nLQD,2026-08-03,106.095,D\n"
    import_path(store, _file(tmp_path, "a.csv", text))
    known = store.known_on()
    last = {name: str(known.series(name).observed_on[-1])[:10] for name in known.names()}
    assert last == {"price:SPY": "2026-08-20", "price:BTC": "2026-08-20", "price:LQD": "2026-07-31"}


def test_a_price_typed_today_is_no_close_yet(store, tmp_path):
    today = clocks.now().date().isoformat()
    text = OWN + f"price:SPY,{today},680,,\n"
    with pytest.raises(UsageError, match="may not have been over"):
        import_path(store, _file(tmp_path, "a.csv", text))
    import_path(store, _file(tmp_path, "b.csv", text + "SOFR,2026-02-04,4.1,,\n"))
    assert store.known_on().names() == ["SOFR"]


@pytest.mark.parametrize(
    ("code", "said", "text"),
    [
        ("DP-170", "WALCL", OWN + "WALC,2026-02-04,1,,\n"),
        ("DP-172", "USD", OWN + "SOFR,2026-02-04,1,USD,\n"),
        ("DP-172", "outside", OWN + "WTREGEN,2026-02-04,900000,USD bn,\n"),
        ("DP-173", "two values", OWN + "SOFR,2026-02-04,4.1,,\nSOFR,2026-02-04,4.2,,\n"),
        ("DP-174", "time zone", OWN + "perp-1h:BTCUSDT,2026-02-04 13:00,4.1,,\n"),
        ("DP-175", "to come", OWN + "SOFR,2026-02-04,4.1,,2999-01-01\n"),
        ("DP-176", "no number", OWN + "SOFR,2026-02-04,four,,\n"),
        ("DP-176", "no date", OWN + "SOFR,4 Feb,4.1,,\n"),
        ("DP-176", "no row", OWN),
        ("DP-176", "empty", ""),
        ("DP-176", "not known", "a,b\n1,2\n"),
        ("DP-176", "tiers", "symbol,tier,maint_margin_rate\nBTC,1,0.01\n"),
    ],
)
def test_a_faulty_file_is_named_and_nothing_is_stored(store, tmp_path, code, said, text):
    with pytest.raises(UsageError) as caught:
        import_path(store, _file(tmp_path, "bad.csv", text))
    assert caught.value.code == code
    assert said in str(caught.value)
    assert caught.value.hint
    assert store.known_on().names() == []
    assert not list(store.folder.glob("*.parquet"))


def test_a_moment_with_its_zone_is_taken(store, tmp_path):
    text = OWN + "perp-1h:BTCUSDT,2026-02-05T01:00:00+02:00,70000,,\n"
    import_path(store, _file(tmp_path, "a.csv", text))
    observed = store.known_on().series("perp-1h:BTCUSDT")
    assert str(observed.observed_on[0]) == "2026-02-04T23:00:00.000000"


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_parquet_or_archive_is_refused(store, tmp_path, kept):
    table = pa.table({"series": ["SOFR"] * 99, "observed_on": [f"2026-01-{d % 28 + 1:02}" for d in
                      range(99)], "value": np.arange(99.0)})  # fmt: skip
    pq.write_table(table, tmp_path / "a.parquet")
    (tmp_path / "b.csv.gz").write_bytes(
        gzip.compress((OWN + "SOFR,2026-01-02,4,,\n" * 999).encode())
    )
    for name in ("a.parquet", "b.csv.gz"):
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: int(kept * len(whole))])
        with pytest.raises(UsageError, match="DP-176"):
            import_path(store, tmp_path / name)
    assert store.known_on().names() == []


def test_one_bad_file_refuses_its_folder(store, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    _file(folder, "a.csv", OWN + "SOFR,2026-02-04,4.1,,\n")
    _file(folder, "b.csv", OWN + "SOFR,2026-02-05,x,,\n")
    with pytest.raises(UsageError, match=r"b\.csv"):
        import_path(store, folder)
    assert store.known_on().names() == []
    (folder / "b.csv").write_text("name,colour\nx,red\n")
    found = import_path(store, folder)
    assert [each.skipped[:10] for each in found.files] == ["", "its column"]


def test_a_path_that_is_not_there_and_a_folder_without_series(store, tmp_path):
    with pytest.raises(UsageError, match="DP-176"):
        import_path(store, tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="DP-176"):
        import_path(store, tmp_path / "empty")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everywhere")
def test_a_folder_that_may_not_be_read(store, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o000)
    with pytest.raises(UsageError, match="DP-176"):
        import_path(store, tmp_path / "closed")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_exported_can_be_imported_elsewhere(store, tmp_path, ending):
    text = OWN + "M2SL,2026-01-01,22500,,2026-02-24\nM2SL,2026-01-01,22480,,2026-03-24\n"
    text += "SOFR,2026-02-04,4.1,,\n"
    import_path(store, _file(tmp_path, "a.csv", text))
    out = tmp_path / f"out.{ending}"
    assert export(store.known_on(), ["M2SL", "SOFR"], out) == 3
    other = open_store(tmp_path / "other", shipped=False)
    import_path(other, out)
    for day in ("2026-02-24", "2026-03-24"):
        for name in ("M2SL", "SOFR"):
            here, there = (s.known_on(day).series(name) for s in (store, other))
            assert here.values.tolist() == there.values.tolist()
            assert here.known_on.tolist() == there.known_on.tolist()
            assert here.estimated.tolist() == there.estimated.tolist()


def test_a_file_may_say_whose_figures_it_holds(store, tmp_path):
    """And an export says so, an estimate among them."""
    text = (
        (
            "series,observed_on,value,known_on,source,licence\n"
            "capex:MSFT,2025-03-31,16.7,2025-04-30,SEC,public domain\n"
            "capex:MSFT,2025-06-30,17.1,2025-07-30,SEC; estimate,public domain\n"
            "own:deals,2025-06-30,7,,,\n"
        )
        .replace(",16.7,", ",16700000000,")
        .replace(",17.1,", ",17100000000,")
    )
    import_path(store, _file(tmp_path, "a.csv", text))
    out = tmp_path / "out.csv"
    export(store.known_on(), ["capex:MSFT", "own:deals"], out)
    other = open_store(tmp_path / "other", shipped=False)
    import_path(other, out)
    for each in (store, other):
        found = prints(each.known_on(), ["capex:MSFT", "own:deals"])
        assert found["source"].tolist() == ["SEC", "SEC; estimate", "the user"]
        assert found["licence"].tolist() == ["public domain"] * 2 + ["the user's own"]


@pytest.fixture(scope="module")
def imported(shared_data, tmp_path_factory):
    """The development data in a store, with the seconds it took."""
    store = open_store(tmp_path_factory.mktemp("home"))
    began = time.perf_counter()
    found = import_path(store, shared_data)
    return store, found, time.perf_counter() - began


@pytest.mark.real_data
def test_the_development_data_is_imported_whole_and_fast(imported):
    _, found, seconds = imported
    read = {each.path for each in found.files if not each.skipped}
    assert "fred/fred_macro_long.csv.gz" in read
    assert "prices/daily_close_adj.parquet" in read
    skipped = {each.path: each.skipped for each in found.files if each.skipped}
    assert "tiers" in skipped["crypto/binance_leverage_tiers_2026-05-01.csv"]
    assert "banks" in skipped["eba/eba_exposures_2020.csv.gz"]
    assert found.stored.rows > 2_000_000
    assert seconds < 60
    assert (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 * 2**20
    )  # kB, other tests included


@pytest.mark.real_data
def test_a_close_that_was_still_moving_is_not_in_the_development_data(imported):
    store, found, _ = imported
    last = store.known_on().series("price:LQD").observed_on[-1]
    assert str(last)[:10] == "2026-07-31"  # its row of 3 August is a price of that afternoon
    assert store.known_on().series("price:SPY").observed_on[-1] == np.datetime64("2026-08-20")
    told = {(each.file, each.other_file) for each in found.contradictions}
    closes, bars = "prices/daily_close_adj.parquet", "prices/daily_ohlcv_etf_crypto.parquet"
    assert (closes, bars) in told  # adjusted for other dividends


@pytest.mark.real_data
def test_importing_the_same_files_again_stores_nothing(imported, shared_data):
    again = import_path(imported[0], shared_data / "fred")
    assert (again.stored.rows, again.stored.ingest) == (0, "")


@pytest.mark.real_data
def test_known_facts_of_the_development_data(imported):
    store, _, _ = imported
    known = store.known_on("2026-02-06")
    # out of the reverse repo facility by autumn 2025; HY 297 bp and BTC -14 % on 5 February
    assert known.series("RRPONTSYD", since="2025-10-01").values.mean() < 20
    spread = known.series("BAMLH0A0HYM2")
    assert (str(spread.observed_on[-1])[:10], spread.values[-1]) == ("2026-02-05", 2.97)
    btc = known.series("price:BTC", since="2026-02-04", until="2026-02-05").values
    assert btc[1] / btc[0] - 1 == pytest.approx(-0.14, abs=0.005)
    # the term structure of knowing: NFCI was downloaded in May and August 2026 only
    assert known.find("NFCI") is None
    assert store.known_on("2026-05-27").series("NFCI").values[-1] == pytest.approx(-0.5, abs=0.2)
    m2 = store.known_on("2026-01-02").series("M2SL", since="2025-11-01").values[-1]
    assert m2 == pytest.approx(22_322, abs=1)


@pytest.mark.real_data
def test_fifty_series_over_ten_years_are_read_fast(imported):
    known = imported[0].known_on("2026-02-06")
    names = [name for name in known.names("price:")][:50]
    known.table(names, since="2016-02-06")
    began = time.perf_counter()
    table = known.table(names, since="2016-02-06")
    assert len(table) == 50
    assert time.perf_counter() - began < 1.0  # 0.3 s on an idle machine, see benchmarks


@pytest.mark.real_data
def test_nothing_known_later_is_seen_in_the_development_data(imported):
    store, _, _ = imported
    for day in ("2020-03-16", "2026-02-06"):
        known = store.known_on(day)
        end = np.datetime64(f"{day}T23:59:59.999999")
        for observed in known.table(known.names()[::23]).values():
            assert (observed.known_on <= end).all(), observed.name
            assert (observed.observed_on <= end).all(), observed.name


def test_a_series_of_which_nothing_is_known_yet_is_missing(store, tmp_path):
    import_path(store, _file(tmp_path, "a.csv", OWN + "SOFR,2026-02-04,4.1,,2026-02-05\n"))
    with pytest.raises(DataMissingError, match="DP-171"):
        store.known_on("2026-02-04").series("SOFR")
