"""Claims 1, 4, 6 to 10 and 15 on real data, each beside a second computation in pandas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drypowder.data import open_store
from drypowder.errors import DataMissingError
from drypowder.measure.claims import judge, registry
from drypowder.measure.claims.asking import ask
from drypowder.measure.claims.claim import TooFewError
from drypowder.report.words import catalogue

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def known(imported_store):
    return imported_store.known_on("2026-11-23")


@pytest.fixture(scope="module")
def fred(shared_data: Path):
    table = pd.read_csv(shared_data / "fred" / "fred_macro_long.csv.gz", parse_dates=["date"])
    return {name: rows.set_index("date")["value"] for name, rows in table.groupby("series_id")}


@pytest.fixture(scope="module")
def prices(shared_data: Path):
    table = pd.read_parquet(shared_data / "prices" / "daily_close_adj.parquet")
    table["date"] = pd.to_datetime(table["date"])
    return table.pivot_table(index="date", columns="ticker", values="close")


def asked(known, number):
    claim = registry.claim(number)
    found = claim.measure(known)
    return found, judge(claim.REGISTRATION, found).word, {part.key: part for part in found.parts}


def test_capex_is_paid_with_debt_only_since_the_autumn_of_2025(tmp_path):
    """The shipped figures of the firms' reports: half a dollar of debt, and no certainty."""
    known = open_store(tmp_path).known_on("2026-11-23")
    found, word, parts = asked(known, 1)
    assert word == "cannot_say"
    columns = []
    for firm in ("MSFT", "GOOGL", "AMZN", "META"):
        capex, debt = (known.series(f"{what}:{firm}").to_pandas() for what in ("capex", "debt"))
        near = debt.index.to_series().diff().dt.days <= 100
        rows = pd.DataFrame({"capex": capex, "debt": debt.diff()[near]}).dropna()
        columns.append(rows - rows.mean())
    panel = pd.concat(columns)
    slope = (panel["capex"] * panel["debt"]).sum() / (panel["capex"] ** 2).sum()
    assert found.effect == pytest.approx(slope, rel=1e-9)
    assert found.effect == pytest.approx(0.495, abs=0.01)
    assert found.low < 0.0 < 0.5 < found.high
    assert parts["last_year"].value > 0.3 and parts["before"].value < 0.1
    assert parts["governments_bought"].value == pytest.approx(6.8 + 21.8 + 1.8)
    assert parts["earnings"].low > 0.5  # earnings rose by most of each extra dollar


def test_on_the_essays_day_the_reports_did_not_show_any_issuance(tmp_path):
    found, word, _ = asked(open_store(tmp_path).known_on("2026-02-06"), 1)
    assert word == "fails"
    assert str(found.last) <= "2025-09-30"


def test_real_yields_rose_but_not_unusually_and_with_the_policy_rate(known, fred):
    found, word, parts = asked(known, 4)
    assert word == "cannot_say"
    real = fred["DFII10"]["2003":]
    event = real["2026-02-06":"2026-06-30"]
    past = real[:"2026-02-06"].diff(len(event) - 1).dropna()
    rise = event.iloc[-1] - event.iloc[0]
    assert 100.0 * rise == pytest.approx(32.0)
    assert found.effect == pytest.approx(100.0 * (rise - past.mean()), abs=1e-6)
    assert found.p_value == pytest.approx(((past - past.mean()).abs() >= rise - past.mean()).mean(),
                                          abs=1e-9)  # fmt: skip
    bp = {key: parts[f"{key}_oil_neutral"].value for key in
          ("nominal", "breakeven", "two_years", "thirty_years", "investment_grade")}  # fmt: skip
    assert bp == pytest.approx({"nominal": 22, "breakeven": -10, "two_years": 64,
                                "thirty_years": 6, "investment_grade": 0})  # fmt: skip
    assert parts["nominal_whole"].value == pytest.approx(47.0)
    assert parts["without_policy"].low < 0.0 < parts["without_policy"].high
    assert parts["without_policy"].value < 10.0


def test_the_fed_did_not_take_the_duration(known, fred):
    found, word, parts = asked(known, 6)
    assert word == "fails"
    held = fred["TREAST"] / 1000.0
    bought = held.asof(pd.to_datetime(["2022-12-31", "2023-12-31", "2024-12-31", "2025-12-31",
                                       "2026-03-31"])).diff().dropna()  # fmt: skip
    issued = np.array([26226.6 - 23845.0, 28139.5 - 26226.6, 1930.2, 2126.0 / 4.0])
    assert found.effect == pytest.approx(bought.sum() / issued.sum(), rel=1e-9)
    assert found.effect == pytest.approx(-0.167, abs=0.002)
    assert parts["share_2026"].value == pytest.approx(0.28, abs=0.02)
    assert parts["share_2023"].value < -0.2


def test_the_pipes_cleared_when_the_fed_bought_bills(known, fred):
    found, word, parts = asked(known, 7)
    assert word == "leans_for"
    spread = (100.0 * (fred["SOFR"] - fred["IORB"])).dropna()["2025-09-01":"2026-08-21"]
    before, after = spread[:"2025-12-11"], spread["2025-12-12":]
    assert parts["mean_before"].value == pytest.approx(before.mean())
    assert parts["mean_after"].value == pytest.approx(after.mean())
    assert parts["highest_before"].value == pytest.approx(32.0)
    assert before.idxmax() == pd.Timestamp("2025-10-31")
    assert parts["highest_after_essay"].value == pytest.approx(8.0)
    ends = pd.Series(spread.index, index=spread.index)
    near = pd.concat([(ends - (ends + pd.offsets.MonthEnd(k)).dt.normalize()).abs()
                      for k in (-1, 0, 1)], axis=1).min(axis=1).dt.days <= 2  # fmt: skip
    table = np.column_stack([np.ones(len(spread)), spread.index >= "2025-12-12", near]).astype(
        float
    )
    assert found.effect == pytest.approx(
        np.linalg.lstsq(table, spread.to_numpy(), rcond=None)[0][1]
    )
    assert found.effect == pytest.approx(-6.2, abs=0.2)
    assert parts["placebo_share"].value < 0.05


