"""Dated rows fall on their day, or on the next open one, and say what the engine needs."""

from __future__ import annotations

from datetime import date
from typing import get_args

import numpy as np
import pytest

from drypowder.channels.day import REGIMES, RULES
from drypowder.engine.simulate import make_levers
from drypowder.errors import DrypowderError
from drypowder.scenarios import compile_inputs, levers, load, names
from drypowder.scenarios.announce import announce
from drypowder.scenarios.clock import make_clock
from drypowder.scenarios.schema import Likelihoods, Measured

DATED = 'known_on = 2026-02-01\nsource = "test"\n'
CALL = f"""
[[call]]
name = "lab"
amount = 30.0
unit = "USD bn"
due = [2026-01-19, 2026-02-02]
contingent = 0.2
{DATED}"""
NEWS = f"""
[[news]]
instrument = "equity_chips"
day = 2026-01-02
change = -0.12
unit = "log price"
{DATED}"""
RISK = f"""
[[risk_off]]
day = 2026-01-10
size = 0.08
unit = "log odds per unit of beta"
half_life_days = 3.0
{DATED}"""
EVIDENCE = f"""
[[evidence]]
day = 2026-01-10
likelihood = {{ accommodate = 0.1, neutral = 0.4, shrink = 0.2 }}
unit = "likelihood"
{DATED}"""
TARGET = """
[[target]]
name = "a fall"
measure = "worst_low"
instrument = "bitcoin"
first_day = 2026-01-05
last_day = 2026-01-06
low = -0.2
high = -0.1
unit = "share"
source = "test"
"""
STATE = {"perp_open_interest_usd_bn", "perp_leverage_median", "book_depth_usd_bn"}


@pytest.fixture
def heard(tmp_path):
    """What a file that extends `rest` announces over 19 days of a clock from 2 January 2026."""

    def read(text: str, clock: str = "calendar", steps: int = 19, **settings):
        path = tmp_path / "mine.toml"
        path.write_text(f'extends = "rest"\nclock = "{clock}"\n{text}', encoding="utf-8")
        scenario = load(path).with_levers(settings)
        days = {"calendar": 365, "business": 252, "weekly": 52}[clock]
        laid_out = make_clock(clock, scenario.file.start, steps / days)
        return announce(scenario, laid_out), laid_out

    return read


def on(clock, day: str) -> int:
    return int(np.flatnonzero(clock.dates == np.datetime64(day))[0])


def test_calls_fall_due_in_equal_parts_and_only_the_certain_share_is_called(heard):
    flows, clock = heard(CALL, steps=37)
    # 30 bn less a fifth that is contingent, in two parts of 12; 19 January is a holiday
    days = np.flatnonzero(flows.called)
    assert [str(d) for d in clock.dates[days]] == ["2026-01-20", "2026-02-02"]
    assert flows.called[days].tolist() == pytest.approx([12.0, 12.0])


@pytest.mark.parametrize("clock", ["business", "calendar", "weekly"])
def test_every_clock_calls_the_same_money(heard, clock):
    flows, _ = heard(CALL, clock=clock, steps={"weekly": 6}.get(clock, 37))
    assert flows.called.sum() == pytest.approx(24.0)


def test_the_lever_scales_what_is_called_and_nothing_else(heard):
    plain, _ = heard(CALL + NEWS, steps=37)
    double, _ = heard(CALL + NEWS, steps=37, call_scale=2.0)
    none, _ = heard(CALL + NEWS, steps=37, call_scale=0.0)
    assert np.array_equal(double.called, 2.0 * plain.called) and not none.called.any()
    assert np.array_equal(double.dated_news, plain.dated_news)


def test_calls_before_the_first_day_or_after_the_last_are_not_called(heard):
    text = CALL.replace("[2026-01-19, 2026-02-02]", "[2025-12-30, 2026-01-01, 2026-06-30]")
    flows, clock = heard(text)
    # 30 December is past; New Year's Day is paid on 2 January, the first day; June is too late
    assert flows.called[on(clock, "2026-01-02")] == pytest.approx(8.0)
    assert flows.called.sum() == pytest.approx(8.0)


