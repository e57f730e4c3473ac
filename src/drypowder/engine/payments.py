"""Before the market opens: what is received, paid and funded, and what money is left to trade.

Each function reads yesterday's state and returns postings or amounts; nothing is changed here.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.postings import Posting, one_hot, stack_columns
from drypowder.accounts.rows import take_rows
from drypowder.channels.capital_call import Called
from drypowder.channels.day import OFFICIAL_PURCHASES, Day
from drypowder.channels.income import release
from drypowder.channels.interest import debt_columns, debt_rates_pa, interest
from drypowder.channels.issuance import Issuance, IssuerAccounts, fund
from drypowder.channels.policy import purchase
from drypowder.engine.world import State, World, money_usd_bn, ready_cash, reserve_supply_usd_bn
from drypowder.markets.reserves import (
    lambda_bp,
    reverse_repo_usd_bn,
    satiation_usd_bn,
    standing_repo_usd_bn,
)


class Overnight(NamedTuple):
    """The reserve market of the morning."""

    lambda_bp: Float[Array, " path"]
    change_bp: Float[Array, " path"]  # from the opening, zero where the channel is off
    supply_usd_bn: Float[Array, " path"]
    satiation_usd_bn: Float[Array, " path"]
    reverse_repo_change: Float[Array, " path"]
    standing_repo_change: Float[Array, " path"]


class Earned(NamedTuple):
    """Receipts that left their buffers, and what they became (USD bn)."""

    postings: list[Posting]
    released: Float[Array, "sector path"]
    kept: Float[Array, "sector path"]
    received: Float[Array, "sector path"]
    treasury_interest: Float[Array, " path"]  # due on its debt above trend


def reserves_and_repo(state: State, day: Day, world: World) -> Overnight:
    """Supply against yesterday's need for reserves: lambda, RRP, standing repo."""
    economy, parameters = world.layout.economy, world.parameters.reserves
    level = day.trend_level
    supply = reserve_supply_usd_bn(state.units, economy) - state.standing_repo
    repo = economy.instrument("margin_and_repo_loans")
    bank = economy.role("bank")
    deposits = economy.instrument("deposits")
    inventories = level * world.opening_units[bank, repo] - state.units[bank, repo]
    funded = level * world.opening_units[bank, deposits] - state.units[bank, deposits]
    need = satiation_usd_bn(
        bank_assets_usd_bn=level * parameters.bank_assets_usd_bn + funded + inventories,
        turnover_usd_bn=state.turnover,
        inventories_usd_bn=inventories,
        parameters=parameters,
    )
    borrowed = standing_repo_usd_bn(
        supply_usd_bn=supply, satiation_usd_bn=need, parameters=parameters
    )
    drawn = borrowed - level * world.opening_standing_repo  # the sheet shows what was drawn then
    scarcity = lambda_bp(
        supply_usd_bn=supply + borrowed, satiation_usd_bn=need, parameters=parameters
    )
    wanted = level * world.opening_reserves_wanted + need - level * world.opening_satiation
    pool = reverse_repo_usd_bn(
        supply_usd_bn=supply + drawn,
        reserves_wanted_usd_bn=wanted,
        smoothing_usd_bn=level * parameters.rrp_smoothing_usd_bn,
    )
    placed = state.units[economy.role("money_fund"), economy.instrument("on_rrp")]
    change = world.levers.liquidity * (scarcity - world.opening_lambda_bp)
    return Overnight(
        scarcity, change, supply + drawn, need, pool - placed, drawn - state.standing_repo
    )


def receive_and_pay(state: State, day: Day, world: World) -> Earned:
    """Buffers release receipts, equity gains are spent, debt above trend pays interest."""
    economy, parameters = world.layout.economy, world.parameters
    equity = economy.group("equity")
    price = jnp.exp(take_rows(state.log_price, equity))
    held = take_rows(world.opening_units, equity, axis=1)[:, :, None]
    gain = jnp.sum(held * (price - day.trend_level)[None], axis=1)
    income = release(
        buffer_usd_bn=state.buffer,
        equity_gain_usd_bn=gain,
        dt_years=day.dt_years,
        switch=world.levers.income,
        parameters=parameters.income,
    )
    paid = _interest(state, day, world)
    due = -jnp.sum(one_hot(economy, "government") * paid.money, axis=0)
    postings = [*income.postings, paid]
    return Earned(postings, income.released, income.kept, income.received, due)


