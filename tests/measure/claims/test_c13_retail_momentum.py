"""Claim 13: break-outs by hand, and a slope on scarcity where there is one."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.fakes import made_up
from tests.measure.rank.worlds import field

from drypowder.errors import DataMissingError
from drypowder.measure.claims import c13_retail_momentum as c13
from drypowder.measure.claims.claim import HOLDS, LEANS_FOR, judge
from drypowder.measure.numbers import table

DAYS = np.datetime64("2024-01-01") + np.arange(40)


def test_a_break_out_fails_when_its_level_is_lost():
    closes = np.full(40, 10.0)
    closes[10:13] = 12.0, 13.0, 11.0  # out on day 10 above 10; day 11 is the same break-out
    closes[13:] = 9.0
    found = c13.breakouts(DAYS, closes, past=5, quiet=4, hold=6)
    assert found.on.tolist() == [DAYS[10].item()] and found.failed.tolist() == [1.0]
    closes[16] = 10.0
    found = c13.breakouts(DAYS, closes, past=5, quiet=4, hold=6)
    assert found.failed.tolist()[0] == 0.0  # back at its level is not below it


def test_a_break_out_is_judged_only_when_its_month_is_over():
    closes = np.full(40, 10.0)
    closes[35:] = 12.0
    assert not len(c13.breakouts(DAYS, closes, past=5, quiet=4, hold=6).on)
    assert not len(c13.breakouts(DAYS[:8], closes[:8], past=5, quiet=4, hold=6).on)


def test_walks_without_drift_fail_less_than_half_the_time():
    assert 0.35 < c13._walk_rate() < 0.5


def _known(seed, *, effect):
    """Daily walks that fall after a break-out when the quarter before was scarce."""
    known = field(seed, only=0, weeks=330)
    weeks, scarcity = c13._scarcer(known)
    generator = np.random.default_rng(seed)
    days = np.arange(np.datetime64("2020-06-01"), np.datetime64("2026-08-20"))
    days = days[np.is_busday(days)]
    place = np.clip(np.searchsorted(weeks, days) - 1, 0, len(weeks) - 1)
    for name, share in (("speculative", effect), ("steady", 0.0)):
        for ticker in table("claims", "retail")[name]["tickers"]:
            steps = 0.01 * generator.standard_normal(len(days)) - share * 0.003 * scarcity[place]
            known.stored[f"price:{ticker}"] = made_up(
                f"price:{ticker}", days, np.exp(np.cumsum(steps))
            )
    return known


def test_a_slope_on_scarcity_is_found_in_the_speculative_basket_alone():
    found = c13.measure(_known(1, effect=1.0))
    parts = {part.key: part for part in found.parts}
    assert judge(c13.REGISTRATION, found).word in (HOLDS, LEANS_FOR)
    assert parts["slope_speculative"].value > 10.0 and abs(parts["slope_steady"].value) < 8.0


def test_without_a_slope_nothing_is_claimed():
    words = [judge(c13.REGISTRATION, c13.measure(_known(s, effect=0.0))).word for s in range(6)]
    assert HOLDS not in words and words.count(LEANS_FOR) <= 1


def test_a_missing_series_is_named():
    known = field(1, only=0)
    with pytest.raises(DataMissingError, match="price:ARKK"):
        c13.measure(known)
