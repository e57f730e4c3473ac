"""Who pays: fund, vault, deleveraged counterparties, collateral; worked by hand, corners too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.venues.crowds import (
    SEEDS,
    TIERS,
    backstop,
    crowd,
    fall,
    one,
    played,
    setting,
    venue,
)

from drypowder.errors import UsageError
from drypowder.venues import Brackets, CollateralTiers, maintenance_margin, profile
from drypowder.venues.cascade.events import BOOK, FUND, STAGES, VAULT
from drypowder.venues.cascade.holdings import Collateral, Holdings
from drypowder.venues.cascade.rounds import LONG, cascade
from drypowder.venues.cascade.rules import venue_of
from drypowder.venues.crowd.population import Population

# ---- who pays


def test_deficit_is_paid_by_the_fund_by_hand():
    """Long 10 at 100 with 60: at 92 equity is -20; the book fills at 92, the fund pays 20."""
    place = setting(venue(fund_money=1000.0), coins=("one",))
    end = played(place, one(1.0, 10.0, 100.0, 60.0), np.log([[0.92]]))
    assert end.fund[-1, 0] == pytest.approx(980.0)
    assert end.unpaid.sum() == pytest.approx(20.0)
    assert end.events.deficit.sum() == pytest.approx(20.0)
    assert FUND in end.events.counterparty and BOOK in end.events.counterparty


def test_surplus_goes_where_the_rule_says():
    """Long 10 at 100 with 60: closed at 94.3 (maintenance 4.7), equity 3 is left."""
    for keeps, fund in ((False, 1000.0), (True, 1003.0)):
        place = setting(venue(fund_money=1000.0, surplus_to_fund=keeps), coins=("one",))
        end = played(place, one(1.0, 10.0, 100.0, 60.0), np.log([[0.943]]))
        assert end.fund[-1, 0] == pytest.approx(fund)


def test_what_the_fund_may_not_pay_is_taken_from_the_other_side_at_the_bankruptcy_price():
    """An empty fund: the long's 10 are matched with the short in profit at 94, its bankruptcy."""
    place = setting(venue(fund_money=0.0), coins=("one",))
    people = Population(
        money=np.array([60.0, 500.0, 500.0]), owner=np.arange(3), market=np.zeros(3, int),
        size=np.array([10.0, -6.0, -4.0]), entry=np.array([100.0, 100.0, 100.0]),
    )  # fmt: skip
    end = played(place, people, np.log([[0.92]]))
    log = end.events.of_stage("adl")
    assert log.price == pytest.approx([94.0, 94.0])
    assert sorted(log.counterparty) == [1, 2] and log.size.sum() == pytest.approx(10.0)
    assert end.unpaid.sum() == pytest.approx(0.0, abs=1e-9)
    assert end.accounts_deleveraged.tolist() == [False, True, True]
    assert end.book_usd.sum() == 0.0


@given(seed=SEEDS)
@settings(max_examples=10)
def test_deleveraging_never_closes_a_loser_while_a_winner_is_left(seed):
    place = setting(venue(fund_money=0.0), coins=("one",))
    people = crowd(place, 201, seed=seed, cross=0.0)
    end = played(place, people, fall(1, -0.12))
    log = end.events.of_stage("adl")
    used = log.counterparty[log.counterparty >= 0]
    gain = people.size * (end.mark[-1, 0] - people.entry)
    losers = used[gain[used] < 0.0]
    if len(losers):
        winners = np.flatnonzero((gain > 0.0) & (people.size < 0.0))
        assert set(winners) <= set(used)


def test_the_vault_takes_over_with_all_margin_below_two_thirds_of_maintenance():
    """Long 10 at 100 with 60 at 94.3: equity 3 < 2/3 of 4.715: the vault has it, and the 3."""
    place = setting(backstop(vault_money=1000.0, vault_unwind_share=0.0), coins=("one",))
    end = played(place, one(1.0, 10.0, 100.0, 60.0), np.log([[0.943]]))
    log = end.events
    assert log.counterparty.tolist() == [VAULT]
    assert end.vault[-1, 0] == pytest.approx(1003.0)
    assert end.vault_usd[0, 0, LONG] == pytest.approx(943.0)


