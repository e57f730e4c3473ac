"""Who must sell, and what that does, in plain NumPy: the forces of the oracle's day.

Written from the equations of calls, redemptions, margin, beliefs and venues (docs/mechanisms); no
code is shared with the engine. `t` is the oracle's `Today`. Arrays are (holder, asset, path) or
end in the path; holders are the rows `t.w.holders`, coins the last of the cleared assets.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from tests import oracle_perpetuals as perpetuals

LEAST_KEPT = 1e-4  # of a position, whatever is sold
AT_REST = 1e-5  # change of a kept share that ends the rounds of a day (decision 0008)
MOST_ROUNDS = 60


def fades(t, half_life_years):
    """What is left after a day of something that halves in so many years."""
    return 0.5 ** (t.day.dt_years / half_life_years)


def leaves(t, years):
    """What leaves in a day at the rate 1/years."""
    return 1.0 - np.exp(-t.day.dt_years / years)


def people_listen(t):
    """Dated news, fear of what it does to shares, a mood, and evidence on the central bank."""
    p, w, day, state = t.p, t.w, t.day, t.state
    dated, share = day.dated_news[:, None], w.equity_share[:, None]
    dread = w.beta[:, None] * w.pass_through  # log price lost per unit of lost appetite
    newly = (day.risk_off - state.risk_off) * dread
    t.outside_move = dated - newly
    t.fear = np.maximum(
        fades(t, p.fear_half_life_years) * state.fear - (share * dated).sum(axis=0), 0.0
    )
    t.afraid_of = t.fear + (share * day.risk_off * dread).sum(axis=0)
    likely = state.beliefs * np.exp(day.evidence)[:, None]
    t.beliefs = likely / likely.sum(axis=0)


def people_look_ahead(t):
    """Rate change expected over an asset's life, and what expected money is worth in log odds."""
    p, w = t.p, t.w
    learnt = t.beliefs - p.beliefs
    cuts = t.afraid_of * (t.beliefs * p.regime_put_rate_pa).sum(axis=0)
    t.rate_ahead = t.on.expectations * ((learnt * p.regime_rate_change_pa).sum(axis=0) + cuts)
    below = np.maximum(t.state.drawdown - p.put_trigger, 0.0)
    money = (learnt * p.regime_purchases_usd_bn).sum(axis=0)
    money = money + below * (t.beliefs * p.regime_put_usd_bn).sum(axis=0)
    felt = np.log(1.0 + np.maximum(money / (t.start * w.powder0), -0.9))
    felt = t.on.expectations * p.anticipation_share * felt
    return felt - t.day.risk_off * w.beta[:, None]


def labs_call(t):
    """A call falls due at those who promised it; labs spend what they called before."""
    p = t.p
    t.due = p.call_share * t.on.capital_call * t.on.ai_capex * t.day.called_usd_bn
    t.called_spent = t.state.called_waiting * leaves(t, p.call_spending_lag_years)


def claims_are_met(t):
    """Redemptions and calls are paid out of dry powder, then by selling; a bank may bridge."""
    w, holders = t.w, t.w.holders
    held = (t.state.units[:, w.cleared] + t.state.issued)[holders]
    t.worth_held = np.maximum(held * t.price[w.cleared], 0.0)
    t.conviction = t.state.conviction + t.p.conviction_prior
    t.depth = np.maximum((t.worth_held * w.slope).sum(axis=0), 1e-300)
    free = t.powder[holders].copy()
    before = t.money.copy()
    t.from_powder = np.zeros_like(free)
    t.bridged = lend_a_bridge(t, free)
    investors_ask(t)
    flows_are_paid(t)
    funds_sell(t, free)
    calls_are_paid(t, free)
    moved = t.money - before
    moved[w.bank] = 0.0  # a loan takes no room for securities
    t.powder = t.powder + moved
    t.sold = t.for_call + t.for_redemption


