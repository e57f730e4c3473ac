"""Sentences about names that do not exist and numbers that were meant otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 12  # names listed when none is near
IN_DECIMALS = ("share", "decimal per year")
_PERCENT, _BASIS_POINTS = 1e2, 1e4  # in one
_NO_SLIP = 10.0  # from here on a share is surely a percentage, and a rate may be in basis points


def no_such(what: str, name: str, known: Iterable[str]) -> str:
    """That there is no such name, and which ones come near it."""
    names = [str(each) for each in known]
    near = get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"unknown {what} {name!r}. Did you mean {' or '.join(near)}?"
    listed = ", ".join(names[:_MOST]) + (", ..." if len(names) > _MOST else "")
    return f"unknown {what} {name!r}. Known: {listed}."


def decimal_meant(value: float, *, unit: str, low: float, high: float) -> str:
    """Advice for a number above one where a decimal is due, "" where nothing likely is allowed.

    A rate of 4.5 is in percent; one of -25 too if that is allowed, else in basis points. A share
    of 40 is in percent, one of 2 may be any slip.
    """
    if unit not in IN_DECIMALS or abs(value) <= 1.0:
        return ""
    far = abs(value) >= _NO_SLIP
    scales = [_PERCENT] if far or unit != "share" else []
    scales += [_BASIS_POINTS] if far and unit != "share" else []
    scale = next((each for each in scales if low <= value / each <= high), None)
    if scale is None:
        return ""
    condition = ", if basis points are meant" if scale == _BASIS_POINTS else ""
    return f"Write {value / scale:g}, not {value:g}{condition}."
