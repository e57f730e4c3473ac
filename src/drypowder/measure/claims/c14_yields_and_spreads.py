"""Claim 14: Treasury yields and credit spreads rise together.

A pure supply shock raises both; a flight to safety lowers yields and widens spreads. The sign of
the correlation between their daily changes says which of the two is at work.
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
    PLACEBO,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.statistics import (
    aligned,
    changes,
    correlation,
    correlation_interval,
    least_squares,
)

if TYPE_CHECKING:
    from drypowder.data import Known

REGISTRATION = Registration(
    number=14,
    slug="yields-and-spreads",
    needs=("DGS10", "BAMLH0A0HYM2"),
    optional=("BAMLC0A0CM", "DFII10", "DGS2", "DCOILWTICO"),
    window=(ESSAY_DAY, LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.10,  # a small correlation in Cohen 1988
    unit="correlation",
    fewest=60,  # three months of days
)
_WEEK_DAYS = 5
_BP = 100.0
_USUAL = (np.datetime64("1997-01-01"), np.datetime64("2025-12-31"))


def measure(known: Known) -> Finding:
    """Correlation of the daily changes of the ten-year yield and the high-yield spread."""
    yields, spreads = (known.series(name) for name in REGISTRATION.needs)
    days, levels = aligned((yields, spreads))
    since, until = (np.datetime64(day) for day in REGISTRATION.window)
    change_days, change = changes(days, levels)
    seen = (change_days > since) & (change_days <= until)
    REGISTRATION.require(int(seen.sum()))
    ours = change[seen]
    made = correlation_interval(ours[:, 0], ours[:, 1], level=REGISTRATION.level)
    window = levels[(days >= since) & (days <= until)]
    return Finding(
        effect=made.effect, low=made.low, high=made.high, p_value=made.p_value,
        observations=made.observations, first=change_days[seen][0].item(),
        last=change_days[seen][-1].item(),
        parts=(
            *_rises(days, levels, since, until),
            *_other_rhythms(window, ours, change_days[seen]),
            *_other_pairs(known),
            *_controlled(known),
            *_history(change_days, change, int(seen.sum())),
        ),
        caveats=("one_window", "daily_is_not_supply"),
    )  # fmt: skip


def _rises(
    days: NDArray, levels: NDArray, since: np.datetime64, until: np.datetime64
) -> list[Part]:
    """Both over the whole window and to the day on which oil was back where it had been."""
    found = []
    for name, end in (("whole", until), ("oil_neutral", np.datetime64(OIL_NEUTRAL_DAY))):
        inside = levels[(days >= since) & (days <= end)]
        moved = _BP * (inside[-1] - inside[0])
        found.append(Part(f"yield_{name}", float(moved[0]), unit="bp"))
        found.append(Part(f"spread_{name}", float(moved[1]), unit="bp"))
    return found


def _other_rhythms(window: NDArray, ours: NDArray, days: NDArray) -> list[Part]:
    """Five-day changes, and days of rising against days of falling yields."""
    weekly = window[_WEEK_DAYS:] - window[:-_WEEK_DAYS]
    slow = correlation_interval(weekly[:, 0], weekly[:, 1], level=REGISTRATION.level)
    found = [_part("five_days", slow)]
    oil_war = days <= np.datetime64(OIL_NEUTRAL_DAY)
    for key, state in (("after_oil_neutral", ~oil_war), ("to_oil_neutral", oil_war)):
        made = correlation_interval(*ours[state].T, level=REGISTRATION.level)
        if np.isfinite(made.effect):  # not before the window has days of both kinds
            found.append(_part(key, made))
    return found


def _other_pairs(known: Known) -> list[Part]:
    """Investment grade beside the nominal yield, and high yield beside the real one."""
    found = []
    pairs = (("investment_grade", "DGS10", "BAMLC0A0CM"), ("real_yield", "DFII10", "BAMLH0A0HYM2"))
    for key, left, right in pairs:
        series = known.table([left, right])
        if len(series) == 2:
            ours = _window(series[left], series[right])
            if len(ours) >= REGISTRATION.fewest:
                made = correlation_interval(*ours.T, level=REGISTRATION.level)
                found.append(_part(key, made))
    return found


def _controlled(known: Known) -> list[Part]:
    """What is left of the correlation once oil and the two-year yield have explained their part."""
    names = [*REGISTRATION.needs, "DCOILWTICO", "DGS2"]
    series = known.table(names)
    if len(series) < len(names):
        return []
    ours = _window(*(series[name] for name in names))
    if len(ours) < REGISTRATION.fewest:
        return []
    left, right = (least_squares(ours[:, k], ours[:, 2:]).residual for k in (0, 1))
    made = correlation_interval(left, right, level=REGISTRATION.level)
    return [_part("oil_and_policy", made, kind=CONTROL)]


def _history(days: NDArray, change: NDArray, length: int) -> list[Part]:
    """The usual correlation, and how the window ranks among windows as long before the essay."""
    inside = (days >= _USUAL[0]) & (days <= _USUAL[1])
    past = change[inside]
    if len(past) < 2 * length:
        return []
    usual = correlation(*past.T)
    rolled = [
        correlation(*past[k : k + length].T) for k in range(0, len(past) - length, length // 4)
    ]
    ours = correlation(
        *change[(days > np.datetime64(ESSAY_DAY)) & (days <= np.datetime64(LAST_DAY))].T
    )
    rank = float(np.mean(np.asarray(rolled) <= ours))
    low, high = np.quantile(rolled, [0.05, 0.95])
    return [
        Part("usual", usual, float(low), float(high), kind=PLACEBO),
        Part("rank", rank, unit="share", kind=PLACEBO, observations=len(rolled)),
    ]


def _window(*series) -> NDArray:
    days, levels = aligned(series)
    on, change = changes(days, levels)
    return change[(on > np.datetime64(ESSAY_DAY)) & (on <= np.datetime64(LAST_DAY))]


def _part(key: str, made, kind: str = "part") -> Part:
    return Part(key, made.effect, made.low, made.high, kind=kind, p_value=made.p_value,
                observations=made.observations)  # fmt: skip
