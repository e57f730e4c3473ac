"""One day of the economy in plain NumPy: the second opinion that the engine must agree with.

Written from the specification (model sections 4 to 8), to be read beside it; it shares no code
with the engine. `oracle_day` tells the base day of one path, for a first reading; here is every
switch, and in `oracle_forces` calls, redemptions, margin, beliefs and venues. Arrays are
(sector, instrument, path): the path axis is last, so that the same lines serve one world or a
thousand. Signs: assets and receipts +, liabilities and payments -.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import SimpleNamespace

import numpy as np
from tests import oracle_forces as forces
from tests import oracle_perpetuals as perpetuals
from tests.oracle_day import scarcity

MONEY = ("deposits", "currency", "money_fund_shares", "bills")  # at par
BUCKETS = 32  # of distance from the trigger of a perpetual position


def one_day(state: dict, day: dict, news, world: dict, solve=None, book=None) -> tuple[dict, dict]:
    """Tomorrow's state and what the day showed.

    Args:
        state, day: from `numpy_of`. world: from `world_of`. news: (asset, path) log prices.
        solve: finds the log prices of the day: `newton` unless a benchmark brings its own.
        book: finds how far closed longs throw the price; likewise.
    """
    t = Today(state, day, world)
    news_arrives(t, news)
    overnight_market(t)
    receipts_are_spent(t)
    interest_is_paid(t)
    forces.labs_call(t)
    labs_burn_cash(t)
    capex_is_paid(t)
    gap_is_financed(t)
    state_borrows_and_fed_buys(t)
    powder_is_counted(t)
    forces.claims_are_met(t)
    market = markets_clear(t, solve or newton, book or perpetuals.book_settles)
    forces.forced_pay(t)
    savers_raise_cash(t)
    payments_settle(t)
    books_are_marked(t)
    return close(t, market)


class Today:
    """State, scenario row and world of one day, and its books as they fill."""

    def __init__(self, state, day, world):
        self.state, self.w = SimpleNamespace(**state), SimpleNamespace(**world)
        self.day = SimpleNamespace(**day)
        self.p, self.on = SimpleNamespace(**world["parameters"]), SimpleNamespace(**world["levers"])
        self.start = self.day.trend_level
        self.end = self.start + self.day.trend_growth
        self.money = np.zeros_like(state["buffer"])  # net receipts
        self.claims = np.zeros_like(state["units"])  # bought less sold, USD bn
        self.supply = np.zeros_like(state["issued"])  # sold by rule in the markets, USD bn
        self.receipts = np.zeros_like(self.money)  # of others' spending, enter the buffers
        self.price = np.exp(state["log_price"])  # yesterday's

    def by_sector(self, who, amount):
        """An amount on one row, or spread by shares."""
        if not isinstance(who, int):
            return who * amount
        column = np.zeros_like(self.money)
        column[who] = amount
        return column

    def pay(self, payer, receiver, amount):
        """Income: money for goods, taxes or interest."""
        self.money += self.by_sector(receiver, amount) - self.by_sector(payer, amount)

    def buy(self, instrument, bought):
        """Claims against money, at par."""
        self.claims[:, self.w.at[instrument]] += bought
        self.money -= bought

    def swap(self, instrument, buyer, seller, amount):
        """Buyer pays seller for a claim."""
        self.buy(instrument, self.by_sector(buyer, amount) - self.by_sector(seller, amount))

    def sell(self, instrument, seller, amount):
        """To be sold in the market today, at whatever price clears it."""
        self.supply[seller, self.w.asset[instrument]] += amount


def news_arrives(t, news):
    """News moves prices and makes nobody trade: all agree on what an asset is worth."""
    forces.people_listen(t)
    t.heard = news + t.day.dated_news[:, None]
    trend = np.where(t.w.asset_grows, 0.0, np.log(t.end / t.start))[:, None]
    t.worth = t.state.log_fundamental + trend
    t.news = t.state.news + t.heard


def overnight_market(t):
    """Reserves against yesterday's need: lambda, reverse repo, standing repo at its cap."""
    p, at, bank, funds, fed = t.p, t.w.at, t.w.bank, t.w.funds, t.w.fed
    units, opening = t.state.units, t.w.units[:, :, None]
    repo, reserves, rrp = at["margin_and_repo_loans"], at["reserves"], at["on_rrp"]
    supply = units[bank, reserves] + units[bank, rrp] + units[funds, rrp] - t.state.standing_repo
    beyond_trend = sum(t.start * opening[bank, k] - units[bank, k] for k in (at["deposits"], repo))
    need = p.satiation_share * (t.start * p.bank_assets_usd_bn + beyond_trend)
    need = need + p.turnover_share * t.state.turnover
    need = need + p.inventory_share * (t.start * opening[bank, repo] - units[bank, repo])
    t.lambda_bp, lent = scarcity(supply, need, p)
    t.standing_repo = lent - t.start * t.w.standing0  # the sheet holds what was lent at first
    t.supply_of_reserves, t.need_of_reserves = supply + t.standing_repo, need
    t.lambda_change = t.on.liquidity * (t.lambda_bp - t.w.lambda0)
    wanted = t.start * (t.w.wanted0 - t.w.need0) + need
    smooth = t.start * p.rrp_smoothing_usd_bn
    pool = smooth * np.logaddexp(0.0, (t.supply_of_reserves - wanted) / smooth)
    t.swap("on_rrp", funds, fed, pool - units[funds, rrp])
    t.swap("margin_and_repo_loans", fed, bank, t.standing_repo - t.state.standing_repo)


