"""Claim 1: who pays for an extra dollar of capex, on worlds where we know it."""

import re

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.measure.claims import c01_capex_as_stimulus as c01
from drypowder.measure.claims import judge
from drypowder.measure.claims.claim import TooFewError
from drypowder.measure.statistics import block_interval
from drypowder.measure.statistics.panel import panel_slope
from drypowder.report.words import catalogue

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


def test_the_panel_slope_is_the_slope_within_firms_whatever_their_levels():
    random = np.random.default_rng(4)
    capex, debt = random.normal(0, 1, (2, 17, 4))
    capex[:11, 1] = np.nan
    found = panel_slope(capex, debt + np.array([0.0, 5.0, -3.0, 100.0]), draws=99)
    assert found.effect == pytest.approx(c01.within_slope(capex, debt))
    assert found.observations == 17 * 4 - 11
    assert found.low < found.effect < found.high


def test_a_shock_that_all_firms_share_widens_the_interval_of_the_panel():
    """Four firms with one shock are one firm: errors about twice those of four of their own."""
    widths = {}
    for shared in (False, True):
        found = []
        for seed in range(20):
            random = np.random.default_rng(seed)
            capex = np.linspace(0.0, 1.0, 17)[:, None] + random.normal(0, 0.1, (17, 4))
            noise = random.normal(0, 1, (17, 1 if shared else 4))
            found.append(panel_slope(capex, capex + noise, draws=99))
        widths[shared] = np.median([each.high - each.low for each in found])
    assert 1.5 < widths[True] / widths[False] < 2.7


def made_up_panel(seed, *, memory=0.0, shared=0.0, grows=False, deals=False):
    """Quarters of four firms, one half of each dollar of capex from debt, and noise."""
    random = np.random.default_rng([8, seed])
    trend = np.exp(np.linspace(0.0, 1.5, 17))[:, None] * random.uniform(5, 12, 4)
    capex = trend * np.exp(random.normal(0, 0.1, (17, 4)))
    own, common = random.normal(0, 1, (17, 4)), random.normal(0, 1, (17, 1))
    noise = np.sqrt(1.0 - shared) * own + np.sqrt(shared) * common
    for quarter in range(1, 17):
        noise[quarter] += memory * noise[quarter - 1]
    if deals:  # one firm quarter in seven has one
        noise = np.where(random.random((17, 4)) < 0.15, np.abs(random.normal(0, 3, (17, 4))), 0.0)
    return capex, 0.5 * capex + (0.3 * capex if grows else 3.0) * noise


PANELS = (
    {}, {"memory": 0.3, "shared": 0.5}, {"memory": 0.3, "shared": 0.5, "grows": True},
    {"memory": 0.6, "shared": 0.5, "grows": True}, {"grows": True, "deals": True},
)  # fmt: skip
_DEALS_SLOPE = 0.3 * 0.15 * 3.0 * np.sqrt(2.0 / np.pi)  # deals grow with capex: part of the slope


def covered(worlds, draws, **panel):
    """Share of worlds in which each interval holds the truth: stretches drawn, and the panel's."""
    found = []
    for seed in range(worlds):
        capex, debt = made_up_panel(seed, **panel)
        truth = 0.5 + (_DEALS_SLOPE if panel.get("deals") else 0.0)
        pair = (
            block_interval(c01.within_slope, capex, debt, block=c01._BLOCK_QUARTERS, draws=draws,
                           seed=seed),
            panel_slope(capex, debt, draws=draws, seed=seed),
        )  # fmt: skip
        found.append([each.low <= truth <= each.high for each in pair])
    return np.mean(found, axis=0)


def test_the_interval_of_the_panel_covers_more_often_than_stretches_drawn():
    stretches, panel = covered(80, 99, memory=0.6, shared=0.5, grows=True)
    assert panel > stretches + 0.1
    assert panel > 0.7


@pytest.mark.slow
def test_what_the_caveat_says_of_both_intervals_is_what_made_up_panels_show():
    said = catalogue().section("claims")["claims.1.caveats.few_stretches"]
    numbers = [int(each) for each in re.findall(r"\d+", said)]
    low, high, out_of, promised, panel_low, panel_high = numbers
    assert (out_of, promised) == (100, 100 * (1.0 - c01.REGISTRATION.level))
    found = 100 * np.array([covered(400, 299, **each) for each in PANELS])
    expected = [low, panel_low, high, panel_high]
    assert [*found.min(axis=0), *found.max(axis=0)] == pytest.approx(expected, abs=4.0)


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
