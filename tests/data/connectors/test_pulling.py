"""A pull: one fault costs one series, what is stored stays, and everything is said."""

from __future__ import annotations

import json
import re
import sys

import pytest
from tests.data.connectors.publisher import PAGE, dumped
from werkzeug import Response

from drypowder.cli.output import Output
from drypowder.cli.pulling import pull_series
from drypowder.data.connectors import failure, pull, questions, wanted
from drypowder.errors import DataMissingError, DrypowderError, UsageError

GRAPH = "/graph/fredgraph.csv"
FIGURES = {"RRPONTSYD": 1.5, "DGS10": 4.25, "WALCL": 6_618_000.0, "BAMLH0A0HYM2": 2.74}


def rows(name: str, value: float, last: str = "2026-11-20") -> bytes:
    return f"observation_date,{name}\n2026-11-19,{value}\n{last},{value + 0.25}\n".encode()


@pytest.fixture
def publisher(httpserver):
    """FRED, whose answers a test may change."""
    answers = {name: rows(name, value) for name, value in FIGURES.items()}
    asked: list[str] = []

    def answer(request):
        asked.append(request.args["id"])
        given = answers.get(request.args["id"])
        return Response(b"", 404) if given is None else Response(given)

    httpserver.expect_request(GRAPH).respond_with_handler(answer)
    answers["asked"] = asked
    return answers


def pulled(names, store, session):
    return {
        each.series.name: each for each in pull(questions(wanted(names), store), store, session)
    }


def stored(store, name):
    return store.known_on().find(name)


def test_what_is_pulled_is_stored_with_its_bytes(publisher, store, session):
    found = pulled(["WALCL", "RRPONTSYD"], store, session)
    assert [found[name].new for name in ("WALCL", "RRPONTSYD")] == [2, 2]
    assert str(found["WALCL"].newest) == "2026-11-20"
    balance = stored(store, "WALCL")
    assert balance.values.tolist() == [6618.0, pytest.approx(6618.00025)]
    # the keyless file says nothing of publication; the second was in hand before its lag was over
    assert balance.estimated.tolist() == [True, False]
    assert (balance.known_on > balance.observed_on).all()


def test_the_same_again_says_nothing_new(publisher, store, session):
    pulled(["RRPONTSYD"], store, session)
    again = pulled(["RRPONTSYD"], store, session)["RRPONTSYD"]
    assert (again.status, again.new) == ("unchanged", 0)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (PAGE, "DP-185"),
        (b"", "DP-185"),
        (rows("RRPONTSYD", 1.5)[:-4], "DP-185"),
        (rows("M2SL", 1.5), "DP-186"),
        (None, "DP-183"),
        (rows("RRPONTSYD", 1.5e6), "DP-187"),
        (b"observation_date,RRPONTSYD\n2026-11-19,1\n2026-11-19,2\n", "DP-186"),
    ],
)
def test_a_bad_reply_costs_its_own_series_only(publisher, store, session, bad, code):
    pulled(["RRPONTSYD"], store, session)
    before = stored(store, "RRPONTSYD")
    publisher["RRPONTSYD"] = bad
    found = pulled(["RRPONTSYD", "DGS10"], store, session)
    assert found["RRPONTSYD"].fault.code == code
    assert found["DGS10"].new == 2
    after = stored(store, "RRPONTSYD")
    assert after.values.tolist() == before.values.tolist()
    session.offline = True  # and the last good reply still answers
    assert pulled(["RRPONTSYD"], store, session)["RRPONTSYD"].status == "unchanged"


def test_a_thousandfold_of_what_is_stored_is_another_unit(publisher, store, session):
    def week(times):
        lines = [f"2026-11-{day:02d},{times * day / 10}\n" for day in (16, 17, 18, 19, 20)]
        return ("observation_date,RRPONTSYD\n" + "".join(lines)).encode()

    publisher["RRPONTSYD"] = week(1)
    pulled(["RRPONTSYD"], store, session)
    publisher["RRPONTSYD"] = week(1000)  # 1,600 to 2,000 billion would be possible
    found = pulled(["RRPONTSYD"], store, session)["RRPONTSYD"]
    assert found.fault.code == "DP-187" and "stays as it was" in found.fault.message
    assert stored(store, "RRPONTSYD").values.max() == 2.0


def test_a_store_that_refuses_one_series_takes_the_others(publisher, store, session, monkeypatch):
    append = type(store).append

    def refusing(self, prints, *, origin=""):
        given = list(prints)
        if any(each.series == "DGS10" for each in given):
            raise UsageError("DP-172", "the unit must be another.")
        return append(self, given, origin=origin)

    monkeypatch.setattr(type(store), "append", refusing)
    found = pulled(["WALCL", "DGS10", "RRPONTSYD"], store, session)
    assert found["DGS10"].fault.code == "DP-187"
    assert found["WALCL"].new == found["RRPONTSYD"].new == 2


