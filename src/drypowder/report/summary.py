"""The answer in words: one section a question, each a few sentences and the tables behind them.

The same sections make the terminal text and the page. Small effects are told at the size of
large ones, and what a run cannot say is left out rather than guessed.
"""

from __future__ import annotations

import numpy as np

from drypowder.report import answers, experiments, forced, moments
from drypowder.report.derive import IG, NOTES
from drypowder.report.events import EMPTY_SHARE, RAN_OUT, STOPPED
from drypowder.report.fans import WORLDS_BEYOND
from drypowder.report.numbers import basis_points, count, dollars, fixed, percent, plain, rate
from drypowder.report.record import WITHOUT_AI, Record
from drypowder.report.section import Section as Section
from drypowder.report.tables import Table
from drypowder.report.words import Catalogue
from drypowder.scenarios.levers import setting_said

_TOP = 3  # names in a sentence
_ONE_BP, _FEW_BP = 0.95, 9.95  # shown as 1.0 and 10.0 from here on
_TELLING_USD_BN = 0.05


def sections(record: Record, words: Catalogue) -> list[Section]:
    """Every section that this run can fill."""
    first = (_accounts, _targets, _powder, _dollar, _rates, _assets, _forced)
    built = [make(record, words) for make in (*first, _bonds, _fed, _worlds, _assumptions)]
    return [section for section in built if section is not None and section.sentences]


def headline(record: Record, words: Catalogue) -> str:
    """Which run this is, in one line."""
    changed = record.about.get("levers_changed", {})
    listed = ", ".join(f"{k} = {setting_said(k, v)}" for k, v in sorted(changed.items()))
    paths = record.stamp["paths"]
    return words.say(
        "report.head.one" if paths == 1 else "report.head.many",
        run=record.run_id,
        scenario=record.scenario,
        changes=words.say("report.head.changes", levers=listed) if listed else "",
        steps=count(len(record.dates), words),
        first_day=record.dates[0],
        last_day=record.dates[-1],
        paths=count(paths, words),
    )


def claim(record: Record, words: Catalogue) -> str:
    """The first thing to know: what AI capex did to dry powder, and when hoards were spent."""
    total = answers.dry_powder(record).row(answers.TOTAL)
    effect, date = total["effect_usd_bn"], answers.hoard_date(record)
    said = words.say(
        "report.head.claim" if effect is not None else "report.head.claim_alone",
        end=dollars(total["end_usd_bn"], words),
        effect=dollars(effect or 0.0, words, signed=True),
        last_day=record.dates[-1],
    )
    key = "report.powder.hoard_done" if date else "report.powder.hoard_lasts"
    return f"{said} {words.say(key, date=date)}"


def stamp_line(record: Record, words: Catalogue) -> str:
    """What identifies the run."""
    return words.say("report.stamp", **record.stamp)


def _accounts(record: Record, words: Catalogue) -> Section:
    economy = record.economy
    gap = np.nanmax(record.central["residual"]) if "residual" in record.central else 0.0
    if "residual" in record.fans:
        gap = max(gap, float(record.about.get("worst_gap", gap)))
    lines = [
        words.say(
            "report.accounts.balance",
            sectors=len(economy.sectors),
            instruments=len(economy.instruments),
            gap=f"{gap:.0e}",
        )
    ]
    failed = sorted((e for e in record.events if e.event == STOPPED), key=lambda e: e.step)
    if failed:
        first, market = failed[0], words.label("instrument", failed[0].subject)
        paths = record.stamp["paths"]
        lines.append(words.say("report.accounts.stopped", count=len(failed), paths=paths,
                               market=market, date=first.date))  # fmt: skip
    for event in (e for e in failed if e.path == 0):
        market = words.label("instrument", event.subject)
        lines.append(words.say("report.accounts.central_stopped", date=event.date, market=market))
    lines += [_stopped_twin(twin, words) for twin in record.twins_stopped]
    return Section("accounts", words.say("report.accounts.title"), lines)


