"""What is: measured on data as they were known on a day, never simulated.

    import drypowder
    known = drypowder.data.open_store().known_on("2026-02-06")
    drypowder.measure.gauge.gauge(known).level      # 0 to 100; 50 = the median of its window

The gauge (how much dry powder is left), the contest, the probe, the verdicts on the claims, and the
hindcast that holds the simulator to account. Every answer carries a `MeasuredStamp`: the day it is
about, the newest print it used, and the version of the data. A room is loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__all__ = ["MeasuredStamp", "claims", "gauge", "hindcast", "probe", "rank"]

if TYPE_CHECKING:
    from drypowder.measure.stamp import MeasuredStamp

_ROOMS = ("claims", "gauge", "hindcast", "probe", "rank")


def __getattr__(name: str):
    if name == "MeasuredStamp":
        return import_module("drypowder.measure.stamp").MeasuredStamp
    if name in _ROOMS:
        return import_module(f"drypowder.measure.{name}")
    raise AttributeError(f"module 'drypowder.measure' has no attribute {name!r}")