def test_exit_three_where_data_are_missing_and_one_where_they_are_wrong(publisher, store, session):
    missing = pulled(["M2SL", "RRPONTSYD"], store, session)
    assert failure(missing.values()) is DataMissingError
    publisher["DGS10"] = PAGE
    worse = pulled(["M2SL", "DGS10"], store, session)
    assert failure(worse.values()) is DrypowderError
    assert failure(pulled(["WALCL"], store, session).values()) is None


def test_a_name_that_nobody_knows_is_refused_before_anything_is_asked(publisher, store, session):
    with pytest.raises(UsageError, match=r"DP-170.*WALCK"):
        pulled(["WALCL", "WALCK"], store, session)
    with pytest.raises(DataMissingError, match=r"DP-183.*own:rent.*import"):
        pulled(["own:rent"], store, session)
    assert session.asked == 0


def test_the_usual_series_are_public_and_companies_only_with_a_contact(monkeypatch):
    names = [each.name for each in wanted([])]
    assert {"WALCL", "RRPONTSYD", "TGA", "bills", "stablecoins:total"} <= set(names)
    assert not any(name.startswith(("price:", "perp", "funding:", "capex:")) for name in names)
    monkeypatch.setenv("DRYPOWDER_CONTACT", "A. Reader reader@example.org")
    assert {"capex:MSFT", "liquid:ORCL"} <= {each.name for each in wanted([])}


