"""Numbers as a person writes them."""

from __future__ import annotations

import pytest

from drypowder.report.numbers import basis_points, cell, count, dollars, percent, plain, rate
from drypowder.report.words import catalogue

WORDS = catalogue()


@pytest.mark.parametrize(
    ("usd_bn", "said"),
    [
        (2.6, "2.6 billion USD"),
        (1240.0, "1.24 trillion USD"),
        (0.34, "340 million USD"),
        (-15.0, "−15 billion USD"),
        (999.96, "1 trillion USD"),
        (0.9999, "1 billion USD"),
        (0.0, "0 USD"),
        (float("nan"), "–"),
    ],
)
def test_dollars_are_written_in_words_of_magnitude(usd_bn, said):
    assert dollars(usd_bn, WORDS) == said


def test_changes_carry_their_sign_and_small_ones_keep_their_figures():
    assert basis_points(3.2, WORDS) == "+3.2 bp"
    assert basis_points(-0.043, WORDS) == "−0.04 bp"
    assert basis_points(123.4, WORDS) == "+123 bp"
    assert percent(-0.0412, WORDS) == "−4.1 %"
    assert dollars(0.2, WORDS, signed=True) == "+200 million USD"


def test_zero_has_no_sign():
    assert basis_points(0.0, WORDS) == "0.00 bp"
    assert basis_points(-0.001, WORDS) == "0.00 bp"
    assert plain(0.0, WORDS, signed=True) == "0"


def test_yields_are_told_to_the_basis_point():
    assert rate(0.0417, WORDS) == "4.17 %"


def test_thousands_are_separated_and_cells_follow_their_kind():
    assert count(1024, WORDS) == "1,024"
    assert cell(1234.6, "usd_bn", WORDS) == "1,235"
    assert cell(0.0412, "rate", WORDS) == "4.12"
    assert cell(None, "date", WORDS) == "–"
    assert cell("2026-11-23T13:21:45.123456+00:00", "moment", WORDS) == "2026-11-23 13:21"
    assert cell("2026-02-06", "mixed", WORDS) == "2026-02-06"
