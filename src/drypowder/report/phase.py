"""The phase diagram: when one more dollar of AI capex pumps risky assets and when it drains them.

The worlds are simulated by scenarios.phase_study; both axes are measured in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drypowder.report.charts import Chart, svg_of
from drypowder.report.html import document
from drypowder.report.levers_table import opened, stamp_line
from drypowder.report.numbers import dollars, fixed, percent
from drypowder.report.palette import ALARM, CENTRAL, drawing
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from drypowder.scenarios.phase_study import PhaseStudy

_COARSE = (0.0, 0.25, 0.5, 0.75, 1.0)  # columns of the table that is printed
_SIZE = (7.0, 4.6)  # inches
_LEVELS = (-8.0, -4.0, -2.0, -1.0, -0.5, -0.25, 0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_PALE = "#f7f7f7"  # where nothing changes
_PER_TRILLION = 1e-3
_TICKS = (1, 2, 3, 5, 10, 15, 20, 30)  # trillion USD


def study(scenario: str) -> PhaseStudy:
    """The study of a scenario."""
    from drypowder.scenarios.phase_study import phase_study

    return phase_study(scenario)


def cells(found: PhaseStudy) -> Table:
    """A row a world: what was moved, what was measured, what the extra capex did."""
    columns = (
        Column("multiple", "plain"),
        Column("cash_floor_share", "plain"),
        Column("dry_powder_usd_bn", "usd_bn"),
        Column("hoard_share", "share"),
        Column("treasuries_share", "share"),
        Column("equity_usd_per_usd", "plain"),
        Column("crypto_usd_per_usd", "plain"),
        Column("risky_usd_per_usd", "plain"),
    )
    grid = found.grid
    arrays = (grid.multiple, grid.floor, grid.dry_powder_usd_bn, grid.hoard_share,
              grid.treasuries_share, grid.equity_usd_per_usd, grid.crypto_usd_per_usd,
              grid.risky_usd_per_usd)  # fmt: skip
    return Table("phase", columns, list(zip(*(a.ravel().tolist() for a in arrays), strict=True)))


def coarse(found: PhaseStudy, words: Catalogue) -> Table:
    """A row a multiple of dry powder: the effect at round shares, and where it is zero."""
    keys = [words.say("compare.phase.column", share=round(100 * s)) for s in _COARSE]
    columns = (Column("multiple"), Column("dry_powder_usd_bn", "usd_bn"), *map(Column, keys),
               Column("zero_share", "share"))  # fmt: skip
    rows = []
    for k, zero in enumerate(found.zero_share.tolist()):
        share, effect = found.grid.hoard_share[k], found.grid.risky_usd_per_usd[k]
        at = np.interp(_COARSE, share, effect, left=effect[0], right=effect[-1])
        reached = [s <= share[-1] + 0.5 * (share[-1] - share[-2]) for s in _COARSE]
        said = [
            fixed(v if ok else np.nan, words, digits=2, signed=True)
            for v, ok in zip(at.tolist(), reached, strict=True)
        ]
        powder = float(found.grid.dry_powder_usd_bn[k, 0])
        rows.append((f"{found.grid.multiple[k, 0]:.3g}", powder, *said, zero))
    return Table("phase", columns, rows)


def as_json(found: PhaseStudy, words: Catalogue) -> dict[str, object]:
    """Grid, zero line and the scenario's own place, as numbers."""
    own = {name: float(array[0]) for name, array in vars(found.own).items()}
    rows = zip(found.grid.multiple[:, 0], found.grid.dry_powder_usd_bn[:, 0], found.zero_share,
               strict=True)  # fmt: skip
    keys = ("multiple", "dry_powder_usd_bn", "hoard_share")
    zero = [
        dict(zip(keys, [None if np.isnan(v) else float(v) for v in row], strict=True))
        for row in rows
    ]
    return {
        "note": words.say("report.not_a_forecast"),
        "stamp": found.stamp,
        "spent_on": found.first_day,
        "valued_on": found.last_day,
        "horizon_days": found.horizon_days,
        "size_usd_bn": found.size_usd_bn,
        "own": {**own, "risky_usd_per_usd": float(found.own.risky_usd_per_usd[0])},
        "zero_line": zero,
        "grid": cells(found).to_records(),
    }


def claim(found: PhaseStudy, words: Catalogue) -> str:
    """The title."""
    return words.say("compare.phase.claim", size=dollars(found.size_usd_bn, words),
                     scenario=found.scenario.name)  # fmt: skip


def head(found: PhaseStudy, words: Catalogue) -> str:
    """The line below it."""
    return words.say("compare.phase.head", first_day=found.first_day, last_day=found.last_day,
                     days=found.horizon_days)  # fmt: skip