def receipts_are_spent(t):
    """Receipts leave their buffers: kept, spent or free; equity gains are spent a little."""
    p, w = t.p, t.w
    leaving = 1.0 - np.exp(-t.day.dt_years / p.receipt_lag_years)
    t.released = t.on.income * t.state.buffer * leaving
    gain = sum(w.units[:, k, None] * (t.price[k] - t.start) for k in w.equity)
    wealth = t.on.income * p.wealth_spending_pa * t.day.dt_years * gain
    spent = p.spend * t.released + p.wealth_spender[:, None] * wealth
    received = p.spending_recipient @ spent
    t.money += received - spent
    t.receipts += received


def interest_is_paid(t):
    """Debt held (owed) beyond trend earns (costs) interest; fed and money funds pass it on."""
    p, at = t.p, t.w.at
    short = p.bill_rate_pa + t.on.policy * t.day.policy_rate_change_pa
    rates = {k: p.required_return_pa[k - t.w.cleared.start] for k in t.w.bonds}
    rates[at["bills"]], rates[at["bank_loans_other"]] = short, short + p.bank_loan_spread_pa
    rates[at["private_credit"]] = p.private_credit_return_pa
    interest = np.zeros_like(t.money)
    for k, rate in rates.items():
        beyond = t.state.units[:, k] - t.start * t.w.units[:, k, None]
        interest += t.on.income * rate * t.day.dt_years * beyond
    t.money += interest
    t.pay(t.w.fed, t.w.treasury, interest[t.w.fed])
    owned = np.maximum(t.state.units[:, at["money_fund_shares"]], 0.0)
    t.pay(t.w.funds, owned / owned.sum(axis=0), interest[t.w.funds])
    t.interest_due = -(interest[t.w.treasury] + interest[t.w.fed])


