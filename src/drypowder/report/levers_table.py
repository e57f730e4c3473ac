"""Every lever side by side: what it changes, and how far it would have to go to undo AI capex.

The worlds are simulated by scenarios.policy_study; here they get names, units, a page and a chart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from drypowder.errors import DrypowderError
from drypowder.report.charts import Chart, svg_of
from drypowder.report.html import document
from drypowder.report.numbers import basis_points, cell, fixed, percent, plain
from drypowder.report.palette import ALARM, CENTRAL, TWIN, drawing
from drypowder.report.studies import slug
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue, coded
from drypowder.scenarios.levers import levers

if TYPE_CHECKING:
    from drypowder.scenarios.policy_study import PolicyStudy, Trial, Undo

AI_CAPEX = "ai_capex"
# outcome of the study -> key and kind of its column
_COLUMNS = {
    "dry_powder_usd_bn": ("powder_change_usd_bn", "change_usd_bn"),
    "treasury_yield_bp": ("treasury_yield_bp", "change_bp"),
    "ig_spread_bp": ("ig_spread_bp", "change_bp"),
    "hy_spread_bp": ("hy_spread_bp", "change_bp"),
    "listed_equity_change": ("listed_equity_change", "change_pct"),
    "bitcoin_change": ("bitcoin_change", "change_pct"),
    "memory_change": ("memory_change", "change_pct"),
    "forced_usd_bn": ("forced_change_usd_bn", "change_usd_bn"),
    "lambda_bp": ("lambda_change_bp", "change_bp"),
}
_TO = {"listed_equity_change": "to_equity", "treasury_yield_bp": "to_treasury",
       "bitcoin_change": "to_bitcoin"}  # fmt: skip
_DRAWN = ("treasury_yield_bp", "ig_spread_bp", "listed_equity_change", "bitcoin_change")
_HUNDREDFOLD = ("share", "decimal per year")  # units that are said as percentages
_TELLING = 0.005  # share of an effect: what undoes less does nothing
_SIZE = (8.4, 6.4)  # inches
_ROOM = 0.3  # beside the bars for their numbers, of the axis


def study(scenario: str, **options) -> PolicyStudy:
    """The study of a scenario. Raises DrypowderError DP-079 where it has no last day."""
    from drypowder.scenarios.policy_study import policy_study

    found = policy_study(scenario, **options)
    if found.failure is not None:
        fault = {"market": found.failure.market, "sector": found.failure.sector}
        raise coded(DrypowderError, "DP-079", **fault, date=found.date)
    return found


def effects(found: PolicyStudy, words: Catalogue) -> Table:
    """A row a setting, AI capex itself first: changes on the last day."""
    columns = (Column("lever"), *(Column(key, kind) for key, kind in _COLUMNS.values()))
    itself = (words.label("tried", AI_CAPEX), *found.ai_effect.tolist())
    rows = [(_row_said(row.trial, words), *row.change.tolist()) for row in found.rows]
    return Table("lever_effects", columns, [itself, *rows])


def _row_said(trial: Trial, words: Catalogue) -> str:
    """`QE in Treasuries, 60 bn a month`."""
    setting = setting_said(trial.lever, trial.setting, words)
    return words.say("compare.levers.row", lever=words.label("tried", trial.lever), setting=setting)


def sizes(found: PolicyStudy, words: Catalogue) -> Table:
    """A row a lever that has sizes: where it would bring each outcome back, in words."""
    columns = (Column("lever", names="tried"), *(Column(key) for key in _TO.values()))
    rows = []
    for name, undone in _by_lever(found).items():
        rows.append((name, *(_size_said(undone[outcome], words) for outcome in _TO)))
    return Table("lever_sizes", columns, rows)


def numbers(found: PolicyStudy) -> Table:
    """For machines: effects by lever and setting; beside them the settings that undo AI capex."""
    from drypowder.scenarios.policy_study import FOUND

    sized, known = _by_lever(found), levers()
    columns = (Column("lever"), Column("setting", "mixed"), Column("unit"),
               *(Column(key, kind) for key, kind in _COLUMNS.values()),
               *(Column(f"{key}_setting", "plain") for key in _TO.values()))  # fmt: skip
    rows = [(AI_CAPEX, None, "", *found.ai_effect.tolist(), *(None for _ in _TO))]
    for row in found.rows:
        lever, setting = known[row.trial.lever], row.trial.setting
        said = lever.said(setting) if lever.choices else setting
        undone = [sized.get(lever.name, {}).get(outcome) for outcome in _TO]
        back = (u.setting if u and u.state == FOUND else None for u in undone)
        rows.append((lever.name, said, "" if lever.choices else lever.unit,
                     *row.change.tolist(), *back))  # fmt: skip
    return Table("lever_effects", columns, rows)


def _by_lever(found: PolicyStudy) -> dict[str, dict[str, Undo]]:
    by_lever: dict[str, dict[str, Undo]] = {}
    for undo in found.undo:
        by_lever.setdefault(undo.lever, {})[undo.outcome] = undo
    return by_lever


def setting_said(lever: str, value: float, words: Catalogue) -> str:
    """A setting with its unit: `60 bn a month`, `−1 points`, the name of a choice."""
    known = levers()[lever]
    if known.choices:
        return known.said(value).replace("_", " ")
    scale = 100.0 if known.unit in _HUNDREDFOLD else 1.0
    shown = plain(scale * value, words)
    return words.say(f"compare.setting.{slug(known.unit)}", value=shown)


def _size_said(undo: Undo, words: Catalogue) -> str:
    from drypowder.scenarios.policy_study import OUT_OF_REACH

    undone = 1.0 - undo.left
    partly = undo.state == OUT_OF_REACH and undone > _TELLING
    return words.say(
        "compare.undo.partly" if partly else f"compare.undo.{undo.state}",
        setting=setting_said(undo.lever, undo.setting, words),
        share=fixed(100.0 * undone, words, digits=0),
    )


def as_json(found: PolicyStudy, words: Catalogue) -> dict[str, object]:
    """Everything as numbers, with the note that it is no forecast."""
    undo = [
        {"lever": u.lever, "outcome": u.outcome, "state": u.state, "setting": u.setting,
         "unit": levers()[u.lever].unit, "left_share": u.left}
        for u in found.undo
    ]  # fmt: skip
    return {
        "note": words.say("report.not_a_forecast"),
        "stamp": found.stamp,
        "last_day": found.date,
        "levers": numbers(found).to_records(),
        "undo": undo,
    }


def claim(found: PolicyStudy, words: Catalogue) -> str:
    """The title."""
    return words.say("compare.levers.claim", scenario=found.scenario.name)


def head(found: PolicyStudy, words: Catalogue) -> str:
    """The line below it."""
    return words.say("compare.levers.head", date=found.date)


def sections(found: PolicyStudy, words: Catalogue) -> list[Section]:
    """The table of effects and the table of sizes, each with its sentences."""
    from drypowder.scenarios.policy_study import OUTCOMES

    effect = dict(zip(OUTCOMES, found.ai_effect.tolist(), strict=True))
    itself = words.say(
        "compare.levers.effect",
        equity=percent(effect["listed_equity_change"], words),
        treasury=basis_points(effect["treasury_yield_bp"], words),
        bitcoin=percent(effect["bitcoin_change"], words),
    )
    said = words.say("compare.levers.alike")
    return [
        Section("levers", words.say("compare.levers.title"), [itself, said],
                [effects(found, words)]),
        Section("undo", words.say("compare.levers.undo_title"),
                [words.say("compare.levers.undo")], [sizes(found, words)]),
    ]  # fmt: skip


def stamp_line(stamp: dict[str, object], words: Catalogue) -> str:
    """What the numbers were made from."""
    return words.say("compare.stamp.line", **stamp)


def page(found: PolicyStudy, words: Catalogue) -> str:
    """The answer as one HTML document, its tables open."""
    made = document(
        sections(found, words),
        [chart(found, words)],
        words,
        title=words.say("compare.levers.page", scenario=found.scenario.name),
        first=claim(found, words),
        second=head(found, words),
        stamp=stamp_line(found.stamp, words),
    )
    return opened(made)


def opened(made: str) -> str:
    """A page whose tables are what it is read for."""
    return made.replace("<details><summary>", "<details open><summary>")


def chart(found: PolicyStudy, words: Catalogue) -> Chart:
    """Four outcomes side by side, a bar a setting, and the line that would undo AI capex."""
    table = effects(found, words)
    names = [row[0] for row in table.rows[1:]]
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=_SIZE, layout="constrained")
        panels = figure.subplots(2, 2, sharey=True).ravel()
        for axes, outcome in zip(panels, _DRAWN, strict=True):
            _panel(axes, table, outcome, words)
        panels[0].set_yticks(range(len(names)), names)
        panels[0].invert_yaxis()
        for axes in panels:
            axes.tick_params(axis="y", labelsize=8)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center",
                      fontsize=8)  # fmt: skip
        svg = svg_of(figure)
    title = words.say("compare.levers.chart", date=found.date, scenario=found.scenario.name)
    return Chart("levers", "levers", title, svg, table)


def _panel(axes, table: Table, outcome: str, words: Catalogue) -> None:
    key, kind = _COLUMNS[outcome]
    scale = 100.0 if kind == "change_pct" else 1.0
    itself, *changes = (scale * value for value in table.column(key))
    shown = np.nan_to_num(np.array(changes))
    rows = np.arange(len(changes))
    for side, colour, hatch in ((shown > 0.0, CENTRAL, "//"), (shown <= 0.0, ALARM, "\\\\")):
        axes.barh(rows[side], shown[side], color=colour, alpha=0.75, hatch=hatch,
                  edgecolor="white", linewidth=0.0)  # fmt: skip
    axes.axvline(0.0, color="black", linewidth=0.8)
    axes.axvline(-itself, color=TWIN, linewidth=1.2, linestyle="--",
                 label=words.say("compare.levers.line"))  # fmt: skip
    low, high = axes.get_xlim()
    axes.set_xlim(low, high + _ROOM * (high - low))
    for place, value in zip(rows, changes, strict=True):
        axes.text(0.99, place, cell(value / scale, kind, words), ha="right", va="center",
                  fontsize=7.5, transform=axes.get_yaxis_transform())  # fmt: skip
    axes.grid(axis="y", visible=False)
    axes.set_title(words.say(f"compare.levers.x_{outcome}"))
