"""The probe told: does crypto lead, by which clock, and what would chance have looked like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drypowder.measure.numbers import numbers
from drypowder.measure.probe.money import Money
from drypowder.measure.probe.probe import QUESTIONS, Probe, Row
from drypowder.report.numbers import fixed, percent
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

_NAMED = 6  # stale series that are named


def table(found: Probe) -> Table:
    """One row a question and target, all digits."""
    columns = (
        Column("question"), Column("target"), Column("observations", "count"),
        Column("first", "date"), Column("last", "date"), Column("correlation_at_once", "plain"),
        Column("best_lag", "count"), Column("sign", "count"), Column("largest_t", "plain"),
        Column("p_value", "plain"), Column("holm", "plain"), Column("turned_p", "plain"),
        Column("phases_p", "plain"), Column("forecast_gain_share", "plain"),
        Column("forecast_p", "plain"), Column("leads"), Column("correlations"),
        Column("as_of", "date"), Column("known_on", "date"), Column("data_version"),
    )  # fmt: skip
    return Table("probe", columns, [_raw(row, found) for row in found.rows])


def data(found: Probe, words: Catalogue) -> dict[str, Any]:
    """For JSON: verdict, sentences, the placebo with money, and the rows."""
    money = found.money
    return {
        "badge": words.say("measured.badge"),
        "stamp": found.stamp.to_dict(),
        "verdict": found.verdict,
        "sentences": sentences(found, words),
        "money": None if money is None else {
            **vars(money), "first": money.first.isoformat(), "last": money.last.isoformat(),
        },
        "missing": list(found.missing),
        "stale": list(found.stale),
        "rows": [
            {**record, "correlations": [float(value) for value in row.found.correlation]}
            for record, row in zip(table(found).to_records(), found.rows, strict=True)
        ],
    }  # fmt: skip


def sentences(found: Probe, words: Catalogue) -> list[str]:
    """The verdict first, then clocks, hints, what is missing."""
    said = [words.say(f"probe.verdict.{found.verdict}")]
    level = percent(numbers("probe")["level"], words, signed=False)
    said.append(words.say("probe.rule", level=level))
    nearest = min(found.rows, key=lambda row: row.found.p_value, default=None)
    if nearest is not None and not nearest.leads:
        said.append(_nearest(nearest, words))
    if found.of("daily"):
        said.append(words.say("probe.clock", late=percent(found.hour_late, words, signed=False)))
    if found.money is not None:
        said += [_levels(found.money, words), _changes(found.money, words)]
    if found.missing:
        names = [words.say(f"probe.question.{name}") for name in found.missing]
        said.append(words.say("probe.missing", names="; ".join(names)))
    return [*said, words.say("probe.no_hourly")]


def print_probe(found: Probe, words: Catalogue, console: Console) -> None:
    """The verdict, a table a question, and what chance looks like."""
    from drypowder.report.terminal import rich_table, say

    say(console, words.say("probe.head", badge=words.say("measured.badge")), style="bold")
    verdict, *others = sentences(found, words)
    say(console, verdict, style="bold")
    if found.stale:
        named = ", ".join(found.stale[:_NAMED])
        say(console, words.say("probe.stale", names=named), style="bold")
    for question in QUESTIONS:
        rows = found.of(question)
        if rows:
            console.print()
            first, last = min(row.first for row in rows), max(row.last for row in rows)
            say(console, words.say("probe.over", first=first, last=last,
                                   question=words.say(f"probe.question.{question}")))  # fmt: skip
            console.print(rich_table(shown(rows, words), words))
    console.print()
    for sentence in others:
        say(console, sentence, indent="  ")
    console.print()
    say(console, found.stamp.line(words), style="dim")


def shown(rows: tuple[Row, ...], words: Catalogue) -> Table:
    """What a person compares within one question."""
    columns = (Column("probe_target"), *(Column(name, "mixed") for name in (
        "probe_at_once", "probe_best_lag", "probe_p", "probe_holm",
        "probe_placebo", "probe_gain", "probe_gain_p",
    )))  # fmt: skip
    return Table("probe", columns, [_row(row, words) for row in rows])


def _row(row: Row, words: Catalogue) -> tuple[str, ...]:
    correlation = row.found.correlation[row.found.best - int(row.found.lags[0])]
    return (
        row.target,
        fixed(row.found.at_once, words, digits=2, signed=True),
        words.say("probe.lag", lag=row.found.best,
                  correlation=fixed(float(correlation), words, digits=2, signed=True)),
        fixed(row.found.p_value, words, digits=3),
        fixed(row.holm, words, digits=3),
        words.say("probe.placebos", turned=fixed(row.turned_p, words, digits=2),
                  phases=fixed(row.phases_p, words, digits=2)),
        fixed(100 * row.forecast.gain, words, digits=1, signed=True),
        fixed(row.forecast.p_value, words, digits=3),
    )  # fmt: skip


def _nearest(row: Row, words: Catalogue) -> str:
    return words.say(
        "probe.nearest", question=words.say(f"probe.question.{row.question}"), target=row.target,
        lag=row.found.best, p=fixed(row.found.p_value, words, digits=3),
        holm=fixed(row.holm, words, digits=3),
        gain=fixed(100 * row.forecast.gain, words, digits=1, signed=True),
    )  # fmt: skip


def _levels(money: Money, words: Catalogue) -> str:
    return words.say(
        "probe.levels", lag=money.lag_weeks, levels=percent(money.levels, words, signed=False),
        walks=percent(money.placebo_median, words, signed=False),
        share=percent(money.placebo_p, words, signed=False),
    )  # fmt: skip


def _changes(money: Money, words: Catalogue) -> str:
    return words.say(
        "probe.changes", lag=money.lag_weeks, changes=percent(money.changes, words, signed=False),
        p=fixed(money.changes_p, words, digits=2), count=money.quarters,
    )  # fmt: skip


def _raw(row: Row, whole: Probe) -> tuple:
    found = row.found
    return (
        row.question, row.target, found.observations, row.first, row.last, found.at_once,
        found.best, row.sign, found.largest, found.p_value, row.holm, row.turned_p, row.phases_p,
        row.forecast.gain, row.forecast.p_value, row.leads,
        " ".join(f"{value:.6f}" for value in found.correlation),
        whole.stamp.as_of, whole.stamp.known_on, whole.stamp.data_version,
    )  # fmt: skip
