"""Laws of a cascade, account by account."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.venues.crowds import (
    ENDLESS,
    ROUND_S,
    RULES,
    SEEDS,
    TIERS,
    backstop,
    crowd,
    fall,
    house,
    one,
    played,
    setting,
    venue,
)

from drypowder.errors import UsageError
from drypowder.venues.cascade.events import BOOK, FUND, STAGES, VAULT
from drypowder.venues.cascade.holdings import Collateral, Holdings
from drypowder.venues.cascade.prices import Prices
from drypowder.venues.cascade.rounds import LONG, SHORT, cascade
from drypowder.venues.cascade.setting import Outage
from drypowder.venues.crowd.population import Population
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.formulas.margin import liquidation_price

# ---- the ledger


@given(seed=SEEDS, rules=RULES, depth=st.sampled_from([3e5, 3e6, ENDLESS]))
def test_ledger_is_zero_sum_and_everybody_closes_against_somebody(seed, rules, depth):
    place = setting(house(rules), house({}), depth_usd=depth)
    people = crowd(place, 151, seed=seed)
    end = played(place, people, fall(40, -0.15, -0.3, over=20))
    assert np.all(np.abs(end.residual) < 1e-9)


@given(seed=SEEDS, rules=RULES)
def test_never_closes_more_than_was_open(seed, rules):
    place = setting(house(rules), depth_usd=2e5)
    people = crowd(place, 151, seed=seed)
    end = played(place, people, fall(40, -0.3, -0.5, over=30))
    log = end.events
    opened = np.bincount(people.owner * 2 + people.market, people.size, people.accounts * 2)
    cuts = (log.stage != STAGES.index("cancel")) & (log.stage != STAGES.index("exchange"))
    closed = np.bincount(
        log.account[cuts] * 2 + log.market[cuts], log.size[cuts], people.accounts * 2
    )
    named = (log.stage == STAGES.index("adl")) & (log.counterparty >= 0)
    closed -= np.bincount(
        log.counterparty[named] * 2 + log.market[named], log.size[named], people.accounts * 2
    )
    left = opened - closed
    assert np.all(np.sign(opened) * left >= -1e-9 * np.abs(opened))
    assert np.all(np.abs(left) <= np.abs(opened) * (1.0 + 1e-9))


def test_inverse_contracts_balance_in_coin():
    place = setting(venue(fund_money=1.0), depth_usd=2e5, coins=("one",), inverse=True)
    price, size = 100.0, np.array([50_000.0, -50_000.0, 20_000.0, -20_000.0])
    people = Population(
        money=np.array([500.0, 500.0, 15.0, 500.0]) * 0.1, owner=np.arange(4),
        market=np.zeros(4, int), size=size, entry=np.full(4, price),
    )  # fmt: skip
    end = played(place, people, fall(40, -0.3, over=20))
    assert np.all(np.abs(end.residual) < 1e-12)
    assert end.accounts_closed.tolist() == [True, False, True, False]


# ---- triggers


@given(
    side=st.sampled_from([1.0, -1.0]), notional=st.floats(100.0, 1e6), leverage=st.floats(1.5, 25.0)
)
@settings(max_examples=15)
def test_triggers_at_the_closed_form_price_within_a_tick(side, notional, leverage):
    tick = 0.05
    place = setting(venue(), coins=("one",))
    size, margin = notional / 100.0, notional / leverage
    margin = max(margin, 0.05 * notional)
    expected = liquidation_price(
        side=side, size=size, entry_price=100.0, margin=margin, brackets=TIERS
    )
    path = np.log(np.arange(100.0 - side * tick, 100.0 - side * 95.0, -side * tick) / 100.0)
    end = played(place, one(side, size, 100.0, margin), path[:, None])
    log = end.events
    if expected is None or abs(expected - 100.0) > 95.0:  # beyond the end of the path
        assert not len(log.price)
    elif abs(expected - 100.0) < 94.9:
        assert -1e-9 <= side * (expected - log.price[0]) <= tick + 1e-9  # never before


@given(
    side=st.sampled_from([1.0, -1.0]),
    contracts=st.integers(10, 5000),
    leverage=st.floats(1.5, 25.0),
    fee=st.sampled_from([0.0, 0.0006]),
)
@settings(max_examples=15)
def test_inverse_contracts_trigger_at_the_closed_form_price_too(side, contracts, leverage, fee):
    tick, face = 0.05, 100.0
    place = setting(venue(close_fee_rate=fee), coins=("one",), inverse=True)
    usd = contracts * face
    margin = max(usd / 100.0 / leverage, 0.02 * usd / 100.0)  # coins
    expected = liquidation_price(
        side=side, size=contracts, entry_price=100.0, margin=margin, contract="inverse",
        brackets=Brackets.flat(0.01), contract_value=face, close_fee_rate=fee,
    )  # fmt: skip
    path = np.log(np.arange(100.0 - side * tick, 100.0 - side * 95.0, -side * tick) / 100.0)
    log = played(place, one(side, usd, 100.0, margin), path[:, None]).events
    if expected is None or abs(expected - 100.0) > 95.0:  # beyond the end of the path
        assert not len(log.price)
    elif abs(expected - 100.0) < 94.9:
        assert -1e-9 <= side * (expected - log.price[0]) <= tick + 1e-9


@given(seed=SEEDS, rules=RULES)
@settings(max_examples=15)
def test_every_shortfall_lands_on_somebody_with_a_name(seed, rules):
    """What accounts cannot pay equals what funds and vaults are told to have paid, by event."""
    place = setting(house(rules), depth_usd=3e5)
    end = played(place, crowd(place, 151, seed=seed), fall(40, -0.25, -0.4, over=10))
    log = end.events
    assert log.deficit.sum() == pytest.approx(end.unpaid.sum(), rel=1e-9, abs=1e-9)
    assert set(log.counterparty[log.deficit > 0.0]) <= {FUND, VAULT}
    cut = log.stage == STAGES.index("adl")
    assert np.all((log.counterparty[cut] >= 0) | (log.counterparty[cut] == BOOK))


@given(seed=SEEDS, rules=RULES)
@settings(max_examples=15)
def test_alarms_overlook_nobody(seed, rules):
    """Looking at every account in every round finds the same."""
    place = setting(house(rules), house({}), depth_usd=1e6)
    people = crowd(place, 101, seed=seed)
    rng = np.random.default_rng(seed)
    path = np.cumsum(rng.normal(-0.002, 0.01, (60, 2)), axis=0)  # goes up and down
    quick = played(place, people, path)

    def everybody(self, travelled):
        return np.arange(len(self.money))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Holdings, "ringing", everybody)
        slow = played(place, people, path)
    for mine, other in zip(quick.events, slow.events, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_alarms_ring_for_few():
    place = setting(venue(), coins=("one",))
    people = crowd(place, 2001, seed=3)
    looked = []
    real = Holdings.ringing

    def counted(self, travelled):
        found = real(self, travelled)
        looked.append(len(found))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Holdings, "ringing", counted)
        played(place, people, fall(200, -0.05))
    assert looked[0] == people.accounts
    assert sum(looked[1:]) < 2 * people.accounts


@given(seed=SEEDS)
@settings(max_examples=10)
def test_more_margin_never_brings_a_liquidation_forward(seed):
    place = setting(venue(fund_money=1e12), coins=("one",))
    people = crowd(place, 101, seed=seed, cross=0.0)
    richer = Population(
        money=people.money + 500.0, owner=people.owner, market=people.market, size=people.size,
        entry=people.entry,
    )  # fmt: skip
    first = _first_time(played(place, people, fall(50, -0.4)), people)
    later = _first_time(played(place, richer, fall(50, -0.4)), people)
    assert np.all(later >= first)


def _first_time(end, people) -> np.ndarray:
    first = np.full(people.accounts, np.inf)
    np.minimum.at(first, end.events.account, end.events.time_s)
    return first


# ---- what must not matter


@given(seed=SEEDS, rules=RULES)
@settings(max_examples=10)
def test_unit_of_account_does_not_matter(seed, rules):
    """Prices times k and sizes over k: the same liquidations in USD, at k times the price."""
    k = 8.0
    place = setting(house(rules), depth_usd=1e6)
    people = crowd(place, 101, seed=seed)
    scaled = Population(
        money=people.money, owner=people.owner, market=people.market, size=people.size / k,
        entry=people.entry * k,
    )  # fmt: skip
    dear = setting(house(rules), depth_usd=1e6)
    object.__setattr__(dear, "price_usd", tuple(k * price for price in place.price_usd))
    path = fall(40, -0.15, -0.25)
    mine, other = played(place, people, path), played(dear, scaled, path)
    np.testing.assert_allclose(mine.mark * k, other.mark, rtol=1e-9)
    np.testing.assert_allclose(mine.forced_usd, other.forced_usd, rtol=1e-9, atol=1e-6)


@given(seed=SEEDS, rules=RULES)
@settings(max_examples=10)
def test_order_of_accounts_does_not_matter(seed, rules):
    place = setting(house(rules), depth_usd=1e6)
    people = crowd(place, 101, seed=seed)
    order = np.random.default_rng(seed).permutation(people.accounts)
    where = np.argsort(order)
    rows = np.argsort(where[people.owner], kind="stable")
    mixed = Population(
        money=people.money[order], owner=where[people.owner][rows], market=people.market[rows],
        size=people.size[rows], entry=people.entry[rows],
    )  # fmt: skip
    path = fall(40, -0.15, -0.25)
    mine, other = played(place, people, path), played(place, mixed, path)
    np.testing.assert_allclose(mine.mark, other.mark, rtol=1e-9)
    np.testing.assert_array_equal(mine.accounts_closed[order], other.accounts_closed)
    np.testing.assert_allclose(mine.forced_usd, other.forced_usd, rtol=1e-6, atol=1e-3)


def test_nothing_happens_without_a_move():
    place = setting(venue(), backstop(), depth_usd=1e6)
    people = crowd(place, 201)
    end = played(place, people, np.zeros((30, 2)))
    assert end.forced_usd.sum() == 0.0 and len(end.events.price) == 0
    np.testing.assert_array_equal(end.mark, np.broadcast_to(end.mark[:1], end.mark.shape))


def test_without_impact_one_pass_is_all():
    """Endless books: after the path has stopped falling nobody else is liquidated."""
    place = setting(venue(), coins=("one",))
    people = crowd(place, 401, seed=5)
    end = played(place, people, fall(30, -0.1, over=1))
    by_round = end.forced_usd.sum(axis=(1, 2))
    assert by_round[0] > 0.0 and by_round[1:].sum() == 0.0


def test_thin_books_make_the_fall_deeper():
    people = crowd(setting(venue(), coins=("one",)), 401, seed=5)
    lows = [
        played(setting(venue(), coins=("one",), depth_usd=d), people, fall(30, -0.1, over=10))
        .mark.min()
        for d in (ENDLESS, 1e7, 1e6)
    ]  # fmt: skip
    assert lows[0] > lows[1] > lows[2]
    assert lows[0] == pytest.approx(100.0 * np.exp(-0.1), rel=1e-9)


# ---- the clock and the wires


def test_venues_are_tied_by_arbitrage_and_come_apart_without():
    def gap(capacity):
        place = setting(
            venue("a"), venue("b"), coins=("one",), depth_usd=1e6, arbitrage_usd_per_minute=capacity
        )
        people = crowd(place, 301, seed=7)
        keep = np.flatnonzero(
            np.bincount(people.owner, people.market == 1, people.accounts) == 0
        )  # only venue a has anybody
        end = played(place, people.restrict(keep), fall(30, -0.1, over=10))
        return np.abs(np.log(end.mid[:, 0] / end.mid[:, 1])).max(), end.mid[:, 1].min()

    loose, untouched = gap(0.0)
    tied, pulled = gap(1e9)
    assert loose > 2 * tied
    assert pulled < untouched - 1e-6  # selling on a reached b
    assert untouched == pytest.approx(100.0 * np.exp(-0.1), rel=1e-9)


def test_arbitrage_meets_spot_half_way_however_thin_either_book_is():
    place = setting(venue(), coins=("one",), depth_usd=1e6)
    prices = Prices(place, ROUND_S)
    prices.coins.depth = np.array([1e5])  # normal: 2e6
    prices.perps.sell(np.array([3e6]))
    prices.read(0.0, ROUND_S)
    prices.arbitrage(0.0, ROUND_S)
    prices.read(0.0, ROUND_S)
    gap = float((prices.spot - prices.mid)[0])
    assert abs(gap) <= place.arbitrage_cost


def test_a_book_that_thins_does_not_move_the_price_by_itself():
    """After a fast fall prices come back smoothly: thinning withdraws orders at every distance."""
    place = setting(venue(), coins=("one",), depth_usd=2e5)
    people = crowd(place, 401, seed=5)
    end = played(place, people, fall(300, -0.2, over=20))
    late = np.diff(np.log(end.mid[150:, 0]))
    assert np.abs(late).max() < 2e-3
    assert end.mid[-1, 0] > end.mid[:, 0].min()


def test_an_outage_delays_and_a_stale_oracle_hides():
    people = one(1.0, 10.0, 100.0, 60.0)
    late = setting(venue(), coins=("one",), outages=(Outage("liquidation", 0, 0.0, 31.0),))
    assert played(late, people, fall(20, -0.07, over=1)).events.time_s[0] == 33.0
    lag = setting(venue(detection_lag_s=9.0), coins=("one",))
    assert played(lag, people, fall(20, -0.07, over=1)).events.time_s[0] == 12.0
    stale = setting(
        venue(mark="median_index_basis"), coins=("one",), depth_usd=1e6,
        outages=(Outage("oracle", -1, 0.0, 31.0),),
    )  # fmt: skip
    assert played(stale, people, fall(20, -0.07, over=1)).events.time_s[0] >= 30.0


def test_bad_requests_are_refused():
    place = setting(venue(), coins=("one",))
    people = one(1.0, 10.0, 100.0, 60.0)
    with pytest.raises(UsageError, match="DP-151"):
        played(place, people, np.zeros((5, 2)))
    with pytest.raises(UsageError, match="DP-151"):
        played(place, people, np.zeros((0, 1)))
    with pytest.raises(UsageError, match="DP-151"):
        cascade(setting=place, population=people, outside=np.zeros((5, 1)), round_s=0.0)
    with pytest.raises(UsageError, match="DP-150"):
        setting(venue(adl_ranking="by name"), coins=("one",))
    pledge = Collateral(np.array([0], np.int32), np.array([0], np.int16), np.array([1.0]))
    coined = setting(venue(), coins=("one",), inverse=True)
    with pytest.raises(UsageError, match="DP-151"):
        played(coined, people, np.zeros((5, 1)), collateral=pledge)
    with pytest.raises(UsageError, match="DP-150"):
        setting(venue(partial="never"), coins=("one",))
    with pytest.raises(UsageError, match="DP-150"):
        setting(venue(), coins=("one",), depth_usd=0.0)


def test_a_venue_keeps_its_accounts_in_one_money():
    """Bitcoin and ether as margin, or dollars and bitcoin, are wallets of their own."""
    place = setting(venue(), inverse=True, coins=("one",))
    assert place.markets[0].inverse
    with pytest.raises(UsageError, match="kept in one, two at once") as refused:
        setting(venue(), inverse=True)
    assert refused.value.code == "DP-150"
    linear = replace(place.markets[0], inverse=False)
    with pytest.raises(UsageError, match="kept in USD, one at once"):
        replace(place, markets=(place.markets[0], linear))


def test_sides_are_told_apart():
    place = setting(venue(), coins=("one",))
    people = crowd(place, 401, seed=5)
    assert played(place, people, fall(5, 0.1)).forced_usd[..., LONG].sum() == 0.0
    assert played(place, people, fall(5, -0.1)).forced_usd[..., SHORT].sum() == 0.0
