"""Choices that no data settle, each with its range, source and reason in `choices.toml`."""

from __future__ import annotations

from drypowder.measure.numbers import table


def choice(name: str) -> float:
    """The value chosen for a tool, in the unit `choices.toml` gives. Raises: KeyError."""
    return table("statistics", "choices")[name]["value"]
