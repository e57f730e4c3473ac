"""What a map of true liquidation prices says about leverage, and what it cannot say.

Some venues publish where every position would be closed. The share of each side's USD by
distance, p_b(m, sd, tau), follows from drypowder.venues.crowd.vintages; the fit maximises

    sum over sides and distances b of W_b ln p_b(m, sd, tau)

with W_b the USD seen there, scaled so that they count as (sum w)^2 / sum w^2 positions: one whale
is one witness. Errors are those of a likelihood with such weights (sandwich). Age and leverage
trade off: what was opened long ago at another price with little leverage lies where something
newer with more would. So the likelihood is also maximised for each age of a range, and a
parameter is called not identified if the ages that the data allow (95 %) reach an end of that
range or let the parameter vary threefold.

Source: White (1982) for the errors; Kish (1965) for the weights. Signs: as vintages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import gammaincinv

from drypowder.errors import UsageError
from drypowder.venues._sums import sums
from drypowder.venues.crowd.vintages import Leverage, PricePath, survivors

Floats = NDArray[np.float64]
NAMES = ("median", "log_sd", "mean_age_days")
_BUCKETS = 40  # a side, of equal USD
_AGES = 17  # along the ridge
_ALLOWED = float(gammaincinv(0.5, 0.95))  # half of chi2's 95 %: a loss that chance explains
_VAGUE = 3.0  # times: wider is not identified
_STEP = 1e-3  # of the logs of parameters, for slopes
_SINGULAR = 1e-9  # of the largest eigenvalue
_START = (np.log(2.0), np.log(1.0))  # where the search begins: ln median, ln log_sd


class Ridge(NamedTuple):
    """The best that each age can do."""

    mean_age_days: Floats  # [age]
    median: Floats  # [age], best for it
    log_sd: Floats
    loss: Floats  # [age], log likelihood below the best of all
    allowed: NDArray[np.bool_]  # [age], chance alone explains the loss (95 %)


@dataclass(frozen=True)
class LeverageFit:
    """The distribution that fits best, how sure it is, and what the map leaves open."""

    leverage: Leverage
    standard_error: Floats  # [median, log_sd, mean_age_days]; inf where the map is silent
    correlation: Floats  # [3, 3], of the logs of the parameters
    ridge: Ridge
    not_identified: tuple[str, ...]  # names among NAMES
    effective_positions: float
    distance: Floats  # [side, bucket + 1], buckets that were compared; side 0 longs
    seen: Floats  # [side, bucket], share of the side's USD
    fitted: Floats  # [side, bucket]


class _Seen(NamedTuple):
    side: int
    edges: Floats
    weight: Floats  # [bucket], counts as so many positions
    squares: Floats  # [bucket], the same of squared weights
    open_ended: bool  # the last bucket holds everything beyond, no price included


def fit_leverage(
    *,
    distance: ArrayLike,
    notional_usd: ArrayLike,
    side: ArrayLike,
    path: PricePath,
    maintenance_rate: float,
    market: int = 0,
    maximum: float = np.inf,
    age_range_days: tuple[float, float] = (0.5, 60.0),
    unpriced_shown: bool = False,
) -> LeverageFit:
    """Fit effective leverage at entry and mean age to a published map of one market.

    Args:
        distance: [position] ln(price now / liquidation price) for longs, its negative for shorts;
            nan where there is no liquidation price. A map of buckets may be given as one
            position a bucket: errors are then too large, never too small.
        notional_usd: [position]. side: [position] +1 or -1. maximum: leverage let in.
        age_range_days: that is searched.
        unpriced_shown: positions without a price are listed (nan) and count; if not, the fit is
            to those with one, within the furthest seen.

    Raises:
        UsageError: DP-144 for fewer than 50 positions on each side that is given, or numbers that
            make no map.
    """
    seen = _seen(distance, notional_usd, side, unpriced_shown)
    law = _Law(path, market, maintenance_rate, maximum)
    ages = np.geomspace(*age_range_days, _AGES)
    ridge = _ridge(seen, law, ages)
    best = _climb(seen, law, ridge, ages)
    top = law.log_likelihood(best, seen)
    loss = np.maximum(top - ridge[:, 2], 0.0)
    along = Ridge(ages, np.exp(ridge[:, 0]), np.exp(ridge[:, 1]), loss, loss <= _ALLOWED)
    error, correlation = _errors(best, seen, law)
    values = np.exp(best)
    most = max(len(one.weight) for one in seen)
    return LeverageFit(
        leverage=law.leverage(best),
        standard_error=values * error,
        correlation=correlation,
        ridge=along,
        not_identified=_open_questions(along, values, error),
        effective_positions=float(sum(one.weight.sum() for one in seen)),
        distance=_padded([one.edges for one in seen], most + 1),
        seen=_padded([one.weight / one.weight.sum() for one in seen], most),
        fitted=_padded([law.shares(best, one) for one in seen], most),
    )


class _Law(NamedTuple):
    """The vintage law as a function of the logs of its three parameters."""

    path: PricePath
    market: int
    rate: float
    maximum: float

    def leverage(self, logs: Floats) -> Leverage:
        """The distribution with these parameters."""
        median, log_sd, mean_age_days = np.exp(logs).tolist()
        return Leverage(median, log_sd, mean_age_days, self.maximum)

    def shares(self, logs: Floats, seen: _Seen) -> Floats:
        """Share of the side's USD in each bucket, of what the map shows."""
        beyond = survivors(
            distance=seen.edges,
            path=self.path,
            leverage=self.leverage(logs),
            side=seen.side,
            maintenance_rate=self.rate,
            market=self.market,
        ).beyond
        part = -np.diff(np.append(beyond, 0.0) if seen.open_ended else beyond)
        return np.maximum(part, 1e-300) / max(part.sum(), 1e-300)

    def log_likelihood(self, logs: Floats, seen: list[_Seen]) -> float:
        """Of all sides."""
        return sum(float(one.weight @ np.log(self.shares(logs, one))) for one in seen)


