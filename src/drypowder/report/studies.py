"""Studies of a whole scenario as tables: fitted against published, what matters most, pump, drain.

The numbers are made by scenarios.studies; here they get names, units and columns.
"""

from __future__ import annotations

import re

import numpy as np

from drypowder.report.numbers import plain
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

CENTRAL = "central"


def calibration() -> Table:
    """Each fitted parameter: as shipped, as it would meet its target exactly, and the target."""
    from drypowder.scenarios.studies import calibration_table

    numbers = ("shipped", "fitted", "achieved", "target", "target_low", "target_high")
    columns = (Column("parameter"), *(Column(name, "plain") for name in numbers),
               Column("unit"), Column("source"))  # fmt: skip
    rows = [
        (fit.target.parameter, fit.shipped, fit.fitted, fit.achieved, fit.target.value,
         fit.target.low, fit.target.high, fit.target.unit, fit.target.source)
        for fit in calibration_table()
    ]  # fmt: skip
    return Table("calibration", columns, rows)


def sensitivity(scenario: str) -> Table:
    """Outcomes at both ends of the parameters that matter most; first, all of them central."""
    from drypowder.scenarios.studies import OUTCOMES, sensitivity_table

    central, found = sensitivity_table(scenario)
    keys = [slug(f"{name} {unit}") for name, unit in OUTCOMES]
    outcomes = [Column(f"{key}_at_{end}", "plain") for key in keys for end in ("low", "high")]
    columns = (Column("parameter"), Column("low", "plain"), Column("high", "plain"), *outcomes)
    rows = [(CENTRAL, np.nan, np.nan, *np.repeat(central, 2).tolist())]
    rows += [
        (s.parameter, s.low, s.high, *np.stack([s.at_low, s.at_high], axis=1).ravel().tolist())
        for s in found
    ]
    return Table("sensitivity", columns, rows)


def folded(table: Table, words: Catalogue) -> Table:
    """For a screen: the two ends of a range, and of each outcome, in one cell."""
    names = [column.key.removesuffix("_at_low") for column in table.columns[3::2]]
    columns = (Column("parameter"), Column("range"), *map(Column, names))
    rows = []
    for row in table.rows:
        pairs = zip(row[1::2], row[2::2], strict=True)
        rows.append((row[0], *(_ends(low, high, words) for low, high in pairs)))
    return Table(table.key, columns, rows)


def pump_and_drain(scenario: str) -> Table:
    """What one more billion of capex did, by the day on which it was spent."""
    from drypowder.scenarios.studies import pump_and_drain as measure

    found = measure(scenario)
    columns = (
        Column("date", "date"),
        Column("hoard_share", "share"),
        Column("outside_share", "share"),
        Column("equity_usd_per_usd", "plain"),
    )
    rows = list(
        zip(
            map(str, found.dates),
            found.hoard_share.tolist(),
            found.outside_share.tolist(),
            found.equity_usd_per_usd.tolist(),
            strict=True,
        )
    )
    return Table("pump_and_drain", columns, rows)


def slug(text: str) -> str:
    """A sentence as a name; % and USD stay words."""
    return re.sub(r"\W+", "_", text.replace("%", "pct").lower()).strip("_")


def _ends(low: float, high: float, words: Catalogue) -> str:
    if not np.isfinite(low):
        return words.say("labels.numbers.none")
    first = plain(low, words, figures=2)
    last = plain(high, words, figures=2)
    return first if low == high else words.say("report.range", low=first, high=last)