def labs_burn_cash(t):
    """AI labs pay suppliers: own cash above a floor, then a private round (part: vendors)."""
    t.cash, t.cash0 = ready(t.state.units, t), ready(t.w.units[:, :, None], t)
    burnt = t.on.issuance * t.on.ai_capex * t.day.lab_spending_usd_bn + t.called_spent
    above_floor = t.cash[t.w.lab] - t.p.lab_cash_floor_share * t.start * t.cash0[t.w.lab]
    above_floor = above_floor - (t.state.called_waiting - t.called_spent)
    t.lab_round = burnt - np.clip(above_floor, 0.0, burnt)
    t.pay(t.w.lab, t.p.lab_supplier_share, burnt)
    t.swap("private_ai_equity", t.p.lab_funder_share, t.w.lab, t.lab_round)
    paid, funded = t.p.lab_supplier_share * burnt, t.p.lab_funder_share * t.lab_round
    t.from_labs = paid[t.w.big] - funded[t.w.big]  # to the hyperscalers, after vendor financing
    paid[t.w.big] = 0.0
    t.receipts += paid


def ready(units, t):
    """Deposits and money-fund shares."""
    return units[:, t.w.at["deposits"]] + units[:, t.w.at["money_fund_shares"]]


def capex_is_paid(t):
    """AI capex after user cost; only what exceeds the base year's retained cash flow is news."""
    p, day, a, big = t.p, t.day, t.w.asset["ig_credit"], t.w.big
    drift = -t.state.log_price[t.w.at["ig_credit"]] / p.spread_duration_years[a]  # of the yield
    response = np.maximum(1.0 + p.user_cost_elasticity * drift / p.required_return_pa[a], 0.0)
    base = (1.0 - p.payout_share) * day.trend_operating_cash_flow_usd_bn
    programme = t.on.extra_bonds_usd_bn * day.programme_share
    extra = programme + t.on.extra_capex_usd_bn * (day.number == t.on.extra_capex_day)
    excess = t.on.issuance * (t.on.ai_capex * (day.capex_usd_bn * response - base) + extra)
    reported = t.on.ai_capex * day.ai_bonds_usd_bn
    t.capex, t.ordered = base + excess, t.on.issuance * (programme + reported)
    abroad = p.import_recipient[:, None] * p.import_leak
    makers = abroad + p.receipt_share * (1.0 - p.import_leak)
    t.pay(big, makers, excess)
    t.receipts += makers * excess
    t.cash_flow = t.on.issuance * day.operating_cash_flow_usd_bn
    earned = t.cash_flow - t.on.issuance * day.trend_operating_cash_flow_usd_bn
    t.pay(p.customer_share, big, earned)
    t.pay(big, p.shareholder_share, p.payout_share * earned)


def gap_is_financed(t):
    """Hoard, Treasuries held, bank loans, bonds, private credit, shares: in that order."""
    p, big, notes = t.p, t.w.big, t.w.at["treasuries"]
    retained = (1.0 - p.payout_share) * t.cash_flow
    gap = t.on.issuance * t.capex - retained - t.from_labs + t.due[big] - t.ordered
    gap = gap * t.day.business
    floor = p.cash_floor_share * t.start
    hoard = np.minimum(gap, t.cash[big] - floor * t.cash0[big]) * t.day.business
    sellable = t.state.units[big, notes] * t.price[notes] - floor * t.w.units[big, notes]
    treasuries = np.clip(sellable, 0.0, gap - hoard)
    loans = t.day.bank_loan_share * (gap - hoard - treasuries)
    market = gap - hoard - treasuries - loans
    bonds, private = p.bond_share * market + t.ordered, p.private_share * market
    shares = (1.0 - p.bond_share - p.private_share) * market
    column = p.rate_duration_years[t.w.asset["ig_credit"]]
    long = np.minimum(t.day.ai_debt_duration_years / column, 1.0)  # the rest is like bills
    t.sell("treasuries", big, treasuries)
    t.swap("bank_loans_other", t.w.bank, big, loans)
    t.sell("ig_credit", big, long * bonds)
    t.swap("bills", t.w.funds, big, (1.0 - long) * bonds)
    t.swap("private_credit", p.private_lender_share, big, private)
    t.sell("equity_hyperscalers", big, shares)
    cut = np.minimum(shares, p.buyback_share * p.payout_share * t.cash_flow)
    t.funding = {
        "capex": t.on.issuance * t.capex, "cash_flow": retained, "hoard": hoard,
        "treasuries": treasuries,
        "bank_loans": loans, "bonds": long * bonds, "short_paper": (1.0 - long) * bonds,
        "private_credit": private, "buybacks_cut": cut, "new_shares": shares - cut,
        "lab_round": t.lab_round,
    }  # fmt: skip


