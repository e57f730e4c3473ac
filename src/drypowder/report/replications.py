"""Published numbers against ours, a section a paper: for a terminal, JSON and CSV."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from textwrap import fill
from typing import TYPE_CHECKING

from drypowder.replications.table import FAILED, KINDS, PASS, Comparison
from drypowder.report.numbers import fixed
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

_MOST_DIGITS = 10
_LETTERS = 60  # of a quantity on one line of a terminal
_MINUS = "\N{MINUS SIGN}"


def table(found: Sequence[Comparison]) -> Table:
    """One row a number, all digits kept."""
    columns = (
        Column("page"), Column("paper"), Column("quantity"), Column("published", "plain"),
        Column("bound"), Column("ours", "plain"), Column("difference", "plain"),
        Column("tolerance", "plain"), Column("verdict"), Column("kind"), Column("source"),
        Column("call"), Column("reads"), Column("seconds", "plain"), Column("problem"),
        Column("why"),
    )  # fmt: skip
    rows = [
        (row.page, row.paper, row.quantity, row.published, row.bound, each.ours, each.difference,
         row.tolerance, each.verdict, row.kind, row.source, row.call, row.reads, each.seconds,
         each.problem, row.why)
        for each in found for row in [each.row]
    ]  # fmt: skip
    return Table("replications", columns, rows)


def print_papers(found: Sequence[Comparison], words: Catalogue, console: Console) -> None:
    """A section a paper, what failed and why, and how many numbers are reproduced."""
    from drypowder.report.terminal import rich_table, say

    say(console, words.say("replicate.head"), style="bold")
    for paper, group in groupby(found, key=lambda each: each.row.paper):
        console.print()
        say(console, paper, style="bold")
        members = list(group)
        console.print(rich_table(shown(members, words), words))
        for each in (each for each in members if each.problem):
            say(console, words.say("replicate.failure", quantity=each.row.quantity,
                                   problem=each.problem), indent="    ")  # fmt: skip
        for why in dict.fromkeys(each.row.why for each in members if each.row.why):
            say(console, why, indent="    ")
    console.print()
    first, second = summary(found, words)
    say(console, first, style="bold")
    say(console, second)


def shown(found: Sequence[Comparison], words: Catalogue) -> Table:
    """What a person compares: numbers with the digits that the tolerance speaks of."""
    columns = (
        Column("quantity"), Column("published", "mixed"), Column("ours", "mixed"),
        Column("difference", "mixed"), Column("verdict"),
    )  # fmt: skip
    return Table("replications", columns, [_shown(each, words) for each in found])


def summary(found: Sequence[Comparison], words: Catalogue) -> tuple[str, str]:
    """How many numbers are reproduced and how long it took; whose numbers they are."""
    kinds = Counter(each.row.kind for each in found)
    return (
        words.say(
            "replicate.summary",
            passed=sum(each.verdict == PASS for each in found),
            count=len(found),
            models=len({each.row.paper for each in found}),
            seconds=fixed(sum(each.seconds for each in found), words, digits=1),
        ),
        words.say("replicate.kinds", **{kind: kinds[kind] for kind in KINDS}),
    )


def _shown(each: Comparison, words: Catalogue) -> tuple[str, ...]:
    row, quantity = each.row, fill(each.row.quantity, _LETTERS)
    printed = _decimals(row.published)
    published = fixed(row.published, words, digits=printed)
    if row.bound:
        published = words.say(f"replicate.{row.bound}", value=published)
    finer = math.ceil(-math.log10(row.tolerance)) if row.tolerance > 0.0 else printed + 2
    digits = min(max(printed, finer), _MOST_DIGITS)
    said = words.say(f"replicate.{each.verdict}")
    if each.verdict == FAILED:
        return quantity, published, words.say("labels.numbers.none"), "", said
    return (quantity, published, fixed(each.ours, words, digits=digits),
            _difference(each.difference), said)  # fmt: skip


def _decimals(value: float) -> int:
    """Digits after the point of a number as it was written."""
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return min(max(-exponent, 0), _MOST_DIGITS) if isinstance(exponent, int) else 0


def _difference(value: float) -> str:
    return f"{value:+.1e}".replace("-", _MINUS) if value else "0"
