"""Many days, many worlds: one compiled scan per chunk width, a thread pool over chunks.

Paths are drawn by counter: the news of path p on day t depends on (seed, p, t) alone, so results
do not depend on chunks, threads or on which paths are run together. Path 0 is the central path.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from drypowder._version import __version__
from drypowder.accounts.economy import Economy
from drypowder.accounts.postings import Posting, flow_columns
from drypowder.channels.day import SWITCHES, Day, Levers
from drypowder.engine.day import one_day
from drypowder.engine.run import Books, Failure, Run
from drypowder.engine.settlement import TRADES, TREND
from drypowder.engine.world import (
    Layout,
    Parameters,
    ShockParameters,
    State,
    World,
    make_layout,
    open_world,
)

CHUNK = 64  # paths of one compiled call: the working set stays in cache
# Programs that run in a fifth of a second however they are compiled: compiling them with care
# takes seconds that a first run would wait for.
_QUICKLY: dict[str, int | bool] = {"xla_backend_optimization_level": 0}
if tuple(map(int, jax.__version__.split(".")[:2])) < (0, 10):  # later ones lack the option
    _QUICKLY["xla_cpu_use_fusion_emitters"] = False
_WIDE = {"xla_cpu_prefer_vector_width": 512}  # else half of a wide register is left empty
_WIDE_SERIES = (
    *("forced_usd_bn", "forced_by_round", "leverage", "largest_leverage"),
    *("yield_pa", "receipts_usd_bn"),
)  # single precision, for memory
_trace_count = 0  # compiled traces so far, for the test that counts them


def _plainly(name: str, program: Callable, *arguments, **static):
    """Call a program as it is."""
    return program(*arguments, **static)


@dataclass(frozen=True)
class Inputs:
    """Everything a simulation needs, as arrays. Built by the scenarios room.

    `draw(paths)` returns the Parameters of the given path numbers (path axis last); number 0 is
    central. `companions` are Levers overrides of the central path: name -> {field: value}.
    """

    name: str
    economy: Economy
    units: np.ndarray  # (sector, instrument) USD bn
    issued: np.ndarray  # (sector, asset) USD bn
    dates: np.ndarray  # (step,)
    days: Day  # leading step axis
    draw: Callable[[np.ndarray], Parameters]
    levers: dict[str, float]
    companions: dict[str, dict[str, float]]
    digest: str  # hash of the scenario with its parameters


def simulate(
    inputs: Inputs,
    *,
    paths: int = 1,
    seed: int = 0,
    threads: int | None = None,
    chunks: Callable[[Inputs, np.ndarray, int], dict] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    call: Callable = _plainly,
) -> Run:
    """Run a scenario.

    Args:
        paths: worlds; 1 is the central path alone.
        seed: of the news and of the parameter draws.
        chunks: replaces the computation of one chunk (the run store resumes through it).
        progress: called with (paths done, paths in all).
        call: how the compiled program of the central path is called (from a cache of programs).

    Returns:
        Run, whether or not paths failed; failures are listed, never hidden.
    """
    center, books = run_companions(inputs, call)
    first = {name: array[:1] for name, array in center.items()}
    series = first if paths == 1 else _ensemble(inputs, paths, seed, threads, chunks, progress)
    names = ["central", *inputs.companions]
    # a twin without prices is no twin: it is left out, and the run says so
    stopped = {names[f.path]: f for f in list_failures(center, inputs.economy) if f.path > 0}
    companions = {
        name: {key: array[k] for key, array in center.items() if not key.startswith("failed_")}
        for k, name in enumerate(names)
        if k > 0 and name not in stopped
    }
    failures = list_failures(series, inputs.economy)
    shown = {k: v for k, v in series.items() if not k.startswith("failed_")}
    stamp = make_stamp(inputs, paths=paths, seed=seed)
    twins_stopped = {name: replace(f, path=0) for name, f in stopped.items()}
    return Run(
        inputs.name, inputs.economy, inputs.dates, shown, companions, books, failures, stamp,
        twins_stopped,
    )  # fmt: skip


def run_companions(
    inputs: Inputs, call: Callable = _plainly
) -> tuple[dict[str, np.ndarray], Books]:
    """The central path and its twins in one narrow program that also keeps the books."""
    twins = list(inputs.companions.values())
    levers = make_levers(inputs, 1 + len(twins), shock_scale=0.0)
    fields = {name: np.array(getattr(levers, name)) for name in Levers.__dataclass_fields__}
    for position, changes in enumerate(twins, start=1):
        for name, value in changes.items():
            fields[name][position] = value
    levers = Levers(**{name: jnp.asarray(array) for name, array in fields.items()})
    central = np.zeros(1 + len(twins), dtype=int)
    series, last, ledger = _simulated(
        inputs, inputs.draw(central), levers, central, 0, ledger=True, call=call
    )
    closing = np.asarray(last.units[:, :, 0] * jnp.exp(last.log_price[None, :, 0]))
    flows, trades = _flows(ledger, inputs.economy), np.asarray(ledger.trades)[..., 0]
    return series, Books(np.asarray(inputs.units), closing, flows, trades)


def run_paths(inputs: Inputs, numbers: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """One chunk of the ensemble: series of the given path numbers (padded to the chunk width)."""
    padded = np.resize(numbers, CHUNK) if len(numbers) < CHUNK else numbers
    levers = make_levers(inputs, len(padded), shock_scale=1.0)
    scale = jnp.where(jnp.asarray(padded) > 0, levers.shock_scale, 0.0)
    levers = eqx.tree_at(lambda lv: lv.shock_scale, levers, scale)
    series = run_block(inputs, inputs.draw(padded), levers, padded, seed)
    own = {name: array[: len(numbers)] for name, array in series.items()}
    return own | {name: own[name].astype(np.float32) for name in _WIDE_SERIES}


def run_block(
    inputs: Inputs, parameters: Parameters, levers: Levers, numbers: np.ndarray, seed: int,
    call: Callable = _plainly,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Simulate the given parameter columns side by side; series shaped (path, step, ...)."""
    return _simulated(inputs, parameters, levers, numbers, seed, ledger=False, call=call)[0]


