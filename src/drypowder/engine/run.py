"""What a simulation returns: series by path and step, the books of the central path, a stamp."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.errors import UnbalancedError, UsageError

BALANCE_TOLERANCE = 1e-9  # of max(gross flows of the step, 1e-6 x gross assets)


@dataclass(frozen=True)
class Failure:
    """A path that stopped because a market did not clear (or a number was not finite)."""

    path: int
    step: int
    market: str
    sector: str  # the holder with the least excess money for what it holds that day


@dataclass(frozen=True)
class Books:
    """Balance sheets and cumulated flows of one path, USD bn, by sector and instrument."""

    opening: np.ndarray  # (sector, instrument), at opening prices
    closing: np.ndarray  # (sector, instrument), at closing prices
    flows: dict[str, np.ndarray]  # posting -> (sector, instrument), cumulated over the run
    # of every day, (step, sector, asset): bought +, sold or issued -
    trades: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))

    @property
    def revaluation(self) -> np.ndarray:
        """Change of value that no flow explains: what prices did (sector, instrument)."""
        return self.closing - self.opening - sum(self.flows.values())


@dataclass(frozen=True)
class Run:
    """One scenario, simulated: step k holds stocks at the end of day k, flows during it.

    `series` maps a name to an array shaped (path, step) or (path, step, sector | instrument |
    asset); path 0 is the central path: central parameters, no news. `companions` holds the same
    series, shaped (step, ...), for twins of the central path that differ in one thing; a twin that
    stopped is not among them but in `companion_failures`.
    """

    scenario: str
    economy: Economy
    dates: np.ndarray  # (step,) datetime64[D]
    series: dict[str, np.ndarray]
    companions: dict[str, dict[str, np.ndarray]]
    books: Books
    failures: tuple[Failure, ...]
    stamp: dict[str, object] = field(default_factory=dict)
    companion_failures: dict[str, Failure] = field(default_factory=dict)  # twins that stopped

    @property
    def prices(self) -> np.ndarray:
        """Prices relative to the opening, shaped (path, step, instrument)."""
        return self.series["price"]

    @property
    def residuals(self) -> np.ndarray:
        """Gap of the accounts relative to max(gross flows, 1e-6 gross assets): (path, step)."""
        return self.series["residual"]

    @property
    def dry_powder(self) -> np.ndarray:
        """Money above desired liquidity after the day's trades, USD bn: (path, step, sector)."""
        return self.series["dry_powder_usd_bn"]

    def price(self, instrument: str) -> np.ndarray:
        """Price of one instrument relative to the opening: (path, step)."""
        return self.prices[:, :, self.economy.instrument(instrument)]

    def named(self, name: str) -> np.ndarray:
        """A series by name. Raises UsageError DP-040 with the known names."""
        if name not in self.series:
            known = ", ".join(sorted(self.series))
            raise UsageError("DP-040", f"the run has no series {name!r}.", f"Known: {known}.")
        return self.series[name]

    def assert_balanced(self) -> None:
        """Raise UnbalancedError DP-041 if the accounts of any path did not balance on any day."""
        worst = np.nan_to_num(self.residuals, nan=np.inf)
        for failure in self.failures:  # from that day on the path stands still
            worst[failure.path, failure.step :] = 0.0
        if worst.max(initial=0.0) > BALANCE_TOLERANCE:
            path, step = np.unravel_index(worst.argmax(), worst.shape)
            raise UnbalancedError(
                "DP-041",
                f"accounts of path {path} miss by {worst.max():.1e} of the day's gross flows on "
                f"{self.dates[step]} ({self.scenario}).",
                "A posting has no other side: report it with the run's stamp.",
            )
