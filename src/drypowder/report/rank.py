"""The elimination contest told: places, betas with intervals, who survives, how sure that is."""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, Any

from drypowder.measure.numbers import numbers
from drypowder.measure.rank.contest import Contest, Contestant
from drypowder.measure.rank.scarcity import PRIMARY, REAL_YIELD, RISK_BEARING
from drypowder.report.numbers import fixed, percent
from drypowder.report.tables import Column, Table
from drypowder.report.words import Catalogue

if TYPE_CHECKING:
    from rich.console import Console

_DOTS = 3
_FULL, _EMPTY = "●", "○"
_HUNDRED = 100
_NAMED = 6  # stale series that are named
_FOUR_IN_FIVE = 0.8


def table(found: Contest) -> Table:
    """One row an asset, all digits; per cent a week for betas, shares for outcomes."""
    columns = (
        Column("rank", "count"), Column("asset"), Column("group"), Column("why"),
        Column("scarcity_beta_pct_week", "plain"), Column("low", "plain"),
        Column("high", "plain"), Column("p_value", "plain"), Column("false_discovery", "plain"),
        Column("holm", "plain"), Column("beta_risk_bearing_pct_week", "plain"),
        Column("beta_real_yield_pct_week", "plain"), Column("market_beta", "plain"),
        Column("weeks", "count"), Column("outcome_share", "plain"),
        Column("usual_share", "plain"), Column("rank_in_own_history", "plain"),
        Column("last", "date"), Column("survives_of_100", "plain"),
        Column("survives_any_of_100", "plain"), Column("evidence", "count"),
        Column("above_cut"), Column("as_of", "date"), Column("known_on", "date"),
        Column("data_version"),
    )  # fmt: skip
    return Table("rank", columns, [_raw(k, each, found) for k, each in enumerate(found.places, 1)])


def data(found: Contest, words: Catalogue) -> dict[str, Any]:
    """For JSON: the stamp, the rules in words, and the rows."""
    return {
        "badge": words.say("measured.badge"),
        "stamp": found.stamp.to_dict(),
        "window": [day.isoformat() for day in found.window],
        "outcome_days": found.days,
        "discoveries": found.discoveries,
        "sentences": sentences(found, words),
        "absent": list(found.data.absent),
        "stale": list(found.data.stale),
        "rows": table(found).to_records(),
    }


def sentences(found: Contest, words: Catalogue) -> list[str]:
    """What was found, how it is to be read, and what it cannot say."""
    given = numbers("rank")
    first, last = found.window
    said = [
        words.say("rank.found", count=found.discoveries, field=len(found.places),
                  level=percent(given["level"], words, signed=False)),
        words.say("rank.would_find", beta=fixed(_findable(found), words, digits=1)),
        words.say("rank.beta", first=first, last=last, weeks=len(found.data.weeks)),
        words.say("rank.outcome", days=found.days, years=int(given["history_years"])),
        words.say("rank.survives", cut=words.say("rank.third"), weeks=found.horizon),
        words.say("rank.dots", weeks=int(given["evidence_weeks"])),
        words.say("rank.survivors"),
    ]  # fmt: skip
    if found.data.absent:
        said.append(words.say("rank.absent", names=", ".join(found.data.absent)))
    return said


def print_contest(found: Contest, words: Catalogue, console: Console) -> None:
    """The field in order with the cut line, and the sentences below it."""
    from drypowder.report.terminal import rich_table, say

    say(console, words.say("rank.head", badge=words.say("measured.badge")), style="bold")
    if found.data.stale:
        names = ", ".join(found.data.stale[:_NAMED])
        more = len(found.data.stale) - _NAMED
        said = words.say("rank.stale", last=found.window[1], names=names)
        say(console, said if more <= 0 else said + words.say("rank.more", count=more),
            style="bold")  # fmt: skip
    console.print()
    console.print(rich_table(shown(found, words), words))
    console.print()
    for sentence in sentences(found, words):
        say(console, sentence, indent="  ")
    console.print()
    say(console, found.stamp.line(words), style="dim")


def shown(found: Contest, words: Catalogue) -> Table:
    """What a person compares; a line where the cut is."""
    texts = (Column("rank", "mixed"), Column("asset"), Column("group"))
    numbers_shown = (
        "rank_outcome", "rank_usual", "rank_beta", "rank_range",
        "rank_survives", "rank_evidence",
    )  # fmt: skip
    columns = (*texts, *(Column(name, "mixed") for name in numbers_shown))
    rows = [_row(k, each, words) for k, each in enumerate(found.places, 1)]
    line = ("", words.say("rank.cut"), *[""] * (len(columns) - 2))
    kept = chain(rows[: found.cut], [line], rows[found.cut :])
    return Table("rank", columns, list(kept))


def _row(place: int, each: Contestant, words: Catalogue) -> tuple[str, ...]:
    low, high = (fixed(value, words, digits=1, signed=True) for value in (each.low, each.high))
    return (
        str(place),
        each.asset.ticker,
        words.say(f"rank.group.{each.asset.group}"),
        fixed(_HUNDRED * each.outcome.change, words, digits=0, signed=True),
        _of_hundred(each.outcome.rank, words),
        fixed(each.beta, words, digits=2, signed=True),
        words.say("rank.range", low=low, high=high),
        _of_hundred(each.survives, words),
        _FULL * each.evidence + _EMPTY * (_DOTS - each.evidence),
    )


def _of_hundred(share: float, words: Catalogue) -> str:
    return fixed(_HUNDRED * share, words, digits=0)


def _raw(place: int, each: Contestant, found: Contest) -> tuple:
    return (
        place, each.asset.ticker, each.asset.group, each.asset.why, each.beta, each.low, each.high,
        each.p_value, each.discovery, each.holm, each.others.get(RISK_BEARING),
        each.others.get(REAL_YIELD), each.market_beta, each.weeks, each.outcome.change,
        each.outcome.usual, each.outcome.rank, each.outcome.last,
        _rounded(each.survives), _rounded(each.survives_any), each.evidence, place <= found.cut,
        found.stamp.as_of, found.stamp.known_on, found.stamp.data_version,
    )  # fmt: skip


def _rounded(share: float) -> float | None:
    return None if math.isnan(share) else round(_HUNDRED * share)


def _findable(found: Contest) -> float:
    """Scarcity beta of the median asset that one test alone would find four times in five."""
    from statistics import NormalDist, median

    normal = NormalDist()
    level = numbers("rank")["level"]
    within = 2.0 * normal.inv_cdf(1.0 - level / 2.0)
    betas = found.betas[PRIMARY]
    error = median((high - low) / within for low, high in zip(betas.low, betas.high, strict=True))
    return error * (normal.inv_cdf(1.0 - level / 2.0) + normal.inv_cdf(_FOUR_IN_FIVE))
