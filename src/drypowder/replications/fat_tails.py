"""Value investors on credit: calm most of the time, and crashes that they make themselves.

    spending of noise traders: ln x' = rho ln x + s N(0,1) + (1 - rho) ln(V N)
    demand of fund i:          D p = W min(beta m, lambda),  m = V - p > 0,  W = D_before p + C
    price:                     x/p + sum D = N

W wealth, C cash (debt below zero), V the value all know, N shares, beta aggressiveness, lambda the
largest leverage. Clients add b (r - r_b) of wealth a step, r their moving average of returns; a
fund that has lost 90 % closes, and a new one opens 100 steps later. Times p the market equation
is quadratic between prices at which a fund reaches its limit or its end, so the price is exact;
of several the highest is taken, that of least selling. The noise traders are the other side of
every trade. Signs: log returns; one step is one period.
Source: S. Thurner, J. D. Farmer and J. Geanakoplos, Leverage causes fat tails and clustered
volatility, Quantitative Finance 12 (2012), arXiv 0908.1555; flows of clients as recalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from drypowder.errors import DrypowderError, UsageError

AGGRESSIVENESS = tuple(range(5, 55, 5))


@dataclass(frozen=True, eq=False)
class FatTails:
    """Prices, and the moments of returns after `dropped` steps."""

    price: Float[np.ndarray, " step"]
    returns: Float[np.ndarray, " kept"]  # log
    wealth: Float[np.ndarray, "step fund"]
    leverage: Float[np.ndarray, "step fund"]  # of funds that are open, 0 for the others
    closures: int
    kurtosis: float  # 3 for a normal law
    skewness: float
    volatility: float  # standard deviation of a return
    worst: float  # return, as a share
    abs_autocorrelation: float  # of absolute returns, one step apart
    autocorrelation: float  # of returns
    share_gap: float  # largest miss of shares held against shares there are, share of these


class _Fund(NamedTuple):
    """All funds, (fund,)."""

    shares: Any
    cash: Any
    wealth: Any  # after the flows of the last step
    mean_return: Any
    wait: Any  # steps until a new one opens; 0 for open funds


class _Rules(NamedTuple):
    beta: Any  # (fund,)
    most: Any
    shares: Any
    value: Any
    start: Any
    closes: Any  # share of the starting wealth
    reopens: Any
    memory: Any
    response: Any
    benchmark: Any


def fat_tails(
    *,
    max_leverage: float,
    steps: int,
    seed: int = 0,
    dropped: int = 2_000,
    aggressiveness: Sequence[float] = AGGRESSIVENESS,
    shares: float = 1_000.0,
    value: float = 1.0,
    noise_persistence: float = 0.99,
    noise_sd: float = 0.035,
    wealth: float = 2.0,
    closes_below: float = 0.1,
    reopens_after: int = 100,
    memory: float = 0.1,
    client_response: float = 0.15,
    benchmark_return: float = 0.005,
) -> FatTails:
    """Prices when value investors may borrow, and how fat the tails of returns are.

    Args:
        max_leverage: assets over wealth, at most; 0 for noise traders alone.
        dropped: steps at the start that the moments leave out.
        wealth: of a fund that opens. closes_below: share of it.
        memory: weight of the last return in the clients' average.

    Raises:
        UsageError: DP-168 for an argument out of bounds.
        DrypowderError: DP-169 if no price clears the market.
    """
    if not (max_leverage >= 0.0 and 0 <= dropped < steps - 3 and len(aggressiveness) > 0):
        raise _out_of_bounds(f"leverage {max_leverage}, {steps} steps of which {dropped} dropped")
    if not (min(shares, value, wealth, *aggressiveness) > 0.0 and 0.0 <= noise_persistence <= 1.0):
        raise _out_of_bounds("shares, value, wealth, aggressiveness or persistence out of bounds")
    spending = _noise(steps, seed, noise_persistence, noise_sd, np.log(value * shares))
    numbers = (max_leverage, shares, value, wealth, closes_below, reopens_after, memory,
               client_response, benchmark_return)  # fmt: skip
    rules = _Rules(np.asarray(aggressiveness, dtype=float), *(np.float64(x) for x in numbers))
    told = _compiled()(spending, rules)
    price, held, worth, levered, closed = (np.asarray(column) for column in told)
    if not (np.all(np.isfinite(price)) and price.min() > 0.0):
        raise DrypowderError(
            "DP-169",
            f"no price clears the market in step {int(np.argmin(price > 0.0)) + 1}.",
            "Lower the leverage, or the noise.",
        )
    gap = np.abs(spending / price + held - shares) / shares
    kept = np.diff(np.log(price))[dropped:]
    return FatTails(
        price=price,
        returns=kept,
        wealth=worth,
        leverage=levered,
        closures=int(closed.sum()),
        **_moments(kept),
        share_gap=float(gap.max()),
    )


def _noise(steps: int, seed: int, persistence: float, sd: float, rest: float) -> np.ndarray:
    """What noise traders spend, step by step."""
    from scipy.signal import lfilter

    shocks = sd * np.random.default_rng(seed).standard_normal(steps)
    return np.exp(rest + lfilter([1.0], [1.0, -persistence], shocks))


def _moments(returns: np.ndarray) -> dict[str, float]:
    centred = returns - returns.mean()
    sd = float(centred.std())
    scaled = centred / (sd or 1.0)
    return {
        "kurtosis": float((scaled**4).mean()),
        "skewness": float((scaled**3).mean()),
        "volatility": sd,
        "worst": float(np.expm1(returns.min())),
        "abs_autocorrelation": _lagged(np.abs(returns)),
        "autocorrelation": _lagged(returns),
    }


def _lagged(series: np.ndarray) -> float:
    centred = series - series.mean()
    return float((centred[1:] * centred[:-1]).mean() / ((centred**2).mean() or 1.0))


@lru_cache(maxsize=1)
def _compiled():
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax.jit(_path)


def _path(spending, rules: _Rules):
    """Every step of one run."""
    import jax
    import jax.numpy as jnp

    none = jnp.zeros_like(rules.beta)
    opened = none + rules.start
    start = _Fund(none, opened, opened, none, none)
    return jax.lax.scan(partial(_step, rules=rules), start, spending)[1]


def _step(fund: _Fund, spending, *, rules: _Rules):
    """The market clears; then clients look at returns, and funds close and open."""
    import jax.numpy as jnp

    price = _price(fund, spending, rules)
    is_open = fund.wait == 0.0
    wealth = fund.shares * price + fund.cash
    gap = jnp.maximum(rules.value - price, 0.0)
    levered = jnp.where(is_open & (wealth > 0.0), jnp.minimum(rules.beta * gap, rules.most), 0.0)
    shares = levered * wealth / price
    cash = fund.cash - (shares - fund.shares) * price
    earned = jnp.where(is_open, wealth / jnp.maximum(fund.wealth, 1e-300) - 1.0, 0.0)
    mean = fund.mean_return + rules.memory * (earned - fund.mean_return)
    flow = jnp.maximum(-1.0, rules.response * (mean - rules.benchmark)) * wealth
    closes = is_open & (wealth + flow < rules.closes * rules.start)
    stays = is_open & ~closes
    wait = jnp.where(closes, rules.reopens, jnp.maximum(fund.wait - 1.0, 0.0))
    opens = ~is_open & (wait == 0.0)
    after = _Fund(
        shares=shares,  # a fund that closes sells in the next step
        cash=jnp.where(opens, rules.start, jnp.where(stays, cash + flow, 0.0)),
        wealth=jnp.where(opens, rules.start, jnp.where(stays, wealth + flow, 0.0)),
        mean_return=jnp.where(stays, mean, 0.0),
        wait=wait,
    )
    return after, (price, shares.sum(), jnp.where(is_open, wealth, 0.0), levered, closes.sum())


def _price(fund: _Fund, spending, rules: _Rules):
    """The highest price at which all shares have a holder.

    Between two neighbouring prices at which some fund is at its limit or has lost everything,
    spending + sum W min(beta (V - p), lambda) = N p is a quadratic equation.
    """
    import jax.numpy as jnp

    alone = spending / rules.shares
    limit = rules.value - rules.most / rules.beta
    ruin = jnp.where(fund.shares > 0.0, -fund.cash / jnp.where(fund.shares > 0.0, fund.shares, 1.0),
                     0.0)  # fmt: skip
    ends = jnp.zeros(1), jnp.full(1, rules.value)
    edges = jnp.sort(jnp.clip(jnp.concatenate([limit, ruin, *ends]), 0.0, rules.value))
    low, high = edges[:-1, None], edges[1:, None]
    middle = 0.5 * (low + high)
    buys = (fund.wait == 0.0)[None] & (fund.shares[None] * middle + fund.cash[None] > 0.0)
    capped = rules.beta[None] * (rules.value - middle) >= rules.most
    eager = jnp.where(buys & ~capped, rules.beta[None], 0.0)
    full = jnp.where(buys & capped, rules.most, 0.0)
    held, cash = fund.shares[None], fund.cash[None]
    square = -(eager * held).sum(axis=1)
    linear = (eager * (held * rules.value - cash) + full * held).sum(axis=1) - rules.shares
    constant = spending + ((eager * rules.value + full) * cash).sum(axis=1)
    inside = linear**2 - 4.0 * square * constant
    stable = -0.5 * (linear + jnp.where(linear < 0.0, -1.0, 1.0) * jnp.sqrt(jnp.abs(inside)))
    near = 1e-12 * rules.value

    def kept(root):
        fits = (inside >= 0.0) & (root >= low[:, 0] - near) & (root <= high[:, 0] + near)
        return jnp.max(jnp.where(fits, root, -1.0))

    one = kept(stable / jnp.where(square == 0.0, 1e-300, square))
    other = kept(constant / jnp.where(stable == 0.0, 1e-300, stable))
    return jnp.where(alone >= rules.value, alone, jnp.maximum(one, other))


def _out_of_bounds(what: str) -> UsageError:
    return UsageError(
        "DP-168",
        f"the funds were given with {what}.",
        "Leverage is zero or more, amounts above zero, and more steps are made than dropped.",
    )
