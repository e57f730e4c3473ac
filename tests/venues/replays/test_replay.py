"""Both replays: one structure, two states; what was measured, hit or missed."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files

import numpy as np
import pytest

from drypowder.errors import DataMissingError
from drypowder.venues.replays.replay import bridged_path, replay, ridge, shipped_replays
from drypowder.venues.replays.targets import HIT, MISS, NEAR, NOT_MEASURED, verdict


@functools.cache
def played(name: str, **changes):
    return replay(name, changes=changes)


def targets(one) -> dict[str, str]:
    return {target.name: target.verdict for target in one.targets}


def test_replays_ship():
    assert shipped_replays() == ("feb2026", "oct2025")


def test_october_as_accepted_beforehand():
    """Hyperliquid's shares within a quarter, first deleveraging, bitcoin's low."""
    said = targets(played("oct2025"))
    for name in (
        "Hyperliquid: liquidated, of open interest",
        "Hyperliquid: auto-deleveraged, of open interest",
        "Hyperliquid: auto-deleveraged, of both counts",
        "Hyperliquid: first liquidation to first deleveraging",
        "bitcoin: low of the day, from its opening",
    ):
        assert said[name] == HIT, name


def test_february_as_accepted_beforehand():
    """One to two billion of bitcoin, most of the fall from outside."""
    said = targets(played("feb2026"))
    assert said["bitcoin: closed by force, true"] == HIT
    assert said["bitcoin: part of the fall that came from outside"] == HIT
    assert said["bitcoin: reported, of the three large coins"] == HIT
    assert said["ether: reported, of the three large coins"] in (HIT, NEAR)


def test_misses_are_said():
    assert targets(played("oct2025"))["other coins: low on Binance's own book"] == MISS


def test_feeds_report_less_than_the_truth_and_hide_more_in_a_rush():
    october, february = played("oct2025").reported, played("feb2026").reported
    shares = [np.sum(one.reported_usd) / np.sum(one.true_usd) for one in (october, february)]
    assert 0.4 < shares[0] < shares[1] < 1.0


@pytest.mark.parametrize("name", ["oct2025", "feb2026"])
def test_ledgers_of_both_close(name):
    assert np.abs(played(name).cascade.residual).max() < 1e-9


def test_only_state_and_shock_differ():
    """Nothing of the structure is said again in a replay, and every number has its source."""
    folder = files("drypowder.venues") / "replays"
    structure = tomllib.loads((folder / "structure.toml").read_text("utf-8"))
    for name in shipped_replays():
        own = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
        assert not set(own) & set(structure)
        for rows in (own["state"].values(), structure["numbers"].values(), own["target"]):
            assert all(row["source"] and row["unit"] for row in rows)


def test_leverage_is_a_state():
    """October's leverage would have closed several times as much in February."""
    usual = played("feb2026").reported.true_usd.sum()
    levered = replay("feb2026", changes={"leverage_median": 1.8}).reported.true_usd.sum()
    assert levered > 2.0 * usual


def test_thinning_floor_and_depth_are_not_told_apart():
    """Two other readings of the book with the same low and total: a ridge, so none is a finding."""
    usual = played("oct2025")
    ((_, lower),) = ridge("oct2025", {"book_floor_share": (0.025,)})
    other = {"book_floor_share": 0.04, "depth_usd": [4.5e8, 2.7e8, 0.9e8, 2.7e8]}
    for one in (lower, replay("oct2025", changes=other)):
        assert abs(_low(one) - _low(usual)) < 0.01
        assert _total(one) == pytest.approx(_total(usual), rel=0.06)


def _low(one) -> float:
    return next(t.measured for t in one.targets if t.name.startswith("bitcoin: low of the day"))


def _total(one) -> float:
    return float(one.reported.true_usd.sum())


def test_bridge_meets_its_quotes():
    days, logs = np.array([3.0, 1.0, 0.0]), np.log([[1.0, 5.0], [2.0, 4.0], [1.5, 6.0]])
    path = bridged_path(days, logs, np.array([0.5, 0.9]), 0.8, np.random.default_rng(0))
    np.testing.assert_allclose(path.price_now, [1.5, 6.0])
    at = np.argmin(np.abs(path.days_ago - 1.0))
    np.testing.assert_allclose(path.log_close[at], logs[1])


def test_verdicts():
    assert verdict(1.0, 1.0, 2.0) == HIT
    assert verdict(2.5, 1.0, 2.0) == NEAR
    assert verdict(2.51, 1.0, 2.0) == MISS
    assert verdict(np.nan, 1.0, 2.0) == NOT_MEASURED


def test_unknown_replay_is_refused():
    with pytest.raises(DataMissingError, match="DP-155"):
        replay("oct1987")


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "now"), [("oct2025", "2025-10-10 20:00"), ("feb2026", "2026-02-05 00:00")]
)
def test_quoted_prices_are_those_of_the_exchange(name, now, shared_data):
    """Opening prices of hourly candles that the replay quotes, and the low it is judged by."""
    story = tomllib.loads(
        (files("drypowder.venues") / "replays" / f"{name}.toml").read_text("utf-8")
    )
    quoted = story["state"]["prices"]
    opened, lows = _hourly(shared_data)
    whole = [d for d in quoted["days_ago"] if d == int(d) and d >= 1.0]
    for coin in ("BTC", "ETH", "SOL"):
        for days in whole:
            at = np.datetime64(now.replace(" ", "T")) - np.timedelta64(int(days), "D")
            price = quoted[coin][quoted["days_ago"].index(days)]
            assert price == pytest.approx(opened[f"{coin}USDT", at], rel=1e-3), (coin, days)
    if name == "oct2025":
        assert lows["BTCUSDT", np.datetime64("2025-10-10T21:00")] == pytest.approx(101_516.5)


def _hourly(shared_data):
    import pyarrow.parquet as pq

    table = pq.read_table(shared_data / "crypto" / "binance_usdm_perp_1h_top40.parquet")
    times = table["open_time_utc"].to_numpy().astype("datetime64[m]")
    symbols = table["symbol"].cast("string").to_pylist()
    keys = list(zip(symbols, times, strict=True))
    return (
        dict(zip(keys, table["open"].to_pylist(), strict=True)),
        dict(zip(keys, table["low"].to_pylist(), strict=True)),
    )
