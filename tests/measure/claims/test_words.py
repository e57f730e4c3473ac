"""What a reader of a claim sees stands among the words, and what words say of numbers is so."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pytest

import drypowder
from drypowder.measure.claims import answers, c01_capex_as_stimulus, numbers
from drypowder.measure.numbers import table
from drypowder.report import claims as report
from drypowder.report.words import catalogue

ROOM = Path(drypowder.__file__).parent / "measure"
WORDS = catalogue().section("claims")
ROOMS = ("claims", "rank", "probe", "gauge", "statistics")
SENTENCE = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,} [A-Za-z]{2,}")
FOR_US = ("AttributeError", "ValueError", "super")  # mistakes of ours, never a reader's


def _trees(*rooms):
    for room in rooms:
        for path in sorted((ROOM / room).glob("*.py")):
            if path.name != "trials.py":  # names of made-up worlds, on one page in English
                yield path, ast.parse(path.read_text())


def _calls(tree, *names):
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)
            and getattr(node.func, "id", getattr(node.func, "attr", "")) in names]  # fmt: skip


def _text(node):
    """A pattern for a constant or an f-string; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or ".+" for part in node.values)
    return None


def _number(path):
    found = re.match(r"c(\d\d)_", path.name)
    return int(found[1]) if found else None


def test_every_label_of_a_part_stands_among_the_words():
    for path, tree in _trees("claims"):
        keys = [key.removeprefix(f"claims.{_number(path)}.parts.") for key in WORDS]
        for call in _calls(tree, "Part"):
            pattern = _text(call.args[0]) if call.args else None
            if _number(path) and pattern:
                assert any(re.fullmatch(pattern, key) for key in keys), (path.name, pattern)


def test_every_caveat_and_unit_stands_among_the_words():
    for path, tree in _trees("claims"):
        number = _number(path)
        for call in _calls(tree, "Finding", "Part", "Registration", "Dated"):
            for given in call.keywords:
                texts = {
                    each.value
                    for each in ast.walk(given.value)
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
                if given.arg == "caveats":
                    known = {f"claims.{number}.caveats.{t}" for t in texts} & WORDS.keys()
                    assert len(known) + sum(f"claims.caveats.{t}" in WORDS for t in texts) == len(
                        texts
                    ), (path.name, texts)
                if given.arg == "unit" and isinstance(given.value, ast.Constant):
                    assert all(f"claims.units.{t}" in WORDS for t in texts if t), (path.name, texts)


def test_every_dated_figure_has_a_label_and_every_label_a_figure():
    figures = set(table("claims", "dated"))
    figures |= {f"call_{row['key']}" for row in table("claims", "cases")["case"]}
    assert {key.removeprefix("claims.facts.") for key in WORDS if ".facts." in key} == figures


def test_every_refusal_of_the_room_has_its_words_and_gives_their_fields():
    """`refused(kind, code, **fields)` and `phrase(code, which, **fields)` against errors.toml."""
    errors, seen = catalogue().section("errors"), 0
    for path, tree in _trees(*ROOMS, "hindcast"):
        for call in _calls(tree, "refused", "phrase"):
            texts = [each.value for each in call.args if isinstance(each, ast.Constant)]
            given = {each.arg for each in call.keywords}
            if not texts or None in given:
                continue  # a phrase by a name that is handed on
            names = texts[1:] if call.func.id == "phrase" else ["message", "hint"]
            for name in names:
                said = errors[f"errors.{texts[0]}.{name}"]
                fields = {each.split("!")[0] for each in re.findall(r"{([^}:]+)", said)}
                assert fields <= given, (path.name, texts, fields - given)
                seen += 1
    assert seen > 20


def test_no_sentence_is_written_in_the_code():
    for path, tree in _trees(*ROOMS):
        excused = {
            id(leaf) for call in _calls(tree, *FOR_US, "__init__") for leaf in ast.walk(call)
        }
        excused |= {
            id(node.body[0].value) for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and node.body
            and isinstance(node.body[0], ast.Expr)
        }  # fmt: skip
        said = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)
                and isinstance(node.value, str) and id(node) not in excused
                and SENTENCE.search(node.value)]  # fmt: skip
        assert said == [], path.name


def test_what_has_no_words_is_refused_and_not_made_up():
    with pytest.raises(KeyError, match="furlongs"):
        report.amount(1.0, "furlongs", catalogue())


@pytest.fixture(scope="module")
def told(imported_store):
    """All answers on the development data, by claim."""
    known = imported_store.known_on("2026-11-23")
    return {each.number: each for each in answers(known, numbers(), WORDS)}


def part(told, number, key):
    return next(each for each in told[number].finding.parts if each.key == key)


