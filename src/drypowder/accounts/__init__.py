"""Who owns what and who owes it to whom.

A balance sheet has a row for each sector and a column for each kind of asset: what a sector owns
is positive, what it owes negative, in billions of US dollars at market value. Every claim is
somebody's debt, so each column sums to zero; gold, bitcoin and the like are owed by nobody.
Load one with `load_opening("2025Q4")`: it tells the source of each number and all that was forced.
"""

from drypowder.accounts._reading import Cell
from drypowder.accounts.balance import BALANCE_TOLERANCE, check_balanced
from drypowder.accounts.economy import Economy, Instrument, Sector, default_economy
from drypowder.accounts.matrices import BalanceSheetMatrix, FlowMatrix, balance_sheet_matrix
from drypowder.accounts.reshape import in_unit, permuted, roll_to, split_sector
from drypowder.accounts.sheet import Adjustment, OpeningSheet, load_opening, shipped_openings

__all__ = [
    "BALANCE_TOLERANCE",
    "Adjustment",
    "BalanceSheetMatrix",
    "Cell",
    "Economy",
    "FlowMatrix",
    "Instrument",
    "OpeningSheet",
    "Sector",
    "balance_sheet_matrix",
    "check_balanced",
    "default_economy",
    "in_unit",
    "load_opening",
    "permuted",
    "roll_to",
    "shipped_openings",
    "split_sector",
]
