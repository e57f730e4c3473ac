"""Prints on their way into the store: what a source said, when, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Prints(Protocol):
    """Values of one series as one reply or file gave them."""

    @property
    def series(self) -> str: ...
    @property
    def observed_on(self) -> NDArray[Any]: ...  # datetime64 [print], UTC
    @property
    def known_on(self) -> NDArray[Any]: ...  # datetime64 [print]; NaT where the source is silent
    @property
    def values(self) -> NDArray[np.float64]: ...  # [print]
    @property
    def unit(self) -> str: ...  # of the values; "" where the source names none
    @property
    def source(self) -> str: ...
    @property
    def licence(self) -> str: ...
    @property
    def raw_sha256(self) -> str: ...  # of the bytes they were read from
    @property
    def fetched_at(self) -> datetime: ...  # UTC


@dataclass(frozen=True)
class Copy:
    """The plainest prints: a copy taken at some moment, undated unless `known_on` says so."""

    series: str
    observed_on: NDArray[Any]
    values: NDArray[np.float64]
    fetched_at: datetime
    known_on: NDArray[Any] | None = None
    unit: str = ""
    source: str = ""
    licence: str = ""
    raw_sha256: str = ""


@dataclass(frozen=True)
class Stored:
    """What became of an append."""

    ingest: str  # "" where nothing was new
    rows: int  # new prints
    unchanged: int  # prints that said what was stored already
    series: dict[str, int]  # new prints by series