def state_borrows_and_fed_buys(t):
    """The deficit is spent and borrowed; firms issue; the fed buys bills, notes, MBS."""
    day, w, recipients = t.day, t.w, t.p.deficit_recipient_share
    refunded = day.business * t.interest_due  # on a closed day the account pays
    deficit = t.on.issuance * (day.deficit_usd_bn - day.interest_in_deficit * refunded)
    borrowed = deficit + t.on.issuance * (day.treasury_account_build_usd_bn + refunded)
    t.pay(w.treasury, recipients, deficit)
    t.receipts += recipients * deficit
    instead = t.on.issuance * day.bills_for_notes_usd_bn
    t.swap("bills", w.funds, w.treasury, day.bill_share * borrowed + instead)
    t.sell("treasuries", w.treasury, (1.0 - day.bill_share) * borrowed - instead)
    t.sell("ig_credit", w.firm, t.on.issuance * day.corporate_issuance_usd_bn)
    t.sell("equity_broad", w.firm, -t.on.issuance * day.corporate_buybacks_usd_bn)
    years = t.p.rate_duration_years
    per_bond = years[w.asset["ig_credit"]] / years[w.asset["treasuries"]]
    ai_duration = t.funding["bonds"] * per_bond + t.funding["treasuries"]  # in Treasuries
    bills, notes, mortgages = day.official_purchases_usd_bn
    t.swap("bills", w.fed, w.funds, t.on.policy * bills)
    t.sell("treasuries", w.fed, -t.on.policy * (notes + t.on.fed_absorbs * ai_duration))
    t.sell("agency_mbs", w.fed, -t.on.policy * mortgages)


def powder_is_counted(t):
    """X before trades: money after payments, less what is wanted, kept or waiting."""
    p, opening = t.p, t.w.money0
    money = sum(t.state.units[:, t.w.at[k]] for k in MONEY) + t.day.trend_growth * opening
    money = money + t.money + t.claims[:, t.w.at["bills"]]
    nervous = 1.0 + p.desired_liquidity_per_bp * t.lambda_change
    wanted = p.desired_liquidity_share * t.end * opening * nervous
    t.buffer = t.state.buffer - t.released + t.receipts
    t.kept = t.state.kept + p.keep * t.released
    t.powder = money - wanted - t.kept - t.buffer
    t.powder[t.w.bank] = t.end * p.bank_securities_capacity_usd_bn - t.state.bank_purchases


def markets_clear(t, solve, settle_book):
    """At the day's prices every holder group owns what it wants, every issue has its buyer."""
    w, holders = t.w, t.w.holders
    t.policy_rate = t.on.policy * t.day.policy_rate_change_pa
    mood = forces.people_look_ahead(t)
    expected = np.maximum(t.policy_rate + t.rate_ahead, -t.p.bill_rate_pa)
    rates = w.lambda_pass * 1e-4 * t.lambda_change + w.policy_pass * expected
    grown = t.day.trend_growth * np.where(w.asset_grows, w.gross0, 0.0)[:, :, None]
    t.held = (t.state.units[:, w.cleared] + t.state.issued + grown)[holders]
    own = t.state.taste + t.state.hedge + t.state.conviction + t.taste_of_sales
    sold = np.stack([t.sold[:, a:b].sum(axis=1) for a, b in w.segments], axis=1)
    t.free = t.powder[holders] + t.sold.sum(axis=1)  # proceeds of sales stay in their segment
    market = SimpleNamespace(
        log_odds=w.log_odds + w.slope * (t.worth - rates) + (1.0 + w.slope) * t.news + mood + own,
        slope=w.slope,
        cash=w.participation * t.free[:, None] - sold,
        held=t.held,
        supply=t.supply.sum(axis=0),
        open=t.day.market_open > 0.0,
        segments=w.segments,
    )
    forces.lenders_look(t)
    t.log_price = forces.come_to_rest(t, market, solve, demand, settle_book)
    trade = -t.supply
    trade[holders] += demand(t.log_price, market) - np.exp(t.log_price) * t.held * open_(market)
    t.trade = trade
    t.claims[:, w.cleared] += trade
    t.money -= trade.sum(axis=1)
    return market


