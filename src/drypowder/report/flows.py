"""The path of the AI dollar as at most twelve links: who paid, who was paid, where money is now.

Left and middle are cumulated postings of capex above trend. The right side compares money
holdings with the twin that has no AI capex: dollars carry no name, so it is no trace.
"""

from __future__ import annotations

import numpy as np

from drypowder.report import answers
from drypowder.report.record import Record
from drypowder.report.tables import Column, Table

_MOST = {"paid": 5, "received": 3, "now": 4}  # twelve links; the rest is "other"
_TOGETHER = {"treasuries": "hoard", "short_paper": "bonds", "buybacks_cut": "new_shares"}
PAID, RECEIVED, NOW = "paid", "received", "now"
CAPEX, REFILLED, SETTLED, CREATED = "capex", "refilled", "settled", "created"


def links(record: Record) -> Table:
    """Links (stage, from, to, amount); twelve at most."""
    columns = (Column("stage"), Column("from"), Column("to"), Column("usd_bn", "usd_bn"))
    received = dict(answers.receipts(record).keep("sector", "total_usd_bn").rows)
    total = received.pop(answers.TOTAL)
    if not total > 0.0:
        return Table("ai_dollar", columns, [])
    paid, refilled = _payers(record, total)
    rows = [(PAID, name, CAPEX, usd) for name, usd in _largest(paid, _MOST[PAID])]
    room = _MOST[RECEIVED] - (refilled > 0.0)
    rows += [(RECEIVED, CAPEX, name, usd) for name, usd in _largest(received, room)]
    if refilled > 0.0:
        rows.append((RECEIVED, CAPEX, REFILLED, refilled))
    return Table("ai_dollar", columns, [*rows, *_now(record, total)])


def _payers(record: Record, total: float) -> tuple[dict[str, float], float]:
    """Sources of capex above trend: the trend was paid out of cash flow in any case."""
    sums = {name: float(flow.sum()) for name, flow in answers.funding_by_source(record).items()}
    sums["cash_flow"] = sums.get("cash_flow", 0.0) - (sum(sums.values()) - total)
    for name, kind in _TOGETHER.items():
        sums[kind] = sums.get(kind, 0.0) + sums.pop(name, 0.0)
    paid = {name: usd for name, usd in sums.items() if usd > answers.SMALLEST_USD_BN}
    refilled = sum(paid.values()) - total
    return paid, refilled if refilled > answers.SMALLEST_USD_BN else 0.0


def _now(record: Record, total: float) -> list[tuple]:
    """Who holds more money than in the twin; the rest was spent or invested again."""
    effects = answers.money(record).keep("sector", "effect_usd_bn").rows
    gains = {name: usd for name, usd in effects if np.isfinite(usd) and usd > 0.0}
    if not gains:
        return []
    rest = total - sum(gains.values())
    rows = [(NOW, RECEIVED, name, usd) for name, usd in _largest(gains, _MOST[NOW] - 1)]
    if rest > answers.SMALLEST_USD_BN:
        rows.append((NOW, RECEIVED, SETTLED, rest))
    elif rest < -answers.SMALLEST_USD_BN:
        rows.insert(0, (NOW, CREATED, RECEIVED, -rest))
    return rows


def _largest(amounts: dict[str, float], room: int) -> list[tuple[str, float]]:
    """The largest by name, the rest as one."""
    ordered = sorted(amounts.items(), key=lambda item: -item[1])
    if len(ordered) <= room:
        return ordered
    rest = sum(usd for _, usd in ordered[room - 1 :])
    return [*ordered[: room - 1], ("other", rest)]
