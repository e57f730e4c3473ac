"""The simulated answer to what happened: the central path, and draws of the parameters around it.

No news: whatever moves a path comes from the observed drivers and from behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DrypowderError, UnbalancedError
from drypowder.measure.hindcast.settings import Outcome, outcomes
from drypowder.measure.refused import refused

if TYPE_CHECKING:
    from drypowder.accounts.economy import Economy
    from drypowder.scenarios.scenario import Scenario

_TOLERANCE = 1e-9  # of the day's gross flows, as in every run
_BP = 1e4


@dataclass(frozen=True)
class Simulated:
    """Cumulated changes since the opening by outcome: (path, step); path 0 is central."""

    dates: NDArray[np.datetime64]  # (step,) days simulated
    changes: dict[str, NDArray[np.float64]]  # bp, log points or USD bn
    worst_gap: float  # of the accounts, relative to the day's gross flows
    stopped: int  # draws in which a market found no price; they are left out

    def at(self, days: NDArray[np.datetime64]) -> dict[str, NDArray[np.float64]]:
        """Changes up to the close of each day, nought before the first: (path, day)."""
        place = np.searchsorted(self.dates, days, side="right")
        return {
            key: np.concatenate([np.zeros((len(values), 1)), values], axis=1)[:, place]
            for key, values in self.changes.items()
        }


def simulate_outcomes(scenario: Scenario, *, draws: int, seed: int = 0) -> Simulated:
    """Run the scenario: the central path and parameter draws in one compiled program.

    Args:
        draws: paths with parameters drawn within their ranges, beside the central one.

    Raises:
        DrypowderError: DP-221 if the central path found no price.
        UnbalancedError: DP-225 if the accounts of any day of any path do not balance.
    """
    from drypowder.scenarios.simulate import kept_programs, prepare_jax

    prepare_jax()
    from drypowder.engine.simulate import list_failures, make_levers, run_block
    from drypowder.scenarios.compile import compile_inputs

    inputs = compile_inputs(scenario, seed=seed)
    numbers = np.arange(draws + 1)
    parameters = inputs.draw(numbers)
    levers = make_levers(inputs, len(numbers), shock_scale=0.0)
    series = run_block(inputs, parameters, levers, numbers, seed, kept_programs())
    failed = {f.path: f for f in list_failures(series, inputs.economy)}
    if 0 in failed:
        day, market = inputs.dates[failed[0].step], failed[0].market
        raise refused(DrypowderError, "DP-221", day=day, market=market)
    alive = np.array([k for k in numbers if k not in failed])
    worst = float(np.nan_to_num(series["residual"][alive], nan=np.inf).max())
    if worst > _TOLERANCE:
        raise refused(UnbalancedError, "DP-225", gap=f"{worst:.1e}")
    required = np.asarray(parameters.valuation.required_return_pa)
    opened = np.asarray(inputs.units)
    changes = {
        outcome.key: _change(outcome, series, required, opened, inputs.economy)[alive]
        for outcome in outcomes()
    }
    return Simulated(inputs.dates.astype("datetime64[D]"), changes, worst, len(failed))


def _change(outcome: Outcome, series, required, opened, economy: Economy) -> NDArray[np.float64]:
    return sum(
        weight * _column(outcome.kind, name, series, required, opened, economy)
        for name, weight in outcome.simulated.items()
    )


def _column(kind: str, name: str, series, required, opened, economy: Economy):
    """Change of one column since the opening, (path, step)."""
    if name == "listed_equity":
        equity = list(economy.group("equity"))
        held = np.maximum(opened[:, equity], 0.0).sum(axis=0)
        return np.log(series["price"][:, :, equity] @ held / held.sum())
    if name == "repo_spread":
        return series["lambda_bp"] - series["lambda_bp"][:, :1]
    if name == "reverse_repo":
        return series["reverse_repo_usd_bn"] - _placed(opened, economy)
    if name == "reserves":
        free = series["reserve_supply_usd_bn"] - series["reverse_repo_usd_bn"]
        return free - free[:, :1]
    if kind == "price":
        return np.log(series["price"][:, :, economy.instrument(name)])
    asset = economy.names("cleared").index(name)
    return _BP * (series["yield_pa"][:, :, asset] - required[asset][:, None])


def _placed(opened, economy: Economy) -> float:
    """Reverse repo of money funds on the opening sheet, USD bn."""
    return float(opened[economy.role("money_fund"), economy.instrument("on_rrp")])