def demand(log_price, market):
    """Holdings, USD bn: logit shares of each group's cash and assets in open markets, as far as
    its lenders let it; who owes more than it owns wants nothing."""
    odds = np.exp(market.log_odds - market.slope * log_price) * open_(market)
    value = np.exp(log_price) * market.held * open_(market)
    wanted = []
    for g, (first, last) in enumerate(market.segments):
        wealth = market.cash[:, g] + value[:, first:last].sum(axis=1)
        wealth = np.where(wealth.real > 0.0, wealth, 0.0)
        share = odds[:, first:last] / (1.0 + odds[:, first:last].sum(axis=1, keepdims=True))
        wanted.append(share * wealth[:, None])
    return np.concatenate(wanted, axis=1) * market.kept


def open_(market):
    """One where the market trades today."""
    return market.open[:, None].astype(float)


def newton(log_price, market, tolerance=1e-13, rounds=200):
    """Full Newton on ln(demand/supply), the derivative by complex steps, moves damped."""

    def gap(x):
        outstanding = np.exp(x) * market.held.sum(axis=0) + market.supply
        ratio = np.where(market.open[:, None], demand(x, market).sum(axis=0) / outstanding, 1.0)
        return np.log(ratio)

    for _ in range(rounds):
        miss = gap(log_price)
        if np.abs(miss).max() <= tolerance:
            break
        nudges = 1e-30j * np.eye(len(log_price))[:, :, None]
        slope = np.stack([gap(log_price + nudge).imag / 1e-30 for nudge in nudges], axis=1)
        slope -= np.eye(len(log_price))[:, :, None] * ~market.open[:, None]
        move = np.linalg.solve(np.moveaxis(slope, -1, 0), -miss.T[:, :, None])[:, :, 0].T
        log_price = log_price + move * np.minimum(1.0, 0.5 / np.abs(move).max(axis=0))
    return log_price


def savers_raise_cash(t):
    """Too little on deposit: redeem money-fund shares, sell bills; money funds sweep into repo."""
    units, at, funds = t.state.units, t.w.at, t.w.funds
    deposits = t.w.units[:, at["deposits"], None]
    least = t.p.working_deposit_share * t.start * np.maximum(deposits, 0.0)
    need = t.w.saver[:, None] * np.maximum(least - units[:, at["deposits"]] - t.money, 0.0)
    for instrument in ("money_fund_shares", "bills"):
        sold = np.minimum(need, np.maximum(units[:, at[instrument]], 0.0))
        t.buy(instrument, t.by_sector(funds, sold.sum(axis=0)) - sold)
        need = need - sold
    t.swap("margin_and_repo_loans", funds, t.w.bank, t.money[funds].copy())


def payments_settle(t):
    """Depositors pay through banks; the Treasury and the fed through reserves."""
    at, w, public = t.w.at, t.w, t.money.copy()
    public[[w.bank, w.treasury, w.fed]] = 0.0
    t.claims[:, at["deposits"]] += public
    t.claims[w.bank, at["deposits"]] -= public.sum(axis=0)
    t.claims[w.treasury, at["treasury_account"]] += t.money[w.treasury]
    t.claims[w.fed, at["treasury_account"]] -= t.money[w.treasury]
    drained = t.money[w.treasury] + t.money[w.fed]
    t.claims[w.fed, at["reserves"]] += drained
    t.claims[w.bank, at["reserves"]] -= drained


