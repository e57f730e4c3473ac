"""`drypowder replicate`: published numbers against ours; exit 1 where one is not reproduced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.output import Output, note
from drypowder.cli.running import progress_bar
from drypowder.errors import DrypowderError
from drypowder.report.words import Catalogue, catalogue, coded

if TYPE_CHECKING:
    from drypowder.replications.table import Comparison

_NAMED = 5  # rows that the error names


def replicate_papers(name: str | None, *, plot: bool, home: Path | None, output: Output) -> None:
    """Compare, tell, draw, and end with an error where a number is off.

    Raises:
        UsageError: DP-165 for an unknown paper.
        DrypowderError: DP-166 if a number is outside its tolerance; DP-167 for a broken row.
    """
    from drypowder.replications.table import compare, select
    from drypowder.report import replications as made
    from drypowder.report.terminal import plain_text

    words, rows = catalogue(), select(name)
    with progress_bar(len(rows), words) as progress:
        found = compare(rows, progress=progress)
    output.give(
        text=lambda: plain_text(lambda console: made.print_papers(found, words, console)),
        table=lambda: made.table(found),
        screen=lambda console: made.print_papers(found, words, console),
    )
    if plot:
        _draw(found, words, home, output.out)
    _complain(found)


def _draw(found: list[Comparison], words: Catalogue, home: Path | None, out: Path | None) -> None:
    """The pictures of the papers that were compared, beside the answer or in the home."""
    from drypowder.report.replication_pictures import pictures
    from drypowder.report.store import home_folder, write_text, writing

    folder = home_folder(home) / "replicate" if out is None else out.parent
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for page, svg in pictures(dict.fromkeys(each.row.page for each in found), words):
        path = folder / f"{page}.svg"
        write_text(path, svg)
        note(words.say("replicate.drew", path=path))


def _complain(found: list[Comparison]) -> None:
    """Raises DrypowderError DP-166 where a number is not reproduced."""
    from drypowder.replications.table import PASS

    bad = [each.row for each in found if each.verdict != PASS]
    if not bad:
        return
    named = "; ".join(f"{row.page}, {row.quantity}" for row in bad[:_NAMED])
    more = f"; and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
    raise coded(DrypowderError, "DP-166", bad=len(bad), count=len(found), named=named + more,
                page=bad[0].page)  # fmt: skip
