"""A claim asked on a day: what it read, what was missing, and what is kept."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.data import known as store_known
from drypowder.data import open_store
from drypowder.data.importing import import_path
from drypowder.errors import DataMissingError, UsageError
from drypowder.measure.claims import (
    CANNOT_SAY,
    Answer,
    answers,
    ask,
    claim,
    history,
    kept,
    numbers,
    registration_hash,
)
from drypowder.measure.claims.asking import Fetched
from drypowder.measure.claims.registry import method_hash
from drypowder.measure.numbers import table
from drypowder.measure.rank.universe import universe
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


def test_days_that_claims_share_are_part_of_what_was_registered(monkeypatch):
    before = registration_hash(14, WORDS)
    window = (claim(14).REGISTRATION.window[0], date(2026, 9, 1))
    monkeypatch.setattr(claim(14), "REGISTRATION", replace(claim(14).REGISTRATION, window=window))
    assert registration_hash(14, WORDS) != before


def test_a_kept_verdict_hangs_on_all_code_and_numbers_that_made_it(monkeypatch):
    read = set()
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.add(path.name), real(path))[1])
    assert method_hash.__wrapped__() == method_hash()
    made_of = {"numbers.py", "known.py", "fed.toml", "cross_section.py", "dated.toml", "rank.toml"}
    assert made_of <= read


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


def test_before_the_window_pulling_would_not_help():
    found = ask(FakeKnown.of(as_of=datetime(2026, 1, 15, tzinfo=UTC)), 14, WORDS)
    assert (found.word, found.missing) == (CANNOT_SAY, ())


def test_only_what_would_help_is_to_be_pulled(monkeypatch):
    known = two_rates()
    known.stored["DGS10"].starter = True

    def refused(code):
        def measure(_):
            raise DataMissingError(code, "too little.")

        monkeypatch.setattr(claim(14), "measure", measure)
        return ask(known, 14, WORDS).missing

    assert refused("DP-230") == ("DGS10",)  # month-ends where days are needed
    assert refused("DP-211") == ()  # all is stored, and was too short on the day


def test_a_window_that_has_not_begun_says_nothing():
    found = ask(two_rates("2026-01-15"), 14, WORDS)
    assert (found.word, found.finding, found.missing) == (CANNOT_SAY, None, ())


def test_the_second_time_nothing_is_computed(tmp_path, monkeypatch):
    known = two_rates()
    first = answers(known, [14], WORDS, tmp_path)
    monkeypatch.setattr("drypowder.measure.claims.kept.ask", None)
    assert answers(known, [14], WORDS, tmp_path) == first


SPANS = ({}, {"since": date(2026, 1, 5)}, {"until": date(2026, 1, 7)},
         {"since": date(2026, 1, 6), "until": date(2026, 1, 8)},
         {"since": date(2027, 1, 1)}, {"until": date(2025, 1, 1)})  # fmt: skip


@pytest.mark.parametrize("span", SPANS)
def test_a_part_of_what_was_fetched_is_what_the_store_says_of_it(tmp_path, span):
    """A daily series of prices, bars, and a monthly one that ends in shipped figures."""
    rows = ["series,observed_on,known_on,value"]
    rows += [f"price:SPY,2026-01-{day:02},2026-01-{day + 1:02},{day}" for day in range(2, 12)]
    rows += [f"perp-4h:BTCUSDT,2026-01-07T{hour:02}:00:00Z,2026-01-08,7" for hour in (0, 12)]
    rows += ["M2SL,2025-11-30,2026-01-08,22000", "M2SL,2025-12-31,2026-02-08,22100"]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(rows) + "\n")
    store = open_store(tmp_path / "home")
    import_path(store, path)
    known, names = store.known_on("2026-11-23"), ["price:SPY", "perp-4h:BTCUSDT", "M2SL", "DGS10"]
    fetched, asked = Fetched(known, names).table(names, **span), known.table(names, **span)
    assert fetched.keys() == asked.keys()
    for name, each in asked.items():
        ours, theirs = vars(fetched[name]), vars(each)
        for key, value in theirs.items():
            assert np.array_equal(ours[key], value) or ours[key] == pytest.approx(value), key


def test_a_field_or_basket_is_fetched_with_the_registered_series():
    contest = set(kept._names(5))
    assert {asset.series for asset in universe()} <= contest
    baskets = table("claims", "retail")
    named = {f"price:{t}" for which in ("speculative", "steady") for t in baskets[which]["tickers"]}
    assert named <= set(kept._names(13))


@pytest.mark.real_data
def test_all_claims_ask_the_store_once(imported_store, monkeypatch):
    asked, query = [], store_known.query

    def counted(files, names, *more, **span):
        asked.append(names)
        return query(files, names, *more, **span)

    monkeypatch.setattr(store_known, "query", counted)
    answers(imported_store.known_on("2026-11-23"), numbers(), WORDS)
    assert len(asked) == 1, [len(each) for each in asked]


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
