"""Sentences about names that do not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 12  # names listed when none is near


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """That there is no such name, and which ones come near it."""
    names = [str(each) for each in known]
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"unknown {what} {name!r}. Did you mean {' or '.join(near)}?"
    listed = ", ".join(names[:_MOST]) + (", ..." if len(names) > _MOST else "")
    return f"unknown {what} {name!r}. Known: {listed}."
