"""What a reader may rely on: pages say what the source says, commands parse, links resolve."""

from __future__ import annotations

import ast
import html
import importlib.util
import re
import shlex
import sys
import tomllib
from importlib.machinery import SourceFileLoader
from pathlib import Path

import pytest

from drypowder.scenarios import load

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS, PACKAGE = REPOSITORY / "docs", REPOSITORY / "src" / "drypowder"
README, TUTORIAL = REPOSITORY / "README.md", DOCS / "tutorial.md"
WHO_DID_IT, LEVERS = DOCS / "who_did_it.md", DOCS / "levers.md"
MECHANISMS = sorted((DOCS / "mechanisms").glob("*.md"))
PAGES = [README, *sorted(DOCS.rglob("*.md"))]
NUMERICAL_ROOMS = ("accounts", "markets", "channels", "engine")
NOT_A_FORECAST = "A model's answer to what-if, not a forecast"


def _script(name: str):
    """A script without a suffix, as a module."""
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader = SourceFileLoader(name, str(REPOSITORY / "scripts" / name))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def _fenced(text: str, *languages: str) -> list[str]:
    found = re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL)
    return [body for language, body in found if language in languages]


def _commands(path: Path) -> list[str]:
    """`drypowder ...` in fenced blocks, in output markers and in running text."""
    text = path.read_text(encoding="utf-8")
    lines = [line for block in _fenced(text, "sh", "console") for line in block.splitlines()]
    lines = [part.strip().removeprefix("$ ") for line in lines for part in line.split("&&")]
    lines = [line.removeprefix(".venv/bin/") for line in lines]
    lines += [mark.split(" | ")[0] for mark in re.findall(r"<!-- output: (.+?) -->", text)]
    lines += re.findall(r"`(drypowder [^`]+)`", text)
    return [line for line in lines if line.startswith("drypowder ")]


def _public_functions() -> list[tuple[str, ast.FunctionDef]]:
    docs = _script("build_docs")
    paths = [p for room in NUMERICAL_ROOMS for p in sorted((PACKAGE / room).glob("*.py"))]
    names = [f"{p.parent.name}.{p.stem}" for p in paths if not p.stem.startswith("_")]
    return [(f"{name}.{node.name}", node) for name in names for node in docs.public(name)]


def test_every_term_names_a_page_by_its_title():
    known = _script("build_docs").GLOSSARY_PAGES
    for page, path in known.items():
        text = (DOCS / "reference" / path).read_text(encoding="utf-8")
        assert f"# {page.partition(': ')[2]}\n" in text, page
    glossary = tomllib.loads((PACKAGE / "report/words/en/glossary.toml").read_text("utf-8"))
    assert {entry["page"] for entry in glossary.values() if "page" in entry} <= known.keys()


def test_generated_pages_say_what_the_source_says():
    assert _script("build_docs").stale() == [], "run scripts/build_docs"


@pytest.mark.parametrize(
    "path",
    [README, TUTORIAL, WHO_DID_IT, LEVERS, DOCS / "results.md", *MECHANISMS],
    ids=lambda p: p.name,
)
def test_every_command_shown_has_verbs_and_options_that_exist(path):
    from typer.main import get_command

    from drypowder.cli.app import app

    verbs = get_command(app).commands
    commands = _commands(path)
    assert commands
    for command in commands:
        _, verb, *arguments = shlex.split(command)
        if verb == "--help" or not (arguments or verb in verbs):
            continue
        assert verb in verbs, command
        if arguments:
            verbs[verb].make_context(verb, arguments)  # raises for what does not parse


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_every_relative_link_leads_to_a_file(path):
    links = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    near = [link for link in links if "://" not in link]
    assert [link for link in near if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_no_page_names_a_place_on_this_machine_or_a_registry(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?<![\w.])/(work|tmp|root|home|Users|opt)/", text)
    assert not re.search(r"file://|pypi\.org|pythonhosted|localhost|127\.0\.0\.1", text)


def test_every_page_stands_in_the_site_and_every_entry_has_a_page():
    def leaves(node) -> list[str]:
        if isinstance(node, str):
            return [node]
        parts = node.values() if isinstance(node, dict) else node
        return [leaf for part in parts for leaf in leaves(part)]

    site = tomllib.loads((REPOSITORY / "zensical.toml").read_text())["project"]
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert set(leaves(site["nav"])) == pages
    assert site["theme"]["font"] is False  # nothing is fetched from outside


def test_every_public_function_of_the_numerical_rooms_says_what_it_does_in_a_sentence():
    bad = [
        name
        for name, node in _public_functions()
        if not (ast.get_docstring(node) or "").split("\n")[0].rstrip().endswith((".", ":", "?"))
    ]
    assert bad == []


def test_every_public_function_of_the_numerical_rooms_stands_on_a_page_of_the_model():
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "model").glob("*.md"))
    headings = set(re.findall(r"(?m)^### `(\w+)`$", text))
    assert [n for n, node in _public_functions() if node.name not in headings] == []


