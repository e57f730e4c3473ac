"""AI capex is paid out of cash flow, then hoards, then Treasuries, then other people's money.

    "at first capex is paid out of idle capital; once that is gone every dollar must leave
    something else"

Gap of a day = capex + payouts - operating cash flow. It is met in order: cash (deposits, money
funds) above a floor, Treasuries held above a floor, then outside money: bank loans (a lever),
investment-grade bonds, private credit and leases, shares (buybacks cut first). Bonds that a
scenario reports as sold come before all of it. A negative gap refills the hoard. What the base
year's cash flow pays for after payouts is trend; suppliers, customers and shareholders see only
what exceeds it.

Also here: AI labs (own cash, then private rounds, part of it vendor financing), the Treasury
(bills, notes, its account) and other firms.
Source: SEC EDGAR company facts for the order of payment in 2022-26; docs/decisions/0004.
Signs: a gap is money to be found, > 0; sales to holders are net supply, > 0.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from drypowder.accounts.economy import Economy
from drypowder.accounts.postings import Posting, one_hot, swap
from drypowder.channels.capital_call import Called
from drypowder.channels.day import Day, Levers
from drypowder.channels.income import IncomeParameters, receipts_of_capex


class IssuanceParameters(eqx.Module):
    """How AI and the Treasury are funded; the trailing axis is the path."""

    capex_share: Float[Array, " sector"]  # which sector spends the AI capex; sums to one
    lab_share: Float[Array, " sector"]  # which sector is the AI labs
    payout_share: Float[Array, " path"]  # of operating cash flow: dividends, buybacks, deals
    buyback_share: Float[Array, " path"]  # of payouts
    cash_floor_share: Float[Array, " path"]  # of opening cash and securities
    user_cost_elasticity: Float[Array, " path"]  # of capex to the cost of capital
    bond_share: Float[Array, " path"]  # of outside money after bank loans
    private_share: Float[Array, " path"]
    customer_share: Float[Array, "sector path"]  # who pays the hyperscalers; sums to one
    shareholder_share: Float[Array, "sector path"]  # who receives payouts; sums to one
    private_lender_share: Float[Array, "sector path"]  # who buys private credit; sums to one
    lab_funder_share: Float[Array, "sector path"]  # who buys private AI equity; sums to one
    lab_supplier_share: Float[Array, "sector path"]  # who labs pay; sums to one
    lab_cash_floor_share: Float[Array, " path"]
    deficit_recipient_share: Float[Array, "sector path"]  # sums to one
    firm_share: Float[Array, " sector"]  # which sector issues other corporate paper


class Funding(NamedTuple):
    """Where the day's AI dollar came from, USD bn; adds up to the gap."""

    capex: Float[Array, " path"]
    cash_flow: Float[Array, " path"]  # operating cash flow after payouts
    hoard: Float[Array, " path"]
    treasuries: Float[Array, " path"]
    bank_loans: Float[Array, " path"]
    bonds: Float[Array, " path"]
    short_paper: Float[Array, " path"]
    private_credit: Float[Array, " path"]
    buybacks_cut: Float[Array, " path"]
    new_shares: Float[Array, " path"]
    lab_round: Float[Array, " path"]


class Issuance(NamedTuple):
    """Result of a day."""

    postings: list[Posting]
    net_supply: dict[str, Float[Array, "sector path"]]  # cleared instrument -> sold, USD bn
    receipts: Float[Array, "sector path"]  # enter the income buffers
    funding: Funding


class IssuerAccounts(NamedTuple):
    """What issuers have, USD bn, at the start of the day."""

    cash: Float[Array, "sector path"]  # deposits and money-fund shares
    opening_cash: Float[Array, "sector path"]
    treasuries: Float[Array, "sector path"]
    opening_treasuries: Float[Array, "sector path"]
    bond_duration_years: Float[Array, " path"]  # of the bond column: shorter AI debt is part bills
    cost_of_capital_ratio: Float[Array, " path"]  # investment-grade yield over its opening value
    treasury_interest: Float[Array, " path"]  # due today on debt above trend, USD bn


