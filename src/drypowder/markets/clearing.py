"""Prices at which every holder is content and every issue has found its buyer.

Chord Newton on log prices: yesterday's inverse Jacobian first, a fresh analytic one when the
residual asks for it, steps halved until they help, the whole batch of paths iterated until its
worst residual is small. Elimination is our own: library solves can deadlock when two runs overlap
(decision 0003). Batch axis last.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from drypowder.markets.demand import Curves, excess_demand, excess_demand_jacobian

TOLERANCE = 1e-11  # of ln(demand/supply)
_CHORD_STEPS = 8
_REFRESHES = 60
_HALVINGS = 6
_LONGEST_STEP = 2.0  # of log odds of the most elastic holder: keeps wild shocks inside the basin


class Clearing(NamedTuple):
    """Market-clearing prices and how well they clear."""

    log_price: Float[Array, "asset path"]
    inverse: Float[Array, "asset asset path"]  # of the Jacobian, kept for tomorrow's chord
    residual: Float[Array, "asset path"]  # ln(demand/supply)
    converged: Bool[Array, " path"]
    refreshes: Int[Array, ""]


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
) -> Clearing:
    """Solve every market of the day from yesterday's prices.

    Args:
        log_price: warm start. inverse_guess: yesterday's inverse Jacobian (any will do).
        alive: paths that have not failed; the others keep their prices and cost nothing.

    Returns:
        `converged` is False, never an exception, where no price was found or a number is not
        finite; the caller names the market.
    """

    steepest = 1.0 + jnp.max(curves.slope, axis=0)

    def residual_at(price):
        gap = excess_demand(log_price=price, curves=curves, segments=segments)
        return jnp.where(alive[None], gap, 0.0)

    def chord(price, residual, inv):
        def unfinished(carry):
            _, residual, before, count = carry
            now = jnp.max(_size(residual))
            return (now > TOLERANCE) & (count < _CHORD_STEPS) & (now < 0.5 * before)

        def step(carry):
            price, residual, _, count = carry
            trial = price + _newton_step(inv, residual, steepest)
            better, gap = _better(price, residual, trial, residual_at(trial))
            return better, gap, jnp.max(_size(residual)), count + 1

        start = (price, residual, jnp.array(jnp.inf), jnp.array(0))
        return jax.lax.while_loop(unfinished, step, start)[:2]

    def search(price, residual, inv):
        """The Newton step, halved until it helps, path by path."""
        full = _newton_step(inv, residual, steepest)

        def halve(k, carry):
            trial = price + full * 0.5**k
            return _better(*carry, trial, residual_at(trial))

        return jax.lax.fori_loop(0, _HALVINGS, halve, (price, residual))

    def unsolved(carry):
        _, _, residual, count = carry
        return (jnp.max(_size(residual)) > TOLERANCE) & (count < _REFRESHES)

    def refresh(carry):
        price, _, residual, count = carry
        fresh = inverse(excess_demand_jacobian(log_price=price, curves=curves, segments=segments))
        price, residual = chord(*search(price, residual, fresh), fresh)
        return price, fresh, residual, count + 1

    price, residual = chord(log_price, residual_at(log_price), inverse_guess)
    price, inv, residual, count = jax.lax.while_loop(
        unsolved, refresh, (price, inverse_guess, residual, jnp.array(0))
    )
    converged = jnp.all(jnp.abs(residual) <= TOLERANCE, axis=0)  # false for NaN
    return Clearing(price, inv, residual, converged, count)


def _size(residual):
    """Worst gap of each path; infinite where a number is not finite."""
    return jnp.max(jnp.where(jnp.isfinite(residual), jnp.abs(residual), jnp.inf), axis=0)


def _newton_step(inv, residual, steepest):
    step = -jnp.sum(inv * residual[None], axis=1)
    longest = jnp.max(jnp.abs(step) * steepest, axis=0, keepdims=True)
    return step * jnp.minimum(1.0, _LONGEST_STEP / jnp.maximum(longest, 1e-300))


def _better(price, residual, trial, gap):
    """Path by path, whichever of two price vectors clears better."""
    wins = (_size(gap) < _size(residual))[None]
    return jnp.where(wins, trial, price), jnp.where(wins, gap, residual)
