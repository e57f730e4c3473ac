"""`drypowder claims`: what held and what failed; exit 3 where data for an answer are missing."""

from __future__ import annotations

from pathlib import Path

from drypowder.cli.days import known_by
from drypowder.cli.output import Output
from drypowder.errors import DataMissingError
from drypowder.report.words import catalogue, coded

_FOLDER = "claims"


def judge_claims(
    number: int | None,
    *,
    as_of: str | None,
    show_history: bool,
    strict: bool,
    home: Path | None,
    output: Output,
) -> None:
    """Verdicts on one claim or on all of them, as known on a day.

    Raises:
        UsageError: DP-200 for a number without a claim; DP-174 for no day, DP-196 for one ahead.
        DataMissingError: DP-201 where a claim asked for lacks its data; DP-202, if `strict`,
            where it rests on figures that are too old.
    """
    from drypowder.home import home_folder
    from drypowder.measure.claims.kept import answers
    from drypowder.measure.claims.registry import claim, numbers
    from drypowder.report import claims as report
    from drypowder.report.terminal import plain_text

    if number is not None:
        claim(number)
    folder = home_folder(home) / _FOLDER
    if show_history:
        _tell_history(folder, number, output)
        return
    words, known = catalogue(), known_by(as_of, home)
    wanted = numbers() if number is None else (number,)
    found = answers(known, wanted, words.section("claims"), folder)

    def draw(console) -> None:
        if number is None:
            report.print_table(found, words, console)
        else:
            report.print_page(found[0], words, console)

    output.give(
        text=lambda: plain_text(draw),
        table=lambda: report.table(found, words),
        data=lambda: report.data(found, words),
        screen=draw,
    )
    _complain(found, strict)


def _tell_history(folder: Path, number: int | None, output: Output) -> None:
    """Verdicts computed here so far."""
    from drypowder.measure.claims.kept import history
    from drypowder.measure.claims.registry import numbers
    from drypowder.report import claims as report
    from drypowder.report.terminal import plain_text

    words = catalogue()

    def draw(console) -> None:
        for each in numbers() if number is None else (number,):
            report.print_history(history(folder, each), each, words, console)

    output.give(
        text=lambda: plain_text(draw),
        table=lambda: report.history_table(history(folder, number)),
        data=lambda: history(folder, number),
        screen=draw,
    )


def _complain(found, strict: bool) -> None:
    from drypowder.report.claims import pull

    if series := pull(found):
        lacking = ", ".join(str(each.number) for each in found if each.missing)
        raise coded(DataMissingError, "DP-201", claims=lacking, series=" ".join(series))
    old = dict.fromkeys(name for each in found for name in each.short)
    if strict and old:
        raise coded(DataMissingError, "DP-202", series=" ".join(old))
