"""Open positions as a density over how far the price is from closing them.

    "forced selling cascades"

Of an isolated linear position with maintenance rate r (s = +1 long, -1 short), once the price T
that triggers it is known, so is the price that leaves nothing of its margin, for any leverage:

    B = T (1 - s r)

Coins by side and distance x = s ln(P / T) from their trigger, and the margin put up for them, are
therefore all that a cascade needs. Entry of a bucket: B + s margin / coins. Entered at P with
leverage l a position stands at 1/l = s (1 - (1 - s r) exp(-s x)); whoever borrows nothing has no
trigger and lies beyond the last bucket. Positions given up after an exponential time of mean A,
their price since entry a Brownian motion of volatility sigma that has not touched the trigger, are
spread around where they started by the kernel (lambda / 2) [exp(-lambda |x - x0|) - exp(-lambda
(x + x0))], lambda = sqrt(2 / A) / sigma: survivors only.
Inside a bucket coins lie evenly: what a move closes is piecewise linear in the move, and masses
are exact. Buckets are fine near the trigger and grow in proportion to distance further out.
Source: ours; the kernel is the resolvent of a killed Brownian motion (Borodin and Salminen, 2002).
Signs: x > 0 while open; side 0 long, 1 short; coins and margin >= 0; the path is the last axis.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Array, Bool, Float

from drypowder.accounts.logarithm import log

SIGNS = np.array([1.0, -1.0])  # of the sides: long, short
_PROPORTIONAL = 0.05  # distance from which on buckets grow in proportion to it
_FARTHEST = 3.0  # a twentieth, or twenty times: what lies beyond is never reached
_NODES = np.linspace(-4.5, 4.5, 181)  # standard scores of log leverage, for sums over it
_ENTRY_MULTIPLE = 2.0  # margin asked at entry, of maintenance: Hyperliquid docs, "Margin tiers"
_LEAST_SIGMA = 0.01  # log price: of a market that hardly moved


class Grid(NamedTuple):
    """Buckets of distance; the last has no end."""

    lower: np.ndarray  # [bucket], log price: proportional (exp(step k) - 1)
    width: np.ndarray  # [bucket], infinite for the last
    proportional: float
    step: float

    @property
    def upper(self) -> np.ndarray:
        """Where each bucket ends."""
        return self.lower + self.width

    @property
    def middle(self) -> np.ndarray:
        """Where each bucket lies on average; of the last one, where it begins."""
        return self.lower + 0.5 * np.where(np.isinf(self.width), 0.0, self.width)


class Density(NamedTuple):
    """Open positions by side and distance from their trigger."""

    open_coins: Float[Array, "side bucket coin path"]  # USD bn at the opening price
    margin_usd_bn: Float[Array, "side bucket coin path"]  # put up at entry


def distance_grid(
    buckets: int, *, proportional: float = _PROPORTIONAL, farthest: float = _FARTHEST
) -> Grid:
    """Buckets of distance d (exp(k h) - 1), even in ln(x + d), and one without an end.

    Args:
        buckets: in all. proportional: d, log price. farthest: where the endless one begins.
    """
    step = np.log1p(farthest / proportional) / (buckets - 1)
    lower = proportional * np.expm1(step * np.arange(buckets))
    return Grid(lower, np.append(np.diff(lower), np.inf), proportional, float(step))


def passed(
    reach: Float[Array, "*side coin path"], grid: Grid
) -> Float[Array, "*side bucket coin path"]:
    """Share of every bucket that lies within `reach` of the price."""
    shape = (1,) * (reach.ndim - 2) + (-1, 1, 1)
    lower, width = grid.lower.reshape(shape), grid.width.reshape(shape)
    return jnp.clip((reach[..., None, :, :] - lower) / width, 0.0, 1.0)


class Reachable(NamedTuple):
    """What lies within reach, looked up: in bucket k it is level_k + slope_k reach."""

    level: Float[Array, "*side bucket coin path"]
    slope: Float[Array, "*side bucket coin path"]

    def within(self, reach: Float[Array, "*side coin path"], grid: Grid):
        """The same as the sum of mass times `passed`, at the price of one look."""
        reach = jnp.maximum(reach, 0.0)
        place = jnp.floor(log(1.0 + reach / grid.proportional) / grid.step)
        place = jnp.minimum(place, len(grid.lower) - 1.0).astype(jnp.int32)[..., None, :, :]
        level, slope = (jnp.take_along_axis(one, place, axis=-3)[..., 0, :, :] for one in self)
        return level + slope * reach


def reachable(mass: Float[Array, "*side bucket coin path"], grid: Grid) -> Reachable:
    """The sum of a mass over buckets, ready to be looked up many times."""
    shape = (1,) * (mass.ndim - 3) + (-1, 1, 1)
    slope = mass / grid.width.reshape(shape)
    level = nearer(mass) - slope * grid.lower.reshape(shape)
    return Reachable(level, slope)


def nearer(mass: Float[Array, "*side bucket coin path"]) -> Float[Array, "*side bucket coin path"]:
    """Sum over the buckets before each; a scan takes a third of the time of XLA's own sums."""

    def add(sum_, row):
        return sum_ + row, sum_

    rows = jnp.moveaxis(mass, -3, 0)
    before = jax.lax.scan(add, jnp.zeros_like(rows[0]), rows, unroll=8)[1]
    return jnp.moveaxis(before, 0, -3)


