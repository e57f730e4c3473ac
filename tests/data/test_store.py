"""What goes in, what comes out, and what is refused at the door; every refusal stores nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import numpy as np
import pytest

from drypowder.data import Copy, clocks, open_store
from drypowder.data.overview import gaps, prints, standings
from drypowder.data.series import catalogue
from drypowder.data.units import factor
from drypowder.errors import DataMissingError, DrypowderError, UsageError

FETCHED = datetime(2026, 2, 10, tzinfo=UTC)
DAYS = np.array(["2026-02-03", "2026-02-04", "2026-02-05"], dtype="datetime64[us]")


def _sofr(values, fetched=FETCHED, **more) -> Copy:
    return Copy("SOFR", DAYS[: len(values)], np.array(values), fetched, **more)


def _bytes(store) -> str:
    """A hash of all that counts in the store."""
    found = hashlib.sha256()
    for path in sorted(store.folder.glob("*")) if store.folder.exists() else []:
        if path.suffix in (".parquet", ".sqlite"):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def test_reading_creates_nothing(tmp_path):
    home = tmp_path / "home"
    known = open_store(home).known_on("2026-02-06")
    assert known.find("SOFR").starter
    assert known.names()
    assert not home.exists()


def test_equal_prints_are_not_stored_again_and_other_ones_are(tmp_path):
    store = open_store(tmp_path)
    assert store.append([_sofr([4.0, 4.1])]).rows == 2
    again = store.append([_sofr([4.0, 4.1], datetime(2026, 2, 11, tzinfo=UTC))])
    assert (again.rows, again.unchanged, again.ingest) == (0, 2, "")
    changed = store.append([_sofr([4.0, 4.2], datetime(2026, 2, 12, 8, tzinfo=UTC))])
    assert (changed.rows, changed.unchanged) == (1, 1)
    before = store.known_on("2026-02-11").series("SOFR")
    assert before.values.tolist() == [4.0, 4.1]
    # SOFR of Tuesday 3 February is out on Wednesday: an estimate from the release lag
    assert str(before.known_on[0]) == "2026-02-04T23:59:59.000000"
    assert before.estimated.tolist() == [True, True]
    after = store.known_on("2026-02-12").series("SOFR")
    assert after.values.tolist() == [4.0, 4.2]
    assert str(after.known_on[1]) == "2026-02-12T08:00:00.000000"
    assert after.estimated.tolist() == [True, False]
    assert len(prints(store.known_on(), ["SOFR"])["value"]) == 3


def test_a_figure_in_single_precision_is_the_same_figure(tmp_path):
    store = open_store(tmp_path)
    price = Copy("price:SPY", DAYS, np.array([680.1, 681.2, 677.3]), FETCHED)
    store.append([price])
    single = price.values.astype(np.float32).astype(float)
    assert store.append([Copy("price:SPY", DAYS, single, FETCHED)]).rows == 0


def test_reestimated_series_are_known_from_the_copy_only(tmp_path):
    store = open_store(tmp_path)
    store.append([Copy("NFCI", DAYS, np.array([-0.5, -0.51, -0.52]), FETCHED)])
    assert store.known_on("2026-02-09").find("NFCI") is None
    assert len(store.known_on("2026-02-10").series("NFCI")) == 3


def test_figures_in_hand_are_known_whatever_the_release_lag_says(tmp_path):
    store = open_store(tmp_path)
    month = np.array(["2026-01-01"], dtype="datetime64[us]")
    store.append(
        [Copy("M2SL", month, np.array([22_400.0]), FETCHED)]
    )  # usually out end of February
    assert store.known_on("2026-02-10").series("M2SL").values[-1] == 22_400.0


def test_a_vintage_of_the_source_counts_before_an_estimate(tmp_path):
    """The release lag says 28 February; the source says 24 February for the first print."""
    store = open_store(tmp_path, shipped=False)
    month = np.array(["2026-01-01"], dtype="datetime64[us]")
    later = datetime(2026, 7, 1, tzinfo=UTC)
    store.append([Copy("M2SL", month, np.array([22_500.0]), later)])  # revised since, undated
    known = np.array(["2026-02-24"], dtype="datetime64[us]")
    store.append([Copy("M2SL", month, np.array([22_400.0]), later, known_on=known)])
    assert store.known_on("2026-03-10").series("M2SL").values.tolist() == [22_400.0]
    assert store.known_on("2026-02-23").find("M2SL") is None


def test_units_are_converted_or_refused(tmp_path):
    store = open_store(tmp_path)
    values = np.array([6_605_909.0, 6_605_000.0, 6_604_000.0])
    store.append([Copy("WALCL", DAYS, values, FETCHED, unit="USD mn")])
    assert store.known_on("2026-02-10").series("WALCL").values[0] == pytest.approx(6605.909)
    assert factor("bp", "percent") == 0.01
    assert factor("USD", "percent") is None
    with pytest.raises(UsageError, match="DP-172"):
        store.append([_sofr([4.0], unit="USD")])


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("DP-170", Copy("SOFX", DAYS, np.ones(3), FETCHED)),
        ("DP-172", Copy("WTREGEN", DAYS, np.array([9e5, 9e5, 9e5]), FETCHED, unit="USD bn")),
        ("DP-172", Copy("bills", DAYS, np.array([6.4e6, 6.4e6, 6.4e6]), FETCHED, unit="USD bn")),
        ("DP-173", Copy("SOFR", DAYS[[0, 0]], np.array([4.0, 4.1]), FETCHED)),
        ("DP-175", _sofr([4.0], known_on=np.array(["2999-01-01"], dtype="datetime64[us]"))),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_stored(tmp_path, code, bad):
    store = open_store(tmp_path)
    store.append([_sofr([4.0]), Copy("bills", DAYS, np.full(3, 6400.0), FETCHED, unit="USD bn")])
    before = _bytes(store)
    with pytest.raises(UsageError) as caught:
        store.append([_sofr([4.0, 4.3]), bad])  # the good one is not stored either
    assert caught.value.code == code
    assert caught.value.hint
    assert _bytes(store) == before
    assert not list(store.folder.glob(".new-*"))


def test_a_full_disk_leaves_the_store_as_it_was(tmp_path, monkeypatch):
    from drypowder.data import staging

    store = open_store(tmp_path)
    store.append([_sofr([4.0])])
    before = _bytes(store)

    def full(self, path):
        path.write_bytes(b"PAR1")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(staging.Staging, "write", full)
    with pytest.raises(DrypowderError) as caught:
        store.append([_sofr([4.0, 4.1])])
    assert caught.value.code == "DP-178"
    assert "No space" in caught.value.message
    assert _bytes(store) == before
    assert not list(store.folder.glob(".new-*"))


def test_a_damaged_file_of_the_store_is_named(tmp_path):
    store = open_store(tmp_path)
    store.append([_sofr([4.0])])
    path = next(store.folder.glob("*.parquet"))
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(DataMissingError) as caught:
        store.known_on().series("SOFR")
    assert caught.value.code == "DP-177"
    with pytest.raises(DataMissingError, match="DP-177"):
        store.append([_sofr([4.0, 4.1])])
    path.unlink()
    with pytest.raises(DataMissingError, match="DP-177"):
        store.known_on().series("SOFR")


def test_a_damaged_list_is_named(tmp_path):
    store = open_store(tmp_path)
    store.append([_sofr([4.0])])
    for path in store.folder.glob("ingests.sqlite*"):
        path.write_bytes(b"no database at all, but long enough to look like one" * 99)
    with pytest.raises(DataMissingError, match="DP-177"):
        store.known_on().series("SOFR")


def test_unknown_series_get_near_names_and_unstored_ones_the_command(tmp_path):
    known = open_store(tmp_path).known_on("2026-02-06")
    with pytest.raises(UsageError, match="WALCL") as caught:
        known.series("walc")
    assert caught.value.code == "DP-170"
    with pytest.raises(DataMissingError, match="data pull VIXCLS") as missing:
        known.series("VIXCLS")
    assert missing.value.code == "DP-171"


@pytest.mark.parametrize("given", ["yesterday", "2026-02-06T14:30:00", datetime(2026, 2, 6)])
def test_a_moment_needs_its_zone_and_a_day_its_form(tmp_path, given):
    with pytest.raises(UsageError, match="DP-174"):
        open_store(tmp_path).known_on(given)


def test_versions_name_what_can_be_seen(tmp_path):
    store = open_store(tmp_path)
    first = store.known_on("2026-02-06").version
    assert store.known_on(date(2026, 2, 6)).version == first
    assert store.known_on("2026-02-07").version != first
    store.append([_sofr([4.0])])
    assert store.known_on("2026-02-06").version != first


@pytest.mark.parametrize("what", ["facts", "catalogue", "starter"])
def test_a_version_changes_with_all_that_is_shipped(tmp_path, monkeypatch, what):
    """Verdicts are kept under it: one from older facts must not be given for newer ones."""
    from drypowder.data import series, shipped

    def fresh():
        for cached in (shipped.version, shipped.starter, series.texts):
            cached.cache_clear()
        return open_store(tmp_path).known_on("2026-02-06").version

    before = fresh()
    assert fresh() == before
    text = shipped._text
    changed = {"facts": (shipped.FACTS,), "starter": shipped.FILES, "catalogue": ()}[what]
    with monkeypatch.context() as patch:
        patch.setattr(shipped, "_text", lambda name: text(name) + "\n" * (name in changed))
        if what == "catalogue":
            patch.setattr(shipped, "texts", lambda: (*series.texts(), "# another lag"))
        assert fresh() != before
    assert fresh() == before


def test_working_days_know_the_holidays_of_the_federal_reserve():
    days = np.array(["2025-12-24", "2026-01-16", "2026-07-02"], dtype="datetime64[D]")
    # Christmas; King day on Monday 19 January; 4 July 2026 is a Saturday, which moves nothing
    expected = ["2025-12-26", "2026-01-20", "2026-07-03"]
    assert clocks.working_days_later(days, 1).astype(str).tolist() == expected


def test_status_tells_age_gaps_and_origin(tmp_path):
    store = open_store(tmp_path)
    weeks = np.arange("2025-11-05", "2026-02-04", 7, dtype="datetime64[D]")
    kept = weeks[(weeks < np.datetime64("2025-11-20")) | (weeks > np.datetime64("2025-12-31"))]
    bn = np.full(len(kept), 850.0)
    store.append([Copy("WTREGEN", kept, bn, FETCHED, unit="USD bn")])
    known = store.known_on("2026-02-06")
    found = {each.name: each for each in standings(known)}
    assert found["WTREGEN"].origin == "store"
    assert found["WALCL"].origin == "starter"
    assert not found["WTREGEN"].stale
    hole = gaps(known, ["WTREGEN"])[0]
    assert (hole.count, hole.last_from, hole.last_to) == (1, "2025-11-19", "2026-01-07")
    assert store.known_on("2026-03-06").series("WTREGEN").stale


def test_status_of_a_past_day_tells_what_was_known_on_it(tmp_path):
    """Not the day itself, as if something had been observed on it."""
    store = open_store(tmp_path, shipped=False)
    months = np.array(["2025-11-01", "2025-12-01", "2026-01-01"], dtype="datetime64[us]")
    known = np.array(["2025-12-23", "2026-01-27", "2026-02-24"], dtype="datetime64[us]")
    values = np.array([22_300.0, 22_400.0, 22_500.0])
    store.append([Copy("M2SL", months, values, datetime(2026, 6, 1, tzinfo=UTC), known)])
    (found,) = standings(store.known_on("2026-02-06"))
    assert (found.rows, found.first_on, found.last_on) == (2, "2025-11-01", "2025-12-01")
    assert (found.known_on, found.age_days > 60, found.stale) == ("2026-01-27", True, False)
    (later,) = standings(store.known_on("2026-05-06"))
    assert (later.rows, later.last_on, later.stale) == (3, "2026-01-01", True)


def test_every_entry_of_the_catalogue_is_complete():
    for entry in catalogue():
        assert entry.label and entry.publisher and entry.licence and entry.lag_source, entry.name
        assert entry.frequency and entry.period_days > 0
        assert factor(entry.served_in, entry.unit) is not None, entry.name
        assert not (entry.connector and not entry.key), entry.name
