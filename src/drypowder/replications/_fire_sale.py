"""Six rounds of a fire sale, for NumPy and for JAX: banks delever, and somebody pays, or nobody.

    offered:  failed banks all, others the share of their bonds that their need calls for
    impact:   p = p_first exp(-beta (sold + offered) / Q), paid the mean of p and the price before,
              beta = -ln(1 - fall)/share sold
    fails:    equity/assets < minimum;  acts: equity/assets < buffer
    need:     assets - equity/target; repaid out of cash and loan, the rest is offered next round

Own cash: buyers pay the same prices while their money lasts. Where it does not, all prices of the
round are marked down by one factor until the remaining cash buys what is offered (cash in the
market, Allen and Gale 1994). Want of cash takes no price below `lowest`: there sellers keep what
nobody can pay for, and offer it again. Offers weigh on prices whether or not they find a buyer,
each bond once; no price rises.
Arrays are (bank, scenario) or (scenario,), amounts EUR m, prices per unit of face.
Source: Farmer, Kleinnijenhuis, Nahai-Williamson and Wetzer (2020) for the rules of the banks.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

Array = Any  # NumPy's or JAX's


class Rules(NamedTuple):
    """What a scenario sets, (scenario,)."""

    impact: Array  # beta, log price per share of the bonds outstanding
    buffer: Array  # equity over assets below which a bank sells
    minimum: Array  # below which it fails
    target: Array  # to which it returns
    kept: Array  # cash that a buying bank keeps, share of its assets
    bid: Array  # share of what lenders were repaid that they offer for bonds
    lowest: Array  # price below which sellers rather keep their bonds than sell for want of cash
    first_corp: Array  # prices after the shock
    first_gov: Array


class Sheet(NamedTuple):
    """What does not move, (bank, 1)."""

    other: Array  # assets without a market
    other_debt: Array


class State(NamedTuple):
    """What moves."""

    cash: Array  # (bank, scenario)
    corp: Array  # bonds at face
    gov: Array
    loan: Array
    failed: Array
    share: Array  # of its bonds that a bank has on offer
    price_corp: Array  # (scenario,)
    price_gov: Array
    sold_corp: Array  # face so far
    sold_gov: Array
    others_cash: Array  # of other investors; of the outside buyer, who owes it: below zero
    others_corp: Array
    others_gov: Array
    lenders_cash: Array
    lenders_corp: Array
    lenders_gov: Array


class Trade(NamedTuple):
    """One clearing: what changed hands at which price, and whose money paid."""

    filled: Array  # share of the offers that found a buyer
    sold_corp: Array
    sold_gov: Array
    paid_corp: Array  # per unit of face
    paid_gov: Array
    price_corp: Array  # after it
    price_gov: Array
    by_banks: Array  # share of the money, (bank, scenario)
    by_others: Array
    by_lenders: Array


class Round(NamedTuple):
    """What is told of a round, (scenario,)."""

    failures: Array
    sold: Array  # face
    unsold: Array  # face offered in vain
    price_corp: Array
    price_gov: Array
    others_cash: Array


def one_round(
    xp: ModuleType, state: State, sheet: Sheet, rules: Rules, *, outstanding, own_cash: bool
) -> tuple[State, Trade, Array, Round]:
    """Offers meet buyers, then banks look at their leverage.

    Args:
        outstanding: face of corporate and of government bonds at the start.

    Returns:
        the new state, the trade, what each bank repaid, and the figures of the round.
    """
    offered = (state.share * state.corp).sum(0), (state.share * state.gov).sum(0)
    if own_cash:
        trade = _clear_own_cash(xp, state, sheet, rules, offered, outstanding)
    else:
        trade = _clear_outside(xp, state, rules, offered, outstanding)
    traded = _exchange(state, trade)
    decided, repaid = _decide(xp, traded, sheet, rules)
    told = Round(
        failures=(decided.failed & ~state.failed).sum(0),
        sold=trade.sold_corp + trade.sold_gov,
        unsold=(1.0 - trade.filled) * (offered[0] + offered[1]),
        price_corp=trade.price_corp,
        price_gov=trade.price_gov,
        others_cash=decided.others_cash,
    )
    return decided, trade, repaid, told


def _impact(xp, state: State, rules: Rules, offered, outstanding):
    """Prices that the paper's impact makes of all that was sold and is on offer."""
    pressed = (
        (rules.first_corp, state.price_corp, state.sold_corp + offered[0], outstanding[0]),
        (rules.first_gov, state.price_gov, state.sold_gov + offered[1], outstanding[1]),
    )
    return [
        xp.minimum(before, first * xp.exp(-rules.impact * (gone / face)))
        for first, before, gone, face in pressed
    ]


def _clear_outside(xp, state: State, rules: Rules, offered, outstanding) -> Trade:
    """The outside buyer takes whatever is offered, at the price that its impact makes."""
    one, nobody = xp.ones_like(rules.impact), xp.zeros_like(state.cash)
    corp, gov = _impact(xp, state, rules, offered, outstanding)
    return Trade(
        one,
        offered[0],
        offered[1],
        0.5 * (state.price_corp + corp),
        0.5 * (state.price_gov + gov),
        corp,
        gov,
        nobody,
        one,
        0.0 * one,
    )


