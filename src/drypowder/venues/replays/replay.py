"""Real cascades played again: one structure, two states, and what was measured beside it.

    "crypto is the leading probe; 2.6 billion USD liquidated in a day"

A replay is a file of numbers with their sources: open interest, leverage, depth, the path that
prices took before, and what came from outside. Structure (books, arbitrage, crowd, rules of
venues) is one file for all replays. What was measured is listed as targets; a miss is a result.
Between quoted prices the path before is drawn as a Brownian bridge at the stated volatility, since
who is still alive depends on wicks that nobody publishes.
Signs: falls and log changes are negative; liquidated longs and shorts are positive USD.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DataMissingError
from drypowder.venues._sums import sums
from drypowder.venues.cascade.observation import reported_share
from drypowder.venues.cascade.rounds import Cascade, cascade
from drypowder.venues.cascade.rules import venue_of
from drypowder.venues.cascade.setting import Book, Market, Setting, Venue
from drypowder.venues.crowd.population import Population, concatenate
from drypowder.venues.crowd.sampling import Crowd, sample_population
from drypowder.venues.crowd.vintages import Leverage, PricePath
from drypowder.venues.formulas.brackets import Brackets
from drypowder.venues.replays.targets import Reported, Scene, Target, judged
from drypowder.venues.rulebooks.profile import Profile, profile

Floats = NDArray[np.float64]
_BARS_A_DAY = 24  # of the drawn path
_LEAST_ACCOUNTS = 6000  # of a venue: its table of tiers needs so many
_DAYS_A_YEAR, _MINUTE_S, _BN = 365.0, 60.0, 1e9


class Number(NamedTuple):
    """One assumption."""

    name: str
    value: Any
    unit: str
    source: str
    why: str
    low: Any = None
    high: Any = None


@dataclass(frozen=True)
class Replay:
    """A replay that has been played."""

    name: str
    title: str
    story: str
    cascade: Cascade
    targets: tuple[Target, ...]
    reported: Reported
    numbers: tuple[Number, ...]  # all assumptions with their sources


def shipped_replays() -> tuple[str, ...]:
    """Names of the replays that come with the package."""
    names = (one.name for one in _folder().iterdir() if one.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names if name != "structure.toml"))


def replay(
    name: str, *, seed: int = 0, accounts: int | None = None, changes: dict[str, Any] | None = None
) -> Replay:
    """Play a shipped replay.

    Args:
        accounts: how many to sample; the file's if not given.
        changes: assumptions by name that are to be other ones, such as {"book_thinning": 20.0}.

    Raises:
        DataMissingError: DP-155 for a name that is not shipped.
        UsageError: DP-150 and others where changed numbers make no setting.
    """
    story, numbers = _read(name, changes or {})
    value = {number.name: number.value for number in numbers.values()}
    if accounts is not None:
        value["crowd_accounts"] = accounts
    built = _Built(story, value)
    played = cascade(
        setting=built.setting(),
        population=built.population(seed),
        outside=built.outside(),
        round_s=story["round_s"],
    )
    seen = _reported(played, built)
    scene = Scene(played, seen, built.outside())
    targets = tuple(judged(row, scene) for row in story["target"])
    return Replay(
        name, story["title"], story["story"], played, targets, seen, tuple(numbers.values())
    )


def ridge(
    name: str, along: dict[str, tuple[Any, ...]], *, seed: int = 0
) -> list[tuple[dict[str, Any], Replay]]:
    """Play a replay at every combination of these numbers: what it cannot tell apart.

    Args:
        along: values of assumptions by name, such as {"book_thinning": (20.0, 40.0, 80.0)}.
    """
    corners = [dict(zip(along, one, strict=True)) for one in product(*along.values())]
    return [(corner, replay(name, seed=seed, changes=corner)) for corner in corners]


def _folder():
    return files("drypowder.venues.replays")


def _read(name: str, changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Number]]:
    """The story, and all numbers of the structure and the state."""
    if name not in shipped_replays():
        raise DataMissingError(
            "DP-155",
            f"there is no replay {name!r}.",
            f"Shipped: {', '.join(shipped_replays())}.",
        )
    structure = tomllib.loads((_folder() / "structure.toml").read_text("utf-8"))
    story = {**structure, **tomllib.loads((_folder() / f"{name}.toml").read_text("utf-8"))}
    numbers = {
        key: Number(
            key, changes.get(key, row.get("value")), row["unit"], row["source"],
            row.get("why", ""), row.get("low"), row.get("high"),
        )
        for key, row in {**story["numbers"], **story["state"]}.items()
    }  # fmt: skip
    return story, numbers


class _Built:
    """Setting, crowd and outside path from the numbers of a replay."""

    def __init__(self, story: dict[str, Any], value: dict[str, Any]) -> None:
        self.story, self.value = story, value
        self.coins, self.names = tuple(story["coins"]), tuple(story["venues"])
        self.path = self._path()

    def _path(self) -> PricePath:
        quoted = self.story["state"]["prices"]
        logs = np.log(np.array([quoted[coin] for coin in self.coins])).T
        generator = np.random.default_rng(0)  # one path: wicks are part of the state
        return bridged_path(
            np.array(quoted["days_ago"]),
            logs,
            np.array(self.value["volatility_pa"]),
            self.value["path_common"],
            generator,
        )

    def _profile(self, name: str) -> Profile:
        known = self.story["stands_in"].get(name, name)
        return profile(known, as_of=self.story["date"])

    def _tiers(self, name: str) -> list[Brackets]:
        pairs = (entry.split() for entry in self.story["tiers"][name])
        return [
            profile(venue, as_of=self.story["date"]).brackets(symbol) for venue, symbol in pairs
        ]

    def _venue(self, name: str) -> Venue:
        value, known = self.value, self._profile(name)
        own: dict[str, Any] = {"name": name}
        if known.takeover == "vault":
            own["vault_leverage"] = value["vault_leverage"]
            own["vault_unwind_share"] = value["vault_unwind_per_minute"]
        elif known.name != name or known.fund_usd is None:
            own["fund_money"] = value["other_fund_usd"]
        return venue_of(known, **own)

    def _book(self, depth_usd: float) -> Book:
        value = self.value
        return Book(
            depth_usd,
            value["book_exponent"],
            value["book_thinning"],
            value["book_floor_share"],
            value["book_refill_per_minute"],
            value["book_permanent_share"],
        )

    def setting(self) -> Setting:
        """Venues, markets and books."""
        value, depth = self.value, self.value["depth_usd"]
        markets = [
            Market(number, coin, tiers, self._book(depth[coin] * value["book_venue_share"][name]))
            for number, name in enumerate(self.names)
            for coin, tiers in enumerate(self._tiers(name))
        ]
        return Setting(
            coins=self.coins,
            price_usd=tuple(self.path.price_now),
            venues=tuple(self._venue(name) for name in self.names),
            markets=tuple(markets),
            spot=tuple(self._book(one * value["book_spot_share"]) for one in depth),
            arbitrage_usd_per_minute=value["arbitrage_usd_per_minute"],
            arbitrage_cost=value["arbitrage_cost"],
        )

    def population(self, seed: int) -> Population:
        """Accounts of all venues, each venue's share by its open interest."""
        value = self.value
        interest = {name: np.array(value["open_interest_usd_bn"][name]) for name in self.names}
        parts = []
        for number, name in enumerate(self.names):
            multiple = value["leverage_multiple"].get(name, 1.0)
            parts.append(
                sample_population(
                    open_interest_usd=interest[name] * _BN,
                    path=self.path,
                    leverage=Leverage(
                        value["leverage_median"] * multiple,
                        value["leverage_log_sd"],
                        value["mean_age_days"],
                    ),
                    brackets=self._tiers(name),
                    crowd=self._crowd(self._accounts(name)),
                    generator=np.random.default_rng([seed, number]),
                    market_numbers=np.arange(len(self.coins)) + number * len(self.coins),
                )
            )
        return concatenate(parts)

    def _crowd(self, accounts: int) -> Crowd:
        value = self.value
        return Crowd(
            accounts,
            value["crowd_size_exponent"],
            cross_share=value["crowd_cross_share"],
            cross_markets=value["crowd_cross_markets"],
            hedged_share=value["crowd_hedged_share"],
        )

    def outside(self) -> Floats:
        """[round, coin] log change since the start that came from outside."""
        told = self.story["state"]["outside"]
        rounds = int(self.story["minutes"] * _MINUTE_S / self.story["round_s"])
        minutes = (np.arange(rounds) + 1) * self.story["round_s"] / _MINUTE_S
        return np.stack([np.interp(minutes, told["minutes"], told[coin]) for coin in self.coins], 1)

    def accounts_each(self) -> Floats:
        """[venue] real accounts that one sampled account stands for."""
        interest = np.array([np.sum(self.value["open_interest_usd_bn"][n]) for n in self.names])
        real = _BN * interest / self.value["open_interest_usd_each"]
        return real / np.array([self._accounts(name) for name in self.names])

    def _accounts(self, name: str) -> int:
        """Accounts sampled on a venue: its share by open interest, and enough of them."""
        interest = self.value["open_interest_usd_bn"]
        share = np.sum(interest[name]) / sum(np.sum(one) for one in interest.values())
        return max(int(self.value["crowd_accounts"] * share), _LEAST_ACCOUNTS)

    def symbols(self) -> Floats:
        """[coin] contracts of each: one, or how many the basket holds."""
        return np.array([self.value["basket_symbols"] if c == "ALT" else 1 for c in self.coins])

    def feeds(self) -> list[float | None]:
        """Reports a second and symbol of each venue."""
        return [self._profile(name).reports_per_second for name in self.names]