def test_more_money_is_wanted_on_settlement_days(known, fred):
    found, word, parts = asked(known, 8)
    assert word == "leans_for"
    spread = (100.0 * (fred["SOFR"] - fred["IORB"])).dropna()
    rise = spread - spread.rolling(5).mean().shift(1)
    groups = spread.index.to_period("M")
    last = spread.groupby(groups).apply(lambda month: month.index[-1]).iloc[:-1]
    middle = spread.groupby(groups).apply(lambda month: month.index[month.index.day >= 15].min())
    days = pd.DatetimeIndex(sorted([*last, *middle.dropna()]))
    scarce = rise[days][(days >= "2025-09-01") & (days <= "2026-08-21")]
    assert found.effect == pytest.approx(scarce.mean())
    assert found.observations == len(scarce) == 23
    assert found.effect == pytest.approx(6.7, abs=0.1)
    assert parts["abundant"].high < 2.0
    assert parts["index"].value == pytest.approx(2.0) and parts["issuers"].value > 20.0


def test_five_days_of_news_are_one_day_of_gold(known, prices):
    found, word, parts = asked(known, 10)
    assert word == "leans_for"
    closes = prices[["SPY", "GLD", "BTC"]].dropna()
    returns = np.log(closes).diff()
    moves = (returns / returns.rolling(90).std().shift(1)).dropna().mean(axis=1)
    days = ["2026-01-30", "2026-03-04", "2026-05-13", "2026-06-17", "2026-07-29"]
    usual = moves["2016":"2026-01-29"].mean()
    assert found.effect == pytest.approx(moves[pd.to_datetime(days)].mean() - usual, abs=1e-3)
    assert parts["gold_chosen"].value < -6.0
    assert parts["without_chosen"].low < 0.0 < parts["without_chosen"].high


def test_capital_calls_are_a_case_study(known, prices):
    found, word, parts = asked(known, 9)
    assert word == "cannot_say" and found.observations == 6
    ratio = np.log(prices["MAIN"] / prices["SPY"]).dropna()
    fell = 100.0 * (ratio.asof("2026-06-30") - ratio.asof("2025-12-31"))
    assert fell < 0.0 and parts["lenders_main"].value < 0.0
    assert parts["high_yield"].low < 0.0 < parts["high_yield"].high


def test_waiting_for_a_fall_earned_nothing_sure(known, prices, fred):
    found, word, parts = asked(known, 15)
    assert word == "cannot_say"
    price = prices["SPY"].dropna()
    top = price.rolling(253, min_periods=1).max()
    share, held = [], 0.5
    for close, high in zip(price, top, strict=True):
        held = 0.5 if close >= high else 1.0 if close <= 0.9 * high else held
        share.append(held)
    rate = fred["DFF"].combine_first(fred["EFFR"]).reindex(price.index, method="ffill")
    cash = rate.shift(1) / 100.0 * price.index.to_series().diff().dt.days / 365.0
    extra = (price.pct_change() - cash).dropna()
    weight = pd.Series(share, price.index).shift(1)[extra.index]
    gain = 100.0 * 252.0 * ((weight - weight.mean()) * extra).mean()
    assert found.effect == pytest.approx(gain, abs=1e-3)
    assert parts["essay_shares"].value == pytest.approx(8.9, abs=0.1)
    assert parts["essay_patient"].value < parts["essay_shares"].value


def test_on_the_essays_day_most_windows_had_not_begun(imported_store):
    known = imported_store.known_on("2026-02-06")
    for number in (4, 6, 8, 10):
        with pytest.raises(TooFewError):
            asked(known, number)


def test_without_the_users_data_the_daily_claims_say_what_to_pull(tmp_path):
    known = open_store(tmp_path).known_on("2026-11-23")
    for number in (7, 8, 10, 15):
        with pytest.raises(DataMissingError, match="drypowder data pull"):
            asked(known, number)
    assert asked(known, 6)[1] == "fails"  # answers offline
    assert asked(known, 4)[1] == "cannot_say"
    assert asked(known, 9)[1] == "cannot_say"


@pytest.mark.parametrize("day", ["2026-02-06", "2026-06-30"])
@pytest.mark.parametrize("number", [1, 4, 6, 7, 8, 9, 10, 15])
def test_nothing_known_later_is_read_and_all_of_it_has_words(imported_store, number, day):
    words = catalogue()
    answer = ask(imported_store.known_on(day), number, words.section("claims"))
    assert all(source.known_on.isoformat() <= day for source in answer.sources)
    if answer.finding is not None:
        assert answer.finding.last.isoformat() <= day
        for part in answer.finding.parts:
            assert words.say(f"claims.{number}.parts.{part.key}")
            assert words.say(f"claims.units.{part.unit or 'bp'}") is not None
        for caveat in answer.finding.caveats:
            assert words.say(f"claims.{number}.caveats.{caveat}")
