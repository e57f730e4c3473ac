"""The elimination contest: who loses when money gets scarce, beyond market, rates and momentum.

    r = a + b market + d real yield + g breakeven + m momentum - s scarcity + e

s is the scarcity beta: per cent lost in a week by one standard deviation of scarcity that the
controls do not explain. Above zero, the asset loses when money gets scarce. Every asset of the
field is tested, so that the share of false accusations is held to one in ten over all of them.

Survivorship: the field is made of names that trade today; what went to zero is absent, so that
losses and the scarcity betas of the most speculative groups are understated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from drypowder.measure.numbers import numbers
from drypowder.measure.rank.outcome import Outcome, outcome
from drypowder.measure.rank.panel import Panel, panel
from drypowder.measure.rank.scarcity import (
    PRIMARY,
    READINGS,
    beyond,
    controls,
    innovation,
    standard,
)  # fmt: skip
from drypowder.measure.rank.survival import survival
from drypowder.measure.rank.universe import Asset
from drypowder.measure.rank.weekly import Floats
from drypowder.measure.stamp import MeasuredStamp
from drypowder.measure.statistics.cross_section import (
    block_counts,
    drawn_loadings,
    loadings,
)  # fmt: skip
from drypowder.measure.statistics.many import benjamini_hochberg, holm

if TYPE_CHECKING:
    from drypowder.data import Known

_DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Betas:
    """Scarcity betas of the field under one reading of scarcity: % lost a week for one s.d."""

    reading: str  # one of scarcity.READINGS
    value: Floats  # [asset]
    low: Floats  # 90 % interval from weeks drawn in blocks [asset]
    high: Floats
    p_value: Floats  # two-sided, before any correction [asset]
    discovery: Floats  # smallest false discovery rate at which it is one [asset]
    holm: Floats  # smallest chance of any mistake at which it is a discovery [asset]
    drawn: Floats  # betas in the drawn histories [draw, asset]


@dataclass(frozen=True)
class Contestant:
    """One asset's place."""

    asset: Asset
    beta: float  # scarcity beta, % lost a week for one s.d.
    low: float
    high: float
    p_value: float
    discovery: float
    holm: float
    others: dict[str, float]  # scarcity beta under the other readings
    market_beta: float
    weeks: int
    outcome: Outcome
    survives: float  # of worlds in which scarcity rises; NaN with too short a past
    survives_any: float  # of all worlds

    @property
    def evidence(self) -> int:
        """Dots, 0 to 3: three years of weeks; one sign under all readings; a discovery."""
        signs = {np.sign(value) for value in (self.beta, *self.others.values())}
        given = numbers("rank")
        return sum(
            (self.weeks >= given["evidence_weeks"], len(signs) == 1,
             self.discovery <= given["level"])
        )  # fmt: skip


@dataclass(frozen=True)
class Contest:
    """The field in order: least hurt by scarcity first."""

    places: tuple[Contestant, ...]
    data: Panel
    betas: dict[str, Betas]  # by reading, in the order of data.assets
    days: int  # of the outcome
    horizon: int  # weeks of a world
    stamp: MeasuredStamp

    @property
    def cut(self) -> int:
        """How many stand above the line: all but the third with the highest scarcity betas."""
        return len(self.places) - round(numbers("rank")["cut_share"] * len(self.places))

    @property
    def discoveries(self) -> int:
        """Assets whose scarcity beta survives the correction for looking at all of them."""
        return sum(each.discovery <= numbers("rank")["level"] for each in self.places)

    @cached_property
    def window(self) -> tuple[date, date]:
        """First and last Wednesday whose week entered."""
        return self.data.weeks[0].item(), self.data.weeks[-1].item()


