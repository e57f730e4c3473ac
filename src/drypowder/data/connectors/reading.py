"""Bytes as tables and trees, or a sentence about what came instead.

Sources answer 200 with an HTML page, half a file or an empty list more often than with an error
code. Columns and fields are found by name, so that their order does not matter.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors.wire import Reply
from drypowder.data.refusals import phrase

_EARLIEST = 1900  # Unix seconds of a publisher describe nothing before
_PAGE = (b"<!doctype", b"<html", b"<?xml")


def json_of(source: str, reply: Reply) -> Any:
    """The reply as JSON. Raises DrypowderError DP-185 for HTML, half a reply or nothing."""
    _not_a_page(source, reply, "JSON")
    try:
        return json.loads(reply.content)
    except (ValueError, RecursionError) as error:
        fault = phrase("half_json", fault=error)
        raise refusals.not_readable(source, reply.kept.url, fault) from None


def csv_of(source: str, reply: Reply) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the reply. Raises DrypowderError DP-185 for HTML or a broken last line."""
    _not_a_page(source, reply, "CSV")
    try:
        lines = list(csv.reader(io.StringIO(reply.content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        fault = phrase("no_csv", fault=error)
        raise refusals.not_readable(source, reply.kept.url, fault) from None
    lines = [line for line in lines if line]
    if len(lines) < 2:
        raise refusals.not_readable(source, reply.kept.url, phrase("csv_without_rows"))
    if not reply.content.endswith(b"\n"):
        fault = phrase("csv_cut")
        raise refusals.not_readable(source, reply.kept.url, fault)
    header, *body = lines
    short = [number for number, line in enumerate(body, 2) if len(line) != len(header)]
    if short:
        fault = phrase("csv_line", line=short[0], count=len(header))
        raise refusals.not_readable(source, reply.kept.url, fault)
    return header, body


def fields_of(source: str, what: str, entry: Any, names: Sequence[str]) -> dict[str, Any]:
    """An object that has these fields. Raises DrypowderError DP-186 naming those it lacks."""
    if not isinstance(entry, dict):
        raise refusals.changed(source, what, phrase("no_object", kind=type(entry).__name__))
    lacking = [name for name in names if name not in entry]
    if lacking:
        there = ", ".join(sorted(entry)[:8]) or phrase("nothing")
        fault = phrase("lacks", names=", ".join(lacking), there=there)
        raise refusals.changed(source, what, fault)
    return entry


def list_of(source: str, what: str, tree: Any, *path: str) -> list[Any]:
    """The list below a path of fields. Raises DrypowderError DP-186 where there is none."""
    for name in path:
        tree = fields_of(source, what, tree, [name])[name]
    if not isinstance(tree, list):
        raise refusals.changed(source, what, phrase("no_list", what=".".join(path) or phrase("it")))
    return tree


def count_of(source: str, what: str, given: Any, most: int) -> int:
    """How many pages or rows there are. Raises DrypowderError DP-186 for what is no such number."""
    try:
        count = int(str(given))
    except ValueError:
        count = -1
    if 0 <= count <= most:
        return count
    raise refusals.changed(source, what, phrase("no_count", given=str(given)[:20]))


def not_again(source: str, what: str, reply: Reply, seen: set[str]) -> None:
    """A page that came before would be asked for without end. Raises DrypowderError DP-186."""
    if reply.kept.sha256 in seen:
        raise refusals.changed(source, what, phrase("same_page"))
    seen.add(reply.kept.sha256)


def moment_of(seconds: Any) -> datetime:
    """Unix seconds, a number or a text, as UTC. Raises ValueError for what is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float, str)):
        raise ValueError(phrase("no_moment", given=type(seconds).__name__))
    try:
        found = datetime.fromtimestamp(float(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError(phrase("no_moment", given=str(seconds)[:20])) from None
    if found.year < _EARLIEST:
        raise ValueError(phrase("no_moment", given=str(seconds)[:20]))
    return found


def _not_a_page(source: str, reply: Reply, wanted: str) -> None:
    start = reply.content.lstrip()[:16].lower()
    if not start:
        raise refusals.not_readable(source, reply.kept.url, phrase("nothing_came"))
    if start.startswith(_PAGE):
        fault = phrase("page", wanted=wanted)
        raise refusals.not_readable(source, reply.kept.url, fault)
