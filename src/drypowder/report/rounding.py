"""Columns of rounded numbers that still add up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def round_to_sum(values: Sequence[float | None], digits: int) -> list[float | None]:
    """Values rounded so that all but the last still sum to the last (largest remainders first)."""
    known = [k for k, value in enumerate(values[:-1]) if value]
    exact = np.array([values[k] for k in known], dtype=float) * 10.0**digits
    total = values[-1]
    if total is None or not np.isfinite([*exact, total]).all():
        return list(values)
    rounded = np.round(exact)
    gap = round(round(total * 10.0**digits) - rounded.sum())
    order = np.argsort((rounded - exact) * np.sign(gap))[: abs(gap)]
    rounded[order] += np.sign(gap)
    out = list(values)
    for k, value in zip(known, rounded, strict=True):
        out[k] = value / 10.0**digits
    return [*out[:-1], round(total, digits)]
