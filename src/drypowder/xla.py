"""One setting of the compiler that XLA reads before its first program and never again."""

from __future__ import annotations

import os
import sys

_EXTRA_OPTIONS = "xla_backend_extra_options"
_LOOP_BYTES = 400_000


def compile_loops_whole() -> None:
    """Loops that touch little become one function each, not hundreds of calls a round.

    XLA does so below a kilobyte; the search for prices touches a hundred times as much. Numbers
    stay the same to the last bit. XLA knows no such setting for a single program. A choice of the
    caller is left alone, and so is a process that has imported JAX: it may have compiled already,
    and what the environment says would not be what programs were made with.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if _EXTRA_OPTIONS not in flags and "jax" not in sys.modules:
        whole = f"--{_EXTRA_OPTIONS}=xla_cpu_small_while_loop_byte_threshold={_LOOP_BYTES}"
        os.environ["XLA_FLAGS"] = f"{flags} {whole}".strip()
