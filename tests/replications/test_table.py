"""Published rows are read, run once a call, and compared; what is broken says where."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import drypowder.replications as room
from drypowder.errors import DrypowderError, UsageError
from drypowder.replications import table
from drypowder.replications.table import KINDS, compare, pages, read, read_rows, rows, select

ROW = """
paper = "Somebody (1999)"
[[row]]
quantity = "x"
published = 2.0
tolerance = 0.1
call = { function = "invented", schedule = { r = { "1" = 0.5, "16" = 0.25 } } }
reads = "path[-1].x[1]"
source = "table 1"
kind = "recalled"
"""


@pytest.fixture
def invented(monkeypatch):
    """A function of the room that counts its calls."""
    calls = []

    def function(**arguments):
        calls.append(arguments)
        return SimpleNamespace(path=[None, SimpleNamespace(x=np.array([1.0, 2.05]))])

    monkeypatch.setattr(room, "invented", function, raising=False)
    return calls


def test_every_row_of_every_page_names_a_function_a_source_and_a_kind():
    assert {"kyle", "bank_run", "leverage_cycle"} <= set(pages())
    for page in pages():
        assert rows(page), page
        for row in rows(page):
            assert row.kind in KINDS and row.source and row.paper != page, row
            assert callable(getattr(room, row.function)), row.function
            assert row.function in room.__all__


def test_no_two_rows_of_a_paper_have_the_same_name():
    for page in pages():
        names = [row.quantity for row in rows(page)]
        assert len(names) == len(set(names)), page


def test_a_row_is_compared_with_what_its_call_returns(invented):
    (row,) = read_rows(ROW, "page")
    (found,) = compare([row])
    assert invented == [{"schedule": {"r": {1: 0.5, 16: 0.25}}}]  # periods are whole numbers
    assert found.ours == 2.05 and found.difference == pytest.approx(0.05)
    assert found.verdict == "pass" and found.problem == ""
    assert row.call == "invented(schedule={'r': {1: 0.5, 16: 0.25}})"


def test_each_distinct_call_is_made_once(invented):
    row = read_rows(ROW, "page")[0]
    other = read_rows(ROW.replace('"16" = 0.25', '"16" = 0.3'), "page")[0]
    seconds = [each.seconds for each in compare([row, row, other, row])]
    assert len(invented) == 2
    assert seconds[1] == seconds[3] == 0.0


@pytest.mark.parametrize(
    ("line", "verdict", "difference"),
    [
        ("published = 2.2", "outside", -0.15),
        ("at_least = 2.0", "pass", 0.0),
        ("at_least = 3.0", "outside", -0.95),
        ("at_most = 3.0", "pass", 0.0),
        ("at_most = 1.0", "outside", 1.05),
    ],
)
def test_numbers_are_met_and_bounds_are_kept(invented, line, verdict, difference):
    (found,) = compare(read_rows(ROW.replace("published = 2.0", line), "page"))
    assert found.verdict == verdict
    assert found.difference == pytest.approx(difference, abs=1e-12)


def test_a_call_that_fails_costs_its_own_rows_only(invented):
    good = read_rows(ROW, "page")[0]
    gone = read_rows(ROW.replace('"invented"', '"nobody_wrote_it"'), "page")[0]
    astray = read_rows(ROW.replace("path[-1]", "path[7]"), "page")[0]
    nothing = read_rows(ROW.replace("path[-1].x[1]", "path[0]"), "page")[0]
    found = compare([gone, astray, nothing, good])
    assert [each.verdict for each in found] == ["failed", "failed", "failed", "pass"]
    assert "nobody_wrote_it" in found[0].problem and "step 7" in found[1].problem
    assert math.isnan(found[0].ours) and "no number" in found[2].problem


def test_what_is_not_a_number_is_never_a_pass(monkeypatch):
    monkeypatch.setattr(room, "invented", lambda **_: {"x": math.nan}, raising=False)
    row = read_rows(ROW.replace("path[-1].x[1]", "x"), "page")[0]
    assert compare([row])[0].verdict == "failed"


def test_paths_go_through_attributes_keys_and_places():
    result = {"p": np.array([3.0, 1.0, 2.0]), "unique": False, "rows": [SimpleNamespace(v=4.0)]}
    assert read(result, "p[-1]") == 2.0
    assert read(result, "max(p)") == 3.0 and read(result, "min(p)") == 1.0
    assert read(result, "unique") == 0.0
    assert read(result, "rows[0].v") == 4.0


@pytest.mark.parametrize("path", ["p[x]", "p[0", "__import__('os')", "p[0]()", "p.q", "", "p + 1"])
def test_no_other_path_leads_anywhere(path):
    with pytest.raises(DrypowderError, match="DP-167"):
        read({"p": np.array([3.0, 1.0])}, path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tolerance = 0.1", "tolerence = 0.1", "tolerence"),
        ("tolerance = 0.1\n", "", "tolerance"),
        ("tolerance = 0.1", "tolerance = nan", "tolerance"),
        ('reads = "path[-1].x[1]"', 'reads = ""', "reads"),
        ('kind = "recalled"', 'kind = "believed"', "kind"),
        ("published = 2.0", "published = 2.0\nat_most = 3.0", "one number"),
        ('paper = "Somebody (1999)"', "paper = ", "the file"),
    ],
)
def test_a_broken_row_says_where(old, new, said):
    with pytest.raises(DrypowderError, match="DP-167") as caught:
        read_rows(ROW.replace(old, new), "mine")
    assert said in str(caught.value) and "mine" in str(caught.value)


def test_rows_are_chosen_by_page_or_function_however_it_is_written():
    assert {row.page for row in select("Bank-Run")} == {"bank_run"}
    assert {row.function for row in select("collateral_equilibrium")} == {"collateral_equilibrium"}
    assert len(select()) == sum(len(rows(page)) for page in pages())


def test_an_unknown_name_lists_the_nearest():
    with pytest.raises(UsageError, match=r"DP-165.*leverage_cycle"):
        select("leverage cycles")
    with pytest.raises(UsageError, match=r"DP-165.*kyle"):
        select("zzzz")


def test_progress_is_told(invented):
    told = []
    compare(read_rows(ROW, "page") * 3, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert table.PASS == "pass"
