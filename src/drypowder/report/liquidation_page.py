"""The liquidation map as a page: bars by price on a scale that no map changes, and the shock.

Solid bars are positions of a file, hatched ones are modelled; red is sold, blue bought back.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from drypowder.report import liquidation_cascade as cascades
from drypowder.report import liquidation_map as maps
from drypowder.report.charts import Chart, svg_of
from drypowder.report.html import document
from drypowder.report.liquidation_cascade import CHANNELS, Played
from drypowder.report.liquidation_map import LEAST_USD, LONG, MOST_USD, SHORT, TICKS_USD, Map
from drypowder.report.palette import ALARM, CENTRAL, FORCE, HATCHES, TWIN, drawing
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

_COLOUR = {LONG: ALARM, SHORT: CENTRAL}
_PALE = {LONG: "#f6e3e6", SHORT: "#e0edf5"}  # behind the hatching
_LINES = (("liquidations.map.mark", "black", "-"), ("liquidations.map.final", TWIN, "--"))
_WIDTH, _ROW, _FRAME = 7.6, 0.17, 1.5  # inches: the figure, a row of prices, axes and legend
_GAP = 0.14  # of a row, left free
_NAMED = 3  # bars of each side whose USD are written beside them
_APART = 0.022  # of the axis: closer labels of prices would overlap
_MINUTE_S = 60.0
_BINS = 60  # of time
_CHANNEL = dict(
    zip(CHANNELS, (FORCE["capital_call"], FORCE["margin"], FORCE["venues"]), strict=True)
)


def page(drawn: Map, played: Played | None, words: Catalogue) -> str:
    """The map, the shock if one was played, and the card, as one HTML document."""
    parts = [Section("map", words.say("liquidations.map.section"), maps.claims(drawn, words))]
    charts = [map_chart(drawn, played, words)]
    if played is not None:
        parts.append(_shock_section(played, words))
        charts.append(shock_chart(played, drawn.scene.market, words))
    parts.append(maps.card(drawn, words, with_books=played is not None))
    return document(
        parts, charts, words,
        title=words.say("liquidations.map.page", venue=drawn.scene.wanted.profile.title,
                        coin=drawn.coin),
        first=maps.title(drawn, words),
        second=words.say("liquidations.map.claim"),
        stamp=maps.stamp(drawn, words),
    )  # fmt: skip


def _shock_section(played: Played, words: Catalogue) -> Section:
    told = cascades.summary(played, words)
    head = cascades.headline(played, words)
    return Section(
        "shock", words.say("liquidations.map.shock"), [head, *told.sentences], told.tables
    )


def map_chart(drawn: Map, played: Played | None, words: Catalogue) -> Chart:
    """USD by price, longs below the mark and shorts above it."""
    rows = len(drawn.edges) - 1
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH, _FRAME + _ROW * rows), layout="constrained")
        axes = figure.subplots()
        for side in (SHORT, LONG):
            _bars(axes, drawn, side, words)
            _names(axes, drawn, side, _levels(drawn, played), words)
        _lines(axes, drawn, played, words)
        _scale(axes, drawn, words)
        figure.legend(loc="outside lower center", fontsize=8, ncols=2, handlelength=2.4)
        svg = svg_of(figure)
    return Chart("liquidation_map", "map", maps.title(drawn, words), svg, maps.map_table(drawn))


def _bars(axes, drawn: Map, side: int, words: Catalogue) -> None:
    """Solid as far as the file goes, hatched beyond."""
    low, high = drawn.edges[:-1], drawn.edges[1:]
    middle, height = 0.5 * (low + high), (1.0 - _GAP) * (high - low)
    seen = np.maximum(drawn.observed[side], LEAST_USD)
    total = np.maximum(drawn.total[side], LEAST_USD)
    name = words.say(f"liquidations.map.{'longs' if side == LONG else 'shorts'}")
    some = seen > LEAST_USD
    if some.any():
        said = f"{name}, {words.say('liquidations.map.observed')}"
        axes.barh(middle[some], (seen - LEAST_USD)[some], left=LEAST_USD, height=height[some],
                  color=_COLOUR[side], linewidth=0.0, label=said)  # fmt: skip
    more = total > seen
    if more.any():
        said = f"{name}, {words.say('liquidations.map.modelled')}"
        axes.barh(middle[more], (total - seen)[more], left=seen[more], height=height[more],
                  color=_PALE[side], edgecolor=_COLOUR[side], hatch="//////",
                  linewidth=0.5, label=said)  # fmt: skip


def _names(axes, drawn: Map, side: int, levels: list[float], words: Catalogue) -> None:
    """USD beside the longest bars, but not where a line has its name."""
    total = drawn.total[side]
    middle = 0.5 * (drawn.edges[:-1] + drawn.edges[1:])
    for bucket in np.argsort(-total, kind="stable")[:_NAMED]:
        apart = np.min(np.abs(middle[bucket] - np.array(levels)))
        room = _APART * (drawn.edges[-1] - drawn.edges[0])
        if total[bucket] > LEAST_USD and apart > room:
            axes.annotate(maps.usd(total[bucket], words), (total[bucket], middle[bucket]),
                          xytext=(4, 0), textcoords="offset points", va="center",
                          fontsize=7.5)  # fmt: skip


def _levels(drawn: Map, played: Played | None) -> list[float]:
    """The mark now and, after a shock, at the end."""
    if played is None:
        return [drawn.mark]
    return [drawn.mark, float(played.result.mark[-1, drawn.scene.market])]


def _lines(axes, drawn: Map, played: Played | None, words: Catalogue) -> None:
    """Each level with its price at the right."""
    levels = _levels(drawn, played)
    low, high = drawn.edges[0], drawn.edges[-1]
    near = abs(levels[0] - levels[-1]) < _APART * (high - low)
    for place, (price, style) in enumerate(zip(levels, _LINES, strict=False)):
        key, colour, dash = style
        if not low <= price <= high:
            continue
        axes.axhline(price, color=colour, linestyle=dash, linewidth=1.2)
        below = place == 1 and near
        axes.text(0.995, price, words.say(key, price=maps.price(price, words)), ha="right",
                  va="top" if below else "bottom", fontsize=8.5, color=colour, fontweight="bold",
                  transform=axes.get_yaxis_transform())  # fmt: skip


def _scale(axes, drawn: Map, words: Catalogue) -> None:
    """The scale of every map, and round prices."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    axes.set_xscale("log")
    axes.set_xlim(LEAST_USD, MOST_USD)
    labels = [words.say(f"liquidations.map.axis_{int(np.log10(usd))}") for usd in TICKS_USD]
    axes.set_xticks(TICKS_USD, labels)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set_ylim(drawn.edges[0], drawn.edges[-1])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=12, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: maps.price(value, words)))
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(words.say("liquidations.map.usd_x"))
    axes.set_ylabel(words.say("liquidations.map.prices_y"))


