"""Replies of another form: whatever a publisher sends, a refusal with a code or rows, no traceback.

A small good reply of each publisher is changed at one or two places (a text for a number, null for
a list, a list for an object, a field gone, half the bytes), and goes through the whole connector.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.data.connectors.publisher import NOW, dumped, entry, reply
from tests.data.connectors.test_edgar import CAPEX, YEAR, fact, facts

from drypowder.data.connectors import (
    crypto,
    defillama,
    edgar,
    fiscaldata,
    fred,
    nyfed,
    pulling,
    yahoo,
)
from drypowder.errors import DrypowderError

HOUR = 3_600_000
OPENED = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000)
STAMP = OPENED // 1000

GOOD = {
    "fred": (fred, ["DGS10"], {"": b"observation_date,DGS10\n2026-11-18,4.2\n2026-11-19,\n"}),
    "fred_api": (fred, ["M2SL"], {
        "/observations": {"count": 2, "observations": [
            {"date": "2026-01-01", "value": "22500", "realtime_start": "2026-02-24"},
            {"date": "2026-02-01", "value": ".", "realtime_start": "2026-03-24"}]},
        "/vintagedates": {"vintage_dates": ["2026-02-24", "2026-03-24"]},
        "/series": {"seriess": [{"units": "Billions of Dollars"}]},
    }),
    "nyfed": (nyfed, ["nyfed:reverse-repo", "nyfed:repo"], {"": {"repo": {"operations": [
        {"operationDate": "2026-11-19", "operationType": "Reverse Repo", "note": "",
         "totalAmtAccepted": 3_000_000_000, "term": "Term", "termCalenderDays": 3,
         "auctionStatus": "Results", "closeTime": "13:15"},
        {"operationDate": "2026-11-19", "operationType": "Repo", "note": None,
         "totalAmtAccepted": "1000000", "term": "Overnight", "termCalenderDays": 1}]}}}),
    "nyfed rates": (nyfed, ["nyfed:SOFR", "nyfed:SOFR-volume"], {"": {"refRates": [
        {"effectiveDate": "2026-11-19", "type": "SOFR", "percentRate": 4.0,
         "volumeInBillions": 3000}]}}),
    "soma": (nyfed, ["soma:bills", "soma:total"], {"": {"soma": {"summary": [
        {"asOfDate": "2026-11-18", "bills": "195293000000.00", "total": 6.2e12}]}}}),
    "cash": (fiscaldata, ["TGA"], {"": {"meta": {"total-pages": 1}, "data": [
        {"record_date": "2026-11-19", "open_today_bal": "800,000", "close_today_bal": "null",
         "account_type": "Treasury General Account (TGA) Closing Balance"}]}}),
    "debt": (fiscaldata, ["debt:total", "bills", "auctioned:bills"], {
        "debt_to_penny": {"data": [{"record_date": "2026-11-19",
            "debt_held_public_amt": "30000000000000.12", "tot_pub_debt_out_amt": "38e12"}]},
        "mspd_table_1": {"meta": {}, "data": [{"record_date": "2026-10-31",
            "security_type_desc": "Marketable", "security_class_desc": "Bills",
            "debt_held_public_mil_amt": "6400000"}]},
        "auctions_query": {"meta": {"total-pages": 1}, "data": [{"auction_date": "2026-11-18",
            "security_type": "Bill", "total_accepted": "80000000000"}]}}),
    "edgar": (edgar, ["capex:MSFT", "liquid:MSFT"], {"": facts(**{
        CAPEX: YEAR[:3],
        "CashAndCashEquivalentsAtCarryingValue": [fact(None, "2026-06-30", 30e9, "2026-07-29")],
        "MarketableSecuritiesCurrent": [fact(None, "2026-06-30", 60e9, "2026-07-29")]})}),
    "defillama": (defillama, ["stablecoins:total", "stablecoins:usd"], {"": [
        {"date": str(STAMP), "totalCirculatingUSD": {"peggedUSD": 3e11, "peggedEUR": 1e9}}]}),
    "yahoo": (yahoo, ["price:SPY", "volume:SPY"], {"": {"chart": {"error": None, "result": [{
        "meta": {"currency": "USD", "gmtoffset": -18000, "regularMarketTime": STAMP + 90_000,
                 "currentTradingPeriod": {"regular": {"end": STAMP + 80_000}}},
        "timestamp": [STAMP, STAMP + 86_400],
        "indicators": {"quote": [{"close": [680.0, None], "volume": [7, None]}],
                       "adjclose": [{"adjclose": [679.0, None]}]}}]}}}),
    "bars": (crypto, ["perp-1h:BTCUSDT", "perp-volume-1h:BTCUSDT"], {"": [
        [OPENED, "100", "110", "90", "105", "2", OPENED + HOUR - 1, "210", 7, "1", "105", "0"]]}),
    "funding": (crypto, ["funding:BTCUSDT"], {"": [
        {"fundingTime": OPENED + 1, "fundingRate": "0.0001", "symbol": "BTCUSDT"}]}),
    "open interest": (crypto, ["oi:BTCUSDT"], {"": [
        {"timestamp": OPENED, "sumOpenInterestValue": "5e9"}]}),
}  # fmt: skip
JUNK = st.one_of(
    st.sampled_from([None, True, 0, -1, 10**30, 1e308, float("nan"), float("inf"), "", "x", "null",
                     "1_0", "0001-01-01", "9999-99-99", "2026-11-19T99", [], {}, [None], [[]],
                     {"date": []}, [{}], "\x00", "９", "-0", " 2026-11-19"]),
    st.integers(), st.floats(), st.text(max_size=5),
)  # fmt: skip


class _Answering:
    """A session in whose place the given replies answer, by a part of the address."""

    def __init__(self, replies: dict[str, bytes]) -> None:
        self.replies, self.now, self.count = replies, lambda: NOW, 0

    def get(self, source, path, params, read, *, extension, secret=None):
        self.count += 1
        assert self.count < 100, "it asks without end"
        content = next(c for part, c in self.replies.items() if path.endswith(part))
        return read(reply(content))

    def through(self, source, url, once, read, *, extension):
        return self.get(source, url, {}, read, extension=extension)


def _places(tree, path=()):
    """Ways to all parts of a tree."""
    yield path
    parts = tree if isinstance(tree, dict) else dict(enumerate(tree if type(tree) is list else ()))
    for key, value in parts.items():
        yield from _places(value, (*path, key))


def _changed(tree, path, junk, gone):
    """The tree with another thing at a place, or without it."""
    if not path:
        return junk
    tree = copy.deepcopy(tree)
    below = tree
    for key in path[:-1]:
        below = below[key]
    if gone:
        del below[path[-1]]
    else:
        below[path[-1]] = junk
    return tree


def _answered(module, names, replies):
    """What became of each series: rows, or a refusal. Others are faults of ours."""
    session, made = _Answering(replies), []
    for question in module.questions([entry(name) for name in names], {}):
        made += pulling._answers(question, session)
    return made


@pytest.fixture(autouse=True)
def contact(monkeypatch):
    monkeypatch.setenv("DRYPOWDER_CONTACT", "A. Reader")
    monkeypatch.setenv("FRED_API_KEY", "k" * 32)


@pytest.mark.parametrize("name", GOOD)
def test_the_good_replies_are_read(name):
    module, names, replies = GOOD[name]
    found = _answered(module, names, {k: _bytes(tree) for k, tree in replies.items()})
    assert [series.name for series, _ in found] == names
    assert all(len(answer) for _, answer in found), found


def _bytes(tree) -> bytes:
    return tree if isinstance(tree, bytes) else dumped(tree)


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=100)
@given(data=st.data())
def test_a_reply_changed_anywhere_is_refused_with_a_code_or_read(name, data):
    module, names, replies = GOOD[name]
    chosen = data.draw(st.sampled_from(sorted(replies)))
    made = {k: _bytes(tree) for k, tree in replies.items()}
    if isinstance(replies[chosen], bytes) or data.draw(st.booleans()):
        cut = data.draw(st.integers(0, len(made[chosen])))
        extra = data.draw(st.sampled_from([b"", b"\xff", b"<html>", b"[" * 3000, b",\n", b"null"]))
        made[chosen] = (
            made[chosen][:cut] + extra + made[chosen][data.draw(st.integers(cut, 9999)) :]
        )
    else:
        tree = replies[chosen]
        for _ in range(data.draw(st.integers(1, 2))):
            place = data.draw(st.sampled_from(list(_places(tree))))
            tree = _changed(tree, place, data.draw(JUNK), data.draw(st.booleans()))
        made[chosen] = json.dumps(tree).encode()
    for series, answer in _answered(module, names, made):
        if isinstance(answer, DrypowderError):
            assert answer.code.startswith("DP-18") and answer.hint, series.name
        else:
            assert len(answer) and (answer.observed_on <= answer.observed_on[-1]).all()
            assert SimpleNamespace(**vars(answer)).values.dtype == float
