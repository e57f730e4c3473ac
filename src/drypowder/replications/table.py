"""Every published number against ours: read the rows, run each call once, compare.

A row of `published/<page>.toml` names a public function of this room with its arguments, where in
the result the number stands, and how near ours must be:

    [[row]]
    quantity = "output in period 1"
    published = 38.4615            # or at_least / at_most, for what a paper claims of a sample
    tolerance = 5e-5               # of the absolute difference
    call = { function = "sim", periods = 2 }
    reads = "Y[0]"                 # attributes, whole numbers in brackets, min( ) and max( )
    source = "table 3.4"
    kind = "published"             # or recalled, recomputed

`paper` stands above the rows. `function` may stand there too. Sign: difference = ours - published.
"""

from __future__ import annotations

import difflib
import math
import re
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module, resources
from typing import Any

from drypowder.errors import DrypowderError, UsageError

KINDS = ("published", "recalled", "recomputed")
PASS, MISS, FAILED = "pass", "outside", "failed"
_ROOM = "drypowder.replications"
_KEYS = {
    "quantity", "published", "at_least", "at_most", "tolerance", "call", "function", "reads",
    "source", "kind", "paper", "why",
}  # fmt: skip
_STEP = re.compile(r"\.?([A-Za-z_]\w*)|\[(-?\d+)\]")
_WHOLE = re.compile(r"(min|max)\((.+)\)")
_DIGITS = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Row:
    """One number of a paper and where ours is found."""

    page: str
    paper: str
    quantity: str
    published: float  # or the bound that a paper claims
    bound: str  # "": equal within the tolerance; at_least; at_most
    tolerance: float
    function: str
    arguments: Mapping[str, Any] = field(hash=False)
    reads: str
    source: str
    kind: str  # one of KINDS
    why: str = ""  # of an unusual tolerance

    @property
    def call(self) -> str:
        """As one would type it."""
        given = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"{self.function}({given})"


@dataclass(frozen=True)
class Comparison:
    """A row with our number beside it."""

    row: Row
    ours: float  # NaN where there is none
    seconds: float  # of the call; zero for rows that share it with an earlier one
    problem: str = ""  # why there is none

    @property
    def difference(self) -> float:
        """Ours less the published number, or less the bound where ours breaks it."""
        gap = self.ours - self.row.published
        if self.row.bound == "at_least":
            return min(gap, 0.0)
        return max(gap, 0.0) if self.row.bound == "at_most" else gap

    @property
    def verdict(self) -> str:
        """pass, outside, or failed where the call gave no number."""
        if self.problem or math.isnan(self.ours):
            return FAILED
        return PASS if abs(self.difference) <= self.row.tolerance else MISS


def pages() -> tuple[str, ...]:
    """Papers that have rows, by the name of their page."""
    folder = resources.files(_ROOM).joinpath("published")
    found = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-5] for name in found if name.endswith(".toml")))


@lru_cache(maxsize=64)
def rows(page: str) -> tuple[Row, ...]:
    """Rows of one page. Raises: DrypowderError DP-167 for one that cannot be read."""
    path = resources.files(_ROOM).joinpath("published", f"{page}.toml")
    return read_rows(path.read_text(encoding="utf-8"), page)


def select(name: str | None = None) -> list[Row]:
    """Rows of a page, or those that call a function of that name; all of them without a name.

    Raises:
        UsageError: DP-165 for a name that is neither, with the nearest ones.
    """
    every = [row for page in pages() for row in rows(page)]
    if name is None:
        return every
    wanted = re.sub(r"[\s-]+", "_", name.strip().lower())
    found = [row for row in every if row.page == wanted]
    found = found or [row for row in every if row.function == wanted]
    if found:
        return found
    known = [*pages(), *sorted({row.function for row in every} - set(pages()))]
    near = difflib.get_close_matches(wanted, known, 4, 0.5) or list(pages())
    raise UsageError(
        "DP-165",
        f"no paper is replicated under the name {name!r}.",
        f"Known: {', '.join(near)}.",
    )


