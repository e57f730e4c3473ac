"""Pictures of a run as SVG: titles are sentences, axes have units, areas that are simulated are
hatched, and each chart has a table with the same numbers and a card (what, how, how sure).

Same record, same bytes: no dates, no random ids.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from html import escape
from textwrap import wrap

import numpy as np

from drypowder.report import answers, experiments, flows, forced, sankey
from drypowder.report.axes import FORCES
from drypowder.report.days import stacked_days
from drypowder.report.dots import name_dots
from drypowder.report.fans import supported
from drypowder.report.numbers import basis_points, dollars, percent
from drypowder.report.palette import ALARM, CENTRAL, DASHES, HATCHES, SECTOR, SOURCE, TWIN, drawing
from drypowder.report.record import WITHOUT_AI, Record
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

_WIDTH = 7.0
_POINTS = 200  # of a drawn line: more is not visible and makes the page heavy
_LAYERS = 6
_DATES = 6  # ticks
_SHORT = 120  # days: two ticks may lie in one month
_LETTERS = 66  # of a line of the title above an exported picture
_SVG_DPI = 72  # matplotlib's, always
_LEAST_PCT = 0.05  # of an axis of price effects, to both sides


@dataclass(frozen=True)
class Chart:
    """A drawn chart with the words and numbers that belong to it."""

    key: str
    section: str  # of the summary
    title: str
    svg: str
    table: Table

    def card(self, words: Catalogue) -> dict[str, str]:
        """What it shows, how it was made, how sure one can be."""
        return {
            part: words.say(f"report.chart.{self.key}.{part}") for part in ("what", "how", "sure")
        }


def all_charts(record: Record, words: Catalogue) -> list[Chart]:
    """Every chart this run has numbers for."""
    makers = (dry_powder, ai_dollar, funding, yields, assets, forced_sales, fans)
    made = [make(record, words) for make in makers]
    return [chart for chart in made if chart is not None]


def svg_of(figure) -> str:
    """The figure as SVG text that is the same every time."""
    text = io.StringIO()
    with drawing():
        _settle(figure)
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": "drypowder"})
    return text.getvalue()


def _settle(figure) -> None:
    """Lay the figure out now: savefig would draw all of it an extra time for that.

    On the canvas and at the resolution that savefig would use, so every byte stays.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    layout = figure.get_layout_engine()
    if layout is not None:
        FigureCanvasSVG(figure)
        figure.dpi = _SVG_DPI
        layout.execute(figure)
        figure.set_layout_engine(None)  # none in the theme either


