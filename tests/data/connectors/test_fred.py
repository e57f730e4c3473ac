"""FRED: the keyless CSV, and every vintage with a key."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.connectors.publisher import bytes_of, days, dumped, entry, known, reply

from drypowder.data.connectors import fred, rows
from drypowder.errors import DrypowderError

SOURCE = "FRED"
KEY = "0123456789abcdef0123456789abcdef"


def read(content: bytes, name: str = "RRPONTSYD"):
    return fred.read_csv(reply(content), entry(name), SOURCE)


def test_a_missing_value_is_an_empty_field_or_a_dot():
    found = read(
        b"observation_date,RRPONTSYD\n2026-08-19,1.5\n2026-08-20,\n2026-08-21,.\n2026-08-24,2\n"
    )
    assert days(found) == ["2026-08-19", "2026-08-24"]
    assert found.values.tolist() == [1.5, 2.0]
    assert np.isnat(found.known_on).all()  # the keyless file says nothing of publication


@pytest.mark.parametrize(
    "content",
    [
        b"RRPONTSYD,observation_date\n1.5,2026-08-19\n",
        b"DATE,RRPONTSYD\n2026-08-19,1.5\n",
        b"\xef\xbb\xbfobservation_date,RRPONTSYD\r\n2026-08-19,1.5\r\n",
    ],
)
def test_columns_are_found_by_name(content):
    assert read(content).values.tolist() == [1.5]


def test_rows_in_any_order_are_sorted():
    found = read(b"observation_date,RRPONTSYD\n2026-08-20,2\n2026-08-19,1\n")
    assert days(found) == ["2026-08-19", "2026-08-20"]


def test_millions_become_billions():
    # WALCL is served in millions: 6,618,000 million are 6,618 billion
    found = read(b"observation_date,WALCL\n2026-08-19,6618000\n", "WALCL")
    assert found.values.tolist() == [6618.0] and found.unit == "USD bn"


def test_a_unit_that_changed_at_the_source_is_refused():
    # in billions, taken for millions, the balance sheet would be 6.6 billion
    with pytest.raises(DrypowderError, match=r"DP-187.*WALCL.*6\.618"):
        read(b"observation_date,WALCL\n2026-08-19,6618\n", "WALCL")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"observation_date,M2SL\n2026-08-19,1\n", "DP-186"),
        (b"day,RRPONTSYD\n2026-08-19,1\n", "DP-186"),
        (b"observation_date,RRPONTSYD\n2026-08-19,much\n", "DP-186"),
        (b"observation_date,RRPONTSYD\n19/08/2026,1\n", "DP-186"),
        (b"observation_date,RRPONTSYD\n2026-08-19,1\n2026-08-19,2\n", "DP-186"),
        (b"observation_date,RRPONTSYD\n2026-08-19,1\n2026-08-20", "DP-185"),
        (b"observation_date,RRPONTSYD\n", "DP-185"),
        (b"observation_date,RRPONTSYD\n2026-08-19,.\n", "DP-185"),
    ],
)
def test_what_is_not_the_file_we_know_is_refused(content, code):
    with pytest.raises(DrypowderError, match=code) as error:
        read(content)
    assert "stays as it was" in error.value.message and error.value.hint


def test_the_same_row_twice_is_one():
    assert len(read(b"observation_date,RRPONTSYD\n2026-08-19,1\n2026-08-19,1.0\n")) == 1


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("Millions of U.S. Dollars", "USD mn"),
        ("Billions of Dollars", "USD bn"),
        ("Percent", "percent"),
        ("Index 1982-1984=100", "index"),
        ("Percentage Points", "percentage points"),
        ("Thousands of Persons", "thousand"),
        ("Dollars per Barrel, Not Seasonally Adjusted", "USD"),
        ("Billions of Chained 2017 Dollars", ""),
    ],
)
def test_units_are_read_from_the_metadata(words, unit):
    assert fred.unit_of(words) == unit


def test_windows_hold_few_vintages_and_leave_none_out():
    vintages = [f"{2000 + k // 12:04d}-{k % 12 + 1:02d}-01" for k in range(2500)]
    found = fred.windows(vintages)
    assert found[0][0] == vintages[0] and found[-1][1] == "9999-12-31"
    assert [start for start, _ in found] == vintages[::1000]
    assert [end for _, end in found[:-1]] == [vintages[999], vintages[1999]]


def api(httpserver, observations, units="Billions of Dollars", vintages=("2026-07-28",)):
    httpserver.expect_request("/fred/series").respond_with_json(
        {"seriess": [{"id": "M2SL", "units": units}]}
    )
    httpserver.expect_request("/fred/series/vintagedates").respond_with_json(
        {"vintage_dates": list(vintages)}
    )
    httpserver.expect_request("/fred/series/observations").respond_with_json(
        {"count": len(observations), "observations": observations}
    )


def row(date, value, since):
    return {"date": date, "value": value, "realtime_start": since, "realtime_end": "9999-12-31"}


def vintages_of(session, monkeypatch, name="M2SL"):
    monkeypatch.setenv("FRED_API_KEY", KEY)
    (question,) = fred.questions([entry(name)], {})
    assert KEY not in " ".join(question.addresses)
    return question.read(question.fetch(session), entry(name))


def test_with_a_key_each_revision_is_known_from_its_vintage(httpserver, session, monkeypatch):
    api(
        httpserver,
        [
            row("2026-06-01", "22500.5", "2026-07-28"),
            row("2026-05-01", "22400", "2026-06-23"),
            row("2026-05-01", "22401", "2026-07-28"),
            row("2026-05-01", "22401", "2026-08-25"),
            row("2026-04-01", ".", "2026-06-23"),
        ],
    )
    found = vintages_of(session, monkeypatch)
    assert days(found) == ["2026-05-01", "2026-05-01", "2026-06-01"]
    assert known(found) == ["2026-06-23", "2026-07-28", "2026-07-28"]  # the repeated value is none
    assert found.values.tolist() == [22400.0, 22401.0, 22500.5]


def test_the_unit_that_the_api_names_counts(httpserver, session, monkeypatch):
    api(httpserver, [row("2026-06-01", "22500000", "2026-07-28")], units="Millions of Dollars")
    assert vintages_of(session, monkeypatch).values.tolist() == [22500.0]


def test_a_unit_of_another_kind_is_refused(httpserver, session, monkeypatch):
    api(httpserver, [row("2026-06-01", "3.5", "2026-07-28")], units="Percent")
    with pytest.raises(DrypowderError, match=r"DP-187.*percent.*USD bn"):
        vintages_of(session, monkeypatch)


def test_vintages_come_in_pages(httpserver, session, monkeypatch):
    monkeypatch.setattr(fred, "_PAGE", 2)
    every = [row(f"2026-0{k}-01", str(22000 + k), "2026-07-28") for k in range(1, 6)]
    httpserver.expect_request("/fred/series").respond_with_json(
        {"seriess": [{"units": "Billions of Dollars"}]}
    )
    httpserver.expect_request("/fred/series/vintagedates").respond_with_json(
        {"vintage_dates": ["2026-07-28"]}
    )
    for offset in (0, 2, 4):
        httpserver.expect_request(
            "/fred/series/observations",
            query_string={
                "series_id": "M2SL",
                "realtime_start": "2026-07-28",
                "limit": "2",
                "offset": str(offset),
                "realtime_end": "9999-12-31",
                "file_type": "json",
                "api_key": KEY,
            },
        ).respond_with_json({"count": 5, "observations": every[offset : offset + 2]})
    assert len(vintages_of(session, monkeypatch)) == 5


def test_without_a_key_and_for_what_is_never_revised_the_csv_is_asked(monkeypatch):
    (plain,) = fred.questions([entry("M2SL")], {})
    monkeypatch.setenv("FRED_API_KEY", KEY)
    (rate,) = fred.questions([entry("DGS10")], {})
    assert plain.addresses[0].endswith("/graph/fredgraph.csv?id=M2SL")
    assert rate.addresses[0].endswith("/graph/fredgraph.csv?id=DGS10")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "count", "first", "last", "value"),
    [
        ("SOFR", 2033, "2018-04-03", "2026-05-22", 3.55),
        ("BAMLH0A0HYM2", 784, "2023-05-29", "2026-05-25", 2.74),
        ("DRTSCILM", 145, "1990-04-01", "2026-04-01", 8.1),
    ],
)
def test_real_files_are_read_whole(wire, name, count, first, last, value):
    found = fred.read_csv(reply(bytes_of(wire / f"fredgraph_{name}.csv")), entry(name), SOURCE)
    assert (len(found), days(found)[0], days(found)[-1]) == (count, first, last)
    assert found.values[-1] == value


@pytest.mark.real_data
def test_the_sample_of_the_api_has_a_dot_for_nothing(wire):
    import json

    tree = json.loads(bytes_of(wire / "fred_api_observations_handmade.json"))
    found = fred._observations(SOURCE, "GDP", tree)
    vintages = fred._Vintages("USD bn", found, [reply(dumped(tree))])
    assert len(fred.read_vintages(vintages, entry("GDP"), SOURCE)) == 2


VINTAGES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 9), st.sampled_from([1.0, 2.0])),
    unique_by=lambda each: each[:2],
    max_size=20,
)


@given(VINTAGES)
def test_dropping_repeated_values_changes_no_answer(vintages):
    """On every day the latest value known of every date is the same with and without them."""
    every = [
        rows.Print(date(2026, month, 1), value, date(2026, 6, day))
        for month, day, value in vintages
    ]
    kept = rows.changes_only(every)
    assert len(kept) <= len(every)
    for day in range(1, 11):
        assert as_of(every, date(2026, 6, day)) == as_of(kept, date(2026, 6, day))


def as_of(prints, moment):
    out = [each for each in prints if each.known_on <= moment]
    return {each.observed_on: each.value for each in sorted(out, key=lambda each: each.known_on)}
