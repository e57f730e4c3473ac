"""What was typed, as rules, shares, prices and paths; refused where it could mean two things."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drypowder.errors import DataMissingError, DrypowderError, UsageError
from drypowder.report.words import coded

if TYPE_CHECKING:
    from drypowder.venues.crowd.vintages import PricePath
    from drypowder.venues.rulebooks.positions import Positions
    from drypowder.venues.rulebooks.profile import Profile
    from drypowder.venues.scenes.scene import Scene

_PERCENT = re.compile(r"\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*%\s*")
_SHARE = re.compile(r"\s*([+-]?\d*\.\d+|[+-]?0)\s*")
_MINUS = "\N{MINUS SIGN}"
_DAY_S = 86_400.0


@dataclass(frozen=True)
class Rules:
    """Whose rules hold, as they were known when."""

    venue: str
    as_of: str | None = None
    tiers: Path | None = None
    path: Path | None = None  # a profile of the user's own
    best_effort: bool = False

    def profile(self) -> Profile:
        """The venue's rules, with tables of the user's own where a file has them."""
        from drypowder.venues.rulebooks.profile import profile

        found = profile(self.venue, as_of=self.as_of, path=self.path)
        if self.tiers is None:
            return found
        from drypowder.venues.rulebooks.readers import read_tiers

        tables = read_tiers(self.tiers, best_effort=self.best_effort)
        for problem in tables.problems:
            _note(problem)
        return found.with_tables(tables.brackets, source=tables.source)

    def positions(self, path: Path) -> Positions:
        """Positions of a file; rows that are left out are named on stderr."""
        from drypowder.venues.rulebooks.positions import read_positions

        return read_positions(
            path, venue=self.profile(), as_of=self.as_of, best_effort=self.best_effort
        )


@dataclass(frozen=True)
class World:
    """What maps and cascades are made of."""

    rules: Rules
    coin: str
    positions: Path | None
    prices: Sequence[str]
    open_interest: float | None
    leverage_median: float | None
    leverage_sd: float | None
    age_days: float | None
    path: Path | None
    depth: float | None
    fund: float | None
    accounts: int
    seed: int

    def scene(self) -> Scene:
        """Accounts, rules and books. Raises: as drypowder.venues.scene."""
        from drypowder.venues._naming import coin_of
        from drypowder.venues.scenes.scene import Wanted, scene_of

        self._check()
        profile = self.rules.profile()
        own = coin_of(profile.table(self.coin).symbol)
        held = None if self.positions is None else self.rules.positions(self.positions)
        return scene_of(
            Wanted(
                profile=profile,
                coin=self.coin,
                as_of=profile.as_of,
                positions=held,
                prices={coin_of(k): v for k, v in prices_of(self.prices, own).items()},
                open_interest_usd=self.open_interest,
                depth_usd=self.depth,
                leverage_median=self.leverage_median,
                leverage_log_sd=self.leverage_sd,
                mean_age_days=self.age_days,
                fund_usd=self.fund,
                path=None if self.path is None else path_of(self.path),
                accounts=self.accounts,
                seed=self.seed,
            )
        )

    def _check(self) -> None:
        """Amounts are above zero; the fund may be empty."""
        amounts = {
            "--open-interest": self.open_interest,
            "--depth": self.depth,
            "--leverage-median": self.leverage_median,
            "--leverage-sd": self.leverage_sd,
            "--age-days": self.age_days,
            "--accounts": self.accounts,
        }
        for name, value in amounts.items():
            if value is not None and not value > 0.0:
                raise coded(UsageError, "DP-158", option=name, given=f"{value:g}")
        if self.fund is not None and not self.fund >= 0.0:
            raise coded(UsageError, "DP-158", option="--fund", given=f"{self.fund:g}")


@dataclass(frozen=True)
class Shock:
    """A move from outside."""

    typed: str
    over: float
    after: float

    @property
    def share(self) -> float:
        return move_of(self.typed)

    def check(self) -> None:
        """Raises UsageError DP-156 or DP-158."""
        for name, value in (("--over", self.over), ("--after", self.after)):
            if not 0.0 <= value < float("inf"):
                raise coded(UsageError, "DP-158", option=name, given=f"{value:g}")
        if not self.over + self.after > 0.0:
            raise coded(UsageError, "DP-158", option="--over", given=f"{self.over:g}")
        _ = self.share


def move_of(typed: str) -> float:
    """-0.1 for `-10%` and for `-0.1`; a bare -10 could mean either and is refused.

    Raises:
        UsageError: DP-156.
    """
    text = typed.replace(_MINUS, "-")
    percent, share = _PERCENT.fullmatch(text), _SHARE.fullmatch(text)
    value = float(percent[1]) / 100.0 if percent else float(share[1]) if share else None
    if value is None or not -1.0 < value < 10.0 or (share and abs(value) >= 1.0):
        raise coded(UsageError, "DP-156", given=typed)
    return value


def prices_of(typed: Sequence[str], own: str) -> dict[str, float]:
    """Prices by symbol; a bare number is that of the contract asked for.

    Raises:
        UsageError: DP-159.
    """
    found = {}
    for text in typed:
        name, _, number = text.rpartition("=")
        try:
            value = float(number)
        except ValueError:
            value = 0.0
        if not 0.0 < value < float("inf"):
            raise coded(UsageError, "DP-159", given=text)
        found[name.strip() or own] = value
    return found


def path_of(file: Path) -> PricePath:
    """Past prices of a CSV file, the last row being now.

    Raises:
        DataMissingError: DP-134 the file cannot be read.
        UsageError: DP-159 a row that is no price; DP-141 bars that make no path.
    """
    import numpy as np

    from drypowder.venues.crowd.vintages import PricePath

    rows = _rows(file)
    days = _days_ago(rows, file)
    close = np.log(_numbers(rows, "close", file))
    given = rows[0]
    low = np.log(_numbers(rows, "low", file)) if "low" in given else None
    high = np.log(_numbers(rows, "high", file)) if "high" in given else None
    return PricePath(np.array(days), close, low, high)


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError) as error:
        raise DataMissingError(
            "DP-134", f"{file} cannot be read: {error}.", "It must be a CSV file in UTF-8."
        ) from error
    if not rows or "close" not in rows[0] or not {"time", "days_ago"} & set(rows[0]):
        raise coded(UsageError, "DP-159", given=str(file))
    return rows


def _numbers(rows: list[dict[str, str]], name: str, file: Path) -> list[float]:
    found = []
    for line, row in enumerate(rows, start=2):
        try:
            found.append(float(row[name]))
        except (TypeError, ValueError) as error:
            raise _bad_row(file, line, name, row[name]) from error
        if name != "days_ago" and not found[-1] > 0.0:
            raise _bad_row(file, line, name, row[name])
    return found


def _days_ago(rows: list[dict[str, str]], file: Path) -> list[float]:
    from datetime import UTC, datetime

    if "days_ago" in rows[0]:
        return _numbers(rows, "days_ago", file)
    moments = []
    for line, row in enumerate(rows, start=2):
        try:
            moment = datetime.fromisoformat(row["time"])
        except (TypeError, ValueError) as error:
            raise _bad_row(file, line, "time", row["time"]) from error
        moments.append(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return [(moments[-1] - moment).total_seconds() / _DAY_S for moment in moments]


def _bad_row(file: Path, line: int, name: str, cell: object) -> DrypowderError:
    return coded(UsageError, "DP-159", given=f"{file}, line {line}: {name} {cell!r}")


def _note(text: str) -> None:
    from drypowder.cli.output import note

    note(text)