def framed(chart: Chart, stamp: str) -> str:
    """A picture that travels alone: its title above, what it is and its stamp below."""
    found = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt" viewBox="[^"]*"', chart.svg)
    if found is None:
        return chart.svg
    width, height = float(found[1]), float(found[2])
    above, below = wrap(chart.title, _LETTERS), wrap(stamp, int(1.5 * _LETTERS))
    top, bottom = 15.0 * len(above) + 8.0, 10.0 * len(below) + 6.0
    size = f'width="{width:g}pt" height="{height + top + bottom:g}pt" '
    size += f'viewBox="0 {-top:g} {width:g} {height + top + bottom:g}"'
    paper = f'<rect y="{-top:g}" width="100%" height="100%" fill="#ffffff"/>'
    lines = [(t, 12.0, -top + 15.0 * (k + 1), "bold") for k, t in enumerate(above)]
    lines += [(t, 7.5, height + 10.0 * (k + 1), "normal") for k, t in enumerate(below)]
    texts = "".join(
        f'<text x="8" y="{y:g}" font-family="DejaVu Sans, sans-serif" font-size="{points:g}" '
        f'font-weight="{weight}" fill="#1b1b1b">{escape(text)}</text>'
        for text, points, y, weight in lines
    )
    svg = chart.svg.replace(found[0], size, 1)
    head = svg.index(">", svg.index("<svg")) + 1
    return svg[:head] + paper + svg[head:].replace("</svg>", f"{texts}</svg>")


def dry_powder(record: Record, words: Catalogue) -> Chart:
    """Whose dry powder, day by day; below, the hoards of AI firms and the day they ended."""
    series = record.central["dry_powder_usd_bn"]
    names = record.economy.sector_names
    order = sorted(range(len(names)), key=lambda k: -series[0, k])
    top, rest = order[:_LAYERS], order[_LAYERS:]
    layers = {names[k]: series[:, k] for k in top}
    layers["other"] = series[:, rest].sum(axis=1)
    date = answers.hoard_date(record)
    total = series.sum(axis=1)
    key = "title" if date else "title_lasts"
    title = words.say(f"report.chart.dry_powder.{key}", first=dollars(total[0], words),
                      end=dollars(total[-1], words), date=date)  # fmt: skip
    with drawing():
        figure, (stack, hoard) = _figure(5.6, rows=(3, 2))
        _stacked(stack, record.dates, layers, SECTOR, words)
        stack.set_ylabel(words.say("report.chart.dry_powder.y"))
        for k, name in enumerate(("hyperscalers", "ai_labs")):
            if name in names:
                _line(hoard, record.dates, series[:, names.index(name)], SECTOR[name], DASHES[k],
                      words.label("sector", name))  # fmt: skip
        hoard.axhline(0.0, color=TWIN, linewidth=0.8)
        hoard_key = "title" if date else "title_lasts"
        hoard.set_title(words.say(f"report.chart.hoard.{hoard_key}", date=date))
        hoard.set_ylabel(words.say("report.chart.dry_powder.y"))
        _mark(hoard, date)
        _calendar(stack)
        _calendar(hoard)
        hoard.legend(loc="best", fontsize=8)
        svg = svg_of(figure)
    return Chart("dry_powder", "powder", title, svg, answers.dry_powder(record))


def funding(record: Record, words: Catalogue) -> Chart | None:
    """Sources of capex by quarter, stacked; their sum is capex. None where nothing was spent."""
    if not record.central["funding_capex_usd_bn"].any():
        return None
    by_source = answers.funding_by_source(record)
    quarters, place = quarters_of(record.dates)
    sums = {
        name: np.bincount(place, weights=flow, minlength=len(quarters))
        for name, flow in by_source.items()
    }
    sums = {k: v for k, v in sums.items() if np.abs(v).max() > answers.SMALLEST_USD_BN}
    capex = sum(sums.values()) if sums else np.zeros(len(quarters))
    own = sum(sums.get(k, 0.0) for k in ("cash_flow", "hoard", "treasuries", "cloud_customers"))
    outside = 1.0 - float(np.sum(own)) / float(np.sum(capex)) if np.sum(capex) else 0.0
    title = words.say("report.chart.funding.title", capex=dollars(float(np.sum(capex)), words),
                      share=percent(outside, words, signed=False))  # fmt: skip
    with drawing():
        figure, (axes,) = _figure(3.8)
        _bars(axes, quarters, sums, words)
        axes.plot(quarters, capex, color="black", marker="D", markersize=4, linestyle="none",
                  label=words.say("report.chart.funding.total"))  # fmt: skip
        axes.set_ylabel(words.say("report.chart.funding.y"))
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)
        svg = svg_of(figure)
    columns = (Column("quarter"), *(Column(f"{name}_usd_bn", "usd_bn") for name in sums))
    rows = [(q, *(float(v[k]) for v in sums.values())) for k, q in enumerate(quarters)]
    return Chart("funding", "dollar", title, svg, Table("funding_by_quarter", columns, rows))


def yields(record: Record, words: Catalogue) -> Chart | None:
    """Treasury yield, and the spreads over it, with and without AI capex."""
    names, twin = record.economy.names("cleared"), record.twin(WITHOUT_AI)
    if "treasuries" not in names or "ig_spread_bp" not in record.central:
        return None
    column = names.index("treasuries")
    table = answers.yields(record)
    title = words.say(
        "report.chart.yields.title",
        treasury=basis_points(table.row("treasury_yield")["change_bp"], words),
        ig=basis_points(table.row("ig_spread")["change_bp"], words),
    )
    with drawing():
        figure, (left, right) = _figure(5.2, rows=(1, 1))
        worlds = [("central", record.central, "-")] + ([("twin", twin, "--")] if twin else [])
        for key, series, dash in worlds:
            said = words.say(f"report.chart.yields.{key}")
            colour = CENTRAL if key == "central" else TWIN
            _line(left, record.dates, 100 * series["yield_pa"][:, column], colour, dash, said)
            for name, shade in (("ig_spread", CENTRAL), ("hy_spread", SECTOR["hyperscalers"])):
                if f"{name}_bp" in series:
                    label = f"{words.label('rate', name)}, {said}"
                    spread = series[f"{name}_bp"]
                    _line(right, record.dates, spread - spread[0], shade, dash, label)
        left.set_ylabel(words.say("report.chart.yields.y_yield"))
        right.set_ylabel(words.say("report.chart.yields.y_spread"))
        left.legend(fontsize=8)
        _calendar(left)
        _calendar(right)
        right.legend(fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.15))
        svg = svg_of(figure)
    return Chart("yields", "rates", title, svg, table)


