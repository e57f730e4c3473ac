"""Asking politely: how often, how slowly, with whose name, and what is kept of the answers."""

from __future__ import annotations

import json
import math
import socket
import threading
from datetime import timedelta
from email.utils import format_datetime

import pytest
from tests.data.connectors.publisher import NOW, PAGE
from werkzeug import Request, Response

from drypowder.data.connectors._settings import provider
from drypowder.errors import DataMissingError, DrypowderError, UsageError

CSV = b"observation_date,WALCL\n2026-08-19,6618000\n"
KEY = "0123456789abcdef0123456789abcdef"


def ask(session, source="fred", read=lambda reply: reply, **more):
    return session.get(
        provider(source), "/graph/fredgraph.csv", {"id": "WALCL"}, read, extension="csv", **more
    )


def answering(httpserver, answers, path="/graph/fredgraph.csv"):
    """Give one answer after the other, and note every request."""
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        seen.append(request)
        return answers[min(len(seen), len(answers)) - 1]

    httpserver.expect_request(path).respond_with_handler(handle)
    return seen


def test_a_passing_fault_is_asked_again_with_longer_waits(httpserver, session, clock):
    faults = [Response(b"", status) for status in (503, 500, 429)]
    seen = answering(httpserver, [*faults, Response(CSV)])
    assert ask(session).content == CSV
    assert len(seen) == 4 == session.asked
    # the first wait of a second is doubled twice; turns of half a second are over by then
    assert clock.slept == [1.0, 2.0, 4.0]


def test_the_wait_that_a_source_asks_for_is_honoured(httpserver, session, clock):
    later = format_datetime(NOW + timedelta(seconds=30), usegmt=True)
    answers = [
        Response(b"", 429, {"Retry-After": "17"}),
        Response(b"", 503, {"Retry-After": later}),
    ]
    answering(httpserver, [*answers, Response(CSV)])
    ask(session)
    assert clock.slept == [17.0, 30.0]


def test_a_source_that_asks_for_an_hour_is_left_alone(httpserver, session, clock):
    seen = answering(httpserver, [Response(b"", 429, {"Retry-After": "3600"})])
    with pytest.raises(DataMissingError, match=r"DP-181.*429.*3600 s") as error:
        ask(session)
    assert (len(seen), clock.slept, error.value.exit_code) == (1, [], 3)


def test_a_source_that_stays_out_of_order_is_named_after_four_tries(httpserver, session):
    seen = answering(httpserver, [Response(b"", 500)])
    with pytest.raises(DataMissingError, match=r"DP-181.*HTTP 500.*stays as it was"):
        ask(session)
    assert len(seen) == session.manners.tries == 4


