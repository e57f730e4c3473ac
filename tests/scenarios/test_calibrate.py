"""Fits and what they leave open: on targets whose answer is known by hand."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from scipy.stats import norm

from drypowder.scenarios import load
from drypowder.scenarios.calibrate import Aim, Prior, distances, misfit, sample, score_of, search
from drypowder.scenarios.elasticities import Elasticities, published
from drypowder.scenarios.identify import IDENTIFIED, NOT, ONLY_WITH, identify
from drypowder.scenarios.parameters import Parameter
from drypowder.scenarios.priors import draw


def parameter(name: str, low=0.0, value=1.0, high=2.0, scale="linear") -> Parameter:
    return Parameter(name, value, low, high, "multiple", "guess", "test", scale)


def aim(name: str, low: float, high: float, **more) -> Aim:
    return Aim(name, "test", low, high, "share", "test", **more)


PRIOR = Prior((parameter("a"), parameter("b"), parameter("c", 1.0, 3.0, 9.0, "log")))


def test_scores_and_places_are_inverse_and_ends_are_the_prior_s():
    place = np.array([-0.999, -0.5, 0.0, 0.3, 0.999])
    score = score_of(place)
    values = PRIOR.values(np.stack([score] * 3, axis=1))
    np.testing.assert_allclose(values[:, 0], 1.0 + place, atol=1e-12)
    np.testing.assert_allclose(values[:, 2], 3.0 ** (1.0 + place), atol=1e-12)
    # half of the triangle's mass below the central value: an eighth below the middle of that side
    assert norm.cdf(score[1]) == pytest.approx(0.125)


def test_draws_of_the_fit_have_the_prior_that_ensembles_are_drawn_from():
    rng = np.random.default_rng(3)
    ours = PRIOR.values(rng.standard_normal((20_000, 3)))
    scenario = load("essay")
    shipped = scenario.parameters["kappa.equity"]
    theirs = draw({"kappa.equity": shipped}, np.arange(1, 4001), 5)["kappa.equity"]
    mine = Prior((shipped,)).values(rng.standard_normal((20_000, 1)))[:, 0]
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(np.quantile(mine, levels), np.quantile(theirs, levels), rtol=0.06)
    assert ours.min() > 0.0 and ours[:, 2].max() < 9.0


def test_log_density_counts_both_sides_of_a_skewed_prior_alike():
    skewed = Prior((parameter("s", 0.0, 1.0, 5.0),))
    # halfway to either end: ln(1 - 1/2)
    halfway = skewed.log_density(np.array([[0.5], [3.0], [1.0]]))
    np.testing.assert_allclose(halfway, [np.log(0.5), np.log(0.5), 0.0], atol=1e-12)


def test_misfit_is_zero_in_the_range_and_counts_half_widths_outside():
    aims = (aim("range", 1.0, 3.0), aim("point", 1.0, 8.0, value=4.0, weight=0.5))
    moments = np.array([[2.0, 4.0], [5.0, 8.0], [0.0, 1.0], [np.nan, 4.0]])
    # half-width 1: 5 is two of them outside; from 4 up to 8 is one side, down to 1 the other
    np.testing.assert_allclose(distances(moments, aims)[:3], [[0, 0], [2, 1], [1, 1]])
    np.testing.assert_allclose(misfit(moments, aims), [0.0, 4.5, 1.5, np.inf])


def test_a_known_truth_is_found_again_and_lies_in_what_is_left():
    """Own moments as targets: the truth must be inside."""
    truth = np.array([1.4, 0.6, 5.0])

    def moments(values: np.ndarray) -> np.ndarray:
        a, b, c = values.T
        return np.stack([a + 0.2 * b, b * b, np.round(np.log(c), 3)], axis=1)

    at = moments(truth[None])[0]
    aims = tuple(aim(f"m{k}", m - 0.02, m + 0.02) for k, m in enumerate(at))
    found = search(PRIOR, aims, moments, generations=80, seed=0)
    np.testing.assert_allclose(found, truth, rtol=0.05)
    drawn = sample(PRIOR, aims, moments, draws=800, seed=1)
    assert drawn is not None and drawn.effective > 150.0
    for k in range(3):
        order = np.argsort(drawn.values[:, k])
        below = drawn.weight[order][drawn.values[order, k] < truth[k]].sum()
        assert 0.02 < below < 0.98, k
    known = identify(tuple(PRIOR.names), drawn.score, drawn.weight)
    assert [s.verdict for s in known.standings] == [IDENTIFIED] * 3


def test_a_ridge_is_named_with_its_pair_and_what_no_target_is_about_is_not_identified():
    """Only the sum of a and b is measured; c is not: one known direction of three."""

    def moments(values: np.ndarray) -> np.ndarray:
        return (values[:, 0] + values[:, 1])[:, None]

    drawn = sample(PRIOR, (aim("sum", 1.98, 2.02),), moments, draws=1500, seed=0)
    known = identify(tuple(PRIOR.names), drawn.score, drawn.weight)
    a, b, c = known.standings
    assert (a.verdict, a.partner, b.verdict, b.partner) == (ONLY_WITH, "b", ONLY_WITH, "a")
    assert a.correlation < -0.9 and c.verdict == NOT and known.pair() == (0, 1)
    assert known.left[0] < 0.05 and (known.left > 0.8).sum() == 2
    np.testing.assert_allclose(np.abs(known.directions[0]), [0.707, 0.707, 0.0], atol=0.06)


def test_weighted_draws_agree_with_a_posterior_worked_by_hand():
    """Prior score N(0,1), a point target in the score with misfit s^2: posterior N(0, 1/3)."""
    one = Prior((parameter("a"),))

    def scores(values: np.ndarray) -> np.ndarray:
        return score_of(values - 1.0)

    # misfit (s - 1)^2: exp(-s^2/2 - (s-1)^2) has mean 2/3 and variance 1/3
    target = (aim("s", 0.0, 2.0, value=1.0),)
    drawn = sample(one, target, scores, draws=4000, seed=2)
    mean = drawn.weight @ drawn.score[:, 0]
    assert mean == pytest.approx(2.0 / 3.0, abs=0.04)
    assert drawn.weight @ (drawn.score[:, 0] - mean) ** 2 == pytest.approx(1.0 / 3.0, abs=0.03)


def test_draws_without_a_price_get_no_weight_and_none_at_all_is_said():
    def moments(values: np.ndarray) -> np.ndarray:
        return np.where(values[:, :1] < 1.0, np.nan, values[:, :1])

    drawn = sample(PRIOR, (aim("a", 1.2, 1.4),), moments, draws=400, seed=0)
    assert drawn.failed_share == pytest.approx(0.5, abs=0.08)
    assert drawn.weight[drawn.values[:, 0] < 1.0].sum() == 0.0
    assert drawn.temperatures[-1] == 1.0 and drawn.effective > 80.0
    nothing = sample(PRIOR, (aim("a", 1.2, 1.4),), lambda v: v[:, :1] * np.nan, draws=50, seed=0)
    assert nothing is None


@pytest.fixture(scope="module")
def elasticities() -> Elasticities:
    scenario = load("essay")
    names = ("kappa.equity", "kappa.bonds", "crypto_excess_money_usd_bn")
    return Elasticities(scenario, Prior(tuple(scenario.parameters[n] for n in names)), published())


def test_slopes_of_the_multipliers_are_those_of_finite_differences(elasticities):
    at = np.array([30.0, 300.0, 150.0])
    slopes = elasticities.slopes(at)
    for k in range(3):
        step = 1e-4 * at[k] * np.eye(3)[k]
        above, below = (elasticities.moments((at + s)[None])[0] for s in (step, -step))
        np.testing.assert_allclose(slopes[:, k], (above - below) / (2e-4 * at[k]), rtol=1e-4,
                                   atol=1e-9)  # fmt: skip


def test_gradient_fit_finds_the_shipped_kappas_again(elasticities):
    """On the end-2025 sheet: 36.4, 205 and 229, as parameters.toml says."""
    found = elasticities.fit()
    np.testing.assert_allclose(found, [36.4, 205.0, 229.0], rtol=0.02)
    met = elasticities.moments(found[None])[0]
    np.testing.assert_allclose(met, [a.value for a in elasticities.aims], rtol=1e-6)
    assert jax.config.jax_enable_x64
