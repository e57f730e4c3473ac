"""Claims 2, 3 and 14 on worlds in which they are true, and in which they are false."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.measure.claims import ask
from drypowder.report.words import catalogue

WORDS = catalogue().section("claims")
DAYS = np.arange("2021-07-29", "2026-08-21", dtype="datetime64[D]")
WEDNESDAYS = DAYS[DAYS.astype("datetime64[W]") != (DAYS + 1).astype("datetime64[W]")]


def money(price, *, seed=5, monthly=False):
    """Five years of draining; `price` of (idle money, reserves) in bp is what overnight costs."""
    noise = np.random.default_rng(seed)
    gone = np.linspace(0.0, 1.0, len(DAYS))
    rrp = np.maximum(2400.0 * (1.0 - gone / 0.8), 1.0)
    reserves = 3400.0 - np.maximum(gone - 0.8, 0.0) * 3000.0
    spread = price(rrp, reserves) + 2.0 * noise.standard_normal(len(DAYS))
    kept = np.ones(len(DAYS), bool)
    weekly = np.isin(DAYS, WEDNESDAYS)
    if monthly:
        kept = DAYS.astype("datetime64[M]") != (DAYS + 1).astype("datetime64[M]")
        weekly = kept
    return FakeKnown.of(
        made_up("SOFR", DAYS[kept], 5.0 + spread[kept] / 100.0, starter=monthly),
        made_up("IORB", DAYS[kept], np.full(kept.sum(), 5.0), starter=monthly),
        made_up("RRPONTSYD", DAYS[kept], rrp[kept], starter=monthly),
        made_up("WRESBAL", DAYS[weekly], reserves[weekly], starter=monthly),
    )


def scarce(rrp, reserves):
    """Nothing while idle money lasts, then 5 bp for each 100 billion."""
    return 5.0 * np.maximum(3400.0 - (rrp + reserves), 0.0) / 100.0


def straight(rrp, reserves):
    return -1.0 * (rrp + reserves) / 100.0


def always(rrp, reserves):
    return np.zeros_like(rrp)


def test_the_weeks_of_the_store_end_on_wednesdays():
    assert {str(day) for day in WEDNESDAYS[:2]} == {"2021-08-04", "2021-08-11"}


@pytest.mark.parametrize("monthly", [False, True])
def test_scarce_money_costs_and_its_price_bends(monthly):
    known = money(scarce, monthly=monthly)
    first, bend = (ask(known, number, WORDS) for number in (2, 3))
    assert first.word in ("holds", "leans_for") and bend.word in ("holds", "leans_for")
    assert bend.finding.effect == pytest.approx(5.0, abs=0.8)
    assert first.starter == bend.starter == monthly
    assert ("monthly" in first.finding.caveats) == monthly
    knee = {part.key: part.value for part in bend.finding.parts}["knee"]
    assert knee == pytest.approx(3400.0, abs=80.0)


def test_money_that_always_costs_the_same_refutes_both():
    known = money(always)
    assert ask(known, 2, WORDS).word == "fails"
    assert ask(known, 3, WORDS).word in ("fails", "cannot_say", "leans_against")


def test_a_straight_line_is_not_taken_for_a_bend():
    found = ask(money(straight), 3, WORDS)
    assert found.word not in ("holds", "leans_for")
    assert found.finding.p_value > 0.05


def test_idle_money_that_never_went_says_nothing():
    known = money(scarce)
    known.stored["RRPONTSYD"].values[:] = 2000.0
    assert ask(known, 2, WORDS).word == "cannot_say"


def test_the_day_on_which_idle_money_was_gone_is_told():
    found = ask(money(scarce), 2, WORDS)
    parts = {part.key: part.value for part in found.finding.parts}
    # 2400 (1 - g / 0.8) < 100 from g = 0.767 of 1848 days on, 2025-06-15: 236 days before
    assert parts["exhausted_before_essay"] == pytest.approx(236, abs=7)


@pytest.mark.parametrize(("together", "expected"), [(0.6, "holds"), (-0.6, "fails")])
def test_yields_and_spreads_are_judged_by_their_sign(together, expected):
    from tests.measure.claims.test_asking import two_rates

    found = ask(two_rates(together=together), 14, WORDS)
    assert found.word == expected
    assert found.finding.low < together < found.finding.high
