"""Where forced orders lie, in buckets of price: text bars on a scale that no map changes.

A bar's length is the logarithm of its USD, from 100,000 to 10 billion, in every map: two maps can
be compared by eye. Solid is what a file shows, hatched what a model supposes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.report.liquidations import known_on
from drypowder.report.numbers import LEVEL_FIGURES, dollars, percent, plain
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue
from drypowder.venues._naming import coin_of
from drypowder.venues.crowd.liquidation_map import LiquidationMap, liquidation_profile
from drypowder.venues.scenes.scene import GIVEN, Fact, Scene

if TYPE_CHECKING:
    from rich.console import Console

Floats = NDArray[np.float64]
LONG, SHORT = 0, 1
LEAST_USD, MOST_USD = 1e5, 1e10  # ends of the scale of every map
TICKS_USD = (1e6, 1e7, 1e8, 1e9)
_BILLION, _MILLION = 1e9, 1e6
_WIDTH = 50  # characters of the longest bar
_SOLID, _HATCHED = "█", "░"
_ROUND = (1.0, 2.0, 2.5, 5.0, 10.0)  # first digits of a step of prices


@dataclass(frozen=True)
class Map:
    """Forced orders of one market by price; USD over [side, bucket]."""

    scene: Scene
    edges: Floats  # [bucket + 1] USD a coin; the mark is one of them
    observed: Floats
    modelled: Floats
    mark: float
    coverage: Floats  # [side] of open interest that the file holds
    never: Floats  # [side] share of what is drawn that no fall or rise would close
    beyond: Floats  # [side] share of it that is closed outside the map

    @property
    def coin(self) -> str:
        return coin_of(self.scene.symbols[self.scene.market])

    @property
    def total(self) -> Floats:
        return self.observed + self.modelled


def map_of(scene: Scene, *, reach: float, step: float | None = None) -> Map:
    """Draw the map of the market that a scene was asked for.

    Args:
        reach: how far it goes from the mark, as a share of it.
        step: share of the mark between two rows; a round price near 2 % if not given.
    """
    here = scene.market
    mark = float(scene.prices[here])
    edges = _edges(mark, reach, step)
    maps = [_profile(scene, each, edges / mark) for each in (scene.observed, scene.modelled)]
    usd = [one.usd[:, here] for one in maps]
    held = np.array([one.open_interest_usd[:, here] for one in maps])
    whole = np.maximum(held.sum(axis=0), 1e-300)
    never = sum(one.unpriced[:, here] * had for one, had in zip(maps, held, strict=True))
    inside = sum(one.covered[:, here] * had for one, had in zip(maps, held, strict=True))
    return Map(
        scene=scene,
        edges=edges,
        observed=usd[0],
        modelled=usd[1],
        mark=mark,
        coverage=held[0] / scene.open_interest_usd,
        never=never / whole,
        beyond=np.maximum(1.0 - (never + inside) / whole, 0.0),
    )


def _profile(scene: Scene, population, relative: Floats) -> LiquidationMap:
    setting = scene.setting
    fee = [setting.venues[one.venue].close_fee_rate for one in setting.markets]
    return liquidation_profile(
        population,
        price=scene.prices,
        brackets=[one.brackets for one in setting.markets],
        edges=np.log(relative),
        inverse=scene.inverse,
        close_fee_rate=fee,
    )


def _edges(mark: float, reach: float, step: float | None) -> Floats:
    """Round prices around the mark, and the mark itself."""
    if step is None:
        power = 10.0 ** np.floor(np.log10(0.02 * mark))
        sizes = power * np.array(_ROUND)
        width = sizes[np.argmin(np.abs(np.log(sizes / (0.02 * mark))))]
    else:
        width = step * mark
    first, last = np.floor(mark * (1.0 - reach) / width), np.ceil(mark * (1.0 + reach) / width)
    round_prices = np.arange(max(first, 1.0), last + 1.0) * width
    keep = np.abs(round_prices - mark) > 1e-6 * mark
    return np.sort(np.append(round_prices[keep], mark))


def map_table(drawn: Map) -> Table:
    """One row a bucket and side that holds anything, the highest price first."""
    columns = (
        Column("price_low", "level"), Column("price_high", "level"), Column("side_closed"),
        Column("observed_usd", "level"), Column("modelled_usd", "level"),
        Column("distance_low", "change_pct"), Column("distance_high", "change_pct"),
    )  # fmt: skip
    rows = []
    for bucket in reversed(range(len(drawn.edges) - 1)):
        low, high = drawn.edges[bucket], drawn.edges[bucket + 1]
        for side, name in ((SHORT, "short"), (LONG, "long")):
            seen, guessed = drawn.observed[side, bucket], drawn.modelled[side, bucket]
            if seen + guessed > 0.0:
                rows.append((low, high, name, seen, guessed, low / drawn.mark - 1.0,
                             high / drawn.mark - 1.0))  # fmt: skip
    return Table("liquidation_map", columns, rows)


def print_map(drawn: Map, words: Catalogue, console: Console) -> None:
    """Title, scale, bars with the mark between them, and the card."""
    from drypowder.report.terminal import say

    say(console, title(drawn, words), style="bold")
    for sentence in (words.say("liquidations.map.claim"), *claims(drawn, words)):
        say(console, sentence)
    console.print()
    for line in bars(drawn, words):
        console.print(line, highlight=False, markup=False, no_wrap=True, overflow="ignore")
    say(console, legend(drawn, words), style="dim")


def title(drawn: Map, words: Catalogue) -> str:
    """What is mapped."""
    scene = drawn.scene
    return words.say(
        "liquidations.map.title",
        venue=scene.profiles[scene.setting.markets[scene.market].venue].title,
        coin=drawn.coin,
        mark=price(drawn.mark, words),
        day=known_on(scene.wanted.profile, words),
    )


def claims(drawn: Map, words: Catalogue) -> list[str]:
    """What the map says within a tenth of the mark, and how much of it was seen."""
    longs, shorts = near(drawn, LONG, 0.1), near(drawn, SHORT, 0.1)
    said = [
        words.say("liquidations.map.near", longs=dollars(longs / _BILLION, words),
                  shorts=dollars(shorts / _BILLION, words)),
        words.say("liquidations.map.never", longs=share(drawn.never[LONG], words),
                  shorts=share(drawn.never[SHORT], words)),
        coverage(drawn, words),
    ]  # fmt: skip
    return [*said, *stale(drawn, words)]


def stale(drawn: Map, words: Catalogue) -> list[str]:
    """A warning where price or open interest are shipped figures, which are dated."""
    names = [
        f"price {drawn.coin}",
        f"open_interest {drawn.scene.wanted.profile.title} {drawn.coin}",
    ]
    dated = [fact.name.partition(" ")[0] for fact in drawn.scene.facts
             if fact.source != GIVEN and fact.name in names]  # fmt: skip
    if not dated:
        return []
    said = words.joined([words.say(f"liquidations.map.stale_{name}") for name in dated])
    return [words.say("liquidations.map.stale", what=said)]


def coverage(drawn: Map, words: Catalogue) -> str:
    """How much of open interest the file holds."""
    interest = dollars(drawn.scene.open_interest_usd / _BILLION, words)
    if drawn.scene.seen is None:
        return words.say("liquidations.map.nothing_seen", interest=interest)
    key = "coverage" if drawn.scene.adds_model else "coverage_alone"
    return words.say(f"liquidations.map.{key}", longs=share(drawn.coverage[LONG], words),
                     shorts=share(drawn.coverage[SHORT], words), interest=interest)  # fmt: skip


def near(drawn: Map, side: int, distance: float) -> float:
    """USD closed on one side within a share of the mark: longs below it, shorts above."""
    low, high = drawn.edges[:-1], drawn.edges[1:]
    if side == LONG:
        start = drawn.mark * (1.0 - distance)
        part = np.clip((high - np.maximum(low, start)) / (high - low), 0.0, 1.0)
        return float((drawn.total[side] * part)[high <= drawn.mark].sum())
    end = drawn.mark * (1.0 + distance)
    part = np.clip((np.minimum(high, end) - low) / (high - low), 0.0, 1.0)
    return float((drawn.total[side] * part)[low >= drawn.mark].sum())


def bars(drawn: Map, words: Catalogue) -> list[str]:
    """The scale, then one line a bucket and side, and the mark where it is."""
    pad = max(len(price(edge, words)) for edge in drawn.edges)
    lines = _scale(pad, words)
    for bucket in reversed(range(len(drawn.edges) - 1)):
        low, high = drawn.edges[bucket], drawn.edges[bucket + 1]
        if high == drawn.mark:
            said = words.say("liquidations.map.mark", price=price(drawn.mark, words))
            lines.append(f"{'':>{pad}}  {f'── {said} ':─<{_WIDTH}}")
        lines += _bucket(drawn, bucket, low, pad, words)
    return lines


def _bucket(drawn: Map, bucket: int, low: float, pad: int, words: Catalogue) -> list[str]:
    lines = []
    for side, name in ((SHORT, "short"), (LONG, "long")):
        seen, guessed = drawn.observed[side, bucket], drawn.modelled[side, bucket]
        if seen + guessed <= 0.0:
            continue
        whole, solid = length(seen + guessed), min(length(seen), length(seen + guessed))
        bar = _SOLID * solid + _HATCHED * (whole - solid) if whole else "·"
        said = words.say(f"liquidations.map.row_{name}", usd=usd(seen + guessed, words))
        lines.append(f"{price(low, words):>{pad}}  {bar} {said}")
    return lines or [f"{price(low, words):>{pad}}"]


def length(usd: float) -> int:
    """Characters of a bar."""
    if usd <= LEAST_USD:
        return 0
    decades = np.log10(MOST_USD / LEAST_USD)
    return min(round(_WIDTH * np.log10(usd / LEAST_USD) / decades), _WIDTH)


def _scale(pad: int, words: Catalogue) -> list[str]:
    """Where 1, 10, 100 million and 1 billion USD stand."""
    ticks = [" "] * (_WIDTH + 12)
    marks = [" "] * (_WIDTH + 1)
    for usd in TICKS_USD:
        place = length(usd)
        said = words.say(f"liquidations.map.tick_{int(np.log10(usd))}")
        ticks[place - 1 : place - 1 + len(said)] = said
        marks[place - 1] = "|"
    head = words.say("liquidations.map.scale")
    return [f"{'':>{pad}}  {head}", f"{'':>{pad}}  {''.join(ticks).rstrip()}",
            f"{'':>{pad}}  {''.join(marks).rstrip()}"]  # fmt: skip


def legend(drawn: Map, words: Catalogue) -> str:
    """What solid and hatched mean."""
    return words.say("liquidations.map.legend", solid=_SOLID * 2, hatched=_HATCHED * 2)


def usd(amount: float, words: Catalogue) -> str:
    """An amount of USD, thousands below a million."""
    if amount < _MILLION:
        return words.say("liquidations.thousand", value=plain(amount / 1e3, words))
    return dollars(amount / _BILLION, words)


def price(value: float, words: Catalogue) -> str:
    """A price of a map: six figures are enough."""
    return plain(value, words, figures=LEVEL_FIGURES)


def share(value: float, words: Catalogue) -> str:
    return (
        percent(float(value), words, signed=False)
        if value > 0.0
        else words.say("liquidations.no_share")
    )


def card(drawn: Map, words: Catalogue, *, with_books: bool) -> Section:
    """The model card: what is assumed, from where, what the map cannot know.

    Args:
        with_books: whether a cascade was played, so that books and funds matter.
    """
    said = [words.say(f"liquidations.card.{key}") for key in _card_lines(drawn)]
    said[2:2] = _law(drawn.scene, words) + _incomplete(drawn.scene, words)
    facts = facts_table(drawn.scene, words, with_books=with_books)
    return Section("card", words.say("liquidations.card.title"), said, [facts])


def _law(scene: Scene, words: Catalogue) -> list[str]:
    """The law of leverage and who says so; nothing where nobody is modelled."""
    facts = {fact.name: fact for fact in scene.facts}
    names = ("leverage_median", "leverage_log_sd", "mean_age_days")
    if not set(names) <= set(facts):
        return []
    values = {name: plain(facts[name].value, words) for name in names}
    source = _fact_source(facts["leverage_median"], words)
    return [words.say("liquidations.card.law", source=source, **values)]


def _incomplete(scene: Scene, words: Catalogue) -> list[str]:
    """Where the venue's tiers are known only so far, modelled positions end there too."""
    profile = scene.profiles[scene.setting.markets[scene.market].venue]
    table = profile.table(scene.symbols[scene.market])
    if table.complete:
        return []
    money = scene.setting.coins[scene.setting.markets[scene.market].coin]
    money = money if profile.contract == "inverse" else profile.money
    return [words.say("liquidations.incomplete", cap=price(table.brackets.cap, words), money=money)]


