"""Picking and placing rows of sectors or instruments by static positions.

Contiguous runs are sliced and joined, which compiled code fuses; index arrays would gather.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import jax.numpy as jnp
from jaxtyping import Array, Float


def take_rows(
    array: Float[Array, "..."], rows: Sequence[int], *, axis: int = 0
) -> Float[Array, "..."]:
    """The given positions along an axis, in the given order."""
    cut = [0, *(k for k, (a, b) in enumerate(pairwise(rows), 1) if b != a + 1), len(rows)]
    runs = [(rows[a], rows[b - 1] + 1) for a, b in pairwise(cut)]
    lead = (slice(None),) * axis
    return jnp.concatenate([array[(*lead, slice(a, b))] for a, b in runs], axis=axis)


def place_rows(
    values: Float[Array, "row ..."], rows: Sequence[int], count: int
) -> Float[Array, "count ..."]:
    """Values at the given positions of the first axis, zero elsewhere."""
    position = {row: k for k, row in enumerate(rows)}
    zero = jnp.zeros_like(values[:1])
    parts = [values[position[k] : position[k] + 1] if k in position else zero for k in range(count)]
    return jnp.concatenate(parts, axis=0)
