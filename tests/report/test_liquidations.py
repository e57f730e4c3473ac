"""Maps on one scale, files as crowds, positions priced as one by one, words that exist."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import drypowder
from drypowder.report.liquidation_cascade import closed_usd, events_table, play, reported
from drypowder.report.liquidation_map import (
    LEAST_USD,
    LONG,
    MOST_USD,
    SHORT,
    bars,
    length,
    map_of,
    map_table,
    near,
)
from drypowder.report.liquidation_page import map_chart, minutes_table
from drypowder.report.liquidation_price import Question, answer, priced
from drypowder.report.words import catalogue
from drypowder.venues.rulebooks.positions import read_positions
from drypowder.venues.rulebooks.profile import profile
from drypowder.venues.scenes.figures import CoinFigures, figures
from drypowder.venues.scenes.scene import Wanted, scene_of

SOURCE = Path(drypowder.__file__).parent
WORDS = catalogue()
HYPERLIQUID = profile("hyperliquid", as_of="2025-10-11")
FILE = """account,symbol,side,size,entry_price,margin,leverage,mode
a1,BTC,long,100,121000,,20,isolated
a2,BTC,short,70,122000,,15,isolated
a3,BTC,long,150,123000,1200000,,cross
a3,ETH,short,2000,4400,1200000,,cross
a1,BTC,long,50,119000,,10,isolated
"""


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """Positions of a file: one cross account and three isolated positions."""
    path = tmp_path_factory.mktemp("book") / "book.csv"
    path.write_text(FILE)
    return read_positions(path, venue=HYPERLIQUID)


def wanted(**more) -> Wanted:
    """BTC on Hyperliquid in October 2025, with few accounts."""
    usual = {"profile": HYPERLIQUID, "coin": "BTC", "as_of": HYPERLIQUID.as_of, "accounts": 640}
    return Wanted(**{**usual, **more})


def test_a_bar_is_as_long_in_every_map():
    decades = [length(usd) for usd in (LEAST_USD, 1e6, 1e7, 1e8, 1e9, MOST_USD, 1e14)]
    assert decades == [0, 10, 20, 30, 40, 50, 50]


def test_the_mark_is_an_edge_and_rows_are_round_prices():
    drawn = map_of(scene_of(wanted()), reach=0.3)
    others = drawn.edges[drawn.edges != drawn.mark]
    assert drawn.mark in drawn.edges and np.all(np.diff(drawn.edges) > 0.0)
    assert np.allclose(others / 2500.0, np.round(others / 2500.0))
    assert drawn.edges[0] <= 0.7 * drawn.mark and drawn.edges[-1] >= 1.3 * drawn.mark


def test_modelled_open_interest_is_what_was_asked_for_and_so_are_its_shares():
    scene = scene_of(wanted(open_interest_usd=3e9))
    longs, shorts = scene.modelled.open_interest()
    price = scene.prices[scene.market]
    assert longs[0] == pytest.approx(shorts[0], rel=1e-14)
    assert longs[0] * price == pytest.approx(3e9, rel=1e-9)
    drawn = map_of(scene, reach=0.3)
    inside = 1.0 - drawn.never - drawn.beyond
    assert np.all(drawn.coverage == 0.0) and np.all((inside > 0.0) & (inside < 1.0))
    # USD are told at the price of closing: lower than today for longs, higher for shorts
    assert drawn.modelled[LONG].sum() < inside[LONG] * 3e9
    assert drawn.modelled[SHORT].sum() > inside[SHORT] * 3e9


def test_a_file_and_the_model_of_the_rest_make_up_open_interest(held):
    scene = scene_of(wanted(positions=held, open_interest_usd=1e9))
    price = scene.prices[scene.market]
    seen_longs = 300 * price
    assert map_of(scene, reach=0.3).coverage[LONG] == pytest.approx(seen_longs / 1e9)
    longs, _ = scene.everybody.open_interest()
    assert longs[scene.market] * price == pytest.approx(1e9, rel=1e-9)


def test_a_file_alone_is_not_modelled_and_its_cross_account_is_one(held):
    scene = scene_of(wanted(positions=held))
    assert scene.modelled.accounts == 0 and scene.observed.accounts == 4
    assert sorted(scene.observed.rows_each()) == [1, 1, 1, 2]
    assert [scene.name_of(k) for k in range(4)] == ["a1", "a2", "a3", "a1"]
    assert set(scene.setting.coins) == {"BTC", "ETH"}
    drawn = map_of(scene, reach=0.3)
    assert not drawn.modelled.any() and drawn.observed.any()


def test_orders_near_the_mark_are_those_of_the_rows(held):
    drawn = map_of(scene_of(wanted(positions=held)), reach=0.3)
    whole = near(drawn, LONG, 0.3), near(drawn, SHORT, 0.3)
    low, high = drawn.edges[:-1] >= 0.7 * drawn.mark, drawn.edges[1:] <= 1.3 * drawn.mark
    assert whole[0] == pytest.approx(drawn.total[LONG][low & (drawn.edges[1:] <= drawn.mark)].sum())
    assert whole[1] == pytest.approx(
        drawn.total[SHORT][high & (drawn.edges[:-1] >= drawn.mark)].sum()
    )
    assert near(drawn, LONG, 0.0) == 0.0


def test_bars_show_each_row_of_the_table_and_the_mark_once(held):
    drawn = map_of(scene_of(wanted(positions=held, open_interest_usd=1e9)), reach=0.2)
    lines = bars(drawn, WORDS)
    said = [line for line in lines if line.rstrip().endswith(("of longs", "of shorts"))]
    assert len(said) == len(map_table(drawn).rows)
    assert sum("── mark" in line for line in lines) == 1
    marks = next(k for k, line in enumerate(lines) if "── mark" in line)
    assert all("of longs" not in line for line in lines[3:marks])


def test_the_drawn_map_has_the_fixed_scale_and_the_same_bytes_twice(held):
    drawn = map_of(scene_of(wanted(positions=held)), reach=0.2)
    first, second = (map_chart(drawn, None, WORDS) for _ in range(2))
    assert first.svg == second.svg and "100 million" in first.svg and "1 billion" in first.svg
    assert first.table.rows == map_table(drawn).rows


def test_positions_of_a_file_are_priced_as_one_by_one(held):
    found = priced(held, {})
    for row in (0, 1, 4):
        one = answer(
            Question(
                HYPERLIQUID, "BTC", int(held.side[row]), held.size[row], held.entry_price[row],
                held.margin[row],
            )
        )  # fmt: skip
        assert found.liquidation[row] == one.liquidation
        assert found.backstop[row] == one.backstop and found.bankruptcy[row] == one.bankruptcy


def test_a_cross_position_counts_what_its_other_coin_needs_and_gains(held):
    at_entry, after = priced(held, {}), priced(held, {"ETH": 4000.0})
    need = 2000 * 4400 * 0.02  # maintenance of ETH in its first tier
    one = Question(HYPERLIQUID, "BTC", 1, 150.0, 123_000.0, 1_200_000.0, cross=True)
    assert at_entry.liquidation[2] == pytest.approx(
        answer(replace(one, other_maintenance=need)).liquidation
    )
    gain = 2000 * 400.0
    moved = replace(one, other_maintenance=2000 * 4000 * 0.02, other_unrealised=gain)
    assert after.liquidation[2] == pytest.approx(answer(moved).liquidation)


def test_the_answer_meets_the_rule_at_its_own_price():
    asked = Question(profile("binance"), "BTCUSDT", -1, 30.0, 60_000.0, 90_000.0, tick=0.1)
    found = answer(asked)
    equity = 90_000.0 - 30.0 * (found.liquidation - 60_000.0)
    assert equity == pytest.approx(found.at_liquidation.maintenance, rel=1e-9)
    assert found.shown <= found.liquidation < found.shown + 0.1 + 1e-9


def test_what_was_closed_is_in_the_log_and_in_the_minutes(held):
    scene = scene_of(wanted(positions=held, open_interest_usd=1e9))
    played = play(scene, shock=-0.15, over_minutes=3.0, after_minutes=5.0)
    total = sum(usd.sum() for usd in closed_usd(played.result).values())
    table = minutes_table(played)
    summed = sum(sum(table.column(f"{name}_usd_m")) for name in ("book", "vault", "adl"))
    assert summed * 1e6 == pytest.approx(total) and total > 0.0
    true, shown = reported(played.result, scene.profiles)
    assert true == shown == pytest.approx(total)  # every fill of this venue is on its chain
    log = events_table(played.result, scene.symbols, scene.name_of)
    assert len(log.rows) == len(played.result.events.time_s)
    assert {row[3] for row in log.rows} <= {"BTC", "ETH"}


def test_without_a_shock_nobody_is_closed():
    played = play(scene_of(wanted()), shock=0.0, over_minutes=1.0, after_minutes=1.0)
    assert not played.result.forced_usd.any() and np.abs(played.result.residual).max() < 1e-12


def test_every_number_that_goes_in_has_a_source_or_is_a_guess():
    scene = scene_of(wanted(leverage_median=2.0))
    facts = {fact.name: fact for fact in scene.facts}
    assert facts["leverage_median"].source == "given" and facts["leverage_median"].value == 2.0
    assert all(fact.source for fact in scene.facts)
    assert all(f"liquidations.fact.{name.partition(' ')[0]}" in WORDS.section("liquidations")
               for name in facts)  # fmt: skip
    shipped = figures(CoinFigures, as_of=HYPERLIQUID.as_of, name="BTC")
    assert facts["price BTC"].value == shipped.price_usd


def test_every_key_in_the_code_exists():
    known = WORDS.section("liquidations")
    files = [*SOURCE.glob("report/liquidation*.py"), *SOURCE.glob("cli/liquid*.py")]
    text = "".join(path.read_text() for path in files)
    asked = set(re.findall(r"\"(liquidations\.[a-z_.0-9]+)\"", text))
    assert len(asked) > 30 and asked <= set(known)