def _seen(distance, notional_usd, side, unpriced_shown: bool) -> list[_Seen]:
    """The map in buckets of about equal USD, each side by itself."""
    away, usd = np.asarray(distance, dtype=float), np.asarray(notional_usd, dtype=float)
    way = np.asarray(side)
    _refuse(not away.shape == usd.shape == way.shape or away.ndim != 1, "lengths differ")
    _refuse(not np.all(usd > 0.0), "a notional is not above zero")
    _refuse(bool(np.any(away < 0.0)), "a position is already beyond its liquidation price")
    effective = usd.sum() ** 2 / (usd**2).sum() / usd.sum()
    sides = []
    for sign in (1, -1):
        mine = (way == sign) & (unpriced_shown | ~np.isnan(away))
        priced = mine & ~np.isnan(away)
        if not mine.any():
            continue
        _refuse(int(priced.sum()) < 50, f"{int(priced.sum())} positions on a side are too few")
        edges = _edges(away[priced], usd[priced])
        ended = unpriced_shown and bool(np.any(mine & ~priced))
        far = np.where(np.isnan(away[mine]), np.inf, away[mine])
        bucket = np.searchsorted(edges[1:-1] if not ended else edges[1:], far, side="right")
        count = len(edges) - 1 + ended
        weight = usd[mine] * effective
        sides.append(
            _Seen(sign, edges, sums(bucket, weight, count),
                  sums(bucket, weight**2, count), ended)
        )  # fmt: skip
    _refuse(not sides, "it has no position with a side of +1 or -1")
    return sides