def books_are_marked(t):
    """Appraisals crawl after listed twins, fund shares are worth their assets, trend is added."""
    p, w = t.p, t.w
    marks = t.state.log_price.copy()
    still = ~w.grows[w.appraised][:, None]  # its price grows on trend, not its quantity
    listed = marks[w.cleared] - np.log(t.start) * ~w.asset_grows[:, None]
    model = p.appraisal_beta * (p.appraisal_twin @ listed)
    old = marks[w.appraised] - np.log(t.start) * still
    fade = 0.5 ** (t.day.dt_years / p.appraisal_half_life_years)
    marks[w.appraised] = fade * old + (1.0 - fade) * model + np.log(t.end) * still
    marks[w.cleared] = t.log_price
    net_asset_value(marks, t.state.units, w, t.forgiven)
    added = np.zeros_like(t.state.units)
    added += t.day.trend_growth * (w.units * w.grows)[:, :, None]
    for fund, share in w.fund_rows:  # funds issue what their own claims need, pro rata to owners
        needed = (added[fund] * np.exp(marks)).sum(axis=0) / np.exp(marks[share])
        added[:, share] = w.units[:, share, None] / -w.units[fund, share] * needed
    t.units = t.state.units + t.claims / np.exp(marks) + added
    net_asset_value(marks, t.units, w)
    t.marks = marks


def net_asset_value(marks, units, w, forgiven=None):
    """A fund share is worth the fund's other assets and debts per share; funds hold each other's,
    so as many rounds as there are funds."""
    for fund, share in w.fund_rows * len(w.fund_rows):
        other = np.delete(np.arange(len(marks)), share)
        worth = (np.exp(marks[other]) * units[fund, other]).sum(axis=0)
        if forgiven is not None:  # what its lenders write off today
            worth = worth + forgiven[fund]
        marks[share] = np.log(worth / -units[fund, share])


def earnings_value(rate, t):
    """What a rate of receipts above trend adds to ln V while it fades."""
    fade = t.p.earnings_persistence_years / t.p.spread_duration_years
    base = t.p.bucket_receipts_usd_bn * t.start
    ratio = np.where(base > 0.0, t.p.bucket_sector @ rate / np.where(base > 0.0, base, 1.0), 0.0)
    return t.p.earnings_elasticity * ratio * fade * (1.0 - np.exp(-1.0 / fade))