def lend_a_bridge(t, free):
    """Hedge-fund shares on the list of what is sold: their money comes later, a bank lends it."""
    p, w = t.p, t.w
    bridged = np.zeros_like(t.due)
    if not t.due.any() or bridge_fund(w) is None:
        return bridged
    rows, k = w.holders, bridge_fund(w)
    share = w.fund_rows[k][1]
    owned = np.maximum(t.state.units[rows, share], 0.0) * t.price[share]
    owned = np.maximum(owned - (t.state.noticed[k] + t.state.queued[k])[rows], 0.0)
    offered = p.fund_redemption_share * t.on.redemption * owned
    short = np.maximum(t.due[rows] - np.maximum(free, 0.0) * (1.0 - p.call_idle_share), 0.0)
    list_of_sales = np.maximum(offered + t.worth_held.sum(axis=1), 1e-300)
    bridged[rows] = np.minimum(short * offered / list_of_sales, offered)
    return bridged


def bridge_fund(w):
    """Position of hedge funds among the funds, None where there are none."""
    shares = [w.names[share] for _, share in w.fund_rows]
    return shares.index("hedge_fund_shares") if "hedge_fund_shares" in shares else None


def investors_ask(t):
    """Flows of every vehicle: who is disappointed asks, waits out the notice, then the gate."""
    p, w, state = t.p, t.w, t.state
    columns = [share for _, share in w.fund_rows] + w.private
    held = np.stack([np.maximum(state.units[:, k], 0.0) * t.price[k] for k in columns])
    held = held * w.saver[:, None]
    if w.private:  # who buys others out does not ask to be bought out
        held[-1] = np.where(p.private_buyer_share > 0.0, 0.0, held[-1])
    asked = np.zeros_like(held)
    if bridge_fund(w) is not None:
        asked[bridge_fund(w)] = t.bridged
    waiting = state.noticed + state.queued  # dollars: fewer if shares are worth less by now
    left = np.minimum(1.0, held / np.where(waiting > 0.0, waiting, 1.0))
    noticed, queued = left * state.noticed, left * state.queued
    month = 12.0 * t.day.dt_years * t.on.redemption
    settled = t.day.business * np.maximum(t.day.dt_years, 1 / 252)
    pull = np.minimum(month * p.flow_down * np.maximum(-state.performance, 0.0), 1.0)
    asked += pull[:, None] * np.maximum(held - noticed - queued - asked, 0.0)
    ripe = leaves(t, p.notice_years)[:, None]
    due = queued + ripe * (noticed + asked)
    t.noticed = (1.0 - ripe) * (noticed + asked)
    gate = np.where(
        p.gate_share_quarter < 1.0, 4.0 * settled * p.gate_share_quarter, 1.0
    ) * held.sum(axis=1)
    open_gate = np.minimum(1.0, gate / np.maximum(due.sum(axis=1), 1e-300))
    t.redeemed = t.day.business * open_gate[:, None] * due
    t.queued = due - t.redeemed
    push = 12.0 * settled * t.on.redemption * p.flow_up * np.maximum(state.performance, 0.0)
    t.subscribed = (push[:, None] * held)[: len(w.fund_rows)]


def flows_are_paid(t):
    """Fund shares are issued and cancelled; private credit changes hands; bridges are repaid."""
    w, names = t.w, t.w.names
    back = np.zeros_like(t.due)
    for k, (fund, share) in enumerate(w.fund_rows):
        bought = t.subscribed[k] - t.redeemed[k]
        t.buy(names[share], bought)
        t.buy(names[share], -t.by_sector(fund, bought.sum(axis=0)))
        if k == bridge_fund(w):
            back = np.minimum(t.state.bridge + t.bridged, t.redeemed[k])
    if w.private:
        left = t.redeemed[-1]
        t.buy(names[w.private[0]], t.p.private_buyer_share * left.sum(axis=0) - left)
    t.bridge = t.state.bridge + t.bridged - back
    t.buy("bank_loans_other", back - t.by_sector(w.bank, back.sum(axis=0)))


def funds_sell(t, free):
    """A redeemed fund sells by its own rule."""
    w, p = t.w, t.p
    t.for_redemption, t.taste_of_sales = np.zeros_like(t.worth_held), np.zeros_like(t.worth_held)
    for k, (fund, _) in enumerate(w.fund_rows):
        need = np.maximum((t.redeemed[k] - t.subscribed[k]).sum(axis=0), 0.0)
        row = w.holders.index(fund)
        paid, sold, _, taste = raise_by_rule(t, row, need, free[row], p.fund_rule[:, k])
        free[row] -= paid
        t.from_powder[row] += paid
        t.for_redemption[row], t.taste_of_sales[row] = sold, taste


