"""Every sentence a reader sees, by key and language: nothing is written in the code itself.

A language is a folder `words/<language>/` of TOML files, one a section; the key `cli.run.help`
is the entry `run.help` of `cli.toml`. Sections are read when first asked for, so that
`drypowder --help` does not pay for the glossary.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources

from drypowder.errors import DrypowderError

SECTIONS = (
    "calibrate", "claims", "cli", "data", "errors", "gauge", "glossary", "hindcast", "labels",
    "liquidations", "measured", "probe", "pull", "rank", "refusals", "replicate", "report", "why",
)  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """The words of one language."""

    lang: str = "en"
    _sections: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)

    def say(self, key: str, **values: object) -> str:
        """The sentence of a key with its `{fields}` filled in.

        Raises:
            KeyError: the key does not exist: a mistake of ours that the tests look for.
        """
        template = self.section(key.partition(".")[0])[key]
        return template.format(**values) if values else template

    def label(self, group: str, name: str) -> str:
        """The readable name of a sector, instrument, column ...; unknown names as plain words.

        A name in two parts (`price_change.bitcoin`) is the first one's label with the name of the
        instrument filled in.
        """
        labels = self.section("labels")
        if f"labels.{group}.{name}" in labels:
            return labels[f"labels.{group}.{name}"]
        kind, _, member = name.partition(".")
        if member and f"labels.{group}.{kind}" in labels:
            return labels[f"labels.{group}.{kind}"].format(name=self.label("instrument", member))
        return name.replace("_", " ")

    def joined(self, parts: list[str]) -> str:
        """`a, b and c`."""
        if len(parts) < 2:
            return "".join(parts)
        head = self.say("report.list.comma").join(parts[:-1])
        return head + self.say("report.list.and") + parts[-1]

    def section(self, name: str) -> dict[str, str]:
        """All entries of one section, keys in full (`errors.DP-070.meaning`)."""
        if name not in self._sections:
            self._sections[name] = _read(self.lang, name)
        return self._sections[name]

    def names(self, section: str) -> list[str]:
        """First-level names of a section: the terms of the glossary, the codes of the errors."""
        return list(dict.fromkeys(key.split(".")[1] for key in self.section(section)))


@lru_cache(maxsize=4)
def catalogue(lang: str = "en") -> Catalogue:
    """The catalogue of a language, read once."""
    return Catalogue(lang)


def languages() -> tuple[str, ...]:
    """Languages that have a folder of words."""
    folder = resources.files("drypowder.report").joinpath("words")
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir()))


def coded(kind: type[DrypowderError], code: str, /, **values: object) -> DrypowderError:
    """An error of this package with message and hint from the catalogue."""
    words = catalogue()
    hint = words.section("errors").get(f"errors.{code}.hint", "")
    return kind(code, words.say(f"errors.{code}.message", **values), hint.format(**values))


def _read(lang: str, section: str) -> dict[str, str]:
    path = resources.files("drypowder.report").joinpath("words", lang, f"{section}.toml")
    return dict(_flat(section, tomllib.loads(path.read_text(encoding="utf-8"))))


def _flat(prefix: str, table: dict):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(f"{prefix}.{name}", value)
        else:
            yield f"{prefix}.{name}", value