def _simulated(inputs, parameters, levers, numbers, seed, *, ledger: bool, call=_plainly):
    """Series of every path, the last state, and the ledger if it was kept."""
    sheet = jnp.asarray(inputs.units), jnp.asarray(inputs.issued)
    layout = make_layout(inputs.economy)
    world, state = call("opening", _open, *sheet, parameters, levers, layout=layout)
    if np.any(np.asarray(levers.shock_scale)):
        key, counters = jax.random.key(seed), jnp.asarray(numbers, dtype=jnp.uint32)
        news = draw_news(key, counters, inputs.days, parameters.shocks, levers.shock_scale)
    else:  # nothing to draw, and nothing to compile for it
        news = jnp.zeros((len(inputs.dates), inputs.issued.shape[1], len(numbers)))
    scan = _scan_with_ledger if ledger else _scan
    seen, last, kept = call("days", scan, world, state, inputs.days, news)
    series = _to_series(seen)
    series["failed_day"] = np.asarray(last.failed_day)
    series["failed_market"] = np.asarray(last.failed_market)
    series["failed_holder"] = np.asarray(last.failed_holder)
    return series, last, kept


class Ledger(NamedTuple):
    """Flows of every day (leading step axis), kept for the path whose books are asked for."""

    postings: list[Posting]
    trades: Float[Array, "step sector asset path"]
    trend: Float[Array, "step sector instrument path"]


def _flows(ledger: Ledger, economy: Economy) -> dict[str, np.ndarray]:
    """Flows of the first path over the run, each posting settled: name -> (sector, instrument).

    Settlement is linear, so days are added up first.
    """
    first = jax.tree.map(lambda leaf: np.asarray(leaf)[..., :1].sum(axis=0), ledger)
    flows = {posting.name: _as_matrix(posting, economy) for posting in first.postings}
    flows[TRADES][:, economy.columns("cleared")] += first.trades[:, :, 0]
    return {**flows, TREND: first.trend[:, :, 0]}


def _as_matrix(posting: Posting, economy: Economy) -> np.ndarray:
    matrix = np.zeros((len(economy.sectors), len(economy.instruments)))
    for name, change in flow_columns([posting], economy).items():
        matrix[:, economy.instrument(name)] = change[:, 0]
    return matrix


@partial(jax.jit, static_argnames="layout", compiler_options=_QUICKLY)
def _open(units, issued, parameters, levers, layout: Layout) -> tuple[World, State]:
    """Compiled apart from the days: together they take twice as long to compile."""
    return open_world(
        units=units, issued=issued, parameters=parameters, levers=levers, layout=layout
    )


def _many_days(world: World, state: State, days: Day, news, *, ledger: bool):
    """The compiled program: scan over days, keeping every posting if asked."""
    global _trace_count
    _trace_count += 1
    cleared = world.layout.economy.columns("cleared")

    def step(state: State, today):
        day, heard = today
        state, seen, books = one_day(state, day, heard, world, both=ledger)
        grown = books.trend * jnp.exp(state.log_price)[None]
        kept = Ledger(books.postings, books.flow[:, cleared], grown) if ledger else None
        return state, (seen, kept)

    last, (seen, kept) = jax.lax.scan(step, state, (days, news))
    return seen, last, kept


