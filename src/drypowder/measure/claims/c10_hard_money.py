"""Claim 10: a policy maker who thinks there is too much money makes the shortage worse.

Through expectations, so on days of news and not of action: his choice, nomination and
confirmation, and the first two meetings he chaired. On each, what lives on plentiful money
(shares, gold, bitcoin) is measured in its own ordinary daily moves:
    effect = mean over days and assets of return / daily deviation of the 90 days before
ranked among all draws of as many days from the years before. The other leg, the expected policy
rate and the slope, is a part. Sign: a fall is as the essay says.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims.claim import (
    CONTROL,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.probe.clocks import SOURCES, at_closes
from drypowder.measure.statistics import aligned, choice, dates_of, forward_filled, within

if TYPE_CHECKING:
    from drypowder.data import Known

_ASSETS = {"shares": "price:SPY", "gold": "price:GLD", "bitcoin": "price:BTC"}
_DAYS = {
    "chosen": np.datetime64("2026-01-30"),  # named as the next chair
    "sent": np.datetime64("2026-03-04"),  # nomination formally sent to the Senate
    "confirmed": np.datetime64("2026-05-13"),  # 54 to 45
    "dots": np.datetime64("2026-06-17"),  # his first meeting: nine of eighteen project a rise
    "dissents": np.datetime64("2026-07-29"),  # his second: three votes for a rise
}
REGISTRATION = Registration(
    number=10,
    slug="hard-money",
    needs=tuple(_ASSETS.values()),
    optional=("DGS2", "DGS30", "DFII10", "WALCL"),
    window=(date(2026, 1, 30), date(2026, 7, 29)),
    stop_on=SECOND_LOOK,
    direction=-1,
    smallest_effect=0.50,  # half an ordinary day
    unit="ordinary_days",
    fewest=5,  # days of news
)
FIELD = SOURCES  # read beside those registered by name
_MEMORY = 90  # days of the deviation
_PLACEBO_FROM = np.datetime64("2016-01-01")
_BP = 100.0
_LEGS = {"two_years": ("DGS2", None), "slope": ("DGS30", "DGS2"), "real_yield": ("DFII10", None)}


def measure(known: Known) -> Finding:
    """Mean move of shares, gold and bitcoin on the five days, in ordinary daily moves."""
    prices = [known.series(name) for name in REGISTRATION.needs]
    days, closes = aligned(prices)
    on, moves = standardised(days, closes)
    rows = [int(np.searchsorted(on, day)) for day in _DAYS.values() if _is_there(on, day)]
    REGISTRATION.require(len(rows))
    basket = moves.mean(axis=1)
    quiet = basket[(on >= _PLACEBO_FROM) & (on < on[rows[0]])]
    effect, low, high, p_value = rank_of_mean(basket[rows], quiet, REGISTRATION.level)
    rest = _without_first(basket, rows, quiet)
    one_day = high < 0.0 and any(part.high is not None and part.high > 0.0 for part in rest)
    return Finding(
        effect=effect, low=low, high=high, p_value=p_value, observations=len(rows),
        first=on[rows[0]].item(), last=on[rows[-1]].item(),
        parts=(
            *(Part(key, float(basket[r])) for key, r in zip(_DAYS, rows, strict=True)),
            *(Part(f"{key}_chosen", float(moves[rows[0], k])) for k, key in enumerate(_ASSETS)),
            *rest, *_at_new_yorks_close(known, days, closes), *_rates(known),
            *_balance_sheet(known),
        ),
        caveats=(
            "five_days", "later_clock", *(("one_day_decides",) if one_day else ()), "two_legs",
        ),
    )  # fmt: skip


def standardised(days: NDArray, closes: NDArray) -> tuple[NDArray, NDArray]:
    """Daily log returns over the deviation of the 90 days before each, today's not among them.

    Args:
        days: [day]; closes: [day, asset].

    Returns:
        days [row] and moves [row, asset] in ordinary days.
    """
    return _ordinary(days[1:], np.diff(np.log(closes), axis=0))


def _ordinary(days: NDArray, returns: NDArray) -> tuple[NDArray, NDArray]:
    """Returns [row, asset] over the deviation of the 90 rows before each, and their days [row]."""
    windows = np.lib.stride_tricks.sliding_window_view(returns, _MEMORY, axis=0)[:-1]
    return days[_MEMORY:], returns[_MEMORY:] / windows.std(axis=-1, ddof=1)


def rank_of_mean(
    events: NDArray, quiet: NDArray, level: float = 0.10
) -> tuple[float, float, float, float]:
    """Mean over the events less the usual one, its interval and two-sided rank among random days.

    As many days are drawn again and again from the quiet ones; whatever the shape of a day's
    move, the interval covers as often as it says.
    """
    random = np.random.default_rng(int(choice("seed")))
    draws = random.choice(quiet, (int(choice("draws")), len(events))).mean(axis=1)
    spread = draws - quiet.mean()
    effect = float(events.mean() - quiet.mean())
    low, high = effect - np.quantile(spread, [1.0 - level / 2.0, level / 2.0])
    as_large = (np.count_nonzero(np.abs(spread) >= abs(effect)) + 1) / (len(spread) + 1)
    return effect, float(low), float(high), float(as_large)


def _is_there(on: NDArray, day: np.datetime64) -> bool:
    place = int(np.searchsorted(on, day))
    return place < len(on) and on[place] == day


def _without_first(basket: NDArray, rows: list[int], quiet: NDArray) -> list[Part]:
    """The same without the day of the choice: is it more than one day?"""
    if len(rows) < 2:
        return []
    effect, low, high, p_value = rank_of_mean(basket[rows[1:]], quiet, REGISTRATION.level)
    return [Part("without_chosen", effect, low, high, kind=CONTROL, p_value=p_value,
                 observations=len(rows) - 1)]  # fmt: skip


def _at_new_yorks_close(known: Known, days: NDArray, closes: NDArray) -> list[Part]:
    """Days with hourly bars: bitcoin taken when New York closes, and at midnight UTC as above."""
    bars = known.table(SOURCES)
    moved, _ = at_closes(bars, days)
    there = np.isfinite(moved[1:])
    if int(there.sum()) <= 2 * _MEMORY:
        return []
    returns = np.diff(np.log(closes), axis=0)
    at_close = np.column_stack([returns[:, :-1], moved[1:]])
    found = []
    for key, each in (("at_new_york", at_close), ("at_midnight", returns)):
        on, moves = _ordinary(days[1:][there], each[there])
        rows = [int(np.searchsorted(on, day)) for day in _DAYS.values() if _is_there(on, day)]
        if not rows or rows[0] < _MEMORY:
            return []
        basket = moves.mean(axis=1)
        effect, low, high, p_value = rank_of_mean(
            basket[rows], basket[: rows[0]], REGISTRATION.level
        )
        found.append(Part(key, effect, low, high, kind=CONTROL, p_value=p_value,
                          observations=len(rows)))  # fmt: skip
        if on[rows[0]] == _DAYS["chosen"]:
            found.append(Part(f"bitcoin_{key}", float(moves[rows[0], -1]), kind=CONTROL))
    return found


def _rates(known: Known) -> list[Part]:
    """The rates leg: change on the day of the choice, and summed over all five days."""
    names = {name for pair in _LEGS.values() for name in pair if name}
    series, found = known.table(names), []
    for key, (long, short) in _LEGS.items():
        if long not in series or (short and short not in series):
            continue
        days, values = aligned([series[long], *([series[short]] if short else [])])
        level = _BP * (values[:, 0] - values[:, 1] if short else values[:, 0])
        steps = [_step(days, level, day) for day in _DAYS.values()]
        there = int(np.isfinite(steps).sum())
        if np.isfinite(steps[0]):
            found.append(Part(f"{key}_chosen", steps[0], unit="bp"))
            total = float(np.nansum(steps))
            found.append(Part(f"{key}_all", total, unit="bp", observations=there))
    return found


def _step(days: NDArray, level: NDArray, day: np.datetime64) -> float:
    """Change from the figure before a day to the day's own; NaN where either is missing."""
    place = int(np.searchsorted(days, day))
    if place == 0 or place >= len(days) or days[place] != day:
        return np.nan
    return float(level[place] - level[place - 1])


def _balance_sheet(known: Known) -> list[Part]:
    """The balance sheet from the choice to the last meeting: what was done, not expected."""
    assets = known.find("WALCL")
    if assets is None or dates_of(assets)[-1] < _DAYS["dissents"]:
        return []
    ends = forward_filled(np.array([_DAYS["chosen"], _DAYS["dissents"]]), *within(assets))
    return [Part("fed_assets", float(ends[1] - ends[0]), unit="usd_bn")]
