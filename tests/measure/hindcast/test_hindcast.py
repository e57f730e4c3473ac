"""The comparison on made-up worlds with a known answer, and once through the whole machine."""

from __future__ import annotations

import json
from datetime import UTC, date

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.data import open_store
from drypowder.errors import UsageError
from drypowder.measure.hindcast import AFTER, BEFORE, FAILS, HOLDS, compare, hindcast
from drypowder.measure.hindcast.drivers import drive
from drypowder.measure.hindcast.observed import month_days
from drypowder.measure.hindcast.settings import outcomes
from drypowder.measure.hindcast.simulated import Simulated, simulate_outcomes
from drypowder.report import hindcast as told
from drypowder.report.terminal import plain_text
from drypowder.report.words import catalogue

LAST = date(2026, 8, 21)
SHORT = date(2023, 6, 30)
MONTHS = month_days(LAST)


def walks(seed: int) -> dict[str, np.ndarray]:
    """A path of monthly changes for each outcome, nought at the opening."""
    rng = np.random.default_rng(seed)
    opened = int(np.searchsorted(MONTHS, np.datetime64("2022-12-31")))
    made = {}
    for outcome in outcomes():
        size = 0.03 if outcome.kind == "price" else 20.0
        path = np.cumsum(rng.normal(0.0, size, len(MONTHS)))
        made[outcome.key] = path - path[opened]
    return made


def simulated_as(paths, *, spread=0.1) -> Simulated:
    """Central path and two draws a little above and below it, at the ends of months."""
    after = MONTHS > np.datetime64("2022-12-31")
    wide = spread * np.arange(len(MONTHS))
    changes = {k: np.stack([v, v - wide, v + wide])[:, after] for k, v in paths.items()}
    return Simulated(MONTHS[after], changes, 1e-12, 0)


def observed_as(paths, *, licensed=(), only=None) -> FakeKnown:
    """Series whose mixture is each outcome's path; the second and later parts stay put."""
    series = {}
    for outcome in (each for each in outcomes() if only in (None, each.key)):
        names = list(outcome.observed)
        if outcome.kind == "price":
            parts = {name: np.exp(paths[outcome.key]) for name in names}
        else:
            scale = (100.0 if outcome.kind == "rate" else 1.0) * outcome.observed[names[0]]
            parts = {names[0]: paths[outcome.key] / scale}
            parts |= {name: np.zeros(len(MONTHS)) for name in names[1:]}
        for name, values in parts.items():
            series.setdefault(name, made_up(name, MONTHS, values, licensed=name in licensed))
    return FakeKnown(series)


def of(found):
    return {each.outcome.key: each for each in found.judged}


@pytest.mark.parametrize("key", [outcome.key for outcome in outcomes()])
def test_a_world_that_is_the_simulation_is_matched_perfectly(key):
    paths = walks(3)
    judged = of(compare(observed_as(paths, only=key), (), simulated_as(paths), LAST))[key]
    assert judged.verdict(BEFORE) == HOLDS
    assert all(change.same_sign and change.inside for change in judged.changes)
    assert {change.period for change in judged.changes} == {BEFORE, AFTER}
    assert all(s.ratio < 1e-6 for s in judged.scores[BEFORE] if s.origins)


def test_a_shuffled_world_is_not_matched():
    paths = walks(5)
    rng = np.random.default_rng(0)
    shuffled = {k: np.cumsum(rng.permutation(np.diff(v, prepend=0.0))) for k, v in paths.items()}
    found = compare(observed_as(paths), (), simulated_as(shuffled), LAST)
    verdicts = [each.verdict(BEFORE) for each in found.judged]
    assert HOLDS not in verdicts
    assert verdicts.count(FAILS) > len(verdicts) / 2


def test_months_after_the_cut_are_judged_apart_and_are_too_few():
    found = compare(observed_as(walks(7)), (), simulated_as(walks(7)), LAST)
    for judged in found.judged:
        assert {s.verdict for s in judged.scores[AFTER]} == {"too_few"}
        assert all(change.first >= date(2025, 12, 31) for change in judged.changes
                   if change.period == AFTER)  # fmt: skip


