"""Where the EBA fire sale begins: balance sheets, the numbers of a batch, nothing on offer yet.

Source: as `eba_fire_sale`. EUR m; banks run over the first axis, scenarios over the last.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from drypowder.replications._fire_sale import Rules, Sheet, State
from drypowder.replications.eba_banks import BankTable

_SOLD = 0.05  # the share of bonds whose sale the price fall is stated for


class Case(NamedTuple):
    """All numbers of a batch, (scenario,)."""

    rules: Rules
    powder: Any  # cash of other investors, EUR m


class Opening(NamedTuple):
    """Where every scenario begins, (bank, 1), EUR m."""

    cash: Any
    corp: Any
    gov: Any
    loan: Any
    sheet: Sheet


def open_books(table: BankTable, cash_share: float) -> Opening:
    """The balance sheets as the paper fills them in: half of all debt is a loan."""
    assets = table.cet1_eur_m / table.leverage
    debt = 0.5 * (assets - table.cet1_eur_m)
    cash = cash_share * assets
    columns = (
        cash,
        table.debt_securities_eur_m - table.gov_bonds_eur_m,
        table.gov_bonds_eur_m,
        debt,
        assets - table.debt_securities_eur_m - cash,
        debt,
    )
    cash, corp, gov, loan, other, other_debt = (column[:, None] for column in columns)
    return Opening(cash, corp, gov, loan, Sheet(other, other_debt))


def make_case(given: dict[str, np.ndarray], opening: Opening, shocked: str, own_cash: bool) -> Case:
    """The scenario as the rounds want it. The outside buyer opens with no money."""
    whole, fallen = np.ones_like(given["shock"]), 1.0 - given["shock"]
    rules = Rules(
        impact=-np.log1p(-given["impact_at_5pct_sold"]) / _SOLD,
        buffer=given["buffer"],
        minimum=given["minimum"],
        target=given["target"],
        kept=given["bank_cash_kept"],
        bid=given["lenders_bid"],
        lowest=given["lowest_price"],
        first_corp=whole if shocked == "gov" else fallen,
        first_gov=whole if shocked == "corp" else fallen,
    )
    face = float(np.sum(opening.corp + opening.gov))
    return Case(rules, powder=own_cash * given["dry_powder"] * face)


def first_state(xp, case: Case, opening: Opening) -> State:
    """Nobody has failed and nothing is on offer."""
    none = xp.zeros_like(case.powder)
    spread = xp.zeros_like(opening.cash + case.powder[None])
    return State(
        cash=spread + opening.cash,
        corp=spread + opening.corp,
        gov=spread + opening.gov,
        loan=spread + opening.loan,
        failed=spread > 0.0,
        share=spread,
        price_corp=case.rules.first_corp,
        price_gov=case.rules.first_gov,
        sold_corp=none,
        sold_gov=none,
        others_cash=case.powder,
        others_corp=none,
        others_gov=none,
        lenders_cash=none,
        lenders_corp=none,
        lenders_gov=none,
    )


def face_of(opening: Opening) -> tuple[float, float]:
    """Corporate and government bonds that there are, EUR m at face."""
    return float(np.sum(opening.corp)) or 1.0, float(np.sum(opening.gov)) or 1.0
