"""`drypowder why`: which channel did it, in words, numbers and a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.output import Output, note
from drypowder.cli.running import check_counts, progress_bar
from drypowder.report.words import Catalogue, catalogue

if TYPE_CHECKING:
    from drypowder.report.why import Answer

_LEAST_ORDERS = 4  # two orders and their reverses: fewer have no standard error
_MANY = 2  # runs: a bar is worth showing


def ask_why(
    run: str,
    *,
    target: str,
    first_day: str | None,
    last_day: str | None,
    paths: int,
    samples: int | None,
    threads: int | None,
    home: Path | None,
    output: Output,
) -> None:
    """Split the change, say it, and write its page.

    Raises:
        UsageError: DP-080 for the counts.
        Others: see report.why.ask.
    """
    check_counts(paths=(paths, 1), samples=(samples, _LEAST_ORDERS), threads=(threads, 1))
    from drypowder.report.store import home_folder
    from drypowder.report.why import Question, ask

    words = catalogue()
    question = Question(run, target, first_day, last_day, paths, samples, threads)
    with progress_bar(_MANY, words) as progress:
        answer = ask(question, home_folder(home), words, progress)
    _give(answer, words, output)


def _give(answer: Answer, words: Catalogue, output: Output) -> None:
    """The answer to where it was asked for, and its page."""
    from drypowder.report import attribution
    from drypowder.report.store import write_text, writing
    from drypowder.report.terminal import plain_text, print_split
    from drypowder.report.waterfall import page

    output.give(
        text=lambda: plain_text(lambda console: print_split(answer, words, console)),
        table=lambda: attribution.parts(answer),
        data=lambda: attribution.as_json(answer, words),
        screen=lambda console: print_split(answer, words, console),
    )
    place = attribution.page_path(answer)
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_text(place, page(answer, words))
    note(words.say("report.next.page", path=place))