def fund(
    *,
    day: Day,
    levers: Levers,
    accounts: IssuerAccounts,
    called: Called,
    parameters: IssuanceParameters,
    income: IncomeParameters,
    economy: Economy,
) -> Issuance:
    """The day's capex, labs, Treasury and corporate paper: who pays whom, who sells what.

    Args:
        called: capital calls: the spender's part is funded like capex, the labs spend earlier ones.
    """
    spender = parameters.capex_share[:, None]
    on = levers.issuance * levers.ai_capex
    capex, excess, bonds_ordered = _capex(day, levers, accounts, parameters)
    cash_flow, trend_cash_flow = (
        day.operating_cash_flow_usd_bn,
        day.trend_operating_cash_flow_usd_bn,
    )
    earned = levers.issuance * (cash_flow - trend_cash_flow)
    lab_postings, lab_round, cloud, lab_receipts = _labs(day, on, called, accounts, parameters)
    retained = (1.0 - parameters.payout_share) * (levers.issuance * cash_flow)
    gap = levers.issuance * capex - retained + jnp.sum(spender * (called.due - cloud), axis=0)
    sources, sold = _fund_gap(spender * gap[None], bonds_ordered, day, accounts, parameters, levers)
    postings = [
        _income("ai_capex", receipts_of_capex(capex_usd_bn=excess, parameters=income)
                - spender * excess[None]),
        _income("operating_cash_flow", (spender - parameters.customer_share) * earned[None]),
        _income("payouts", (parameters.shareholder_share - spender)
                * (parameters.payout_share * earned)[None]),
        *_outside_money(sources, parameters, economy),
        *lab_postings,
    ]  # fmt: skip
    receipts = receipts_of_capex(capex_usd_bn=excess, parameters=income) + lab_receipts
    state_postings, state_receipts, state_sold = _treasury(
        day, levers.issuance, accounts.treasury_interest, parameters, economy
    )
    firm_sold = _other_firms(day, levers.issuance, parameters)
    supply = {name: sold.get(name, 0.0) + state_sold.get(name, 0.0) + firm_sold.get(name, 0.0)
              for name in {**sold, **state_sold, **firm_sold}}  # fmt: skip
    funding = _funding(levers.issuance * capex, retained, sources, lab_round)
    return Issuance(postings + state_postings, supply, receipts + state_receipts, funding)


def _income(name: str, money: Float[Array, "sector path"]) -> Posting:
    return Posting(money=money, claims={}, name=name, is_income=True)


def _capex(day, levers, accounts, parameters):
    """Planned capex after user cost, its part above trend, and bonds sold whatever the gap is."""
    response = 1.0 + parameters.user_cost_elasticity * (accounts.cost_of_capital_ratio - 1.0)
    trend = (1.0 - parameters.payout_share) * day.trend_operating_cash_flow_usd_bn
    one_day = jnp.where(day.number == levers.extra_capex_day, levers.extra_capex_usd_bn, 0.0)
    ordered = day.programme_share * levers.extra_bonds_usd_bn
    excess = day.capex_usd_bn * jnp.maximum(response, 0.0) - trend
    excess = levers.issuance * (levers.ai_capex * excess + one_day + ordered)
    reported = levers.ai_capex * day.ai_bonds_usd_bn
    return trend + excess, excess, levers.issuance * (ordered + reported)


def _fund_gap(gap, ordered, day, accounts, parameters, levers):
    """The funding order, sector by sector, as amounts in USD bn (sector, path)."""
    level = day.trend_level
    floor = parameters.cash_floor_share[None]
    spender = parameters.capex_share[:, None]
    bonds_first = spender * ordered[None]
    rest = gap - bonds_first
    hoard = spender * (accounts.cash - floor * level * accounts.opening_cash)
    rest = rest * day.business
    from_hoard = jnp.minimum(rest, hoard) * day.business
    rest = rest - from_hoard
    sellable = accounts.treasuries - floor * level * accounts.opening_treasuries
    from_treasuries = jnp.clip(spender * sellable, 0.0, rest)
    outside = rest - from_treasuries
    loans = day.bank_loan_share * outside
    market = outside - loans
    bonds = parameters.bond_share[None] * market + bonds_first
    private = parameters.private_share[None] * market
    equity = market - parameters.bond_share[None] * market - private
    long_part = jnp.minimum(day.ai_debt_duration_years / accounts.bond_duration_years, 1.0)[None]
    payouts = parameters.payout_share * levers.issuance * day.operating_cash_flow_usd_bn
    cut = jnp.minimum(equity, spender * (parameters.buyback_share * payouts)[None])
    sources = {
        "hoard": from_hoard,
        "treasuries": from_treasuries,
        "bank_loans": loans,
        "bonds": bonds * long_part,
        "short_paper": bonds * (1.0 - long_part),
        "private_credit": private,
        "buybacks_cut": cut,
        "new_shares": equity - cut,
    }
    sold = {
        "treasuries": from_treasuries,
        "ig_credit": sources["bonds"],
        "equity_hyperscalers": equity,
    }
    return sources, sold


