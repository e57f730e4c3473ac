"""`drypowder run`: a scenario with its settings becomes a stored run and an answer."""

from __future__ import annotations

import atexit
import contextlib
import gc
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.output import Output, console, note
from drypowder.errors import UsageError
from drypowder.report.words import Catalogue, catalogue, coded

if TYPE_CHECKING:
    from drypowder.report.produce import Produced

_OBJECTS = 100_000  # made between two searches for cycles; Python's own: hundreds
Progress = Callable[[int, int], None]


def run_scenario(
    name: str,
    settings: list[str],
    *,
    paths: int,
    years: float | None,
    seed: int,
    keep_paths: bool,
    html: Path | None,
    threads: int | None,
    home: Path | None,
    output: Output,
) -> None:
    """Simulate, store, and say what happened.

    Raises:
        UsageError: DP-077, DP-080 for the options; the scenario's own for its settings.
        Others: see report.produce.
    """
    _collect_less()
    asked = dict(map(setting, settings))
    check_counts(paths=(paths, 1), seed=(seed, 0), threads=(threads, 1))
    from drypowder.scenarios import load

    scenario = load(name)
    if asked:
        scenario = scenario.with_levers(asked)
    changed = {key: float(scenario.levers.get(key, value)) for key, value in asked.items()}
    from drypowder.report.produce import Order, produce
    from drypowder.report.store import home_folder

    words = catalogue()
    order = Order(scenario, changed, paths, years, seed, threads, keep_paths)
    with progress_bar(paths, words) as progress:
        made = produce(order, home_folder(home), words, progress)
    if html is not None:
        _copy_page(made, html)
    _answer(made, words, output, html)


def _collect_less() -> None:
    """Look for reference cycles less often, and not at all on the way out.

    Importing and tracing make many objects and little rubbish: either costs a run 0.2 s.
    """
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)


def check_counts(**options: tuple[int | None, int]) -> None:
    """Each option and the least that makes sense. Raises UsageError DP-080."""
    for name, (given, least) in options.items():
        if given is not None and given < least:
            raise coded(UsageError, "DP-080", name=f"--{name}", given=given, least=least)


def setting(given: str) -> tuple[str, float | str]:
    """`lever=0.5` as a name and a number, or a choice by name. Raises UsageError DP-077."""
    from drypowder.scenarios.levers import levers

    name, equals, value = given.partition("=")
    known = levers().get(name.strip())
    if known and known.choices and equals:
        return name.strip(), value.strip()
    try:
        if name.strip() and equals:
            return name.strip(), float(value)
    except ValueError:
        pass
    raise coded(UsageError, "DP-077", given=given)


def _copy_page(made: Produced, html: Path) -> None:
    from drypowder.report.files import PAGE
    from drypowder.report.store import writing

    with writing(html):
        html.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made.folder / PAGE, html)


def _answer(made: Produced, words: Catalogue, output: Output, html: Path | None) -> None:
    """The summary to stdout; where the page is and what to do next to stderr."""
    from drypowder.cli.stored import give_record
    from drypowder.report.files import PAGE

    seconds = words.say("report.head.took", seconds=f"{made.seconds:.1f}")
    give_record(made.record, output, took=seconds)
    note(words.say("report.next.page", path=html or made.folder / PAGE))
    note(words.say("report.next.show", run=made.record.run_id))
    note(words.say("report.next.compare", run=made.record.run_id))


@contextlib.contextmanager
def progress_bar(paths: int, words: Catalogue) -> Iterator[Progress]:
    """A bar with the time left, for ensembles on a terminal; silence otherwise."""
    if paths == 1 or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich import progress

    columns = (
        progress.TextColumn(words.say("cli.run.progress")),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=paths)
        yield lambda done, total: bar.update(task, completed=done, total=total)
