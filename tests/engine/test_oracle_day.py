"""The compiled day agrees to 1e-9 with the one that fits on a few pages, `oracle_day`.

The forces (calls, redemptions, margin, conviction, expectations, venues) are switched off: for
them see test_oracle. Every day starts from the engine's own yesterday.
"""

from __future__ import annotations

import ast
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from tests import oracle, oracle_day
from tests.busy import any_parameters, busy_inputs
from tests.oracle import MONEY, numpy_of

from drypowder.engine.day import one_day
from drypowder.engine.simulate import draw_news, make_levers
from drypowder.engine.world import make_layout, open_world
from drypowder.scenarios.compile import compile_inputs

AGREED = 1e-9
AMOUNT_USD_BN = 1000.0  # smaller amounts are compared to 1e-9 of this
FORCES = ("capital_call", "redemption", "margin", "conviction", "expectations", "venues")
READY = ("deposits", "money_fund_shares")  # cash
HANDED = ("y", "day", "o", "p")  # yesterday, announced, opening, parameters
LOGS = ("log_price", "log_value", "news")


@partial(jax.jit, static_argnames="layout")
def _open(units, issued, parameters, levers, layout):
    return open_world(
        units=units, issued=issued, parameters=parameters, levers=levers, layout=layout
    )


@jax.jit
def _step(state, day, news, world):
    return one_day(state, day, news, world)[:2]


def _mornings(inputs, *, number: int = 0, compared=lambda day: True):
    """Days of one path: what the oracle is handed in the morning, what the engine has at night."""
    levers = make_levers(inputs, 1, shock_scale=1.0)
    off = [jnp.zeros(1)] * len(FORCES)
    levers = eqx.tree_at(lambda lv: [getattr(lv, name) for name in FORCES], levers, off)
    parameters = jax.tree.map(np.asarray, inputs.draw(np.array([number])))  # one trace serves all
    units, issued = jnp.asarray(inputs.units), jnp.asarray(inputs.issued)
    world, state = _open(units, issued, parameters, levers, make_layout(inputs.economy))
    numbers = jnp.array([number], dtype=jnp.uint32)
    news = draw_news(jax.random.key(7), numbers, inputs.days, parameters.shocks, jnp.ones(1))
    unchanging = opening_of(inputs, parameters, levers), parameters_of(parameters)
    unchanging = *unchanging, *names_of(inputs.economy)
    for k in range(len(inputs.dates)):
        day = jax.tree.map(lambda leaf, k=k: leaf[k], inputs.days)
        morning = state
        state, seen = _step(state, day, news[k], world)
        if compared(k):
            assert bool(state.alive.all())
            today = announced(day, levers, np.asarray(news[k])[:, 0])
            yield (stocks_of(morning), today, *unchanging), (stocks_of(state), numpy_of(seen))


def parameters_of(parameters) -> SimpleNamespace:
    """Behaviour of the only path by name: numbers, and arrays by sector or asset."""
    p = {}
    for module in vars(parameters).values():
        p |= {name: _only_path(array) for name, array in numpy_of(module).items()}
    return SimpleNamespace(**p)


def _only_path(array):
    return array[..., 0] if array.ndim and array.shape[-1] == 1 else array


def names_of(economy):
    """Rows of sectors, positions of instruments and cleared assets, and what belongs together."""
    rows = np.eye(len(economy.sectors))
    s = {name: rows[economy.sector(name)] for name in economy.sector_names}
    i = {name: k for k, name in enumerate(economy.instrument_names)}
    a = {name: k for k, name in enumerate(economy.names("cleared"))}
    roles, kinds = [x.role for x in economy.sectors], economy.instruments
    s["holders"] = [k for k, role in enumerate(roles) if role in ("holder", "bank")]
    s["savers"] = np.isin(roles, ("holder", "issuer")).astype(float)
    cleared = economy.columns("cleared")
    grows = [k.kind == "par" or k.group == "bonds" or k.name == "private_credit" for k in kinds]
    crypto = np.array([k.group == "crypto" for k in kinds[cleared]])
    i |= {
        "cleared": cleared, "appraised": economy.columns("appraised"),
        "money": [i[name] for name in MONEY], "cash": [i[name] for name in READY],
        "equity": list(economy.group("equity")), "grows": np.array(grows).astype(float),
        "is_bond": np.array([float(k.group == "bonds") for k in kinds[cleared]]),
        "groups": np.array([~crypto, crypto]).astype(float),  # which assets each may own
        "funds": [(economy.sector(x.name), i[x.issues_shares])
                  for x in economy.sectors if x.issues_shares],
    }  # fmt: skip
    return SimpleNamespace(**s), SimpleNamespace(**i), SimpleNamespace(**a)


def opening_of(inputs, parameters, levers) -> SimpleNamespace:
    """The opening sheet, who takes part in markets, and what anchors the wish for reserves."""
    o = oracle.world_of(inputs.units, inputs.issued, parameters, levers, inputs.economy)
    p, bank = parameters.demand, inputs.economy.role("bank")
    powder = (1.0 - np.asarray(p.desired_liquidity_share)[:, 0]) * o["money0"][:, 0]
    powder[bank] = p.bank_securities_capacity_usd_bn[0]
    return SimpleNamespace(
        units=inputs.units, issued=inputs.issued, money=o["money0"][:, 0], powder=powder,
        pi=o["participation"][..., 0], need=o["need0"][0], reserves_wanted=o["wanted0"][0],
        lambda_bp=o["lambda0"][0], standing_repo=o["standing0"][0],
    )  # fmt: skip


