"""The questions of the essay as tables of numbers: who had it, who paid, who got it, what moved.

Changes run from the first day's close to the last one's; an effect is the central path against
the twin in which AI spends nothing beyond trend (or, where said, against another twin).
"""

from __future__ import annotations

import numpy as np

from drypowder.report.derive import BP, HY, IG, NOTES
from drypowder.report.events import HOARD_DONE, RAN_OUT, first_date
from drypowder.report.record import WITHOUT_AI, Record
from drypowder.report.tables import Column, Table

SMALLEST_USD_BN = 0.005  # of stocks worth a row
TOTAL = "total"
_UNTIMED = ("gold", "crypto")  # groups whose duration is no cash-flow duration
FUNDING_ORDER = (
    "cash_flow", "cloud_customers", "hoard", "treasuries", "bank_loans", "bonds", "short_paper",
    "private_credit", "buybacks_cut", "new_shares",
)  # fmt: skip


def dry_powder(record: Record) -> Table:
    """Whose dry powder there was, is and would be; dates on which it ran out."""
    columns = (
        Column("sector", names="sector"),
        Column("first_usd_bn", "usd_bn"),
        Column("end_usd_bn", "usd_bn"),
        Column("change_usd_bn", "change_usd_bn"),
        Column("effect_usd_bn", "change_usd_bn"),
        Column("ran_out_on", "date"),
    )
    series = record.central["dry_powder_usd_bn"]
    twin = record.twin(WITHOUT_AI)
    other = twin["dry_powder_usd_bn"] if twin else np.full_like(series, np.nan)
    rows = []
    for k, name in enumerate(record.economy.sector_names):
        first, end = series[0, k], series[-1, k]
        if max(abs(first), abs(end)) > SMALLEST_USD_BN:
            date = first_date(record.events, RAN_OUT, name)
            rows.append((name, first, end, end - first, end - other[-1, k], date))
    rows.sort(key=lambda row: -row[1])
    first, end, without = series[0].sum(), series[-1].sum(), other[-1].sum()
    return Table(
        "dry_powder", columns, [*rows, (TOTAL, first, end, end - first, end - without, None)]
    )


def funding_by_source(record: Record) -> dict[str, np.ndarray]:
    """What paid for capex, USD bn a step, by source; adds up to capex."""
    series = record.central
    capex = series["funding_capex_usd_bn"]
    known = {
        name: series[f"funding_{name}_usd_bn"]
        for name in FUNDING_ORDER
        if f"funding_{name}_usd_bn" in series
    }
    known["cloud_customers"] = capex - sum(known.values())
    return {name: known[name] for name in FUNDING_ORDER if name in known}


def funding(record: Record) -> Table:
    """Who paid for AI capex over the whole run."""
    columns = (
        Column("source", names="source"),
        Column("total_usd_bn", "usd_bn"),
        Column("share", "share"),
    )
    totals = {name: float(flow.sum()) for name, flow in funding_by_source(record).items()}
    capex = float(record.central["funding_capex_usd_bn"].sum())
    rows = [
        (name, total, total / capex if capex else np.nan)
        for name, total in totals.items()
        if abs(total) > SMALLEST_USD_BN
    ]
    return Table("funding", columns, [*rows, (TOTAL, capex, 1.0 if capex else np.nan)])


def receipts(record: Record) -> Table:
    """Who was paid first, out of AI capex above trend; without such a posting, all receipts."""
    columns = (Column("sector", names="sector"), Column("total_usd_bn", "usd_bn"),
               Column("share", "share"))  # fmt: skip
    if "ai_capex" in record.flows:
        received = np.maximum(record.flows["ai_capex"].sum(axis=1), 0.0)
    else:
        received = record.central["receipts_usd_bn"].sum(axis=0)
        twin = record.twin(WITHOUT_AI)
        if twin:
            received = np.maximum(received - twin["receipts_usd_bn"].sum(axis=0), 0.0)
    total = float(received.sum())
    named = zip(record.economy.sector_names, received.tolist(), strict=True)
    rows = [(n, usd, usd / total) for n, usd in named if usd > SMALLEST_USD_BN]
    rows.sort(key=lambda row: -row[1])
    return Table("receipts", columns, [*rows, (TOTAL, total, 1.0 if total else np.nan)])


def money(record: Record) -> Table:
    """Where the money is now, and how much more or less than in the twin without AI capex."""
    columns = (
        Column("sector", names="sector"),
        Column("first_usd_bn", "usd_bn"),
        Column("end_usd_bn", "usd_bn"),
        Column("change_usd_bn", "change_usd_bn"),
        Column("effect_usd_bn", "change_usd_bn"),
    )
    series = record.central["money_usd_bn"]
    twin = record.twin(WITHOUT_AI)
    other = twin["money_usd_bn"][-1] if twin else np.full(series.shape[1], np.nan)
    issuers = {"banks_dealers", "fed", "money_funds"}  # owe the money that others hold
    rows = [
        (name, series[0, k], series[-1, k], series[-1, k] - series[0, k], series[-1, k] - other[k])
        for k, name in enumerate(record.economy.sector_names)
        if name not in issuers and np.abs(series[[0, -1], k]).max() > SMALLEST_USD_BN
    ]
    return Table("money", columns, sorted(rows, key=lambda row: -np.nan_to_num(row[4])))


