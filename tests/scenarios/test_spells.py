"""Observed amounts between two dates: they arrive whole, and somebody is on the other side."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.errors import UsageError
from drypowder.scenarios import load
from drypowder.scenarios.announce import announce
from drypowder.scenarios.clock import make_clock
from drypowder.scenarios.scenario import restore
from drypowder.scenarios.simulate import simulate

SPELL = {
    "first_day": "2023-01-09", "last_day": "2023-01-20", "unit": "USD bn", "known_on": "2023-02-01",
    "source": "made up",
}  # fmt: skip
STEPS = 15


@pytest.fixture(scope="module")
def quiet():
    """The end-2022 sheet, on trend."""
    return restore({**load("hoards").file.model_dump(), "name": "quiet", "firm": ()})


def with_rows(quiet, **rows):
    return restore({**quiet.file.model_dump(), **rows, "years": STEPS / 252})


def flows_of(scenario):
    return announce(scenario, make_clock("business", scenario.file.start, STEPS / 252))


def test_a_scenario_without_spells_keeps_its_hash(quiet):
    again = restore({**quiet.file.model_dump(), "borrowing": (), "ai_bonds": ()})
    assert again.digest == quiet.digest
    moved = with_rows(quiet, ai_bonds=[{**SPELL, "amount": 1.0}])
    assert moved.digest != with_rows(quiet).digest


def test_a_spell_falls_in_equal_parts_on_its_business_days(quiet):
    """9 to 20 January 2023 has nine of them: the 16th is Martin Luther King's day."""
    flows = flows_of(with_rows(quiet, treasury_account=[{**SPELL, "amount": 90.0}]))
    before = flows_of(with_rows(quiet)).treasury_account_build
    added = flows.treasury_account_build - before
    np.testing.assert_allclose(added[added != 0.0], 10.0)
    assert (added != 0.0).sum() == 9


def test_bills_borrow_what_notes_leave_over(quiet):
    """Deficit 60 and account 40 are borrowed: notes 25, hence bills 75, whatever the usual mix."""
    rows = {
        "borrowing": [{**SPELL, "deficit": 60.0, "notes": 25.0}],
        "treasury_account": [{**SPELL, "amount": 40.0}],
    }
    books, still = (simulate(with_rows(quiet, **r)).books for r in (rows, {}))
    economy = quiet.sheet.economy
    state = economy.role("government")

    def change(name):
        column = economy.instrument(name)
        now, then = (sum(f[state, column] for f in b.flows.values()) for b in (books, still))
        return now - then

    assert change("bills") == pytest.approx(-75.0, abs=0.05)  # interest of a few days apart
    assert change("treasuries") == pytest.approx(-25.0, abs=0.05)
    assert change("treasury_account") == pytest.approx(40.0, abs=0.05)


def test_bonds_that_are_not_needed_are_hoarded_and_nothing_is_lost(quiet):
    """The firms sell 10 bn more bonds than they need: 10 bn more cash, 10 bn more owed."""
    run = simulate(with_rows(quiet, ai_bonds=[{**SPELL, "amount": 10.0}]))
    run.assert_balanced()
    still = simulate(with_rows(quiet))
    economy = run.economy
    firms = economy.sector("hyperscalers")
    bonds = economy.instrument("ig_credit")
    owed = [sum(f[firms, bonds] for f in r.books.flows.values()) for r in (run, still)]
    assert owed[0] - owed[1] == pytest.approx(-10.0, abs=0.01)
    cash = [economy.instrument(n) for n in ("deposits", "money_fund_shares")]
    held = [r.books.closing[firms, cash].sum() for r in (run, still)]
    assert held[0] - held[1] == pytest.approx(10.0, abs=0.05)
    assert run.price("ig_credit")[0, -1] < still.price("ig_credit")[0, -1]


def test_a_spell_that_ends_before_it_begins_is_refused(quiet):
    row = {**SPELL, "last_day": "2023-01-02", "amount": 1.0}
    with pytest.raises((UsageError, ValueError), match="last_day"):
        with_rows(quiet, ai_bonds=[row])


def test_hindsight_is_refused(quiet):
    row = {**SPELL, "known_on": "2031-01-01", "amount": 1.0}
    with pytest.raises(UsageError, match="DP-060"):
        with_rows(quiet, treasury_account=[row])
