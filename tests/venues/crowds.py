"""Small invented venues and crowds for cascade tests; prime sizes per axis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from drypowder.venues.cascade.rounds import cascade
from drypowder.venues.cascade.setting import Book, Market, Setting, Venue
from drypowder.venues.crowd.population import Population
from drypowder.venues.formulas.brackets import Brackets

TIERS = Brackets.from_rows([(0.0, 0.005), (40_000.0, 0.01), (300_000.0, 0.03)])
ROUND_S = 3.0
SEEDS = st.integers(0, 10_000)
RULES = st.sampled_from(
    [
        {},
        {"partial": "tiers", "close_fee_rate": 0.0005, "liquidation_fee_rate": 0.002},
        {"partial": "reduce", "partial_above_usd": 20_000.0, "liquidation_fee_rate": 0.005},
        {"surplus_to_fund": True, "fund_money": 100.0, "adl_ranking": "bybit"},
        {"maintenance_at": "entry", "fund_money": 0.0},
        {"backstop": True},
        {"backstop": True, "vault_money": 1000.0, "vault_loss_share": 0.01},
    ]
)
ENDLESS = 1e30  # USD of depth: nothing moves the price


def venue(name: str = "fund", **rules) -> Venue:
    """A venue with an insurance fund; any rule may be given."""
    usual = {"fund_money": 1e5, "mark": "last", "surplus_to_fund": False}
    return Venue(name, **{**usual, **rules})


def backstop(**rules) -> Venue:
    """A venue with a liquidator vault, as Hyperliquid has."""
    usual = dict(
        partial="share", partial_above_usd=1e5, partial_share=0.2, partial_window_s=30.0,
        backstop_share=2 / 3, vault_money=2e6, vault_leverage=1.0, vault_unwind_share=0.1,
        surplus_to_fund=False, adl_ranking="hyperliquid", adl_price="previous_mark", mark="last",
    )  # fmt: skip
    return Venue("backstop", **{**usual, **rules})


def setting(
    *venues: Venue, depth_usd: float = ENDLESS, coins=("one", "two"), inverse=False, **more
) -> Setting:
    """Every venue trades every coin; spot is twice as deep."""
    book = Book(depth_usd, exponent=2.0, thinning=10.0, floor_share=0.05, refill_per_minute=0.1)
    return Setting(
        coins=coins,
        price_usd=(100.0, 7.0, 3.0)[: len(coins)],
        venues=venues,
        markets=tuple(
            Market(v, c, TIERS if not inverse else Brackets.flat(0.01), book, inverse=inverse)
            for v in range(len(venues))
            for c in range(len(coins))
        ),
        spot=tuple(book._replace(depth_usd=2 * depth_usd) for _ in coins),
        **more,
    )


def crowd(
    place: Setting, accounts: int = 401, *, seed: int = 0, cross: float = 0.3, leverage: float = 6.0
) -> Population:
    """Isolated and cross accounts, as many longs as shorts in every market."""
    rng = np.random.default_rng(seed)
    price = np.array(place.price_usd)
    money, owner, market, size, entry = [], [], [], [], []
    number = 0
    for _ in range(accounts // 2):
        here = rng.integers(len(place.venues))
        of = [m for m, one in enumerate(place.markets) if one.venue == here]
        several = rng.random() < cross
        count = min(len(of), 2 if several else 1)
        chosen = rng.choice(of, size=count, replace=False)
        sides = rng.choice([-1.0, 1.0], size=count)
        usd = rng.pareto(1.5, count) * 2e4 + 1e3
        for turn in (1.0, -1.0):  # its mirror image is somebody else
            paid = price[[place.markets[m].coin for m in chosen]] * np.exp(
                rng.normal(0.0, 0.03, count)
            )
            amount = turn * sides * usd / paid
            now = price[[place.markets[m].coin for m in chosen]]
            margin = np.abs(amount * now).sum() / (1.2 + rng.exponential(leverage))
            margin = max(margin, 0.06 * np.abs(amount * now).sum())
            money.append(margin - (amount * (now - paid)).sum())
            owner += [number] * count
            market += list(chosen)
            size += list(amount)
            entry += list(paid)
            number += 1
    return _balanced(
        Population(
            money=np.array(money),
            owner=np.array(owner),
            market=np.array(market),
            size=np.array(size),
            entry=np.array(entry),
        ),
        place,
    )


def _balanced(people: Population, place: Setting) -> Population:
    """One rich account a market holds the other side of what does not match."""
    longs, shorts = people.open_interest(len(place.markets))
    gap = shorts - longs
    price = np.array([place.price_usd[one.coin] for one in place.markets])
    return Population(
        money=np.concatenate([people.money, 10.0 * np.abs(gap) * price + 1.0]),
        owner=np.concatenate([people.owner, people.accounts + np.arange(len(gap))]),
        market=np.concatenate([people.market, np.arange(len(gap))]),
        size=np.concatenate([people.size, gap]),
        entry=np.concatenate([people.entry, price]),
    )


def fall(rounds: int, *logs: float, over: int | None = None) -> np.ndarray:
    """Coins fall steadily by these logs within `over` rounds, [round, coin]."""
    part = np.minimum(np.arange(1, rounds + 1) / (over or rounds), 1.0)
    return part[:, None] * np.array(logs)[None]


def house(rules: dict) -> Venue:
    """The venue of one of RULES."""
    rules = dict(rules)
    return backstop(**rules) if rules.pop("backstop", False) else venue(**rules)


def played(place, people, path, **more):
    """The cascade on the usual clock."""
    return cascade(setting=place, population=people, outside=path, round_s=ROUND_S, **more)


def one(side: float, size: float, entry: float, margin: float) -> Population:
    """One isolated position in market 0."""
    return Population(
        money=np.array([margin]), owner=np.array([0]), market=np.array([0]),
        size=np.array([side * size]), entry=np.array([entry]),
    )  # fmt: skip
