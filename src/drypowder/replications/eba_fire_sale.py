"""A fire sale among 48 banks, and what it does when somebody has to pay for what they sell.

    "forced sellers need a buyer, and the buyer needs the cash"

Government bonds lose `shock` of their price. For some rounds banks below `buffer` of equity over
assets repay loans and sell bonds to get back to `target`, banks below `minimum` fail and sell
everything, and prices fall with what is sold: by `impact_at_5pct_sold` when 5 % of all bonds are.
With `buyers="outside"` whatever is offered is bought: the paper's sellers are credited and nobody
is charged; here an outside buyer owes the money. With `buyers="own_cash"` healthy banks, other
investors with `dry_powder`, and lenders with what they were repaid pay out of cash that exists;
`_fire_sale` says how prices are made when it runs out.
Source: Farmer, Kleinnijenhuis, Nahai-Williamson and Wetzer, Bank of England Staff Working Paper
861 (2020). EUR m; assets positive; prices per unit of face.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from drypowder.errors import UnbalancedError, UsageError
from drypowder.replications._fire_sale import Round, State, one_round
from drypowder.replications.eba_accounts import ledger_of
from drypowder.replications.eba_banks import BankTable, eba_banks
from drypowder.replications.eba_opening import (
    Case,
    Opening,
    face_of,
    first_state,
    make_case,
    open_books,
)

if TYPE_CHECKING:
    from drypowder.accounts.ledger import Ledger

BUYERS = ("outside", "own_cash")
SHOCKED = ("gov", "corp", "both")
SPENDERS = ("banks", "other_investors", "lenders")  # the outside buyer stands where others do
# A price below what default would pay is no reason to sell: standard credit default swaps on
# senior unsecured and on western European sovereign debt assume that 40 % is recovered.
RECOVERY = 0.4
_FEW = 1_000  # scenarios for which nothing is compiled
_CHUNK = 1_000  # scenarios at a time: they fit the cache
_GAP = 1e-9  # of turnover, that the money of a batch may miss


@dataclass(frozen=True, eq=False)
class EbaFireSale:
    """What became of the banks; with arrays as arguments the last axis is the scenario."""

    failures: Int[np.ndarray, "step *scenario"]  # banks that failed in the step
    sold_share: Float[np.ndarray, "step *scenario"]  # of all bonds at face, sold so far
    unsold_share: Float[np.ndarray, "step *scenario"]  # offered in the step and not bought
    price_corp: Float[np.ndarray, "*scenario"]  # at the end; 1 at the start
    price_gov: Float[np.ndarray, "*scenario"]
    corp_path: Float[np.ndarray, "step *scenario"]
    gov_path: Float[np.ndarray, "step *scenario"]
    default_share: Float[np.ndarray, "*scenario"]  # banks that failed, 0 below the floor
    equity_end: Float[np.ndarray, "bank *scenario"]  # EUR m
    spent: Float[np.ndarray, "spender *scenario"]  # EUR m paid for bonds; see SPENDERS
    powder_left: Float[np.ndarray, "step *scenario"]  # cash of other investors, EUR m


_DEFAULTS = {
    "minimum": 0.03,
    "target": 0.05,
    "dry_powder": 0.0,
    "bank_cash_kept": 0.05,
    "lenders_bid": 0.0,
    "lowest_price": RECOVERY,
}


class _Ending(NamedTuple):
    rounds: Round  # (step, scenario)
    price_corp: Any  # (scenario,)
    price_gov: Any
    equity: Any  # (bank, scenario)
    failed_share: Any
    spent: Any  # (spender, scenario)
    lost: Any  # money and bonds that were made or lost, share of what there is


def eba_fire_sale(
    *,
    impact_at_5pct_sold: float | np.ndarray,
    shock: float | np.ndarray,
    buffer: float | np.ndarray,
    steps: int = 6,
    buyers: str = "outside",
    shocked: str = "gov",
    minimum: float | np.ndarray = 0.03,
    target: float | np.ndarray = 0.05,
    default_share_floor: float = 0.05,
    cash_share: float = 0.05,
    dry_powder: float | np.ndarray = 0.0,
    bank_cash_kept: float | np.ndarray = 0.05,
    lenders_bid: float | np.ndarray = 0.0,
    lowest_price: float | np.ndarray = RECOVERY,
    banks: BankTable | None = None,
) -> EbaFireSale:
    """Failures, sales and prices of a fire sale; arrays make a batch of scenarios.

    Args:
        impact_at_5pct_sold: fall of a price, as a share, when 5 % of its bonds are sold.
        shock: fall of the price of the `shocked` bonds ("gov", "corp" or "both") at the start.
        buffer: equity over assets below which a bank sells; 1 for banks that always return
            to `target`. minimum: below which it fails.
        default_share_floor: a smaller share of failed banks is told as none, as in the paper.
        cash_share: cash of a bank at the start, share of its assets.
        buyers: "outside" or "own_cash"; the next four matter only for the latter.
        dry_powder: cash of other investors at the start, share of all bonds at face.
        bank_cash_kept: cash that a bank at or above `target` does not spend, share of assets.
        lenders_bid: share of what lenders were repaid that they offer for bonds.
        lowest_price: price below which sellers rather keep their bonds than sell for want of cash.
        banks: another table than that of the 48 banks.

    Raises:
        UsageError: DP-168 for an argument out of bounds.

    Source: Farmer, Kleinnijenhuis, Nahai-Williamson and Wetzer (2020).
    """
    table = eba_banks() if banks is None else banks
    numbers = {
        "impact_at_5pct_sold": impact_at_5pct_sold, "shock": shock, "buffer": buffer,
        "minimum": minimum, "target": target, "dry_powder": dry_powder,
        "bank_cash_kept": bank_cash_kept, "lenders_bid": lenders_bid,
        "lowest_price": lowest_price,
    }  # fmt: skip
    given, shape = _broadcast(numbers)
    _check(given, steps, buyers, shocked, cash_share, default_share_floor)
    opening, own_cash = open_books(table, cash_share), buyers == "own_cash"
    case = make_case(given, opening, shocked, own_cash)
    ending = _play(case, opening, steps, own_cash)
    _refuse_lost_money(float(np.max(ending.lost)))
    return _told(ending, opening, shape, default_share_floor)


def eba_ledger(
    *,
    impact_at_5pct_sold: float,
    shock: float,
    buffer: float,
    steps: int = 6,
    buyers: str = "outside",
    shocked: str = "gov",
    cash_share: float = 0.05,
    banks: BankTable | None = None,
    **others: float,
) -> Ledger:
    """Every round of one fire sale in the accounts: who paid whom, and what everybody has left.

    Args:
        others: as for `eba_fire_sale`.

    Raises:
        UsageError: DP-168 for an argument out of bounds.
        UnbalancedError: DP-029 or DP-163 if money, bonds or debts were made or lost.
    """
    table = eba_banks() if banks is None else banks
    numbers = {**_DEFAULTS, **others, "impact_at_5pct_sold": impact_at_5pct_sold, "shock": shock,
               "buffer": buffer}  # fmt: skip
    if set(numbers) - set(_DEFAULTS) - {"impact_at_5pct_sold", "shock", "buffer"}:
        raise _out_of_bounds(f"unknown arguments {sorted(set(others) - set(_DEFAULTS))}")
    given, shape = _broadcast(numbers)
    _check(given, steps, buyers, shocked, cash_share, 0.0)
    if shape != ():
        raise _out_of_bounds("several scenarios where a ledger tells of one")
    opening, own_cash = open_books(table, cash_share), buyers == "own_cash"
    case = make_case(given, opening, shocked, own_cash)
    return ledger_of(
        case,
        opening,
        first_state(np, case, opening),
        steps=steps,
        own_cash=own_cash,
        banks=table,
        face=face_of(opening),
    )


def _play(case: Case, opening: Opening, steps: int, own_cash: bool) -> _Ending:
    """Chunk by chunk, compiled if there are many."""
    count = case.powder.size
    if count <= _FEW:
        return _rounds(np, case, opening, face_of(opening), steps, own_cash)
    run = _compiled(steps, own_cash)
    face = face_of(opening)
    parts = [run(part, opening, face) for part in _chunks(case, count)]
    import jax

    joined = [jax.tree.map(np.asarray, part) for part in parts]
    return jax.tree.map(lambda *each: np.concatenate(each, axis=-1)[..., :count], *joined)


def _chunks(case: Case, count: int) -> Iterator[Case]:
    """Pieces of one size, the last filled up with its own last scenario."""
    import jax

    for first in range(0, count, _CHUNK):
        rows = np.minimum(np.arange(first, first + _CHUNK), count - 1)
        yield jax.tree.map(lambda column, rows=rows: column[rows], case)


@lru_cache(maxsize=8)
def _compiled(steps: int, own_cash: bool):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)

    @jax.jit
    def run(case, opening, face):
        return _rounds(jnp, case, opening, face, steps, own_cash)

    return run


def _rounds(xp, case: Case, opening: Opening, face, steps: int, own_cash: bool) -> _Ending:
    """All rounds of a chunk."""

    def go(carried, _):
        state, spent = carried
        state, trade, _, told = one_round(
            xp, state, opening.sheet, case.rules, outstanding=face, own_cash=own_cash
        )
        money = trade.sold_corp * trade.paid_corp + trade.sold_gov * trade.paid_gov
        by = xp.stack([trade.by_banks.sum(0), trade.by_others, trade.by_lenders])
        return (state, spent + by * money[None]), told

    carried = first_state(xp, case, opening), xp.stack([0.0 * case.powder] * len(SPENDERS))
    if xp is np:
        each = []
        for _ in range(steps):
            carried, told = go(carried, None)
            each.append(told)
        rounds = Round(*(np.stack(column) for column in zip(*each, strict=True)))
    else:
        import jax

        carried, rounds = jax.lax.scan(go, carried, None, length=steps)
    return _ended(xp, rounds, carried[0], carried[1], case, opening)


def _ended(xp, rounds: Round, state: State, spent, case: Case, opening: Opening) -> _Ending:
    """Where the scenario ends, and whether money and bonds only changed hands."""
    bonds = state.corp * state.price_corp[None] + state.gov * state.price_gov[None]
    assets = state.cash + bonds + opening.sheet.other
    held = (
        state.cash.sum(0) + state.others_cash + state.lenders_cash,
        state.corp.sum(0) + state.others_corp + state.lenders_corp,
        state.gov.sum(0) + state.others_gov + state.lenders_gov,
    )
    begun = opening.cash.sum() + case.powder, opening.corp.sum(), opening.gov.sum()
    gaps = [xp.abs(one - other) for one, other in zip(held, begun, strict=True)]
    return _Ending(
        rounds,
        state.price_corp,
        state.price_gov,
        assets - state.loan - opening.sheet.other_debt,
        state.failed.sum(0) / state.failed.shape[0],
        spent,
        (gaps[0] + gaps[1] + gaps[2]) / (begun[0] + begun[1] + begun[2]),
    )


def _told(ending: _Ending, opening: Opening, shape, floor: float) -> EbaFireSale:
    rounds, share = ending.rounds, ending.failed_share
    face = float(np.sum(opening.corp + opening.gov)) or 1.0

    def whole(column) -> np.ndarray:
        return np.asarray(column).reshape((*np.shape(column)[:-1], *shape))[()]

    return EbaFireSale(
        failures=whole(rounds.failures),
        sold_share=whole(np.cumsum(rounds.sold, axis=0) / face),
        unsold_share=whole(rounds.unsold / face),
        price_corp=whole(ending.price_corp),
        price_gov=whole(ending.price_gov),
        corp_path=whole(rounds.price_corp),
        gov_path=whole(rounds.price_gov),
        default_share=whole(np.where(share < floor, 0.0, share)),
        equity_end=whole(ending.equity),
        spent=whole(ending.spent),
        powder_left=whole(rounds.others_cash),
    )


def _broadcast(numbers: dict[str, Any]) -> tuple[dict[str, np.ndarray], tuple[int, ...]]:
    """All numbers at one shape, flat, and that shape."""
    arrays = {name: np.asarray(value, dtype=float) for name, value in numbers.items()}
    try:
        shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError as error:
        raise _out_of_bounds(f"arrays of different lengths ({error})") from error
    return {k: np.broadcast_to(a, shape).reshape(-1).copy() for k, a in arrays.items()}, shape


def _check(given, steps, buyers, shocked, cash_share, floor) -> None:
    below_one = ("impact_at_5pct_sold", "shock")
    at_least_zero = [name for name in given if name != "shock"]
    if buyers not in BUYERS or shocked not in SHOCKED:
        raise _out_of_bounds(f"buyers {buyers!r} or shocked {shocked!r}")
    if steps < 1 or not (0.0 <= cash_share < 1.0 and 0.0 <= floor <= 1.0):
        raise _out_of_bounds(f"steps {steps}, cash share {cash_share} or floor {floor}")
    for name, array in given.items():
        worst = array[~np.isfinite(array)]
        if name in below_one:
            worst = np.append(worst, array[array >= 1.0])
        if name in at_least_zero:
            worst = np.append(worst, array[array < 0.0])
        if name == "target":
            worst = np.append(worst, array[array == 0.0])
        if worst.size:
            raise _out_of_bounds(f"{name} {worst[0]:g}")


def _refuse_lost_money(worst: float) -> None:
    if not worst <= _GAP:
        raise UnbalancedError(
            "DP-163",
            f"{worst:.3g} of all money and bonds were made or lost.",
            "This is a fault of the replication, not of your numbers: please report it.",
        )


def _out_of_bounds(what: str) -> UsageError:
    return UsageError(
        "DP-168",
        f"the fire sale was asked for with {what}.",
        "Shares are finite, not below zero, impact and shock below one; buyers are "
        f"{' or '.join(BUYERS)}, shocked {', '.join(SHOCKED)}.",
    )
