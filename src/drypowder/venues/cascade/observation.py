"""What a feed shows of what happened: true liquidations in, reported ones out.

Most venues publish at most one liquidation a second for each symbol, so in the seconds that matter
most is missing. If n orders arrive in a second, Poisson with mean lambda, and one is published,

    expected reported share = E[min(n, 1)] / lambda = (1 - exp(-lambda)) / lambda :

63 % at one a second, 10 % at ten, 1 % at a hundred. That is a share of orders; of USD the same if
the one published is any one of them, more if it is the largest.

Which one is published (`keep`):
 - Binance, `forceOrder`: per symbol and 1000 ms the latest, says the documentation of many years;
   the largest, says the page as of 2026-05-28: developers.binance.com, "Liquidation Order Streams";
 - OKX, `liquidation-orders`: at most one a second and contract, which one is not said (last taken):
   okx.com/docs-v5, "Liquidation orders channel";
 - Bybit: all of them since February 2025 (`allLiquidation`), one a second before;
 - Hyperliquid: all, as fills on its chain.
Aggregators that add up fills may count both legs of an auto-deleveraging; that is an option.

Signs: USD positive; a second is a second of the clock, from its start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc

from drypowder.errors import UsageError

Floats = NDArray[np.float64]
KEEPS = ("last", "first", "largest")
ADL_COUNTS = ("left_out", "once", "both_legs")


@dataclass(frozen=True)
class Reported:
    """The liquidations of a feed, in the order of time."""

    index: NDArray[np.int64]  # [report], place among the true ones
    time_s: Floats  # [report]
    market: NDArray[np.int64]
    usd: Floats
    true_usd: float  # of all that happened, each counted once

    @property
    def share(self) -> float:
        """Reported over true USD; above one where legs are counted twice."""
        return float(self.usd.sum()) / self.true_usd if self.true_usd > 0.0 else 1.0


def reported_events(
    *,
    time_s: ArrayLike,
    market: ArrayLike,
    usd: ArrayLike,
    per_second: int | None,
    keep: str = "last",
    is_adl: ArrayLike | None = None,
    adl: str = "left_out",
) -> Reported:
    """What a feed shows of these liquidations.

    Args:
        time_s: [event]. market: [event] whole numbers: symbols of one venue. usd: [event].
        per_second: reports a second and symbol; None publishes everything.
        keep: which ones of a second: last, first or largest. Of two at the same instant the one
            given later is later.
        is_adl: [event] True for auto-deleveragings (none if not given).
        adl: left_out of the feed, counted once, or both_legs as an aggregator may. They take no
            liquidation's place: their reports are not limited.

    Raises:
        UsageError: DP-145 for arrays that are no events, an unknown `keep` or `adl`, or a limit
            below one.
    """
    time, where, amount = (np.asarray(one) for one in (time_s, market, usd))
    forced = np.zeros(time.shape, dtype=bool) if is_adl is None else np.asarray(is_adl, dtype=bool)
    _check(time, where, amount, forced, per_second, keep, adl)
    shown = ~forced
    if per_second is not None:
        plain = np.flatnonzero(shown)
        shown = np.zeros(time.shape, dtype=bool)
        shown[plain[_kept(time[plain], where[plain], amount[plain], per_second, keep)]] = True
    if adl != "left_out":
        shown |= forced
    index = np.flatnonzero(shown)
    index = index[np.argsort(time[index], kind="stable")]
    legs = np.where(forced & (adl == "both_legs"), 2.0, 1.0)
    return Reported(
        index=index,
        time_s=time[index].astype(np.float64),
        market=where[index].astype(np.int64),
        usd=amount[index] * legs[index],
        true_usd=float(amount.sum()),
    )


def reported_share(rate_per_s: ArrayLike, per_second: int | None = 1) -> Floats:
    """Expected share of orders that is published when they arrive at random at this rate.

    E[min(n, k)] / lambda for n Poisson(lambda), with E[min(n, k)] = sum over j <= k of P(n >= j).

    Args:
        rate_per_s: true arrivals a second and symbol, zero or more.
        per_second: k; None publishes everything.
    """
    rate = np.asarray(rate_per_s, dtype=np.float64)
    _refuse(bool(np.any(rate < 0.0)), "a rate is below zero")
    _refuse(per_second is not None and per_second < 1, "fewer than one report a second")
    if per_second is None:
        return np.ones_like(rate)
    busy = np.where(rate > 0.0, rate, 1.0)
    shown = sum(gammainc(j, busy) for j in range(1, per_second + 1))
    return np.where(rate > 0.0, shown / busy, 1.0)


def _kept(time, market, usd, per_second: int, keep: str) -> NDArray[np.int64]:
    """Places of the events that are published: the first `per_second` of each symbol's second."""
    second = np.floor(time).astype(np.int64)
    place = np.arange(len(time))
    urgency = {
        "last": (-place, -time),
        "first": (place, time),
        "largest": (-place, -time, -usd),
    }[keep]
    order = np.lexsort((*urgency, second, market))
    new = np.ones(len(order), dtype=bool)
    new[1:] = (np.diff(second[order]) != 0) | (np.diff(market[order]) != 0)
    start = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    return order[np.arange(len(order)) - start < per_second]


def _check(time, market, usd, forced, per_second, keep: str, adl: str) -> None:
    _refuse(keep not in KEEPS, f"a feed keeps {', '.join(KEEPS)}, not {keep!r}")
    _refuse(adl not in ADL_COUNTS, f"auto-deleveraging is {', '.join(ADL_COUNTS)}, not {adl!r}")
    _refuse(per_second is not None and per_second < 1, "fewer than one report a second")
    same = time.shape == market.shape == usd.shape == forced.shape and time.ndim == 1
    _refuse(not same, "times, markets and amounts have different lengths")
    good = np.all(np.isfinite(time)) and np.all(np.isfinite(usd)) and np.all(usd >= 0.0)
    _refuse(not good, "a time or amount is missing, or an amount is below zero")


def _refuse(broken: bool, what: str) -> None:
    if broken:
        raise UsageError(
            "DP-145",
            f"this cannot be observed: {what}.",
            "Give one time, symbol and amount an event, and reports a second from 1 or None.",
        )
