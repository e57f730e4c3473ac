"""What a scenario announces for one day, and the switches and experiments of each path.

Amounts are USD bn per step, rates decimals per year. `Day` rows are scanned over; they carry no
path axis. `Levers` belong to a path: a switch at zero turns a channel off with the accounts
still balanced, and the experiment fields make twin runs possible inside one compiled program.
"""

from __future__ import annotations

import equinox as eqx
from jaxtyping import Array, Float, Int

OFFICIAL_PURCHASES = ("bills", "treasuries", "agency_mbs")
REGIMES = ("accommodate", "neutral", "shrink")  # what a central bank may turn out to be
RULES = ("lowest_conviction_first", "liquid_first", "pro_rata", "cheapest_exit")
SWITCHES = (
    "issuance",
    "income",
    "liquidity",
    "capital_call",
    "redemption",
    "margin",
    "conviction",
    "expectations",
    "venues",
    "policy",
)


class Day(eqx.Module):
    """One row of the calendar. Built by the scenario; stacked along a leading step axis."""

    number: Int[Array, "*step"]  # 0, 1, 2 ...
    dt_years: Float[Array, "*step"]
    business: Float[Array, "*step"]  # one on days when payments and issues settle, else zero
    market_open: Float[Array, "*step asset"]  # one where the asset trades today
    trend_level: Float[Array, "*step"]  # exp(g t) at the start of the day
    trend_growth: Float[Array, "*step"]  # exp(g t_end) - exp(g t_start)
    capex_usd_bn: Float[Array, "*step"]  # hyperscalers' planned AI capex
    operating_cash_flow_usd_bn: Float[Array, "*step"]
    trend_operating_cash_flow_usd_bn: Float[Array, "*step"]
    lab_spending_usd_bn: Float[Array, "*step"]  # AI labs, above trend
    deficit_usd_bn: Float[Array, "*step"]  # Treasury spending over taxes, above trend
    interest_in_deficit: Float[Array, "*step"]  # one where the deficit includes interest
    bill_share: Float[Array, "*step"]  # of Treasury borrowing above trend
    bills_for_notes_usd_bn: Float[Array, "*step"]  # bills issued beyond that share, in their place
    treasury_account_build_usd_bn: Float[Array, "*step"]  # above trend
    official_purchases_usd_bn: Float[Array, "*step official"]  # fed: bills, treasuries, agency_mbs
    policy_rate_change_pa: Float[
        Array, "*step"
    ]  # deviation of the policy rate from the opening one
    corporate_issuance_usd_bn: Float[Array, "*step"]  # other firms' bonds, above trend
    corporate_buybacks_usd_bn: Float[
        Array, "*step"
    ]  # other firms' net share purchases, above trend
    ai_bonds_usd_bn: Float[Array, "*step"]  # hyperscalers' bonds sold whatever the gap is
    bank_loan_share: Float[Array, "*step"]  # of hyperscalers' outside funding
    ai_debt_duration_years: Float[Array, "*step"]  # maturity of AI bonds
    programme_share: Float[Array, "*step"]  # of an extra bond programme that is sold today
    called_usd_bn: Float[Array, "*step"]  # capital that AI labs call today
    dated_news: Float[Array, "*step asset"]  # log price: dated events from outside the model
    news_minutes: Float[Array, "*step"]  # in which they arrived; a day if nothing says otherwise
    risk_off: Float[Array, "*step"]  # level of lost risk appetite, log odds per unit of beta
    evidence: Float[Array, "*step regime"]  # log likelihood of today's announcement


class Levers(eqx.Module):
    """Switches (one = on) and experiments of every path."""

    issuance: Float[Array, " path"]
    income: Float[Array, " path"]
    liquidity: Float[Array, " path"]  # lambda
    capital_call: Float[Array, " path"]
    redemption: Float[Array, " path"]
    margin: Float[Array, " path"]
    conviction: Float[Array, " path"]
    expectations: Float[Array, " path"]
    venues: Float[Array, " path"]
    policy: Float[Array, " path"]
    ai_capex: Float[Array, " path"]  # zero in the twin without AI capex
    fed_absorbs: Float[Array, " path"]  # share of AI duration that the fed buys as Treasuries
    shock_scale: Float[Array, " path"]  # zero on the central path
    extra_capex_usd_bn: Float[Array, " path"]  # spent on one day ...
    extra_capex_day: Int[Array, " path"]  # ... this one
    extra_bonds_usd_bn: Float[Array, " path"]  # an extra bond programme, spent on capex
    call_rule: Int[Array, " path"]  # position in RULES of what a called sector sells first
