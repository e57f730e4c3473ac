"""Where forced orders lie: USD that would be closed, by how far each price has to go.

A position that answers for itself has one liquidation price, that of `liquidation_price`. A
cross account has none: what one coin must do depends on the others. Its price here is told along
a stated path, on which all coins move together, market m by beta_m times a common log move x,

    money + sum size (P_m e^(beta_m x) - entry) = sum maintenance(|size| P_m e^(beta_m x)),

and the account closes at the first x, downwards and upwards, that meets it. A hedged book may
have one in both directions: it counts in both, but once in each. The map says where orders lie
if nothing else changes; sales that move prices, money paid in and positions closed by choice are
not in it. Signs: log moves from the price now, negative is a fall; USD at the liquidation price.
Source: ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from drypowder.errors import UsageError
from drypowder.venues._sums import sums
from drypowder.venues.crowd.population import Population
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.formulas.margin import liquidation_price
from drypowder.venues.formulas.schedule import Schedule

Floats = NDArray[np.float64]
_NODES = 48  # looked at between here and the end for the first crossing
_STEPS = 40  # of the search between two nodes
_DUE = -1e-15  # where positions stand that are due at once: just below the price now


@dataclass(frozen=True)
class LiquidationMap:
    """Forced orders by distance; side 0 is longs, which are sold, side 1 shorts, bought."""

    edges: Floats  # [bucket + 1], log move of each market's own price
    usd: Floats  # [side, market, bucket]
    open_interest_usd: Floats  # [side, market], at the price now
    covered: Floats  # [side, market], share of it that is closed between the edges
    unpriced: Floats  # [side, market], share of it that no move within the search would close
    cross: Floats  # [side, market], share of it in accounts whose price depends on other coins
    due: Floats  # [side, market], share of it that is already below maintenance
    price_now: Floats  # [market]

    def price_edges(self, market: int) -> Floats:
        """[bucket + 1]: the edges as prices of one market."""
        return self.price_now[market] * np.exp(self.edges)


def liquidation_profile(
    population: Population,
    *,
    price: ArrayLike,
    brackets: Sequence[Brackets],
    edges: ArrayLike,
    beta: ArrayLike = 1.0,
    inverse: ArrayLike = False,
    close_fee_rate: ArrayLike = 0.0,
) -> LiquidationMap:
    """The map of a population, or of positions read from a file.

    Args:
        price: [market] now. edges: log moves, rising. brackets: one a market.
        beta: [market] log move of each market for a common one; only cross accounts need it.
        inverse: [market] contracts whose money is the coin (isolated only).
        close_fee_rate: [market] closing fee that counts in the trigger.

    Raises:
        UsageError: DP-142 for markets without price or brackets, edges that do not rise, or a
            cross account in inverse contracts; DP-121 for prices that are none.
    """
    now = np.atleast_1d(np.asarray(price, dtype=np.float64))
    cuts = np.asarray(edges, dtype=np.float64)
    each = {"beta": beta, "inverse": inverse, "fee": close_fee_rate}
    spread = {k: np.broadcast_to(np.asarray(v, dtype=float), now.shape) for k, v in each.items()}
    coin = spread["inverse"] > 0.0
    _check(population, now, brackets, cuts, spread["beta"])
    rows = population.rows_each()
    alone = (rows == 1)[population.owner] & (population.size != 0.0)
    shared = population.restrict(rows > 1)
    _refuse(bool(coin[shared.market].any()), "a cross account owns inverse contracts")
    move, due = _single_moves(population, alone, now, brackets, coin, spread["fee"])
    fall, rise, due_shared = _cross_moves(
        shared, now, brackets, cuts, spread["beta"], spread["fee"]
    )
    crossed = np.flatnonzero((rows > 1)[population.owner])
    worth = np.where(coin[population.market], np.abs(population.size), population.notional(now))
    tally = _Tally(population, now, cuts, coin, worth)
    tally.add(np.flatnonzero(alone), move, due)
    tally.add(crossed, fall, due_shared)
    tally.add(crossed, rise, np.zeros(len(crossed), dtype=bool))
    return tally.finish(crossed)


class _Tally:
    """Sums by side, market and bucket."""

    def __init__(self, population: Population, now, edges, coin, worth) -> None:
        self.now, self.edges, self.coin, self.worth = now, edges, coin, worth
        self.market, self.size = population.market, population.size
        self.slot = np.where(population.size < 0.0, len(now), 0) + population.market
        self.slots = 2 * len(now)
        self.total = self._sum(np.arange(population.positions))
        self.usd = np.zeros((self.slots, len(edges) - 1))
        self.priced = np.zeros(population.positions, dtype=bool)
        self.inside = np.zeros(population.positions, dtype=bool)
        self.is_due = np.zeros(population.positions, dtype=bool)

    def _sum(self, rows) -> Floats:
        return sums(self.slot[rows], self.worth[rows], self.slots)

    def add(self, rows, move: Floats, due) -> None:
        """Positions that close after these log moves of their own price; nan: never."""
        self.priced[rows] |= ~np.isnan(move)
        self.is_due[rows] |= due
        bucket = np.searchsorted(self.edges, move, side="right") - 1
        inside = (bucket >= 0) & (bucket < len(self.edges) - 1)
        self.inside[rows] |= inside
        rows, bucket, move = rows[inside], bucket[inside], move[inside]
        usd = self.worth[rows] * np.where(self.coin[self.market[rows]], 1.0, np.exp(move))
        place = self.slot[rows] * self.usd.shape[1] + bucket
        self.usd += sums(place, usd, self.usd.size).reshape(self.usd.shape)

    def finish(self, crossed) -> LiquidationMap:
        """Shares of open interest, and the map."""
        total = np.maximum(self.total, 1e-300)
        held = np.flatnonzero
        shape = (2, len(self.now))
        share = {
            "covered": self._sum(held(self.inside)),
            "unpriced": self._sum(held(~self.priced)),
            "cross": self._sum(crossed),
            "due": self._sum(held(self.is_due)),
        }
        return LiquidationMap(
            edges=self.edges,
            usd=self.usd.reshape(*shape, -1),
            open_interest_usd=self.total.reshape(shape),
            price_now=self.now,
            **{name: (value / total).reshape(shape) for name, value in share.items()},
        )


def _single_moves(population, alone, now, brackets, coin, fee) -> tuple[Floats, NDArray[np.bool_]]:
    """Log move of its price that closes each position that answers for itself."""
    market, owner = population.market[alone], population.owner[alone]
    side, size = np.sign(population.size[alone]), np.abs(population.size[alone])
    entry, money = population.entry[alone], population.money[owner]
    move = np.full(len(market), np.nan)
    for number in np.unique(market):
        here = market == number
        level = liquidation_price(
            side=side[here],
            size=size[here],
            entry_price=entry[here],
            margin=money[here],
            brackets=brackets[number],
            contract="inverse" if coin[number] else "linear",
            contract_value=1.0 if coin[number] else None,
            close_fee_rate=fee[number],
        )
        move[here] = np.log(level / now[number])
    due = side * move >= 0.0
    return np.where(due, _DUE, move), due


def _cross_moves(shared, now, brackets, edges, beta, fee):
    """Log move of each position's market at which its cross account closes: falling, rising."""
    if not shared.accounts:
        nothing = np.zeros(0)
        return nothing, nothing, nothing.astype(bool)
    slack = _slack(shared, now, Schedule.of(brackets), beta, fee)
    due = slack(np.zeros(shared.accounts)) <= 0.0
    reach = np.max(np.abs(edges)) / beta.min()
    moves = []
    for direction in (-1.0, 1.0):
        common = _first_crossing(slack, direction * reach, shared.accounts)
        common = np.where(due, _DUE if direction < 0.0 else np.nan, common)
        moves.append(beta[shared.market] * common[shared.owner])
    return moves[0], moves[1], due[shared.owner]


