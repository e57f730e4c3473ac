"""Made-up worlds in which the gauge can be worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from tests.measure.fakes import FakeKnown, made_up

FIRST, LAST = "2020-01", "2025-12"  # months of the made-up series
DAY = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)


def month_ends(first=FIRST, last=LAST):
    months = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    return (months + 1).astype("datetime64[D]") - 1


def series(name, values, *, first=FIRST, **more):
    """A month-end series from `first` on, known on its day."""
    days = month_ends(first)[: len(values)]
    return made_up(name, days, values, lag_days=0, **more)


def world(seed=0, *, leave_out=(), day=DAY, months=72, **changes):
    """All inputs of five parts, random; `changes` replaces the values of a series."""
    rng = np.random.default_rng(seed)
    values = {
        "RRPONTSYD": rng.uniform(0, 2500, months),
        "WRESBAL": rng.uniform(2500, 4000, months),
        "TLAACBW027SBOG": rng.uniform(20_000, 21_000, months),
        "TGA": rng.uniform(100, 1000, months),
        "SOFR": 5.0 + rng.uniform(-0.2, 0.3, months),
        "IORB": np.full(months, 5.0),
        "MMMFFAQ027S": rng.uniform(4000, 7000, months),
        "M2SL": np.linspace(18_000, 22_000, months),
        "BOGZ1FL663067003Q": rng.uniform(400, 900, months),
        "bills": np.cumsum(rng.normal(20, 60, months)) + 5000,
    }
    values.update({k.replace("__", ":"): np.asarray(v, float) for k, v in changes.items()})
    kept = [series(k, v) for k, v in values.items() if k not in leave_out]
    return FakeKnown.of(*kept, as_of=day)
