"""How sure one may be: intervals and tests that are honest about overlap, trends and many looks.

Daily figures of markets are no independent draws: shocks last, volatility clusters, levels wander.
The tools are thin over statsmodels, arch and SciPy, imported when called; how often each one cries
wolf, and how often it sees a wolf that is there, was measured on simulated data (`docs/claims.md`).
"""

from drypowder.measure.statistics.aligned import (
    DAY,
    aligned,
    changes,
    dates_of,
    forward_filled,
    month_ends,
    within,
)
from drypowder.measure.statistics.bootstrap import Interval, block_interval, block_length
from drypowder.measure.statistics.choices import choice
from drypowder.measure.statistics.events import EventWindow, event_window
from drypowder.measure.statistics.kink import Kink, bend_interval, kink_test
from drypowder.measure.statistics.many import benjamini_hochberg, holm
from drypowder.measure.statistics.projection import Response, local_projection
from drypowder.measure.statistics.regression import Slopes, hac_ols, least_squares
from drypowder.measure.statistics.stationary import unit_root
from drypowder.measure.statistics.together import correlation, correlation_interval

__all__ = [
    "DAY",
    "EventWindow",
    "Interval",
    "Kink",
    "Response",
    "Slopes",
    "aligned",
    "bend_interval",
    "benjamini_hochberg",
    "block_interval",
    "block_length",
    "changes",
    "choice",
    "correlation",
    "correlation_interval",
    "dates_of",
    "event_window",
    "forward_filled",
    "hac_ols",
    "holm",
    "kink_test",
    "least_squares",
    "local_projection",
    "month_ends",
    "unit_root",
    "within",
]  # fmt: skip
