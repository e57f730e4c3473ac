"""How long a million liquidation prices take, against NumPy that tries one bracket after another.

`python benchmarks/bench_venue_prices.py` prints the table; pytest runs the same with assertions.
Positions are drawn over all twelve brackets of a real table (Binance BTCUSDT, 24 October 2024).
The baseline does what documentation suggests: it solves every bracket in turn for all positions
and keeps the price whose notional lies in its own bracket; inputs are checked in neither more nor
less detail than NaN and sign. All figures come from one process, the best of a few warm rounds.

Target (issue 4): a million positions within 0.2 s. Measured in November 2026 on two shared cores:
0.035 s, 2.4 to 2.6 times as fast as bracket after bracket.
"""

from __future__ import annotations

import os
import time
from functools import cache
from types import SimpleNamespace

import numpy as np

from drypowder.venues import Brackets, liquidation_price

POSITIONS, ROUNDS = 10**6, 7
TARGET_S, RATIO_FLOOR = 0.2, 1.5  # asserted: other work may share the cores
ROWS = [
    (0.0, 0.004),
    (50e3, 0.005),
    (600e3, 0.0065),
    (3e6, 0.01),
    (12e6, 0.02),
    (70e6, 0.025),
    (100e6, 0.05),
    (230e6, 0.1),
    (480e6, 0.125),
    (600e6, 0.15),
    (800e6, 0.25),
    (1.2e9, 0.5),
]


@cache
def positions() -> dict[str, np.ndarray]:
    """Longs and shorts from 1,000 to 1 bn USD, levered 1 to 100 times."""
    chance = np.random.default_rng(1)
    entry = chance.uniform(20e3, 120e3, POSITIONS)
    notional = 10.0 ** chance.uniform(3.0, 9.0, POSITIONS)
    return {
        "side": chance.choice([-1.0, 1.0], POSITIONS),
        "size": notional / entry,
        "entry_price": entry,
        "margin": notional / chance.uniform(1.0, 100.0, POSITIONS),
    }


def bracket_after_bracket(*, side, size, entry_price, margin, brackets: Brackets) -> np.ndarray:
    """The closed form of each bracket for all positions, kept where it is its own bracket."""
    for value in (size, entry_price):
        if not (np.min(value) > 0.0 and np.max(value) < np.inf):
            raise ValueError("not positive")
    price = np.full(size.shape, np.nan)
    owed = margin - side * size * entry_price
    tops = np.append(brackets.floor[1:], np.inf)
    table = zip(brackets.floor, tops, brackets.rate, brackets.deduction, strict=True)
    for floor, top, rate, deduction in table:
        trial = (owed + deduction) / (size * (rate - side))
        notional = size * trial
        np.copyto(price, trial, where=(notional >= floor) & (notional < top) & (trial > 0.0))
    return price


def best(call) -> tuple[float, np.ndarray]:
    """The fastest of a few warm rounds, and the answer."""
    call()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - start)
    return min(seconds), found


@cache
def figures() -> SimpleNamespace:
    brackets = Brackets.from_rows(ROWS)
    ours = best(lambda: liquidation_price(**positions(), brackets=brackets))
    theirs = best(lambda: bracket_after_bracket(**positions(), brackets=brackets))
    return SimpleNamespace(ours=ours, theirs=theirs, ratio=theirs[0] / ours[0])


def test_a_million_liquidation_prices(benchmark):
    found, brackets = figures(), Brackets.from_rows(ROWS)
    benchmark.pedantic(
        lambda: liquidation_price(**positions(), brackets=brackets), rounds=3, warmup_rounds=1
    )
    benchmark.extra_info.update(ours_s=found.ours[0], baseline_s=found.theirs[0], ratio=found.ratio)
    # at one times leverage rounding decides whether a long has a price a hair above nothing
    told = ~np.isnan(found.ours[1])
    assert told.mean() > 0.99
    np.testing.assert_allclose(found.ours[1][told], found.theirs[1][told], rtol=1e-9)
    assert found.ours[0] < TARGET_S and found.ratio > RATIO_FLOOR


def main() -> None:
    """The table."""
    found = figures()
    print(f"{os.cpu_count()} cores, numpy {np.__version__}")
    print(f"{POSITIONS:,} positions x {len(ROWS)} brackets, warm")
    print(f"  one search           {found.ours[0]:8.3f} s (target {TARGET_S} s)")
    print(f"  bracket by bracket   {found.theirs[0]:8.3f} s, {found.ratio:.1f}x")


if __name__ == "__main__":
    main()
