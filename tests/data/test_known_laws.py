"""Laws of the two clocks: nothing known after D is seen on D, and later prints change nothing."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drypowder.data import Copy, facts, open_store
from drypowder.data.shipped import starter

FIRST = np.datetime64("2025-01-06", "us")
DAY = np.timedelta64(1, "D")
FETCHED = datetime(2026, 1, 1, tzinfo=UTC)

# (observed on day, known so many days later, value), on a small grid so that prints collide
prints = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 11), st.integers(1, 5)), min_size=1, max_size=13,
    unique_by=lambda row: row[:2],
)  # fmt: skip


def _dated(rows: list[tuple[int, int, int]]) -> Copy:
    observed = np.array([FIRST + row[0] * DAY for row in rows])
    known = observed + np.array([row[1] for row in rows]) * DAY
    values = np.array([float(row[2]) for row in rows])
    return Copy("DGS10", observed, values, FETCHED, known_on=known)


def _day(number: int) -> str:
    return str(FIRST + number * DAY)[:10]


def _oracle(rows: list[tuple[int, int, int]], on: int) -> dict[int, float]:
    """By hand: of each observation the print with the latest known day up to `on`."""
    answer: dict[int, tuple[int, int]] = {}
    for observed, later, value in rows:
        known = observed + later
        if known <= on and known >= answer.get(observed, (-1, 0))[0]:
            answer[observed] = (known, value)
    return {observed: float(value) for observed, (_, value) in answer.items()}


def _answer(store, on: int) -> dict[int, float]:
    observed = store.known_on(_day(on)).find("DGS10")
    if observed is None:
        return {}
    end = np.datetime64(f"{_day(on)}T23:59:59.999999")
    assert (observed.known_on <= end).all(), "a later print leaked"
    assert (np.diff(observed.observed_on) > np.timedelta64(0)).all()
    days = (observed.observed_on - FIRST) // DAY
    return dict(zip(days.tolist(), observed.values.tolist(), strict=True))


@settings(max_examples=15)
@given(rows=prints, on=st.integers(0, 20))
def test_a_day_sees_the_latest_print_known_by_its_end(rows, on):
    with tempfile.TemporaryDirectory() as home:
        store = open_store(home, shipped=False)
        store.append([_dated(rows)])
        assert _answer(store, on) == _oracle(rows, on)


@settings(max_examples=15)
@given(rows=prints, later=prints, on=st.integers(0, 20))
def test_prints_known_later_never_change_an_answer(rows, later, on):
    taken = {row[:2] for row in rows}
    # only prints known after the day, with no second value of a print that is stored
    later = [row for row in later if row[0] + row[1] > on and row[:2] not in taken]
    with tempfile.TemporaryDirectory() as home:
        store = open_store(home)  # starter figures beside the store
        store.append([_dated(rows)])
        before = _answer(store, on)
        if later:
            store.append([_dated(later)])
        assert _answer(store, on) == before


copies = st.lists(
    st.tuples(st.integers(1, 40), st.lists(st.integers(1, 3), min_size=4, max_size=4)),
    min_size=1, max_size=4, unique_by=lambda copy: copy[0],
)  # fmt: skip


def _copy(taken: int, values: list[int]) -> Copy:
    """Four days as a download saw them some days after the last of them."""
    fetched = (FIRST + (4 + taken) * DAY).astype(datetime).replace(tzinfo=UTC)
    return Copy("DGS10", FIRST + np.arange(4) * DAY, np.array(values, dtype=float), fetched)


@settings(max_examples=12)
@given(copies=copies)
def test_each_day_shows_what_the_last_copy_until_then_showed(copies):
    """And before the first copy its values, each from its release on."""
    with tempfile.TemporaryDirectory() as home:
        store = open_store(home, shipped=False)
        for each in sorted(copies):
            store.append([_copy(*each)])
        for day, values in sorted(copies):
            assert store.known_on(_day(4 + day)).series("DGS10").values.tolist() == values
        first = sorted(copies)[0][1]
        assert store.known_on(_day(1)).series("DGS10").values.tolist() == first[:1]


@settings(max_examples=12)
@given(copies=copies, order=st.randoms(), again=st.booleans())
def test_each_day_shows_its_last_copy_in_whatever_order_copies_arrive(copies, order, again):
    """Equal copies store nothing, and still an older one that arrives after them hides nothing."""
    arriving = [*copies, *copies] if again else list(copies)
    order.shuffle(arriving)
    with tempfile.TemporaryDirectory() as home:
        store = open_store(home, shipped=False)
        for each in arriving:
            store.append([_copy(*each)])
        for day, values in copies:
            assert store.known_on(_day(4 + day)).series("DGS10").values.tolist() == values


parts = st.lists(
    st.tuples(st.integers(1, 40), st.dictionaries(st.integers(0, 5), st.integers(1, 3),
              min_size=1)), min_size=1, max_size=5, unique_by=lambda copy: copy[0],
)  # fmt: skip


@settings(max_examples=12)
@given(copies=parts, order=st.randoms())
def test_copies_of_parts_of_a_series_are_told_apart_too(copies, order):
    """Each observation shows what the last copy that held it showed, in any order of arrival."""
    arriving = list(copies)
    order.shuffle(arriving)
    with tempfile.TemporaryDirectory() as home:
        store = open_store(home, shipped=False)
        for taken, held in arriving:
            days = sorted(held)
            fetched = (FIRST + (6 + taken) * DAY).astype(datetime).replace(tzinfo=UTC)
            observed = FIRST + np.array(days) * DAY
            store.append(
                [Copy("DGS10", observed, np.array([float(held[d]) for d in days]), fetched)]
            )
        for until, _ in copies:
            last: dict[int, float] = {}
            for taken, held in sorted(copies, key=lambda copy: copy[0]):
                if taken <= until:
                    last |= held
            shown = _answer(store, 6 + until)
            assert {day: shown[day] for day in last} == last


@pytest.mark.parametrize("on", ["2021-07-01", "2023-03-31", "2024-12-31", "2026-02-06"])
def test_starter_figures_do_not_leak(on, tmp_path):
    known = open_store(tmp_path).known_on(on)
    table = known.table(list(starter()))
    assert set(table) == set(known.names())
    for observed in table.values():
        assert (observed.known_on <= np.datetime64(f"{on}T23:59:59.999999")).all()
        assert (observed.known_on >= observed.observed_on).all()


def test_adding_to_the_store_never_lets_starter_figures_leak(tmp_path):
    """A slow series is completed from starter figures, those known by then only."""
    store = open_store(tmp_path)
    quarter = np.array([np.datetime64("2021-12-31", "us")])
    store.append([Copy("capex:MSFT", quarter, np.array([5e9]), FETCHED, unit="USD")])
    known = store.known_on("2023-01-31").series("capex:MSFT")
    assert known.values[0] == 5.0
    assert known.observed_on[-1] == np.datetime64("2022-09-30")
    assert known.starter  # its latest figure is one
    assert (known.known_on <= np.datetime64("2023-01-31T23:59:59")).all()


def test_figures_stored_later_hide_no_starter_figure_that_was_known(tmp_path):
    store = open_store(tmp_path)
    before = store.known_on("2025-01-31").series("WALCL")
    assert before.starter
    week = np.array([np.datetime64("2026-02-04", "us")])
    taken = datetime(2026, 3, 1, tzinfo=UTC)
    store.append([Copy("WALCL", week, np.array([6600.0]), taken, unit="USD bn")])
    after = store.known_on("2025-01-31")
    assert after.series("WALCL").values.tolist() == before.values.tolist()
    assert "WALCL" in after.names()
    assert store.known_on("2026-03-31").series("WALCL").values.tolist() == [6600.0]


def test_facts_are_known_after_the_day_they_describe():
    for fact in facts():
        year = int(fact.as_of[:4])
        assert fact.known_on.year >= year
        if len(fact.as_of) == 10:
            assert fact.known_on >= datetime.fromisoformat(fact.as_of).date()


def test_an_hour_sees_less_than_its_day(tmp_path):
    store = open_store(tmp_path, shipped=False)
    close = np.array(["2026-02-05T13:00", "2026-02-05T14:00"], dtype="datetime64[us]")
    fetched = datetime(2026, 3, 1, tzinfo=UTC)
    store.append([Copy("perp-1h:BTCUSDT", close, np.array([70_000.0, 69_000.0]), fetched)])
    at = datetime(2026, 2, 5, 13, 30, tzinfo=UTC)
    assert store.known_on(at).series("perp-1h:BTCUSDT").values.tolist() == [70_000.0]
    assert len(store.known_on(at + timedelta(hours=1)).series("perp-1h:BTCUSDT")) == 2
    # a day's close is out by the day's end, not in its morning
    day = np.array(["2026-02-05"], dtype="datetime64[us]")
    store.append([Copy("price:SPY", day, np.array([680.0]), fetched)])
    assert store.known_on(at).find("price:SPY") is None
    assert len(store.known_on("2026-02-05").series("price:SPY")) == 1