def close(t, market):
    """Tomorrow's state, and what the outside sees."""
    p, w, day, state = t.p, t.w, t.day, t.state
    memory = 1.0 - np.exp(-day.dt_years / p.receipts_memory_years)
    rate = state.receipts_rate + memory * (t.receipts / day.dt_years - state.receipts_rate)
    earned = earnings_value(rate, t) - earnings_value(state.receipts_rate, t)
    placed = np.where(w.issued[:, :, None] > 0.0, t.supply, 0.0) / np.exp(t.log_price)
    grown = day.trend_growth * np.where(w.asset_grows, w.issued, 0.0)[:, :, None]
    after = {
        "units": t.units, "issued": state.issued + placed + grown, "log_price": t.marks,
        "log_fundamental": t.worth + earned,
        "news": t.news, "buffer": t.buffer, "kept": t.kept, "receipts_rate": rate,
        "bank_purchases": state.bank_purchases + t.trade[w.bank].sum(axis=0),
        "turnover": np.abs(t.trade).sum(axis=(0, 1)) / 2.0, "standing_repo": t.standing_repo,
        **forces.minds_and_queues(t, market),
    }  # fmt: skip
    price, bills = np.exp(t.marks), t.units[:, w.at["bills"]]
    public = np.maximum(bills, 0.0).sum(axis=0) - bills[w.fed] - t.end * w.public_bills0
    powder = np.where(w.demands[:, None], t.powder - t.repaid - t.trade.sum(axis=1), 0.0)
    for issuer in w.issuers:
        floor = p.lab_cash_floor_share if issuer == w.lab else p.cash_floor_share
        powder[issuer] = ready(t.units, t)[issuer] - floor * t.end * t.cash0[issuer]
    worth = after["log_fundamental"] + p.from_earnings[:, None] * t.news
    cheap = (worth - t.log_price) / p.spread_duration_years
    equity = sum(price[k] * w.issued[:, k - w.cleared.start].sum() for k in w.equity)
    spread = p.bill_spread_bp_per_100bn * 1e-4 * public / 100.0
    seen = {
        "price": price, "dry_powder_usd_bn": powder, "yield_pa": p.required_return_pa + cheap,
        "money_usd_bn": sum(t.units[:, w.at[k]] for k in MONEY), "lambda_bp": t.lambda_bp,
        "reverse_repo_usd_bn": t.units[w.funds, w.at["on_rrp"]],
        "reserve_supply_usd_bn": t.supply_of_reserves, "satiation_usd_bn": t.need_of_reserves,
        "bill_rate_pa": p.bill_rate_pa + t.policy_rate + spread, "receipts_usd_bn": t.receipts,
        "listed_equity_usd_bn": equity,
        "turnover_usd_bn": after["turnover"], **{f"funding_{k}": v for k, v in t.funding.items()},
        **forces.forces_are_seen(t, after),
    }  # fmt: skip
    return after, seen


def numpy_of(record) -> dict:
    """Named tuple or dataclass of arrays as a dict of NumPy arrays; `outer_inner` for nested ones
    that are named tuples."""
    names = [f.name for f in fields(record)] if is_dataclass(record) else record._fields
    flat = {}
    for name in names:
        leaf = getattr(record, name)
        if hasattr(leaf, "shape"):
            flat[name] = np.asarray(leaf)
        elif hasattr(leaf, "_fields"):
            flat |= {f"{name}_{inner}": array for inner, array in numpy_of(leaf).items()}
    return flat


def world_of(units, issued, parameters, levers, economy) -> dict:
    """What never changes: sheet, behaviour, names, and the anchors that the opening implies."""
    modules = [numpy_of(getattr(parameters, f.name)) for f in fields(parameters)]
    p = {name: value for module in modules for name, value in module.items()}
    roles = [s.role for s in economy.sectors]
    names, cleared = list(economy.instrument_names), economy.columns("cleared")
    grows = [i.kind == "par" or i.group == "bonds" or i.name == "private_credit"
             for i in economy.instruments]  # fmt: skip
    coins = [i.group == "crypto" for i in economy.instruments[cleared]].index(True)
    w = {
        "units": np.asarray(units), "issued": np.asarray(issued), "cleared": cleared,
        "gross0": np.asarray(units)[:, cleared] + np.asarray(issued),
        "parameters": p, "levers": numpy_of(levers), "cholesky": p["cholesky"], "names": names,
        "at": {name: k for k, name in enumerate(names)},
        "asset": {name: k for k, name in enumerate(economy.names("cleared"))},
        "grows": np.array(grows), "asset_grows": np.array(grows)[cleared],
        "appraised": economy.columns("appraised"), "equity": economy.group("equity"),
        "bonds": economy.group("bonds"),
        "segments": ((0, coins), (coins, len(economy.names("cleared")))),
        "holders": [k for k, r in enumerate(roles) if r in ("holder", "bank")],
        "demands": np.isin(roles, ["holder", "bank"]),
        "saver": np.isin(roles, ["holder", "issuer"]),
        "may_owe": np.array([r == "holder" for r in roles if r in ("holder", "bank")]),
        "coins": slice(coins, len(economy.names("cleared"))),
        "private": [k for k, name in enumerate(names) if name == "private_credit"],
        "marked": [k for k, i in enumerate(economy.instruments)
                   if i.kind in ("cleared", "appraised")],
        "issuers": [k for k, r in enumerate(roles) if r == "issuer"],
        "bank": roles.index("bank"), "funds": roles.index("money_fund"),
        "treasury": roles.index("government"), "fed": roles.index("central_bank"),
        "big": int(p["capex_share"].argmax()), "lab": int(p["lab_share"].argmax()),
        "firm": int(p["firm_share"].argmax()),
        "fund_rows": [(k, names.index(s.issues_shares))
                      for k, s in enumerate(economy.sectors) if s.issues_shares],
    }  # fmt: skip
    return {**w, **anchors(SimpleNamespace(**w), SimpleNamespace(**p))}


