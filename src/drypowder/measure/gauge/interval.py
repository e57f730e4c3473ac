"""How sure the level is: what moves when weights, windows, prints to come and gaps are drawn.

Doubts, each drawn with a seed and told apart: `weights` (of parts and groups, and how far one
group makes up for the other), `window` (where it begins), `revisions` (later prints of the last
value, measured where prints of before are stored, else a guess; and the inputs that are estimates),
`age` (a stale part may have moved since as it moved over such a span before) and `missing` (a part
that says nothing may stand anywhere from 0 to 100).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from drypowder.measure.gauge.parts import groups, parts
from drypowder.measure.gauge.prints import Values
from drypowder.measure.gauge.scale import MIDDLE, TOP, Scheme, concave_mean, group_levels
from drypowder.measure.gauge.sources import Source, values
from drypowder.measure.numbers import numbers, table

if TYPE_CHECKING:
    from drypowder.measure.gauge.reading import Yardstick

DOUBTS = ("weights", "window", "revisions", "age", "missing")
_WINDOWS = 5
_VARIANTS = 8  # of the inputs that are estimates
_UNCERTAIN = "above_share"  # the formula whose inputs are estimates that move its rank


@dataclass(frozen=True)
class Spread:
    """The interval from all doubts, and from each alone."""

    low: float
    high: float
    draws: int
    alone: Mapping[str, tuple[float, float]]


def draw(
    source: Source,
    yardstick: Yardstick,
    overdue: Sequence[int],
    revised: Values,
    *,
    draws: int | None,
    seed: int,
) -> Spread:
    """The likely range of the level.

    Args:
        overdue: [part] months by which its newest print is behind.
        revised: [part] measured spread of revisions in its unit; not a number: the guess stands.
    """
    count = draws or int(numbers("gauge")["draws"])
    variants = _variants(source, yardstick, seed)
    tails = (1.0 - numbers("gauge")["likely_share"]) / 2.0
    ranges = {
        doubts: _range(yardstick, variants, overdue, revised, doubts, count, seed, tails)
        for doubts in (DOUBTS, *((each,) for each in DOUBTS))
    }
    low, high = ranges.pop(DOUBTS)
    return Spread(low, high, count, {doubts[0]: ends for doubts, ends in ranges.items()})


def _range(
    yardstick: Yardstick,
    variants: Sequence[Values],
    overdue: Sequence[int],
    revised: Values,
    doubts: tuple[str, ...],
    count: int,
    seed: int,
    tails: float,
) -> tuple[float, float]:
    """Both ends of the interval when only some doubts are drawn."""
    rng = np.random.default_rng(seed)
    windows = _windows(len(yardstick.days)) if "window" in doubts else [0]
    moves = variants if "revisions" in doubts else [yardstick.values]
    each = -(-count // (len(windows) * len(moves)))
    levels = []
    for start, moved in product(windows, moves):
        cut = replace(yardstick, days=yardstick.days[start:], values=moved[start:])
        scheme = _schemes(rng, each) if "weights" in doubts else yardstick.scheme
        now = _now(rng, cut, overdue, revised, doubts, each)
        levels.append(_levels(cut, now, scheme))
    low, high = np.quantile(np.concatenate(levels), [tails, 1.0 - tails])
    return float(low), float(high)


def _levels(cut: Yardstick, now: Values, scheme: Scheme) -> Values:
    """[draw] levels of the day. Args: now: [draw, part] scores."""
    history = cut.scores  # [grid, part]
    power = np.asarray(scheme.power)

    def measured(scores: Values, weights: Scheme) -> Values:
        return concave_mean(group_levels(scores, weights), weights.between, weights.power)

    if power.ndim:
        wide = Scheme(scheme.parts[:, None], scheme.groups[:, None], scheme.member, power[:, None])
        past = np.asarray(np.median(measured(history[None], wide), axis=1))
    else:
        past = np.asarray(np.median(measured(history, scheme)))
    return np.clip(MIDDLE + measured(now, scheme) - past, 0.0, TOP)


def _now(
    rng: np.random.Generator, cut: Yardstick, overdue: Sequence[int], widths: Values,
    doubts: tuple[str, ...], count: int,
) -> Values:  # fmt: skip
    """[draw, part] scores of the day, each moved by its own doubts."""
    made = np.empty((count, len(cut.known)))
    for k, part in enumerate(parts()):
        # the same stream whatever is drawn elsewhere, so that one doubt more never hides another
        revised, aged, anywhere = rng.standard_normal(count), rng.random(count), rng.random(count)
        column = cut.values[:, k]
        if not cut.known[k]:
            made[:, k] = TOP * anywhere if "missing" in doubts else MIDDLE
            continue
        sample = column[np.isfinite(column)]
        now = np.full(count, column[-1])
        if "revisions" in doubts:
            guess = part.revision * np.std(sample)
            now = now + (widths[k] if np.isfinite(widths[k]) else guess) * revised
        if "age" in doubts and overdue[k]:
            now = now + _moves(sample, overdue[k], aged)
        made[:, k] = _rank_anew(now, sample[:-1])
    return made


def _moves(sample: Values, months: int, uniform: Values) -> Values:
    """Changes over so many months as they happened in the window."""
    span = min(months, len(sample) - 1)
    happened = sample[span:] - sample[:-span]
    return happened[(uniform * len(happened)).astype(int)]


def _rank_anew(now: Values, others: Values) -> Values:
    """Mid-rank of a last value among the others and itself."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, now, side="left")
    upto = np.searchsorted(ordered, now, side="right")
    middle = np.asarray(0.5 * (below + upto + 1.0), dtype=np.float64)
    return TOP * middle / (len(ordered) + 1.0)


