"""`show`, `compare`, `export`, `cite`: what stored runs say, without the simulator."""

from __future__ import annotations

import sys
from pathlib import Path

from drypowder.cli.output import Output, note
from drypowder.errors import UsageError
from drypowder.report.record import Record
from drypowder.report.store import home_folder, open_run
from drypowder.report.tables import Column, Table
from drypowder.report.words import catalogue, coded
from drypowder.scenarios.levers import levers, setting_said


def list_runs(home: Path | None, output: Output) -> None:
    """All stored runs, the latest first."""
    from drypowder.report.listing import entries

    kinds = {"paths": "count", "steps": "count", "seconds": "years", "made_on": "moment"}
    names = ("run", "scenario", "levers", "paths", "steps", "seed", "version", "made_on", "seconds")
    columns = tuple(Column(name, kinds.get(name, "text")) for name in names)
    found = entries(home_folder(home))
    rows = [tuple(getattr(entry, name) for name in names) for entry in found]
    output.give_table(Table("runs", columns, rows))


def show_run(token: str, home: Path | None, output: Output) -> None:
    """The answer of a stored run again."""
    give_record(open_run(token, home), output)


def give_record(record: Record, output: Output, *, took: str = "") -> None:
    """The summary, or its numbers."""
    from drypowder.report.compare import outcomes_table
    from drypowder.report.export import as_json
    from drypowder.report.terminal import print_summary, summary_text

    words = catalogue()
    output.give(
        text=lambda: summary_text(record, words),
        table=lambda: outcomes_table(record),
        data=lambda: as_json(record, words),
        screen=lambda console: print_summary(record, words, console, took=took),
    )


def compare_runs(tokens: list[str], home: Path | None, output: Output) -> None:
    """Settings and outcomes of several runs. Raises UsageError DP-085 for fewer than two."""
    if len(tokens) < 2:
        raise coded(UsageError, "DP-085")
    from drypowder.report.compare import compare
    from drypowder.report.terminal import table_text

    table = compare([open_run(token, home) for token in tokens])
    words = catalogue()
    remark = words.say("report.not_a_forecast")
    output.give(
        text=lambda: f"{table_text(table, words)}\n{remark}\n",
        table=lambda: table,
        data=lambda: {"note": remark, "compare": table.to_records()},
    )


def export_run(token: str, home: Path | None, out: Path, kind: str | None, output: Output) -> None:
    """Files of a run into a folder; their names to stderr, as JSON also to stdout.

    Raises:
        UsageError: DP-082 for --csv beside another --format.
    """
    from drypowder.report.export import export
    from drypowder.report.tables import dumps

    if output.kind == "csv" and kind not in (None, "csv"):
        raise coded(UsageError, "DP-082", kind=kind)
    words, store = catalogue(), home_folder(home)
    written = export(token, open_run(token, home), store, out, kind or "csv", words)
    for path in written:
        note(words.say("cli.export.wrote", path=path))
    if output.kind == "json":
        sys.stdout.write(dumps(written))


def cite_run(token: str, home: Path | None, output: Output) -> None:
    """How to cite a run and how to repeat it."""
    record, words = open_run(token, home), catalogue()
    said = words.say("report.cite.text", **record.stamp)
    how = words.say("report.cite.how", command=command_of(record))
    columns = (Column("run"), Column("text"), Column("command"))
    table = Table("cite", columns, [(record.run_id, said, command_of(record))])
    output.give(text=lambda: f"{said}\n{how}\n", table=lambda: table)


def command_of(record: Record) -> str:
    """The command that makes this run again."""
    changed: dict[str, float] = record.about.get("levers_changed", {})
    parts = ["drypowder run", record.scenario]
    choices = {name for name, lever in levers().items() if lever.choices}
    parts += [
        f"--set {k}={setting_said(k, v) if k in choices else repr(v)}" for k, v in changed.items()
    ]
    if record.about.get("years") is not None:
        parts.append(f"--years {record.about['years']}")
    for name in ("paths", "seed"):
        parts.append(f"--{name} {record.stamp[name]}")
    return " ".join(parts)
