"""What a run says: in words, in tables, in charts, as a page, and as files that stay.

A simulated world is reduced to a `Record`: the central path, bands over many worlds, twins that
differ in one thing, the books and the dates of events. Everything shown comes from a record,
fresh or stored, and beside every simulated number stands: a model's answer to what-if, not a
forecast. All words live in one catalogue per language; numbers are written for people.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drypowder.report.compare import compare
    from drypowder.report.export import export
    from drypowder.report.record import Record, record_of
    from drypowder.report.store import open_run, save
    from drypowder.report.tables import Table
    from drypowder.report.words import Catalogue, catalogue

__all__ = [
    "Catalogue",
    "Record",
    "Table",
    "catalogue",
    "compare",
    "export",
    "open_run",
    "record_of",
    "save",
]

_PUBLIC = {
    "Catalogue": "words",
    "Record": "record",
    "Table": "tables",
    "catalogue": "words",
    "compare": "compare",
    "export": "export",
    "open_run": "store",
    "record_of": "record",
    "save": "store",
}


def __getattr__(name: str) -> Any:
    """Names loaded when first asked for: `drypowder --help` needs the words alone."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