def _outside_money(sources, parameters, economy):
    """Postings of what is not sold in a cleared market: bank loans, short paper, private credit."""
    bank = one_hot(economy, "bank")
    money_fund = one_hot(economy, "money_fund")
    loans, paper, private = (sources[k] for k in ("bank_loans", "short_paper", "private_credit"))
    lent = parameters.private_lender_share * jnp.sum(private, axis=0, keepdims=True)
    return [
        swap(
            "bank_loans", "bank_loans_other", bank * jnp.sum(loans, axis=0, keepdims=True) - loans
        ),
        swap("short_paper", "bills", money_fund * jnp.sum(paper, axis=0, keepdims=True) - paper),
        swap("private_credit_placed", "private_credit", lent - private),
    ]


def _labs(day, on, called: Called, accounts, parameters):
    """AI labs burn cash: own cash above a floor first, then a private round."""
    lab = parameters.lab_share[:, None]
    spent = lab * (on * day.lab_spending_usd_bn + called.spent)[None]
    floor = parameters.lab_cash_floor_share[None] * day.trend_level * accounts.opening_cash
    floor = floor + lab * called.waiting[None]  # called capital is spent at its own pace
    own = jnp.clip(lab * (accounts.cash - floor), 0.0, spent)
    raised = jnp.sum(spent - own, axis=0, keepdims=True)
    paid = parameters.lab_supplier_share * jnp.sum(spent, axis=0, keepdims=True)
    bought = parameters.lab_funder_share * raised - (spent - own)
    cloud = parameters.capex_share[:, None] * (paid - parameters.lab_funder_share * raised)
    receipts = paid * (1.0 - parameters.capex_share[:, None])
    postings = [
        _income("lab_spending", paid - spent),
        swap("lab_round", "private_ai_equity", bought),
    ]
    return postings, raised[0], cloud, receipts


def _treasury(day, switch, interest, parameters, economy):
    """Deficit above trend is spent; it and interest are borrowed; the account is built or drawn."""
    government, money_fund = one_hot(economy, "government"), one_hot(economy, "money_fund")
    refunded = day.business * interest  # on a closed day the account pays
    deficit = switch * (day.deficit_usd_bn - day.interest_in_deficit * refunded)
    borrowed = deficit + switch * (day.treasury_account_build_usd_bn + refunded)
    spent = (parameters.deficit_recipient_share - government) * deficit[None]
    swapped = switch * day.bills_for_notes_usd_bn
    bills = (money_fund - government) * (day.bill_share * borrowed + swapped)[None]
    notes = government * ((1.0 - day.bill_share) * borrowed - swapped)[None]
    postings = [_income("deficit", spent), swap("treasury_bills", "bills", bills)]
    return postings, parameters.deficit_recipient_share * deficit[None], {"treasuries": notes}


def _other_firms(day, switch, parameters):
    firms = parameters.firm_share[:, None] * switch[None]
    return {
        "ig_credit": firms * day.corporate_issuance_usd_bn,
        "equity_broad": -firms * day.corporate_buybacks_usd_bn,
    }


def _funding(capex, retained, sources, lab_round):
    total = {name: jnp.sum(amount, axis=0) for name, amount in sources.items()}
    return Funding(capex=capex, cash_flow=retained, lab_round=lab_round, **total)
