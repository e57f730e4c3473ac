"""At which price a venue closes a position: one from its terms, or a file of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from drypowder.errors import UsageError
from drypowder.report.words import coded
from drypowder.venues._naming import coin_of
from drypowder.venues.formulas.brackets import bracket_index, maintenance_margin
from drypowder.venues.formulas.hedged import hedged_liquidation_price
from drypowder.venues.formulas.margin import backstop_price, bankruptcy_price, liquidation_price
from drypowder.venues.formulas.rounding import round_price
from drypowder.venues.rulebooks.positions import Positions, purses
from drypowder.venues.rulebooks.profile import Profile

_ROUNDING = 1e-9  # relative
LONG, SHORT = 1, -1


@dataclass(frozen=True)
class Question:
    """One position, and what else its account holds if it is cross."""

    profile: Profile
    symbol: str  # as the venue's table spells it
    side: int
    size: float  # coins, or contracts where inverse
    entry_price: float
    margin: float  # or the wallet of a cross account; the contract's money
    leverage: float | None = None  # as asked for
    cross: bool = False
    mark: float | None = None
    other_maintenance: float = 0.0
    other_unrealised: float = 0.0
    tick: float | None = None
    contract_value: float | None = None

    @property
    def inverse(self) -> bool:
        return self.profile.contract == "inverse"

    @property
    def money(self) -> str:
        """What margin and notionals are counted in."""
        return coin_of(self.symbol) if self.inverse else self.profile.money

    @property
    def reference(self) -> float:
        """What distances are told from."""
        return self.entry_price if self.mark is None else self.mark

    def notional(self, price: float) -> float:
        """In the contract's money."""
        if self.inverse:
            return self.size * (self.contract_value or np.nan) / price
        return self.size * price

    def arguments(self) -> dict[str, Any]:
        """As the functions of the room take it."""
        return {
            "side": self.side,
            "size": self.size,
            "entry_price": self.entry_price,
            "margin": self.margin,
            "contract": self.profile.contract,
            "close_fee_rate": self.profile.close_fee_rate,
            "contract_value": self.contract_value,
        }


@dataclass(frozen=True)
class Standing:
    """What the table of brackets says of a notional."""

    notional: float
    bracket: int  # counted from 1
    brackets: int
    rate: float
    deduction: float
    maintenance: float
    max_leverage: float | None


@dataclass(frozen=True)
class Answer:
    """Prices of one position; None where there is none."""

    question: Question
    liquidation: float | None
    shown: float | None  # the same on the venue's tick; None if the tick is not known
    bankruptcy: float | None
    backstop: float | None
    has_vault: bool
    at_entry: Standing
    at_liquidation: Standing | None


def answer(question: Question) -> Answer:
    """The prices of one position.

    Raises:
        UsageError: DP-133 a size that the table does not cover, DP-153 a leverage above the
            largest of its bracket, DP-154 margin below maintenance at entry; DP-12x inputs.
    """
    profile, brackets = question.profile, question.profile.brackets(question.symbol)
    rest: dict[str, Any] = {
        "brackets": brackets,
        "maintenance_at": profile.maintenance_at,
        "other_maintenance": question.other_maintenance,
        "other_unrealised": question.other_unrealised,
    }
    given = question.arguments()
    price = _one(liquidation_price(**given, **rest))
    at_entry = standing(question, question.entry_price)
    _refuse(question, at_entry)
    has_vault = profile.takeover == "vault" and profile.backstop_share > 0.0
    shown = None
    if price is not None and question.tick is not None:
        shown = _one(round_price(price=price, tick=question.tick, side=question.side))
    return Answer(
        question=question,
        liquidation=price,
        shown=shown,
        bankruptcy=_one(bankruptcy_price(**given)),
        backstop=_one(backstop_price(**given, **rest, share=profile.backstop_share))
        if has_vault
        else None,
        has_vault=has_vault,
        at_entry=at_entry,
        at_liquidation=None if price is None else standing(question, price),
    )


