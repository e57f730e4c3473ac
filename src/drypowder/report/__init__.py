"""What a run says: in words, in tables, in charts, as a page, and as files that stay.

A simulated world is reduced to a `Record`: the central path, bands over many worlds, twins that
differ in one thing, the books and the dates of events. Everything shown comes from a record,
fresh or stored, and beside every simulated number stands: a model's answer to what-if, not a
forecast. All words live in one catalogue per language; numbers are written for people.
"""

from drypowder.report.record import Record, record_of
from drypowder.report.tables import Table
from drypowder.report.words import Catalogue, catalogue

__all__ = ["Catalogue", "Record", "Table", "catalogue", "record_of"]