_scan = jax.jit(partial(_many_days, ledger=False), compiler_options=_WIDE)
_scan_with_ledger = jax.jit(partial(_many_days, ledger=True), compiler_options=_QUICKLY)


@jax.jit
def draw_news(
    key, numbers, days: Day, shocks: ShockParameters, scale: Float[Array, " path"]
) -> Float[Array, "step asset path"]:
    """News of every day: correlated normal impulses and rare common jumps, by counter.

    What path p hears on day t depends on the seed, p and t alone.
    """

    def heard(number, today):
        place = jax.random.fold_in(jax.random.fold_in(key, number), today)
        normal, jump = jax.random.split(place)
        return jax.random.normal(normal, (shocks.cholesky.shape[1],)), jax.random.uniform(jump)

    by_path = jax.vmap(heard, in_axes=(0, None), out_axes=-1)
    normal, uniform = jax.vmap(by_path, in_axes=(None, 0))(numbers, days.number)
    dt = days.dt_years[:, None, None]
    smooth = jnp.sqrt(dt) * jnp.einsum("af,tfp->tap", shocks.cholesky, normal)
    jumped = jnp.where(uniform[:, None] < shocks.jump_rate_pa * dt, 1.0, 0.0)
    return (smooth + shocks.jump_size[None, :, None] * jumped) * scale[None, None]


def make_levers(inputs: Inputs, paths: int, *, shock_scale: float) -> Levers:
    """Switches all on, no experiment, unless the scenario says otherwise."""
    values = {name: np.zeros(paths) for name in Levers.__dataclass_fields__}
    for name in (*SWITCHES, "ai_capex"):
        values[name] = np.ones(paths)
    values["shock_scale"] = np.full(paths, shock_scale)
    for name, value in inputs.levers.items():
        values[name] = np.full(paths, value)
    values["extra_capex_day"] = np.full(paths, -1)
    values["call_rule"] = values["call_rule"].astype(int)
    return Levers(**{name: jnp.asarray(value) for name, value in values.items()})


def _ensemble(inputs, paths, seed, threads, chunks, progress) -> dict[str, np.ndarray]:
    compute = chunks or run_paths
    blocks = [np.arange(k, min(k + CHUNK, paths)) for k in range(0, paths, CHUNK)]
    whole: dict[str, np.ndarray] = {}
    done = 0
    for position, part in _in_order_of_completion(compute, inputs, blocks, seed, threads):
        if not whole:  # filled in place: the ensemble is never held twice
            whole = {name: np.empty((paths, *a.shape[1:]), a.dtype) for name, a in part.items()}
        for name, array in part.items():
            whole[name][blocks[position]] = array
        done += len(blocks[position])
        progress(done, paths)
    return whole


def _in_order_of_completion(compute, inputs, blocks, seed, threads) -> Iterator[tuple[int, dict]]:
    """The first chunk compiles alone; the others share the program across threads."""
    yield 0, compute(inputs, blocks[0], seed)
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        jobs = {pool.submit(compute, inputs, b, seed): k for k, b in enumerate(blocks) if k > 0}
        try:
            for job in as_completed(list(jobs)):
                yield jobs.pop(job), job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _to_series(seen) -> dict[str, np.ndarray]:
    """Observation arrays (step, ..., path) as (path, step, ...)."""
    flat = seen._asdict()
    funding = flat.pop("funding")._asdict()
    flat.update({f"funding_{name}_usd_bn": array for name, array in funding.items()})
    return {name: np.moveaxis(np.asarray(array), -1, 0) for name, array in flat.items()}


def list_failures(series: dict[str, np.ndarray], economy: Economy) -> tuple[Failure, ...]:
    """Paths in which a market found no price: where, on which day, and who had least to spend."""
    names = economy.instrument_names
    holders = [economy.sector_names[row] for row in make_layout(economy).holders]
    return tuple(
        Failure(
            path,
            int(day),
            names[int(series["failed_market"][path])],
            holders[int(series["failed_holder"][path])],
        )
        for path, day in enumerate(series["failed_day"])
        if day >= 0
    )


def make_stamp(inputs: Inputs, *, paths: int, seed: int) -> dict[str, object]:
    """What identifies a run: same stamp, same bytes (on the same machine type)."""
    steps = len(inputs.dates)
    identity = f"{inputs.digest} {steps} {paths} {seed} {__version__}"
    return {
        "run": hashlib.sha256(identity.encode()).hexdigest()[:8],
        "scenario": inputs.name,
        "scenario_hash": inputs.digest,
        "first_day": str(inputs.dates[0]),
        "last_day": str(inputs.dates[-1]),
        "steps": steps,
        "paths": paths,
        "seed": seed,
        "version": __version__,
        "jax": jax.__version__,
        "device": jax.devices()[0].platform,
    }
