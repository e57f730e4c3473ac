"""The contest: finds who is hurt, accuses nobody else, and cannot see tomorrow."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.measure.rank.worlds import field

from drypowder.errors import DataMissingError
from drypowder.measure.rank import contest, universe
from drypowder.measure.rank.contest import raw_betas, scarcity_betas
from drypowder.measure.rank.panel import panel
from drypowder.measure.rank.scarcity import NEEDS, REAL_YIELD, RISK_BEARING
from drypowder.measure.rank.survival import survival

LEVEL = 0.10


def test_who_is_hurt_by_scarcity_is_found_and_stands_last():
    found = contest(field(hurt={"BTC": 1.0, "ETH": 0.8}))
    last = [each.asset.ticker for each in found.places[-2:]]
    assert set(last) == {"BTC", "ETH"}
    bitcoin = next(each for each in found.places if each.asset.ticker == "BTC")
    assert bitcoin.beta == pytest.approx(1.0, abs=0.35)
    assert bitcoin.low < 1.0 < bitcoin.high and bitcoin.discovery < LEVEL
    assert found.discoveries in (2, 3)
    assert bitcoin.survives < bitcoin.survives_any  # scarcity is what takes it out


def test_in_a_world_without_scarcity_betas_nobody_is_accused():
    accused = [
        (scarcity_betas(panel(field(seed, only=40))).discovery < LEVEL).any() for seed in range(12)
    ]
    assert np.mean(accused) <= 0.25


def test_a_high_market_beta_is_no_scarcity_beta():
    """Scarcity that comes with falling markets: without controls everybody with beta looks hurt."""
    known = field(3, market_beta={"BTC": 3.0})
    prices = known.stored["price:SPY"]
    market = np.diff(np.log(prices.values), prepend=np.log(prices.values[0]))
    level = known.stored["SOFR"].values
    known.stored["SOFR"].values[:] = level - 1.0 * np.cumsum(market)  # spreads jump as shares fall
    data = panel(known)
    place = [asset.ticker for asset in data.assets].index("BTC")
    raw, clean = raw_betas(data), scarcity_betas(data)
    assert raw.value[place] > 1.0 and raw.discovery[place] < LEVEL
    assert clean.low[place] < 0.0 < clean.high[place]


def test_the_real_yield_in_the_mean_makes_no_difference_beside_rates():
    """Frisch and Waugh: with the real yield held still its part of the mean drops out."""
    from drypowder.measure.rank.scarcity import beyond, controls, innovation, standard

    data = panel(field(4, only=12))
    beside = controls(data.found, "scarcity", data.rows, data.momentum)
    parts = (data.found.repo_spread, data.found.withdrawn)
    plumbing = np.mean([standard(part[data.rows]) for part in parts], axis=0)
    np.testing.assert_allclose(
        beyond(plumbing, beside), beyond(innovation(data.found, "scarcity", data.rows), beside),
        atol=1e-9,
    )  # fmt: skip


def test_other_readings_are_told_where_they_are_stored():
    found = contest(field(only=12))
    assert REAL_YIELD in found.betas and RISK_BEARING not in found.betas
    assert set(found.places[0].others) == {REAL_YIELD}


def test_nothing_later_than_the_day_asked_about_is_used():
    from datetime import UTC, datetime

    early = field(only=12)
    early.as_of = datetime(2025, 2, 6, 23, 59, tzinfo=UTC)
    found = contest(early)
    assert found.window[1] <= date(2025, 2, 6) and found.stamp.known_on <= date(2025, 2, 6)
    for each in early.stored.values():
        later = each.observed_on > np.datetime64("2025-02-06")
        each.values[later] = 1.0 + np.arange(later.sum())
    again = contest(early)
    assert [each.beta for each in again.places] == [each.beta for each in found.places]


def test_the_same_data_give_the_same_answer():
    one, two = contest(field(only=12)), contest(field(only=12))
    assert [(p.beta, p.low, p.survives) for p in one.places] == [
        (p.beta, p.low, p.survives) for p in two.places
    ]


def test_a_young_asset_has_no_survival_share_and_fewer_dots():
    known = field(only=14)
    young = known.stored["price:SNDK"]
    for column in ("observed_on", "known_on", "values", "estimated"):
        setattr(young, column, getattr(young, column)[-80:])
    found = {each.asset.ticker: each for each in contest(known).places}
    assert np.isnan(found["SNDK"].survives) and found["SNDK"].weeks == 79
    assert 0.3 < found["MU"].survives < 1.0
    known.stored["price:SNDK"].values[:-20] = np.nan
    for column in ("observed_on", "known_on", "values", "estimated"):
        setattr(young, column, getattr(young, column)[-20:])
    assert "SNDK" in contest(known).data.absent


def test_missing_series_are_named():
    known = field(only=12)
    del known.stored["SOFR"]
    with pytest.raises(DataMissingError, match=r"DP-210.*SOFR.*run drypowder data pull SOFR"):
        contest(known)
    with pytest.raises(DataMissingError, match=r"DP-211.*weeks"):
        contest(field(only=12, weeks=100))
    bare = field(only=0)
    assert set(NEEDS) <= set(bare.stored)
    with pytest.raises(DataMissingError, match=r"DP-210.*price:MU"):
        contest(bare)


def test_a_third_is_out_in_every_world():
    generator = np.random.default_rng(0)
    returns = generator.standard_normal((260, 9))
    returns[0, 8] = np.nan
    found = survival(
        returns, generator.standard_normal(260), horizon=13, cut_share=1 / 3, mean_block=4,
        worlds=500, generator=generator,
    )  # fmt: skip
    assert np.isnan(found.scarce[8]) and 150 < found.worlds < 350
    assert found.every[:8].mean() == pytest.approx(5 / 8)  # round(8 / 3) = 3 are out
    assert found.scarce[:8].mean() == pytest.approx(5 / 8)


def test_who_rose_in_the_sample_has_no_head_start():
    generator = np.random.default_rng(0)
    returns = generator.standard_normal((260, 9))
    shares = []
    for drift in (0.0, 5.0):
        moved = returns + drift * np.eye(9)[0]
        shares.append(
            survival(moved, returns[:, 1], horizon=13, cut_share=1 / 3, mean_block=4, worlds=200,
                     generator=np.random.default_rng(3)).every
        )  # fmt: skip
    np.testing.assert_allclose(*shares)


def test_every_asset_of_the_field_says_why_and_stands_once():
    names = [asset.ticker for asset in universe()]
    assert len(names) == len(set(names)) == 73
    assert all(len(asset.why) >= 3 and asset.speculative in (-1, 0, 1) for asset in universe())
    assert "SPY" not in names
