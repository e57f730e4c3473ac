"""New York Fed: operations told apart here, exercises left out, years asked one by one."""

from __future__ import annotations

import itertools
from datetime import date

import pytest
from tests.data.connectors.publisher import bytes_of, days, dumped, entry, known, reply

from drypowder.data.connectors import nyfed
from drypowder.data.connectors.windows import windows
from drypowder.errors import DrypowderError

SOURCE = "New York Fed"


def operation(on, kind, accepted, **more):
    return {
        "operationId": f"{kind} {on}",
        "auctionStatus": "Results",
        "operationDate": on,
        "operationType": kind,
        "term": "Overnight",
        "termCalenderDays": 1,
        "closeTime": "13:30",
        "totalAmtSubmitted": accepted,
        "totalAmtAccepted": accepted,
        **more,
    }


def read(operations, name="nyfed:repo"):
    found = nyfed._entries(
        SOURCE, ("repo", "operations"), reply(dumped({"repo": {"operations": operations}}))
    )
    return nyfed.read_operations([found], entry(name), SOURCE)


def test_repo_and_reverse_repo_come_by_one_path():
    mixed = [
        operation("2025-10-31", "Repo", 20.35e9),
        operation("2025-10-31", "Reverse Repo", 51.8e9),
    ]
    assert read(mixed).values.tolist() == [20.35]
    assert read(mixed, "nyfed:reverse-repo").values.tolist() == [51.8]


def test_two_repo_operations_of_a_day_add_up():
    # 31 October 2025: 20.35 billion in the morning and 30 in the afternoon are 50.35
    both = [operation("2025-10-31", "Repo", 20.35e9), operation("2025-10-31", "Repo", 30e9)]
    found = read(both)
    assert found.values.tolist() == pytest.approx([50.35])
    assert known(found) == ["2025-10-31"]  # results come out on the day


def test_operations_beyond_any_sum_are_refused():
    huge = [operation("2026-03-02", "Repo", 1e308), operation("2026-03-02", "Repo", 1e308)]
    with pytest.raises(DrypowderError, match="totalAmtAccepted adds up to more") as error:
        read(huge)
    assert error.value.code == "DP-186"


def test_exercises_are_no_operations():
    note = "Small Value Exercise"
    kept = operation("2026-05-13", "Repo", 1e9)
    assert read([kept, operation("2026-05-13", "Repo", 1e8, note=note)]).values.tolist() == [1.0]
    assert read([kept, operation("2026-05-13", "Repo", 1e8, note=note.upper())]).values[0] == 1.0


def test_of_two_reverse_repos_the_later_is_no_exercise_though_the_note_is_empty():
    two = [
        operation("2020-11-18", "Reverse Repo", 5e7, closeTime="10:30"),
        operation("2020-11-18", "Reverse Repo", 2e9, closeTime="13:15"),
    ]
    assert read(two, "nyfed:reverse-repo").values.tolist() == [2.0]


def test_what_is_announced_or_longer_than_a_weekend_is_left_out():
    found = read(
        [
            operation("2026-08-19", "Repo", 1e9),
            operation("2026-08-20", "Repo", 2e9, auctionStatus="Announced"),
            operation("2026-08-21", "Repo", 3e9, term="14-Day", termCalenderDays=14),
            operation("2026-08-22", "Repo", 4e9, term="3-Day", termCalendarDays=3),
        ]
    )
    assert days(found) == ["2026-08-19", "2026-08-22"]


def test_a_rate_its_tail_and_its_volume_come_together(httpserver, session):
    httpserver.expect_request("/api/rates/secured/sofr/search.json").respond_with_json(
        {
            "refRates": [
                {
                    "effectiveDate": "2026-08-20",
                    "type": "SOFR",
                    "percentRate": 3.63,
                    "percentPercentile99": 3.71,
                    "volumeInBillions": 3137,
                },
                {
                    "effectiveDate": "2026-08-20",
                    "type": "BGCR",
                    "percentRate": 3.6,
                    "percentPercentile99": 3.7,
                    "volumeInBillions": 1,
                },
            ]
        }
    )
    names = ["nyfed:SOFR", "nyfed:SOFR-99", "nyfed:SOFR-volume"]
    (question,) = nyfed.questions(
        [entry(name) for name in names],
        {names[0]: date(2026, 8, 1), names[1]: date(2026, 8, 1), names[2]: date(2026, 8, 1)},
    )
    found = question.fetch(session)
    assert [question.read(found, entry(name)).values[0] for name in names] == [3.63, 3.71, 3137.0]
    assert session.asked == 1  # only the year of the newest stored day


