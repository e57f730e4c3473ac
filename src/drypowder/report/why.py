"""`why`: a stored run is rebuilt, run with every set of channels, and its change split over them.

The inputs are those of the stored run: the scenario's rows stand in its manifest and their hash is
checked. What the split says of the run is compared with what was stored; a difference is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder._version import __version__
from drypowder.accounts.economy import Economy
from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.report.record import Record
from drypowder.report.store import find, open_run
from drypowder.report.targets import Target, target_named
from drypowder.report.words import Catalogue, coded

if TYPE_CHECKING:
    from drypowder.engine.attribute import Split
    from drypowder.engine.simulate import Inputs
    from drypowder.scenarios import Scenario

Progress = Callable[[int, int], None]
_SAME = 1e-6  # of one and the same change, computed in two programs


@dataclass(frozen=True)
class Question:
    """What was asked."""

    run: str  # a stored run as `show` takes it, or a scenario
    target: str = "bitcoin"
    first_day: str | None = None
    last_day: str | None = None
    paths: int = 1
    samples: int | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Answer:
    """Who did it, and who sold to whom meanwhile."""

    stamp: dict[str, Any]
    economy: Economy
    target: Target
    first_day: str  # the split is of the change from this close
    last_day: str  # ... to this one
    split: Split
    off: tuple[str, ...]  # channels that the run has off
    sold: np.ndarray  # (seller, buyer, asset) USD bn in between, on the central path
    forced: dict[str, np.ndarray]  # series of forced sales in between, where the engine has them
    caveats: list[str]
    folder: Path  # where its page belongs


def ask(
    question: Question,
    home: Path,
    words: Catalogue,
    progress: Progress = lambda done, total: None,
) -> Answer:
    """Split a change over the channels of a run.

    Raises:
        UsageError: DP-070, DP-071 no such run; DP-090 no such target; DP-091 the inputs are no
            longer those of the run; DP-092, DP-093 the dates.
        DataMissingError: DP-072, DP-075 the store; DP-095 the scenario cannot be rebuilt.
        DrypowderError: DP-094 markets failed in some coalition.
    """
    scenario, record = _find(question.run, home)
    inputs, stamp = _inputs(scenario, record)
    target = target_named(question.target, inputs.economy)
    first, last = _steps(question, inputs.dates)

    from drypowder.engine.attribute import attribute

    split = attribute(
        inputs, lambda series: target.change(series, first, last), last_step=last,
        paths=question.paths, seed=int(stamp["seed"]), samples=question.samples,
        threads=question.threads, progress=progress,
    )  # fmt: skip
    _check(split, inputs, question.paths)
    folder = find(question.run, home) if record is not None else home / "why" / str(stamp["run"])
    made = _answer(inputs, stamp, target, (first, last), split, folder)
    return replace(made[0], caveats=_caveats(record, made[0], (first, last), made[1], words))


def _answer(
    inputs: Inputs, stamp: dict[str, Any], target: Target, steps: tuple[int, int], split: Split,
    folder: Path,
) -> tuple[Answer, dict[str, np.ndarray]]:  # fmt: skip
    """The split with the trades of the central path, and the series of that path again."""
    from drypowder.engine.attribute import players_of, sales
    from drypowder.engine.simulate import run_companions

    (first, last), players = steps, players_of(inputs)
    central, books = run_companions(inputs)
    between = slice(first + 1, last + 1)
    answer = Answer(
        stamp=stamp,
        economy=inputs.economy,
        target=target,
        first_day=str(inputs.dates[first]),
        last_day=str(inputs.dates[last]),
        split=split,
        off=tuple(name for name in _switches() if name not in players),
        sold=sales(books.trades[between]),
        forced={k: v[0][between] for k, v in central.items() if k.startswith("forced_")},
        caveats=[],
        folder=folder,
    )
    return answer, central


def rebuild(record: Record) -> Scenario:
    """The scenario of a stored run, from the rows in its manifest.

    Raises:
        DataMissingError: DP-095 neither the manifest nor the package has it.
        UsageError: DP-091 it is no longer the same: the package has changed since.
    """
    from drypowder.scenarios import load
    from drypowder.scenarios.scenario import restore

    rows = record.about.get("file")
    try:
        if rows is not None:
            scenario = restore(rows)
        else:
            scenario = load(record.scenario).with_levers(record.about.get("levers_changed", {}))
    except (DrypowderError, ValueError) as fault:
        raise coded(DataMissingError, "DP-095", run=record.run_id, fault=fault) from fault
    if scenario.digest != record.stamp["scenario_hash"]:
        raise coded(UsageError, "DP-091", run=record.run_id, scenario=record.scenario,
                    stored=record.stamp["scenario_hash"], now=scenario.digest)  # fmt: skip
    return scenario


def _find(token: str, home: Path) -> tuple[Scenario, Record | None]:
    """A scenario by name or file, else a stored run."""
    from drypowder.scenarios import load, names

    if token in names() or token.endswith(".toml"):
        return load(token), None
    record = open_run(token, home)
    return rebuild(record), record


def _inputs(scenario: Scenario, record: Record | None) -> tuple[Inputs, dict[str, Any]]:
    from drypowder.scenarios import compile_inputs
    from drypowder.scenarios.simulate import prepare_jax

    prepare_jax()
    from drypowder.engine.simulate import make_stamp

    if record is None:
        inputs = compile_inputs(scenario)
        return inputs, make_stamp(inputs, paths=1, seed=0)
    years, seed = record.about.get("years"), int(record.stamp["seed"])
    return compile_inputs(scenario, years=years, seed=seed), record.stamp


def _steps(question: Question, dates: np.ndarray) -> tuple[int, int]:
    """Closes between which the change is split: those days, or the last steps before them."""
    days = np.asarray(dates).astype("datetime64[D]")

    def step(given: str | None, otherwise: int) -> int:
        if given is None:
            return otherwise
        day = _day(given)
        if day is None or not days[0] <= day <= days[-1]:
            raise coded(UsageError, "DP-092", given=given, first=days[0], last=days[-1])
        return int(np.searchsorted(days, day, side="right")) - 1

    first, last = step(question.first_day, 0), step(question.last_day, len(days) - 1)
    if first >= last:
        raise coded(UsageError, "DP-093", first=days[first], last=days[last])
    return first, last


def _day(given: str) -> np.datetime64 | None:
    """A date as people write it in this package: 2026-02-06."""
    try:
        return np.datetime64(date.fromisoformat(given), "D")
    except ValueError:
        return None


def _check(split: Split, inputs: Inputs, paths: int) -> None:
    """A split needs every set of channels; one world left of many has no standard error."""
    if not split.stopped or len(split.numbers) >= min(paths, 2):
        return
    one = split.stopped[0]
    day = np.asarray(inputs.dates)[one.failure.step]
    raise coded(DrypowderError, "DP-094", on=", ".join(one.on) or "-", date=day,
                market=one.failure.market, sector=one.failure.sector)  # fmt: skip


def _caveats(
    record: Record | None, answer: Answer, steps: tuple[int, int], central, words: Catalogue
) -> list[str]:
    """What a reader must know before believing the split."""
    said, target, split = [], answer.target, answer.split
    if record is not None:
        then, now = record.stamp["version"], __version__
        if then != now:
            said.append(words.say("why.caveat.version", then=then, now=now))
        kept = {name: values[None] for name, values in record.central.items()}
        stored, again = (float(target.change(s, *steps)[0]) for s in (kept, central))
        if not abs(again - stored) <= _SAME * (1.0 + abs(stored)):
            said.append(words.say("why.caveat.changed", stored=target.said(stored, words),
                                  now=target.said(again, words)))  # fmt: skip
    if split.stopped:
        one, left = split.stopped[0], len({s.failure.path for s in split.stopped})
        said.append(words.say("why.caveat.stopped", count=left, world=one.failure.path,
                              on=_named(one.on, words),
                              market=words.label("instrument", one.failure.market)))  # fmt: skip
    return said


def _named(channels: tuple[str, ...], words: Catalogue) -> str:
    """Channels as a list a person reads."""
    return ", ".join(words.label("channel", name) for name in channels) or "–"


def _switches() -> tuple[str, ...]:
    from drypowder.channels.day import SWITCHES

    return SWITCHES
