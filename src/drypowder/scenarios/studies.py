"""Questions asked of a whole scenario: fitted kappas, sensitivities, pump and drain.

Each study is one compiled call: the things compared sit side by side on the path axis, so a
table of twenty variants costs about as much as one run. No news, no draws: derivatives and
what-ifs around the central path, not forecasts.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import brentq

from drypowder.engine.experiments import MarginalEffect, marginal_capex
from drypowder.engine.simulate import Inputs, make_levers, run_block
from drypowder.engine.world import make_layout, open_world, opening_curves
from drypowder.markets.calibration import Multipliers, multipliers
from drypowder.scenarios.compile import compile_inputs, parameters_of
from drypowder.scenarios.scenario import Scenario, load
from drypowder.scenarios.simulate import prepare_jax


@dataclass(frozen=True)
class Target:
    """A published multiplier and the parameter that is fitted to it."""

    parameter: str  # "kappa.equity"
    multiplier: str  # field of Multipliers
    low: float
    value: float
    high: float
    unit: str
    source: str


TARGETS = (
    Target("kappa.equity", "equity", 1.5, 4.0, 8.0, "USD of listed equity per USD bought",
           "Gabaix and Koijen (2021): about 5, range 3-8, shaded down for published critiques"),
    Target("kappa.bonds", "treasury_bp_per_100bn", 0.36, 1.08, 2.9,
           "bp per 100 bn of Treasuries sold, proceeds not returned",
           "Li and Wei (FEDS 2014-07), Gagnon et al. (2011), scaled to today's GDP: 0.5 / 1.5 / 4 "
           "bp per 100 bn of ten-year equivalents, which are 139 bn of the column"),
    Target("crypto_excess_money_usd_bn", "bitcoin", 2.0, 8.0, 25.0,
           "USD of bitcoin per USD bought",
           "judgement within the square-root impact of Donier and Bonart (2015): 24 at 0.1 bn, "
           "2.4 at 10 bn"),
)  # fmt: skip


@dataclass(frozen=True)
class Fit:
    """A shipped value beside the one that meets its target exactly."""

    target: Target
    shipped: float
    achieved: float  # multiplier at the shipped value
    fitted: float  # value that meets the target, all others as shipped


def calibration_table(scenario: Scenario | str = "essay") -> tuple[Fit, ...]:
    """Each fitted parameter beside its published target, measured on the full opening sheet."""
    prepare_jax()
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    measure = _multiplier_of(scenario)
    fits = []
    for target in TARGETS:
        shipped = scenario.parameters[target.parameter].value
        fitted = brentq(
            lambda log_value, t=target: measure(t, np.exp(log_value)) - t.value,
            np.log(shipped / 30.0), np.log(shipped * 30.0), xtol=1e-6,
        )  # fmt: skip
        fits.append(Fit(target, shipped, measure(target, shipped), float(np.exp(fitted))))
    return tuple(fits)


def _multiplier_of(scenario: Scenario):
    """Multiplier of a target as a function of its parameter, others as shipped."""
    inputs = compile_inputs(scenario, years=0.01)
    layout = make_layout(inputs.economy)
    names = inputs.economy.names("cleared")
    groups = [i.group for i in inputs.economy.instruments[inputs.economy.columns("cleared")]]
    equity = jnp.array([float(group == "equity") for group in groups])
    levers = make_levers(inputs, 1, shock_scale=0.0)

    @jax.jit
    def measured(parameters) -> Multipliers:
        world, _ = open_world(
            units=jnp.asarray(inputs.units), issued=jnp.asarray(inputs.issued),
            parameters=parameters, levers=levers, layout=layout,
        )  # fmt: skip
        return multipliers(
            curves=opening_curves(world), segments=layout.segments, equity=equity,
            treasury=names.index("treasuries"), bitcoin=names.index("bitcoin"),
            treasury_duration_years=parameters.demand.spread_duration_years[0],
        )  # fmt: skip

    def of(target: Target, value: float) -> float:
        parameters = parameters_of(scenario, {target.parameter: np.array([value])}, paths=1)
        return float(getattr(measured(parameters), target.multiplier)[0])

    return of


@dataclass(frozen=True)
class Sensitivity:
    """Outcome at a parameter's low and high, everything else central."""

    parameter: str
    low: float
    high: float
    at_low: np.ndarray  # (outcome,)
    at_high: np.ndarray  # (outcome,)

    @property
    def swing(self) -> np.ndarray:
        """Distance between the two outcomes (outcome,)."""
        return np.abs(self.at_high - self.at_low)