def assets(record: Record, words: Catalogue) -> Chart | None:
    """Effect of AI capex on each asset's price against its duration."""
    table = answers.assets(record)
    points = [row for row in table.rows if np.isfinite(row[1]) and np.isfinite(row[3])]
    if not points:
        return None
    best, worst = max(points, key=lambda r: r[3]), min(points, key=lambda r: r[3])
    title = words.say(
        "report.chart.assets.title",
        best=words.label("instrument", best[0]), best_effect=percent(best[3], words),
        worst=words.label("instrument", worst[0]), worst_effect=percent(worst[3], words),
    )  # fmt: skip
    with drawing():
        figure, (axes,) = _figure(4.2)
        axes.axhline(0.0, color=TWIN, linewidth=0.8)
        groups = {i.name: i.group for i in record.economy.instruments}
        _dots(axes, points, groups)
        _at_least(axes, _LEAST_PCT)
        axes.set_xlabel(words.say("report.chart.assets.x"))
        axes.set_ylabel(words.say("report.chart.assets.y"))
        name_dots(axes, [(years, 100 * effect, words.label("instrument", name))
                         for name, years, _, effect in points])  # fmt: skip
        svg = svg_of(figure)
    return Chart("assets", "assets", title, svg, table)


def forced_sales(record: Record, words: Catalogue) -> Chart | None:
    """Forced sales day by day, stacked by channel; None where nobody was forced."""
    if forced.forced_sales(record) is None:
        return None
    sums = record.central["forced_usd_bn"].sum(axis=2)
    total, worst = sums.sum(), int(sums.sum(axis=1).argmax())
    title = words.say("report.chart.forced.title", total=dollars(total, words),
                      share=percent(sums[worst].sum() / total, words, signed=False),
                      date=record.dates[worst])  # fmt: skip
    with drawing():
        figure, (axes,) = _figure(3.6)
        stacked_days(axes, record.dates, dict(zip(FORCES, sums.T, strict=True)), words)
        axes.set_ylim(bottom=0.0)
        axes.set_ylabel(words.say("report.chart.forced.y"))
        axes.legend(loc="upper right", fontsize=8)
        _calendar(axes)
        svg = svg_of(figure)
    return Chart("forced", "forced", title, svg, forced.by_day(record))


def fans(record: Record, words: Catalogue) -> Chart | None:
    """Bands over random worlds for four outcomes; refused where worlds are too few."""
    shown = {"treasury_yield_change_bp": ("yield_pa", "treasuries", 100.0),
             "ig_spread_change_bp": ("ig_spread_bp", "", 1.0),
             "dry_powder_change_usd_bn": ("dry_powder_total_usd_bn", "", 1.0),
             "listed_equity_change": ("listed_equity_usd_bn", "", 1.0)}  # fmt: skip
    shown = {k: v for k, v in shown.items() if v[0] in record.fans}
    table = experiments.worlds(record)
    if table is None or not shown or not supported(0.25, record.worlds):
        return None
    with drawing():
        figure, panels = _figure(5.6, rows=(1, 1), columns=2)
        for axes, (series, member, scale) in zip(panels, shown.values(), strict=False):
            _fan(axes, record, series, member, scale, words)
            axes.set_title(words.say(f"report.chart.fan.y.{series}"))
        panels[0].legend(fontsize=7.5)
        svg = svg_of(figure)
    first = table.row(next(iter(shown)))
    title = words.say("report.chart.fan.title", outcome=words.label("rate", "treasury_yield"),
                      low=basis_points(first["q25"], words),
                      high=basis_points(first["q75"], words))  # fmt: skip
    return Chart("fan", "worlds", title, svg, table)


def ai_dollar(record: Record, words: Catalogue) -> Chart | None:
    """The Sankey of the AI dollar."""
    table = flows.links(record)
    figure = sankey.draw(table, words)
    if figure is None:
        return None
    capex = sum(row[3] for row in table.rows if row[0] == flows.PAID)
    title = words.say("report.chart.sankey.title", capex=dollars(capex, words))
    return Chart("sankey", "dollar", title, svg_of(figure), table)


