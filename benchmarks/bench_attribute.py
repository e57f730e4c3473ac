"""How long it takes to say who did it: the essay's two years with every set of channels on.

`python benchmarks/bench_attribute.py` prints the figures; pytest runs the same with assertions.
Compile time is apart. The baseline runs one set of channels at a time through a program of its
own width; it is timed on a few sets and scaled. Wall time depends on who else uses the cores, so
processor seconds are shown beside it.
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache
from pathlib import Path
from types import SimpleNamespace

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY)]  # for `python benchmarks/bench_attribute.py`

import jax  # noqa: E402

jax.config.update("jax_enable_x64", True)

import numpy as np  # noqa: E402

from drypowder.engine.attribute import attribute  # noqa: E402
from drypowder.engine.simulate import make_levers, run_block  # noqa: E402
from drypowder.scenarios import compile_inputs  # noqa: E402

SETS, TARGET_S = 1024, 60.0  # of issue 3, wall time on two cores
ALONE = 3  # runs of the baseline


@cache
def case() -> SimpleNamespace:
    """The essay's inputs and the question: what moved bitcoin."""
    inputs = compile_inputs("essay")
    column, last = inputs.economy.instrument("bitcoin"), len(inputs.dates) - 1

    def measure(series):
        return series["price"][:, last, column] / series["price"][:, 0, column] - 1.0

    return SimpleNamespace(inputs=inputs, ask=lambda: attribute(inputs, measure, last_step=last))


def timed(call):
    """Wall seconds, processor seconds, and what the call returned."""
    wall, processor = time.perf_counter(), time.process_time()
    found = call()
    return time.perf_counter() - wall, time.process_time() - processor, found


@cache
def figures() -> SimpleNamespace:
    """A first call compiles; the second is timed; then a few sets one at a time."""
    cold, _, _ = timed(case().ask)
    wall, processor, split = timed(case().ask)
    inputs, number = case().inputs, np.zeros(1, dtype=int)
    levers = make_levers(inputs, 1, shock_scale=0.0)

    def alone():
        return run_block(inputs, inputs.draw(number), levers, number, 0)

    alone()
    seconds = min(timed(alone)[1] for _ in range(ALONE))
    return SimpleNamespace(compile=cold - wall, wall=wall, processor=processor, split=split,
                           one_by_one=SETS * seconds)  # fmt: skip


def test_every_set_of_channels_of_the_essay_within_a_minute(benchmark):
    found = figures()
    split = benchmark.pedantic(case().ask, rounds=1)
    benchmark.extra_info.update(wall_s=found.wall, processor_s=found.processor,
                                compile_s=found.compile, one_by_one_s=found.one_by_one)  # fmt: skip
    assert split.coalitions == SETS and split.stopped == ()
    np.testing.assert_allclose(split.nothing + split.parts.sum(axis=1), split.whole, atol=1e-13)
    assert np.array_equal(split.parts, found.split.parts)
    assert found.wall < TARGET_S


def main() -> None:
    """The table."""
    found = figures()
    print(f"{os.cpu_count()} cores, jax {jax.__version__}, numpy {np.__version__}")
    print(f"{SETS} sets of channels x {len(case().inputs.dates)} days, one path")
    print(f"  wall       {found.wall:8.1f} s (target {TARGET_S:.0f} s)")
    print(f"  processor  {found.processor:8.1f} s")
    print(f"  compile    {found.compile:8.1f} s")
    print(f"  one by one {found.one_by_one:8.1f} s of processor time, "
          f"{found.one_by_one / found.processor:.1f}x")  # fmt: skip


if __name__ == "__main__":
    main()
