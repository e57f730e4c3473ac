"""The hindcast in words, tables, JSON and a picture: what failed is said first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from drypowder.measure.hindcast import (
    AFTER,
    BEFORE,
    CANNOT_SAY,
    FAILS,
    HOLDS,
    Change,
    Hindcast,
    Judged,
    Score,
)
from drypowder.measure.hindcast.settings import setting
from drypowder.measure.hindcast.skill import BENCHMARKS, EVEN, MARKET_BETA, TOO_FEW, WORSE
from drypowder.report.numbers import fixed
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

_PLACES = {"bp": 1, "%": 1, "USD bn": 0}
_PUBLIC = ("treasury_yield", "reverse_repo")  # drawn beside what was observed
_GAP = 1e-15  # below it a gap is said as nought


def print_hindcast(found: Hindcast, words: Catalogue, console: Console) -> None:
    """Failures first, then what held, the tables, the drivers and what this is not."""
    from drypowder.report.terminal import print_sections, say

    first, last = found.days[0], found.days[-1]
    say(console, words.say("hindcast.head", first=first, last=last), style="bold")
    say(console, words.say("hindcast.badges"))
    for line in warnings(found, words):
        say(console, line, style="bold")
    print_sections(sections(found, words), words, console)
    console.print()
    say(console, words.say("report.not_a_forecast"), style="bold")
    stamp = found.stamp.line(words)
    say(console, words.say("hindcast.stamp", scenario=found.scenario_hash, stamp=stamp),
        style="dim")  # fmt: skip


def sections(found: Hindcast, words: Catalogue) -> list[Section]:
    """What failed, what held, changes, skill, drivers."""
    cut = setting("cut")
    draws = found.draws + found.stopped
    gap = f"{max(found.worst_gap, _GAP):.0e}"
    return [
        Section("failed", words.say("hindcast.failed"), failures(found, words)),
        Section("held", words.say("hindcast.held"), successes(found, words)),
        Section("changes", words.say("hindcast.changes"),
                [words.say("hindcast.changes_note", draws=draws)], [change_table(found, words)]),
        Section("skill", words.say("hindcast.skill"), [words.say("hindcast.skill_note", cut=cut)],
                [skill_table(found, words)]),
        Section("drivers", words.say("hindcast.drivers"),
                [words.say("hindcast.drivers_note", gap=gap),
                 words.say("hindcast.fitted", cut=cut), words.say("hindcast.unmodelled")],
                [driver_table(found, words)]),
    ]  # fmt: skip


def failures(found: Hindcast, words: Catalogue) -> list[str]:
    """Where it was worse than a simpler answer, outside its band, or of the wrong sign."""
    cut, judged = setting("cut"), found.judged
    failed = [j for j in judged if j.verdict(BEFORE) == FAILS]
    lines = []
    worst = _worst(judged)
    if worst is not None:
        unit = worst[0].outcome.unit
        lines.append(words.say(
            "hindcast.sizes", worst=_name(worst[0], words), cut=cut,
            observed=_amount(worst[1].observed, unit, words, signed=True),
            simulated=_amount(worst[1].simulated, unit, words, signed=True),
        ))  # fmt: skip
    key = "failed_total" if failed else "failed_none"
    lines.append(words.say(f"hindcast.{key}", count=len(failed), all=len(judged), cut=cut,
                           names=_names(failed, words)))  # fmt: skip
    told = [j for j in failed if not _worse_than_untold(j)]
    if told:
        lines.append(words.say("hindcast.failed_told", names=_names(told, words)))
    for period, key in ((BEFORE, "missed"), (AFTER, "missed_after")):
        rows = [(j, c) for j in judged for c in j.changes if c.period == period]
        if rows:
            wrong = [j for j, c in rows if not c.same_sign]
            lines.append(words.say(
                f"hindcast.{key}", count=sum(not c.inside for _, c in rows), all=len(rows),
                wrong=len(wrong), names=_names(wrong, words), cut=cut,
            ))  # fmt: skip
    if (months := _months_after(found)) is not None:
        lines.append(words.say("hindcast.after_few", cut=cut, months=months))
    tests = sum(s.verdict != TOO_FEW for j in judged for p in j.scores.values() for s in p)
    return [*lines, words.say("hindcast.chance", tests=tests)]


def successes(found: Hindcast, words: Catalogue) -> list[str]:
    """Where it was better than every simpler answer, and where nothing can be said."""
    cut = setting("cut")
    held = [j for j in found.judged if j.verdict(BEFORE) == HOLDS]
    even = [j for j in found.judged if j.verdict(BEFORE) == CANNOT_SAY]
    key = "held_names" if held else "held_none"
    lines = [words.say(f"hindcast.{key}", cut=cut, names=_names(held, words))]
    return lines + ([words.say("hindcast.open_names", names=_names(even, words))] if even else [])


def warnings(found: Hindcast, words: Catalogue) -> list[str]:
    """What is missing, stands in for something else, or is only a month-end figure."""
    lines = []
    if found.missing:
        series = sorted({name for names in found.missing.values() for name in names})
        names = [words.say(f"hindcast.outcome.{key}") for key in found.missing]
        lines.append(words.say("hindcast.missing", names=words.joined(names),
                               series=" ".join(series)))  # fmt: skip
    idle = [d for d in found.drivers if d.status == "missing"]
    if idle:
        lines.append(words.say("hindcast.missing_driver", names=_drivers(idle, words)))
    if any(d.status == "substitute" for d in found.drivers):
        lines.append(words.say("hindcast.substitute"))
    shipped = [d for d in found.drivers if d.starter]
    if shipped:
        lines.append(words.say("hindcast.starter", names=_drivers(shipped, words)))
    if found.stopped:
        draws = found.draws + found.stopped
        lines.append(words.say("hindcast.stopped", count=found.stopped, draws=draws))
    return lines


def change_table(found: Hindcast, words: Catalogue) -> Table:
    """Simulated change, band and observed change over both periods."""
    heads = ("outcome", "period", "unit", "simulated", "band", "observed", "verdict")
    rows = [
        (_name(j, words), words.say(f"hindcast.period.{c.period}"), unit,
         _amount(c.simulated, unit, words, signed=True, bare=True),
         words.say("hindcast.span", low=_amount(c.low, unit, words, signed=True, bare=True),
                   high=_amount(c.high, unit, words, signed=True, bare=True)),
         _amount(c.observed, unit, words, signed=True, bare=True), _found(c, words))
        for j in found.judged for c in j.changes for unit in [j.outcome.unit]
    ]  # fmt: skip
    return Table("hindcast_changes", _columns(heads), rows)


def skill_table(found: Hindcast, words: Catalogue) -> Table:
    """Ratio of errors with its interval, an outcome and a benchmark a row, a horizon a column."""
    horizons = setting("horizons")
    columns = (Column("hindcast_outcome"), Column("hindcast_benchmark"),
               *(Column(f"hindcast_{h}m", "mixed") for h in horizons))  # fmt: skip
    rows = []
    for j in found.judged:
        for name in BENCHMARKS:
            by = {s.horizon: s for s in j.scores.get(BEFORE, ()) if s.benchmark == name}
            if by:
                cells = [_ratio(by.get(h), words) for h in horizons]
                rows.append((_name(j, words), words.say(f"hindcast.benchmark.{name}"), *cells))
    return Table("hindcast_skill", columns, rows)


def driver_table(found: Hindcast, words: Catalogue) -> Table:
    """Which figures drove each part of the outside world, and how much it did."""
    heads = ("driver", "status", "series", "last", "known", "total")
    rows = []
    for d in found.drivers:
        unit, scale = ("bp", 1e4) if d.key == "policy_rate" else ("USD bn", 1.0)
        idle = d.status == "missing"
        total = "" if idle else _amount(scale * d.total, unit, words, signed=True)
        series = ", ".join(d.series[:2]) + (" …" if len(d.series) > 2 else "")
        rows.append((words.say(f"hindcast.driver.{d.key}"),
                     words.say(f"hindcast.status.{d.status}"), series, str(d.last or ""),
                     str(d.known_on or ""), total))  # fmt: skip
    return Table("hindcast_drivers", _columns(heads), rows)


def table(found: Hindcast) -> Table:
    """One row a score, all digits kept: what CSV holds."""
    names = ("outcome", "period", "benchmark", "horizon_months", "origins", "model_rmse",
             "benchmark_rmse", "unit", "ratio", "low", "high", "p_value", "hits", "rises",
             "verdict")  # fmt: skip
    rows = [
        (j.outcome.key, period, s.benchmark, s.horizon, s.origins, s.model_rmse, s.benchmark_rmse,
         j.outcome.unit, s.ratio, s.low, s.high, s.p_value, s.hits, s.rises, s.verdict)
        for j in found.judged for period, all_scores in j.scores.items() for s in all_scores
    ]  # fmt: skip
    return Table("hindcast", tuple(Column(name, "plain") for name in names), rows)


def as_json(found: Hindcast, words: Catalogue) -> dict[str, Any]:
    """Everything; what was observed of a licensed series only as statistics."""
    changes = [
        {"outcome": j.outcome.key, "unit": j.outcome.unit, "licensed": j.licensed, **vars(c),
         "inside": c.inside, "same_sign": c.same_sign}
        for j in found.judged for c in j.changes
    ]  # fmt: skip
    opened = len(found.days)
    return {
        "what": words.say("report.not_a_forecast"),
        "failures": failures(found, words),
        "held": successes(found, words),
        "warnings": warnings(found, words),
        "verdicts": {j.outcome.key: {p: j.verdict(p) for p in j.scores} for j in found.judged},
        "changes": changes,
        "scores": table(found).to_records(),
        "drivers": [vars(d) for d in found.drivers],
        "missing": found.missing,
        "days": [str(day) for day in found.days],
        "simulated": {k: v[0].tolist() for k, v in found.paths.items()},
        "observed": {
            h.key: (h.levels[-opened:] - h.levels[-opened]).tolist()
            for h in found.happened.values() if not h.licensed
        },
        "accounts_worst_gap": found.worst_gap,
        "scenario_hash": found.scenario_hash,
        "stamp": found.stamp.to_dict(),
    }  # fmt: skip


def picture(found: Hindcast, words: Catalogue) -> str:
    """Public series of the Federal Reserve, solid, against the simulation, dashed and hatched."""
    from matplotlib.figure import Figure

    from drypowder.report.charts import svg_of
    from drypowder.report.palette import CENTRAL, TWIN, drawing

    keys = [key for key in _PUBLIC if key in found.happened]
    with drawing():
        figure = Figure(figsize=(8.0, 2.9 * max(len(keys), 1)), layout="constrained")
        figure.suptitle(words.say("hindcast.picture.title"), fontsize=11, fontweight="bold")
        for axes, key in zip(figure.subplots(len(keys), squeeze=False).ravel(), keys, strict=True):
            _panel(axes, found, key, words, CENTRAL, TWIN)
        figure.supxlabel(words.say("report.not_a_forecast"), fontsize=8, x=0.0, ha="left")
        return svg_of(figure)


def _panel(axes, found: Hindcast, key: str, words: Catalogue, solid: str, dashed: str) -> None:
    days, paths = found.days, found.paths[key]
    seen = found.happened[key].levels[-len(days):]  # fmt: skip
    low, high = np.quantile(paths, setting("band"), axis=0)

    def label(name: str) -> str:
        return words.say(f"hindcast.picture.{name}")

    axes.fill_between(days, low, high, facecolor="none", edgecolor=dashed, hatch="///",
                      linewidth=0.0, alpha=0.5, label=label("band"))  # fmt: skip
    axes.plot(days, seen - seen[0], color=solid, linestyle="-", label=label("observed"))
    axes.plot(days, paths[0], color=dashed, linestyle="--", label=label("simulated"))
    axes.axvline(np.datetime64(setting("cut")), color="#777777", linewidth=0.8, linestyle=":")
    axes.set_ylabel(label("yield" if key == "treasury_yield" else key))
    axes.legend(fontsize=7)


def _columns(heads: tuple[str, ...]) -> tuple[Column, ...]:
    numbers = ("simulated", "band", "observed", "total")
    return tuple(Column(f"hindcast_{h}", "mixed" if h in numbers else "text") for h in heads)


def _worst(judged: tuple[Judged, ...]) -> tuple[Judged, Change] | None:
    """The price that moved furthest beyond what was simulated, or else the yield."""
    rows = [(j, c) for j in judged for c in j.changes if c.period == BEFORE]
    prices = [row for row in rows if row[0].outcome.kind == "price"]
    rates = [row for row in rows if row[0].outcome.group == "rates"]
    return max(prices or rates, key=lambda row: abs(row[1].observed - row[1].simulated),
               default=None)  # fmt: skip


def _worse_than_untold(judged: Judged) -> bool:
    """Whether it was worse than an answer that knew nothing of the months ahead."""
    return any(
        score.verdict == WORSE and score.benchmark != MARKET_BETA
        for score in judged.scores.get(BEFORE, ())
    )


def _months_after(found: Hindcast) -> int | None:
    """Whole months after the cut, if nothing could be judged in them."""
    late = [s for j in found.judged for s in j.scores.get(AFTER, ())]
    if not late or any(score.verdict != TOO_FEW for score in late):
        return None
    return max(score.origins for score in late)


def _names(judged: list[Judged], words: Catalogue) -> str:
    return words.joined([_name(j, words) for j in judged]) or words.say("labels.numbers.none")


def _drivers(drivers: list, words: Catalogue) -> str:
    return words.joined([words.say(f"hindcast.driver.{d.key}") for d in drivers])


def _name(judged: Judged, words: Catalogue) -> str:
    return words.say(f"hindcast.outcome.{judged.outcome.key}")


def _found(change: Change, words: Catalogue) -> str:
    inside = words.say(f"hindcast.verdict.{'inside' if change.inside else 'outside'}")
    return inside if change.same_sign else f"{inside}, {words.say('hindcast.verdict.wrong')}"


def _ratio(score: Score | None, words: Catalogue) -> str:
    """`1.08 [1.01, 1.15] WORSE`; in brackets where months are too few to judge."""
    if score is None or not math.isfinite(score.ratio):
        return words.say("labels.numbers.none")
    ratio, low, high = (fixed(x, words, digits=2) for x in (score.ratio, score.low, score.high))
    if score.verdict == TOO_FEW:
        return f"({ratio})"
    verdict = "" if score.verdict == EVEN else words.say(f"hindcast.verdict.{score.verdict}")
    return f"{ratio} [{low}, {high}] {verdict}".strip()


def _amount(
    value: float, unit: str, words: Catalogue, *, signed: bool = False, bare: bool = False
) -> str:
    shown = fixed(value, words, digits=_PLACES[unit], signed=signed)
    return shown if bare else f"{shown} {unit}"
