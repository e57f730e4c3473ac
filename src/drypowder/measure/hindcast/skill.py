"""How far off: the simulated change against what three simpler answers would have said.

From each month's end t the model's answer for h months is the simulated change between t and t+h.
It is given what happened outside (purchases, rates, capex), not what happened to prices. Simpler
answers: *no change*; *drift*, the mean change of the years before t; *market*, beta estimated
before t times what the stock market then did, which is given to it and not to the model.

The ratio of root mean square errors is below one where the model is better. Overlapping errors
are not independent: intervals come from resampled blocks of consecutive origins (Künsch 1989), and
the Diebold-Mariano test uses the correction of Harvey, Leybourne and Newbold (1997).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drypowder.measure.hindcast.settings import setting

NO_CHANGE, DRIFT, MARKET_BETA = "no_change", "drift", "market_beta"
BENCHMARKS = (NO_CHANGE, DRIFT, MARKET_BETA)
BETTER, WORSE, EVEN, TOO_FEW = "better", "worse", "even", "too_few"
_SEED = 20221231  # of the blocks that are drawn


@dataclass(frozen=True)
class Score:
    """The model against one benchmark at one horizon."""

    benchmark: str
    horizon: int  # months
    origins: int
    model_rmse: float  # in the outcome's unit
    benchmark_rmse: float
    ratio: float  # below one: the model is better
    low: float
    high: float
    p_value: float  # Diebold-Mariano, two-sided
    hits: float  # share of origins at which the model has the sign right
    rises: float  # share of origins at which it rose: what saying "up" always would have hit
    verdict: str  # better, worse, even, too_few


def scores(
    simulated: NDArray[np.float64],
    levels: NDArray[np.float64],
    market: NDArray[np.float64] | None,
    origins: NDArray[np.intp],
    *,
    horizon: int,
    last: int,
) -> list[Score]:
    """The model against each benchmark at one horizon.

    Args:
        simulated: cumulated simulated change at each month (month,).
        levels: observed levels (month,), NaN where there was none.
        market: observed levels of the market, or None where that benchmark makes no sense.
        origins: months from which is forecast. last: last month that may be reached.
    """
    ahead = origins[origins + horizon <= last]
    actual = levels[ahead + horizon] - levels[ahead]
    model = simulated[ahead + horizon] - simulated[ahead]
    answers = {
        NO_CHANGE: np.zeros(len(ahead)),
        DRIFT: np.array([drift(levels, t) * horizon for t in ahead]),
    }
    if market is not None:
        moved = market[ahead + horizon] - market[ahead]
        answers[MARKET_BETA] = np.array([beta(levels, market, t) for t in ahead]) * moved
    return [_score(name, horizon, actual, model, said) for name, said in answers.items()]


def drift(levels: NDArray[np.float64], origin: int) -> float:
    """Mean monthly change before the origin; NaN with too few months."""
    first = max(origin - setting("drift_window"), 0)
    changes = np.diff(levels[first : origin + 1])
    changes = changes[np.isfinite(changes)]
    return float(changes.mean()) if len(changes) >= setting("fewest_changes") else np.nan


def beta(levels: NDArray[np.float64], market: NDArray[np.float64], origin: int) -> float:
    """Slope of monthly changes on those of the market before the origin; NaN with too few."""
    first = max(origin - setting("beta_window"), 0)
    own, other = (np.diff(each[first : origin + 1]) for each in (levels, market))
    kept = np.isfinite(own) & np.isfinite(other)
    if kept.sum() < setting("fewest_changes"):
        return np.nan
    own, other = own[kept] - own[kept].mean(), other[kept] - other[kept].mean()
    return float(own @ other / (other @ other))


def _score(name: str, horizon: int, actual, model, said) -> Score:
    kept = np.isfinite(actual) & np.isfinite(model) & np.isfinite(said)
    actual, model, said = actual[kept], model[kept], said[kept]
    if not len(actual):
        none = float("nan")
        return Score(name, horizon, 0, none, none, none, none, none, none, none, none, TOO_FEW)
    ours, theirs = (actual - model) ** 2, (actual - said) ** 2
    ratio = _ratio(ours, theirs)
    low, high = _interval(ours, theirs, max(horizon, setting("shortest_block")))
    moved = actual != 0.0
    hits = np.mean(np.sign(model[moved]) == np.sign(actual[moved])) if moved.any() else np.nan
    spans = len(actual) / horizon
    return Score(
        name, horizon, len(actual), float(np.sqrt(ours.mean())), float(np.sqrt(theirs.mean())),
        ratio, low, high, _diebold_mariano(ours - theirs, horizon), float(hits),
        float(np.mean(actual > 0.0)), _verdict(low, high, spans),
    )  # fmt: skip


def _verdict(low: float, high: float, spans: float) -> str:
    if spans < setting("fewest_spans") or not np.isfinite([low, high]).all():
        return TOO_FEW
    return BETTER if high < 1.0 else WORSE if low > 1.0 else EVEN


def _ratio(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    total = theirs.mean(axis=-1)
    return float(np.sqrt(ours.mean(axis=-1) / total)) if total > 0.0 else float("nan")


def _interval(ours, theirs, block: int) -> tuple[float, float]:
    """Of the ratio, from circular blocks of consecutive origins."""
    count = len(ours)
    rng = np.random.default_rng(_SEED)
    starts = rng.integers(count, size=(setting("resamples"), -(-count // block)))
    places = (starts[:, :, None] + np.arange(block)).reshape(len(starts), -1)[:, :count] % count
    top, bottom = ours[places].mean(axis=1), theirs[places].mean(axis=1)
    ratios = np.sqrt(top / np.where(bottom > 0.0, bottom, np.nan))
    tail = 0.5 * (1.0 - setting("interval"))
    low, high = np.nanquantile(ratios, [tail, 1.0 - tail]) if count else (np.nan, np.nan)
    return float(low), float(high)


def _diebold_mariano(loss: NDArray[np.float64], horizon: int) -> float:
    """Two-sided p-value that the mean difference of squared errors is nought."""
    from scipy.stats import t as student

    count = len(loss)
    if count <= horizon + 1:
        return float("nan")
    centred = loss - loss.mean()
    lags = [centred[k:] @ centred[: count - k] / count for k in range(horizon)]
    weights = [1.0] + [2.0 * (1.0 - k / horizon) for k in range(1, horizon)]
    variance = float(np.dot(weights, lags)) / count
    if variance <= 0.0:
        return float("nan")
    corrected = (count + 1 - 2 * horizon + horizon * (horizon - 1) / count) / count
    statistic = loss.mean() / np.sqrt(variance) * np.sqrt(max(corrected, 0.0))
    return float(2.0 * student.sf(abs(statistic), count - 1))
