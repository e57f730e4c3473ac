"""What is open today is what has not been closed."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr
from tests.venues.paths import still, walk

from drypowder.errors import UsageError
from drypowder.venues.crowd.vintages import Leverage, PricePath, survivors


def _beyond(path, law, *, side=1, distance=0.1, rate=0.005):
    return survivors(distance=distance, path=path, leverage=law, side=side, maintenance_rate=rate)


def test_where_prices_never_moved_distances_are_those_of_leverage_alone():
    law = Leverage(2.0, 0.9, 5.0)
    # r = 0 would put 10x at a tenth below: LP/E = (1 - 1/l)/(1 - r), so l = 1/(1 - (1 - r) 0.9)
    most = 1.0 / (1.0 - 0.995 * 0.9)
    inside = ndtr(np.log(200.0 / 2.0) / 0.9)  # l below 1/r: the others could not enter
    got = _beyond(still(), law, distance=-np.log(0.9))
    assert got.beyond[0] == pytest.approx(ndtr(np.log(most / 2.0) / 0.9) / inside, rel=1e-12)
    assert got.never == pytest.approx(ndtr(np.log(0.5) / 0.9) / inside, rel=1e-12)
    assert got.alive == pytest.approx(inside, rel=1e-12)


def test_a_short_has_its_price_above():
    law = Leverage(2.0, 0.9, 5.0)
    # LP/E = (1 + 1/l)/(1 + r): a tenth above needs 1/l = 1.005 1.1 - 1
    most = 1.0 / (1.005 * 1.1 - 1.0)
    inside = ndtr(np.log(200.0 / 2.0) / 0.9)
    got = _beyond(still(), law, side=-1, distance=np.log(1.1))
    assert got.beyond[0] == pytest.approx(ndtr(np.log(most / 2.0) / 0.9) / inside, rel=1e-12)
    assert got.never == 0.0


def test_a_low_that_was_lived_through_closes_nobody_again():
    # everybody entered at 100 (the first close), the low was 90, the price is back at 100
    days = np.array([3.0, 2.0, 1.0, 0.0])
    close = np.log([100.0, 92.0, 100.0, 100.0])
    low = np.log([100.0, 90.0, 92.0, 100.0])
    path = PricePath(days, close, low)
    old = Leverage(5.0, 0.8, 1e6)
    assert _beyond(path, old, distance=-np.log(0.91)).beyond[0] == pytest.approx(1.0, abs=1e-5)
    assert _beyond(path, old, distance=-np.log(0.85)).beyond[0] < 0.95


def test_a_fall_closes_longs_and_takes_shorts_further_away():
    days = np.arange(40.0, -1.0, -1.0)
    fall = PricePath(days, np.log(np.linspace(130.0, 100.0, 41)))
    law = Leverage(5.0, 0.8, 10.0)
    assert _beyond(fall, law).alive < 0.9 < _beyond(fall, law, side=-1).alive
    longs = _beyond(fall, law, distance=0.2).beyond[0]
    shorts = _beyond(fall, law, side=-1, distance=0.2).beyond[0]
    assert shorts > _beyond(still(), law, side=-1, distance=0.2).beyond[0]
    assert shorts > longs


@given(
    seed=st.integers(0, 20),
    side=st.sampled_from([1, -1]),
    median=st.floats(0.5, 20.0),
    age=st.floats(0.5, 20.0),
)
def test_a_further_move_closes_more_and_all_of_what_is_alive_is_beyond_no_move(
    seed, side, median, age
):
    got = _beyond(walk(seed=seed), Leverage(median, 0.9, age), side=side, distance=[0, 0.1, 0.5, 9])
    assert got.beyond[0] == pytest.approx(1.0, rel=1e-12)
    assert np.all(np.diff(got.beyond) <= 1e-12)
    assert got.beyond[-1] >= got.never - 1e-9
    assert 0.0 < got.alive <= 1.0 + 1e-12


def test_prices_in_another_unit_change_nothing():
    path, law = walk(seed=5), Leverage(2.0, 0.9, 5.0)
    other = PricePath(
        path.days_ago, *(a + 3.0 for a in (path.log_close, path.log_low, path.log_high))
    )
    assert _beyond(path, law).beyond == pytest.approx(_beyond(other, law).beyond, rel=1e-12)


def test_shares_of_entrants_add_up_and_fall_with_age():
    share = walk(seed=1).age_shares(5.0)
    assert share.sum() == pytest.approx(1.0, rel=1e-12)
    assert np.all(np.diff(share[1:-1]) > 0.0)


@pytest.mark.parametrize(
    ("days", "close", "low"),
    [
        ([2.0, 1.0, 0.5], [0.0, 0.0, 0.0], None),
        ([0.0, 1.0], [0.0, 0.0], None),
        ([0.0], [0.0], None),
        ([1.0, 0.0], [0.0, np.nan], None),
        ([1.0, 0.0], [0.0, 0.0, 0.0], None),
        ([1.0, 0.0], [0.0, 0.0], [0.0, 0.1]),
    ],
)
def test_what_is_no_path_is_refused(days, close, low):
    with pytest.raises(UsageError, match="DP-141"):
        PricePath(np.array(days), np.array(close), None if low is None else np.array(low))


@pytest.mark.parametrize("numbers", [(0.0, 1.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, np.nan)])
def test_a_distribution_needs_numbers_above_zero(numbers):
    with pytest.raises(UsageError, match="DP-141"):
        Leverage(*numbers)


# Share of bitcoin longs closed on 10 October 2025 and 5 February 2026, by median, log sd and mean
# age (days): an earlier calculation from prices remembered at a few dates.
TABLE = [
    # m, sd, tau, October, February as told
    (1.6, 0.9, 5.0, 0.063, 0.118),
    (1.3, 1.1, 10.0, 0.060, 0.120),
    (2.0, 0.7, 5.0, 0.053, 0.127),
    (2.0, 0.9, 20.0, 0.065, 0.193),
    (0.8, 0.9, 5.0, 0.012, 0.030),
]


@pytest.fixture(scope="module")
def bitcoin(shared_data):
    """Hourly bars of the BTCUSDT perpetual: end of bar, close, low, high."""
    table = pq.read_table(shared_data / "crypto" / "binance_usdm_perp_1h_top40.parquet")
    table = table.filter(pc.equal(pc.cast(table["symbol"], "string"), "BTCUSDT"))
    start = table["open_time_utc"].to_numpy()
    order = np.argsort(start)
    columns = [table[name].to_numpy()[order].astype(float) for name in ("close", "low", "high")]
    return start[order] + np.timedelta64(1, "h"), np.log(np.stack(columns))


def _closed(bitcoin, law, moment: str, low: float) -> float:
    ends, (close, lowest, highest) = bitcoin
    known = ends <= np.datetime64(moment)
    days = (ends[known][-1] - ends[known]) / np.timedelta64(1, "D")
    close, lowest, highest = close[known], lowest[known], highest[known]
    path = PricePath(days, close, np.minimum(lowest, close), np.maximum(highest, close))
    fall = path.log_close[-1, 0] - np.log(low)
    return 1.0 - float(_beyond(path, law, distance=fall, rate=0.004).beyond[0])


@pytest.mark.real_data
@pytest.mark.parametrize(("median", "log_sd", "age", "october", "february"), TABLE)
def test_real_bars_give_the_shares_that_the_vintage_model_told(
    bitcoin, median, log_sd, age, october, february
):
    law = Leverage(median, log_sd, age)
    low = {"2025-10-10": 101_516.5, "2026-02-05": 62_233.3, "2026-02-06": 59_800.0}
    got_october = _closed(bitcoin, law, "2025-10-10T20:00", low["2025-10-10"])
    first = _closed(bitcoin, law, "2026-02-05T00:00", low["2026-02-05"])
    second = _closed(bitcoin, law, "2026-02-05T00:00", low["2026-02-06"])
    assert got_october == pytest.approx(october, abs=0.005)
    # what was told lies between the lows of the two days, within rounding
    assert first - 0.001 <= february <= second + 0.001
    # the same people would have lost more in February: leverage must have been lower
    assert got_october < 0.7 * first


@pytest.mark.real_data
def test_one_distribution_cannot_give_both_falls(bitcoin):
    october = _closed(bitcoin, Leverage(1.6, 0.9, 5.0), "2025-10-10T20:00", 101_516.5)
    february = _closed(bitcoin, Leverage(0.8, 0.9, 5.0), "2026-02-05T00:00", 62_233.3)
    assert 0.056 < october < 0.069  # 5.3 of 77 to 94 bn
    assert 0.024 < february < 0.034  # 1.36 of 43 to 47 bn: 2.9 to 3.2 %
