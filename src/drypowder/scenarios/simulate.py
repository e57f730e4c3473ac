"""One call from a scenario's name to a finished run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_dir

from drypowder.scenarios.scenario import Scenario, load
from drypowder.xla import compile_loops_whole

if TYPE_CHECKING:
    from drypowder.engine.run import Run


def simulate(
    scenario: Scenario | str | Path = "essay",
    *,
    paths: int = 1,
    years: float | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Run:
    """Run a scenario: a model's answer to what-if, not a forecast.

    Args:
        scenario: a shipped name, the path of a TOML file, or a Scenario with its levers set.
        paths: worlds; 1 is the central path alone.
        years: horizon instead of the scenario's own.
        seed: of the news and of the parameter draws.
        progress: called with (paths done, paths in all).

    Raises:
        UsageError, DataMissingError, UnbalancedError: see `load` and `load_opening`.
    """
    scenario = scenario if isinstance(scenario, Scenario) else load(scenario)
    prepare_jax()
    from drypowder.engine.simulate import simulate as run
    from drypowder.scenarios.compile import compile_inputs

    inputs = compile_inputs(scenario, years=years, seed=seed)
    return run(
        inputs, paths=paths, seed=seed, threads=threads, progress=progress, call=kept_programs()
    )


def prepare_jax() -> None:
    """Float64, quiet, and compiled programs kept between runs. Call before anything imports JAX."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    compile_loops_whole()
    import jax

    jax.config.update("jax_enable_x64", True)
    if jax.config.values["jax_compilation_cache_dir"] is None and _writable(cache_folder()):
        jax.config.update("jax_compilation_cache_dir", str(cache_folder()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def kept_programs() -> Callable:
    """How to call a compiled program: from the folder of programs, if there is one."""
    from drypowder.scenarios.programs import KeptPrograms

    return KeptPrograms(cache_folder())


def cache_folder() -> Path:
    """Where compiled programs live: apart for each jaxlib and each kind of processor."""
    machine = hashlib.sha256(_processor_flags().encode()).hexdigest()[:12]
    return Path(user_cache_dir("drypowder")) / "compiled" / f"{version('jaxlib')}-{machine}"


def _writable(folder: Path) -> bool:
    """Whether the folder is there to be written to; without one every run compiles anew."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _processor_flags() -> str:
    """Instruction sets of this machine; a program compiled for others may crash here."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        import platform

        return f"{platform.machine()} {platform.processor()}"
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")
