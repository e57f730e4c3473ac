"""Every key exists, every code that is raised is explained, other languages can follow."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import drypowder
from drypowder.errors import UsageError
from drypowder.report import explain
from drypowder.report.summary import _size
from drypowder.report.words import SECTIONS, Catalogue, catalogue, coded, languages

SOURCE = Path(drypowder.__file__).parent
OURS = [*SOURCE.glob("report/*.py"), *SOURCE.glob("cli/*.py")]
KEY = re.compile(r"\"((?:report|cli|labels)\.[a-z_0-9.]+)\"")
CODE = re.compile(r"\bDP-\d{3}\b")


def test_every_key_in_the_code_exists():
    words = catalogue()
    asked = {key for path in OURS for key in KEY.findall(path.read_text())}
    missing = [k for k in asked - {"report.html"} if k not in words.section(k.partition(".")[0])]
    assert len(asked) > 60 and missing == []


def test_every_code_in_the_source_is_explained():
    words = catalogue()
    used = {code for path in SOURCE.rglob("*.py") for code in CODE.findall(path.read_text())}
    explained = set(explain.codes(words))
    assert used - explained == set()


@pytest.mark.parametrize("code", explain.codes(catalogue()))
def test_every_code_has_a_meaning_and_advice(code):
    entry = explain.explain(code, catalogue())
    assert entry["line"].endswith(".") and entry["paragraph"].endswith(".")


def test_every_term_has_a_line_a_paragraph_and_a_page():
    words = catalogue()
    for name in words.names("glossary"):
        assert {"name", "line", "paragraph", "page"} <= explain.explain(name, words).keys(), name


@pytest.mark.parametrize("asked", ["dry powder", "Dry-Powder", "rrp", "λ", "capital call", "QE"])
def test_terms_are_found_however_they_are_written(asked):
    assert explain.explain(asked, catalogue())["line"]


def test_unknown_term_names_the_nearest():
    with pytest.raises(UsageError, match=r"DP-076.*lambda"):
        explain.explain("lamda", catalogue())


def test_all_languages_have_the_same_keys():
    english = catalogue("en")
    for lang in languages():
        other = Catalogue(lang)
        for section in SECTIONS:
            assert other.section(section).keys() == english.section(section).keys(), (lang, section)


def test_fields_of_our_errors_are_filled():
    error = coded(UsageError, "DP-070", token="xyz", known="abc")
    assert "'xyz'" in error.message and "abc" in error.hint and "{" not in str(error)


def test_no_one_letter_magnitudes_in_any_sentence():
    folder = SOURCE / "report" / "words" / "en"
    for path in folder.glob("*.toml"):
        tomllib.loads(path.read_text())
        assert not re.search(r"\d\s?[BMT]n?\b(?!-)", path.read_text()), path


def test_a_name_in_two_parts_is_told_with_the_name_of_the_instrument():
    words = catalogue()
    assert words.label("headline", "price_change.equity_broad") == "other shares, price change"
    assert words.label("outcome", "price_change.bitcoin") == "bitcoin, change (%)"
    assert words.label("headline", "nobody_knows.this") == "nobody knows.this"


@pytest.mark.parametrize(
    ("bp", "said"),
    [
        (0.36, "less than a basis point"),
        (0.94, "less than a basis point"),
        (0.96, "a few basis points"),
        (9.9, "a few basis points"),
        (12.3, "12 basis points"),
    ],
)
def test_the_size_of_a_move_is_told_as_it_is(bp, said):
    assert said in _size(bp, catalogue())
