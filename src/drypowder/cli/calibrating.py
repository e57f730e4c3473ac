"""`drypowder calibrate`: parameters fitted to targets, with what the targets leave open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.output import Output, note
from drypowder.cli.running import check_counts, progress_bar
from drypowder.errors import UsageError
from drypowder.report.words import Catalogue, catalogue, coded

if TYPE_CHECKING:
    from rich.console import Console

    from drypowder.report.fitting import Fitted

_LEAST_DRAWS = 16  # fewer have no quantiles
_MANY = 2  # worlds: a bar is worth showing


def calibrate_scenarios(
    scenarios: list[str],
    parameters: list[str],
    targets: list[str],
    *,
    draws: int,
    seed: int,
    as_toml: bool,
    chart: Path | None,
    output: Output,
) -> None:
    """Fit, say what came out, and write what was asked for.

    Raises:
        UsageError: DP-080 for the counts, DP-081 two formats, DP-117 a file of the package.
        Others: see report.fitting.fit.
    """
    check_counts(draws=(draws, _LEAST_DRAWS), seed=(seed, 0))
    if as_toml and output.kind != "words":
        raise coded(UsageError, "DP-081")
    for place in (output.out, chart):
        refuse_shipped(place)
    from drypowder.report.fitting import Asked, fit
    from drypowder.scenarios.scenario import load

    words = catalogue()
    read = tuple(load(name) for name in dict.fromkeys(scenarios))
    asked = Asked(read, tuple(parameters), tuple(targets), draws, seed)
    with progress_bar(_MANY, words) as progress:
        fitted = fit(asked, progress)
    _give(fitted, words, output, as_toml)
    if chart is not None:
        _draw(fitted, words, chart)


def refuse_shipped(place: Path | None) -> None:
    """Nothing of this package is ever written over. Raises UsageError DP-117."""
    package = Path(__file__).resolve().parent.parent
    if place is not None and package in place.resolve().parents:
        raise coded(UsageError, "DP-117", path=place)


def _give(fitted: Fitted, words: Catalogue, output: Output, as_toml: bool) -> None:
    from drypowder.report import calibration
    from drypowder.report.terminal import plain_text

    if as_toml:
        output.give(text=lambda: calibration.fragment(fitted, words),
                    table=lambda: calibration.parameters(fitted, words))  # fmt: skip
        return
    output.give(
        text=lambda: plain_text(lambda console: _print(fitted, words, console)),
        table=lambda: calibration.parameters(fitted, words),
        data=lambda: calibration.as_json(fitted, words),
        screen=lambda console: _print(fitted, words, console),
    )


def _print(fitted: Fitted, words: Catalogue, console: Console) -> None:
    """Sections with their tables, the lines to paste, and what this is not."""
    from drypowder.report import calibration
    from drypowder.report.terminal import print_sections, say

    say(console, calibration.headline(fitted, words), style="bold")
    print_sections(calibration.sections(fitted, words), words, console)
    console.print()
    say(console, words.say("calibrate.fragment.title"), style="bold")
    say(console, calibration.fragment(fitted, words))
    say(console, words.say("calibrate.head.not_a_forecast"), style="bold")


def _draw(fitted: Fitted, words: Catalogue, place: Path) -> None:
    from drypowder.report.ridge import picture
    from drypowder.report.store import write_text

    drawn = picture(fitted, words)
    if drawn is None:
        note(words.say("calibrate.chart.none"))
        return
    write_text(place, drawn)
    note(words.say("cli.export.wrote", path=place))
