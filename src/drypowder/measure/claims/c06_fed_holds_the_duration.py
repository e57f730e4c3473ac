"""Claim 6: fiscal stimulus escapes because the central bank ends up holding the duration.

    share = Treasuries that the Fed added / Treasuries issued net,   all years together
with the error of a ratio of sums (Cochran 1977, section 6.4) in Student's distribution: the few
periods are the sample. Bought bills are no duration: a part of its own. Sign: share above zero.
"""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims._dated import dated_all
from drypowder.measure.claims.claim import (
    CONTROL,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.statistics import forward_filled, local_projection, month_ends, within

if TYPE_CHECKING:
    from drypowder.data import Known

REGISTRATION = Registration(
    number=6,
    slug="fed-holds-the-duration",
    needs=("TREAST",),
    optional=("DGS10",),
    window=(date(2022, 12, 28), date(2026, 3, 31)),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.25,
    unit="share",
    fewest=4,  # periods
)
_YEAR_ENDS = ("treasuries_2022", "treasuries_2023", "treasuries_2024")
_FLOWS = ("issued_2025", "issued_2026q1")
_PER_USD_BN = 100.0  # a yield change is told per 100 bn bought
_BP = 100.0
_MONTHS_AFTER, _FEWEST_MONTHS = 3, 24


def measure(known: Known) -> Finding:
    """Share of net Treasury issuance that the Fed took from 2023 to March 2026."""
    days, held = within(known.series("TREAST"))
    periods, issued = _issued(known)
    ends = forward_filled(np.array(periods, dtype="datetime64[D]"), days, held)
    bought = np.diff(ends)
    kept = np.isfinite(bought)
    REGISTRATION.require(int(kept.sum()))
    effect, low, high = ratio_interval(bought[kept], issued[kept], REGISTRATION.level)
    return Finding(
        effect=effect, low=low, high=high, observations=int(kept.sum()), first=periods[0],
        last=periods[-1],
        parts=(
            *(_share(end, b, i) for end, b, i in zip(periods[1:], bought, issued, strict=True)),
            *_duration(known), *_price(known),
        ),
        caveats=("few_periods", "regime_not_law", "bills_are_no_duration"),
    )  # fmt: skip


def ratio_interval(
    part: NDArray, whole: NDArray, level: float = 0.10
) -> tuple[float, float, float]:
    """Ratio of two sums with its interval, the periods being draws.

    Args:
        part, whole: [period]; the whole is positive.

    Source: Cochran 1977, Sampling Techniques, section 6.4; degrees of freedom: periods less one.
    """
    from scipy.stats import t

    count = len(part)
    ratio = float(part.sum() / whole.sum())
    if count < 2:
        return ratio, math.nan, math.nan
    left = part - ratio * whole
    error = math.sqrt(float((left * left).sum()) / (count - 1) / count) / float(whole.mean())
    reach = float(t.ppf(1.0 - level / 2.0, count - 1)) * error
    return ratio, ratio - reach, ratio + reach


def _issued(known: Known) -> tuple[list[date], NDArray]:
    """Ends of the periods, the first one's start before them, and the net issuance of each."""
    stocks = dated_all(known, *_YEAR_ENDS)
    ends = [row.as_of for row in stocks]
    issued = np.diff([row.value for row in stocks]).tolist()
    for row in dated_all(known, *_FLOWS):
        ends.append(row.as_of)
        issued.append(row.value)
    return ends, np.array(issued)


def _share(end: date, bought: float, issued: float) -> Part:
    return Part(f"share_{end.year}", float(bought / issued))


def _duration(known: Known) -> list[Part]:
    """What private holders had to take in coupons if all that the Fed bought was bills."""
    keys = ("issued_2026q1", "bills_issued_2026q1", "fed_bought_2026q1")
    rows = dated_all(known, *keys)
    if len(rows) < len(keys):
        return []
    issued, bills, bought = (row.value for row in rows)
    return [
        Part("bills_share_2026q1", bought / bills),
        Part("coupons_to_others_2026q1", issued - bills, unit="usd_bn"),
    ]


def _price(known: Known) -> list[Part]:
    """Ten-year yield in the month of a purchase and the three after it, bp per 100 bn."""
    series = known.table(["TREAST", "DGS10"])
    if len(series) < 2:
        return []
    months = [_by_month(*within(series[name])) for name in ("TREAST", "DGS10")]
    both = sorted(months[0].keys() & months[1].keys())
    if len(both) < _FEWEST_MONTHS:
        return []
    moves = np.diff([[month[key] for month in months] for key in both], axis=0)
    made = local_projection(_BP * moves[:, 1], moves[:, 0] / _PER_USD_BN, horizons=_MONTHS_AFTER,
                            lags=1, cumulative=True, level=REGISTRATION.level)  # fmt: skip
    value, low, high = (float(each[-1]) for each in (made.value, made.low, made.high))
    return [Part("yield_per_100bn", value, low, high, unit="bp_per_100bn", kind=CONTROL,
                 p_value=float(made.p_value[-1]), observations=made.observations)]  # fmt: skip


def _by_month(days: NDArray, values: NDArray) -> dict[np.datetime64, float]:
    last, value = month_ends(days, values)
    return dict(zip(last.astype("datetime64[M]"), value.tolist(), strict=True))
