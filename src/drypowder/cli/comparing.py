"""`drypowder compare`: stored runs side by side, or what-ifs of one scenario."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drypowder.cli.output import Output, note
from drypowder.cli.running import progress_bar
from drypowder.errors import UsageError
from drypowder.report.tables import Table
from drypowder.report.words import Catalogue, catalogue, coded

if TYPE_CHECKING:
    from rich.console import Console

_MANY = 2  # levers: a bar is worth showing


def compare_names(
    names: list[str], *, levers: bool, phase: bool, home: Path | None, output: Output
) -> None:
    """Stored runs, or with an option one scenario.

    Raises:
        UsageError: DP-100 several names with an option, DP-101 both options, DP-102 a scenario
            among stored runs; those of `compare_runs` and `load`.
    """
    if levers and phase:
        raise coded(UsageError, "DP-101")
    option = "--levers" if levers else "--phase"
    if not (levers or phase):
        _compare_runs(names, home, output)
    elif len(names) != 1:
        given = {"given": len(names), "names": ", ".join(names), "first": names[0]}
        raise coded(UsageError, "DP-100", option=option, **given)
    else:
        (_compare_levers if levers else _draw_phase)(names[0], home, output)


def _compare_runs(names: list[str], home: Path | None, output: Output) -> None:
    from drypowder.cli.stored import compare_runs
    from drypowder.scenarios import names as shipped

    mistaken = [name for name in names if name in shipped() and not Path(name).exists()]
    if mistaken:
        raise coded(UsageError, "DP-102", given=mistaken[0])
    compare_runs(names, home, output)


def _compare_levers(scenario: str, home: Path | None, output: Output) -> None:
    """Every lever on one scenario: tables, page and chart."""
    from drypowder.report import levers_table as made

    words = catalogue()
    with progress_bar(_MANY, words) as progress:
        found = made.study(scenario, progress=progress)
    _give(made, found, "levers", home, output, words, lambda: made.numbers(found))


def _draw_phase(scenario: str, home: Path | None, output: Output) -> None:
    """The phase diagram of one scenario: a coarse table, page and picture."""
    from drypowder.report import phase as made

    words, found = catalogue(), made.study(scenario)
    folder = _give(made, found, "phase", home, output, words, lambda: made.cells(found))
    from drypowder.report.charts import framed
    from drypowder.report.store import write_text

    drawn, stamp = made.chart(found, words), made.stamp_line(found.stamp, words)
    picture = folder.with_suffix(".svg")
    write_text(picture, framed(drawn, f"{words.say('report.not_a_forecast')} {stamp}"))
    note(words.say("cli.compare.picture", path=picture))


def _give(
    made: Any,
    found: Any,
    kind: str,
    home: Path | None,
    output: Output,
    words: Catalogue,
    table: Callable[[], Table],
) -> Path:
    """The answer to where it was asked for, and its page; returns where that is."""
    from drypowder.report.store import home_folder, write_text, writing
    from drypowder.report.terminal import plain_text

    def tell(console: Console) -> None:
        _print(made, found, words, console)

    output.give(
        text=lambda: plain_text(tell),
        table=table,
        data=lambda: made.as_json(found, words),
        screen=tell,
    )
    name = f"{found.scenario.name}-{found.scenario.digest}-{kind}.html".replace("/", "-")
    place = home_folder(home) / "compare" / name
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_text(place, made.page(found, words))
    note(words.say("cli.compare.page", path=place))
    return place


def _print(made: Any, found: Any, words: Catalogue, console: Console) -> None:
    """Title, sections with their tables, what this is not and what it was made from."""
    from drypowder.report.terminal import print_sections, say

    say(console, made.claim(found, words), style="bold")
    say(console, made.head(found, words))
    print_sections(made.sections(found, words), words, console)
    console.print()
    say(console, words.say("report.not_a_forecast"), style="bold")
    say(console, made.stamp_line(found.stamp, words), style="dim")