def test_a_full_vault_deleverages_at_the_mark_before():
    place = setting(backstop(vault_money=1000.0, vault_leverage=0.5), coins=("one",))
    people = Population(
        money=np.array([60.0, 500.0]), owner=np.arange(2), market=np.zeros(2, int),
        size=np.array([10.0, -10.0]), entry=np.array([100.0, 100.0]),
    )  # fmt: skip
    end = played(place, people, np.log([[0.96], [0.943]]))
    log = end.events.of_stage("adl")
    assert log.price == pytest.approx([96.0]) and log.counterparty.tolist() == [1]


def test_a_vault_pays_no_deficit_beyond_its_limit():
    """Long 10 at 100 with 60 at 94.4: 4 are left, and a thin book would fill far below."""
    people = Population(
        money=np.array([60.0, 500.0]), owner=np.arange(2), market=np.zeros(2, int),
        size=np.array([10.0, -10.0]), entry=np.array([100.0, 100.0]),
    )  # fmt: skip

    def ended(**rules):
        place = setting(backstop(partial_above_usd=1e9, **rules), coins=("one",), depth_usd=100.0)
        end = played(place, people, np.log([[0.944]]))
        assert np.all(np.abs(end.residual) < 1e-12)
        return end

    rich, limited = ended(vault_money=1e3), ended(vault_money=10.0, vault_loss_share=0.1)
    assert rich.unpaid.sum() > 1.0 and rich.adl_usd.sum() == 0.0
    assert limited.unpaid.sum() == 0.0 and limited.adl_usd.sum() > 0.0
    assert limited.vault[-1, 0] == 10.0


def test_large_positions_lose_a_fifth_first_and_everything_within_the_window():
    place = setting(backstop(partial_above_usd=500.0), coins=("one",))
    path = np.log([[0.9444], [0.9443], [0.9443]])  # equity 4.4 of 4.72, above two thirds
    end = played(place, one(1.0, 10.0, 100.0, 60.0), path)
    assert end.events.size.tolist() == pytest.approx([2.0])  # enough: 80 % needs 3.8
    again = played(place, one(1.0, 10.0, 100.0, 60.0), np.log([[0.9444], [0.942]]))
    assert again.events.size.tolist() == pytest.approx([2.0, 8.0])


def test_tiers_cut_to_the_nearest_lower_bracket_that_is_enough():
    """Notional 330,000 needs 3 % above 300,000: 0.01 x 330,000 - 200 + 600 = ... cut to 300,000."""
    place = setting(venue(partial="tiers"), coins=("one",))
    needs = float(np.interp(0, [0], [0.03 * 330_000 - TIERS.deduction[2]]))
    people = one(1.0, 3300.0, 100.0, needs - 100.0)  # 100 short at the opening price
    end = played(place, people, np.zeros((3, 1)))
    assert end.events.size.tolist() == pytest.approx([300.0])
    assert end.events.stage.tolist() == [STAGES.index("partial")]


def test_reduce_closes_just_enough():
    place = setting(venue(partial="reduce"), coins=("one",))
    end = played(place, one(1.0, 100.0, 100.0, 40.0), np.zeros((3, 1)))
    assert end.events.size.tolist() == pytest.approx([20.0])  # 50 needed, 40 there
    assert end.forced_usd[0].sum() == pytest.approx(2000.0)


def test_cancelled_orders_may_be_enough():
    place = setting(venue(orders_count=True), coins=("one",))
    people = one(1.0, 10.0, 100.0, 60.0)
    end = played(place, people, np.log([[0.96]]), open_orders=np.array([30.0]))
    assert end.events.stage.tolist() == [STAGES.index("cancel")]
    assert end.forced_usd.sum() == 0.0


def test_collateral_is_exchanged_at_index_and_haircut_and_depegs_with_its_own_book():
    """A stablecoin as margin: its own thin book is its index, so selling it breaks it."""
    place = setting(venue(fund_money=1e4), coins=("one", "two"))
    perp, coin = place.markets
    thin = perp.book._replace(depth_usd=50.0)
    place = replace(
        place, markets=(perp, replace(coin, book=thin, collateral_ratio=0.9)),
        arbitrage_usd_per_minute=0.0,
    )  # fmt: skip
    people = one(1.0, 10.0, 100.0, -5.0)  # it owes 5 already
    pledge = Collateral(np.array([0], np.int32), np.array([1], np.int16), np.array([10.0]))
    end = played(place, people, fall(4, -0.06, 0.0, over=1), collateral=pledge)
    log = end.events.of_stage("exchange")
    assert log.price[0] == pytest.approx(0.9 * 7.0)
    assert end.mid[-1, 1] < 7.0 * 0.995
    assert np.all(np.abs(end.residual) < 1e-12)


