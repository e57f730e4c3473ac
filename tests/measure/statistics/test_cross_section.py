"""Many assets at once: the same numbers as one at a time, errors that hold their size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.measure.statistics.cross_section import (
    block_counts,
    block_indices,
    drawn_loadings,
    loadings,
)  # fmt: skip
from drypowder.measure.statistics.many import benjamini_hochberg

LEVEL = 0.10


def _panel(seed, *, weeks=260, assets=7, beta=0.0, gaps=True):
    """Returns of assets on a constant and one factor; residuals with shared storms."""
    generator = np.random.default_rng(seed)
    storm = np.exp(0.4 * np.convolve(generator.standard_normal(weeks + 7), np.ones(8) / 8, "valid"))
    factors = np.column_stack([generator.standard_normal(weeks), np.ones(weeks)])
    returns = beta * factors[:, :1] + storm[:, None] * generator.standard_normal((weeks, assets))
    if gaps:
        returns[: weeks // 3, 0] = np.nan
    return returns, factors


def test_many_assets_at_once_are_the_same_as_one_at_a_time():
    from statsmodels.regression.linear_model import OLS

    returns, factors = _panel(3)
    found = loadings(returns, factors, lags=4)
    for asset in (0, 5):
        there = np.isfinite(returns[:, asset])
        fit = OLS(returns[there, asset], factors[there]).fit(
            cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": True}, use_t=True
        )
        np.testing.assert_allclose(found.value[asset], fit.params, rtol=1e-9)
        np.testing.assert_allclose(found.error[asset], fit.bse, rtol=1e-9)
        np.testing.assert_allclose(found.p_value[asset], fit.pvalues, rtol=1e-7)
    assert found.weeks[0] == 260 - 86 and np.isnan(found.residuals[0, 0])


def test_no_loading_is_accused_about_as_often_as_the_level_says():
    rejected = [
        (loadings(*_panel(seed, assets=13), lags=4).p_value[:, 0] < LEVEL).mean()
        for seed in range(60)
    ]
    assert 0.07 < np.mean(rejected) < 0.15  # measured 0.11


def test_after_correction_a_field_without_loadings_is_left_alone():
    accused = [
        (benjamini_hochberg(loadings(*_panel(seed, assets=73), lags=4).p_value[:, 0]) < LEVEL).any()
        for seed in range(60)
    ]
    assert np.mean(accused) <= 0.25  # 0.10 in theory, errors of 260 weeks are a little small


def test_a_loading_of_a_quarter_standard_deviation_is_found():
    found = [
        (benjamini_hochberg(loadings(*_panel(s, beta=0.3), lags=4).p_value[:, 0]) < LEVEL).mean()
        for s in range(20)
    ]
    assert np.mean(found) > 0.9


def test_drawn_histories_cover_the_truth_nine_times_in_ten():
    inside = []
    for seed in range(40):
        returns, factors = _panel(seed, beta=0.3)
        counts = block_counts(260, mean_block=4, draws=399, generator=np.random.default_rng(seed))
        low, high = np.quantile(drawn_loadings(returns, factors, counts)[:, :, 0], [0.05, 0.95], 0)
        inside.append(((low < 0.3) & (high > 0.3)).mean())
    assert 0.82 < np.mean(inside) < 0.95


def test_every_week_once_gives_the_loadings_themselves():
    returns, factors = _panel(11)
    drawn = drawn_loadings(returns, factors, np.ones((1, 260)))
    np.testing.assert_allclose(drawn[0], loadings(returns, factors, lags=4).value, rtol=1e-9)


def test_assets_of_one_history_share_an_inverse_and_keep_their_own_loadings():
    """Three kinds of gaps among seven assets; each draw is least squares with repeated weeks."""
    returns, factors = _panel(5)
    returns[200:, 3] = np.nan
    counts = block_counts(260, mean_block=4, draws=2, generator=np.random.default_rng(1))
    drawn = drawn_loadings(returns, factors, counts)
    for draw, often in enumerate(counts):
        for asset in range(7):
            rows = np.repeat(np.arange(260), often.astype(int))
            rows = rows[np.isfinite(returns[rows, asset])]
            expected = np.linalg.lstsq(factors[rows], returns[rows, asset], rcond=None)[0]
            np.testing.assert_allclose(drawn[draw, asset], expected, rtol=1e-9)


def test_a_factor_that_never_moves_has_no_loading():
    returns, factors = _panel(11)
    found = loadings(returns, np.column_stack([factors, np.full(260, 7.0)]), lags=4)
    assert np.isnan(found.value).all()


@given(count=st.integers(2, 97), block=st.floats(1.0, 20.0), seed=st.integers(0, 2**31))
def test_a_drawn_history_is_as_long_as_the_past(count, block, seed):
    counts = block_counts(count, mean_block=block, draws=5, generator=np.random.default_rng(seed))
    assert (counts.sum(axis=1) == count).all() and (counts >= 0).all()


@given(length=st.integers(1, 40), block=st.floats(1.0, 9.0), seed=st.integers(0, 2**31))
def test_drawn_places_exist_and_go_on_in_blocks(length, block, seed):
    places = block_indices(
        53, length=length, mean_block=block, draws=3, generator=np.random.default_rng(seed)
    )
    assert places.shape == (3, length) and places.min() >= 0 and places.max() < 53


def test_blocks_are_as_long_as_asked_for():
    places = block_indices(
        997, length=5000, mean_block=5.0, draws=4, generator=np.random.default_rng(1)
    )
    broken = (np.diff(places, axis=1) % 997 != 1).mean()
    assert broken == pytest.approx(0.2, abs=0.02)
