"""A feed shows part of what happened, and which part can be worked out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.venues.cascade.observation import KEEPS, reported_events, reported_share


def _feed(time_s, usd, market=None, **options):
    symbols = np.zeros(len(time_s), dtype=int) if market is None else np.asarray(market)
    options = {"per_second": 1} | options
    return reported_events(time_s=time_s, market=symbols, usd=usd, **options)


@pytest.mark.parametrize(
    ("rate", "share"),
    # (1 - e^-1)/1; (1 - e^-10)/10; (1 - e^-100)/100: 63 %, 10 %, 1 %
    [(1.0, 0.6321205588285577), (10.0, 0.09999546000702375), (100.0, 0.01), (0.0, 1.0)],
)
def test_the_reported_share_has_a_closed_form(rate, share):
    assert reported_share(rate) == pytest.approx(share, rel=1e-12)


def test_two_reports_a_second_show_what_poisson_says():
    # E[min(n, 2)] for lambda = 1: p1 + 2 (1 - p0 - p1) = 2 - 3/e = 0.896362
    assert reported_share(1.0, per_second=2) == pytest.approx(2.0 - 3.0 / np.e, rel=1e-12)
    assert reported_share(7.0, per_second=None) == 1.0


@pytest.mark.parametrize("rate", [0.2, 1.0, 10.0, 100.0])
@pytest.mark.parametrize("per_second", [1, 3])
def test_random_arrivals_are_reported_as_the_closed_form_says(rate, per_second):
    generator = np.random.default_rng(11)
    seconds = 20_000
    number = generator.poisson(rate * seconds)
    time_s = generator.uniform(0.0, seconds, number)
    usd = generator.pareto(3.0, number) + 1.0
    for keep in ("last", "first"):
        seen = _feed(time_s, usd, per_second=per_second, keep=keep)
        expected = reported_share(rate, per_second)
        # sd of the count of reports is at most sqrt(seconds k); four of them, and of sizes
        noise = 4.0 * np.sqrt(seconds * per_second) / number
        assert len(seen.index) / number == pytest.approx(expected, abs=noise)
        assert seen.share == pytest.approx(expected, abs=2.0 * noise)


def test_the_largest_of_each_second_shows_more_usd_than_any_one_of_it():
    generator = np.random.default_rng(5)
    time_s, usd = generator.uniform(0.0, 500.0, 5_000), generator.pareto(1.5, 5_000) + 1.0
    shares = {keep: _feed(time_s, usd, keep=keep).share for keep in KEEPS}
    assert shares["largest"] > 2.0 * max(shares["last"], shares["first"])


def test_each_second_of_each_symbol_is_a_window_of_its_own():
    time_s = [0.1, 0.9, 0.99, 1.0, 1.5, 0.5]
    usd = [10.0, 30.0, 20.0, 5.0, 4.0, 7.0]
    market = [0, 0, 0, 0, 0, 1]
    for keep, index in {"last": [5, 2, 4], "first": [0, 5, 3], "largest": [5, 1, 3]}.items():
        seen = _feed(time_s, usd, market, keep=keep)
        assert seen.index.tolist() == index, keep
        assert seen.usd.tolist() == [usd[k] for k in index]
        assert seen.market.tolist() == [market[k] for k in index]
    assert seen.true_usd == 76.0


def test_of_two_at_one_instant_the_one_given_later_is_the_later():
    assert _feed([2.0, 2.0], [1.0, 9.0], keep="last").index.tolist() == [1]
    assert _feed([2.0, 2.0], [1.0, 9.0], keep="first").index.tolist() == [0]
    assert _feed([2.0, 2.0], [4.0, 4.0], keep="largest").index.tolist() == [1]


def test_a_feed_without_a_limit_shows_everything_in_the_order_of_time():
    seen = _feed([3.0, 1.0, 2.0], [1.0, 2.0, 3.0], per_second=None)
    assert seen.index.tolist() == [1, 2, 0]
    assert seen.share == 1.0


def test_aggregators_may_count_both_legs_of_an_auto_deleveraging():
    time_s, usd, is_adl = [0.0, 0.1, 0.2], [10.0, 5.0, 3.0], [False, True, True]
    expected = {"left_out": 10.0, "once": 18.0, "both_legs": 26.0}
    for adl, total in expected.items():
        assert _feed(time_s, usd, is_adl=is_adl, adl=adl).usd.sum() == total
    assert _feed(time_s, usd, is_adl=is_adl, adl="both_legs").share == 26.0 / 18.0


def test_a_quiet_market_reports_nothing_and_misses_nothing():
    seen = _feed([], [])
    assert len(seen.index) == 0 and seen.share == 1.0


@given(
    events=st.lists(
        st.tuples(st.floats(0.0, 20.0), st.integers(0, 3), st.floats(0.01, 1e6)), max_size=60
    ),
    per_second=st.integers(1, 4),
    keep=st.sampled_from(KEEPS),
)
def test_reports_are_some_of_the_events_and_never_more_than_allowed(events, per_second, keep):
    time_s, market, usd = (np.array([e[k] for e in events]) for k in range(3))
    seen = _feed(time_s, usd, market.astype(int), per_second=per_second, keep=keep)
    assert len(set(seen.index.tolist())) == len(seen.index)
    windows = list(zip(market.astype(int), np.floor(time_s).astype(int), strict=True))
    for window in set(windows):
        members = [k for k, one in enumerate(windows) if one == window]
        shown = sum(k in members for k in seen.index.tolist())
        assert shown == min(len(members), per_second)
    assert 0.0 <= seen.share <= 1.0 + 1e-12


@pytest.mark.parametrize(
    "options",
    [
        {"keep": "newest"},
        {"adl": "twice"},
        {"per_second": 0},
        {"usd": [1.0, -1.0]},
        {"usd": [1.0, np.nan]},
        {"usd": [1.0]},
        {"time_s": [0.0, np.inf]},
    ],
)
def test_what_cannot_be_observed_is_refused(options):
    given = {"time_s": [0.0, 1.0], "market": [0, 0], "usd": [1.0, 1.0], "per_second": 1} | options
    with pytest.raises(UsageError, match="DP-145"):
        reported_events(**given)


def test_a_rate_below_zero_is_refused():
    with pytest.raises(UsageError, match="DP-145"):
        reported_share(-1.0)
