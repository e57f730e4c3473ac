"""The command line: each verb is a question, parses, calls one function and prints.

Data go to stdout, words to stderr, errors end with `hint:`. Exit codes: 0 fine, 1 error, 2 usage,
3 data missing, 4 accounts did not balance, 130 interrupted. Nothing heavy is imported before a
verb needs it.
"""

from __future__ import annotations

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    from drypowder.cli.doors import enter
    from drypowder.xla import compile_loops_whole

    compile_loops_whole()  # before a verb imports JAX
    return enter(arguments)
