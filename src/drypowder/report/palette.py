"""Colours and patterns: the same sector looks the same in every chart, and never by colour alone.

Hues are Okabe and Ito's and Tol's, told apart by people with any of the common kinds of colour
blindness; every series also has a line style, a hatch and a label of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_INK, _PAPER, _GRID = "#1b1b1b", "#ffffff", "#d9d9d9"
CENTRAL, TWIN, ALARM = "#0072b2", "#666666", "#b2182b"

SECTOR = {
    "households": "#0072b2",
    "retail_momentum": "#cc79a7",
    "insurers_pensions": "#44aa99",
    "open_end_funds_etfs": "#e69f00",
    "hedge_funds": "#882255",
    "deep_pockets": "#999933",
    "crypto_leveraged": "#f0e442",
    "hyperscalers": "#d55e00",
    "ai_labs": "#aa4499",
    "chip_memory_firms": "#117733",
    "other_firms": "#56b4e9",
    "banks_dealers": "#332288",
    "money_funds": "#88ccee",
    "treasury": "#8c6d31",
    "fed": "#4d4d4d",
    "rest_of_world": "#009e73",
    "other": "#bbbbbb",
}
SOURCE = {
    "cash_flow": "#009e73",
    "cloud_customers": "#aa4499",
    "hoard": "#d55e00",
    "treasuries": "#e69f00",
    "bank_loans": "#332288",
    "bonds": "#0072b2",
    "short_paper": "#88ccee",
    "private_credit": "#882255",
    "buybacks_cut": "#999933",
    "new_shares": "#cc79a7",
    "other": "#bbbbbb",
}
FORCE = {
    "capital_call": "#d55e00",
    "redemption": "#0072b2",
    "margin": "#882255",
    "venues": "#009e73",
}
HATCHES = ("//", "\\\\", "--", "||", "xx", "/", "++", "\\", "-", "|")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "drypowder",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "figure.facecolor": _PAPER,
    "axes.facecolor": _PAPER,
    "savefig.facecolor": _PAPER,
    "hatch.linewidth": 0.4,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}


@contextmanager
def drawing() -> Iterator:
    """matplotlib with our own solid light theme, whatever the user's settings are."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield mpl
