"""What if: scenarios, the numbers they rest on, and the levers to set them otherwise.

A scenario is an opening balance sheet, what was announced by a date (capex, cash flow, deficits,
purchases), the levers that somebody moves, and a range for every number of behaviour. Load one
with `load("essay")`, change it with `.with_levers(capex_pace=0.5)`, run it with
`drypowder.simulate`. Nothing dated later than the scenario's `known_on` can feed it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from drypowder.scenarios.levers import Lever, levers
from drypowder.scenarios.parameters import Parameter, parameters

if TYPE_CHECKING:
    from drypowder.scenarios.compile import compile_inputs
    from drypowder.scenarios.scenario import Scenario, load, names

__all__ = [
    "Lever",
    "Parameter",
    "Scenario",
    "compile_inputs",
    "levers",
    "load",
    "names",
    "parameters",
]
# Imported when first asked for: lists of levers and parameters answer at once, and only running
# and compiling load JAX.
_LATER = {
    "Scenario": "scenario",
    "load": "scenario",
    "names": "scenario",
    "compile_inputs": "compile",
}


def __getattr__(name: str) -> Any:
    """A public name whose module is imported now."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
