"""The world a run lives in: parameters, opening anchors, and the state carried from day to day.

A `World` never changes during a run; a `State` is everything tomorrow needs to know of today.
Batch axis (path) last everywhere. Stocks are units (par claims: dollars) at the end of the day.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from drypowder.accounts.economy import Economy
from drypowder.accounts.postings import one_hot
from drypowder.accounts.rows import take_rows
from drypowder.channels.capital_call import CallParameters
from drypowder.channels.conviction import ConvictionParameters
from drypowder.channels.day import Levers
from drypowder.channels.expectations import ExpectationParameters
from drypowder.channels.income import IncomeParameters
from drypowder.channels.issuance import IssuanceParameters
from drypowder.channels.margin import MarginParameters
from drypowder.channels.redemption import RedemptionParameters
from drypowder.channels.venues import Perpetuals, VenueParameters, opening_perpetuals
from drypowder.markets.demand import (
    Curves,
    DemandParameters,
    average_over,
    by_asset,
    opening_log_odds,
)
from drypowder.markets.reserves import (
    ReserveParameters,
    lambda_bp,
    reserves_wanted_usd_bn,
    satiation_usd_bn,
    standing_repo_usd_bn,
)
from drypowder.venues.cohorts.density import Density

MONEY = ("deposits", "currency", "money_fund_shares", "bills")  # at par, outside the logit
BRIDGED = "hedge_fund_shares"  # redeemable as part of a capital call
PRIVATE = "private_credit"  # redeemable like a fund, without a fund


class ValuationParameters(eqx.Module):
    """Returns required at the opening and how earnings and appraisals move."""

    required_return_pa: Float[Array, "asset path"]  # ybar of cleared assets
    earnings_elasticity: Float[Array, " path"]  # of earnings to receipts
    earnings_persistence_years: Float[Array, " path"]
    bucket_receipts_usd_bn: Float[Array, "asset path"]  # trailing, a year; zero: no pass-through
    bucket_sector: Float[Array, "asset sector"]  # whose receipts are the bucket's earnings
    receipts_memory_years: Float[Array, " path"]  # averaging of the receipts rate
    appraisal_half_life_years: Float[Array, "appraised path"]
    appraisal_beta: Float[Array, "appraised path"]  # model move per log move of its listed twin
    appraisal_twin: Float[Array, "appraised asset"]  # one for the listed twin
    bill_rate_pa: Float[Array, " path"]  # at the opening
    bank_loan_spread_pa: Float[Array, " path"]  # of bank loans over bills
    private_credit_return_pa: Float[Array, " path"]  # required at the opening
    bill_spread_bp_per_100bn: Float[Array, " path"]
    working_deposit_share: Float[Array, " path"]  # of opening deposits, before MMF are redeemed


class ShockParameters(eqx.Module):
    """News: log-price impulses with a covariance, and rare jumps."""

    cholesky: Float[Array, "asset factor"]  # annual, of log-price impulses
    jump_rate_pa: Float[Array, ""]
    jump_size: Float[Array, " asset"]  # log price
    from_earnings: Float[Array, " asset"]  # one where news is about earnings: no yield moves


class Parameters(eqx.Module):
    """All behaviour of a run."""

    demand: DemandParameters
    reserves: ReserveParameters
    income: IncomeParameters
    issuance: IssuanceParameters
    valuation: ValuationParameters
    shocks: ShockParameters
    call: CallParameters
    redemption: RedemptionParameters
    margin: MarginParameters
    conviction: ConvictionParameters
    expectations: ExpectationParameters
    venues: VenueParameters


class Layout(NamedTuple):
    """Static positions used by compiled code (hashable)."""

    economy: Economy
    holders: tuple[int, ...]  # rows that demand assets over excess cash
    segments: tuple[tuple[int, int], ...]  # of cleared assets: securities, crypto
    funds: tuple[tuple[int, int], ...]  # (row, share column)
    crypto: tuple[int, int]  # start and stop among cleared assets

    @property
    def coins(self) -> slice:
        """Crypto assets among the cleared ones."""
        return slice(*self.crypto)

    @property
    def bridged(self) -> int | None:
        """Position among the funds of the one whose shares may pay a capital call."""
        names = [self.economy.instrument_names[share] for _, share in self.funds]
        return names.index(BRIDGED) if BRIDGED in names else None

    @property
    def vehicles(self) -> int:
        """What can be redeemed: the funds, then private credit."""
        return len(self.funds) + (PRIVATE in self.economy.instrument_names)


class State(NamedTuple):
    """What tomorrow needs to know of today."""

    units: Float[Array, "sector instrument path"]  # net, assets +, liabilities -
    issued: Float[Array, "sector asset path"]  # gross units issued, >= 0
    log_price: Float[Array, "instrument path"]
    log_fundamental: Float[Array, "asset path"]
    news: Float[Array, "asset path"]  # all that was heard, in log price
    buffer: Float[Array, "sector path"]  # receipts not yet used, USD bn
    kept: Float[Array, "sector path"]  # desired liquidity added for good, USD bn
    bank_purchases: Float[Array, " path"]  # securities bought with balance-sheet room, USD bn
    receipts_rate: Float[Array, "sector path"]  # above trend, USD bn a year
    turnover: Float[Array, " path"]  # yesterday's trades, USD bn
    standing_repo: Float[Array, " path"]  # outstanding, USD bn
    taste: Float[Array, "holder asset path"]  # log odds: what was sold stays sold
    hedge: Float[Array, "holder asset path"]  # log odds of cash-and-carry, fades
    conviction: Float[Array, "holder asset path"]  # log odds
    variance: Float[Array, "holder path"]  # of each account's return, a year
    performance: Float[Array, "vehicle path"]  # return beyond trend over the last month
    noticed: Float[Array, "vehicle sector path"]  # redemptions under notice, USD bn
    queued: Float[Array, "vehicle sector path"]  # past their notice, unpaid
    called_waiting: Float[Array, " path"]  # called capital that labs have not spent, USD bn
    bridge: Float[Array, "sector path"]  # bank loans until fund shares are redeemed, USD bn
    beliefs: Float[Array, "regime path"]
    risk_off: Float[Array, " path"]  # level of lost appetite, log odds per unit of beta
    fear: Float[Array, " path"]  # log fall of listed equity that dated events imply
    equity_peak: Float[Array, " path"]  # log value of listed equity, highest beyond trend
    drawdown: Float[Array, " path"]  # log fall from it
    perps: Perpetuals
    inverse: Float[Array, "asset asset path"]  # last inverse Jacobian of the markets
    alive: Bool[Array, " path"]
    failed_market: Int[Array, " path"]  # first market that did not clear, -1 if none
    failed_holder: Int[Array, " path"]  # the tightest holder then, -1 if none
    failed_day: Int[Array, " path"]


class World(eqx.Module):
    """Everything a run may read and never writes."""

    parameters: Parameters
    levers: Levers
    opening_units: Float[Array, "sector instrument"]
    opening_issued: Float[Array, "sector asset"]
    log_odds: Float[Array, "holder asset path"]
    group_participation: Float[Array, "holder segment path"]
    slope: Float[Array, "holder asset path"]  # kappa over spread duration
    overnight_pass: Float[Array, "holder asset path"]  # log-odds per unit of lambda (decimal)
    policy_pass: Float[Array, "holder asset path"]  # log-odds per unit of policy rate
    opening_money: Float[Array, " sector"]
    opening_lambda_bp: Float[Array, " path"]
    opening_reserves_wanted: Float[Array, " path"]
    opening_satiation: Float[Array, " path"]
    opening_standing_repo: Float[Array, " path"]  # drawn at the opening, part of the sheet
    opening_public_bills: Float[Array, ""]  # held outside the fed
    growing: Float[Array, " instrument"]  # one where the quantity grows on trend
    growing_assets: Float[Array, " asset"]  # the same, cleared assets only
    trend_holdings: Float[Array, "holder asset 1"]  # gross opening holdings of those
    opening_leverage: Float[Array, "holder path"]  # of margin accounts; one without debt
    opening_variance: Float[Array, "holder path"]  # of an account's return, a year
    opening_dry_powder: Float[Array, " path"]  # X of all holders, USD bn
    beta: Float[Array, " asset"]  # on all listed equity together
    equity_share: Float[Array, " asset"]  # of listed equity; zero for other assets
    pass_through: Float[Array, "asset path"]  # log price per unit of log odds, near enough
    newcomers: Density  # to perpetual markets: one coin on each side, at a price of one
    layout: Layout = eqx.field(static=True)


def make_layout(economy: Economy) -> Layout:
    """Positions of holders, market segments and funds in the economy's arrays."""
    holders = tuple(k for k, s in enumerate(economy.sectors) if s.role in ("holder", "bank"))
    crypto = [i.group == "crypto" for i in economy.instruments[economy.columns("cleared")]]
    first = crypto.index(True) if any(crypto) else len(crypto)
    segments = tuple(s for s in ((0, first), (first, len(crypto))) if s[1] > s[0])
    funds = tuple(
        (row, economy.instrument(s.issues_shares))
        for row, s in enumerate(economy.sectors)
        if s.issues_shares
    )
    return Layout(economy, holders, segments, funds, (first, len(crypto)))


