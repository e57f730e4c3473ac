"""What ships: figures with source and date, of publishers that allow it, and no licensed series."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

import drypowder
from drypowder.data import facts, open_store
from drypowder.data.series import catalogue
from drypowder.data.shipped import starter

PACKAGE = Path(drypowder.__file__).parent
FOLDER = PACKAGE / "data" / "starter"
# vendors of prices, spreads and crypto figures: single cited points at most, never a series
VENDORS = re.compile(r"ICE|BofA|Cboe|VIX|Yahoo|S&P|Moody|Binance|CoinGlass|DefiLlama", re.I)


def _rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", ["monthly.csv", "quarterly.csv"])
def test_every_shipped_figure_has_a_source_a_date_and_a_free_licence(name):
    for row in _rows(name):
        about = catalogue().get(row["series"])
        assert not about.licensed, row
        assert row["source"] and not VENDORS.search(row["source"]), row
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["observed_on"]), row
        assert "recalled" not in " ".join(row.values()), row


def test_no_licensed_series_hides_in_the_package():
    licensed = {each.name for each in catalogue() if each.licensed and "*" not in each.name}
    for path in PACKAGE.rglob("*.csv"):
        text = path.read_text(encoding="utf-8", errors="replace")
        lines = text.splitlines()
        for name in licensed:
            # one cited point is allowed; rows of a series are not
            assert sum(line.startswith((f"{name},", f'"{name}",')) for line in lines) < 2, path
    assert not list((PACKAGE / "data").rglob("*.parquet"))


def test_facts_are_single_points_with_source_and_confidence():
    ids = [fact.id for fact in facts()]
    assert len(ids) == len(set(ids)) > 40
    for fact in facts():
        assert fact.source and fact.unit and fact.confidence in "AB", fact
        assert np.isfinite(fact.value)


def test_starter_figures_answer_where_nothing_is_stored_and_say_so(tmp_path):
    known = open_store(tmp_path).known_on("2026-02-06")
    rrp = known.series("RRPONTSYD")
    assert rrp.starter
    # USD bn at month ends: 2,554 at the end of 2022, 106 at the end of 2025
    by_day = dict(zip(rrp.observed_on.astype("datetime64[D]").astype(str), rrp.values, strict=True))
    assert by_day["2022-12-30"] == pytest.approx(2553.7, abs=1)
    assert by_day["2025-12-31"] == pytest.approx(106, abs=1)
    assert known.series("capex:MSFT").latest()[1] == pytest.approx(19.394)  # of 2025Q3
    assert open_store(tmp_path, shipped=False).known_on("2026-02-06").find("RRPONTSYD") is None


def test_the_store_wins_over_starter_figures(tmp_path):
    from datetime import UTC, datetime

    from drypowder.data import Copy

    store = open_store(tmp_path)
    days = np.array(["2026-02-05"], dtype="datetime64[us]")
    store.append([Copy("RRPONTSYD", days, np.array([1.5]), datetime(2026, 2, 9, tzinfo=UTC))])
    observed = store.known_on("2026-02-06").series("RRPONTSYD")
    assert (observed.starter, len(observed)) == (False, 1)


def test_starter_figures_are_in_the_unit_of_the_catalogue():
    for name in starter():
        about = catalogue().get(name)
        values = starter().columns(name)["values"]
        assert ((values >= about.low) & (values <= about.high)).all(), name
