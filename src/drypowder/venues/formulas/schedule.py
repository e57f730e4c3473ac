"""Brackets of several markets side by side, so that positions of all of them are asked at once.

The same rule as in drypowder.venues.formulas.brackets, padded to the widest table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.venues._checking import Floats
from drypowder.venues.formulas.brackets import Brackets


class Schedule(NamedTuple):
    """Brackets of all markets side by side, padded, so that positions of many can be asked."""

    floor: Floats  # [market, bracket]; inf where a market has fewer
    rate: Floats
    deduction: Floats
    top_rate: Floats  # [market]

    @classmethod
    def of(cls, brackets: Sequence[Brackets]) -> Schedule:
        widest = max((len(one.floor) for one in brackets), default=1)
        floor = np.full((len(brackets), widest), np.inf)
        rate, deduction = np.zeros_like(floor), np.zeros_like(floor)
        for row, one in enumerate(brackets):
            count = len(one.floor)
            floor[row, :count], rate[row, :count] = one.floor, one.rate
            deduction[row, :count] = one.deduction
        top = np.array([one.rate[-1] for one in brackets])
        return cls(floor, rate, deduction, top)

    def bracket(self, market: NDArray[np.int16], notional: Floats) -> NDArray[np.int64]:
        """Which bracket each position is in."""
        if self.floor.shape[1] == 1:
            return np.zeros(len(notional), dtype=np.int64)
        place = np.zeros(len(notional), dtype=np.int64)
        for column in range(1, self.floor.shape[1]):
            place += notional >= self.floor[market, column]
        return place

    def maintenance(self, market: NDArray[np.int16], notional: Floats) -> Floats:
        """Margin that each position must keep, in its contract's money."""
        place = self.bracket(market, notional)
        owed = self.rate[market, place] * notional - self.deduction[market, place]
        return np.maximum(owed, 0.0)
