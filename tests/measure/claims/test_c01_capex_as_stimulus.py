"""Claim 1: who pays for an extra dollar of capex, on worlds where we know it."""

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.measure.claims import c01_capex_as_stimulus as c01
from drypowder.measure.claims import judge
from drypowder.measure.claims.claim import TooFewError
from drypowder.measure.statistics import block_interval

QUARTERS = np.array([f"{y}-{m}" for y in range(2022, 2027) for m in
                     ("03-31", "06-30", "09-30", "12-31")], "datetime64[D]")[:18]  # fmt: skip


def world(share, *, noise=0.0, seed=0):
    """Four firms whose debt grows by `share` of their capex, and by nothing else but noise."""
    random = np.random.default_rng(seed)
    series = []
    for k, firm in enumerate(c01._FIRMS):
        capex = (5.0 + k) * np.exp(np.linspace(0.0, 1.5, 18) + random.normal(0, 0.08, 18))
        debt = 50.0 + np.cumsum(share * capex + 2.0 * k + noise * random.normal(0, 1, 18) * capex)
        series += [
            made_up(f"capex:{firm}", QUARTERS, capex),
            made_up(f"debt:{firm}", QUARTERS, debt),
        ]
    return FakeKnown.of(*series)


def test_debt_that_pays_half_of_every_extra_dollar_is_found_as_one_half():
    found = c01.measure(world(0.5))
    assert found.effect == pytest.approx(0.5, abs=1e-9)
    assert (found.low, found.high) == pytest.approx((0.5, 0.5), abs=1e-9)
    assert judge(c01.REGISTRATION, found).word == "holds"
    assert found.observations == 4 * 17  # the first quarter has no change before it


def test_capex_out_of_earnings_fails_the_claim():
    assert judge(c01.REGISTRATION, c01.measure(world(0.0, noise=0.05))).word == "fails"


def test_a_level_that_differs_between_firms_is_no_slope():
    capex = np.array([[1.0, 10.0], [2.0, 11.0], [3.0, 12.0]])
    money = np.array([[5.0, 0.0], [5.0, 0.0], [5.0, 0.0]])  # the smaller firm owes more, always
    assert c01.within_slope(capex, money) == 0.0


def test_a_missing_quarter_is_left_out_and_not_read_as_one_long_change():
    known = world(0.5)
    held = known.stored["debt:META"]
    kept = np.arange(18) != 9
    known.stored["debt:META"] = made_up("debt:META", QUARTERS[kept], held.values[kept])
    found = c01.measure(known)
    assert found.effect == pytest.approx(0.5, abs=1e-9)
    assert found.observations == 4 * 17 - 2


def test_before_enough_quarters_were_filed_nothing_is_said():
    known = world(0.5)
    known.as_of = known.as_of.replace(year=2024, month=1)
    with pytest.raises(TooFewError):
        c01.measure(known)


def test_size_and_power_with_rare_deals():
    """A quarter of the quarters has a deal; nominal size one-sided is 5 %, measured below 15 %."""
    hits = {}
    for share in (0.0, 0.75):
        found = []
        for seed in range(60):
            random = np.random.default_rng(seed)
            growth = np.exp(np.linspace(0, 1.0, 18))[:, None] * random.uniform(5, 12, 4)
            capex = growth * np.exp(random.normal(0, 0.15, (18, 4)))
            deals = (random.random((18, 4)) < 0.5) / 0.5
            debt = share * capex * deals + random.normal(0, 2.0, (18, 4))
            made = block_interval(
                c01.within_slope, capex, debt, block=c01._BLOCK_QUARTERS, draws=99
            )
            found.append(made.low > 0.0)
        hits[share] = np.mean(found)
    assert hits[0.0] <= 0.15
    assert hits[0.75] >= 0.5
    assert hits[0.75] > hits[0.0] + 0.4
