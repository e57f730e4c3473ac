"""docs/gauge.md: its worked sum and pictures are what the code computes."""

from __future__ import annotations

import importlib.util
import re
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = REPOSITORY / "docs" / "gauge.md"


def _make_gauge():
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader = SourceFileLoader("make_gauge", str(REPOSITORY / "scripts" / "make_gauge"))
        module = importlib.util.module_from_spec(
            importlib.util.spec_from_loader("make_gauge", loader)
        )
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


def test_numbers_and_pictures_of_the_page_are_computed():
    assert _make_gauge().main(["--check"]) == 0


def test_the_table_of_the_page_can_be_added_up_with_a_pencil():
    table = PAGE.read_text(encoding="utf-8").partition("<!-- computed: bars -->")[2]
    rows = [line.split("|") for line in table.partition("<!-- end -->")[0].splitlines()
            if line.startswith("| ")][2:]  # fmt: skip
    cells = {row[1].strip(" ·"): [cell.strip().replace("−", "-") for cell in row] for row in rows}
    points = {name: float(row[5]) for name, row in cells.items() if row[5]}
    level = points.pop("level")
    assert round(sum(points.values()), 1) == level
    for row in cells.values():  # weight x (rank - 50), as printed
        if row[4]:
            assert abs(float(row[4]) * (float(row[3]) - 50.0) - float(row[5])) < 0.11


def test_every_computed_block_of_the_page_is_filled():
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"<!-- computed: (\w+) -->(.*?)<!-- end -->", text, flags=re.S)
    assert {name for name, _ in found} == set(_make_gauge().blocks())
    assert all(body.strip() for _, body in found)
