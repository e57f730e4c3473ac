"""A split told: the table that adds up, the sentences around it, who sold to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drypowder.report.numbers import count, dollars, fixed, percent
from drypowder.report.rounding import round_to_sum as round_to_sum
from drypowder.report.section import Section
from drypowder.report.tables import Column, Table
from drypowder.report.targets import LOWEST, YIELD
from drypowder.report.why import Answer
from drypowder.report.words import Catalogue

NOTHING, SUM, OTHER = "nothing", "sum", "other"
_AMOUNTS = ("shapley", "alone", "last_in", "interaction")
_TOP, _TELLING = 3, 0.01  # channels named in the first sentence; the least, of the largest part
_SMALLEST_USD_BN = 1e-6  # of sales worth a row: a thousand dollars
_MOST_SALES = 20  # rows of sales in words; JSON has all
_SHAPES = ((4, 3), (3, 4), (6, 2), (2, 6))  # sellers x buyers: twelve links at most


def parts(answer: Answer) -> Table:
    """Every channel with its effect; the effects, trend and news among them, sum to the whole.

    `alone` is what a channel does when no other is on, `last_in` what it adds to all others,
    `interaction` its effect less what it does alone.
    """
    from drypowder.engine.attribute import add_up

    split, unit = answer.split, answer.target.unit
    end = unit.removeprefix("change").removesuffix("_pct")
    columns = (
        Column("channel", names="channel"),
        Column(f"shapley{end}", unit),
        Column("share", "share"),
        *(Column(f"{name}{end}", unit) for name in _AMOUNTS[1:]),
        Column(f"standard_error{end}", unit),
    )
    means = np.array([split.nothing.mean(), *split.parts.mean(axis=0)])
    effects, whole = add_up(means, float(split.whole.mean()))
    alone, last = split.alone.mean(axis=0), split.last.mean(axis=0)
    errors = standard_errors(answer)
    rows: list[tuple] = [
        (NOTHING, effects[0], _share(effects[0], whole), None, None, None, errors[0])
    ]
    body = [
        (name, effects[1 + k], _share(effects[1 + k], whole), alone[k], last[k],
         effects[1 + k] - alone[k], errors[1 + k])
        for k, name in enumerate(split.players)
    ]  # fmt: skip
    rows += sorted(body, key=lambda row: -abs(row[1]))
    rows += [(name, 0.0, _share(0.0, whole), 0.0, 0.0, 0.0, None) for name in answer.off]
    sums = [sum(row[k] for row in rows[1:]) for k in (3, 4, 5)]
    rows.append((SUM, whole, _share(whole, whole), *sums, errors[-1]))
    return Table("who_did_it", columns, rows)


def standard_errors(answer: Answer) -> list[float | None]:
    """Of nothing on, each player, the whole: over worlds, else of the orders drawn, else none."""
    split, paths = answer.split, len(answer.split.numbers)
    if paths > 1:
        columns = np.column_stack([split.nothing, split.parts, split.whole])
        return (columns.std(axis=0, ddof=1) / np.sqrt(paths)).tolist()
    if split.sampled:
        return [None, *split.noise[0].tolist(), None]
    return [None] * (len(split.players) + 2)


def shown(table: Table, words: Catalogue) -> Table:
    """The same table for people: one number of decimals, rounded so that columns still add up."""
    kinds = [column.kind for column in table.columns]
    scale = 100.0 if "change_pct" in kinds else 1.0
    digits = _digits(scale * max(abs(row[1]) for row in table.rows))
    cells = [[row[0] for row in table.rows]]
    for k, column in enumerate(table.columns[1:], start=1):
        values = [None if row[k] is None else row[k] for row in table.rows]
        if column.kind == "share":
            cells.append([_plain(v, 100.0, 1, words, signed=False) for v in values])
        elif column.key.startswith("standard_error"):
            cells.append([_plain(v, scale, digits, words, signed=False) for v in values])
        else:
            rounded = round_to_sum([None if v is None else scale * v for v in values], digits)
            cells.append([_plain(v, 1.0, digits, words, signed=True) for v in rounded])
    columns = (table.columns[0], *(Column(c.key, "mixed") for c in table.columns[1:]))
    told = Table(table.key, columns, list(zip(*cells, strict=True)))
    with_errors = any(row[-1] is not None for row in table.rows)
    return told if with_errors else told.keep(*(c.key for c in columns[:-1]))


def interaction(answer: Answer) -> tuple[float, float | None]:
    """What channels do together and not alone, and its share of all that channels did."""
    split = answer.split
    total = float(split.interaction.sum(axis=1).mean())
    return total, _share(total, float((split.whole - split.nothing).mean()))


def pairs(answer: Answer) -> Table:
    """Every seller with every buyer: of the asset asked about, else of all cleared assets."""
    columns = (Column("seller", names="sector"), Column("buyer", names="sector"),
               Column("usd_bn", "usd_bn"))  # fmt: skip
    names, amounts = answer.economy.sector_names, _sold(answer)
    rows = [
        (names[s], names[b], float(amounts[s, b]))
        for s, b in np.argwhere(amounts > _SMALLEST_USD_BN)
    ]
    return Table("sales", columns, sorted(rows, key=lambda row: -row[2]))


def links(answer: Answer) -> Table:
    """The same in twelve links at most: the largest sellers and buyers by name, the rest together.

    Nothing is left out, so what leaves a seller is all that it sold.
    """
    amounts, names = _sold(answer), (*answer.economy.sector_names, OTHER)
    found = [_grouped(amounts, *shape) for shape in _SHAPES]
    sellers, buyers, grouped = max(found, key=lambda f: f[2][:-1, :-1].sum())
    rows = [
        (names[sellers[i]], names[buyers[j]], float(grouped[i, j]))
        for i, j in np.argwhere(grouped > 0.0)
    ]
    return Table("sales_links", pairs(answer).columns, rows)


def asset_asked(answer: Answer) -> str | None:
    """The cleared asset whose price, lowest price or yield was asked about."""
    name = answer.target.name.removesuffix(YIELD).removesuffix(LOWEST)
    return name if name in answer.economy.names("cleared") else None


def forced(answer: Answer) -> Table | None:
    """Forced sales by channel and seller; None where nobody was forced."""
    from drypowder.engine.repayment import CHANNELS
    from drypowder.engine.world import make_layout

    amounts = answer.forced.get("forced_usd_bn")
    if amounts is None or not amounts.sum() > _SMALLEST_USD_BN:
        return None
    total, names = amounts.sum(axis=0), answer.economy.sector_names
    holders = make_layout(answer.economy).holders
    columns = (Column("channel", names="channel"), Column("seller", names="sector"),
               Column("usd_bn", "usd_bn"))  # fmt: skip
    rows = [
        (CHANNELS[c], names[holders[h]], float(total[c, h]))
        for c, h in np.argwhere(total > _SMALLEST_USD_BN)
    ]
    return Table("forced_sales", columns, sorted(rows, key=lambda row: -row[2]))


def rounds(answer: Answer) -> Table:
    """Forced sales by margin and venues round by round: sales that made others sell come later."""
    amounts = answer.forced.get("forced_by_round", np.zeros((0, 0))).sum(axis=0)
    last = int(np.max(np.flatnonzero(amounts > _SMALLEST_USD_BN), initial=-1))
    rows = [(k + 1, float(usd)) for k, usd in enumerate(amounts[: last + 1])]
    return Table("forced_rounds", (Column("round", "count"), Column("usd_bn", "usd_bn")), rows)


def headline(answer: Answer, words: Catalogue) -> str:
    """Which change of which run."""
    split = answer.split
    worlds = words.say("why.head.worlds", count=count(len(split.numbers), words))
    return words.say(
        "why.head.line",
        run=answer.stamp["run"],
        scenario=answer.stamp["scenario"],
        target=answer.target.label(words),
        first=answer.first_day,
        last=answer.last_day,
        worlds=worlds if len(split.numbers) > 1 else words.say("why.head.central"),
    )


def claim(answer: Answer, words: Catalogue) -> str:
    """The change, and the channels that did most of it."""
    target, table = answer.target, parts(answer)
    least = _TELLING * max(abs(row[1]) for row in table.rows)
    moved = [row for row in table.rows[1:-1] if abs(row[1]) > least][:_TOP]
    listed = words.say("report.list.comma").join(
        words.say("why.head.part", channel=words.label("channel", row[0]),
                  effect=target.said(row[1], words)) for row in moved
    )  # fmt: skip
    whole = words.say("why.head.change", target=target.label(words),
                      change=target.said(table.rows[-1][1], words))  # fmt: skip
    return f"{whole} {words.say('why.head.most', parts=listed)}" if listed else whole


def sections(answer: Answer, words: Catalogue) -> list[Section]:
    """The split, the sales behind it, the forced ones, and how it was done."""
    sold, squeezed = pairs(answer), forced(answer)
    made = [Section("split", words.say("why.split.title"), _split_lines(answer, words),
                    [shown(parts(answer), words)])]  # fmt: skip
    if sold.rows:
        made.append(Section("sales", words.say("why.sales.title"), [_sales_line(answer, words)],
                            [sold.first(_MOST_SALES)]))  # fmt: skip
    if squeezed is not None:
        made.append(Section("forced", words.say("why.forced.title"), _forced_lines(answer, words),
                            [squeezed, rounds(answer)]))  # fmt: skip
    return [*made, Section("method", words.say("why.method.title"), _method(answer, words))]


def as_json(answer: Answer, words: Catalogue) -> dict[str, object]:
    """Everything, ready for `json.dumps`."""
    split, squeezed = answer.split, forced(answer)
    total, share = interaction(answer)
    return {
        "note": words.say("report.not_a_forecast"),
        "stamp": answer.stamp,
        "target": answer.target.name,
        "unit": {"change_pct": "share", "change_bp": "bp"}.get(answer.target.unit, "usd_bn"),
        "first_day": answer.first_day,
        "last_day": answer.last_day,
        "worlds": len(split.numbers),
        "sampled": split.sampled,
        "coalitions": split.coalitions,
        "caveats": answer.caveats,
        "parts": parts(answer).to_records(),
        "interaction": total,
        "interaction_share": share,
        "asset": asset_asked(answer),
        "sales": pairs(answer).to_records(),
        "forced_sales": squeezed.to_records() if squeezed else [],
        "forced_rounds": rounds(answer).to_records(),
    }


def page_path(answer: Answer) -> Path:
    """Beside the page of the run."""
    return answer.folder / f"why-{answer.target.name}-{answer.first_day}-{answer.last_day}.html"


def _split_lines(answer: Answer, words: Catalogue) -> list[str]:
    split, target = answer.split, answer.target
    nothing, (total, share) = float(split.nothing.mean()), interaction(answer)
    together = float(split.whole.mean()) - nothing
    lines = [words.say("why.split.nothing", change=target.said(nothing, words))]
    if share is not None:
        lines.append(words.say("why.split.interaction", change=target.said(total, words),
                               together=target.said(together, words), share=percent(share, words),
                               alone=target.said(together - total, words)))  # fmt: skip
    return lines


def _sales_line(answer: Answer, words: Catalogue) -> str:
    asset = asset_asked(answer)
    what = words.label("instrument", asset) if asset else words.say("why.sales.all")
    return words.say("why.sales.line", asset=what, total=dollars(float(_sold(answer).sum()), words))


def _forced_lines(answer: Answer, words: Catalogue) -> list[str]:
    total = dollars(float(answer.forced["forced_usd_bn"].sum()), words)
    lines = [words.say("why.forced.line", total=total)]
    squeezed = rounds(answer)
    if len(squeezed.rows) > 1:
        later = sum(row[1] for row in squeezed.rows[1:])
        lines.append(words.say("why.forced.rounds", later=dollars(later, words)))
    for key in ("forced_settled", "forced_unique"):
        days = int((answer.forced.get(key, np.ones(1)) == 0.0).sum())
        if days:
            lines.append(words.say(f"why.forced.{key.removeprefix('forced_')}", days=days))
    return lines


def _method(answer: Answer, words: Catalogue) -> list[str]:
    split, paths = answer.split, len(answer.split.numbers)
    runs, players = count(split.coalitions, words), len(split.players)
    how = "why.method.sampled" if split.sampled else "why.method.exact"
    lines = [words.say(how, runs=runs, players=players), words.say("why.method.parts")]
    lines.append(words.say("why.method.worlds", count=paths) if paths > 1
                 else words.say("why.method.central"))  # fmt: skip
    if answer.off:
        off = words.say("report.list.comma").join(words.label("channel", n) for n in answer.off)
        lines.append(words.say("why.method.off", channels=off))
    return [*lines, *answer.caveats]


def _sold(answer: Answer) -> np.ndarray:
    """(seller, buyer) USD bn."""
    asset = asset_asked(answer)
    if asset is None:
        return answer.sold.sum(axis=2)
    return answer.sold[:, :, answer.economy.names("cleared").index(asset)]


def _grouped(amounts: np.ndarray, sellers: int, buyers: int):
    """The largest rows and columns, the rest summed into one row and one column at the end."""
    rows = np.argsort(-amounts.sum(axis=1), kind="stable")
    columns = np.argsort(-amounts.sum(axis=0), kind="stable")
    top, left = rows[: sellers - 1], columns[: buyers - 1]
    rest, right = rows[sellers - 1 :], columns[buyers - 1 :]
    upper = np.column_stack([amounts[np.ix_(top, left)], amounts[np.ix_(top, right)].sum(axis=1)])
    lower = [*amounts[np.ix_(rest, left)].sum(axis=0), amounts[np.ix_(rest, right)].sum()]
    return [*top.tolist(), -1], [*left.tolist(), -1], np.vstack([upper, lower])


def _share(value: float, whole: float) -> float | None:
    return float(value) / whole if whole else None


def _digits(largest: float) -> int:
    """Decimals of a column whose largest number is this one."""
    return 0 if largest >= 999.5 else 1 if largest >= 99.5 else 2 if largest >= 0.095 else 4


def _plain(value: Any, scale: float, digits: int, words: Catalogue, *, signed: bool) -> str:
    if value is None:
        return words.say("labels.numbers.none")
    return fixed(scale * float(value), words, digits=digits, signed=signed)