def _stopped_twin(twin: dict[str, str], words: Catalogue) -> str:
    """Which comparison is missing, where its market failed, and what to do."""
    return words.say(
        "report.accounts.twin_stopped",
        twin=words.label("twin", twin["twin"]),
        date=twin["date"],
        market=words.label("instrument", twin["market"]),
        sector=words.label("sector", twin["sector"]),
    )


def _targets(record: Record, words: Catalogue) -> Section | None:
    table = moments.targets(record)
    if table is None:
        return None
    lines = moments.sentences(table, words)
    return Section("targets", words.say("report.targets.title"), lines, [table])


def _powder(record: Record, words: Catalogue) -> Section:
    table = answers.dry_powder(record)
    total = table.row(answers.TOTAL)
    first, end, effect = total["first_usd_bn"], total["end_usd_bn"], total["effect_usd_bn"]
    lines = [
        words.say(
            "report.powder.left",
            first=dollars(first, words),
            end=dollars(end, words),
            first_day=record.dates[0],
            last_day=record.dates[-1],
            change=percent(end / first - 1.0, words),
        )
    ]
    if effect is not None:
        lines.append(
            words.say(
                "report.powder.twin",
                twin=dollars(end - effect, words),
                effect=dollars(effect, words, signed=True),
            )
        )
    owners = sorted(table.rows[:-1], key=lambda row: -row[2])[:_TOP]
    said = [
        words.say(
            "report.powder.owner", sector=words.label("sector", row[0]), usd=dollars(row[2], words)
        )
        for row in owners
    ]
    lines.append(words.say("report.powder.whose", owners=words.joined(said)))
    lines += _dates(record, table, words)
    return Section("powder", words.say("report.powder.title"), lines, [table])


def _dates(record: Record, table: Table, words: Catalogue) -> list[str]:
    """When hoards and sectors ran out, on the central path and in 100 worlds."""
    date = answers.hoard_date(record)
    key = "report.powder.hoard_done" if date else "report.powder.hoard_lasts"
    lines = [words.say(key, date=date)]
    ran_out = [
        words.say("report.powder.one_ran_out", sector=words.label("sector", e.subject), date=e.date)
        for e in sorted(record.events, key=lambda e: e.step)
        if e.event == RAN_OUT and e.path == 0
    ]
    if ran_out:
        share = percent(EMPTY_SHARE, words, signed=False)
        listed = words.joined(ran_out)
        lines.append(words.say("report.powder.ran_out", share=share, list=listed))
    else:
        lines.append(words.say("report.powder.none_ran_out"))
    if record.worlds:
        in_100, middle = experiments.hoard_in_100_worlds(record)
        if middle and np.isfinite(in_100):
            said = fixed(in_100, words, digits=0)
            lines.append(words.say("report.powder.hoard_worlds", count=said, date=middle))
    return lines


def _dollar(record: Record, words: Catalogue) -> Section:
    funding, paid, now = answers.funding(record), answers.receipts(record), answers.money(record)
    capex = funding.row(answers.TOTAL)["total_usd_bn"]
    sources = [
        words.say(
            "report.dollar.source",
            share=percent(row[2], words, signed=False),
            source=words.label("source", row[0]),
        )
        for row in sorted(funding.rows[:-1], key=lambda row: -abs(row[1]))
    ]
    key = "report.dollar.spent" if sources else "report.dollar.spent_nothing"
    lines = [words.say(key, capex=dollars(capex, words), sources=words.joined(sources))]
    total = paid.row(answers.TOTAL)["total_usd_bn"]
    if total:
        listed = _named(paid.rows[:-1], 1, words)
        said = dollars(total, words)
        lines.append(words.say("report.dollar.paid", total=said, list=listed))
    lines += _money_now(now, words)
    title = words.say("report.dollar.title")
    return Section("dollar", title, lines, [funding, paid, now])