def read_rows(text: str, page: str) -> tuple[Row, ...]:
    """Rows of a page from its TOML. Raises: DrypowderError DP-167, as `rows`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(page, "the file", str(error)) from error
    return tuple(_row(page, table, each, k) for k, each in enumerate(table.get("row", []), 1))


def compare(
    wanted: Sequence[Row], *, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Comparison]:
    """Our number beside each row's, each distinct call made once.

    A call that fails costs its own rows only: they say why and count as failed.
    """
    results: dict[str, tuple[Any, float, str]] = {}
    found = []
    for done, row in enumerate(wanted):
        seconds = 0.0
        if row.call not in results:
            results[row.call] = _result(row)
            seconds = results[row.call][1]
        result, _, problem = results[row.call]
        found.append(_comparison(row, result, seconds, problem))
        progress(done + 1, len(wanted))
    return found


def read(result: Any, path: str) -> float:
    """The number at a path such as `Y[0]`, `table[2].price[-1]` or `max(p)`.

    Raises:
        DrypowderError: DP-167 for a path that leads nowhere or to no number.
    """
    whole = _WHOLE.fullmatch(path.strip())
    if whole:
        numbers = [float(each) for each in _walk(result, whole[2])]
        return min(numbers) if whole[1] == "min" else max(numbers)
    try:
        return float(_walk(result, path.strip()))
    except (TypeError, ValueError) as error:
        raise _broken(path, "the path", f"it leads to no number ({error})") from error


def _walk(result: Any, path: str) -> Any:
    for name, index in _steps(path):
        try:
            if index:
                result = result[int(index)]
            elif isinstance(result, Mapping):
                result = result[name]
            else:
                result = getattr(result, name)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise _broken(path, f"step {name or index}", str(error)) from error
    return result


def _steps(path: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None:
            raise _broken(path, f"{path[place:]!r}", "neither a name nor a whole number")
        yield step[1] or "", step[2] or ""
        place = step.end()


def _result(row: Row) -> tuple[Any, float, str]:
    """What the call returns, how long it took, and why it failed."""
    began = time.perf_counter()
    try:
        made = getattr(import_module(_ROOM), row.function)(**row.arguments)
    except Exception as error:  # one page must not take the others along
        return None, time.perf_counter() - began, f"{type(error).__name__}: {error}"
    return made, time.perf_counter() - began, ""


def _comparison(row: Row, result: Any, seconds: float, problem: str) -> Comparison:
    if problem:
        return Comparison(row, math.nan, seconds, problem)
    try:
        return Comparison(row, read(result, row.reads), seconds)
    except DrypowderError as error:
        return Comparison(row, math.nan, seconds, error.message)


def _row(page: str, table: Mapping[str, Any], given: Mapping[str, Any], number: int) -> Row:
    """One row, checked: an unread key is most often a misspelled one."""
    where = f"row {number}, {given.get('quantity', 'unnamed')}"
    unknown = set(given) - _KEYS
    if unknown:
        raise _broken(page, where, f"unknown keys {', '.join(sorted(unknown))}")
    targets = [key for key in ("published", "at_least", "at_most") if key in given]
    call = dict(given.get("call", {}))
    function = call.pop("function", given.get("function", table.get("function", page)))
    kind = given.get("kind", "published")
    needed = [key for key in ("quantity", "reads") if not given.get(key)]
    if len(targets) != 1 or needed or kind not in KINDS:
        raise _broken(
            page, where, "it needs quantity, reads, a kind and one number to compare with"
        )
    bound = "" if targets[0] == "published" else targets[0]
    if not bound and not float(given.get("tolerance", -1.0)) >= 0.0:
        raise _broken(page, where, "it needs a tolerance")
    return Row(
        page=page,
        paper=str(given.get("paper", table.get("paper", page))),
        quantity=str(given["quantity"]),
        published=float(given[targets[0]]),
        bound=bound,
        tolerance=float(given.get("tolerance", 0.0)),
        function=str(function),
        arguments=_arguments(call),
        reads=str(given["reads"]),
        source=str(given.get("source", "")),
        kind=kind,
        why=str(given.get("why", "")),
    )


def _arguments(value: Any) -> Any:
    """Keys of TOML are texts: whole numbers among them are periods."""
    if isinstance(value, Mapping):
        return {
            int(key) if _DIGITS.fullmatch(key) else key: _arguments(each)
            for key, each in value.items()
        }
    return value


def _broken(page: str, where: str, why: str) -> DrypowderError:
    return DrypowderError(
        "DP-167", f"{page}: {where}: {why}.", "Correct the row in replications/published."
    )
