"""Published elasticities as smooth targets, met by Gauss-Newton steps along exact slopes.

The multipliers of the demand system follow from prices that clear a market, so their slopes follow
from the same functions (forward mode); parameters enter the arrays of a world by being copied into
rows (shares also scaled), so what one unit of a parameter changes there is a plain difference.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import least_squares

from drypowder.engine.simulate import make_levers
from drypowder.engine.world import Parameters, make_layout, open_world, opening_curves
from drypowder.markets.calibration import multipliers
from drypowder.scenarios.calibrate import WIDTH, Aim, Prior
from drypowder.scenarios.compile import compile_inputs, parameters_of
from drypowder.scenarios.scenario import Scenario
from drypowder.scenarios.studies import TARGETS

NAMES = {"equity": "equity_multiplier", "treasury_bp_per_100bn": "treasury_bp_per_100bn",
         "bitcoin": "bitcoin_multiplier"}  # fmt: skip
_UNITS = {"equity": "USD per USD", "treasury_bp_per_100bn": "bp", "bitcoin": "USD per USD"}
_STEP = 1e-3  # of a parameter's range: what is copied is linear, so that any step will do
_INSIDE = 1e-9  # of a range: a start on its edge has nowhere to go


def published() -> tuple[Aim, ...]:
    """The published multipliers as targets."""
    return tuple(
        Aim(NAMES[t.multiplier], "", t.low, t.high, _UNITS[t.multiplier], t.source, value=t.value)
        for t in TARGETS
    )


class Elasticities:
    """Multipliers of a scenario's opening day as a function of the parameters that are fitted."""

    def __init__(self, scenario: Scenario, prior: Prior, aims: tuple[Aim, ...]) -> None:
        self.scenario, self.prior, self.aims = scenario, prior, aims
        fields = {name: field for field, name in NAMES.items()}
        self._measure = _measured(scenario, tuple(fields[a.name] for a in aims))

    def moments(self, values: np.ndarray) -> np.ndarray:
        """Multipliers (draw, aim) at values (draw, parameter), a batch at a time."""
        parts = []
        for k in range(0, len(values), WIDTH):
            batch = values[k : k + WIDTH]
            found = self._measure(self._parameters(np.resize(batch, (WIDTH, values.shape[1]))))
            parts.append(np.asarray(found).T[: len(batch)])
        return np.concatenate(parts)

    def slopes(self, values: np.ndarray) -> np.ndarray:
        """What one unit of each parameter does to each multiplier: (aim, parameter)."""
        at = self._parameters(values[None])
        columns = [self._slope(at, values, k) for k in range(len(values))]
        return np.stack(columns, axis=1)

    def fit(self) -> np.ndarray:
        """Values (parameter,) inside their priors that come nearest to the published figures.

        From the central values; where parameters outnumber figures, the nearest on that way.
        """
        ends = np.array([[p.low, p.high] for p in self.prior.parameters])
        low, width = ends[:, 0], ends[:, 1] - ends[:, 0]
        centre = np.array([p.value for p in self.prior.parameters])
        value = np.array([aim.value for aim in self.aims], dtype=float)
        half = np.array([0.5 * (aim.high - aim.low) for aim in self.aims])
        found = least_squares(
            lambda place: (self.moments((low + width * place)[None])[0] - value) / half,
            np.clip((centre - low) / width, _INSIDE, 1.0 - _INSIDE),
            jac=lambda place: self.slopes(low + width * place) * width / half[:, None],
            bounds=(0.0, 1.0), xtol=1e-12, ftol=1e-12, gtol=1e-12,
        )  # fmt: skip
        return low + width * found.x

    def _parameters(self, values: np.ndarray) -> Parameters:
        changed = {name: values[:, k] for k, name in enumerate(self.prior.names)}
        return parameters_of(self.scenario, changed, paths=len(values))

    def _slope(self, at: Parameters, values: np.ndarray, k: int) -> np.ndarray:
        parameter = self.prior.parameters[k]
        step = _STEP * (parameter.high - parameter.low) * np.eye(len(values))[k]
        above = self._parameters((values + step)[None])
        below = self._parameters((values - step)[None])
        unit = jax.tree.map(lambda a, b: (a - b) / (2.0 * step[k]), above, below)
        return np.asarray(jax.jvp(self._measure, (at,), (unit,))[1])[:, 0]


def _measured(scenario: Scenario, fields: tuple[str, ...]):
    """Compiled: parameters of many worlds -> multipliers (aim, path)."""
    inputs = compile_inputs(scenario, years=0.01)
    layout, names = make_layout(inputs.economy), inputs.economy.names("cleared")
    groups = [i.group for i in inputs.economy.instruments[inputs.economy.columns("cleared")]]
    equity = jnp.array([float(group == "equity") for group in groups])

    @jax.jit
    def measure(parameters: Parameters):
        duration = parameters.demand.spread_duration_years[0]
        world, _ = open_world(
            units=jnp.asarray(inputs.units), issued=jnp.asarray(inputs.issued),
            parameters=parameters, levers=make_levers(inputs, len(duration), shock_scale=0.0),
            layout=layout,
        )  # fmt: skip
        found = multipliers(
            curves=opening_curves(world), segments=layout.segments, equity=equity,
            treasury=names.index("treasuries"), bitcoin=names.index("bitcoin"),
            treasury_duration_years=duration,
        )  # fmt: skip
        return jnp.stack([getattr(found, field) for field in fields])

    return measure
