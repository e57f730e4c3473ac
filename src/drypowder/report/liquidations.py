"""Liquidation prices in words and tables."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.report.liquidation_price import LONG, Answer, Priced, Standing
from drypowder.report.numbers import PRICE_FIGURES, count, percent, plain, rate
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

    from drypowder.venues.rulebooks.profile import Profile

_SHOWN = 40  # positions on a screen
_ON_SCREEN = (
    "account", "symbol", "side", "size", "entry_price", "liquidation_price", "bankruptcy_price",
    "distance",
)  # fmt: skip


def price(value: float | None, words: Catalogue) -> str:
    """A price with all the digits that matter."""
    return (
        words.say("labels.numbers.none")
        if value is None
        else plain(value, words, figures=PRICE_FIGURES)
    )


def print_price(answer: Answer, words: Catalogue, console: Console) -> None:
    """One position: prices, brackets, the rule, what is uncertain."""
    from drypowder.report.terminal import print_sections, say

    say(console, headline(answer, words), style="bold")
    print_sections(price_sections(answer, words), words, console)


def headline(answer: Answer, words: Catalogue) -> str:
    """Which position at which venue."""
    asked = answer.question
    mode = "cross" if asked.cross else "isolated"
    leverage = asked.notional(asked.entry_price) / asked.margin if asked.margin > 0.0 else np.nan
    return words.say(
        "liquidations.price.head",
        venue=asked.profile.title,
        symbol=asked.symbol,
        side=words.say(f"liquidations.{'long' if asked.side == LONG else 'short'}"),
        size=price(asked.size, words),
        entry=price(asked.entry_price, words),
        mode=words.say(f"liquidations.price.{mode}"),
        margin=price(asked.margin, words),
        money=asked.money,
        leverage=plain(leverage, words),
    )


def price_sections(answer: Answer, words: Catalogue) -> list[Section]:
    """Prices, brackets, rule, guesses."""
    return [
        Section(key, words.say(f"liquidations.price.{title}"), said, tables)
        for key, title, said, tables in (
            ("price", "title", [_claim(answer, words)], [price_table(answer, words)]),
            ("brackets", "brackets", [], [_brackets(answer, words)]),
            ("rule", "rule", _rule(answer, words), []),
        )
    ]


def _claim(answer: Answer, words: Catalogue) -> str:
    asked = answer.question
    if answer.liquidation is None:
        return words.say("liquidations.price.none")
    share = answer.liquidation / asked.reference - 1.0
    where = "below" if share < 0.0 else "above"
    due = asked.side * (answer.liquidation - asked.reference) >= 0.0
    return words.say(
        "liquidations.price.due" if due else "liquidations.price.found",
        price=price(answer.liquidation, words),
        distance=rate(abs(share), words),
        where=words.say(f"liquidations.price.{where}"),
        reference=words.say(f"liquidations.price.{'mark' if asked.mark else 'entry'}"),
    )


def price_table(answer: Answer, words: Catalogue) -> Table:
    """Each price with its distance; the step of rounding has a row of its own."""
    asked = answer.question
    rows = [("exact", answer.liquidation)]
    rows += [("shown", answer.shown)]
    rows += [("bankruptcy", answer.bankruptcy)]
    rows += [("backstop", answer.backstop)] if answer.has_vault else []
    tick = "tick" if asked.tick else "no_tick"
    notes = {
        "exact": "exact_note",
        "shown": tick,
        "bankruptcy": "bankruptcy_note",
        "backstop": "backstop_note",
    }
    said = [
        (
            words.say(f"liquidations.price.{key}"),
            value,
            None if value is None else value / asked.reference - 1.0,
            words.say(f"liquidations.price.{notes[key]}", tick=price(asked.tick, words),
                      share=percent(asked.profile.backstop_share, words, signed=False)),
        )
        for key, value in rows
    ]  # fmt: skip
    columns = (
        Column("price_of"), Column("price_usd", "price"), Column("distance", "rate"),
        Column("note"),
    )  # fmt: skip
    return Table("liquidation_price", columns, said)


def _brackets(answer: Answer, words: Catalogue) -> Table:
    columns = (
        Column("at"), Column("notional", "price"), Column("bracket"), Column("rate_pct", "rate"),
        Column("deduction", "price"), Column("maintenance", "price"),
        Column("largest_leverage", "plain"),
    )  # fmt: skip
    rows = [_bracket_row("at_entry", answer.at_entry, words)]
    if answer.at_liquidation:
        rows.append(_bracket_row("at_liquidation", answer.at_liquidation, words))
    return Table("liquidation_brackets", columns, rows)


def _bracket_row(key: str, found: Standing, words: Catalogue) -> tuple:
    which = words.say("liquidations.price.which", place=found.bracket, all=found.brackets)
    return (
        words.say(f"liquidations.price.{key}"), found.notional, which, found.rate,
        found.deduction, found.maintenance, found.max_leverage,
    )  # fmt: skip


def _rule(answer: Answer, words: Catalogue) -> list[str]:
    """What the venue's rule says, since when, and what about it is a guess."""
    asked = answer.question
    profile, table = asked.profile, asked.profile.table(asked.symbol)
    trigger = profile.sources["trigger"]
    fee = words.say(
        f"liquidations.price.{'fee' if profile.fee_in_trigger else 'no_fee'}",
        fee=percent(profile.taker_fee_rate, words, signed=False),
    )
    said = [
        words.say(
            f"liquidations.price.trigger_{profile.maintenance_at}", contract=profile.contract
        )
        + " " + fee,
        words.say("liquidations.source", what=words.say("liquidations.price.rule"),
                  since=trigger.since, source=trigger.text),
        words.say("liquidations.source", what=words.say("liquidations.tiers", symbol=table.symbol),
                  since=table.source.since, source=table.source.text),
    ]  # fmt: skip
    if not table.complete:
        cap = price(table.brackets.cap, words)
        said.append(words.say("liquidations.incomplete", cap=cap, money=asked.money))
    if asked.cross:
        said.append(words.say("liquidations.price.cross_note"))
    said += guesses(profile, asked.symbol, words)
    return [*said, words.say("liquidations.as_of", day=known_on(profile, words))]


