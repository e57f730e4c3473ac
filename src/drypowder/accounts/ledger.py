"""Books kept over many periods: what each posting and each change of a price did to every stock.

    stocks(t) = stocks(t - 1) + postings(t) + revaluations(t)

so whoever holds something at the end can say from whom it came. Received and owned is positive,
given and owed negative. Element 0 of the stocks is the opening; period 1 is the first one booked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Float

from drypowder.accounts.balance import check_columns, check_finite, is_real
from drypowder.accounts.economy import Economy
from drypowder.accounts.matrices import FLOW_TOLERANCE, BalanceSheetMatrix, FlowMatrix
from drypowder.accounts.postings import Entry, Posting, flow_columns
from drypowder.errors import UnbalancedError, UsageError


@dataclass(frozen=True, eq=False)
class Ledger:
    """Opening stocks, then the named postings and revaluations of each period."""

    title: str
    economy: Economy
    unit: str  # of every amount, such as "billion USD"
    opening: Float[np.ndarray, "sector instrument"]
    postings: tuple[Posting | Entry, ...]  # amounts of shape (sector, period)
    # instrument -> what a change of its price gave to each sector
    revaluations: dict[str, Float[np.ndarray, "sector period"]] = field(default_factory=dict)

    @property
    def periods(self) -> int:
        """How many periods are booked."""
        return self.postings[0].money.shape[1]

    @cached_property
    def stocks(self) -> Float[np.ndarray, "moment sector instrument"]:
        """What everybody owns less owes: the opening, then the end of each period."""
        changes = dict(flow_columns(list(self.postings), self.economy))
        for name, gains in self.revaluations.items():
            changes[name] = changes.get(name, 0.0) + gains
        stocks = np.zeros((self.periods + 1, *self.opening.shape))
        stocks[0] = self.opening
        for name, change in changes.items():
            stocks[1:, :, self.economy.instrument(name)] = np.asarray(change).T
        return np.cumsum(stocks, axis=0)

    def held(self, sector: str, instrument: str) -> Float[np.ndarray, " period"]:
        """What a sector owns (+) or owes (-) at the end of each period."""
        return self.stocks[1:, self.economy.sector(sector), self.economy.instrument(instrument)]

    def balance_sheet(self, period: int) -> BalanceSheetMatrix:
        """Stocks at the end of a period; period 0 is the opening.

        Raises:
            UsageError: DP-036 no such period.
        """
        self._refuse_unknown(period, first=0)
        title = f"{self.title}: balance sheet, end of period {period}"
        return BalanceSheetMatrix(title, self.economy, self.stocks[period], self.unit)

    def flow_matrix(self, period: int) -> FlowMatrix:
        """Who paid whom in a period, posting by posting.

        Raises:
            UsageError: DP-036 no such period.
        """
        self._refuse_unknown(period, first=1)
        flows = {posting.name: self._settled(posting, period) for posting in self.postings}
        title = f"{self.title}: flows of period {period}"
        return FlowMatrix(title, self.economy, flows, self.unit)

    def check(self, tolerance: float = FLOW_TOLERANCE) -> None:
        """Every posting, revaluation and stock has another side, in every period.

        Args:
            tolerance: largest gap of a column as a share of what it holds, or this much if larger.

        Raises:
            UnbalancedError: DP-029 naming the column, the amount and where.
            UsageError: DP-026 an amount is not finite.
        """
        self._check_flows(tolerance)
        gaps = np.abs(np.where(is_real(self.economy), 0.0, self.stocks.sum(axis=1))).max(axis=1)
        worst = int(np.argmax(gaps))  # argmax finds what is not a number first
        where = f"at the end of period {worst} of {self.title}"
        check_finite(self.stocks[worst], self.economy, where=where)
        check_columns(
            self.stocks[worst], self.economy, tolerance, floor_usd_bn=tolerance, where=where
        )

    def _check_flows(self, tolerance: float) -> None:
        """What one sector gets another gives; things that nobody owes may appear and wear out."""
        columns = {("money", f"after {each.name}"): each.money for each in self.postings}
        for each in self.postings:
            columns |= {(name, f"after {each.name}"): owed for name, owed in each.claims.items()}
        columns |= {(k, "after a change of price"): gains for k, gains in self.revaluations.items()}
        real = {instrument.name for instrument in self.economy.instruments if instrument.real}
        kept = [where for where in columns if where[0] not in real]
        amounts = np.stack([np.asarray(columns[where]) for where in kept])
        gaps, sizes = np.abs(amounts.sum(axis=1)), np.abs(amounts).max(axis=1)
        wrong = np.argwhere(~(gaps <= tolerance * np.maximum(sizes, 1.0)))
        for which, period in wrong[:1]:
            name, where = kept[which]
            raise UnbalancedError(
                "DP-029",
                f"{self.title}: {gaps[which, period]:.9g} of {name} {where} in period "
                f"{period + 1} has no other side.",
                "Give the other side of each amount: received positive, given negative.",
            )

    def _settled(
        self, posting: Posting | Entry, period: int
    ) -> Float[np.ndarray, "sector instrument"]:
        flows = np.zeros(self.opening.shape)
        for name, change in flow_columns([posting], self.economy).items():
            flows[:, self.economy.instrument(name)] = np.asarray(change)[:, period - 1]
        return flows

    def _refuse_unknown(self, period: int, *, first: int) -> None:
        if not first <= period <= self.periods:
            raise UsageError(
                "DP-036",
                f"{self.title} has no period {period}.",
                f"Ask for {first} to {self.periods}; period 0 is the opening.",
            )
