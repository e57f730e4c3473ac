"""Two liquidity spirals: losses of those who hold, and margins that rise when prices fall.

    x(p) = supply - slope (v - p)          what customers sell, speculators must hold
    m(p) = margin + psi (v - p)            money of their own for each unit
    m x <= eta + p x0 - b                  what they have: x0 units bought with debt b

Speculators carry the price to its value v if they can pay for that, and otherwise as far as their
money goes. A dollar more of it moves the price by

    dp/deta = 1 / (slope m - psi x - x0)

in which - psi x is the margin spiral and - x0 the loss spiral. Where the bracket is not positive
a smaller position needs more money, not less: that rest is unstable, and there are others.
Source: M. Brunnermeier and L. Pedersen, Market Liquidity and Funding Liquidity, Review of
Financial Studies 22 (2009). Signs: customers sell, speculators are long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drypowder.errors import UsageError


@dataclass(frozen=True)
class Rest:
    """A price at which nobody wants to, or can, do anything else."""

    price: float
    dprice_deta: float  # what one dollar more of speculators' money does to it
    position: float  # of speculators, units
    margin: float  # dollars a unit
    kind: str  # value: money to spare; funding: all of it used; ruined: none left, x = 0
    stable: bool


@dataclass(frozen=True)
class Spirals:
    """Where the market comes to rest: first the stable rest nearest to value."""

    price: float
    dprice_deta: float
    position: float
    margin: float
    kind: str  # see Rest
    multiplier: float  # dprice_deta over what it is without either spiral at the same margin
    rests: tuple[Rest, ...]  # all of them, the highest price first

    @property
    def unique(self) -> bool:
        return len(self.rests) == 1


def brunnermeier_pedersen(
    *,
    psi: float,
    x0: float,
    b: float,
    eta: float = 150.0,
    value: float = 100.0,
    supply: float = 10.0,
    slope: float = 1.0,
    margin: float = 20.0,
) -> Spirals:
    """The price when those who provide liquidity need money, and what a dollar of it is worth.

    Args:
        psi: rise of the margin per dollar that the price is below value; x0, b: units that
            speculators hold and what they owe for them; eta: their other money, dollars.
        value: price that both sides agree on; supply: what customers sell at it; slope: how much
            less for each dollar below it; margin: dollars a unit at value.

    Returns:
        every rest of the market. Where money has run out customers keep everything
        (kind "ruined"): that is told, not hidden, as there is no price that speculators finance.

    Raises:
        UsageError: DP-168 for numbers that are no market of sellers.
    """
    numbers = (psi, x0, b, eta, value, supply, slope, margin)
    if not np.all(np.isfinite(numbers)) or min(supply, slope, margin) <= 0.0 or psi < 0.0:
        raise UsageError(
            "DP-168",
            f"supply {supply}, slope {slope}, margin {margin} and psi {psi} make no such market.",
            "Give finite numbers; supply, slope and margin above zero, psi not below it.",
        )
    market = _Market(*numbers)
    rests = market.rests()
    best = next(rest for rest in rests if rest.stable)
    return Spirals(
        price=best.price,
        dprice_deta=best.dprice_deta,
        position=best.position,
        margin=best.margin,
        kind=best.kind,
        multiplier=best.dprice_deta * slope * best.margin,
        rests=rests,
    )


@dataclass(frozen=True)
class _Market:
    psi: float
    x0: float
    b: float
    eta: float
    value: float
    supply: float
    slope: float
    margin: float

    def rests(self) -> tuple[Rest, ...]:
        """At value, wherever all money is used, and where none is left: falls u = v - p rising.

        Money less need, c0 + c1 u + c2 u^2, is convex in u; speculators are content where it is
        zero, at value where it is not negative, and out of the market where it is negative at
        the fall that makes customers keep everything.
        """
        last = self.supply / self.slope
        spare = self.eta + self.value * self.x0 - self.b - self.margin * self.supply
        rise = self.slope * self.margin - self.psi * self.supply - self.x0
        falls = [u for u in _roots(spare, rise, self.psi * self.slope) if 0.0 < u < last]
        found = [self._rest(u, "funding") for u in falls]
        if spare >= 0.0:
            found.insert(0, self._rest(0.0, "value"))
        at_last = spare + rise * last + self.psi * self.slope * last**2
        if at_last <= 0.0 or not found:  # none: the root lies within rounding of the end
            found.append(self._rest(last, "ruined"))
        return tuple(found)

    def _rest(self, fall: float, kind: str) -> Rest:
        position = self.supply - self.slope * fall
        margin = self.margin + self.psi * fall
        bracket = self.slope * margin - self.psi * position - self.x0
        financed = kind == "funding"
        return Rest(
            price=self.value - fall,
            dprice_deta=(1.0 / bracket if bracket else np.inf) if financed else 0.0,
            position=position,
            margin=margin,
            kind=kind,
            stable=bracket > 0.0 or not financed,
        )


def _roots(c0: float, c1: float, c2: float) -> list[float]:
    """Real roots of c0 + c1 u + c2 u^2, rising, without taking near-equal numbers apart."""
    if c2 == 0.0:
        return [-c0 / c1] if c1 else []
    under = c1 * c1 - 4.0 * c2 * c0
    if under < 0.0:
        return []
    half = float(-0.5 * (c1 + np.copysign(np.sqrt(under), c1)))
    found = {half / c2, c0 / half if half else 0.0}
    return sorted(found)
