"""The calendar says what was announced, no more, and on the right days."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from drypowder.errors import UsageError
from drypowder.scenarios import load, names
from drypowder.scenarios.announce import announce, quarterly_capex, trend_levels
from drypowder.scenarios.clock import easter, holidays, make_clock
from drypowder.scenarios.quarters import Quarter

RATES = {"after_guidance": 0.10, "without_guidance": 0.0}
ESSAY_DAY = date(2026, 2, 6)


def flows_of(name: str, years: float | None = None, clock: str | None = None, **levers: float):
    scenario = load(name).with_levers(levers)
    clock = make_clock(clock or "business", scenario.file.start, years or scenario.file.years)
    return announce(scenario, clock), clock


def in_year(amounts: np.ndarray, clock, year: int) -> float:
    return amounts[clock.dates.astype("datetime64[Y]").astype(int) + 1970 == year].sum()


def test_nothing_in_the_essay_was_known_after_its_day():
    for name in ("essay", *names()[5:]):
        scenario = load(name)
        assert scenario.known_on == ESSAY_DAY
        rows = scenario.file.announcements()
        assert len(rows) >= (1 if name == "nomination" else 10)
        assert all(row.known_on <= ESSAY_DAY for _, row in rows)
        for firm in scenario.file.firm:
            assert Quarter(firm.first_quarter).next(len(firm.capex) - 1).name == "2025Q4"
        dated = [p.known_on for p in scenario.parameters.values() if p.known_on]
        assert all(day <= ESSAY_DAY for day in dated)


def test_guided_quarters_add_up_to_the_guidance_and_grow_evenly():
    for firm in load("essay").file.firm:
        plan = quarterly_capex(firm, Quarter("2027Q4"), RATES)
        if firm.guidance:
            total = sum(plan[name] for name in firm.guidance.quarters)
            assert total == pytest.approx(firm.guidance.central, rel=1e-12)
        else:
            year = [plan[f"2026Q{k}"] for k in (1, 2, 3, 4)]
            assert year == [29.876] * 4  # Microsoft: the last known quarter, four times
    amazon = next(f for f in load("essay").file.firm if f.name == "AMZN")
    plan = quarterly_capex(amazon, Quarter("2027Q4"), RATES)
    # 39.52 (x + x^2 + x^3 + x^4) = 43.3 + 47.5 + 52.1 + 57.1 = 200 at x = 1.0963
    growth = [plan[f"2026Q{k}"] / before for k, before in zip(
        (1, 2, 3, 4), (39.52, *(plan[f"2026Q{k}"] for k in (1, 2, 3))), strict=True)]  # fmt: skip
    assert growth == pytest.approx([growth[0]] * 4)
    assert growth[0] == pytest.approx(1.0963, abs=1e-4)
    assert plan["2027Q4"] == pytest.approx(plan["2026Q4"] * 1.10)


def test_days_add_up_to_the_years_that_were_guided():
    flows, clock = flows_of("essay")
    # Amazon 200, Alphabet 180, Meta 125, Microsoft 4 x 29.876; Oracle 50 - 8.502 - 12.033 by June,
    # then two quarters of fill
    oracle = next(f for f in load("essay").file.firm if f.name == "ORCL")
    plan = quarterly_capex(oracle, Quarter("2026Q4"), RATES)
    expected = 200 + 180 + 125 + 4 * 29.876 + sum(plan[f"2026Q{k}"] for k in (1, 2, 3, 4))
    assert plan["2026Q1"] + plan["2026Q2"] == pytest.approx(50 - 8.502 - 12.033)
    assert in_year(flows.capex, clock, 2026) == pytest.approx(expected)
    # cash flow of 2025 was 602.8; a year later it has grown by 15 %, evenly over the quarters
    assert in_year(flows.operating_cash_flow, clock, 2026) == pytest.approx(602.8 * 1.15, rel=2e-3)


def test_hoards_pays_what_was_reported():
    flows, clock = flows_of("hoards")
    # capex of the five firms by year, from the company reports: 154.2, 239.1, 411.5
    for year, total in ((2023, 154.17), (2024, 239.09), (2025, 411.53)):
        assert in_year(flows.capex, clock, year) == pytest.approx(total, abs=0.01)
    assert in_year(flows.operating_cash_flow, clock, 2024) == pytest.approx(478.37, abs=0.01)
    # the cash flow of 2022, 288.2, half a year of trend before the first day
    first_year = flows.trend_operating_cash_flow[:252].sum()
    assert first_year == pytest.approx(288.18 * np.exp(0.045 * 1.0), rel=1e-3)
    assert not flows.deficit.any() and not flows.official_purchases.any()


def test_rest_announces_nothing():
    flows, clock = flows_of("rest")
    for name, amounts in vars(flows).items():
        assert name == "news_minutes" or not amounts.any(), name
    assert np.all(flows.news_minutes == 24 * 60)  # nothing is heard, all day long
    assert np.all(trend_levels(load("rest"), clock) == 1.0)


def test_the_deficit_above_trend_is_what_the_trend_does_not_borrow():
    flows, _ = flows_of("essay", years=1.0)
    sheet = load("essay").sheet
    row = sheet.net_usd_bn[sheet.economy.sector("treasury")]
    debt = -sum(row[sheet.economy.instrument(n)] for n in ("bills", "treasuries"))
    account = row[sheet.economy.instrument("treasury_account")]
    assert 0.045 * (debt - account) == pytest.approx(1245, abs=1.0)  # the model page's number
    # 1,775 - 1,245 = 530 a year, growing with the trend by 2.3 % in the mean of the year
    assert flows.deficit.sum() == pytest.approx((1775 - 1245) * 1.0227, rel=2e-3)


def test_purchases_count_only_beyond_what_the_fed_grows_by():
    flows, clock = flows_of("essay", years=1.0)
    sheet = load("essay").sheet
    fed = sheet.net_usd_bn[sheet.economy.sector("fed")]
    owned = sum(fed[sheet.economy.instrument(n)] for n in ("bills", "treasuries", "agency_mbs"))
    # the day's share of 40 bn a month, less the day's share of 4.5 % a year of what the fed owns
    day = (12 * 40 - 0.045 * owned) / 252
    assert flows.official_purchases[0].tolist() == pytest.approx([day, 0.0, 0.0])
    assert not flows.official_purchases[clock.dates > np.datetime64("2026-04-15")].any()


def test_policy_levers_reach_the_calendar():
    flows, _ = flows_of("essay", years=1.0, qe_treasuries_usd_bn_per_month=60.0,
                        treasury_account_build_usd_bn=100.0, policy_rate_change=-0.01)  # fmt: skip
    assert flows.official_purchases[:, 1].sum() == pytest.approx(720.0)
    assert flows.treasury_account_build.sum() == pytest.approx(100.0)
    assert flows.treasury_account_build[:63].sum() == pytest.approx(100.0)
    assert flows.policy_rate_change_pa[[0, 62, 63, 126, 189, 251]] == pytest.approx(
        [-0.0025, -0.0025, -0.005, -0.0075, -0.01, -0.01]
    )


def test_pace_scales_what_exceeds_the_trend():
    plan, _ = flows_of("essay", years=1.0)
    half, _ = flows_of("essay", years=1.0, capex_pace=0.5)
    payout = load("essay").parameters["payout_share"].value
    trend = (1.0 - payout) * plan.trend_operating_cash_flow
    assert half.capex - trend == pytest.approx(0.5 * (plan.capex - trend))


@pytest.mark.parametrize("kind", ["business", "calendar", "weekly"])
def test_every_clock_spends_the_same_money(kind):
    flows, clock = flows_of("essay", years=1.0, clock=kind)
    # 686.5 bn fall on the business days of 2026, which each of the three clocks covers
    assert in_year(flows.capex, clock, 2026) == pytest.approx(686.543, abs=1e-3)
    assert flows.lab_spending.sum() == pytest.approx(60.0 * 1.0225, rel=0.02)


def test_nothing_settles_on_weekends_of_the_calendar_clock():
    flows, clock = flows_of("essay", years=0.25, clock="calendar")
    assert clock.dates[1] == np.datetime64("2026-01-03")  # a Saturday
    assert clock.business[:5].tolist() == [1.0, 0.0, 0.0, 1.0, 1.0]
    assert flows.capex[1] == flows.operating_cash_flow[1] == flows.lab_spending[1] == 0.0


def test_holidays_of_2026_are_those_of_the_exchange():
    # New York Stock Exchange, calendar of 2026 (the Fourth of July is a Saturday)
    assert holidays(2026) == [
        date(2026, 1, 1), date(2026, 1, 19), date(2026, 2, 16), date(2026, 4, 3),
        date(2026, 5, 25), date(2026, 6, 19), date(2026, 7, 3), date(2026, 9, 7),
        date(2026, 11, 26), date(2026, 12, 25),
    ]  # fmt: skip
    assert len(holidays(2022)) == 9  # New Year's Day 2022 was a Saturday: no day off
    assert easter(2024) == date(2024, 3, 31) and easter(2025) == date(2025, 4, 20)


@pytest.mark.parametrize("years", [0.0, -1.0, 100.0, float("nan"), 0.001])
def test_a_horizon_that_is_no_number_of_steps_is_refused(years):
    with pytest.raises(UsageError, match="DP-065"):
        make_clock("business", date(2026, 1, 2), years)


def test_an_unknown_clock_is_refused():
    with pytest.raises(UsageError, match="DP-065"):
        make_clock("lunar", date(2026, 1, 2), 1.0)


def test_cash_flow_must_cover_the_year_before_the_first_day(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "essay"\nstart = 2027-01-04\n')
    scenario = load(path)
    with pytest.raises(UsageError, match=r"DP-065.*2026Q1"):
        announce(scenario, make_clock("business", scenario.file.start, 1.0))


def test_a_guidance_out_of_reach_is_refused():
    firm = load("essay").file.firm[1]
    wild = firm.model_copy(
        update={"guidance": firm.guidance.model_copy(update={"low": 1e7, "high": 1e7})}
    )
    with pytest.raises(UsageError, match=r"DP-064.*GOOGL"):
        quarterly_capex(wild, Quarter("2026Q4"), RATES)


def test_quarters_count():
    assert Quarter.of(date(2026, 12, 31)).name == "2026Q4"
    assert Quarter("2025Q4").next().name == "2026Q1"
    assert Quarter("2026Q1").end == date(2026, 4, 1)
    assert not Quarter.is_name("2026Q5")
