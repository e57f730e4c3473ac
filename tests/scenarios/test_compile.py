"""A compiled scenario has the shapes that the engine reads, whichever scenario it is."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from drypowder.accounts import check_balanced
from drypowder.channels.day import Levers
from drypowder.errors import UsageError
from drypowder.scenarios import compile_inputs, load, names

PATHS = np.array([0, 3, 17, 2, 5, 11, 7])


@pytest.fixture(scope="module", params=names())
def compiled(request):
    days_a_year = {"business": 252, "calendar": 365}[load(request.param).file.clock]
    return compile_inputs(request.param, years=13 / days_a_year)


def test_every_shipped_scenario_compiles_to_float64(compiled):
    rows = jax.tree.leaves(compiled.days)
    assert all(row.shape[0] == 13 for row in rows)
    for leaf in rows + jax.tree.leaves(compiled.draw(PATHS)):
        assert leaf.dtype in (jnp.float64, jnp.int64)
        assert np.all(np.isfinite(leaf))


def test_every_parameter_ends_with_its_paths(compiled):
    # the fields without a path axis, and the width of the others, by part of the engine
    without = {
        "import_recipient", "spending_recipient", "wealth_spender", "capex_share", "lab_share",
        "firm_share", "bucket_sector", "appraisal_twin",
    }  # fmt: skip
    drawn = compiled.draw(PATHS)
    for part in ("demand", "reserves", "income", "issuance", "valuation"):
        for field, array in vars(getattr(drawn, part)).items():
            assert field in without or array.shape[-1] == len(PATHS), field


def test_the_opening_sheet_balances_and_is_restricted_to_traded_assets(compiled):
    check_balanced(compiled.units, compiled.economy)
    assert compiled.issued.shape == (
        len(compiled.economy.sectors),
        len(compiled.economy.names("cleared")),
    )
    assert compiled.issued.min() >= 0.0


def test_shares_of_a_whole_add_up_in_every_path(compiled):
    drawn = compiled.draw(PATHS)
    for field in (
        "customer_share", "shareholder_share", "private_lender_share", "lab_funder_share",
        "lab_supplier_share", "deficit_recipient_share",
    ):  # fmt: skip
        assert np.allclose(getattr(drawn.issuance, field).sum(axis=0), 1.0, atol=1e-12), field
    assert np.allclose(drawn.income.receipt_share.sum(axis=0), 1.0, atol=1e-12)
    assert np.allclose(drawn.income.spending_recipient.sum(axis=0), 1.0, atol=1e-12)
    assert np.all(drawn.income.keep + drawn.income.spend <= 1.0 + 1e-12)
    assert np.all(drawn.income.keep >= 0.0) and np.all(drawn.income.spend >= 0.0)
    assert np.all(drawn.issuance.bond_share + drawn.issuance.private_share <= 1.0 + 1e-12)


def test_one_duration_is_drawn_once_where_there_is_only_one():
    inputs = compile_inputs("essay", years=1 / 252)
    demand, assets = inputs.draw(PATHS).demand, inputs.economy.names("cleared")
    differs = [
        a for k, a in enumerate(assets)
        if not np.array_equal(demand.rate_duration_years[k], demand.spread_duration_years[k])
    ]  # fmt: skip
    assert differs == ["hy_and_loans"]


def test_uses_of_receipts_at_the_centre_are_those_of_the_parameter_page():
    inputs = compile_inputs("essay", years=1 / 252)
    income = inputs.draw(np.zeros(1, dtype=int)).income
    row = inputs.economy.sector
    # keep, spend; invest is the rest
    for name, keep, spend in (
        ("households", 0.05, 0.80), ("chip_memory_firms", 0.35, 0.35), ("other_firms", 0.30, 0.60),
        ("rest_of_world", 0.15, 0.0), ("deep_pockets", 0.0, 0.0),
    ):  # fmt: skip
        assert income.keep[row(name), 0] == pytest.approx(keep, abs=1e-12)
        assert income.spend[row(name), 0] == pytest.approx(spend, abs=1e-12)


def test_draws_do_not_depend_on_chunks():
    inputs = compile_inputs("essay", years=1 / 252, seed=5)
    together = inputs.draw(np.arange(7))
    first, second = inputs.draw(np.arange(3)), inputs.draw(np.arange(3, 7))
    joined = jax.tree.map(
        lambda a, b: jnp.concatenate([a, b], axis=-1), first.demand, second.demand
    )
    for ours, theirs in zip(jax.tree.leaves(together.demand), jax.tree.leaves(joined), strict=True):
        assert np.array_equal(ours, theirs)


def test_another_seed_gives_other_worlds_but_the_same_centre():
    one, two = (compile_inputs("essay", years=1 / 252, seed=s).draw(PATHS) for s in (1, 2))
    assert one.demand.participation[0, 0] == two.demand.participation[0, 0]
    assert one.demand.participation[0, 1] != two.demand.participation[0, 1]


def test_companions_and_switches_are_levers_of_the_engine():
    inputs = compile_inputs("fed_absorbs", years=1 / 252)
    fields = set(Levers.__dataclass_fields__)
    assert inputs.levers == {"fed_absorbs": 1.0}
    assert set(inputs.levers) <= fields
    assert set(inputs.companions) == {
        "without_ai_capex", "plus_100bn_ai_bonds", "fed_absorbs", "no_income",
    }  # fmt: skip
    assert all(set(change) <= fields for change in inputs.companions.values())
    replay = compile_inputs("feb2026", years=1 / 365)  # asks what perpetuals added
    assert set(replay.companions) == {*inputs.companions, "without_venues"}
    assert replay.companions["without_venues"] == {"venues": 0.0}


def test_only_crypto_trades_on_weekends(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "essay"\nclock = "calendar"')
    inputs = compile_inputs(load(path), years=7 / 365)
    assets = inputs.economy.names("cleared")
    saturday = dict(zip(assets, inputs.days.market_open[1].tolist(), strict=True))
    assert [a for a, is_open in saturday.items() if is_open] == ["bitcoin", "alt_crypto"]
    assert np.all(inputs.days.market_open[0] == 1.0)


def test_the_trend_of_rest_is_flat():
    days = compile_inputs("rest", years=1.0).days
    assert np.all(days.trend_level == 1.0) and np.all(days.trend_growth == 0.0)
    amounts = [v for k, v in vars(days).items() if k.endswith("usd_bn")]
    assert len(amounts) == 12 and not any(np.any(a) for a in amounts)


def test_growth_of_a_day_leads_to_the_level_of_the_next():
    days = compile_inputs("essay", years=1.0).days
    assert np.allclose(
        (days.trend_level + days.trend_growth)[:-1], days.trend_level[1:], atol=1e-14
    )


def test_the_pool_of_two_trillion_moves_nobodys_net_worth():
    plain, full = load("essay").sheet, load("rrp_two_trillion").sheet
    assert np.allclose(plain.net_worth_usd_bn, full.net_worth_usd_bn)
    economy = full.economy
    pool = economy.instrument("on_rrp")
    change = full.net_usd_bn - plain.net_usd_bn
    assert change[economy.sector("money_funds"), pool] == pytest.approx(2000.0)
    assert change[economy.sector("fed"), economy.instrument("bills")] == pytest.approx(2000.0)
    assert np.count_nonzero(np.abs(change) > 1e-9) == 4


def test_a_pool_larger_than_money_funds_bills_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "hoards"\n[levers]\nextra_rrp_usd_bn = 2000.0')
    with pytest.raises(UsageError, match=r"DP-064.*790"):
        assert load(path).sheet


def test_the_first_day_has_no_window_dressing():
    sheet = load("essay").sheet
    pool = sheet.economy.instrument("on_rrp")
    domestic = sum(sheet.net_usd_bn[sheet.economy.sector(s), pool]
                   for s in ("money_funds", "banks_dealers"))  # fmt: skip
    assert domestic == pytest.approx(9.629)