def closed_up_to(density: Density, reach: Float[Array, "side coin path"], grid: Grid) -> Density:
    """What a move against each side by `reach` triggers, by bucket."""
    share = passed(reach, grid)
    return Density(*(share * mass for mass in density))


def moved(
    density: Density,
    *,
    reach: Float[Array, "side coin path"],
    log_move: Float[Array, "coin path"],
    grid: Grid,
) -> Density:
    """What lies beyond `reach`, at its distances from the price after `log_move`.

    A move up takes longs away from their triggers and shorts toward theirs. Nothing is lost: what
    the move crossed but `reach` does not count as closed stays in the nearest bucket.
    """
    toward = signs(4) * log_move[None, None]
    edge = jnp.maximum(grid.lower[None, :, None, None] - toward, reach[:, None])
    begin = jnp.concatenate([reach[:, None], edge[:, 1:]], axis=1)
    end = jnp.concatenate([edge[:, 1:], jnp.full_like(edge[:, :1], jnp.inf)], axis=1)

    def add_bucket(sums, bucket):
        lower, upper, width, *masses = bucket
        share = jnp.maximum(jnp.minimum(end, upper) - jnp.maximum(begin, lower), 0.0) / width
        return [s + share * m[:, None] for s, m in zip(sums, masses, strict=True)], None

    bounds = (jnp.asarray(one[:-1]) for one in (grid.lower, grid.upper, grid.width))
    rows = (*bounds, *(jnp.moveaxis(mass[:, :-1], 1, 0) for mass in density))
    sums, _ = jax.lax.scan(add_bucket, [jnp.zeros_like(mass) for mass in density], rows)
    return Density(*(s.at[:, -1].add(m[:, -1]) for s, m in zip(sums, density, strict=True)))


def aged(density: Density, entrants: Density, share: Float[Array, " path"]) -> Density:
    """A share of all positions is given up and that share of `entrants` comes in."""
    wide = share[None, None, None]
    return Density(*(old + wide * (new - old) for old, new in zip(density, entrants, strict=True)))


class Leverage(NamedTuple):
    """Effective leverage of entrants, log-normal, and what their venue asks of them."""

    median: Float[Array, " path"]  # multiple
    log_sd: Float[Array, " path"]
    maintenance_rate: Float[Array, " path"]  # r

    @property
    def largest(self) -> Float[Array, " path"]:
        """Nobody is let in with more."""
        return 1.0 / (_ENTRY_MULTIPLE * self.maintenance_rate)


def entrants(leverage: Leverage, grid: Grid) -> Density:
    """One coin of new longs and one of new shorts at a price of one.

    Returns:
        coins and margin, side x bucket x 1 x path.
    """
    mean, sd, rate = jnp.log(leverage.median), leverage.log_sd, leverage.maintenance_rate
    mean, sd, rate = (one[None, None] for one in (mean, sd, rate))
    sign, edge = signs(3), grid.lower[None, :, None]
    margin = sign * (1.0 - (1.0 - sign * rate) * jnp.exp(-sign * edge))  # 1/l at the edges
    most = (jnp.log(leverage.largest)[None, None] - mean) / sd
    score = jnp.minimum(-(jnp.log(margin) + mean) / sd, most)
    per_leverage = jnp.exp(0.5 * sd**2 - mean)  # mean of 1/l
    parts = []
    for shift, scale in ((0.0, 1.0), (sd, per_leverage)):
        below = ndtr(score + shift)  # with at least this distance
        inside = below - jnp.concatenate([below[:, 1:], jnp.zeros_like(below[:, :1])], axis=1)
        parts.append((scale * inside / ndtr(most))[:, :, None])
    return Density(*parts)