def contest(known: Known, *, days: int = 90) -> Contest:
    """The contest on the data known on a day.

    Args:
        days: of the outcome that is compared with what is usual for the asset.

    Raises:
        DataMissingError: DP-210 for missing series, DP-211 for too few weeks.
    """
    data = panel(known)
    betas = {reading: found for reading in READINGS if (found := scarcity_betas(data, reading))}
    market = _market_betas(data)
    scarce = beyond(*_tested(data, PRIMARY))
    given = numbers("rank")
    horizon = round(days / _DAYS_A_WEEK)
    alive = survival(
        data.returns[-int(given["window_weeks"]) :], scarce, horizon=horizon,
        cut_share=given["cut_share"], mean_block=given["block_weeks"],
        worlds=int(given["worlds"]), generator=np.random.default_rng(int(given["seed"])),
    )  # fmt: skip
    last = data.weeks[-1].item() + timedelta(days=_DAYS_A_WEEK - 1)
    places = [
        _place(data, betas, k, market[k], alive.scarce[k], alive.every[k],
               outcome(data.prices[asset.ticker], days=days, last=last,
                       years=int(given["history_years"])))
        for k, asset in enumerate(data.assets)
    ]  # fmt: skip
    return Contest(
        tuple(sorted(places, key=lambda each: each.beta)), data, betas, days,
        horizon,
        MeasuredStamp.of(known, data.known_on),
    )  # fmt: skip


def scarcity_betas(data: Panel, reading: str = PRIMARY) -> Betas | None:
    """Scarcity betas with intervals and corrected p-values; None for a reading not stored."""
    scarcity, beside = _tested(data, reading)
    if not np.isfinite(scarcity).all():
        return None
    return _betas(data, reading, np.column_stack([beyond(scarcity, beside), beside]))


def raw_betas(data: Panel) -> Betas:
    """The same with nothing held beside scarcity: what a high market beta alone brings about."""
    scarcity = innovation(data.found, PRIMARY, data.rows)
    return _betas(data, PRIMARY, np.column_stack([standard(scarcity), np.ones(len(scarcity))]))


def _betas(data: Panel, reading: str, factors: Floats) -> Betas:
    """Losses for the first factor, the others held beside it."""
    given = numbers("rank")
    found = loadings(data.returns, factors, lags=int(given["hac_lags"]))
    counts = block_counts(
        len(factors), mean_block=given["block_weeks"], draws=int(given["draws"]),
        generator=np.random.default_rng(int(given["seed"])),
    )  # fmt: skip
    drawn = -drawn_loadings(data.returns, factors, counts)[:, :, 0]
    half = given["level"] / 2.0
    low, high = np.nanquantile(drawn, [half, 1.0 - half], axis=0)
    p_value = found.p_value[:, 0]
    return Betas(reading, -found.value[:, 0], low, high, p_value, benjamini_hochberg(p_value),
                 holm(p_value), drawn)  # fmt: skip


def _tested(data: Panel, reading: str) -> tuple[Floats, Floats]:
    """Scarcity of a reading, and what is held beside it."""
    return (
        innovation(data.found, reading, data.rows),
        controls(data.found, reading, data.rows, data.momentum),
    )


def _market_betas(data: Panel) -> Floats:
    _, beside = _tested(data, PRIMARY)
    return loadings(data.returns, beside, lags=int(numbers("rank")["hac_lags"])).value[:, 1]


def _place(
    data: Panel, betas: dict[str, Betas], k: int, market: float, scarce: float, every: float,
    found: Outcome,
) -> Contestant:  # fmt: skip
    main = betas[PRIMARY]
    return Contestant(
        asset=data.assets[k], beta=float(main.value[k]), low=float(main.low[k]),
        high=float(main.high[k]), p_value=float(main.p_value[k]),
        discovery=float(main.discovery[k]), holm=float(main.holm[k]),
        others={name: float(each.value[k]) for name, each in betas.items() if name != PRIMARY},
        market_beta=float(market), weeks=int(np.isfinite(data.returns[:, k]).sum()),
        outcome=found, survives=float(scarce), survives_any=float(every),
    )  # fmt: skip
