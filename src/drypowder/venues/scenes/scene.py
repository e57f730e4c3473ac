"""One venue's coins, accounts and books put together: what a map is drawn of, a cascade played on.

Accounts are those of a file (observed), and where open interest is larger than what the file holds,
or nothing was given, a crowd drawn from a law of leverage and age (modelled). Each number is either
the user's or a dated figure with its source, and the scene keeps the list.

Where no path of past prices is given, entries are drawn along many random paths and their mirror
images: nobody's history, so longs and shorts differ only by what the rules do to them.
Money: USD; open interest is one side. Signs: size > 0 long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DataMissingError
from drypowder.venues._naming import coin_of
from drypowder.venues.cascade.rules import FUND, VAULT, venue_of
from drypowder.venues.cascade.setting import Book, Market, Setting, Venue
from drypowder.venues.crowd.crowd_of import CrowdOf, crowd_of
from drypowder.venues.crowd.population import Population, concatenate
from drypowder.venues.crowd.sampling import Crowd, sample_population
from drypowder.venues.crowd.vintages import Leverage, PricePath
from drypowder.venues.rulebooks.positions import Positions
from drypowder.venues.rulebooks.profile import Profile
from drypowder.venues.scenes.figures import (
    BookFigures,
    CoinFigures,
    CrowdFigures,
    LeverageFigures,
    VenueFigures,
    figures,
)

Floats = NDArray[np.float64]
GIVEN = "given"
_PATHS = 16  # random pasts, half of them mirror images of the others
_MEAN_AGES = 8.0  # of a path: what is older is 0.03 % of all
_BARS_A_DAY = 24
_LEAST_ACCOUNTS = 2 * _PATHS


class Fact(NamedTuple):
    """A number that went in: who says so, and whether it is a guess."""

    name: str  # as the words of a report call it
    value: float
    source: str  # GIVEN, or where it stands
    guess: str = ""  # why it is uncertain


@dataclass(frozen=True)
class Wanted:
    """What was asked for; None where the shipped figures are to say it."""

    profile: Profile
    coin: str
    as_of: date
    positions: Positions | None = None
    prices: Mapping[str, float] = field(default_factory=dict)  # by coin
    open_interest_usd: float | None = None  # of the coin on this venue
    depth_usd: float | None = None  # of the coin on this venue
    leverage_median: float | None = None
    leverage_log_sd: float | None = None
    mean_age_days: float | None = None
    fund_usd: float | None = None
    path: PricePath | None = None
    accounts: int = 20_000
    seed: int = 0


@dataclass(frozen=True)
class Scene:
    """Accounts in their markets."""

    wanted: Wanted
    setting: Setting
    profiles: tuple[Profile, ...]  # [venue]
    symbols: tuple[str, ...]  # [market]
    market: int  # that was asked for
    seen: CrowdOf | None
    modelled: Population
    open_interest_usd: float  # of the market asked for
    adds_model: bool
    facts: tuple[Fact, ...]

    @property
    def observed(self) -> Population:
        """Accounts of the file."""
        return concatenate([]) if self.seen is None else self.seen.population

    @property
    def everybody(self) -> Population:
        """Accounts of the file first, then those of the model."""
        return concatenate([self.observed, self.modelled])

    @property
    def prices(self) -> Floats:
        """[market]"""
        usd = self.setting.price_usd
        return np.array([usd[one.coin] for one in self.setting.markets])

    @property
    def inverse(self) -> NDArray[np.bool_]:
        """[market]"""
        return np.array([one.inverse for one in self.setting.markets])

    def name_of(self, account: int) -> str:
        """An account as the file calls it; accounts of the model have numbers."""
        if self.seen is not None and account < self.seen.population.accounts:
            return self.seen.names[self.seen.account[account]]
        return f"model-{account - self.observed.accounts + 1}"


def scene_of(wanted: Wanted) -> Scene:
    """Put accounts, rules and books together.

    Raises:
        DataMissingError: DP-157 a figure that is neither given nor shipped.
        UsageError: DP-129 an unknown symbol; DP-141, DP-143 a crowd that cannot be drawn.
    """
    symbol = wanted.profile.table(wanted.coin).symbol
    seen = None if wanted.positions is None else crowd_of(wanted.positions)
    markets = list(seen.markets) if seen else []
    own = [k for k, (p, s) in enumerate(markets) if p.name == wanted.profile.name and s == symbol]
    if not own:
        markets.append((wanted.profile, symbol))
    asked = own[0] if own else len(markets) - 1
    notes = _Notes(wanted)
    setting, profiles = _setting(markets, notes)
    interest = notes.open_interest(wanted.profile, symbol)
    adds_model = seen is None or wanted.open_interest_usd is not None
    modelled = concatenate([])
    if adds_model:
        here = wanted.profile, symbol, asked, setting.price_usd[setting.markets[asked].coin]
        modelled = _modelled(*here, interest, seen, notes)
    symbols = tuple(name for _, name in markets)
    return Scene(
        wanted, setting, profiles, symbols, asked, seen, modelled, interest, adds_model,
        tuple(notes.facts),
    )  # fmt: skip


class _Notes:
    """Figures as they are looked up, each written down with who says so."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.facts: list[Fact] = []

    def take(self, name: str, given: float | None, kind, attribute: str, key=None, times=1.0):
        """The user's number, or the shipped figure times a share."""
        if given is not None:
            self._write(Fact(name, given, GIVEN))
            return given
        entry = figures(kind, as_of=self.wanted.as_of, name=key)
        value = getattr(entry, attribute) * times
        self._write(Fact(name, value, *entry.told(attribute)))
        return value

    def _write(self, fact: Fact) -> None:
        if fact not in self.facts:
            self.facts.append(fact)

    def price(self, coin: str) -> float:
        return self.take(f"price {coin}", self.wanted.prices.get(coin), CoinFigures, "price_usd",
                         coin)  # fmt: skip

    def open_interest(self, profile: Profile, symbol: str) -> float:
        given, coin = self.wanted.open_interest_usd, coin_of(symbol)
        share = 1.0 if given is not None else self._share(profile)
        name = f"open_interest {profile.title} {coin}"
        return self.take(name, given, CoinFigures, "open_interest_usd", coin, share)

    def depth(self, profile: Profile, coin: str) -> float:
        given = self.wanted.depth_usd if coin == coin_of(self.wanted.coin) else None
        share = 1.0 if given is not None else self._share(profile)
        return self.take(f"depth {profile.title} {coin}", given, CoinFigures, "depth_usd", coin,
                         share)  # fmt: skip

    def spot_depth(self, coin: str) -> float:
        """Spot and the other venues, where arbitrage trades: all venues of the coin together."""
        try:
            return self.take(f"spot {coin}", None, CoinFigures, "depth_usd", coin)
        except DataMissingError:
            if self.wanted.depth_usd is None:
                raise
            return self.take(f"spot {coin}", self.wanted.depth_usd, CoinFigures, "depth_usd")

    def _share(self, profile: Profile) -> float:
        return self.take(f"share {profile.title}", None, VenueFigures, "share", profile.name)

    def leverage(self, profile: Profile) -> Leverage:
        """The law that entrants follow; some venues lend more than others."""
        asked, times = self.wanted, 1.0
        if asked.leverage_median is None:
            times = self.take(
                "leverage_multiple", None, VenueFigures, "leverage_multiple", profile.name
            )
        given = asked.leverage_median
        return Leverage(
            self.take("leverage_median", given, LeverageFigures, "median", times=times),
            self.take("leverage_log_sd", asked.leverage_log_sd, LeverageFigures, "log_sd"),
            self.take("mean_age_days", asked.mean_age_days, LeverageFigures, "mean_age_days"),
        )

    def book(self, depth_usd: float) -> Book:
        """Of one market."""
        names = ("exponent", "thinning", "floor_share", "refill_per_minute", "permanent_share")
        rest = {name: self.take(f"book_{name}", None, BookFigures, name) for name in names}
        return Book(depth_usd=depth_usd, **rest)

    def venue(self, profile: Profile, price: float) -> Venue:
        """Its rules, and of its purse what the profile leaves open."""
        unit = price if profile.contract == "inverse" else 1.0
        if profile.takeover == VAULT:
            return venue_of(profile, **self._vault(profile))
        if profile.takeover != FUND:
            return venue_of(profile)
        name, given = f"fund {profile.title}", self.wanted.fund_usd
        known = profile.fund_usd if profile.contract == "linear" else None
        if given is None and known is not None:
            guess = profile.guesses.get("takeover, fund_usd", "")
            self._write(Fact(name, known, profile.sources["takeover"].text, guess))
            return venue_of(profile)
        usd = self.take(name, given, VenueFigures, "fund_usd", profile.name)
        return venue_of(profile, fund_money=usd / unit)

    def _vault(self, profile: Profile) -> dict[str, float]:
        said = {
            name: self.take(name, None, VenueFigures, name, profile.name)
            for name in ("vault_leverage", "vault_unwind_share", "vault_loss_share")
        }
        given, known = self.wanted.fund_usd, profile.fund_usd
        source = profile.sources["takeover"].text
        guess = profile.guesses.get("takeover, fund_usd", "")
        fact = Fact(f"vault {profile.title}", known or 0.0, source, guess)
        self._write(fact if given is None else Fact(fact.name, given, GIVEN))
        return said if given is None else {**said, "vault_money": given}


