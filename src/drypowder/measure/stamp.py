"""What a measured answer is made of: the day it is about, what was known by then, which data.

Two answers with the same stamp are the same answer. Simulated answers carry another stamp, with
seed and paths, and the line that they are no forecast; the two are never mixed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from drypowder._version import __version__

if TYPE_CHECKING:
    from drypowder.data import Known

_LETTERS = 12  # of a data version or hash in a line


class Words(Protocol):
    """What can say a sentence by its key: `drypowder.report.words.Catalogue`."""

    def say(self, key: str, **values: object) -> str: ...


@dataclass(frozen=True)
class MeasuredStamp:
    """The stamp of one measured answer."""

    as_of: date  # the day the answer is about: nothing known later was used
    known_on: date | None  # when the newest print that was used became known; None: none was
    data_version: str  # of everything that was known on `as_of`
    drypowder_version: str = __version__
    registration: str = ""  # hash of what was written down before looking, where there is one

    @classmethod
    def of(
        cls,
        known: Known,
        used: NDArray[np.datetime64] | None = None,
        *,
        registration: str = "",
    ) -> MeasuredStamp:
        """The stamp of an answer computed from what was known on a day.

        Args:
            used: the `known_on` of every print that went into the answer.
        """
        newest = None if used is None or not len(used) else day_of(np.max(used))
        return cls(known.as_of.date(), newest, known.version, registration=registration)

    def line(self, words: Words) -> str:
        """One line for the foot of a text or a page."""
        known = words.say("measured.never") if self.known_on is None else self.known_on.isoformat()
        said = words.say(
            "measured.stamp", as_of=self.as_of.isoformat(), known_on=known,
            data=self.data_version[:_LETTERS], version=self.drypowder_version,
        )  # fmt: skip
        if not self.registration:
            return said
        return said + words.say("measured.registration", hash=self.registration[:_LETTERS])

    def to_dict(self) -> dict[str, Any]:
        """For JSON: dates as texts, hashes in full."""
        return {
            "as_of": self.as_of.isoformat(),
            "known_on": self.known_on and self.known_on.isoformat(),
            "data_version": self.data_version,
            "drypowder_version": self.drypowder_version,
            **({"registration": self.registration} if self.registration else {}),
        }


def day_of(moment: np.datetime64) -> date:
    """The day (UTC) of a NumPy moment."""
    made: datetime = moment.astype("datetime64[us]").item()
    return made.date()
