"""`drypowder gauge`: how much dry powder is left, what drained it; `--strict` exits 3 when old."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.days import day, today
from drypowder.cli.output import Output, note
from drypowder.errors import DataMissingError, UsageError
from drypowder.report.words import Catalogue, catalogue, coded

if TYPE_CHECKING:
    from drypowder.data import Known
    from drypowder.measure.gauge.reading import Gauge


def read_gauge(
    as_of: str | None,
    since: str | None,
    *,
    strict: bool,
    seed: int,
    page: Path | None,
    home: Path | None,
    output: Output,
) -> None:
    """Measure, tell, and draw the page if one was asked for.

    Raises:
        UsageError: DP-174 for what is no day, DP-196 for one ahead, DP-193 for days out of order.
        DataMissingError: DP-191 nothing is known, DP-194 with `strict`, something is old.
    """
    from drypowder.report import gauge as made
    from drypowder.report.terminal import plain_text

    words, found = catalogue(), measure(as_of, since, seed=seed, home=home)
    late = made.too_old(found, today()) if as_of is None else None
    output.give(
        text=lambda: plain_text(lambda console: made.print_gauge(found, words, console)),
        table=lambda: made.table(found),
        data=lambda: made.as_json(found, words),
        screen=lambda console: made.print_gauge(found, words, console),
    )
    if late is not None:
        note(words.say("gauge.old", known=found.stamp.known_on, days=late))
    if page is not None:
        _draw(found, page, words)
    if strict and (found.stale or late is not None):
        raise coded(DataMissingError, "DP-194", parts=_old(found, late, words))


def cite_gauge(as_of: str | None, home: Path | None, output: Output) -> None:
    """How to cite the gauge of a day and how to repeat it."""
    from drypowder.report.gauge import citation
    from drypowder.report.tables import Column, Table

    words = catalogue()
    said, command = citation(measure(as_of, None, seed=0, home=home), words)
    columns = (Column("run"), Column("text"), Column("command"))
    output.give(
        text=lambda: f"{said}\n{words.say('gauge.cite_how', command=command)}\n",
        table=lambda: Table("cite", columns, [("gauge", said, command)]),
    )


def measure(as_of: str | None, since: str | None, *, seed: int, home: Path | None) -> Gauge:
    """The gauge of a day; without one, of the day its newest figure of liquidity was known."""
    from drypowder.data import open_store
    from drypowder.measure.gauge.reading import gauge

    asked, before, store = _past(as_of), _past(since), open_store(home)
    known = store.known_on(asked or _newest(store.known_on(None)))
    return gauge(known, since=before, seed=seed)


def _newest(known: Known) -> date:
    """The day on which the newest figure of liquidity became known: it is published fastest."""
    import numpy as np

    from drypowder.measure.gauge.parts import LIQUIDITY, parts
    from drypowder.measure.stamp import day_of

    names = [name for part in parts() if part.group == LIQUIDITY for name in part.names()]
    found = known.table(list(dict.fromkeys(names)))
    if not found:
        return today()
    return min(max(day_of(np.max(each.known_on)) for each in found.values()), today())


def _draw(found: Gauge, page: Path, words: Catalogue) -> None:
    from drypowder.report.gauge_page import page as drawn
    from drypowder.report.store import write_text

    write_text(page, drawn(found, words))
    note(words.say("gauge.page", path=page))


def _old(found: Gauge, late: int | None, words: Catalogue) -> str:
    from drypowder.measure.gauge.reading import STALE

    old = [words.say(f"gauge.part.{b.part.key}") for b in found.bars if b.state == STALE]
    if late is not None and found.stamp.known_on is not None:
        old.insert(0, words.say("gauge.everything", known=found.stamp.known_on, days=late))
    return ", ".join(old)


def _past(text: str | None) -> date | None:
    """A day that has come. Raises: UsageError DP-174 for what is no day, DP-196 for one ahead."""
    found = day(text)
    if found is not None and found > today():
        raise coded(UsageError, "DP-196", given=text)
    return found
