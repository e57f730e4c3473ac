"""Worked examples that exchanges print in their help centres, and prices that they returned.

Each says where it stands. What a page rounds is compared at the digits that it prints.
"""

from __future__ import annotations

import numpy as np
import pytest

from drypowder.venues import (
    Brackets,
    bankruptcy_price,
    liquidation_price,
    maintenance_margin,
    profile,
    round_price,
)

LONG, SHORT = 1, -1


# Binance --------------------------------------------------------------------------------------

WALLET = 1_535_443.01
ETH = dict(size=3_683.979, entry_price=1_456.84, brackets=Brackets.flat(0.10, 135_365.0))
BTC = dict(size=109.488, entry_price=32_481.98, brackets=Brackets.flat(0.025, 16_300.0))


@pytest.mark.parametrize(
    ("position", "others", "expected"),
    [
        (ETH, {}, 1_114.78),
        (BTC, {}, 18_778.73),
        (ETH, dict(other_maintenance=71_200.81144, other_unrealised=-56_354.57), 1_153.26),
        (BTC, dict(other_maintenance=356_512.508, other_unrealised=-448_192.89), 26_316.89),
    ],
)
def test_binance_wallet_with_two_contracts(position, others, expected):
    """binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93: isolated, then cross."""
    found = liquidation_price(side=LONG, margin=WALLET, **position, **others)
    assert round(found, 2) == expected


def test_binance_cross_terms_are_those_of_the_other_position():
    """The same page: what ETH owes and loses at its mark is what bitcoin's price must leave."""
    mark = 1_335.18
    owed = maintenance_margin(notional=3_683.979 * mark, brackets=ETH["brackets"])
    assert owed == pytest.approx(356_512.508, abs=5e-3)
    assert 3_683.979 * (mark - 1_456.84) == pytest.approx(-448_192.89, abs=5e-3)


def test_binance_table_of_the_page_gives_the_same_price_by_itself():
    """Bitcoin's brackets of that time: 10 million at 2.5 % from 1 million; it dies at 2.88."""
    table = Brackets.from_rows(
        [(0, 0.004), (50e3, 0.005), (250e3, 0.01), (1e6, 0.025), (10e6, 0.05), (20e6, 0.1)]
    )
    others = dict(other_maintenance=356_512.508, other_unrealised=-448_192.89)
    found = liquidation_price(
        side=LONG, margin=WALLET, size=109.488, entry_price=32_481.98, brackets=table, **others
    )
    assert round(found, 2) == 26_316.89


def test_binance_coin_calculator_to_the_tick():
    """dev.binance.vision topic 6292: 100,000 contracts at 45,000, wallet 101 BTC: 33,599.40.

    The position is 297.6 BTC at that price: 12.5 %, and an amount of 11.605 BTC as the page of
    the formula says (binance.com/es-MX/support/faq/...-ceccfcfb4e3a45e3b48b0b1bb1a8ae46).
    """
    position = dict(
        side=LONG, size=100_000, entry_price=45_000.0, margin=101.0, contract="inverse",
        contract_value=100.0,
    )  # fmt: skip
    flat = liquidation_price(**position, brackets=Brackets.flat(0.125, 11.605))
    assert round_price(price=flat, tick=0.1, direction="nearest") == 33_599.40
    shipped = profile("binance_coinm").brackets("BTCUSD")
    assert liquidation_price(**position, brackets=shipped) == pytest.approx(flat, rel=1e-12)
    # with the amount of the page of February 2021, as the author of the topic computed it
    older = profile("binance_coinm", as_of="2021-06-01").brackets("BTCUSD")
    found = liquidation_price(**position, brackets=older)
    assert round(found, 9) == 33_578.859744834


def test_binance_coin_maintenance():
    """The same page: 100 contracts of 100 USD at 25,000 need 0.0016 BTC."""
    table = profile("binance_coinm").brackets("BTCUSD")
    assert maintenance_margin(notional=100 * 100 / 25_000, brackets=table) == pytest.approx(0.0016)


