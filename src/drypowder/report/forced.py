"""Who had to sell: forced sales by channel and seller, unpaid calls, queues, room to the limits.

A sale is forced when somebody sells because a call, a redemption, a lender or a closed perpetual
asks for it. All numbers are of the central path; what a run has no series for is left out.
"""

from __future__ import annotations

import numpy as np

from drypowder.report.axes import FORCES, REGIMES, axis_names, holders, vehicles
from drypowder.report.events import CALL_UNPAID, GATED, OVER_LIMIT
from drypowder.report.numbers import dollars, fixed, percent
from drypowder.report.record import Record
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

SMALLEST_USD_BN = 5e-4  # half a million dollars: less is nobody
_TELLING_USD_BN = 0.05  # of money that investors took out
_TOP = 3
_BORROWS = 1.0 + 1e-6  # leverage of an account with debt
_MOVED = 0.005  # of a belief


def forced_sales(record: Record) -> Table | None:
    """Forced sales by channel and seller; None where nobody was forced."""
    amounts = record.central.get("forced_usd_bn")
    if amounts is None or not amounts.sum() > SMALLEST_USD_BN:
        return None
    total, names = amounts.sum(axis=0), holders(record.economy)
    days = (amounts > SMALLEST_USD_BN).sum(axis=0)
    columns = (Column("channel", names="channel"), Column("seller", names="sector"),
               Column("usd_bn", "usd_bn"), Column("days", "count"))  # fmt: skip
    rows = [
        (FORCES[c], names[h], float(total[c, h]), int(days[c, h]))
        for c, h in np.argwhere(total > SMALLEST_USD_BN)
    ]
    return Table("forced_sales", columns, sorted(rows, key=lambda row: -row[2]))


def by_day(record: Record) -> Table:
    """Forced sales of every day on which there were any, by channel."""
    columns = (Column("date", "date"), *(Column(f"{name}_usd_bn", "usd_bn") for name in FORCES))
    amounts = record.central["forced_usd_bn"].sum(axis=2)
    rows = [
        (str(record.dates[k]), *map(float, amounts[k]))
        for k in np.flatnonzero(amounts.sum(axis=1) > SMALLEST_USD_BN)
    ]
    return Table("forced_by_day", columns, rows)


def rounds(record: Record) -> Table:
    """Forced sales by lenders and closed perpetuals, round by round of the day's search."""
    amounts = record.central.get("forced_by_round", np.zeros((1, 1))).sum(axis=0)
    last = int(np.max(np.flatnonzero(amounts > SMALLEST_USD_BN), initial=-1))
    rows = [(k + 1, float(usd)) for k, usd in enumerate(amounts[: last + 1])]
    return Table("forced_rounds", (Column("round", "count"), Column("usd_bn", "usd_bn")), rows)


def accounts(record: Record) -> Table:
    """Margin accounts: leverage, what lenders allow, and the day on which both were closest.

    The room is the fall in the price of all that an account holds at which it would have to
    sell: with leverage l = A/(A - D) and L allowed, 1 - (1 - 1/l) L/(L - 1).
    """
    columns = (Column("sector", names="sector"), Column("first", "number"),
               Column("closest_leverage", "number"), Column("closest_largest", "number"),
               Column("room", "share"), Column("date", "date"))  # fmt: skip
    now, most = (record.central.get(k) for k in ("leverage", "largest_leverage"))
    rows: list[tuple] = []
    if now is not None and most is not None:
        room = room_to_limit(now, most)
        for k, name in enumerate(holders(record.economy)):
            if np.max(now[:, k]) > _BORROWS and np.isfinite(room[:, k]).any():
                day = int(np.nanargmin(room[:, k]))
                rows.append((name, float(now[0, k]), float(now[day, k]), float(most[day, k]),
                             float(room[day, k]), str(record.dates[day])))  # fmt: skip
    return Table("margin_accounts", columns, sorted(rows, key=lambda row: row[4]))


