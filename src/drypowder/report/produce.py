"""From a scenario to a stored run: simulate (resuming what was begun), reduce, write, keep."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.errors import DrypowderError
from drypowder.report.artist import Artist
from drypowder.report.files import PAGE, SUMMARY
from drypowder.report.partial import Partial
from drypowder.report.record import Record, record_of
from drypowder.report.store import save
from drypowder.report.words import Catalogue, coded

if TYPE_CHECKING:
    from drypowder.engine.run import Run
    from drypowder.engine.simulate import Inputs
    from drypowder.scenarios import Scenario


@dataclass(frozen=True)
class Produced:
    """A run that is stored."""

    record: Record
    folder: Path
    seconds: float  # of simulating


@dataclass(frozen=True)
class Order:
    """What was asked for."""

    scenario: Scenario
    changed: dict[str, float]  # levers and parameters set by hand
    paths: int = 1
    years: float | None = None
    seed: int = 0
    threads: int | None = None
    keep_paths: bool = False


def produce(
    order: Order,
    home: Path,
    words: Catalogue,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Produced:
    """Simulate and store a run.

    Raises:
        UnbalancedError: DP-041: nothing is stored.
        DrypowderError: DP-073 the disk is full or forbidden; DP-079 no path cleared at all.
    """
    began = time.perf_counter()
    with Artist() as artist:
        from drypowder.scenarios.simulate import kept_programs, prepare_jax

        prepare_jax()
        from drypowder.engine.simulate import make_stamp, run_paths, simulate
        from drypowder.scenarios import compile_inputs

        inputs = compile_inputs(order.scenario, years=order.years, seed=order.seed)
        stamp = make_stamp(inputs, paths=order.paths, seed=order.seed)
        partial = Partial.of(home, stamp)
        asked: dict[str, Any] = {"paths": order.paths, "seed": order.seed, "threads": order.threads}
        asked |= {"chunks": partial.chunks(run_paths), "call": kept_programs()}
        run = simulate(inputs, **asked, progress=progress)
        seconds = time.perf_counter() - began
        check(run)
        record = record_of(run, about(order, inputs), keep_paths=order.keep_paths)
        folder = store(record, home, words, artist=artist, seconds=seconds)
    partial.remove()
    return Produced(record, folder, seconds)


def store(
    record: Record, home: Path, words: Catalogue, *, artist: Artist, seconds: float = 0.0
) -> Path:
    """Write a record with its summary and page; the series are written while the page is drawn."""
    from drypowder.report.terminal import summary_text

    artist.begin(record, words)
    pages = {
        SUMMARY: lambda: summary_text(record, words),
        PAGE: lambda: artist.page(record, words),
    }
    return save(record, home, pages, seconds=seconds)


def check(run: Run) -> None:
    """A run that does not balance, or whose central path stopped, is not worth keeping.

    A world that stopped has no accounts from that day on: the days before must balance.
    """
    for failure in (f for f in run.failures if f.path == 0):
        date, sector = run.dates[failure.step], failure.sector
        raise coded(DrypowderError, "DP-079", market=failure.market, sector=sector, date=date)
    run.assert_balanced()


def about(order: Order, inputs: Inputs) -> dict[str, object]:
    """What stands beside the numbers: title, levers, durations, and every assumption."""
    scenario = order.scenario
    years = np.asarray(inputs.draw(np.zeros(1, dtype=int)).demand.rate_duration_years)[:, 0]
    return {
        "title": scenario.title,
        "story": scenario.story,
        "known_on": str(scenario.known_on),
        "targets": [row.model_dump(mode="json") for row in scenario.file.target],
        "levers": scenario.levers,
        "levers_changed": dict(sorted(order.changed.items())),
        "file": scenario.file.model_dump(mode="json"),  # for `why`: the run can be built again
        "years": order.years,
        "durations_years": dict(zip(inputs.economy.names("cleared"), years.tolist(), strict=True)),
        "assumptions": [
            {
                "parameter": parameter.name,
                "value": parameter.value,
                "low": parameter.low,
                "high": parameter.high,
                "unit": parameter.unit,
                "source": parameter.source,
                "why": parameter.why,
                "is_guess": parameter.is_guess,
            }
            for parameter in scenario.parameters.values()
        ],
    }
