"""A crowd is what open interest, leverage and the path of prices allow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.venues.paths import FLAT_RATE, still, walk

from drypowder.errors import UsageError
from drypowder.venues.crowd.population import Population, concatenate
from drypowder.venues.crowd.sampling import Crowd, sample_population
from drypowder.venues.crowd.vintages import Leverage, PricePath, survivors
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.formulas.margin import liquidation_price

ROWS = [(0.0, 0.004), (5e4, 0.005), (6e5, 0.0065), (3e6, 0.01), (1.2e7, 0.02), (7e7, 0.025)]
TIERS = Brackets.from_rows(ROWS, max_leverage=[125, 100, 75, 50, 25, 20])
FLAT = Brackets.flat(FLAT_RATE)


def _three() -> Population:
    # account 0: long 2 coins of market 0 at 100 with 50; account 1 nothing; account 2: two legs
    return Population(
        money=[50.0, 7.0, 30.0],
        owner=[0, 2, 2],
        market=[0, 0, 1],
        size=[2.0, -1.0, 10.0],
        entry=[100.0, 110.0, 5.0],
    )


def _sample(path=None, *, brackets=FLAT, seed=3, interest=None, law=None, **crowd) -> Population:
    path = walk(seed=1, markets=3) if path is None else path
    options = {"accounts": 5_000, "size_exponent": 1.6} | crowd
    return sample_population(
        open_interest_usd=[7e9, 5e9, 3e9][: path.markets] if interest is None else interest,
        path=path,
        leverage=law or Leverage(2.5, 0.9, 5.0),
        brackets=[brackets] * path.markets,
        crowd=Crowd(**options),
        generator=np.random.default_rng(seed),
    )


def test_equity_and_leverage_of_accounts_are_worked_by_hand():
    crowd = _three()
    price = [90.0, 6.0]
    # 50 + 2 (90 - 100) = 30; 7; 30 - (90 - 110) + 10 (6 - 5) = 60
    assert crowd.equity(price).tolist() == [30.0, 7.0, 60.0]
    # 180 / 30; nothing; (90 + 60) / 60
    assert crowd.effective_leverage(price).tolist() == [6.0, 0.0, 2.5]
    assert crowd.offsets().tolist() == [0, 1, 1, 3]
    assert crowd.rows_each().tolist() == [1, 0, 2]
    longs, shorts = crowd.open_interest()
    assert longs.tolist() == [2.0, 10.0] and shorts.tolist() == [1.0, 0.0]


def test_who_has_lost_everything_has_no_finite_leverage():
    assert _three().effective_leverage([70.0, 6.0])[0] == np.inf


@given(mask=st.lists(st.booleans(), min_size=3, max_size=3))
def test_parting_a_crowd_and_joining_it_again_loses_nobody(mask):
    crowd, chosen = _three(), np.array(mask)
    both = concatenate([crowd.restrict(chosen), crowd.restrict(~chosen)])
    assert both.accounts == 3 and both.positions == 3
    assert np.array_equal(np.sort(both.money), np.sort(crowd.money))
    assert both.equity([90.0, 6.0]).sum() == crowd.equity([90.0, 6.0]).sum()
    assert np.array_equal(
        np.concatenate(both.open_interest(2)), np.concatenate(crowd.open_interest(2))
    )


def test_no_crowds_joined_are_an_empty_crowd():
    empty = concatenate([])
    assert empty.accounts == empty.positions == empty.markets == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"owner": [2, 0, 0]},
        {"owner": [0, 1]},
        {"owner": [0, 1, 3]},
        {"owner": [-1, 1, 2]},
        {"owner": [0.0, 1.0, 2.0]},
        {"market": [0, 0, -1]},
        {"market": [0, 0, 70_000]},
        {"size": [1.0, np.nan, 1.0]},
        {"entry": [1.0, 0.0, 1.0]},
        {"money": [1.0, np.inf, 1.0]},
        {"money": [[1.0, 1.0, 1.0]]},
    ],
)
def test_arrays_that_are_no_population_are_refused(changed):
    good = {"money": [1.0] * 3, "owner": [0, 1, 2], "market": [0] * 3, "size": [1.0] * 3}
    with pytest.raises(UsageError, match="DP-140"):
        Population(**(good | {"entry": [1.0] * 3} | changed))


def test_longs_and_shorts_own_the_same_coins_to_the_last_bit_in_any_order():
    crowd = _sample(cross_share=0.3, hedged_share=0.5, cross_markets=3)
    generator = np.random.default_rng(0)
    for market in range(3):
        size = crowd.size[crowd.market == market]
        for _ in range(5):
            assert np.sum(generator.permutation(size)) == 0.0
    longs, shorts = crowd.open_interest()
    assert np.array_equal(longs, shorts)


def test_open_interest_is_met_in_every_market():
    path = walk(seed=1, markets=3)
    longs, _ = _sample(path, cross_share=0.2).open_interest()
    assert longs * path.price_now == pytest.approx([7e9, 5e9, 3e9], rel=1e-12)


def test_the_same_generator_draws_the_same_crowd():
    first, second = _sample(seed=9), _sample(seed=9)
    assert np.array_equal(first.money, second.money) and np.array_equal(first.size, second.size)
    assert not np.array_equal(first.money, _sample(seed=10).money)


def test_an_account_takes_few_bytes():
    assert _sample(accounts=20_000, cross_share=0.2, cross_markets=3).nbytes < 50 * 20_000


@pytest.mark.parametrize("brackets", [FLAT, TIERS], ids=["flat", "tiers"])
def test_everybody_who_is_alone_has_lived_through_the_path(brackets):
    path = walk(seed=2)
    crowd = _sample(path, brackets=brackets, law=Leverage(8.0, 1.0, 6.0))
    side, size = np.sign(crowd.size), np.abs(crowd.size)
    level = liquidation_price(
        side=side, size=size, entry_price=crowd.entry, margin=crowd.money, brackets=brackets
    )
    bar = np.searchsorted(np.sort(path.log_close[:, 0]), np.log(crowd.entry))  # closes differ
    bar = np.argsort(path.log_close[:, 0])[np.minimum(bar, len(path.days_ago) - 1)]
    assert np.exp(path.log_close[bar, 0]) == pytest.approx(crowd.entry, rel=1e-6)
    for one in (1, -1):
        worst = np.exp(path.worst_since(one)[bar, 0])
        mine = (side == one) & ~np.isnan(level)
        assert np.all(one * (worst - level)[mine] > 0.0)


def test_nobody_enters_with_more_leverage_than_the_bracket_lets_in():
    crowd = _sample(brackets=TIERS, law=Leverage(40.0, 1.0, 0.2), accounts=20_000)
    opened = np.abs(crowd.size) * crowd.entry
    held = np.searchsorted(TIERS.floor, opened, side="right") - 1
    assert np.all(opened / crowd.money <= TIERS.max_leverage[held] * (1.0 + 1e-12))
    assert np.max(opened / crowd.money) > 90.0


def test_no_position_is_above_the_largest_that_the_venue_opens():
    capped = Brackets.from_rows(ROWS, cap=1e8)
    path = walk(seed=1)
    crowd = _sample(path, brackets=capped, accounts=400, size_exponent=1.1)
    assert crowd.notional(path.price_now).max() <= 1e8 * (1.0 + 1e-9)
    with pytest.raises(UsageError, match="DP-141"):
        _sample(path, brackets=capped, accounts=100)


def test_sizes_follow_the_pareto_law_that_was_asked_for():
    path = walk(seed=1)
    size = np.sort(_sample(path, accounts=20_000, size_exponent=2.0).notional(path.price_now))
    # P(size > x) = (least / x)^2: the upper tenth begins at sqrt(10) times the least
    assert size[18_000] / size[0] == pytest.approx(np.sqrt(10.0), rel=0.02)


def test_a_crowd_has_the_distances_that_the_vintage_law_says():
    path, law = walk(seed=4), Leverage(3.0, 0.8, 4.0)
    crowd = _sample(path, law=law, accounts=40_000, size_exponent=100.0)
    for side in (1, -1):
        mine = np.sign(crowd.size) == side
        level = liquidation_price(
            side=side,
            size=np.abs(crowd.size[mine]),
            entry_price=crowd.entry[mine],
            margin=crowd.money[mine],
            brackets=FLAT,
        )
        away = side * np.log(path.price_now[0] / level)
        steps = np.linspace(0.02, 0.9, 23)
        law_says = survivors(
            distance=steps, path=path, leverage=law, side=side, maintenance_rate=FLAT_RATE
        )
        drawn = 1.0 - np.mean(away[None, :] <= steps[:, None], axis=1)
        assert drawn == pytest.approx(law_says.beyond, abs=0.004)
        assert np.mean(np.isnan(level)) == pytest.approx(law_says.never, abs=0.004)


def test_longs_that_live_after_a_fall_came_in_with_less_leverage_than_shorts():
    fall = PricePath(np.arange(60.0, -1.0, -1.0), np.log(np.linspace(140.0, 100.0, 61)))
    crowd = _sample(fall, law=Leverage(5.0, 0.8, 15.0), accounts=10_000)
    opened = np.abs(crowd.size) * crowd.entry / crowd.money
    longs = crowd.size > 0.0
    assert np.median(opened[longs]) < 0.9 * np.median(opened[~longs])
    # and yet today they stand nearer the edge: what they had has shrunk
    today = crowd.effective_leverage(fall.price_now)
    assert np.median(today[longs]) > np.median(today[~longs])


def test_even_spreading_needs_fewer_accounts_than_chance():
    path, law, wanted = walk(seed=4), Leverage(3.0, 0.8, 4.0), 0.3
    expected = survivors(
        distance=wanted, path=path, leverage=law, side=1, maintenance_rate=FLAT_RATE
    ).beyond[0]
    errors = []
    for seed in range(20):
        crowd = _sample(path, law=law, accounts=2_000, size_exponent=100.0, seed=seed)
        longs = crowd.size > 0.0
        level = liquidation_price(
            side=1,
            size=crowd.size[longs],
            entry_price=crowd.entry[longs],
            margin=crowd.money[longs],
            brackets=FLAT,
        )
        away = np.log(path.price_now[0] / level)
        errors.append(1.0 - np.mean(away <= wanted) - expected)
    by_chance = np.sqrt(expected * (1.0 - expected) / 1_000)
    assert np.sqrt(np.mean(np.square(errors))) < 0.4 * by_chance


def test_hedged_books_own_as_much_long_as_short():
    path = walk(seed=1, markets=3)
    crowd = _sample(path, cross_share=0.25, hedged_share=1.0, cross_markets=2)
    books = crowd.restrict(crowd.rows_each() > 1)
    assert books.accounts == 1_250 and np.all(books.rows_each() == 2)
    net = np.bincount(books.owner, np.sign(books.size) * books.notional(path.price_now))
    gross = np.bincount(books.owner, books.notional(path.price_now))
    assert np.max(np.abs(net) / gross) < 1e-6


def test_cross_books_have_lived_through_every_bar_since_they_were_opened():
    path = walk(seed=6, markets=3)
    crowd = _sample(
        path, cross_share=0.2, hedged_share=0.5, cross_markets=3, law=Leverage(6.0, 0.8, 5.0)
    )
    books = crowd.restrict(crowd.rows_each() > 1)
    start = books.offsets()
    low, high = np.exp(path.log_low), np.exp(path.log_high)
    for account in range(0, books.accounts, 29):
        rows = slice(start[account], start[account + 1])
        market, size, entry = books.market[rows], books.size[rows], books.entry[rows]
        gap = np.abs(np.exp(path.log_close[:, market[0]]) - entry[0])
        since = int(np.argmin(gap)) + 1
        for prices in (low[since:, market], high[since:, market]):
            equity = books.money[account] + (prices - entry) @ size
            assert np.all(equity >= FLAT_RATE * (prices @ np.abs(size)) * (1.0 - 1e-9))


def test_coin_margined_accounts_keep_their_margin_in_coins():
    path = walk(seed=3)
    crowd = sample_population(
        open_interest_usd=[5e9],
        path=path,
        leverage=Leverage(5.0, 0.7, 4.0),
        brackets=[FLAT],
        crowd=Crowd(2_000, 1.8),
        generator=np.random.default_rng(0),
        inverse=True,
        market_numbers=[4],
    )
    assert crowd.size[crowd.size > 0.0].sum() == pytest.approx(5e9, rel=1e-12)
    assert np.all(crowd.market == 4)
    side = np.sign(crowd.size)
    level = liquidation_price(
        side=side,
        size=np.abs(crowd.size),
        entry_price=crowd.entry,
        margin=crowd.money,
        brackets=FLAT,
        contract="inverse",
        contract_value=1.0,
    )
    priced = ~np.isnan(level)
    assert np.all((side * (path.price_now[0] - level))[priced] > 0.0)
    leverage = np.abs(crowd.size) / crowd.entry / crowd.money
    assert 2.0 < np.median(leverage) < 6.0


def test_what_cannot_have_lived_is_said():
    fall = PricePath(np.arange(30.0, -1.0, -1.0), np.log(np.linspace(100.0, 1.0, 31)))
    with pytest.raises(UsageError, match="DP-143"):
        _sample(fall, law=Leverage(60.0, 0.05, 5.0), accounts=100)


@pytest.mark.parametrize(
    "options",
    [
        {"interest": [1e9, 0.0, 1e9]},
        {"interest": [1e9, 1e9]},
        {"accounts": 5},
        {"accounts": 1},
        {"size_exponent": 1.0},
        {"cross_share": 1.2},
        {"cross_share": 1.0},
        {"cross_share": 0.1, "cross_markets": 1},
    ],
)
def test_a_crowd_that_cannot_be_drawn_is_refused(options):
    with pytest.raises(UsageError, match="DP-141"):
        _sample(**options)


def test_one_market_has_no_cross_accounts():
    with pytest.raises(UsageError, match="DP-141"):
        _sample(still(), cross_share=0.5)
