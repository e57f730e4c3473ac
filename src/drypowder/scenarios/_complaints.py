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
    "inconsistent": "DP-064",
}
_HINTS = {
    "DP-054": "Write it; the shipped scenarios show how.",
    "DP-056": "Rates and shares are decimals: 0.045 is 4.5 %.",
    "DP-057": "Give zero or more.",
    "DP-058": "Give a number.",
}


def complaint(fault: ValidationError, model: type[BaseModel], where: str) -> UsageError:
    """The first thing wrong in a file, with its place and, for a slip, the nearest key."""
    first, *others = fault.errors(include_url=False)
    place = [part for part in first["loc"] if not isinstance(part, int)]
    key, kind = str(place[-1]), first["type"]
    code = _CODES.get(kind, "DP-055")
    said = f"{where}: {_place(first['loc'])}: {first['msg'][:1].lower()}{first['msg'][1:]}."
    if key == "unit":
        code = "DP-063"
        said = f"{where}: {_place(first['loc'])} is {_given(first)}."
        hint = f"Write unit = {_unit(model, first['loc'])}."
    elif code == "DP-053":
        said = f"{where}: {_place(first['loc'][:-1])}{no_such('key', key, _keys(model, first['loc']))}"
        hint = ""
    elif code == "DP-054":
        said, hint = f"{where}: {_place(first['loc'])} is missing.", _HINTS[code]
    else:
        hint = _HINTS.get(code, f"It says {first['input']!r}.")
    more = f" ({len(others)} more to mend after it.)" if others else ""
    return UsageError(code, said, (hint + more).strip())


def _place(loc: Iterable[Any]) -> str:
    """[firm] number 2, guidance, low."""
    words: list[str] = []
    for part in loc:
        words.append(f"number {part + 1}" if isinstance(part, int) else str(part))
    return ", ".join(words) + (": " if words and not isinstance(part, str) else "")


def _given(error: Any) -> str:
    return "missing" if error["type"] == "missing" else f"{error['input']!r}"


def _keys(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    return list(_model_at(model, loc[:-1]).model_fields)


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
