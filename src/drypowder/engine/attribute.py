"""Who did it: a change split over the channels so that the parts add up.

The same world, with the same news, is run with every set of channels switched on. What a channel
did is the average of what it adds to what is already on, over all orders in which the channels
can be turned on (Shapley's value):

    part_i = sum over sets S without i of |S|! (n - |S| - 1)! / n! x (v(S + i) - v(S))

v(S) is the change of the chosen output when only the channels in S are on; v(nothing) is what
trend, news and dated shocks do alone. v(nothing) and the parts add up to v(all). What a channel
does alone, what it adds last, and the gap between its part and what it does alone (interaction)
stand beside it. With many news paths the parts are split path by path, on common random numbers.

Source: Shapley (1953), A value for n-person games; antithetic orders: Mitchell, Cooper, Frank and
Holmes (2022), Sampling permutations for Shapley value estimation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from math import factorial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from drypowder.channels.day import SWITCHES, Levers
from drypowder.engine.run import Failure
from drypowder.engine.simulate import CHUNK, Inputs, list_failures, make_levers, run_block

_STEPS_A_PROGRAM = 63  # runs are cut after whole quarters: few lengths, few compiled programs
_GRID_BITS = 45  # parts are rounded to 2**-45 of the largest: their sums are exact in any order

Series = dict[str, np.ndarray]


@dataclass(frozen=True)
class Stopped:
    """A world with some channels on in which a market found no price before the last day."""

    on: tuple[str, ...]
    failure: Failure  # its path is the number of the news


@dataclass(frozen=True)
class Split:
    """Parts of the change of one output, world by world; players are the channels that are on."""

    players: tuple[str, ...]
    numbers: np.ndarray  # (path,) numbers of the news; 0 is the central path without any
    nothing: np.ndarray  # (path,) change with no channel on
    whole: np.ndarray  # (path,) change with all players on
    parts: np.ndarray  # (path, player)
    alone: np.ndarray  # (path, player) change of the first channel over none
    last: np.ndarray  # (path, player) change of the last channel over all others
    noise: np.ndarray  # (path, player) standard error of sampling orders; zero where all were taken
    sampled: bool
    coalitions: int  # sets of channels that were run, of each path
    stopped: tuple[Stopped, ...]  # their paths are left out of the rows

    @property
    def interaction(self) -> np.ndarray:
        """What a channel does beyond what it does alone (path, player)."""
        return self.parts - self.alone


def attribute(
    inputs: Inputs,
    measure: Callable[[Series], np.ndarray],
    *,
    last_step: int,
    paths: int = 1,
    seed: int = 0,
    samples: int | None = None,
    threads: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Split:
    """Split the change that `measure` reads from a run over the channels that the run has on.

    Args:
        measure: series of some paths, (path, step, ...), to one number a path.
        last_step: nothing later is read; a market that fails later does not matter.
        paths: 1 is the central path; more are that many random worlds, numbers 1, 2 ...
        samples: orders drawn for each path instead of all sets; an even number, each order is
            followed by its reverse. All sets are run where that is not more work.
        progress: called with (runs done, runs in all).
    """
    players = players_of(inputs)
    numbers = np.arange(1, paths + 1) if paths > 1 else np.zeros(1, dtype=int)
    orders = _orders(len(players), numbers, seed, samples)
    pairs = _pairs(len(players), paths, orders)
    blocks = [pairs[k : k + CHUNK] for k in range(0, len(pairs), CHUNK)]
    chosen = _cut(inputs, last_step), measure, players, numbers, seed, last_step
    worth = np.full((paths, 2 ** len(players)), np.nan)
    stopped: list[Stopped] = []
    done = 0
    for position, (values, failed) in _each(partial(_run_coalitions, *chosen), blocks, threads):
        worth[tuple(blocks[position].T)] = values
        stopped += failed
        done += len(values)
        progress(done, len(pairs))
    return _split(players, numbers, worth, orders, stopped, len(pairs) // paths)


def players_of(inputs: Inputs) -> tuple[str, ...]:
    """Channels that the run has on: one that is off did nothing and is no player."""
    return tuple(name for name in SWITCHES if inputs.levers.get(name, 1.0) != 0.0)


def coalitions(n: int) -> Bool[np.ndarray, "coalition player"]:
    """All 2**n sets of n players: set k holds player i where bit i of k is one."""
    return ((np.arange(2**n)[:, None] >> np.arange(n)[None]) & 1).astype(bool)


def shapley(worth: Float[np.ndarray, "*path coalition"]) -> Float[np.ndarray, "*path player"]:
    """Shapley values from the worth of every set, in the order of `coalitions`.

    Differences are taken before weighing, so a player that changes nothing gets exactly zero.
    """
    n = int(worth.shape[-1]).bit_length() - 1
    size = coalitions(n).sum(axis=1)
    weight = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in range(n)])
    parts = []
    for bit in 2 ** np.arange(n):
        without = np.flatnonzero((np.arange(2**n) & bit) == 0)
        gain = worth[..., without + bit] - worth[..., without]
        parts.append((gain * weight[size[without]]).sum(axis=-1))
    return np.stack(parts, axis=-1) if n else np.zeros((*worth.shape[:-1], 0))


def sampled_shapley(
    worth: Float[np.ndarray, " coalition"], orders: Int[np.ndarray, "order player"]
) -> tuple[Float[np.ndarray, " player"], Float[np.ndarray, " player"]]:
    """Mean gain of each player over some orders, and its standard error over pairs of orders.

    Args:
        worth: of every set; only those that the orders pass through are read.
        orders: one in two is the reverse of the one before (antithetic).
    """
    passed = _passed(orders)
    gains = np.zeros(orders.shape)
    np.put_along_axis(gains, orders, np.diff(worth[passed], axis=1), axis=1)
    pairs = gains.reshape(-1, 2, orders.shape[1]).mean(axis=1)
    spread = pairs.std(axis=0, ddof=1) if len(pairs) > 1 else np.full(orders.shape[1], np.nan)
    return pairs.mean(axis=0), spread / np.sqrt(len(pairs))


def add_up(
    parts: Float[np.ndarray, " part"], whole: float
) -> tuple[Float[np.ndarray, " part"], float]:
    """Parts and whole on a fine binary grid, so that the parts sum to the whole to the last bit.

    The rounding error goes to the largest part; a part of zero stays zero.
    """
    largest = max(float(np.max(np.abs(parts), initial=0.0)), abs(whole))
    if not largest > 0.0:
        return parts, whole
    grid = 2.0 ** (np.ceil(np.log2(largest)) - _GRID_BITS)
    rounded, total = np.round(parts / grid) * grid, float(np.round(whole / grid) * grid)
    rounded[np.argmax(np.abs(rounded))] += total - rounded.sum()
    return rounded, total


def sales(
    trades: Float[np.ndarray, "step sector asset"],
) -> Float[np.ndarray, "seller buyer asset"]:
    """Who sold to whom: each day's sales of an asset go to that day's buyers pro rata.

    Every dollar sold has a buyer: rows sum to what a sector sold, columns to what it bought.
    """
    sold, bought = np.maximum(-trades, 0.0), np.maximum(trades, 0.0)
    total = bought.sum(axis=1, keepdims=True)
    share = bought / np.where(total > 0.0, total, 1.0)
    return np.einsum("tsa,tba->sba", sold, share)


def _orders(n: int, numbers: np.ndarray, seed: int, samples: int | None) -> np.ndarray | None:
    """Orders of each path (path, order, player), each followed by its reverse; None for all sets.

    They depend on the seed and the number of the path alone.
    """
    if samples is None or samples * max(n - 1, 0) >= 2**n:
        return None

    def drawn(number: int) -> np.ndarray:
        random = np.random.default_rng([seed, number])
        first = np.array([random.permutation(n) for _ in range((samples + 1) // 2)])
        return np.stack([first, first[:, ::-1]], axis=1).reshape(-1, n)

    return np.stack([drawn(int(number)) for number in numbers])


def _passed(orders: np.ndarray) -> np.ndarray:
    """Sets that each order passes through, from nothing to all (order, player + 1)."""
    grown = np.cumsum(2**orders, axis=1)
    return np.concatenate([np.zeros((len(orders), 1), dtype=int), grown], axis=1)


def _pairs(n: int, paths: int, orders: np.ndarray | None) -> np.ndarray:
    """Runs to make, rows of path and set: all sets, or those on the way of the path's orders with
    every channel alone and every one left out."""
    if orders is None:
        return np.stack(np.divmod(np.arange(paths * 2**n), 2**n), axis=1)
    one = 2 ** np.arange(n)
    asked = [np.concatenate([_passed(o).ravel(), one, 2**n - 1 - one]) for o in orders]
    return np.array([(k, code) for k, codes in enumerate(asked) for code in np.unique(codes)])


def _cut(inputs: Inputs, last_step: int) -> Inputs:
    """Without the days that nobody asks about, in whole quarters."""
    kept = _STEPS_A_PROGRAM * (last_step // _STEPS_A_PROGRAM + 1)
    if kept >= len(inputs.dates):
        return inputs
    days = jax.tree.map(lambda leaf: leaf[:kept], inputs.days)
    return replace(inputs, dates=inputs.dates[:kept], days=days)


def _run_coalitions(
    inputs: Inputs, measure, players, paths: np.ndarray, seed: int, last_step: int, block
) -> tuple[np.ndarray, list[Stopped]]:
    """One chunk of runs side by side; only the measured numbers are kept of it."""
    numbers = paths[block[:, 0]]
    wide, sets = np.resize(numbers, CHUNK), np.resize(block[:, 1], CHUNK)
    levers = make_levers(inputs, CHUNK, shock_scale=1.0)
    fields = {name: np.array(getattr(levers, name)) for name in Levers.__dataclass_fields__}
    on = coalitions(len(players))[sets]
    for place, name in enumerate(players):
        fields[name] = on[:, place].astype(float)
    fields["shock_scale"] = np.where(wide > 0, fields["shock_scale"], 0.0)
    levers = Levers(**{name: jnp.asarray(array) for name, array in fields.items()})
    series = run_block(inputs, inputs.draw(wide), levers, wide, seed)
    values = np.array(measure(series), dtype=float)
    stopped = []
    for failure in list_failures(series, inputs.economy):
        if failure.step <= last_step and failure.path < len(numbers):
            values[failure.path] = np.nan
            named = tuple(np.array(players)[on[failure.path]].tolist())
            stopped.append(Stopped(named, replace(failure, path=int(wide[failure.path]))))
    return values[: len(numbers)], stopped


def _each(compute, blocks, threads: int | None) -> Iterator[tuple[int, tuple]]:
    """The first chunk compiles alone; the others share the program across threads."""
    yield 0, compute(blocks[0])
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        jobs = {pool.submit(compute, block): k for k, block in enumerate(blocks) if k > 0}
        try:
            for job in as_completed(list(jobs)):
                yield jobs.pop(job), job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _split(players, numbers, worth, orders, stopped: list[Stopped], runs: int) -> Split:
    """Parts of every path whose worlds all found prices."""
    n, failed = len(players), {s.failure.path for s in stopped}
    kept = np.array([number not in failed for number in numbers.tolist()])
    known, one = worth[kept], 2 ** np.arange(n)
    noise = np.zeros((len(known), n))
    if orders is None:
        parts = shapley(known)
    else:
        found = [sampled_shapley(w, o) for w, o in zip(known, orders[kept], strict=True)]
        parts = np.array([part for part, _ in found]).reshape(len(known), n)
        noise = np.array([error for _, error in found]).reshape(len(known), n)
    return Split(
        players=players,
        numbers=numbers[kept],
        nothing=known[:, 0],
        whole=known[:, -1],
        parts=parts,
        alone=known[:, one] - known[:, :1],
        last=known[:, -1:] - known[:, 2**n - 1 - one],
        noise=noise,
        sampled=orders is not None,
        coalitions=runs,
        stopped=tuple(sorted(stopped, key=lambda s: (s.failure.path, s.on))),
    )
