"""The elimination contest: who loses when money gets scarce.

Every asset of a field that was written down before, on five years of weeks: what it loses for one
standard deviation of scarcity after market, rates and momentum, how sure that is after looking at
all of them, what it did lately against its own usual, and in how many worlds of rising scarcity it
stays in. Observed, not simulated.
"""

from drypowder.measure.rank.contest import Contest, Contestant, contest, scarcity_betas
from drypowder.measure.rank.universe import Asset, universe

__all__ = ["Asset", "Contest", "Contestant", "contest", "scarcity_betas", "universe"]
