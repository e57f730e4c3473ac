"""`drypowder liquidations map` and `cascade`: where forced orders lie, and what they do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.liquidation_rules import Shock, World, move_of
from drypowder.cli.output import Output, note
from drypowder.errors import UsageError
from drypowder.report.words import Catalogue, catalogue, coded

if TYPE_CHECKING:
    from rich.console import Console

    from drypowder.report.liquidation_cascade import Played
    from drypowder.report.liquidation_map import Map
    from drypowder.report.tables import Table
    from drypowder.venues.scenes.scene import Scene

_PARQUET = (".parquet", ".pq")


def give_map(
    world: World, reach: str, step: str | None, shock: Shock | None, html: Path | None,
    output: Output,
) -> None:  # fmt: skip
    """Draw the map; with a shock, play a cascade on it.

    Raises:
        UsageError: DP-156, DP-158, DP-159 for options; DP-13x, DP-14x of the room.
        DataMissingError: DP-134, DP-157.
    """
    from drypowder.report import liquidation_map as report
    from drypowder.report.terminal import plain_text

    words = catalogue()
    share, height = _above_zero(reach, "--range"), None
    if step is not None:
        height = _above_zero(step, "--step")
    if shock is not None:
        shock.check()
    scene = world.scene()
    drawn = report.map_of(scene, reach=min(share, 0.95), step=height)
    played = None if shock is None else _play(scene, shock)
    _tell_refused(scene, words)

    def draw(console: Console) -> None:
        _print_map(drawn, played, words, console)

    output.give(
        text=lambda: plain_text(draw),
        table=lambda: report.map_table(drawn),
        data=lambda: _map_json(drawn, played, words),
        screen=draw,
    )
    if html is not None:
        _write_page(drawn, played, html, words)


def _above_zero(typed: str, option: str) -> float:
    share = move_of(typed)
    if not share > 0.0:
        raise coded(UsageError, "DP-158", option=option, given=typed)
    return share


def _play(scene: Scene, shock: Shock) -> Played:
    from drypowder.report.liquidation_cascade import play

    return play(scene, shock=shock.share, over_minutes=shock.over, after_minutes=shock.after)


def _print_map(drawn: Map, played: Played | None, words: Catalogue, console: Console) -> None:
    from drypowder.report import liquidation_map as report
    from drypowder.report.liquidation_cascade import summary
    from drypowder.report.terminal import print_sections, say

    report.print_map(drawn, words, console)
    books = played is not None
    parts = [] if played is None else [summary(played, words)]
    told = report.card(drawn, words, with_books=books)
    lines = report.fact_lines(drawn.scene, words, with_books=books)
    card = replace(told, sentences=[*told.sentences, *lines], tables=[])
    print_sections([*parts, card], words, console)
    console.print()
    say(console, words.say("report.not_a_forecast"), style="bold")
    say(console, report.stamp(drawn, words), style="dim")


def _map_json(drawn: Map, played: Played | None, words: Catalogue) -> dict[str, object]:
    from drypowder.report import liquidation_map as report
    from drypowder.report.liquidation_cascade import cascade_json

    found = report.map_json(drawn, words)
    return found if played is None else {**found, "cascade": cascade_json(played, words)}


def _write_page(drawn: Map, played: Played | None, path: Path, words: Catalogue) -> None:
    from drypowder.report.liquidation_page import page
    from drypowder.report.store import write_text

    write_text(path, page(drawn, played, words))
    note(words.say("liquidations.map.wrote", path=path))


def give_cascade(world: World, shock: Shock, events: Path | None, output: Output) -> None:
    """Play a shock and say what happened. Raises: as `give_map`."""
    from drypowder.report import liquidation_cascade as report
    from drypowder.report.terminal import plain_text

    words = catalogue()
    shock.check()
    scene = world.scene()
    played = _play(scene, shock)
    _tell_refused(scene, words)

    def log() -> Table:
        return report.events_table(played.result, scene.symbols, scene.name_of)

    output.give(
        text=lambda: plain_text(lambda console: report.print_cascade(played, words, console)),
        table=log,
        data=lambda: report.cascade_json(played, words),
        screen=lambda console: report.print_cascade(played, words, console),
    )
    if events is not None:
        _write_events(log(), events, words)


def give_replay(name: str, seed: int, events: Path | None, output: Output) -> None:
    """Play a shipped replay beside what was measured. Raises: as drypowder.venues.replay."""
    from drypowder.report import liquidation_replay as report
    from drypowder.report.liquidation_cascade import events_table
    from drypowder.report.terminal import plain_text
    from drypowder.venues.replays.replay import replay

    words = catalogue()
    found = replay(name, seed=seed)
    output.give(
        text=lambda: plain_text(lambda console: report.print_replay(found, words, console)),
        table=lambda: report.targets_table(found),
        data=lambda: report.replay_json(found, words),
        screen=lambda console: report.print_replay(found, words, console),
    )
    if events is not None:
        coins = found.cascade.setting.coins
        symbols = tuple(coins[market.coin] for market in found.cascade.setting.markets)
        _write_events(events_table(found.cascade, symbols, str), events, words)


def _write_events(table: Table, path: Path, words: Catalogue) -> None:
    from drypowder.report.liquidation_cascade import write_parquet
    from drypowder.report.store import write_text, writing

    if path.suffix.lower() in _PARQUET:
        with writing(path):
            write_parquet(table, path)
    else:
        write_text(path, table.to_csv())
    note(words.say("cli.export.wrote", path=path))


def _tell_refused(scene: Scene, words: Catalogue) -> None:
    """Rows that were left out, on stderr."""
    from drypowder.report.liquidations import refused_lines

    if scene.wanted.positions is not None:
        for line in refused_lines(list(scene.wanted.positions.refused), words):
            note(line)
