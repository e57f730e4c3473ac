"""The AI dollar drawn: bands as wide as the money, from who paid to where it is now."""

from __future__ import annotations

from drypowder.report import flows
from drypowder.report.numbers import dollars
from drypowder.report.palette import SECTOR, SOURCE, drawing
from drypowder.report.tables import Table
from drypowder.report.words import Catalogue

_X = {"source": 0.0, "capex": 0.3, "received": 0.66, "now": 1.0}
_BAR = 0.014
_GAP = 0.05  # between nodes, of the whole height
_HUB, _QUIET = "#444444", "#bbbbbb"


def draw(table: Table, words: Catalogue):
    """A matplotlib figure of the links; None without links."""
    if not table.rows:
        return None
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.6, 4.4))
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set(xlim=(-0.62, 1.56), ylim=(-1.04, 0.2))
        axes.axis("off")
        by_stage = {s: [r for r in table.rows if r[0] == s] for s in _STAGES}
        capex = sum(row[3] for row in by_stage[flows.PAID])
        scale = 0.8 / max(capex, sum(r[3] for r in by_stage[flows.NOW] if r[2] != flows.RECEIVED))
        _draw_stages(axes, by_stage, scale, words)
        _headings(axes, words, bool(by_stage[flows.NOW]))
    return figure


_STAGES = (flows.PAID, flows.RECEIVED, flows.NOW)


def _draw_stages(axes, by_stage, scale: float, words: Catalogue) -> None:
    """Sources fan in to the capex bar; it fans out to receivers; their stack fans out to now."""
    paid, received = by_stage[flows.PAID], by_stage[flows.RECEIVED]
    created = [r for r in by_stage[flows.NOW] if r[1] == flows.CREATED]
    now = [r for r in by_stage[flows.NOW] if r[1] != flows.CREATED]
    hub_top = -0.5 * _GAP * max(len(paid) - 1, 0)
    _fan(axes, [(r[1], r[3]) for r in paid], "source", "capex", hub_top, scale, words, inward=True)
    height = scale * sum(row[3] for row in paid)
    node_at(axes, _X["capex"], hub_top, height, _HUB)
    text_at(axes, _X["capex"], hub_top + 0.015, words.say("report.chart.sankey.capex"), "center",
          "bottom")  # fmt: skip
    stack = hub_top
    for _, _, name, usd in received:
        colour = _colour(name, "received")
        _band(axes, ("capex", stack), ("received", stack), scale * usd, colour)
        node_at(axes, _X["received"], stack, scale * usd, colour)
        label = f"{_label(name, words)}\n{dollars(usd, words)}"
        text_at(axes, _X["received"] - 0.012, stack - 0.5 * scale * usd, label, "right", "center")
        stack -= scale * usd
    for _, name, _, usd in created:
        node_at(axes, _X["received"], stack, scale * usd, _QUIET)
        label = f"{_label(name, words)}\n{dollars(usd, words)}"
        text_at(axes, _X["received"] - 0.012, stack - 0.5 * scale * usd, label, "right", "center")
    _fan(axes, [(r[2], r[3]) for r in now], "received", "now", hub_top, scale, words, inward=False)


def _fan(axes, items, left: str, right: str, top: float, scale, words, *, inward: bool) -> None:
    """Bands between a contiguous bar and nodes with gaps; labels outside the nodes."""
    node = top + 0.5 * _GAP * (len(items) - 1)
    bar = top
    for name, usd in items:
        height, colour = scale * usd, _colour(name, left)
        ends = ((left, node), (right, bar)) if inward else ((left, bar), (right, node))
        _band(axes, *ends, height, colour)
        x = _X[left] if inward else _X[right]
        node_at(axes, x, node, height, colour)
        offset, side = (-0.02, "right") if inward else (0.03, "left")
        label = f"{_label(name, words)}\n{dollars(usd, words)}"
        text_at(axes, x + offset, node - 0.5 * height, label, side, "center")
        node -= height + _GAP
        bar -= height


def _band(axes, start, end, height: float, colour: str) -> None:
    ribbon(axes, (_X[start[0]] + _BAR, start[1]), (_X[end[0]], end[1]), height, colour)


def ribbon(axes, start, end, height: float, colour: str) -> None:
    """A band of one height from the top-left corner `start` to the top-right corner `end`."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x0, y0), (x1, y1) = start, end
    middle = 0.5 * (x0 + x1)
    points = [
        (x0, y0), (middle, y0), (middle, y1), (x1, y1),
        (x1, y1 - height), (middle, y1 - height), (middle, y0 - height), (x0, y0 - height),
        (x0, y0),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    patch = PathPatch(Path(points, codes), facecolor=colour, alpha=0.5, edgecolor="white",
                      hatch="///", linewidth=0.3)  # fmt: skip
    axes.add_patch(patch)


def node_at(axes, x: float, top: float, height: float, colour: str) -> None:
    """A node: where bands begin or end."""
    from matplotlib.patches import Rectangle

    axes.add_patch(Rectangle((x, top - height), _BAR, height, facecolor=colour, linewidth=0))


def text_at(axes, x: float, y: float, text: str, across: str, up: str) -> None:
    """Small print that stays readable on a band."""
    style = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.6}
    axes.text(x, y, text, ha=across, va=up, fontsize=8.2, linespacing=1.1, bbox=style)


def _headings(axes, words: Catalogue, with_now: bool) -> None:
    places = {"paid": "source", "received": "received", "now": "now"}
    for key, place in places.items():
        if key != "now" or with_now:
            side = {"paid": "right", "received": "center", "now": "left"}[key]
            axes.text(_X[place], 0.13, words.say(f"report.chart.sankey.{key}"), ha=side,
                      va="center", fontsize=9, fontweight="bold")  # fmt: skip


def _label(name: str, words: Catalogue) -> str:
    if name in (flows.REFILLED, flows.SETTLED, flows.CREATED):
        return words.say(f"report.chart.sankey.{name}").replace(": ", ":\n")
    group = "short_source" if name in SOURCE and name != "other" else "short_sector"
    return words.label(group, name)


def _colour(name: str, side: str) -> str:
    chosen = SOURCE if side == "source" else SECTOR
    return chosen.get(name, _QUIET)
