"""What any answer is told in: a title, sentences, tables."""

from __future__ import annotations

from dataclasses import dataclass, field

from drypowder.report.tables import Table


@dataclass(frozen=True)
class Section:
    """One question answered: a title, sentences, tables, and the charts that belong to it."""

    key: str
    title: str
    sentences: list[str]
    tables: list[Table] = field(default_factory=list)
