"""The density of open positions: masses are exact; in the limit it is the engine of accounts."""

from __future__ import annotations

from functools import cache, partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from drypowder.venues.cascade.rounds import cascade
from drypowder.venues.cascade.setting import Book, Market, Setting, Venue
from drypowder.venues.cohorts.density import (
    SIGNS,
    Density,
    Leverage,
    aged,
    closed_up_to,
    deleveraged,
    density_of_positions,
    distance_grid,
    entrants,
    entry_price,
    moved,
    survivors,
)
from drypowder.venues.cohorts.density_cascade import Rules, density_cascade
from drypowder.venues.crowd.population import Population
from drypowder.venues.formulas.brackets import Brackets

GRID = distance_grid(24)
COINS, PATHS = 2, 3
RATE = 0.01


def leverage(median=2.0, log_sd=0.9, rate=RATE, paths=PATHS) -> Leverage:
    return Leverage(*(jnp.full(paths, float(value)) for value in (median, log_sd, rate)))


@cache
def opened(sigma=0.06, buckets=24, **given) -> Density:
    grid = distance_grid(buckets)
    return survivors(leverage(**given), sigma=jnp.full((COINS, PATHS), sigma), grid=grid)


def each(value):
    return jnp.full((COINS, PATHS), float(value))


def reached(log_move, further=0.0):
    """How far a move of every price goes against longs and shorts, and `further` for its side."""
    against = jnp.asarray(-SIGNS[:, None, None]) * log_move[None]
    return jnp.where(against > 0.0, against + further, 0.0)


def test_the_price_that_ruins_is_the_trigger_less_maintenance_whatever_the_leverage():
    # ten times long at 100: margin 10, nothing is left at 90; 90 / 0.99 triggers; three times short
    grid = distance_grid(4000)
    triggers = np.array([90.0 / 0.99, 100.0 * (1.0 + 1.0 / 3.0) / 1.01])
    density = density_of_positions(
        side=[1, -1], coins=[1.0, 1.0], trigger_price=triggers,
        margin_usd_bn=[10.0, 100.0 / 3.0], price=100.0, grid=grid,
    )  # fmt: skip
    entry = entry_price(density, jnp.full((1, 1), 100.0), jnp.array([0.01]), grid)
    held = np.asarray(density.open_coins) > 0.0
    np.testing.assert_allclose(np.asarray(entry)[held], 100.0, rtol=1e-3)


def test_new_positions_stand_where_their_leverage_puts_them():
    # nearly all ten times: 1/l = 0.1, so a long falls ln(0.99/0.9) and a short rises ln(1.1/1.01)
    fresh = entrants(leverage(10.0, 1e-3), GRID)
    for side, away in enumerate((np.log(0.99 / 0.9), np.log(1.1 / 1.01))):
        place = int(np.searchsorted(GRID.lower, away)) - 1
        assert float(fresh.open_coins[side, place, 0, 0]) == pytest.approx(1.0, abs=1e-9)
        assert float(fresh.margin_usd_bn[side, place, 0, 0]) == pytest.approx(0.1, rel=1e-4)


def test_who_borrows_nothing_is_never_reached():
    fresh = entrants(leverage(0.5, 1e-3), GRID)
    assert float(fresh.open_coins[0, -1, 0, 0]) == pytest.approx(1.0, abs=1e-9)
    closed = closed_up_to(opened(median=0.5, log_sd=1e-3), jnp.full((2, COINS, PATHS), 50.0), GRID)
    assert float(closed.open_coins[0].sum()) < 1e-6


def test_survivors_are_those_whose_price_since_entry_never_met_the_trigger():
    """One leverage: ages by quadrature, each with the reflection principle."""
    sigma, x0 = 0.1, np.log(0.99 / 0.8)
    grid = distance_grid(200)

    def alive_beyond(x, age):
        s = sigma * np.sqrt(age)
        return norm.cdf((x0 - x) / s) - norm.cdf((-x0 - x) / s)

    def ever(x):
        return quad(lambda age: np.exp(-age) * alive_beyond(x, age), 0.0, 40.0, limit=400)[0]

    density = opened(sigma=sigma, buckets=200, median=5.0, log_sd=1e-4)
    for k in (20, 60, 80, 90):
        closer = float(density.open_coins[0, :k, 0, 0].sum())
        assert closer == pytest.approx(1.0 - ever(grid.lower[k]) / ever(0.0), abs=2e-4)


