"""Claim 12: crypto leads, as a probe of liquidity, and its low is no bottom.

Three statements. That bitcoin leads shares: measured with bitcoin's price at New York's close, for
its later daily bar knows more than the share's. That money leads bitcoin: the placebo of
`probe/money.py`. That the low of February was no bottom: two sub-statements about closing prices
that can each be true (it was broken; there was one after).

Sign: above zero, shares rise in the week after bitcoin rose.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from drypowder.measure.claims.claim import (
    ESSAY_DAY,
    LAST_DAY,
    PLACEBO,
    SECOND_LOOK,
    Finding,
    Part,
    Registration,
)
from drypowder.measure.numbers import numbers
from drypowder.measure.probe.clocks import SOURCES
from drypowder.measure.probe.money import money_placebo
from drypowder.measure.probe.probe import close_to_close
from drypowder.measure.statistics.cross_section import loadings
from drypowder.measure.statistics.leads import forecast, lead

if TYPE_CHECKING:
    from drypowder.data import Known

_SHARE, _COIN = "SPY", "price:BTC"
REGISTRATION = Registration(
    number=12,
    slug="crypto-leads",
    needs=(f"price:{_SHARE}", "perp-4h:BTCUSDT"),
    optional=(*SOURCES[:2], _COIN, "WM2NS", "price:QQQ", "price:ARKK"),
    window=(date(2024, 1, 2), LAST_DAY),
    stop_on=SECOND_LOOK,
    direction=+1,
    smallest_effect=0.10,  # percent of a week's return per s.d.: a twentieth of a usual week
    unit="percent_per_sd",
    fewest=250,
)
_EVENT_FROM = date(2026, 2, 5)


def measure(known: Known) -> Finding:
    """Return of shares in the five days after a day on which bitcoin rose by one s.d."""
    first, last = REGISTRATION.window
    names = [*REGISTRATION.needs, *REGISTRATION.optional]
    for name in REGISTRATION.needs:
        known.series(name)  # says what to pull
    series = known.table(names, since=first, until=last)
    days, coin, share, _ = close_to_close(series, _SHARE)
    REGISTRATION.require(len(days))
    effect, low, high, p_value = following(coin, share)
    back = following(share, coin)
    return Finding(
        effect=effect, low=low, high=high, p_value=p_value, observations=len(days),
        first=days[0].item(), last=days[-1].item(),
        parts=(
            Part("shares_lead", *back[:3], p_value=back[3]),
            *_others(series),
            *_tests(coin, share),
            *_money(known),
            *_bottom(known),
        ),
        caveats=("no_hourly_shares", "an_hour_late", "perpetual"),
    )  # fmt: skip


def following(first: NDArray, then: NDArray) -> tuple[float, float, float, float]:
    """Cumulated return of `then` over the days after one s.d. of `first`, its own day held still.

    Returns:
        Effect in percent, ends of the interval, two-sided p-value; errors allow for the overlap.
    """
    ahead = int(numbers("probe")["slope_lags"])
    total = np.concatenate([[0.0], np.cumsum(100.0 * then)])
    coming = total[ahead + 1 :] - total[1:-ahead]
    factors = np.column_stack(
        [(first / first.std())[:-ahead], np.ones(len(coming)), (then / then.std())[:-ahead]]
    )
    made = loadings(coming[:, None], factors, lags=2 * ahead)
    effect, error = float(made.value[0, 0]), float(made.error[0, 0])
    reach = error * stdtrit(len(coming) - factors.shape[1], 1.0 - REGISTRATION.level / 2.0)
    return effect, effect - reach, effect + reach, float(made.p_value[0, 0])


def _others(series) -> list[Part]:
    """The same for technology and for the fund of the long dream."""
    found = []
    for name in ("QQQ", "ARKK"):
        if f"price:{name}" in series:
            _, coin, share, _ = close_to_close(series, name)
            effect, low, high, p_value = following(coin, share)
            found.append(Part(name.lower(), effect, low, high, p_value=p_value))
    return found


def _tests(coin: NDArray, share: NDArray) -> list[Part]:
    """All lags together, and forecasts that could have been made."""
    given = numbers("probe")
    found = lead(
        coin, share, lags=int(given["daily_lags"]), block=int(given["block"]),
        draws=int(given["draws"]), generator=np.random.default_rng(int(given["seed"])),
    )  # fmt: skip
    made = forecast(coin, share, lags=int(given["slope_lags"]), first=int(given["first_forecast"]))
    return [
        Part("all_lags_p", found.p_value, unit="share", observations=found.observations),
        Part("forecast_gain", 100.0 * made.gain, unit="percent", p_value=made.p_value,
             observations=made.observations),
    ]  # fmt: skip


def _money(known: Known) -> list[Part]:
    """How well money of a quarter before fits bitcoin, and how well random walks do."""
    made = money_placebo(known.table(["WM2NS", _COIN], until=REGISTRATION.window[1]))
    if made is None:
        return []
    return [
        Part("money_levels", made.levels, unit="share", kind=PLACEBO, p_value=made.placebo_p),
        Part("money_walks", made.placebo_median, unit="share", kind=PLACEBO),
        Part("money_changes", made.changes, unit="share", kind=PLACEBO, p_value=made.changes_p,
             observations=made.quarters),
    ]  # fmt: skip


def _bottom(known: Known) -> list[Part]:
    """Closing prices: how far below February's low, and how far above the new low at the end."""
    coin = known.find(_COIN, since=_EVENT_FROM, until=REGISTRATION.window[1])
    if coin is None:
        return []
    days = coin.observed_on.astype("datetime64[D]")
    event, after = days <= np.datetime64(ESSAY_DAY), days > np.datetime64(ESSAY_DAY)
    if not event.any() or not after.any():
        return []
    then, lowest = coin.values[event].min(), coin.values[after].min()
    return [
        Part("broken", 100.0 * (lowest / then - 1.0), unit="percent"),
        Part("from_new_low", 100.0 * (coin.values[-1] / lowest - 1.0), unit="percent"),
        Part("from_old_low", 100.0 * (coin.values[-1] / then - 1.0), unit="percent"),
    ]
