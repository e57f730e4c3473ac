"""What is kept of a run, and the numbers that answer the questions of the essay."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np
import pytest
from tests.report.synthetic import HOARD_LASTS, about, broken_path, make_run

from drypowder.engine.run import Failure
from drypowder.report import answers, experiments, flows
from drypowder.report.artist import Artist
from drypowder.report.compare import compare, headline_outcomes
from drypowder.report.export import as_json
from drypowder.report.fans import fan, in_100_worlds, supported, worlds_needed
from drypowder.report.html import page
from drypowder.report.produce import store
from drypowder.report.record import record_of
from drypowder.report.store import open_run
from drypowder.report.summary import sections
from drypowder.report.terminal import summary_text
from drypowder.report.words import catalogue


@pytest.fixture(scope="module")
def record():
    return record_of(make_run(), about())


def test_quantiles_are_refused_when_too_few_worlds_lie_beyond():
    assert worlds_needed(0.05) == 60 and worlds_needed(0.25) == 12
    assert not supported(0.05, 59) and supported(0.05, 60)
    statistics = fan(np.arange(13.0)[:, None])
    assert np.isnan(statistics[[0, 4]]).all() and statistics[1] == pytest.approx(3.0)
    assert np.isnan(in_100_worlds(np.ones(11, dtype=bool)))


def test_bands_leave_out_the_central_path_and_stopped_worlds():
    run = make_run(paths=17)
    stopped = make_run(paths=17, failures=[broken_path(run, 3, 4)])
    record = record_of(stopped, about())
    others = [k for k in range(1, 17) if k != 3]
    expected = run.series["lambda_bp"][others].mean(axis=0)
    np.testing.assert_allclose(record.band("lambda_bp", "mean"), expected, rtol=1e-12)
    assert record.worlds == 15
    assert any(e.event == "market_did_not_clear" and e.subject == "bitcoin" for e in record.events)


def test_dry_powder_of_households_is_worked_by_hand(record):
    # opens at 10, falls by 2 a day for 10 days: -10; the twin falls by 0.5 a day: 5
    row = answers.dry_powder(record).row("households")
    assert (row["first_usd_bn"], row["end_usd_bn"], row["effect_usd_bn"]) == (10.0, -10.0, -15.0)
    # at most a hundredth of 10 is left first on day 5 (10 - 2 x 5 = 0)
    assert row["ran_out_on"] == str(record.dates[5])


def test_sources_add_up_to_capex(record):
    table = answers.funding(record)
    total = table.row("total")["total_usd_bn"]
    assert sum(row[1] for row in table.rows[:-1]) == pytest.approx(total)
    assert total == pytest.approx(12.0 * 11)
    # 12 - 5 - 4 - 2 - 0.5: half a billion a day is paid by AI labs for computing
    assert table.row("cloud_customers")["total_usd_bn"] == pytest.approx(0.5 * 11)


def test_hoards_are_spent_on_the_first_day_on_which_another_source_is_needed(record):
    assert answers.hoard_date(record) == str(record.dates[0])
    run = make_run()
    first = run.series["funding_hoard_usd_bn"] > 0.0
    for name in ("bonds", "private_credit"):
        run.series[f"funding_{name}_usd_bn"][first] = 0.0
    assert answers.hoard_date(record_of(run, about())) == str(run.dates[HOARD_LASTS])


def test_yields_and_spreads_are_differences_to_the_first_day_and_to_the_twin(record):
    row = answers.yields(record).row("treasury_yield")
    assert row["change_bp"] == pytest.approx(10.0) and row["effect_bp"] == pytest.approx(8.0)


def test_links_of_the_ai_dollar_are_twelve_at_most_and_balance(record):
    table = flows.links(record)
    by_stage = {s: [r for r in table.rows if r[0] == s] for s in ("paid", "received", "now")}
    assert len(table.rows) <= 12
    paid, received = (sum(r[3] for r in by_stage[s]) for s in ("paid", "received"))
    assert paid == pytest.approx(received) == pytest.approx(7.0 * 11)
    assert "other" in [r[2] for r in by_stage["received"]]


def test_extra_bonds_and_an_absorbing_fed_are_compared_with_the_central_path(record):
    bonds = experiments.extra_bonds(record)
    assert bonds is not None
    assert bonds.row("treasuries")["end_yield_bp"] == pytest.approx(3.0)  # 1.3 - 1.0 a day
    fed = experiments.fed(record)
    # -1e-4 x 0.8 x 10 days against 0.3: five eighths undone, to first order
    assert fed is not None and fed.row("treasuries")["undone"] == pytest.approx(0.625, abs=0.01)
    assert experiments.fed_bought_usd_bn(record) == pytest.approx(40.0 * 10 / 11)


def test_longer_durations_lose_more_when_yields_rise(record):
    assert answers.duration_slope(record) < 0.0


def test_without_twins_the_summary_still_stands():
    run = make_run(paths=1)
    run.companions.clear()
    words = catalogue()
    parts = {part.key: part for part in sections(record_of(run, about()), words)}
    assert "bonds" not in parts and "fed" not in parts
    assert not any("AI capex is worth" in s for s in parts["powder"].sentences)


def test_a_twin_that_stopped_is_named_wherever_the_answer_is_given(tmp_path):
    """What (the twin), where (day, market, sector) and what to do: text, page, JSON, store."""
    failure = Failure(0, 4, "ig_credit", "households")
    run = replace(make_run(paths=1), companion_failures={"fed_absorbs": failure})
    del run.companions["fed_absorbs"]
    words, date = catalogue(), str(run.dates[4])
    made = record_of(run, about())
    store(made, tmp_path, words, artist=Artist())
    for record in (made, open_run("last", tmp_path)):
        known = as_json(record, words)
        assert known["twins_stopped"] == [
            {"twin": "fed_absorbs", "date": date, "market": "ig_credit", "sector": "households"}
        ]
        (said,) = (s for s in known["sentences"]["accounts"] if "stopped" in s)
        assert "the Fed absorbs AI duration" in said and f"stopped on {date}" in said
        assert "investment-grade credit" in said and "households" in said
        assert "run fewer years, or move the levers" in said
        assert said in " ".join(summary_text(record, words).split())
        assert escape(said) in page(record, words)
    whole = record_of(make_run(paths=1), about())
    assert as_json(whole, words)["twins_stopped"] == []
    assert not any("stopped" in s for s in as_json(whole, words)["sentences"]["accounts"])


def test_comparison_is_last_less_first(record):
    other = record_of(make_run(steps=5), {**about(), "levers_changed": {"capex_scale": 0.5}})
    table = compare([record, other])
    rows = {row[0]: row for row in table.rows}
    assert rows["treasury_yield_change"][-1] == pytest.approx(4.0 - 10.0)
    assert rows["lever capex_scale"][2:] == (1.25, 0.5, -0.75)
    assert rows["hoard_spent_on"][-1] is None
    assert set(headline_outcomes(record)) <= {row[0] for row in table.rows}
