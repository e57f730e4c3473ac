"""A fit told: parameters, targets, predictive checks, what stays open, and lines to paste."""

from __future__ import annotations

import numpy as np

from drypowder._version import __version__
from drypowder.report.fitting import Fitted
from drypowder.report.moments import verdict
from drypowder.report.numbers import count, fixed, percent, plain
from drypowder.report.summary import Section
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue
from drypowder.scenarios.calibrate import Aim
from drypowder.scenarios.identify import NOT, ONLY_WITH, OPEN

_RANGE = (0.05, 0.5, 0.95)
_FEW = 100.0  # effective draws below which ranges are rough
_PERCENT = 100.0
_WIDE = ("unit", "posterior_q50")  # columns that a screen has no room for
_FIGURES = 4  # of numbers in the lines to paste


def parameters(fitted: Fitted, words: Catalogue) -> Table:
    """Each parameter: what was believed, what fits best, what is left open."""
    numbers = ("prior_low", "prior_central", "prior_high", "fitted_value",
               "posterior_q05", "posterior_q50", "posterior_q95")  # fmt: skip
    columns = (Column("parameter"), *(Column(name, "plain") for name in numbers),
               Column("variance_left", "share"), Column("known"), Column("unit"))  # fmt: skip
    drawn = fitted.sample
    rows = []
    for k, parameter in enumerate(fitted.prior.parameters):
        standing = fitted.identification.standings[k]
        left = weighted_quantiles(drawn.values[:, k], drawn.weight, _RANGE)
        known = words.say(f"calibrate.known.{standing.verdict}", partner=standing.partner)
        rows.append((parameter.name, parameter.low, parameter.value, parameter.high,
                     float(fitted.values[k]), *left, standing.variance_left, known,
                     parameter.unit))  # fmt: skip
    return Table("fit_parameters", columns, rows)


def targets(fitted: Fitted) -> Table:
    """Each target before and after, and how many draws lay inside it before and after."""
    numbers = ("target_low", "target_high", "before", "after")
    columns = (Column("name"), Column("scenario"), *(Column(name, "plain") for name in numbers),
               Column("unit"), Column("verdict", names="verdict"), Column("prior_inside", "share"),
               Column("posterior_inside", "share"), Column("weight", "plain"),
               Column("source"))  # fmt: skip
    rows = []
    even = np.full(len(fitted.sample.prior_moments), 1.0 / len(fitted.sample.prior_moments))
    for k, aim in enumerate(fitted.aims):
        scale, unit = _scale(aim)
        figures = (aim.low, aim.high, float(fitted.before[k]), float(fitted.after[k]))
        inside = (_inside(fitted.sample.prior_moments[:, k], even, aim),
                  _inside(fitted.sample.moments[:, k], fitted.sample.weight, aim))  # fmt: skip
        said = verdict(figures[3], low=aim.low, high=aim.high, measure="price_change")
        rows.append((aim.name, aim.scenario, *(scale * f for f in figures), unit, said, *inside,
                     aim.weight, aim.source))  # fmt: skip
    return Table("fit_targets", columns, rows)


def predictive(fitted: Fitted) -> Table:
    """Where each target lies in what the model says before and after fitting.

    `low_at`, `high_at`: the share of prior draws below the target's ends.
    """
    numbers = ("prior_q05", "prior_q50", "prior_q95", "posterior_q05", "posterior_q50",
               "posterior_q95")  # fmt: skip
    columns = (Column("name"), Column("scenario"), *(Column(name, "plain") for name in numbers),
               Column("low_at", "share"), Column("high_at", "share"), Column("unit"))  # fmt: skip
    first, drawn = fitted.sample.prior_moments, fitted.sample
    even = np.full(len(first), 1.0 / len(first))
    rows = []
    for k, aim in enumerate(fitted.aims):
        scale, unit = _scale(aim)
        before = weighted_quantiles(first[:, k], even, _RANGE)
        after = weighted_quantiles(drawn.moments[:, k], drawn.weight, _RANGE)
        seen = first[np.isfinite(first[:, k]), k]
        at = (float(np.mean(seen < aim.low)), float(np.mean(seen <= aim.high)))
        numbers_ = (scale * value for value in (*before, *after))
        rows.append((aim.name, aim.scenario, *numbers_, *at, unit))
    return Table("fit_predictive", columns, rows)


def directions(fitted: Fitted) -> Table:
    """Principal directions of what is left, in normal scores of prior quantiles."""
    found = fitted.identification
    columns = (Column("direction"), Column("variance_left", "share"),
               *(Column(name, "plain") for name in found.names))  # fmt: skip
    rows = [
        (str(k + 1), float(left), *found.directions[k].tolist())
        for k, left in enumerate(found.left)
    ]
    return Table("fit_directions", columns, rows)


