"""When one more dollar of capex pumps and when it drains: dry powder against who pays.

100 billion more of AI capex on the first business day, against the same world without them, over a
grid of two things that are measured and not assumed:

- dry powder: money above what its owners want to hold liquid. `desired_liquidity_share` is moved
  so that everybody's excess money is the same multiple m of the scenario's, 1 - d' = m (1 - d);
  the room of banks and the pool behind crypto are scaled by m as well. Money, holdings, opening
  prices, kappa and participation are those of the scenario, and tastes are anchored in them anew.
- the share of the extra dollars that hoarded cash has paid by the horizon. `cash_floor_share` is
  moved, so that the hoard reaches its floor sooner or later; what it does not pay is paid as the
  scenario pays it: Treasuries down to the same floor, then outside money.

All worlds lie on the path axis of one compiled program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from drypowder.engine.simulate import CHUNK, Inputs, make_levers, make_stamp, run_block
from drypowder.scenarios.compile import compile_inputs, parameters_of
from drypowder.scenarios.scenario import Scenario, load
from drypowder.scenarios.simulate import prepare_jax

HORIZON_DAYS = 63
SIZE_USD_BN = 100.0
_MULTIPLES = (0.125, 0.1875, 0.25, 0.375, 0.5, 0.75, 1.0)
_SHARES = 9  # columns of the grid, from no hoard to as much of one as there is
_FLOORS = CHUNK // 2  # of the pilot: as many as one call holds beside their twins
_TABLE, _FLOOR = "desired_liquidity_share", "cash_floor_share"
_SCALED = ("bank_securities_capacity_usd_bn", "crypto_excess_money_usd_bn")


@dataclass(frozen=True)
class Effects:
    """What the extra capex did in some worlds, USD per USD at the horizon; (..., world)."""

    multiple: np.ndarray  # of the scenario's dry powder, asked for
    floor: np.ndarray  # cash_floor_share
    dry_powder_usd_bn: np.ndarray  # measured at the first close, without the extra capex
    hoard_share: np.ndarray  # measured: of the extra capex, paid by hoards by the horizon
    treasuries_share: np.ndarray  # measured: paid by Treasuries that hoarders sold
    equity_usd_per_usd: np.ndarray  # listed, at opening share counts
    crypto_usd_per_usd: np.ndarray  # bitcoin and other coins, at opening amounts

    @property
    def risky_usd_per_usd(self) -> np.ndarray:
        """Listed equity and crypto; not a number where no price was found."""
        return self.equity_usd_per_usd + self.crypto_usd_per_usd


@dataclass(frozen=True)
class PhaseStudy:
    """The grid, and where the scenario itself stands in it."""

    scenario: Scenario
    stamp: dict[str, object]
    grid: Effects  # (multiple, share)
    own: Effects  # (1,)
    horizon_days: int  # steps after the spending
    size_usd_bn: float
    first_day: str  # of spending
    last_day: str  # at which assets are valued

    @property
    def zero_share(self) -> np.ndarray:
        """Hoard share at which the effect changes sign, by multiple; nan where it does not."""
        pairs = zip(self.grid.hoard_share, self.grid.risky_usd_per_usd, strict=True)
        return np.array([_crossing(share, effect) for share, effect in pairs])


def phase_study(scenario: Scenario | str = "essay", *, years: float | None = None) -> PhaseStudy:
    """Measure the effect of the marginal 100 billion over the grid.

    Args:
        years: horizon of the calendar instead of the scenario's own; assets are valued
            63 steps after the spending, or on the last day of a shorter run.
    """
    prepare_jax()
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    inputs, day = _shortened(compile_inputs(scenario, years=years))
    floors = np.linspace(0.0, 1.0, _FLOORS)
    pilot = _measure(scenario, inputs, day, np.ones(_FLOORS), floors)
    multiples = np.array([*_MULTIPLES, _largest_multiple(scenario)])
    chosen = _floors_for_shares(pilot)
    every = (array.ravel() for array in np.meshgrid(multiples, chosen, indexing="ij"))
    grid = _measure(scenario, inputs, day, *every)
    own_floor = np.array([scenario.parameters[_FLOOR].value])
    shape = (len(multiples), len(chosen))
    return PhaseStudy(
        scenario=scenario,
        stamp=make_stamp(inputs, paths=1, seed=0),
        grid=Effects(**{name: array.reshape(shape) for name, array in vars(grid).items()}),
        own=_measure(scenario, inputs, day, np.ones(1), own_floor),
        horizon_days=len(inputs.dates) - 1 - day,
        size_usd_bn=SIZE_USD_BN,
        first_day=str(inputs.dates[day]),
        last_day=str(inputs.dates[-1]),
    )


def _shortened(inputs: Inputs) -> tuple[Inputs, int]:
    """The days up to the horizon, and the first business day, on which is spent."""
    day = int(np.argmax(np.asarray(inputs.days.business) > 0.0))
    steps = day + HORIZON_DAYS + 1
    days = jax.tree.map(lambda row: row[:steps], inputs.days)
    return replace(inputs, dates=inputs.dates[:steps], days=days), day


def _largest_multiple(scenario: Scenario) -> float:
    """Beyond it somebody would want to hold less than no money liquid."""
    return 1.0 / max(1.0 - p.value for p in _liquidity(scenario))


def _liquidity(scenario: Scenario):
    return [p for p in scenario.parameters.values() if p.table == _TABLE and p.value < 1.0]


def _floors_for_shares(pilot: Effects) -> np.ndarray:
    """Floors at which hoards pay evenly spaced shares of the extra capex, fewest first."""
    share = np.maximum.accumulate(pilot.hoard_share[::-1])  # rises as the floor falls
    wanted = np.linspace(max(share[0], 0.0), share[-1], _SHARES)
    return np.interp(wanted, share, pilot.floor[::-1])


def _measure(
    scenario: Scenario, inputs: Inputs, day: int, multiple: np.ndarray, floor: np.ndarray
) -> Effects:
    """Each world and its twin without the extra capex side by side, in calls of equal width."""
    worlds = CHUNK // 2
    parts = []
    for start in range(0, len(multiple), worlds):
        padded = [np.resize(array[start : start + worlds], worlds) for array in (multiple, floor)]
        parts.append(_block(scenario, inputs, day, *padded))
    measured = {
        name: np.concatenate([part[name] for part in parts])[: len(multiple)] for name in parts[0]
    }
    return Effects(multiple=multiple, floor=floor, **measured)


def _block(
    scenario: Scenario, inputs: Inputs, day: int, multiple: np.ndarray, floor: np.ndarray
) -> dict[str, np.ndarray]:
    """Worlds at even positions, with the extra capex at odd ones."""
    parameters = parameters_of(
        scenario, _changed(scenario, np.repeat(multiple, 2), np.repeat(floor, 2)), paths=CHUNK
    )
    levers = make_levers(inputs, CHUNK, shock_scale=0.0)
    spent = jnp.asarray(SIZE_USD_BN * (np.arange(CHUNK) % 2))
    levers = eqx.tree_at(
        lambda lv: (lv.extra_capex_usd_bn, lv.extra_capex_day),
        levers,
        (spent, jnp.full(CHUNK, day)),
    )
    series = run_block(inputs, parameters, levers, np.zeros(CHUNK, dtype=int), 0)
    demanders = [k for k, s in enumerate(inputs.economy.sectors) if s.role in ("holder", "bank")]
    powder = series["dry_powder_usd_bn"][::2, 0][:, demanders].sum(axis=1)
    stopped = series["failed_day"] >= 0
    seen = {
        "hoard_share": series["funding_hoard_usd_bn"].sum(axis=1),
        "treasuries_share": series["funding_treasuries_usd_bn"].sum(axis=1),
        "equity_usd_per_usd": series["listed_equity_usd_bn"][:, -1],
        "crypto_usd_per_usd": _crypto_usd_bn(inputs, series["price"][:, -1]),
    }
    effects = {
        name: np.where(stopped[::2] | stopped[1::2], np.nan, (a[1::2] - a[::2]) / SIZE_USD_BN)
        for name, a in seen.items()
    }
    return {"dry_powder_usd_bn": powder, **effects}


def _changed(scenario: Scenario, multiple: np.ndarray, floor: np.ndarray) -> dict[str, np.ndarray]:
    """Parameters (path,) by name: everybody's excess money times the multiple, and the floor."""
    liquid = {p.name: 1.0 - multiple * (1.0 - p.value) for p in _liquidity(scenario)}
    scaled = {name: multiple * scenario.parameters[name].value for name in _SCALED}
    return {**liquid, **scaled, _FLOOR: floor}


def _crypto_usd_bn(inputs: Inputs, price: np.ndarray) -> np.ndarray:
    """Value (path,) of all coins that there are at the opening."""
    economy = inputs.economy
    coins = [k for k, i in enumerate(economy.instruments) if i.group == "crypto"]
    amounts = np.maximum(inputs.units[:, coins], 0.0).sum(axis=0)
    return price[:, coins] @ amounts


def _crossing(share: np.ndarray, effect: np.ndarray) -> float:
    """Where the effect is zero, straight between the two shares around it."""
    for k in range(len(share) - 1):
        low, high = effect[k], effect[k + 1]
        if low < 0.0 <= high or high < 0.0 <= low:
            return float(share[k] + (share[k + 1] - share[k]) * low / (low - high))
    return float("nan")
