"""Runs: same bytes for the same question on any threads; no second trace, no hang, no LAPACK."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.busy import busy_inputs

import drypowder
from drypowder.engine import simulate as engine
from drypowder.engine.simulate import CHUNK, simulate
from drypowder.engine.world import make_layout

STEPS, SEED = 11, 3
REPOSITORY = Path(__file__).resolve().parents[2]
TWINS = {"no_ai": {"ai_capex": 0.0}}


@pytest.fixture(scope="module")
def inputs():
    made = busy_inputs(STEPS)
    made.companions.update(TWINS)
    return made


@pytest.fixture(scope="module")
def run(inputs):
    """Two full chunks on two threads."""
    return simulate(inputs, paths=2 * CHUNK, seed=SEED, threads=2)


def _same_bytes(one, other, paths=slice(None)):
    assert set(one.series) == set(other.series)
    for name, array in one.series.items():
        assert np.array_equal(array[paths], other.series[name][paths]), name


def test_a_run_has_a_row_for_every_path_and_step(run, inputs):
    economy = inputs.economy
    assert run.prices.shape == (2 * CHUNK, STEPS, len(economy.instruments))
    assert run.residuals.shape == (2 * CHUNK, STEPS)
    assert run.dry_powder.shape == (2 * CHUNK, STEPS, len(economy.sectors))
    assert np.array_equal(run.price("bitcoin"), run.prices[:, :, economy.instrument("bitcoin")])
    assert run.companions["no_ai"]["price"].shape == (STEPS, len(economy.instruments))
    assert run.failures == ()
    run.assert_balanced()


def test_a_twin_that_stops_is_left_out_and_named():
    """A programme of ten thousand trillion in bonds: nobody has the money on the first day."""
    made = busy_inputs(3)
    made.companions.update(TWINS, beyond_reach={"extra_bonds_usd_bn": 1e7, "fed_absorbs": 0.0})
    run = simulate(made)
    assert run.failures == () and list(run.companions) == ["no_ai"]
    (failure,) = run.companion_failures.values()
    assert list(run.companion_failures) == ["beyond_reach"]
    assert (failure.path, failure.step, failure.market) == (0, 0, "ig_credit")
    assert failure.sector in made.economy.sector_names


def test_the_stamp_says_what_was_run(run, inputs):
    assert {"run", "scenario", "seed", "version"} <= set(run.stamp)
    assert run.stamp["scenario"] == inputs.name
    assert run.stamp["seed"] == SEED
    assert run.stamp["version"] == drypowder.__version__
    other = engine.make_stamp(inputs, paths=2 * CHUNK, seed=SEED + 1)
    assert other["run"] != run.stamp["run"]


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads(run, inputs):
    _same_bytes(run, simulate(inputs, paths=2 * CHUNK, seed=SEED, threads=1))


def test_a_path_does_not_depend_on_how_many_others_were_asked_for(run, inputs):
    fewer = simulate(inputs, paths=CHUNK + 7, seed=SEED)
    _same_bytes(fewer, run, slice(CHUNK + 7))


def test_a_path_does_not_depend_on_its_neighbours_in_the_chunk(run, inputs):
    first = 10
    regrouped = engine.run_paths(inputs, np.arange(first, first + CHUNK), SEED)
    for name, array in run.series.items():
        assert np.array_equal(regrouped[name], array[first : first + CHUNK]), name


def test_path_zero_is_the_central_path_without_news(run, inputs):
    alone = simulate(inputs, paths=1)
    np.testing.assert_allclose(alone.prices[0], run.prices[0], rtol=1e-9, atol=0.0)
    other_news = simulate(inputs, paths=2 * CHUNK, seed=SEED + 1)
    np.testing.assert_allclose(other_news.prices[0], run.prices[0], rtol=1e-9, atol=0.0)
    moved = np.abs(other_news.price("equity_broad")[1:] / run.price("equity_broad")[1:] - 1.0)
    assert moved.max(axis=1).min() > 1e-4  # every other path heard something else


def test_a_second_run_of_the_same_shape_adds_no_trace(run, inputs):
    before = engine._trace_count
    simulate(inputs, paths=2 * CHUNK, seed=SEED + 2)
    simulate(inputs, paths=CHUNK, seed=SEED)
    assert engine._trace_count == before


def test_progress_counts_up_to_all_paths(inputs):
    seen = []
    simulate(inputs, paths=2 * CHUNK, seed=SEED, progress=lambda *counts: seen.append(counts))
    assert seen == [(CHUNK, 2 * CHUNK), (2 * CHUNK, 2 * CHUNK)]


def test_the_compiled_step_calls_no_library_solver():
    """Batched LAPACK calls of two overlapping runs can wait for each other (decision 0003)."""
    assert not jax.__version__.startswith("0.10.")
    inputs, numbers = busy_inputs(2), np.arange(3)
    world, state = engine._open(
        jnp.asarray(inputs.units),
        jnp.asarray(inputs.issued),
        inputs.draw(numbers),
        engine.make_levers(inputs, len(numbers), shock_scale=1.0),
        make_layout(inputs.economy),
    )
    news = jnp.zeros((len(inputs.dates), len(inputs.economy.names("cleared")), len(numbers)))
    compiled = engine._scan.lower(world, state, inputs.days, news).compile().as_text()
    assert "while" in compiled  # it is the text of the program
    assert "lapack_" not in compiled


TWO_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
import jax
jax.config.update("jax_enable_x64", True)
from drypowder.engine.simulate import simulate
from tests.busy import busy_inputs
inputs = busy_inputs(3)
with ThreadPoolExecutor(2) as pool:
    runs = list(pool.map(lambda seed: simulate(inputs, paths=1024, seed=seed), (1, 2)))
assert all(len(run.prices) == 1024 and not run.failures for run in runs)
print("finished")
"""


def test_two_simulations_at_once_finish():
    """A hang shows as a timeout of the watchdog, in a process of its own."""
    paths = [str(REPOSITORY), str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", TWO_AT_ONCE],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.stdout.strip() == "finished", done.stderr[-2000:]