def money_usd_bn(
    units: Float[Array, "sector instrument *path"], economy: Economy
) -> Float[Array, "sector *path"]:
    """M: deposits, currency, money-fund shares and bills of every sector."""
    first, *others = (units[:, economy.instrument(name)] for name in MONEY)
    return sum(others, first)


def ready_cash(
    units: Float[Array, "sector instrument *path"], economy: Economy
) -> Float[Array, "sector *path"]:
    """Deposits and money-fund shares: what can be paid today without selling anything."""
    return (
        units[:, economy.instrument("deposits")] + units[:, economy.instrument("money_fund_shares")]
    )


def margin_debt(
    units: Float[Array, "sector instrument *path"], layout: Layout
) -> Float[Array, "holder *path"]:
    """Debt of each holder on margin and in repo, USD bn; dealers owe nothing here."""
    loans = units[:, layout.economy.instrument("margin_and_repo_loans")]
    owed = jnp.maximum(-take_rows(loans, layout.holders), 0.0)
    borrows = jnp.array([float(layout.economy.sectors[k].role == "holder") for k in layout.holders])
    return owed * borrows.reshape((-1,) + (1,) * (owed.ndim - 1))


def open_world(
    *,
    units: Float[Array, "sector instrument"],
    issued: Float[Array, "sector asset"],
    parameters: Parameters,
    levers: Levers,
    layout: Layout,
) -> tuple[World, State]:
    """Anchor tastes, reserve demand and desired liquidity in the opening sheet.

    Args:
        units, issued: the opening sheet in USD bn at opening prices, which are all one.
    """
    economy, demand = layout.economy, parameters.demand
    paths = levers.income.shape[-1]
    money = money_usd_bn(units, economy)
    excess = excess_money_usd_bn(money, demand, layout)
    participation = _group_participation(units, excess, demand, layout)
    holders = layout.holders
    cash = by_asset(participation * take_rows(excess, holders)[:, None], layout.segments)
    held = take_rows(units[:, economy.columns("cleared")] + issued, holders)
    held = jnp.broadcast_to(held[:, :, None], (*held.shape, paths))
    slope, overnight, policy = _rate_passes(demand, layout)
    wanted, satiation, standing, opening_lambda = _open_reserves(units, parameters, economy)
    cleared, bills = economy.columns("cleared"), units[:, economy.instrument("bills")]
    growing = _growing(economy)
    accounts = _open_accounts(units, held, slope, parameters.shocks.cholesky, layout)
    volatility = jnp.sqrt(jnp.sum(parameters.shocks.cholesky**2, axis=1))
    perpetuals, newcomers = opening_perpetuals(parameters.venues, volatility[layout.coins])
    world = World(
        parameters=parameters,
        levers=levers,
        opening_units=units,
        opening_issued=issued,
        log_odds=opening_log_odds(units=held, cash=cash),
        group_participation=participation,
        slope=slope,
        overnight_pass=overnight,
        policy_pass=policy,
        opening_money=money,
        opening_lambda_bp=opening_lambda,
        opening_reserves_wanted=wanted,
        opening_satiation=satiation,
        opening_standing_repo=standing,
        opening_public_bills=jnp.sum(jnp.maximum(bills, 0.0)) - bills[economy.role("central_bank")],
        growing=growing,
        growing_assets=growing[cleared],
        trend_holdings=held[:, :, :1] * growing[cleared][None, :, None],
        opening_dry_powder=jnp.sum(jnp.maximum(take_rows(excess, holders), 0.0), axis=0),
        **accounts,
        newcomers=newcomers,
        layout=layout,
    )
    return world, _opening_state(world, units, issued, perpetuals)


