"""Does one series move first? All lags judged together, and forecasts that could have been made.

    t[k] = sum_t x[t-k] y[t] / sqrt(sum_t (x[t-k] y[t])^2)       robust to storms that both share

Looking at K lags somebody always finds one: the test is on the largest |t[k]|. Without a lead the
products have mean zero whatever their storms, so that its distribution comes from the same products
with signs drawn by the block (wild bootstrap: Liu 1988; in blocks: Shao 2010), one for all lags of
a moment. Blocks drawn with their means taken out, the first choice, cried wolf 3 times in 1000
where 50 were allowed and overlooked a third of true leads; it was given up for that, on simulated
data. Two placebos ask the same of
histories that cannot lead: x turned round by a random number of steps, and x with the phases of its
waves drawn afresh. Forecasts are made with what was known, by least squares on a growing past, and
compared with no change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
_SMOOTH = 32  # lengths are cut to a multiple
_RIDGE = 1e-10  # of the mean square of a regressor; keeps the first inversions finite


@dataclass(frozen=True)
class Lead:
    """How x of earlier moves with y of now, lag by lag and all lags together."""

    lags: NDArray[np.int64]
    correlation: Floats  # [lag]
    t: Floats  # robust to heteroskedasticity [lag]
    largest: float  # |t|
    best: int  # the lag of it
    p_value: float  # of the largest |t| over all lags
    at_once: float  # correlation without a lag
    observations: int


@dataclass(frozen=True)
class Forecast:
    """Forecasts of y from past x against no change, on a growing past."""

    gain: float  # share of squared error saved; below zero: worse than no change
    p_value: float  # one-sided, Clark and West: that there is nothing to gain
    observations: int


def lead(
    x: Floats, y: Floats, *, lags: int, first_lag: int = 1, block: int, draws: int,
    generator: np.random.Generator,
) -> Lead:  # fmt: skip
    """Whether x leads y by some lag. Both without gaps, on the same clock, stationary.

    Args:
        block: moments that share a sign in a draw.
    """
    span = np.arange(first_lag, lags + 1)
    products, correlation = _products(x, y, span)
    t = _robust_t(products)
    sums = np.add.reduceat(products, np.arange(0, len(products), block), axis=0)
    signs = generator.choice([-1.0, 1.0], (draws, len(sums)))
    null = np.abs(signs @ sums) / np.sqrt((products**2).sum(axis=0))
    largest = float(np.max(np.abs(t)))
    return Lead(
        lags=span, correlation=correlation, t=t, largest=largest,
        best=int(span[np.argmax(np.abs(t))]), p_value=_share(null.max(axis=1) >= largest),
        at_once=float(np.corrcoef(x, y)[0, 1]), observations=len(products),
    )  # fmt: skip


def turned(
    x: Floats, y: Floats, *, lags: int, first_lag: int = 1, draws: int,
    generator: np.random.Generator,
) -> Floats:  # fmt: skip
    """Largest |t| when x is turned round by a random number of steps: it cannot lead [draw]."""
    round_the_ring = _ring_t((x - x.mean())[None], y - y.mean())[0]
    shifts = generator.integers(2 * lags, len(x) - 2 * lags, size=draws)
    span = np.arange(first_lag, lags + 1)
    return np.abs(round_the_ring[(shifts[:, None] + span) % len(x)]).max(axis=1)


def phases_drawn(
    x: Floats, y: Floats, *, lags: int, first_lag: int = 1, draws: int,
    generator: np.random.Generator,
) -> Floats:  # fmt: skip
    """Largest |t| when the phases of x's waves are drawn afresh: same memory, no lead [draw].

    The oldest few moments are left out, so that the length suits a fast Fourier transform.

    Source: Theiler et al., Physica D 58 (1992).
    """
    odd = len(x) % _SMOOTH
    x, y = x[odd:], y[odd:]
    waves = np.fft.rfft(x - x.mean())
    angle = generator.uniform(0.0, 2.0 * np.pi, (draws, len(waves)))
    angle[:, 0] = 0.0
    made = np.fft.irfft(np.abs(waves) * np.exp(1j * angle), n=len(x))
    turned_t = _ring_t(made, y - y.mean())
    return np.abs(turned_t[:, first_lag : lags + 1]).max(axis=1)


def forecast(x: Floats, y: Floats, *, lags: int, first: int) -> Forecast:
    """Forecasts of y[t] from x[t-1] ... x[t-lags], fitted on the past alone, against no change.

    The test is Clark and West's (Journal of Econometrics 138, 2007): the larger model pays for
    noise in its own coefficients, which is given back.
    """
    past = np.stack([x[lags - k : len(x) - k] for k in range(1, lags + 1)], axis=1)
    target = y[lags:]
    past = np.column_stack([np.ones(len(past)), past])
    inner = np.cumsum(past[:, :, None] * past[:, None, :], axis=0)
    outer = np.cumsum(past * target[:, None], axis=0)
    scale = np.einsum("tii->ti", inner)[:, :, None] * np.eye(past.shape[1])
    start = max(first - lags, past.shape[1] + 1)
    slope = np.linalg.solve(
        (inner + _RIDGE * scale)[start - 1 : -1], outer[start - 1 : -1][:, :, None]
    )[:, :, 0]
    guess = np.einsum("ti,ti->t", past[start:], slope)
    truth = target[start:]
    gain = 1.0 - np.sum((truth - guess) ** 2) / np.sum(truth**2)
    adjusted = truth**2 - (truth - guess) ** 2 + guess**2
    t = adjusted.mean() / (adjusted.std(ddof=1) / np.sqrt(len(adjusted)))
    return Forecast(float(gain), float(1.0 - ndtr(t)), len(truth))


def placebo_p(null: Floats, largest: float) -> float:
    """Share of placebos that look at least as much like a lead."""
    return _share(null >= largest)


def _products(x: Floats, y: Floats, span: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """x of k steps before times y, standardised, for the moments that all lags have [time, lag]."""
    x, y = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    most = int(span[-1])
    earlier = np.stack([x[most - k : len(x) - k] for k in span], axis=1)
    products = earlier * y[most:, None]
    return products, products.mean(axis=0)


def _robust_t(products: Floats) -> Floats:
    return products.sum(axis=0) / np.sqrt((products**2).sum(axis=0))


def _ring_t(x: Floats, y: Floats) -> Floats:
    """The robust t of each row of x turned round by every number of steps [row, steps]."""

    def turned_products(a: Floats, b: Floats) -> Floats:
        return np.fft.irfft(np.conj(np.fft.rfft(a)) * np.fft.rfft(b), n=len(b))

    return turned_products(x, y) / np.sqrt(turned_products(x**2, y**2))


def _share(hits: NDArray[np.bool_]) -> float:
    """A p-value from draws: never zero."""
    return float((1 + hits.sum()) / (1 + len(hits)))
