"""`calibrate`: parameters fitted to what was published and to what replays were measured by.

Candidates stand side by side on the path axis, so a batch of them costs about as much as one run;
nothing is traced again. Parameters that are not named stay central, and no news is drawn.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.errors import DrypowderError, UsageError
from drypowder.report.moments import MEASURES, model_value
from drypowder.report.record import NO_VENUES, Record
from drypowder.report.studies import slug
from drypowder.report.words import coded
from drypowder.scenarios.parameters import Parameter, find

if TYPE_CHECKING:
    from drypowder.engine.simulate import Inputs
    from drypowder.scenarios import Scenario
    from drypowder.scenarios.calibrate import Aim, Prior, Sample
    from drypowder.scenarios.identify import Identification

ALL = "all"
_SEARCHED = 4  # candidates of the search for each draw of a generation
_LEAST_GENERATIONS = 10
_TWIN_MEASURES = ("fall_outside_perpetuals",)  # those that need the twin without venues
_NEAR = 5  # names offered for one that is misspelled


@dataclass(frozen=True)
class Asked:
    """What is to be fitted to what."""

    scenarios: tuple[Scenario, ...]
    parameters: tuple[str, ...]
    targets: tuple[str, ...]  # names, `scenario: name`, or all
    draws: int = 1024
    seed: int = 0


@dataclass(frozen=True)
class Fitted:
    """Everything that came out."""

    asked: Asked
    prior: Prior
    aims: tuple[Aim, ...]
    values: np.ndarray  # (parameter,): the fit
    before: np.ndarray  # (aim,): moments at the central values
    after: np.ndarray  # (aim,): moments at the fit
    misfit: tuple[float, float]  # at the central values, at the fit
    minus_log_prior: float  # at the fit; zero at the central values
    smooth: bool  # by Gauss-Newton, else by differential evolution
    sample: Sample
    identification: Identification
    left_out: tuple[str, ...]  # targets that the model has no part or no number for


def fit(asked: Asked, progress: Callable[[int, int], None] = lambda done, total: None) -> Fitted:
    """Fit, look at what the priors and the targets say, and at what stays open.

    Raises:
        UsageError: DP-110 an unknown target, DP-111 nothing to fit or to fit to, DP-112 a parameter
            that is not drawn, DP-113 a prior without width, DP-115 one that is no structure,
            DP-116 targets without a number, DP-059 an unknown parameter.
        DrypowderError: DP-114 every draw fails.
    """
    prior = _prior(asked)
    from drypowder.scenarios.simulate import prepare_jax

    prepare_jax()
    aims, left_out = chosen(asked)
    from drypowder.scenarios.calibrate import misfit, sample
    from drypowder.scenarios.identify import identify

    judge = Judge(asked, prior, aims)
    centre = np.array([p.value for p in prior.parameters])
    before = judge.moments(centre[None])[0]
    aims, unsaid = judge.drop(np.isnan(before))
    before = before[np.isfinite(before)]
    if not aims:
        raise coded(UsageError, "DP-116", names=", ".join(unsaid + left_out))
    ahead = _Ahead(asked, progress)
    drawn = sample(
        prior, aims, judge.moments, draws=asked.draws, seed=asked.seed, progress=ahead.more
    )
    if drawn is None:
        names = ", ".join(scenario.name for scenario in asked.scenarios)
        raise coded(DrypowderError, "DP-114", draws=asked.draws, scenario=names)
    values, smooth = _least(asked, prior, judge, drawn, ahead)
    after = judge.moments(values[None])[0]
    return Fitted(
        asked, prior, aims, values, before, after,
        misfit=(float(misfit(before[None], aims)[0]), float(misfit(after[None], aims)[0])),
        minus_log_prior=-float(prior.log_density(values[None])[0]) + 0.0,
        smooth=smooth, sample=drawn,
        identification=identify(tuple(prior.names), drawn.score, drawn.weight),
        left_out=(*left_out, *unsaid),
    )  # fmt: skip


def _least(asked: Asked, prior: Prior, judge: Judge, drawn: Sample, ahead: _Ahead):
    """Values with the least loss, and whether slopes found them."""
    from drypowder.scenarios.calibrate import misfit, search

    if judge.elasticities is not None and not judge.replays:
        return judge.elasticities.fit(), True
    searched = search(
        prior, judge.aims, judge.moments, generations=ahead.generations, seed=asked.seed,
        progress=ahead.more,
    )  # fmt: skip
    best = np.argmin(misfit(drawn.moments, judge.aims) - prior.log_density(drawn.values))
    both = np.stack([searched, drawn.values[best]])
    loss = misfit(judge.moments(both), judge.aims) - prior.log_density(both)
    return both[int(np.argmin(loss))], False


class _Ahead:
    """How many candidates are done, of how many."""

    def __init__(self, asked: Asked, progress: Callable[[int, int], None]) -> None:
        from drypowder.scenarios.calibrate import GENERATIONS, WIDTH

        self.generations = max(_SEARCHED * asked.draws // WIDTH, _LEAST_GENERATIONS)
        self.total = (GENERATIONS + 1) * asked.draws + (self.generations + 1) * WIDTH
        self.done, self._progress = 0, progress

    def more(self, count: int) -> None:
        self.done += count
        self._progress(min(self.done, self.total), self.total)


class Judge:
    """From values of the parameters to the moments that the targets are about."""

    def __init__(self, asked: Asked, prior: Prior, aims: tuple[Aim, ...]) -> None:
        from drypowder.scenarios.elasticities import Elasticities

        self.aims = aims
        smooth = tuple(aim for aim in aims if not aim.scenario)
        self.elasticities = Elasticities(asked.scenarios[0], prior, smooth) if smooth else None
        self.replays = []
        for scenario in asked.scenarios:
            names = [aim.name for aim in aims if aim.scenario == scenario.name]
            if names:
                self.replays.append(Replay(scenario, prior.names, names))
        self._kept = np.ones(len(aims), dtype=bool)

    def moments(self, values: np.ndarray) -> np.ndarray:
        """Moments (draw, aim) at values (draw, parameter); NaN in all where no price was found."""
        parts = [self.elasticities.moments(values)] if self.elasticities else []
        parts += [replay.moments(values) for replay in self.replays]
        return np.concatenate(parts, axis=1)[:, self._kept]

    def drop(self, missing: np.ndarray) -> tuple[tuple[Aim, ...], tuple[str, ...]]:
        """Leave out targets whose moment the central run does not have."""
        self._kept = ~missing
        gone = tuple(aim.name for aim, lost in zip(self.aims, missing, strict=True) if lost)
        self.aims = tuple(aim for aim, lost in zip(self.aims, missing, strict=True) if not lost)
        return self.aims, gone


class Replay:
    """One replay, run for many candidates at once and held against its targets."""

    def __init__(self, scenario: Scenario, parameters: list[str], names: list[str]) -> None:
        from drypowder.scenarios import compile_inputs

        self.scenario, self.parameters = scenario, parameters
        self.inputs: Inputs = compile_inputs(scenario)
        rows = {row.name: row.model_dump(mode="json") for row in scenario.file.target}
        self.rows = [rows[name] for name in names]
        self.with_twin = any(row["measure"] in _TWIN_MEASURES for row in self.rows)

    def moments(self, values: np.ndarray) -> np.ndarray:
        """Moments (draw, row) at values (draw, parameter), a batch at a time."""
        from drypowder.engine.simulate import CHUNK

        batches = [values[k : k + CHUNK] for k in range(0, len(values), CHUNK)]
        return np.concatenate([self._batch(batch) for batch in batches])

    def _batch(self, values: np.ndarray) -> np.ndarray:
        from drypowder.engine.simulate import CHUNK, make_levers, run_block
        from drypowder.scenarios.compile import parameters_of

        wide = np.resize(values, (CHUNK, values.shape[1]))  # one width, one program
        changed = {name: wide[:, k] for k, name in enumerate(self.parameters)}
        parameters = parameters_of(self.scenario, changed, paths=CHUNK)
        levers = make_levers(self.inputs, CHUNK, shock_scale=0.0)
        numbers = np.zeros(CHUNK, dtype=int)
        series = run_block(self.inputs, parameters, levers, numbers, 0)
        twin = {}
        if self.with_twin:
            without = replace(levers, venues=0.0 * levers.venues)
            twin = run_block(self.inputs, parameters, without, numbers, 0)
        return np.stack([self._measured(series, twin, k) for k in range(len(values))])

    def _measured(self, series: dict[str, np.ndarray], twin: dict[str, np.ndarray], k: int):
        if series["failed_day"][k] >= 0:
            return np.full(len(self.rows), np.nan)
        central = {name: array[k] for name, array in series.items()}
        found = {name: array[k] for name, array in twin.items()}
        lasts = bool(found) and found["failed_day"] < 0
        record = _bare_record(self.inputs, central, {NO_VENUES[0]: found} if lasts else {})
        return np.array([model_value(record, row) for row in self.rows])


def _bare_record(inputs: Inputs, central: dict, companions: dict) -> Record:
    """As much of a record as a measure reads."""
    nothing: np.ndarray = np.zeros((0, 0))
    return Record(
        {}, inputs.economy, np.asarray(inputs.dates).astype("datetime64[D]"), central, companions,
        {}, nothing, nothing, {}, [], {},
    )  # fmt: skip


def chosen(asked: Asked) -> tuple[tuple[Aim, ...], tuple[str, ...]]:
    """The targets that were asked for, and the names of those that the model has no part for.

    Published elasticities come first. Several ranges for the same measure share one weight.

    Raises:
        UsageError: DP-110 for a name that nothing has, DP-111 for none, DP-116 if none is modelled.
    """
    known = _known(asked.scenarios)
    if not asked.targets:
        raise coded(UsageError, "DP-111", what="target")
    wanted = set(known) if ALL in asked.targets else _named(asked.targets, known)
    rows = [known[key] for key in known if key in wanted]
    aims = [aim for aim, measure in rows if not measure or measure[0] in MEASURES]
    missing = tuple(aim.name for aim, measure in rows if measure and measure[0] not in MEASURES)
    if not aims:
        raise coded(UsageError, "DP-116", names=", ".join(missing))
    same = [(aim.scenario, m or aim.name) for aim, m in rows if aim in aims]
    shared = [replace(a, weight=1.0 / same.count(s)) for a, s in zip(aims, same, strict=True)]
    return tuple(shared), missing


def _known(scenarios: Sequence[Scenario]) -> dict[str, tuple[Aim, tuple[Any, ...]]]:
    """Every target with what it measures: published ones, then the rows of the scenarios."""
    from drypowder.scenarios.calibrate import Aim
    from drypowder.scenarios.elasticities import published

    known: dict[str, tuple[Aim, tuple[Any, ...]]] = {aim.name: (aim, ()) for aim in published()}
    for scenario in scenarios:
        for row in scenario.file.target:
            aim = Aim(row.name, scenario.name, row.low, row.high, row.unit, row.source)
            measure = (row.measure, row.instrument, row.first_day, row.last_day)
            known[f"{scenario.name}: {row.name}"] = (aim, measure)
    return known


def _named(targets: Sequence[str], known: dict[str, tuple[Aim, tuple[Any, ...]]]) -> set[str]:
    """Keys of targets by name, name with scenario, or either as a slug."""
    spelled: dict[str, set[str]] = {}
    for key, (aim, _) in known.items():
        for name in (key, aim.name):
            spelled.setdefault(slug(name), set()).add(key)
    for name in targets:
        if slug(name) not in spelled:
            near = difflib.get_close_matches(slug(name), spelled, _NEAR, 0.3)
            raise coded(UsageError, "DP-110", given=name, near=", ".join(near) or "-")
    return {key for name in targets for key in spelled[slug(name)]}


def _prior(asked: Asked) -> Prior:
    """The parameters that were asked for, with the priors of the first scenario."""
    from drypowder.scenarios.calibrate import Prior

    if not asked.parameters:
        raise coded(UsageError, "DP-111", what="parameter")
    return Prior(tuple(_shared(asked.scenarios, name) for name in dict.fromkeys(asked.parameters)))


def _shared(scenarios: Sequence[Scenario], name: str) -> Parameter:
    first = find(scenarios[0].parameters, name, where="calibrate")
    if not first.drawn:
        raise coded(UsageError, "DP-112", name=name)
    if not first.low < first.high:
        raise coded(UsageError, "DP-113", name=name, value=f"{first.value:g}")
    for other in scenarios[1:]:
        there = find(other.parameters, name, where="calibrate")
        if (there.low, there.value, there.high) != (first.low, first.value, first.high):
            raise coded(UsageError, "DP-115", name=name, first=scenarios[0].name, second=other.name)
    return first
