"""Who had to sell: by channel, seller and round, who was not paid, how near the limits were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.synthetic import CRASH, about, make_run

from drypowder.accounts.economy import default_economy
from drypowder.channels.day import REGIMES as ENGINE_REGIMES
from drypowder.engine.force import ROUNDS as ENGINE_ROUNDS
from drypowder.engine.repayment import CHANNELS
from drypowder.engine.world import make_layout
from drypowder.report import charts, forced
from drypowder.report.axes import FORCES, REGIMES, ROUNDS, holders, vehicles
from drypowder.report.events import CALL_UNPAID, GATED, OVER_LIMIT, first_date
from drypowder.report.export import as_json
from drypowder.report.files import read_record
from drypowder.report.html import page
from drypowder.report.record import record_of
from drypowder.report.store import read_manifest, save
from drypowder.report.summary import sections
from drypowder.report.terminal import summary_text
from drypowder.report.words import catalogue
from drypowder.scenarios import parameters

WORDS = catalogue()


@pytest.fixture(scope="module")
def record():
    return record_of(make_run(paths=1), about())


def _calm():
    """The same run in which nobody was forced, everybody was paid and no gate bound."""
    run = make_run(paths=1)
    for name in ("forced_usd_bn", "forced_by_round", "call_default_usd_bn", "loan_losses_usd_bn"):
        run.series[name] = 0.0 * run.series[name]
    run.series["queue_usd_bn"] = 0.0 * run.series["queue_usd_bn"]
    return record_of(run, about())


def test_the_axes_are_those_of_the_engine():
    layout, economy = make_layout(default_economy()), default_economy()
    assert holders(economy) == tuple(economy.sector_names[k] for k in layout.holders)
    funds = tuple(economy.sector_names[row] for row, _ in layout.funds)
    assert vehicles(economy) == (*funds, "private_credit")
    assert (FORCES, REGIMES, ROUNDS) == (CHANNELS, ENGINE_REGIMES, ENGINE_ROUNDS)


def test_forced_sales_are_told_by_channel_and_seller(record):
    # deep pockets 3 for a call, hedge funds 2 + 0.5 in two rounds for lenders, on one day
    assert forced.forced_sales(record).rows == [
        ("capital_call", "deep_pockets", 3.0, 1), ("margin", "hedge_funds", 2.5, 1)
    ]  # fmt: skip
    assert forced.rounds(record).rows == [(1, 2.0), (2, 0.5)]
    assert forced.by_day(record).rows == [(str(record.dates[CRASH]), 3.0, 0.0, 2.5, 0.0)]


def test_room_is_the_fall_of_prices_that_brings_an_account_to_its_limit(record):
    # assets 2.5, debt 1.5, 3 allowed: at assets 2.25 leverage is 2.25 / 0.75 = 3, a fall of 10 %
    row = forced.accounts(record).row("hedge_funds")
    assert row["room"] == pytest.approx(0.1)
    assert [r[0] for r in forced.accounts(record).rows] == ["hedge_funds", "deep_pockets"]


@given(st.floats(1.01, 20.0), st.floats(1.05, 20.0))
def test_a_fall_by_the_room_meets_the_limit_exactly(leverage, largest):
    room = float(forced.room_to_limit(np.array(leverage), np.array(largest)))
    assets, debt = leverage * (1.0 - room), leverage - 1.0
    assert assets / (assets - debt) == pytest.approx(largest)
    assert (room >= 0.0) == (leverage <= largest) or leverage == pytest.approx(largest)


def test_without_debt_there_is_no_limit_to_come_near_to():
    assert np.isnan(forced.room_to_limit(np.array([1.0, 2.0]), np.array([3.0, 1.0]))).all()


def test_unpaid_calls_lost_loans_queues_and_closed_perpetuals_have_numbers(record):
    assert forced.redemptions(record).rows == [
        ("private_credit", pytest.approx(1.1), 4.0, str(record.dates[CRASH]), 4.0)
    ]
    coins = forced.perpetuals(record).row("alt_crypto")
    assert (coins["closed_usd_bn"], coins["date"]) == (12.0, str(record.dates[CRASH]))
    assert coins["open_interest_change"] == pytest.approx(-0.14)
    assert forced.beliefs(record).row("shrink") == {
        "regime": "shrink", "first_share": 0.15, "end_share": 0.35
    }  # fmt: skip


def test_dates_of_limits_unpaid_calls_and_gates(record):
    day = str(record.dates[CRASH])
    assert first_date(record.events, OVER_LIMIT, "hedge_funds") == day
    assert first_date(record.events, OVER_LIMIT, "deep_pockets") is None
    assert first_date(record.events, CALL_UNPAID, "ai_labs") == day
    assert first_date(record.events, GATED, "private_credit") == day
    assert not {e.event for e in _calm().events} & {OVER_LIMIT, CALL_UNPAID, GATED}


def test_notice_alone_is_never_called_a_gate():
    """A queue is called a gate's beyond a quarter of payments: no notice may be longer."""
    notice = [p for p in parameters().values() if p.table == "notice_days"]
    assert notice and all(p.high <= 0.25 * 365.25 for p in notice)


