"""Forced sales as a column a day, stacked by channel: one day of a long run must stay visible."""

from __future__ import annotations

import numpy as np

from drypowder.report.palette import FORCE, HATCHES
from drypowder.report.words import Catalogue

_HALF, _DAY = np.timedelta64(12, "h"), np.timedelta64(24, "h")
_LEAST_SHARE = 2e-3  # of the largest day: less would be an outline and no area


def stacked_days(axes, dates: np.ndarray, layers: dict[str, np.ndarray], words: Catalogue) -> None:
    """Layers from zero up; a day without a close continues the one before.

    Args:
        layers: channel -> USD bn of each day.
    """
    left = dates.astype("datetime64[h]") - _HALF
    sides = np.stack([left, np.append(left[1:], left[-1] + _DAY)], axis=1).ravel()
    base, least = np.zeros(len(sides)), _LEAST_SHARE * np.max(sum(layers.values()))
    for k, (name, values) in enumerate(layers.items()):
        height = np.repeat(values, 2)
        drawn = {"where": height > least, "zorder": 2.0 - 0.1 * k}  # a thin day shows its bottom
        if drawn["where"].any():
            axes.fill_between(sides, base, base + height, **drawn, facecolor=FORCE[name],
                              edgecolor="white", hatch=HATCHES[k], linewidth=0.0, alpha=0.8,
                              label=words.label("channel", name))  # fmt: skip
            axes.fill_between(sides, base, base + height, **drawn, facecolor="none",
                              edgecolor=FORCE[name], linewidth=0.8)  # fmt: skip
        base = base + height
