"""Collateral other than money: what it counts for, and when the venue sells it.

    equity = sum_a value_a + UPNL,   value_a = sum over tiers of ratio_k * (part of b_a * index_a
    within tier k); a debt (b_a < 0) counts in full

The index is the venue's own price of the asset: its book, other venues' books, or what the issuer
redeems it for. That choice, and not the coin itself, decided 10 October 2025, when one venue's own
book had USDe at 0.66 and redemption at 1.00. Tiers are marginal, like tax brackets: a large
holding counts for less.

Source: Binance, "Multi-Assets Mode" (2021: BTC, ETH, BNB 95 %, XRP, ADA, DOT, SOL 90 %, stablecoins
99.99 %; auto-exchange of negative balances) and "Collateral Ratio" (tiers of portfolio margin).
Signs: balances above zero are owned, below zero owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, cast

import numpy as np
from numpy.typing import ArrayLike

from drypowder.errors import UsageError
from drypowder.venues import _checking as checking
from drypowder.venues._checking import Floats


@dataclass(frozen=True, eq=False)
class CollateralTiers:
    """How much of an asset counts, by the size of the holding.

    Raises:
        UsageError: DP-125 floors or ratios are no table of tiers.
    """

    floor: Floats  # [tier] value at the index from which it holds, USD
    ratio: Floats  # [tier] share of the value that counts

    def __post_init__(self) -> None:
        for name in ("floor", "ratio"):
            value = np.array(checking.numbers(name, getattr(self, name)), ndmin=1)
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        floor, ratio = self.floor, self.ratio
        if floor.shape != ratio.shape or floor.ndim != 1 or not len(floor):
            _refuse("floors and ratios are not one list each of the same length")
        if floor[0] != 0.0 or not (np.diff(floor) > 0.0).all() or not np.isfinite(floor).all():
            _refuse(f"floors {floor.tolist()} do not rise from 0")
        if not ((ratio >= 0.0) & (ratio <= 1.0)).all() or not (np.diff(ratio) <= 0.0).all():
            _refuse(f"ratios {ratio.tolist()} are not shares from 0 to 1 that never rise with size")

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[float, float]]) -> CollateralTiers:
        """Tiers from (floor in USD, ratio), lowest first. Raises: UsageError DP-125."""
        table = [tuple(row) for row in rows]
        if not table or any(len(row) != 2 for row in table):
            _refuse("a table needs rows of (floor, ratio)")
        return cls(*checking.numbers("rows", table).T)

    @classmethod
    def flat(cls, ratio: float) -> CollateralTiers:
        """One ratio for every size. Raises: UsageError DP-125."""
        return cls(np.zeros(1), np.array([ratio]))

    def counted_usd(self, value_usd: Floats) -> Floats:
        """What a holding of this value counts for; a debt counts in full."""
        steps = np.diff(self.ratio, prepend=0.0)
        owned = np.maximum(value_usd, 0.0)
        counted = np.minimum(value_usd, 0.0)
        for floor, step in zip(self.floor, steps, strict=True):
            counted = counted + step * np.maximum(owned - floor, 0.0)
        return counted


def collateral_equity(
    *,
    balance: ArrayLike,
    index: ArrayLike,
    ratio: ArrayLike | Sequence[CollateralTiers],
    unrealised: ArrayLike = 0.0,
) -> float | Floats:
    """What an account's coins and open profits are worth to the venue, USD.

    Args:
        balance: [..., asset] coins owned, below zero if owed.
        index: [asset] or [..., asset] the venue's collateral index, USD per coin.
        ratio: [asset] share that counts, or one `CollateralTiers` an asset.
        unrealised: [...] of all positions, USD.

    Returns:
        [...] USD; compare it with the maintenance of all positions.

    Raises:
        UsageError: DP-121 a price, DP-125 a ratio, DP-127 shapes.

    Source: as this file.
    """
    held = np.atleast_1d(checking.finite("balance", balance))
    price = np.atleast_1d(checking.positive("index", index))
    value = checking.shaped(held, price, np.multiply)
    tiers = _tiers(ratio, value.shape[-1])
    counted = np.stack(
        [tier.counted_usd(value[..., asset]) for asset, tier in enumerate(tiers)], axis=-1
    ).sum(axis=-1)
    gain = checking.finite("unrealised", unrealised)
    return checking.plain(checking.shaped(counted, gain, np.add))


class Exchange(NamedTuple):
    """What an auto-exchange did. With the haircut, every coin has somebody on the other side."""

    balance: Floats  # [..., asset] afterwards
    sold: Floats  # [..., asset] coins sold to the venue
    proceeds_usd: Floats  # [...] what was credited to the balance that was negative
    haircut_usd: Floats  # [...] value at the index above proceeds: the venue's gain


def auto_exchange(
    *,
    balance: ArrayLike,
    index: ArrayLike,
    ratio: ArrayLike,
    settle: int,
    threshold_usd: ArrayLike = 0.0,
) -> Exchange:
    """A negative balance beyond a threshold is paid by selling collateral, at index times ratio.

    The asset with the highest ratio is sold first, because it loses least; among equals the one
    that is listed first. What collateral cannot pay stays negative: it is the venue's problem.

    Args:
        balance: [..., asset] coins. index: [asset] or [..., asset] USD per coin.
        ratio: [asset] share of the index at which each asset is taken.
        settle: position of the money that profits and losses are paid in, in the asset axis.
        threshold_usd: [...] what may be owed before anything is sold.

    Raises:
        UsageError: DP-121 a price or threshold, DP-125 a ratio, DP-127 shapes or `settle`.

    Source: Binance, "Multi-Assets Mode" (auto-exchange).
    """
    held = np.atleast_1d(checking.finite("balance", balance))
    price = np.atleast_1d(checking.positive("index", index))
    value = checking.shaped(held, price, np.multiply)
    share = _shares(ratio, value.shape[-1])
    if not -value.shape[-1] <= settle < value.shape[-1]:
        raise UsageError(
            "DP-127",
            f"settle is {settle}, but there are {value.shape[-1]} assets.",
            "Give the place of the money in the last axis of balance, counted from 0.",
        )
    settle %= value.shape[-1]
    limit = checking.not_negative("threshold_usd", threshold_usd)
    debt = np.where(value[..., settle] < -limit, -value[..., settle], 0.0)
    return _sell(np.broadcast_to(held, value.shape), price, share, settle, debt)


def _sell(held: Floats, price: Floats, share: Floats, settle: int, debt: Floats) -> Exchange:
    """Sell asset after asset until the debt is paid or nothing is left."""
    sold, owed = np.zeros(held.shape), debt.copy()
    haircut = np.zeros(debt.shape)
    for asset in np.argsort(-share, kind="stable"):
        if asset == settle or share[asset] == 0.0:
            continue
        taken_at = price[..., asset] * share[asset]
        owned = np.maximum(held[..., asset], 0.0)
        paid = np.minimum(owned * taken_at, owed)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # a ratio next to zero
            part = np.where(owned * taken_at > owed, owed / taken_at, owned)
        sold[..., asset] = np.where(owed > 0.0, part, 0.0)
        owed = owed - paid
        haircut = haircut + sold[..., asset] * price[..., asset] - paid
    proceeds, after = debt - owed, held - sold
    after[..., settle] += proceeds / price[..., settle]
    return Exchange(after, sold, proceeds, haircut)


def _tiers(ratio: ArrayLike | Sequence[CollateralTiers], assets: int) -> list[CollateralTiers]:
    """One table an asset."""
    if isinstance(ratio, CollateralTiers):
        ratio = [ratio] * assets
    if isinstance(ratio, Sequence) and any(isinstance(one, CollateralTiers) for one in ratio):
        if len(ratio) != assets or not all(isinstance(one, CollateralTiers) for one in ratio):
            _refuse(f"{len(ratio)} tables of tiers were given for {assets} assets")
        return list(ratio)
    flat = _shares(cast(ArrayLike, ratio), assets)
    return [CollateralTiers.flat(float(one)) for one in flat]


def _shares(ratio: ArrayLike, assets: int) -> Floats:
    """One flat ratio an asset."""
    share = checking.numbers("ratio", ratio)
    if share.shape not in ((), (assets,)):
        _refuse(f"ratios of shape {share.shape} were given for {assets} assets")
    if not ((share >= 0.0) & (share <= 1.0)).all():
        _refuse(f"ratios {share.tolist()} are not shares from 0 to 1")
    return np.broadcast_to(share, (assets,))


def _refuse(why: str) -> NoReturn:
    raise UsageError(
        "DP-125",
        f"these are no collateral ratios: {why}.",
        "Give shares (0.95 for 95 %), one an asset, or CollateralTiers by value in USD.",
    )
