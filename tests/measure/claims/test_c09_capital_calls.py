"""Claim 9: a short list of cases and what may be read off it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.fakes import FakeKnown

from drypowder.measure.claims import c09_capital_calls as c09
from drypowder.measure.claims import judge
from drypowder.measure.claims.claim import TooFewError


def test_fewer_than_ten_cases_settle_nothing_however_they_ended():
    found = c09.measure(FakeKnown())
    assert found.observations == 6
    assert found.effect == pytest.approx(5 / 6 - 0.5)
    assert judge(c09.REGISTRATION, found).word == "cannot_say"


def test_exact_interval_against_a_printed_table():
    """Clopper-Pearson, 5 of 6 at 90 %: 0.4182 to 0.9915 (beta quantiles by hand)."""
    assert c09.exact_share(5, 6) == pytest.approx((0.4182, 0.9915), abs=5e-4)
    assert c09.exact_share(0, 6)[0] == 0.0 and c09.exact_share(6, 6)[1] == 1.0


@given(st.integers(0, 30), st.integers(1, 30))
def test_exact_interval_covers_at_least_as_often_as_it_says(hits, more):
    from scipy.stats import binom

    count = hits + more
    low, high = c09.exact_share(hits, count)
    assert hits == 0 or binom.sf(hits - 1, count, low) <= 0.05 + 1e-9
    assert binom.cdf(hits, count, high) <= 0.05 + 1e-9


def test_power_ten_of_ten_would_hold_and_five_of_ten_say_nothing():
    assert c09.exact_share(10, 10)[0] - 0.5 > c09.REGISTRATION.smallest_effect
    low, high = c09.exact_share(5, 10)
    assert low - 0.5 < 0.0 < c09.REGISTRATION.smallest_effect < high - 0.5


def test_no_case_is_known_before_its_report():
    on = lambda *day: FakeKnown(as_of=datetime(*day, tzinfo=UTC))  # noqa: E731
    assert c09.measure(on(2025, 12, 31)).observations == 3
    with pytest.raises(TooFewError):
        c09.measure(on(2025, 1, 1))
