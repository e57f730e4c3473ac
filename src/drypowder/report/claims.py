"""Verdicts on the essay's claims: a row each, or a page on one; lost ones as large as won ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from textwrap import fill
from typing import TYPE_CHECKING, Any

from drypowder.measure.claims import VERDICTS, Answer, Part, claim
from drypowder.measure.stamp import MeasuredStamp
from drypowder.report.numbers import count, plain
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

_TEXT_LETTERS = 84
_FIELDS = ("hypothesis", "null", "window", "vintage", "statistic")
_LEVEL = 0.10
_NAMED = 8  # series in a sentence


def table(answers: Sequence[Answer], words: Catalogue) -> Table:
    """One row a claim, all digits kept."""
    columns = (
        Column("number", "plain"), Column("slug"), Column("title"), Column("verdict"),
        Column("effect", "plain"), Column("low", "plain"), Column("high", "plain"),
        Column("unit"), Column("direction", "plain"), Column("smallest_effect", "plain"),
        Column("p_value", "plain"), Column("observations", "plain"), Column("first"),
        Column("last"), Column("known_on"), Column("known_on_estimated"), Column("starter"),
        Column("short"), Column("missing"), Column("as_of"), Column("registered_on"),
        Column("stop_on"), Column("registration"), Column("data_version"),
    )  # fmt: skip
    return Table("claims", columns, [_row(each, words) for each in answers])


def data(answers: Sequence[Answer], words: Catalogue) -> list[dict[str, Any]]:
    """For JSON: the rows with the parts, caveats and sources of each claim."""
    rows = table(answers, words).to_records()
    for row, answer in zip(rows, answers, strict=True):
        given = answer.to_dict()
        finding = given["finding"] or {}
        row["words"] = {key: _said(words, answer, key) for key in (*_FIELDS, "stopping", "change")}
        row["parts"] = [
            {**part, "label": _part_label(words, answer, part["key"])}
            for part in finding.get("parts", [])
        ]
        row["caveats"] = [_caveat(words, answer, key) for key in finding.get("caveats", [])]
        row["sources"] = [
            {**each, "label": _source_label(words, each)} for each in given["sources"]
        ]
    return rows


def print_table(answers: Sequence[Answer], words: Catalogue, console: Console) -> None:
    """All claims that were asked for, with how many went which way."""
    from drypowder.report.terminal import rich_table, say

    say(console, words.say("claims.head") + f"   {words.say('claims.badge')}", style="bold")
    say(console, _counts(answers, words))
    console.print()
    console.print(rich_table(shown(answers, words), words))
    console.print()
    for sentence in _notes(answers, words):
        say(console, sentence)
    known = [each.known_on for each in answers if each.known_on]
    say(console, _stamp(answers[0], max(known, default=None), words), style="dim")


def print_page(answer: Answer, words: Catalogue, console: Console) -> None:
    """What was written down, what was found, and what to beware of."""
    from drypowder.report.terminal import rich_table, say

    title = words.say("claims.head_one", number=answer.number, title=_said(words, answer, "title"))
    say(console, f"{title}   {words.say('claims.badge')}", style="bold")
    console.print()
    say(console, words.say("claims.verdict", word=word(answer, words)), style="bold")
    for label, lines in page(answer, words):
        console.print()
        say(console, label, style="bold")
        for line in lines:
            say(console, line, indent="  ")
    for made in (parts(answer, words), sources(answer, words)):
        if made.rows:
            console.print()
            console.print(rich_table(made, words))
    console.print()
    for sentence in _one_notes(answer, words):
        say(console, sentence)
    stamp = _stamp(answer, answer.known_on, words, registration=answer.registration)
    say(console, stamp, style="dim")


def print_history(
    entries: Sequence[Mapping[str, Any]], number: int, words: Catalogue, console: Console
) -> None:
    """Every verdict that was ever computed here, the oldest first."""
    from drypowder.report.terminal import rich_table, say

    title = words.say(f"claims.{number}.title")
    say(console, words.say("claims.history_head", number=number, title=title), style="bold")
    if not entries:
        say(console, words.say("claims.history_none", number=number))
        return
    console.print(rich_table(history_table(entries).keep(
        "as_of", "verdict", "effect", "low", "high", "observations", "data_version", "registration"
    ), words))  # fmt: skip


def history_table(entries: Sequence[Mapping[str, Any]]) -> Table:
    """Verdicts as they are kept, hashes cut to what a person compares."""
    columns = (
        Column("as_of"), Column("number", "plain"), Column("verdict"), Column("effect", "plain"),
        Column("low", "plain"), Column("high", "plain"), Column("observations", "plain"),
        Column("data_version"), Column("registration"), Column("drypowder_version"),
    )  # fmt: skip
    rows = [
        (entry.get("as_of"), entry.get("number"), entry.get("word"), entry.get("effect"),
         entry.get("low"), entry.get("high"), entry.get("observations"),
         entry.get("data_version"), str(entry.get("registration"))[:12],
         entry.get("drypowder_version"))
        for entry in entries
    ]  # fmt: skip
    return Table("claims_history", columns, rows)


def shown(answers: Sequence[Answer], words: Catalogue) -> Table:
    """What a person reads: the verdict, and below the claim what it was read off."""
    columns = (Column("claim_number"), Column("verdict"), Column("claim"))
    rows = [
        (str(each.number), word(each, words) + ("*" if each.starter else ""),
         f"{_said(words, each, 'title')}\n{fill(_measured(each, words), _TEXT_LETTERS)}\n")
        for each in answers
    ]  # fmt: skip
    return Table("claims", columns, rows)


def page(answer: Answer, words: Catalogue) -> Iterator[tuple[str, list[str]]]:
    """Heading and sentences, in the order in which they were written down."""
    registration = claim(answer.number).REGISTRATION
    for key in _FIELDS:
        yield words.say(f"claims.field.{key}"), [_said(words, answer, key)]
    smallest = amount(registration.smallest_effect, registration.unit, words)
    yield words.say("claims.field.size", smallest=smallest), [_said(words, answer, "size")]
    yield (
        words.say("claims.field.stopping"),
        [_said(words, answer, "stopping"),
         words.say("claims.seen", registered=registration.registered_on,
                   stop=registration.stop_on)],
    )  # fmt: skip
    yield words.say("claims.field.change"), [_said(words, answer, "change")]
    yield words.say("claims.field.result"), [_result(answer, words)]
    if answer.finding and answer.finding.caveats:
        told = [_caveat(words, answer, key) for key in answer.finding.caveats]
        yield words.say("claims.field.caveats"), told


def parts(answer: Answer, words: Catalogue) -> Table:
    """Supporting numbers, controls and placebos."""
    columns = (Column("part"), Column("kind"), Column("claim_effect", "mixed"),
               Column("claim_interval"), Column("p_value", "plain"),
               Column("observations", "plain"))  # fmt: skip
    found = answer.finding.parts if answer.finding else ()
    return Table("claim_parts", columns, [_part(each, answer, words) for each in found])


def sources(answer: Answer, words: Catalogue) -> Table:
    """What was read: whose it is, which days, known since when."""
    columns = (Column("series"), Column("publisher"), Column("claim_window"), Column("known_on"))
    rows = [
        (each.name, fill(each.publisher, 44),
         words.say("claims.window_days", first=each.first, last=each.last), each.known_on)
        for each in answer.sources
    ]  # fmt: skip
    return Table("claim_sources", columns, rows)


def word(answer: Answer, words: Catalogue) -> str:
    """The verdict in words, in one size for all of them."""
    return words.say(f"claims.words.{answer.word}")


def amount(value: float, unit: str, words: Catalogue, *, signed: bool = False) -> str:
    """A number with its unit in words."""
    name = words.say(f"claims.units.{unit}")
    return f"{plain(value, words, figures=2, signed=signed)} {name}".strip()


def interval(low: float, high: float, words: Catalogue) -> str:
    """Both ends, signed."""
    ends = [plain(end, words, figures=2, signed=True) for end in (low, high)]
    return words.say("claims.interval", low=ends[0], high=ends[1])


def pull(answers: Sequence[Answer]) -> tuple[str, ...]:
    """Series without which a claim that was asked for could not be answered."""
    return tuple(dict.fromkeys(name for each in answers for name in each.missing))


def _row(answer: Answer, words: Catalogue) -> tuple:
    registration, finding = claim(answer.number).REGISTRATION, answer.finding
    numbers: tuple = (None, None, None, None, "", "")
    if finding:
        numbers = (finding.effect, finding.low, finding.high, finding.p_value,
                   str(finding.first), str(finding.last))  # fmt: skip
    effect, low, high, p_value, first, last = numbers
    return (
        answer.number, registration.slug, _said(words, answer, "title"), answer.word, effect, low,
        high, registration.unit, registration.direction, registration.smallest_effect, p_value,
        answer.observations, first, last, answer.known_on and str(answer.known_on),
        answer.estimated, answer.starter, " ".join(answer.short), " ".join(answer.missing),
        str(answer.as_of), str(registration.registered_on), str(registration.stop_on),
        answer.registration, answer.data_version,
    )  # fmt: skip


def _measured(answer: Answer, words: Catalogue) -> str:
    """Effect, interval, what the essay needs, observations, days and known date in a line."""
    if answer.finding is None:
        return _why_not(answer, words)
    registration = claim(answer.number).REGISTRATION
    sign = "plus" if registration.direction > 0 else "minus"
    smallest = plain(registration.direction * registration.smallest_effect, words, signed=True)
    needs = words.say(f"claims.essay_{sign}", smallest=smallest)
    return words.say("claims.measured", needs=needs, **_numbers(answer, words))


def _part(part: Part, answer: Answer, words: Catalogue) -> tuple:
    unit = part.unit or claim(answer.number).REGISTRATION.unit
    ends = ""
    if part.low is not None and part.high is not None:
        ends = interval(part.low, part.high, words)
    return (
        fill(_part_label(words, answer, part.key), 46), words.say(f"claims.kind.{part.kind}"),
        fill(amount(part.value, unit, words), 22),
        ends, part.p_value, part.observations,
    )  # fmt: skip


def _result(answer: Answer, words: Catalogue) -> str:
    finding = answer.finding
    if finding is None:
        return _why_not(answer, words)
    said = words.say("claims.result", **_numbers(answer, words))
    if finding.p_value is None:
        return said
    return f"{said} {words.say('claims.p_value', p=plain(finding.p_value, words, figures=2))}"


def _numbers(answer: Answer, words: Catalogue) -> dict[str, str]:
    finding, unit = answer.finding, claim(answer.number).REGISTRATION.unit
    assert finding is not None
    return {
        "effect": amount(finding.effect, unit, words, signed=True),
        "interval": interval(finding.low, finding.high, words),
        "count": count(finding.observations, words),
        "window": words.say("claims.window_days", first=finding.first, last=finding.last),
        "known_on": str(answer.known_on),
    }


def _why_not(answer: Answer, words: Catalogue) -> str:
    if answer.missing:
        return words.say("claims.missing", series=" ".join(answer.missing))
    registration = claim(answer.number).REGISTRATION
    if answer.as_of <= registration.window[0]:
        return words.say("claims.before_window", as_of=answer.as_of)
    first, last = registration.window
    if answer.as_of <= last and not answer.observations:
        return words.say("claims.not_over", as_of=answer.as_of, first=first, last=last)
    return words.say("claims.too_few", count=answer.observations, fewest=registration.fewest)


def _counts(answers: Sequence[Answer], words: Catalogue) -> str:
    found = Counter(each.word for each in answers)
    named = [
        words.say("claims.count", count=found[name], word=words.say(f"claims.words.{name}"))
        for name in reversed(VERDICTS) if found[name]
    ]  # fmt: skip
    return words.say("claims.counts", counts=words.joined(named))


def _notes(answers: Sequence[Answer], words: Catalogue) -> Iterator[str]:
    """What holds for the table as a whole."""
    yield words.say("claims.legend")
    looked = [each.finding.p_value for each in answers
              if each.finding and each.finding.p_value is not None]  # fmt: skip
    if len(looked) > 1:
        from drypowder.measure.statistics.many import holm

        found = int((holm(looked) <= _LEVEL).sum())
        yield words.say("claims.holm", count=found, of=len(looked))
    if any(each.starter for each in answers):
        yield words.say("claims.starter")
    if any(each.estimated for each in answers):
        yield words.say("claims.estimated")
    short = dict.fromkeys(name for each in answers for name in each.short)
    if short:
        yield words.say("claims.short", series=_named(list(short), words))


def _one_notes(answer: Answer, words: Catalogue) -> Iterator[str]:
    starters = [each.name for each in answer.sources if each.starter]
    if starters:
        yield words.say("claims.starter_one", series=_named(starters, words, between=" "))
    if answer.estimated:
        yield words.say("claims.estimated")
    if answer.short:
        yield words.say("claims.short", series=_named(answer.short, words))


def _named(names: Sequence[str], words: Catalogue, between: str = ", ") -> str:
    """The first few names and how many more there are."""
    told = between.join(names[:_NAMED])
    more = len(names) - _NAMED
    return words.say("claims.more", names=told, count=more) if more > 0 else told


def _stamp(
    answer: Answer, known_on: date | None, words: Catalogue, *, registration: str = ""
) -> str:
    stamp = MeasuredStamp(answer.as_of, known_on, answer.data_version, registration=registration)
    return stamp.line(words)


def _said(words: Catalogue, answer: Answer, key: str) -> str:
    return words.say(f"claims.{answer.number}.{key}")


def _part_label(words: Catalogue, answer: Answer, key: str) -> str:
    return words.say(f"claims.{answer.number}.parts.{key}")


def _source_label(words: Catalogue, source: Mapping[str, Any]) -> str:
    """A single figure's label stands among the words, a series' in the catalogue of the data."""
    kind, _, key = source["name"].partition(":")
    return words.say(f"claims.facts.{key}") if kind == "fact" else source["label"]


def _caveat(words: Catalogue, answer: Answer, key: str) -> str:
    said = words.section("claims")
    return said.get(f"claims.{answer.number}.caveats.{key}") or said[f"claims.caveats.{key}"]
