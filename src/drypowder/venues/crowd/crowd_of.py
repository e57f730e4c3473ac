"""Positions read from a file as the crowd that maps and cascades take.

A cross account is the money of one wallet that answers for all its rows at one venue, of one coin
if its contracts are inverse; an isolated row is an account of its own, whoever owns it. Sizes of
inverse contracts become USD, so that money and payoff are in the coin. Signs: size > 0 long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.venues.crowd.population import Population
from drypowder.venues.rulebooks.positions import Positions, purses
from drypowder.venues.rulebooks.profile import Profile


@dataclass(frozen=True)
class CrowdOf:
    """A population, and what its numbers stand for."""

    population: Population
    markets: tuple[tuple[Profile, str], ...]  # venue and symbol of each market
    account: NDArray[np.int32]  # [account] index into `names`
    names: tuple[str, ...]  # accounts as the file calls them


def crowd_of(positions: Positions) -> CrowdOf:
    """The accounts and positions of a file.

    Args:
        positions: rows of known venues (read_positions with a venue, or files that name one).
    """
    keys, market = _markets(positions)
    purse = _purses(positions)
    order = np.argsort(purse, kind="stable")
    first = np.searchsorted(purse[order], np.arange(int(purse.max(initial=-1)) + 1))
    population = Population(
        money=positions.margin[order][first],
        owner=purse[order].astype(np.int32),
        market=market[order].astype(np.int16),
        size=(positions.side * positions.size * positions.contract_value)[order],
        entry=positions.entry_price[order],
    )
    return CrowdOf(population, keys, positions.account[order][first], positions.accounts)


def _markets(positions: Positions) -> tuple[tuple[tuple[Profile, str], ...], NDArray[np.int64]]:
    """Venue and symbol of each market, and the market of each row."""
    many = len(positions.symbols)
    key = positions.venue.astype(np.int64) * many + positions.symbol
    kinds, market = np.unique(key, return_inverse=True)
    found = []
    for kind in kinds:
        venue = positions.venues[kind // many]
        assert venue is not None  # the command line always names one
        found.append((venue, positions.symbols[kind % many]))
    return tuple(found), market


def _purses(positions: Positions) -> NDArray[np.int64]:
    """[position] which account's money answers for it, numbered in the order of the file."""
    row = np.arange(len(positions), dtype=np.int64)
    key = np.where(positions.isolated, row, len(positions) + purses(positions))
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[number]
