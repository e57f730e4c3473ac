"""Claims that fall due before the market opens: capital calls and redemptions.

Who must pay uses dry powder, then sells by rule; the sale is a shift of tastes, so that it goes
through the market like every other sale and meets a buyer there.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.postings import Posting, one_hot, swap
from drypowder.accounts.rows import place_rows, take_rows
from drypowder.channels.capital_call import Called, call_capital, pay_calls
from drypowder.channels.day import RULES, Day
from drypowder.channels.redemption import Requests, redeem
from drypowder.channels.selling import Sale, raise_by_rule
from drypowder.engine.world import PRIVATE, State, World


class Claims(NamedTuple):
    """What fell due today and how it was met; `holder` rows as in the layout."""

    postings: list[Posting]
    sale: Sale  # by holder
    for_call: Float[Array, "holder path"]  # of what was sold
    unmet: Float[Array, "holder path"]  # calls that nobody could pay: a default on the labs
    requests: Requests
    bridge: Float[Array, "sector path"]  # outstanding after today
    waiting: Float[Array, " path"]


def calls_due(state: State, day: Day, world: World) -> Called:
    """Today's capital call, and called capital that the labs spend."""
    return call_capital(
        called_usd_bn=day.called_usd_bn,
        waiting=state.called_waiting,
        dt_years=day.dt_years,
        switch=world.levers.capital_call * world.levers.ai_capex,
        parameters=world.parameters.call,
    )


def meet_claims(state: State, excess, called: Called, day: Day, world: World) -> Claims:
    """Calls and redemptions of the day: who pays with what, and who sells by which rule.

    Args:
        excess: X of every sector before these claims, USD bn.
    """
    layout = world.layout
    economy, holders = layout.economy, layout.holders
    free = take_rows(excess, holders)
    value = jnp.maximum(_values(state, world), 0.0)
    bridged = _bridged(state, free, value, called, day, world)
    flows = _flows(state, bridged, day, world)
    subscribed, paid = jnp.sum(flows.subscribed, axis=1), jnp.sum(flows.paid, axis=1)
    need = {row: paid[k] - subscribed[k] for k, (row, _) in enumerate(layout.funds)}
    fund_sale = _fund_sale(need, free, value, state, world)
    due = take_rows(called.due - bridged, holders)
    asked = jax.lax.cond(
        day.called_usd_bn > 0.0,
        lambda: _call_sale(due, free - fund_sale.dry_powder, value, state, world),
        lambda: jax.tree.map(jnp.zeros_like, fund_sale),
    )
    met = place_rows(due - asked.unmet, holders, len(excess))
    issuer = one_hot(economy, "issuer")  # hyperscalers fund their part like capex
    calls = pay_calls(
        paid=met + bridged + issuer * called.due,
        bridged=bridged,
        lab=world.parameters.issuance.lab_share,
        economy=economy,
    )
    repaid, bridge = _repay_bridge(state.bridge + bridged, flows.paid, world)
    return Claims(
        postings=[*calls, *_flow_postings(flows, world), repaid],
        sale=jax.tree.map(jnp.add, fund_sale, asked),
        for_call=jnp.sum(asked.sold, axis=1),
        unmet=asked.unmet,
        requests=flows,
        bridge=bridge,
        waiting=called.waiting + jnp.sum(met + bridged + issuer * called.due, axis=0),
    )


def money_of_claims(claims: Claims, world: World) -> Float[Array, "sector path"]:
    """What claims add to or take from everybody's excess money; a bank's loan takes no room."""
    bank = one_hot(world.layout.economy, "bank")
    first, *others = (posting.money for posting in claims.postings)
    return jnp.asarray((1.0 - bank) * sum(others, first))


def _values(state: State, world: World) -> Float[Array, "holder asset path"]:
    """Gross holdings of every holder at yesterday's prices."""
    cleared = world.layout.economy.columns("cleared")
    held = take_rows(state.units[:, cleared] + state.issued, world.layout.holders)
    return held * jnp.exp(state.log_price[cleared])[None]


def _shares_held(state: State, world: World) -> Float[Array, "vehicle sector path"]:
    """What investors have in each fund, then in private credit, USD bn at yesterday's marks."""
    economy, parameters = world.layout.economy, world.parameters.redemption
    investor = (one_hot(economy, "holder") + one_hot(economy, "issuer"))[:, 0]
    columns = [share for _, share in world.layout.funds]
    if PRIVATE in economy.instrument_names:
        columns = [*columns, economy.instrument(PRIVATE)]
    held = [
        jnp.maximum(state.units[:, k], 0.0) * jnp.exp(state.log_price[k])[None] for k in columns
    ]
    if len(held) > len(world.layout.funds):
        held[-1] = held[-1] * jnp.where(parameters.private_buyer_share > 0.0, 0.0, 1.0)
    return jnp.stack(held) * investor[None, :, None]


