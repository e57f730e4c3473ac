"""How much scarcer money became in a week: observed, and written down before looking.

    scarcity  = mean of z(change of the 10-year real yield),
                        z(change of SOFR less the rate on reserves),
                        z(reserves and reverse repo withdrawn, log)
    z(x)      = (x - its mean) / its standard deviation, in the window

The claim needs a loading *after* market, rates and momentum ("speculative assets fall most" follows
from a high beta alone), so that regressions always hold beside it: the market, the change of the
10-year real yield, the change of the 10-year breakeven, and winners less losers. With the real
yield beside it, the first part of the mean drops out (Frisch and Waugh 1933): what is left to
load on is plumbing, the shadow price of reserves and their quantity. Two other readings are told:

    risk_bearing   change of the high-yield spread, same controls: scarcity of those who bear risk
    real_yield     change of the 10-year real yield, only market, breakeven and momentum beside it:
                   competition for capital; it contains duration, and says so

Sign: up is scarcer. Source of the series: Federal Reserve (H.15, H.4.1), New York Fed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from drypowder.measure.rank.weekly import (
    PRICE_DAYS,
    RATE_DAYS,
    Days,
    Floats,
    changes,
    matched,
    sampled,
    wednesdays,
    week_means,
)  # fmt: skip

if TYPE_CHECKING:
    from drypowder.data import Observed

NEEDS = ("DGS10", "T10YIE", "SOFR", "IORB", "WRESBAL", "RRPONTSYD", "price:SPY")
OPTIONAL = ("BAMLH0A0HYM2",)
PRIMARY, RISK_BEARING, REAL_YIELD = "scarcity", "risk_bearing", "real_yield"
READINGS = (PRIMARY, RISK_BEARING, REAL_YIELD)


@dataclass(frozen=True)
class Weekly:
    """Weekly changes of what regressions hold beside scarcity, and its parts; NaN where unknown."""

    weeks: Days  # Wednesdays that end them [week]
    market: Floats  # log return of SPY, %
    real_yield: Floats  # change of the 10-year real yield, bp
    breakeven: Floats  # change of the 10-year breakeven, bp
    repo_spread: Floats  # change of the week's mean of SOFR less the rate on reserves, bp
    withdrawn: Floats  # reserves and reverse repo taken out, % of what there was
    risk_bearing: Floats  # change of the high-yield spread, bp; all NaN where it is not stored

    def complete(self) -> np.ndarray:
        """Weeks in which everything needed is known."""
        needed = (self.market, self.real_yield, self.breakeven, self.repo_spread, self.withdrawn)
        return np.asarray(np.isfinite(np.stack(needed)).all(axis=0))


def weekly(series: Mapping[str, Observed], *, first: np.datetime64, last: np.datetime64) -> Weekly:
    """The weekly series of scarcity and its controls between two days.

    Args:
        series: NEEDS, and OPTIONAL where stored; rates in percent, balances in USD bn.
    """
    weeks = wednesdays(first, last)

    def level(name: str, oldest_days: int) -> Floats:
        found = series[name]
        return sampled(found.observed_on, found.values, weeks, oldest_days=oldest_days)

    breakeven = level("T10YIE", RATE_DAYS)
    days, sofr, iorb = matched(
        series["SOFR"].observed_on, series["SOFR"].values,
        series["IORB"].observed_on, series["IORB"].values,
    )  # fmt: skip
    reverse_repo = week_means(
        series["RRPONTSYD"].observed_on.astype("datetime64[D]"), series["RRPONTSYD"].values, weeks
    )
    liquid = level("WRESBAL", PRICE_DAYS) + reverse_repo
    spread = level(OPTIONAL[0], RATE_DAYS) if OPTIONAL[0] in series else np.full(len(weeks), np.nan)
    return Weekly(
        weeks=weeks,
        market=100.0 * changes(np.log(level("price:SPY", PRICE_DAYS))),
        real_yield=100.0 * changes(level("DGS10", RATE_DAYS) - breakeven),
        breakeven=100.0 * changes(breakeven),
        repo_spread=100.0 * changes(week_means(days, sofr - iorb, weeks)),
        withdrawn=-100.0 * changes(np.log(liquid)),
        risk_bearing=100.0 * changes(spread),
    )


def innovation(found: Weekly, reading: str, rows: np.ndarray) -> Floats:
    """Scarcity of one reading on the chosen weeks, in its own units."""
    if reading == RISK_BEARING:
        return found.risk_bearing[rows]
    if reading == REAL_YIELD:
        return found.real_yield[rows]
    parts = (found.real_yield, found.repo_spread, found.withdrawn)
    return np.mean([standard(part[rows]) for part in parts], axis=0)


def controls(found: Weekly, reading: str, rows: np.ndarray, momentum: Floats) -> Floats:
    """Constant, market, rates, momentum [week, control]; no real yield where it is tested."""
    beside = [np.ones(int(rows.sum())), found.market[rows], found.breakeven[rows], momentum]
    if reading != REAL_YIELD:
        beside.append(found.real_yield[rows])
    return np.stack(beside, axis=1)


def beyond(values: Floats, beside: Floats) -> Floats:
    """What controls do not explain of a series, in its own standard deviations."""
    fitted = beside @ np.linalg.lstsq(beside, values, rcond=None)[0]
    return standard(values - fitted)


def standard(values: Floats) -> Floats:
    """Mean zero, standard deviation one."""
    return (values - values.mean()) / values.std()
