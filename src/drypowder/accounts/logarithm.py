"""The natural logarithm of many doubles at once.

XLA calls the C library for each logarithm of a double on a processor, which took a sixth of a day;
here x = 2^n m with m in [sqrt(1/2), sqrt(2)) and, with s = (m - 1) / (m + 1),

    ln x = n ln 2 + 2 (s + s^3 / 3 + s^5 / 5 + ...)

whose eleven terms are exact to the last bits of a double. Source: textbook series.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

_TERMS = 11
_LEAST_MANTISSA = np.float64(np.sqrt(0.5)).view(np.int64)
_MANTISSA_BITS = 52
_SMALLEST = np.finfo(np.float64).tiny


@jax.custom_jvp
def log(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """ln x within two units of the last place; as `jnp.log` at zero, below it, inf and nan."""
    bits = jax.lax.bitcast_convert_type(x, jnp.int64)
    power = (bits - _LEAST_MANTISSA) >> _MANTISSA_BITS
    m = jax.lax.bitcast_convert_type(bits - (power << _MANTISSA_BITS), jnp.float64)
    s = (m - 1.0) / (m + 1.0)
    series = jnp.zeros_like(s)
    for k in reversed(range(_TERMS)):
        series = series * s**2 + 1.0 / (2 * k + 1)
    above = power.astype(jnp.float64) * np.log(2.0) * (m + 1.0) + 2.0 * (m - 1.0) * series
    edge = jnp.where(x >= 0.0, jnp.where(x < 1.0, -jnp.inf, jnp.inf), jnp.nan)
    usual = (x >= _SMALLEST) & (x < jnp.inf)
    # a division comes last because XLA computes one once, and cheaper steps wherever they are used
    return jnp.where(usual, above, edge) / jnp.where(usual, m + 1.0, 1.0)


@log.defjvp
def _slope(primals, tangents):
    (x,), (moved,) = primals, tangents
    return log(x), moved / x
