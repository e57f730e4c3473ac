"""drypowder: a macro-financial mechanism made executable, measurable and testable.

    import drypowder
    run = drypowder.simulate("essay")        # a model's answer to what-if, not a forecast
    known = drypowder.open_store().known_on("2026-02-06")    # what is: no later print leaks in

Importing this package loads nothing heavy; the simulator is loaded when it is first used.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from drypowder._version import __version__

# Before anything imports JAX: a cached program is announced with pages of harmless warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

__all__ = ["Run", "__version__", "measure", "open_run", "open_store", "scenarios", "simulate"]

if TYPE_CHECKING:
    from drypowder import measure, scenarios
    from drypowder.data import open_store
    from drypowder.engine.run import Run
    from drypowder.report.store import open_run
    from drypowder.scenarios.simulate import simulate

_PUBLIC = {
    "Run": ("drypowder.engine.run", "Run"),
    "measure": ("drypowder.measure", ""),
    "open_run": ("drypowder.report.store", "open_run"),
    "open_store": ("drypowder.data", "open_store"),
    "scenarios": ("drypowder.scenarios", ""),
    "simulate": ("drypowder.scenarios.simulate", "simulate"),
}


def __getattr__(name: str):
    if name not in _PUBLIC:
        raise AttributeError(f"module 'drypowder' has no attribute {name!r}")
    module, attribute = _PUBLIC[name]
    loaded = import_module(module)
    return getattr(loaded, attribute) if attribute else loaded