def calls_are_paid(t, free):
    """Who is called sells by the rule of the path; what cannot be paid, the labs go without."""
    w, due = t.w, t.due - t.bridged
    t.for_call, t.unmet = np.zeros_like(t.worth_held), np.zeros_like(free)
    rule = (np.arange(4)[:, None] == t.on.call_rule).astype(float)
    for row, sector in enumerate(w.holders):
        if due[sector].any():
            found = raise_by_rule(t, row, due[sector], free[row], rule)
            t.for_call[row], t.unmet[row] = found[1], found[2]
            t.taste_of_sales[row] += found[3]
            t.from_powder[row] += found[0]
    met = np.zeros_like(t.due)
    met[w.holders] = (due + t.bridged)[w.holders] - t.unmet
    met[w.issuers] = t.due[w.issuers]  # part of the gap that hyperscalers finance
    t.waiting = t.state.called_waiting - t.called_spent + met.sum(axis=0)
    t.buy("private_ai_equity", met - t.by_sector(w.lab, met.sum(axis=0)))
    t.buy("bank_loans_other", t.by_sector(w.bank, t.bridged.sum(axis=0)) - t.bridged)


def raise_by_rule(t, row, need, powder, rule):
    """One seller, every path: what is paid from cash, sold by asset, unmet; the shift of tastes."""
    value = t.worth_held[row]
    cash, total = np.maximum(powder, 0.0), value.sum(axis=0)
    evenly = need * cash / np.maximum(cash + total, 1e-300)
    paid = np.minimum(np.where(rule[2] > 0.0, evenly, need), (1.0 - t.p.call_idle_share) * cash)
    rest = np.minimum(need - paid, (1.0 - LEAST_KEPT) * total)
    if not need.any():
        return paid, np.zeros_like(value), need - paid - rest, np.zeros_like(value)
    ways = (
        lambda: in_order(rest, value, t.conviction[row]),
        lambda: in_order(rest, value, t.p.haircut),
        lambda: value * rest / np.maximum(total, 1e-300),
        lambda: at_least_cost(rest, value, t.depth),
    )
    sold = sum(part * way() for part, way in zip(rule, ways, strict=True) if part.any())
    left = np.maximum(1.0 - sold / np.where(value > 0.0, value, 1.0), LEAST_KEPT)
    idle = np.maximum(1.0 - paid / np.where(cash > 0.0, cash, 1.0), LEAST_KEPT)
    return paid, sold, need - paid - rest, np.log(left) - np.log(idle)


def in_order(need, value, key):
    """From the lowest key upwards; assets with the same key side by side."""
    sold, left, key = np.zeros_like(value), need.copy(), key.copy()
    for _ in range(len(value)):
        turn = key == key.min(axis=0)
        offered = np.where(turn, value, 0.0)
        total = offered.sum(axis=0)
        taken = np.minimum(left, total)
        sold += offered * taken / np.maximum(total, 1e-300)
        left = left - taken
        key[turn] = np.inf
        if not left.any():
            break
    return sold


def at_least_cost(need, value, depth):
    """Equal marginal cost: mu depth of each asset until it is sold out; mu by filling up."""
    sold, left, level = np.zeros_like(value), need.copy(), np.zeros_like(need)
    for _ in range(len(value)):
        unsold = sold < value
        width = np.where(unsold, depth, 0.0).sum(axis=0)
        to_corner = np.where(unsold, value / depth, np.inf).min(axis=0) - level
        to_corner = np.where(width > 0.0, to_corner, 0.0)
        rise = np.minimum(to_corner, left / np.maximum(width, 1e-300))
        level = level + rise
        sold = np.where(value <= level * depth * (1.0 + 1e-14), value, level * depth)
        left = np.maximum(left - rise * width, 0.0)
    return sold


