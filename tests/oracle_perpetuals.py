"""Perpetual positions by distance from their trigger, in plain NumPy: part of the oracle's day.

Written from docs/mechanisms/venues.md, bucket by bucket; no code is shared with the engine. Arrays
are (side, bucket, coin, path): side 0 long, 1 short. `t` is the oracle's `Today`.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import NormalDist

import numpy as np


def buckets(count):
    """Where buckets of distance begin and end: 0.05 (e^(kh) - 1); the last, from 3, never."""
    h = np.log(61.0) / (count - 1)
    return list(pairwise([*(0.05 * (np.exp(k * h) - 1.0) for k in range(count)), np.inf]))


def share_within(places, reach):
    """Of coins spread evenly over each bucket, how many lie within reach; of the last one none."""
    begin, end = (np.reshape(edge, (-1, 1, 1)) for edge in zip(*places, strict=True))
    with np.errstate(invalid="ignore"):
        share = np.clip((reach[..., None, :, :] - begin) / (end - begin), 0.0, 1.0)
    return np.where(np.isinf(end), 0.0, share)


def middles(places):
    """Where buckets lie on average; of the last one, where it begins."""
    return np.array([b if np.isinf(e) else 0.5 * (b + e) for b, e in places])


def in_the_morning(t):
    """What a move can close, before prices are known."""
    t.perps_price = t.state.log_price[t.w.cleared][t.w.coins]
    t.in_book, t.to_deleverage, t.fund_may_gain = who_pays(t)


def who_pays(t):
    """By side and bucket: coins that the book sees, coins deleveraged, and what a fund gains.

    A closing is filled an exponential lag after its trigger; the price falls on meanwhile. The
    fund pays what is missing from the nearest trigger outwards, until it is empty.
    """
    p, coins, r = t.p, t.state.perps_coins, t.p.maintenance_rate
    x = middles(buckets(coins.shape[1]))[:, None]
    mean = np.maximum(x * np.minimum(p.closing_delay_minutes / t.day.news_minutes, 1.0), 1e-9 * r)
    late = np.exp(-r / mean)
    missing = (mean * (late - np.exp(-1.0 / mean)))[:, None]
    kept = (r - mean * (1.0 - late))[:, None]
    in_book, gone, gained = (np.zeros_like(coins) for _ in range(3))
    for side, s in enumerate((1.0, -1.0)):
        worth = coins[side] * np.exp(-s * x)[:, None] * np.exp(t.perps_price)
        owed = worth * missing
        paid = np.diff(np.minimum(np.cumsum(owed, axis=0), t.state.perps_fund), axis=0, prepend=0.0)
        unpaid = np.clip(1.0 - paid / np.where(owed > 0.0, owed, 1.0), 0.0, 1.0) * (owed > 0.0)
        gone[side] = unpaid * late[:, None] * coins[side]
        gained[side] = worth * kept - paid
        in_book[side] = (1.0 - p.backstop_share) * (coins[side] - gone[side])
    return in_book, gone, gained


def book_moves(t, side, price, beyond):
    """How far the book is thrown if coins at `price` touched `beyond`, and what it had to take."""
    p, s = t.p, (1.0, -1.0)[side]
    reach = s * (t.perps_price - price) + beyond
    met = (t.in_book[side] * share_within(buckets(t.in_book.shape[1]), reach)).sum(axis=0)
    value = t.on.venues * met * np.exp(price)
    outside = np.maximum(-s * t.outside_move[t.w.coins], 0.0)
    fast = (outside + beyond) * min(5.0 / t.day.news_minutes, 1.0)
    thin = np.maximum(np.exp(-p.book_thinning * fast), p.book_floor_share)
    return 0.01 * (value / (p.book_depth_usd_bn * thin)) ** (1.0 / p.book_exponent), value


def book_settles(t, side, price, beyond, rounds=5000):
    """The least dislocation of the book that the closings which it causes keep up."""
    for _ in range(rounds):
        deeper = book_moves(t, side, price, beyond)[0]
        if np.abs(deeper - beyond).max() < 1e-15:
            return deeper
        beyond = deeper
    return beyond


def close_perpetuals(t, price, low, high):
    """Everybody whom the low (longs) or the high (shorts) of the day reached."""
    signs = np.array([1.0, -1.0])[:, None, None]
    reach = np.maximum(signs * (t.perps_price - price) + np.stack([low, high]), 0.0)
    t.reach = t.on.venues * reach
    part = share_within(buckets(t.in_book.shape[1]), t.reach)
    t.closed, t.gone, t.fund_gain, margin = (
        (whole * part).sum(axis=1)
        for whole in (t.state.perps_coins, t.to_deleverage, t.fund_may_gain, t.state.perps_margin)
    )
    t.margin_lost = margin.sum(axis=1)
    t.closed_usd_bn = t.closed * np.exp(price)
    t.fall = low


def roll(t):
    """Who is left stands elsewhere; the other side closes as much; new positions replace old."""
    p, price = t.p, t.log_price[t.w.coins]
    move = price - t.perps_price
    left = {name: spread_again(t, getattr(t.state, name), move)
            for name in ("perps_coins", "perps_margin")}  # fmt: skip
    left = others_give_up(t, left["perps_coins"], left["perps_margin"], price)
    kept, size = np.exp(-t.day.dt_years / p.entry_age_years), p.perp_open_interest_usd_bn
    new = size * t.w.new_coins, size * np.exp(price) * t.w.new_margin
    coins, margin = (kept * old + (1.0 - kept) * come for old, come in zip(left, new, strict=True))
    return {"perps_coins": coins, "perps_margin": margin,
            "perps_fund": t.state.perps_fund + t.fund_gain.sum(axis=0)}  # fmt: skip


def spread_again(t, mass, move):
    """Buckets of yesterday shared out to those of today; what was reached is gone."""
    places = buckets(mass.shape[1])
    begin, end = (np.reshape(edge, (1, -1, 1, 1)) for edge in zip(*places, strict=True))
    toward = np.array([1.0, -1.0])[:, None, None, None] * move
    first = np.maximum(begin - toward, t.reach[:, None])
    first[:, 0] = t.reach
    last = np.maximum(end - toward, t.reach[:, None])
    found = np.zeros_like(mass)
    for k, (lower, upper) in enumerate(places[:-1]):
        common = np.minimum(last, upper) - np.maximum(first, lower)
        found += mass[:, k : k + 1] * np.maximum(common, 0.0) / (upper - lower)
    found[:, -1] += mass[:, -1]
    return found


def others_give_up(t, coins, margin, price):
    """Deleveraged first: those in profit, most levered first; then everybody in proportion."""
    middle = middles(buckets(coins.shape[1]))[:, None, None]
    coins, margin = coins.copy(), margin.copy()
    for side, s in enumerate((1.0, -1.0)):
        ruin = np.exp(price) * (1.0 - s * t.p.maintenance_rate) * np.exp(-s * middle)
        each = np.where(coins[side] > 0.0, coins[side], np.inf)
        gains = s * (np.exp(price) - ruin - s * margin[side] / each) > 0.0
        need = t.gone[1 - side].copy()
        for turn in (True, False) if need.any() else ():
            queue = np.where(gains == turn, coins[side], 0.0)
            taken = np.diff(np.minimum(np.cumsum(queue, axis=0), need), axis=0, prepend=0.0)
            need = need - taken.sum(axis=0)
            share = 1.0 - taken / np.where(coins[side] > 0.0, coins[side], 1.0)
            coins[side], margin[side] = share * coins[side], share * margin[side]
        rest, whole = (t.closed - t.gone)[1 - side], coins[side].sum(axis=0)
        share = 1.0 - np.minimum(rest / np.where(whole > 0.0, whole, 1.0), 1.0)
        coins[side], margin[side] = share * coins[side], share * margin[side]
    return coins, margin


def opening(p, volatility, count):
    """New positions by side and bucket, and those of all ages that have lived through them.

    Leverage in many small steps; ages drop out of the killed Brownian motion's own formula.
    """
    places = buckets(count)
    mean, sd, r = np.log(p.perp_leverage_median), p.perp_leverage_log_sd, p.maintenance_rate
    normal = np.vectorize(NormalDist().cdf)
    most = (np.log(0.5 / r) - mean) / sd
    new = np.zeros((2, 2, count, 1, len(r)))
    for side, s in enumerate((1.0, -1.0)):
        margin = [s * (1.0 - (1.0 - s * r) * np.exp(-s * b)) for b, _ in places]
        score = [np.minimum(-(np.log(m) + mean) / sd, most) for m in margin] + [-np.inf * r]
        for k in range(count):
            new[0, side, k, 0] = (normal(score[k]) - normal(score[k + 1])) / normal(most)
            shifted = normal(score[k] + sd) - normal(score[k + 1] + sd)
            new[1, side, k, 0] = np.exp(0.5 * sd**2 - mean) * shifted / normal(most)
    steep = np.sqrt(2.0) / np.maximum(volatility[:, None] * np.sqrt(p.entry_age_years), 0.01)
    old = np.zeros((2, 2, count, *steep.shape))
    for z in np.linspace(-4.5, 4.5, 181):
        lever = np.exp(mean + sd * z)
        weight = np.where(lever < 0.5 / r, np.exp(-0.5 * z**2), 0.0)
        for side, s in enumerate((1.0, -1.0)):
            add_survivors(old[:, side], s, lever, weight, r, steep, places)
    return new, old / old[0].sum(axis=1)[None, :, None]


def add_survivors(sums, s, lever, weight, r, steep, places):
    """Of those who entered with this leverage, where the living stand now."""
    left = (1.0 - s / lever) / (1.0 - s * r)
    x0 = np.where(left > np.exp(-6.0), -s * np.log(np.maximum(left, 1e-300)), 6.0)

    def nearer(edge):
        dead = np.exp(-steep * x0)
        if np.isinf(edge):
            return 1.0 - dead
        above = 0.5 * (np.exp(-steep * np.maximum(x0 - edge, 0.0)) - dead)
        below = 0.5 * (1.0 - np.exp(-steep * np.maximum(edge - x0, 0.0)))
        return above + below - 0.5 * (dead - np.exp(-steep * (edge + x0)))

    for k, (begin, end) in enumerate(places):
        here = np.maximum(x0, begin) if np.isinf(end) else 0.5 * (begin + end)
        alive = weight * (nearer(end) - nearer(begin))
        sums[0, k] += alive
        sums[1, k] += alive / lever * np.exp(-s * (here - x0))


def squeezed(t, hedge):
    """Part of what cash-and-carry traders sold that closed shorts make them buy back."""
    held = t.units[:, t.w.cleared][t.w.holders][:, t.w.coins]
    worth = held * np.exp(t.log_price[t.w.coins])
    sold = (worth * (np.exp(np.maximum(-hedge[:, t.w.coins], 0.0)) - 1.0)).sum(axis=1)
    bought = t.p.arbitrage_share[t.w.holders] * t.closed_usd_bn[1].sum(axis=0)
    share = np.minimum(bought / np.where(sold > 0.0, sold, np.inf), 1.0)
    return share[:, None]
