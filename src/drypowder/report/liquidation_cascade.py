"""A cascade in words, numbers and a log: how much was closed, who paid, what a feed would show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drypowder.report.liquidation_map import price
from drypowder.report.numbers import count, dollars, percent, plain
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue
from drypowder.venues._naming import coin_of
from drypowder.venues.cascade.events import BOOK, FUND, STAGES, VAULT, Events
from drypowder.venues.cascade.observation import Reported, reported_events
from drypowder.venues.cascade.rounds import LONG, SHORT, Cascade, cascade
from drypowder.venues.scenes.scene import Scene

if TYPE_CHECKING:
    from rich.console import Console

    from drypowder.venues.rulebooks.profile import Profile

Floats = NDArray[np.float64]
_BILLION = 1e9
_MINUTE_S = 60.0
_FORCED = ("partial", "full", "vault", "adl")  # stages that close something
CHANNELS = ("book", "vault", "adl")


@dataclass(frozen=True)
class Played:
    """A scene after a shock."""

    scene: Scene
    result: Cascade
    shock: float  # change of all prices from outside, as a share
    over_minutes: float
    round_s: float


def play(scene: Scene, *, shock: float, over_minutes: float, after_minutes: float) -> Played:
    """Let all coins move by `shock` within some minutes, then rest.

    The clock is that of the fastest venue in the scene.
    """
    round_s = min(profile.round_seconds for profile in scene.profiles)
    rounds = max(int(np.ceil((over_minutes + after_minutes) * _MINUTE_S / round_s)), 1)
    elapsed = np.arange(1, rounds + 1) * round_s / _MINUTE_S
    done = np.minimum(elapsed / over_minutes, 1.0) if over_minutes > 0.0 else np.ones(rounds)
    outside = np.log1p(shock) * done[:, None] * np.ones(len(scene.setting.coins))
    result = cascade(
        setting=scene.setting, population=scene.everybody, outside=outside, round_s=round_s
    )
    return Played(scene, result, shock, over_minutes, round_s)


def closed_usd(result: Cascade) -> dict[str, Floats]:
    """USD closed by force through each channel, [side], of all markets."""
    return {
        "book": result.book_usd.sum(axis=(0, 1)),
        "vault": result.vault_usd.sum(axis=(0, 1)),
        "adl": result.adl_usd.sum(axis=(0, 1)),
    }


def reported(result: Cascade, profiles: tuple[Profile, ...]) -> tuple[float, float]:
    """What was closed and what the venues' feeds would show of it, USD.

    Feeds tell the price of a fill, this report the mark: the feed's share is applied to the latter.
    """
    seen = [_feed(result, number, profile) for number, profile in enumerate(profiles)]
    true, shown = sum(one.true_usd for one in seen), sum(float(one.usd.sum()) for one in seen)
    closed = float(result.forced_usd.sum())
    return closed, closed * shown / true if true > 0.0 else closed


def _feed(result: Cascade, venue: int, profile: Profile) -> Reported:
    """One venue's feed: limited a second and symbol, or all of it, deleveraging included."""
    log = result.events
    assert log is not None  # a cascade that is reported keeps its log
    forced = np.isin(log.stage, [STAGES.index(stage) for stage in _FORCED]) & (log.size != 0.0)
    at = np.array([one.venue for one in result.setting.markets])[log.market]
    chosen = forced & (at == venue)
    limit = profile.reports_per_second
    return reported_events(
        time_s=log.time_s[chosen],
        market=log.market[chosen].astype(np.int64),
        usd=_usd(result, log)[chosen],
        per_second=None if limit is None else max(int(limit), 1),
        is_adl=log.stage[chosen] == STAGES.index("adl"),
        adl="once" if limit is None else "left_out",
    )


def _usd(result: Cascade, log: Events) -> Floats:
    """What each event closed: coins at the price, or contracts that are USD already."""
    inverse = np.array([one.inverse for one in result.setting.markets])[log.market]
    return np.abs(log.size) * np.where(inverse, 1.0, log.price)


def print_cascade(played: Played, words: Catalogue, console: Console) -> None:
    """The answer in words, and what it is not."""
    from drypowder.report.terminal import print_sections, say

    say(console, headline(played, words), style="bold")
    print_sections([summary(played, words)], words, console)
    console.print()
    say(console, words.say("report.not_a_forecast"), style="bold")


def headline(played: Played, words: Catalogue) -> str:
    """The question."""
    scene = played.scene
    venues = words.joined(list(dict.fromkeys(profile.title for profile in scene.profiles)))
    coins = words.joined(list(scene.setting.coins))
    return words.say(
        "liquidations.cascade.head", venues=venues, coins=coins,
        shock=percent(played.shock, words), over=plain(played.over_minutes, words),
        accounts=count(scene.everybody.accounts, words),
    )  # fmt: skip