def _card_lines(drawn: Map) -> list[str]:
    scene = drawn.scene
    lines = ["predicted", "static"]
    if scene.adds_model:
        lines += ["model", "path" if scene.wanted.path else "no_path", "sizes"]
    if drawn.observed.any():
        lines.append("cross")
    if scene.profiles[scene.setting.markets[scene.market].venue].maintenance_at == "entry":
        lines.append("entry")
    return [*lines, "unknown"]


def facts_table(scene: Scene, words: Catalogue, *, with_books: bool) -> Table:
    """Every number that went in, who says so and whether it is a guess."""
    columns = (Column("assumption"), Column("amount"), Column("source"))
    rows = [
        (_fact_name(fact, words), _fact_value(fact, words), _fact_source(fact, words))
        for fact in scene.facts
        if with_books or not fact.name.startswith(_BOOKS)
    ]
    return Table("liquidation_facts", columns, rows)


def fact_lines(scene: Scene, words: Catalogue, *, with_books: bool) -> list[str]:
    """The same, a line each, for a terminal."""
    rows = facts_table(scene, words, with_books=with_books).rows
    return [words.say("liquidations.card.line", what=what, value=value, source=source)
            for what, value, source in rows]  # fmt: skip


def _fact_source(fact: Fact, words: Catalogue) -> str:
    if fact.source == GIVEN:
        return words.say("liquidations.card.given")
    if fact.guess:
        return words.say("liquidations.card.guess", why=fact.guess, source=fact.source)
    return fact.source