@given(st.floats(-0.6, 0.6), st.floats(0.0, 0.4))
def test_a_move_loses_no_coin_and_no_margin(move, further):
    density = opened()
    reach = reached(each(move), further)
    closed = closed_up_to(density, reach, GRID)
    left = moved(density, reach=reach, log_move=each(move), grid=GRID)
    for before, gone, after in zip(density, closed, left, strict=True):
        np.testing.assert_allclose((gone + after).sum(axis=1), before.sum(axis=1), rtol=1e-12)
        assert float(after.min()) >= 0.0 and float(gone.min()) >= 0.0


def test_what_nobody_closes_stays_though_the_price_has_passed_it():
    density = opened()
    none = jnp.zeros((2, COINS, PATHS))
    left = moved(density, reach=none, log_move=each(-0.3), grid=GRID)
    np.testing.assert_allclose(left.open_coins.sum(axis=1), 1.0, rtol=1e-12)
    nearer = closed_up_to(density, reached(each(-0.3)), GRID).open_coins[0].sum(axis=0)
    assert np.all(np.asarray(left.open_coins[0, 0]) > np.asarray(nearer))


def test_without_a_move_nothing_moves():
    density = opened()
    left = moved(density, reach=jnp.zeros((2, COINS, PATHS)), log_move=each(0.0), grid=GRID)
    for before, after in zip(density, left, strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-13, atol=1e-16)


def test_a_fall_brings_longs_nearer_and_takes_shorts_away():
    density = opened()
    left = moved(density, reach=reached(each(-0.1)), log_move=each(-0.1), grid=GRID)
    beyond = np.cumsum(np.asarray(left.open_coins - density.open_coins)[:, ::-1], axis=1)[:, ::-1]
    assert np.all(beyond[0, 1:] <= 1e-12) and np.all(beyond[1, 1:] >= -1e-12)


@given(st.floats(0.0, 2.0), st.floats(0.0, 2.0))
def test_a_larger_move_closes_more_and_never_all_that_is_open(small, more):
    density = opened()

    def closed(reach):
        found = closed_up_to(density, jnp.full((2, COINS, PATHS), reach), GRID)
        return np.asarray(found.open_coins.sum(axis=1))

    assert np.all(closed(small + more) >= closed(small) - 1e-15)
    assert np.all(closed(small + more) <= 1.0 + 1e-12)


def test_more_margin_means_fewer_closings():
    for size in (0.05, 0.2, 0.5):
        reach = jnp.full((2, COINS, PATHS), size)
        found = [closed_up_to(opened(median=m), reach, GRID) for m in (8.0, 4.0, 2.0)]
        sums = [one.open_coins.sum() for one in found]
        assert sums[0] > sums[1] > sums[2] > 0.0


def test_age_replaces_the_old_by_the_new_and_keeps_both_sides_equal():
    old, new = opened(), entrants(leverage(), GRID)
    mixed = aged(old, new, jnp.full(PATHS, 0.25))
    np.testing.assert_allclose(mixed.open_coins, 0.75 * old.open_coins + 0.25 * new.open_coins)
    np.testing.assert_allclose(mixed.open_coins.sum(axis=1), 1.0, rtol=1e-12)


def test_who_gains_is_deleveraged_before_who_loses_and_the_most_levered_first():
    coins = jnp.array([3.0, 5.0, 7.0, 11.0])[:, None, None]
    gains = jnp.array([False, True, False, True])[:, None, None]
    for needed, taken in ((4.0, [0, 4, 0, 0]), (13.0, [0, 5, 0, 8]), (21.0, [3, 5, 2, 11]),
                          (99.0, [3, 5, 7, 11])):  # fmt: skip
        found = deleveraged(coins, jnp.full((1, 1), needed), gains)
        np.testing.assert_allclose(np.asarray(found).ravel(), taken)


# ---- the cascade, against the account-level engine