def test_nobody_there_is_a_missing_network(session, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_FRED_URL", "http://127.0.0.1:9")
    with pytest.raises(DataMissingError, match=r"DP-180.*127\.0\.0\.1:9") as error:
        ask(session)
    assert error.value.exit_code == 3 and "--offline" in error.value.hint
    assert session.asked == session.manners.tries


def test_a_host_that_does_not_answer_is_not_asked_for_every_series(session, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_FRED_URL", "http://127.0.0.1:9")
    for _ in range(3):
        with pytest.raises(DataMissingError, match="DP-180"):
            ask(session)
    assert session.asked == session.manners.tries


def test_one_address_out_of_order_is_not_the_whole_host(httpserver, session):
    seen = answering(httpserver, [Response(b"", 500)] * 4 + [Response(CSV)])
    with pytest.raises(DataMissingError, match="DP-181"):
        ask(session)
    assert ask(session).content == CSV and len(seen) == 5


@pytest.mark.parametrize("status", [404, 410])
def test_what_a_source_does_not_have_is_not_asked_twice(httpserver, session, status):
    seen = answering(httpserver, [Response(PAGE, status)])
    with pytest.raises(DataMissingError, match="DP-183"):
        ask(session)
    assert len(seen) == 1


def test_a_forbidden_question_is_a_refusal(httpserver, session):
    seen = answering(httpserver, [Response(PAGE, 403)])
    with pytest.raises(DataMissingError, match=r"DP-181.*HTTP 403"):
        ask(session)
    assert len(seen) == 1


def test_a_reply_that_breaks_off_is_asked_again(session, monkeypatch):
    monkeypatch.setenv("DRYPOWDER_FRED_URL", f"http://127.0.0.1:{breaking_off(CSV)}")
    assert ask(session).content == CSV
    assert session.asked == 2


def breaking_off(content: bytes) -> int:
    """A port that sends half of a reply first, and all of it the second time."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for size in (len(content) // 2, len(content)):
            peer, _ = server.accept()
            peer.recv(65536)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
            peer.sendall(head.encode() + content[:size])
            peer.close()
        server.close()

    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"ETag": '"v1"'}, "If-None-Match"),
        ({"Last-Modified": "Thu, 20 Aug 2026 20:30:00 GMT"}, "If-Modified-Since"),
    ],
)
def test_only_what_has_changed_is_sent_again(httpserver, session, given, sent):
    seen = answering(
        httpserver, [Response(CSV, headers=given), Response(b"", 304), Response(b"", 304)]
    )
    first, second, third = ask(session), ask(session), ask(session)
    assert seen[0].headers.get(sent) is None
    assert seen[1].headers[sent] == seen[2].headers[sent] == next(iter(given.values()))
    assert first.content == second.content == third.content and not third.fresh
    assert second.fetched_at == first.fetched_at


def test_lost_or_changed_bytes_are_asked_for_in_full(httpserver, session):
    seen = answering(httpserver, [Response(CSV, headers={"ETag": '"v1"'})])
    kept = ask(session).kept
    kept.path.write_bytes(b"observation_date,WALCL\n2026-08-19,1\n")
    kept.path.unlink()
    ask(session)
    assert "If-None-Match" not in seen[1].headers


def test_who_asks_is_said_to_every_source(httpserver, session, monkeypatch):
    seen = answering(httpserver, [Response(CSV)])
    ask(session)
    monkeypatch.setenv("DRYPOWDER_CONTACT", "A. Reader reader@example.org")
    ask(session)
    plain, named = (request.headers["User-Agent"] for request in seen)
    assert plain.startswith("drypowder/") and "reader" not in plain
    assert "reader@example.org" in named


def test_the_sec_is_not_asked_without_a_contact(session):
    with pytest.raises(DataMissingError, match=r"DP-182.*DRYPOWDER_CONTACT") as error:
        ask(session, "edgar")
    assert session.asked == 0 and error.value.exit_code == 3


def test_a_host_is_asked_no_faster_than_it_likes(httpserver, session, clock):
    answering(httpserver, [Response(CSV)])
    for _ in range(5):
        ask(session, "nyfed")
    # one second between two requests to the New York Fed: four waits for five requests
    assert clock.slept == [1.0] * 4
    clock.seconds += 10.0
    ask(session, "nyfed")
    assert len(clock.slept) == 4


def test_a_key_is_sent_and_kept_nowhere(httpserver, session, monkeypatch, tmp_path):
    monkeypatch.setenv("FRED_API_KEY", KEY)
    echo = Response(b'{"error_message": "bad key ' + KEY.encode() + b'"}')
    seen = answering(httpserver, [echo, Response(b"", 400)])
    source = provider("fred_api")
    ask(session, "fred_api", secret={"api_key": source.needed_key()})
    assert seen[0].args["api_key"] == KEY
    with pytest.raises(DrypowderError) as refused:
        ask(session, "fred_api", secret={"api_key": KEY})
    monkeypatch.setenv("DRYPOWDER_FRED_API_URL", "http://127.0.0.1:9")
    with pytest.raises(DrypowderError) as unreachable:
        ask(session, "fred_api", secret={"api_key": KEY})
    for error in (refused.value, unreachable.value):
        assert KEY not in f"{error} {error.hint} {error.__cause__!r}"
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written and not any(KEY.encode() in path.read_bytes() for path in written)


def test_a_missing_key_is_named_with_its_variable(session):
    with pytest.raises(DataMissingError, match=r"DP-182.*FRED_API_KEY"):
        provider("fred_api").needed_key()


def test_every_reply_is_kept_with_its_provenance(httpserver, session):
    answering(httpserver, [Response(CSV, headers={"ETag": '"v1"', "Set-Cookie": "a=b"})])
    kept = ask(session).kept
    about = json.loads((kept.path.parent / f"{kept.sha256}.about.json").read_text())
    assert kept.path.name == f"{kept.sha256}.csv" and kept.path.read_bytes() == CSV
    assert about["url"].endswith("/graph/fredgraph.csv?id=WALCL")
    assert about["fetched_at"] == NOW.isoformat()
    assert about["headers"]["etag"] == '"v1"' and "set-cookie" not in about["headers"]
    assert not list(kept.path.parent.rglob(".new-*"))


def test_offline_asks_nobody_and_reads_the_last_good_reply(httpserver, session):
    seen = answering(httpserver, [Response(CSV), Response(PAGE)])
    ask(session)

    def refuse(reply):
        raise DrypowderError("DP-185", "a web page")

    with pytest.raises(DrypowderError):
        ask(session, read=refuse)
    session.offline = True
    assert ask(session).content == CSV
    assert len(seen) == 2
    with pytest.raises(DataMissingError, match=r"DP-184.*--offline"):
        session.get(provider("fred"), "/graph/fredgraph.csv", {"id": "M2SL"}, str, extension="csv")


@pytest.mark.parametrize(
    "address", ["fred.example.org", "file:///etc/passwd", "http://", "http://h:x"]
)
def test_a_setting_that_is_no_address_is_refused(monkeypatch, address):
    monkeypatch.setenv("DRYPOWDER_FRED_URL", address)
    with pytest.raises(UsageError, match=r"DP-188.*DRYPOWDER_FRED_URL"):
        provider("fred")


def test_manners_are_within_their_bounds():
    from drypowder.data.connectors._settings import tables

    for section, entries in tables("settings").items():
        for name, given in entries.items():
            if isinstance(given, dict):
                where = f"{section}.{name}"
                assert given["low"] <= given["value"] <= given["high"], where
                assert given["source"] and given["why"] and math.isfinite(given["value"]), where
