"""Leverage can be read off true liquidation prices, age only where prices have moved."""

from __future__ import annotations

import numpy as np
import pytest
from tests.venues.paths import FLAT_RATE, still, walk

from drypowder.errors import UsageError
from drypowder.venues.crowd.leverage_fit import fit_leverage
from drypowder.venues.crowd.sampling import Crowd, sample_population
from drypowder.venues.crowd.vintages import Leverage, PricePath
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.formulas.margin import liquidation_price

TRUTH = Leverage(2.4, 0.8, 8.0)


def _map(path, *, law=TRUTH, accounts=8_000, exponent=60.0, seed=0) -> dict:
    """A published map: distance, USD and side of every position."""
    crowd = sample_population(
        open_interest_usd=[1e9],
        path=path,
        leverage=law,
        brackets=[Brackets.flat(FLAT_RATE)],
        crowd=Crowd(accounts, exponent),
        generator=np.random.default_rng(seed),
    )
    side = np.sign(crowd.size)
    level = liquidation_price(
        side=side,
        size=np.abs(crowd.size),
        entry_price=crowd.entry,
        margin=crowd.money,
        brackets=Brackets.flat(FLAT_RATE),
    )
    return {
        "distance": side * np.log(path.price_now[0] / level),
        "notional_usd": crowd.notional(path.price_now),
        "side": side,
    }


def _fit(path, **options):
    seen = options.pop("seen", None) or _map(path)
    return fit_leverage(**seen, path=path, maintenance_rate=FLAT_RATE, **options)


@pytest.mark.parametrize("unpriced_shown", [False, True])
@pytest.mark.parametrize("seed", [21, 22])
def test_known_leverage_and_age_are_found_again(seed, unpriced_shown):
    path = walk(seed=seed)
    got = _fit(path, unpriced_shown=unpriced_shown)
    found = np.array([got.leverage.median, got.leverage.log_sd, got.leverage.mean_age_days])
    assert np.all(np.abs(found - [2.4, 0.8, 8.0]) < 3.0 * got.standard_error)
    assert np.all(got.standard_error < [0.1, 0.05, 2.5])
    assert got.not_identified == ()
    assert np.nansum(got.seen, axis=1) == pytest.approx(1.0)
    assert got.fitted == pytest.approx(got.seen, abs=0.01, nan_ok=True)


def test_age_is_not_found_where_prices_never_moved():
    got = _fit(still())
    assert got.not_identified == ("mean_age_days",)
    assert got.standard_error[2] == np.inf
    assert got.ridge.allowed.all()  # every age does as well
    assert got.leverage.median == pytest.approx(2.4, rel=0.03)
    assert got.leverage.log_sd == pytest.approx(0.8, rel=0.03)


def test_a_quiet_month_and_a_small_map_leave_age_open_and_say_so():
    wild = walk(seed=21)
    now = wild.log_close[-1]
    bars = (wild.log_close, wild.log_low, wild.log_high)
    quiet = PricePath(wild.days_ago, *(now + 0.2 * (bar - now) for bar in bars))
    got = _fit(quiet, seen=_map(quiet, accounts=400))
    assert "mean_age_days" in got.not_identified
    assert "log_sd" not in got.not_identified


def test_age_and_leverage_trade_off_along_the_ridge():
    # prices have risen from 50 to 100: old longs stand far away although leverage was high
    path = walk(seed=21)
    rise = np.linspace(-0.7, 0.0, len(path.days_ago))[:, None]
    bars = (path.log_close, path.log_low, path.log_high)
    risen = PricePath(path.days_ago, *(bar + rise for bar in bars))
    ridge = _fit(risen).ridge
    assert ridge.median[-1] > 1.1 * ridge.median[0]
    best = int(np.argmin(ridge.loss))
    assert ridge.mean_age_days[best] == pytest.approx(8.0, rel=0.3)
    assert ridge.loss[0] > 10.0 and ridge.loss[-1] > 10.0


def test_a_few_whales_are_few_witnesses():
    path = walk(seed=21)
    even, uneven = _fit(path), _fit(path, seen=_map(path, exponent=1.3))
    assert uneven.effective_positions < 0.2 * even.effective_positions
    assert np.all(uneven.standard_error > 1.5 * even.standard_error)


def test_a_map_in_buckets_never_claims_more_than_its_positions_do():
    path = walk(seed=21)
    each = _map(path, accounts=20_000)
    priced = ~np.isnan(each["distance"])
    furthest = np.nanmax(each["distance"]) + 1e-9
    edges = np.append(np.linspace(0.0, 1.5, 601), np.geomspace(1.5, furthest, 40)[1:])
    parts = []
    for side in (1, -1):
        mine = priced & (each["side"] == side)
        usd, _ = np.histogram(each["distance"][mine], edges, weights=each["notional_usd"][mine])
        middle = 0.5 * (edges[1:] + edges[:-1])
        parts.append((middle[usd > 0], usd[usd > 0], np.full((usd > 0).sum(), side)))
    names = ("distance", "notional_usd", "side")
    buckets = dict(
        zip(names, (np.concatenate(column) for column in zip(*parts, strict=True)), strict=True)
    )
    coarse, fine = _fit(path, seen=buckets), _fit(path, seen=each)
    assert np.all(coarse.standard_error > fine.standard_error)
    assert coarse.leverage.median == pytest.approx(fine.leverage.median, rel=0.05)


@pytest.mark.parametrize(
    "changed",
    [
        {"notional_usd": np.zeros(200)},
        {"distance": np.full(200, -0.1)},
        {"side": np.zeros(200)},
        {"distance": np.full(100, 0.1)},
        {"distance": np.full(200, np.nan)},
    ],
)
def test_what_is_no_map_is_refused(changed):
    path = walk(seed=21)
    good = {"distance": np.full(200, 0.1), "notional_usd": np.ones(200), "side": np.ones(200)}
    with pytest.raises(UsageError, match="DP-144"):
        _fit(path, seen=good | changed)
