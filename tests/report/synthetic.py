"""A run that no simulator made: simple shapes with known answers, prime sizes per axis."""

from __future__ import annotations

import numpy as np

from drypowder.accounts.economy import default_economy
from drypowder.engine.run import Books, Failure, Run
from drypowder.report.axes import FORCES, holders, vehicles

SOURCES = (
    "cash_flow", "hoard", "treasuries", "bank_loans", "bonds", "short_paper", "private_credit",
    "buybacks_cut", "new_shares",
)  # fmt: skip
HOARD_LASTS = 5  # steps in which the hoard pays
CRASH = 7  # the step on which lenders and exchanges force sales, and a call is not paid


def make_run(*, paths: int = 7, steps: int = 11, days_a_step: int = 13, failures=()) -> Run:
    """Seven worlds, eleven steps: dry powder drains by 2 a step, yields rise by a basis point."""
    economy = default_economy()
    dates = np.datetime64("2026-02-06") + np.arange(steps) * np.timedelta64(days_a_step, "D")
    random = np.random.default_rng(3)
    central = _path(economy, steps, drain=2.0, lift_bp=1.0)
    worlds = [central] + [
        _path(economy, steps, drain=2.0 + random.normal(), lift_bp=1.0 + random.normal())
        for _ in range(paths - 1)
    ]
    series = {name: np.stack([world[name] for world in worlds]) for name in central}
    companions = {
        "without_ai_capex": _path(economy, steps, drain=0.5, lift_bp=0.2, spends=False),
        "plus_100bn_ai_bonds": _path(economy, steps, drain=2.1, lift_bp=1.3),
        "fed_absorbs": _path(economy, steps, drain=1.4, lift_bp=0.5, reserves=40.0),
    }
    return Run(
        scenario="synthetic",
        economy=economy,
        dates=dates,
        series=series,
        companions=companions,
        books=_books(economy, central),
        failures=tuple(failures),
        stamp=_stamp(dates, paths),
    )


def about() -> dict[str, object]:
    """What the scenario would say of itself."""
    names = default_economy().names("cleared")
    years = dict(zip(names, (5.9, 5.7, 6.0, 1.6, 17, 15, 11, 18, 24, 16, 6, 0, 0), strict=True))
    return {
        "title": "A synthetic world",
        "levers_changed": {"capex_scale": 1.25},
        "levers": {"capex_scale": 1.25},
        "durations_years": years,
        "assumptions": [
            {"parameter": "demand.participation", "value": 0.2, "low": 0.1, "high": 0.5,
             "unit": "share", "source": "guess", "why": "nobody knows", "is_guess": True},
            {"parameter": "demand.kappa", "value": 21.0, "low": 13.0, "high": 34.0,
             "unit": "per unit", "source": "a paper", "why": "published multipliers"},
        ],
    }  # fmt: skip


def broken_path(run: Run, path: int, step: int) -> Failure:
    """A world in which bitcoin did not clear."""
    return Failure(path, step, run.economy.names("cleared")[-2], "deep_pockets")


def _path(economy, steps: int, *, drain: float, lift_bp: float, spends=True, reserves=0.0):
    sectors, columns = len(economy.sectors), len(economy.instruments)
    assets = len(economy.names("cleared"))
    day = np.arange(steps, dtype=float)
    powder = np.outer(np.ones(steps), 10.0 * (1.0 + np.arange(sectors))) - drain * day[:, None]
    required = np.linspace(0.04, 0.08, assets)
    yields = required + 1e-4 * lift_bp * day[:, None] * np.linspace(1.0, 2.0, assets)
    years = np.linspace(2.0, 28.0, columns)
    funding = _funding(steps, spends)
    series = {
        "price": np.exp(-1e-4 * lift_bp * day[:, None] * years),
        "dry_powder_usd_bn": powder,
        "money_usd_bn": 100.0 + powder * np.where(np.arange(sectors) % 2, 1.0, -1.0),
        "yield_pa": yields,
        "lambda_bp": 0.1 * lift_bp * day,
        "reverse_repo_usd_bn": 9.0 - day,
        "reserve_supply_usd_bn": 3000.0 + reserves * day / steps,
        "satiation_usd_bn": np.full(steps, 2900.0),
        "bill_rate_pa": np.full(steps, 0.036),
        "receipts_usd_bn": np.outer(funding["funding_capex_usd_bn"], np.full(sectors, 1 / 16)),
        "listed_equity_usd_bn": 60_000.0 * np.exp(-2e-3 * lift_bp * day),
        "turnover_usd_bn": np.full(steps, 5.0),
        "residual": np.full(steps, 3e-13),
        "market_residual": np.full(steps, 2e-11),
    }
    return {**series, **funding, **_forces(economy, steps)}


