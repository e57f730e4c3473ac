"""The order book under forced flow: concave, thinning when prices run, slowly refilled.

Resting orders within a log distance x of the undisturbed price amount to D (x / 1 %)^a. After a
net U has been sold into them the price stands x below, U = D (x / 1 %)^a; selling from U to U'
is paid, on average, the mean of x over what was eaten. D falls with the return of the last five
minutes and what was eaten comes back at rate rho: D = D0 max(floor, exp(-thinning |r5|)),
U(t + dt) = U exp(-rho dt). Linear books (a = 1) turn a 4 % change of depth into a rout; a between
1.5 and 2.2 does not.
Source: Donier and Bonart (2015), arXiv 1412.4503, for concave impact that decays.
Signs: U > 0 after selling, U < 0 after buying; x > 0 is a fall. USD; log prices.
All functions take NumPy or JAX arrays (or floats) and broadcast.
"""

from __future__ import annotations

from typing import Any

import numpy as np

UNIT_DISTANCE = 0.01  # the distance that depth is quoted for: "USD within 1 %"
_LEVEL = 1e-9  # of what was eaten: less than this moves nothing


def book_fall(consumed_usd, depth_usd, exponent):
    """How far below its undisturbed level the price stands, log."""
    xp = _namespace(consumed_usd)
    size = xp.abs(consumed_usd)
    eaten = xp.where(size > 0.0, size, 1.0) / depth_usd  # a root has no slope at zero
    return xp.where(
        size > 0.0, xp.sign(consumed_usd) * UNIT_DISTANCE * eaten ** (1.0 / exponent), 0.0
    )


def consumed_at(fall, depth_usd, exponent):
    """What has been sold when the price stands `fall` below: the inverse of `book_fall`, USD."""
    xp = _namespace(fall)
    return xp.sign(fall) * depth_usd * (xp.abs(fall) / UNIT_DISTANCE) ** exponent


def average_fall(before_usd, after_usd, depth_usd, exponent):
    """Mean log distance at which the flow from `before_usd` to `after_usd` was filled."""
    xp = _namespace(after_usd)
    flow = after_usd - before_usd
    moved = xp.abs(flow) > _LEVEL * (xp.abs(after_usd) + xp.abs(before_usd))
    power = 1.0 + 1.0 / exponent

    def area(consumed):
        eaten = xp.abs(consumed) / depth_usd
        return UNIT_DISTANCE * depth_usd * eaten**power / power

    mean = (area(after_usd) - area(before_usd)) / xp.where(moved, flow, 1.0)
    return xp.where(moved, mean, book_fall(after_usd, depth_usd, exponent))


def book_depth(normal_usd, five_minute_return, thinning, floor_share):
    """Orders within 1 % after the log return of the last five minutes, USD."""
    xp = _namespace(normal_usd)
    return normal_usd * xp.maximum(xp.exp(-thinning * xp.abs(five_minute_return)), floor_share)


def refilled(consumed_usd, rate_per_minute, minutes):
    """What is still missing from the book `minutes` later, USD."""
    return consumed_usd * _namespace(consumed_usd).exp(-rate_per_minute * minutes)


def _namespace(array) -> Any:
    """numpy, or jax.numpy for what JAX traces; nothing here imports JAX."""
    known = getattr(array, "__array_namespace__", None)
    return known() if known is not None else np
