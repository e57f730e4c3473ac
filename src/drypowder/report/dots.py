"""Names beside the dots of a chart: each as near as it can be without covering another."""

from __future__ import annotations

from itertools import product

from drypowder.report.palette import TWIN

_POINTS = 8.0  # size of a name
_GAPS = (6.0, 12.0, 20.0, 30.0, 42.0, 56.0)  # from dot to name, in points, the nearest first
_SIDES = ((1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1), (0, -1))
_LINE_FROM = 12.0  # a name this far off is joined to its dot by a line
_DOT = 5.0  # half the height of a dot with some air, in points
_AIR = 1.5  # around a name, in points
_AIR_SHARE = 0.06  # of the axes, around the dots

_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85}

_Box = tuple[float, float, float, float]  # left, bottom, right, top, in pixels


def name_dots(axes, points: list[tuple[float, float, str]]) -> None:
    """Write each name beside its dot, from the most crowded dot to the loneliest.

    A name takes the first place, going outwards from its dot, that is inside the axes and covers
    neither a dot nor a name; where there is none it takes the last. Same points, same places.
    """
    figure = axes.figure
    axes.margins(_AIR_SHARE)
    figure.draw_without_rendering()  # the layout is settled: pixels mean something from here on
    pixel = figure.dpi / 72.0
    centres = axes.transData.transform([(x, y) for x, y, _ in points]).tolist()
    taken: list[_Box] = [_around(x, y, _DOT * pixel, _DOT * pixel) for x, y in centres]
    frame = axes.get_window_extent()
    inside = (frame.x0, frame.y0, frame.x1, frame.y1)
    for k in sorted(range(len(points)), key=lambda k: _room(centres, k)):
        x, y, name = points[k]
        text = axes.annotate(name, (x, y), xytext=(0.0, 0.0), textcoords="offset points",
                             fontsize=_POINTS, ha="center", va="center", bbox=_PAPER)  # fmt: skip
        text.set_in_layout(False)
        size = text.get_window_extent()
        half = (size.width / 2 + _AIR * pixel, size.height / 2 + _AIR * pixel)
        box, gap = _place(centres[k], half, pixel, taken, inside)
        taken.append(box)
        shift = [((box[j] + box[j + 2]) / 2 - centres[k][j]) / pixel for j in (0, 1)]
        text.set_position(tuple(shift))
        if gap >= _LINE_FROM:
            _join(axes, centres[k], box)


def _place(
    centre: list[float],
    half: tuple[float, float],
    pixel: float,
    taken: list[_Box],
    inside: _Box,
) -> tuple[_Box, float]:
    """The first free box, and how far it is from the dot in points."""
    (x, y), box, gap = centre, inside, 0.0
    for gap, (right, up) in product(_GAPS, _SIDES):
        away_x = right * (gap * pixel + half[0])
        away_y = up * (gap * pixel + (half[1] if right == 0 else 0.0))
        box = _around(x + away_x, y + away_y, *half)
        within = inside[0] <= box[0] and box[2] <= inside[2]
        within = within and inside[1] <= box[1] and box[3] <= inside[3]
        if within and not any(_overlap(box, other) for other in taken):
            break
    return box, gap


def _join(axes, centre: list[float], box: _Box) -> None:
    """A thin line from a dot to the nearest point of its name."""
    near = [min(max(centre[j], box[j]), box[j + 2]) for j in (0, 1)]
    (x0, y0), (x1, y1) = axes.transData.inverted().transform([centre, near]).tolist()
    axes.plot([x0, x1], [y0, y1], color=TWIN, linewidth=0.6, zorder=0.9,
              scalex=False, scaley=False)  # fmt: skip


def _room(centres: list[list[float]], k: int) -> tuple[float, int]:
    """Distance to the nearest other dot, the more crowded first."""
    x, y = centres[k]
    others = [(x - a) ** 2 + (y - b) ** 2 for j, (a, b) in enumerate(centres) if j != k]
    return min(others, default=0.0), k


def _around(x: float, y: float, half_width: float, half_height: float) -> _Box:
    return x - half_width, y - half_height, x + half_width, y + half_height


def _overlap(one: _Box, two: _Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]
