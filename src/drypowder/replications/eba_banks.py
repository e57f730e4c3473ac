"""Balance sheets of the banks in the 2018 EU-wide stress test, EUR m.

Source: European Banking Authority, 2018 EU-wide stress test, balance sheets of 31 December 2017,
as selected by Farmer, Kleinnijenhuis, Nahai-Williamson and Wetzer, Bank of England Staff Working
Paper 861 (2020); data/LICENSE-eba2018.txt says under which terms.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from jaxtyping import Float

from drypowder.errors import UsageError


@dataclass(frozen=True, eq=False)
class BankTable:
    """What is published of each bank."""

    names: tuple[str, ...]
    cet1_eur_m: Float[np.ndarray, " bank"]  # common equity tier 1 capital
    leverage: Float[np.ndarray, " bank"]  # capital over assets
    debt_securities_eur_m: Float[np.ndarray, " bank"]
    gov_bonds_eur_m: Float[np.ndarray, " bank"]  # of these

    def __post_init__(self) -> None:
        columns = (self.cet1_eur_m, self.leverage, self.debt_securities_eur_m, self.gov_bonds_eur_m)
        table = [np.asarray(column, dtype=float) for column in columns]
        if {column.shape for column in table} != {(len(self.names),)} or not self.names:
            raise _unusable("columns of different lengths, or no bank")
        capital, leverage, debt, government = table
        if not np.all(np.isfinite(table)):
            raise _unusable("a number that is not finite")
        if min(capital.min(), leverage.min()) <= 0.0 or leverage.max() >= 1.0:
            raise _unusable("capital, or its share of assets, out of bounds")
        if government.min() < 0.0 or np.any(government > debt):
            raise _unusable("government bonds that are below zero or above all debt securities")

    def ordered(self, order: np.ndarray) -> BankTable:
        """The same banks, or some of them, in another order."""
        return BankTable(
            tuple(self.names[k] for k in order),
            self.cet1_eur_m[order],
            self.leverage[order],
            self.debt_securities_eur_m[order],
            self.gov_bonds_eur_m[order],
        )

    def scaled(self, factor: float) -> BankTable:
        """Banks `factor` times as large."""
        return BankTable(
            self.names,
            self.cet1_eur_m * factor,
            self.leverage,
            self.debt_securities_eur_m * factor,
            self.gov_bonds_eur_m * factor,
        )


@lru_cache(maxsize=1)
def eba_banks() -> BankTable:
    """The 48 banks."""
    path = resources.files("drypowder.replications").joinpath("data/eba2018.csv")
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))[1:]
    capital, percent, debt, government = np.array([row[1:] for row in rows], dtype=float).T
    names = tuple(row[0] for row in rows)
    return BankTable(names, capital, percent / 100.0, debt, government)


def _unusable(why: str) -> UsageError:
    return UsageError(
        "DP-168",
        f"the table of banks has {why}.",
        "Give capital > 0, 0 < leverage < 1 and 0 <= government bonds <= debt securities.",
    )
