"""Claim 9: deep pockets are called, sell what they like least, and are redeemed in turn.

Such calls are rare and documented one by one. What can be counted:
    share = cases in which something was sold, pledged or withheld / all documented calls
with the exact interval of Clopper and Pearson 1934. The cases were noticed for their outcome, so
that fewer than ten of them settle nothing, by rule. Sign: share above one half.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from drypowder.measure.claims._dated import cases, dated_all
from drypowder.measure.claims.claim import (
    CONTROL,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
    TooFewError,
)
from drypowder.measure.statistics import aligned, event_window

if TYPE_CHECKING:
    from drypowder.data import Known

_FROM, _TO = date(2025, 1, 1), date(2026, 6, 30)
REGISTRATION = Registration(
    number=9,
    slug="capital-calls",
    needs=(),
    optional=("price:SPY", "price:ARCC", "price:MAIN", "price:HYG", "price:IEF"),
    window=(_FROM, _TO),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.10,  # a tenth more often than a coin
    unit="above_one_half",
    fewest=10,  # cases
)
_EVEN = 0.5
_PERCENT = 100.0
_PAIRS = (("lenders_ares", "price:ARCC", "price:SPY"), ("lenders_main", "price:MAIN", "price:SPY"),
          ("high_yield", "price:HYG", "price:IEF"))  # fmt: skip
_PRICE_WINDOW = (np.datetime64("2025-12-31"), np.datetime64("2026-06-30"))


def measure(known: Known) -> Finding:
    """Share of documented calls on deep pockets that forced a sale, a pledge or a gate."""
    called = cases(known)
    if not called:
        raise TooFewError(0)
    forced = sum(case["forced"] for case in called)
    queues = _queues(known)
    low, high = exact_share(forced, len(called), REGISTRATION.level)
    return Finding(
        effect=forced / len(called) - _EVEN, low=low - _EVEN, high=high - _EVEN,
        observations=len(called), first=min(case["as_of"] for case in called),
        last=max(case["as_of"] for case in called),
        parts=(
            Part("forced_cases", float(forced), unit="count"),
            Part("calls", float(len(called)), unit="count"),
            Part("sold", float(np.nansum([case["sold_usd_bn"] for case in called])), unit="usd_bn"),
            *queues, *_prices(known),
        ),
        caveats=(
            "chosen_by_outcome", *(("case_study",) if len(queues) > 1 else ()), "gates_stop_sales",
        ),
    )  # fmt: skip


def exact_share(hits: int, count: int, level: float = 0.10) -> tuple[float, float]:
    """Interval of a share from a small count that never covers less than it says.

    Source: Clopper and Pearson 1934, Biometrika 26(4).
    """
    from scipy.stats import beta

    low = float(beta.ppf(level / 2.0, hits, count - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1.0 - level / 2.0, hits + 1, count - hits)) if hits < count else 1.0
    return low, high


def _queues(known: Known) -> list[Part]:
    """Share of redemption requests to private-credit funds that was not paid, by quarter."""
    found = []
    for quarter in ("2026q1", "2026q2"):
        rows = dated_all(known, f"requests_{quarter}", f"paid_{quarter}")
        if len(rows) == 2:
            found.append(
                Part(f"unpaid_{quarter}", 1.0 - rows[1].value / rows[0].value, unit="share")
            )
    return found


def _prices(known: Known) -> list[Part]:
    """Did prices fall? Listed lenders against shares, high yield against Treasuries."""
    series, found = known.table({name for _, *pair in _PAIRS for name in pair}), []
    start, end = _PRICE_WINDOW
    for key, asset, yardstick in _PAIRS:
        if asset not in series or yardstick not in series:
            continue
        days, closes = aligned((series[asset], series[yardstick]))
        if not days.size or days[-1] < end:
            continue
        ratio = _PERCENT * np.log(closes[:, 0] / closes[:, 1])
        made = event_window(days, ratio, start=start, end=end, level=REGISTRATION.level)
        if made.placebos.size:
            found.append(Part(key, made.effect, made.low, made.high, unit="percent", kind=CONTROL,
                              p_value=made.p_value, observations=made.observations))  # fmt: skip
    return found
