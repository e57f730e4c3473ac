"""Was a stretch of days unusual? It is ranked among all stretches of equal length in history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.statistics.choices import choice


@dataclass(frozen=True)
class EventWindow:
    """A change over some rows beside what the same number of rows usually brings."""

    effect: float  # change over the window less the usual change
    low: float  # of the effect, at the level asked for
    high: float
    p_value: float  # two-sided rank among the placebo windows
    usual: float  # mean change over a placebo window
    placebos: NDArray  # [window] changes over stretches of history that do not touch the event
    observations: int  # rows of the window


def event_window(
    days: NDArray,
    levels: NDArray,
    *,
    start: np.datetime64,
    end: np.datetime64,
    history_from: np.datetime64 | None = None,
    level: float = 0.10,
) -> EventWindow:
    """Change of a level from the last figure on or before `start` to the last on or before `end`.

    Placebo windows have as many rows, lie wholly before `start`, and may overlap each other: their
    rank is honest about memory, but few of them are independent, so the p-value is never below one
    over the number of windows that do not overlap. The interval is the effect less the quantiles
    of the placebos about their mean: where it leaves zero out, such a stretch was rare.
    """
    first = np.searchsorted(days, np.datetime64(start), side="right") - 1
    last = np.searchsorted(days, np.datetime64(end), side="right") - 1
    length = last - first
    begin = 0 if history_from is None else int(np.searchsorted(days, np.datetime64(history_from)))
    if first < 0 or length < 1 or first - begin - length + 1 < choice("fewest_placebos"):
        return EventWindow(*(np.nan,) * 5, np.empty(0), max(int(length), 0))
    past = levels[begin : first + 1]
    placebos = past[length:] - past[:-length]
    usual = float(placebos.mean())
    effect = float(levels[last] - levels[first]) - usual
    spread = placebos - usual
    low, high = effect - np.quantile(spread, [1.0 - level / 2.0, level / 2.0])
    apart = max(1.0, len(past) / length)
    rank = float(np.mean(np.abs(spread) >= abs(effect)))
    return EventWindow(
        effect,
        float(low),
        float(high),
        max(rank, 1.0 / (apart + 1.0)),
        usual,
        placebos,
        int(length),
    )