# Bybit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "entry", "leverage", "expected"),
    [(LONG, 10_000.0, 50, 9_850.0), (SHORT, 8_000.0, 40, 8_160.0)],
)
def test_bybit_linear_of_2020(side, entry, leverage, expected):
    """help.bybit.com/hc/en-us/articles/900000181046: 1 BTC, maintenance 0.5 % at entry."""
    found = liquidation_price(
        side=side, size=1.0, entry_price=entry, margin=entry / leverage,
        brackets=Brackets.flat(0.005), maintenance_at="entry",
    )  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-14)


def test_bybit_inverse_cross_of_2020():
    """help.bybit.com/hc/en-us/articles/360039261334: long 10,000 USD at 8,000 with 0.5 BTC.

    5,718.57 with the closing fee; 5,739.50 where maintenance at entry and that fee, paid at the
    bankruptcy price, are left. Prices of longs are rounded up to the next half dollar.
    """
    position = dict(side=LONG, size=10_000, entry_price=8_000.0, margin=0.5)
    terms = dict(contract="inverse", contract_value=1.0)
    bankrupt = bankruptcy_price(**position, **terms, close_fee_rate=0.00075)
    assert round(bankrupt, 2) == 5_718.57
    found = liquidation_price(
        **position, **terms, brackets=Brackets.flat(0.005), maintenance_at="entry",
        other_maintenance=10_000 * 0.00075 / bankrupt,
    )  # fmt: skip
    assert round_price(price=found, tick=0.5, side=LONG) == 5_739.50


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_bybit_inverse_of_2026_with_extra_margin(side):
    """kbybit.com/en/help-center/.../Liquidation-Price-Calculation-under-Isolated-Mode (2026-05-27).

    Q (1 + s r) / (PV + s (PV/L + extra / (1 + s taker) + deduction)): the extra margin counts
    after the fee that closing it costs, so that is how it enters `margin`.
    """
    quantity, entry, leverage, extra, taker = 60_000.0, 50_000.0, 10.0, 0.05, 0.00055
    rate, deduction, value = 0.0056, 0.0012, quantity / entry
    counted = value / leverage + extra / (1.0 + side * taker)
    expected = quantity * (1.0 + side * rate) / (value + side * (counted + deduction))
    found = liquidation_price(
        side=side, size=quantity, entry_price=entry, margin=counted, contract="inverse",
        contract_value=1.0, brackets=Brackets.flat(rate, deduction),
    )  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-14)


# Others that share the formulas ---------------------------------------------------------------


def test_kucoin_short():
    """kucoin.com/support/4408061803033: 5 lots of 0.001 at 28,000, 100x, 0.4 %: 28,168."""
    found = liquidation_price(
        side=SHORT, size=5, contract_value=0.001, entry_price=28_000.0, margin=1.4,
        brackets=Brackets.flat(0.004), maintenance_at="entry",
    )  # fmt: skip
    assert found == pytest.approx(28_168.0, rel=1e-14)


def test_mexc_long():
    """blog.mexc.fm/liquidation-in-futures-2: 0.1 BTC at 50,000, 25x, 0.4 %: 48,200."""
    found = liquidation_price(
        side=LONG, size=0.1, entry_price=50_000.0, margin=200.0, brackets=Brackets.flat(0.004),
        maintenance_at="entry",
    )  # fmt: skip
    assert found == pytest.approx(48_200.0, rel=1e-14)