def guesses(profile: Profile, symbol: str, words: Catalogue) -> list[str]:
    """Every guess of the rules that this answer rests on."""
    about = {**_used(profile), f"tiers of {symbol}": ()}
    told = []
    for what, why in profile.guesses.items():
        group, _, rule = what.partition(", ")
        if group in about and (not rule or not about[group] or rule in about[group]):
            told.append(words.say("liquidations.guess", what=what, why=why))
    return told


def _used(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Groups of rules that enter a liquidation price, and which of their fields; (): all."""
    groups: dict[str, tuple[str, ...]] = {"trigger": ()}
    if profile.fee_in_trigger:
        groups["fees"] = ("taker_fee_rate",)
    if profile.takeover == "vault":
        groups["takeover"] = ("backstop_share", "since")
    return groups


def known_on(profile: Profile, words: Catalogue) -> str:
    """The day of the rules, or that they are the latest."""
    return words.say("liquidations.latest") if profile.as_of == date.max else str(profile.as_of)


def price_json(answer: Answer, words: Catalogue) -> dict[str, Any]:
    """Everything about one position."""
    asked = answer.question
    profile, table = asked.profile, asked.profile.table(asked.symbol)
    return {
        "venue": profile.name,
        "symbol": table.symbol,
        "side": "long" if asked.side == LONG else "short",
        "size": asked.size,
        "entry_price": asked.entry_price,
        "margin": asked.margin,
        "money": asked.money,
        "mode": "cross" if asked.cross else "isolated",
        "as_of": known_on(profile, words),
        "liquidation_price": answer.liquidation,
        "liquidation_price_on_tick": answer.shown,
        "tick": asked.tick,
        "bankruptcy_price": answer.bankruptcy,
        "backstop_price": answer.backstop,
        "distance_from": "mark" if asked.mark else "entry",
        "distance": None if answer.liquidation is None
        else answer.liquidation / asked.reference - 1.0,
        "at_entry": asdict(answer.at_entry),
        "at_liquidation": asdict(answer.at_liquidation) if answer.at_liquidation else None,
        "rule": {"since": str(profile.sources["trigger"].since),
                 "source": profile.sources["trigger"].text, "why": profile.sources["trigger"].why},
        "tiers": {"since": str(table.source.since), "source": table.source.text,
                  "complete": table.complete},
        "guesses": guesses(profile, table.symbol, words),
    }  # fmt: skip


def one_row(answer: Answer, words: Catalogue) -> Table:
    """One position as one row, for CSV."""
    found = price_json(answer, words)
    flat = {key: value for key, value in found.items() if not isinstance(value, (dict, list))}
    return Table("liquidation_price", tuple(map(Column, flat)), [tuple(flat.values())])


def positions_table(found: Priced) -> Table:
    """One row a position of a file."""
    held = found.positions
    names = ("account", "venue", "symbol", "side", "mode")
    numbers = ("size", "entry_price", "margin")
    answers = ("liquidation_price", "bankruptcy_price", "backstop_price")
    columns = (
        Column("line_of_file", "count"), *map(Column, names),
        *(Column(n, "price") for n in numbers),
        *(Column(n, "price") for n in answers), Column("distance", "rate"),
    )  # fmt: skip
    titles = [venue.name if venue else "" for venue in held.venues]
    distance = found.liquidation / found.reference - 1.0
    rows = zip(
        held.line.tolist(),
        [held.accounts[k] for k in held.account],
        [titles[k] for k in held.venue],
        [held.symbols[k] for k in held.symbol],
        np.where(held.side > 0, "long", "short").tolist(),
        np.where(held.isolated, "isolated", "cross").tolist(),
        held.size.tolist(), held.entry_price.tolist(), held.margin.tolist(),
        found.liquidation.tolist(), found.bankruptcy.tolist(), found.backstop.tolist(),
        distance.tolist(), strict=True,
    )  # fmt: skip
    return Table("liquidation_prices", columns, list(rows))


def print_positions(found: Priced, words: Catalogue, console: Console) -> None:
    """The first positions of a file, and how many there are."""
    from drypowder.report.terminal import rich_table, say

    table = positions_table(found)
    console.print(rich_table(table.first(_SHOWN).keep(*_ON_SCREEN), words))
    none = int(np.isnan(found.liquidation).sum())
    say(console, words.say("liquidations.price.many", count=count(len(table.rows), words),
                           shown=count(min(_SHOWN, len(table.rows)), words),
                           none=count(none, words)))  # fmt: skip
    for line in refused(found, words):
        say(console, line)


def refused(found: Priced, words: Catalogue) -> list[str]:
    """Rows that were left out, the first of them by line."""
    rows = list(found.positions.refused)
    return refused_lines(rows, words)


def refused_lines(rows: list, words: Catalogue) -> list[str]:
    """What was left out, by line, at most a screenful."""
    if not rows:
        return []
    head = words.say("liquidations.refused", count=count(len(rows), words))
    return [head, *(words.say("liquidations.refused_row", line=line, reason=reason)
                    for line, reason in rows[:_SHOWN])]  # fmt: skip
