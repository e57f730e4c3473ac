"""What happened to whom: one row for every forced step, with its other side by name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STAGES = ("cancel", "partial", "full", "vault", "adl", "exchange")
BOOK, FUND, VAULT = -1, -2, -3  # counterparties that are no account

_FIELDS: tuple[tuple[str, type], ...] = (
    ("time_s", np.float64),
    ("account", np.int64),
    ("market", np.int16),
    ("stage", np.int8),
    ("size", np.float64),
    ("price", np.float64),
    ("fee", np.float64),
    ("deficit", np.float64),
    ("counterparty", np.int64),
)


class Events(NamedTuple):
    """Forced steps in the order of time; arrays run over [event]."""

    time_s: NDArray[np.float64]
    account: NDArray[np.int64]
    market: NDArray[np.int16]
    stage: NDArray[np.int8]  # index into STAGES
    size: NDArray[np.float64]  # closed; a long is positive
    price: NDArray[np.float64]
    fee: NDArray[np.float64]  # venue's money
    deficit: NDArray[np.float64]  # venue's money, what the account could not pay
    counterparty: NDArray[np.int64]  # an account, or BOOK, FUND, VAULT

    def of_stage(self, stage: str) -> Events:
        """Only the events of one stage."""
        chosen = self.stage == STAGES.index(stage)
        return Events(*(column[chosen] for column in self))


class EventLog:
    """Collects events; costs nothing when nobody wants them."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._parts: list[tuple[NDArray, ...]] = []

    def add(
        self, time_s, account, market, stage: str, size, price, *, fee=0.0, deficit=0.0,
        counterparty=BOOK,
    ) -> None:  # fmt: skip
        """Some events of one stage at one moment; arguments broadcast over them."""
        if not self._wanted or not np.size(account):
            return
        values = (
            time_s, account, market, STAGES.index(stage), size, price, fee, deficit, counterparty
        )  # fmt: skip
        columns = np.broadcast_arrays(*values)
        self._parts.append(
            tuple(
                np.array(column, dtype=kind)
                for column, (_, kind) in zip(columns, _FIELDS, strict=True)
            )
        )

    def all(self) -> Events | None:
        """Everything so far; None if nobody wanted it."""
        if not self._wanted:
            return None
        columns = {
            name: np.concatenate([part[place] for part in self._parts] or [np.zeros(0, kind)])
            for place, (name, kind) in enumerate(_FIELDS)
        }
        return Events(**columns)