def test_news_of_a_closed_market_are_heard_when_it_opens_and_crypto_never_closes(heard):
    saturday = NEWS.replace("2026-01-02", "2026-01-03")
    flows, clock = heard(saturday + saturday.replace("equity_chips", "bitcoin"))
    assets = load("rest").sheet.economy.names("cleared")
    heard_on = {a: np.flatnonzero(flows.dated_news[:, k]) for k, a in enumerate(assets)}
    assert heard_on["equity_chips"].tolist() == [on(clock, "2026-01-05")]
    assert heard_on["bitcoin"].tolist() == [on(clock, "2026-01-03")]
    assert flows.dated_news.sum() == pytest.approx(-0.24)
    # a clock without Saturdays: both on Monday
    flows, clock = heard(saturday.replace("equity_chips", "bitcoin"), clock="business")
    assert flows.dated_news[on(clock, "2026-01-05")].sum() == pytest.approx(-0.12)


def test_a_figure_over_several_days_falls_on_the_open_ones_equally(heard):
    week = NEWS.replace("day = 2026-01-02", "day = 2026-01-02\nlast_day = 2026-01-06")
    flows, clock = heard(week)
    said = {str(d): row.sum() for d, row in zip(clock.dates, flows.dated_news, strict=True)}
    # Friday, Monday, Tuesday: a third of -0.12 each
    assert {d: pytest.approx(-0.04) for d in ("2026-01-02", "2026-01-05", "2026-01-06")} == {
        d: x for d, x in said.items() if x
    }
    flows, _ = heard(week.replace("equity_chips", "bitcoin"))
    assert np.flatnonzero(flows.dated_news.any(axis=1)).tolist() == [0, 1, 2, 3, 4]


def test_two_news_of_a_day_add_up_and_the_fastest_counts(heard):
    fast = NEWS.replace('unit = "log price"', 'unit = "log price"\nminutes = 40.0')
    flows, clock = heard(NEWS + fast)
    day = on(clock, "2026-01-02")
    assert flows.dated_news[day].sum() == pytest.approx(-0.24)
    assert flows.news_minutes[day] == 40.0 and np.all(np.delete(flows.news_minutes, day) == 1440.0)


def test_lost_appetite_halves_with_its_half_life_by_calendar_days(heard):
    flows, clock = heard(RISK)
    first = on(clock, "2026-01-10")  # a Saturday: crypto feels it at once
    assert not flows.risk_off[:first].any()
    assert flows.risk_off[first : first + 7 : 3].tolist() == pytest.approx([0.08, 0.04, 0.02])
    # without Saturdays it starts on Monday; Thursday is three days on
    flows, clock = heard(RISK, clock="business")
    days = [on(clock, day) for day in ("2026-01-12", "2026-01-15")]
    assert flows.risk_off[days].tolist() == pytest.approx([0.08, 0.04])


def test_the_risk_off_lever_sets_the_size_of_the_rows_or_makes_one_on_the_first_day(heard):
    given, _ = heard(RISK + RISK.replace("0.08", "0.04").replace("01-10", "01-12"))
    moved, _ = heard(RISK + RISK.replace("0.08", "0.04").replace("01-10", "01-12"), risk_off=0.16)
    assert moved.risk_off == pytest.approx(2.0 * given.risk_off)
    alone, _ = heard("", risk_off=0.05)
    assert alone.risk_off[[0, 14]].tolist() == pytest.approx([0.05, 0.025])  # two weeks
    assert not heard("")[0].risk_off.any()


def test_only_ratios_of_likelihoods_matter(heard):
    flows, clock = heard(EVIDENCE)
    other, _ = heard(
        EVIDENCE.replace("0.1,", "0.2,").replace("0.4", "0.8").replace("0.2 }", "0.4 }")
    )
    day = on(clock, "2026-01-10")
    assert flows.evidence[day].tolist() == pytest.approx(np.log([0.25, 1.0, 0.5]).tolist())
    assert flows.evidence.max() == 0.0 and np.flatnonzero(flows.evidence.any(axis=1)) == [day]
    assert flows.evidence == pytest.approx(other.evidence)