def _setting(
    markets: list[tuple[Profile, str]], notes: _Notes
) -> tuple[Setting, tuple[Profile, ...]]:
    """Coins, venues and books of all markets."""
    coins = tuple(dict.fromkeys(coin_of(symbol) for _, symbol in markets))
    price = {coin: notes.price(coin) for coin in coins}
    kept = [_money(profile, symbol) for profile, symbol in markets]
    purses = list(dict.fromkeys(kept))  # a venue of the cascade each
    first = {key: market for key, market in zip(reversed(kept), reversed(markets), strict=True)}
    profiles = tuple(first[key][0] for key in purses)
    placed = tuple(
        Market(
            venue=purses.index(key),
            coin=coins.index(coin_of(symbol)),
            brackets=profile.brackets(symbol),
            book=notes.book(notes.depth(profile, coin_of(symbol))),
            inverse=profile.contract == "inverse",
        )
        for key, (profile, symbol) in zip(kept, markets, strict=True)
    )
    setting = Setting(
        coins=coins,
        price_usd=tuple(price.values()),
        venues=tuple(
            notes.venue(profile, price[coin_of(symbol)])
            for profile, symbol in (first[key] for key in purses)
        ),
        markets=placed,
        spot=tuple(notes.book(notes.spot_depth(coin)) for coin in coins),
        funding_interval_s=min(profile.funding_hours for profile in profiles) * 3600.0,
    )
    return setting, profiles