def bridged_path(
    days_ago: Floats,
    log_price: Floats,
    volatility_pa: Floats,
    common: float,
    generator: np.random.Generator,
) -> PricePath:
    """Quoted prices joined by Brownian bridges, correlated across coins.

    Args:
        days_ago: of each quoted price, falling to zero. log_price: [quote, coin].
        volatility_pa: of each coin.
        common: weight of the shock that all coins share; its square is their correlation.
    """
    days, logs = [], []
    for begin, end, now, then in zip(
        days_ago, days_ago[1:], log_price, log_price[1:], strict=False
    ):
        bars = max(round((begin - end) * _BARS_A_DAY), 1)
        part = np.arange(bars) / bars
        days.append(begin - (begin - end) * part)
        walk = _walk(bars, (begin - end) / _DAYS_A_YEAR, volatility_pa, common, generator)
        bridge = walk[:-1] - part[:, None] * walk[-1]
        logs.append(now + (then - now) * part[:, None] + bridge)
    return PricePath(np.append(np.concatenate(days), 0.0), np.vstack([*logs, log_price[-1:]]))


def _walk(bars: int, years: float, volatility_pa: Floats, common: float, generator) -> Floats:
    """[bar + 1, coin]: a walk from zero; coins share part of every step."""
    step = np.sqrt(years / bars)
    shared = generator.normal(size=(bars, 1))
    own = generator.normal(size=(bars, len(volatility_pa)))
    moves = (common * shared + np.sqrt(1.0 - common**2) * own) * volatility_pa * step
    return np.vstack([np.zeros((1, len(volatility_pa))), np.cumsum(moves, axis=0)])


def _reported(played: Cascade, built: _Built) -> Reported:
    """True and expected reported USD of every coin.

    Every sampled account stands for many, and the basket for many symbols: a round's orders of a
    symbol arrive at that rate, of which feeds publish so many a second.
    """
    coin = np.array([one.coin for one in played.setting.markets])
    usd = played.forced_usd.sum(axis=2)
    venue = np.array([one.venue for one in played.setting.markets])
    each = built.accounts_each()[venue] / built.symbols()[coin]
    rate = played.closings * each / built.story["round_s"]
    shown = np.zeros_like(usd)
    for market, one in enumerate(played.setting.markets):
        per_second = built.feeds()[one.venue]
        limit = None if per_second is None else int(per_second)
        shown[:, market] = usd[:, market] * reported_share(rate[:, market], limit)
    count = len(played.setting.coins)
    return Reported(sums(coin, usd.sum(axis=0), count), sums(coin, shown.sum(axis=0), count))
