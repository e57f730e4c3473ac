"""`scenarios`, `levers`, `params`, `explain`: what there is, what it means, what is assumed."""

from __future__ import annotations

from collections.abc import Mapping

from drypowder.cli.output import Output
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue, catalogue


def list_scenarios(output: Output) -> None:
    """Shipped scenarios with their titles."""
    from drypowder.scenarios import load, names

    columns = tuple(map(Column, ("name", "known_on", "title", "story")))
    found = [load(name) for name in names()]
    rows = [(s.name, str(s.known_on), s.title, s.story) for s in found]
    table = Table("scenarios", columns, rows)
    shown = ("name", "title", "story")
    output.give(text=lambda: _entries(table, shown, catalogue()), table=lambda: table)


def list_levers(output: Output) -> None:
    """Levers with unit, range and the essay's sentence."""
    from drypowder.scenarios import levers

    kinds = {"low": "number", "high": "number", "default": "number"}
    names = ("name", "unit", "low", "high", "default", "does", "sentence")
    columns = tuple(Column(name, kinds.get(name, "text")) for name in names)
    rows = [
        (v.name, v.unit, v.low, v.high, v.default, v.what, v.sentence) for v in levers().values()
    ]
    table = Table("levers", columns, rows)
    words = catalogue()

    def text() -> str:
        return "".join(
            words.say("cli.levers.entry", **{**row, "default": v.default_in_words or _short(None)},
                      range=v.range_in_words)
            for v, row in zip(levers().values(), table.to_records(), strict=True)
        )  # fmt: skip

    output.give(text=text, table=lambda: table)


def list_parameters(
    output: Output,
    *,
    guesses: bool,
    calibration: bool,
    sensitivity: str | None,
    pump: str | None,
) -> None:
    """Parameters with range and source; or how they were fitted; or which matter most."""
    from drypowder.report import studies
    from drypowder.report.terminal import table_text

    words = catalogue()
    if calibration:
        table = studies.calibration()
        output.give(text=lambda: _calibration(table, words), table=lambda: table)
    elif sensitivity is not None:
        table = studies.sensitivity(sensitivity)
        shown = studies.folded(table, words)
        output.give(text=lambda: table_text(shown, words), table=lambda: table)
    elif pump is not None:
        output.give_table(studies.pump_and_drain(pump))
    else:
        _give_parameters(output, guesses)


def _calibration(table: Table, words: Catalogue) -> str:
    """Numbers as a table; below it what each multiplier is and who measured it, a line each."""
    from drypowder.report.terminal import table_text

    numbers = table.keep(*(c.key for c in table.columns if c.key not in ("unit", "source")))
    notes = "".join(words.say("cli.params.fitted", **row) for row in table.to_records())
    return table_text(numbers, words) + "\n" + notes


def _give_parameters(output: Output, guesses: bool) -> None:
    from drypowder.scenarios import parameters

    kinds = {"value": "plain", "low": "plain", "high": "plain"}
    names = ("parameter", "value", "low", "high", "unit", "source", "why")
    columns = tuple(Column(name, kinds.get(name, "text")) for name in names)
    found = [p for p in parameters().values() if p.is_guess or not guesses]
    rows = [(p.name, p.value, p.low, p.high, p.unit, p.source, p.why) for p in found]
    table = Table("params", columns, rows)
    words = catalogue()

    def text() -> str:
        return "".join(
            words.say("cli.params.entry", **{k: _short(v) for k, v in row.items()})
            for row in table.to_records()
        )

    output.give(text=text, table=lambda: table)


def explain_term(asked: str, output: Output) -> None:
    """A term, a code, or the list of terms."""
    from drypowder.report.explain import explain, terms

    words = catalogue()
    if not asked:
        table = Table("terms", (Column("name"), Column("line")), list(terms(words)))
        output.give(text=lambda: _entries(table, ("name", "line"), words), table=lambda: table)
        return
    entry = explain(asked, words)
    table = Table("term", tuple(map(Column, entry)), [tuple(entry.values())])
    output.give(text=lambda: _told(entry, words), table=lambda: table, data=lambda: entry)


def _told(entry: Mapping[str, str], words: Catalogue) -> str:
    lines = [f"{entry['name']}: {entry['line']}", "", entry["paragraph"]]
    if "formula" in entry:
        lines += ["", words.say("cli.explain.formula", formula=entry["formula"])]
    if "page" in entry:
        lines += ["", words.say("cli.explain.page", page=entry["page"])]
    return "\n".join(lines) + "\n"


def _entries(table: Table, names: tuple[str, ...], words: Catalogue) -> str:
    """A name on a line, what belongs to it indented below."""
    text = ""
    for record in table.to_records():
        first, *rest = (str(record[name]) for name in names if record[name])
        text += first + "\n" + "".join(f"    {' '.join(line.split())}\n" for line in rest)
    return text


def _short(value: object) -> str:
    if value is None:
        return catalogue().say("cli.levers.own")
    return f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
