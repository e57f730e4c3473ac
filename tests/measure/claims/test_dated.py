"""A single figure is known once the publication that it was read in was out, and no day earlier."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.data import facts
from drypowder.measure.claims import c06_fed_holds_the_duration as c06
from drypowder.measure.claims._dated import dated
from drypowder.measure.claims.claim import TooFewError
from drypowder.measure.numbers import table

ROWS = table("claims", "dated")
CASES = {row["key"]: row for row in table("claims", "cases")["case"]}
EVERY = {**ROWS, **CASES}
SHIPPED = {fact.id: fact for fact in facts()}
DAY = re.compile(r"\b(\d{1,2}) ([A-Z][a-z]+) (\d{4})\b")


def days(text):
    """Days that a text names in words."""
    return [datetime.strptime(" ".join(found), "%d %B %Y").date() for found in DAY.findall(text)]


def earliest(address):
    """The first day on which the publication at an address can have been out."""
    if release := re.search(r"z1/(\d{4})(\d\d)(\d\d)/", address):
        return date(*map(int, release.groups()))
    if "z1/current" in address.lower():
        return date(2026, 3, 31)  # the same pages hold the first quarter of 2026
    if filing := re.search(r"/\d{10}-(\d\d)-\d{6}/", address):
        return date(2000 + int(filing[1]), 1, 1)
    if filing := re.search(r"/\d{10}(\d\d)\d{6}/", address):
        return date(2000 + int(filing[1]), 1, 1)
    raise AssertionError(f"no date can be read from {address}")


@pytest.mark.parametrize("key", EVERY)
def test_nothing_is_known_before_it_happened_or_before_a_day_that_its_source_names(key):
    row = EVERY[key]
    assert row["known_on"] >= row["as_of"]
    assert all(row["known_on"] >= day for day in days(row["source"]))


@pytest.mark.parametrize("key", [key for key, row in ROWS.items() if "press" not in row["source"]])
def test_an_official_figure_names_the_day_of_its_release_and_is_known_from_it(key):
    assert days(ROWS[key]["source"]) == [ROWS[key]["known_on"]]


@pytest.mark.parametrize("key", [key for key, row in ROWS.items() if "fact" in row])
def test_a_shipped_figure_is_known_no_earlier_than_the_publication_at_its_address(key):
    assert ROWS[key]["known_on"] >= earliest(SHIPPED[ROWS[key]["fact"]].source)


def test_an_annual_report_of_2025_tells_of_2024_in_february_2026():
    for day, there in ((date(2026, 2, 4), False), (date(2026, 2, 5), True)):
        known = FakeKnown(as_of=datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC))
        assert (dated(known, "alphabet_governments_2024") is not None) is there


def test_before_the_release_that_was_read_claim_6_has_no_periods():
    known = FakeKnown.of(
        made_up("TREAST", ["2022-12-28", "2023-12-27", "2024-12-25"], [5.0, 4.0, 3.0]),
        as_of=datetime(2025, 6, 1, tzinfo=UTC),
    )
    with pytest.raises(TooFewError):
        c06.measure(known)