def survivors(
    leverage: Leverage,
    *,
    sigma: Float[Array, "coin path"],
    grid: Grid,
) -> Density:
    """One coin of longs and one of shorts of all ages, as many as have lived through them.

    Args:
        sigma: volatility over the mean age of positions, log price.

    Returns:
        coins and margin, side x bucket x coin x path, at a price of one.
    """
    steep = jnp.sqrt(2.0) / jnp.maximum(sigma, _LEAST_SIGMA)
    edges, middle = np.append(grid.lower, np.inf), grid.middle[None, :, None]
    endless = np.isinf(grid.width)[None, :, None]

    def add(sums, node):
        start, weight, margin = _entered(leverage, node)
        alive = weight[None, None, None] * jnp.diff(_living(start, edges, steep), axis=1)
        now = jnp.where(endless, jnp.maximum(start[:, None], middle), middle)
        paid = margin[None, None] * jnp.exp(-signs(3) * (now - start[:, None]))
        return [sums[0] + alive, sums[1] + alive * paid[:, :, None]], None

    nothing = jnp.zeros((2, len(grid.lower), *sigma.shape))
    (coins, put_up), _ = jax.lax.scan(add, [nothing, nothing], jnp.asarray(_NODES))
    everybody = jnp.sum(coins, axis=1, keepdims=True)
    return Density(coins / everybody, put_up / everybody)


def _entered(leverage: Leverage, node):
    """Distance at entry (side, path) at a standard score of leverage; weight, margin of a coin."""
    rate, sign = leverage.maintenance_rate, signs(2)
    size = leverage.median * jnp.exp(leverage.log_sd * node)
    weight = jnp.where(size < leverage.largest, jnp.exp(-0.5 * node**2), 0.0)
    left = (1.0 - sign / size[None]) / (1.0 - sign * rate[None])  # trigger over entry
    never = left <= np.exp(-2.0 * _FARTHEST)
    start = jnp.where(never, 2.0 * _FARTHEST, -sign * jnp.log(jnp.where(never, 1.0, left)))
    return start, weight, 1.0 / size


def _living(start, edges, steep) -> Float[Array, "side edge coin path"]:
    """Share of those who entered at `start` that is alive and stands nearer than each edge."""
    x0, steep = start[:, None, None], steep[None, None]
    edge = jnp.asarray(edges)[None, :, None, None]
    dead = jnp.exp(-steep * x0)
    near = 0.5 * (jnp.exp(-steep * jnp.maximum(x0 - edge, 0.0)) - dead)
    far = 0.5 * (1.0 - jnp.exp(-steep * jnp.maximum(edge - x0, 0.0)))
    return near + far - 0.5 * (dead - jnp.exp(-steep * (edge + x0)))


def entry_price(
    density: Density, price: Float[Array, "coin path"], rate: Float[Array, " path"], grid: Grid
) -> Float[Array, "side bucket coin path"]:
    """At which price the positions of each bucket came in, on average; zero coins, no matter."""
    sign, x = signs(4), grid.middle[None, :, None, None]
    bankrupt = price[None, None] * (1.0 - sign * rate[None, None, None]) * jnp.exp(-sign * x)
    coins = density.open_coins
    return bankrupt + sign * density.margin_usd_bn / jnp.where(coins > 0.0, coins, jnp.inf)


def deleveraged(
    coins: Float[Array, "bucket coin path"],
    needed: Float[Array, "coin path"],
    gains: Bool[Array, "bucket coin path"],
) -> Float[Array, "bucket coin path"]:
    """Coins that must be given up so that somebody else's can be closed: the queue of a venue.

    Positions in profit come first, among equals those with most effective leverage, which are the
    nearest to their own trigger.
    """
    first, second = jnp.where(gains, coins, 0.0), jnp.where(gains, 0.0, coins)
    ahead = nearer(first)
    behind = jnp.sum(first, axis=0, keepdims=True) + nearer(second)
    return jnp.clip(needed[None] - jnp.where(gains, ahead, behind), 0.0, coins)


def signs(rank: int) -> np.ndarray:
    """The sign of each side, along the first of so many axes."""
    return SIGNS.reshape((2,) + (1,) * (rank - 1))


def density_of_positions(
    *, side, coins, trigger_price, margin_usd_bn, price: float, grid: Grid
) -> Density:
    """Accounts of one coin gathered into buckets, one path; NumPy arrays of one row a position.

    Args:
        side: +1 or -1. trigger_price: of liquidation; nan or not above zero where there is none.
    """
    sign = np.asarray(side, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = sign * (np.log(price) - np.log(np.asarray(trigger_price, dtype=float)))
    away = np.where(np.isfinite(away), away, np.inf)
    place = np.clip(np.searchsorted(grid.lower, away, side="right") - 1, 0, len(grid.lower) - 1)
    place = place + len(grid.lower) * (sign < 0.0)
    parts = [
        np.bincount(place, np.asarray(mass, dtype=float), 2 * len(grid.lower))
        for mass in (coins, margin_usd_bn)
    ]
    return Density(*(jnp.asarray(part.reshape(2, -1, 1, 1)) for part in parts))
