"""One business day of the economy as a recipe, to check with a pencil beside docs/model/day.md.

The base day of one path: receipts, capex, money, markets, books. Nobody is forced to sell and
beliefs are idle (for those see `oracle`). Plain NumPy from the specification; it shares no code
with the engine, which agrees with it to 1e-9 (tests/engine/test_oracle_day.py).

Handed in: yesterday `y`; what is announced for the `day`; the opening `o`, with its dry powder, the
part `pi` of it that each group of holders invests, lambda and the reserves wanted; parameters `p`;
sectors `s`, rows with a one; positions of instruments `i` and of those that markets price, `a`.
Stocks are units (sector, instrument), owed < 0; flows are USD bn; trend grows at one rate.
"""

from types import SimpleNamespace

import numpy as np


def one_day(y, day, o, p, s, i, a):
    """Accounts and prices at the close, and what tomorrow needs to know of today."""
    bank, funds, treasury, fed = s.banks_dealers, s.money_funds, s.treasury, s.fed
    big, lab, firms, repo = s.hyperscalers, s.ai_labs, s.other_firms, i.margin_and_repo_loans
    start, end, dt = day.trend_level, day.trend_level + day.trend_growth, day.dt_years
    units, price, ig, ust = y.units, np.exp(y.log_price), a.ig_credit, a.treasuries
    money, receipts = np.zeros((2, len(units)))  # received less paid; from others' spending
    bought, for_sale = np.zeros_like(units), np.zeros_like(y.issued)

    def swap(claim, change):  # bought at par less sold, against money
        bought[:, claim] += change
        money[:] -= change

    # Reserves against yesterday's need: lambda; too much is placed in RRP, too little is lent.
    more_debt = bank @ (start * o.units - units)  # beyond trend
    assets = start * p.bank_assets_usd_bn + more_debt[i.deposits] + more_debt[repo]
    need = p.satiation_share * assets + p.turnover_share * y.turnover
    need += p.inventory_share * more_debt[repo]
    rrp, width = funds @ units[:, i.on_rrp], start * p.rrp_smoothing_usd_bn
    supply = bank @ (units[:, i.reserves] + units[:, i.on_rrp]) + rrp - y.standing_repo
    lambda_bp, lent = scarcity(supply, need, p)
    standing_repo, stress = lent - start * o.standing_repo, lambda_bp - o.lambda_bp
    excess = supply + standing_repo - need - start * (o.reserves_wanted - o.need)
    swap(i.on_rrp, (funds - fed) * (width * np.logaddexp(0.0, excess / width) - rrp))
    swap(repo, (fed - bank) * (standing_repo - y.standing_repo))

    # Receipts leave their buffers, some equity gains are spent; debt beyond trend pays interest.
    released = y.buffer * (1.0 - np.exp(-dt / p.receipt_lag_years))
    gain = o.units[:, i.equity] @ (price[i.equity] - start)
    spent = p.spend * released + p.wealth_spender * p.wealth_spending_pa * dt * gain
    receipts += p.spending_recipient @ spent
    money += receipts - spent
    rate, short = np.zeros(len(price)), p.bill_rate_pa + day.policy_rate_change_pa
    rate[i.cleared] = p.required_return_pa * i.is_bond
    rate[i.private_credit] = p.private_credit_return_pa
    rate[[i.bills, i.bank_loans_other]] = short, short + p.bank_loan_spread_pa
    interest = dt * (units - start * o.units) @ rate
    owners = np.maximum(units[:, i.money_fund_shares], 0.0)
    money += interest + (treasury - fed) * (fed @ interest)
    money += (owners / owners.sum() - funds) * (funds @ interest)
    interest_due = -(treasury + fed) @ interest

    # AI labs burn cash above a floor, then a private round; part of it is vendor financing.
    cash, cash0 = units[:, i.cash].sum(axis=1), start * o.units[:, i.cash].sum(axis=1)
    burnt = day.lab_spending_usd_bn
    raised = burnt - np.clip(lab @ (cash - p.lab_cash_floor_share * cash0), 0.0, burnt)
    money += (p.lab_supplier_share - lab) * burnt
    receipts += p.lab_supplier_share * (1.0 - big) * burnt
    swap(i.private_ai_equity, (p.lab_funder_share - lab) * raised)
    from_labs = big @ (p.lab_supplier_share * burnt - p.lab_funder_share * raised)

    # AI capex after user cost; suppliers, customers and shareholders see what exceeds trend.
    dearer = -y.log_price[i.ig_credit] / p.spread_duration_years[ig]  # yield beyond the opening
    response = max(1.0 + p.user_cost_elasticity * dearer / p.required_return_pa[ig], 0.0)
    usual = (1.0 - p.payout_share) * day.trend_operating_cash_flow_usd_bn
    beyond = day.capex_usd_bn * response + day.extra_capex_usd_bn - usual
    suppliers = p.import_leak * p.import_recipient + (1.0 - p.import_leak) * p.receipt_share
    earned = day.operating_cash_flow_usd_bn - day.trend_operating_cash_flow_usd_bn
    receipts += suppliers * beyond
    money += (suppliers - big) * beyond + (big - p.customer_share) * earned
    money += (p.shareholder_share - big) * p.payout_share * earned

    # The gap is met by the hoard, Treasuries held, bank loans, bonds, private credit, shares.
    gap = beyond - (1.0 - p.payout_share) * earned - from_labs - day.bonds_ordered_usd_bn
    gap -= min(gap, big @ (cash - p.cash_floor_share * cash0))  # what is too much refills it
    notes = price[i.treasuries] * units[:, i.treasuries]
    notes = notes - p.cash_floor_share * start * o.units[:, i.treasuries]
    notes = min(max(big @ notes, 0.0), gap)
    market = (1.0 - day.bank_loan_share) * (gap - notes)
    bonds, private = p.bond_share * market + day.bonds_ordered_usd_bn, p.private_share * market
    years = p.rate_duration_years
    long = min(day.ai_debt_duration_years / years[ig], 1.0) * bonds  # the rest is like bills
    swap(i.bank_loans_other, (bank - big) * (gap - notes - market))
    swap(i.bills, (funds - big) * (bonds - long))
    swap(i.private_credit, (p.private_lender_share - big) * private)

    # The deficit is spent and borrowed; firms issue and buy back; the fed buys.
    deficit = day.deficit_usd_bn - day.interest_in_deficit * interest_due
    borrowed = deficit + day.treasury_account_build_usd_bn + interest_due
    in_bills = day.bill_share * borrowed + day.bills_for_notes_usd_bn
    fed_bills, fed_notes, fed_mbs = day.official_purchases_usd_bn
    fed_notes = fed_notes + day.fed_absorbs * (notes + long * years[ig] / years[ust])
    money += (p.deficit_recipient_share - treasury) * deficit
    receipts += p.deficit_recipient_share * deficit
    swap(i.bills, (funds - treasury) * in_bills + (fed - funds) * fed_bills)
    for_sale[:, ust] = big * notes + treasury * (borrowed - in_bills) - fed * fed_notes
    for_sale[:, a.agency_mbs] = -fed * fed_mbs
    for_sale[:, ig] = big * long + firms * day.corporate_issuance_usd_bn
    for_sale[:, a.equity_hyperscalers] = big * (market - private - p.bond_share * market)
    for_sale[:, a.equity_broad] = -firms * day.corporate_buybacks_usd_bn

    # Dry powder X = M - M* before trades; banks have room on their balance sheet instead.
    buffer, kept = y.buffer - released + receipts, y.kept + p.keep * released
    in_hand = units[:, i.money].sum(axis=1) + day.trend_growth * o.money + money
    desired = p.desired_liquidity_share * end * o.money
    desired = desired * (1.0 + p.desired_liquidity_per_bp * stress) + kept + buffer
    powder = in_hand - desired
    powder += bank * (end * p.bank_securities_capacity_usd_bn - y.bank_purchases - powder)

    # Demand: ln(w / w0) = alpha + kappa (y - r), y = (ln V - ln P) / D, r the average short rate
    # over D years; alpha such that opening holdings were optimal; all beyond the opening.
    reversions = p.short_rate_reversion_pa, p.policy_rate_reversion_pa
    on_stress, on_policy = ((1.0 - np.exp(-theta * years)) / theta for theta in reversions)
    rates = on_stress * (1.0 + p.funding_spread_loading[s.holders, None]) * 1e-4 * stress
    rates = rates + on_policy * max(day.policy_rate_change_pa, -p.bill_rate_pa)
    grows = i.grows[i.cleared]
    log_value = y.log_value + (1.0 - grows) * np.log(end / start)
    news = y.news + day.news  # all agree on it: it moves prices and makes nobody trade
    gross0 = o.units[:, i.cleared] + o.issued
    grown = units[:, i.cleared] + y.issued + day.trend_growth * grows * gross0
    held0, held = gross0[s.holders], grown[s.holders]
    idle0 = np.where(held0 > 0.0, o.pi * o.powder[s.holders, None] @ i.groups, 1.0)
    alpha = np.log(np.maximum(held0, 1e-300) / idle0)  # one who owned none wants none
    slope = p.kappa_sector_factor[s.holders, None] * p.kappa / p.spread_duration_years

    def wanted(log_price):  # USD bn by holder and asset: logit shares of each group's wealth
        odds = np.exp(alpha + slope * (log_value + news - rates - log_price) + news)
        wealth = o.pi * powder[s.holders, None] + (np.exp(log_price) * held) @ i.groups.T
        return odds * ((np.maximum(wealth, 0.0) / (1.0 + odds @ i.groups.T)) @ i.groups)

    def missing(log_price):  # ln(demand / supply)
        supplied = np.exp(log_price) * held.sum(axis=0) + for_sale.sum(axis=0)
        return np.log(wanted(log_price).sum(axis=0) / supplied)

    found, step = y.log_price[i.cleared] + day.news, 1e-6 * np.eye(len(grows))
    for _ in range(100):  # Newton's method, slopes by finite differences
        if np.abs(missing(found)).max() < 1e-13:
            break
        slopes = [(missing(found + h) - missing(found - h)) / 2e-6 for h in step]
        move = np.linalg.solve(np.transpose(slopes), missing(found))
        found = found - np.clip(move, -0.5, 0.5)
    log_price, trade = y.log_price.copy(), -for_sale
    log_price[i.cleared] = found
    trade[s.holders] += wanted(found) - np.exp(found) * held
    bought[:, i.cleared] = trade
    money -= trade.sum(axis=1)

    # Savers raise deposits and money funds lend the rest; the public is paid through deposits,
    # the Treasury through its account, and what it and the fed receive drains reserves.
    least = p.working_deposit_share * start * np.maximum(o.units[:, i.deposits], 0.0)
    short = s.savers * np.maximum(least - units[:, i.deposits] - money, 0.0)
    for claim in (i.money_fund_shares, i.bills):
        sold = np.minimum(short, np.maximum(units[:, claim], 0.0))
        swap(claim, funds * sold.sum() - sold)
        short = short - sold
    swap(repo, (funds - bank) * (funds @ money))
    public = (1.0 - treasury - fed) * money
    bought[:, i.deposits] += public - bank * public.sum()
    bought[:, i.treasury_account] += (treasury - fed) * (treasury @ money)
    bought[:, i.reserves] += (fed - bank) * ((treasury + fed) @ money)

    # Appraisals follow listed twins slowly; funds are worth what they own and grow as it does.
    real = y.log_price - (1.0 - i.grows) * np.log(start)  # without trend
    model = p.appraisal_beta * (p.appraisal_twin @ real[i.cleared])
    moved = 1.0 - 0.5 ** (dt / p.appraisal_half_life_years)
    real[i.appraised] += moved * (model - real[i.appraised])
    log_price[i.appraised] = (real + (1.0 - i.grows) * np.log(end))[i.appraised]
    mark_fund_shares(log_price, units, i.funds)
    added = day.trend_growth * i.grows * o.units
    for fund, share in i.funds:
        issue = added[fund] @ np.exp(log_price - log_price[share])
        added[:, share] = -issue * o.units[:, share] / o.units[fund, share]
    units = units + bought / np.exp(log_price) + added
    mark_fund_shares(log_price, units, i.funds)

    # Receipts beyond trend are earnings: they raise value for as long as they should last.
    memory = 1.0 - np.exp(-dt / p.receipts_memory_years)
    receipts_rate = y.receipts_rate + memory * (receipts / dt - y.receipts_rate)
    usual = np.where(p.bucket_receipts_usd_bn > 0.0, p.bucket_receipts_usd_bn * start, np.inf)
    rise = p.bucket_sector @ (receipts_rate - y.receipts_rate) / usual
    life = p.earnings_persistence_years / p.spread_duration_years
    log_value = log_value + p.earnings_elasticity * rise * life * (1.0 - np.exp(-1.0 / life))
    placed = (o.issued > 0.0) * for_sale / np.exp(found)
    issued = y.issued + placed + day.trend_growth * grows * o.issued
    powder[s.holders] -= trade[s.holders].sum(axis=1)
    return SimpleNamespace(
        units=units, issued=issued, log_price=log_price, lambda_bp=lambda_bp, powder=powder,
        log_value=log_value, news=news, buffer=buffer, kept=kept, receipts_rate=receipts_rate,
        bank_purchases=y.bank_purchases + (bank @ trade).sum(), standing_repo=standing_repo,
        turnover=np.abs(trade).sum() / 2.0,
    )  # fmt: skip


def scarcity(supply, need, p):
    """Lambda in bp, convex as reserves run out; what banks borrow of the fed where it is capped."""
    at_cap = np.expm1(p.standing_repo_cap_bp / (p.lambda_bar_bp * p.lambda_smoothing))
    least = need * (p.x_min + (1.0 - p.x_min) * at_cap**-p.lambda_smoothing)
    lent = np.maximum(least - supply, 0.0)
    z = np.maximum(((supply + lent) / need - p.x_min) / (1.0 - p.x_min), 1e-9)
    softplus = p.lambda_smoothing * np.logaddexp(0.0, -np.log(z) / p.lambda_smoothing)
    return p.lambda_bar_bp * softplus, lent


def mark_fund_shares(log_price, units, funds):
    """A share is worth the fund's other claims and debts; funds own each other, hence rounds."""
    for fund, share in funds * len(funds):
        worth = units[fund] * np.exp(log_price)
        log_price[share] = np.log((worth.sum() - worth[share]) / -units[fund, share])