def sections(found: PhaseStudy, words: Catalogue) -> list[Section]:
    """Where the scenario stands, where the zero line lies, and what was held fixed."""
    own = found.own
    here = words.say(
        "compare.phase.own",
        powder=dollars(float(own.dry_powder_usd_bn[0]), words),
        share=percent(float(own.hoard_share[0]), words, signed=False),
        size=dollars(found.size_usd_bn, words),
        effect=fixed(float(own.risky_usd_per_usd[0]), words, digits=2, signed=True),
    )
    return [
        Section("phase", words.say("compare.phase.title"), [here, *_zero_lines(found, words)],
                [coarse(found, words)]),
        Section("method", words.say("compare.phase.method_title"),
                [words.say("compare.phase.held"), *_stopped(found, words)]),
    ]  # fmt: skip


def _zero_lines(found: PhaseStudy, words: Catalogue) -> list[str]:
    """The zero line where dry powder is as it is, and where there is least of it."""
    said, multiples = [], found.grid.multiple[:, 0]
    for k in dict.fromkeys((int(np.argmin(np.abs(multiples - 1.0))), 0)):
        zero, powder = found.zero_share[k], float(found.grid.dry_powder_usd_bn[k, 0])
        key = "never" if np.isnan(zero) else "zero"
        share = percent(float(zero), words, signed=False)
        said.append(words.say(f"compare.phase.{key}", powder=dollars(powder, words), share=share))
    return said


def _stopped(found: PhaseStudy, words: Catalogue) -> list[str]:
    effect = found.grid.risky_usd_per_usd
    count = int(np.isnan(effect).sum())
    return [words.say("compare.phase.stopped", count=count, worlds=effect.size)] if count else []


def page(found: PhaseStudy, words: Catalogue) -> str:
    """The answer as one HTML document, its table open."""
    made = document(
        sections(found, words),
        [chart(found, words)],
        words,
        title=words.say("compare.phase.page", scenario=found.scenario.name),
        first=claim(found, words),
        second=head(found, words),
        stamp=stamp_line(found.stamp, words),
    )
    return opened(made)


def chart(found: PhaseStudy, words: Catalogue) -> Chart:
    """The effect as a map over measured dry powder and measured share, zero as a thick line."""
    grid, effect = found.grid, found.grid.risky_usd_per_usd
    share, powder = 100.0 * grid.hoard_share, _PER_TRILLION * grid.dry_powder_usd_bn
    with drawing():
        from matplotlib.colors import BoundaryNorm, LinearSegmentedColormap
        from matplotlib.figure import Figure

        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        colours = LinearSegmentedColormap.from_list("pump", (ALARM, _PALE, CENTRAL))
        known = np.ma.masked_invalid(effect)
        drawn = axes.contourf(share, powder, known, levels=_LEVELS, cmap=colours, alpha=0.75,
                              norm=BoundaryNorm(_LEVELS, colours.N), extend="both")  # fmt: skip
        lines = axes.contour(share, powder, known, levels=_LEVELS, colors="#555555",
                             linewidths=0.5, linestyles="solid")  # fmt: skip
        axes.clabel(lines, fmt=lambda v: f"{v:+g}" if v else "0", fontsize=7)
        axes.contour(share, powder, known, levels=(0.0,), colors="black", linewidths=2.4)
        _place(axes, found, words)
        bar = figure.colorbar(drawn, ax=axes, ticks=_LEVELS[1:-1:2], format="%+g")
        bar.set_label(words.say("compare.phase.bar"))
        svg = svg_of(figure)
    return Chart("phase", "phase", claim(found, words), svg, coarse(found, words))


def _place(axes, found: PhaseStudy, words: Catalogue) -> None:
    """Axes, the two words, and where the scenario stands."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(_TICKS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlabel=words.say("compare.phase.x"), ylabel=words.say("compare.phase.y"))
    axes.grid(visible=False)
    own = (100.0 * found.own.hoard_share[0], _PER_TRILLION * found.own.dry_powder_usd_bn[0])
    axes.plot(*own, marker="D", color="black", markersize=6, markeredgecolor="white")
    boxed = {"boxstyle": "round", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}
    axes.annotate(words.say("compare.phase.here"), own, xytext=(8, -12),
                  textcoords="offset points", fontsize=8, bbox=boxed)  # fmt: skip
    for key, x, side in (("drains", 0.03, "left"), ("pumps", 0.97, "right")):
        axes.text(x, 0.05, words.say(f"compare.phase.{key}"), transform=axes.transAxes, ha=side,
                  fontsize=11, fontweight="bold", bbox=boxed)  # fmt: skip