def standing(question: Question, price: float) -> Standing:
    """Bracket and maintenance of the position at a price."""
    brackets = question.profile.brackets(question.symbol)
    notional = question.notional(price)
    place = int(bracket_index(notional=notional, brackets=brackets))
    most = None if brackets.max_leverage is None else float(brackets.max_leverage[place])
    return Standing(
        notional=notional,
        bracket=place + 1,
        brackets=len(brackets.floor),
        rate=float(brackets.rate[place]),
        deduction=float(brackets.deduction[place]),
        maintenance=float(maintenance_margin(notional=notional, brackets=brackets)),
        max_leverage=most,
    )


def _refuse(question: Question, at_entry: Standing) -> None:
    """Positions that the venue would not have opened, or would have closed at once."""
    question.profile.check_notional(question.symbol, at_entry.notional)
    money = question.money
    most = at_entry.max_leverage
    if question.leverage and most and question.leverage > most * (1.0 + _ROUNDING):
        raise coded(
            UsageError, "DP-153", leverage=f"{question.leverage:g}", most=f"{most:g}",
            notional=f"{at_entry.notional:,.10g} {money}",
        )  # fmt: skip
    needed = at_entry.maintenance + question.other_maintenance
    if question.margin + question.other_unrealised < needed * (1.0 - _ROUNDING):
        raise coded(
            UsageError, "DP-154", margin=f"{question.margin:,.10g} {money}",
            needed=f"{needed:,.10g} {money}",
        )  # fmt: skip


def _one(price: Any) -> float | None:
    return None if price is None or not np.isfinite(price) else float(price)


@dataclass(frozen=True)
class Priced:
    """Prices of many positions, nan where there is none; arrays run over [position]."""

    positions: Positions
    liquidation: np.ndarray
    bankruptcy: np.ndarray
    backstop: np.ndarray
    reference: np.ndarray  # what distances are told from: the mark, or the entry


def priced(positions: Positions, marks: Mapping[str, float]) -> Priced:
    """Liquidation prices of a file, a market at a time.

    Other positions of a cross account count at the marks given by symbol, or at their entry. A long
    and a short of one contract in one wallet share a price (hedge mode): the end nearer to the
    mark; they have no bankruptcy price of their own.
    """
    found = {name: np.full(len(positions), np.nan) for name in ("lp", "bp", "vault")}
    reference = _references(positions, marks)
    groups = list(_groups(positions))
    own = _own(positions, groups, reference)
    need, gain = _others(positions, *own)
    for rows, profile, symbol in groups:
        given = _of(positions, rows, profile)
        rest: dict[str, Any] = {
            "brackets": profile.brackets(symbol),
            "maintenance_at": profile.maintenance_at,
            "other_maintenance": need[rows],
            "other_unrealised": gain[rows],
        }
        found["lp"][rows] = liquidation_price(**given, **rest)
        found["bp"][rows] = bankruptcy_price(**given)
        if profile.takeover == "vault" and profile.backstop_share > 0.0:
            share = profile.backstop_share
            found["vault"][rows] = backstop_price(**given, **rest, share=share)
        if profile.maintenance_at == "mark":
            pair = _pairs(positions, rows)
            others = need[pair[0]] - own[0][pair[1]], gain[pair[0]] - own[1][pair[1]]
            shared = _hedged(positions, pair, profile, symbol, others, reference)
            for leg in pair:
                found["lp"][leg], found["bp"][leg], found["vault"][leg] = shared, np.nan, np.nan
    return Priced(positions, found["lp"], found["bp"], found["vault"], reference)


def _of(positions: Positions, rows: np.ndarray, profile: Profile) -> dict[str, Any]:
    inverse = profile.contract == "inverse"
    return {
        "side": positions.side[rows],
        "size": positions.size[rows],
        "entry_price": positions.entry_price[rows],
        "margin": positions.margin[rows],
        "contract": profile.contract,
        "close_fee_rate": profile.close_fee_rate,
        "contract_value": positions.contract_value[rows] if inverse else None,
    }


