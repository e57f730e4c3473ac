"""Bytes as tables and trees, or a sentence about what came instead.

Sources answer 200 with an HTML page, half a file or an empty list more often than with an error
code. Columns and fields are found by name, so that their order does not matter.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors.wire import Reply

_PAGE = (b"<!doctype", b"<html", b"<?xml")


def json_of(source: str, reply: Reply) -> Any:
    """The reply as JSON. Raises DrypowderError DP-185 for HTML, half a reply or nothing."""
    _not_a_page(source, reply, "JSON")
    try:
        return json.loads(reply.content)
    except ValueError as error:
        fault = f"no whole JSON ({error}); it may have been cut off"
        raise refusals.not_readable(source, reply.kept.url, fault) from None


def csv_of(source: str, reply: Reply) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the reply. Raises DrypowderError DP-185 for HTML or a broken last line."""
    _not_a_page(source, reply, "CSV")
    try:
        lines = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise refusals.not_readable(source, reply.kept.url, f"no CSV ({error})") from None
    lines = [line for line in lines if line]
    if len(lines) < 2:
        raise refusals.not_readable(source, reply.kept.url, "CSV without a row")
    if not reply.content.endswith(b"\n"):
        fault = "CSV whose last line does not end; it may have been cut off"
        raise refusals.not_readable(source, reply.kept.url, fault)
    header, *body = lines
    short = [number for number, line in enumerate(body, 2) if len(line) != len(header)]
    if short:
        fault = f"CSV whose line {short[0]} has not {len(header)} fields; it may have been cut off"
        raise refusals.not_readable(source, reply.kept.url, fault)
    return header, body


def fields_of(source: str, what: str, entry: Any, names: Sequence[str]) -> dict[str, Any]:
    """An object that has these fields. Raises DrypowderError DP-186 naming those it lacks."""
    if not isinstance(entry, dict):
        raise refusals.changed(source, what, f"an entry is {type(entry).__name__}, no object")
    lacking = [name for name in names if name not in entry]
    if lacking:
        there = ", ".join(sorted(entry)[:8]) or "nothing"
        fault = f"it lacks {', '.join(lacking)} and has {there}"
        raise refusals.changed(source, what, fault)
    return entry


def list_of(source: str, what: str, tree: Any, *path: str) -> list[Any]:
    """The list below a path of fields. Raises DrypowderError DP-186 where there is none."""
    for name in path:
        tree = fields_of(source, what, tree, [name])[name]
    if not isinstance(tree, list):
        raise refusals.changed(source, what, f"{'.'.join(path) or 'it'} is no list")
    return tree


def _not_a_page(source: str, reply: Reply, wanted: str) -> None:
    start = reply.content.lstrip()[:16].lower()
    if not start:
        raise refusals.not_readable(source, reply.kept.url, "empty")
    if start.startswith(_PAGE):
        fault = f"a web page instead of {wanted}"
        raise refusals.not_readable(source, reply.kept.url, fault)