def excess_money_usd_bn(money, demand: DemandParameters, layout: Layout):
    """X at the opening: money above desired liquidity; for banks, room on the balance sheet."""
    economy = layout.economy
    bank = one_hot(economy, "bank")
    own = (1.0 - demand.desired_liquidity_share) * money[:, None]
    return bank * demand.bank_securities_capacity_usd_bn[None] + (1.0 - bank) * own


def _group_participation(units, excess, demand, layout):
    """Share of X each group may use: securities by participation, crypto by its own pool."""
    holders = layout.holders
    securities = take_rows(demand.participation, holders)
    if len(layout.segments) == 1:
        return securities[:, None]
    cleared = layout.economy.columns("cleared")
    crypto = jnp.sum(take_rows(units, holders)[:, cleared][:, slice(*layout.segments[1])], axis=1)
    pool = (crypto / jnp.maximum(jnp.sum(crypto), 1e-300))[:, None]
    cash = pool * demand.crypto_excess_money_usd_bn[None]
    coins = jnp.minimum(cash / take_rows(excess, holders), 1.0)
    return jnp.stack([jnp.minimum(securities, 1.0 - coins), coins], axis=1)


def _rate_passes(demand: DemandParameters, layout: Layout):
    """Slope of log odds in the log price, and log-odds lost per unit of overnight rates."""
    holders = layout.holders
    kappa = take_rows(demand.kappa_sector_factor, holders)[:, None] * demand.kappa[None]
    slope = kappa / demand.spread_duration_years[None]
    rate_leg = slope * demand.rate_duration_years[None]
    stress = average_over(
        reversion_pa=demand.short_rate_reversion_pa, years=demand.rate_duration_years
    )
    policy = average_over(
        reversion_pa=demand.policy_rate_reversion_pa, years=demand.rate_duration_years
    )
    loading = take_rows(demand.funding_spread_loading, holders)[:, None]
    return slope, rate_leg * stress[None] * (1.0 + loading), rate_leg * policy[None]


