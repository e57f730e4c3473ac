"""A replayed cascade beside what was measured: hits and misses printed at the same size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drypowder.report.numbers import count, dollars, percent, plain
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

    from drypowder.venues.replays.replay import Replay

_BILLION = 1e9
_GUESS = "guess"


def print_replay(found: Replay, words: Catalogue, console: Console) -> None:
    """Title, story, targets, true beside reported, what it is not."""
    from drypowder.report.terminal import print_sections, say

    say(console, words.say("liquidations.replay.title", title=found.title), style="bold")
    say(console, found.story)
    print_sections([_section(found, words)], words, console)
    console.print()
    say(console, words.say("report.not_a_forecast"), style="bold")


def _section(found: Replay, words: Catalogue) -> Section:
    true, shown = totals(found)
    guesses = sum(number.source.startswith(_GUESS) for number in found.numbers)
    said = [
        words.say("liquidations.replay.reported", true=dollars(true / _BILLION, words),
                  shown=dollars(shown / _BILLION, words),
                  share=percent(shown / true if true else 1.0, words, signed=False)),
        words.say("liquidations.replay.numbers", count=count(len(found.numbers), words),
                  guesses=count(guesses, words)),
    ]  # fmt: skip
    verdicts = [target.verdict for target in found.targets]
    counts = {name: verdicts.count(name) for name in ("hit", "near", "miss")}
    head = words.say("liquidations.replay.verdicts", all=len(verdicts), **counts)
    title = words.say("liquidations.replay.targets")
    return Section("targets", title, [head, *said], [_shown(found, words)])


def _shown(found: Replay, words: Catalogue) -> Table:
    """The same for a screen: amounts with their units, sources left to --csv and --json."""
    columns = (Column("target"), Column("model_says"), Column("measured_range"), Column("verdict"))
    rows = [
        (t.name, amount(t.measured, t.unit, words),
         words.say("report.range", low=amount(t.low, t.unit, words),
                   high=amount(t.high, t.unit, words)), t.verdict)
        for t in found.targets
    ]  # fmt: skip
    return Table("replay_targets", columns, rows)


def amount(value: float, unit: str, words: Catalogue) -> str:
    """A measured number with its unit."""
    if unit == "share":
        return percent(value, words, signed=False)
    if unit == "USD":
        return dollars(value / _BILLION, words)
    return f"{plain(value, words)} {unit}"


def totals(found: Replay) -> tuple[float, float]:
    """True and reported USD."""
    return float(found.reported.true_usd.sum()), float(found.reported.reported_usd.sum())


def targets_table(found: Replay) -> Table:
    """What was measured, what the model says, and the verdict."""
    columns = (
        Column("target"), Column("model", "plain"), Column("low", "plain"),
        Column("high", "plain"), Column("unit"), Column("verdict"), Column("source"),
    )  # fmt: skip
    rows = [(t.name, t.measured, t.low, t.high, t.unit, t.verdict, t.source) for t in found.targets]
    return Table("replay_targets", columns, rows)


def replay_json(found: Replay, words: Catalogue) -> dict[str, Any]:
    """Targets, totals and every number that went in."""
    true, shown = totals(found)
    return {
        "note": words.say("report.not_a_forecast"),
        "replay": found.name,
        "title": found.title,
        "true_usd": true,
        "reported_usd": shown,
        "targets": targets_table(found).to_records(),
        "numbers": [number._asdict() for number in found.numbers],
    }
