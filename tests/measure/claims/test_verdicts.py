"""The verdicts that the docs print are those of the development data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drypowder.measure.claims import answers, numbers
from drypowder.report.words import catalogue

PAGE = Path(__file__).resolve().parents[3] / "docs" / "claims.md"
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| \*\*([A-Z ]+)\*\* \| ([^|]+) \|", re.M)


@pytest.mark.real_data
def test_the_docs_print_the_verdicts_of_the_data(imported_store):
    words = catalogue()
    printed = {int(row[1]): (row[2], row[3].strip()) for row in ROW.finditer(PAGE.read_text())}
    assert tuple(printed) == numbers()
    known = imported_store.known_on("2026-11-23")
    for found in answers(known, numbers(), words.section("claims")):
        said = words.say(f"claims.words.{found.word}")
        assert printed[found.number][0] == said, found.number


@pytest.mark.real_data
def test_an_early_day_knows_nothing_later(imported_store):
    known = imported_store.known_on("2026-06-30")
    for found in answers(known, (2, 3, 14), catalogue().section("claims")):
        assert str(found.known_on) <= "2026-06-30"
        assert str(found.finding.last) <= "2026-06-30"
