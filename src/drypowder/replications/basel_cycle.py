"""Banks that measure risk by the recent past borrow in calm, sell in storms, and so make a cycle.

    target leverage    l = alpha (sigma2 + sigma2_0)^b
    balance sheet      A = p n / w_B,  E = A - L,  dB = tau theta (l E - A),  k = tau eta (E* - E)
    cash               c_B = (1 - w_B) n p / w_B + k,   c_F = (1 - w_F)(1 - n) p / w_F - k
    perceived risk     sigma2' = (1 - tau delta) sigma2 + tau delta (ln(p/p_before) t_VaR/tau)^2
    fund               w_F' = w_F + (w_F/p)(tau rho (mu - p) + sqrt(tau) s xi)
    price              p' = (w_B (c_B + dB) + w_F' c_F) / (1 - w_B n - (1 - n) w_F')
    bank's share       n' = w_B (n p' + c_B + dB)/p',   L' = L + dB

p price of the one asset, n the bank's share of it, L its debt, E* the equity it returns to by
paying the fund or being paid. The fund is the named buyer of all that the bank sells, out of its
own cash: cash grows by what the bank borrows and by nothing else.
Source: C. Aymanns, F. Caccioli, J. D. Farmer and V. Tan, Taming the Basel leverage cycle, Journal
of Financial Stability 27 (2016), as summarised elsewhere. Years.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from drypowder.errors import DrypowderError, UsageError

MICRO, MACRO = 1e-5, 2.27  # equity E*: a bank too small to matter, and one that is the market
_STILL = 1e-6  # range of the price over its mean below which it rests


@dataclass(frozen=True, eq=False)
class BaselCycle:
    """The path, and its shape after `dropped` steps."""

    price: Float[np.ndarray, " step"]
    target_leverage: Float[np.ndarray, " step"]
    bank_share: Float[np.ndarray, " step"]  # n, of the asset
    perceived_variance: Float[np.ndarray, " step"]
    equity: Float[np.ndarray, " step"]  # of the bank
    fund_weight: Float[np.ndarray, " step"]
    period_years: float  # of the strongest wave of the price, NaN at rest
    low: float
    high: float
    mean: float
    leverage_low: float
    leverage_high: float
    leverage_mean: float
    fixed_point: bool
    outside: int  # steps in which the bank's share is not between 0 and 1
    cash_gap: (
        float  # largest miss of cash against cash before and what was borrowed, over the price
    )


class _State(NamedTuple):
    variance: float
    fund_weight: float
    price: float
    share: float
    debt: float
    before: float  # the price one step earlier


class _Rules(NamedTuple):
    alpha: float
    exponent: float
    least_variance: float
    equity: float
    step_years: float
    theta: float
    eta: float
    delta: float
    horizon_years: float
    bank_weight: float
    value: float
    rho: float
    noise: float


def basel_cycle(
    *,
    alpha: float = 0.075,
    equity: float = MACRO,
    exponent: float = -0.5,
    least_variance: float = 1e-6,
    step_years: float = 0.1,
    theta: float = 10.0,
    eta: float = 10.0,
    delta: float = 0.5,
    horizon_years: float = 0.1,
    bank_weight: float = 0.3,
    value: float = 25.0,
    rho: float = 0.1,
    noise: float = 0.0,
    seed: int = 0,
    start_variance: float = 1e-4,
    start_fund_weight: float = 0.5,
    start_fall: float = 0.001,
    steps: int = 10_000,
    dropped: int = 2_000,
) -> BaselCycle:
    """The leverage cycle of a bank under value at risk, or the rest that it comes to.

    Args:
        alpha: level of target leverage. exponent: b, below zero where calm invites leverage.
        equity: E*; `MICRO` or `MACRO` in the paper.
        theta, eta: speed per year of returning to target leverage and to E*.
        delta: weight per year of the last return in perceived risk. horizon_years: of value at
            risk. bank_weight: w_B, the share of the asset in the bank's assets.
        value: mu, to which the fund thinks that the price returns, at speed rho.
        start_variance: perceived at the start; the bank opens at target leverage.
        start_fall: how much the price stands above the one before, as a share.

    Raises:
        UsageError: DP-168 for an argument out of bounds; DP-164 if the bank would have to own
            more than there is at the start.
        DrypowderError: DP-169 if the price ends on the way.
    """
    rules = _Rules(alpha, exponent, least_variance, equity, step_years, theta, eta, delta,
                   horizon_years, bank_weight, value, rho, noise)  # fmt: skip
    _check(rules, steps, dropped)
    state = _start(rules, start_variance, start_fund_weight, start_fall)
    news = np.random.default_rng(seed).standard_normal(steps) if noise else np.zeros(steps)
    told = np.empty((6, steps))
    worst = 0.0
    for t in range(steps):
        state, told[:, t], gap = _step(state, rules, float(news[t]))
        worst = max(worst, gap)
        if not (0.0 < state.price < np.inf):
            raise DrypowderError(
                "DP-169",
                f"there is no price in step {t + 1}.",
                "Lower alpha, the equity or the noise, or return to target more slowly.",
            )
    return _shaped(told, rules, dropped, worst)


def _start(rules: _Rules, variance: float, weight: float, fall: float) -> _State:
    """The bank at its target leverage, at the price that is right."""
    leverage = _target(variance, rules)
    share = leverage * rules.equity * rules.bank_weight / rules.value
    if not 0.0 <= share < 1.0 or not 0.0 < weight < 1.0:
        raise UsageError(
            "DP-164",
            f"at a perceived variance of {variance:g} target leverage is {leverage:.4g}, and the "
            f"bank would own {share:.4g} of all there is.",
            "Start with a larger variance, a smaller alpha, or a smaller bank.",
        )
    debt = (leverage - 1.0) * rules.equity
    return _State(variance, weight, rules.value, share, debt, rules.value * (1.0 - fall))


def _target(variance: float, rules: _Rules) -> float:
    return rules.alpha * (variance + rules.least_variance) ** rules.exponent


def _step(state: _State, rules: _Rules, news: float):
    """One step of the map; what is told of it, and how far cash is off."""
    variance, weight, price, share, debt, before = state
    tau, own = rules.step_years, rules.bank_weight
    leverage = _target(variance, rules)
    assets = price * share / own
    equity = assets - debt
    borrowed = tau * rules.theta * (leverage * equity - assets)
    paid_in = tau * rules.eta * (rules.equity - equity)
    bank_cash = (1.0 - own) * share * price / own + paid_in
    fund_cash = (1.0 - weight) * (1.0 - share) * price / weight - paid_in
    loud = (np.log(price / before) * rules.horizon_years / tau) ** 2
    drift = tau * rules.rho * (rules.value - price) + np.sqrt(tau) * rules.noise * news
    new_weight = weight + weight / price * drift
    slack = 1.0 - own * share - (1.0 - share) * new_weight
    wanted = own * (bank_cash + borrowed) + new_weight * fund_cash
    new_price = wanted / slack if slack > 0.0 else np.nan
    new_share = own * (share * new_price + bank_cash + borrowed) / new_price
    after = _State(
        (1.0 - tau * rules.delta) * variance + tau * rules.delta * loud,
        new_weight,
        new_price,
        new_share,
        debt + borrowed,
        price,
    )
    # what bank and fund keep as cash once they have bought, against what they had
    kept = (1.0 - own) * new_share * new_price / own
    kept += (1.0 - new_weight) * (1.0 - new_share) * new_price / new_weight
    gap = abs(kept - (bank_cash + fund_cash + borrowed)) / price
    return after, (new_price, leverage, new_share, after.variance, equity, new_weight), gap


def _shaped(told: np.ndarray, rules: _Rules, dropped: int, gap: float) -> BaselCycle:
    price, leverage, share, variance, equity, weight = told
    late, late_leverage = price[dropped:], leverage[dropped:]
    still = bool(np.ptp(late) <= _STILL * late.mean())
    return BaselCycle(
        price=price,
        target_leverage=leverage,
        bank_share=share,
        perceived_variance=variance,
        equity=equity,
        fund_weight=weight,
        period_years=np.nan if still else _period(late, rules.step_years),
        low=float(late.min()),
        high=float(late.max()),
        mean=float(late.mean()),
        leverage_low=float(late_leverage.min()),
        leverage_high=float(late_leverage.max()),
        leverage_mean=float(late_leverage.mean()),
        fixed_point=still,
        outside=int(np.sum((share < 0.0) | (share > 1.0))),
        cash_gap=gap,
    )


def _period(series: np.ndarray, step_years: float) -> float:
    """Of the strongest wave, years."""
    power = np.abs(np.fft.rfft(series - series.mean()))[1:]
    return float(len(series) * step_years / (np.argmax(power) + 1))


def _check(rules: _Rules, steps: int, dropped: int) -> None:
    positive = (rules.alpha, rules.equity, rules.step_years, rules.horizon_years, rules.value)
    if not (np.all(np.isfinite(rules)) and min(positive) > 0.0 and 0.0 < rules.bank_weight < 1.0):
        raise _out_of_bounds("a number that is not finite, or not above zero where it must be")
    if min(rules.theta, rules.eta, rules.delta, rules.rho, rules.least_variance, rules.noise) < 0.0:
        raise _out_of_bounds("a speed, variance or noise below zero")
    if not 0 <= dropped < steps - 3:
        raise _out_of_bounds(f"{steps} steps of which {dropped} are dropped")


def _out_of_bounds(what: str) -> UsageError:
    return UsageError(
        "DP-168",
        f"the cycle was given with {what}.",
        "alpha, equity, value and times are above zero, bank_weight between 0 and 1, the rest "
        "zero or more, and more steps are made than dropped.",
    )
