"""Levers and phase diagram as words, tables and pages, from studies made by hand."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

from drypowder.report import levers_table, phase
from drypowder.report.words import catalogue
from drypowder.scenarios.phase_study import Effects, PhaseStudy
from drypowder.scenarios.policy_study import (
    FOUND,
    NOTHING,
    OUT_OF_REACH,
    OUTCOMES,
    TARGETS,
    PolicyStudy,
    Row,
    Trial,
    Undo,
)

WORDS = catalogue()
STAMP = {"scenario": "essay", "scenario_hash": "ab", "first_day": "2026-01-02", "paths": 1,
         "last_day": "2028-01-04", "version": "0", "jax": "0", "device": "cpu"}  # fmt: skip
SCENARIO = SimpleNamespace(name="essay", digest="ab")


@pytest.fixture
def policy():
    change = np.array([100.0, -5.0, 1.0, 2.0, 0.03, 0.1, 0.02, -40.0, 0.0])
    rows = (
        Row(Trial("qe_treasuries_usd_bn_per_month", 60.0), change),
        Row(Trial("policy_rate_change", -0.01), np.full(len(OUTCOMES), np.nan)),
        Row(Trial("selling_rule", 2.0), 0.0 * change),
    )
    states = zip(TARGETS, (FOUND, OUT_OF_REACH, NOTHING), strict=True)
    undo = tuple(
        Undo("qe_treasuries_usd_bn_per_month", outcome, state, 4.77, 0.0 if k != 1 else 0.33)
        for k, (outcome, state) in enumerate(states)
    )
    return PolicyStudy(SCENARIO, STAMP, -0.1 * change, rows, undo, None, "2028-01-04")


@pytest.fixture
def diagram():
    multiple, share = np.meshgrid([0.5, 1.0], [0.0, 0.5, 1.0], indexing="ij")
    effect = (share - 0.5 / multiple**0.5) / multiple
    grid = Effects(multiple, 1.0 - share, 15640.0 * multiple, share, 0.0 * share, effect, 0 * share)
    own = Effects(*(np.array([v]) for v in (1.0, 0.45, 15640.0, 0.6, 0.4, 0.4, 0.0)))
    return PhaseStudy(SCENARIO, STAMP, grid, own, 63, 100.0, "2026-01-02", "2026-04-06")


def test_ai_capex_stands_first_and_settings_have_units(policy):
    table = levers_table.effects(policy, WORDS)
    assert table.column("lever") == [
        "AI capex itself", "QE, 60 bn a month", "policy rate, −1 % points",
        "selling rule, pro rata",
    ]  # fmt: skip
    shown = table.shown(WORDS)
    assert "+3.0" in shown[2] and "−5.0" in shown[2]  # listed equity in %, yield in bp
    assert set(shown[3][1:]) == {"–"}  # no price was found


def test_sizes_say_found_out_of_reach_or_nothing(policy):
    (row,) = levers_table.sizes(policy, WORDS).rows
    assert row[1:] == ("4.77 bn a month", "out of reach, 67 % undone", "nothing to undo")


def test_every_unit_of_a_trial_can_be_said():
    from drypowder.scenarios.policy_study import trials

    for trial in trials():
        assert levers_table.setting_said(trial.lever, trial.setting, WORDS)


def test_numbers_for_machines_keep_lever_setting_and_size_apart(policy):
    table = levers_table.numbers(policy)
    record = table.row("qe_treasuries_usd_bn_per_month")
    assert record["setting"] == 60.0 and record["unit"] == "USD bn per month"
    assert record["listed_equity_change"] == 0.03 and record["to_equity_setting"] == 4.77
    assert record["to_treasury_setting"] is None
    assert table.row("selling_rule")["setting"] == "pro_rata"
    data = levers_table.as_json(policy, WORDS)
    assert data["note"] == WORDS.say("report.not_a_forecast")
    assert [undo["state"] for undo in data["undo"]] == [FOUND, OUT_OF_REACH, NOTHING]


def test_the_coarse_table_says_where_zero_lies(diagram):
    table = phase.coarse(diagram, WORDS)
    # effect = (share - 0.5 / sqrt m) / m is zero at 0.5 / sqrt m
    assert table.column("zero_share") == pytest.approx([0.7071, 0.5], abs=1e-3)
    assert table.rows[1][2] == "−0.50" and table.rows[1][6] == "+0.50"
    said = " ".join(s for part in phase.sections(diagram, WORDS) for s in part.sentences)
    assert "hoards must pay 50.0 %" in said and "hoards must pay 70.7 %" in said


def test_worlds_without_a_price_are_counted_and_left_blank(diagram):
    diagram.grid.equity_usd_per_usd[0, 0] = np.nan
    said = " ".join(s for part in phase.sections(diagram, WORDS) for s in part.sentences)
    assert "In 1 of 6 worlds" in said
    assert phase.coarse(diagram, WORDS).rows[0][2] == "–"
    assert phase.chart(diagram, WORDS).svg


def test_json_of_the_diagram_has_axes_measured(diagram):
    data = phase.as_json(diagram, WORDS)
    assert len(data["grid"]) == 6 and data["own"]["hoard_share"] == 0.6
    assert data["zero_line"][1] == {
        "multiple": 1.0, "dry_powder_usd_bn": 15640.0, "hoard_share": 0.5,
    }  # fmt: skip


@pytest.mark.parametrize("made", [levers_table, phase], ids=["levers", "phase"])
def test_the_page_holds_everything_and_the_same_study_gives_the_same_bytes(made, policy, diagram):
    found = policy if made is levers_table else diagram
    page = made.page(found, WORDS)
    assert page == made.page(found, WORDS)
    assert "SIMULATED" in page and "<svg" in page and "<details open>" in page
    assert not re.search(r"(?:src|href)=\"(?!#)", page) and "<script" not in page
