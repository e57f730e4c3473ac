"""Who is in the market: accounts, what money they have and which positions they own.

Arrays beside each other, one row a position; an account is the money that answers for its rows.
One isolated position is an account with one row, a cross account owns several:

    equity_a = money_a + sum over its rows of size (P_market - entry)

Signs: size > 0 is a long, < 0 a short. Coins for linear contracts; for inverse ones `size` is
USD of contracts, money is in coin and P stands for -1/P.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drypowder.errors import UsageError
from drypowder.venues._sums import sums

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Population:
    """Accounts and positions; 30 bytes for an account that owns one position.

    Raises:
        UsageError: DP-140 for arrays of other lengths or kinds than these, rows that are not
            sorted by owner, owners that do not exist, prices or sizes that make no sense.
    """

    money: Floats  # [account], wallet of a cross account or margin of the isolated position
    owner: NDArray[np.int32]  # [position], ascending
    market: NDArray[np.int16]  # [position], a contract of a venue
    size: Floats  # [position], signed
    entry: Floats  # [position], price

    def __post_init__(self) -> None:
        kinds = {"money": "f8", "owner": "i4", "market": "i2", "size": "f8", "entry": "f8"}
        for name, kind in kinds.items():
            object.__setattr__(self, name, _array(name, getattr(self, name), kind))
        _refuse(
            len({len(self.owner), len(self.market), len(self.size), len(self.entry)}) != 1,
            "owner, market, size and entry have different lengths",
        )
        _refuse(bool(np.any(np.diff(self.owner) < 0)), "positions are not sorted by owner")
        if len(self.owner):
            strange = self.owner[0] < 0 or self.owner[-1] >= len(self.money)
            _refuse(bool(strange), "a position belongs to an account that does not exist")
        _refuse(bool(np.any(self.market < 0)), "a market is negative")
        _refuse(not bool(np.all(np.isfinite(self.money))), "an account's money is not a number")
        good = np.isfinite(self.size) & np.isfinite(self.entry) & (self.entry > 0.0)
        _refuse(not bool(np.all(good)), "a size is not a number or an entry price not above zero")

    @property
    def accounts(self) -> int:
        """How many accounts there are, those without a position included."""
        return len(self.money)

    @property
    def positions(self) -> int:
        """How many positions there are."""
        return len(self.owner)

    @property
    def markets(self) -> int:
        """One more than the highest market that anybody is in."""
        return int(self.market.max(initial=-1)) + 1

    @property
    def nbytes(self) -> int:
        """Memory of the arrays, bytes."""
        arrays = (self.money, self.owner, self.market, self.size, self.entry)
        return sum(array.nbytes for array in arrays)

    def offsets(self) -> NDArray[np.int64]:
        """[account + 1]: rows offsets[a] to offsets[a + 1] belong to account a."""
        return np.searchsorted(self.owner, np.arange(self.accounts + 1)).astype(np.int64)

    def rows_each(self) -> NDArray[np.int64]:
        """[account]: how many positions each account owns."""
        return np.bincount(self.owner, minlength=self.accounts)

    def notional(self, price: ArrayLike) -> Floats:
        """[position]: what each position of a linear contract is worth at prices by market."""
        return np.abs(self.size) * np.asarray(price, dtype=np.float64)[self.market]

    def equity(self, price: ArrayLike) -> Floats:
        """[account]: money and unrealised profit of linear contracts, at prices by market."""
        gain = self.size * (np.asarray(price, dtype=np.float64)[self.market] - self.entry)
        return self.money + sums(self.owner, gain, self.accounts)

    def effective_leverage(self, price: ArrayLike) -> Floats:
        """[account]: notional of all positions over equity; infinite where none is left."""
        worth = sums(self.owner, self.notional(price), self.accounts)
        equity = self.equity(price)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(equity > 0.0, worth / equity, np.where(worth > 0.0, np.inf, 0.0))

    def open_interest(self, markets: int | None = None) -> tuple[Floats, Floats]:
        """Longs and shorts of each market, both positive, in the unit of `size`."""
        count = self.markets if markets is None else markets
        longs = sums(self.market, np.maximum(self.size, 0.0), count)
        return longs, sums(self.market, np.maximum(-self.size, 0.0), count)

    def restrict(self, accounts: ArrayLike) -> Population:
        """Only these accounts (a mask or numbers, each once), in their old order."""
        chosen = np.asarray(accounts)
        keep = np.zeros(self.accounts, dtype=bool)
        keep[chosen] = True
        rows = keep[self.owner]
        number = np.cumsum(keep) - 1
        return Population(
            money=self.money[keep],
            owner=number[self.owner[rows]].astype(np.int32),
            market=self.market[rows],
            size=self.size[rows],
            entry=self.entry[rows],
        )


def concatenate(populations: Sequence[Population]) -> Population:
    """Several crowds as one; accounts and positions keep their order."""
    if not populations:
        return Population(*(np.zeros(0, dtype=kind) for kind in ("f8", "i4", "i2", "f8", "f8")))
    first = np.cumsum([0] + [each.accounts for each in populations[:-1]])
    owners = [each.owner + start for each, start in zip(populations, first, strict=True)]
    return Population(
        money=np.concatenate([each.money for each in populations]),
        owner=np.concatenate(owners).astype(np.int32),
        market=np.concatenate([each.market for each in populations]),
        size=np.concatenate([each.size for each in populations]),
        entry=np.concatenate([each.entry for each in populations]),
    )


def _array(name: str, given: ArrayLike, kind: str) -> NDArray:
    array = np.asarray(given)
    whole = kind.startswith("i") and not np.issubdtype(array.dtype, np.integer)
    _refuse(array.ndim != 1, f"{name} is not a row of numbers")
    _refuse(whole and array.size > 0, f"{name} holds numbers that are not whole")
    if kind.startswith("i") and array.size:
        bounds = np.iinfo(kind)
        _refuse(bool(array.max() > bounds.max), f"{name} has a number above {bounds.max}")
    return np.ascontiguousarray(array, dtype=kind)


def _refuse(broken: bool, what: str) -> None:
    if broken:
        raise UsageError(
            "DP-140",
            f"this is no population: {what}.",
            "One row a position, sorted by owner; money one number an account.",
        )
