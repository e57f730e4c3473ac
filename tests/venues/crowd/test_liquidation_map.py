"""A liquidation map adds up, and tells prices that the venue would use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.venues.paths import walk

from drypowder.errors import UsageError
from drypowder.venues.crowd.liquidation_map import liquidation_profile
from drypowder.venues.crowd.population import Population, concatenate
from drypowder.venues.crowd.sampling import Crowd, sample_population
from drypowder.venues.crowd.vintages import Leverage
from drypowder.venues.formulas.brackets import Brackets

FLAT = Brackets.flat(0.01)
TIERS = Brackets.from_rows([(0.0, 0.004), (50_000.0, 0.01), (1e6, 0.025), (2e7, 0.05)])
EDGES = np.linspace(-0.8, 0.8, 161)


def _one(size: float, entry: float, money: float, market: int = 0) -> Population:
    return Population([money], [0], [market], [size], [entry])


def _cross(money: float, *legs: tuple[int, float, float]) -> Population:
    market, size, entry = zip(*legs, strict=True)
    return Population([money], [0] * len(legs), list(market), list(size), list(entry))


def _drawn(seed: int = 0, brackets=TIERS) -> tuple[Population, np.ndarray]:
    path = walk(seed=7, markets=3)
    crowd = sample_population(
        open_interest_usd=[7e9, 5e9, 3e9],
        path=path,
        leverage=Leverage(4.0, 0.9, 5.0),
        brackets=[brackets] * 3,
        crowd=Crowd(3_000, 1.7, cross_share=0.3, cross_markets=2, hedged_share=0.4),
        generator=np.random.default_rng(seed),
    )
    return crowd, path.price_now


def test_a_long_and_a_short_stand_where_their_venue_closes_them():
    # long 1 at 100 with 20: (20 - 100)/(0.01 - 1) = 80.8081; short: (20 + 100)/1.01 = 118.8119
    crowd = concatenate([_one(1.0, 100.0, 20.0), _one(-1.0, 100.0, 20.0)])
    got = liquidation_profile(crowd, price=[100.0], brackets=[FLAT], edges=EDGES)
    sold, bought = np.flatnonzero(got.usd[0, 0]), np.flatnonzero(got.usd[1, 0])
    assert got.usd[0, 0, sold] == pytest.approx([80.0 / 0.99], rel=1e-9)
    assert got.usd[1, 0, bought] == pytest.approx([120.0 / 1.01], rel=1e-9)
    below, above = got.price_edges(0)[sold[0]], got.price_edges(0)[sold[0] + 1]
    assert below <= 80.0 / 0.99 < above
    assert got.covered.ravel().tolist() == [1.0, 1.0]


def test_a_long_without_borrowing_has_no_price():
    got = liquidation_profile(_one(1.0, 100.0, 100.0), price=[90.0], brackets=[FLAT], edges=EDGES)
    assert got.usd.sum() == 0.0 and got.unpriced[0, 0] == 1.0 and got.covered[0, 0] == 0.0


def test_who_is_already_below_maintenance_stands_at_the_price_now():
    got = liquidation_profile(_one(1.0, 100.0, 5.0), price=[95.5], brackets=[FLAT], edges=EDGES)
    assert got.due[0, 0] == 1.0
    assert got.usd[0, 0, 79] == pytest.approx(95.5)  # the bucket just below no move


def test_two_legs_of_one_market_are_closed_like_one_position_of_their_sum():
    split = _cross(20.0, (0, 0.4, 100.0), (0, 0.6, 100.0))
    for population in (split, _one(1.0, 100.0, 20.0)):
        got = liquidation_profile(population, price=[100.0], brackets=[FLAT], edges=EDGES)
        assert got.usd[0, 0].sum() == pytest.approx(80.0 / 0.99, rel=1e-9)
    assert (
        liquidation_profile(split, price=[100.0], brackets=[FLAT], edges=EDGES).cross[0, 0] == 1.0
    )


def test_a_cross_account_is_closed_where_all_its_coins_together_leave_nothing():
    # long 1 of 100 and long 2 of 50, money 40: 40 + 200 (y - 1) = 0.01 200 y, y = 160/198
    got = liquidation_profile(
        _cross(40.0, (0, 1.0, 100.0), (1, 2.0, 50.0)),
        price=[100.0, 50.0],
        brackets=[FLAT, FLAT],
        edges=EDGES,
    )
    assert got.usd[0].sum(axis=1) == pytest.approx([100.0 * 160 / 198] * 2, rel=1e-9)


def test_a_coin_with_more_beta_stands_further_away():
    crowd = _cross(40.0, (0, 1.0, 100.0), (1, 2.0, 50.0))
    got = liquidation_profile(
        crowd, price=[100.0, 50.0], brackets=[FLAT, FLAT], edges=EDGES, beta=[1.0, 2.0]
    )
    place = [np.flatnonzero(got.usd[0, market])[0] for market in (0, 1)]
    move = [np.log(got.usd[0, m].sum() / v) for m, v in ((0, 100.0), (1, 100.0))]
    assert move[1] == pytest.approx(2.0 * move[0], rel=1e-9)
    assert place[1] < place[0]


def test_a_hedged_book_of_equal_betas_is_closed_by_a_rise_only():
    # long 100 and short 100: equity stays 5 while maintenance is 2 y, reached at y = 2.5
    got = liquidation_profile(
        _cross(5.0, (0, 1.0, 100.0), (1, -2.0, 50.0)),
        price=[100.0, 50.0],
        brackets=[FLAT, FLAT],
        edges=np.linspace(-1.0, 1.0, 41),
    )
    half = 20
    assert got.usd[:, :, :half].sum() == 0.0
    assert got.usd[0, 0, half:].sum() == pytest.approx(250.0, rel=1e-9)
    assert got.usd[1, 1, half:].sum() == pytest.approx(250.0, rel=1e-9)


def test_coin_margined_positions_stand_at_their_own_closed_form():
    # 1000 USD long at 100 with 2 coins, r 1 %: LP = Q (1 + r)/(E + Q/EP) = 1010/12
    crowd = _one(1000.0, 100.0, 2.0)
    got = liquidation_profile(crowd, price=[100.0], brackets=[FLAT], edges=EDGES, inverse=[True])
    place = int(np.flatnonzero(got.usd[0, 0])[0])
    assert got.price_edges(0)[place] <= 1010.0 / 12.0 < got.price_edges(0)[place + 1]
    assert got.usd[0, 0, place] == pytest.approx(1000.0)


def test_no_move_closes_more_than_there_is():
    crowd, price = _drawn()
    got = liquidation_profile(crowd, price=price, brackets=[TIERS] * 3, edges=EDGES)
    middle = np.exp(0.5 * (EDGES[1:] + EDGES[:-1]))
    coins = got.usd / middle
    assert np.all(coins[..., :80].sum(axis=2) <= got.open_interest_usd * 1.01)
    assert np.all(coins[..., 80:].sum(axis=2) <= got.open_interest_usd * 1.01)
    assert np.all((got.covered >= 0.0) & (got.covered + got.unpriced <= 1.0 + 1e-9))
    assert got.open_interest_usd[0] == pytest.approx([7e9, 5e9, 3e9], rel=1e-9)


def test_a_drawn_crowd_is_not_due():
    crowd, price = _drawn()
    assert (
        liquidation_profile(crowd, price=price, brackets=[TIERS] * 3, edges=EDGES).due.sum() == 0.0
    )


@given(scale=st.sampled_from([1e-6, 1e-3, 7.0, 1e4]), seed=st.integers(0, 5))
def test_other_units_of_the_coin_leave_the_map_as_it_is(scale, seed):
    crowd, price = _drawn(seed)
    other = Population(
        crowd.money, crowd.owner, crowd.market, crowd.size / scale, crowd.entry * scale
    )
    maps = [
        liquidation_profile(one, price=at, brackets=[TIERS] * 3, edges=EDGES, beta=[1.0, 1.2, 1.5])
        for one, at in ((crowd, price), (other, price * scale))
    ]
    assert maps[0].usd.sum(axis=2) == pytest.approx(maps[1].usd.sum(axis=2), rel=1e-9)


def test_a_map_of_two_crowds_is_the_sum_of_their_maps():
    first, price = _drawn(1)
    second, _ = _drawn(2)
    args = {"price": price, "brackets": [TIERS] * 3, "edges": EDGES}
    both = liquidation_profile(concatenate([first, second]), **args).usd
    parts = [liquidation_profile(one, **args).usd for one in (first, second)]
    assert both == pytest.approx(parts[0] + parts[1], rel=1e-9)


@pytest.mark.parametrize(
    "changed",
    [
        {"price": [100.0, 50.0]},
        {"price": [0.0]},
        {"edges": [0.0, -0.1]},
        {"edges": [0.0]},
        {"beta": 0.0},
        {"brackets": []},
    ],
)
def test_what_gives_no_map_is_refused(changed):
    given = {"price": [100.0], "brackets": [FLAT], "edges": EDGES} | changed
    with pytest.raises(UsageError, match="DP-142"):
        liquidation_profile(_one(1.0, 100.0, 20.0), **given)


def test_a_market_nobody_priced_is_refused():
    with pytest.raises(UsageError, match="DP-142"):
        liquidation_profile(
            _one(1.0, 100.0, 20.0, market=1), price=[100.0], brackets=[FLAT], edges=EDGES
        )


def test_cross_accounts_of_coin_margined_contracts_are_refused():
    with pytest.raises(UsageError, match="DP-142"):
        liquidation_profile(
            _cross(1.0, (0, 1.0, 100.0), (1, 1.0, 50.0)),
            price=[100.0, 50.0],
            brackets=[FLAT, FLAT],
            edges=EDGES,
            inverse=True,
        )
