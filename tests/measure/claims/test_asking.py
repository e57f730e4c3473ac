"""A claim asked on a day: what it read, what was missing, and what is kept."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.errors import UsageError
from drypowder.measure.claims import (
    CANNOT_SAY,
    Answer,
    answers,
    ask,
    claim,
    history,
    numbers,
    registration_hash,
)
from drypowder.report.words import catalogue

WORDS = catalogue().section("claims")
SENTENCES = ("title", "hypothesis", "null", "window", "vintage", "statistic", "stopping", "change",
             "size")  # fmt: skip


def two_rates(as_of="2026-11-23", together=0.6, seed=3, **more):
    """Yields and spreads whose daily changes go together."""
    days = np.arange("2025-06-01", "2026-08-22", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    shocks = np.random.default_rng(seed).standard_normal((len(days), 2))
    shocks[:, 1] = together * shocks[:, 0] + np.sqrt(1 - together**2) * shocks[:, 1]
    levels = 4.0 + 0.05 * np.cumsum(shocks, axis=0)
    moment = datetime.fromisoformat(as_of).replace(hour=23, minute=59, tzinfo=UTC)
    return FakeKnown.of(
        made_up("DGS10", days, levels[:, 0], **more),
        made_up("BAMLH0A0HYM2", days, levels[:, 1], **more), as_of=moment,
    )  # fmt: skip


def test_every_claim_is_registered_with_every_sentence_and_label():
    assert numbers() == tuple(range(1, 16))
    for number in numbers():
        registration = claim(number).REGISTRATION
        assert registration.number == number
        assert registration.stop_on > registration.registered_on
        for key in SENTENCES:
            assert WORDS[f"claims.{number}.{key}"].strip(), (number, key)


def test_an_unknown_claim_is_named():
    with pytest.raises(UsageError, match="DP-200"):
        claim(16)


def test_a_word_changed_is_another_registration():
    before = registration_hash(14, WORDS)
    assert registration_hash(14, {**WORDS, "claims.14.size": "Another size."}) != before
    assert registration_hash(14, {**WORDS, "claims.3.size": "Another size."}) == before


def test_an_answer_says_what_it_read_and_since_when_it_was_known():
    found = ask(two_rates(), 14, WORDS)
    assert found.word == "holds"
    assert [each.name for each in found.sources] == ["BAMLH0A0HYM2", "DGS10"]
    assert str(found.known_on) == "2026-08-22"  # a day after the last observed one
    assert not found.starter and not found.estimated
    assert Answer.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_nothing_known_later_enters_a_verdict_as_of_a_day():
    early = ask(two_rates("2026-06-30"), 14, WORDS)
    assert str(early.finding.last) == "2026-06-29"
    assert early.known_on <= early.as_of
    later = two_rates("2026-06-30")
    for series in later.stored.values():
        series.values[series.known_on > np.datetime64("2026-07-01")] = 99.0
    assert ask(later, 14, WORDS).finding == early.finding


def test_missing_data_are_an_answer_that_names_them():
    found = ask(FakeKnown.of(), 14, WORDS)
    assert (found.word, found.missing) == (CANNOT_SAY, ("DGS10", "BAMLH0A0HYM2"))


def test_a_window_that_has_not_begun_says_nothing():
    found = ask(two_rates("2026-01-15"), 14, WORDS)
    assert (found.word, found.finding, found.missing) == (CANNOT_SAY, None, ())


def test_the_second_time_nothing_is_computed(tmp_path, monkeypatch):
    known = two_rates()
    first = answers(known, [14], WORDS, tmp_path)
    monkeypatch.setattr("drypowder.measure.claims.kept.ask", None)
    assert answers(known, [14], WORDS, tmp_path) == first


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"made up": 3}', "null"])
def test_a_corrupt_cache_is_computed_again(tmp_path, text):
    first = answers(two_rates(), [14], WORDS, tmp_path)
    (tmp_path / "cache.json").write_text(text)
    assert answers(two_rates(), [14], WORDS, tmp_path) == first
    assert json.loads((tmp_path / "cache.json").read_text())


def test_a_damaged_answer_in_the_cache_is_computed_again(tmp_path):
    first = answers(two_rates(), [14], WORDS, tmp_path)
    kept = json.loads((tmp_path / "cache.json").read_text())
    for broken in ({}, None, {"number": 14}, {**next(iter(kept.values())), "finding": 5}):
        (tmp_path / "cache.json").write_text(json.dumps({key: broken for key in kept}))
        assert answers(two_rates(), [14], WORDS, tmp_path) == first


def test_other_data_are_another_verdict_and_both_are_kept(tmp_path):
    known = two_rates()
    answers(known, [14], WORDS, tmp_path)
    answers(known, [14], WORDS, tmp_path)  # the same again adds no line
    other = two_rates(together=-0.6)
    other.version = "other"
    answers(other, [14], WORDS, tmp_path)
    assert [entry["word"] for entry in history(tmp_path, 14)] == ["holds", "fails"]
    assert history(tmp_path, 3) == []


def test_a_torn_line_of_the_history_costs_only_itself(tmp_path):
    answers(two_rates(), [14], WORDS, tmp_path)
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write('{"number": 14, "wo')
    assert len(history(tmp_path)) == 1


def test_a_home_that_cannot_be_written_costs_only_time(tmp_path):
    (tmp_path / "file").write_text("")
    found = answers(two_rates(), [14], WORDS, tmp_path / "file" / "claims")
    assert found[0].word == "holds"


def _write(folder, seed):
    known = two_rates(seed=seed)
    known.version = f"version {seed}"
    answers(known, [14], WORDS, folder)


def test_processes_that_write_at_once_mix_no_lines(tmp_path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(tmp_path, seed)) for seed in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    assert {entry["data_version"] for entry in history(tmp_path)} == {
        f"version {seed}" for seed in range(3)
    }
    assert json.loads((tmp_path / "cache.json").read_text())