def _slack(shared: Population, now, schedule: Schedule, beta, fee):
    """Equity less what must be kept, as a function of each account's common log move."""
    market, size = shared.market, shared.size

    def at(common: Floats) -> Floats:
        price = now[market] * np.exp(beta[market] * common[shared.owner])
        notional = np.abs(size) * price
        kept = schedule.maintenance(market, notional) + fee[market] * notional
        gain = size * (price - shared.entry) - kept
        return shared.money + sums(shared.owner, gain, shared.accounts)

    return at


def _first_crossing(slack, end: float, accounts: int) -> Floats:
    """First common move towards `end` at which slack is gone; nan where it never is."""
    near, far = np.zeros(accounts), np.full(accounts, np.nan)
    for node in np.linspace(0.0, end, _NODES + 1)[1:]:
        gone = np.isnan(far) & (slack(np.full(accounts, node)) <= 0.0)
        far[gone] = node
        near = np.where(np.isnan(far), node, near)
        if not np.isnan(far).any():
            break
    found = ~np.isnan(far)
    low, high = near, np.where(found, far, near)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        gone = slack(middle) <= 0.0
        low, high = np.where(gone, low, middle), np.where(gone, middle, high)
    return np.where(found, high, np.nan)


def _check(population, now, brackets, edges, beta) -> None:
    known = population.markets <= len(now) == len(brackets)
    _refuse(not known, f"{population.markets} markets have {len(now)} prices and "
            f"{len(brackets)} tables of brackets")  # fmt: skip
    _refuse(not np.all(np.isfinite(now) & (now > 0.0)), "a price is not above zero")
    rising = edges.ndim == 1 and len(edges) > 1 and np.all(np.diff(edges) > 0.0)
    _refuse(not rising, "the edges of the buckets do not rise")
    _refuse(not np.all(beta > 0.0), "a beta is not above zero")


def _refuse(broken: bool, what: str) -> None:
    if broken:
        raise UsageError(
            "DP-142",
            f"no liquidation map can be drawn: {what}.",
            "Give one price, table of brackets and beta a market; buckets as rising log moves.",
        )
