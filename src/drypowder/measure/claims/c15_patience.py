"""Claim 15: defend: size, cash, patience.

A patient investor holds half in shares and half in cash; when shares have lost a tenth from the
year's high she buys with the cash, and goes back to half at the next high. Beside her stands one
who always holds her average share, so that only the timing differs:
    effect = 252 * mean_t[(w_t - mean w) * (return of shares - return of cash)]
Signals are those of the day before. Source of the comparison: Treynor and Mazuy 1966 (timing as
covariance). Sign: a gain is as the essay says.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims.claim import (
    CONTROL,
    ESSAY_DAY,
    LAST_DAY,
    PLACEBO,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.statistics import block_interval, forward_filled, within

if TYPE_CHECKING:
    from drypowder.data import Known

REGISTRATION = Registration(
    number=15,
    slug="patience",
    needs=("price:SPY", "DFF"),
    optional=("EFFR",),
    window=(date(1993, 1, 29), LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.50,
    unit="percent_a_year",
    fewest=2520,  # ten years of days
)
_YEAR = 252
_YEAR_CALENDAR = 365.0
_PERCENT = 100.0
_AT_REST, _FALL = 0.5, 0.10
_OTHER_FALLS = {"fall_5": 0.05, "fall_20": 0.20}
_BLOCK_DAYS = 126.0  # half a year: the drawn stretches keep falls and recoveries together
_SIZING_DAYS = 60
_LONGEST_SINGLE = np.timedelta64(10, "D")  # a rate older than this is no rate


def measure(known: Known) -> Finding:
    """Gain a year of waiting for a fall, over holding the same average share all the time."""
    days, price, extra = _excess(known)
    REGISTRATION.require(len(extra))
    weight = patient_weights(price, _FALL)[:-1]
    made = _timing(weight, extra)
    return Finding(
        effect=made.effect, low=made.low, high=made.high, p_value=made.p_value,
        observations=len(extra), first=days[0].item(), last=days[-1].item(),
        parts=(
            Part("average_share", float(weight.mean()), unit="share"),
            *_falls(price, extra), _sized(extra),
            *_losses(weight, extra), *_since_essay(days[1:], price, weight, extra),
        ),
        caveats=("one_market", "no_costs", "waiting_costs"),
    )  # fmt: skip


def patient_weights(price: NDArray, fall: float) -> NDArray:
    """Share of wealth in shares at each close: half, all after a fall, half again at a new high.

    Args:
        price: [day] closes; fall: share lost from the highest close of the last 252 days.
    """
    weights = np.empty(len(price))
    buying = False
    for day, (close, top) in enumerate(zip(price, _year_high(price), strict=True)):
        if close >= top:
            buying = False
        elif close <= (1.0 - fall) * top:
            buying = True
        weights[day] = 1.0 if buying else _AT_REST
    return weights


def _year_high(price: NDArray) -> NDArray:
    """Highest close of this day and the 252 before it."""
    first = np.maximum.accumulate(price[: _YEAR + 1])
    if len(price) <= _YEAR + 1:
        return first
    rolled = np.lib.stride_tricks.sliding_window_view(price, _YEAR + 1).max(axis=1)
    return np.concatenate([first, rolled[1:]])


def timing_gain(weight: NDArray, extra: NDArray) -> float:
    """Percent a year that the moves of the weight earned: their covariance with what shares paid.

    Args:
        weight: [day] share held over the day; extra: [day] return of shares less that of cash.
    """
    return float(_PERCENT * _YEAR * np.mean((weight - weight.mean()) * extra))


def _excess(known: Known) -> tuple[NDArray, NDArray, NDArray]:
    """Days [day], closes [day] and returns above cash [day - 1] over the registered window."""
    first, last = REGISTRATION.window
    days, price = within(known.series("price:SPY"), first, last)
    rate_days, rate = within(known.series("DFF"))
    later = known.find("EFFR")
    if later is not None:
        more_days, more = within(later)
        kept = more_days > rate_days[-1]
        rate_days = np.concatenate([rate_days, more_days[kept]])
        rate = np.concatenate([rate, more[kept]])
    fresh = days <= rate_days[-1] + _LONGEST_SINGLE
    days, price = days[fresh], price[fresh]
    held = np.diff(days).astype(int)
    cash = forward_filled(days[:-1], rate_days, rate) / _PERCENT * held / _YEAR_CALENDAR
    return days, price, np.diff(price) / price[:-1] - cash


def _timing(weight: NDArray, extra: NDArray):
    return block_interval(timing_gain, weight, extra, level=REGISTRATION.level, block=_BLOCK_DAYS)


def _falls(price: NDArray, extra: NDArray) -> list[Part]:
    """The same rule with other falls: is the tenth a lucky number?"""
    found = []
    for key, fall in _OTHER_FALLS.items():
        made = _timing(patient_weights(price, fall)[:-1], extra)
        found.append(
            Part(key, made.effect, made.low, made.high, kind=PLACEBO, p_value=made.p_value)
        )
    return found


def _sized(extra: NDArray) -> Part:
    """Sizing instead of waiting: half as much when the last 60 days were twice as rough."""
    rough = np.lib.stride_tricks.sliding_window_view(extra, _SIZING_DAYS).std(axis=1)[:-1]
    usual = np.cumsum(rough) / np.arange(1, len(rough) + 1)
    weight = np.clip(usual / rough, _AT_REST, 1.0)
    made = _timing(weight, extra[_SIZING_DAYS:])
    return Part("sized", made.effect, made.low, made.high, kind=CONTROL, p_value=made.p_value,
                observations=made.observations)  # fmt: skip


def _losses(weight: NDArray, extra: NDArray) -> list[Part]:
    """Deepest fall of wealth above cash: always in shares, her average share, the patient one."""
    held = {
        "whole": np.ones_like(extra),
        "steady": np.full_like(extra, weight.mean()),
        "patient": weight,
    }
    return [
        Part(f"deepest_{key}", _deepest(share * extra), unit="percent")
        for key, share in held.items()
    ]


def _deepest(returns: NDArray) -> float:
    wealth = np.cumprod(np.concatenate([[1.0], 1.0 + returns]))
    return float(_PERCENT * np.min(wealth / np.maximum.accumulate(wealth) - 1.0))


def _since_essay(days: NDArray, price: NDArray, weight: NDArray, extra: NDArray) -> list[Part]:
    """From the essay's day: what shares made above cash, and what the patient one made of it."""
    since = days > np.datetime64(ESSAY_DAY)
    if not since.any():
        return []
    return [
        Part("essay_shares", float(_PERCENT * (np.prod(1.0 + extra[since]) - 1.0)), unit="percent"),
        Part("essay_patient", float(_PERCENT * (np.prod(1.0 + (weight * extra)[since]) - 1.0)),
             unit="percent"),
        Part("essay_deepest", _deepest(extra[since]), unit="percent"),
    ]  # fmt: skip