def _money_now(table: Table, words: Catalogue) -> list[str]:
    effects = [row for row in table.rows if abs(np.nan_to_num(row[4])) > _TELLING_USD_BN]
    gain = [row for row in effects if row[4] > 0.0]
    lose = [row for row in effects[::-1] if row[4] < 0.0]
    said = {}
    if gain:
        said["gainers"] = _named(gain, 4, words)
    if lose:
        said["losers"] = _named(lose, 4, words)
    key = {2: "now", 1: "now_gain" if gain else "now_lose"}.get(len(said))
    return [words.say(f"report.dollar.{key}", **said)] if key else []


def _rates(record: Record, words: Catalogue) -> Section:
    table, pools = answers.yields(record), answers.liquidity(record)
    treasury, ig, hy = (table.row(k) for k in ("treasury_yield", "ig_spread", "hy_spread"))
    lines = []
    if treasury:
        effect = treasury["effect_bp"]
        key = "treasury" if effect is not None else "treasury_alone"
        lines.append(
            words.say(
                f"report.rates.{key}",
                end=rate(treasury["end_pa"], words),
                change=basis_points(treasury["change_bp"], words),
                effect=basis_points(effect, words) if effect is not None else "",
            )
        )
    if ig and hy:
        lines += _spreads({"ig": ig, "hy": hy}, words)
    if len(pools.rows) == len(_POOLS):
        lines.append(_reserves(pools, words))
    return Section("rates", words.say("report.rates.title"), lines, [table, pools])


def _spreads(rows: dict[str, dict], words: Catalogue) -> list[str]:
    said = {name: basis_points(1e4 * row["end_pa"], words, signed=False)
            for name, row in rows.items()}  # fmt: skip
    said |= {f"{name}_change": basis_points(row["change_bp"], words) for name, row in rows.items()}
    lines = [words.say("report.rates.spreads", **said)]
    effects = {f"{name}_effect": row["effect_bp"] for name, row in rows.items()}
    if None not in effects.values():
        told = {name: basis_points(bp, words) for name, bp in effects.items()}
        lines.append(words.say("report.rates.effects", **told))
    return lines


def _reserves(pools: Table, words: Catalogue) -> str:
    rows = dict(zip(_POOLS, pools.to_records(), strict=True))
    return words.say(
        "report.rates.reserves",
        lambda_bp=basis_points(rows["lambda"]["end"], words, signed=False),
        change=basis_points(rows["lambda"]["change"], words),
        **{name: dollars(rows[name]["end"], words) for name in _POOLS[1:]},
    )


_POOLS = ("lambda", "rrp", "supply", "need")


def _assets(record: Record, words: Catalogue) -> Section:
    table = answers.assets(record)
    known = [row for row in table.rows if np.isfinite(row[3])]
    lines = []
    if known:
        best, worst = max(known, key=lambda r: r[3]), min(known, key=lambda r: r[3])
        lines.append(
            words.say(
                "report.assets.most",
                best=words.label("instrument", best[0]),
                best_effect=percent(best[3], words),
                worst=words.label("instrument", worst[0]),
                worst_effect=percent(worst[3], words),
            )
        )
        slope = answers.duration_slope(record)
        if np.isfinite(slope):
            said = plain(1000.0 * slope, words, figures=2, signed=True)
            lines.append(words.say("report.assets.slope", slope=said))
    title = words.say("report.assets.title")
    return Section("assets", title, lines or [title], [table])


def _forced(record: Record, words: Catalogue) -> Section:
    lines, tables = forced.sentences(record, words), forced.tables(record)
    return Section("forced", words.say("report.forced.title"), lines, tables)


