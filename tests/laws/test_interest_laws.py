"""Laws of interest: who owes more than on trend pays it, who lent it is paid, on trend nobody."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.worlds import grow, inputs_for, quiet_days

from drypowder.accounts import load_opening
from drypowder.accounts.economy import default_economy
from drypowder.channels.interest import debt_columns, debt_rates_pa, interest
from drypowder.engine.simulate import simulate

SHEET = load_opening("2025Q4")
ECONOMY = default_economy()
SECTORS = len(ECONOMY.sectors)
COLUMNS = debt_columns(ECONOMY)
BILL, SPREAD, BOND, PRIVATE = 0.036, 0.014, 0.05, 0.09  # of tests.worlds
BIG = ECONOMY.sector("hyperscalers")
FUND_SHARES = np.maximum(SHEET.net_usd_bn[:, ECONOMY.instrument("money_fund_shares")], 0.0)
OWN_PART = FUND_SHARES[BIG] / FUND_SHARES.sum()  # of what money funds earn


def by_sector(**amounts):
    return np.array([amounts.get(name, 0.0) for name in ECONOMY.sector_names])[:, None]


def paid(above, *, years=0.5, switch=1.0):
    """Net interest of each sector at 4 % short, 6 % loans, 3 to 7 % bonds, 10 % private credit."""
    rates = debt_rates_pa(
        short_rate_pa=jnp.array([0.04]),
        bank_loan_spread_pa=jnp.array([0.02]),
        bond_return_pa=jnp.array([[0.03], [0.04], [0.05], [0.07]]),
        private_credit_return_pa=jnp.array([0.10]),
    )
    owners = by_sector(households=30.0, rest_of_world=10.0, money_funds=-40.0)
    return interest(
        above_trend_usd_bn=jnp.asarray(above)[:, :, None],
        rate_pa=rates,
        fund_shares_usd_bn=jnp.asarray(owners),
        dt_years=jnp.array(years),
        switch=jnp.array([switch]),
        economy=ECONOMY,
    ).money[:, 0]


def position(name):
    return COLUMNS.index(ECONOMY.instrument(name))


def test_each_lender_of_the_hyperscalers_is_paid_by_them():
    """Half a year, worked by hand: the hyperscalers owe four claims.

    bank loans 100 at 6 % to the bank:                      3.0 to the bank
    bills 50 at 4 % to money funds:                         1.0 to their owners, 3 : 1
    bonds 200 at 5 % to insurers (120) and the fed (80):    3.0 to insurers, 2.0 to the Treasury
    private credit 40 at 10 % to deep pockets:              2.0 to deep pockets
    """
    above = np.zeros((SECTORS, len(COLUMNS)))
    for name, holders in {
        "bank_loans_other": {"banks_dealers": 100.0},
        "bills": {"money_funds": 50.0},
        "ig_credit": {"insurers_pensions": 120.0, "fed": 80.0},
        "private_credit": {"deep_pockets": 40.0},
    }.items():
        column = by_sector(**holders, hyperscalers=-sum(holders.values()))
        above[:, position(name)] = column[:, 0]
    expected = by_sector(
        hyperscalers=-11.0, banks_dealers=3.0, households=0.75, rest_of_world=0.25,
        insurers_pensions=3.0, treasury=2.0, deep_pockets=2.0,
    )[:, 0]  # fmt: skip
    np.testing.assert_allclose(paid(above), expected, atol=1e-12)
    np.testing.assert_allclose(paid(above, switch=0.0), 0.0, atol=0.0)


@given(st.integers(0, 10_000))
def test_interest_has_two_sides_and_stays_with_neither_the_fed_nor_money_funds(seed):
    random = np.random.default_rng(seed)
    above = random.normal(0.0, 100.0, (SECTORS, len(COLUMNS)))
    above[BIG] -= above.sum(axis=0)
    money = np.asarray(paid(above))
    assert abs(money.sum()) < 1e-9
    for role in ("central_bank", "money_fund"):
        assert abs(money[ECONOMY.role(role)]) < 1e-9
    np.testing.assert_allclose(paid(2.0 * above), 2.0 * money, atol=1e-9)


def run_of(days, *, levers=None, **overrides):
    cleared = SHEET.economy.columns("cleared")
    issued = SHEET.issued_usd_bn[:, cleared]
    run = simulate(inputs_for(SHEET.net_usd_bn, issued, days, levers=levers, **overrides))
    assert run.failures == ()
    run.assert_balanced()
    return run


def borrowed(**amounts):
    """100 bn of capex on the first of two days, none of it out of hoards."""
    capex = {"capex_usd_bn": np.array([100.0, 0.0]), **amounts}
    return quiet_days(ECONOMY, 2, **capex)


FUNDED = {
    "bank loans": ({"bank_loan_share": 1.0}, {}),
    "private credit": ({}, {"bond_share": 0.0, "private_share": 1.0}),
    "bonds and short paper": (
        {"ai_debt_duration_years": 4.0},
        {"bond_share": 1.0, "private_share": 0.0},
    ),
}


@pytest.mark.parametrize("how", FUNDED)
def test_the_hyperscalers_pay_interest_on_whatever_they_borrow_from_the_next_day_on(how):
    """The first day ends with the debt; the second pays 1/252 of a year on its face.

    Bonds of four years stand in a column of ten: 40 of 100 are bonds, 60 are short paper, of
    which the hyperscalers get a little back as owners of money funds.
    """
    amounts, shares = FUNDED[how]
    run = run_of(borrowed(**amounts), cash_floor_share=1.0, **shares)
    kinds = ("bank_loans", "private_credit", "short_paper", "bonds")
    loans, private, paper, bonds = (run.series[f"funding_{k}_usd_bn"][0, 0] for k in kinds)
    assert loans + private + paper + bonds == pytest.approx(100.0)
    face = bonds / run.price("ig_credit")[0, 0]
    a_year = loans * (BILL + SPREAD) + private * PRIVATE + face * BOND
    a_year += (1.0 - OWN_PART) * paper * BILL
    flow = run.books.flows["interest"]
    assert flow[BIG].sum() == pytest.approx(-a_year / 252, rel=1e-9)
    np.testing.assert_allclose(flow.sum(axis=0), 0.0, atol=1e-12)


def test_what_banks_lend_costs_as_much_as_paper_and_the_spread():
    """Same capex, lent by banks in one run and by the owners of money funds in the other."""
    paper = {"bond_share": 1.0, "private_share": 0.0, "cash_floor_share": 1.0}
    cost = {}
    for share in (0.0, 1.0):
        days = borrowed(bank_loan_share=share, ai_debt_duration_years=0.0)
        cost[share] = -run_of(days, **paper).books.flows["interest"][BIG].sum()
    paper_costs = (1.0 - OWN_PART) * BILL
    assert cost[1.0] / cost[0.0] == pytest.approx((BILL + SPREAD) / paper_costs, rel=1e-9)


def test_a_cheaper_policy_rate_makes_floating_debt_cheaper_and_no_other():
    for how, floats in (("bank loans", True), ("private credit", False)):
        amounts, shares = FUNDED[how]
        cost = []
        for change in (0.0, -0.01):
            days = borrowed(policy_rate_change_pa=change, **amounts)
            run = run_of(days, cash_floor_share=1.0, **shares)
            cost.append(-run.books.flows["interest"][BIG].sum())
        saved = 0.01 * 100.0 / 252 if floats else 0.0
        assert cost[0] - cost[1] == pytest.approx(saved, abs=1e-9)


def test_bills_of_the_treasury_pay_the_owners_of_money_funds():
    """100 bn of deficit in bills: the Treasury owes 3.6 % of them, money funds pass it on."""
    days = quiet_days(ECONOMY, 2, deficit_usd_bn=np.array([100.0, 0.0]), bill_share=1.0)
    flow = run_of(days).books.flows["interest"]
    treasury, funds = (ECONOMY.role(role) for role in ("government", "money_fund"))
    assert flow[treasury].sum() == pytest.approx(-100.0 * BILL / 252, rel=1e-6)
    assert flow[funds].sum() == pytest.approx(0.0, abs=1e-12)
    assert flow[ECONOMY.sector("households")].sum() > 0.0


def test_the_income_switch_turns_interest_off():
    run = run_of(borrowed(bank_loan_share=1.0), levers={"income": 0.0}, cash_floor_share=1.0)
    np.testing.assert_allclose(run.books.flows["interest"], 0.0, atol=0.0)


def test_debt_on_trend_pays_no_interest_of_its_own():
    """Every claim grows at 4.5 %: what it pays is part of trend and is not paid twice."""
    run = run_of(grow(quiet_days(ECONOMY, 53), 0.045))
    np.testing.assert_allclose(run.books.flows["interest"], 0.0, atol=1e-9)
