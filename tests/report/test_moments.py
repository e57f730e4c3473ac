"""A replay is held against what was measured: every measure worked by hand on a few days."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from tests.report.synthetic import about, make_run

from drypowder.report import moments
from drypowder.report.export import as_json
from drypowder.report.html import page
from drypowder.report.moments import HIT, MISS, NEAR, NOT_IN_MODEL, NOT_MEASURED, model_value
from drypowder.report.record import record_of
from drypowder.report.terminal import summary_text
from drypowder.report.words import catalogue
from drypowder.scenarios.schema import Measured, Unmeasured

WORDS = catalogue()
# Wednesday to Tuesday; bitcoin closes at 100, 90, 63, 72 ... of its opening price of 100
DATES = np.datetime64("2026-02-04") + np.arange(7)
CLOSES = [1.0, 0.9, 0.63, 0.72, 0.72, 0.72, 0.81]
LOWS = [1.0, 0.8, 0.6, 0.63, 0.7, 0.7, 0.72]
WITHOUT = [1.0, 0.9, 0.75, 0.75, 0.75, 0.75, 0.75]  # lows of the twin without venues
TARGET = {
    "name": "bitcoin, lowest", "measure": "worst_low", "instrument": "bitcoin",
    "first_day": "2026-02-05", "last_day": "2026-02-06", "low": -0.35, "high": -0.25,
    "unit": "share", "source": "somebody, 2026", "note": "",
}  # fmt: skip


def replay(**series):
    """A record of seven days whose central path says what is needed here."""
    run = make_run(paths=1, steps=7, days_a_step=1)
    record = record_of(replace(run, dates=DATES), about())
    economy = record.economy
    cleared, price = economy.names("cleared"), np.array(record.central["price"])
    price[:, economy.instrument("bitcoin")] = CLOSES
    low, yields = np.ones((7, len(cleared))), np.full((7, len(cleared)), 0.05)
    low[:, cleared.index("bitcoin")] = LOWS
    yields[:, cleared.index("treasuries")] = [
        0.0429,
        0.0421,
        0.0422,
        0.0422,
        0.0422,
        0.0422,
        0.0422,
    ]
    yields[:, cleared.index("hy_and_loans")] = [
        0.0715,
        0.0718,
        0.0718,
        0.0718,
        0.0718,
        0.0713,
        0.0713,
    ]
    twin_low = low.copy()
    twin_low[:, cleared.index("bitcoin")] = WITHOUT
    central = {
        **record.central, "price": price, "low_price": low, "yield_pa": yields,
        "perp_open_interest_coins": np.array([[50.0, 30.0]] * 2 + [[40.0, 24.0]] * 5),
        "perp_liquidated_usd_bn": np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 1.0]] + [[0.0, 0.0]] * 4),
        "listed_equity_usd_bn": np.array([60.0, 57.0, 60.0, 60.0, 60.0, 60.0, 60.0]),
    }  # fmt: skip
    twin = {**central, "low_price": twin_low}
    for name in series.get("missing", ()):
        del central[name]
    return replace(record, central=central, companions={"without_venues": twin})


@pytest.mark.parametrize(
    ("measure", "instrument", "first", "last", "expected"),
    [
        # under the close before: 0.8/1.0 on Thursday, 0.6/0.9 on Friday
        ("worst_low", "bitcoin", "2026-02-05", "2026-02-06", -1 / 3),
        ("price_change", "bitcoin", "2026-02-05", "2026-02-06", 0.63 / 1.0 - 1.0),
        ("price_change", "bitcoin", "2026-02-04", "2026-02-05", -0.1),  # since the opening
        ("price_change", None, "2026-02-05", "2026-02-05", -0.05),  # all listed shares
        ("rebound", "bitcoin", "2026-02-05", "2026-02-07", 0.72 / 0.6 - 1.0),
        ("yield_change", "treasuries", "2026-02-05", "2026-02-05", -8.0),
        # high yield +3 bp, Treasuries -8: the spread widens by 11
        ("spread_change", "hy_and_loans", "2026-02-05", "2026-02-05", 11.0),
        # of these 11 Friday takes back 1, the Treasury yield's rise
        ("spread_reversed", "hy_and_loans", "2026-02-05", "2026-02-05", 1 / 11),
        # Thursday and Friday +10; the next business day is Monday: -5
        ("spread_reversed", "hy_and_loans", "2026-02-05", "2026-02-06", 0.5),
        ("liquidated", "bitcoin", "2026-02-05", "2026-02-06", 6.0),
        # of 50 bn of coins at the opening price, worth as much at Wednesday's close
        ("liquidated_share", "bitcoin", "2026-02-05", "2026-02-06", 6.0 / 50.0),
        ("liquidated_share", "bitcoin", "2026-02-06", "2026-02-06", 4.0 / (50.0 * 0.9)),
        ("share_of_liquidations", "bitcoin", "2026-02-05", "2026-02-06", 0.75),
        ("open_interest_change", "alt_crypto", "2026-02-05", "2026-02-06", -0.2),
        # without venues Friday's low is 0.75/0.9, a sixth below; with them a third
        ("fall_outside_perpetuals", "bitcoin", "2026-02-06", "2026-02-06", 0.5),
        ("yield_change", "treasuries", "2026-02-04", "2026-02-05", np.nan),  # no close before
        ("liquidated", "treasuries", "2026-02-05", "2026-02-05", np.nan),  # nobody closes those
        ("share_of_liquidations", "bitcoin", "2026-02-09", "2026-02-09", np.nan),  # of nothing
        ("worst_low", "bitcoin", "2026-02-03", "2026-02-05", np.nan),  # before the first day
        ("worst_low", "bitcoin", "2026-02-05", "2026-02-11", np.nan),  # after the last
        ("spread_reversed", "hy_and_loans", "2026-02-05", "2026-02-10", np.nan),  # no day after
    ],
)
def test_every_measure_is_what_its_name_says(measure, instrument, first, last, expected):
    row = {"measure": measure, "instrument": instrument, "first_day": first, "last_day": last}
    assert model_value(replay(), row) == pytest.approx(expected, nan_ok=True, abs=1e-9)


def test_measures_are_those_that_a_file_may_name():
    assert set(moments.MEASURES) == set(get_args(Measured))
    assert not set(moments.MEASURES) & set(get_args(Unmeasured))


def test_what_a_run_has_no_series_for_is_not_measured_and_never_a_miss():
    record = replay(missing=("low_price", "perp_liquidated_usd_bn"))
    for measure in ("worst_low", "rebound", "liquidated", "liquidated_share"):
        assert np.isnan(model_value(record, {**TARGET, "measure": measure}))
    assert np.isnan(
        model_value(
            replace(replay(), companions={}), {**TARGET, "measure": "fall_outside_perpetuals"}
        )
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-0.21, HIT), (-0.15, HIT), (-0.18, HIT), (-0.22, NEAR), (-0.121, NEAR), (-0.119, MISS),
        (-0.25, MISS), (0.5, MISS), (float("nan"), NOT_MEASURED), (float("inf"), NOT_MEASURED),
    ],
)  # fmt: skip
def test_near_is_outside_by_no_more_than_half_the_range(value, said):
    # the range is 0.06 wide: half of it is 0.03
    assert moments.verdict(value, low=-0.21, high=-0.15, measure="worst_low") == said


def test_what_the_model_has_no_part_for_is_said_so():
    for measure in get_args(Unmeasured):
        assert moments.verdict(0.0, low=-1.0, high=1.0, measure=measure) == NOT_IN_MODEL


@pytest.fixture(scope="module")
def told():
    """A run with one target of each verdict; the lowest price is a third below the close."""
    kinds = (("a hit", -0.4, -0.3, "worst_low"), ("a near one", -0.3, -0.2, "worst_low"),
             ("a miss", -0.2, -0.1, "worst_low"), ("minutes", 0.0, 1.0, "within_the_day"),
             ("unknown", -2.0, -1.0, "liquidated"))  # fmt: skip
    rows = [{**TARGET, "name": n, "low": lo, "high": hi, "measure": m} for n, lo, hi, m in kinds]
    record = replay(missing=("perp_liquidated_usd_bn",))
    return replace(record, about={**record.about, "targets": rows})


def test_the_table_has_every_target_in_the_order_of_the_file(told):
    table = moments.targets(told)
    rows = table.to_records()
    assert [r["name"] for r in rows] == ["a hit", "a near one", "a miss", "minutes", "unknown"]
    assert [r["verdict"] for r in rows] == [HIT, NEAR, MISS, NOT_IN_MODEL, NOT_MEASURED]
    # shares are told in per cent
    assert (rows[0]["target_low"], rows[0]["target_high"], rows[0]["unit"]) == (-40.0, -30.0, "%")
    assert rows[0]["model"] == pytest.approx(-100 / 3) and rows[3]["model"] is None


def test_hits_and_misses_are_printed_at_the_same_size_everywhere(told):
    text, html, data = summary_text(told, WORDS), page(told, WORDS), as_json(told, WORDS)
    begins = {"a hit": "Hit, 1 of 5", "a near one": "Near", "a miss": "Missed, 1",
              "minutes": "Not in the model yet, 1", "unknown": "Not measured"}  # fmt: skip
    for name, said in begins.items():
        sentences = [line for line in text.splitlines() if line.strip().startswith(said)]
        assert len(sentences) == 1 and name in sentences[0]
        assert f'<td class="words">{name}</td>' in html and said in html
        assert len([line for line in text.splitlines() if line.strip().startswith(name + " ")]) == 1
    verdicts = [row["verdict"] for row in data["tables"]["targets"]]
    assert verdicts == [HIT, NEAR, MISS, NOT_IN_MODEL, NOT_MEASURED]
    assert max(map(len, text.splitlines())) <= 110


def test_a_run_without_targets_says_nothing_of_them():
    record = replay()
    assert moments.targets(record) is None
    assert "targets" not in as_json(record, WORDS)["tables"]