def crowd(accounts=40_000, median=5.0, interest_bn=10.0, seed=1) -> SimpleNamespace:
    """Equal positions of both sides with log-normal leverage, entered around a price of one."""
    draw = np.random.default_rng(seed)
    side = np.repeat([1.0, -1.0], accounts // 2)
    size = np.full(accounts, interest_bn * 1e9 / (accounts // 2))
    level = np.minimum(median * np.exp(0.9 * draw.standard_normal(accounts)), 0.5 / RATE)
    entry = np.exp(0.03 * draw.standard_normal(accounts))
    trigger = entry * (1.0 - side / level) / (1.0 - side * RATE)
    away = -side * np.log(np.maximum(trigger, 1e-9))
    level, entry = np.where(away > 2e-3, level, 1.5), np.where(away > 2e-3, entry, 1.0)
    trigger = entry * (1.0 - side / level) / (1.0 - side * RATE)
    return SimpleNamespace(side=side, size=size, entry=entry, margin=size * entry / level,
                           trigger=trigger)  # fmt: skip


ROUND_S = 5.0
BOOK = Book(depth_usd=0.2e9, exponent=2.0, thinning=30.0, floor_share=0.05, refill_per_minute=0.1)


def outside(size, rounds=60, over=30):
    return np.minimum(np.arange(1, rounds + 1) / over, 1.0)[:, None] * size


def by_account(who, path, *, fund_bn, book=BOOK):
    venue = Venue("one", fund_money=fund_bn * 1e9, mark="last",
                  adl_ranking="pro_rata_leverage", adl_refresh_s=0.0)  # fmt: skip
    market = Market(0, 0, Brackets.flat(RATE), book)
    setting = Setting(coins=("coin",), price_usd=(1.0,), venues=(venue,), markets=(market,),
                      spot=(Book(1e18),), arbitrage_usd_per_minute=0.0)  # fmt: skip
    count = len(who.side)
    population = Population(money=who.margin, owner=np.arange(count), size=who.side * who.size,
                            market=np.zeros(count, dtype=int), entry=who.entry)  # fmt: skip
    found = cascade(setting=setting, population=population, outside=path, round_s=ROUND_S,
                    events=False)  # fmt: skip
    coins = found.mark[:, 0][:, None] * 1e9
    return SimpleNamespace(low=np.log(found.mark.min()), high=np.log(found.mark.max()),
                           book=(found.book_usd[:, 0] / coins).sum(axis=0),
                           gone=(found.adl_usd[:, 0] / coins).sum(axis=0),
                           fund=found.fund[-1, 0] / 1e9)  # fmt: skip


@partial(jax.jit, static_argnames="buckets")
def _played(density, fund, path, rules, buckets):
    return density_cascade(density, fund_usd_bn=fund, outside=path, round_s=ROUND_S, rules=rules,
                           grid=distance_grid(buckets))  # fmt: skip


def by_density(who, path, *, fund_bn, buckets, book=BOOK):
    density = density_of_positions(
        side=who.side, coins=who.size / 1e9, trigger_price=who.trigger,
        margin_usd_bn=who.margin / 1e9, price=1.0, grid=distance_grid(buckets),
    )  # fmt: skip
    one = [jnp.array([value]) for value in (RATE, book.depth_usd / 1e9, *book[1:5])]
    rules = Rules(one[0], one[1][None], *one[2:])
    state, rounds = _played(density, jnp.array([[fund_bn]]), jnp.asarray(path)[:, :, None], rules,
                            buckets)  # fmt: skip
    return SimpleNamespace(
        low=float(rounds.mark.min()), high=float(rounds.mark.max()),
        book=np.asarray(rounds.book_coins.sum(axis=0))[:, 0, 0],
        gone=np.asarray(rounds.deleveraged_coins.sum(axis=0))[:, 0, 0],
        fund=float(state.fund_usd_bn[0, 0]), state=state, rounds=rounds,
    )  # fmt: skip


@pytest.mark.parametrize("size", [-0.10, 0.08])
@pytest.mark.parametrize("fund_bn", [0.01, 5.0])
def test_finer_buckets_converge_to_the_engine_of_accounts(size, fund_bn):
    """Falls and squeezes, with a fund that fails and one that does not."""
    who, path = crowd(), outside(size)
    exact = by_account(who, path, fund_bn=fund_bn)
    fine = by_density(who, path, fund_bn=fund_bn, buckets=400)
    assert exact.book.max() > 0.5
    assert (exact.gone.max() > 0.1) == (fund_bn < 1.0)
    assert fine.low == pytest.approx(exact.low, abs=2e-3)
    assert fine.high == pytest.approx(exact.high, abs=2e-3)
    np.testing.assert_allclose(fine.book, exact.book, rtol=0.03, atol=1e-9)
    np.testing.assert_allclose(fine.gone, exact.gone, rtol=0.05, atol=1e-9)
    assert fine.fund == pytest.approx(exact.fund, abs=0.02 * fund_bn)


def test_a_few_dozen_buckets_are_within_a_tenth_of_it():
    who, path = crowd(), outside(-0.10)
    exact = by_account(who, path, fund_bn=5.0)
    rough = by_density(who, path, fund_bn=5.0, buckets=40)
    assert rough.low == pytest.approx(exact.low, rel=0.02)
    np.testing.assert_allclose(rough.book, exact.book, rtol=0.1, atol=1e-9)


@pytest.mark.parametrize("size", [-0.10, 0.08])
def test_every_coin_has_an_owner_on_the_other_side(size):
    found = by_density(crowd(), outside(size), fund_bn=0.01, buckets=40)
    long, short = np.moveaxis(np.asarray(found.rounds.open_coins)[..., 0, 0], 0, 1)
    makers = np.asarray(found.rounds.makers_coins)[:, 0, 0]
    np.testing.assert_allclose(long + makers, short, atol=1e-10)
    assert long.min() >= 0.0 and short.min() >= 0.0 and found.gone.max() > 0.0
    assert found.book.max() + found.gone.max() <= 10.0 + 1e-9


def test_a_book_that_nothing_moves_closes_what_the_outside_path_passes():
    deep = BOOK._replace(depth_usd=1e24)
    path = outside(-0.10)
    found = by_density(crowd(), path, fund_bn=5.0, buckets=40, book=deep)
    np.testing.assert_allclose(np.asarray(found.rounds.mark)[:, 0, 0], path[:, 0], atol=1e-9)
    who = crowd()
    density = density_of_positions(
        side=who.side, coins=who.size / 1e9, trigger_price=who.trigger,
        margin_usd_bn=who.margin / 1e9, price=1.0, grid=distance_grid(40),
    )  # fmt: skip
    once = closed_up_to(density, jnp.array([0.1, 0.0])[:, None, None], distance_grid(40))
    np.testing.assert_allclose(found.book, np.asarray(once.open_coins.sum(axis=1))[:, 0, 0])


def test_without_a_path_from_outside_nothing_happens():
    found = by_density(crowd(), 0.0 * outside(1.0), fund_bn=0.01, buckets=40)
    assert found.book.max() == found.gone.max() == 0.0 and found.fund == 0.01
    assert float(jnp.abs(found.rounds.mark).max()) == 0.0


def test_coins_do_not_know_their_order():
    one, other = crowd(median=5.0), crowd(median=3.0, seed=2)
    parts = [density_of_positions(side=w.side, coins=w.size / 1e9, trigger_price=w.trigger,
                                  margin_usd_bn=w.margin / 1e9, price=1.0, grid=GRID)
             for w in (one, other)]  # fmt: skip
    both = Density(*(jnp.concatenate(pair, axis=2) for pair in zip(*parts, strict=True)))
    turned = Density(*(mass[:, :, ::-1] for mass in both))
    rules = Rules(*(jnp.array([v]) if k != 1 else jnp.array([[0.2], [0.3]])
                    for k, v in enumerate((RATE, 0.0, 2.0, 30.0, 0.05, 0.1))))  # fmt: skip
    path = jnp.asarray(np.concatenate([outside(-0.1), outside(-0.05)], axis=1))[:, :, None]
    fund = jnp.array([[0.01], [0.02]])
    a, _ = _played(both, fund, path, rules, len(GRID.lower))
    rules = rules._replace(depth_usd_bn=rules.depth_usd_bn[::-1])
    b, _ = _played(turned, fund[::-1], path[:, ::-1], rules, len(GRID.lower))
    np.testing.assert_allclose(a.reach, b.reach[:, ::-1], rtol=1e-12)
    np.testing.assert_allclose(a.fund_usd_bn, b.fund_usd_bn[::-1], rtol=1e-12)
