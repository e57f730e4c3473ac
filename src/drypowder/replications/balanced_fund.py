"""A fund that keeps its share of equity: a dollar of inflow is worth many dollars of market.

    dP/P = f / zeta ,   zeta = 1 - theta + kappa delta

One fund owns all equity, a share theta of what it has; money f (of what it has) comes in. It
wants theta of that in equity, nobody sells, so the price rises until the old units are worth
enough. With kappa it also wants less equity when equity is dear (delta: dividend yield). Our own
demand and clearing find the price: a logit of the same slope at the opening, so both multipliers
agree for small flows, and for every flow where kappa is zero.
Source: X. Gabaix and R. Koijen, In Search of the Origins of Financial Fluctuations: The Inelastic
Markets Hypothesis (NBER 28967, 2021). Signs: inflows > 0; the fund's assets are 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drypowder.errors import DrypowderError, UsageError

if TYPE_CHECKING:  # our demand needs jax, which takes a second to load
    from drypowder.markets.demand import Curves

_ONE_GROUP = ((0, 1),)
_TOLERANCE = 1e-13  # of ln(demand/supply): a multiplier is a ratio of small numbers


@dataclass(frozen=True)
class BalancedFund:
    """What an inflow did to the price; money as a share of the fund's assets before it."""

    price_change: float  # share of the price
    multiplier: float  # of this inflow: change of the price over inflow; local one without inflow
    local_multiplier: float  # of a small inflow, from our Jacobian: 1/zeta
    dollars_per_dollar: float  # rise of market value per dollar that came in
    zeta: float  # elasticity of demand by the paper's formula
    equity: float  # afterwards
    cash: float  # afterwards: all of the inflow, as nobody sold
    equity_share: float  # afterwards


def balanced_fund(
    *, theta: float, inflow: float, kappa: float = 0.0, delta: float = 0.04
) -> BalancedFund:
    """The price at which a fund that owns everything is content after money came in.

    Args:
        theta: share of equity; inflow: share of the fund's assets, negative for an outflow.
        kappa: fall of ln theta per unit of expected excess return lost; delta: expected excess
            return lost per unit of ln price, the dividend yield.

    Raises:
        UsageError: DP-168 for a share outside (0, 1), or an outflow of all cash and more, which
            no price can pay: with nobody to sell to, the fund cannot turn equity into money.
        DrypowderError: DP-169 if no price clears.
    """
    _check(theta, inflow, kappa, delta)
    from drypowder.scenarios.simulate import prepare_jax

    prepare_jax()
    slope = kappa * delta / (1.0 - theta)
    change = _price_change(_curves(theta, inflow, slope))
    local = _local_multiplier(_curves(theta, 0.0, slope))
    equity, cash = theta * (1.0 + change), 1.0 - theta + inflow
    multiplier = change / inflow if inflow else local
    return BalancedFund(
        price_change=change,
        multiplier=multiplier,
        local_multiplier=local,
        dollars_per_dollar=theta * multiplier,
        zeta=1.0 - theta + kappa * delta,
        equity=equity,
        cash=cash,
        equity_share=equity / (equity + cash),
    )


def _price_change(curves: Curves) -> float:
    """Where our markets clear. Raises DrypowderError DP-169 where they do not."""
    import jax.numpy as jnp

    from drypowder.markets.clearing import clear

    found = clear(
        log_price=jnp.zeros((1, 1)),
        inverse_guess=-jnp.ones((1, 1, 1)),
        curves=curves,
        segments=_ONE_GROUP,
        alive=jnp.ones(1, dtype=bool),
        tolerance=jnp.full(1, _TOLERANCE),
    )
    if not bool(found.converged[0]):
        raise DrypowderError(
            "DP-169", "no price at which the fund is content was found.", "Try a smaller flow."
        )
    return float(jnp.expm1(found.log_price[0, 0]))


def _local_multiplier(curves: Curves) -> float:
    """Change of ln P for a small flow: log demand rises one for one with the fund's assets."""
    import jax.numpy as jnp

    from drypowder.markets.demand import excess_demand_jacobian

    jacobian = excess_demand_jacobian(
        log_price=jnp.zeros((1, 1)), curves=curves, segments=_ONE_GROUP
    )
    return -1.0 / float(jacobian[0, 0, 0])


def _curves(theta: float, inflow: float, slope: float) -> Curves:
    """The fund as one group of our demand system, anchored at the opening."""
    import jax.numpy as jnp

    from drypowder.markets.demand import Curves, opening_log_odds

    units, cash = jnp.full((1, 1, 1), theta), jnp.full((1, 1, 1), 1.0 - theta)
    return Curves(
        log_odds=opening_log_odds(units=units, cash=cash),
        slope=jnp.full((1, 1, 1), slope),
        cash=cash + inflow,
        units=units,
        net_supply=jnp.zeros((1, 1)),
        trades=jnp.ones(1),
        kept=jnp.ones((1, 1, 1)),
    )


def _check(theta: float, inflow: float, kappa: float, delta: float) -> None:
    if not (0.0 < theta < 1.0 and 0.0 <= kappa * delta < float("inf")):
        raise UsageError(
            "DP-168",
            f"theta {theta}, kappa {kappa} and delta {delta} describe no balanced fund.",
            "Give theta between 0 and 1; kappa and delta not below zero.",
        )
    if not theta - 1.0 < inflow < float("inf"):
        raise UsageError(
            "DP-168",
            f"an outflow of {-inflow} is not below the fund's cash of {1.0 - theta}.",
            "Nobody buys from this fund, so it cannot pay out more than its cash.",
        )
