"""The fire sale among banks in full: every round's balance sheets, and who paid whom.

Cash is money of the central bank. Banks owe lenders; firms owe corporate bonds and what else banks
hold; the government owes its bonds. In the paper's own setting `outside_buyer` pays for all bonds
with money it does not have: its cash is below zero, and that is what nobody accounted for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from drypowder.accounts import Economy, Instrument, Sector
from drypowder.errors import UnbalancedError
from drypowder.replications._fire_sale import State, Trade, one_round
from drypowder.replications.eba_banks import BankTable

if TYPE_CHECKING:  # postings need jax, which takes a second to load
    from drypowder.accounts.ledger import Ledger

BOOKS = ("outside_buyer", "other_investors")  # who stands where other investors do
UNIT = "EUR m"
TOLERANCE = 1e-9  # of what the largest sector has
_INSTRUMENTS = (
    Instrument("cash", "par", "money"),
    Instrument("loans", "par", "loans"),
    Instrument("other_debt", "par", "loans"),
    Instrument("corp_bonds", "cleared", "bonds"),
    Instrument("gov_bonds", "cleared", "bonds"),
    Instrument("other_assets", "appraised", "private"),
)
_ISSUERS = (
    Sector("firms", "issuer"),
    Sector("government", "government"),
    Sector("central_bank", "central_bank"),
)
_FIRMS, _GOVERNMENT, _CENTRAL_BANK = range(3)


def ledger_of(
    case, opening, start: State, *, steps: int, own_cash: bool, banks: BankTable, face
) -> Ledger:
    """Every round of one scenario as postings and revaluations, checked against the rounds.

    Raises:
        UnbalancedError: DP-029 or DP-163 if money, bonds or debts were made or lost.
    """
    from drypowder.accounts.ledger import Ledger

    economy, state = _economy(banks, own_cash), start
    first, booked = _stocks(economy, state, opening), []
    for _ in range(steps):
        after, trade, repaid, _ = one_round(
            np, state, opening.sheet, case.rules, outstanding=face, own_cash=own_cash
        )
        booked.append(_amounts(state, after, trade, repaid))
        state = after
    columns = {name: np.stack([each[name] for each in booked], axis=1) for name in booked[0]}
    ledger = Ledger(
        "Fire sale",
        economy,
        UNIT,
        first,
        _postings(columns),
        {f"{name}_bonds": columns[f"revalued {name}"] for name in ("corp", "gov")},
    )
    ledger.check(TOLERANCE)
    _refuse_other_books(ledger, _stocks(economy, state, opening))
    return ledger


def _economy(banks: BankTable, own_cash: bool) -> Economy:
    sectors = (
        *(Sector(name, "bank") for name in banks.names),
        Sector(BOOKS[own_cash], "holder"),
        Sector("lenders", "holder"),
        *_ISSUERS,
    )
    return Economy(sectors, _INSTRUMENTS, money="cash")


def _postings(columns: dict[str, np.ndarray]):
    """Sales of bonds against cash, and cash that repays loans."""
    from drypowder.accounts.postings import Posting

    sales = tuple(
        Posting(
            money=-columns[f"bought {name}"],
            claims={f"{name}_bonds": columns[f"bought {name}"]},
            name=f"sale of {name} bonds",
        )
        for name in ("corp", "gov")
    )
    repaid = columns["repaid"]
    return (*sales, Posting(money=repaid, claims={"loans": -repaid}, name="repayment of loans"))


def _amounts(before: State, after: State, trade: Trade, repaid) -> dict[str, np.ndarray]:
    """What a round moved, by sector: worth of bonds bought, loans repaid, gains on prices."""
    moved = {"repaid": _debt(repaid)}
    for name, sold, paid, owed_by in (
        ("corp", trade.sold_corp, trade.paid_corp, _FIRMS),
        ("gov", trade.sold_gov, trade.paid_gov, _GOVERNMENT),
    ):
        gone = trade.filled * before.share * getattr(before, name)
        face = _column(
            trade.by_banks * sold - gone, trade.by_others * sold, trade.by_lenders * sold
        )
        old, new = (getattr(state, f"price_{name}") for state in (before, after))
        had = _held(before, name, owed_by)
        moved[f"bought {name}"] = face * paid
        moved[f"revalued {name}"] = had * (new - old) + face * (new - paid)
    return moved


def _stocks(economy: Economy, state: State, opening) -> Float[np.ndarray, "sector instrument"]:
    sheet, none = opening.sheet, np.zeros(1)
    columns = {
        "cash": _held(state, "cash", _CENTRAL_BANK),
        "corp_bonds": state.price_corp * _held(state, "corp", _FIRMS),
        "gov_bonds": state.price_gov * _held(state, "gov", _GOVERNMENT),
        "other_assets": _column(sheet.other, none, none, owed_by=_FIRMS),
        "loans": _debt(state.loan),
        "other_debt": _debt(sheet.other_debt),
    }
    return np.stack([columns[name] for name in economy.instrument_names], axis=1)


def _held(state: State, name: str, owed_by: int) -> Float[np.ndarray, " sector"]:
    holders = (getattr(state, f"{who}{name}") for who in ("", "others_", "lenders_"))
    return _column(*holders, owed_by=owed_by)


def _column(banks, others, lenders, *, owed_by: int | None = None) -> Float[np.ndarray, " sector"]:
    """What each sector has of one thing; whoever issued it owes the sum."""
    held = np.concatenate([np.ravel(banks), np.ravel(others), np.ravel(lenders)])
    owed = np.zeros(len(_ISSUERS))
    if owed_by is not None:
        owed[owed_by] = -held.sum()
    return np.concatenate([held, owed])


def _debt(owed) -> Float[np.ndarray, " sector"]:
    """Of banks to lenders."""
    owed = np.ravel(owed)
    return _column(-owed, 0.0, owed.sum())


def _refuse_other_books(ledger: Ledger, ending: np.ndarray) -> None:
    """The books end where the rounds do, or something moved that was not booked."""
    gap = np.abs(ledger.stocks[-1] - ending)
    if not gap.max() <= TOLERANCE * np.abs(ending).max():
        row, column = np.unravel_index(int(np.argmax(gap)), gap.shape)
        economy = ledger.economy
        raise UnbalancedError(
            "DP-163",
            f"{economy.instrument_names[column]} of {economy.sector_names[row]} ends "
            f"{gap.max():.6g} away from its books.",
            "This is a fault of the replication, not of your numbers: please report it.",
        )
