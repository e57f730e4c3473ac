"""What an asset did lately against what is usual for it: its place among its own past outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from drypowder.measure.rank.weekly import PRICE_DAYS, RATE_DAYS, sampled

if TYPE_CHECKING:
    from drypowder.data import Observed

_FEWEST_WINDOWS = 2.0  # spans of the outcome before there is a usual
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Outcome:
    """The last outcome of an asset beside its own history."""

    change: float  # of the price over the days, share; NaN without a price at both ends
    usual: float  # median of its own outcomes over as many days, share
    rank: float  # share of its own outcomes that were lower, 0 to 1
    last: date | None  # day of the last price


def outcome(price: Observed, *, days: int, last: date, years: int) -> Outcome:
    """The outcome up to the last price on or before a day.

    Args:
        days: calendar days of the outcome.
        years: of own history, up to the day before the outcome begins; outcomes started every day.
    """
    on = price.observed_on.astype("datetime64[D]")
    upto = int(np.searchsorted(on, np.datetime64(last), side="right"))
    if not upto:
        return Outcome(np.nan, np.nan, np.nan, None)
    on, values = on[:upto], price.values[:upto]
    before = sampled(
        on, values, np.subtract(on, np.timedelta64(days, "D")), oldest_days=RATE_DAYS + PRICE_DAYS
    )
    change = values / before - 1.0
    begun = on[-1] - np.timedelta64(days, "D")
    since = begun - np.timedelta64(round(years * _DAYS_A_YEAR), "D")
    past = change[(on <= begun) & (on > since) & np.isfinite(change)]
    if not np.isfinite(change[-1]) or len(past) < _FEWEST_WINDOWS * days:
        return Outcome(float(change[-1]), np.nan, np.nan, on[-1].item())
    return Outcome(float(change[-1]), float(np.median(past)), float((past < change[-1]).mean()),
                   on[-1].item())  # fmt: skip
