"""Words and tables for a terminal: aligned, plain when colour is not wanted or not possible."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from drypowder.report.section import Section
from drypowder.report.tables import Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:  # measured answers are told without loading what tells simulated ones
    from rich.console import Console

    from drypowder.report.record import Record
    from drypowder.report.why import Answer

PLAIN_WIDTH = 110  # columns of text that goes to a file or a pipe
_ROWS = {  # 0: all of them
    "dry_powder": 0, "yields": 0, "assets": 0, "targets": 0, "forced_sales": 8, "worlds": 6,
}  # fmt: skip


def summary_text(record: Record, words: Catalogue) -> str:
    """The answer as plain text: the same bytes for the same run."""
    return plain_text(lambda console: print_summary(record, words, console))


def plain_text(draw: Callable[[Console], None]) -> str:
    """What is drawn on a terminal, for a file or a pipe."""
    from rich.console import Console

    stream = io.StringIO()
    draw(Console(file=stream, width=PLAIN_WIDTH, no_color=True, force_terminal=False))
    return _trimmed(stream.getvalue())


def print_summary(record: Record, words: Catalogue, console: Console, *, took: str = "") -> None:
    """Header, sentences with their tables, and the line that says what this is not."""
    from drypowder.report.summary import headline, sections, stamp_line

    line = headline(record, words)
    say(console, line + (f"   {took}" if took else ""), style="bold")
    for section in sections(record, words):
        if section.key != "accounts":
            console.print()
            say(console, section.title, style="bold")
        for sentence in section.sentences:
            say(console, sentence, indent="  " if section.key != "accounts" else "")
        for table in section.tables:
            if table.key in _ROWS and table.rows:
                shown = _narrowed(table.first(_ROWS[table.key] or len(table.rows)))
                console.print(rich_table(shown, words))
    _sign(console, stamp_line(record, words), words)


def print_split(answer: Answer, words: Catalogue, console: Console) -> None:
    """Which channel did it: the claim, then every section with its tables."""
    from drypowder.report import attribution

    say(console, attribution.headline(answer, words), style="bold")
    say(console, attribution.claim(answer, words))
    print_sections(attribution.sections(answer, words), words, console)
    _sign(console, words.say("report.stamp", **answer.stamp), words)


def print_sections(sections: Iterable[Section], words: Catalogue, console: Console) -> None:
    """Every section: its title, its sentences, and its tables unless they are empty."""
    for section in sections:
        console.print()
        say(console, section.title, style="bold")
        for sentence in section.sentences:
            say(console, sentence, indent="  ")
        for table in (table for table in section.tables if table.rows):
            console.print(rich_table(table, words))


def _sign(console: Console, stamp: str, words: Catalogue) -> None:
    """What this is not, and what it was made from."""
    console.print()
    say(console, words.say("report.not_a_forecast"), style="bold")
    say(console, stamp, style="dim")


def say(console: Console, text: str, *, style: str = "", indent: str = "") -> None:
    """A sentence, wrapped at words; brackets in it are brackets."""
    from rich.padding import Padding
    from rich.text import Text

    padded = Padding(Text(text, style=style), (0, 0, 0, len(indent)), expand=False)
    console.print(padded, highlight=False)


def _narrowed(table: Table) -> Table:
    """Without the columns that a terminal has no room for; every other format has them."""
    left_out = ("mean", "measure", "first_day", "last_day", "source")
    names = [column.key for column in table.columns if column.key not in left_out]
    return table.keep(*names)


def rich_table(table: Table, words: Catalogue):
    """A borderless table: text to the left, numbers to the right."""
    from rich.padding import Padding
    from rich.table import Table as RichTable
    from rich.text import Text

    header, *rows = table.shown(words)
    shown = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for place, (column, heading) in enumerate(zip(table.columns, header, strict=True)):
        side: Any = "left" if column.kind in ("text", "moment") else "right"
        shown.add_column(Text(heading), justify=side, overflow="fold", no_wrap=place == 0)
    for row in rows:
        shown.add_row(*(Text(cell) for cell in row))
    return Padding(shown, (0, 0, 0, 4), expand=False)


def table_text(table: Table, words: Catalogue) -> str:
    """A table alone, as plain text."""
    return plain_text(lambda console: console.print(rich_table(table, words)))


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
