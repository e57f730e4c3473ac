"""How much dry powder is left, and what drained it: an observed gauge from 0 to 100.

Two scarcities are kept apart, liquidity (who can settle) and room for risk (who can still hold);
each is a weighted mean of parts scored against their own past. 50 is the median of the window; the
parts, the interaction of the two groups and a centring row add up to the level, so that a reader
can do the sum again. Only what was known on the day is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drypowder.measure.gauge.parts import parts
    from drypowder.measure.gauge.reading import Bar, Gauge, gauge

__all__ = ["Bar", "Gauge", "gauge", "parts"]

_PUBLIC = {"Bar": "reading", "Gauge": "reading", "gauge": "reading"}


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'drypowder.measure.gauge' has no attribute {name!r}")
    return getattr(import_module(f"drypowder.measure.gauge.{_PUBLIC[name]}"), name)