def test_the_nomination_moves_a_fifth_of_belief_to_shrinking():
    days = compile_inputs("nomination").days
    told = np.asarray(days.evidence)
    step = int(np.flatnonzero(told.any(axis=1))[0])
    assert str(compile_inputs("nomination").dates[step]) == "2026-01-30"
    before = np.array([load("essay").parameters[f"beliefs.{r}"].value for r in REGIMES])
    after = before * np.exp(told[step])
    after /= after.sum()
    assert before.tolist() == [0.35, 0.50, 0.15]
    assert after[2] == pytest.approx(0.35, abs=1e-4)
    assert after[0] / after[1] == pytest.approx(0.35 / 0.50)  # the others lose in proportion


def test_in_the_nomination_nothing_else_happens():
    told, still = (compile_inputs(name).days for name in ("nomination", "rest"))
    for field, rows in vars(told).items():
        if field != "evidence":
            assert np.array_equal(rows, getattr(still, field)), field


def test_the_essay_calls_what_was_talked_about_by_its_day():
    flows, clock = (lambda s: (announce(s, c := make_clock("business", s.file.start, 1.0)), c))(
        load("essay")
    )
    # OpenAI 100 in four parts, Anthropic 20 in one, a third of both contingent
    quarter, once = 0.67 * 100 / 4, 0.67 * 20
    days = np.flatnonzero(flows.called)
    assert [str(d) for d in clock.dates[days]] == [
        "2026-03-31", "2026-06-30", "2026-09-30", "2026-12-31",
    ]  # fmt: skip
    assert flows.called[days].tolist() == pytest.approx([quarter + once, *([quarter] * 3)])
    assert all(row.known_on <= date(2026, 2, 6) for row in load("essay").file.call)


def test_the_replays_differ_only_in_state_and_shocks():
    oct2025, feb2026 = (load(name).parameters for name in ("oct2025", "feb2026"))
    ranges = (
        {n: (p.low, p.value, p.high) for n, p in known.items()} for known in (oct2025, feb2026)
    )
    differ = {
        n.partition(".")[0] for n, _ in set.symmetric_difference(*(set(r.items()) for r in ranges))
    }
    assert differ <= STATE
    for name in ("oct2025", "feb2026"):
        file = load(name).file
        assert file.levers == {} and file.clock == "calendar" and len(file.target) > 9
        assert {n.partition(".")[0] for n in file.parameters} - {"lab_spending_usd_bn_pa"} <= STATE


def test_no_replay_types_in_the_fall_of_bitcoin():
    for name in ("oct2025", "feb2026"):
        file = load(name).file
        assert not [row for row in file.news if row.instrument in ("bitcoin", "alt_crypto")]
        shocks = (*file.news, *file.risk_off, *file.evidence, *file.call)
        assert 1 <= len(shocks) <= 5
        assert all(row.source and row.day >= file.start for row in (*file.news, *file.risk_off))


def test_targets_lie_within_their_run_and_are_ordered():
    for name in (n for n in names() if load(n).file.target):
        file = load(name).file
        dates = make_clock(file.clock, file.start, file.years).dates
        for target in file.target:
            assert dates[0] < np.datetime64(target.first_day), target.name  # a close before
            assert np.datetime64(target.last_day) <= dates[-1], target.name


def test_the_names_of_rules_and_regimes_are_the_engines():
    assert levers()["selling_rule"].choices == RULES
    assert tuple(Likelihoods.model_fields) == REGIMES
    assert len(set(get_args(Measured))) == 11


def test_a_selling_rule_is_chosen_by_name_and_reaches_the_engine_as_its_position():
    chosen = load("essay").with_levers(selling_rule="pro_rata")
    assert chosen.levers == {"selling_rule": 2.0} and chosen.setting("selling_rule") == 2.0
    inputs = compile_inputs(chosen, years=1 / 252)
    assert inputs.levers == {"call_rule": 2.0}
    rule = make_levers(inputs, 3, shock_scale=0.0).call_rule
    assert rule.tolist() == [2, 2, 2] and rule.dtype == int
    assert load("essay").with_levers(selling_rule=2).digest == chosen.digest
    assert levers()["selling_rule"].said(2.0) == "pro_rata"
    assert levers()["selling_rule"].range_in_words.endswith("pro_rata or cheapest_exit")