def summary(played: Played, words: Catalogue) -> Section:
    """How much, how many, who paid, how low, and what the feeds would say."""
    result = played.result
    said = [_closed(result, words)]
    if result.closings.any():
        said += [
            ending(played, played.scene.market, words),
            _channels(result, words),
            _payers(result, words),
            _adl(result, words),
            _reported(played, words),
        ]
    said.append(words.say("liquidations.cascade.balance", gap=f"{_gap(result):.0e}"))
    return Section("cascade", words.say("liquidations.cascade.title"), said, [prices_table(played)])


def _gap(result: Cascade) -> float:
    return float(np.max(np.abs(result.residual), initial=0.0))


def _closed(result: Cascade, words: Catalogue) -> str:
    usd = np.sum(list(closed_usd(result).values()), axis=0)
    if not usd.sum() > 0.0:
        return words.say("liquidations.cascade.nothing")
    interest = _interest_usd(result)
    return words.say(
        "liquidations.cascade.closed",
        total=dollars(float(usd.sum()) / _BILLION, words),
        longs=dollars(float(usd[LONG]) / _BILLION, words),
        shorts=dollars(float(usd[SHORT]) / _BILLION, words),
        accounts=count(int(result.accounts_closed.sum()), words),
        share=percent(float(usd.max()) / interest, words, signed=False),
    )


def _interest_usd(result: Cascade) -> float:
    """Open interest at the start, one side, all markets."""
    setting = result.setting
    unit = [1.0 if m.inverse else setting.price_usd[m.coin] for m in setting.markets]
    return max(float(result.open_interest @ np.array(unit)), 1e-300)


def _channels(result: Cascade, words: Catalogue) -> str:
    closed = closed_usd(result)
    total = sum(float(usd.sum()) for usd in closed.values())
    parts = [
        words.say(f"liquidations.cascade.by_{name}",
                  usd=dollars(float(usd.sum()) / _BILLION, words),
                  share=percent(float(usd.sum()) / total, words, signed=False))
        for name, usd in closed.items() if usd.sum() > 0.0
    ]  # fmt: skip
    return words.say("liquidations.cascade.channels", parts=words.joined(parts))


def _payers(result: Cascade, words: Catalogue) -> str:
    """What bankrupt accounts could not pay, and whose money moved because of it."""
    unpaid = float((result.unpaid.sum(axis=0) * _unit(result)).sum())
    first_fund = np.array([one.fund_money for one in result.setting.venues])
    first_vault = np.array([one.vault_money for one in result.setting.venues])
    fund = float(((result.fund[-1] - first_fund) * _unit(result)).sum())
    vault = float(((result.vault[-1] - first_vault) * _unit(result)).sum())
    said = [words.say("liquidations.cascade.unpaid", usd=dollars(unpaid / _BILLION, words))]
    for name, change, first in (("fund", fund, first_fund), ("vault", vault, first_vault)):
        if first.any():
            said.append(words.say(f"liquidations.cascade.{name}",
                                  usd=dollars(change / _BILLION, words, signed=True)))  # fmt: skip
    return " ".join(said)


def _unit(result: Cascade) -> Floats:
    """[venue] USD of one unit of its money at the end: 1, or the coin's price."""
    unit = np.ones(len(result.setting.venues))
    for place, market in enumerate(result.setting.markets):
        if market.inverse:
            unit[market.venue] = result.mark[-1, place]
    return unit


def _adl(result: Cascade, words: Catalogue) -> str:
    """Auto-deleveraging: when it began and whom it took."""
    adl = result.adl_usd.sum(axis=(1, 2))
    if not adl.any():
        return words.say("liquidations.cascade.no_adl")
    first = float(result.time_s[np.argmax(adl > 0.0)])
    begin = float(result.time_s[np.argmax(result.closings > 0)])
    return words.say(
        "liquidations.cascade.adl", after=clock(first, words),
        later=clock(max(first - begin, 0.0), words),
        accounts=count(int(result.accounts_deleveraged.sum()), words),
    )  # fmt: skip


def _reported(played: Played, words: Catalogue) -> str:
    """True beside reported totals."""
    true, shown = reported(played.result, played.scene.profiles)
    return words.say(
        "liquidations.cascade.reported",
        true=dollars(true / _BILLION, words),
        shown=dollars(shown / _BILLION, words),
        share=percent(shown / true if true else 1.0, words, signed=False),
    )