def sections(fitted: Fitted, words: Catalogue) -> list[Section]:
    """Parameters, targets, predictive checks, what stays open, how it was done."""
    believed = parameters(fitted, words)
    narrow = believed.keep(*(c.key for c in believed.columns if c.key not in _WIDE))
    met = _told(targets(fitted), fitted, "target_low", "target_high", "before", "after", "verdict",
                "prior_inside", "posterior_inside")  # fmt: skip
    seen = _told(predictive(fitted), fitted, "prior_q05", "prior_q95", "posterior_q05",
                 "posterior_q95", "low_at", "high_at")  # fmt: skip
    return [
        Section("parameters", words.say("calibrate.parameters.title"), [], [narrow]),
        Section("targets", words.say("calibrate.targets.title"), _target_lines(fitted, words),
                [met]),
        Section("predictive", words.say("calibrate.predictive.title"), [], [seen]),
        Section("open", words.say("calibrate.open.title"), ridges(fitted, words),
                [_few_directions(fitted, words)]),
        Section("method", words.say("calibrate.method.title"), _method(fitted, words), []),
    ]  # fmt: skip


def _told(table: Table, fitted: Fitted, *keys: str) -> Table:
    """For a screen: scenario and unit in the name, and the columns that there is room for."""
    kept = table.keep("name", *keys)
    several = len(fitted.asked.scenarios) > 1
    rows = []
    for row, narrow in zip(table.to_records(), kept.rows, strict=True):
        scenario = f"{row['scenario']}: " if several and row["scenario"] else ""
        rows.append((f"{scenario}{row['name']}, {row['unit']}", *narrow[1:]))
    return Table(kept.key, kept.columns, rows)


def _few_directions(fitted: Fitted, words: Catalogue) -> Table:
    """For a screen: the best and the least known directions, a parameter a row."""
    found = fitted.identification
    last = len(found.left) - 1
    shown = sorted({k for k in (0, 1, last - 1, last) if 0 <= k <= last})
    heads = [words.say("calibrate.open.column", number=k + 1,
                       left=percent(float(found.left[k]), words, signed=False))
             for k in shown]  # fmt: skip
    columns = (Column("parameter"), *(Column(head, "plain") for head in heads))
    rows = [
        (name, *(round(float(found.directions[k, place]), 2) for k in shown))
        for place, name in enumerate(found.names)
    ]
    return Table("fit_directions", columns, rows)


def headline(fitted: Fitted, words: Catalogue) -> str:
    """What was fitted to what."""
    return words.say(
        "calibrate.head.line", parameters=len(fitted.prior.parameters), targets=len(fitted.aims),
        scenarios=words.say("report.list.comma").join(s.name for s in fitted.asked.scenarios),
        draws=count(fitted.asked.draws, words), seed=fitted.asked.seed,
    )  # fmt: skip


def ridges(fitted: Fitted, words: Catalogue) -> list[str]:
    """What the targets do not tell: parameters, pairs with their correlation, directions."""
    found = fitted.identification
    lines: list[str] = []
    told: set[frozenset[str]] = set()
    for standing in found.standings:
        both = frozenset((standing.name, standing.partner))
        if standing.verdict == ONLY_WITH and both not in told:
            told.add(both)
            lines.append(words.say("calibrate.open.pair", first=standing.name,
                                   second=standing.partner,
                                   correlation=_plain(standing.correlation, words)))  # fmt: skip
        elif standing.verdict == NOT:
            left = percent(standing.variance_left, words, signed=False)
            lines.append(words.say("calibrate.open.alone", name=standing.name, left=left))
    pair = found.pair()
    if pair and not told:
        lines.append(words.say("calibrate.open.strongest", first=found.names[pair[0]],
                               second=found.names[pair[1]],
                               correlation=_plain(found.correlation[pair], words)))  # fmt: skip
    wide = int((found.left > OPEN).sum())
    noise = percent(float(np.sqrt(2.0 / fitted.sample.effective)), words, signed=False)
    bound = percent(OPEN, words, signed=False)
    lines.append(words.say("calibrate.open.directions", open=wide, all=len(found.left),
                           bound=bound, noise=noise))  # fmt: skip
    return lines


