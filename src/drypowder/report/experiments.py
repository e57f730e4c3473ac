"""Twins that answer a question of their own: 100 billion more AI bonds, a fed that absorbs them,
and many worlds instead of one.
"""

from __future__ import annotations

import numpy as np

from drypowder.report import answers, forced, moments
from drypowder.report.derive import BP, HY, IG, NOTES, OUTCOMES
from drypowder.report.events import HOARD_DONE
from drypowder.report.fans import LEVELS, STATISTICS, draws, fan, in_100_worlds
from drypowder.report.record import FED_ABSORBS, MORE_BONDS, WITHOUT_AI, Record
from drypowder.report.tables import Column, Table

PROGRAMME_USD_BN = 100.0  # size of the extra bond programme
_QUARTER_DAYS = 91  # calendar days after which all of it is sold


def after_a_quarter(record: Record) -> int:
    """Step at which the extra programme is sold, or the last one of a shorter run."""
    sold = record.dates[0] + np.timedelta64(_QUARTER_DAYS, "D")
    return int(min(np.searchsorted(record.dates, sold), len(record.dates) - 1))


def extra_bonds(record: Record) -> Table | None:
    """What another 100 billion of AI bonds do to each asset, once sold and at the end."""
    twin = record.twin(MORE_BONDS)
    if twin is None:
        return None
    columns = (
        Column("asset", names="instrument"),
        Column("quarter_effect", "change_pct"),
        Column("end_effect", "change_pct"),
        Column("quarter_yield_bp", "change_bp"),
        Column("end_yield_bp", "change_bp"),
    )
    step = after_a_quarter(record)
    sold = answers.price_effects(record, MORE_BONDS, step=step, reverse=True)
    end = answers.price_effects(record, MORE_BONDS, reverse=True)
    names = record.economy.names("cleared")
    moved = BP * (twin["yield_pa"] - record.central["yield_pa"])
    bonds = {n for n in (NOTES, IG, HY, "agency_mbs") if n in names}
    rows = [
        (name, sold[name], end[name], moved[step, k] if name in bonds else np.nan,
         moved[-1, k] if name in bonds else np.nan)
        for k, name in enumerate(names)
    ]  # fmt: skip
    return Table("extra_bonds", columns, rows)


def equity_per_dollar(record: Record) -> float:
    """USD of listed equity per USD of the extra programme, once it is sold."""
    twin, step = record.twin(MORE_BONDS), after_a_quarter(record)
    if twin is None or "listed_equity_usd_bn" not in twin:
        return float("nan")
    here, there = record.central["listed_equity_usd_bn"], twin["listed_equity_usd_bn"]
    return float(there[step] - here[step]) / PROGRAMME_USD_BN


def fed(record: Record) -> Table | None:
    """What a fed that takes AI duration out of private hands undoes, asset by asset."""
    twin = record.twin(FED_ABSORBS)
    if twin is None or record.twin(WITHOUT_AI) is None:
        return None
    columns = (
        Column("asset", names="instrument"),
        Column("ai_effect", "change_pct"),
        Column("with_fed_effect", "change_pct"),
        Column("undone", "share"),
    )
    alone = answers.price_effects(record, WITHOUT_AI)
    helped = answers.price_effects(record, FED_ABSORBS, reverse=True)
    rows = []
    for name in record.economy.names("cleared"):
        with_fed = (1.0 + alone[name]) * (1.0 + helped[name]) - 1.0
        undone = 1.0 - with_fed / alone[name] if abs(alone[name]) > _TELLING else np.nan
        rows.append((name, alone[name], with_fed, undone))
    return Table("fed", columns, rows)


_TELLING = 1e-5  # an effect smaller than a thousandth of a percent has no share to undo


def fed_bought_usd_bn(record: Record) -> float:
    """Reserves that the absorbing fed created beyond the central path: what it paid for bonds."""
    twin = record.twin(FED_ABSORBS)
    if twin is None or "reserve_supply_usd_bn" not in twin:
        return float("nan")
    here = record.central["reserve_supply_usd_bn"]
    return float(twin["reserve_supply_usd_bn"][-1] - here[-1])


def worlds(record: Record) -> Table | None:
    """Bands over random worlds, the standard error of the mean, and counts in 100 worlds."""
    if record.worlds < 1:
        return None
    columns = (
        Column("outcome", names="outcome"),
        *(Column(f"q{100 * level:02.0f}", "number") for level in LEVELS),
        Column("mean", "number"),
        Column("standard_error", "number"),
        Column("in_100_worlds", "number"),
        Column("which", names="which"),
    )
    random = _random_paths(record)
    rows = []
    for name, values in record.outcomes.items():
        kind, which = outcome_kind(name)
        drawn = values[random]
        scale = 100.0 if kind == "change_pct" else 1.0  # percentages, as the label says
        statistics = dict(zip(STATISTICS, fan(drawn) * scale, strict=True))
        happened = drawn < 0.0 if which == "falls" else drawn > 0.0
        numbers = [float(statistics[s]) for s in STATISTICS]
        rows.append((name, *numbers, in_100_worlds(happened), which))
    return Table("worlds", columns, rows)


def outcome_kind(name: str) -> tuple[str, str]:
    """Unit of an outcome, and whether its rise or its fall is counted."""
    return OUTCOMES.get(name, ("change_pct", "falls"))


def hoard_in_100_worlds(record: Record) -> tuple[float, str | None]:
    """In how many of 100 worlds the hoards ran out, and by when in half of those."""
    random = set(_random_paths(record).tolist())
    dates = sorted(e.date for e in record.events if e.event == HOARD_DONE and e.path in random)
    happened = np.arange(len(random)) < len(dates)
    return in_100_worlds(happened), dates[len(dates) // 2] if dates else None


def _random_paths(record: Record) -> np.ndarray:
    failed = {e.path for e in record.events if e.event == "market_did_not_clear"}
    return draws(record.stamp["paths"], failed)


def all_tables(record: Record) -> dict[str, Table]:
    """Every table of a run, in the order of the summary."""
    made = (
        answers.dry_powder(record), answers.funding(record), answers.receipts(record),
        answers.money(record), answers.yields(record), answers.liquidity(record),
        answers.assets(record), *forced.tables(record), extra_bonds(record), fed(record),
        worlds(record),
        moments.targets(record), levers(record), assumptions(record),
    )  # fmt: skip
    return {table.key: table for table in made if table is not None}


def levers(record: Record) -> Table:
    """Levers that the scenario sets, and those changed by hand."""
    columns = (Column("lever"), Column("value", "number"))
    given: dict[str, float] = {}
    for key in ("levers", "levers_changed"):
        given |= record.about.get(key, {})
    return Table("levers", columns, sorted(given.items()))


def assumptions(record: Record) -> Table:
    """The numbers assumed, guesses first."""
    keys = ("parameter", "value", "low", "high", "unit", "source", "why")
    kinds = {"value": "number", "low": "number", "high": "number"}
    columns = tuple(Column(key, kinds.get(key, "text")) for key in keys)
    given: list[dict] = list(record.about.get("assumptions", []))
    given.sort(key=lambda row: not row.get("is_guess"))
    return Table("assumptions", columns, [tuple(row.get(key) for key in keys) for row in given])


def guesses(record: Record) -> int:
    """How many of the assumptions are judgement."""
    rows: list[dict] = list(record.about.get("assumptions", []))
    return sum(bool(row.get("is_guess")) for row in rows)
