"""Laws 1, 7, 8, 14, 16, 17, 19 on the whole day and the real opening sheet."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.worlds import grow, inputs_for, quiet_days

from drypowder.accounts import in_unit, load_opening, permuted, split_sector
from drypowder.accounts.economy import default_economy
from drypowder.engine.run import BALANCE_TOLERANCE
from drypowder.engine.simulate import simulate

SHEET = load_opening("2025Q4")
ECONOMY = default_economy()
STEPS = 11
# paid by hoards first, then Treasuries and paper: a busy day of everything
BUSY = {
    "capex_usd_bn": 9.0,
    "operating_cash_flow_usd_bn": 4.0,
    "trend_operating_cash_flow_usd_bn": 2.0,
    "lab_spending_usd_bn": 3.0,
    "deficit_usd_bn": 4.0,
    "bill_share": 0.3,
    "bills_for_notes_usd_bn": 0.6,
    "treasury_account_build_usd_bn": 1.0,
    "ai_bonds_usd_bn": 0.7,
    "bank_loan_share": 0.2,
    "corporate_issuance_usd_bn": 1.5,
    "corporate_buybacks_usd_bn": 0.7,
    "policy_rate_change_pa": -0.002,
    "ai_debt_duration_years": 4.0,
}
LIVELY = {
    "spend": 0.5,
    "keep": 0.1,
    "wealth_spending_pa": 0.03,
    "cash_floor_share": 0.9,
    "desired_liquidity_per_bp": 2e-4,
    "funding_spread_loading": 0.5,
}


def inputs_of(sheet, days, **overrides):
    cleared = sheet.economy.columns("cleared")
    return inputs_for(
        sheet.net_usd_bn, sheet.issued_usd_bn[:, cleared], days, economy=sheet.economy, **overrides
    )


def run_of(sheet, days, **overrides):
    run = simulate(inputs_of(sheet, days, **overrides))
    assert run.failures == ()
    run.assert_balanced()
    return run


def busy_days(steps=STEPS, **changes):
    return quiet_days(ECONOMY, steps, **{**BUSY, **changes})


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_law_1_accounts_balance_for_any_parameters_and_shocks(seed):
    random = np.random.default_rng(seed)
    amounts = {name: value * random.uniform(-1.0, 3.0, STEPS) for name, value in BUSY.items()}
    for share in ("bill_share", "bank_loan_share"):
        amounts[share] = random.uniform(0.0, 1.0, STEPS)
    amounts["ai_debt_duration_years"] = random.uniform(0.5, 8.0, STEPS)
    amounts["official_purchases_usd_bn"] = random.normal(0.0, 5.0, (STEPS, 3))
    days = grow(quiet_days(ECONOMY, STEPS, **amounts), random.uniform(-0.02, 0.1))
    overrides = {name: value * random.uniform(0.0, 1.0) for name, value in LIVELY.items()}
    overrides["kappa"] = random.uniform(1.0, 200.0, len(ECONOMY.names("cleared")))
    overrides["satiation_share"] = random.uniform(0.1, 0.14)
    run = simulate(inputs_of(SHEET, days, **overrides))
    if not run.failures:
        assert run.residuals.max() < BALANCE_TOLERANCE
        # the books agree: closing = opening + flows + revaluation, and no column gains an owner
        financial = [k for k, i in enumerate(ECONOMY.instruments) if not i.real]
        np.testing.assert_allclose(run.books.closing.sum(0)[financial], 0.0, atol=1e-6)
        for name, flow in run.books.flows.items():
            np.testing.assert_allclose(flow.sum(0), 0.0, atol=1e-7, err_msg=name)


def test_law_1_a_posting_without_an_other_side_is_refused():
    run = run_of(SHEET, busy_days(), **LIVELY)
    broken = run.series["residual"].copy()
    broken[0, 3] = 1e-6
    series = {**run.series, "residual": broken}
    with pytest.raises(Exception, match="DP-041"):
        type(run)(**{**run.__dict__, "series": series}).assert_balanced()


def test_law_7_a_fed_that_buys_the_new_duration_leaves_prices_alone():
    """Notes sold, proceeds kept in the Treasury account, the fed buys exactly those notes."""
    kept = {"treasury_account_build_usd_bn": 5.0, "bill_share": 0.0}
    bought = np.array([0.0, 5.0, 0.0])
    days = quiet_days(ECONOMY, STEPS, official_purchases_usd_bn=bought, **kept)
    run = run_of(SHEET, days)
    np.testing.assert_allclose(run.prices[0, -1], 1.0, atol=1e-10)
    reserves = run.series["reserve_supply_usd_bn"][0]
    np.testing.assert_allclose(reserves, reserves[0], atol=1e-7)


def test_law_7_the_same_purchase_in_bills_does_not():
    kept = {"treasury_account_build_usd_bn": 5.0, "bill_share": 0.0}
    notes = ECONOMY.instrument("treasuries")
    bills = quiet_days(ECONOMY, STEPS, official_purchases_usd_bn=np.array([5.0, 0.0, 0.0]), **kept)
    assert run_of(SHEET, bills).prices[0, -1, notes] < 1.0 - 1e-5


def test_law_7_when_the_proceeds_are_spent_only_money_is_left():
    """The fed buys the notes and the Treasury spends: prices rise by the money alone."""
    amounts = {"deficit_usd_bn": 5.0, "bill_share": 0.0}
    bought = np.array([0.0, 5.0, 0.0])
    days = quiet_days(ECONOMY, 2 * STEPS, official_purchases_usd_bn=bought, **amounts)
    run = run_of(SHEET, days)
    households = ECONOMY.sector("households")
    assert np.all(run.prices[0, -1, ECONOMY.columns("cleared")] >= 1.0)
    gained = run.series["money_usd_bn"][0, -1, households] - _money(households)
    assert gained > 0.8 * 5.0 * 2 * STEPS


def _money(row):
    names = ("deposits", "currency", "money_fund_shares", "bills")
    return sum(SHEET.net_usd_bn[row, ECONOMY.instrument(name)] for name in names)


def test_law_8_capex_financed_by_bank_loans_creates_the_deposits():
    """The bank books a deposit for every loan; beside the same run funded by paper, deposits and
    dry powder are higher."""
    loans = busy_days(capex_usd_bn=40.0, bank_loan_share=1.0)
    paper = busy_days(capex_usd_bn=40.0, bank_loan_share=0.0)
    overrides = {"cash_floor_share": 1.0}
    lent, sold = (run_of(SHEET, days, **overrides) for days in (loans, paper))
    column, bank = ECONOMY.instrument("deposits"), ECONOMY.role("bank")
    by_bank = np.array([run.books.flows["bank_loans"][bank, column] for run in (lent, sold)])
    borrowed = lent.series["funding_bank_loans_usd_bn"][0].sum()
    owed = [-run.books.closing[bank, column] for run in (lent, sold)]
    assert owed[0] - owed[1] > 0.6 * borrowed  # the rest went into repo and banks' own purchases
    assert by_bank[0] == pytest.approx(-borrowed, rel=1e-12) and by_bank[1] == 0.0
    assert borrowed > 100.0
    holders = [k for k, s in enumerate(ECONOMY.sectors) if s.role == "holder"]
    powder = [run.dry_powder[0, -1, holders].sum() for run in (lent, sold)]
    assert powder[0] > powder[1]  # it does not drain


FORCED = {
    "leverage_headroom": 1.03,
    "haircut": 0.1,
    "flow_down": 0.3,
    "extrapolation": 0.2,
    "perp_open_interest_usd_bn": 40.0,
    "perp_leverage_median": 4.0,
    "arbitrage_share": 0.1,
    "conviction_prior": np.linspace(-0.1, 0.1, len(ECONOMY.names("cleared"))),
}


def crash_days():
    """Busy days with a call and a fall of everything risky on the second."""
    fall = np.zeros((STEPS, len(ECONOMY.names("cleared"))))
    fall[1] = [-0.3 if name.startswith("equity") else -0.05 for name in ECONOMY.names("cleared")]
    called = np.zeros(STEPS)
    called[2] = 120.0
    return busy_days(dated_news=fall, called_usd_bn=called)


def test_law_14_the_order_of_sectors_does_not_matter_to_who_is_forced():
    order = list(np.random.default_rng(11).permutation(ECONOMY.sector_names))
    days = crash_days()
    one, other = (
        run_of(sheet, days, **LIVELY, **FORCED) for sheet in (SHEET, permuted(SHEET, order))
    )
    np.testing.assert_allclose(one.prices, other.prices, rtol=1e-9)
    sold = [run.series["forced_usd_bn"][0].sum(axis=(0, 2)) for run in (one, other)]
    assert (sold[0] > 0.1).all()  # calls, redemptions, margin and venues all at work
    np.testing.assert_allclose(sold[0], sold[1], rtol=1e-7)


def test_law_14_the_order_of_sectors_does_not_matter():
    order = list(np.random.default_rng(7).permutation(ECONOMY.sector_names))
    one, other = (run_of(sheet, busy_days(), **LIVELY) for sheet in (SHEET, permuted(SHEET, order)))
    np.testing.assert_allclose(one.prices, other.prices, rtol=1e-9)


def test_law_14_splitting_a_sector_proportionally_changes_nothing():
    whole = run_of(SHEET, busy_days(), **LIVELY)
    halves = split_sector(SHEET, "insurers_pensions", [0.3, 0.7], ["insurers_pensions", "pensions"])
    parts = run_of(halves, busy_days(), private_lender_share=_lenders(halves), **LIVELY)
    np.testing.assert_allclose(whole.prices, parts.prices, rtol=1e-9)


def _lenders(sheet):
    shares = {"insurers_pensions": 0.3, "pensions": 0.7}
    return np.array([shares.get(name, 0.0) for name in sheet.economy.sector_names])


def test_law_14_the_unit_of_account_does_not_matter():
    factor = 1000.0  # millions instead of billions
    scaled = {
        name: value * (factor if name.endswith("usd_bn") else 1.0) for name, value in BUSY.items()
    }
    in_bn = run_of(SHEET, busy_days(), **LIVELY)
    amounts = {
        "crypto_excess_money_usd_bn": 100.0 * factor,
        "bank_securities_capacity_usd_bn": 500.0 * factor,
        "bank_assets_usd_bn": 25_000.0 * factor,
        "rrp_smoothing_usd_bn": 20.0 * factor,
    }
    days = quiet_days(ECONOMY, STEPS, **scaled)
    in_mn = run_of(in_unit(SHEET, factor), days, **LIVELY, **amounts)
    np.testing.assert_allclose(in_bn.prices, in_mn.prices, rtol=1e-9)


def test_law_16_halving_the_step_converges():
    """The same half year in 63, 126 and 252 steps: differences shrink about by half."""
    ends = []
    for steps in (63, 126, 252):
        days = quiet_days(ECONOMY, steps, dt_years=0.5 / steps)
        flows = {n: v * 126.0 / steps for n, v in BUSY.items() if n.endswith("usd_bn")}
        rest = {n: v for n, v in BUSY.items() if not n.endswith("usd_bn")}
        days = quiet_days(ECONOMY, steps, dt_years=0.5 / steps, **flows, **rest)
        ends.append(np.log(run_of(SHEET, days, **LIVELY).prices[0, -1]))
    first, second = np.abs(ends[1] - ends[0]).max(), np.abs(ends[2] - ends[1]).max()
    assert second < 0.65 * first
    assert second < 2e-3


def test_law_17_no_shock_no_motion():
    run = run_of(SHEET, quiet_days(ECONOMY, 53), **LIVELY)
    np.testing.assert_allclose(run.prices, 1.0, atol=1e-12)
    np.testing.assert_allclose(run.books.closing, SHEET.net_usd_bn, atol=1e-9)


def test_law_17_balanced_growth_moves_nothing_but_the_scale():
    """On trend every cell grows by exp(gt), bond prices stay, equity prices grow; nobody trades."""
    run = run_of(SHEET, grow(quiet_days(ECONOMY, 53), 0.045), **LIVELY)
    grown = np.exp(0.045 * 53 / 252)
    bonds = ECONOMY.instrument("treasuries")
    equity = ECONOMY.instrument("equity_broad")
    np.testing.assert_allclose(run.prices[0, -1, [bonds, equity]], [1.0, grown], rtol=1e-10)
    np.testing.assert_allclose(run.books.closing, grown * SHEET.net_usd_bn, rtol=1e-9, atol=1e-6)
    assert np.abs(run.books.flows["market_trades"]).max() < 1e-6


def test_law_19_non_finite_means_failed_and_names_the_market():
    amounts = quiet_days(ECONOMY, STEPS, official_purchases_usd_bn=np.array([0.0, 5e4, 0.0]))
    run = simulate(inputs_of(SHEET, amounts))
    assert [f.market for f in run.failures] == ["treasuries"]
    assert run.failures[0].step == 0


def test_law_19_a_failure_names_the_sector_without_dry_powder():
    """All of households' money is desired: nothing is left for what they hold."""
    wanted = np.full(len(ECONOMY.sectors), 0.5)
    wanted[ECONOMY.sector("households")] = 1.0
    run = simulate(inputs_of(SHEET, busy_days(), desired_liquidity_share=wanted))
    assert [f.sector for f in run.failures] == ["households"]


def test_news_alone_moves_prices_and_makes_nobody_trade():
    """Holders agree on news: each wants at the new price what it held at the old one."""
    assets = len(ECONOMY.names("cleared"))
    factors = np.full(len(ECONOMY.sectors), 0.5)
    factors[::3] = 2.0  # slow and quick holders
    loud = {"cholesky": 0.3 * np.eye(assets), "kappa_sector_factor": factors}
    run = simulate(inputs_of(SHEET, quiet_days(ECONOMY, STEPS), **loud), paths=3, seed=5)
    run.assert_balanced()
    cleared = ECONOMY.columns("cleared")
    assert np.abs(np.log(run.prices[1:, -1, cleared])).min() > 1e-4
    assert run.series["turnover_usd_bn"].max() < 1e-5


def test_every_switch_off_leaves_the_accounts_balanced_and_prices_at_rest():
    off = {name: 0.0 for name in ("issuance", "income", "liquidity", "policy")}
    inputs = inputs_of(SHEET, busy_days(), **LIVELY)
    run = simulate(type(inputs)(**{**inputs.__dict__, "levers": off}))
    run.assert_balanced()
    np.testing.assert_allclose(run.prices, 1.0, atol=1e-12)
    assert jnp.isfinite(run.dry_powder).all()