def shock_chart(played: Played, market: int, words: Catalogue) -> Chart:
    """The mark against the shock alone; below, what was closed and through which channel."""
    result = played.result
    minutes = result.time_s / _MINUTE_S
    start = float(played.scene.prices[market])
    done = np.minimum(minutes / max(played.over_minutes, 1e-9), 1.0)
    alone = start * (1.0 + played.shock) ** done
    table = minutes_table(played)
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH, 4.6), layout="constrained")
        top, low = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        top.plot(
            minutes,
            alone,
            color=TWIN,
            linestyle="--",
            label=words.say("liquidations.cascade.alone"),
        )
        top.plot(
            minutes,
            result.mark[:, market],
            color=CENTRAL,
            label=words.say("liquidations.cascade.marks"),
        )
        top.set_ylabel(words.say("liquidations.map.prices_y"))
        top.legend(fontsize=8)
        _prices_axis(top, words)
        _stacked(low, table, words)
        low.set_xlabel(words.say("liquidations.cascade.minutes_x"))
        low.set_ylabel(words.say("liquidations.cascade.usd_y"))
        svg = svg_of(figure)
    title = cascades.ending(played, market, words)
    return Chart("liquidation_shock", "shock", title, svg, table)


def _prices_axis(axes, words: Catalogue) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: maps.price(value, words)))


def _stacked(axes, table: Table, words: Catalogue) -> None:
    """Million USD of each stretch of time, channel on channel."""
    begin, end = np.array(table.column("minute_from")), np.array(table.column("minute_to"))
    base = np.zeros(len(begin))
    for (channel, colour), hatch in zip(_CHANNEL.items(), HATCHES, strict=False):
        usd = np.array(table.column(f"{channel}_usd_m"))
        if usd.any():
            axes.bar(begin, usd, width=0.92 * (end - begin), bottom=base, align="edge",
                     color=colour, alpha=0.8, hatch=hatch, edgecolor="white", linewidth=0.0,
                     label=words.say(f"liquidations.cascade.channel_{channel}"))  # fmt: skip
        base = base + usd
    if base.any():
        axes.legend(fontsize=8)


def minutes_table(played: Played) -> Table:
    """Millions of USD closed through each channel, by stretches of time."""
    result = played.result
    end = float(result.time_s[-1])
    edges = np.linspace(0.0, end, min(_BINS, len(result.time_s)) + 1)
    place = np.clip(np.searchsorted(edges, result.time_s, side="left") - 1, 0, len(edges) - 2)
    sums = [
        np.bincount(place, series.sum(axis=(1, 2)), len(edges) - 1) / 1e6
        for series in (result.book_usd, result.vault_usd, result.adl_usd)
    ]
    columns = (
        Column("minute_from", "years"), Column("minute_to", "years"),
        *(Column(f"{name}_usd_m", "number") for name in CHANNELS),
    )  # fmt: skip
    return Table("cascade_minutes", columns, list(_rows(edges / _MINUTE_S, sums)))


def _rows(edges: np.ndarray, sums: list[np.ndarray]) -> Iterable[tuple]:
    for k in range(len(edges) - 1):
        yield (float(edges[k]), float(edges[k + 1]), *(float(usd[k]) for usd in sums))