def test_holdings_are_dollars_and_nothing_is_an_empty_text(httpserver, session):
    httpserver.expect_request("/api/soma/summary.json").respond_with_json(
        {
            "soma": {
                "summary": [
                    {"asOfDate": "2003-07-09", "bills": "238000000000.00", "frn": ""},
                    {"asOfDate": "2026-08-19", "bills": "300000000000.00", "frn": "0.00"},
                ]
            }
        }
    )
    wanted = [entry("soma:bills"), entry("soma:frn")]
    (question,) = nyfed.questions(wanted, {})
    found = question.fetch(session)
    assert question.read(found, wanted[0]).values.tolist() == [238.0, 300.0]
    assert days(question.read(found, wanted[1])) == ["2026-08-19"]


def test_years_are_asked_one_by_one_and_the_current_one_stays_open(httpserver, session):
    asked = []
    from werkzeug import Response

    def answer(request):
        asked.append(dict(request.args))
        on = request.args["startDate"]
        return Response(dumped({"repo": {"operations": [operation(on, "Repo", 1e9)]}}))

    httpserver.expect_request("/api/rp/results/search.json").respond_with_handler(answer)
    (question,) = nyfed.questions([entry("nyfed:repo")], {"nyfed:repo": date(2025, 1, 7)})
    found = question.read(question.fetch(session), entry("nyfed:repo"))
    assert asked == [
        {"startDate": "2024-01-01", "endDate": "2024-12-31"},
        {"startDate": "2025-01-01", "endDate": "2025-12-31"},
        {"startDate": "2026-01-01"},
    ]
    assert len(found) == 3 and len(found.raw_sha256.split()) == 3
    session.offline = True  # the addresses are the same tomorrow
    assert len(question.fetch(session)) == 3


def test_blocks_of_years_leave_no_day_out():
    found = windows(date(2013, 9, 23), date(2026, 11, 23), 5)
    assert found[0] == (date(2010, 1, 1), date(2014, 12, 31))
    assert found[-1] == (date(2025, 1, 1), None)
    assert all(
        end and (start - end).days == 1 for (_, end), (start, _) in itertools.pairwise(found)
    )


@pytest.mark.parametrize(
    "tree",
    [
        {"repo": {}},
        {"repo": {"operations": {}}},
        {"operations": []},
        [],
        {"repo": {"operations": [{"operationDate": "2026-08-19"}]}},
        {"repo": {"operations": [operation("19/8/26", "Repo", 1)]}},
        {"repo": {"operations": [operation("2026-08-19", "Repo", "lots")]}},
    ],
)
def test_another_form_is_refused(tree):
    with pytest.raises(DrypowderError, match="DP-186"):
        found = nyfed._entries(SOURCE, ("repo", "operations"), reply(dumped(tree)))
        nyfed.read_operations([found], entry("nyfed:repo"), SOURCE)


@pytest.mark.real_data
def test_the_sample_of_the_desk_is_a_repo_of_a_million(wire):
    content = bytes_of(wire / "nyfed_markets_rp_results_partial.json")
    found = nyfed._entries(SOURCE, ("repo", "operations"), reply(content))
    made = nyfed.read_operations([found], entry("nyfed:repo"), SOURCE)
    assert (days(made), made.values.tolist()) == (["2026-09-03"], [0.001])
    with pytest.raises(DrypowderError, match="DP-185"):  # there is no reverse repo in it
        nyfed.read_operations([found], entry("nyfed:reverse-repo"), SOURCE)