def fragment(fitted: Fitted, words: Catalogue) -> str:
    """TOML to paste into a scenario: the fit, with what is left open as its range."""
    names = ", ".join(scenario.name for scenario in fitted.asked.scenarios)
    text = f"# {words.say('report.not_a_forecast')}\n"
    for row in parameters(fitted, words).to_records():
        low = min(row["posterior_q05"], row["fitted_value"])
        high = max(row["posterior_q95"], row["fitted_value"])
        source = words.say(
            "calibrate.fragment.source", scenarios=names, targets=len(fitted.aims),
            draws=fitted.asked.draws, seed=fitted.asked.seed, version=__version__,
        )  # fmt: skip
        why = words.say("calibrate.fragment.why", known=row["known"],
                        low=f"{row['prior_low']:g}", value=f"{row['prior_central']:g}",
                        high=f"{row['prior_high']:g}")  # fmt: skip
        text += (
            f"\n[parameters.{row['parameter']}]\nvalue = {_number(row['fitted_value'])}\n"
            f"low = {_number(low)}\nhigh = {_number(high)}\nunit = {_quoted(row['unit'])}\n"
            f"source = {_quoted(source)}\nwhy = {_quoted(why)}\n"
        )
    return text


def as_json(fitted: Fitted, words: Catalogue) -> dict[str, object]:
    """Everything, ready for `json.dumps`."""
    drawn = fitted.sample
    return {
        "note": words.say("report.not_a_forecast"),
        "scenarios": [scenario.name for scenario in fitted.asked.scenarios],
        "draws": fitted.asked.draws,
        "seed": fitted.asked.seed,
        "method": "gauss_newton" if fitted.smooth else "differential_evolution",
        "misfit_before": fitted.misfit[0],
        "misfit": fitted.misfit[1],
        "minus_log_prior": fitted.minus_log_prior,
        "effective_draws": drawn.effective,
        "temperatures": list(drawn.temperatures),
        "failed_share": drawn.failed_share,
        "parameters": parameters(fitted, words).to_records(),
        "targets": targets(fitted).to_records(),
        "predictive": predictive(fitted).to_records(),
        "directions": directions(fitted).to_records(),
        "correlation": fitted.identification.correlation.tolist(),
        "open": ridges(fitted, words),
        "left_out": list(fitted.left_out),
        "fragment": fragment(fitted, words),
    }


def weighted_quantiles(
    values: np.ndarray, weight: np.ndarray, levels: tuple[float, ...]
) -> tuple[float, ...]:
    """Quantiles of weighted draws; what is not a number is left out."""
    seen = np.isfinite(values)
    if not weight[seen].sum() > 0.0:
        return tuple(float("nan") for _ in levels)
    order = np.argsort(values[seen])
    mass = np.cumsum(weight[seen][order])
    places = np.searchsorted(mass / mass[-1], levels)
    return tuple(values[seen][order][np.minimum(places, len(order) - 1)].tolist())


def _inside(moments: np.ndarray, weight: np.ndarray, aim: Aim) -> float:
    return float(weight[(moments >= aim.low) & (moments <= aim.high)].sum())


def _scale(aim: Aim) -> tuple[float, str]:
    """Shares are shown in percent."""
    return (_PERCENT, "%") if aim.unit == "share" else (1.0, aim.unit)


def _target_lines(fitted: Fitted, words: Catalogue) -> list[str]:
    first, last = (_plain(value, words) for value in fitted.misfit)
    lines = [words.say("calibrate.targets.loss", before=first, after=last,
                       prior=_plain(fitted.minus_log_prior, words))]  # fmt: skip
    missed = [row["name"] for row in targets(fitted).to_records() if row["verdict"] != "hit"]
    if missed:
        lines.append(words.say("calibrate.targets.missed", names="; ".join(missed)))
    if fitted.left_out:
        names = "; ".join(fitted.left_out)
        lines.append(words.say("calibrate.targets.left_out", names=names))
    return lines


def _method(fitted: Fitted, words: Catalogue) -> list[str]:
    drawn = fitted.sample
    lines = [words.say(f"calibrate.method.{'smooth' if fitted.smooth else 'rough'}"),
             words.say("calibrate.method.loss"),
             words.say("calibrate.method.draws", draws=count(fitted.asked.draws, words),
                       generations=len(drawn.temperatures),
                       effective=fixed(drawn.effective, words, digits=0),
                       failed=percent(drawn.failed_share, words, signed=False))]  # fmt: skip
    if drawn.effective < _FEW:
        lines.append(words.say("calibrate.method.few"))
    return [*lines, words.say("calibrate.method.rest")]


def _plain(value: float, words: Catalogue) -> str:
    return plain(value, words, figures=3)


def _number(value: float) -> str:
    """A TOML float."""
    text = f"{value:.{_FIGURES}g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