def lenders_look(t):
    """What each account owes, what it cannot sell today, and the leverage that lenders allow."""
    p, w = t.p, t.w
    loans = t.state.units[w.holders, w.at["margin_and_repo_loans"]]
    t.debt = np.maximum(-loans, 0.0) * w.may_owe[:, None]
    value = np.maximum(t.held, 0.0) * t.price[w.cleared]
    t.shut = (value * (t.day.market_open == 0.0)[:, None]).sum(axis=1)
    wilder = np.sqrt(t.state.variance / w.variance0)
    haircut = (value * p.haircut).sum(axis=1) / np.maximum(value.sum(axis=1), 1e-300)
    wider = p.haircut_per_volatility * np.maximum(wilder - 1.0, 0.0)
    wider = wider + p.haircut_per_bp * np.maximum(t.lambda_change, 0.0)
    by_risk = w.leverage0 * p.leverage_headroom[w.holders] / wilder
    by_pledge = 1.0 / np.clip(haircut * (1.0 + wider), 1e-12, 1.0)
    t.largest = np.maximum(np.minimum(by_risk, by_pledge), 1.0)


def may_keep(t, wanted, idle):
    """Share of what it wants that the lenders of each account let it hold.

    Money that is still idle pays first; the rest is sold over days, at once where too little is
    left of what the call asks for.
    """
    sellable = wanted.sum(axis=1)
    assets = sellable + t.shut
    equity = assets - t.debt
    breach = (t.debt > 0.0) & (assets > t.largest * equity) & (t.on.margin > 0.0)
    most = np.maximum(t.p.leverage_buffer * t.largest, 1.0)
    t.idle = np.maximum(idle, 0.0)
    spent = (1.0 - t.p.call_idle_share) * t.idle
    t.posted = np.minimum(np.maximum(assets / most - equity, 0.0), spent)
    t.posted = np.where(breach & (equity > 0.0), t.posted, 0.0)
    equity = equity + t.posted
    patient = 1.0 - np.exp(-t.day.dt_years / t.p.margin_call_years[t.w.holders])
    today = np.where(t.largest * equity < t.p.close_out_share * assets, 1.0, patient)
    excess = np.maximum(assets - most * np.maximum(equity, 0.0), 0.0)
    kept = 1.0 - today * excess / np.maximum(sellable, 1e-300)
    return np.where(breach, np.clip(kept, LEAST_KEPT, 1.0), 1.0)


def come_to_rest(t, market, clear, demand, settle_book=perpetuals.book_settles):
    """Prices with nobody forced; then what they force, cleared again, until no more is forced.

    `clear(log_price, market)` finds prices, `demand(log_price, market)` what is held at them.
    """
    coins = t.w.coins
    rows, (assets, paths) = len(t.w.holders), market.supply.shape
    margin, hedge = np.ones((rows, paths)), np.ones((rows, paths))
    fall, earlier = np.zeros_like(t.state.perps_fund), np.zeros(paths)
    perpetuals.in_the_morning(t)
    everything = np.ones((rows, assets, paths))
    log_price = t.state.log_price[t.w.cleared] + market.open[:, None] * t.heard
    for _ in range(MOST_ROUNDS):
        market.kept = everything * margin[:, None]
        market.kept[:, coins] *= hedge[:, None]
        log_price = clear(log_price, market)
        wanted = demand(log_price, SimpleNamespace(**{**vars(market), "kept": everything}))
        fall = settle_book(t, 0, log_price[coins], fall)
        t.met_usd_bn = perpetuals.book_moves(t, 0, log_price[coins], fall)[1]
        owned = np.exp(log_price) * market.held * market.open[:, None]
        idle = market.cash.sum(axis=1) + (owned - wanted).sum(axis=1)
        next_margin = np.minimum(margin, may_keep(t, wanted, idle))
        next_hedge = np.minimum(hedge, after_hedging(t, wanted[:, coins].sum(axis=1)))
        change = np.maximum(np.abs(next_margin - margin), np.abs(next_hedge - hedge)).max(axis=0)
        rest = (change <= AT_REST) & (earlier <= AT_REST)
        if rest.all():
            break
        margin, hedge = np.where(rest, margin, next_margin), np.where(rest, hedge, next_hedge)
        earlier = change
    t.margin, t.hedge, t.wanted = margin, hedge, wanted
    high = settle_book(t, 1, log_price[coins], np.zeros_like(fall))
    perpetuals.close_perpetuals(t, log_price[coins], fall, high)
    return log_price