def test_what_is_known_later_is_not_compared():
    """Prints of 2026 are out a day later: asked at the end of 2025 there is no second period."""
    from datetime import datetime

    known = observed_as(walks(7))
    early = FakeKnown(known.stored, as_of=datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    found = compare(early, (), simulated_as(walks(7)), date(2025, 12, 31))
    assert all(change.period == BEFORE for each in found.judged for change in each.changes)
    assert found.stamp.known_on <= date(2025, 12, 31)


def test_missing_series_are_named_and_the_rest_is_compared():
    known = observed_as(walks(7))
    del known.stored["price:MU"]
    found = compare(known, (), simulated_as(walks(7)), LAST)
    assert found.missing == {"equity_memory": ["price:MU"]}
    assert "equity_memory" not in of(found)
    lines = told.warnings(found, catalogue())
    assert "drypowder data pull price:MU" in lines[0]


def test_failures_are_said_first_and_licensed_series_never_shown():
    known = observed_as(walks(7), licensed=("price:SPY",))
    found = compare(known, (), simulated_as(walks(9)), LAST)
    words = catalogue()
    text = plain_text(lambda console: told.print_hindcast(found, words, console))
    assert text.index(words.say("hindcast.failed")) < text.index(words.say("hindcast.held"))
    assert words.say("report.not_a_forecast") in text
    data = told.as_json(found, words)
    assert "listed_equity" not in data["observed"]
    assert "treasury_yield" in data["observed"]
    assert len(data["observed"]["treasury_yield"]) == len(data["days"])


def test_the_picture_labels_what_is_observed_and_what_is_simulated():
    words = catalogue()
    found = compare(observed_as(walks(7)), (), simulated_as(walks(9)), LAST)
    svg = told.picture(found, words)
    assert svg == told.picture(
        compare(observed_as(walks(7)), (), simulated_as(walks(9)), LAST), words
    )
    assert "stroke-dasharray" in svg
    assert "<pattern" in svg  # the hatched band


@pytest.fixture(scope="module")
def starter(tmp_path_factory):
    return open_store(tmp_path_factory.mktemp("home")).known_on("2026-11-23")


@pytest.fixture(scope="module")
def machine(starter):
    """Half a year through the whole machine, from the figures shipped with the package."""
    driven = drive(starter, SHORT)
    return driven, simulate_outcomes(driven.scenario, draws=2)


def test_accounts_balance_on_every_day_of_every_path(machine):
    assert 0.0 < machine[1].worst_gap < 1e-9
    assert machine[1].stopped == 0


def test_the_central_path_is_what_an_ordinary_run_gives(machine):
    from drypowder.scenarios.simulate import simulate

    driven, simulated = machine
    run = simulate(driven.scenario)
    bitcoin = np.log(run.price("bitcoin")[0])
    np.testing.assert_allclose(simulated.changes["bitcoin"][0], bitcoin, rtol=1e-7, atol=1e-9)
    assert simulated.changes["bitcoin"].shape == (3, len(run.dates))


def test_the_simulators_own_output_fed_back_is_matched(machine, starter):
    """What was simulated is what was observed: the comparison finds no error."""
    driven, simulated = machine
    days = simulated.dates
    values = simulated.changes["bitcoin"][0]
    before = np.arange("2015-01-31", "2023-01-02", 10, dtype="datetime64[D]")
    series = made_up("price:BTC", np.append(before, days),
                     np.append(np.ones(len(before)), np.exp(values)))  # fmt: skip
    found = compare(FakeKnown.of(series), driven.drivers, simulated, SHORT)
    judged = of(found)["bitcoin"]
    one = next(s for s in judged.scores[BEFORE] if (s.horizon, s.benchmark) == (1, "no_change"))
    assert one.model_rmse == pytest.approx(0.0, abs=1e-9)
    change = judged.changes[0]
    assert change.observed == pytest.approx(change.simulated)


def test_a_day_that_cannot_be_reached_is_refused(starter):
    for day in (date(2023, 1, 20), date(2031, 1, 1)):
        with pytest.raises(UsageError, match="DP-220"):
            hindcast(starter, last_day=day)


@pytest.mark.parametrize(
    ("options", "code"), [([], 0), (["--strict"], 3), (["--to", "soon"], 2), (["--json"], 0)]
)
def test_the_command_compares_what_it_can_and_says_what_is_missing(
    options, code, tmp_path, capsys, monkeypatch
):
    from drypowder.cli import main

    monkeypatch.setenv("DRYPOWDER_HOME", str(tmp_path))
    monkeypatch.setattr(
        "sys.argv", ["drypowder", "hindcast", "--to", str(SHORT), "--paths", "2", *options]
    )
    with pytest.raises(SystemExit) as left:
        raise SystemExit(main())
    assert (left.value.code or 0) == code
    shown = capsys.readouterr()
    if options == ["--json"]:
        data = json.loads(shown.out)
        assert "price:SPY" in data["missing"]["listed_equity"]
        assert "NOT COMPARED" in shown.err
    elif code != 2:
        assert "NOT COMPARED" in shown.out
        assert "drypowder data pull" in shown.out
