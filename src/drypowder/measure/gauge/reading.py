"""The gauge of one day: 0 to 100, the parts that add up to it, and what each hangs on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drypowder.errors import DataMissingError, UsageError
from drypowder.measure.gauge import interval, revisions
from drypowder.measure.gauge.companions import EXTRA, Companions, Dates, beside, dates
from drypowder.measure.gauge.formulas import Inputs
from drypowder.measure.gauge.parts import Part, groups, parts
from drypowder.measure.gauge.prints import Days, Prints, Values
from drypowder.measure.gauge.scale import (
    Scheme,
    Sum,
    add_up,
    centring,
    concave_mean,
    group_levels,
    rank_of,
    ranks,
)
from drypowder.measure.gauge.sources import Source, month_ends, values
from drypowder.measure.numbers import numbers
from drypowder.measure.refused import phrase, refused
from drypowder.measure.stamp import MeasuredStamp, day_of

if TYPE_CHECKING:
    from drypowder.data import Known

FRESH, STALE, MISSING = "fresh", "stale", "missing"


@dataclass(frozen=True)
class Bar:
    """One part on the day: what it is, where it stands in its window, what it adds."""

    part: Part
    state: str  # FRESH, STALE or MISSING
    value: float  # in the part's unit; not a number where missing
    score: float  # 0 to 100, 50 its own median; 50 where missing
    share: float  # of the plain mean of all parts
    contribution: float  # points of the gauge
    value_before: float  # on the day compared with
    change: float  # of the contribution since then
    months: int  # month-ends of the window with a value
    first_month: date | None
    observed_on: date | None  # of the oldest of the newest prints
    known_on: date | None
    starter: bool  # from figures shipped with the package
    estimated: tuple[str, ...]  # series replaced by dated figures of ours
    revision: float  # standard deviation of later prints in the part's unit; NaN where missing
    revision_measured: bool  # from stored prints, else a guess
    read: tuple[str, ...]  # series read
    absent: tuple[str, ...]  # series of which nothing is known


@dataclass(frozen=True)
class History:
    """The gauge on every month-end of its window, measured with the yardstick of the day."""

    days: Days  # [grid]
    level: Values  # [grid]
    groups: Values  # [grid, group]


@dataclass(frozen=True)
class Gauge:
    """The answer."""

    stamp: MeasuredStamp
    sum: Sum
    bars: tuple[Bar, ...]
    since: date  # the day compared with
    before: Sum  # of that day, with the same yardstick
    spread: interval.Spread
    history: History
    companions: Companions
    dates: Dates | None

    @property
    def level(self) -> float:
        """0 to 100; 50 is the median of the window."""
        return self.sum.level

    @property
    def change(self) -> float:
        """Points since the day compared with."""
        return self.level - self.before.level

    @property
    def contributions(self) -> dict[str, float]:
        """Points by part; with 50, interaction, centring and bound they sum to the level."""
        return {bar.part.key: bar.contribution for bar in self.bars}

    @property
    def low(self) -> float:
        """Lower end of the likely range."""
        return self.spread.low

    @property
    def high(self) -> float:
        """Upper end of the likely range."""
        return self.spread.high

    @property
    def spans(self) -> Mapping[str, tuple[float, float]]:
        """The range from one source of doubt alone."""
        return self.spread.alone

    @property
    def interval(self) -> tuple[float, float]:
        """The likely range."""
        return self.low, self.high

    @property
    def stale(self) -> bool:
        """Whether a part rests on a print that is older than it should be."""
        return any(bar.state == STALE for bar in self.bars)

    @property
    def missing(self) -> tuple[Bar, ...]:
        """Parts that say nothing on the day."""
        return tuple(bar for bar in self.bars if bar.state == MISSING)


@dataclass(frozen=True)
class Yardstick:
    """Values of all parts over the window, and the scores and scheme that measure a day."""

    days: Days  # [grid], the day itself last
    values: Values  # [grid, part]; not a number: nothing known
    known: NDArray[np.bool_]  # [part] the part says something on the day
    scheme: Scheme

    @property
    def scores(self) -> Values:
        """[grid, part] 0 to 100, more is more dry powder."""
        return np.column_stack([
            ranks(self.values[:, k]) if self.known[k] else np.full(len(self.days), np.nan)
            for k in range(len(self.known))
        ])  # fmt: skip

    def score(self, now: Values) -> Values:
        """Scores of another day. Args: now: [part], oriented."""
        return np.array([
            float(rank_of(now[k : k + 1], column[np.isfinite(column)])[0])
            if self.known[k] and np.isfinite(now[k]) else np.nan
            for k, column in enumerate(self.values.T)
        ])  # fmt: skip


def gauge(
    known: Known, *, since: date | None = None, draws: int | None = None, seed: int = 0
) -> Gauge:
    """How much dry powder is left on a day, and what drained it.

    Args:
        known: what was known on the day: `open_store().known_on(day)`.
        since: the day to compare with; a quarter before if absent.
        draws: for the interval.

    Raises:
        DataMissingError: DP-191 nothing is known of a whole group on that day.
        UsageError: DP-193 `since` is not before the day.
    """
    source = Source.of(known, EXTRA)
    since = _since(source.day, since)
    given = [source.inputs(part) for part in parts()]
    yardstick = measured(source, given)
    scores = yardstick.scores
    shift = centring(scores, yardstick.scheme)
    now = add_up(scores[-1], yardstick.scheme, shift)
    past = _values(given, np.array([since], dtype="datetime64[D]"))[0]
    before = add_up(yardstick.score(past * _directions()), yardstick.scheme, shift)
    held = revisions.vintages(known, (name for part in parts() for name in part.names()))
    revised = revisions.widths(held, parts(), given, yardstick.days)
    bars = _bars(yardstick, given, revised, scores[-1], past, now, before)
    ages = [_overdue_months(bar, source.day) for bar in bars]
    history = _history(yardstick, scores, shift)
    return Gauge(
        MeasuredStamp.of(known, _used(given)), now, bars, since, before,
        interval.draw(source, yardstick, ages, revised, draws=draws, seed=seed), history,
        beside(source, yardstick.days), dates(source, history.days, history.level),
    )  # fmt: skip


def measured(source: Source, given: list[Inputs]) -> Yardstick:
    """The window of a day: month-ends from the first figure known on, the day itself last."""
    begun = np.datetime64(f"{int(numbers('gauge')['window_from_year'])}-01-01")
    first = [p.observed_on[0] for each in given for p in each.found.values() if not p.estimated]
    if not first:
        raise _nothing(source.day, phrase("DP-191", "any_part"))
    days = month_ends(max(begun, min(first)), source.day)
    found = _values(given, days) * _directions()
    enough = np.isfinite(found).sum(axis=0) >= numbers("gauge")["fewest_months"]
    known = enough & np.isfinite(found[-1])
    for group in groups():
        if not any(k and part.group == group for k, part in zip(known, parts(), strict=True)):
            raise _nothing(source.day, group)
    return Yardstick(days, found, known, central())


def central() -> Scheme:
    """The weights of parts.toml."""
    order = list(groups())
    return Scheme(
        np.array([part.weight.value for part in parts()]),
        np.array([weight.value for weight in groups().values()]),
        np.array([order.index(part.group) for part in parts()]),
        np.array(numbers("gauge")["substitution"]),
    )


def _values(given: list[Inputs], days: Days) -> Values:
    """[grid, part] in natural units and signs."""
    pairs = zip(parts(), given, strict=True)
    return np.column_stack([values(part, each, days) for part, each in pairs])


def _directions() -> Values:
    return np.array([float(part.direction) for part in parts()])


def _history(yardstick: Yardstick, scores: Values, shift: float) -> History:
    levels = group_levels(scores, yardstick.scheme)
    scheme = yardstick.scheme
    level = concave_mean(levels, scheme.between, scheme.power) + shift
    return History(yardstick.days, np.clip(level, 0.0, 100.0), levels)


def _bars(
    yardstick: Yardstick,
    given: list[Inputs],
    revised: Values,
    scores: Values,
    past: Values,
    now: Sum,
    before: Sum,
) -> tuple[Bar, ...]:
    made = []
    for k, part in enumerate(parts()):
        prints = list(given[k].found.values())
        newest = [p for p in prints if not p.estimated and p.name in part.judged()]
        column = yardstick.values[:, k]
        months = yardstick.days[np.isfinite(column)]
        here = bool(yardstick.known[k])
        stale = any(each.stale for each in newest)
        made.append(Bar(
            part=part,
            state=(STALE if stale else FRESH) if here else MISSING,
            value=float(column[-1] * part.direction),
            score=float(scores[k]) if here else 50.0,
            share=float(yardstick.scheme.shares[k]),
            contribution=float(now.contributions[k]),
            value_before=float(past[k]),
            change=float(now.contributions[k] - before.contributions[k]),
            months=len(months),
            first_month=months[0].item() if len(months) else None,
            observed_on=min((p.observed_on[-1].item() for p in newest), default=None),
            known_on=max((day_of(p.known_on[-1]) for p in newest), default=None),
            starter=here and any(each.starter for each in newest),
            estimated=tuple(each.name for each in prints if each.estimated),
            read=tuple(each.name for each in newest),
            revision=_revision(part, column, revised[k]) if here else float("nan"),
            revision_measured=here and bool(np.isfinite(revised[k])),
            absent=tuple(n for n in part.names() if n not in given[k].found),
        ))  # fmt: skip
    return tuple(made)


def _revision(part: Part, column: Values, measured: float) -> float:
    if np.isfinite(measured):
        return float(measured)
    return float(part.revision * np.std(column[np.isfinite(column)]))


def _overdue_months(bar: Bar, day: date) -> int:
    """Months by which a stale part's newest print is behind, at least one."""
    if bar.state != STALE or bar.observed_on is None:
        return 0
    return max(1, round((day - bar.observed_on).days / 30.44))


def _since(day: date, since: date | None) -> date:
    if since is None:
        return day - timedelta(days=int(numbers("gauge")["since_days"]))
    if since >= day:
        raise refused(UsageError, "DP-193", since=since, day=day)
    return since


def _used(given: list[Inputs]) -> NDArray[np.datetime64]:
    """When each print that went in became known."""
    prints: list[Prints] = [p for each in given for p in each.found.values()]
    return np.concatenate([p.known_on.astype("datetime64[us]") for p in prints])


def _nothing(day: date, what: str) -> DataMissingError:
    return refused(DataMissingError, "DP-191", what=what, day=day)
