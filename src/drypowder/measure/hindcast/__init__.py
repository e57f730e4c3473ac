"""The simulator held to account: driven by what happened since end-2022, compared with the rest.

Everything outside the model (purchases of the Fed, the policy rate, Treasury borrowing, capex and
its bonds) happens as observed; prices, yields and spreads are simulated with parameters known by
end-2025, and judged against no change, drift and the market. Where it fails is said first. This
is the only room that both measures and simulates; the simulated parts answer what-if.
"""

from __future__ import annotations

from drypowder.measure.hindcast._rows import Driver
from drypowder.measure.hindcast.hindcast import (
    AFTER,
    BEFORE,
    CANNOT_SAY,
    FAILS,
    HOLDS,
    Change,
    Hindcast,
    Judged,
    compare,
    hindcast,
)
from drypowder.measure.hindcast.skill import Score

__all__ = [
    "AFTER",
    "BEFORE",
    "CANNOT_SAY",
    "FAILS",
    "HOLDS",
    "Change",
    "Driver",
    "Hindcast",
    "Judged",
    "Score",
    "compare",
    "hindcast",
]
