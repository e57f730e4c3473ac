"""The compiled day and the oracle's day agree to 1e-9, channel by channel and all at once.

Days on which lenders force sales end within 1e-5 of an account's resting point: they agree to
1e-4, and their prices to 1e-5.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from tests import oracle
from tests.busy import any_parameters, busy_inputs, forced_inputs

from drypowder.accounts.economy import default_economy
from drypowder.engine.day import one_day
from drypowder.engine.run import BALANCE_TOLERANCE
from drypowder.engine.simulate import draw_news, make_levers
from drypowder.engine.world import make_layout, open_world

AGREED = 1e-9
FORCED = 1e-4  # rounds end within 1e-5 of an account's resting point
AMOUNT_USD_BN = 1000.0  # smaller amounts are compared to 1e-9 of this
LOGS = (
    *("log_price", "log_fundamental", "news", "taste", "hedge", "conviction"),
    *("performance", "beliefs", "fear", "risk_off", "equity_peak", "drawdown"),
)  # compared as they are
LEVERAGES = ("leverage", "largest_leverage")
RULES = {"call_rule": [0, 1, 2, 3]}  # one for each path
SOLVER = (
    "inverse",
    "alive",
    "failed_market",
    "failed_holder",
    "failed_day",
)  # the engine's own book-keeping
WEEKEND = 4


@partial(jax.jit, static_argnames="layout")
def _open(units, issued, parameters, levers, layout):
    return open_world(
        units=units, issued=issued, parameters=parameters, levers=levers, layout=layout
    )


@jax.jit
def _step(state, day, news, world):
    return one_day(state, day, news, world)[:2]


def _walk(inputs, *, paths: int, levers: dict | None = None):
    """Both worlds side by side, each from its own yesterday: yields what they find every day."""
    switches = make_levers(inputs, paths, shock_scale=1.0)
    for name, value in (levers or {}).items():
        array = jnp.broadcast_to(jnp.asarray(value), (paths,))
        array = array.astype(getattr(switches, name).dtype)
        switches = eqx.tree_at(lambda lv, n=name: getattr(lv, n), switches, array)
    parameters = inputs.draw(np.arange(paths))
    units, issued = jnp.asarray(inputs.units), jnp.asarray(inputs.issued)
    world, state = _open(units, issued, parameters, switches, make_layout(inputs.economy))
    theirs = oracle.world_of(units, issued, parameters, switches, inputs.economy)
    mirror = oracle.numpy_of(state)
    numbers = jnp.arange(paths, dtype=jnp.uint32)
    heard = draw_news(
        jax.random.key(7), numbers, inputs.days, parameters.shocks, switches.shock_scale
    )
    for number in range(len(inputs.dates)):
        day = jax.tree.map(lambda leaf, k=number: leaf[k], inputs.days)
        state, seen = _step(state, day, heard[number], world)
        news = np.asarray(heard[number])
        mirror, shown = oracle.one_day(mirror, oracle.numpy_of(day), news, theirs)
        yield state, seen, mirror, shown


def _assert_same_day(state, seen, mirror, shown, opening, agreed=AGREED):
    """Stocks relative to what was outstanding at the opening, logs and rates as they are."""
    outstanding = np.maximum(np.abs(opening).sum(axis=0), 1.0)[:, None]
    engine = oracle.numpy_of(state)
    for name, value in mirror.items():
        if name not in SOLVER:
            scale = 1.0 if name in LOGS else np.maximum(np.abs(value), AMOUNT_USD_BN)
            scale = np.maximum(value, 1.0) if name == "variance" else scale
            scale = outstanding if name == "units" else scale
            _assert_close(engine[name], value, scale, name, agreed)
    funding = {f"funding_{k}": v for k, v in seen.funding._asdict().items()}
    observed = {**seen._asdict(), **funding}
    for name, value in shown.items():
        is_amount = name.endswith(("usd_bn", "coins")) or name in funding
        scale = np.maximum(np.abs(value), AMOUNT_USD_BN) if is_amount else 1.0
        scale = 10.0 if name == "lambda_bp" else scale
        if name in LEVERAGES:  # an account without equity has none that a float can tell
            scale = np.where((value > 0.1) & (value < 100.0), value**2, np.inf)
        _assert_close(observed[name], value, scale, name, agreed)
    assert bool(state.alive.all())
    assert float(seen.residual.max()) < BALANCE_TOLERANCE


def _assert_close(ours, theirs, scale, name, agreed):
    gap = np.abs(np.asarray(ours) - theirs) / scale
    assert gap.max() < agreed, (name, gap.max())


def test_the_engine_agrees_with_the_oracle_when_every_channel_works():
    inputs = busy_inputs(9, weekend=WEEKEND)
    seen_funding = []
    for state, seen, mirror, shown in _walk(inputs, paths=3):
        _assert_same_day(state, seen, mirror, shown, inputs.units)
        seen_funding.append({k: v for k, v in shown.items() if k.startswith("funding_")})
    for name in seen_funding[0]:  # each source of money was used on some day
        assert max(day[name].max() for day in seen_funding) > 0.0, name


def test_a_weekend_moves_crypto_and_no_other_market():
    inputs = busy_inputs(WEEKEND + 1, weekend=WEEKEND)
    days = [(mirror, shown) for _, _, mirror, shown in _walk(inputs, paths=2)]
    (friday, _), (saturday, _) = days[WEEKEND - 1], days[WEEKEND]
    moved = np.abs(saturday["log_price"] - friday["log_price"]).max(axis=1)
    cleared = inputs.economy.columns("cleared")
    crypto = list(inputs.economy.group("crypto"))
    closed = [k for k in range(cleared.start, cleared.stop) if k not in crypto]
    assert moved[closed].max() == 0.0
    assert moved[crypto].min() > 0.0


@pytest.mark.parametrize(
    "switch", ["issuance", "income", "liquidity", "policy", "ai_capex", "fed_absorbs"]
)
def test_every_switch_of_the_engine_is_a_switch_of_the_oracle(switch):
    inputs = busy_inputs(3)
    for both in _walk(inputs, paths=2, levers={switch: [0.0, 1.0]}):
        _assert_same_day(*both, inputs.units)


def test_calls_redemptions_beliefs_and_moods_agree_for_every_rule_of_sale():
    inputs, off = forced_inputs(9), {"margin": 0.0, "venues": 0.0}
    used = {}
    for state, seen, mirror, shown in _walk(inputs, paths=4, levers={**RULES, **off}):
        _assert_same_day(state, seen, mirror, shown, inputs.units)
        for name, amount in {**mirror, **shown}.items():
            used[name] = np.maximum(used.get(name, 0.0), np.abs(amount).max())
        call, redemption, margin, venues = shown["forced_usd_bn"]
        used["sold_for_a_call"] = np.maximum(used.get("sold_for_a_call", 0.0), call.sum(axis=0))
        used["sold_by_funds"] = np.maximum(used.get("sold_by_funds", 0.0), redemption.max())
        assert margin.max() == venues.max() == 0.0
    assert used["sold_for_a_call"].min() > 1.0  # by each of the four rules
    for name in ("sold_by_funds", "queue_usd_bn", "bridge", "called_waiting", "conviction"):
        assert used[name] > 0.0, name
    assert used["drawdown"] > 0.02 and used["fear"] > 0.02  # both puts are felt


def test_a_call_that_nobody_can_pay_is_a_default_in_both():
    inputs = forced_inputs(5, call_share=_one_sector("crypto_leveraged"))
    inputs = replace(inputs, days=eqx.tree_at(lambda d: d.called_usd_bn, inputs.days,
                                              10.0 * inputs.days.called_usd_bn))  # fmt: skip
    levers = {**RULES, "margin": 0.0, "venues": 0.0}
    defaults = []
    for both in _walk(inputs, paths=4, levers=levers):
        _assert_same_day(*both, inputs.units)
        defaults.append(both[3]["call_default_usd_bn"])
    assert np.max(defaults, axis=0).min() > 1.0


def test_forced_sales_come_to_rest_where_the_oracle_says():
    inputs = forced_inputs(9)
    sold = []
    for both in _walk(inputs, paths=4, levers={**RULES, "venues": 0.0}):
        _assert_same_day(*both, inputs.units, agreed=FORCED)
        np.testing.assert_allclose(both[0].log_price, both[2]["log_price"], atol=1e-5)
        assert np.asarray(both[1].forced_settled).all()
        sold.append(both[3]["forced_usd_bn"][2].sum(axis=0))
    assert np.max(sold, axis=0).min() > 10.0


def test_an_account_under_water_costs_its_lenders_the_same_in_both():
    """Roughly cleared rounds of a crash may sell a little more than the least fixed point asks."""
    fall = np.zeros((4, 13))
    fall[1, 4:10], fall[1, 11:] = -0.6, -4.0  # coins: nothing is left of who borrowed on them
    inputs = _with_little_cash(forced_inputs(4, days={"dated_news": fall}), "crypto_leveraged")
    losses = []
    for both in _walk(inputs, paths=4, levers={**RULES, "venues": 0.0}):
        _assert_same_day(*both, inputs.units, agreed=10.0 * FORCED)
        losses.append(both[3]["loan_losses_usd_bn"])
    assert np.max(losses) > 1.0


def test_perpetual_positions_open_as_the_oracle_says():
    inputs = forced_inputs(1)
    parameters, switches = inputs.draw(np.arange(2)), make_levers(inputs, 2, shock_scale=1.0)
    layout = make_layout(inputs.economy)
    units, issued = jnp.asarray(inputs.units), jnp.asarray(inputs.issued)
    world, state = _open(units, issued, parameters, switches, layout)
    theirs = oracle.world_of(units, issued, parameters, switches, inputs.economy)
    size = np.asarray(parameters.venues.perp_open_interest_usd_bn)
    for ours, other in ((state.perps.coins, 0), (state.perps.margin, 1)):
        np.testing.assert_allclose(ours, size * theirs["survivors"][other], atol=1e-9)
    np.testing.assert_allclose(world.newcomers.open_coins, theirs["new_coins"], atol=1e-12)
    np.testing.assert_allclose(world.newcomers.margin_usd_bn, theirs["new_margin"], atol=1e-12)


@pytest.mark.parametrize("arbitrage", [False, True])
def test_closed_perpetuals_agree_and_so_do_coins_sold_against_them(arbitrage):
    """Without arbitrage a price moves no further; with it a day ends as near as rounds go."""
    hedging = {} if arbitrage else {"arbitrage_share": np.zeros(len(default_economy().sectors))}
    inputs = forced_inputs(7, weekend=5, **hedging)
    names = ("perp_liquidated_usd_bn", "perp_shorts_closed_usd_bn", "perp_deleveraged_usd_bn")
    closed = []
    for both in _walk(inputs, paths=4, levers={**RULES, "margin": float(arbitrage)}):
        _assert_same_day(*both, inputs.units, agreed=FORCED if arbitrage else AGREED)
        closed.append([both[3][name] for name in names])
    assert np.max(closed, axis=(0, -1)).min() > 0.01  # of each coin, in each way


@pytest.mark.parametrize("switch", ["capital_call", "redemption", "conviction", "expectations"])
def test_every_switch_of_a_force_is_a_switch_of_the_oracle(switch):
    inputs = forced_inputs(4)
    off = {"margin": 0.0, "venues": 0.0}
    for both in _walk(inputs, paths=4, levers={**RULES, **off, switch: [0.0, 1.0, 0.0, 1.0]}):
        _assert_same_day(*both, inputs.units)


def _with_little_cash(inputs, name):
    """Nine tenths of a sector's deposits and money-fund shares belong to households instead."""
    economy, units = inputs.economy, inputs.units.copy()
    for money in ("deposits", "money_fund_shares"):
        column = economy.instrument(money)
        moved = 0.9 * units[economy.sector(name), column]
        units[economy.sector(name), column] -= moved
        units[economy.sector("households"), column] += moved
    return replace(inputs, units=units)


def _one_sector(name):
    return np.array([float(sector == name) for sector in default_economy().sector_names])


def test_one_more_billion_is_spent_on_its_day_only():
    inputs = busy_inputs(3)
    levers = {"extra_capex_usd_bn": [0.0, 1.0], "extra_capex_day": [-1, 1], "shock_scale": 0.0}
    capex = []
    for both in _walk(inputs, paths=2, levers=levers):
        _assert_same_day(*both, inputs.units)
        capex.append(np.diff(both[3]["funding_capex"])[0])
    assert capex[0] == 0.0
    np.testing.assert_allclose(capex[1], 1.0, atol=1e-12)
    assert abs(capex[2]) < 1e-3  # afterwards only the cost of capital remembers


@settings(max_examples=6, phases=[Phase.explicit, Phase.generate])  # shrinking takes minutes
@given(**any_parameters())
def test_the_engine_agrees_with_the_oracle_for_any_parameters(**drawn):
    inputs = busy_inputs(3, **drawn)
    for both in _walk(inputs, paths=2):
        _assert_same_day(*both, inputs.units)
