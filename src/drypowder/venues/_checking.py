"""Inputs of the venue functions: any numbers in, float64 out, and refused where senseless."""

from __future__ import annotations

from typing import NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drypowder.errors import UsageError

LINEAR, INVERSE = "linear", "inverse"
CONTRACTS = (LINEAR, INVERSE)
Floats = NDArray[np.float64]


def numbers(name: str, given: ArrayLike) -> Floats:
    """What was given as float64, of the shape it has.

    Raises:
        UsageError: DP-127 it is no number.
    """
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(
            "DP-127",
            f"{name} is {given!r}, not a number or an array of numbers.",
            "Give plain numbers; arrays of one question must broadcast against each other.",
        ) from error


def finite(name: str, given: ArrayLike) -> Floats:
    """A number that may have either sign, but must be one. Raises: UsageError DP-121, DP-127."""
    value = numbers(name, given)
    if value.size and not (np.min(value) > -np.inf and np.max(value) < np.inf):
        _refuse(name, value, ~np.isfinite(value), "must be finite")
    return value


def positive(name: str, given: ArrayLike) -> Floats:
    """A price or size: above zero and finite. Raises: UsageError DP-121, DP-127."""
    value = numbers(name, given)
    if value.size and not (np.min(value) > 0.0 and np.max(value) < np.inf):
        _refuse(name, value, ~((value > 0.0) & (value < np.inf)), "must be above zero and finite")
    return value


def not_negative(name: str, given: ArrayLike) -> Floats:
    """An amount that may be nothing. Raises: UsageError DP-121, DP-127."""
    value = numbers(name, given)
    if value.size and not (np.min(value) >= 0.0 and np.max(value) < np.inf):
        _refuse(name, value, ~((value >= 0.0) & (value < np.inf)), "must not be below zero")
    return value


def sides(given: ArrayLike) -> Floats:
    """+1 for a long, -1 for a short. Raises: UsageError DP-122, DP-127."""
    value = numbers("side", given)
    if value.size and not np.all(np.abs(value) == 1.0):
        wrong = np.abs(value) != 1.0
        raise UsageError(
            "DP-122",
            f"side is {value[wrong][0]:g}{_where(wrong)}, but it is +1 for a long and -1 for a "
            "short.",
            "Give the direction as side and the amount, without a sign, as size.",
        )
    return value


def word(name: str, given: object, known: tuple[str, ...]) -> None:
    """Refuse a word that means nothing here. Raises: UsageError DP-123."""
    if given not in known:
        raise UsageError("DP-123", f"{name} is {given!r}.", f"It is one of: {', '.join(known)}.")


def units(*, size: ArrayLike, contract: str, contract_value: ArrayLike | None) -> Floats:
    """Size in the unit in which payoffs count: coins (linear) or USD of face value (inverse).

    Raises:
        UsageError: DP-121 not positive, DP-123 unknown contract, DP-124 contract_value missing or
            out of place.
    """
    word("contract", contract, CONTRACTS)
    amount = positive("size", size)
    if contract_value is None:
        if contract == INVERSE:
            raise UsageError(
                "DP-124",
                "an inverse contract was given without contract_value.",
                "Give the USD that one contract stands for, such as 100; 1 if size is in USD.",
            )
        return amount
    return shaped(amount, positive("contract_value", contract_value), np.multiply)


def shaped(first: Floats, second: Floats, join: np.ufunc) -> Floats:
    """Two inputs joined element by element. Raises: UsageError DP-127 if shapes do not fit."""
    try:
        return join(first, second)
    except ValueError as error:
        raise UsageError(
            "DP-127",
            f"inputs of shapes {first.shape} and {second.shape} do not fit together.",
            "Give one value for all positions or one for each.",
        ) from error


def broadcast(values: dict[str, Floats]) -> tuple[int, ...]:
    """The common shape of all inputs. Raises: UsageError DP-127 naming the shapes."""
    try:
        return np.broadcast_shapes(*(value.shape for value in values.values()))
    except ValueError as error:
        told = ", ".join(f"{name} {value.shape}" for name, value in values.items() if value.shape)
        raise UsageError(
            "DP-127",
            f"inputs do not fit together: {told}.",
            "Give one value for all positions or one for each.",
        ) from error


def plain(value: Floats) -> float | Floats:
    """A float for a single position, the array for several."""
    return float(value) if np.ndim(value) == 0 else value


def price_or_none(value: Floats) -> float | Floats | None:
    """Like `plain`, but a single position without a price (nan) has None."""
    if np.ndim(value):
        return value
    return None if np.isnan(value) else float(value)


def _refuse(name: str, value: Floats, wrong: NDArray[np.bool_], rule: str) -> NoReturn:
    raise UsageError(
        "DP-121",
        f"{name} is {value[wrong][0]:g}{_where(wrong)}; it {rule}.",
        "Correct or drop that position; prices and sizes carry no sign, the direction is in side.",
    )


def _where(wrong: NDArray[np.bool_]) -> str:
    """Which position is meant, counted from 0; nothing for a single one."""
    if wrong.ndim == 0:
        return ""
    place = ", ".join(str(int(axis[0])) for axis in np.nonzero(wrong))
    more = int(wrong.sum()) - 1
    return f" at position {place}" + (f" (and at {more} more)" if more else "")
