"""How long ten thousand fire sales among 48 banks take, against plain NumPy.

`python benchmarks/bench_fire_sale.py` prints the table; pytest runs the same with assertions.
Scenarios draw impact, shock and dry powder. The baseline writes the published rules once more, in
whole-batch arrays (scenario, bank), as a careful user would, without compiling and without buyers'
cash; a second one does the same in pieces that fit the cache. All figures come from one process,
warm, the best of a few rounds; what compiling costs once is told apart.

Target (issue 5): 15 microseconds a scenario. Measured in November 2026 on two shared cores, first
alone and then with six busy processes beside: 3.6 and 7.1 with an outside buyer, 4.4 and 8.8 with
own cash; NumPy 9.4 and 18, in pieces 7.7 and 12.
"""

from __future__ import annotations

import os
import time
from functools import cache
from types import SimpleNamespace

import numpy as np

from drypowder.replications import eba_banks, eba_fire_sale

SCENARIOS, ROUNDS, PIECE = 10_000, 5, 250
TARGET_US, RATIO_FLOOR = 15.0, 1.0  # asserted: other work may share the cores


@cache
def scenarios() -> dict[str, np.ndarray]:
    chance = np.random.default_rng(1)
    return {
        "impact_at_5pct_sold": chance.uniform(0.0, 0.1, SCENARIOS),
        "shock": chance.uniform(0.0, 0.3, SCENARIOS),
        "buffer": np.full(SCENARIOS, 0.04),
    }


def in_numpy(impact_at_5pct_sold, shock, buffer, steps: int = 6):
    """The published rules; failed banks and prices of a batch."""
    table = eba_banks()
    capital, debt, gov = table.cet1_eur_m, table.debt_securities_eur_m, table.gov_bonds_eur_m
    assets = capital / table.leverage
    owed, cash = 0.5 * (assets - capital), 0.05 * assets
    other = assets - debt - cash
    units = [np.tile(debt - gov, (len(shock), 1)), np.tile(gov, (len(shock), 1))]
    face = [float(u[0].sum()) for u in units]
    price = [np.ones_like(shock), 1.0 - shock]
    loan, cash = np.tile(owed, (len(shock), 1)), np.tile(cash, (len(shock), 1))
    failed, part = np.zeros(loan.shape, dtype=bool), np.zeros(loan.shape)
    beta = -np.log1p(-impact_at_5pct_sold) / 0.05
    for _ in range(steps):
        for k in range(2):
            sold = part * units[k]
            after = price[k] * np.exp(-beta * sold.sum(axis=1) / face[k])
            cash += sold * (0.5 * (price[k] + after))[:, None]
            units[k] -= sold
            price[k] = after
        bonds = units[0] * price[0][:, None] + units[1] * price[1][:, None]
        total = cash + bonds + other
        equity = total - loan - owed
        failed |= equity < 0.03 * total
        acts = ~failed & (equity < buffer[:, None] * total)
        need = np.where(acts, np.maximum(total - equity / 0.05, 0.0), 0.0)
        repaid = np.minimum(need, np.minimum(cash, loan))
        cash -= repaid
        loan -= repaid
        missing = np.maximum(need - repaid - cash, 0.0)
        part = np.minimum(missing, bonds) / np.where(bonds > 0.0, bonds, 1.0)
        part[failed] = 1.0
    return failed.mean(axis=1), price[0], price[1]


def in_pieces():
    """The same, a few scenarios at a time."""
    parts = [
        in_numpy(**{name: values[first : first + PIECE] for name, values in scenarios().items()})
        for first in range(0, SCENARIOS, PIECE)
    ]
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def best(call) -> tuple[float, object]:
    """Microseconds a scenario of the fastest warm round, and the answer."""
    call()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - start)
    return 1e6 * min(seconds) / SCENARIOS, found


@cache
def figures() -> SimpleNamespace:
    start = time.perf_counter()
    eba_fire_sale(**scenarios())
    first_s = time.perf_counter() - start
    powder = np.random.default_rng(2).uniform(0.0, 1.0, SCENARIOS)
    paid = {"buyers": "own_cash", "dry_powder": powder}
    return SimpleNamespace(
        first_s=first_s,
        ours=best(lambda: eba_fire_sale(**scenarios())),
        own_cash=best(lambda: eba_fire_sale(**scenarios(), **paid)),
        plain=best(lambda: in_numpy(**scenarios())),
        pieces=best(in_pieces),
    )


def test_ten_thousand_fire_sales(benchmark):
    found = figures()
    benchmark.pedantic(lambda: eba_fire_sale(**scenarios()), rounds=3, warmup_rounds=1)
    benchmark.extra_info.update(
        ours_us=found.ours[0],
        own_cash_us=found.own_cash[0],
        plain_us=found.plain[0],
        pieces_us=found.pieces[0],
        first_call_s=found.first_s,
    )
    share, corp, gov = found.pieces[1]
    ours = found.ours[1]
    np.testing.assert_allclose(ours.failures.sum(axis=0) / 48.0, share, atol=1e-12)
    np.testing.assert_allclose(ours.price_corp, corp, rtol=1e-9)
    np.testing.assert_allclose(ours.price_gov, gov, rtol=1e-9)
    assert max(found.ours[0], found.own_cash[0]) < TARGET_US
    assert found.pieces[0] / found.ours[0] > RATIO_FLOOR


def main() -> None:
    """The table."""
    found = figures()
    print(f"{os.cpu_count()} cores, numpy {np.__version__}")
    print(f"{SCENARIOS:,} scenarios x 48 banks x 6 rounds, microseconds a scenario, warm")
    print(f"  outside buyer       {found.ours[0]:7.2f} (target {TARGET_US:g})")
    print(f"  own cash            {found.own_cash[0]:7.2f}")
    for name, (took, _) in (("NumPy", found.plain), ("NumPy in pieces", found.pieces)):
        print(f"  {name:<19} {took:7.2f}, {took / found.ours[0]:.1f}x")
    print(f"  first call, compiling included: {found.first_s:.2f} s")


if __name__ == "__main__":
    main()
