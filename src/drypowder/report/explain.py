"""What a word or an error code means: from the glossary and the list of codes."""

from __future__ import annotations

import difflib
import re

from drypowder.errors import UsageError
from drypowder.report.words import Catalogue, coded

_CODE = re.compile(r"dp-?(\d{1,3})", re.IGNORECASE)
_PARTS = ("line", "paragraph", "formula", "page")


def explain(asked: str, words: Catalogue) -> dict[str, str]:
    """The entry of a term or a code as name -> text.

    Raises:
        UsageError: DP-076 with the nearest terms when there is none.
    """
    code = _CODE.fullmatch(asked.strip())
    if code:
        return _code(f"DP-{int(code[1]):03d}", words)
    name = term_key(asked, words)
    entry = words.section("glossary")
    parts = {part: entry.get(f"glossary.{name}.{part}", "") for part in ("name", *_PARTS)}
    return {part: text for part, text in parts.items() if text}


def term_key(asked: str, words: Catalogue) -> str:
    """The key of a term however it is written: `Capital call`, `capital-call`, an alias."""
    entry = words.section("glossary")
    keys = words.names("glossary")
    spelled = {_spelled(k): k for k in keys}
    for key in keys:
        spelled[_spelled(entry[f"glossary.{key}.name"])] = key
        for alias in entry.get(f"glossary.{key}.also", "").split(","):
            spelled.setdefault(_spelled(alias), key)
    wanted = _spelled(asked)
    if wanted and wanted in spelled:
        return spelled[wanted]
    close = difflib.get_close_matches(wanted, [s for s in spelled if s], 5, 0.5)
    near = [spelled[name] for name in close]
    shown = ", ".join(dict.fromkeys(near)) or ", ".join(keys[:12])
    raise coded(UsageError, "DP-076", asked=asked, near=shown)


def terms(words: Catalogue) -> list[tuple[str, str]]:
    """All terms with their line, in alphabetical order."""
    entry = words.section("glossary")
    return sorted((entry[f"glossary.{k}.name"], entry[f"glossary.{k}.line"])
                  for k in words.names("glossary"))  # fmt: skip


def codes(words: Catalogue) -> list[str]:
    """All error codes we can explain."""
    return sorted(words.names("errors"))


def _code(code: str, words: Catalogue) -> dict[str, str]:
    entry = words.section("errors")
    if f"errors.{code}.meaning" not in entry:
        near = difflib.get_close_matches(code, codes(words), 5, 0.5)
        raise coded(UsageError, "DP-076", asked=code, near=", ".join(near))
    return {"name": code, "line": entry[f"errors.{code}.meaning"],
            "paragraph": entry[f"errors.{code}.do"]}  # fmt: skip


def _spelled(text: str) -> str:
    return re.sub(r"[^a-z0-9λ]+", " ", text.lower()).strip()