def test_funding_is_paid_between_accounts():
    place = setting(venue(), coins=("one",), funding_interval_s=60.0)
    place = replace(place, markets=(replace(place.markets[0], funding_rate=0.01),))
    people = Population(
        money=np.array([60.0, 500.0]), owner=np.arange(2), market=np.zeros(2, int),
        size=np.array([10.0, -10.0]), entry=np.array([100.0, 100.0]),
    )  # fmt: skip
    end = played(place, people, np.zeros((200, 1)))
    # 10 USD a minute of 60 leave less than 5 after six minutes: liquidated by funding alone
    assert end.accounts_closed.tolist() == [True, False]
    assert end.events.time_s[0] == pytest.approx(360.0)
    assert np.all(np.abs(end.residual) < 1e-12)


# ---- corners


def several(*accounts: tuple[float, list[tuple[int, float, float]]]) -> Population:
    """Accounts by hand: money, then (market, size, entry) of each position."""
    rows = [(number, *row) for number, (_, held) in enumerate(accounts) for row in held]
    owner, market, size, entry = (np.array(column) for column in zip(*rows, strict=True))
    return Population(
        money=np.array([money for money, _ in accounts]), owner=owner, market=market, size=size,
        entry=entry,
    )  # fmt: skip


def test_a_counterparty_that_deleveraging_ruins_leaves_no_debt_behind():
    """The long fails at 92 and is closed at 96; the short from 90 has only 30 of its 60 loss."""
    place = setting(venue(fund_money=0.0), coins=("one",))
    people = several((40.0, [(0, 10.0, 100.0)]), (30.0, [(0, -10.0, 90.0)]))
    end = played(place, people, np.log([[0.92], [0.92]]))
    assert end.unpaid.sum() == pytest.approx(30.0)
    assert end.events.deficit[end.events.account == 1].sum() == pytest.approx(30.0)
    assert end.fund[-1, 0] == pytest.approx(-30.0)


def test_a_fee_takes_no_more_than_is_left():
    """At 94.4 the long has 4 left, the fee would be 11.8: the fund earns 4 and nobody owes."""
    place = setting(venue(fund_money=0.0, liquidation_fee_rate=0.0125), coins=("one",))
    people = several((60.0, [(0, 10.0, 100.0)]), (500.0, [(0, -10.0, 100.0)]))
    end = played(place, people, np.log([[0.944]]))
    assert end.events.fee.sum() == pytest.approx(4.0)
    assert end.fund[-1, 0] == pytest.approx(4.0)
    assert end.adl_usd.sum() == 0.0 and end.unpaid.sum() == pytest.approx(0.0, abs=1e-9)


def test_who_fails_is_nobodys_counterparty_in_another_market_either():
    place = setting(venue(fund_money=0.0))
    people = several(
        (40.0, [(0, 10.0, 100.0), (1, -100.0, 7.0)]), (-5.0, [(1, 100.0, 7.3)]),
        (500.0, [(0, -10.0, 100.0)]), (500.0, [(1, 100.0, 7.0)]),
    )  # fmt: skip
    end = played(place, people, np.log([[0.92, 1.0]]) * [[1.0, 0.0]])
    log = end.events.of_stage("adl")
    assert set(log.account) == {0, 1}
    assert not set(log.counterparty) & {0, 1}
    assert end.events.deficit[end.events.account == 0].sum() == pytest.approx(0.0, abs=1e-9)


def test_tiers_close_a_bankrupt_account_as_a_whole():
    """All at one distance from the mark, not the last small position at many times its price."""
    place = setting(venue(fund_money=0.0, partial="tiers"))
    people = several(
        (10_000.0, [(0, 1000.0, 100.0), (1, 100.0, 7.0)]), (5000.0, [(0, -1000.0, 100.0)]),
        (5000.0, [(1, -100.0, 7.0)]),
    )  # fmt: skip
    end = played(place, people, np.log([[0.85, 1.0]] * 3))
    log = end.events.of_stage("adl")
    assert log.price == pytest.approx(np.array([85.0, 7.0]) * (1.0 + 5000.0 / 85_700.0))
    assert end.book_usd.sum() == 0.0