def reserve_supply_usd_bn(units, economy: Economy):
    """Reserves and domestic reverse repo, USD bn: what the fed owes banks and money funds."""
    bank, funds = economy.role("bank"), economy.role("money_fund")
    reserves, rrp = economy.instrument("reserves"), economy.instrument("on_rrp")
    return units[bank, reserves] + units[bank, rrp] + units[funds, rrp]


def _open_reserves(units, parameters: Parameters, economy: Economy):
    """Reserve demand anchored so that the opening RRP is reproduced; lambda at the opening."""
    reserves = parameters.reserves
    smoothing = reserves.rrp_smoothing_usd_bn
    supply = jnp.broadcast_to(reserve_supply_usd_bn(units, economy), smoothing.shape)
    rrp = units[economy.role("money_fund"), economy.instrument("on_rrp")]
    wanted = reserves_wanted_usd_bn(
        supply_usd_bn=supply, reverse_repo_usd_bn=rrp + 0.0 * smoothing, smoothing_usd_bn=smoothing
    )
    zero = jnp.zeros_like(supply)
    satiation = satiation_usd_bn(
        bank_assets_usd_bn=reserves.bank_assets_usd_bn,
        turnover_usd_bn=zero,
        inventories_usd_bn=zero,
        parameters=reserves,
    )
    drawn = standing_repo_usd_bn(
        supply_usd_bn=supply, satiation_usd_bn=satiation, parameters=reserves
    )
    level = lambda_bp(supply_usd_bn=supply + drawn, satiation_usd_bn=satiation, parameters=reserves)
    return wanted, satiation, drawn, level


