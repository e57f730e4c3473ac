"""Levers stay in their ranges and do what they say; digests tell scenarios apart."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from drypowder.errors import UsageError
from drypowder.scenarios import levers, load, names, parameters
from drypowder.scenarios.schema import ScenarioFile

_DIGESTS = "from drypowder.scenarios import load; print(load('essay').digest, load('qe').digest)"


def test_every_lever_moves_something_and_quotes_the_essay():
    for lever in levers().values():
        assert lever.sentence and lever.what and lever.unit
        assert lever.low < lever.high
        if lever.target_kind == "parameter":
            assert set(lever.parameters(parameters())) <= set(parameters())
            assert lever.parameters(parameters())
        else:
            assert lever.target_kind in ("switch", "field", "purchases")
        if lever.default is not None:
            assert lever.low <= lever.default <= lever.high


def test_every_lever_can_be_set_to_both_ends_of_its_range():
    essay = load("essay")
    for name, lever in levers().items():
        for value in (lever.low, lever.high):
            assert essay.with_levers({name: value}).setting(name) == value


def test_a_lever_stands_where_the_scenario_puts_it():
    essay = load("essay")
    assert essay.setting("rrp_usd_bn") == 9.629
    assert essay.setting("payout_share") == essay.parameters["payout_share"].value
    assert essay.setting("deficit_usd_bn_pa") == 1775
    assert load("hoards").setting("deficit_usd_bn_pa") is None
    assert load("slow_capex").setting("capex_pace") == 0.5


@pytest.mark.parametrize(
    ("settings", "code", "says"),
    [
        ({"capex_pase": 1.0}, "DP-061", "Did you mean capex_pace"),
        ({"participaton.households": 0.4}, "DP-061", "participation.households"),
        ({"participation.household": 0.4}, "DP-059", "participation.households"),
        ({"capex_pace": 3.5}, "DP-062", "0 to 3 multiple"),
        ({"policy_rate_change": -0.05}, "DP-062", "-0.04 to 0.04"),
        ({"policy_rate_change": -1.5}, "DP-056", "Write -0.015"),
        ({"bank_loan_share": float("nan")}, "DP-058", "nan"),
        ({"bank_loan_share": True}, "DP-055", "True"),
        ({"policy_rate_change": -25}, "DP-056", "Write -0.0025, not -25, if basis points"),
        ({"policy_rate_change": -4.5}, "DP-062", "-0.04 to 0.04"),  # 4.5 % is too much
        ({"policy_rate_change": 900}, "DP-062", "-0.04 to 0.04"),
        ({"household_participation": 2}, "DP-062", "Allowed: 0.01 to 1 share"),
        ({"household_participation": 40}, "DP-056", "Write 0.4, not 40."),
        ({"household_participation": -40}, "DP-062", "Allowed: 0.01 to 1 share"),
        ({"operating_cash_flow_growth_pa": 15}, "DP-056", "Write 0.15, not 15."),
        ({"participation.households": 40.0}, "DP-056", "Write 0.4"),
        ({"participation.households": 2.0}, "DP-056", "Allowed: 0 to 1 share"),
        ({"participation.households": -40.0}, "DP-057", "negative"),
        ({"bank_loan_spread_pa": 150.0}, "DP-056", "Write 0.015, not 150, if basis points"),
        ({"participation.households": -0.1}, "DP-057", "negative"),
        ({"participation.households": "many"}, "DP-055", "many"),
        ({"lab_funder_share.hyperscalers": 0.9}, "DP-064", "add up"),
    ],
)
def test_a_setting_out_of_reach_is_refused(settings, code, says):
    with pytest.raises(UsageError) as caught:
        load("essay").with_levers(settings)
    assert caught.value.code == code
    assert says in str(caught.value)


def test_a_lever_on_a_parameter_holds_in_every_path():
    moved = load("essay").with_levers(household_participation=0.4).parameters
    assert moved["participation.households"].low == moved["participation.households"].high == 0.4
    same = load("essay").with_levers({"participation.households": 0.4}).parameters
    assert same["participation.households"].value == 0.4


def test_levers_leave_the_scenario_they_start_from_alone():
    essay = load("essay")
    essay.with_levers(capex_pace=0.0, x_min=0.6)
    assert essay.levers == {}
    assert essay.parameters["x_min"].value == parameters()["x_min"].value


def test_presets_are_the_essay_with_one_lever():
    essay = load("essay")
    for name in PRESETS:
        preset = load(name)
        assert len(preset.levers) == 1
        same = essay.with_levers(preset.levers).file.model_dump(exclude=_PROSE)
        assert preset.file.model_dump(exclude=_PROSE) == same


PRESETS = [name for name in names()[5:] if name != "nomination"]
_PROSE = {"name", "title", "description", "story"}


def test_digests_are_the_same_in_another_process_with_another_hash_seed():
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", _DIGESTS]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [load("essay").digest, load("qe").digest]


def test_every_number_changes_the_digest_and_prose_does_not():
    essay = load("essay")
    digests = {load(name).digest for name in names()}
    assert len(digests) == len(names())
    moved = [{"capex_pace": 0.9}, {"x_min": 0.71}, {"rrp_usd_bn": 10.0}, {"extra_rrp_usd_bn": 1.0}]
    assert len({essay.with_levers(m).digest for m in moved} | {essay.digest}) == len(moved) + 1
    told = type(essay)(
        ScenarioFile(**{**essay.file.model_dump(), "story": "another"}), essay.parameters, "test"
    )
    assert told.digest == essay.digest


def test_lists_of_levers_and_parameters_load_neither_jax_nor_pandas():
    asked = (
        "import sys; import drypowder.scenarios as s; s.levers(); s.parameters(); s.names(); "
        "s.load('essay').digest; print('jax' in sys.modules, 'pandas' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]