def test_what_a_thin_book_ruins_is_deleveraged_near_the_mark():
    """Solvent at the mark, ruined by the fill: no last position at several times its price."""
    place = setting(
        venue(fund_money=0.0, partial="tiers"), depth_usd=500.0, arbitrage_usd_per_minute=0.0
    )
    people = several(
        (5100.0, [(0, 300.0, 100.0), (1, 100.0, 7.0)]), (5000.0, [(0, -300.0, 100.0)]),
        (5000.0, [(1, -100.0, 7.0)]),
    )  # fmt: skip
    end = played(place, people, np.log([[0.8336, 1.0]] * 2) * [[1.0, 0.0]])
    log = end.events.of_stage("adl")
    assert log.price == pytest.approx([83.36, 7.0], rel=0.01)


def test_tiers_by_entry_cut_by_the_bracket_at_entry():
    """310,000 at entry, 279,000 at the mark: cut to 300,000 at entry, a thirty-first."""
    place = setting(venue(partial="tiers", maintenance_at="entry"), coins=("one",))
    needs = 0.03 * 310_000 - TIERS.deduction[2]
    people = one(1.0, 3100.0, 100.0, 31_000.0 + needs - 100.0)
    end = played(place, people, np.log([[0.9]]))
    assert end.events.size.tolist() == pytest.approx([100.0])


def test_tiers_below_the_first_that_is_cut_close_everything():
    needs = 0.03 * 330_000 - TIERS.deduction[2]
    people = one(1.0, 3300.0, 100.0, needs - 100.0)  # in the third tier, enough at its floor
    for first, closed in ((3, 300.0), (4, 3300.0)):
        place = setting(venue(partial="tiers", partial_from_tier=first), coins=("one",))
        end = played(place, people, np.zeros((1, 1)))
        assert end.events.size.tolist() == pytest.approx([closed])


def test_okx_cuts_two_tiers_at_once_as_on_its_page():
    """OKX help V, Forced Partial or Full Liquidation: 15,000 swaps of tier 3, 13,000 are closed.

    okx.com/hc/en-us/articles/360020411711: tier 1 ends at 2,000 swaps, tier 2 at 12,000, tier 3
    needs 2 %. A swap is 100 USD here. Bybit's step is one tier: 3,000 would be closed.
    """
    tiers = Brackets.from_rows([(0.0, 0.01), (200_000.0, 0.015), (1_200_000.0, 0.02)])
    needs = float(maintenance_margin(notional=1_500_000.0, brackets=tiers))
    people = one(1.0, 15_000.0, 100.0, needs - 100.0)
    for down, closed in ((2, 13_000.0), (1, 3_000.0)):
        rules = venue(partial="tiers", partial_from_tier=3, partial_tiers_down=down)
        place = setting(rules, coins=("one",))
        place = replace(place, markets=(replace(place.markets[0], brackets=tiers),))
        end = played(place, people, np.zeros((1, 1)))
        assert end.events.size.tolist() == pytest.approx([closed])
    assert venue_of(profile("okx"), fund_money=1.0).partial_tiers_down == 2


def test_a_deleveraged_failure_is_one_closing_however_many_take_it():
    place = setting(venue(fund_money=0.0), coins=("one",))
    people = several((60.0, [(0, 10.0, 100.0)]), *[(500.0, [(0, -0.2, 100.0)])] * 50)
    end = played(place, people, np.log([[0.92]]))
    assert end.accounts_deleveraged.sum() == 50 and end.closings.sum() == 1
    assert end.adl_usd.sum() == pytest.approx(920.0)


@pytest.mark.parametrize("round_s", [0.1, 0.2, 3.0, 3.2])
def test_any_clock_notices_at_once(round_s):
    place = setting(venue(), coins=("one",))
    end = cascade(
        setting=place, population=one(1.0, 10.0, 100.0, 60.0), outside=fall(4, -0.07, over=1),
        round_s=round_s,
    )  # fmt: skip
    assert end.events.time_s[0] == pytest.approx(round_s)


def test_coins_held_as_margin_pay_no_funding():
    place = setting(venue(), funding_interval_s=3.0)
    perp, coin = place.markets
    place = replace(place, markets=(perp, replace(coin, funding_rate=0.001, collateral_ratio=0.9)))
    pledge = Collateral(np.array([0], np.int32), np.array([1], np.int16), np.array([10.0]))
    people = several((600.0, [(0, 10.0, 100.0)]), (600.0, [(0, -10.0, 100.0), (1, -1.0, 7.0)]))
    end = played(place, people, np.zeros((5, 2)), collateral=pledge)
    assert np.all(np.abs(end.residual) < 1e-12)


