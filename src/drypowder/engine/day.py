"""The day as a table of contents.

    announce -> receive and pay -> call and fund capex -> reserves and repo -> clear
    -> settle postings -> revalue -> update beliefs and anchors -> observe

Every arrow is one function below; each takes state and returns what it found. Trades happen at
the day's clearing price; stocks are never unknowns: flows are posted, stocks updated exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.postings import Posting, flow_columns, one_hot, saving, stack_columns
from drypowder.accounts.rows import place_rows, take_rows
from drypowder.channels.day import Day
from drypowder.channels.income import coupons, release
from drypowder.channels.issuance import Funding, Issuance, IssuerAccounts, fund
from drypowder.channels.policy import overnight, purchase
from drypowder.channels.savings import money_fund_sweep, raise_cash
from drypowder.channels.trend import trend_units
from drypowder.engine.world import (
    State,
    World,
    money_usd_bn,
    ready_cash,
    reserve_supply_usd_bn,
)
from drypowder.markets.clearing import Clearing, clear
from drypowder.markets.demand import Curves, weights
from drypowder.markets.reserves import (
    lambda_bp,
    reverse_repo_usd_bn,
    satiation_usd_bn,
    standing_repo_usd_bn,
)
from drypowder.markets.yields import appraise, earnings_to_value, offered_yield_pa

TREND, TRADES = "trend_growth", "market_trades"


class Overnight(NamedTuple):
    """The reserve market of the morning."""

    lambda_bp: Float[Array, " path"]
    change_bp: Float[Array, " path"]  # from the opening, zero where the channel is off
    supply_usd_bn: Float[Array, " path"]
    satiation_usd_bn: Float[Array, " path"]
    reverse_repo_change: Float[Array, " path"]
    standing_repo_change: Float[Array, " path"]


class Trades(NamedTuple):
    """What changed hands in the cleared markets, USD bn."""

    value: Float[Array, "sector asset path"]  # bought +, sold or issued -
    net_supply: Float[Array, "sector asset path"]  # sold by rule: issuers, fed, hoards
    clearing: Clearing


class Books(NamedTuple):
    """The day's flows after settlement, USD bn."""

    flow: Float[Array, "sector instrument path"]
    saving: Float[Array, "sector path"]
    postings: list[Posting]
    trend: Float[Array, "sector instrument path"]


class Observation(NamedTuple):
    """What the day shows to the outside; the trailing axis is the path."""

    price: Float[Array, "instrument path"]
    dry_powder_usd_bn: Float[Array, "sector path"]
    money_usd_bn: Float[Array, "sector path"]
    yield_pa: Float[Array, "asset path"]
    lambda_bp: Float[Array, " path"]
    reverse_repo_usd_bn: Float[Array, " path"]
    reserve_supply_usd_bn: Float[Array, " path"]
    satiation_usd_bn: Float[Array, " path"]
    bill_rate_pa: Float[Array, " path"]
    funding: Funding
    receipts_usd_bn: Float[Array, "sector path"]  # entering buffers today
    listed_equity_usd_bn: Float[Array, " path"]  # at opening share counts
    turnover_usd_bn: Float[Array, " path"]
    residual: Float[Array, " path"]  # of the accounts, relative
    market_residual: Float[Array, " path"]  # worst ln(demand/supply)
    refreshes: Float[Array, ""]


def one_day(
    state: State, day: Day, news: Float[Array, "asset path"], world: World
) -> tuple[State, Observation, Books]:
    """One business or calendar day of the whole economy."""
    state = hear_news(state, day, news, world)
    morning = reserves_and_repo(state, day, world)
    earned = receive_and_pay(state, day, world)
    funded = fund_capex(state, day, world)
    official, official_supply = purchase(
        day=day,
        switch=world.levers.policy,
        absorbed_usd_bn=absorbed(funded, world),
        economy=world.layout.economy,
    )
    postings = earned.postings + funded.postings + official
    postings = postings + overnight(
        reverse_repo_change=morning.reverse_repo_change,
        standing_repo_change=morning.standing_repo_change,
        economy=world.layout.economy,
    )
    supply = _stack_supply(funded.net_supply, official_supply, world)
    marks = mark_private(state, day, world)
    excess = excess_money(state, postings, earned, funded, morning, day, world)
    trades = find_prices(state, news, excess, supply, morning, day, world)
    marks = mark_funds(state, marks, trades, world)
    books = settle_day(state, marks, trades, postings, day, world)
    new = revalue_and_update(state, day, marks, trades, books, earned, funded, morning, world)
    seen = observe(state, new, day, excess, trades, books, funded, earned, morning, world)
    return _keep_failed(state, new, trades, day), seen, books