def room_to_limit(leverage: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Fall of prices at which leverage meets its limit; NaN without debt, negative beyond it."""
    indebted = (leverage > _BORROWS) & (largest > 1.0)
    debt = 1.0 - 1.0 / np.where(indebted, leverage, 2.0)
    bound = np.where(indebted, largest, 2.0)
    return np.where(indebted, 1.0 - debt * bound / (bound - 1.0), np.nan)


def redemptions(record: Record) -> Table:
    """What investors took out of each vehicle, and what waited to be paid."""
    columns = (Column("vehicle", names="vehicle"), Column("redeemed_usd_bn", "change_usd_bn"),
               Column("most_queued_usd_bn", "usd_bn"), Column("date", "date"),
               Column("queued_end_usd_bn", "usd_bn"))  # fmt: skip
    paid, queue = (record.central.get(k) for k in ("redeemed_usd_bn", "queue_usd_bn"))
    rows: list[tuple] = []
    if paid is not None and queue is not None:
        for k, name in enumerate(vehicles(record.economy)):
            day, total = int(queue[:, k].argmax()), float(paid[:, k].sum())
            if max(abs(total), queue[day, k]) > SMALLEST_USD_BN:
                rows.append((name, total, float(queue[day, k]), str(record.dates[day]),
                             float(queue[-1, k])))  # fmt: skip
    return Table("redemptions", columns, rows)


def perpetuals(record: Record) -> Table:
    """Positions closed by force on crypto venues; open interest in coins, lowest to highest."""
    columns = (Column("asset", names="instrument"), Column("closed_usd_bn", "usd_bn"),
               Column("worst_day_usd_bn", "usd_bn"), Column("date", "date"),
               Column("open_interest_change", "change_pct"))  # fmt: skip
    closed, coins = (record.central.get(k) for k in
                     ("perp_liquidated_usd_bn", "perp_open_interest_coins"))  # fmt: skip
    rows: list[tuple] = []
    if closed is not None and coins is not None:
        for k, name in enumerate(axis_names("perp_liquidated_usd_bn", record.economy)):
            day, total = int(closed[:, k].argmax()), float(closed[:, k].sum())
            if total > SMALLEST_USD_BN:
                lost = float(coins[:, k].min() / coins[:, k].max() - 1.0)
                rows.append((name, total, float(closed[day, k]), str(record.dates[day]), lost))
    return Table("perpetuals", columns, rows)


def beliefs(record: Record) -> Table:
    """What people think the central bank will turn out to be, first and last day."""
    columns = (Column("regime", names="regime"), Column("first_share", "share"),
               Column("end_share", "share"))  # fmt: skip
    series = record.central.get("beliefs")
    rows = [] if series is None else [
        (name, float(series[0, k]), float(series[-1, k])) for k, name in enumerate(REGIMES)
    ]  # fmt: skip
    return Table("beliefs", columns, rows)


def tables(record: Record) -> list[Table]:
    """All of the above where somebody was forced or not paid."""
    sold = forced_sales(record)
    if sold is None and not _unpaid(record):
        return []
    made = (rounds(record), accounts(record), redemptions(record), perpetuals(record),
            beliefs(record))  # fmt: skip
    return [table for table in (sold, *made) if table is not None and table.rows]


def sentences(record: Record, words: Catalogue) -> list[str]:
    """Who had to sell, in words; none where nobody had to."""
    sold, told = forced_sales(record), []
    if sold is not None:
        told = [*_sold(sold, record, words), *_search(record, words)]
    elif not _unpaid(record):
        return []
    told += [*_calls(record, words), *_investors(record, words)]
    return [*told, *_limits(record, words), *_venues(record, words), *_policy(record, words)]


def _sold(table: Table, record: Record, words: Catalogue) -> list[str]:
    """How much, through which channel, by whom, and the worst day."""
    amounts = record.central["forced_usd_bn"].sum(axis=(1, 2))
    worst, total = int(amounts.argmax()), float(amounts.sum())
    channels = _sums(table, 0, "channel", words)
    sellers = _sums(table, 1, "sector", words)
    return [
        words.say("report.forced.sold", total=dollars(total, words), channels=channels),
        words.say("report.forced.sellers", list=sellers, date=record.dates[worst],
                  usd=dollars(float(amounts[worst]), words)),
    ]  # fmt: skip


def _sums(table: Table, place: int, group: str, words: Catalogue) -> str:
    """`deep pockets 13.3 billion USD, ...`, largest first."""
    sums: dict[str, float] = {}
    for row in table.rows:
        sums[row[place]] = sums.get(row[place], 0.0) + row[2]
    largest = sorted(sums.items(), key=lambda item: -item[1])
    return words.joined([_item(group, name, usd, words) for name, usd in largest[: _TOP + 1]])


def _item(group: str, name: str, usd: float, words: Catalogue) -> str:
    return words.say("report.dollar.item", name=words.label(group, name), usd=dollars(usd, words))


def _search(record: Record, words: Catalogue) -> list[str]:
    """Rounds of the search for the day's resting point, whether it ended, whether it is alone."""
    table = rounds(record)
    if not table.rows:
        return []
    later = sum(row[1] for row in table.rows[1:])
    key = "rounds" if len(table.rows) > 1 else "one_round"
    lines = [words.say(f"report.forced.{key}", count=len(table.rows), later=dollars(later, words))]
    for series, fine, broken in (
        ("forced_settled", "settled", "unsettled"), ("forced_unique", "unique", "worse")
    ):  # fmt: skip
        days = np.flatnonzero(record.central.get(series, np.ones(1)) == 0.0)
        if len(days):
            lines.append(words.say(f"report.forced.{broken}", date=record.dates[days[0]],
                                   count=len(days), all=len(record.dates)))  # fmt: skip
        else:
            lines.append(words.say(f"report.forced.{fine}"))
    return lines


def _unpaid(record: Record) -> bool:
    """Whether a call was not paid or a loan was lost."""
    owed = ("call_default_usd_bn", "loan_losses_usd_bn")
    return any(record.central.get(k, np.zeros(1)).sum() > SMALLEST_USD_BN for k in owed)


def _calls(record: Record, words: Catalogue) -> list[str]:
    """Calls paid, calls not paid and loans not repaid, with who loses by it."""
    called, default, lost = (
        float(record.central.get(k, np.zeros(1)).sum())
        for k in ("called_usd_bn", "call_default_usd_bn", "loan_losses_usd_bn")
    )
    lines = []
    if called > SMALLEST_USD_BN:
        lines.append(words.say("report.forced.called", called=dollars(called, words),
                               paid=dollars(called - default, words)))  # fmt: skip
    for key, usd, event in (("unpaid", default, CALL_UNPAID), ("lost", lost, "")):
        if usd > SMALLEST_USD_BN:
            days = [e.date for e in record.events if e.path == 0 and e.event == event]
            lines.append(words.say(f"report.forced.{key}", usd=dollars(usd, words),
                                   date=days[0] if days else ""))  # fmt: skip
    return lines


def _investors(record: Record, words: Catalogue) -> list[str]:
    """Money taken out of funds and private credit, and gates that bound."""
    rows = redemptions(record).rows
    out = [(row[0], row[1]) for row in rows if row[1] > _TELLING_USD_BN]
    lines = []
    if out:
        listed = words.joined([_item("vehicle", name, usd, words) for name, usd in out])
        waited = max(rows, key=lambda row: row[2])
        lines.append(words.say("report.forced.redeemed", list=listed, date=waited[3],
                               vehicle=words.label("vehicle", waited[0]),
                               queue=dollars(waited[2], words)))  # fmt: skip
    gates = _dated(record, GATED, "vehicle", words)
    return [*lines, *([words.say("report.forced.gated", list=gates)] if gates else [])]


def _dated(record: Record, event: str, group: str, words: Catalogue) -> str:
    """`hedge funds on 2026-02-05, ...`, earliest first."""
    found = sorted((e.step, e.subject, e.date) for e in record.events
                   if e.path == 0 and e.event == event)  # fmt: skip
    return words.joined([
        words.say("report.powder.one_ran_out", sector=words.label(group, name), date=date)
        for _, name, date in found
    ])  # fmt: skip


def _limits(record: Record, words: Catalogue) -> list[str]:
    """Who was over its limit first, or who came closest to it."""
    over = _dated(record, OVER_LIMIT, "sector", words)
    if over:
        return [words.say("report.forced.over", list=over)]
    rows = accounts(record).to_records()
    if not rows:
        return []
    near = rows[0]
    return [words.say("report.forced.closest", sector=words.label("sector", near["sector"]),
                      date=near["date"], room=percent(near["room"], words, signed=False),
                      leverage=fixed(near["closest_leverage"], words, digits=2),
                      largest=fixed(near["closest_largest"], words, digits=2))]  # fmt: skip


def _venues(record: Record, words: Catalogue) -> list[str]:
    """Perpetual positions closed by force."""
    rows = perpetuals(record).rows
    if not rows:
        return []
    worst = max(rows, key=lambda row: row[2])
    coins = words.joined([_item("instrument", row[0], row[1], words) for row in rows])
    return [words.say("report.forced.perpetuals", list=coins, date=worst[3],
                      asset=words.label("instrument", rows[0][0]),
                      change=percent(rows[0][4], words))]  # fmt: skip


def _policy(record: Record, words: Catalogue) -> list[str]:
    """How beliefs about the central bank moved; nothing where they did not."""
    rows = beliefs(record).rows
    if not rows or max(abs(row[2] - row[1]) for row in rows) < _MOVED:
        return []
    moves = [
        words.say("report.forced.belief", regime=words.label("regime", row[0]),
                  first=percent(row[1], words, signed=False),
                  end=percent(row[2], words, signed=False))
        for row in rows
    ]  # fmt: skip
    return [words.say("report.forced.beliefs", list=words.joined(moves))]
