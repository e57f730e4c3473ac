"""What was known when: every figure with the day it describes and the day one could know it.

A store on the user's own disk keeps each print of each series and forgets none, so that a
question about 6 February 2026 is answered with what was out on that day and nothing later. Where
nothing is stored, starter figures that come with the package answer and say so. What a series is,
who publishes it and under which licence stands in the catalogue.
"""

from __future__ import annotations

from drypowder.data.known import Known, Observed
from drypowder.data.prints import Copy, Prints, Stored
from drypowder.data.series import Catalogue, Series, catalogue
from drypowder.data.shipped import Fact, facts
from drypowder.data.store import Store, open_store

__all__ = [
    "Catalogue",
    "Copy",
    "Fact",
    "Known",
    "Observed",
    "Prints",
    "Series",
    "Store",
    "Stored",
    "catalogue",
    "facts",
    "open_store",
]
