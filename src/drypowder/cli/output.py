"""Where answers go: a person's screen, a pipe, or a file; as words, JSON or CSV."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.errors import UsageError
from drypowder.report.tables import Table, dumps
from drypowder.report.words import catalogue, coded

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Output:
    """The format and place that were asked for."""

    kind: str  # words, json or csv
    out: Path | None

    @classmethod
    def of(cls, as_json: bool, as_csv: bool, out: Path | None) -> Output:
        """From the options. Raises UsageError DP-081 for both formats at once."""
        if as_json and as_csv:
            raise coded(UsageError, "DP-081")
        return cls("json" if as_json else "csv" if as_csv else "words", out)

    def give(
        self,
        *,
        text: Callable[[], str],
        table: Callable[[], Table],
        data: Callable[[], object] | None = None,
        screen: Callable[[Console], None] | None = None,
    ) -> None:
        """Print or write the answer in the format asked for.

        Args:
            text: the answer in words, for files and pipes; screen: the same, for a terminal.
            data: what JSON holds; the table's rows when left out.
        """
        if self.kind == "words" and self.out is None and screen and sys.stdout.isatty():
            screen(console())
            return
        made = {
            "words": text,
            "csv": lambda: table().to_csv(),
            "json": lambda: dumps(data() if data else table().to_records()),
        }[self.kind]()
        if self.out is None:
            sys.stdout.write(made)
        else:
            from drypowder.report.store import write_text

            write_text(self.out, made)
            note(catalogue().say("cli.export.wrote", path=self.out))

    def give_table(self, table: Table) -> None:
        """A table that is the whole answer."""
        from drypowder.report.terminal import rich_table, table_text

        words = catalogue()
        self.give(
            text=lambda: table_text(table, words),
            table=lambda: table,
            screen=lambda console: console.print(rich_table(table, words)),
        )


def console(*, stderr: bool = False) -> Console:
    """A terminal; colour only where it is wanted and possible."""
    from rich.console import Console

    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return Console(stderr=stderr, no_color=plain, highlight=False)


def note(text: str) -> None:
    """Words beside the data: to stderr."""
    print(text, file=sys.stderr)
