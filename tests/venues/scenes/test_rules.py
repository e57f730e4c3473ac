"""A rule book becomes the rules of a cascade; what nobody says is refused."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from drypowder.errors import DataMissingError, UsageError
from drypowder.venues._naming import coin_of
from drypowder.venues.cascade.rules import venue_of
from drypowder.venues.rulebooks.profile import profile, shipped_profiles
from drypowder.venues.scenes.figures import (
    BookFigures,
    CoinFigures,
    CrowdFigures,
    LeverageFigures,
    VenueFigures,
    figures,
)

DAY = date(2026, 11, 1)


@pytest.mark.parametrize("name", [n for n in shipped_profiles() if n != "bitmex"])
def test_every_shipped_rule_book_with_figures_makes_a_venue(name):
    rules = profile(name)
    known = figures(VenueFigures, as_of=DAY, name=name)
    purse = {} if rules.fund_usd else {"fund_money": known.fund_usd}
    made = venue_of(rules, **purse)
    assert made.name == name and made.partial == rules.partial and made.mark == rules.mark
    assert made.close_fee_rate == rules.close_fee_rate
    assert 0.0 < made.fund_loss_share <= 1.0 and made.fund_money + made.vault_money > 0.0


def test_vault_and_fund_do_not_mix():
    vault, fund = venue_of(profile("hyperliquid")), venue_of(profile("binance"))
    assert vault.backstop_share == pytest.approx(2 / 3) and vault.fund_money == 0.0
    assert fund.backstop_share == fund.vault_money == 0.0 and fund.fund_money > 0.0
    assert fund.surplus_to_fund and not vault.surplus_to_fund


def test_limits_of_funds_and_prices_are_those_of_the_day():
    before = venue_of(profile("bybit", as_of="2025-10-10"), fund_money=1e8)
    after = venue_of(profile("bybit", as_of="2025-12-01"), fund_money=1e8)
    assert (before.fund_loss_share, after.fund_loss_share) == (0.3, 1.0)
    assert before.adl_mark_bound == 0.05 and venue_of(profile("binance")).adl_mark_bound == np.inf


def test_overrides_win_and_unknown_ones_are_refused():
    made = venue_of(profile("hyperliquid"), vault_leverage=2.0, adl_ranking="random")
    assert (made.vault_leverage, made.adl_ranking) == (2.0, "random")
    with pytest.raises(UsageError, match=r"DP-152.*fund_mony"):
        venue_of(profile("binance"), fund_mony=1.0)


@pytest.mark.parametrize("name", ["bybit", "okx", "binance_coinm"])
def test_a_fund_that_nobody_sized_is_refused(name):
    with pytest.raises(UsageError, match=r"DP-152.*not known"):
        venue_of(profile(name))


@pytest.mark.parametrize(
    ("kind", "name"),
    [(CoinFigures, "BTC"), (CoinFigures, "SOL"), (VenueFigures, "hyperliquid"),
     (LeverageFigures, None), (CrowdFigures, None), (BookFigures, None)],
)  # fmt: skip
def test_figures_see_nothing_later_than_the_day(kind, name):
    now, then = (figures(kind, as_of=day, name=name) for day in (DAY, date(2025, 10, 10)))
    assert then.since <= date(2025, 10, 10) and now.since >= then.since
    with pytest.raises(DataMissingError, match=r"DP-157.*2025-10-10"):
        figures(kind, as_of=date(2025, 10, 9), name=name)


def test_unknown_names_have_no_figures():
    with pytest.raises(DataMissingError, match=r"DP-157.*BTC, ETH, SOL"):
        figures(CoinFigures, as_of=DAY, name="XYZ")


@pytest.mark.parametrize(
    ("symbol", "coin"),
    [("BTC", "BTC"), ("BTCUSDT", "BTC"), ("BTC/USDT:USDT", "BTC"), ("BTC-USD-SWAP", "BTC"),
     ("ETHUSD", "ETH"), ("kPEPE", "KPEPE")],
)  # fmt: skip
def test_the_coin_of_a_symbol(symbol, coin):
    assert coin_of(symbol) == coin
