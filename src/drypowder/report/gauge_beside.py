"""Beside the gauge: naive cash, prices, AI's appetite, what others had found, whose money it is."""

from __future__ import annotations

import math

from drypowder.measure.gauge.companions import Dates
from drypowder.measure.gauge.reading import Gauge
from drypowder.report.numbers import dollars, fixed, percent, plain
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

_DAILY = 5.0  # prints a month from which a series is called daily
_MONTH_DAYS = 30.44


def beside(found: Gauge, words: Catalogue) -> list[str]:
    """Everything that does not enter the level."""
    said = [_naive(found, words), _conditions(found, words), _absorption(found, words)]
    if found.dates is not None:
        said += findings(found, found.dates, words)
    return [sentence for sentence in said if sentence]


def findings(found: Gauge, dates: Dates, words: Catalogue) -> list[str]:
    """When reverse repo ran empty, when repo was dearest, when the gauge was lowest."""
    return [_empty(dates, words), _repo(dates, words), _trough(found, dates, words)]


def _empty(dates: Dates, words: Catalogue) -> str:
    return words.say(
        "gauge.beside.empty" if dates.empty_since else "gauge.beside.full",
        verdict=words.say(f"gauge.finding.{dates.rrp_verdict}"),
        peak=dollars(dates.rrp_peak_usd_bn, words),
        peak_on=dates.rrp_peak_on,
        limit=dollars(dates.empty_limit_usd_bn, words),
        since=dates.empty_since,
    )


def _repo(dates: Dates, words: Catalogue) -> str:
    how = "daily" if dates.repo_prints_a_month > _DAILY else "monthly"
    return words.say(
        "gauge.beside.repo",
        verdict=words.say(f"gauge.finding.{dates.repo_verdict}"),
        day=dates.repo_peak_on,
        size=fixed(dates.repo_peak_bp, words, digits=0, signed=True),
        how=words.say(f"gauge.beside.repo_{how}"),
    )


def _trough(found: Gauge, dates: Dates, words: Catalogue) -> str:
    if dates.trough_on >= found.stamp.as_of:
        return words.say("gauge.beside.trough_now")
    away = (found.stamp.as_of - dates.trough_on).days / _MONTH_DAYS
    return words.say(
        "gauge.beside.trough",
        level=fixed(dates.trough, words, digits=0),
        day=dates.trough_on,
        months=fixed(away, words, digits=0),
        as_of=found.stamp.as_of,
    )


def _naive(found: Gauge, words: Catalogue) -> str:
    naive = found.companions.naive
    if naive is None:
        return ""
    return words.say(
        "gauge.beside.naive",
        score=fixed(naive.score, words, digits=0),
        amount=dollars(naive.usd_bn, words),
        observed=naive.observed_on,
        record=words.say("gauge.beside.record") if naive.record else "",
    )


def _conditions(found: Gauge, words: Catalogue) -> str:
    if found.companions.conditions is None:
        return ""
    value, day = found.companions.conditions
    key = "conditions" if value < 0.0 else "conditions_tight"
    return words.say(f"gauge.beside.{key}", value=plain(value, words), observed=day)


def _absorption(found: Gauge, words: Catalogue) -> str:
    if not found.companions.absorption:
        return ""
    last = found.companions.absorption[-1]
    raised = dollars(last.raised_usd_bn, words)
    if not math.isfinite(last.ratio):
        return words.say("gauge.beside.absorption_shrank", raised=raised, day=last.day)
    return words.say("gauge.beside.absorption", raised=raised, day=last.day,
                     money=dollars(last.money_usd_bn, words),
                     ratio=percent(last.ratio, words, signed=False))  # fmt: skip


def history_table(found: Gauge) -> Table:
    """The gauge and its groups on every month-end of the window."""
    columns = (Column("day", "date"), Column("level", "plain"), Column("liquidity_level", "plain"),
               Column("room_level", "plain"))  # fmt: skip
    past = found.history
    rows = [
        (day.item(), float(level), *(float(g) for g in groups))
        for day, level, groups in zip(past.days, past.level, past.groups, strict=True)
    ]
    return Table("gauge_history", columns, rows)


def absorption_table(found: Gauge) -> Table:
    """What AI firms placed in a year against the money that grew in it."""
    columns = (
        Column("day", "date"), Column("raised_usd_bn", "usd_bn"),
        Column("money_growth_usd_bn", "change_usd_bn"),
        Column("money_and_funds_growth_usd_bn", "change_usd_bn"), Column("absorption", "share"),
        Column("absorption_with_funds", "share"),
    )  # fmt: skip
    rows = [
        (a.day, a.raised_usd_bn, a.money_usd_bn, a.with_funds_usd_bn, _none(a.ratio),
         _none(a.ratio_with_funds))
        for a in found.companions.absorption
    ]  # fmt: skip
    return Table("gauge_absorption", columns, rows)


def owner_table(found: Gauge, words: Catalogue) -> Table:
    """Idle money by owner, and whether somebody else is using it already."""
    columns = (
        Column("gauge_owner"), Column("gauge_usd_bn", "usd_bn"), Column("gauge_lent"),
        Column("observed_on", "date"), Column("known_on", "date"), Column("source"),
    )  # fmt: skip
    rows = [
        (words.say(f"gauge.owner.{o.key}"), o.usd_bn,
         words.say(f"gauge.lent.{o.lent.split()[-1]}"), o.observed_on, o.known_on, o.source)
        for o in found.companions.owners
    ]  # fmt: skip
    return Table("gauge_owners", columns, rows)


def _none(value: float) -> float | None:
    return value if math.isfinite(value) else None
