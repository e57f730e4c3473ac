"""What drives the simulator is what was observed, as far as it was known."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from tests.measure.fakes import FakeKnown, made_up

from drypowder.data import open_store
from drypowder.errors import DataMissingError, UsageError
from drypowder.measure.hindcast import drivers as room
from drypowder.measure.hindcast._rows import Trend, business_days, month_ends
from drypowder.measure.hindcast.drivers import drive
from drypowder.measure.hindcast.settings import REPLACED, setting
from drypowder.scenarios.quarters import Quarter

LAST = date(2026, 8, 21)
FED = ("TREAST", "WALCL", "WTREGEN", "EFFR", "debt:MSFT", "debt:AMZN")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Nothing but the figures shipped with the package."""
    return open_store(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def driven(store):
    return drive(store.known_on("2026-11-23"), LAST)


def by_key(driven):
    return {driver.key: driver for driver in driven.drivers}


def test_nothing_known_after_the_day_enters(store):
    day = date(2024, 6, 30)
    found = drive(store.known_on("2024-06-30"), date(2024, 6, 28))
    assert all(row.known_on <= day for _, row in found.scenario.file.announcements())
    assert all(driver.known_on is None or driver.known_on <= day for driver in found.drivers)
    for firm in found.scenario.file.firm:  # the second quarter of 2024 was reported in July
        assert Quarter(firm.first_quarter).next(len(firm.capex) - 1).name == "2024Q1"
    assert found.scenario.file.borrowing[0].last_day == date(2023, 12, 31)


def test_prints_that_come_later_change_nothing(store):
    """Every figure known later is made absurd: the scenario keeps its hash."""
    day = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    seen = store.known_on("2026-11-23").table(FED)

    def told(factor):
        series = []
        for each in seen.values():
            late = each.known_on > np.datetime64(day.replace(tzinfo=None))
            values = np.where(late, factor * each.values, each.values)
            made = made_up(each.name, each.observed_on, values)
            made.known_on = each.known_on
            series.append(made)
        return drive(FakeKnown.of(*series, as_of=day), date(2025, 12, 31)).scenario.digest

    assert told(1.0) == told(-7.0)


def test_no_parameter_is_fitted_to_what_it_is_judged_on(store, driven):
    """The same numbers whatever is known, none of them learned after the cut."""
    early = drive(store.known_on("2024-06-30"), date(2024, 6, 28)).scenario.parameters
    late = driven.scenario.parameters
    assert {k: (p.value, p.low, p.high) for k, p in early.items()} == {
        k: (p.value, p.low, p.high) for k, p in late.items()
    }
    assert all(p.known_on is None or p.known_on <= setting("cut") for p in late.values())
    base = room.load(room.BASE).parameters
    changed = {name for name in late if late[name].value != base[name].value}
    assert changed == set(REPLACED)


def test_shipped_numbers_learned_after_the_cut_are_refused(store, monkeypatch):
    monkeypatch.setattr(room, "REPLACED", ())
    with pytest.raises(UsageError, match="DP-224: learned after 2025-12-31: bond_share"):
        drive(store.known_on("2026-11-23"), LAST)


def test_rows_and_trend_together_are_what_was_observed(store, driven):
    """Account: the sum of the rows is the change of the series less what growth adds."""
    known = store.known_on("2026-11-23")
    points = month_ends(known.series("WTREGEN"), LAST)
    rows = driven.scenario.file.treasury_account
    sheet = driven.scenario.sheet
    place = sheet.economy.role("government"), sheet.economy.instrument("treasury_account")
    held = sheet.net_usd_bn[place]
    trend = Trend(driven.scenario.parameters["trend_growth_pa"].value)
    grown = sum(trend.grown(row.first_day, row.last_day) for row in rows)
    change = points.values[-1] - points.values[0]
    assert sum(row.amount for row in rows) + held * grown == pytest.approx(change)
    assert by_key(driven)["account"].total == pytest.approx(change)


def test_growth_over_pieces_is_growth_over_the_whole():
    trend = Trend(0.045)
    days = [date(2023, 1, 3), date(2023, 6, 30), date(2024, 2, 29), date(2026, 8, 21)]
    starts = [days[0], *(date.fromordinal(day.toordinal() + 1) for day in days[1:-1])]
    pieces = sum(trend.grown(*piece) for piece in zip(starts, days[1:], strict=True))
    assert pieces == pytest.approx(trend.grown(days[0], days[-1]))
    assert business_days(date(2023, 7, 1), date(2023, 7, 4)) == 1  # Saturday to the holiday


def test_the_fed_buys_bills_since_run_off_ended(driven):
    rows = driven.scenario.file.purchases
    bills = [row for row in rows if row.instrument == "bills"]
    assert min(row.first_day for row in bills) >= setting("reserve_management_from")
    assert by_key(driven)["fed_treasuries"].total < -900.0  # 5,500 to 4,542 bn


def test_without_mortgage_holdings_other_assets_stand_in(driven):
    fed = by_key(driven)["fed_mortgages"]
    assert (fed.status, fed.series) == ("substitute", ("WALCL",))


def test_without_the_feds_treasuries_nothing_is_driven():
    with pytest.raises(DataMissingError, match="DP-222"):
        drive(FakeKnown(), LAST)


def test_what_is_missing_stays_on_trend_and_is_named(store):
    notes = store.known_on("2026-11-23").series("TREAST")
    found = drive(FakeKnown.of(made_up("TREAST", notes.observed_on, notes.values)), LAST)
    missing = {d.key for d in found.drivers if d.status == "missing"}
    assert missing == {"fed_mortgages", "policy_rate", "account", "ai_bonds"}
    assert found.scenario.file.treasury_account == ()
    assert found.scenario.file.policy_rate == ()


def test_a_series_that_begins_after_the_opening_is_no_driver():
    days = np.arange("2024-01-03", "2025-01-01", 7, dtype="datetime64[D]")
    assert month_ends(made_up("TREAST", days, np.ones(len(days))), LAST).dates == []


def test_the_policy_rate_is_the_observed_one(store, driven):
    rate = store.known_on("2026-11-23").series("EFFR")
    first = month_ends(rate, LAST).values[0]
    for row in driven.scenario.file.policy_rate:
        at = np.flatnonzero(
            rate.observed_on.astype("datetime64[D]") == np.datetime64(row.first_day)
        )
        assert row.change == pytest.approx((rate.values[at[0]] - first) / 100.0)


def _fed(store):
    notes = store.known_on("2026-11-23").series("TREAST")
    return made_up("TREAST", notes.observed_on, notes.values)


def _outstanding(until="2026-08"):
    months = np.arange(np.datetime64("2022-12"), np.datetime64(until))
    ends = (months + 1).astype("datetime64[D]") - 1
    grow = np.arange(len(ends))
    sizes = {"bills": 3700.0 + 30.0 * grow, "notes": 13_800.0 + 50.0 * grow,
             "bonds": 4_000.0 + 20.0 * grow}  # fmt: skip
    return [made_up(name, ends, values, lag_days=4) for name, values in sizes.items()]


def test_borrowing_is_read_from_what_is_stored(store):
    found = drive(FakeKnown.of(_fed(store), *_outstanding()), date(2026, 7, 31))
    driver = by_key(found)["borrowing"]
    assert (driver.status, driver.series) == ("observed", ("bills", "notes", "bonds"))
    assert driver.total == pytest.approx(100.0 * 43)  # 30 + 50 + 20 a month, 43 months
    assert len(found.scenario.file.borrowing) == 43


def test_two_of_three_maturities_are_not_borrowing(store):
    found = drive(FakeKnown.of(_fed(store), *_outstanding()[:2]), date(2026, 7, 31))
    assert by_key(found)["borrowing"].status == "published"


def test_stored_months_known_later_do_not_enter(store):
    day = datetime(2024, 6, 30, 23, 59, tzinfo=UTC)
    found = drive(FakeKnown.of(_fed(store), *_outstanding(), as_of=day), date(2024, 6, 28))
    assert all(row.known_on <= day.date() for row in found.scenario.file.borrowing)
    assert by_key(found)["borrowing"].last == date(2024, 5, 31)


def test_capex_is_read_from_what_is_stored(store):
    base = room.load(room.BASE).file.firm
    firm = base[0]
    begin = Quarter(firm.first_quarter)
    ends = np.array([begin.next(k).next().first_day for k in range(len(firm.capex))],
                    "datetime64[D]") - 1  # fmt: skip
    own = [made_up(f"{what}:{firm.name}", ends, factor * np.asarray(values), lag_days=30)
           for what, factor, values in (("capex", 2.0, firm.capex),
                                        ("ocf", 1.0, firm.operating_cash_flow))]  # fmt: skip
    found = drive(FakeKnown.of(_fed(store), *own), LAST)
    told = {each.name: each for each in found.scenario.file.firm}
    assert told[firm.name].capex == pytest.approx(tuple(2.0 * np.asarray(firm.capex)))
    assert told[base[1].name].capex == base[1].capex  # not stored: the shipped row
    assert by_key(found)["firms"].status == "partly"  # one of the five
    assert by_key(found)["firms"].series[0] == f"capex:{firm.name}"