def hear_news(state: State, day: Day, news, world: World) -> State:
    """Fundamentals grow on trend; news moves what everybody thinks an asset is worth.

    Holders agree on news, so it moves prices without making them trade: both V and tastes are
    in units of the log price and enter each group's log odds through its own slope. Earnings
    news moves V and therefore the yield offered on it; other news only the price of it.
    """
    shocks, demand = world.parameters.shocks, world.parameters.demand
    felt = news * (1.0 + demand.spread_duration_years / demand.kappa)  # so that prices move by news
    earnings = shocks.from_earnings[:, None]
    grown = jnp.log1p(day.trend_growth / day.trend_level) * (1.0 - world.growing_assets)[:, None]
    return state._replace(
        log_fundamental=state.log_fundamental + grown + earnings * felt,
        taste=state.taste + (1.0 - earnings) * felt,
    )


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
    scarcity = lambda_bp(
        supply_usd_bn=supply + borrowed, satiation_usd_bn=need, parameters=parameters
    )
    wanted = level * world.opening_reserves_wanted + need - level * world.opening_satiation
    pool = reverse_repo_usd_bn(
        supply_usd_bn=supply + borrowed,
        reserves_wanted_usd_bn=wanted,
        smoothing_usd_bn=level * parameters.rrp_smoothing_usd_bn,
    )
    placed = state.units[economy.role("money_fund"), economy.instrument("on_rrp")]
    change = world.levers.liquidity * (scarcity - world.opening_lambda_bp)
    return Overnight(
        scarcity, change, supply + borrowed, need, pool - placed, borrowed - state.standing_repo
    )


class Earned(NamedTuple):
    """Receipts that left their buffers, and what they became (USD bn)."""

    postings: list[Posting]
    released: Float[Array, "sector path"]
    kept: Float[Array, "sector path"]
    received: Float[Array, "sector path"]


def receive_and_pay(state: State, day: Day, world: World) -> Earned:
    """Buffers release receipts, equity gains are spent, debt above trend pays its coupons."""
    economy, parameters = world.layout.economy, world.parameters
    equity = economy.group("equity")
    price = jnp.exp(take_rows(state.log_price, equity))
    opening = day.trend_level * take_rows(world.opening_units, equity, axis=1)[:, :, None]
    gain = jnp.sum(take_rows(state.units, equity, axis=1) * price[None] - opening, axis=1)
    income = release(
        buffer_usd_bn=state.buffer,
        equity_gain_usd_bn=gain,
        dt_years=day.dt_years,
        switch=world.levers.income,
        parameters=parameters.income,
    )
    bonds = economy.group("bonds")
    own = tuple(k - economy.columns("cleared").start for k in bonds)
    trend = day.trend_level * take_rows(world.opening_units, bonds, axis=1)
    interest = coupons(
        held_above_trend_usd_bn=take_rows(state.units, bonds, axis=1) - trend[:, :, None],
        coupon_pa=take_rows(parameters.valuation.required_return_pa, own),
        dt_years=day.dt_years,
        switch=world.levers.income,
        economy=economy,
    )
    return Earned([*income.postings, interest], income.released, income.kept, income.received)


