"""New York's close in UTC, and what a later clock pretends."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.fakes import made_up

from drypowder.measure.probe.clocks import at_closes, new_york_closes


@given(st.dates(np.datetime64("2008-01-01").item(), np.datetime64("2035-12-31").item()))
def test_the_close_is_where_the_time_zone_rules_put_it(day):
    zoneinfo = pytest.importorskip("zoneinfo")
    from datetime import UTC, datetime

    try:
        place = zoneinfo.ZoneInfo("America/New_York")
    except zoneinfo.ZoneInfoNotFoundError:
        pytest.skip("no time zone data here")
    truth = datetime(day.year, day.month, day.day, 16, tzinfo=place).astimezone(UTC)
    ours = new_york_closes(np.array([day], "datetime64[D]"))[0]
    assert ours.astype("datetime64[s]").item() == truth.replace(tzinfo=None)


def _bars(name, first, hours, step):
    at = np.datetime64(first, "us") + np.arange(0, hours, step) * np.timedelta64(1, "h")
    return made_up(name, at, np.exp(np.arange(0, hours, step) / 1000.0))


def test_hourly_bars_are_exact_and_four_hour_bars_an_hour_early_in_winter():
    days = np.array(["2025-01-14", "2025-01-15"], "datetime64[D]")  # close 21:00 UTC
    four = {"perp-4h:BTCUSDT": _bars("perp-4h:BTCUSDT", "2025-01-13T00", 96, 4)}
    found, source = at_closes(four, days)
    assert np.isnan(found[0]) and found[1] == pytest.approx(0.024) and source.tolist() == [-1, 2]
    both = {**four, "perp-1h:BTCUSDT": _bars("perp-1h:BTCUSDT", "2025-01-13T00", 96, 1)}
    assert at_closes(both, days)[1].tolist() == [-1, 0]


def test_a_return_never_joins_two_sources():
    days = np.array(["2025-07-14", "2025-07-15", "2025-07-16"], "datetime64[D]")
    spot = _bars("spot-1h:BTCUSDT", "2025-07-13T00", 48, 1)  # ends on the 14th
    perp = _bars("perp-1h:BTCUSDT", "2025-07-15T00", 48, 1)
    perp.values[:] *= 7.0
    found, source = at_closes({"spot-1h:BTCUSDT": spot, "perp-1h:BTCUSDT": perp}, days)
    assert np.isnan(found[:2]).all() and source.tolist() == [-1, -1, 0]
    assert found[2] == pytest.approx(0.024)