def _flows(state: State, bridged, day: Day, world: World) -> Requests:
    """Subscriptions and redemptions of every vehicle by investor."""
    held = _shares_held(state, world)
    funds, fund = len(world.layout.funds), world.layout.bridged
    requested = jnp.zeros_like(held)
    requested = requested if fund is None else requested.at[fund].set(bridged)
    flows = redeem(
        performance=state.performance,
        held=held,
        noticed=state.noticed,
        queued=state.queued,
        requested=requested,
        dt_years=day.dt_years,
        business=day.business,
        switch=world.levers.redemption,
        parameters=world.parameters.redemption,
    )
    return flows._replace(subscribed=flows.subscribed[:funds])


def _flow_postings(flows: Requests, world: World) -> list[Posting]:
    """Fund shares issued and cancelled at today's value; private credit changes hands."""
    layout, postings = world.layout, []
    for k, (row, share) in enumerate(layout.funds):
        bought = flows.subscribed[k] - flows.paid[k]
        fund = jnp.zeros_like(bought).at[row].set(jnp.sum(bought, axis=0))
        name = layout.economy.instrument_names[share]
        postings.append(swap(f"{name}_flows", name, bought - fund))
    if len(flows.paid) > len(layout.funds):
        sold = flows.paid[-1]
        taken = world.parameters.redemption.private_buyer_share * jnp.sum(sold, 0, keepdims=True)
        postings.append(swap("private_credit_bought_out", PRIVATE, taken - sold))
    return postings


def _fund_sale(need, free, value, state: State, world: World) -> Sale:
    """Redeemed funds raise cash by their own rule; the rows of all other holders are zero."""
    holders = world.layout.holders
    rows = [holders.index(row) for row in need]
    if not rows:
        return _no_sale(free, value)
    sale = raise_by_rule(
        need=jnp.maximum(jnp.stack(list(need.values())), 0.0),
        dry_powder=take_rows(free, rows),
        value=take_rows(value, rows),
        rule=world.parameters.redemption.fund_rule[:, : len(rows)],
        **_beliefs(rows, value, state, world),
    )
    return jax.tree.map(lambda array: place_rows(array, rows, len(holders)), sale)


def _call_sale(due, free, value, state: State, world: World) -> Sale:
    """Called holders raise cash by the rule of the path."""
    rows = range(len(world.layout.holders))
    rule = jax.nn.one_hot(world.levers.call_rule, len(RULES), axis=0, dtype=free.dtype)
    return raise_by_rule(
        need=due,
        dry_powder=free,
        value=value,
        rule=jnp.broadcast_to(rule[:, None], (len(RULES), *due.shape)),
        **_beliefs(rows, value, state, world),
    )


def _beliefs(rows, value, state: State, world: World) -> dict[str, Array]:
    """What the rules of sale look at."""
    parameters = world.parameters
    prior = parameters.conviction.conviction_prior[None]
    return {
        "conviction": take_rows(state.conviction, rows) + prior,
        "haircut": parameters.margin.haircut,
        "depth": jnp.maximum(jnp.sum(value * world.slope, axis=0), 1e-300),
        "idle_share": parameters.call.call_idle_share,
    }


def _no_sale(free, value) -> Sale:
    zero = jnp.zeros_like(free)
    return Sale(zero, jnp.zeros_like(value), zero, jnp.zeros_like(value))


def _bridged(state: State, free, value, called: Called, day: Day, world: World):
    """Part of a call that hedge-fund shares will pay once redeemed: a bank lends it now."""
    layout, parameters = world.layout, world.parameters.call
    if layout.bridged is None:
        return jnp.zeros_like(called.due)
    holders, share = layout.holders, layout.funds[layout.bridged][1]
    owned = jnp.maximum(take_rows(state.units[:, share], holders), 0.0)
    waiting = take_rows(state.noticed[layout.bridged] + state.queued[layout.bridged], holders)
    fund = jnp.maximum(owned * jnp.exp(state.log_price[share])[None] - waiting, 0.0)
    fund = (parameters.fund_redemption_share * world.levers.redemption)[None] * fund
    spare = jnp.maximum(free, 0.0) * (1.0 - parameters.call_idle_share)[None]
    rest = jnp.maximum(take_rows(called.due, holders) - spare, 0.0)
    part = fund / jnp.maximum(fund + jnp.sum(value, axis=1), 1e-300)
    return place_rows(jnp.minimum(rest * part, fund), holders, len(called.due))


def _repay_bridge(owed, paid, world: World):
    """Redemptions of hedge-fund shares repay bridge loans first."""
    economy, fund = world.layout.economy, world.layout.bridged
    back = jnp.zeros_like(owed) if fund is None else jnp.minimum(owed, paid[fund])
    bank = one_hot(economy, "bank") * jnp.sum(back, axis=0, keepdims=True)
    return swap("bridge_repaid", "bank_loans_other", back - bank), owed - back