@pytest.mark.parametrize("given", ["pro rata", "liquid", -1, 4, 0.5, float("nan"), True, None, [1]])
def test_an_unknown_selling_rule_lists_the_four(given):
    with pytest.raises(DrypowderError) as caught:
        load("essay").with_levers(selling_rule=given)
    assert caught.value.code == "DP-067"
    assert all(rule in str(caught.value) for rule in RULES)


def test_one_gate_for_all_funds():
    moved = load("essay").with_levers(redemption_gate_share=0.1)
    gates = {n: p for n, p in moved.parameters.items() if p.table == "gate_share_quarter"}
    assert len(gates) == 3 and all(p.value == p.low == p.high == 0.1 for p in gates.values())
    assert load("essay").setting("redemption_gate_share") is None  # they differ


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (CALL.replace("30.0", "-30.0"), "DP-057", "call 1, amount"),
        (CALL.replace("0.2", "20"), "DP-056", "share"),
        (CALL.replace("USD bn", "USD tn"), "DP-063", "USD bn"),
        (CALL.replace("[2026-01-19, 2026-02-02]", "[]"), "DP-055", "due"),
        (CALL.replace("[2026-01-19, 2026-02-02]", '"soon"'), "DP-055", "due"),
        (CALL.replace("2026-02-01", "2026-03-01"), "DP-060", "call of lab"),
        (CALL.replace("contingent", "contingency"), "DP-053", "contingent"),
        (NEWS.replace("equity_chips", "equity_chip"), "DP-069", "Did you mean equity_chips"),
        (NEWS.replace("equity_chips", "private_credit"), "DP-069", "private_credit"),
        (NEWS.replace("-0.12", "-12"), "DP-056", "log price change"),
        (NEWS.replace("-0.12", "nan"), "DP-058", "change"),
        (NEWS.replace("log price", "percent"), "DP-063", "log price"),
        (NEWS + "minutes = 0.0", "DP-055", "minutes"),
        (NEWS + "last_day = 2026-01-01", "DP-064", "last_day"),
        (NEWS.replace("2026-02-01", "2026-03-01"), "DP-060", "news of equity_chips"),
        (RISK.replace("3.0", "0.0"), "DP-055", "half_life_days"),
        (RISK.replace("0.08", "inf"), "DP-058", "size"),
        (RISK.replace("per unit of beta", ""), "DP-063", "per unit of beta"),
        (EVIDENCE.replace("0.4", "0.0"), "DP-064", "neutral"),
        (EVIDENCE.replace("0.4", "1.4"), "DP-064", "likelihood"),
        (EVIDENCE.replace("{ acc", "{ indifferent = 0.4, acc"), "DP-053", "indifferent"),
        (EVIDENCE.replace(", shrink = 0.2", ""), "DP-054", "shrink"),
        (TARGET.replace("worst_low", "worst"), "DP-055", "worst"),
        (TARGET.replace('instrument = "bitcoin"\n', ""), "DP-064", "instrument"),
        (TARGET.replace("-0.1\n", "-0.3\n"), "DP-064", "low"),
        (TARGET.replace("2026-01-06", "2026-01-04"), "DP-064", "last_day"),
        (TARGET.replace('"share"', '"percent"'), "DP-063", "share"),
        ("[parameters]\nbeliefs.shrink = 0.5", "DP-068", "beliefs.neutral"),
        ('[levers]\nselling_rule = "first"', "DP-067", "liquid_first"),
        ("[levers]\nredemption_gate_share = 1.5", "DP-062", "0 to 1"),
        ("[parameters]\ngate_share_quarter.hedge_funds = 1.5", "DP-056", "gate_share_quarter"),
    ],
)
def test_a_faulty_row_is_refused_with_code_place_and_advice(tmp_path, text, code, says):
    path = tmp_path / "mine.toml"
    path.write_text(f'extends = "essay"\n{text}', encoding="utf-8")
    with pytest.raises(DrypowderError) as caught:
        load(path)
    assert caught.value.code == code, caught.value
    assert says in str(caught.value) and "mine.toml" in str(caught.value)
