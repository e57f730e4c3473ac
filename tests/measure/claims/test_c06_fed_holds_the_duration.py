"""Claim 6: the share that the Fed took, from sums worked by hand."""

from datetime import UTC, datetime

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.measure.claims import c06_fed_holds_the_duration as c06
from drypowder.measure.claims import judge
from drypowder.measure.claims.claim import TooFewError

DAYS = ["2022-12-28", "2023-12-27", "2024-12-25", "2025-12-31", "2026-03-25"]


def world(held, as_of=datetime(2026, 11, 23, tzinfo=UTC)):
    return FakeKnown.of(made_up("TREAST", DAYS, held), as_of=as_of)


def test_shares_by_hand():
    # issued 2381.6, 1912.9, 1930.2, 531.5 = 6756.2; bought -100, +100, 0, +500 = 500
    found = c06.measure(world([5000.0, 4900.0, 5000.0, 5000.0, 5500.0]))
    assert found.effect == pytest.approx(500.0 / 6756.2)
    shares = [each.value for each in found.parts if each.key.startswith("share_")]
    assert shares == pytest.approx([-100 / 2381.6, 100 / 1912.9, 0.0, 500 / 531.5])


def test_a_fed_that_takes_half_of_everything_holds_the_claim_and_one_that_sells_fails_it():
    issued = np.array([2381.6, 1912.9, 1930.2, 531.5])
    half = np.concatenate([[5000.0], 5000.0 + np.cumsum(0.5 * issued)])
    assert judge(c06.REGISTRATION, c06.measure(world(half))).word == "holds"
    sold = np.concatenate([[5000.0], 5000.0 - np.cumsum(0.1 * issued)])
    assert judge(c06.REGISTRATION, c06.measure(world(sold))).word == "fails"


def test_what_was_not_printed_yet_is_not_counted():
    """By May 2026 the first quarter's flow was not out: three periods, too few."""
    with pytest.raises(TooFewError):
        c06.measure(world([5000.0] * 5, datetime(2026, 5, 1, tzinfo=UTC)))


def test_size_and_power_of_a_ratio_over_four_periods():
    random = np.random.default_rng(1)
    issued = np.array([2381.6, 1912.9, 1930.2, 531.5])
    for share, least, most in ((0.0, 0.0, 0.15), (0.6, 0.75, 1.0)):
        seen = [
            c06.ratio_interval(share * issued + random.normal(0, 200, 4), issued)[1] > 0.0
            for _ in range(400)
        ]
        assert least <= np.mean(seen) <= most