def _references(positions: Positions, marks: Mapping[str, float]) -> np.ndarray:
    mark = np.array([marks.get(symbol, np.nan) for symbol in positions.symbols])
    each = mark[positions.symbol]
    return np.where(np.isnan(each), positions.entry_price, each)


def _groups(positions: Positions):
    """Rows of each venue and symbol."""
    key = positions.venue.astype(np.int64) * len(positions.symbols) + positions.symbol
    for kind in np.unique(key):
        venue = positions.venues[kind // len(positions.symbols)]
        assert venue is not None  # the command line always names one
        yield np.flatnonzero(key == kind), venue, positions.symbols[kind % len(positions.symbols)]


def _own(positions: Positions, groups, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maintenance and unrealised profit of each position."""
    need, gain = np.zeros(len(positions)), np.zeros(len(positions))
    for rows, profile, symbol in groups:
        size = positions.size[rows] * positions.contract_value[rows]
        entry, now = positions.entry_price[rows], price[rows]
        inverse = profile.contract == "inverse"
        notional = size / now if inverse else size * now
        need[rows] = maintenance_margin(notional=notional, brackets=profile.brackets(symbol))
        change = 1.0 / entry - 1.0 / now if inverse else now - entry
        gain[rows] = positions.side[rows] * size * change
    return need, gain


def _others(
    positions: Positions, need: np.ndarray, gain: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Maintenance and unrealised profit of the other positions of each row's cross account."""
    shared = ~positions.isolated
    _, owner = np.unique(purses(positions), return_inverse=True)
    count = int(owner.max(initial=-1)) + 1
    total_need = np.bincount(owner, need * shared, count)[owner] - need
    total_gain = np.bincount(owner, gain * shared, count)[owner] - gain
    # a sum less one of its parts is rounding where there is no other part
    alone = np.bincount(owner, shared, count)[owner] < 2.0
    keep = shared & ~alone
    return np.where(keep, np.maximum(total_need, 0.0), 0.0), np.where(keep, total_gain, 0.0)


def _pairs(positions: Positions, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one market that are the long and the short of one wallet."""
    cross = rows[~positions.isolated[rows]]
    wallet = purses(positions)[cross]
    order = np.lexsort((-positions.side[cross], wallet))
    cross, wallet = cross[order], wallet[order]
    _, first, count = np.unique(wallet, return_index=True, return_counts=True)
    first = first[count == 2]
    long, short = cross[first], cross[first + 1]
    opposite = positions.side[long] > positions.side[short]
    return long[opposite], short[opposite]


def _hedged(
    positions: Positions, pair, profile: Profile, symbol: str, others, reference: np.ndarray
) -> np.ndarray:
    """The price that both legs share: of the two ends the one nearer to the mark."""
    long, short = pair
    inverse = profile.contract == "inverse"
    prices = hedged_liquidation_price(
        long_size=positions.size[long],
        long_entry_price=positions.entry_price[long],
        short_size=positions.size[short],
        short_entry_price=positions.entry_price[short],
        margin=positions.margin[long],
        brackets=profile.brackets(symbol),
        contract=profile.contract,
        close_fee_rate=profile.close_fee_rate,
        contract_value=positions.contract_value[long] if inverse else None,
        other_maintenance=np.maximum(others[0], 0.0),
        other_unrealised=others[1],
    )
    lower, upper = np.asarray(prices.lower), np.asarray(prices.upper)
    now = reference[long]
    with np.errstate(divide="ignore"):
        falls, rises = np.log(now / lower), np.log(upper / now)
    nearer = np.where(np.nan_to_num(falls, nan=np.inf) <= np.nan_to_num(rises, nan=np.inf),
                      lower, upper)  # fmt: skip
    return np.where(np.isinf(lower), now, nearer)