def announced(day, levers, news):
    """What is known in the morning: the calendar's row, news, experiments of this path."""
    row, lever = numpy_of(day), {name: x[0] for name, x in numpy_of(levers).items()}
    assert row["business"] == 1.0 and row["market_open"].all() and row["risk_off"] == 0.0
    programme = lever["extra_bonds_usd_bn"] * row["programme_share"]
    return SimpleNamespace(
        **{name: x if x.ndim else float(x) for name, x in row.items()},
        news=news + row["dated_news"],
        fed_absorbs=lever["fed_absorbs"],
        bonds_ordered_usd_bn=programme + row["ai_bonds_usd_bn"],
        extra_capex_usd_bn=programme,
    )


def stocks_of(state) -> SimpleNamespace:
    """Accounts and prices of the engine's only path under the oracle's names."""
    y = {name: _only_path(array) for name, array in numpy_of(state).items()}
    assert np.abs(y["taste"]).max() == np.abs(y["hedge"]).max() == 0.0
    return SimpleNamespace(**y, log_value=y["log_fundamental"])


def _gaps(handed, engine) -> dict[str, float]:
    """Largest difference of every stock and price: logs as they are, amounts to their size."""
    found, (state, seen) = vars(oracle_day.one_day(*handed)), engine
    o, rows = handed[2], handed[4].holders
    pairs = {name: (getattr(state, name), other) for name, other in found.items()
             if name not in ("powder", "lambda_bp")}  # fmt: skip
    pairs["powder"] = seen["dry_powder_usd_bn"][rows, 0], found["powder"][rows]
    pairs["lambda_bp"] = seen["lambda_bp"][0], found["lambda_bp"]
    gaps = {}
    for name, (one, other) in pairs.items():
        scale = np.maximum(np.abs(other), AMOUNT_USD_BN)
        scale = 1.0 if name in LOGS else 10.0 if name == "lambda_bp" else scale
        scale = np.maximum(np.abs(o.units).sum(axis=0), 1.0) if name == "units" else scale
        gaps[name] = float(np.max(np.abs(one - other) / scale))
    return gaps


def _assert_same(days) -> None:
    for handed, engine in days:
        for name, gap in _gaps(handed, engine).items():
            assert gap < AGREED, (name, gap)


@pytest.mark.parametrize("number", [0, 3])  # central, and a world of drawn parameters
def test_the_essay_agrees_with_a_day_told_on_a_few_pages(number):
    inputs = compile_inputs("essay", years=1.0)
    _assert_same(_mornings(inputs, number=number, compared=lambda k: k < 20 or k % 21 == 0))


def test_the_hoards_agree_while_they_last_and_when_they_are_gone():
    inputs = compile_inputs("hoards")
    compared = list(_mornings(inputs, compared=lambda k: k < 5 or k % 42 == 0))
    _assert_same(compared)
    hoard, notes, bonds = ([float(seen[f"funding_{source}"][0]) for _, (_, seen) in compared]
                           for source in ("hoard", "treasuries", "bonds"))  # fmt: skip
    assert hoard[0] < 0.0 < 0.5 < max(hoard)  # refilled at first, then spent
    assert max(notes) > 0.5 and bonds[0] == 0.0 < bonds[-1]


@settings(max_examples=5, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(**any_parameters())
def test_any_busy_world_agrees_with_a_day_told_on_a_few_pages(**drawn):
    _assert_same(_mornings(busy_inputs(5, **drawn)))


@pytest.fixture(scope="module")
def busy_days():
    """Twelve days on which lambda moves, twelve on which banks must borrow from the fed."""
    scarce = busy_inputs(12, bank_assets_usd_bn=45_000.0)
    return [*_mornings(busy_inputs(12)), *_mornings(scarce)]


def test_busy_days_agree_with_lambda_free_and_at_its_cap(busy_days):
    _assert_same(busy_days)
    assert abs(busy_days[-1][1][0].standing_repo) > 1.0


def _read() -> list[str]:
    """Every number of yesterday, the day, the opening and behaviour that the oracle reads."""
    nodes = ast.walk(ast.parse(Path(oracle_day.__file__).read_text(encoding="utf-8")))
    named = [x for x in nodes if isinstance(x, ast.Attribute) and isinstance(x.value, ast.Name)]
    return sorted({f"{x.value.id}.{x.attr}" for x in named if x.value.id in HANDED})


@pytest.mark.parametrize("read", _read())
def test_an_oracle_that_is_told_something_else_disagrees(busy_days, read):
    """Each number that the oracle reads matters: with half as much again accounts differ."""
    whose, name = read.split(".")
    worst = 0.0
    for handed, engine in busy_days:
        told = [SimpleNamespace(**vars(part)) for part in handed]
        where = told[HANDED.index(whose)]
        setattr(where, name, 1.5 * np.asarray(getattr(where, name)))
        worst = max(worst, *_gaps(told, engine).values())
    assert worst > 10.0 * AGREED
