"""Claim 4: the cost of capital rises.

What a lender asks above inflation, over the one window in which oil was back where it had started:
    change of the ten-year real yield from 6 February to 30 June 2026, less the usual change,
ranked among all stretches of history of equal length. The expected policy rate is held still in a
part of its own: a rise that the two-year yield explains is no competition for capital.
Sign: a rise is as the essay says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.claims.claim import (
    CONTROL,
    ESSAY_DAY,
    LAST_DAY,
    OIL_NEUTRAL_DAY,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
    TooFewError,
)
from drypowder.measure.statistics import aligned, event_window, least_squares, within

if TYPE_CHECKING:
    from datetime import date

    from drypowder.data import Known
    from drypowder.measure.statistics import EventWindow

REGISTRATION = Registration(
    number=4,
    slug="cost-of-capital",
    needs=("DFII10",),
    optional=("DGS10", "T10YIE", "DGS2", "DGS30", "THREEFYTP10", "BAMLC0A0CM"),
    window=(ESSAY_DAY, OIL_NEUTRAL_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=10.0,  # Li and Wei 2014: one percent of GDP in ten-year paper
    unit="bp",
    fewest=20,  # stretches of history that do not overlap: one in each tail of 5 %
)
_BP = 100.0
_HISTORY = np.datetime64("2003-01-01")  # first days of the ten-year real yield
_POLICY_HISTORY = np.datetime64("2016-01-01")  # two-year yields free of the zero bound
_SERIES = {
    "nominal": "DGS10", "breakeven": "T10YIE", "two_years": "DGS2", "thirty_years": "DGS30",
    "term_premium": "THREEFYTP10", "investment_grade": "BAMLC0A0CM",
}  # fmt: skip
_HOLIDAYS = 4  # days a last figure may be away from the last day that the authors had seen


def measure(known: Known) -> Finding:
    """Change of the ten-year real yield over the oil-neutral window, against ordinary changes."""
    days, real = within(known.series("DFII10"))
    if not _reaches(days, OIL_NEUTRAL_DAY):
        raise TooFewError(0)
    made = _window(days, _BP * real, OIL_NEUTRAL_DAY)
    stretches = len(made.placebos) // max(made.observations, 1) + 1 if made.placebos.size else 0
    if not stretches:
        raise TooFewError(0)
    others = _others(known, "oil_neutral", OIL_NEUTRAL_DAY)
    return Finding(
        effect=made.effect, low=made.low, high=made.high, p_value=made.p_value,
        observations=stretches, first=_on_or_before(days, ESSAY_DAY),
        last=_on_or_before(days, OIL_NEUTRAL_DAY),
        parts=(
            Part("real_raw", made.effect + made.usual),
            *_without_policy(known),
            *others,
            *_to_the_end(known),
        ),
        caveats=(
            "one_window", *(("policy_explains",) if _looks_like_policy(others) else ()),
            "second_oil_rise",
        ),
    )  # fmt: skip


def _window(
    days: NDArray, level: NDArray, end: date, history: np.datetime64 = _HISTORY
) -> EventWindow:
    return event_window(
        days, level, start=np.datetime64(ESSAY_DAY), end=np.datetime64(end), history_from=history,
        level=REGISTRATION.level,
    )  # fmt: skip


def _without_policy(known: Known) -> list[Part]:
    """The rise left over once moves of the two-year yield have explained their part."""
    series = known.table(["DFII10", "DGS2"])
    if len(series) < 2:
        return []
    days, levels = aligned(series[name] for name in ("DFII10", "DGS2"))
    days, levels = days[days >= _POLICY_HISTORY], levels[days >= _POLICY_HISTORY]
    if not _reaches(days, OIL_NEUTRAL_DAY):
        return []
    left = unexplained(_BP * levels[:, 0], _BP * levels[:, 1], days <= np.datetime64(ESSAY_DAY))
    made = _window(days, left, OIL_NEUTRAL_DAY, _POLICY_HISTORY)
    return [Part("without_policy", made.effect, made.low, made.high, kind=CONTROL,
                 p_value=made.p_value, observations=made.observations)]  # fmt: skip


def unexplained(level: NDArray, driver: NDArray, learned: NDArray) -> NDArray:
    """A level without what its driver's moves explain, the slope learned on some rows only.

    Args:
        level, driver: [row]; learned: [row] rows from whose changes the slope is taken.
    """
    steps, moves = np.diff(level), np.diff(driver)
    past = learned[1:]
    slope = least_squares(steps[past], moves[past]).value[1]
    return np.concatenate([[0.0], np.cumsum(steps - slope * moves)])


def _others(known: Known, suffix: str, end: date, away_days: int = 0) -> list[Part]:
    """Change of the other prices of capital over the same days."""
    series, found = known.table(list(_SERIES.values())), []
    for key, name in _SERIES.items():
        if name not in series:
            continue
        days, values = within(series[name])
        if _reaches(days, end, away_days):
            start, last = (
                values[np.searchsorted(days, np.datetime64(day), side="right") - 1]
                for day in (ESSAY_DAY, end)
            )
            found.append(Part(f"{key}_{suffix}", _BP * float(last - start)))
    return found


def _looks_like_policy(others: list[Part]) -> bool:
    """The two-year yield rose by more than the ten-year, and that by more than the thirty-year."""
    rise = {part.key.removesuffix("_oil_neutral"): part.value for part in others}
    if not {"two_years", "nominal", "thirty_years"} <= rise.keys():
        return False
    return rise["two_years"] > rise["nominal"] > rise["thirty_years"]


def _to_the_end(known: Known) -> list[Part]:
    """The nominal yield and its two halves to the last day seen, oil no longer neutral."""
    keep = {"nominal_whole", "breakeven_whole", "thirty_years_whole"}
    return [part for part in _others(known, "whole", LAST_DAY, _HOLIDAYS) if part.key in keep]


def _reaches(days: NDArray, end: date, away_days: int = 0) -> bool:
    """Figures by the essay's day and of a window's last day or later: before, it is not over."""
    if not days.size or days[0] > np.datetime64(ESSAY_DAY):
        return False
    return bool(days[-1] >= np.datetime64(end) - np.timedelta64(away_days, "D"))


def _on_or_before(days: NDArray, day: date) -> date:
    return days[np.searchsorted(days, np.datetime64(day), side="right") - 1].item()
