"""Single dated figures that a claim counts with: each known from a day, each with its source.

They are no series. What a publisher printed after the day asked about is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.measure.numbers import table

if TYPE_CHECKING:
    from drypowder.data import Known


@dataclass(frozen=True)
class Dated:
    """One printed figure."""

    key: str
    value: float
    unit: str
    as_of: date  # the day or end of the period it is about
    known_on: date  # publication, or a cautious later day
    source: str
    why: str = ""


def dated(known: Known, key: str) -> Dated | None:
    """The figure, or None where it was not out yet on the day asked about. Raises: KeyError."""
    figure = _all()[key]
    if figure.known_on > known.as_of.date():
        return None
    _note(known, figure)
    return figure


def dated_all(known: Known, *keys: str) -> tuple[Dated, ...]:
    """Those of several figures that were out, in the order asked for."""
    found = (dated(known, key) for key in keys)
    return tuple(each for each in found if each is not None)


def cases(known: Known) -> tuple[dict[str, Any], ...]:
    """Documented cases of the list of claim 9 whose report was out, as they are written."""
    out = [row for row in table("claims", "cases")["case"] if row["known_on"] <= known.as_of.date()]
    for row in out:
        at = {name: row[name] for name in ("as_of", "known_on", "source")}
        _note(known, Dated(f"call_{row['key']}", float(row["forced"]), "count", **at))
    return tuple(out)


def _note(known: Known, figure: Dated) -> None:
    """Among the series read, where somebody keeps a list of them: a fact of one figure."""
    read = getattr(known, "read", None)
    if read is None:
        return
    from drypowder.data import Observed

    read[f"fact:{figure.key}"] = Observed(
        name=f"fact:{figure.key}", label=figure.key, unit=figure.unit,
        frequency="irregular", source=figure.source, licence="", licensed=False,
        observed_on=np.array([figure.as_of], "datetime64[us]"),
        known_on=np.array([figure.known_on], "datetime64[us]"),
        values=np.array([figure.value]), estimated=np.array([False]),
        starter=True, stale=False, age_days=0.0,
    )  # fmt: skip


@lru_cache(maxsize=1)
def _all() -> dict[str, Dated]:
    from drypowder.data import facts

    shipped = {fact.id: fact.value for fact in facts()}
    found = {}
    for key, row in table("claims", "dated").items():
        own = {name: value for name, value in row.items() if name != "fact"}
        if "fact" in row:
            own["value"] = shipped[row["fact"]]
        found[key] = Dated(key=key, **own)
    return found
