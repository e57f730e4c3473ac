"""The gauge as a page: bars that add up, the line of its window, tables under both.

Everything on it is drawn from public series; bars are solid because they were observed.
"""

from __future__ import annotations

import numpy as np

from drypowder.measure.gauge.reading import MISSING, Gauge
from drypowder.report import gauge as told
from drypowder.report.charts import Chart, svg_of
from drypowder.report.gauge_beside import history_table
from drypowder.report.html import document
from drypowder.report.numbers import fixed
from drypowder.report.palette import ALARM, CENTRAL, TWIN, drawing
from drypowder.report.section import Section
from drypowder.report.words import Catalogue

_WIDTH, _ROW, _FRAME = 7.2, 0.27, 0.9  # inches
_MIDDLE, _TOP = 50.0, 100.0
_WIDE = 62.5  # points that the picture always shows
_ROOM = 4.0  # points left free beside a bar for its number
_DOWN, _UP = ALARM, CENTRAL
_STEP = "#777777"
_HALVES = ("#009e73", "#d55e00")


def page(found: Gauge, words: Catalogue) -> str:
    """The gauge of a day as one HTML document."""
    charts = [bars_chart(found, words), history_chart(found, words)]
    first = told.sections(found, words)
    parts = [
        Section("parts", words.say("gauge.section.parts"),
                [told.moved(found, words), *told.loud(found, words)]),
        Section("history", _since(found, words), [_groups(found, words)]),
        *first,
    ]  # fmt: skip
    level = told.level_said(found.level, words)
    band = words.say(f"gauge.band.{told.band(found.level)}")
    return document(
        parts, charts, words,
        title=words.say("gauge.page_title", level=level, day=found.stamp.as_of),
        first=words.say("gauge.first", level=level, band=band),
        second=words.say(
            "gauge.second", day=found.stamp.as_of, months=len(found.history.days),
            first=str(found.history.days[0])[:7], low=told.level_said(found.low, words),
            high=told.level_said(found.high, words),
        ),
        stamp=found.stamp.line(words),
        observed=True,
    )  # fmt: skip


def bars_chart(found: Gauge, words: Catalogue) -> Chart:
    """From 50 to the level, one bar a part, each beginning where the last one ended."""
    rows = told.steps(found, words)
    ends = np.cumsum([row.points for row in rows[:-1]])
    title = words.say("gauge.chart.bars", level=fixed(found.level, words, digits=1))
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH, _FRAME + _ROW * len(rows)), layout="constrained")
        axes = figure.subplots()
        for place, row in enumerate(rows):
            whole = place in (0, len(rows) - 1)
            begin = 0.0 if whole else float(ends[place - 1])
            _bar(axes, place, begin, row, whole, words)
        axes.axvline(_MIDDLE, color=TWIN, linewidth=0.8, linestyle="--")
        axes.set_yticks(range(len(rows)), [row.label for row in rows])
        axes.invert_yaxis()
        axes.grid(axis="y", visible=False)
        left, right = float(ends.min()) - _ROOM, float(ends.max()) + _ROOM
        axes.set_xlim(min(0.0, left), max(_WIDE, right))
        axes.set_xlabel(words.say("gauge.chart.bars_x"))
        svg = svg_of(figure)
    return Chart("gauge_bars", "parts", title, svg, told.shown(found, words))


def _bar(axes, place: int, begin: float, row: told.Step, whole: bool, words: Catalogue) -> None:
    """One bar with its number; a missing part is an empty frame of its whole weight."""
    colour = _STEP if whole else _DOWN if row.points < 0.0 else _UP
    axes.barh(place, row.points, left=begin, height=0.72, color=colour, linewidth=0.0)
    if row.state == MISSING:
        reach = _MIDDLE * row.share
        axes.barh(place, 2.0 * reach, left=begin - reach, height=0.72, fill=False,
                  edgecolor=TWIN, linestyle=":", linewidth=1.0)  # fmt: skip
    reach = _MIDDLE * row.share if row.state == MISSING else 0.0
    edge = max(begin, begin + row.points) + reach
    said = row.note or fixed(row.points, words, digits=told.DIGITS, signed=not whole)
    axes.annotate(said, (edge, place), xytext=(4, 0), textcoords="offset points", va="center",
                  fontsize=8)  # fmt: skip


def history_chart(found: Gauge, words: Catalogue) -> Chart:
    """The gauge and its two groups on the month-ends of the window."""
    past = found.history
    days = past.days.astype("datetime64[D]").astype(object)
    low = int(np.argmin(past.level))
    title = words.say("gauge.chart.history", day=found.stamp.as_of, trough=past.days[low],
                      low=fixed(float(past.level[low]), words, digits=0))  # fmt: skip
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.axhline(_MIDDLE, color=TWIN, linewidth=0.8, linestyle="--",
                     label=words.say("gauge.chart.usual"))  # fmt: skip
        for k, (name, style) in enumerate((("liquidity", ":"), ("room", "-."))):
            axes.plot(days, past.groups[:, k], color=_HALVES[k], linestyle=style,
                      linewidth=1.2, label=words.say(f"gauge.group.{name}"))  # fmt: skip
        axes.plot(days, past.level, color=CENTRAL, linewidth=2.2,
                  label=words.say("gauge.chart.level"))  # fmt: skip
        axes.errorbar([days[-1]], [found.level],
                      yerr=np.maximum([[found.level - found.low], [found.high - found.level]], 0.0),
                      color=CENTRAL, capsize=3, linewidth=1.2)  # fmt: skip
        axes.set_ylim(0.0, _TOP)
        axes.set_ylabel(words.say("gauge.chart.history_y"))
        axes.legend(fontsize=8, ncols=4, loc="upper center", bbox_to_anchor=(0.5, 1.14))
        svg = svg_of(figure)
    return Chart("gauge_history", "history", title, svg, history_table(found))


def _since(found: Gauge, words: Catalogue) -> str:
    return words.say("gauge.section.history", first=str(found.history.days[0])[:7])


def _groups(found: Gauge, words: Catalogue) -> str:
    liquidity, room = (float(each) for each in found.sum.groups)
    scarcer = "liquidity" if liquidity < room else "room"
    return words.say(
        "gauge.groups", liquidity=fixed(liquidity, words, digits=0),
        room=fixed(room, words, digits=0), scarcer=words.say(f"gauge.group.{scarcer}"),
    )  # fmt: skip
