"""The gauge on the figures that come with the package, and on the development data."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.data import open_store
from drypowder.measure.gauge import gauge
from drypowder.measure.gauge.reading import MISSING

SERIES = ("bills", "BOGZ1FL663067003Q", "own:private-dry-powder")


def of(found, key):
    return next(bar for bar in found.bars if bar.part.key == key)


@pytest.fixture(scope="module")
def essay(tmp_path_factory):
    """The day of the essay on starter figures alone."""
    return gauge(open_store(tmp_path_factory.mktemp("nothing")).known_on("2026-02-06"))


def test_starter_figures_answer_with_gaps_named(essay):
    assert {bar.part.key for bar in essay.missing} == {"bills", "margin_room", "private_capital"}
    assert all(bar.starter for bar in essay.bars if bar.state != MISSING)
    assert essay.low < essay.level < essay.high
    assert essay.stamp.known_on is not None
    assert essay.stamp.known_on <= essay.stamp.as_of


def test_a_rank_of_the_page_can_be_counted_by_hand(essay):
    # reverse repo, month-ends June 2021 to January 2026 and the day itself, which repeats January's
    # print 9.629: below it only November 2025 (7.561); itself twice. (1 + 2/2) of 57
    assert of(essay, "rrp").value == pytest.approx(9.629)
    assert of(essay, "rrp").score == pytest.approx(100.0 * 2.0 / 57.0)
    assert of(essay, "rrp").share == pytest.approx(0.5 * 1.0 / 4.5)
    assert of(essay, "rrp").contribution == pytest.approx(0.5 / 4.5 * (200.0 / 57.0 - 50.0))


def test_cash_counted_naively_is_at_a_record_while_dry_powder_is_not(essay):
    assert essay.companions.naive.record
    assert essay.companions.naive.score > 95.0
    assert essay.level < 40.0


def test_reverse_repo_was_empty_by_autumn_and_repo_dearest_on_the_last_of_october(essay):
    assert str(essay.dates.empty_since) == "2025-09-30"
    assert str(essay.dates.repo_peak_on) == "2025-10-31"
    assert essay.dates.repo_peak_bp == pytest.approx(32.0)
    assert (essay.dates.rrp_verdict, essay.dates.repo_verdict) == ("confirmed", "confirmed")


def test_the_gauge_disagrees_with_the_essay_about_the_date(essay):
    # it was scarcest in the autumn, not in the week of the essay, and eased after it
    assert str(essay.dates.trough_on) == "2025-10-31"
    assert essay.dates.trough < essay.level


def test_absorption_is_told_only_where_its_numerator_is_known(essay):
    rows = essay.companions.absorption
    assert rows[0].day.year == 2023
    assert all(row.raised_usd_bn >= 0.0 for row in rows)
    shrank = [row for row in rows if row.money_usd_bn <= 0.0]
    assert shrank and all(np.isnan(row.ratio) for row in shrank)


def test_every_owner_has_a_source_and_both_days(essay):
    assert len(essay.companions.owners) >= 9
    for owner in essay.companions.owners:
        assert owner.source
        assert owner.observed_on <= owner.known_on <= essay.stamp.as_of


@pytest.mark.real_data
def test_daily_data_confirm_both_dates(imported_store):
    found = gauge(imported_store.known_on("2026-02-06"))
    assert found.dates.repo_prints_a_month > 15.0
    assert str(found.dates.repo_peak_on) == "2025-10-31"
    assert found.dates.empty_since.isoformat()[:7] == "2025-09"
    assert found.level < 40.0
    assert not of(found, "rrp").starter


@pytest.mark.real_data
def test_a_reading_of_the_past_ignores_what_was_published_later(imported_store):
    known = imported_store.known_on("2025-10-31")
    found = gauge(known)
    assert found.stamp.known_on <= found.stamp.as_of
    assert of(found, "repo_spread").known_on <= found.stamp.as_of
    assert found.dates.repo_verdict == "early"  # its print of that day came the next working day
