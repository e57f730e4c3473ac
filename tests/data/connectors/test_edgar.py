"""Filings: year-to-date differenced, the quarter nobody files, restatements as later prints."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.data.connectors.publisher import bytes_of, days, dumped, entry, known, reply

from drypowder.data.connectors import edgar
from drypowder.errors import DataMissingError, DrypowderError

SOURCE = "SEC"
CAPEX = "PaymentsToAcquirePropertyPlantAndEquipment"


def fact(start, end, value, filed, form="10-Q", **more):
    made = {
        "end": end,
        "val": value,
        "filed": filed,
        "form": form,
        "fy": 2026,
        "fp": "Q1",
        "accn": "x",
        **more,
    }
    return {**made, "start": start} if start else made


def facts(**tags):
    return {
        "cik": 789019,
        "entityName": "MICROSOFT CORP",
        "facts": {
            "dei": {},
            "us-gaap": {tag: {"label": tag, "units": {"USD": rows}} for tag, rows in tags.items()},
        },
    }


def read(tree, name="capex:MSFT"):
    return edgar.read_facts(edgar._gaap(SOURCE, "MSFT", reply(dumped(tree))), entry(name), SOURCE)


# A fiscal year from July to June: 10 in the first quarter, then 22, 36, 52 to date.
YEAR = [
    fact("2025-07-01", "2025-09-30", 10e9, "2025-10-29"),
    fact("2025-07-01", "2025-12-31", 22e9, "2026-01-28"),
    fact("2025-07-01", "2026-03-31", 36e9, "2026-04-29"),
    fact("2025-07-01", "2026-06-30", 52e9, "2026-07-29", "10-K"),
]


def test_quarters_are_differences_and_the_fourth_is_the_year_less_nine_months():
    found = read(facts(**{CAPEX: YEAR}))
    assert days(found) == ["2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30"]
    assert found.values.tolist() == [10.0, 12.0, 14.0, 16.0]
    assert known(found) == ["2025-10-29", "2026-01-28", "2026-04-29", "2026-07-29"]
    assert found.values.sum() == 52.0


def test_an_amendment_is_a_later_print_and_moves_the_quarters_that_hang_on_it():
    # nine months restated from 36 to 37 in August: the third quarter becomes 15, the fourth 15
    amended = [*YEAR, fact("2025-07-01", "2026-03-31", 37e9, "2026-08-12", "10-Q/A")]
    found = read(facts(**{CAPEX: amended}))
    told = list(zip(days(found), known(found), found.values.tolist(), strict=True))
    assert ("2026-03-31", "2026-04-29", 14.0) in told and ("2026-03-31", "2026-08-12", 15.0) in told
    assert ("2026-06-30", "2026-07-29", 16.0) in told and ("2026-06-30", "2026-08-12", 15.0) in told
    assert len(told) == 6


def test_a_filing_that_repeats_the_year_before_says_nothing_new():
    again = [*YEAR, fact("2025-07-01", "2025-09-30", 10e9, "2026-10-28")]
    assert len(read(facts(**{CAPEX: again}))) == 4


# The year after retells the year before: nine months 39 for 36, the year 56 for 52.
NEXT = [
    fact("2026-07-01", "2027-03-31", 60e9, "2027-04-28"),
    fact("2025-07-01", "2026-03-31", 39e9, "2027-04-28"),
    fact("2026-07-01", "2027-06-30", 90e9, "2027-07-28", "10-K"),
    fact("2025-07-01", "2026-06-30", 56e9, "2027-07-28", "10-K"),
]


def told(*rows):
    found = read(facts(**{CAPEX: [*YEAR, *rows]}))
    return dict(zip(zip(days(found), known(found), strict=True), found.values, strict=True)), found


def test_a_fourth_quarter_never_mixes_a_restated_part_with_one_as_first_filed():
    shown, found = told(*NEXT)
    fourth = {on: value for (end, on), value in shown.items() if end == "2026-06-30"}
    # not 52 - 39 = 13 in April 2027 and not 56 - 36 = 20 in July: 16, then 56 - 39 = 17
    assert fourth == {"2026-07-29": 16.0, "2027-07-28": 17.0}
    assert not found.estimates.any()


def test_a_year_restated_alone_makes_an_estimate_that_says_so():
    repeated = [NEXT[0], {**NEXT[1], "val": 36e9}, *NEXT[2:]]
    shown, found = told(*repeated)
    assert shown["2026-06-30", "2027-07-28"] == 20.0  # the nine months may be of the old basis
    marked = [(end, on) for (end, on), each in zip(shown, found.estimates, strict=True) if each]
    assert marked == [("2026-06-30", "2027-07-28")]


def test_nine_months_restated_in_a_year_that_is_confirmed_afterwards_are_no_estimate():
    confirmed = [*NEXT[:3], {**NEXT[3], "val": 52e9}]
    shown, found = told(*confirmed)
    assert shown["2026-06-30", "2027-07-28"] == 13.0 and not found.estimates.any()


def test_filings_amended_together_are_one_basis_and_one_amended_alone_is_an_estimate():
    months = fact("2025-07-01", "2026-03-31", 37e9, "2026-08-12", "10-Q/A")
    year = fact("2025-07-01", "2026-06-30", 53e9, "2026-08-12", "10-K/A")
    shown, found = told(months, year)
    assert shown["2026-06-30", "2026-07-29"] == 16.0 and len(shown) == 5
    # the third quarter moved with nine months only, six were not told again
    assert [key for key, mark in zip(shown, found.estimates, strict=True) if mark] == [
        ("2026-03-31", "2026-08-12")
    ]
    _, alone = told(months)
    assert alone.estimates.sum() == 2


def test_parts_that_were_never_told_on_one_basis_are_an_estimate():
    first = [fact("2025-07-01", "2026-03-31", 36e9, "2026-04-29"), *NEXT[2:]]
    found = read(facts(**{CAPEX: first}))
    assert (days(found), found.values.tolist()) == (["2026-06-30"], [20.0])
    assert found.estimates.tolist() == [True]


def test_an_estimate_is_stored_with_a_source_that_says_so(store):
    tree = dumped(facts(**{CAPEX: [*YEAR, NEXT[0], {**NEXT[1], "val": 36e9}, *NEXT[2:]]}))
    for year in (2025, 2026, 2027):  # two years ago: what is still to come is refused
        tree = tree.replace(str(year).encode(), str(year - 2).encode())
    found = edgar.read_facts(edgar._gaap(SOURCE, "MSFT", reply(tree)), entry("capex:MSFT"), SOURCE)
    store.append(found.parts())
    from drypowder.data.overview import prints

    columns = prints(store.known_on(), ["capex:MSFT"])
    said = dict(zip(columns["value"].tolist(), columns["source"].tolist(), strict=True))
    assert "estimate" in said[20.0] and "estimate" not in said[16.0]


def test_a_quarter_filed_as_such_counts_before_a_difference():
    both = [*YEAR[:2], fact("2025-10-01", "2025-12-31", 12.5e9, "2026-01-28")]
    assert read(facts(**{CAPEX: both})).values.tolist() == [10.0, 12.5]


def test_a_year_that_is_repeated_does_not_undo_a_quarter_filed_as_such():
    # the second quarter was given as 12.5 where the difference is 12; the year is repeated later
    both = [*YEAR, fact("2025-10-01", "2025-12-31", 12.5e9, "2026-01-28")]
    repeated = fact("2025-07-01", "2026-06-30", 52e9, "2027-07-28", "10-K")
    assert len(read(facts(**{CAPEX: [*both, repeated]}))) == len(read(facts(**{CAPEX: both}))) == 4


def test_nothing_is_made_of_nine_months_alone():
    alone = [YEAR[0], YEAR[2]]  # six months are missing: 26 billion would be two quarters
    assert read(facts(**{CAPEX: alone})).values.tolist() == [10.0]


def test_years_of_52_and_53_weeks_have_quarters_too():
    weeks = [
        fact("2025-01-27", "2025-04-27", 1e9, "2025-05-28"),
        fact("2025-01-27", "2025-07-27", 3e9, "2025-08-27"),
        fact("2025-01-27", "2025-11-02", 6e9, "2025-11-19"),
    ]
    assert read(facts(**{CAPEX: weeks})).values.tolist() == [1.0, 2.0, 3.0]


def test_a_firm_that_changes_its_tag_is_followed():
    other = "PaymentsToAcquireProductiveAssets"
    found = read(
        facts(
            **{
                CAPEX: YEAR[:1],
                other: [fact("2025-07-01", "2025-09-30", 99e9, "2025-10-29"), YEAR[1]],
            }
        )
    )
    assert found.values.tolist() == [10.0, 12.0]


def test_other_forms_do_not_count():
    assert (
        len(
            read(
                facts(
                    **{CAPEX: [*YEAR, fact("2026-07-01", "2026-09-30", 1e9, "2026-10-01", "S-1")]}
                )
            )
        )
        == 4
    )


def test_levels_are_those_of_the_first_sum_that_is_whole():
    cash = [
        fact(None, "2026-06-30", 30e9, "2026-07-29"),
        fact(None, "2026-03-31", 28e9, "2026-04-29"),
    ]
    securities = [
        fact(None, "2026-06-30", 60e9, "2026-07-29"),
        fact(None, "2026-06-30", 61e9, "2026-10-28"),
    ]
    tree = facts(CashAndCashEquivalentsAtCarryingValue=cash, MarketableSecuritiesCurrent=securities)
    assert read(tree, "cash:MSFT").values.tolist() == [28.0, 30.0]
    both = read(tree, "liquid:MSFT")
    assert both.values.tolist() == [90.0, 91.0]
    assert known(both) == ["2026-07-29", "2026-10-28"]


def test_a_balance_under_a_lesser_tag_is_known_until_a_better_one_is_filed():
    lesser = [fact(None, "2025-12-31", 20e9, "2026-01-28")]
    better = [fact(None, "2025-12-31", 18e9, "2027-01-27", "10-K")]
    found = read(facts(LongTermDebt=lesser, LongTermDebtNoncurrent=better), "debt:MSFT")
    assert found.values.tolist() == [20.0, 18.0]
    assert known(found) == ["2026-01-28", "2027-01-27"]


def test_what_a_firm_does_not_report_is_missing():
    with pytest.raises(DataMissingError, match=r"DP-183.*debt of MSFT"):
        read(facts(**{CAPEX: YEAR}), "debt:MSFT")


def test_a_figure_in_another_currency_is_refused():
    tree = facts(**{CAPEX: YEAR})
    units = tree["facts"]["us-gaap"][CAPEX]["units"]
    units["EUR"] = units.pop("USD")
    with pytest.raises(DrypowderError, match=r"DP-187.*EUR"):
        read(tree)


@pytest.mark.parametrize(
    "tree",
    [
        [],
        {"facts": {}},
        {"facts": {"us-gaap": {CAPEX: {"USD": []}}}},
        {"facts": {"us-gaap": {CAPEX: {"units": {"USD": {}}}}}},
        facts(**{CAPEX: [{"end": "2026-06-30"}]}),
        facts(**{CAPEX: [fact("2025-07-01", "June", 1, "2026-07-29")]}),
        facts(**{CAPEX: [fact("2025-07-01", "2026-06-30", "lots", "2026-07-29")]}),
    ],
)
def test_another_form_is_refused(tree):
    with pytest.raises(DrypowderError, match="DP-186"):
        read(tree)


def test_all_measures_of_a_company_are_one_request_that_says_who_asks(
    httpserver, session, monkeypatch
):
    monkeypatch.setenv("DRYPOWDER_CONTACT", "A. Reader reader@example.org")
    httpserver.expect_request(
        "/api/xbrl/companyfacts/CIK0000789019.json",
        headers={"User-Agent": "drypowder/0.1.0 (economic research; A. Reader reader@example.org)"},
    ).respond_with_json(facts(**{CAPEX: YEAR}))
    wanted = [entry("capex:MSFT"), entry("cash:MSFT")]
    (question,) = edgar.questions(wanted, {"capex:MSFT": date(2026, 6, 30)})
    assert len(question.read(question.fetch(session), wanted[0])) == 4
    assert session.asked == 1


def test_a_company_without_a_number_costs_itself_only():
    known_one, unknown = edgar.questions([entry("capex:MSFT"), entry("capex:ACME")], {})
    assert known_one.addresses
    with pytest.raises(DataMissingError, match=r"DP-183.*ACME.*MSFT"):
        unknown.fetch(None)


@pytest.mark.real_data
def test_the_sample_of_a_filing_has_facts_to_date(wire):
    import json

    told = json.loads(bytes_of(wire / "sec_companyfacts_reshaped_excerpt_MSFT.json"))
    rows = [
        {key: row[key] for key in ("start", "end", "val", "filed", "form", "fy", "fp")}
        for row in told["items"]["revenue"]["values"]
    ]
    found = read(facts(**{CAPEX: [{**row, "val": row["val"] / 100} for row in rows]}))
    # one quarter as such; nine months less six of the year to June 2009: 45.338 - 31.690
    assert days(found) == ["2007-09-30", "2009-03-31"]
    assert found.values.tolist() == pytest.approx([0.13762, 0.13648])
    assert known(found) == ["2010-07-30", "2010-04-22"]


@pytest.mark.real_data
def test_another_document_of_the_sec_is_refused(wire):
    content = bytes_of(wire / "sec_submissions_CIK0000789019.json.gz")
    with pytest.raises(DrypowderError, match=r"DP-186.*facts"):
        edgar._gaap(SOURCE, "MSFT", reply(content))


@given(
    st.lists(st.integers(-500, 500), min_size=4, max_size=4),
    st.permutations(range(4)),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_quarters_add_up_to_the_year_whatever_the_order_of_the_rows(values, order, as_such):
    """Year-to-date figures of any quarters give those quarters back."""
    ends = [date(2025, 9, 30), date(2025, 12, 31), date(2026, 3, 31), date(2026, 6, 30)]
    starts = [date(2025, 7, 1), date(2025, 10, 1), date(2026, 1, 1), date(2026, 4, 1)]
    filed = [each + timedelta(days=29) for each in ends]
    told = [edgar.Fact(starts[0], ends[k], sum(values[: k + 1]), filed[k]) for k in order]
    told += [edgar.Fact(starts[k], ends[k], values[k], filed[k]) for k in order if as_such[k]]
    found = edgar.quarters(told)
    assert [(each.observed_on, each.value) for each in found] == list(
        zip(ends, values, strict=True)
    )
    assert [each.known_on for each in found] == filed


@given(st.data())
def test_a_day_knows_only_what_was_filed_by_then(data):
    """Filings after a day change nothing that was known on it, and no print predates its parts."""
    ends = [date(2025, 9, 30), date(2025, 12, 31), date(2026, 3, 31), date(2026, 6, 30)]
    start, first = date(2025, 7, 1), date(2025, 10, 20)
    told = [
        edgar.Fact(start, ends[k], data.draw(st.integers(1, 9)),
                   first + timedelta(days=data.draw(st.integers(0, 900))))
        for k in data.draw(st.lists(st.sampled_from(range(4)), min_size=1, max_size=9))
    ]  # fmt: skip
    on = first + timedelta(days=data.draw(st.integers(0, 900)))
    by_then = [each for each in told if each.filed <= on]
    seen = [each for each in edgar.quarters(told) if each.known_on <= on]
    assert seen == edgar.quarters(by_then)
    filed = {each.filed for each in told}
    assert all(each.known_on in filed for each in edgar.quarters(told))