def _clear_own_cash(xp, state: State, sheet: Sheet, rules: Rules, offered, outstanding) -> Trade:
    """Buyers pay the same prices as long as they can, then what they have."""
    spare = _spare_cash(xp, state, sheet, rules)
    lenders = rules.bid * state.lenders_cash
    powder = spare.sum(0) + state.others_cash + lenders
    after = _impact(xp, state, rules, offered, outstanding)
    full = 0.5 * (state.price_corp + after[0]), 0.5 * (state.price_gov + after[1])
    factor = _markdown(xp, powder, offered, full, rules.lowest)
    paid_corp, paid_gov = (_marked(xp, price, factor, rules.lowest) for price in full)
    cost = offered[0] * paid_corp + offered[1] * paid_gov
    part = xp.where(cost > powder, powder / _positive(xp, cost), 1.0)
    filled = xp.where(powder > 0.0, part, 0.0)
    lower = [_marked(xp, price, factor, rules.lowest) for price in after]
    all_of_it = _positive(xp, powder)
    return Trade(
        filled,
        filled * offered[0],
        filled * offered[1],
        paid_corp,
        paid_gov,
        xp.where(offered[0] > 0.0, lower[0], state.price_corp),
        xp.where(offered[1] > 0.0, lower[1], state.price_gov),
        spare / all_of_it[None],
        state.others_cash / all_of_it,
        lenders / all_of_it,
    )


def _marked(xp, price, factor, lowest):
    """A price marked down for want of cash, no further than `lowest`."""
    return xp.maximum(factor * price, xp.minimum(price, lowest))


def _spare_cash(xp, state: State, sheet: Sheet, rules: Rules):
    """What healthy banks can pay with: those at or above target, beyond the cash they keep."""
    assets = (
        state.cash
        + state.corp * state.price_corp[None]
        + state.gov * state.price_gov[None]
        + sheet.other
    )
    equity = assets - state.loan - sheet.other_debt
    healthy = ~state.failed & (equity >= rules.target[None] * assets)
    return xp.where(healthy, xp.maximum(state.cash - rules.kept[None] * assets, 0.0), 0.0)


def _markdown(xp, powder, offered, full, lowest):
    """The factor on all prices at which the offers cost what buyers have: 1 if they have enough.

    A bond whose price would fall below `lowest` sells at that; the factor then solves for the
    other one. Zero where both are there.
    """
    least = xp.minimum(full[0], lowest), xp.minimum(full[1], lowest)
    cost_corp, cost_gov = offered[0] * full[0], offered[1] * full[1]
    at_corp, at_gov = least[0] / _positive(xp, full[0]), least[1] / _positive(xp, full[1])
    first = at_corp >= at_gov  # which bond reaches its lowest price first
    cost = cost_corp + cost_gov
    together = xp.minimum(powder, cost) / _positive(xp, cost)
    fixed = xp.where(first, offered[0] * least[0], offered[1] * least[1])
    moving = xp.where(first, cost_gov, cost_corp)
    alone = xp.minimum(xp.maximum(powder - fixed, 0.0), moving) / _positive(xp, moving)
    factor = xp.where(together >= xp.maximum(at_corp, at_gov), together, alone)
    return xp.where(cost <= powder, 1.0, factor)


def _positive(xp, divisor):
    """The divisor, or one where there is nothing to divide by and the result is not used."""
    return xp.where(divisor > 0.0, divisor, 1.0)


def _exchange(state: State, trade: Trade) -> State:
    """Bonds to buyers, money to sellers."""
    gone_corp = trade.filled[None] * state.share * state.corp
    gone_gov = trade.filled[None] * state.share * state.gov
    money = trade.sold_corp * trade.paid_corp + trade.sold_gov * trade.paid_gov
    received = gone_corp * trade.paid_corp[None] + gone_gov * trade.paid_gov[None]
    return state._replace(
        cash=state.cash + received - trade.by_banks * money[None],
        corp=state.corp - gone_corp + trade.by_banks * trade.sold_corp[None],
        gov=state.gov - gone_gov + trade.by_banks * trade.sold_gov[None],
        price_corp=trade.price_corp,
        price_gov=trade.price_gov,
        sold_corp=state.sold_corp + trade.sold_corp,
        sold_gov=state.sold_gov + trade.sold_gov,
        others_cash=state.others_cash - trade.by_others * money,
        others_corp=state.others_corp + trade.by_others * trade.sold_corp,
        others_gov=state.others_gov + trade.by_others * trade.sold_gov,
        lenders_cash=state.lenders_cash - trade.by_lenders * money,
        lenders_corp=state.lenders_corp + trade.by_lenders * trade.sold_corp,
        lenders_gov=state.lenders_gov + trade.by_lenders * trade.sold_gov,
    )


def _decide(xp, state: State, sheet: Sheet, rules: Rules) -> tuple[State, Array]:
    """Who fails, who repays, and who offers what next round; and what each bank repaid."""
    bonds = state.corp * state.price_corp[None] + state.gov * state.price_gov[None]
    assets = state.cash + bonds + sheet.other
    equity = assets - state.loan - sheet.other_debt
    failed = state.failed | (equity < rules.minimum[None] * assets)
    acts = ~failed & (equity < rules.buffer[None] * assets)
    excess = xp.maximum(assets - equity / rules.target[None], 0.0)
    need = xp.where(acts, excess, 0.0)
    repaid = xp.minimum(need, xp.minimum(state.cash, state.loan))
    cash = state.cash - repaid
    missing = xp.maximum(need - repaid - cash, 0.0)
    share = xp.minimum(missing, bonds) / _positive(xp, bonds)
    decided = state._replace(
        cash=cash,
        loan=state.loan - repaid,
        failed=failed,
        share=xp.where(failed, 1.0, share),
        lenders_cash=state.lenders_cash + repaid.sum(0),
    )
    return decided, repaid
