"""A choice is given, kept and told by its name, whatever it is to the engine."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.report.synthetic import about, make_run

from drypowder.cli.looking import list_levers
from drypowder.cli.output import Output
from drypowder.cli.running import setting
from drypowder.cli.stored import command_of
from drypowder.errors import UsageError
from drypowder.report.listing import entry_of
from drypowder.report.record import record_of
from drypowder.report.summary import headline
from drypowder.report.words import catalogue
from drypowder.scenarios import load

CHANGED = {"selling_rule": 2.0, "call_scale": 0.5}


@pytest.fixture
def record():
    made = record_of(make_run(paths=1), about())
    return replace(made, about={**made.about, "levers_changed": CHANGED})


def test_a_choice_is_set_by_name_and_other_levers_by_number():
    assert setting("selling_rule=liquid_first") == ("selling_rule", "liquid_first")
    assert setting("call_scale=0.5") == ("call_scale", 0.5)
    with pytest.raises(UsageError, match="DP-077"):
        setting("call_scale=half")
    with pytest.raises(UsageError, match="DP-077"):
        setting("selling_rule")


def test_an_unknown_name_lists_the_four():
    with pytest.raises(UsageError, match=r"DP-067.*lowest_conviction_first, liquid_first"):
        load("essay").with_levers(dict([setting("selling_rule=dearest_first")]))


def test_a_stored_run_tells_the_name_and_its_command_repeats_it(record):
    assert "selling_rule = pro_rata" in headline(record, catalogue())
    command = command_of(record)
    assert "--set selling_rule=pro_rata" in command and "--set call_scale=0.5" in command
    given = dict(map(setting, re.findall(r"--set (\S+)", command)))
    assert load("essay").with_levers(given).levers == CHANGED
    manifest = {"stamp": record.stamp, "about": {"levers_changed": CHANGED}}
    entry = entry_of(manifest, made_on="2026-02-06", seconds=1.0)
    assert entry.levers == "call_scale=0.5, selling_rule=pro_rata"


def test_the_list_of_levers_names_what_can_be_chosen(capsys):
    list_levers(Output("words", None))
    told = capsys.readouterr().out
    assert "selling_rule   lowest_conviction_first, liquid_first, pro_rata or cheapest_exit" in told
    assert "default lowest_conviction_first" in told
    assert "income   0 or 1, default 1" in told
    assert "capex_pace   0 to 3 multiple, default 1" in told