def test_phemex_counts_the_closing_fee():
    """phemex.com/help-center/liq-price-for-USDTM: 500 at 0.4, 5x, 40.096 with fee: 0.3232..."""
    found = liquidation_price(
        side=LONG, size=500.0, entry_price=0.4, margin=40.096, brackets=Brackets.flat(0.01),
        close_fee_rate=0.0006,
    )  # fmt: skip
    assert np.floor(found * 1e4) == 3_232


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_gate_inverse_as_its_support_writes_it(side):
    """gatenode.pro/post/status/3870211: P EP (1 +- r +- f) / (P +- margin EP), + for longs."""
    quantity, entry, margin, rate, fee = 5_000.0, 30_000.0, 0.02, 0.005, 0.00075
    expected = quantity * entry * (1 + side * (rate + fee)) / (quantity + side * margin * entry)
    found = liquidation_price(
        side=side, size=quantity, entry_price=entry, margin=margin, contract="inverse",
        contract_value=1.0, brackets=Brackets.flat(rate), close_fee_rate=fee,
    )  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("side", [LONG, SHORT])
def test_bitget_isolated_with_its_offset(side):
    """bitgetpro.site/ar/support/articles/12560603808759 (2025-09-18).

    (margin + offset - s q EP) / (q (r + f - s)): the offset is the deduction of the bracket.
    """
    size, entry, margin, offset, rate, fee = 2.0, 60_000.0, 9_000.0, 300.0, 0.01, 0.0006
    expected = (margin + offset - side * size * entry) / (size * (rate + fee - side))
    found = liquidation_price(
        side=side, size=size, entry_price=entry, margin=margin, close_fee_rate=fee,
        brackets=Brackets.flat(rate, offset),
    )  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-14)


# Hyperliquid ----------------------------------------------------------------------------------

RETURNED = """
ETH  long  2458.5  0.015   36.864593 0.86915825
BTC  long  63287   0.00039 24.673292 22.37166537
SOL  long  146.82  0.16    23.482979 0.05269872
SOL  long  145.83  0.33    24.045107 74.83696193
ETH  long  2459.5  0.0199  24.454895 1243.0411908
BTC  long  62739   0.00077 24.137992 31708.03843631
DOGE long  0.11586 437     25.29769  0.05945697
ETH  short 2642.8  0.019   25.091876 3924.18322043
SOL  short 155.89  0.32    24.924941 228.07847866
DOGE short 0.14333 351     25.136807 0.20970228
BTC  short 68595   0.00069 23.64871  101849.99354283
BTC  short 65536   0.00099 21.604172 86493.46174617
SOL  long  173.06  0.6     20.735658 142.05186667
ETH  long  2545.5  0.0329  20.909894 1929.23322895
BTC  short 67400   0.00031 20.887308 133443.97317151
ETH  short 2552    0.0327  20.833393 3157.53150453
BTC  long  66930   0.0015  20.043862 54108.51043771
BTC  long  67033   0.00121 20.251817 50804.00091827
ETH  long  2521.9  0.0237  19.902091 1699.14071943
BTC  short 68139   0.00145 19.72573  80933.61590987
SOL  short 178.29  0.11    19.605036 347.82205322
SOL  long  176.23  0.33    19.364946 120.56240404
SOL  short 173.08  0.33    19.01881  225.08561715
BTC  short 68240   0.00105 17.887922 84431.79820839
ETH  short 2518.4  0.007   17.62263  4986.05799151
ETH  long  2533.2  0.0347  17.555195 2047.7642302
DOGE long  0.13284 360     15.943218 0.09082388
SOL  short 163.11  0.48    15.650731 190.94213618
BTC  long  67141   0.00067 14.979079 45236.52992613
"""


def test_prices_that_hyperliquid_returned_for_29_live_positions():
    """github.com/freqtrade/freqtrade, tests/exchange/test_hyperliquid.py: facts of 2024."""
    for line in RETURNED.split("\n")[1:-1]:
        coin, side, *numbers = line.split()
        entry, size, margin, expected = map(float, numbers)
        found = liquidation_price(
            side=LONG if side == "long" else SHORT, size=size, entry_price=entry, margin=margin,
            brackets=profile("hyperliquid", as_of="2024-10-01").brackets(coin),
        )  # fmt: skip
        # entries are rounded to five figures; next to zero that is all there is
        assert abs(found - expected) < 1e-4 * max(expected, 0.01 * entry), line
