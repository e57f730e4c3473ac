"""The price at which a venue closes a position: published examples, shapes, refusals."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

from drypowder.errors import UsageError
from drypowder.venues import (
    Brackets,
    backstop_price,
    bankruptcy_price,
    liquidation_price,
)

LONG, SHORT = 1, -1
GATE_FEE = 0.0006
ONE_PERCENT = Brackets.flat(0.01)
WITH_DEDUCTION = Brackets.flat(0.01, deduction=0.01)


# Published examples ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "margin", "size", "expected"),
    [
        (SHORT, 2.0, 1.0, 11.89108910891089),
        (SHORT, 3.3333333333, 1.0, 13.211221122079207),  # the source rounds 10/3 to ten digits
        (SHORT, 1.2, 0.6, 11.897689768976898),
        (LONG, 2.0, 1.0, 8.070707070707071),
        (LONG, 3.3333333333, 1.0, 6.723905723905723),
    ],
)
def test_binance_with_maintenance_amount(side, margin, size, expected):
    """freqtrade, test suite of October 2024: entry 10, rate 1 %, amount 0.01."""
    found = liquidation_price(
        side=side, size=size, entry_price=10.0, margin=margin, brackets=WITH_DEDUCTION
    )
    assert found == pytest.approx(expected, rel=1e-11 if margin > 3.0 else 1e-15)


@pytest.mark.parametrize(
    ("side", "margin", "expected"),
    [(SHORT, 3.3333333333, 13.193482419684678), (LONG, 2.0, 8.085708510208207)],
)
def test_gate_and_okx_include_the_closing_fee(side, margin, expected):
    """freqtrade, test suite of October 2024: entry 10, rate 1 %, fee 0.06 %."""
    found = liquidation_price(
        side=side,
        size=1.0,
        entry_price=10.0,
        margin=margin,
        brackets=ONE_PERCENT,
        close_fee_rate=GATE_FEE,
    )
    assert found == pytest.approx(expected, rel=1e-11 if margin > 3.0 else 1e-15)


@pytest.mark.parametrize(
    ("side", "leverage", "expected"),
    [(LONG, 3, 6.7666667), (LONG, 10, 9.1), (SHORT, 1, 19.9), (SHORT, 5, 11.9)],
)
def test_bybit_takes_maintenance_at_entry(side, leverage, expected):
    """freqtrade, test suite of October 2024: entry 10, rate 1 %."""
    found = liquidation_price(
        side=side,
        size=1.0,
        entry_price=10.0,
        margin=10.0 / leverage,
        brackets=ONE_PERCENT,
        maintenance_at="entry",
    )
    assert round(found, 7) == expected


def test_bybit_help_example_of_the_usdt_contract():
    """Bybit help, Liquidation Price (USDT Contract): 20,000 - (400 - 100)/1."""
    found = liquidation_price(
        side=LONG,
        size=1.0,
        entry_price=20_000.0,
        margin=400.0,
        brackets=Brackets.flat(0.005),
        maintenance_at="entry",
    )
    assert found == 19_700.0


@pytest.mark.parametrize(
    ("side", "max_leverage", "entry", "size", "margin", "expected"),
    [
        (LONG, 50, 2458.5, 0.015, 36.864593, 0.86915825),
        (LONG, 50, 63287.0, 0.00039, 24.673292, 22.37166537),
        (LONG, 20, 145.83, 0.33, 24.045107, 74.83696193),
        (SHORT, 50, 65536.0, 0.00099, 21.604172, 86493.46174617),
        (SHORT, 20, 178.29, 0.11, 19.605036, 347.82205322),
        (SHORT, 20, 0.14333, 351.0, 25.136807, 0.20970228),
    ],
)
def test_prices_that_hyperliquid_itself_returned(side, max_leverage, entry, size, margin, expected):
    """Live positions of 2024 (freqtrade's test suite; ETH, BTC, SOL, BTC, SOL, DOGE)."""
    found = liquidation_price(
        side=side,
        size=size,
        entry_price=entry,
        margin=margin,
        brackets=Brackets.flat(1.0 / (2.0 * max_leverage)),
    )
    assert found == pytest.approx(expected, rel=1e-4)


def test_hyperliquid_bitcoin_liquidation_backstop_and_bankruptcy():
    """Worked by hand: (100,000 - 5,000)/(1 - 0.0125), the same with two thirds, and 95,000."""
    tiers = Brackets.from_rows([(0.0, 0.0125), (150e6, 0.025)])
    position = dict(side=LONG, size=1.0, entry_price=100_000.0, margin=5_000.0)
    assert round(liquidation_price(**position, brackets=tiers), 4) == 96_202.5316
    assert round(backstop_price(**position, brackets=tiers), 4) == 95_798.3193
    assert bankruptcy_price(**position) == 95_000.0


@pytest.mark.parametrize(
    ("side", "at", "expected"),
    [
        (SHORT, "entry", 55_248.62),
        (LONG, "entry", 45_662.10),
        (SHORT, "mark", 55_277.78),
        (LONG, "mark", 45_681.82),
    ],
)
def test_bybit_inverse_by_the_rules_of_2024_and_2026(side, at, expected):
    """Bybit help, Liquidation Price Calculation under Isolated Mode: 60,000 USD at 50,000, 10x."""
    found = liquidation_price(
        side=side,
        size=60_000.0,
        entry_price=50_000.0,
        margin=0.12,
        brackets=Brackets.flat(0.005),
        contract="inverse",
        contract_value=1.0,
        maintenance_at=at,
    )
    assert round(found, 2) == expected


def test_bybit_inverse_example_of_2020():
    """Bybit help, What is ADL: 5,000 USD at 7,890.08, 50x: 7,773.50 and 7,735.372549."""
    position = dict(side=LONG, size=5_000.0, entry_price=7_890.08, margin=5_000.0 / 7_890.08 / 50.0)
    terms = dict(contract="inverse", contract_value=1.0)
    found = liquidation_price(
        **position, **terms, brackets=Brackets.flat(0.005), maintenance_at="entry"
    )
    assert found == pytest.approx(7_773.50, abs=0.5)  # shown in steps of 0.5
    assert round(bankruptcy_price(**position, **terms), 6) == 7_735.372549


def test_bybit_bankruptcy_price_of_a_long():
    """Bybit help, Bankruptcy Price (USDT Contract): 10,000 (1 - 1/50)."""
    assert bankruptcy_price(side=LONG, size=1.0, entry_price=10_000.0, margin=200.0) == 9_800.0


def test_cross_margin_counts_other_positions_with_their_sign():
    """By hand: E = 1000 - 40 - 60 = 900; (900 - 2*1000)/(2*0.01 - 2) = 555.5555..."""
    found = liquidation_price(
        side=LONG,
        size=2.0,
        entry_price=1_000.0,
        margin=1_000.0,
        brackets=ONE_PERCENT,
        other_maintenance=40.0,
        other_unrealised=-60.0,
    )
    assert found == pytest.approx(5_000.0 / 9.0, rel=1e-14)


def test_the_bracket_is_the_one_at_the_liquidation_price():
    """A long of 700,000 at entry (second bracket) dies at 539,000 (first bracket).

    By hand: (700,000 - 161,000 - 0)/(1 - 0.005) with the lower bracket's rate and deduction.
    """
    table = Brackets.from_rows([(0.0, 0.005), (600_000.0, 0.01)])
    found = liquidation_price(
        side=LONG, size=7.0, entry_price=100_000.0, margin=161_000.0, brackets=table
    )
    assert found == pytest.approx(539_000.0 / 0.995 / 7.0, rel=1e-14)


@pytest.mark.parametrize("contract", ["linear", "inverse"])
@pytest.mark.parametrize("side", [LONG, SHORT])
def test_a_rebate_is_a_fee_below_zero(side, contract):
    """A rate of 1 % and a rebate of 0.025 % need as much as a rate of 0.975 % without."""
    terms = dict(contract=contract, contract_value=100.0 if contract == "inverse" else None)
    margin = 0.0002 if contract == "inverse" else 5_000.0
    position = dict(side=side, size=1.0, entry_price=50_000.0, margin=margin, **terms)
    rebate = liquidation_price(**position, brackets=ONE_PERCENT, close_fee_rate=-0.00025)
    lower = liquidation_price(**position, brackets=Brackets.flat(0.00975))
    assert rebate == pytest.approx(lower, rel=1e-14)
    bankrupt = bankruptcy_price(**position)
    gained = bankruptcy_price(**position, close_fee_rate=-0.00025)
    assert side * gained < side * bankrupt


@pytest.mark.parametrize("side", [LONG, SHORT])
@pytest.mark.parametrize("contract_value", [10.0, 100.0])
def test_at_the_edge_of_a_bracket_in_coin_both_brackets_agree(side, contract_value):
    """Placed so that the notional at liquidation is a floor of the table, 10 BTC, exactly."""
    table = Brackets.from_rows([(0.0, 0.004), (10.0, 0.005), (20.0, 0.01)])
    price, size = 40_000.0, 10.0 * 40_000.0 / contract_value
    entry = 44_000.0 if side == LONG else 36_000.0
    value = size * contract_value
    margin = 0.04 + side * (value / price - value / entry)  # maintenance at 10 BTC, and the loss
    found = liquidation_price(
        side=side, size=size, entry_price=entry, margin=margin, brackets=table,
        contract="inverse", contract_value=contract_value,
    )  # fmt: skip
    assert found == pytest.approx(price, rel=1e-13)
    for edge in (np.nextafter(margin, 0.0), np.nextafter(margin, 1.0)):
        near = liquidation_price(
            side=side, size=size, entry_price=entry, margin=edge, brackets=table,
            contract="inverse", contract_value=contract_value,
        )  # fmt: skip
        assert near == pytest.approx(price, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
@pytest.mark.parametrize("contract", ["linear", "inverse"])
def test_prices_scale_with_the_price_and_not_with_the_size(scale, contract):
    """From a thousandth of a cent to billions: the same position in other units."""
    terms = dict(contract=contract, contract_value=1.0 if contract == "inverse" else None)
    worth = 1.0 / 3.0 if contract == "inverse" else 3.0
    plain = dict(side=[LONG, SHORT], size=1.0, entry_price=3.0, margin=0.2 * worth)
    base = liquidation_price(**plain, **terms, brackets=ONE_PERCENT)
    priced = {**plain, "entry_price": 3.0 * scale, "margin": 0.2 * worth * scale}
    if contract == "inverse":
        priced["margin"] = 0.2 * worth / scale
    np.testing.assert_allclose(
        liquidation_price(**priced, **terms, brackets=ONE_PERCENT), base * scale, rtol=1e-13
    )
    sized = {**plain, "size": scale, "margin": 0.2 * worth * scale}
    np.testing.assert_allclose(
        liquidation_price(**sized, **terms, brackets=ONE_PERCENT), base, rtol=1e-13
    )


# Where there is no price ----------------------------------------------------------------------


def test_a_short_of_one_times_leverage_in_its_own_coin_is_never_closed():
    position = dict(side=SHORT, size=10, entry_price=43_210.7, margin=1_000.0 / 43_210.7)
    terms = dict(contract="inverse", contract_value=100)
    assert liquidation_price(**position, **terms, brackets=ONE_PERCENT) is None
    assert bankruptcy_price(**position, **terms) is None


@pytest.mark.parametrize("contract", ["linear", "inverse"])
@pytest.mark.parametrize("at", ["mark", "entry"])
def test_enough_margin_leaves_no_price(contract, at):
    side = LONG if contract == "linear" else SHORT
    found = liquidation_price(
        side=side,
        size=3.0,
        entry_price=7.0,
        margin=22.0,
        brackets=ONE_PERCENT,
        contract=contract,
        contract_value=1.0,
        maintenance_at=at,
    )
    assert found is None


def test_in_arrays_no_price_is_nan():
    found = liquidation_price(
        side=[LONG, LONG, SHORT],
        size=1.0,
        entry_price=100.0,
        margin=[10.0, 100.0, 10.0],
        brackets=ONE_PERCENT,
    )
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, [90.0 / 0.99, np.nan, 110.0 / 1.01])


# Shapes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [float, np.float32, np.float64, np.array, int])
def test_one_position_of_any_kind_of_number_gives_a_float(kind):
    found = liquidation_price(
        side=kind(1), size=kind(1), entry_price=kind(100), margin=kind(10), brackets=ONE_PERCENT
    )
    assert type(found) is float and found == pytest.approx(90.0 / 0.99)


def test_sides_and_fees_may_differ_and_shapes_broadcast():
    sides, margins = np.array([[LONG], [SHORT]]), np.array([5.0, 10.0, 20.0])
    table = Brackets.from_rows([(0.0, 0.01), (90.0, 0.02), (95.0, 0.05)])
    many = liquidation_price(
        side=sides,
        size=1.0,
        entry_price=100.0,
        margin=margins,
        brackets=table,
        close_fee_rate=np.array([0.0, 0.001, 0.002]),
    )
    assert many.shape == (2, 3)
    for row, side in enumerate([LONG, SHORT]):
        for column, (margin, fee) in enumerate(zip(margins, [0.0, 0.001, 0.002], strict=True)):
            one = liquidation_price(
                side=side,
                size=1.0,
                entry_price=100.0,
                margin=margin,
                brackets=table,
                close_fee_rate=fee,
            )
            assert many[row, column] == pytest.approx(one, rel=1e-14)


def test_no_positions_have_no_prices():
    nothing = np.zeros(0)
    found = liquidation_price(
        side=nothing, size=nothing, entry_price=nothing, margin=nothing, brackets=ONE_PERCENT
    )
    assert found.shape == (0,)


# What is refused ------------------------------------------------------------------------------

PLAIN = dict(side=1, size=1.0, entry_price=100.0, margin=10.0, brackets=ONE_PERCENT)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"entry_price": 0.0}, "DP-121"),
        ({"entry_price": -1.0}, "DP-121"),
        ({"entry_price": np.nan}, "DP-121"),
        ({"entry_price": np.inf}, "DP-121"),
        ({"size": 0.0}, "DP-121"),
        ({"size": -2.0}, "DP-121"),
        ({"margin": np.nan}, "DP-121"),
        ({"other_maintenance": -1.0}, "DP-121"),
        ({"other_unrealised": np.nan}, "DP-121"),
        ({"side": 0}, "DP-122"),
        ({"side": np.nan}, "DP-122"),
        ({"side": "long"}, "DP-127"),
        ({"contract": "quanto"}, "DP-123"),
        ({"maintenance_at": "exit"}, "DP-123"),
        ({"contract": "inverse"}, "DP-124"),
        ({"contract": "inverse", "contract_value": 0.0}, "DP-121"),
        ({"close_fee_rate": 0.99}, "DP-125"),
        ({"close_fee_rate": -0.1}, "DP-125"),
        ({"close_fee_rate": np.nan}, "DP-121"),
        ({"size": [1.0, 2.0], "margin": [1.0, 2.0, 3.0]}, "DP-127"),
        ({"brackets": [(0.0, 0.01)]}, "DP-120"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_code(changed, code):
    with pytest.raises(UsageError) as refused:
        liquidation_price(**{**PLAIN, **changed})
    assert refused.value.code == code and refused.value.hint


def test_the_wrong_position_among_many_is_named():
    with pytest.raises(UsageError, match="entry_price is -3 at position 2 \\(and at 1 more\\)"):
        liquidation_price(**{**PLAIN, "entry_price": [1.0, 2.0, -3.0, 4.0, 0.0]})


def test_the_example_on_its_page_is_what_the_functions_say():
    page = Path(__file__).resolve().parents[3] / "docs" / "venues" / "liquidation_price.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 5 and failed == 0
