"""The page and its charts: self-contained, honest, the same every time, readable by voice."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure
from tests.report.synthetic import about, make_run

from drypowder.report import answers, charts
from drypowder.report.dots import name_dots
from drypowder.report.export import MAKERS
from drypowder.report.fans import worlds_needed
from drypowder.report.html import page
from drypowder.report.palette import drawing
from drypowder.report.record import record_of
from drypowder.report.tables import Column, Table
from drypowder.report.terminal import summary_text, table_text
from drypowder.report.words import catalogue

WORDS = catalogue()
NOT_A_FORECAST = "A model's answer to what-if, not a forecast."
VOID = {"meta", "br", "link"}


@pytest.fixture(scope="module")
def record():
    return record_of(make_run(paths=worlds_needed(0.05) + 1), about())


@pytest.fixture(scope="module")
def html(record):
    return page(record, WORDS)


class _Reader(HTMLParser):
    """Collects ids, open tags and everything a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.ids, self.stack, self.fetched, self.tags, self.text = [], [], [], [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        self.fetched += [given[k] for k in ("src", "href", "xlink:href") if given.get(k)]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def read(html):
    reader = _Reader()
    reader.feed(html)
    return reader


def test_the_page_fetches_nothing_and_runs_nothing(read, html):
    assert all(address.startswith("#") for address in read.fetched)
    assert "http" not in html and "<script" not in html and "@import" not in html
    assert "url(" not in re.sub(r"url\(#", "", html)


def test_the_page_is_well_formed_with_unique_ids_and_targets(read):
    assert read.stack == [] and len(read.ids) == len(set(read.ids))
    assert {address[1:] for address in read.fetched} <= set(read.ids)


def test_the_page_says_that_it_is_no_forecast_beside_the_numbers(read, html):
    assert html.count(NOT_A_FORECAST.replace("'", "&#x27;")) >= 6
    assert html.count(WORDS.say("report.badge")) >= 6
    assert str(record_stamp()["scenario_hash"]) in html


def record_stamp():
    return make_run().stamp


def test_the_page_is_accessible_and_small(read, html):
    assert ("html", {"lang": "en"}) in read.tags
    pictures = [attrs for tag, attrs in read.tags if tag == "svg"]
    assert len(pictures) == 7 and all(p["role"] == "img" and p["aria-label"] for p in pictures)
    assert sum(tag == "table" for tag, _ in read.tags) >= len(pictures)
    assert len(html.encode()) < 1_000_000
    assert any(a.get("name") == "viewport" for t, a in read.tags if t == "meta")


def test_the_same_run_gives_the_same_page_and_summary(record, html):
    assert page(record, WORDS) == html
    assert summary_text(record, WORDS) == summary_text(record, WORDS)


def test_text_in_charts_stays_text_and_titles_are_sentences(record):
    for chart in charts.all_charts(record, WORDS):
        assert "<text" in chart.svg and "<image" not in chart.svg
        assert len(chart.title.split()) > 4 and chart.table.rows
        assert set(chart.card(WORDS)) == {"what", "how", "sure"}


def test_an_exported_picture_carries_title_note_and_stamp(record):
    for name, svg in MAKERS["svg"](record, WORDS).items():
        root = ElementTree.fromstring(svg)
        said = " ".join(text for text in root.itertext())
        assert NOT_A_FORECAST in " ".join(said.split()) and "seed 5" in said, name


def test_simulated_areas_are_hatched(record):
    for chart in (charts.dry_powder(record, WORDS), charts.funding(record, WORDS)):
        assert "<pattern" in chart.svg


def test_one_path_has_no_bands_and_few_worlds_no_wide_ones():
    alone = record_of(make_run(paths=1), about())
    assert charts.fans(alone, WORDS) is None
    few = charts.fans(record_of(make_run(paths=worlds_needed(0.25) + 1), about()), WORDS)
    assert few is not None and WORDS.say("report.chart.fan.wide") not in few.svg


def test_the_summary_answers_the_questions(record):
    text = summary_text(record, WORDS)
    for asked in ("dry powder", "no longer cover the gap", "AI firms spent", "First paid",
                  "more money is now with", "Treasuries yield", "Lambda", "Sold over a quarter",
                  "the Fed would have created", "In 100 worlds", NOT_A_FORECAST):  # fmt: skip
        assert asked in text, asked
    assert all(len(line) <= 110 and line == line.rstrip() for line in text.splitlines())


def test_a_unit_that_all_amounts_share_is_said_once():
    amounts = tuple(Column(f"{name}_usd_bn", "usd_bn") for name in ("first", "end"))
    table = Table("t", (Column("sector"), *amounts, Column("ran_out_on", "date")), [])
    assert table.shown(WORDS) == [["sector, bn USD", "first day", "last day", "ran out on"]]
    mixed = Table("t", (Column("source"), amounts[0], Column("share", "share")), [])
    assert mixed.shown(WORDS) == [["source", "first day, bn USD", "share, %"]]


def test_tables_fit_a_hundred_columns(record):
    for table in (answers.dry_powder(record), answers.yields(record), answers.assets(record)):
        text = table_text(table, WORDS)
        assert len(text.splitlines()) == len(table.rows) + 1
        assert max(map(len, text.splitlines())) <= 100, table.key


def test_names_beside_dots_cover_neither_each_other_nor_a_dot():
    with drawing():
        figure = Figure(figsize=(7.0, 4.2), layout="constrained")
        axes = figure.subplots()
        crowd = [(6.0, -0.05), (5.9, -0.05), (5.7, -0.04), (1.6, -0.03), (40.0, -1.1), (11.0, 3.0),
                 (15.0, 1.7), (16.0, -0.29), (17.0, -0.59), (18.0, -0.37)]  # fmt: skip
        points = [(x, y, f"a longish name {k}") for k, (x, y) in enumerate(crowd)]
        axes.plot(*zip(*crowd, strict=True), "o", markersize=7)
        name_dots(axes, points)
        figure.draw_without_rendering()
        boxes = [text.get_window_extent() for text in axes.texts]
        assert len(boxes) == len(crowd) and {t.get_text() for t in axes.texts} == {
            name for _, _, name in points
        }
        for k, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:k])
            assert not any(box.contains(*axes.transData.transform(dot)) for dot in crowd)
            assert axes.get_window_extent().contains(box.x0, box.y0)
            assert axes.get_window_extent().contains(box.x1, box.y1)


def test_laying_out_once_gives_the_bytes_that_savefig_gives(record, monkeypatch):
    once = [chart.svg for chart in charts.all_charts(record, WORDS)]
    monkeypatch.setattr(charts, "_settle", lambda figure: None)
    assert once == [chart.svg for chart in charts.all_charts(record, WORDS)]


def test_every_picture_of_the_documentation_has_a_title_and_is_observed_or_no_forecast():
    pictures = sorted((Path(__file__).parents[2] / "docs" / "img").glob("*.svg"))
    assert len(pictures) >= 4
    for path in pictures:
        said = " ".join(" ".join(ElementTree.parse(path).getroot().itertext()).split())
        assert NOT_A_FORECAST in said or "OBSERVED" in said, path.name
        headed = r'font-size="12" font-weight="bold"|font-weight: 700; font-size: 11px'
        assert re.search(headed, path.read_text(encoding="utf-8")), path.name
