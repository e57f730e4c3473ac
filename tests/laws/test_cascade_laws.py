"""Laws of calls, redemptions, margin, beliefs and venues, in whole days on the shipped sheet.

One compiled program serves them all: the calendar of `rest` with other announcements, a few
paths side by side that differ in parameters or switches.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drypowder.channels.day import SWITCHES
from drypowder.engine import simulate as engine
from drypowder.engine.repayment import CHANNELS
from drypowder.engine.world import make_layout
from drypowder.scenarios.compile import compile_inputs

STEPS, PATHS = 7, 3
FORCES = ("capital_call", "redemption", "margin", "conviction", "expectations", "venues")
DAY = 2  # on which something happens


@cache
def rest():
    return compile_inputs("rest", years=STEPS / 252)


def asset(name: str) -> int:
    return rest().economy.names("cleared").index(name)


def row(holder: str) -> int:
    layout = make_layout(rest().economy)
    return [layout.economy.sector_names[k] for k in layout.holders].index(holder)


def day_value(field: str, value, *, on: int = DAY):
    """The calendar of `rest` with one announcement."""
    array = np.array(getattr(rest().days, field))
    array[on] = value
    return eqx.tree_at(lambda d: getattr(d, field), rest().days, jnp.asarray(array))


def news(**log_change: float):
    """Dated events: instrument or group -> log price."""
    array = np.zeros(len(rest().economy.names("cleared")))
    for name, change in log_change.items():
        groups = [i.group for i in rest().economy.instruments[rest().economy.columns("cleared")]]
        for k, (own, group) in enumerate(zip(rest().economy.names("cleared"), groups, strict=True)):
            array[k] += change if name in (own, group) else 0.0
    return day_value("dated_news", array)


def run(days=None, *, levers=None, **parameters):
    """Series by path. `levers` and `parameters` (module.field by double underscore) a path."""
    inputs = rest() if days is None else replace(rest(), days=days)
    switches = engine.make_levers(inputs, PATHS, shock_scale=0.0)
    for name, values in {"ai_capex": 1.0, **(levers or {})}.items():
        old = getattr(switches, name)
        new = jnp.broadcast_to(jnp.asarray(values, dtype=old.dtype), old.shape)
        switches = eqx.tree_at(lambda lv, n=name: getattr(lv, n), switches, new)
    central = np.zeros(PATHS, dtype=int)
    drawn = inputs.draw(central)
    for name, values in parameters.items():
        module, field = name.split("__")
        old = getattr(getattr(drawn, module), field)
        new = jnp.broadcast_to(jnp.asarray(values, dtype=float), old.shape)
        drawn = eqx.tree_at(lambda p, m=module, f=field: getattr(getattr(p, m), f), drawn, new)
    return engine.run_block(inputs, drawn, switches, central, 0)


def forced(series, channel: str):
    """USD bn sold by force through a channel, each path."""
    return series["forced_usd_bn"][:, :, CHANNELS.index(channel)].sum(axis=(1, 2))


CRASH = {"equity": -0.25, "crypto": -0.3}
NO_MONEY = {"call__call_idle_share": 1.0}  # that anybody would put up


def test_law_17_no_shock_no_motion_with_every_channel_on():
    series = run()
    np.testing.assert_allclose(series["price"], 1.0, atol=1e-10)
    assert series["forced_usd_bn"].max() < 1e-6


@settings(max_examples=6)
@given(st.floats(-0.8, 0.1), st.floats(-0.8, 0.1), st.floats(0.0, 400.0), st.floats(0.0, 1.0))
def test_law_1_accounts_balance_whatever_is_forced(equity, crypto, called, scared):
    days = news(equity=equity, crypto=crypto)
    days = eqx.tree_at(
        lambda d: (d.called_usd_bn, d.risk_off),
        days,
        (
            days.called_usd_bn.at[1].set(called),
            days.risk_off.at[DAY:].set(scared),
        ),
    )
    series = run(days, levers={"call_rule": [0, 1, 3]})
    alive = series["failed_day"] < 0
    assert alive.all()
    assert series["residual"].max() < 1e-9
    assert (series["forced_settled"] == 1.0).all()


def test_law_11_without_debt_flows_or_venues_a_fall_is_nothing_more_than_the_shock():
    """Nobody owes, asks, believes or is closed: the switches of the forces change nothing."""
    nothing = {
        "margin__leverage_headroom": 1e6,
        "margin__haircut": 0.0,
        "redemption__flow_up": 0.0,
        "redemption__flow_down": 0.0,
        "conviction__extrapolation": 0.0,
        "venues__perp_open_interest_usd_bn": 0.0,
        "expectations__regime_put_rate_pa": 0.0,
        "expectations__regime_put_usd_bn": 0.0,
    }
    on_off = {name: [1.0, 0.0, 1.0] for name in FORCES}
    series = run(news(**CRASH), levers=on_off, **nothing)
    np.testing.assert_allclose(series["price"][1], series["price"][0], rtol=1e-12)
    fall = np.log(series["price"][0, DAY, rest().economy.instrument("bitcoin")])
    assert fall == pytest.approx(CRASH["crypto"], abs=5e-3)  # wealth effects of shares apart


def _bonds(series, day: int):
    y = series["yield_pa"][0, day]
    return y[asset("treasuries")], y[asset("hy_and_loans")] - y[asset("treasuries")]


def test_law_12_supply_moves_yields_and_spreads_together_fear_moves_them_apart():
    before = _bonds(run(), STEPS - 1)
    supplied = _bonds(run(levers={"extra_bonds_usd_bn": 500.0}), STEPS - 1)
    assert supplied[0] > before[0]
    bonds = run(levers={"extra_bonds_usd_bn": 500.0})["yield_pa"][0, -1]
    calm = run()["yield_pa"][0, -1]
    spread = bonds[asset("ig_credit")] - bonds[asset("treasuries")]
    assert spread > calm[asset("ig_credit")] - calm[asset("treasuries")]
    scared = eqx.tree_at(lambda d: d.risk_off, rest().days, rest().days.risk_off.at[DAY:].set(0.1))
    after = _bonds(run(scared), DAY)
    assert after[0] < before[0] - 1e-4  # more than a basis point down
    assert after[1] > before[1] + 1e-5


def test_law_13_less_room_never_means_fewer_forced_sales():
    headroom = np.array([1.02, 1.1, 1.3])
    series = run(news(**CRASH), margin__leverage_headroom=headroom, **NO_MONEY)
    sold = forced(series, "margin")
    assert sold[0] > sold[1] > sold[2] >= 0.0
    assert (series["forced_settled"] == 1.0).all()
    shares = series["price"][:, DAY, rest().economy.instrument("equity_broad")]
    assert shares[0] < shares[1] and shares[1] <= shares[2] + 1e-9


def test_law_13_idle_money_and_patient_lenders_never_mean_more_forced_sales():
    idle, days = np.array([1.0, 0.5, 0.0]), np.array([1e-6, 0.01, 0.1])
    for changed in ({"call__call_idle_share": idle}, {"margin__margin_call_years": days}):
        series = run(news(**CRASH), margin__leverage_headroom=1.02, **{**NO_MONEY, **changed})
        sold = series["forced_usd_bn"][:, DAY, CHANNELS.index("margin")].sum(axis=1)
        assert sold[0] > sold[1] + 1.0 and sold[1] >= sold[2]
        assert (series["forced_settled"] == 1.0).all()
        assert series["residual"].max() < 1e-9


def test_law_13_forced_selling_comes_in_ever_smaller_rounds():
    rounds = run(news(**CRASH), margin__leverage_headroom=1.05)["forced_by_round"][0, DAY]
    assert rounds[0] > 0.0
    assert np.all(np.diff(rounds[:-1]) <= 1e-9)  # the last holds all later ones


def test_a_force_is_switched_off_by_its_switch():
    off = {name: 0.0 for name in ("margin", "venues", "redemption")}
    days = news(**CRASH)
    series = run(eqx.tree_at(lambda d: d.called_usd_bn, days, days.called_usd_bn.at[1].set(50.0)),
                 levers={**off, "capital_call": 0.0}, margin__leverage_headroom=1.02)  # fmt: skip
    assert series["forced_usd_bn"].max() == 0.0
    assert series["called_usd_bn"].max() == 0.0


def test_a_sector_that_fails_leaves_its_losses_with_its_lenders():
    """A world at a tenth of its price: hedge funds are under water, the banks write loans off."""
    series = run(
        news(equity=-2.5, gold=-2.0, bonds=-0.7),
        redemption__flow_down=0.0,
        expectations__regime_put_rate_pa=0.0,
    )
    lost = series["loan_losses_usd_bn"][0]
    assert lost[DAY] > 10.0 and lost.sum() == pytest.approx(lost[DAY:].sum())
    assert (series["failed_day"] < 0).all()
    assert series["residual"].max() < 1e-9
    shares = series["price"][0, :, rest().economy.instrument("hedge_fund_shares")]
    assert np.isfinite(shares).all() and shares[DAY] > 0.0


def test_a_call_met_from_dry_powder_alone_moves_no_price_beyond_the_spending():
    """Who is called has money: until the labs spend it, nothing happens to any market."""
    days = day_value("called_usd_bn", 100.0)
    firms = np.zeros((len(rest().economy.sectors), 1))
    firms[rest().economy.sector("households")] = 1.0
    never = {"call__call_share": firms, "call__call_spending_lag_years": 1e9}
    series = run(days, levers={"capital_call": [1.0, 0.0, 1.0]}, **never)
    assert series["called_usd_bn"][0].sum() == pytest.approx(100.0)
    assert forced(series, "capital_call")[0] == 0.0
    cleared = rest().economy.columns("cleared")
    np.testing.assert_allclose(
        series["price"][0][:, cleared], series["price"][1][:, cleared], rtol=1e-7
    )


def test_a_call_on_tapped_out_pockets_is_a_sale_and_what_is_sold_stays_sold():
    pockets = np.zeros((len(rest().economy.sectors), 1))
    pockets[rest().economy.sector("deep_pockets")] = 1.0
    series = run(
        day_value("called_usd_bn", 150.0),
        levers={"call_rule": [0, 2, 0]},
        call__call_share=pockets,
        call__fund_redemption_share=0.0,
    )
    sold = forced(series, "capital_call")
    assert sold[0] > 50.0
    coins = series["price"][:, :, rest().economy.instrument("bitcoin")]
    assert coins[0, DAY] < coins[1, DAY] - 1e-3  # least believed in is sold before all else
    assert coins[0, -1] < 1.0 - 1e-3  # and is not bought back


def test_a_call_above_all_wealth_is_a_default_on_the_labs():
    pockets = np.zeros((len(rest().economy.sectors), 1))
    pockets[rest().economy.sector("deep_pockets")] = 1.0
    series = run(
        day_value("called_usd_bn", 5_000.0),
        call__call_share=pockets,
        call__fund_redemption_share=0.0,
    )
    assert series["call_default_usd_bn"][0, DAY] > 3_000.0
    assert (series["failed_day"] < 0).all() and series["residual"].max() < 1e-9


def test_fund_shares_pay_part_of_a_call_and_a_bank_waits_for_them():
    """What hedge-fund shares will pay is borrowed, asked for, and repaid when the fund pays."""
    pockets = np.zeros((len(rest().economy.sectors), 1))
    pockets[rest().economy.sector("deep_pockets")] = 1.0
    shares = [0.0, 1.0, 1.0]
    notice = np.full((3, PATHS), 60 / 365)
    notice[1, 2] = 1e-6
    series = run(
        day_value("called_usd_bn", 150.0, on=1),
        call__call_share=pockets,
        call__fund_redemption_share=shares,
        redemption__notice_years=notice,
        redemption__flow_up=0.0,
        redemption__flow_down=0.0,
        redemption__gate_share_quarter=1.0,
    )
    sold = forced(series, "capital_call")
    assert sold[1] < 0.95 * sold[0] and sold[2] == pytest.approx(sold[1], rel=1e-9)
    queue, paid = series["queue_usd_bn"][:, :, 1], series["redeemed_usd_bn"][:, :, 1].sum(axis=1)
    assert queue[0].max() < 1e-9 < queue[1, -1]
    bridged = sold[0] - sold[1]
    assert paid[2] == pytest.approx(bridged, rel=1e-6)  # at once, and the bank with it
    assert queue[1, -1] + paid[1] == pytest.approx(bridged, rel=1e-6)
    assert series["residual"].max() < 1e-9


def test_redemptions_follow_losses_and_the_gate_holds_them_back():
    gates = np.ones((3, PATHS))
    gates[1] = [1.0, 0.02, 0.005]  # of hedge funds
    series = run(
        news(**CRASH),
        redemption__gate_share_quarter=gates,
        redemption__notice_years=np.full((3, PATHS), 1e-6),
        levers={"margin": 0.0},
    )
    paid, waiting = series["redeemed_usd_bn"][:, :, 1].sum(axis=1), series["queue_usd_bn"][:, -1, 1]
    assert paid[0] > paid[1] > paid[2] > 0.0
    assert waiting[0] < waiting[1] < waiting[2]


def test_a_hawkish_announcement_moves_what_has_no_cash_flows_most():
    days = day_value("evidence", np.log([0.3, 0.3, 1.0]))
    rate = np.zeros((3, 1))
    price = run(days, expectations__regime_rate_change_pa=rate)["price"][0, DAY]
    at = rest().economy.instrument
    assert price[at("gold_silver")] < price[at("equity_broad")] < price[at("treasuries")] < 1.0


def test_nothing_makes_bitcoin_lead():
    """Law 15: equal clocks, no leverage: its returns foretell those of shares no better than
    the other way round."""
    inputs = compile_inputs("rest", years=96 / 252)
    off = {name: 0.0 for name in ("margin", "venues", "redemption", "conviction", "expectations")}
    series = engine.run_paths(replace(inputs, levers={**inputs.levers, **off}), np.arange(1, 65), 5)
    at = inputs.economy.instrument
    returns = np.diff(np.log(series["price"][:, :, [at("bitcoin"), at("equity_broad")]]), axis=1)
    coin, share = (returns[:, :, k] - returns[:, :, k].mean() for k in (0, 1))
    leads = np.mean(coin[:, :-1] * share[:, 1:]) / (coin.std() * share.std())
    lags = np.mean(share[:, :-1] * coin[:, 1:]) / (coin.std() * share.std())
    error = 1.0 / np.sqrt(share[:, 1:].size)
    assert abs(leads) < 4 * error and abs(leads - lags) < 4 * np.sqrt(2) * error


def test_switches_are_inputs_of_one_program():
    run()
    before = engine._trace_count
    for name in SWITCHES:
        run(levers={name: [0.0, 1.0, 0.0]})
    assert engine._trace_count == before
