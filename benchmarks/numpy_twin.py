"""The fair opponent: the same day in NumPy, vectorised over paths, with the same solver.

The step is the oracle's with all its forces: claims, limits of lenders, beliefs, closings and
observations are computed every day, as in the engine. Only its searches are replaced by what the
engine does: chord Newton from yesterday's prices and inverse Jacobian, an analytic Jacobian when
that does not help, one library inverse for all paths at once, Newton in the book of a coin. NumPy
runs it on one thread: these arrays are below the size at which its library would use more.
"""

from __future__ import annotations

import numpy as np
from tests import oracle, oracle_perpetuals

TOLERANCE, CHORD_STEPS, REFRESHES, LONGEST_STEP = 1e-11, 8, 40, 0.5  # tolerance as in the engine
BOOK_TOLERANCE, BOOK_STEPS, NUDGE = 1e-7, 60, 1e-7


class ChordNewton:
    """Finds the prices of each day; remembers the inverse Jacobian, batch axis first."""

    def __init__(self, assets: int, paths: int):
        self.inverse = np.broadcast_to(-np.eye(assets), (paths, assets, assets))

    def __call__(self, log_price, market):
        price, gap = self._chord(log_price, _gap(log_price, market), market)
        for _ in range(REFRESHES):
            if np.abs(gap).max() <= TOLERANCE:
                break
            self.inverse = np.linalg.inv(_jacobian(price, market))
            price = price + self._step(gap)
            price, gap = self._chord(price, _gap(price, market), market)
        return price

    def _chord(self, price, gap, market):
        before = np.inf
        for _ in range(CHORD_STEPS):
            now = np.abs(gap).max()
            if now <= TOLERANCE or now >= 0.5 * before:
                break
            trial = price + self._step(gap)
            found = _gap(trial, market)
            if not np.abs(found).max() < now:
                break
            price, gap, before = trial, found, now
        return price, gap

    def _step(self, gap):
        step = -(self.inverse @ gap.T[:, :, None])[:, :, 0].T
        return step * np.minimum(1.0, LONGEST_STEP / np.maximum(np.abs(step).max(axis=0), 1e-300))


def _gap(log_price, market):
    """ln(demand/supply), zero in closed markets."""
    supply = np.exp(log_price) * market.held.sum(axis=0) + market.supply
    ratio = oracle.demand(log_price, market).sum(axis=0) / supply
    return np.log(np.where(market.open[:, None], ratio, 1.0))


def _jacobian(log_price, market):
    """Derivative of `_gap`, batch axis first: own-price terms less what the others pull over."""
    shown = market.open[:, None].astype(float)
    odds = np.exp(market.log_odds - market.slope * log_price) * shown
    value = np.exp(log_price) * market.held * shown
    old = np.exp(log_price) * market.held.sum(axis=0)
    assets, paths = log_price.shape
    slope = np.zeros((paths, assets, assets))
    own = old / (old + market.supply)
    for g, (first, last) in enumerate(market.segments):
        wealth = market.cash[:, g, None] + value[:, first:last].sum(axis=1, keepdims=True)
        part = odds[:, first:last]
        share = part / (1.0 + part.sum(axis=1, keepdims=True))
        wealth = np.maximum(wealth, 0.0)
        wanted = share * wealth * market.kept[:, first:last]
        weight = wanted / np.maximum(wanted.sum(axis=0), 1e-300)
        pull = share * market.slope[:, first:last] + value[:, first:last] / np.where(
            wealth == 0.0, 1.0, wealth
        )
        slope[:, first:last, first:last] = weight.transpose(2, 1, 0) @ pull.transpose(2, 0, 1)
        own[first:last] += (weight * market.slope[:, first:last]).sum(axis=0)
    diagonal = np.where(market.open[:, None], own, 1.0)
    slope[:, np.arange(assets), np.arange(assets)] -= diagonal.T
    return slope


def settle_book(t, side, price, fall):
    """Newton's step on the fall of the book, held to ten plain ones; the first is plain."""
    for count in range(BOOK_STEPS):
        deeper = oracle_perpetuals.book_moves(t, side, price, fall)[0]
        gap = np.abs(deeper - fall).max()
        longer = 1.0
        if count > 0:
            nudged = oracle_perpetuals.book_moves(t, side, price, fall + NUDGE)[0]
            longer = 1.0 / (1.0 - np.clip((nudged - deeper) / NUDGE, 0.0, 0.9))
        fall = fall + (deeper - fall) * longer
        if gap <= BOOK_TOLERANCE:
            break
    return fall


def run(state: dict, days: list[dict], news, world: dict):
    """Prices of every day, (step, instrument, path), and the worst gap of the accounts.

    Args:
        news: (step, asset, path), the engine's, so that prices can be compared. As many numbers
            are drawn and mixed here each day, because the engine draws its own.
    """
    assets, paths = news.shape[1:]
    random = np.random.default_rng(0)
    mixing = world["parameters"]["cholesky"]
    solve, prices, worst = ChordNewton(assets, paths), [], 0.0
    for day, heard in zip(days, news, strict=True):
        mixing @ random.standard_normal((assets, paths))
        after, seen = oracle.one_day(state, day, heard, world, solve, settle_book)
        worst = max(worst, _imbalance(state["units"], after["units"], seen["price"]).max())
        state = after
        prices.append(seen["price"])
    return np.stack(prices), worst


def _imbalance(before, after, price):
    """What the engine checks every day: claims net to what they did, relative to flows."""
    flow = (after - before) * price
    drift = np.abs(after.sum(axis=0) - before.sum(axis=0)).max(axis=0)
    gross = np.maximum(flow, 0.0).sum(axis=(0, 1))
    assets = (np.maximum(after, 0.0) * price).sum(axis=(0, 1))
    return drift / np.maximum(gross, 1e-6 * assets)
