"""What docs/hindcast.md says is what comes out of the development data."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader

import numpy as np
import pandas as pd
import pytest
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def script():
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader = SourceFileLoader("make_hindcast", str(REPOSITORY / "scripts" / "make_hindcast"))
        module = importlib.util.module_from_spec(
            importlib.util.spec_from_loader(loader.name, loader)
        )
        loader.exec_module(module)
        return module
    finally:
        sys.dont_write_bytecode = before


@pytest.fixture(scope="module")
def found(script, imported_store):
    return script.compute(imported_store)


def test_the_page_shows_what_is_computed(script, found):
    assert script.wrong(found) == []


def test_observed_changes_agree_with_a_second_computation(found, shared_data):
    """Ten-year yield and bitcoin from the files themselves, in pandas."""
    fred = pd.read_csv(shared_data / "fred" / "fred_macro_long.csv.gz", parse_dates=["date"])
    ten = fred[fred.series_id == "DGS10"].set_index("date").value
    prices = pd.read_parquet(shared_data / "prices" / "daily_close_adj.parquet")
    coin = prices[prices.ticker == "BTC"].assign(date=lambda t: pd.to_datetime(t.date))
    coin = coin.set_index("date").close
    by_key = {each.outcome.key: each.changes for each in found.judged}
    for change in by_key["ten_year_yield"]:
        first, last = (ten.asof(pd.Timestamp(day)) for day in (change.first, change.last))
        assert change.observed == pytest.approx(100.0 * (last - first))
    for change in by_key["bitcoin"]:
        first, last = (coin.asof(pd.Timestamp(day)) for day in (change.first, change.last))
        assert change.observed == pytest.approx(100.0 * (last / first - 1.0))


def test_accounts_balance_and_no_licensed_series_is_drawn(found):
    assert found.worst_gap < 1e-9
    assert found.happened["listed_equity"].licensed
    assert not found.happened["treasury_yield"].licensed
    assert all(np.isfinite(path).all() for path in found.paths.values())