def fund_capex(state: State, day: Day, world: World) -> Issuance:
    """Capex, labs, Treasury and corporate paper meet the cash that issuers have."""
    economy, valuation = world.layout.economy, world.parameters.valuation
    units, opening = state.units, world.opening_units
    notes = economy.instrument("treasuries")
    bond = economy.instrument("ig_credit") - economy.columns("cleared").start
    required = valuation.required_return_pa[bond]
    offered = required - state.log_price[economy.instrument("ig_credit")] / (
        world.parameters.demand.spread_duration_years[bond]
    )
    accounts = IssuerAccounts(
        cash=ready_cash(units, economy),
        opening_cash=ready_cash(opening, economy)[:, None],
        treasuries=units[:, notes] * jnp.exp(state.log_price[notes])[None],
        opening_treasuries=opening[:, notes][:, None],
        bond_duration_years=world.parameters.demand.rate_duration_years[bond],
        cost_of_capital_ratio=offered / required,
    )
    return fund(
        day=day,
        levers=world.levers,
        accounts=accounts,
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


def _stack_supply(funded, official, world: World):
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


def find_prices(state, news, excess, supply, morning, day, world) -> Trades:
    """Clear every market that is open; each holder then owns what it wants at the price.

    The search starts from yesterday's prices moved by today's news, which is where prices end
    if nobody trades.
    """
    layout = world.layout
    holders, cleared = layout.holders, layout.economy.columns("cleared")
    curves = _curves(state, excess, supply, morning, day, world)
    solved = clear(
        log_price=state.log_price[cleared] + day.market_open[:, None] * news,
        inverse_guess=state.inverse,
        curves=curves,
        segments=layout.segments,
        alive=state.alive,
    )
    share, wealth = weights(
        log_price=solved.log_price, curves=curves, segments=layout.segments
    )
    wanted = share * wealth
    price = jnp.exp(solved.log_price)[None]
    bought = (wanted - price * curves.units) * curves.trades[None, :, None]
    sold = jnp.sum(supply, axis=0)
    gap = sold - jnp.sum(bought, axis=0)  # what rounding left over, pro rata to holdings
    bought = bought + wanted / jnp.maximum(jnp.sum(wanted, axis=0), 1e-300)[None] * gap[None]
    value = place_rows(bought, holders, len(supply)) - supply
    return Trades(value, supply, solved)


def _curves(state, excess, supply, morning, day, world) -> Curves:
    """Demand curves of the day: tastes, news, rates and cash before trades."""
    layout, demand = world.layout, world.parameters.demand
    holders, cleared = layout.holders, layout.economy.columns("cleared")
    rates = world.overnight_pass * (1e-4 * morning.change_bp)[None, None]
    policy = world.levers.policy * day.policy_rate_change_pa
    rates = rates + world.policy_pass * policy[None, None]
    worth = world.slope * (state.log_fundamental + state.taste)[None]
    held = take_rows(state.units[:, cleared] + state.issued, holders)
    return Curves(
        log_odds=world.log_odds + worth - rates,
        slope=world.slope,
        cash=world.group_participation * take_rows(excess, holders)[:, None],
        units=held + world.trend_holdings * day.trend_growth,
        net_supply=jnp.sum(supply, axis=0),
        trades=day.market_open,
    )


def mark_private(state: State, day: Day, world: World) -> Float[Array, "instrument path"]:
    """Appraised prices move slowly toward their listed twins; the rest as yesterday."""
    economy, valuation = world.layout.economy, world.parameters.valuation
    kind, cleared = economy.columns("appraised"), economy.columns("cleared")
    trend = jnp.log(day.trend_level) * (1.0 - world.growing)
    grown = jnp.log(day.trend_level + day.trend_growth) * (1.0 - world.growing)
    listed = state.log_price[cleared] - trend[cleared][:, None]
    model = valuation.appraisal_beta * (valuation.appraisal_twin @ listed)
    moved = appraise(
        appraised=state.log_price[kind] - trend[kind][:, None],
        model=model,
        half_life_years=valuation.appraisal_half_life_years,
        dt_years=day.dt_years,
    )
    return state.log_price.at[kind].set(moved + grown[kind][:, None])


def mark_funds(state: State, marks, trades: Trades, world: World):
    """Prices of the day: cleared, appraised, and fund shares at net asset value before flows."""
    marks = marks.at[world.layout.economy.columns("cleared")].set(trades.clearing.log_price)
    for row, share in world.layout.funds:
        worth = jnp.exp(marks) * state.units[row]
        assets = jnp.sum(worth, axis=0) - worth[share]
        marks = marks.at[share].set(jnp.log(assets / -state.units[row, share]))
    return marks


def settle_day(state: State, marks, trades: Trades, postings, day: Day, world: World) -> Books:
    """Every posting becomes cell changes; savers raise cash; money funds sweep theirs."""
    economy, valuation = world.layout.economy, world.parameters.valuation
    paid = Posting(money=-jnp.sum(trades.value, axis=1), claims={}, name=TRADES)
    postings = [*postings, paid]
    deposits = economy.instrument("deposits")
    share = valuation.working_deposit_share[None] * day.trend_level
    opening = jnp.maximum(world.opening_units[:, deposits], 0.0)[:, None]
    postings += raise_cash(
        money=sum(p.money for p in postings),
        deposits=state.units[:, deposits],
        money_fund_shares=state.units[:, economy.instrument("money_fund_shares")],
        bills=state.units[:, economy.instrument("bills")],
        least_deposits=share * opening,
        economy=economy,
    )
    postings += [money_fund_sweep(money=sum(p.money for p in postings), economy=economy)]
    columns = flow_columns(postings, economy)
    before, after = economy.columns("cleared").start, economy.columns("cleared").stop
    flow = jnp.concatenate(
        [
            stack_columns(columns, economy.instrument_names[:before]),
            trades.value,
            stack_columns(columns, economy.instrument_names[after:]),
        ],
        axis=1,
    )
    grown = trend_units(
        opening_units=world.opening_units,
        growing=world.growing,
        price=jnp.exp(marks),
        fund_rows=world.layout.funds,
        growth=day.trend_growth,
    )
    return Books(flow, saving(postings), postings, grown)


def revalue_and_update(
    state: State, day: Day, marks, trades, books, earned, funded, morning, world: World
) -> State:
    """Stocks after flows, fund shares after income, and everything that remembers."""
    layout, cleared = world.layout, world.layout.economy.columns("cleared")
    price = jnp.exp(marks)
    units = state.units + books.flow / price[None] + books.trend
    for row, share in layout.funds:
        worth = price * units[row]
        assets = jnp.sum(worth, axis=0) - worth[share]
        marks = marks.at[share].set(jnp.log(assets / -units[row, share]))
    issuer = (world.opening_issued > 0.0)[:, :, None]
    issued = jnp.where(issuer, trades.net_supply, 0.0) / price[None, cleared]
    grown = world.opening_issued * world.growing_assets[None] * day.trend_growth
    receipts = earned.received + funded.receipts
    rate = _receipts_rate(state, receipts, day, world)
    bank = layout.economy.role("bank")
    return state._replace(
        units=units,
        issued=state.issued + issued + grown[:, :, None],
        log_price=marks,
        log_fundamental=state.log_fundamental + _earned_value(state.receipts_rate, rate, day, world),
        buffer=state.buffer - earned.released + receipts,
        kept=state.kept + earned.kept,
        bank_purchases=state.bank_purchases + jnp.sum(trades.value[bank], axis=0),
        receipts_rate=rate,
        turnover=0.5 * jnp.sum(jnp.abs(trades.value), axis=(0, 1)),
        standing_repo=state.standing_repo + morning.standing_repo_change,
        inverse=trades.clearing.inverse,
    )


def _receipts_rate(state: State, receipts, day: Day, world: World):
    """Receipts above trend, USD bn a year, averaged over the memory of earnings."""
    memory = world.parameters.valuation.receipts_memory_years
    share = -jnp.expm1(-day.dt_years / memory)[None]
    return state.receipts_rate + share * (receipts / day.dt_years - state.receipts_rate)


def _earned_value(before, after, day: Day, world: World):
    """Change of ln V that today's change of the receipts rate is worth."""
    valuation = world.parameters.valuation
    base = valuation.bucket_receipts_usd_bn * day.trend_level

    def value(rate):
        received = jnp.einsum("as,sp->ap", valuation.bucket_sector, rate)
        return earnings_to_value(
            receipts_ratio=jnp.where(base > 0.0, received / jnp.where(base > 0.0, base, 1.0), 0.0),
            elasticity=valuation.earnings_elasticity,
            persistence_years=valuation.earnings_persistence_years,
            duration_years=world.parameters.demand.spread_duration_years,
        )

    return value(after) - value(before)


def observe(
    state, new, day, excess, trades, books, funded, earned, morning, world
) -> Observation:
    """What the outside sees at the close."""
    layout, valuation = world.layout, world.parameters.valuation
    economy, cleared = layout.economy, layout.economy.columns("cleared")
    price = jnp.exp(new.log_price)
    equity = economy.group("equity")
    own = tuple(k - cleared.start for k in equity)
    shares = jnp.sum(take_rows(world.opening_issued, own, axis=1), axis=0)
    bills = economy.instrument("bills")
    held = jnp.sum(jnp.maximum(new.units[:, bills], 0.0), axis=0)
    fed = new.units[economy.role("central_bank"), bills]
    public = held - fed - (day.trend_level + day.trend_growth) * world.opening_public_bills
    policy = world.levers.policy * day.policy_rate_change_pa
    return Observation(
        price=price,
        dry_powder_usd_bn=_dry_powder(excess, trades, new, day, world),
        money_usd_bn=money_usd_bn(new.units, economy),
        yield_pa=offered_yield_pa(
            log_price=new.log_price[cleared],
            log_fundamental=new.log_fundamental,
            required_return_pa=valuation.required_return_pa,
            duration_years=world.parameters.demand.spread_duration_years,
        ),
        lambda_bp=morning.lambda_bp,
        reverse_repo_usd_bn=new.units[economy.role("money_fund"), economy.instrument("on_rrp")],
        reserve_supply_usd_bn=morning.supply_usd_bn,
        satiation_usd_bn=morning.satiation_usd_bn,
        bill_rate_pa=valuation.bill_rate_pa
        + policy
        + 1e-6 * valuation.bill_spread_bp_per_100bn * public,
        funding=funded.funding,
        receipts_usd_bn=earned.received + funded.receipts,
        listed_equity_usd_bn=jnp.sum(take_rows(price, equity) * shares[:, None], axis=0),
        turnover_usd_bn=new.turnover,
        residual=account_residual(state, new, books, price),
        market_residual=jnp.max(jnp.abs(trades.clearing.residual), axis=0),
        refreshes=trades.clearing.refreshes.astype(float),
    )


def _dry_powder(excess, trades: Trades, new: State, day: Day, world: World):
    """X after the day's trades; for issuers, cash above the floor of their hoard."""
    economy, parameters = world.layout.economy, world.parameters.issuance
    issuer = one_hot(economy, "issuer")
    demander = one_hot(economy, "holder") + one_hot(economy, "bank")
    left = excess - jnp.sum(trades.value, axis=1)
    have = ready_cash(new.units, economy)
    level = day.trend_level + day.trend_growth
    need = level * ready_cash(world.opening_units, economy)[:, None]
    floor = jnp.where(
        parameters.lab_share[:, None] > 0.0,
        parameters.lab_cash_floor_share[None],
        parameters.cash_floor_share[None],
    )
    return demander * left + issuer * (have - floor * need)


def account_residual(state: State, new: State, books: Books, price) -> Float[Array, " path"]:
    """Largest gap of the books relative to the day's gross flows (law 1).

    Columns of flows sum to zero, each sector's flows sum to its saving, and stocks of every
    financial claim still net to what they did; scaled by max(gross flows, 1e-6 gross assets).
    """
    columns = jnp.max(jnp.abs(jnp.sum(books.flow, axis=0)), axis=0)
    rows = jnp.max(jnp.abs(jnp.sum(books.flow, axis=1) - books.saving), axis=0)
    stocks = jnp.max(jnp.abs(jnp.sum(new.units, axis=0) - jnp.sum(state.units, axis=0)), axis=0)
    gross = jnp.sum(jnp.maximum(books.flow, 0.0), axis=(0, 1))
    assets = jnp.sum(jnp.maximum(new.units, 0.0) * price[None], axis=(0, 1))
    scale = jnp.maximum(gross, 1e-6 * assets)
    return jnp.maximum(jnp.maximum(columns, rows), stocks) / scale


def _keep_failed(state: State, new: State, trades: Trades, day: Day) -> State:
    """A path that did not clear stops where it was and says in which market."""
    finite = jnp.all(jnp.isfinite(new.log_price), axis=0)
    cleared = trades.clearing.converged & finite
    alive = state.alive & cleared
    kept = [jnp.where(alive, after, before) for before, after in zip(state, new, strict=True)]
    kept = State(*kept)
    gap = jnp.abs(trades.clearing.residual)
    market = jnp.argmax(jnp.where(jnp.isnan(gap), jnp.inf, gap), axis=0)
    failed_now = state.alive & ~cleared
    return kept._replace(
        alive=alive,
        failed_market=jnp.where(failed_now, market, state.failed_market),
        failed_day=jnp.where(failed_now, day.number, state.failed_day),
    )
