"""`data import`, `status`, `show`, `vintages`, `export`: what is known, since when, from whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.cli.output import Output, note
from drypowder.data import Known, catalogue, open_store
from drypowder.errors import DataMissingError
from drypowder.report import data_pages as pages
from drypowder.report.words import catalogue as spoken
from drypowder.report.words import coded

if TYPE_CHECKING:
    from drypowder.data.overview import Standing

_NAMED = 5  # series that an error names


def import_folder(path: Path, market: str, home: Path | None, output: Output) -> None:
    """Take files into the store and say what became of each.

    Raises:
        UsageError: DP-170, DP-172 to DP-176 for what cannot be taken; nothing is stored then.
        DrypowderError: DP-178 when the store cannot be written.
    """
    from drypowder.data.importing import import_path

    words = spoken()
    found = import_path(open_store(home), path, market=market)
    output.give_table(pages.files(found, words))
    for said in pages.contradictions(found, words):
        note(said)
    unfinished = sum(each.unfinished for each in found.files)
    if unfinished:
        note(words.say("data.import.unfinished", rows=f"{unfinished:,}"))
    stored = found.stored
    note(words.say("data.import.done", rows=f"{stored.rows:,}", unchanged=f"{stored.unchanged:,}",
                   series=f"{len(stored.series):,}"))  # fmt: skip


def give_status(
    prefix: str, *, as_of: str | None, strict: bool, home: Path | None, output: Output
) -> None:
    """Age, gaps and origin of every series.

    Raises:
        DataMissingError: DP-179 with `strict` where a series is stale or nothing is stored.
    """
    from drypowder.data.overview import gaps, standings
    from drypowder.report.terminal import plain_text

    known, words = open_store(home).known_on(as_of), spoken()
    found = standings(known, prefix)
    single = [each.name for each in found if each.group == each.name or prefix]
    holes = {each.name: each for each in gaps(known, single)}
    output.give(
        text=lambda: plain_text(lambda c: pages.print_status(known, found, holes, words, c)),
        table=lambda: pages.status(found, holes),
        screen=lambda console: pages.print_status(known, found, holes, words, console),
    )
    if strict:
        _complain(found)


def show_series(name: str, as_of: str | None, last: int, home: Path | None, output: Output) -> None:
    """The latest print of each date, as it could be known.

    Raises:
        UsageError: DP-170 for an unknown series.
        DataMissingError: DP-171 when nothing of it was known.
    """
    from drypowder.report.terminal import plain_text

    known, words = open_store(home).known_on(as_of), spoken()
    observed = known.series(name)
    table = pages.observations(observed)
    output.give(
        text=lambda: plain_text(lambda c: pages.print_series(observed, known, last, words, c)),
        table=lambda: table,
        data=lambda: pages.series_data(observed, known, table),
        screen=lambda console: pages.print_series(observed, known, last, words, console),
    )


def show_vintages(
    name: str, as_of: str | None, last: int, home: Path | None, output: Output
) -> None:
    """Dates of which more than one value was printed; all prints in JSON and CSV.

    Raises: as `show_series`.
    """
    from drypowder.data.overview import prints
    from drypowder.report.terminal import plain_text

    known, words = open_store(home).known_on(as_of), spoken()
    observed = known.series(name)
    columns = prints(known, [name])
    output.give(
        text=lambda: plain_text(lambda c: pages.print_vintages(observed, columns, last, words, c)),
        table=lambda: pages.prints_table(columns),
        screen=lambda c: pages.print_vintages(observed, columns, last, words, c),
    )


def export_series(
    names: list[str], as_of: str | None, out: Path, home: Path | None, output: Output
) -> None:
    """Every print of some series as CSV or Parquet, in the schema that `import` takes.

    Raises:
        UsageError: DP-170 for an unknown series, DP-082 for a file name of no known kind.
        DataMissingError: DP-171 for a series of which nothing is stored.
        DrypowderError: DP-073 when the file cannot be written.
    """
    from drypowder.data.exporting import export

    words, known = spoken(), open_store(home).known_on(as_of)
    rows = export(known, names, out)
    licensed = [name for name in names if _licensed(name, known)]
    if licensed:
        note(words.say("data.export.licensed", series=", ".join(licensed)))
    output.give_table(pages.exported(out, names, rows))


def _licensed(name: str, known: Known) -> bool:
    found = catalogue().find(name)
    return found is None or found.licensed


def _complain(found: list[Standing]) -> None:
    stale = [each.name for each in found if each.stale]
    if not found:
        raise coded(DataMissingError, "DP-179", count=0, named="nothing is stored")
    if stale:
        more = f" and {len(stale) - _NAMED} more" if len(stale) > _NAMED else ""
        raise coded(DataMissingError, "DP-179", count=len(stale),
                    named=", ".join(stale[:_NAMED]) + more)  # fmt: skip
