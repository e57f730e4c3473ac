"""A scenario file that cannot be used, said as: what, where, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from drypowder.errors import UsageError
from drypowder.scenarios._words import no_such

_CODES = {
    "extra_forbidden": "DP-053",
    "missing": "DP-054",
    "percent": "DP-056",
    "negative": "DP-057",
    "not_finite": "DP-058",
    "finite_number": "DP-058",
    "inconsistent": "DP-064",
    "instrument": "DP-069",
}
_HINTS = {
    "DP-054": "Write it; the shipped scenarios show how.",
    "DP-056": "Rates and shares are decimals: 0.045 is 4.5 %.",
    "DP-057": "Give zero or more.",
    "DP-058": "Give a number.",
    "DP-064": "",
    "DP-069": "",
}


def complaint(fault: ValidationError, model: type[BaseModel], where: str) -> UsageError:
    """The first thing wrong in a file, with its place and, for a slip, the nearest key."""
    first, *others = fault.errors(include_url=False)
    code, loc = _CODES.get(first["type"], "DP-055"), first["loc"]
    if loc and loc[-1] == "unit":
        code, said = "DP-063", f"{_place(loc)} is {_given(first)}"
        hint = f"Write unit = {_unit(model, loc)}."
    elif code == "DP-053":
        slip = no_such("key", str(loc[-1]), _model_at(model, loc[:-1]).model_fields)
        said, hint = ": ".join(filter(None, (_place(loc[:-1]), slip))), ""
    elif code == "DP-054":
        said, hint = f"{_place(loc)} is missing", _HINTS[code]
    else:
        message = first["msg"][:1].lower() + first["msg"][1:]
        said = ": ".join(filter(None, (_place(loc), message)))
        hint = _HINTS.get(code, f"It says {first['input']!r:.60}.")
    more = f" ({len(others)} more to mend after it.)" if others else ""
    stop = "" if said[-1] in ".?" else "."
    return UsageError(code, f"{where}: {said}{stop}", (hint + more).strip())


def _place(loc: Iterable[Any]) -> str:
    """Where in the file: "firm 2, guidance, low"."""
    words = ""
    for part in loc:
        words += f" {part + 1}" if isinstance(part, int) else f", {part}"
    return words.removeprefix(", ")


def _given(error: Any) -> str:
    return "missing" if error["type"] == "missing" else f"{error['input']!r}"


def _unit(model: type[BaseModel], loc: tuple[Any, ...]) -> str:
    allowed = get_args(_model_at(model, loc[:-1]).model_fields["unit"].annotation)
    return " or ".join(f'"{unit}"' for unit in allowed) or "the parameter's unit"


def _model_at(model: type[BaseModel], loc: tuple[Any, ...]) -> type[BaseModel]:
    """The row model that a place in the file belongs to."""
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            model = _row_model(model.model_fields[part].annotation) or model
    return model


def _row_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_row_model, get_args(annotation))), None)
