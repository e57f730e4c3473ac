"""Prices of the field and the scarcity series, week by week, as they were known on a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DataMissingError
from drypowder.measure.numbers import numbers
from drypowder.measure.rank.momentum import winners_less_losers
from drypowder.measure.rank.scarcity import NEEDS, OPTIONAL, Weekly, weekly
from drypowder.measure.rank.universe import Asset, universe
from drypowder.measure.rank.weekly import PRICE_DAYS, Floats, sampled
from drypowder.measure.refused import refused

if TYPE_CHECKING:
    from drypowder.data import Known, Observed

_WEEK = np.timedelta64(7, "D")
_NOT_SHARES = ("bitcoin", "alt_coins", "gold", "bonds", "credit")
_MOST_NAMED = 6


@dataclass(frozen=True)
class Panel:
    """The field and its factors on the same weeks."""

    assets: tuple[Asset, ...]
    absent: tuple[str, ...]  # tickers of the field without prices or with too few weeks
    found: Weekly  # all weeks, the past that momentum needs included
    rows: NDArray[np.bool_]  # weeks of the window in which all factors are known
    returns: Floats  # log returns, % [week of the window, asset], NaN where missing
    momentum: Floats  # winners less losers, % [week of the window]
    prices: Mapping[str, Observed]  # daily, by ticker
    known_on: NDArray  # of every figure that entered
    stale: tuple[str, ...]  # series that are older than they should be

    @property
    def weeks(self) -> NDArray:
        """Wednesdays of the window."""
        return self.found.weeks[self.rows]


def panel(known: Known, *, until: date | None = None) -> Panel:
    """The contest's data as known on a day.

    Args:
        until: last day observed that may enter; all that is known when left out.

    Raises:
        DataMissingError: DP-210 for missing series, DP-211 for too few weeks in common.
    """
    field, given = universe(), numbers("rank")
    series = known.table([*NEEDS, *OPTIONAL, *(asset.series for asset in field)])
    _need(series, field)
    size, past = int(given["window_weeks"]), int(given["momentum_past_weeks"])
    last = min(series[name].observed_on[-1] for name in NEEDS)
    last = last if until is None else min(last, np.datetime64(until))
    found = weekly(series, first=last - (size + past + 2) * _WEEK, last=last)
    log_prices = _log_prices(series, field, found)
    momentum = winners_less_losers(
        log_prices[:, [asset.group not in _NOT_SHARES for asset in field]], past=past,
        skip=int(given["momentum_skip_weeks"]), share=given["momentum_share"],
    )  # fmt: skip
    rows = found.complete() & np.isfinite(momentum)
    rows[:-size] = False
    _enough(int(rows.sum()), int(given["fewest_factor_weeks"]), last)
    returns = np.full(log_prices.shape, np.nan)
    returns[1:] = 100.0 * np.diff(log_prices, axis=0)
    return _kept(field, series, found, rows, returns[rows], momentum[rows])


def _kept(
    field: Sequence[Asset], series: Mapping[str, Observed], found: Weekly,
    rows: NDArray[np.bool_], returns: Floats, momentum: Floats,
) -> Panel:  # fmt: skip
    """The panel without the assets that have too few weeks."""
    enough = np.isfinite(returns).sum(axis=0) >= numbers("rank")["fewest_weeks"]
    assets = tuple(asset for asset, kept in zip(field, enough, strict=True) if kept)
    return Panel(
        assets=assets,
        absent=tuple(a.ticker for a, kept in zip(field, enough, strict=True) if not kept),
        found=found,
        rows=rows,
        returns=returns[:, enough],
        momentum=momentum,
        prices={asset.ticker: series[asset.series] for asset in assets},
        known_on=np.concatenate([each.known_on for each in series.values()]),
        stale=tuple(sorted(each.name for each in series.values() if each.stale)),
    )


def _enough(weeks: int, fewest: int, last: np.datetime64) -> None:
    """Raises DataMissingError DP-211 where scarcity is known for too few weeks."""
    if weeks < fewest:
        raise refused(
            DataMissingError, "DP-211", weeks=weeks, last=last.astype("datetime64[D]"),
            fewest=fewest,
        )  # fmt: skip


def _need(series: Mapping[str, Observed], field: Sequence[Asset]) -> None:
    """Raises DataMissingError DP-210 where nothing can be ranked."""
    monthly = [name for name, each in series.items() if each.starter]  # too seldom for weeks
    absent = [name for name in NEEDS if name not in series or name in monthly]
    if not any(asset.series in series for asset in field):
        absent += [asset.series for asset in field[:_MOST_NAMED]]
    if absent:
        told = absent[:_MOST_NAMED]
        raise refused(DataMissingError, "DP-210", absent=", ".join(told), named=" ".join(told))


def _log_prices(series: Mapping[str, Observed], field: Sequence[Asset], found: Weekly) -> Floats:
    """Log close of every asset of the field on each Wednesday, NaN where it has none."""
    made = np.full((len(found.weeks), len(field)), np.nan)
    for place, asset in enumerate(field):
        if asset.series in series:
            price = series[asset.series]
            made[:, place] = np.log(
                sampled(price.observed_on, price.values, found.weeks, oldest_days=PRICE_DAYS)
            )
    return made