def quarters_of(dates: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Quarters that the run touches (`2026Q1`), and the quarter of every step."""
    months = dates.astype("datetime64[M]").astype(int)
    numbers = months // 3
    unique, place = np.unique(numbers, return_inverse=True)
    return [f"{1970 + q // 4}Q{q % 4 + 1}" for q in unique.tolist()], place


def _figure(height: float, rows: tuple[int, ...] = (1,), columns: int = 1):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained")
    grid = figure.subplots(len(rows), columns, squeeze=False, height_ratios=rows)
    return figure, tuple(grid.ravel())


def _thin(dates: np.ndarray) -> np.ndarray:
    """Steps worth drawing, first and last among them."""
    return np.unique(np.linspace(0, len(dates) - 1, min(len(dates), _POINTS)).astype(int))


def _calendar(axes) -> None:
    """A few dates, year first, and thousands separated."""
    from matplotlib.dates import AutoDateLocator, DateFormatter

    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=_DATES))
    first, last = axes.get_xlim()
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m-%d" if last - first < _SHORT else "%Y-%m"))
    _thousands(axes)


def _thousands(axes) -> None:
    from matplotlib.ticker import FuncFormatter

    low, high = axes.get_ylim()
    if max(abs(low), abs(high)) >= 1000.0:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _line(axes, dates, values, colour, dash, label) -> None:
    kept = _thin(dates)
    axes.plot(dates[kept], values[kept], color=colour, linestyle=dash, label=label)


def _stacked(axes, dates, layers, colours, words: Catalogue) -> None:
    """Hatched layers from zero; what is below zero is not drawn (the table has it)."""
    kept, base = _thin(dates), 0.0
    for k, (name, values) in enumerate(layers.items()):
        height = np.maximum(values[kept], 0.0)
        axes.fill_between(dates[kept], base, base + height, facecolor=colours[name], alpha=0.75,
                          hatch=HATCHES[k % len(HATCHES)], edgecolor="white", linewidth=0.0,
                          label=words.label("sector", name))  # fmt: skip
        base = base + height
    axes.set_ylim(bottom=0.0)
    handles, labels = axes.get_legend_handles_labels()
    place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
    axes.legend(handles[::-1], labels[::-1], fontsize=8, **place)


def _bars(axes, quarters, sums, words: Catalogue) -> None:
    above, below = np.zeros(len(quarters)), np.zeros(len(quarters))
    for k, (name, values) in enumerate(sums.items()):
        bottom = np.where(values >= 0.0, above, below)
        axes.bar(quarters, values, bottom=bottom, color=SOURCE[name], alpha=0.8,
                 hatch=HATCHES[k % len(HATCHES)], edgecolor="white", linewidth=0.0,
                 label=words.label("source", name))  # fmt: skip
        above, below = above + np.maximum(values, 0.0), below + np.minimum(values, 0.0)
    axes.tick_params(axis="x", labelrotation=45 if len(quarters) > 6 else 0)


def _mark(axes, date: str | None) -> None:
    if date:
        axes.axvline(np.datetime64(date), color=ALARM, linestyle="--", linewidth=1.2)


_MARKERS: dict[str, str] = {"bonds": "s", "equity": "o", "gold": "D", "crypto": "^", "private": "P"}


def _dots(axes, points, groups: dict[str, str]) -> None:
    for name, years, _, effect in points:
        axes.plot(years, 100 * effect, _MARKERS.get(groups[name], "o"), color=CENTRAL, markersize=7,
                  markeredgecolor="white")  # fmt: skip


def _at_least(axes, reach: float) -> None:
    """An axis that shows at least so much to both sides: nothing must not look like something."""
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -reach), max(high, reach))


def _fan(axes, record: Record, series: str, member: str, scale: float, words: Catalogue) -> None:
    """Two bands and the central path."""
    kept = _thin(record.dates)
    dates = record.dates[kept]

    def pick(statistic: str) -> np.ndarray:
        return scale * record.band(series, statistic, member)[kept]

    for low, high, alpha, key in (("q05", "q95", 0.2, "wide"), ("q25", "q75", 0.4, "middle")):
        if np.isfinite(pick(low)).all():
            axes.fill_between(dates, pick(low), pick(high), color=CENTRAL, alpha=alpha, linewidth=0,
                              hatch="///" if key == "middle" else None,
                              label=words.say(f"report.chart.fan.{key}"))  # fmt: skip
    central = record.central[series]
    central = central[:, record.member(series, member)] if member else central
    axes.plot(dates, scale * central[kept], color="black", linewidth=1.3,
              label=words.say("report.chart.fan.central"))  # fmt: skip
    _calendar(axes)
