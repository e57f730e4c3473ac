"""The page is the same whoever draws it, and is drawn whoever fails."""

import sys

from tests.report.synthetic import about, make_run

from drypowder.report.artist import Artist
from drypowder.report.html import page
from drypowder.report.record import record_of
from drypowder.report.words import catalogue


def test_the_helper_draws_the_same_page_to_the_byte():
    record = record_of(make_run(), about())
    with Artist() as artist:
        artist.begin(record, catalogue())
        assert artist.page(record, catalogue()) == page(record, catalogue())


def test_without_a_helper_the_page_is_drawn_here(monkeypatch):
    record = record_of(make_run(), about())
    for command in ("/no/such/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", command)
        with Artist() as artist:
            artist.begin(record, catalogue())
            assert artist.page(record, catalogue()) == page(record, catalogue())