def clock(seconds: float, words: Catalogue) -> str:
    """Minutes and seconds in words."""
    whole = round(seconds)
    key = "minutes" if whole >= _MINUTE_S else "seconds"
    return words.say(f"liquidations.{key}", minutes=whole // 60, seconds=whole % 60)


def prices_table(played: Played) -> Table:
    """Each market: mark at the start, without closings, lowest or highest, and at the end."""
    columns = (
        Column("market"), Column("mark_start", "level"), Column("mark_without", "level"),
        Column("mark_extreme", "level"), Column("mark_end", "level"),
        Column("end_change", "change_pct"), Column("end_own", "change_pct"),
        Column("closed_usd_m", "number"),
    )  # fmt: skip
    return Table("cascade_prices", columns, [_prices(played, k) for k in range(_markets(played))])


def ending(played: Played, market: int, words: Catalogue) -> str:
    """Where the mark ends, and how much of the move is the closings' own."""
    start, end = float(played.scene.prices[market]), float(played.result.mark[-1, market])
    return words.say(
        "liquidations.cascade.ending", coin=coin_of(played.scene.symbols[market]),
        end=price(end, words), change=percent(end / start - 1.0, words),
        shock=percent(played.shock, words),
    )  # fmt: skip


def _markets(played: Played) -> int:
    return len(played.result.setting.markets)


def _prices(played: Played, market: int) -> tuple:
    result, scene = played.result, played.scene
    path, start = result.mark[:, market], float(scene.prices[market])
    extreme = path.min() if played.shock <= 0.0 else path.max()
    without, end = start * (1.0 + played.shock), float(path[-1])
    venue = scene.profiles[result.setting.markets[market].venue].name
    name = f"{venue} {scene.symbols[market]}"
    return (
        name, start, without, float(extreme), end, end / start - 1.0, end / without - 1.0,
        float(result.forced_usd[:, market].sum()) / 1e6,
    )  # fmt: skip


def events_table(result: Cascade, symbols: tuple[str, ...], name_of: Callable[[int], str]) -> Table:
    """The log: one row a forced step, with its other side by name."""
    log = result.events
    columns = (
        Column("time_s", "price"), Column("account"), Column("venue"), Column("coin"),
        Column("stage"), Column("quantity", "price"), Column("price_usd", "price"),
        Column("fee", "price"), Column("deficit", "price"), Column("counterparty"),
    )  # fmt: skip
    if log is None:
        return Table("cascade_events", columns, [])
    pots = {BOOK: "book", FUND: "fund", VAULT: "vault"}
    where = [result.setting.venues[one.venue].name for one in result.setting.markets]
    coins = [coin_of(symbol) for symbol in symbols]
    rows = [
        (time, name_of(who), where[at], coins[at], STAGES[stage], size, paid, fee, deficit,
         pots.get(other) or name_of(other))
        for time, who, at, stage, size, paid, fee, deficit, other in zip(
            *(column.tolist() for column in log), strict=True)
    ]  # fmt: skip
    return Table("cascade_events", columns, rows)


def cascade_json(played: Played, words: Catalogue) -> dict[str, Any]:
    """The summary as numbers."""
    result = played.result
    true, shown = reported(result, played.scene.profiles)
    closed = {
        name: {"long": float(usd[LONG]), "short": float(usd[SHORT])}
        for name, usd in closed_usd(result).items()
    }
    adl = result.adl_usd.sum(axis=(1, 2))
    return {
        "note": words.say("report.not_a_forecast"),
        "question": headline(played, words),
        "shock": played.shock,
        "closed_usd": closed,
        "open_interest_usd": _interest_usd(result),
        "accounts_closed": int(result.accounts_closed.sum()),
        "accounts_deleveraged": int(result.accounts_deleveraged.sum()),
        "first_deleveraging_s": float(result.time_s[np.argmax(adl > 0)]) if adl.any() else None,
        "unpaid_usd": float((result.unpaid.sum(axis=0) * _unit(result)).sum()),
        "true_usd": true,
        "reported_usd": shown,
        "ledger_gap": _gap(result),
        "markets": prices_table(played).to_records(),
        "sentences": summary(played, words).sentences,
    }


def write_parquet(table: Table, path: Any) -> None:
    """A table as Parquet, columns by name."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = [column.key for column in table.columns]
    columns = list(zip(*table.rows, strict=True)) or [()] * len(names)
    pq.write_table(pa.table({k: list(v) for k, v in zip(names, columns, strict=True)}), path)


__all__ = ["CHANNELS", "Played", "play", "price"]