def yields(record: Record) -> Table:
    """Yields and spreads: level, change over the run, effect of AI capex."""
    columns = (
        Column("rate", names="rate"),
        Column("first_pa", "rate"),
        Column("end_pa", "rate"),
        Column("change_bp", "change_bp"),
        Column("effect_bp", "change_bp"),
    )
    twin = record.twin(WITHOUT_AI)
    here, there = _rates(record, record.central), _rates(record, twin) if twin else {}
    rows = []
    for name, series in here.items():
        effect = BP * (series[-1] - there[name][-1]) if name in there else np.nan
        rows.append((name, series[0], series[-1], BP * (series[-1] - series[0]), effect))
    return Table("yields", columns, rows)


def _rates(record: Record, series: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Yields of the bond columns, spreads and the bill rate, decimals a year, (step,)."""
    names = record.economy.names("cleared")
    wanted = (("treasury_yield", NOTES), ("ig_yield", IG), ("hy_yield", HY))
    out = {key: series["yield_pa"][:, names.index(name)] for key, name in wanted if name in names}
    out |= {k: series[f"{k}_bp"] / BP for k in ("ig_spread", "hy_spread") if f"{k}_bp" in series}
    return out | ({"bill_rate": series["bill_rate_pa"]} if "bill_rate_pa" in series else {})


def liquidity(record: Record) -> Table:
    """The price of the last reserve and the pools behind it."""
    columns = (
        Column("measure", names="measure"),
        Column("first", "usd_bn"),
        Column("end", "usd_bn"),
        Column("change", "change_usd_bn"),
        Column("effect", "change_usd_bn"),
    )
    twin, rows = record.twin(WITHOUT_AI), []
    wanted = ("lambda_bp", "reverse_repo_usd_bn", "reserve_supply_usd_bn", "satiation_usd_bn")
    for name in wanted:
        if name in record.central:
            series = record.central[name]
            effect = series[-1] - twin[name][-1] if twin else np.nan
            rows.append((name, series[0], series[-1], series[-1] - series[0], effect))
    return Table("liquidity", columns, rows)


def assets(record: Record) -> Table:
    """Each asset against its duration: what it did, and what of it AI capex did."""
    columns = (
        Column("asset", names="instrument"),
        Column("duration_years", "years"),
        Column("price_change", "change_pct"),
        Column("price_effect", "change_pct"),
    )
    years = record.about.get("durations_years", {})
    effects = price_effects(record, WITHOUT_AI)
    rows = [
        (name, years.get(name, np.nan), _price(record, name)[-1] / _price(record, name)[0] - 1.0,
         effects.get(name, np.nan))
        for name in (*record.economy.names("cleared"), *record.economy.names("appraised"))
    ]  # fmt: skip
    return Table("assets", columns, sorted(rows, key=lambda r: (np.isnan(r[1]), r[1])))


def price_effects(
    record: Record, names: tuple[str, ...], *, step: int = -1, reverse: bool = False
) -> dict[str, float]:
    """Price on the central path over price in a twin, less one (`reverse`: the twin over it)."""
    twin = record.twin(names)
    if twin is None:
        return {}
    ratio = record.central["price"][step] / twin["price"][step]
    effect = (1.0 / ratio if reverse else ratio) - 1.0
    return dict(zip(record.economy.instrument_names, effect.tolist(), strict=True))


def hoard_date(record: Record, path: int = 0) -> str | None:
    """First day on which the hoards paid nothing toward a gap."""
    return first_date(record.events, HOARD_DONE, "hyperscalers", path)


def _price(record: Record, name: str) -> np.ndarray:
    return record.central["price"][:, record.economy.instrument(name)]


def duration_slope(record: Record) -> float:
    """Least-squares price effect per year of duration, cleared assets with cash flows."""
    groups = {i.name: (i.kind, i.group) for i in record.economy.instruments}
    points = [
        (row[1], row[3])
        for row in assets(record).rows
        if groups[row[0]][0] == "cleared"
        and groups[row[0]][1] not in _UNTIMED
        and np.isfinite(row[1])
        and np.isfinite(row[3])
    ]
    years, effects = np.array(points).T if len(points) > 1 else (np.zeros(1), np.zeros(1))
    spread = years - years.mean()
    return float(spread @ effects / (spread @ spread)) if np.any(spread) else float("nan")