def _bonds(record: Record, words: Catalogue) -> Section | None:
    table = experiments.extra_bonds(record)
    if table is None:
        return None
    treasury, ig = table.row(NOTES), table.row(IG)
    lines = []
    if treasury and ig:
        said = {
            f"{name}{suffix}": basis_points(row[key], words)
            for name, row in (("treasury", treasury), ("ig", ig))
            for suffix, key in (("", "quarter_yield_bp"), ("_end", "end_yield_bp"))
        }
        lines.append(words.say("report.bonds.yields", **said))
        lines.append(_size(abs(treasury["quarter_yield_bp"]), words))
    equity = experiments.equity_per_dollar(record)
    if np.isfinite(equity):
        most = max(table.rows, key=lambda row: abs(row[1]))
        usd = plain(equity, words, figures=2, signed=True)
        name, effect = words.label("instrument", most[0]), percent(most[1], words)
        lines.append(words.say("report.bonds.equity", usd=usd, asset=name, effect=effect))
    return Section("bonds", words.say("report.bonds.title"), lines, [table])


def _size(bp: float, words: Catalogue) -> str:
    """How large the move of the Treasury yield is, as the figure beside it is rounded."""
    key = "under_one" if bp < _ONE_BP else "few" if bp < _FEW_BP else "many"
    return words.say(f"report.bonds.{key}", bp=plain(bp, words, figures=2))


def _fed(record: Record, words: Catalogue) -> Section | None:
    table = experiments.fed(record)
    if table is None:
        return None
    bought = experiments.fed_bought_usd_bn(record)
    lines = []
    if np.isfinite(bought):
        lines.append(words.say("report.fed.bought", usd=dollars(bought, words)))
    parts = [table.row(name).get("undone") for name in (IG, "equity_broad")]
    told = [_undone(part, words) for part in parts if part is not None]
    if len(told) < len(parts):
        lines.append(words.say("report.fed.small"))
    else:
        ig, equity = told
        lines.append(words.say("report.fed.undone", ig=ig, equity=equity))
    return Section("fed", words.say("report.fed.title"), lines, [table])


def _undone(part: float, words: Catalogue) -> str:
    said = percent(part, words)
    if part > 1.0:
        return words.say("report.fed.more_than_all", share=said)
    if part < 0.0:
        return words.say("report.fed.nothing", share=said)
    return percent(part, words, signed=False)


def _worlds(record: Record, words: Catalogue) -> Section | None:
    table = experiments.worlds(record)
    if table is None:
        return None
    said = count(record.worlds, words)
    lines = [words.say("report.worlds.intro", worlds=said, least=WORLDS_BEYOND)]
    counts = [
        words.say(
            "report.worlds.count",
            outcome=words.label("outcome", row["outcome"]),
            count=fixed(row["in_100_worlds"], words, digits=0),
            which=words.label("which", row["which"]),
        )
        for row in table.to_records()[:_COUNTED]
        if row["in_100_worlds"] is not None
    ]
    if counts:
        lines.append(words.say("report.worlds.counts", list="; ".join(counts)))
    return Section("worlds", words.say("report.worlds.title"), lines, [table])


_COUNTED = 6  # outcomes counted in the sentence; the table has all


def _assumptions(record: Record, words: Catalogue) -> Section:
    levers, table = experiments.levers(record), experiments.assumptions(record)
    listed = ", ".join(f"{name} = {setting_said(name, value)}" for name, value in levers.rows)
    key = "report.assumptions.levers" if listed else "report.assumptions.no_levers"
    lines = [words.say(key, levers=listed)]
    if table.rows:
        said = {"guesses": experiments.guesses(record), "all": len(table.rows)}
        lines.append(words.say("report.assumptions.guesses", **said))
    return Section("assumptions", words.say("report.assumptions.title"), lines, [levers, table])


def _named(rows: list[tuple], place: int, words: Catalogue) -> str:
    items = [
        words.say(
            "report.dollar.item",
            name=words.label("sector", row[0]),
            usd=dollars(row[place], words, signed=place > 1),
        )
        for row in rows[:_TOP]
    ]
    return words.joined(items)


def has_twin(record: Record) -> bool:
    """Whether effects of AI capex can be told."""
    return record.twin(WITHOUT_AI) is not None