def _forces(economy, steps: int) -> dict[str, np.ndarray]:
    """Deep pockets sell 3 for a call on the crash; lenders make hedge funds sell 2 + 0.5 in two
    rounds; private credit pays 0.1 a step while 4 wait; perpetuals lose 7 of 50 coins.
    """
    names, day = holders(economy), np.arange(steps)
    crash = (day == CRASH).astype(float)
    sold = np.zeros((steps, len(FORCES), len(names)))
    sold[:, 0, names.index("deep_pockets")] = 3.0 * crash
    sold[:, 2, names.index("hedge_funds")] = 2.5 * crash
    leverage = np.ones((steps, len(names)))
    leverage[:, names.index("hedge_funds")] = 2.5
    leverage[:, names.index("deep_pockets")] = 1.1
    queue, paid = np.zeros((2, steps, len(vehicles(economy))))
    queue[:, -1], paid[:, -1] = 4.0 * (day >= CRASH), 0.1
    return {
        "forced_usd_bn": sold,
        "forced_by_round": np.outer(crash, [2.0, 0.5, 0, 0, 0, 0, 0, 0]),
        "forced_settled": np.ones(steps),
        "forced_unique": 1.0 - crash,
        "leverage": leverage,
        "largest_leverage": np.full((steps, len(names)), 3.0),
        "loan_losses_usd_bn": 0.3 * crash,
        "called_usd_bn": 5.0 * crash,
        "call_default_usd_bn": 1.0 * crash,
        "redeemed_usd_bn": paid,
        "queue_usd_bn": queue,
        "beliefs": np.linspace([0.35, 0.5, 0.15], [0.27, 0.38, 0.35], steps),
        "perp_open_interest_coins": np.outer(50.0 - 7.0 * crash, [1.0, 2.0]),
        "perp_liquidated_usd_bn": np.outer(6.0 * crash, [1.0, 2.0]),
        "low_price": np.ones((steps, len(economy.names("cleared")))),
    }


def _funding(steps: int, spends: bool) -> dict[str, np.ndarray]:
    """Capex of 12 a step: 5 from cash flow; 4, later 0, from the hoard; bonds for the rest."""
    day = np.arange(steps)
    flow = {name: np.zeros(steps) for name in SOURCES}
    flow["cash_flow"] = np.full(steps, 5.0)
    if spends:
        flow["hoard"] = np.where(day < HOARD_LASTS, 4.0, 0.0)
        flow["bonds"] = 6.0 - flow["hoard"]
        flow["private_credit"] = np.full(steps, 0.5)
    flow["capex"] = np.full(steps, 12.0 if spends else 5.0)  # 0.5 is paid by cloud customers
    flow["lab_round"] = np.full(steps, 0.3)
    return {f"funding_{name}_usd_bn": values for name, values in flow.items()}


def _books(economy, central) -> Books:
    shape = (len(economy.sectors), len(economy.instruments))
    opening = np.arange(np.prod(shape), dtype=float).reshape(shape)
    opening -= opening.mean(axis=0)
    capex = np.zeros(shape)
    above_trend = float((central["funding_capex_usd_bn"] - 5.0).sum())
    money = economy.instrument("deposits")
    shares = {"rest_of_world": 0.45, "chip_memory_firms": 0.25, "other_firms": 0.2,
              "households": 0.07, "banks_dealers": 0.03, "hyperscalers": -1.0}  # fmt: skip
    for name, share in shares.items():
        capex[economy.sector(name), money] = share * above_trend
    flows = {"ai_capex": capex, "standing_repo": np.zeros(shape)}
    return Books(opening, opening + capex, flows)


def _stamp(dates, paths: int) -> dict[str, object]:
    return {
        "run": f"5eed{paths:04d}",
        "scenario": "synthetic",
        "scenario_hash": "0123abcd",
        "first_day": str(dates[0]),
        "last_day": str(dates[-1]),
        "steps": len(dates),
        "paths": paths,
        "seed": 5,
        "version": "0.1.0",
        "jax": "0.9.2",
        "device": "cpu",
    }