def _money(profile: Profile, symbol: str) -> tuple[str, str]:
    """Whose purse, and in what: an inverse venue keeps one for each coin."""
    return profile.name, coin_of(symbol) if profile.contract == "inverse" else ""


def _modelled(
    profile: Profile, symbol: str, market: int, price: float, interest: float,
    seen: CrowdOf | None, notes: _Notes,
) -> Population:  # fmt: skip
    """A crowd that owns what the file does not, as many longs as shorts."""
    rest = interest - _larger_side(seen, market, price)
    if rest <= 0.0:
        return concatenate([])
    law = notes.leverage(profile)
    paths = _paths(notes, symbol, price, law.mean_age_days)
    crowd = Crowd(
        accounts=max(notes.wanted.accounts, _LEAST_ACCOUNTS) // len(paths),
        size_exponent=notes.take("size_exponent", None, CrowdFigures, "size_exponent"),
        largest_share=min(
            notes.take("largest_share", None, CrowdFigures, "largest_share") * len(paths), 1.0
        ),
    )
    generator = np.random.default_rng(notes.wanted.seed)
    parts = [
        sample_population(
            open_interest_usd=rest / len(paths),
            path=path,
            leverage=law,
            brackets=[profile.brackets(symbol)],
            crowd=crowd,
            generator=generator,
            inverse=profile.contract == "inverse",
            market_numbers=[market],
        )
        for path in paths
    ]
    return concatenate(parts)


def _larger_side(seen: CrowdOf | None, market: int, price: float) -> float:
    """USD that the file holds on its larger side of a market."""
    if seen is None or market >= seen.population.markets:
        return 0.0
    longs, shorts = seen.population.open_interest(market + 1)
    inverse = seen.markets[market][0].contract == "inverse"
    return float(max(longs[market], shorts[market])) * (1.0 if inverse else price)


def _paths(notes: _Notes, symbol: str, price: float, mean_age_days: float) -> list[PricePath]:
    """The path that was given, or random pasts that end at this price, each with its mirror."""
    if notes.wanted.path is not None:
        return [notes.wanted.path]
    coin = coin_of(symbol)
    daily = notes.take(f"volatility {coin}", None, CoinFigures, "daily_volatility", coin)
    generator = np.random.default_rng(notes.wanted.seed)
    bars = max(int(_MEAN_AGES * mean_age_days * _BARS_A_DAY), 2)
    days = np.arange(bars, -1, -1) / _BARS_A_DAY
    steps = generator.standard_normal((_PATHS // 2, bars)) * daily / np.sqrt(_BARS_A_DAY)
    walk = np.concatenate([np.zeros((_PATHS // 2, 1)), np.cumsum(steps, axis=1)], axis=1)[:, ::-1]
    return [PricePath(days, np.log(price) + sign * each) for each in walk for sign in (1.0, -1.0)]
