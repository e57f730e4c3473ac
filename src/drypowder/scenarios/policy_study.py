"""What each lever changes, and how far it would have to go to undo AI capex.

A row is the central path with one lever set otherwise, against the scenario as it stands, on the
same days; a size is where a lever would bring an outcome to what it is in the twin without AI
capex. All worlds have the same shapes, so one compiled program serves the whole study, whether a
lever moves a parameter, a row of the calendar or the opening sheet. No news, no draws: what-ifs
around the central path, not forecasts.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import pairwise
from typing import Any

import numpy as np

from drypowder.engine.run import Failure
from drypowder.engine.simulate import Inputs, list_failures, make_levers, make_stamp, run_block
from drypowder.scenarios.compile import compile_inputs
from drypowder.scenarios.levers import Lever, levers
from drypowder.scenarios.scenario import Scenario, load
from drypowder.scenarios.simulate import prepare_jax

OUTCOMES = (
    "dry_powder_usd_bn",
    "treasury_yield_bp",
    "ig_spread_bp",
    "hy_spread_bp",
    "listed_equity_change",
    "bitcoin_change",
    "memory_change",
    "forced_usd_bn",
    "lambda_bp",
)
TARGETS = (
    "listed_equity_change",
    "treasury_yield_bp",
    "bitcoin_change",
)  # brought back to the twin
FOUND, OUT_OF_REACH, NOTHING = "found", "out_of_reach", "nothing_to_undo"
_BP = 1e4
_CLOSE = 5e-3  # of the effect that is undone: what may be left of it
_DONE = 5e-2  # of it: what may be left of a size that is called found
_NARROW = 1e-4  # of the range: a bracket that is worth no further run
_SEARCH = 14  # runs at most after a root is bracketed
_FELT = 1e-9  # an effect below it is rounding


@dataclass(frozen=True)
class Trial:
    """A lever and where it is put."""

    lever: str
    setting: float


@dataclass(frozen=True)
class Row:
    """What one setting changes on the last day, against the scenario itself."""

    trial: Trial
    change: np.ndarray  # (outcome,); not a number where no price was found


@dataclass(frozen=True)
class Undo:
    """Where a lever would bring one outcome back to the twin without AI capex."""

    lever: str
    outcome: str  # one of TARGETS
    state: str  # FOUND, OUT_OF_REACH or NOTHING
    setting: float  # found, or the one tried that comes nearest
    left: float  # of the effect of AI capex, as a share


@dataclass(frozen=True)
class PolicyStudy:
    """All levers against one scenario."""

    scenario: Scenario
    stamp: dict[str, object]
    ai_effect: np.ndarray  # (outcome,) of AI capex: the scenario against its twin without
    rows: tuple[Row, ...]
    undo: tuple[Undo, ...]
    failure: Failure | None  # of the scenario itself: then there is nothing to compare with
    date: str  # of the last day, or of the failure


def trials() -> tuple[Trial, ...]:
    """The settings that are tried, in the order of trials.toml."""
    return tuple(
        Trial(row["lever"], levers()[row["lever"]].checked(row["setting"], where="trials.toml"))
        for row in _shipped()
    )


def policy_study(
    scenario: Scenario | str = "essay",
    *,
    years: float | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PolicyStudy:
    """Try every lever, one at a time, and look for the sizes that undo AI capex.

    Args:
        years: horizon instead of the scenario's own.
        threads: levers that are searched at once.
        progress: called with (levers done, levers in all).
    """
    prepare_jax()
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    worlds = _Worlds(scenario, years)
    effect = _change(worlds.itself, worlds.twin)
    by_lever: dict[str, list[float]] = {}
    for trial in trials():
        by_lever.setdefault(trial.lever, []).append(trial.setting)
    jobs, done = list(by_lever.items()), []
    if worlds.failure is None:
        with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
            for answer in pool.map(lambda job: _tried(worlds, levers()[job[0]], job[1]), jobs):
                done.append(answer)
                progress(len(done), len(jobs))
    return PolicyStudy(
        scenario=scenario,
        stamp=make_stamp(worlds.inputs, paths=1, seed=0),
        ai_effect=effect,
        rows=tuple(row for rows, _ in done for row in rows),
        undo=tuple(undo for _, found in done for undo in found),
        failure=worlds.failure,
        date=str(worlds.inputs.dates[-1 if worlds.failure is None else worlds.failure.step]),
    )


class _Worlds:
    """Outcomes of the scenario with a lever set otherwise; each world is simulated once."""

    def __init__(self, scenario: Scenario, years: float | None) -> None:
        self._scenario, self._years = scenario, years
        self._known: dict[tuple[str, float], np.ndarray] = {}
        self.inputs = compile_inputs(scenario, years=years)
        self.itself, self.failure = _outcomes(self.inputs)
        self.twin = self.at("ai_capex", 0.0)

    def own(self, lever: str) -> float | None:
        """Where the lever stands in the scenario; nothing where it has no single setting."""
        return self._scenario.setting(lever)

    def at(self, lever: str, setting: float) -> np.ndarray:
        """Outcomes (outcome,) on the last day."""
        if setting == self.own(lever):
            return self.itself
        if (lever, setting) not in self._known:
            moved = self._scenario.with_levers({lever: setting})
            outcomes, _ = _outcomes(compile_inputs(moved, years=self._years))
            self._known[lever, setting] = outcomes
        return self._known[lever, setting]


def _outcomes(inputs: Inputs) -> tuple[np.ndarray, Failure | None]:
    """Levels on the last day of the central path; no numbers where it stopped."""
    central = np.zeros(1, dtype=int)
    levers = make_levers(inputs, 1, shock_scale=0.0)
    series = run_block(inputs, inputs.draw(central), levers, central, 0)
    failed = list_failures(series, inputs.economy)
    if failed:
        return np.full(len(OUTCOMES), np.nan), failed[0]
    economy, last = inputs.economy, {k: a[0, -1] for k, a in series.items() if a.ndim > 1}
    yields = dict(zip(economy.names("cleared"), _BP * last["yield_pa"], strict=True))
    notes, price = yields["treasuries"], last["price"]
    levels = (
        last["dry_powder_usd_bn"].sum(),
        notes,
        yields["ig_credit"] - notes,
        yields["hy_and_loans"] - notes,
        last["listed_equity_usd_bn"],
        price[economy.instrument("bitcoin")],
        price[economy.instrument("equity_memory")],
        series["forced_usd_bn"].sum(),
        last["lambda_bp"],
    )
    return np.array(levels, dtype=float), None


def _change(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """One world against another: prices as a ratio less one, all else as a difference."""
    is_price = np.array([name.endswith("_change") for name in OUTCOMES])
    return np.where(is_price, here / np.where(is_price, there, 1.0) - 1.0, here - there)


def _tried(worlds: _Worlds, lever: Lever, settings: list[float]) -> tuple[list[Row], list[Undo]]:
    """Rows of one lever, and its sizes; a scenario's own setting is no trial."""
    new = [setting for setting in settings if setting != worlds.own(lever.name)]
    rows = [
        Row(Trial(lever.name, s), _change(worlds.at(lever.name, s), worlds.itself)) for s in new
    ]
    if lever.kind != "amount":
        return rows, []
    points = _points(worlds, lever, settings[0])
    return rows, [_undo(worlds, lever, points, outcome) for outcome in TARGETS]


