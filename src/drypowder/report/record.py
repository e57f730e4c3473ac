"""What is kept of a run: enough to show, compare, draw and export it without the simulator.

The central path in full, the bands over random worlds, the twins, the books and the events.
Fresh and stored runs go through the same `Record`, so what is shown later is what was shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.report.axes import axis_names
from drypowder.report.derive import derived, outcomes_of
from drypowder.report.events import Event, find_events, stopped, twins_stopped
from drypowder.report.fans import STATISTICS, draws, fan

if TYPE_CHECKING:
    from drypowder.engine.run import Run

WITHOUT_AI = ("without_ai_capex", "no_ai_capex", "without_ai")  # the twin that spends none
MORE_BONDS = ("plus_100bn_ai_bonds",)
FED_ABSORBS = ("fed_absorbs",)
NO_VENUES = ("without_venues",)


@dataclass(frozen=True)
class Record:
    """A run as the report sees it."""

    stamp: dict[str, Any]
    economy: Economy
    dates: np.ndarray  # (step,) datetime64[D]
    central: dict[str, np.ndarray]  # series -> (step, ...)
    companions: dict[str, dict[str, np.ndarray]]  # twin -> series -> (step, ...)
    fans: dict[str, np.ndarray]  # series -> (statistic, step, ...); empty for one path
    opening: np.ndarray  # (sector, instrument) USD bn
    closing: np.ndarray
    flows: dict[str, np.ndarray]  # posting -> (sector, instrument), cumulated
    events: list[Event]
    outcomes: dict[str, np.ndarray]  # one number a world: (path,); see derive.py
    about: dict[str, Any] = field(default_factory=dict)  # title, levers, durations, guesses
    paths: Mapping[str, np.ndarray] | None = None  # all worlds, when kept: (path, step, ...)

    @property
    def run_id(self) -> str:
        return str(self.stamp["run"])

    @property
    def scenario(self) -> str:
        return str(self.stamp["scenario"])

    @property
    def worlds(self) -> int:
        """Random worlds behind the bands."""
        failed = {e.path for e in self.events if e.event == "market_did_not_clear"}
        return len(draws(self.stamp["paths"], failed))

    @property
    def twins_stopped(self) -> list[dict[str, str]]:
        """Twins left out because a market did not clear: twin, date, market, sector."""
        return self.about.get("twins_stopped", [])

    def twin(self, names: tuple[str, ...]) -> dict[str, np.ndarray] | None:
        """The first companion that exists under one of these names."""
        return next((self.companions[n] for n in names if n in self.companions), None)

    def member(self, series: str, name: str) -> int:
        """Position of a sector, instrument or asset in the last axis of a series."""
        return axis_names(series, self.economy).index(name)

    def band(self, series: str, statistic: str, member: str = "") -> np.ndarray:
        """One statistic of a fan over the steps."""
        values = self.fans[series][STATISTICS.index(statistic)]
        return values[:, self.member(series, member)] if member else values


def record_of(run: Run, about: dict[str, Any], *, keep_paths: bool = False) -> Record:
    """Reduce a run to what is kept of it."""
    failed = {failure.path for failure in run.failures}
    stamp: dict[str, Any] = dict(run.stamp)
    paths = stamp["paths"]
    random = draws(paths, failed)
    shown = _shown(run.series, run.economy)
    fans = {name: fan(array[random]) for name, array in shown.items()} if paths > 1 else {}
    twins = {twin: _shown(series, run.economy) for twin, series in run.companions.items()}
    return Record(
        stamp=stamp,
        economy=run.economy,
        dates=np.asarray(run.dates).astype("datetime64[D]"),
        central={name: array[0] for name, array in shown.items()},
        companions=twins,
        fans=fans,
        opening=run.books.opening,
        closing=run.books.closing,
        flows=dict(run.books.flows),
        events=find_events(shown, run.dates, run.economy) + stopped(run.failures, run.dates),
        outcomes=outcomes_of(shown, run.economy),
        about={
            **about,
            "worst_gap": _worst_gap(run.series),
            "twins_stopped": twins_stopped(run.companion_failures, run.dates),
        },
        paths=shown if keep_paths else None,
    )


def _shown(series: dict[str, np.ndarray], economy: Economy) -> dict[str, np.ndarray]:
    """Every series in a fixed order, and those that follow from them (spreads, sums)."""
    return dict(sorted({**series, **derived(series, economy)}.items()))


def _worst_gap(series: dict[str, np.ndarray]) -> float:
    """Largest gap of the accounts over all days and worlds."""
    return float(np.nanmax(series["residual"])) if "residual" in series else 0.0