def test_a_whole_pull_asks_every_public_source(httpserver, store, session, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_CONTACT", "A. Reader reader@example.org")
    asked = questions(wanted([]), store)
    assert {each.source.name for each in asked} == {
        "fred",
        "nyfed",
        "fiscaldata",
        "edgar",
        "defillama",
    }
    httpserver.expect_request(re.compile(".*")).respond_with_data("", status=404)
    outcomes = pull(asked, store, session)
    assert {each.fault.code for each in outcomes} == {"DP-183"}
    assert len(outcomes) == len(wanted([]))


def test_revisions_come_after_what_was_known(publisher, store, session, httpserver):
    from datetime import timedelta

    publisher["M2SL"] = b"observation_date,M2SL\n2026-08-01,22500\n2026-09-01,22600\n"
    pulled(["M2SL"], store, session)
    first = session.now()
    session.now = lambda: first + timedelta(hours=1)
    publisher["M2SL"] = b"observation_date,M2SL\n2026-08-01,22510\n2026-09-01,22600\n"
    assert pulled(["M2SL"], store, session)["M2SL"].new == 1
    assert stored(store, "M2SL").values.tolist() == [22510.0, 22600.0]
    before = store.known_on(first + timedelta(minutes=1)).series("M2SL")
    assert before.values.tolist() == [22500.0, 22600.0]


@pytest.fixture
def treasury(httpserver):
    """The Treasury's cash at the end of each year since 2021 and of each week of 2026."""
    days = [f"{year}-12-31" for year in range(2021, 2026)]
    days += [f"2026-{month:02}-15" for month in range(1, 12)]
    asked: list[str] = []

    def answer(request):
        asked.append(request.args["filter"])
        bounds = dict(part.split(":", 1)[1].split(":") for part in asked[-1].split(","))
        first, last = bounds["gte"], bounds.get("lte", "9999")
        rows = [
            {"record_date": day, "account_type": "Treasury General Account (TGA) Closing Balance",
             "open_today_bal": "800000", "close_today_bal": "null"}
            for day in days if first <= day <= last
        ]  # fmt: skip
        return Response(dumped({"data": rows, "meta": {"total-pages": 1}}))

    httpserver.expect_request(re.compile(".*operating_cash_balance")).respond_with_handler(answer)
    return asked


@pytest.mark.parametrize("day", ["2026-11-18", "2026-10-15"])
def test_a_pull_after_an_import_fetches_the_years_before_it_once(
    treasury, store, session, tmp_path, day
):
    """Whatever the file holds: the last day only, or a day beyond the newest of the publisher."""
    from drypowder.data.importing import import_path

    path = tmp_path / "short.csv"
    path.write_text(f"series,observed_on,value,unit\nTGA,{day},800000,USD mn\n")
    import_path(store, path)
    pulled(["TGA"], store, session)
    held = stored(store, "TGA").observed_on.astype("datetime64[D]").astype(str).tolist()
    assert {"2021-12-31", "2025-12-31", "2026-01-15", "2026-11-15", day} <= set(held)
    whole = len(treasury)
    assert whole > 1
    pulled(["TGA"], store, session)
    assert len(treasury) == whole + 1  # the running years only


def test_a_pull_that_could_not_be_stored_is_asked_for_again(treasury, store, session, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(type(store), "append", lambda *_, **__: _refuse())
        assert pulled(["TGA"], store, session)["TGA"].fault.code == "DP-178"
    whole = len(treasury)
    assert pulled(["TGA"], store, session)["TGA"].new > 10
    assert len(treasury) == 2 * whole


def _refuse():
    raise DrypowderError("DP-178", "the disk is full.")


# --- the command line ---


def run(names, tmp_path, capsys, *, kind="json", dry_run=False, offline=False):
    try:
        pull_series(
            names,
            dry_run=dry_run,
            offline=offline,
            home=tmp_path / "home",
            output=Output(kind, None),
        )
        fault = None
    except DrypowderError as error:
        fault = error
    said = capsys.readouterr()
    return (json.loads(said.out) if kind == "json" and said.out else said.out), said.err, fault


def test_the_answer_is_a_table_and_the_words_go_to_stderr(publisher, tmp_path, capsys):
    made, said, fault = run(["WALCL", "BAMLH0A0HYM2"], tmp_path, capsys)
    assert fault is None
    assert [(row["pulled_series"], row["new_prints"], row["newest"]) for row in made] == [
        ("WALCL", 2, "2026-11-20"),
        ("BAMLH0A0HYM2", 2, "2026-11-20"),
    ]
    assert "asking FRED" in said and "2 series asked for: 2 with new figures (4 prints)" in said
    assert "BAMLH0A0HYM2: FRED serves the last three years only" in said


def test_some_failed_is_said_with_each_reason(publisher, tmp_path, capsys):
    made, said, fault = run(["WALCL", "M2SL", "GDP"], tmp_path, capsys)
    assert [row["status"] for row in made].count("failed") == 2
    assert fault.code == "DP-189" and fault.exit_code == 3
    assert "M2SL (DP-183)" in fault.message and "GDP (DP-183)" in fault.message
    assert "M2SL: DP-183" in said and "GDP: DP-183" in said


def test_a_pull_of_one_series_ends_with_its_own_error(publisher, tmp_path, capsys):
    _, _, fault = run(["M2SL"], tmp_path, capsys)
    assert fault.code == "DP-183" and fault.exit_code == 3
    publisher["DGS10"] = PAGE
    _, _, fault = run(["DGS10"], tmp_path, capsys)
    assert fault.code == "DP-185" and fault.exit_code == 1


def test_a_dry_run_asks_nobody_and_writes_nothing(publisher, tmp_path, capsys):
    made, said, fault = run(["WALCL", "TGA", "price:SPY"], tmp_path, capsys, dry_run=True)
    assert fault is None and publisher["asked"] == [] and not (tmp_path / "home").exists()
    assert made[0]["address"].endswith("/graph/fredgraph.csv?id=WALCL")
    assert "3 questions would be asked" in said and "no redistribution" in said


def test_companies_are_left_out_aloud(tmp_path, capsys):
    _, said, _ = run([], tmp_path, capsys, dry_run=True)
    assert "DRYPOWDER_CONTACT" in said


def test_offline_without_an_earlier_pull_is_missing_data(publisher, tmp_path, capsys):
    _, _, fault = run(["WALCL"], tmp_path, capsys, offline=True)
    assert fault.code == "DP-184" and fault.exit_code == 3
    run(["WALCL"], tmp_path, capsys)
    made, _, fault = run(["WALCL"], tmp_path, capsys, offline=True)
    assert fault is None and made[0]["status"] == "unchanged"


def test_words_are_a_table_for_people(publisher, tmp_path, capsys):
    made, _, _ = run(["WALCL"], tmp_path, capsys, kind="words")
    assert "WALCL" in made and "2026-11-20" in made


def test_pulling_loads_neither_jax_nor_the_extras():
    import subprocess

    code = """
import sys
from drypowder.cli import pulling
from drypowder.data import connectors, open_store
connectors.questions(connectors.wanted([]), open_store("nowhere"))
print([m for m in ("jax", "pandas", "ccxt", "yfinance", "httpx2") if m in sys.modules])
"""
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "[]"


def test_every_source_may_be_sent_elsewhere(httpserver):
    from tests.data.connectors.publisher import SOURCES

    from drypowder.data.connectors._settings import provider

    assert {provider(name).url for name in SOURCES} == {httpserver.url_for("").rstrip("/")}
    assert dumped([]) == b"[]"


def test_a_password_in_an_address_is_refused_and_not_said(store, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_FRED_URL", "https://me:hidden@mirror.example.org")
    with pytest.raises(UsageError) as error:
        questions(wanted(["DGS10"]), store)
    assert error.value.code == "DP-188" and "hidden" not in str(error.value)


def test_replies_that_cannot_be_kept_cost_no_traceback(publisher, store, session):
    session.raw.folder.parent.mkdir(parents=True)
    session.raw.folder.touch()  # a file where the folder should be
    (found,) = pulled(["DGS10"], store, session).values()
    assert found.fault is not None and found.fault.code == "DP-178"