@given(seed=SEEDS, partial=st.sampled_from(["tiers", "reduce"]))
@settings(max_examples=5)
def test_alarms_overlook_nobody_who_waits_to_be_noticed(seed, partial):
    place = setting(venue(partial=partial, detection_lag_s=9.0), coins=("one",), depth_usd=1e6)
    people = crowd(place, 101, seed=seed)
    path = np.cumsum(np.random.default_rng(seed).normal(-0.002, 0.01, (60, 1)), axis=0)
    quick = played(place, people, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Holdings, "ringing", lambda self, travelled: np.arange(len(self.money)))
        slow = played(place, people, path)
    for mine, other in zip(quick.events, slow.events, strict=True):
        np.testing.assert_array_equal(mine, other)


# ---- nobody is asked for more than they may give


def test_a_bound_on_the_price_costs_the_fund_no_more_than_it_may_lose():
    """Long 10 at 100 with 60, mark 80: 140 are missing, bankruptcy at 94 is too far from 80.

    At 80 the fund would pay 140. It has 10; the short pays the other 130, closing at 93.
    """
    people = several((60.0, [(0, 10.0, 100.0)]), (500.0, [(0, -10.0, 100.0)]))
    for money, price in ((10.0, 93.0), (0.0, 94.0), (1000.0, None)):
        place = setting(venue(fund_money=money, adl_mark_bound=0.02), coins=("one",))
        end = played(place, people, np.log([[0.8]]))
        log = end.events.of_stage("adl")
        assert log.price == (pytest.approx([price]) if price else pytest.approx([]))
        assert end.fund[-1, 0] == pytest.approx(max(money - 140.0, 0.0), abs=1e-9)
        assert end.unpaid.sum() == pytest.approx(min(money, 140.0), abs=1e-9)
        assert np.all(np.abs(end.residual) < 1e-12)


def test_where_the_queue_is_empty_the_makers_are_the_other_side():
    """Nobody but the long: makers are short its 10, and close at 94, where nothing is owed."""
    place = setting(venue(fund_money=0.0), coins=("one",))
    end = played(place, one(1.0, 10.0, 100.0, 60.0), np.log([[0.92]]))
    log = end.events
    assert log.price == pytest.approx([94.0]) and log.counterparty.tolist() == [BOOK]
    assert log.stage.tolist() == [STAGES.index("adl")]
    assert end.fund[-1, 0] == pytest.approx(0.0, abs=1e-9) and end.unpaid.sum() < 1e-9


@given(seed=SEEDS, depth=st.sampled_from([1e5, 1e6, 1e30]), rules=st.sampled_from([
    dict(fund_money=50.0),
    dict(fund_money=0.0, adl_mark_bound=0.02),
    dict(fund_money=500.0, fund_loss_share=0.3, adl_mark_bound=0.01),
    dict(fund_money=0.0, partial="tiers"),
    dict(fund_money=0.0, partial="reduce", maintenance_at="entry"),
]))  # fmt: skip
@settings(max_examples=25)
def test_a_fund_pays_no_more_than_its_rule_unless_deleveraging_ruined_somebody(seed, depth, rules):
    place = setting(venue(**rules), depth_usd=depth)
    people = crowd(place, 101, seed=seed)
    path = np.cumsum(np.random.default_rng(seed).normal(-0.004, 0.02, (40, 2)), axis=0)
    end = played(place, people, path)
    log = end.events
    used = log.of_stage("adl").counterparty
    owed = np.isin(log.account, used[used >= 0]) & (log.deficit > 0.0)
    ruined = log.deficit[owed].sum()
    left = (1.0 - rules.get("fund_loss_share", 1.0)) * rules["fund_money"]
    assert end.fund.min() >= left - ruined - 1e-6
    assert end.unpaid.sum() == pytest.approx(log.deficit.sum(), abs=1e-6)
    assert np.all(np.abs(end.residual) < 1e-12)


# ---- collateral: whose are the coins, and who bears their price