def anchors(w, p) -> dict:
    """Tastes, participation, rate passes and reserve demand read off the opening sheet."""
    bills, rrp = w.units[:, w.at["bills"]], w.units[w.funds, w.at["on_rrp"]]
    money = sum(w.units[:, w.at[k]] for k in MONEY)[:, None]
    powder = (1.0 - p.desired_liquidity_share) * money
    powder[w.bank] = p.bank_securities_capacity_usd_bn
    powder, coins = powder[w.holders], w.segments[1][0]
    crypto = w.units[w.holders, w.cleared][:, coins:].sum(axis=1)[:, None]
    pool = crypto / crypto.sum() * p.crypto_excess_money_usd_bn  # crypto has money of its own
    coins_share = np.minimum(pool / powder, 1.0)
    rest = np.minimum(p.participation[w.holders], 1.0 - coins_share)
    participation = np.stack([rest, coins_share], axis=1)
    cash = np.repeat(participation * powder[:, None], np.diff(w.segments)[:, 0], axis=1)
    held = w.gross0[w.holders][:, :, None]
    owns = np.broadcast_to(held > 0.0, cash.shape)
    odds = np.full_like(cash, -1e3)  # who holds none wants none
    odds[owns] = np.log(np.broadcast_to(held, cash.shape)[owns] / cash[owns])
    slope = p.kappa_sector_factor[w.holders][:, None] * p.kappa / p.spread_duration_years
    accounts = forces.accounts_at_the_opening(w, slope)
    volatility = np.sqrt((w.cholesky**2).sum(axis=1))[w.coins]
    newcomers, survivors = perpetuals.opening(p, volatility, BUCKETS)
    years = p.rate_duration_years

    def lasting(reversion):  # share of today's deviation in the average short rate over D years
        return (1.0 - np.exp(-reversion * years)) / (reversion * years)

    loading = 1.0 + p.funding_spread_loading[w.holders][:, None]
    reserves = w.units[w.bank, w.at["reserves"]] + w.units[w.bank, w.at["on_rrp"]] + rrp
    need, smooth = p.satiation_share * p.bank_assets_usd_bn, p.rrp_smoothing_usd_bn
    stress, standing = scarcity(reserves, need, p)
    return {
        "money0": money, "participation": participation, "log_odds": odds, "slope": slope,
        "lambda_pass": years * lasting(p.short_rate_reversion_pa) * loading,
        "policy_pass": years * lasting(p.policy_rate_reversion_pa), "need0": need,
        "wanted0": reserves - smooth * (rrp / smooth + np.log(-np.expm1(-rrp / smooth))),
        "lambda0": stress, "standing0": standing,
        "public_bills0": np.maximum(bills, 0.0).sum() - bills[w.fed],
        "powder0": np.maximum(powder, 0.0).sum(axis=0), **accounts,
        "new_coins": newcomers[0], "new_margin": newcomers[1], "survivors": survivors,
    }  # fmt: skip
