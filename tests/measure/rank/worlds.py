"""A made-up field: weekly prices of the universe with loadings that are known."""

from __future__ import annotations

import numpy as np
from tests.measure.fakes import FakeKnown, made_up

from drypowder.measure.rank.universe import universe

LAST = np.datetime64("2026-08-19")  # a Wednesday
WEEKS = 330


def field(seed: int = 1, *, hurt: dict[str, float] | None = None, only: int | None = None,
          weeks: int = WEEKS, market_beta: dict[str, float] | None = None):  # fmt: skip
    """What is known of a world in which `hurt` lose that much a week for one s.d. of plumbing.

    Every asset has a market beta (1 unless given) and noise of 2 % a week; rates, spreads and
    balances move on their own.
    """
    generator = np.random.default_rng(seed)
    days = (LAST - np.timedelta64(7, "D") * np.arange(weeks)[::-1]).astype("datetime64[D]")
    real, breakeven, spread, drain, market = generator.standard_normal((5, weeks))
    plumbing = (spread - spread.mean()) / spread.std() + (drain - drain.mean()) / drain.std()
    plumbing /= plumbing.std()
    series = [
        made_up("T10YIE", days, 2.3 + 0.03 * np.cumsum(breakeven)),
        made_up("DGS10", days, 4.5 + np.cumsum(0.03 * breakeven + 0.06 * real)),
        made_up("SOFR", days, 4.0 + 0.02 * np.cumsum(spread)),
        made_up("IORB", days, np.full(weeks, 4.0)),
        made_up("WRESBAL", days, 3000.0 * np.exp(-0.01 * np.cumsum(drain))),
        made_up("RRPONTSYD", days, np.full(weeks, 1e-6)),
        made_up("price:SPY", days, 100.0 * np.exp(0.02 * np.cumsum(market))),
    ]
    for asset in universe()[:only]:
        beta = (market_beta or {}).get(asset.ticker, 1.0)
        moved = 2.0 * beta * market + 2.0 * generator.standard_normal(weeks)
        moved -= (hurt or {}).get(asset.ticker, 0.0) * plumbing
        series.append(made_up(asset.series, days, 50.0 * np.exp(0.01 * np.cumsum(moved))))
    return FakeKnown.of(*series)
