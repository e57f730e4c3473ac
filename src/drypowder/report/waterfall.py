"""Pictures of a split: the waterfall of channels, and who sold to whom.

A bar begins where the one before it ended, so the last one shows the whole change; a diamond says
where a bar would end if its channel acted alone.
"""

from __future__ import annotations

from drypowder.report import attribution, sankey
from drypowder.report.attribution import NOTHING, OTHER, SUM
from drypowder.report.charts import Chart, svg_of
from drypowder.report.html import document
from drypowder.report.numbers import dollars
from drypowder.report.palette import ALARM, CENTRAL, SECTOR, TWIN, drawing
from drypowder.report.tables import Table
from drypowder.report.why import Answer
from drypowder.report.words import Catalogue

_WIDTH, _ROW, _FRAME = 7.0, 0.34, 1.0  # inches: the figure, a bar with its gap, axis and margins
_THICK = 0.62  # of a bar, in rows
_VISIBLE = 1e-3  # of the largest bar: what is smaller stands in the table
_ROOM = 0.16  # beside the bars for their numbers, of the axis
_X0, _X1, _BAR, _GAP = 0.0, 1.0, 0.014, 0.05  # of the Sankey: sellers, buyers, node, between nodes


def page(answer: Answer, words: Catalogue) -> str:
    """The answer as one HTML document."""
    stamp = words.say("report.stamp", **answer.stamp)
    return document(
        attribution.sections(answer, words),
        charts(answer, words),
        words,
        title=words.say(
            "why.head.page", scenario=answer.stamp["scenario"], run=answer.stamp["run"]
        ),
        first=attribution.claim(answer, words),
        second=attribution.headline(answer, words),
        stamp=stamp,
    )


def charts(answer: Answer, words: Catalogue) -> list[Chart]:
    """The waterfall and, where something was sold, the Sankey."""
    made = [waterfall(answer, words), sellers_and_buyers(answer, words)]
    return [chart for chart in made if chart is not None]


def waterfall(answer: Answer, words: Catalogue) -> Chart:
    """From nothing on to everything on, channel by channel; those without effect are left out."""
    table = attribution.parts(answer)
    least = _VISIBLE * max(abs(row[1]) for row in table.rows)
    rows = [row for row in table.rows if row[0] in (NOTHING, SUM) or abs(row[1]) > least]
    scale = 100.0 if answer.target.unit == "change_pct" else 1.0
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH, _FRAME + _ROW * len(rows)), layout="constrained")
        axes = figure.subplots()
        _bars(axes, rows, scale, words)
        _numbers(axes, rows, scale, answer, words)
        axes.set_yticks(range(len(rows)), [words.label("channel", row[0]) for row in rows])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(words.say(f"why.chart.{answer.target.unit}"))
        figure.legend(loc="outside lower center", fontsize=8)
        svg = svg_of(figure)
    title = attribution.claim(answer, words)
    return Chart("waterfall", "split", title, svg, attribution.shown(table, words))


def _bars(axes, rows: list[tuple], scale: float, words: Catalogue) -> None:
    """Bars that begin where the last one ended, with their errors and what they do alone."""
    start, alone = 0.0, []
    for place, row in enumerate(rows):
        effect = scale * row[1]
        begin = 0.0 if row[0] in (NOTHING, SUM) else start
        colour = TWIN if row[0] in (NOTHING, SUM) else ALARM if effect < 0.0 else CENTRAL
        axes.barh(place, effect, left=begin, height=_THICK, color=colour, alpha=0.8,
                  hatch="///", edgecolor="white", linewidth=0.0)  # fmt: skip
        end = begin + effect
        if row[6]:
            axes.errorbar(end, place, xerr=scale * row[6], color="black", capsize=3, linewidth=1.0)
        if place + 1 < len(rows):
            axes.plot([end, end], [place, place + 1], color=TWIN, linewidth=0.7)
        if row[3] is not None and row[0] != SUM:
            alone.append((begin + scale * row[3], place))
        start = end
    axes.axvline(0.0, color=TWIN, linewidth=0.8)
    if alone:
        axes.plot(*zip(*alone, strict=True), color="black", marker="D", markersize=4.5,
                  linestyle="none", markerfacecolor="white",
                  label=words.say("why.chart.alone"))  # fmt: skip


def _numbers(axes, rows: list[tuple], scale: float, answer: Answer, words: Catalogue) -> None:
    """Each effect in a column to the right of all bars."""
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + _ROOM * (high - low))
    for place, row in enumerate(rows):
        axes.text(0.995, place, answer.target.said(row[1], words), ha="right", va="center",
                  fontsize=8.5, transform=axes.get_yaxis_transform())  # fmt: skip


def sellers_and_buyers(answer: Answer, words: Catalogue) -> Chart | None:
    """Who sold to whom, in at most twelve bands; None where nothing was sold."""
    table = attribution.links(answer)
    if not table.rows:
        return None
    asset = attribution.asset_asked(answer)
    what = words.label("instrument", asset) if asset else words.say("why.sales.all")
    total = dollars(sum(row[2] for row in table.rows), words)
    title = words.say("why.sales.chart", asset=what, total=total, first=answer.first_day,
                      last=answer.last_day)  # fmt: skip
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.6, 4.2))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(-0.62, 1.62), ylim=(-1.08, 0.16))
        axes.axis("off")
        _draw_sales(axes, table, words)
        svg = svg_of(figure)
    return Chart("sellers", "sales", title, svg, attribution.pairs(answer))


def _draw_sales(axes, table: Table, words: Catalogue) -> None:
    """Both margins as nodes, the links between them as bands in the seller's colour."""
    sellers, buyers = (list(dict.fromkeys(row[k] for row in table.rows)) for k in (0, 1))
    total = sum(row[2] for row in table.rows)
    scale = (1.0 - _GAP * (max(len(sellers), len(buyers)) - 1)) / total
    left = _nodes(axes, sellers, table, 0, scale, words)
    right = _nodes(axes, buyers, table, 1, scale, words)
    for seller, buyer, usd in table.rows:
        height, colour = scale * usd, SECTOR.get(seller, SECTOR[OTHER])
        sankey.ribbon(axes, (_X0 + _BAR, left[seller]), (_X1, right[buyer]), height, colour)
        left[seller] -= height
        right[buyer] -= height
    for x, side, key in ((_X0, "right", "sellers"), (_X1, "left", "buyers")):
        axes.text(x, 0.1, words.say(f"why.sales.{key}"), ha=side, va="center", fontsize=9,
                  fontweight="bold")  # fmt: skip


def _nodes(axes, names: list[str], table: Table, side: int, scale: float, words: Catalogue):
    """Nodes of one side from the top; returns where each begins."""
    tops: dict[str, float] = {}
    sums = {n: sum(row[2] for row in table.rows if row[side] == n) for n in names}
    top = -0.5 * (1.0 - scale * sum(sums.values()) - _GAP * (len(names) - 1))
    for name, usd in sums.items():
        height = scale * usd
        x = _X1 if side else _X0
        sankey.node_at(axes, x, top, height, SECTOR.get(name, SECTOR[OTHER]))
        label = f"{words.label('short_sector', name)}\n{dollars(usd, words)}"
        offset = 0.03 if side else -0.02
        sankey.text_at(axes, x + offset, top - 0.5 * height, label,
                       "left" if side else "right", "center")  # fmt: skip
        tops[name], top = top, top - height - _GAP
    return tops