def _open_accounts(units, held, slope, cholesky, layout: Layout) -> dict[str, Array]:
    """Leverage and volatility of every account at the opening, and every asset's beta.

    Volatilities are those of the news the world may hear: a quiet world has a floor of one basis
    point, so that a ratio exists.
    """
    covariance, value = cholesky @ cholesky.T, held[:, :, 0]
    total = jnp.maximum(jnp.sum(value, axis=1), 1e-300)
    mix, market = value / total[:, None], jnp.sum(value, axis=0)
    cleared = layout.economy.instruments[layout.economy.columns("cleared")]
    listed = market * jnp.array([float(i.group == "equity") for i in cleared])
    listed = listed / jnp.maximum(jnp.sum(listed), 1e-300)
    debt = margin_debt(units, layout)
    variance = jnp.maximum(jnp.sum(mix @ covariance * mix, axis=1), 1e-8)
    wide = jnp.ones((1, held.shape[2]))
    steepness = jnp.sum(held * slope, axis=0) / jnp.maximum(market, 1e-300)[:, None]
    return {
        "opening_leverage": (total / jnp.maximum(total - debt, 1e-300))[:, None] * wide,
        "opening_variance": variance[:, None] * wide,
        "beta": covariance @ listed / jnp.maximum(listed @ covariance @ listed, 1e-12),
        "equity_share": listed,
        "pass_through": 1.0 / (1.0 + steepness),
    }


def _growing(economy: Economy):
    """One for claims whose quantity grows on trend: par claims, bonds, private credit."""
    grows = [
        i.kind == "par" or i.group == "bonds" or i.name == "private_credit"
        for i in economy.instruments
    ]
    return jnp.array(grows, dtype=float)


def _opening_state(world: World, units, issued, perpetuals: Perpetuals) -> State:
    layout, parameters, paths = world.layout, world.parameters, world.slope.shape[-1]
    economy = layout.economy
    sectors, instruments = len(economy.sectors), len(economy.instruments)
    assets = issued.shape[1]
    per_sector, per_path = jnp.zeros((sectors, paths)), jnp.zeros(paths)
    per_vehicle = jnp.zeros((layout.vehicles, sectors, paths))
    per_holder = jnp.zeros((len(layout.holders), assets, paths))
    return State(
        units=jnp.broadcast_to(units[:, :, None], (sectors, instruments, paths)),
        issued=jnp.broadcast_to(issued[:, :, None], (sectors, assets, paths)),
        log_price=jnp.zeros((instruments, paths)),
        log_fundamental=jnp.zeros((assets, paths)),
        news=jnp.zeros((assets, paths)),
        buffer=per_sector,
        kept=per_sector,
        bank_purchases=per_path,
        receipts_rate=per_sector,
        turnover=per_path,
        standing_repo=per_path,
        taste=per_holder,
        hedge=per_holder,
        conviction=per_holder,
        variance=world.opening_variance,
        performance=per_vehicle[:, 0],
        noticed=per_vehicle,
        queued=per_vehicle,
        called_waiting=per_path,
        bridge=per_sector,
        beliefs=parameters.expectations.beliefs,
        risk_off=per_path,
        fear=per_path,
        equity_peak=per_path,
        drawdown=per_path,
        perps=perpetuals,
        inverse=jnp.broadcast_to(-jnp.eye(assets)[:, :, None], (assets, assets, paths)),
        alive=jnp.ones(paths, dtype=bool),
        failed_market=jnp.full(paths, -1),
        failed_holder=jnp.full(paths, -1),
        failed_day=jnp.full(paths, -1),
    )


def opening_curves(world: World) -> Curves:
    """Demand on the opening day, before anything happens: what the multipliers are measured on."""
    layout = world.layout
    held = take_rows(world.opening_units[:, layout.economy.columns("cleared")], layout.holders)
    held = held + take_rows(world.opening_issued, layout.holders)
    excess = excess_money_usd_bn(world.opening_money, world.parameters.demand, layout)
    paths = world.slope.shape[-1]
    return Curves(
        log_odds=world.log_odds,
        slope=world.slope,
        cash=world.group_participation * take_rows(excess, layout.holders)[:, None],
        units=jnp.broadcast_to(held[:, :, None], (*held.shape, paths)),
        net_supply=jnp.zeros((held.shape[1], paths)),
        trades=jnp.ones(held.shape[1]),
        kept=jnp.ones((len(layout.holders), len(layout.segments), paths)),
    )
