"""Prices at which every holder is content and every issue has found its buyer.

Chord Newton on log prices: yesterday's inverse Jacobian first, taught by each step what it did
(Broyden); where a path's gap stops shrinking, a fresh analytic one and a step halved until it
helps. Each path takes its own decisions, so its prices do not depend on the paths beside it.
Elimination is our own: library solves can deadlock when two runs overlap (decision 0003). Batch
axis last.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from drypowder.markets.demand import Curves, excess_demand, excess_demand_jacobian

TOLERANCE = 1e-11  # of ln(demand/supply)
_PROGRESS = 0.9  # a step must shrink the gap at least to this share of it
_LEARNING = 1e-9  # gaps below this are too close to rounding to learn from
_REFRESHES = 60
_HALVINGS = 6
_LONGEST_STEP = 2.0  # of log odds of the most elastic holder: keeps wild shocks inside the basin
_LONGEST_LEAP = 0.5  # of a log price, for paths that no careful step has helped


class Clearing(NamedTuple):
    """Market-clearing prices and how well they clear."""

    log_price: Float[Array, "asset path"]
    inverse: Float[Array, "asset asset path"]  # of the Jacobian, kept for tomorrow's chord
    residual: Float[Array, "asset path"]  # ln(demand/supply)
    converged: Bool[Array, " path"]
    refreshes: Int[Array, " path"]  # Jacobians that were needed


def inverse(matrix: Float[Array, "row column path"]) -> Float[Array, "row column path"]:
    """Inverse of many small matrices at once, Gauss-Jordan without pivoting.

    The clearing Jacobian is minus an M-matrix (own-price effects dominate after scaling by
    D/kappa), for which elimination without pivoting is stable. Singular gives non-finite.
    """
    size = matrix.shape[0]
    index = jnp.arange(size)

    def eliminate(k, work):
        pivot = jax.lax.dynamic_slice_in_dim(work, k, 1, 0)
        column = jax.lax.dynamic_slice_in_dim(work, k, 1, 1)
        head = jax.lax.dynamic_slice_in_dim(pivot, k, 1, 1)
        row = pivot / head
        on_row, on_column = (index == k)[:, None, None], (index == k)[None, :, None]
        below = jnp.where(on_column, -column / head, work - column * row)
        return jnp.where(on_row, jnp.where(on_column, 1.0 / head, row), below)

    return jax.lax.fori_loop(0, size, eliminate, matrix)


@partial(jax.jit, static_argnames="segments")
def clear(
    *,
    log_price: Float[Array, "asset path"],
    inverse_guess: Float[Array, "asset asset path"],
    curves: Curves,
    segments: tuple[tuple[int, int], ...],
    alive: Bool[Array, " path"],
    tolerance: Float[Array, " path"] | float = TOLERANCE,
) -> Clearing:
    """Solve every market of the day from yesterday's prices.

    Args:
        log_price: warm start. inverse_guess: yesterday's inverse Jacobian (any will do).
        alive: paths that have not failed; the others keep their prices and cost nothing.
        tolerance: of ln(demand/supply), for rounds whose prices are not the day's yet.

    Returns:
        `converged` is False, never an exception, where no price was found or a number is not
        finite; the caller names the market.
    """

    steepest = 1.0 + jnp.max(curves.slope, axis=0)
    moves = curves.trades[:, None]
    nobody = jnp.zeros_like(alive)

    def residual_at(price):
        gap = excess_demand(log_price=price, curves=curves, segments=segments)
        return jnp.where(alive[None], gap, 0.0)

    def is_open(search: _Search):
        return (search.size > tolerance) & (search.refreshes < _REFRESHES)

    def is_trying(search: _Search):
        return is_open(search) & ~search.stuck

    def chord(search: _Search) -> _Search:
        """One more step with the inverse at hand; a path that makes no progress is stuck."""
        trying = is_trying(search)
        step = moves * _newton_step(search, steepest)
        gap = residual_at(search.log_price + step)
        moved = _take_better(search, search.log_price + step, gap, trying)
        slow = moved.size >= _PROGRESS * search.size
        telling = trying & ~slow & (search.size > _LEARNING)
        learnt = _learn(search.inverse, step, gap - search.residual, telling)
        return moved._replace(inverse=learnt, stuck=search.stuck | (trying & slow))

    def refresh(search: _Search) -> _Search:
        """Stuck paths get a fresh Jacobian and its step, halved until it helps."""
        stuck = is_open(search)  # chords go on until all of them are
        jacobian = excess_demand_jacobian(
            log_price=search.log_price, curves=curves, segments=segments
        )
        fresh = search._replace(inverse=jnp.where(stuck, inverse(jacobian), search.inverse))
        full = moves * _newton_step(fresh, steepest)

        def halve(k, best):
            trial = search.log_price + full * 0.5**k
            return _take_better(best, trial, residual_at(trial), stuck)

        found = jax.lax.fori_loop(0, _HALVINGS, halve, fresh)
        leap = search.log_price + moves * _newton_step(
            fresh, jnp.ones_like(steepest), _LONGEST_LEAP
        )
        lost = stuck & (search.refreshes >= _REFRESHES // 2)
        found = _take(found, leap, residual_at(leap), lost)
        return found._replace(stuck=nobody, refreshes=search.refreshes + stuck.astype(jnp.int64))

    def advance(search: _Search) -> _Search:
        """Every path steps until it is done or stuck; the stuck ones then start afresh."""
        search = jax.lax.while_loop(lambda search: jnp.any(is_trying(search)), chord, search)
        return jax.lax.cond(jnp.any(is_open(search)), refresh, lambda search: search, search)

    residual = residual_at(log_price)
    start = _Search(
        log_price, inverse_guess, residual, _size(residual), nobody, nobody.astype(jnp.int64)
    )
    end = jax.lax.while_loop(lambda search: jnp.any(is_open(search)), advance, start)
    converged = end.size <= tolerance
    return Clearing(end.log_price, end.inverse, end.residual, converged, end.refreshes)


class _Search(NamedTuple):
    """Where the search for prices stands, path by path."""

    log_price: Float[Array, "asset path"]
    inverse: Float[Array, "asset asset path"]
    residual: Float[Array, "asset path"]
    size: Float[Array, " path"]  # worst gap of each path; infinite where a number is not finite
    stuck: Bool[Array, " path"]  # the last step made no progress
    refreshes: Int[Array, " path"]


def _size(residual):
    """Worst gap of each path; infinite where a number is not finite."""
    return jnp.max(jnp.where(jnp.isfinite(residual), jnp.abs(residual), jnp.inf), axis=0)


def _newton_step(search: _Search, steepest, longest_allowed=_LONGEST_STEP):
    step = -jnp.sum(search.inverse * search.residual[None], axis=1)
    longest = jnp.max(jnp.abs(step) * steepest, axis=0, keepdims=True)
    return step * jnp.minimum(1.0, longest_allowed / jnp.maximum(longest, 1e-300))


def _learn(inverse, step, change, allowed):
    """Broyden's update: the inverse that explains what the last step did to the gaps."""
    explained = jnp.sum(inverse * change[None], axis=1)
    pull = jnp.sum(inverse * step[:, None], axis=0)
    size = jnp.sum(pull * change, axis=0)
    usable = (allowed & (jnp.abs(size) > 1e-300))[None]
    error = jnp.where(usable, (step - explained) / jnp.where(size == 0.0, 1.0, size)[None], 0.0)
    return inverse + error[:, None] * pull[None]


def _take_better(search: _Search, trial, gap, allowed) -> _Search:
    """The trial prices where they are allowed and clear better."""
    return _take(search, trial, gap, allowed & (_size(gap) < search.size))


def _take(search: _Search, trial, gap, chosen) -> _Search:
    size = _size(gap)
    wins = chosen & jnp.isfinite(size)
    return search._replace(
        log_price=jnp.where(wins[None], trial, search.log_price),
        residual=jnp.where(wins[None], gap, search.residual),
        size=jnp.where(wins, size, search.size),
    )
