"""The fire sale of 48 banks: the published numbers, and what must hold when buyers have to pay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.errors import UsageError
from drypowder.replications import eba_banks, eba_fire_sale, eba_ledger
from drypowder.replications.eba_banks import BankTable

CASE = {"impact_at_5pct_sold": 0.01, "shock": 0.20, "buffer": 0.04}
IMPACTS = st.floats(0.0, 0.1)
SHOCKS = st.floats(0.0, 0.3)
POWDER = st.floats(0.0, 1.2)
BUFFERS = st.sampled_from([0.035, 0.04, 0.045, 1.0])


def own(**changes):
    return eba_fire_sale(**{**CASE, "buyers": "own_cash", **changes})


def test_there_are_48_banks_whose_bonds_are_the_sum_of_two_kinds():
    banks = eba_banks()
    assert len(banks.names) == len(set(banks.names)) == 48
    assert (banks.names[0], banks.cet1_eur_m[0], banks.leverage[0]) == ("AT01", 14712.0, 0.0655)
    assert (banks.debt_securities_eur_m >= banks.gov_bonds_eur_m).all()


def test_failures_by_round_and_prices_to_ten_digits():
    # recomputed by an independent program from the rules of the paper
    found = eba_fire_sale(impact_at_5pct_sold=0.05, shock=0.2, buffer=0.04)
    assert found.failures.tolist() == [7, 35, 2, 0, 0, 0]
    np.testing.assert_allclose(found.sold_share[:3], [0.0, 0.605124, 0.993848], atol=5e-7)
    assert found.price_corp == pytest.approx(0.3618092383, abs=5e-11)
    assert found.price_gov == pytest.approx(0.2873299713, abs=5e-11)


def test_one_small_bank_by_hand():
    # CET1 3.5, leverage 3.5 %: assets 100, cash 5, bonds 20 (all government), other 75, loan and
    # other debt 48.25 each. No shock, no impact: need = 100 - 3.5/.05 = 30, repaid 5 of cash, 25
    # missing, more than all 20 of bonds. They are sold for 20, then assets are 95 and the need is
    # 95 - 70 = 25: 20 repaid, nothing left to sell.
    bank = BankTable(("A",), np.array([3.5]), np.array([0.035]), np.array([20.0]), np.array([20.0]))
    found = eba_fire_sale(impact_at_5pct_sold=0.0, shock=0.0, buffer=0.04, steps=3, banks=bank)
    assert found.sold_share.tolist() == [0.0, 1.0, 1.0]
    assert found.equity_end[0] == pytest.approx(3.5)
    assert found.spent[1] == pytest.approx(20.0)
    # own cash of 0.6 of face: 20 of bonds for 12, at .6; equity falls by 8 and the bank has failed
    paid = eba_fire_sale(impact_at_5pct_sold=0.0, shock=0.0, buffer=0.04, steps=3, banks=bank,
                         buyers="own_cash", dry_powder=0.6)  # fmt: skip
    assert (paid.price_gov, paid.equity_end[0]) == (pytest.approx(0.6), pytest.approx(-4.5))
    assert paid.failures.tolist() == [0, 1, 0] and paid.powder_left[-1] == 0.0
    # with 0.3 the price stops at .4: 15 of 20 are bought for 6, 5 stay unsold
    short = eba_fire_sale(impact_at_5pct_sold=0.0, shock=0.0, buffer=0.04, steps=2, banks=bank,
                          buyers="own_cash", dry_powder=0.3)  # fmt: skip
    assert short.price_gov == pytest.approx(0.4)
    assert short.sold_share[-1] == pytest.approx(0.75)
    assert short.unsold_share[-1] == pytest.approx(0.25)


@given(IMPACTS, SHOCKS, BUFFERS)
def test_endless_cash_is_the_outside_buyer(impact, shock, buffer):
    case = {"impact_at_5pct_sold": impact, "shock": shock, "buffer": buffer}
    outside, rich = eba_fire_sale(**case), own(**case, dry_powder=1e9)
    assert rich.failures.tolist() == outside.failures.tolist()
    np.testing.assert_allclose(rich.sold_share, outside.sold_share, atol=1e-7)
    np.testing.assert_allclose(rich.gov_path, outside.gov_path, atol=1e-7)


@given(IMPACTS, SHOCKS, BUFFERS, POWDER)
def test_buyers_who_must_pay_never_do_better_than_one_who_need_not(impact, shock, buffer, powder):
    case = {"impact_at_5pct_sold": impact, "shock": shock, "buffer": buffer}
    outside, paid = eba_fire_sale(**case), own(**case, dry_powder=powder, bank_cash_kept=1.0)
    assert paid.failures.sum() >= outside.failures.sum()
    assert paid.price_gov <= outside.price_gov + 1e-9


@given(IMPACTS, SHOCKS, st.floats(0.0, 0.5))
def test_more_dry_powder_costs_at_most_one_bank_and_none_is_worst(impact, shock, lowest):
    # one more bank can fail near the bottom, where nearly all do: a finding, not a law
    powder = np.linspace(0.0, 1.2, 61)
    found = own(impact_at_5pct_sold=impact, shock=shock, dry_powder=powder, lowest_price=lowest)
    failed = found.failures.sum(axis=0)
    assert np.diff(failed).max() <= 1
    assert failed[0] >= failed.max() - 1
    # bonds that banks bought and sold again weigh on prices twice: hardly lower anywhere else
    assert found.price_gov[0] <= found.price_gov.min() + 0.01


@given(st.sampled_from(["outside", "own_cash"]), IMPACTS)
def test_a_harder_shock_fails_more_at_first_and_hardly_fewer_in_the_end(buyers, impact):
    # the published rules themselves are not monotone: who must sell early sells dear. See the page.
    found = own(buyers=buyers, shock=np.linspace(0.0, 0.3, 31), impact_at_5pct_sold=impact)
    assert (np.diff(found.failures[0]) >= 0).all()
    failed = found.failures.sum(axis=0)
    assert (np.maximum.accumulate(failed) - failed).max() <= 8
    assert failed[-1] >= failed[0]


@given(IMPACTS, SHOCKS, POWDER, st.floats(0.0, 1.0), st.floats(0.0, 0.06))
def test_every_sale_has_a_buyer_who_had_the_money(impact, shock, powder, bid, kept):
    case = dict(CASE, impact_at_5pct_sold=impact, shock=shock, buyers="own_cash",
                dry_powder=powder, lenders_bid=bid, bank_cash_kept=kept)  # fmt: skip
    ledger = eba_ledger(**case)  # checked against the rounds, posting by posting, when it is made
    cash = ledger.stocks[:, :, ledger.economy.instrument("cash")]
    assert cash[:, :-1].min() >= -1e-9 * cash.max()  # of all but the central bank, who owes it
    # money of sellers is money of buyers: all of it is there at every moment
    np.testing.assert_allclose(cash[:, :-1].sum(axis=1), -cash[:, -1], rtol=1e-12)
    np.testing.assert_allclose(cash[:, -1], cash[0, -1], rtol=1e-12)
    for name in ("corp_bonds", "gov_bonds"):
        sale = ledger.flow_matrix(2).postings_usd_bn[f"sale of {name[:-6]} bonds"]
        assert abs(sale.sum(axis=0)).max() <= 1e-9 * max(abs(sale).max(), 1.0)


def test_the_outside_buyer_owes_what_sellers_were_credited():
    ledger, found = eba_ledger(**CASE), eba_fire_sale(**CASE)
    owed = -ledger.held("outside_buyer", "cash")
    assert owed[-1] == pytest.approx(found.spent[1], rel=1e-12)
    assert owed[-1] == pytest.approx(1.63e6, rel=1e-3)  # EUR m: nobody in the paper has it
    assert ledger.unit == "EUR m"


@given(st.permutations(range(48)), st.floats(0.01, 100.0), st.sampled_from(["outside", "own_cash"]))
def test_order_and_size_of_the_banks_do_not_matter(order, factor, buyers):
    case = dict(CASE, buyers=buyers, dry_powder=0.55)
    banks = eba_banks()
    plain = eba_fire_sale(**case)
    mixed = eba_fire_sale(**case, banks=banks.ordered(np.array(order)))
    large = eba_fire_sale(**case, banks=banks.scaled(factor))
    assert plain.failures.tolist() == mixed.failures.tolist() == large.failures.tolist()
    np.testing.assert_allclose(mixed.equity_end, plain.equity_end[order], rtol=1e-7, atol=1e-3)
    np.testing.assert_allclose(large.equity_end, factor * plain.equity_end, rtol=1e-9)
    assert large.price_gov == pytest.approx(plain.price_gov, rel=1e-12)


@pytest.mark.parametrize("buyers", ["outside", "own_cash"])
def test_a_scenario_in_a_compiled_batch_is_the_scenario_alone(buyers):
    chance, count = np.random.default_rng(3), 1_301
    case = {
        "impact_at_5pct_sold": chance.uniform(0, 0.1, count),
        "shock": chance.uniform(0, 0.3, count),
        "buffer": 0.04,
        "buyers": buyers,
        "dry_powder": chance.uniform(0, 1, count),
    }
    batch = eba_fire_sale(**case)
    assert batch.failures.shape == (6, count) and batch.equity_end.shape == (48, count)
    for k in (0, 701, 1_000, 1_300):
        alone = eba_fire_sale(**{n: v[k] if np.ndim(v) else v for n, v in case.items()})
        assert alone.failures.tolist() == batch.failures[:, k].tolist()
        np.testing.assert_allclose(alone.equity_end, batch.equity_end[:, k], rtol=1e-9, atol=1e-6)
        assert np.shape(alone.price_gov) == ()


def test_a_batch_may_have_any_shape_and_a_shock_may_hit_either_bond():
    found = eba_fire_sale(**dict(CASE, shock=np.full((2, 3), 0.2)), shocked="both")
    assert found.failures.shape == (6, 2, 3) and found.price_gov.shape == (2, 3)
    corp = eba_fire_sale(**CASE, shocked="corp", steps=1)
    assert (corp.price_corp, corp.price_gov) == (0.8, 1.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"impact_at_5pct_sold": 1.0},
        {"shock": 1.0},
        {"shock": np.nan},
        {"buffer": -0.1},
        {"target": 0.0},
        {"steps": 0},
        {"buyers": "somebody"},
        {"shocked": "equity"},
        {"cash_share": 1.0},
        {"dry_powder": -0.1},
        {"shock": np.zeros(2), "buffer": np.zeros(3)},
    ],
)
def test_nonsense_is_refused(wrong):
    with pytest.raises(UsageError) as refused:
        eba_fire_sale(**{**CASE, **wrong})
    assert refused.value.code == "DP-168"


def test_a_ledger_tells_of_one_scenario_and_knows_its_arguments():
    for wrong in ({"shock": np.zeros(2)}, {"powder": 1.0}):
        with pytest.raises(UsageError):
            eba_ledger(**{**CASE, **wrong})
    for column in (np.array([2.0]), np.array([0.0])):
        with pytest.raises(UsageError):
            BankTable(("A",), np.array([1.0]), column, np.array([1.0]), np.array([0.0]))
