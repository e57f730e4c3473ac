"""How far later prints moved a part: measured where prints of before are stored, else a guess."""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.data import Copy, open_store
from drypowder.data.clocks import moment
from drypowder.measure.gauge import gauge
from drypowder.measure.gauge.revisions import vintages
from drypowder.report import gauge as told
from drypowder.report.words import catalogue

MONTHS = np.arange(np.datetime64("2021-07"), np.datetime64("2026-02"))
DAYS = (MONTHS + 1).astype("datetime64[D]") - 1
FINAL = 500.0 + 10.0 * np.arange(len(DAYS)) % 170
MOVED = np.where(np.arange(len(DAYS)) % 2, 30.0, -30.0)  # of every first print: root mean square 30
DAY = "2026-02-06"


def store(folder, *, first=0, moved=MOVED, dated=True):
    """Reverse repo printed on its day and, different, forty days later; all else as shipped."""
    made = open_store(folder)
    days = DAYS[first:]

    def prints(values, lag, fetched):
        known = (days + np.timedelta64(lag, "D")).astype("datetime64[us]")
        return Copy("RRPONTSYD", days.astype("datetime64[us]"), values, moment(fetched),
                    known_on=known if dated else None, unit="USD bn", source="made up")  # fmt: skip

    made.append([prints((FINAL + moved)[first:], 0, "2026-03-20"),
                 prints(FINAL[first:], 40, "2026-03-21")])  # fmt: skip
    return made


def bar(found, key="rrp"):
    return next(each for each in found.bars if each.part.key == key)


def test_the_width_is_what_first_prints_were_wrong_by(tmp_path):
    found = gauge(store(tmp_path).known_on(DAY), draws=200)
    assert bar(found).revision_measured
    assert bar(found).revision == pytest.approx(30.0)
    assert not bar(found, "reserves").revision_measured
    assert "30 bn" in " ".join(told.as_json(found, catalogue())["said"])
    assert told.as_json(found, catalogue())["revisions"]["rrp"] == {
        "deviation": pytest.approx(30.0), "measured": True,
    }  # fmt: skip


def test_wider_revisions_make_the_range_from_them_wider(tmp_path):
    known = [store(tmp_path / name, moved=m).known_on(DAY)
             for name, m in (("calm", MOVED / 10), ("wild", 10 * MOVED))]  # fmt: skip
    calm, wild = (np.ptp(gauge(each, draws=400).spans["revisions"]) for each in known)
    assert calm < wild


def test_prints_known_later_say_nothing(tmp_path):
    """A revision after the day asked about cannot be seen from it."""
    made = store(tmp_path)
    before = bar(gauge(made.known_on(DAY), draws=50)).revision
    last = DAYS[:-3].astype("datetime64[us]")
    late = np.full(len(last), np.datetime64("2026-02-07", "us"))
    made.append([Copy("RRPONTSYD", last, FINAL[:-3] * 3.0, moment("2026-03-22"), known_on=late,
                      unit="USD bn", source="made up")])  # fmt: skip
    assert bar(gauge(made.known_on(DAY), draws=50)).revision == before
    assert bar(gauge(made.known_on("2026-02-09"), draws=50)).revision > 10 * before


def test_too_few_stored_prints_leave_the_guess(tmp_path):
    found = gauge(store(tmp_path, first=len(DAYS) - 13).known_on(DAY), draws=50)
    assert not bar(found).revision_measured


def test_days_guessed_from_a_release_lag_are_no_vintages(tmp_path):
    assert vintages(store(tmp_path, dated=False).known_on(DAY), ["RRPONTSYD"]) == {}
