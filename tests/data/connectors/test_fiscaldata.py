"""The Treasury: three names of one account, "null" as a text, pages."""

from __future__ import annotations

from datetime import date

import pytest
from tests.data.connectors.publisher import bytes_of, days, dumped, entry, known, reply
from werkzeug import Response

from drypowder.data.connectors import fiscaldata
from drypowder.errors import DrypowderError

SOURCE = "Fiscal Data"
OLD, MIDDLE = "Federal Reserve Account", "Treasury General Account (TGA)"
NEW = "Treasury General Account (TGA) Closing Balance"


def cash(on, account, opened, closed):
    return {
        "record_date": on,
        "account_type": account,
        "open_today_bal": opened,
        "close_today_bal": closed,
    }


def read(entries, name="TGA", table=fiscaldata._CASH):
    page, _, answer = fiscaldata._page(
        SOURCE, table, reply(dumped({"data": entries, "meta": {"total-pages": 1}}))
    )
    return fiscaldata.read_pages([(page, answer)], entry(name), SOURCE, table)


def test_the_account_changed_its_name_twice_and_its_field_once():
    found = read(
        [
            cash("2021-09-30", OLD, "173745", "215160"),
            cash("2021-10-01", MIDDLE, "215160", "132471"),
            cash("2022-04-18", NEW, "904320", "null"),
            cash("2022-04-18", "Treasury General Account (TGA) Opening Balance", "666000", "null"),
            cash("2022-04-18", "Total TGA Deposits (Table II)", "1", "null"),
        ]
    )
    assert days(found) == ["2021-09-30", "2021-10-01", "2022-04-18"]
    assert found.values.tolist() == [215.160, 132.471, 904.320]


def test_should_the_publisher_fill_the_right_field_it_counts():
    assert read([cash("2026-11-20", NEW, "null", "900000")]).values.tolist() == [900.0]


def test_two_balances_of_one_day_are_refused():
    twice = [cash("2026-11-20", NEW, "900000", "null"), cash("2026-11-20", NEW, "800000", "null")]
    with pytest.raises(DrypowderError, match=r"DP-186.*two values"):
        read(twice)
    assert read([twice[0], twice[0]]).values.tolist() == [900.0]


@pytest.mark.parametrize("odd", ["4,25", "1_000", "\u0664\u0665", "9,00,000", "1e", "0x10"])
def test_what_only_looks_like_a_number_is_refused(odd):
    with pytest.raises(DrypowderError, match=r"DP-186.*not a number"):
        read([cash("2026-11-20", NEW, odd, "null")])


def test_a_thousand_commas_and_null_are_understood():
    found = read(
        [cash("2026-08-19", NEW, "1,000,500", "null"), cash("2026-08-20", NEW, "null", "null")]
    )
    assert found.values.tolist() == [1000.5]


def test_debt_to_the_penny_is_in_dollars():
    entries = [
        {
            "record_date": "2026-08-17",
            "debt_held_public_amt": "32386657878071.92",
            "tot_pub_debt_out_amt": "39986657878071.92",
        }
    ]
    assert read(entries, "debt:total", fiscaldata._DEBT).values == pytest.approx(
        [39986.65787807192]
    )
    assert read(entries, "debt:public", fiscaldata._DEBT).values == pytest.approx(
        [32386.65787807192]
    )


def test_bills_are_those_of_the_marketable_debt():
    def line(kind, name, amount):
        return {
            "record_date": "2026-06-30",
            "security_type_desc": kind,
            "security_class_desc": name,
            "debt_held_public_mil_amt": amount,
        }

    entries = [
        line("Marketable", "Bills", "6500000"),
        line("Marketable", "Notes", "15500000"),
        line("Total Marketable", "_", "29000000"),
        line("Nonmarketable", "Bills", "1"),
    ]
    assert read(entries, "bills", fiscaldata._MONTHLY).values.tolist() == [6500.0]
    assert read(entries, "notes", fiscaldata._MONTHLY).values.tolist() == [15500.0]


def test_auctions_of_a_day_add_up_once_all_have_results():
    def auction(on, kind, accepted):
        return {"auction_date": on, "security_type": kind, "total_accepted": accepted}

    entries = [
        auction("2026-08-17", "Bill", "79000000000"),
        auction("2026-08-17", "CMB", "50000000000"),
        auction("2026-08-18", "Bill", "80000000000"),
        auction("2026-08-18", "Bill", "null"),
        auction("2026-08-17", "Note", "1"),
    ]
    found = read(entries, "auctioned:bills", fiscaldata._AUCTIONS)
    assert found.values.tolist() == [129.0]
    assert known(found) == days(found) == ["2026-08-17"]
    with pytest.raises(DrypowderError, match=r"DP-183.*bills, notes, bonds"):
        read(entries, "auctioned:stamps", fiscaldata._AUCTIONS)


def test_all_pages_are_asked_for(httpserver, session):
    def answer(request):
        page = int(request.args["page[number]"])
        rows = [cash(f"2026-08-1{page}", NEW, str(900_000 + page), "null")]
        return Response(dumped({"data": rows, "meta": {"total-pages": 3}}))

    httpserver.expect_request(
        "/services/api/fiscal_service/v1/accounting/dts/operating_cash_balance"
    ).respond_with_handler(answer)
    (question,) = fiscaldata.questions([entry("TGA")], {"TGA": date(2026, 8, 1)})
    found = question.read(question.fetch(session), entry("TGA"))
    assert session.asked == 3
    assert found.values.tolist() == [900.001, 900.002, 900.003]


def test_one_question_a_table_asks_from_the_newest_stored_day():
    wanted = [entry(name) for name in ("TGA", "debt:total", "debt:public", "bills")]
    found = fiscaldata.questions(wanted, {"TGA": date(2026, 8, 1)})
    assert [[each.name for each in q.series] for q in found] == [
        ["TGA"],
        ["debt:total", "debt:public"],
        ["bills"],
    ]
    assert "record_date:gte:2025-01-01" in found[0].addresses[0]
    assert "record_date:gte:1990-01-01" in found[1].addresses[0]


@pytest.mark.parametrize(
    "tree",
    [
        {"error": "Invalid Query Param", "message": "field x does not exist"},
        {"data": {}},
        [],
        {"data": [{"record_date": "2026-08-19", "account": "x"}]},
        {"data": [cash("2026-08-19", NEW, "many", "null")]},
        {"data": [cash("soon", NEW, "1", "null")]},
    ],
)
def test_another_form_is_refused(tree):
    with pytest.raises(DrypowderError, match="DP-186"):
        page, _, answer = fiscaldata._page(SOURCE, fiscaldata._CASH, reply(dumped(tree)))
        fiscaldata.read_pages([(page, answer)], entry("TGA"), SOURCE, fiscaldata._CASH)


@pytest.mark.real_data
def test_the_sample_of_the_daily_statement(wire):
    content = bytes_of(wire / "fiscaldata_dts_operating_cash_balance_partial.json")
    page, pages, answer = fiscaldata._page(SOURCE, fiscaldata._CASH, reply(content))
    found = fiscaldata.read_pages([(page, answer)], entry("TGA"), SOURCE, fiscaldata._CASH)
    assert (days(found), found.values.tolist(), pages) == (["2026-06-30"], [919.145], 1)