def _windows(months: int) -> list[int]:
    """Where windows begin: at the first month, or later ones down to the shortest allowed."""
    numbers_ = numbers("gauge")
    last = max(0, months - max(int(numbers_["shortest_window_share"] * months),
                               int(numbers_["fewest_months"])))  # fmt: skip
    return sorted({round(last * k / (_WINDOWS - 1)) for k in range(_WINDOWS)})


def _schemes(rng: np.random.Generator, count: int) -> Scheme:
    """Weights between their low and high, half of the draws on either side of the central one."""
    member = [list(groups()).index(part.group) for part in parts()]
    power = table("gauge", "gauge")["substitution"]
    return Scheme(
        np.column_stack([_between(rng, p.weight.low, p.weight.value, p.weight.high, count)
                         for p in parts()]),
        np.column_stack([_between(rng, w.low, w.value, w.high, count)
                         for w in groups().values()]),
        np.array(member),
        _between(rng, power["low"], power["value"], power["high"], count),
    )  # fmt: skip


def _between(rng: np.random.Generator, low: float, value: float, high: float, count: int) -> Values:
    uniform = 2.0 * rng.random(count) - 1.0
    return value + np.where(uniform > 0, uniform * (high - value), uniform * (value - low))


def _variants(source: Source, yardstick: Yardstick, seed: int) -> list[Values]:
    """[grid, part] values with estimated inputs drawn anew; the first one is central."""
    rng = np.random.default_rng([seed, 1])
    share = table("gauge", "gauge")["satiation_share"]
    made = [yardstick.values]
    for _ in range(_VARIANTS - 1):
        drawn = yardstick.values.copy()
        own = {"satiation_share": float(
            _between(rng, share["low"], share["value"], share["high"], 1)[0]
        )}  # fmt: skip
        shift = float(2.0 * rng.random() - 1.0)
        for k, part in enumerate(parts()):
            if part.formula == _UNCERTAIN and yardstick.known[k]:
                given = source.inputs(part, own, shift)
                drawn[:, k] = part.direction * values(part, given, yardstick.days)
        made.append(drawn)
    return made
