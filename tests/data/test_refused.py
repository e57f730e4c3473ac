"""What a reader who came fresh to the store could break: each was stored wrongly or lost once."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from drypowder.data import Copy, open_store
from drypowder.data.clocks import moment
from drypowder.data.connectors.raw import RawStore
from drypowder.data.importing import import_path
from drypowder.errors import DataMissingError, UsageError

OWN = "series,observed_on,value,unit,known_on\n"


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "home", shipped=False)


def _take(store, folder, text):
    path = folder / "a.csv"
    path.write_text(text)
    return import_path(store, path)


def _copy(values, fetched, known=None):
    days = np.array(["2026-01-01", "2026-02-01"], dtype="datetime64[us]")
    dated = None if known is None else np.array(known, dtype="datetime64[us]")
    return Copy("M2SL", days, np.array(values), moment(fetched), dated, "USD bn")


@pytest.mark.parametrize(
    ("row", "code", "said"),
    [
        (",2026-02-04,1,USD bn,", "DP-176", "no name"),
        ('own:x,2026-02-04,"4,25",,', "DP-176", "no number"),
        ("WALCL,2026-02-04T00:00:00-05:00,6605909,USD mn,", "DP-174", "describes days"),
        ("WALCL,2126-02-04,6605909,USD mn,", "DP-175", "still to come"),
        ("WALCL,infinity,6605909,USD mn,", "DP-175", "still to come"),
        ("SOFR,infinity,4.1,,", "DP-175", "still to come"),
        ("SOFR,-infinity,4.1,,", "DP-175", "so old"),
        ("SOFR,290000-01-01,4.1,,", "DP-175", "still to come"),
        ("SOFR,0026-02-04,4.1,,", "DP-175", "so old"),
        ("own:x,0026-02-04,4.1,,", "DP-175", "so old"),
        ("SOFR,2026-02-04,4.1,,290000-01-01", "DP-175", "still to come"),
        ("WALCL,2026-02-04,6605909,USD mn,2026-01-01", "DP-175", "would have been known"),
    ],
)
def test_a_row_that_would_be_stored_wrongly_is_refused(store, tmp_path, row, code, said):
    with pytest.raises(UsageError, match=said) as error:
        _take(store, tmp_path, f"{OWN}{row}\n")
    assert error.value.code == code
    assert not list(store.folder.glob("*.parquet"))


def test_a_comma_between_thousands_is_read(store, tmp_path):
    _take(store, tmp_path, OWN + 'own:x,2026-02-04,"6,605,909.5",,\n')
    assert store.known_on().series("own:x").values[0] == 6605909.5


def test_spaces_around_a_ticker_make_no_second_series(store, tmp_path):
    _take(store, tmp_path, "ticker,date,close\n SPY,2026-02-04,5\nSPY,2026-02-05,6\n")
    assert store.known_on().names() == ["price:SPY"]


def test_an_own_series_keeps_the_unit_it_began_with(store, tmp_path):
    _take(store, tmp_path, OWN + "own:x,2026-01-01,5,USD bn,\n")
    _take(store, tmp_path, OWN + "own:x,2026-02-01,6000,USD mn,\n")
    observed = store.known_on().series("own:x")
    assert (observed.unit, observed.values.tolist()) == ("USD bn", [5.0, 6.0])
    with pytest.raises(UsageError, match="percent"):
        _take(store, tmp_path, OWN + "own:x,2026-03-01,6,percent,\n")


def test_a_share_is_not_taken_for_percent(store, tmp_path):
    rows = [f"DGS10,2026-02-0{day},{{}}4.{day},,\n" for day in (2, 3, 4)]
    _take(store, tmp_path, OWN + "".join(rows).replace("{}", ""))
    with pytest.raises(UsageError, match="unit has changed"):
        _take(store, tmp_path, OWN + "".join(rows).replace("{}4.", "0.04"))


def test_stamps_of_bars_do_not_move_with_the_machine(tmp_path):
    lines = [f"BTCUSDT,2026-01-01 0{hour}:00:00,2,1,1.5,10,3" for hour in range(3)]
    head = "symbol,open_time_utc,high,low,close,quote_volume,trades"
    (tmp_path / "bars.csv").write_text("\n".join([head, *lines]) + "\n")
    code = (
        "from drypowder.data import open_store\nfrom drypowder.data.importing import import_path\n"
        f"s = open_store({str(tmp_path / 'home')!r}, shipped=False)\n"
        f"import_path(s, {str(tmp_path / 'bars.csv')!r})\n"
        "print(s.known_on().series('perp-1h:BTCUSDT').observed_on[0])"
    )
    env = {"TZ": "Asia/Ho_Chi_Minh", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout.startswith("2026-01-01T01:00:00"), done.stderr


def test_a_copy_after_the_last_vintage_brings_its_revision(store):
    store.append([_copy([22000.0, 22100.0], "2026-04-01", ["2026-02-24", "2026-03-24"])])
    store.append([_copy([22050.0, 22100.0], "2026-09-01")])
    assert store.known_on().series("M2SL").values.tolist() == [22050.0, 22100.0]
    assert store.known_on("2026-08-31").series("M2SL").values.tolist() == [22000.0, 22100.0]


def test_a_folder_named_like_a_partition_is_only_a_folder(tmp_path):
    store = open_store(tmp_path / "series=abc", shipped=False)
    store.append([_copy([1000.0, 2000.0], "2026-04-01")])
    store.append([_copy([1000.0, 2001.0], "2026-05-01")])
    assert store.known_on().series("M2SL").values.tolist() == [1000.0, 2001.0]


def test_figures_whose_list_is_gone_are_not_swept(store):
    store.append([_copy([1000.0, 2000.0], "2026-04-01")])
    before = sorted(store.folder.glob("*.parquet"))
    for path in store.folder.glob("ingests.sqlite*"):
        path.unlink()
    with pytest.raises(DataMissingError, match="list of its files is gone"):
        store.append([_copy([1001.0, 2000.0], "2026-05-01")])
    assert sorted(store.folder.glob("*.parquet")) == before


def test_a_damaged_reply_is_kept_anew(tmp_path):
    raw, at = RawStore(tmp_path), "2026-01-01T00:00:00+00:00"
    for _ in range(2):
        kept = raw.keep(b"abc", url="http://a", extension="csv", headers={}, at=at)
        raw.remember(kept, checked_at=at)
        assert raw.recall("http://a") == kept
        kept.path.write_bytes(b"ab")
        assert raw.recall("http://a") is None


def test_undated_files_that_contradict_each_other_are_refused_with_both_names(store, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.csv").write_text(OWN + "SOFR,2026-02-04,4.1,,\nSOFR,2026-02-05,4.2,,\n")
    (folder / "b.csv").write_text(OWN + "SOFR,2026-02-04,4.1,,\nSOFR,2026-02-05,4.3,,\n")
    with pytest.raises(UsageError) as error:
        import_path(store, folder)
    assert error.value.code == "DP-173"
    for said in ("a.csv", "b.csv", "SOFR", "2026-02-05", "4.2", "4.3"):
        assert said in error.value.message
    assert not list(store.folder.glob("*.parquet"))
    (folder / "b.csv").write_text(OWN + "SOFR,2026-02-04,4.1,,\nSOFR,2026-02-05,4.2,,\n")
    assert import_path(store, folder).stored.rows == 2  # the same values are no fault


def test_prints_dated_alike_must_agree_and_dated_copies_may_differ(store, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for name, value in (("a.csv", 22500), ("b.csv", 22480)):
        (folder / name).write_text(OWN + f"M2SL,2026-01-01,{value},,2026-02-24\n")
    with pytest.raises(UsageError, match="DP-173"):
        import_path(store, folder)
    head = "series,observed_on,value,fetched_at\n"
    (folder / "a.csv").write_text(head + "M2SL,2026-01-01,22500,2026-03-01\n")
    (folder / "b.csv").write_text(head + "M2SL,2026-01-01,22480,2026-04-01\n")
    found = import_path(store, folder)
    assert (found.stored.rows, found.contradictions) == (2, ())


def test_copies_of_a_revised_series_that_differ_are_told(store, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.csv").write_text(OWN + "M2SL,2026-01-01,22500,,\nM2SL,2026-02-01,22600,,\n")
    (folder / "b.csv").write_text(OWN + "M2SL,2026-01-01,22500,,\nM2SL,2026-02-01,22590,,\n")
    (told,) = import_path(store, folder).contradictions
    assert (told.file, told.other_file, told.rows, told.series) == ("a.csv", "b.csv", 1, 1)
    assert told.example[0] == "M2SL" and told.example[2:] == (22600.0, 22590.0)
    assert told.apart == pytest.approx(10 / 22600)
    assert store.known_on().series("M2SL").values.tolist() == [22500.0, 22600.0]


def test_an_older_copy_that_comes_late_hides_no_newer_one(store):
    """Copies of January, March (the same) and then of February: each day shows its own copy."""
    store.append([_copy([22000.0, 22100.0], "2026-04-01")])
    assert store.append([_copy([22000.0, 22100.0], "2026-06-01")]).rows == 0
    assert store.append([_copy([22050.0, 22100.0], "2026-05-01")]).rows == 2
    shown = {
        day: store.known_on(day).series("M2SL").values[0]
        for day in ("2026-04-30", "2026-05-31", "2026-06-01")
    }
    assert shown == {"2026-04-30": 22000.0, "2026-05-31": 22050.0, "2026-06-01": 22000.0}


def test_the_same_file_imported_again_is_the_old_copy_that_it_is(store, tmp_path):
    text = OWN + "M2SL,2026-01-01,22500,,\nM2SL,2026-02-01,22600,,\n"
    _take(store, tmp_path, text)
    _take(store, tmp_path, text.replace("22500", "22400"))  # revised since
    again = _take(store, tmp_path, text)
    assert again.stored.rows == 0
    assert store.known_on().series("M2SL").values.tolist() == [22400.0, 22600.0]