OUTCOMES = (
    ("listed equity, effect of AI capex", "%"),
    ("Treasury yield, effect of AI capex", "bp"),
    ("bitcoin, effect of AI capex", "%"),
    ("listed equity per USD of 100 bn AI bonds", "USD"),
)


def sensitivity_table(
    scenario: Scenario | str = "essay", *, years: float | None = None, most: int = 10
) -> tuple[np.ndarray, tuple[Sensitivity, ...]]:
    """What hangs on what: the parameters whose range moves the outcomes most.

    Returns:
        central outcomes (outcome,) and the `most` parameters by largest swing relative to the
        largest swing of each outcome. Outcomes are those of `OUTCOMES` on the last day.
    """
    prepare_jax()
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    inputs = compile_inputs(scenario, years=years)
    varied = [p for p in scenario.parameters.values() if p.drawn and p.low < p.high]
    columns = [(None, 0.0)] + [(p.name, end) for p in varied for end in (p.low, p.high)]
    outcomes = _outcomes(inputs, scenario, columns)
    rows = [
        Sensitivity(p.name, p.low, p.high, outcomes[1 + 2 * k], outcomes[2 + 2 * k])
        for k, p in enumerate(varied)
    ]
    scale = np.maximum(np.max([row.swing for row in rows], axis=0), 1e-300)
    rows.sort(key=lambda row: -float(np.max(row.swing / scale)))
    return outcomes[0], tuple(rows[:most])


_VARIANTS: tuple[dict[str, float], ...] = ({}, {"ai_capex": 0.0}, {"extra_bonds_usd_bn": 100.0})
_COLUMNS_A_CALL = 64 // len(_VARIANTS)


def _outcomes(inputs: Inputs, scenario: Scenario, columns) -> np.ndarray:
    """Outcomes (column, outcome) of each variant of the parameters, in calls of equal width."""
    blocks = [columns[k : k + _COLUMNS_A_CALL] for k in range(0, len(columns), _COLUMNS_A_CALL)]
    blocks[-1] = blocks[-1] + [columns[0]] * (_COLUMNS_A_CALL - len(blocks[-1]))
    parts = [_outcomes_of_block(inputs, scenario, block) for block in blocks]
    return np.concatenate(parts)[: len(columns)]


def _outcomes_of_block(inputs: Inputs, scenario: Scenario, block) -> np.ndarray:
    wide = [column for column in block for _ in _VARIANTS]
    changed = {}
    for name in {name for name, _ in block if name}:
        central = scenario.parameters[name].value
        changed[name] = np.array([end if n == name else central for n, end in wide])
    levers = make_levers(inputs, len(wide), shock_scale=0.0)
    fields = {name: np.array(getattr(levers, name)) for name in levers.__dataclass_fields__}
    for k, variant in enumerate(_VARIANTS):
        for name, value in variant.items():
            fields[name][k :: len(_VARIANTS)] = value
    levers = type(levers)(**{name: jnp.asarray(array) for name, array in fields.items()})
    parameters = parameters_of(scenario, changed, paths=len(wide))
    series = run_block(inputs, parameters, levers, np.zeros(len(wide), int), 0)
    base, without, bonds = (
        {n: a[k :: len(_VARIANTS), -1] for n, a in series.items() if a.ndim > 1} for k in range(3)
    )
    return _measure(inputs, base, without, bonds)


def _measure(inputs: Inputs, base, without, bonds) -> np.ndarray:
    coin = inputs.economy.instrument("bitcoin")
    equity, other = base["listed_equity_usd_bn"], without["listed_equity_usd_bn"]
    return np.stack(
        [
            100.0 * (equity / other - 1.0),
            1e4 * (base["yield_pa"][:, 0] - without["yield_pa"][:, 0]),
            100.0 * (base["price"][:, coin] / without["price"][:, coin] - 1.0),
            (bonds["listed_equity_usd_bn"] - equity) / 100.0,
        ],
        axis=1,
    )


def pump_and_drain(
    scenario: Scenario | str = "hoards", *, every_days: int = 21, horizon_days: int = 63
) -> MarginalEffect:
    """When one more dollar of capex stops pumping and starts draining."""
    prepare_jax()
    inputs = compile_inputs(scenario)
    last = len(inputs.dates) - horizon_days
    return marginal_capex(inputs, np.arange(0, last, every_days), horizon_days=horizon_days)