def test_every_page_that_the_glossary_names_exists():
    from drypowder.report.words import catalogue

    known = _script("build_docs").GLOSSARY_PAGES
    words = catalogue().section("glossary")
    asked = {text for key, text in words.items() if key.endswith(".page")}
    assert asked - set(known) == set()
    assert [p for p in known.values() if not (DOCS / "reference" / p).exists()] == []


def test_every_error_code_in_the_source_can_be_explained():
    from drypowder.report.explain import codes
    from drypowder.report.words import catalogue

    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    raised = {code for text in sources for code in re.findall(r"\"(DP-\d{3})\"", text)}
    assert raised
    assert raised - set(codes(catalogue())) == set()


def test_every_mentioned_error_code_can_be_explained():
    from drypowder.report.explain import codes
    from drypowder.report.words import catalogue

    known = set(codes(catalogue()))
    for path in PAGES:
        assert set(re.findall(r"DP-\d{3}", path.read_text(encoding="utf-8"))) <= known, path.name


def test_readme_can_be_read_in_two_minutes_and_shows_pictures_that_say_what_they_are_not():
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 180
    pictures = re.findall(r"!\[([^\]]+)\]\(([^)]+\.svg)\)", text)
    assert len(pictures) >= 2
    assert all(
        len(alternative) > 40 for alternative, _ in pictures
    )  # for those who do not see them
    for _, link in pictures:
        said = html.unescape((REPOSITORY / link).read_text(encoding="utf-8"))
        assert NOT_A_FORECAST in said or "OBSERVED" in said
    assert NOT_A_FORECAST in text


@pytest.mark.parametrize("path", sorted((DOCS / "img").glob("*.svg")), ids=lambda p: p.name)
def test_pictures_fetch_nothing(path):
    text = re.sub(r"<!DOCTYPE[^>]*>|xmlns(:\w+)?=\"[^\"]*\"", "", path.read_text(encoding="utf-8"))
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    assert "http" not in text and "<script" not in text


def test_the_scenario_of_the_tutorial_is_one(tmp_path):
    (body,) = _fenced(TUTORIAL.read_text(encoding="utf-8"), "toml")
    (tmp_path / "my_case.toml").write_text(body, encoding="utf-8")
    scenario = load(tmp_path / "my_case.toml")
    assert scenario.levers["capex_pace"] == 0.7
    assert scenario.parameters["participation.households"].value == 0.4


@pytest.mark.parametrize("path", MECHANISMS, ids=lambda p: p.stem)
def test_a_mechanism_has_the_sentence_the_equation_the_numbers_and_what_speaks_against_it(path):
    """The sentence and the equation are those of the code, so that neither can go stale."""
    text = path.read_text(encoding="utf-8")
    for part in ("**Equation.**", "**Source.**", "## What the model says", NOT_A_FORECAST,
                 "## Where the evidence disagrees", "<!-- output: "):  # fmt: skip
        assert part in " ".join(text.split()), part
    files = [*(PACKAGE / "channels").glob("*.py")]
    code = " ".join(" ".join(p.read_text(encoding="utf-8") for p in files).split())
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for line in re.findall(r"(?m)^(?:> |    )(.+)$", prose):
        assert " ".join(line.split()) in code, line


@pytest.mark.slow
@pytest.mark.parametrize("path", [README, TUTORIAL, WHO_DID_IT], ids=lambda p: p.name)
def test_python_examples_run(path):
    for body in _fenced(path.read_text(encoding="utf-8"), "python"):
        exec(compile(body, path.name, "exec"), {})


@pytest.mark.slow
def test_results_pictures_and_shown_outputs_are_what_the_code_computes():
    assert _script("make_results").main(["--check"]) == 0


def test_shown_outputs_are_of_the_scenarios_as_they_are_shipped():
    """The quick half of the test above: a changed number changes the digest that pages show."""
    shown = {
        found
        for path in PAGES
        for found in re.findall(r"scenario (\w+) ([0-9a-f]{16})\b", path.read_text("utf-8"))
    }
    assert {name for name, _ in shown} == {"essay"}
    assert shown == {(name, load(name).digest) for name, _ in shown}


def test_comparing_results_forgives_rounding_and_nothing_else():
    differences = _script("make_results").differences
    assert differences("yield +0.87 bp on 2026-07-16", "yield +0.88 bp on 2026-07-16") == []
    assert differences("yield +0.87 bp", "yield +0.91 bp") == ["+0.87 is now +0.91"]
    assert differences("on 2026-07-16", "on 2026-07-17")
    assert differences("run fc4314f7", "run fc4314f8")
