"""Runs side by side: which levers differ, and what that did to the outcomes."""

from __future__ import annotations

import numpy as np

from drypowder.report import answers, experiments
from drypowder.report.derive import IG, NOTES
from drypowder.report.record import WITHOUT_AI, Record
from drypowder.report.tables import Column, Table

_PERCENT = 100.0


def headline_outcomes(record: Record) -> dict[str, tuple[str, float | str | None]]:
    """What a run says in numbers: outcome -> (unit, value), central path."""
    powder = answers.dry_powder(record).row(answers.TOTAL)
    funding = {row[0]: row[2] for row in answers.funding(record).rows}
    outside = 1.0 - sum(funding.get(k, 0.0) for k in _OWN)
    out: dict[str, tuple[str, float | str | None]] = {
        "dry_powder_end": ("billion USD", powder["end_usd_bn"]),
        "dry_powder_effect": ("billion USD", powder["effect_usd_bn"]),
        "hoard_spent_on": ("date", answers.hoard_date(record)),
        "capex": ("billion USD", float(record.central["funding_capex_usd_bn"].sum())),
        "outside_share": ("%", _PERCENT * outside),
    }
    for row in answers.yields(record).to_records():
        out[f"{row['rate']}_change"] = ("bp", row["change_bp"])
        out[f"{row['rate']}_effect"] = ("bp", row["effect_bp"])
    for row in answers.liquidity(record).to_records():
        unit = "bp" if row["measure"] == "lambda_bp" else "billion USD"
        out[f"{row['measure']}_end"] = (unit, row["end"])
    out |= _extra_bonds(record)
    effects = answers.price_effects(record, WITHOUT_AI)
    for name in record.economy.names("cleared"):
        price = record.central["price"][:, record.economy.instrument(name)]
        out[f"price_change.{name}"] = ("%", _PERCENT * float(price[-1] / price[0] - 1.0))
        out[f"price_effect.{name}"] = ("%", _PERCENT * effects.get(name, np.nan))
    return out


_OWN = ("cash_flow", "cloud_customers", "hoard", "treasuries")


def _extra_bonds(record: Record) -> dict[str, tuple[str, float | str | None]]:
    table = experiments.extra_bonds(record)
    if table is None:
        return {}
    out: dict[str, tuple[str, float | str | None]] = {
        f"extra_bonds_{name}_yield": ("bp", table.row(name).get("quarter_yield_bp"))
        for name in (NOTES, IG)
    }
    out["extra_bonds_equity"] = ("USD per USD", experiments.equity_per_dollar(record))
    return out | {"fed_absorbs_bought": ("billion USD", experiments.fed_bought_usd_bn(record))}


def outcomes_table(record: Record) -> Table:
    """The outcomes of one run."""
    columns = (Column("outcome", names="headline"), Column("unit"), Column("value", "mixed"))
    rows = [(name, unit, value) for name, (unit, value) in headline_outcomes(record).items()]
    return Table("outcomes", columns, rows)


def compare(records: list[Record]) -> Table:
    """Settings and outcomes, a column a run, and last run less first."""
    runs = tuple(Column(f"run_{record.run_id}", "mixed") for record in records)
    columns = (Column("outcome", names="headline"), Column("unit"), *runs,
               Column("difference", "mixed"))  # fmt: skip
    rows = [_settings_row(name, records) for name in ("scenario", "paths", "seed", "last_day")]
    rows += _lever_rows(records)
    outcomes = [headline_outcomes(record) for record in records]
    for name in dict.fromkeys(key for each in outcomes for key in each):
        unit = next(each[name][0] for each in outcomes if name in each)
        values = [each[name][1] if name in each else None for each in outcomes]
        rows.append((name, unit, *values, _difference(values)))
    return Table("compare", columns, rows)


def _settings_row(name: str, records: list[Record]) -> tuple:
    return (name, "", *(str(record.stamp[name]) for record in records), None)


def _lever_rows(records: list[Record]) -> list[tuple]:
    """Every lever that any of the runs sets."""
    given = [dict(experiments.levers(record).rows) for record in records]
    names = sorted({name for levers in given for name in levers})
    values = {name: [levers.get(name) for levers in given] for name in names}
    return [(f"lever {name}", "", *found, _difference(found)) for name, found in values.items()]


def _difference(values: list) -> float | str | None:
    """Last less first, in days for dates; nothing where either is missing."""
    first, last = values[0], values[-1]
    if first is None or last is None:
        return None
    if isinstance(first, str):
        days = int((np.datetime64(last) - np.datetime64(first)) / np.timedelta64(1, "D"))
        return f"{days:+d} d" if days else None
    return last - first