def _interest(state: State, day: Day, world: World) -> Posting:
    """Interest of the day on debt held and owed beyond trend."""
    economy, valuation = world.layout.economy, world.parameters.valuation
    columns, first = debt_columns(economy), economy.columns("cleared").start
    bonds = tuple(k - first for k in economy.group("bonds"))
    trend = day.trend_level * take_rows(world.opening_units, columns, axis=1)
    policy = world.levers.policy * day.policy_rate_change_pa
    rates = debt_rates_pa(
        short_rate_pa=valuation.bill_rate_pa + policy,
        bank_loan_spread_pa=valuation.bank_loan_spread_pa,
        bond_return_pa=take_rows(valuation.required_return_pa, bonds),
        private_credit_return_pa=valuation.private_credit_return_pa,
    )
    return interest(
        above_trend_usd_bn=take_rows(state.units, columns, axis=1) - trend[:, :, None],
        rate_pa=rates,
        fund_shares_usd_bn=state.units[:, economy.instrument("money_fund_shares")],
        dt_years=day.dt_years,
        switch=world.levers.income,
        economy=economy,
    )


def fund_capex(state: State, day: Day, earned: Earned, called: Called, world: World) -> Issuance:
    """Capex, labs, Treasury and corporate paper meet the cash that issuers have."""
    economy, valuation = world.layout.economy, world.parameters.valuation
    units, opening = state.units, world.opening_units
    notes = economy.instrument("treasuries")
    bond = economy.instrument("ig_credit") - economy.columns("cleared").start
    required = valuation.required_return_pa[bond]
    offered = (
        required
        - state.log_price[economy.instrument("ig_credit")]
        / (world.parameters.demand.spread_duration_years[bond])
    )
    accounts = IssuerAccounts(
        cash=ready_cash(units, economy),
        opening_cash=ready_cash(opening, economy)[:, None],
        treasuries=units[:, notes] * jnp.exp(state.log_price[notes])[None],
        opening_treasuries=opening[:, notes][:, None],
        bond_duration_years=world.parameters.demand.rate_duration_years[bond],
        cost_of_capital_ratio=offered / required,
        treasury_interest=earned.treasury_interest,
    )
    return fund(
        day=day,
        levers=world.levers,
        accounts=accounts,
        called=called,
        parameters=world.parameters.issuance,
        income=world.parameters.income,
        economy=economy,
    )


def absorbed(funded: Issuance, world: World) -> Float[Array, " path"]:
    """Treasuries with the duration of today's AI bonds and of Treasuries sold for AI, USD bn."""
    names = world.layout.economy.names("cleared")
    years = world.parameters.demand.rate_duration_years
    bond, note = names.index("ig_credit"), names.index("treasuries")
    sold = funded.funding.bonds * years[bond] / years[note] + funded.funding.treasuries
    return world.levers.fed_absorbs * sold


def buy_for_the_fed(state: State, day: Day, funded: Issuance, world: World):
    """Official purchases of the day, capped by what there is to buy or sell."""
    economy = world.layout.economy
    fed, bills = economy.role("central_bank"), economy.instrument("bills")
    held = {}
    for name in OFFICIAL_PURCHASES:
        column = economy.instrument(name)
        held[name] = state.units[fed, column] * jnp.exp(state.log_price[column])
    return purchase(
        day=day,
        switch=world.levers.policy,
        absorbed_usd_bn=absorbed(funded, world),
        fed_holdings_usd_bn=held,
        money_fund_bills_usd_bn=state.units[economy.role("money_fund"), bills],
        economy=economy,
    )


def net_supply(funded, official, world: World):
    """Net supply of every cleared asset by who sells it: (sector, asset, path), USD bn."""
    names = world.layout.economy.names("cleared")
    columns = {
        name: funded.get(name, 0.0) + official.get(name, 0.0) for name in {**funded, **official}
    }
    return stack_columns(columns, names)


def excess_money(state, postings, earned, funded, morning, day, world):
    """X before trades: money after today's payments, above desired liquidity and buffers.

    Issuers' own sales are not in it yet; for banks it is room on the balance sheet.
    """
    economy, demand = world.layout.economy, world.parameters.demand
    bank = one_hot(economy, "bank")
    level = day.trend_level + day.trend_growth
    paid = sum(p.money for p in postings)
    paid = paid + sum(p.claims["bills"] for p in postings if "bills" in p.claims)
    trend_money = day.trend_growth * world.opening_money[:, None]
    money = money_usd_bn(state.units, economy) + trend_money + paid
    wanted = demand.desired_liquidity_share * level * world.opening_money[:, None]
    wanted = wanted * (1.0 + demand.desired_liquidity_per_bp * morning.change_bp)[None]
    waiting = state.buffer - earned.released + earned.received + funded.receipts
    own = money - wanted - state.kept - earned.kept - waiting
    room = level * demand.bank_securities_capacity_usd_bn - state.bank_purchases
    return bank * room[None] + (1.0 - bank) * own
