"""Release lags against days on which figures came out, as their publishers told them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from drypowder.data import Copy, catalogue, open_store
from drypowder.data.shipped import out_on

# What was observed, and the day it was out. Sources stand in the catalogue beside the lag.
OUT = [
    ("WALCL", "2026-02-04", "2026-02-05"),
    ("WALCL", "2025-11-26", "2025-11-28"),  # Thanksgiving is a Thursday
    ("WRESBAL", "2025-06-18", "2025-06-20"),  # so is Juneteenth
    ("TGA", "2026-02-05", "2026-02-06"),
    ("TGA", "2026-02-13", "2026-02-17"),  # a Friday before Presidents' day
    ("DGS10", "2023-09-12", "2023-09-13"),
    ("SOFR", "2025-10-31", "2025-11-03"),
    ("RRPONTSYD", "2025-10-31", "2025-10-31"),
    ("BAMLH0A0HYM2", "2018-04-19", "2018-04-20"),
    ("M2SL", "2021-01-01", "2021-02-28"),  # out on 23 February; the latest fourth Tuesday counts
    ("CPIAUCSL", "2025-09-01", "2025-10-24"),  # two lapses in appropriations
    ("CPIAUCSL", "2025-11-01", "2025-12-18"),
    ("PAYEMS", "2024-12-01", "2025-01-10"),  # a Friday as late as they come
    ("PAYEMS", "2025-09-01", "2025-11-20"),
    ("PAYEMS", "2026-01-01", "2026-02-11"),
    ("GDPC1", "2025-10-01", "2026-02-20"),
    ("PCEPILFE", "2025-12-01", "2026-02-20"),
    ("INDPRO", "2025-09-01", "2025-12-03"),
    ("ICSA", "2025-10-04", "2025-11-20"),
]


@pytest.mark.parametrize(("name", "observed", "out"), OUT)
def test_a_figure_is_known_on_the_day_it_came_out_and_not_before(tmp_path, name, observed, out):
    about, on = catalogue().get(name), np.array([np.datetime64(observed, "us")])
    assert str(out_on(about, on)[0])[:10] == out
    store = open_store(tmp_path, shipped=False)
    value = {"BAMLH0A0HYM2": 3.0, "PAYEMS": 159000.0, "ICSA": 220000.0, "UNRATE": 4.4}.get(
        name, 4.0
    )
    value = max(value, about.low + 1.0) if np.isfinite(about.low) else value
    fetched = datetime(2026, 9, 1, tzinfo=UTC)
    store.append([Copy(name, on, np.array([value]), fetched, unit=about.unit)])
    before = str(np.datetime64(out) - np.timedelta64(1, "D"))
    assert store.known_on(before).find(name) is None
    assert store.known_on(out).series(name).estimated.tolist() == [True]


def test_days_on_which_figures_came_late_are_later_than_their_lag_says_and_have_a_source():
    late = [about for about in catalogue() if about.late]
    assert len(late) > 7
    for about in late:
        assert about.late_source
        for observed, out in about.late:
            day = np.datetime64(observed) + np.timedelta64(int(about.lag_days), "D")
            assert day < np.datetime64(out), (about.name, observed)
