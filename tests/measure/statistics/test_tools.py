"""Each tool on numbers whose answer is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.fakes import made_up

from drypowder.measure import statistics as tools


def generator(seed=7):
    return np.random.default_rng(seed)


def days(*texts):
    return np.array(texts, "datetime64[D]")


def test_series_meet_on_common_days_and_gaps_are_no_changes():
    left = made_up(
        "left", days("2026-01-01", "2026-01-02", "2026-01-20", "2026-01-21"), [1, 3, 4, 9]
    )
    right = made_up("right", days("2026-01-02", "2026-01-20", "2026-01-21"), [10, 20, 25])
    on, levels = tools.aligned((left, right))
    assert levels.tolist() == [[3, 10], [4, 20], [9, 25]]
    changed_on, change = tools.changes(on, levels)
    assert changed_on.tolist() == days("2026-01-21").tolist()  # 18 days are a gap
    assert change.tolist() == [[5, 5]]


def test_nothing_is_carried_backwards():
    filled = tools.forward_filled(
        days("2026-01-01", "2026-01-03", "2026-01-04"), days("2026-01-02", "2026-01-04"),
        np.array([5.0, 6.0]),
    )  # fmt: skip
    assert np.isnan(filled[0]) and filled[1:].tolist() == [5.0, 6.0]


def test_the_last_figure_of_a_month_stands_for_it():
    on, values = tools.month_ends(days("2026-01-05", "2026-01-30", "2026-02-02"), np.arange(3.0))
    assert values.tolist() == [1.0, 2.0] and on[0] == np.datetime64("2026-01-30")


def test_what_lasts_is_the_filter_that_textbooks_write():
    from scipy.signal import lfilter

    from drypowder.measure.statistics.memory import lasting

    shocks = generator().standard_normal((5, 83))
    np.testing.assert_array_equal(lasting(shocks, 0.7), lfilter([1.0], [1.0, -0.7], shocks))


def test_a_line_by_hand_and_the_slopes_with_intervals_are_the_same_line():
    x, y = np.array([0.0, 1.0, 2.0, 3.0]), np.array([1.0, 3.0, 5.0, 7.0])  # y = 1 + 2 x
    plain = tools.least_squares(y, x)
    assert plain.value == pytest.approx([1.0, 2.0]) and plain.r_squared == pytest.approx(1.0)
    assert plain.weight @ y == pytest.approx(plain.value)
    noisy = generator().standard_normal((2, 50))
    sure = tools.hac_ols(*noisy, draws=9)
    np.testing.assert_array_equal(tools.least_squares(*noisy).residual, sure.residual)


def test_an_interval_of_a_mean_is_as_wide_as_its_error():
    sample = generator().standard_normal(400)
    made = tools.block_interval(lambda x: float(x.mean()), sample, block=1)
    assert made.high - made.low == pytest.approx(2 * 1.645 / 20, rel=0.15)
    assert made.low < sample.mean() == made.effect < made.high


def test_an_interval_of_a_figure_with_memory_is_wider():
    shocks = generator().standard_normal(600)
    walk = np.convolve(shocks, 0.8 ** np.arange(40))[:600]
    alone = tools.block_interval(lambda x: float(x.mean()), walk, block=1)
    together = tools.block_interval(lambda x: float(x.mean()), walk)
    assert together.high - together.low > 1.7 * (alone.high - alone.low)
    assert together.block > 5


def test_the_same_seed_gives_the_same_interval():
    sample = generator().standard_normal(50)
    first, second = (tools.block_interval(np.mean, sample) for _ in range(2))
    assert first == second


def test_slopes_are_found_and_their_errors_know_memory():
    x = generator(1).standard_normal(200)
    fit = tools.hac_ols(2.0 + 3.0 * x + 0.1 * generator(2).standard_normal(200), x)
    assert fit.value == pytest.approx([2.0, 3.0], abs=0.05)
    assert fit.low[1] < 3.0 < fit.high[1]


def test_a_response_is_found_at_its_horizon():
    shock = generator(3).standard_normal(300)
    outcome = 0.1 * generator(4).standard_normal(300)
    outcome[3:] += shock[:-3]  # one for one, three rows later
    made = tools.local_projection(outcome, shock, horizons=4)
    assert made.value == pytest.approx([0, 0, 0, 1, 0], abs=0.15)
    summed = tools.local_projection(outcome, shock, horizons=4, cumulative=True)
    assert summed.value == pytest.approx([0, 0, 0, 1, 1], abs=0.15)


def test_a_bend_is_found_where_it_is():
    x = np.linspace(0.0, 10.0, 200)
    y = 1.0 * x + 4.0 * np.maximum(x - 6.0, 0.0) + 0.2 * generator(5).standard_normal(200)
    kink = tools.kink_test(y, x, draws=199)
    assert kink.at == pytest.approx(6.0, abs=0.3)
    assert (kink.below, kink.above) == pytest.approx((1.0, 5.0), abs=0.15)
    assert kink.p_value == pytest.approx(1 / 200)
    made = tools.bend_interval(y, x, level=0.01, draws=199)
    assert made.low < 4.0 < made.high < 4.5 and made.effect == pytest.approx(kink.bend)


def test_a_jump_is_ranked_among_windows_of_its_length():
    steps = generator(6).standard_normal(400)
    steps[300:310] += 3.0
    on = np.arange(400).astype("datetime64[D]")
    made = tools.event_window(on, np.cumsum(steps), start=on[299], end=on[309])
    assert made.observations == 10 and made.low > 0
    assert made.p_value == pytest.approx(1 / (300 / 10 + 1))  # never rarer than what fits in
    too_early = tools.event_window(on, np.cumsum(steps), start=on[5], end=on[15])
    assert np.isnan(too_early.effect)


def test_a_correlation_has_an_interval_that_knows_memory():
    left = generator(10).standard_normal(200)
    right = left + 0.2 * generator(11).standard_normal(200)
    made = tools.correlation_interval(left, right, draws=199)
    assert made.effect == pytest.approx(np.corrcoef(left, right)[0, 1])
    assert 0.85 < made.low < made.effect <= made.high <= 1.0
    turned = tools.correlation_interval(-left, right, draws=199)
    assert (turned.low, turned.high) == pytest.approx((-made.high, -made.low))
    swapped = tools.correlation_interval(right, left, draws=199)
    assert (swapped.low, swapped.high) == pytest.approx((made.low, made.high))
    assert np.isnan(tools.correlation_interval(np.ones(50), left[:50]).low)


def test_memory_is_not_found_too_short():
    """Least squares finds less memory in a short history than made it."""
    from drypowder.measure.statistics.memory import memory

    space = np.linalg.qr(np.column_stack([np.ones(80), np.arange(80) >= 30]))[0]
    found, plain = [], []
    for seed in range(60):
        random = generator(seed)
        series = [0.0]
        for shock in random.standard_normal(280):
            series.append(0.8 * series[-1] + shock)
        left = np.array(series[-80:])
        left -= space @ (space.T @ left)
        found.append(memory(left, space, random))
        plain.append(left[1:] @ left[:-1] / (left[:-1] @ left[:-1]))
    assert np.mean(plain) < 0.74 < np.mean(found) < 0.84


def test_many_looks_are_paid_for():
    # Holm: 3 x 0.01, then 2 x 0.02, then 0.9; Benjamini-Hochberg: min of 0.03, 0.03 and 0.9
    assert tools.holm([0.02, 0.9, 0.01]) == pytest.approx([0.04, 0.9, 0.03])
    assert tools.benjamini_hochberg([0.02, 0.9, 0.01]) == pytest.approx([0.03, 0.9, 0.03])


def test_a_walk_is_told_from_its_changes():
    walk = np.cumsum(generator(12).standard_normal(300))
    assert tools.unit_root(np.diff(walk)) < 0.05 < tools.unit_root(walk)
    assert tools.unit_root(np.ones(50)) == 1.0


def test_every_choice_says_why():
    from drypowder.measure.numbers import table

    for name, row in table("statistics", "choices").items():
        assert set(row) == {"value", "low", "high", "unit", "source", "why"}, name
        assert row["low"] <= row["value"] <= row["high"]