def _fact_name(fact: Fact, words: Catalogue) -> str:
    kind, _, of = fact.name.partition(" ")
    name = words.say(f"liquidations.fact.{kind}")
    return f"{name}, {of}" if of else name


_BOOKS = ("depth", "spot", "fund", "vault", "book")  # only a cascade needs them
_DOLLARS = ("open_interest", "depth", "spot", "fund", "vault")
_SHARES = (
    "share", "volatility", "largest_share", "book_floor_share", "book_permanent_share",
    "book_refill_per_minute", "vault_unwind_share", "vault_loss_share",
)  # fmt: skip


def _fact_value(fact: Fact, words: Catalogue) -> str:
    kind = fact.name.partition(" ")[0]
    if kind in _DOLLARS:
        return dollars(fact.value / _BILLION, words)
    if kind in _SHARES:
        return percent(fact.value, words, signed=False)
    return plain(fact.value, words, figures=LEVEL_FIGURES)


def stamp(drawn: Map, words: Catalogue) -> str:
    """What this was made from."""
    import drypowder

    wanted = drawn.scene.wanted
    return words.say("liquidations.map.stamp", venue=wanted.profile.title, coin=drawn.coin,
                     day=known_on(wanted.profile, words), seed=wanted.seed,
                     version=drypowder.__version__)  # fmt: skip


def map_json(drawn: Map, words: Catalogue) -> dict[str, object]:
    """Buckets, coverage and every assumption."""
    return {
        "note": words.say("report.not_a_forecast"),
        "question": title(drawn, words),
        "mark": drawn.mark,
        "open_interest_usd": drawn.scene.open_interest_usd,
        "coverage": {"long": drawn.coverage[LONG], "short": drawn.coverage[SHORT]},
        "never_closed": {"long": drawn.never[LONG], "short": drawn.never[SHORT]},
        "closed_beyond": {"long": drawn.beyond[LONG], "short": drawn.beyond[SHORT]},
        "buckets": map_table(drawn).to_records(),
        "card": card(drawn, words, with_books=False).sentences,
        "assumptions": [fact._asdict() for fact in drawn.scene.facts],
        "stamp": stamp(drawn, words),
    }