def _edges(away: Floats, usd: Floats) -> Floats:
    """Edges halfway between two positions, so that none decides where its own bucket ends."""
    order = np.argsort(away)
    sorted_away, share = away[order], np.cumsum(usd[order]) / usd.sum()
    last = np.searchsorted(share, np.arange(1, _BUCKETS) / _BUCKETS)
    last = np.minimum(last, len(away) - 2)
    inner = 0.5 * (sorted_away[last] + sorted_away[last + 1])
    furthest = sorted_away[-1] * (1.0 + 1e-9)
    return np.unique(np.concatenate([[0.0], inner, [furthest]]))


def _ridge(seen: list[_Seen], law: _Law, ages: Floats) -> Floats:
    """[age]: ln median, ln log_sd and log likelihood of the best for each age."""
    found, start = [], np.array(_START)
    for age in np.log(ages):
        best = minimize(
            lambda logs, age=age: -law.log_likelihood(np.append(logs, age), seen),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-3, "fatol": 1e-2, "maxiter": 200},
        )
        start = best.x
        found.append([*best.x, -best.fun])
    return np.array(found)


def _climb(seen: list[_Seen], law: _Law, ridge: Floats, ages: Floats) -> Floats:
    """The best of all three, from the best node of the ridge and inside the range of ages."""
    top = int(np.argmax(ridge[:, 2]))
    bounds = [(None, None), (None, None), (np.log(ages[0]), np.log(ages[-1]))]
    start = np.append(ridge[top, :2], np.log(ages[top]))
    found = minimize(
        lambda logs: -law.log_likelihood(logs, seen),
        start,
        method="Nelder-Mead",
        bounds=bounds,
        options={"xatol": 1e-4, "fatol": 1e-4, "maxiter": 600},
    )
    return found.x if -found.fun >= ridge[top, 2] else start


def _errors(logs: Floats, seen: list[_Seen], law: _Law) -> tuple[Floats, Floats]:
    """Standard errors and correlation of the logs of the parameters."""
    bread, filling = np.zeros((3, 3)), np.zeros((3, 3))
    for one in seen:
        slope = np.stack([
            np.log(law.shares(logs + step, one) / law.shares(logs - step, one)) / (2.0 * _STEP)
            for step in _STEP * np.eye(3)
        ])  # fmt: skip
        expected = one.weight.sum() * law.shares(logs, one)
        bread += (slope * expected) @ slope.T
        filling += (slope * one.squares) @ slope.T
    size, direction = np.linalg.eigh(bread)
    silent = size <= _SINGULAR * size.max()
    inverse = direction @ np.diag(np.where(silent, 0.0, 1.0 / np.where(silent, 1.0, size)))
    inverse = inverse @ direction.T
    covariance = inverse @ filling @ inverse
    lost = (np.abs(direction[:, silent]) > 1e-3).any(axis=1)
    error = np.where(lost, np.inf, np.sqrt(np.maximum(np.diag(covariance), 0.0)))
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    return error, covariance / np.outer(scale, scale)


def _open_questions(ridge: Ridge, values: Floats, error: Floats) -> tuple[str, ...]:
    """Names of the parameters that the allowed part of the ridge leaves open."""
    allowed = ridge.allowed
    columns = (ridge.median, ridge.log_sd, ridge.mean_age_days)
    open_ones = []
    for name, column, value, unsure in zip(NAMES, columns, values, error, strict=True):
        reach = np.append(column[allowed], value)
        wide = reach.max() / reach.min() >= _VAGUE or not 1.96 * unsure < np.log(_VAGUE)
        at_end = name == "mean_age_days" and bool(allowed[0] or allowed[-1])
        if wide or at_end:
            open_ones.append(name)
    return tuple(open_ones)


def _padded(rows: list[Floats], length: int) -> Floats:
    """Rows of different lengths as one table, nan where a row has ended."""
    return np.stack([np.pad(row, (0, length - len(row)), constant_values=np.nan) for row in rows])


def _refuse(broken: bool, what: str) -> None:
    if broken:
        raise UsageError(
            "DP-144",
            f"leverage cannot be fitted to this map: {what}.",
            "Give one distance, notional and side a position, distances from today's price.",
        )