def test_the_section_says_who_had_to_sell_and_who_loses(record):
    (said,) = (part.sentences for part in sections(record, WORDS) if part.key == "forced")
    text = " ".join(said)
    for words in ("5.5 billion USD was sold", "deep pockets 3 billion USD", "up to 2 rounds",
                  "500 million USD of them only", "Every day came to rest", "On 1 of 11 days",
                  "were paid 4 billion USD", "the AI labs, go without", "banks and dealers, bear",
                  "Gates bound: private credit on", "hedge funds on", "bitcoin 6 billion USD",
                  "shrinks 15.0 % to 35.0 %"):  # fmt: skip
        assert words in text, words
    assert said[0] in " ".join(summary_text(record, WORDS).split())
    assert as_json(record, WORDS)["sentences"]["forced"] == said
    assert 'id="forced"' in page(record, WORDS) and 'id="chart-forced"' in page(record, WORDS)


def test_who_came_closest_is_named_where_nobody_was_over(record):
    run = make_run(paths=1)
    run.series["forced_usd_bn"][:, :, 2] = 0.0
    said = " ".join(forced.sentences(record_of(run, about()), WORDS))
    assert "Closest came hedge funds" in said and "fall of 10.0 %" in said


def test_where_nobody_is_forced_there_is_no_section_no_table_and_no_chart():
    calm = _calm()
    assert forced.tables(calm) == [] and charts.forced_sales(calm, WORDS) is None
    assert "forced" not in {part.key for part in sections(calm, WORDS)}
    assert "Who had to sell" not in page(calm, WORDS)


def test_runs_stored_before_there_were_forces_still_speak():
    run = make_run(paths=1)
    for name in ("forced_usd_bn", "leverage", "queue_usd_bn", "beliefs", "call_default_usd_bn"):
        del run.series[name]
    assert forced.sentences(record_of(run, about()), WORDS)  # loans were lost: that is known
    del run.series["loan_losses_usd_bn"]
    assert forced.sentences(record_of(run, about()), WORDS) == []


def test_a_stored_run_tells_the_same(record, tmp_path):
    folder = save(record, tmp_path, {})
    again = read_record(folder, read_manifest(folder))
    for name in ("forced_usd_bn", "forced_by_round", "leverage", "queue_usd_bn", "beliefs"):
        np.testing.assert_array_equal(again.central[name], record.central[name])
    assert forced.sentences(again, WORDS) == forced.sentences(record, WORDS)


def test_the_stack_of_the_chart_adds_up_to_all_forced_sales(record):
    chart = charts.forced_sales(record, WORDS)
    assert sum(sum(row[1:]) for row in chart.table.rows) == pytest.approx(
        record.central["forced_usd_bn"].sum()
    )
    assert "<pattern" in chart.svg and chart.section == "forced"