def after_hedging(t, own):
    """Share of their coins that cash-and-carry traders keep: they buy what closed longs sell."""
    p = t.p
    sold = p.arbitrage_share[t.w.holders] * t.met_usd_bn.sum(axis=0)
    return 1.0 - np.minimum(sold, p.arbitrage_capacity_share * own) / np.maximum(own, 1e-300)


def forced_pay(t):
    """Forced sellers repay; what an account under water cannot pay, its lenders lose."""
    w, wanted, bank = t.w, t.wanted, t.w.bank
    hedged = np.zeros_like(wanted)
    hedged[:, w.coins] = (1.0 - t.hedge[:, None]) * wanted[:, w.coins]
    t.by_margin = ((1.0 - t.margin[:, None]) * (wanted - hedged)).sum(axis=1)
    t.by_hedge = hedged.sum(axis=1)
    drowned = (wanted.sum(axis=1) + t.shut < t.debt) & (t.on.margin > 0.0)
    missing = np.where(drowned, np.maximum(t.debt - t.by_margin - t.shut, 0.0), 0.0)
    units = t.state.units[w.holders]
    cash = units[:, w.at["deposits"]] + units[:, w.at["money_fund_shares"]]
    from_cash = np.minimum(missing, np.maximum(cash - t.from_powder, 0.0) + t.by_hedge)
    t.repaid, t.forgiven = np.zeros_like(t.money), np.zeros_like(t.money)
    t.repaid[w.holders] = np.minimum(t.by_margin + t.posted, t.debt) + from_cash
    t.forgiven[w.holders] = missing - from_cash
    gone = t.repaid + t.forgiven
    t.claims[:, w.at["margin_and_repo_loans"]] += gone - t.by_sector(bank, gone.sum(axis=0))
    t.money += t.by_sector(bank, t.repaid.sum(axis=0)) - t.repaid
    owners = t.p.perp_long_share, t.p.perp_short_share
    for side in (0, 1):
        fund = t.fund_gain[side].sum(axis=0)
        t.pay(owners[side], t.p.perp_fund_share, fund)
        t.pay(owners[side], owners[1 - side], t.margin_lost[side] - fund)


def tastes_remember(t, market):
    """What was sold stays sold, by lenders for good and by cash-and-carry for a while."""
    taste = t.state.taste + t.taste_of_sales + np.log(t.margin[:, None]) * market.open[:, None]
    put_up = t.posted / np.where(t.idle > 0.0, t.idle, 1.0)
    taste = taste - np.log(np.maximum(1.0 - put_up, LEAST_KEPT))[:, None]
    taste = np.maximum(taste, -14.0)
    cash = np.where(t.free > 0.0, t.free, np.inf)  # X, of which each group has its share
    idle = np.log(1.0 + t.by_hedge / cash)
    hedge = t.state.hedge - idle[:, None]
    hedge[:, t.w.coins] += np.log(t.hedge[:, None]) * market.open[t.w.coins, None]
    return taste, hedge * fades(t, t.p.arbitrage_half_life_years) * (
        1.0 - perpetuals.squeezed(t, hedge)
    )


def minds_and_queues(t, market):
    """The part of tomorrow's state that the forces of a day remember."""
    p, w, state = t.p, t.w, t.state
    trend = np.where(w.grows, 0.0, np.log(t.end / t.start))[:, None]
    gained = t.marks - state.log_price - trend
    cleared, kept = gained[w.cleared], fades(t, p.volatility_half_life_years)
    owned = t.worth_held.sum(axis=1)
    mine = (t.worth_held * cleared).sum(axis=1) / np.maximum(owned, 1e-300)
    mine = np.where(owned > 1e-6, mine, 0.0)  # nothing has no return
    believed = fades(t, p.conviction_half_life_years) * state.conviction
    phi = t.on.conviction * p.extrapolation[w.holders]
    memory = np.exp(-t.day.dt_years / p.performance_memory_years)
    taste, hedge = tastes_remember(t, market)
    shares = np.array([w.issued[:, k - w.cleared.start].sum() for k in w.equity])
    worth = sum(n * np.exp(t.marks[k]) for n, k in zip(shares, w.equity, strict=True))
    level = np.log(worth / shares.sum()) - np.log(t.end)
    peak = np.maximum(state.equity_peak, level)
    return {
        "taste": taste, "hedge": hedge,
        "conviction": believed + phi[:, None] * cleared,
        "variance": kept * state.variance + (1.0 - kept) * mine**2 / t.day.dt_years,
        "performance": memory * state.performance + returns_of_vehicles(t, gained),
        "noticed": t.noticed, "queued": t.queued, "called_waiting": t.waiting,
        "bridge": t.bridge, "beliefs": t.beliefs, "fear": t.fear,
        "risk_off": t.day.risk_off + 0.0 * state.risk_off,
        "equity_peak": peak, "drawdown": peak - level, **perpetuals.roll(t),
    }  # fmt: skip


