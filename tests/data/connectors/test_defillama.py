"""Stablecoins: Unix seconds as a text, amounts by peg, a last day that still moves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.data.connectors.publisher import NOW, days, entry, reply

from drypowder.data.connectors import defillama
from drypowder.errors import DrypowderError

SOURCE = "DefiLlama"


def day_of(text: str) -> str:
    return str(int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()))


def line(on: str, **pegs: float) -> dict:
    return {"date": day_of(on), "totalCirculating": {}, "totalCirculatingUSD": pegs}


LINES = [
    line("2026-11-22", peggedUSD=310e9, peggedEUR=0.6e9),
    line("2026-11-21", peggedUSD=309e9),
    line(f"{NOW:%Y-%m-%d}", peggedUSD=111e9),
    line("2026-11-20", peggedEUR=0.6e9),
]


def test_a_day_counts_once_it_is_over_and_whole(httpserver, session):
    httpserver.expect_request("/stablecoincharts/all").respond_with_json(LINES)
    wanted = [entry("stablecoins:total"), entry("stablecoins:usd")]
    (question,) = defillama.questions(wanted, {})
    found = question.fetch(session)
    total, dollars = (question.read(found, each) for each in wanted)
    assert days(total) == ["2026-11-21", "2026-11-22"]
    assert total.values.tolist() == [309.0, 310.6]
    assert dollars.values.tolist() == [309.0, 310.0]


def test_a_coin_that_it_does_not_split_out_is_unknown():
    with pytest.raises(DrypowderError, match=r"DP-183.*total, usd"):
        defillama.read((LINES, reply(b"[]")), entry("stablecoins:DAI"), SOURCE)


@pytest.mark.parametrize(
    "lines",
    [
        [{"date": "1"}],
        [{"date": "soon", "totalCirculatingUSD": {"peggedUSD": 1}}],
        [{"date": "1", "totalCirculatingUSD": 3.0}],
        [3],
        [line("2026-11-20", peggedUSD="x")],
    ],
)
def test_another_form_is_refused(lines):
    with pytest.raises(DrypowderError, match="DP-186"):
        defillama.read((lines, reply(b"[]")), entry("stablecoins:total"), SOURCE)
