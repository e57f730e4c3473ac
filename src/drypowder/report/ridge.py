"""The ridge drawn: what the targets leave of the two parameters that trade off most."""

from __future__ import annotations

import numpy as np

from drypowder.report.calibration import directions
from drypowder.report.charts import Chart, framed, svg_of
from drypowder.report.fitting import Fitted
from drypowder.report.numbers import plain
from drypowder.report.palette import ALARM, CENTRAL, TWIN, drawing
from drypowder.report.words import Catalogue

_WIDTH, _HEIGHT = 7.0, 4.6  # inches
_POINTS = 300  # of each cloud
_SIGMAS = 2.0  # of the ridge that is drawn, to both sides


def chart(fitted: Fitted, words: Catalogue) -> Chart | None:
    """Draws before and after with the ridge; None where one parameter was fitted."""
    pair = fitted.identification.pair()
    if pair is None:
        return None
    names = [fitted.identification.names[k] for k in pair]
    correlation = float(fitted.identification.correlation[pair])
    title = words.say("calibrate.chart.title", first=names[0], second=names[1],
                      correlation=plain(correlation, words, figures=2))  # fmt: skip
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
        axes = figure.subplots()
        _clouds(axes, fitted, pair, words)
        _line(axes, fitted, pair, words)
        axes.plot(*fitted.values[list(pair)], marker="D", color="black", linestyle="none",
                  markersize=6, label=words.say("calibrate.chart.fit"))  # fmt: skip
        _frame(axes, fitted, pair)
        figure.legend(loc="outside lower center", ncols=2, fontsize=8)
        svg = svg_of(figure)
    return Chart("ridge", "open", title, svg, directions(fitted))


def picture(fitted: Fitted, words: Catalogue) -> str | None:
    """The chart as a file of its own, with what it is not below it."""
    made = chart(fitted, words)
    return framed(made, words.say("report.not_a_forecast")) if made else None


def _clouds(axes, fitted: Fitted, pair: tuple[int, int], words: Catalogue) -> None:
    """Draws from the prior in grey; as many from what is left, drawn by their weights."""
    rng = np.random.default_rng(fitted.asked.seed)
    score = rng.standard_normal((_POINTS, len(fitted.prior.parameters)))
    before = fitted.prior.values(score)
    drawn = fitted.sample
    kept = rng.choice(len(drawn.weight), size=_POINTS, p=drawn.weight)
    for values, colour, mark, key in ((before, TWIN, ".", "prior"),
                                      (drawn.values[kept], CENTRAL, "o", "posterior")):  # fmt: skip
        axes.plot(values[:, pair[0]], values[:, pair[1]], mark, color=colour, markersize=3.0,
                  alpha=0.4, linestyle="none",
                  label=words.say(f"calibrate.chart.{key}"))  # fmt: skip


def _line(axes, fitted: Fitted, pair: tuple[int, int], words: Catalogue) -> None:
    """The longest axis of what is left of the pair, two deviations to both sides."""
    drawn, columns = fitted.sample, list(pair)
    middle = drawn.weight @ drawn.score
    away = (drawn.score - middle)[:, columns]
    left, vectors = np.linalg.eigh((drawn.weight[:, None] * away).T @ away)
    reach = np.linspace(-_SIGMAS, _SIGMAS, 41)[:, None] * np.sqrt(left[-1])
    score = np.repeat(middle[None], len(reach), axis=0)
    score[:, columns] += reach * vectors[:, -1]
    values = fitted.prior.values(score)
    axes.plot(values[:, pair[0]], values[:, pair[1]], color=ALARM, linewidth=1.6,
              label=words.say("calibrate.chart.ridge"))  # fmt: skip


def _frame(axes, fitted: Fitted, pair: tuple[int, int]) -> None:
    """Axes as wide as the priors, in their scales."""
    for k, axis in zip(pair, "xy", strict=True):
        parameter = fitted.prior.parameters[k]
        log = parameter.scale == "log"
        getattr(axes, f"set_{axis}scale")("log" if log else "linear")
        getattr(axes, f"set_{axis}lim")(parameter.low, parameter.high)
        getattr(axes, f"set_{axis}label")(f"{parameter.name}, {parameter.unit}")