def returns_of_vehicles(t, gained):
    """Return on net assets of each fund's securities, and the return of private credit."""
    w, found = t.w, []
    for fund, share in w.fund_rows:
        marked = (t.state.units[fund] * t.price * gained)[w.marked].sum(axis=0)
        found.append(marked / (-t.state.units[fund, share] * t.price[share]))
    return np.stack(found + [gained[k] for k in w.private])


def forces_are_seen(t, after):
    """Observations of the forces at the close."""
    w, price = t.w, np.exp(t.log_price)
    loans = after["units"][w.holders, w.at["margin_and_repo_loans"]]
    debt = np.maximum(-loans, 0.0) * w.may_owe[:, None]
    held = (after["units"][:, w.cleared] + after["issued"])[w.holders]
    assets = (held * price).sum(axis=1)
    low = price.copy()
    low[w.coins] *= np.exp(-t.fall)
    redeemed = t.redeemed.sum(axis=1)
    redeemed[: len(w.fund_rows)] -= t.subscribed.sum(axis=1)
    sold = [t.for_call.sum(axis=1), t.for_redemption.sum(axis=1), t.by_margin, t.by_hedge]
    return {
        "low_price": low, "forced_usd_bn": np.stack(sold),
        "leverage": assets / np.maximum(assets - debt, 1e-9), "largest_leverage": t.largest,
        "loan_losses_usd_bn": t.forgiven.sum(axis=0), "called_usd_bn": t.due.sum(axis=0),
        "call_default_usd_bn": t.unmet.sum(axis=0), "redeemed_usd_bn": redeemed,
        "queue_usd_bn": (t.noticed + t.queued).sum(axis=1), "beliefs": t.beliefs,
        "perp_open_interest_coins": after["perps_coins"][0].sum(axis=0),
        "perp_liquidated_usd_bn": t.closed_usd_bn.sum(axis=0),
        "perp_shorts_closed_usd_bn": t.closed_usd_bn[1],
        "perp_deleveraged_usd_bn": t.gone.sum(axis=0) * price[w.coins],
        "insurance_fund_usd_bn": after["perps_fund"],
    }  # fmt: skip


def accounts_at_the_opening(w, slope) -> dict:
    """Leverage and volatility of every account, and how shares move every asset."""
    held, covariance = w.gross0[w.holders], w.cholesky @ w.cholesky.T
    value, market = held.sum(axis=1), held.sum(axis=0)
    debt = np.maximum(-w.units[w.holders, w.at["margin_and_repo_loans"]], 0.0) * w.may_owe
    mix = held / np.maximum(value, 1e-300)[:, None]
    own = np.array([m @ covariance @ m for m in mix])
    listed = np.zeros(len(market))
    equity = [k - w.cleared.start for k in w.equity]
    listed[equity] = market[equity] / market[equity].sum()
    steep = (held[:, :, None] * slope).sum(axis=0) / market[:, None]
    return {
        "leverage0": (value / np.maximum(value - debt, 1e-300))[:, None],
        "variance0": np.maximum(own, 1e-8)[:, None],
        "beta": covariance @ listed / max(listed @ covariance @ listed, 1e-12),
        "equity_share": listed, "pass_through": 1.0 / (1.0 + steep),
    }  # fmt: skip
