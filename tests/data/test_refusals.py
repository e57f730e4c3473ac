"""Sentences of refusals stand in the catalogue of words, each is used, and no field stays open."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from pathlib import Path

import pytest

import drypowder
from drypowder.data import refusals
from drypowder.errors import DataMissingError, UsageError

SOURCE = Path(drypowder.__file__).parent
WORDS = tomllib.loads((SOURCE / "report/words/en/refusals.toml").read_text())
CODES = {f"{code}.{kind}" for code in WORDS if code != "phrases" for kind in WORDS[code]}


def _calls(name):
    """Arguments of all calls of a function in this room: texts given as such, names of fields."""
    for path in sorted((SOURCE / "data").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
                fields = {each.arg for each in node.keywords}
                texts = [
                    leaf.value for each in node.args for leaf in ast.walk(each)
                    if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                ]  # fmt: skip
                yield path.name, texts, fields


def _fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_refusal_of_the_code_has_its_words_and_its_fields():
    used = set()
    for where, texts, given in _calls("refusal"):
        code, *kinds = texts or [""]
        for kind in kinds:
            used.add(f"{code}.{kind}")
            entry = WORDS[code][kind]
            wanted = _fields(entry["message"]) | _fields(entry.get("hint", ""))
            assert None in given or wanted <= given, (where, code, kind, wanted - given)
    assert used == CODES


def test_every_phrase_is_used_with_its_fields():
    text = "".join(path.read_text() for path in (SOURCE / "data").rglob("*.py"))
    for where, names, given in _calls("phrase"):
        for name in names:
            if name in WORDS["phrases"]:
                wanted = _fields(WORDS["phrases"][name])
                assert None in given or wanted <= given, (where, name)
    unused = {name for name in WORDS["phrases"] if f'"{name}"' not in text}
    assert unused == set()


def test_no_sentence_of_a_refusal_is_written_in_the_code():
    """A code stands beside a kind, never beside a message."""
    beside = re.compile(r'"DP-[0-9]{3}",\s*f?"[^"]*[ .]')
    for path in (SOURCE / "data").rglob("*.py"):
        assert not beside.search(path.read_text()), path.name


def test_fields_are_filled_and_braces_in_values_do_no_harm():
    error = refusals.refusal("DP-171", "nothing_known", DataMissingError, name="{x}", day="d",
                             command="c")  # fmt: skip
    assert "{x}" in error.message and error.exit_code == 3 and error.hint
    with pytest.raises(KeyError):
        refusals.refusal("DP-171", "nothing_known", UsageError, name="x")


@pytest.mark.parametrize("given", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_a_moment_that_utc_has_no_name_for_is_refused(given):
    from drypowder.data import clocks

    with pytest.raises(UsageError) as refused:
        clocks.moment(given)
    assert refused.value.code == "DP-174"