def caveat(told, number, key):
    """A sentence to beware of that the answer shows."""
    assert key in told[number].finding.caveats, (number, key)
    return WORDS[f"claims.{number}.caveats.{key}"]


@pytest.mark.real_data
def test_every_answer_of_the_data_can_be_told(told):
    words = catalogue()
    for answer in told.values():
        assert report.parts(answer, words).shown(words)
        assert list(report.page(answer, words))
    assert report.data(list(told.values()), words)


@pytest.mark.real_data
def test_nearly_all_debt_came_in_three_quarters_and_without_them_the_slope_is_nothing(
    told, imported_store
):
    assert "three quarters from October 2025" in caveat(told, 1, "three_quarters")
    known = imported_store.known_on("2026-11-23")
    quarters, capex, debt = c01_capex_as_stimulus._panel(known, "debt")
    late = quarters >= np.datetime64("2025-12")
    assert late.sum() == 3
    assert np.nansum(debt[late]) > 0.85 * np.nansum(debt)
    assert abs(c01_capex_as_stimulus.within_slope(capex[~late], debt[~late])) < 0.15


@pytest.mark.real_data
def test_the_money_was_gone_and_the_spread_had_moved_months_before_the_essay(told):
    assert "months before" in caveat(told, 2, "earlier")
    for key in ("exhausted_before_essay", "break_before_essay"):
        assert part(told, 2, key).value > 60.0  # days


@pytest.mark.real_data
def test_the_two_year_yield_rose_twice_as_much_and_the_thirty_year_hardly(told):
    assert "twice as much, the thirty-year hardly" in caveat(told, 4, "policy_explains")
    real, two = part(told, 4, "real_raw").value, part(told, 4, "two_years_oil_neutral").value
    assert two == pytest.approx(2.0 * real, rel=0.15)
    assert part(told, 4, "thirty_years_oil_neutral").value < 0.3 * real


@pytest.mark.real_data
def test_power_of_the_contrast_is_what_its_interval_allows(told):
    """0.8 % found four times in five, 0.3 % once in four, at 10 % two-sided."""
    said = caveat(told, 5, "little_power")
    found = told[5].finding
    normal, reach = NormalDist(), NormalDist().inv_cdf(0.95)
    error = (found.high - found.low) / (2.0 * reach)
    sizes = [float(each) for each in re.findall(r"(\d\.\d) %", said)]
    seen = [1.0 - normal.cdf(reach - size / error) for size in sizes]
    assert "four times in five" in said and "once in four" in said
    assert seen == pytest.approx([0.8, 0.25], abs=0.05)


@pytest.mark.real_data
def test_stress_peaked_on_the_last_day_of_october(told, imported_store):
    assert "31 October 2025" in caveat(told, 7, "peak_before")
    known = imported_store.known_on("2026-11-23")
    sofr, iorb = known.series("SOFR", since="2025-09-01"), known.series("IORB", since="2025-09-01")
    days, left, right = np.intersect1d(sofr.observed_on, iorb.observed_on, return_indices=True)
    spread = sofr.values[left] - iorb.values[right]
    assert str(days[np.argmax(spread)])[:10] == "2025-10-31"
    assert part(told, 7, "highest_before").value == pytest.approx(100.0 * spread.max())


def test_what_softbank_sold_and_paid_is_what_the_cases_say():
    said = WORDS["claims.9.caveats.case_study"]
    (case,) = [row for row in table("claims", "cases")["case"] if row["key"] == "softbank"]
    assert f"sold {case['sold_usd_bn']} bn" in said and f"of {case['called_usd_bn']} bn" in said


@pytest.mark.real_data
def test_one_day_makes_claim_10_and_on_it_gold_alone(told):
    assert "gold alone" in caveat(told, 10, "one_day_decides")
    assert part(told, 10, "without_chosen").high > 0.0
    others = [abs(part(told, 10, f"{each}_chosen").value) for each in ("shares", "bitcoin")]
    assert abs(part(told, 10, "gold_chosen").value) > 10.0 * max(others)


@pytest.mark.real_data
def test_the_page_quotes_the_numbers_that_are_measured(told):
    """Numbers in the prose of docs/claims.md, below and above the computed tables."""
    page = (Path(__file__).resolve().parents[3] / "docs" / "claims.md").read_text()
    two, four, fourteen = (told[number].finding for number in (2, 4, 14))
    error_above = fourteen.effect + (fourteen.high - fourteen.effect) / NormalDist().inv_cdf(0.95)
    assert f"was {two.effect:.0f} bp higher once reverse repo was gone" in page
    assert f"Real yields did rise {four.effect:.0f} bp" in page
    assert f"estimate is now {error_above:.3f}" in page