def _points(worlds: _Worlds, lever: Lever, tried: float) -> list[float]:
    """Where the search looks first: both ends of the range, the trial and its mirror image."""
    own = worlds.own(lever.name)
    found = {lever.low, lever.high, tried} | (set() if own is None else {own, 2.0 * own - tried})
    return sorted(s for s in found if lever.low <= s <= lever.high)


def _undo(worlds: _Worlds, lever: Lever, points: list[float], outcome: str) -> Undo:
    """The root nearest to where the lever stands, or how near the range comes to one."""
    place = OUTCOMES.index(outcome)

    def gap(setting: float) -> float:
        return float(_change(worlds.at(lever.name, setting), worlds.twin)[place])

    whole = float(_change(worlds.itself, worlds.twin)[place])
    start = worlds.own(lever.name)
    if abs(whole) < _FELT:
        return Undo(lever.name, outcome, NOTHING, np.nan if start is None else start, 0.0)
    known = {setting: gap(setting) for setting in points}
    known = {setting: value for setting, value in known.items() if np.isfinite(value)}
    bracket = _bracket(known, points[0] if start is None else start)
    if bracket is not None:
        known |= _search(gap, bracket, known, _CLOSE * abs(whole), lever.high - lever.low)
    nearest = min(known, key=lambda setting: abs(known[setting]))
    left = known[nearest] / whole
    return Undo(lever.name, outcome, FOUND if abs(left) < _DONE else OUT_OF_REACH, nearest, left)


def _bracket(known: dict[float, float], start: float) -> tuple[float, float] | None:
    """Neighbours between which the gap changes sign, the pair nearest to the start."""
    order = sorted(known)
    pairs = [(a, b) for a, b in pairwise(order) if known[a] * known[b] <= 0.0]
    pairs = [(a, b) for a, b in pairs if known[a] != known[b]]
    return min(pairs, key=lambda p: abs(_straight(p, known) - start)) if pairs else None


def _straight(pair: tuple[float, float], known: dict[float, float]) -> float:
    """Where a straight line between two settings has no gap."""
    low, high = pair
    return (low * known[high] - high * known[low]) / (known[high] - known[low])


def _search(
    gap: Callable[[float], float],
    bracket: tuple[float, float],
    known: dict[float, float],
    close: float,
    reach: float,
) -> dict[float, float]:
    """Secant within a bracket (Illinois: an end that stays counts half), as setting -> gap."""
    (low, high), found = bracket, dict[float, float]()
    at_low, at_high = known[low], known[high]
    kept = 0  # which end stayed the last time
    for _ in range(_SEARCH):
        if min(abs(at_low), abs(at_high)) == 0.0 or high - low < _NARROW * reach:
            break
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = gap(middle)
        if not np.isfinite(value):  # no price in between: what is known must do
            break
        found[middle] = value
        if abs(value) < close:
            break
        if value * at_low > 0.0:
            low, at_low, at_high, kept = middle, value, at_high * (0.5 if kept > 0 else 1.0), 1
        else:
            high, at_high, at_low, kept = middle, value, at_low * (0.5 if kept < 0 else 1.0), -1
    return found


@lru_cache(maxsize=1)
def _shipped() -> list[dict[str, Any]]:
    text = resources.files("drypowder.scenarios").joinpath("trials.toml").read_text("utf-8")
    return tomllib.loads(text)["trial"]