def pledged(place, ratio: float, *, index: str = "own", depth_usd: float = 1e30):
    """The second market's coin is taken as margin; its book is as deep as asked."""
    perp, coin = place.markets
    coin = replace(
        coin, book=coin.book._replace(depth_usd=depth_usd), collateral_ratio=ratio,
        collateral_index=index,
    )  # fmt: skip
    return replace(place, markets=(perp, coin), arbitrage_usd_per_minute=0.0)


TEN_COINS = Collateral(np.array([0], np.int32), np.array([1], np.int16), np.array([10.0]))


def test_the_fund_bears_the_slippage_of_collateral_that_it_took():
    """It takes coins at 6.3 and sells them into a thin book a round later: what it gets is its."""
    place = pledged(setting(venue(fund_money=1e3)), 0.9, depth_usd=500.0)
    people = several((20.0, [(0, 10.0, 100.0)]), (500.0, [(0, -10.0, 100.0)]))
    end = played(place, people, np.log([[0.92, 1.0]] * 3), collateral=TEN_COINS)
    taken = end.events.of_stage("exchange")
    assert taken.price == pytest.approx([6.3]) and taken.size == pytest.approx([60.0 / 6.3])
    fill = 7.0 * np.exp(-np.sqrt(taken.size[0] * 7.0 / 500.0) * 0.01 / 1.5)  # mean of a root
    assert end.fund[0, 0] == pytest.approx(1e3 - 60.0 + taken.size[0] * 7.0)  # held at the mark
    assert end.fund[1, 0] == pytest.approx(1e3 - 60.0 + taken.size[0] * fill, rel=1e-6)
    assert np.all(np.abs(end.residual) < 1e-12)


def test_coins_on_their_way_to_the_book_still_stand_behind_the_fund():
    """60 buy coins worth 66.7; they are being sold when the second long owes 220 - 210 = 10.

    The fund has what they fetch, so it pays and nobody is deleveraged.
    """
    place = pledged(setting(venue(fund_money=60.0)), 0.9)
    people = several(
        (20.0, [(0, 10.0, 100.0)]), (210.0, [(0, 10.0, 100.0)]), (5e3, [(0, -20.0, 100.0)])
    )
    end = played(place, people, np.log([[0.92, 1.0], [0.78, 1.0]]), collateral=TEN_COINS)
    assert not len(end.events.of_stage("adl").price)
    assert end.unpaid[:, 0] == pytest.approx([0.0, 10.0])
    assert end.fund[:, 0] == pytest.approx([7.0 * 60.0 / 6.3, 7.0 * 60.0 / 6.3 - 10.0])
    assert np.all(np.abs(end.residual) < 1e-12)


@pytest.mark.parametrize("money", [0.0, 10.0, 1e3])
def test_an_index_above_the_book_costs_the_fund_no_more_than_it_has(money):
    """Coins counted at 7 whose book has 4.2, as USDe in October 2025 had it redeemed at par.

    Long 10 at 100 with 20 and ten coins: at 92 the venue sees 20 - 80 + 63 = 3, the book -18. A
    rich fund pays the difference; one without money leaves 18 to the short: bankruptcy at 93.8.
    """
    place = pledged(setting(venue(fund_money=money)), 0.9, index="redemption")
    people = several((20.0, [(0, 10.0, 100.0)]), (500.0, [(0, -10.0, 100.0)]))
    path = np.log([[0.92, 0.6]] * 3)
    end = played(place, people, path, collateral=TEN_COINS)
    log = end.events.of_stage("adl")
    assert end.fund.min() >= -1e-9
    if money < 18.0:
        assert log.price == pytest.approx([93.8]) and log.counterparty.tolist() == [1]
    else:
        assert not len(log.price) and end.fund[-1, 0] < money
    assert np.all(np.abs(end.residual) < 1e-12)


def test_a_vault_that_takes_over_takes_pledged_coins_too():
    """20 - 80 + 63 = 3 < 2/3 of 4.6: the vault gets a long of 10, -60 of money and ten coins."""
    place = pledged(setting(backstop(vault_money=5000.0, vault_unwind_share=0.0)), 0.9)
    people = several((20.0, [(0, 10.0, 100.0)]), (500.0, [(0, -10.0, 100.0)]))
    end = played(place, people, np.log([[0.92, 1.0]] * 3), collateral=TEN_COINS)
    log = end.events
    assert [STAGES[k] for k in log.stage] == ["exchange", "vault"]
    assert set(log.counterparty) == {VAULT} and log.size[0] == 10.0
    assert end.vault[-1, 0] == pytest.approx(5000.0 - 60.0 + 70.0)
    assert np.all(np.abs(end.residual) < 1e-12)


