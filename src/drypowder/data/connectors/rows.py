"""What a reply says, before the store takes it: prints of one series with their dates.

A print is (observed on, known on, value). `known_on` is given where the source says when it
published (ALFRED, SEC, an exchange's bar); elsewhere it is NaT and the store estimates it from the
release lag of the catalogue, with a flag. Values are in the unit that the catalogue keeps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors._settings import tables
from drypowder.data.connectors.wire import Reply
from drypowder.data.refusals import phrase
from drypowder.data.series import Series
from drypowder.data.units import factor

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
_ODD = re.compile(r"_|[^\x00-\x7f]")  # Python reads 1_000 and digits of other scripts
NOTHING = (
    "",
    ".",
    "null",
    "na",
    "n/a",
    "nan",
    "nd",
    "none",
)  # how sources write that there is no value


@dataclass(frozen=True)
class Print:
    """One value as it was published."""

    observed_on: date | datetime
    value: float
    known_on: date | datetime | None = None
    estimate: bool = False  # derived from figures that may not belong together


@dataclass(frozen=True)
class Rows:
    """All prints of one series in one answer, oldest first, no two alike; the store takes them."""

    series: str
    observed_on: NDArray[np.datetime64]  # us [print], UTC
    known_on: NDArray[np.datetime64]  # us [print], UTC; NaT where the source does not say
    values: NDArray[np.float64]  # [print], in `unit`
    unit: str  # that the catalogue keeps
    source: str  # who answered
    licence: str
    raw_sha256: str  # of the reply they were read from; of all, with spaces, where it came in pages
    fetched_at: datetime  # UTC
    estimates: NDArray[np.bool_]  # [print]; derived from figures that may not belong together

    def __len__(self) -> int:
        return len(self.values)

    @property
    def newest(self) -> date | None:
        """Date of the last observation."""
        return self.observed_on[-1].astype("datetime64[D]").item() if len(self) else None

    def parts(self) -> tuple[Rows, ...]:
        """Prints that were published, and those that are estimates, whose source says so."""
        if not self.estimates.any():
            return (self,)
        sources = (self.source, f"{self.source}; {tables('settings')['edgar']['estimate']}")
        chosen = (~self.estimates, self.estimates)
        return tuple(
            replace(
                self, source=source, observed_on=self.observed_on[k], known_on=self.known_on[k],
                values=self.values[k], estimates=self.estimates[k],
            )
            for source, k in zip(sources, chosen, strict=True)
            if k.any()
        )  # fmt: skip


def rows(
    series: Series, source: str, prints: Iterable[Print], replies: Sequence[Reply], *, unit: str
) -> Rows:
    """Prints of a series in the catalogue's unit, in order, and plausible.

    Args:
        unit: as the source says, or as the catalogue says of a source that does not.
    Raises:
        DrypowderError: DP-185 nothing in it, DP-186 it contradicts itself, DP-187 another unit.
    """
    try:
        found = arranged(prints)
    except ValueError as error:
        raise refusals.changed(source, series.name, str(error)) from None
    if not found:
        raise refusals.not_readable(
            source, replies[-1].kept.url, phrase("without", series=series.name)
        )
    times = factor(unit, series.unit)
    if times is None:
        fault = phrase("other_unit", unit=unit, wanted=series.unit)
        raise refusals.wrong_unit(source, series.name, fault)
    given = np.array([each.value for each in found])
    # dividing by a whole number keeps the digits that multiplying by 0.001 would lose
    values = given / round(1.0 / times) if times < 1.0 else given * times
    _plausible(series, source, values)
    return Rows(
        series.name,
        np.array([_moment(each.observed_on) for each in found]),
        np.array([_moment(each.known_on) for each in found]),
        values,
        series.unit,
        source,
        series.licence,
        " ".join(dict.fromkeys(reply.kept.sha256 for reply in replies)),
        max(reply.fetched_at for reply in replies),
        np.array([each.estimate for each in found], dtype=bool),
    )


def _plausible(series: Series, source: str, values: NDArray[np.float64]) -> None:
    """Raises DrypowderError DP-187 where a value is outside what the catalogue holds possible."""
    odd = values[(values < series.low) | (values > series.high)]
    if not len(odd):
        return
    fault = phrase(
        "implausible", count=len(odd), total=len(values), value=f"{odd[-1]:.6g}", unit=series.unit,
        low=f"{series.low:.6g}", high=f"{series.high:.6g}",
    )  # fmt: skip
    raise refusals.wrong_unit(source, series.name, fault)


def number(given: Any, where: str) -> float:
    """A number however a source writes it; NaN for none. Raises ValueError naming the place."""
    if isinstance(given, bool):
        raise ValueError(phrase("no_number", given=given, where=where))
    if given is None or str(given).strip().lower() in NOTHING:
        return math.nan
    text = str(given).strip()
    if _THOUSANDS.fullmatch(text):  # 4,25 is not four hundred and twenty-five
        text = text.replace(",", "")
    try:
        value = math.nan if _ODD.search(text) else float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise ValueError(phrase("no_number", given=given, where=where))
    if math.isinf(value):
        raise ValueError(phrase("infinite", given=given, where=where))
    return value


def total(values: Iterable[float], where: str) -> float:
    """What values add up to. Raises ValueError naming the place where they are beyond any sum."""
    try:
        return math.fsum(values)
    except OverflowError:
        raise ValueError(phrase("no_sum", where=where)) from None


def day(given: Any) -> date:
    """A calendar date as sources write it. Raises ValueError."""
    return date.fromisoformat(str(given).strip()[:10])


def arranged(prints: Iterable[Print]) -> list[Print]:
    """Sorted by observation, then by when it was known, without missing values.

    The same print twice is one; two values of one date known on the same day are refused.

    Raises:
        ValueError: the source contradicts itself about a date.
    """
    found: dict[tuple[Any, Any], Print] = {}
    for each in prints:
        if math.isnan(each.value):
            continue
        other = found.setdefault((each.observed_on, each.known_on), each)
        if other.value != each.value:
            said = {"value": other.value, "other": each.value}
            raise ValueError(phrase("two_values", day=each.observed_on, **said))
    return sorted(
        found.values(), key=lambda row: (row.observed_on, row.known_on or row.observed_on)
    )


def changes_only(prints: Sequence[Print]) -> list[Print]:
    """First prints and those that changed a value: a vintage that repeats it says nothing new."""
    last: dict[Any, float] = {}
    kept = []
    for each in sorted(prints, key=lambda row: (row.observed_on, row.known_on)):
        if last.get(each.observed_on) != each.value:
            last[each.observed_on] = each.value
            kept.append(each)
    return kept


def _moment(given: date | datetime | None) -> np.datetime64:
    """UTC without its zone, as NumPy keeps it."""
    if isinstance(given, datetime) and given.tzinfo is not None:
        given = given.astimezone(UTC).replace(tzinfo=None)
    return np.datetime64("NaT", "us") if given is None else np.datetime64(given, "us")