def test_a_floor_of_the_index_keeps_accounts_whose_collateral_breaks():
    """20 - 60 and ten coins at 0.9: nothing is left of a wick to 3.5, 14 with a floor of 6."""
    people = several((20.0, [(0, 10.0, 100.0)]), (500.0, [(0, -10.0, 100.0)]))
    path = np.log([[0.94, 0.5]])
    for floor, closed in ((0.0, True), (6.0, False)):
        place = pledged(setting(venue(fund_money=1e3)), 0.9)
        perp, coin = place.markets
        place = replace(place, markets=(perp, replace(coin, collateral_floor_usd=floor)))
        end = played(place, people, path, collateral=TEN_COINS)
        assert bool(end.accounts_closed[0]) is closed
        assert np.all(np.abs(end.residual) < 1e-12)


def test_a_large_holding_counts_for_less():
    """Tiers of 90 % to 35 USD and 50 % above: 70 USD count for 49, not for 63.

    At 94 the long's 20 - 60 + 49 = 9 hold it; at 93.2 the 1 that is left is below 4.66.
    """
    tiers = CollateralTiers.from_rows([(0.0, 0.9), (35.0, 0.5)])
    people = several((20.0, [(0, 10.0, 100.0)]), (500.0, [(0, -10.0, 100.0)]))
    for price, closed in ((0.94, False), (0.932, True)):
        place = pledged(setting(venue(fund_money=1e3)), tiers)
        end = played(place, people, np.log([[price, 1.0]] * 2), collateral=TEN_COINS)
        assert bool(end.accounts_closed[0]) is closed
        assert np.all(np.abs(end.residual) < 1e-12)
    taken = end.events.of_stage("exchange")
    assert taken.price == pytest.approx([4.9]) and taken.size == pytest.approx([48.0 / 4.9])


@pytest.mark.parametrize(
    "wrong",
    [dict(collateral_ratio=1.2), dict(collateral_index="par"), dict(collateral_floor_usd=-1.0)],
)
def test_collateral_that_makes_no_sense_is_refused(wrong):
    place = setting(venue(), coins=("one",))
    with pytest.raises(UsageError, match="collateral of market 0") as refused:
        replace(place, markets=(replace(place.markets[0], **wrong),))
    assert refused.value.code == "DP-150"


@given(
    seed=SEEDS, index=st.sampled_from(["own", "spot", "redemption"]), vault=st.booleans(),
    tiered=st.booleans(), depth=st.sampled_from([1e5, 1e6, 1e30]),
    floor=st.sampled_from([0.0, 3.0]),
)  # fmt: skip
@settings(max_examples=20)
def test_with_collateral_too_the_ledger_closes_and_every_debt_has_a_payer(
    seed, index, vault, tiered, depth, floor
):
    """A third of all accounts pledge coins that fall with the rest; half of their worth is owed."""
    house = backstop(vault_money=5e4) if vault else venue(fund_money=1e3, adl_mark_bound=0.02)
    ratio = CollateralTiers.from_rows([(0.0, 0.95), (5e3, 0.6)]) if tiered else 0.9
    place = pledged(setting(house, depth_usd=depth), ratio, index=index, depth_usd=depth)
    perp, coin = place.markets
    place = replace(place, markets=(perp, replace(coin, collateral_floor_usd=floor)))
    rng = np.random.default_rng(seed)
    people = crowd(place, 101, seed=seed)
    some = np.sort(rng.choice(people.accounts, people.accounts // 3, replace=False))
    usd = rng.pareto(1.5, len(some)) * 2e3
    people = replace(people, money=people.money - np.bincount(some, usd / 2.0, people.accounts))
    pledge = Collateral(some.astype(np.int32), np.ones(len(some), np.int16), usd / 7.0)
    path = np.cumsum(rng.normal(-0.004, 0.02, (40, 2)), axis=0)
    end = played(place, people, path, collateral=pledge)
    assert np.all(np.abs(end.residual) < 1e-12)
    log = end.events
    assert end.unpaid.sum() == pytest.approx(log.deficit.sum(), abs=1e-6)
    assert np.all(log.counterparty[log.deficit > 0.0] == (VAULT if vault else FUND))
