"""Names along the axes of a run's series: sectors, instruments, coins, channels of force ...

The engine's rows are named here without the engine, which would load the simulator; a test holds
the two together.
"""

from __future__ import annotations

from collections.abc import Callable

from drypowder.accounts.economy import Economy

AXES = {
    "price": "instrument",
    "yield_pa": "asset",
    "dry_powder_usd_bn": "sector",
    "money_usd_bn": "sector",
    "receipts_usd_bn": "sector",
    "low_price": "asset",
    "perp_open_interest_coins": "coin",
    "perp_liquidated_usd_bn": "coin",
    "perp_shorts_closed_usd_bn": "coin",
    "perp_deleveraged_usd_bn": "coin",
    "insurance_fund_usd_bn": "coin",
    "forced_usd_bn": "force",
    "forced_by_round": "round",
    "leverage": "holder",
    "largest_leverage": "holder",
    "redeemed_usd_bn": "vehicle",
    "queue_usd_bn": "vehicle",
    "beliefs": "regime",
}
FORCES = ("capital_call", "redemption", "margin", "venues")
REGIMES = ("accommodate", "neutral", "shrink")
ROUNDS = 8
PRIVATE = "private_credit"


def axis_names(series: str, economy: Economy) -> tuple[str, ...]:
    """Names along the last axis of a series; empty for a series without one.

    Forced sales have two axes, told as one: `margin.hedge_funds`.
    """
    axis = AXES.get(series)
    return _AXIS_NAMES[axis](economy) if axis else ()


def holders(economy: Economy) -> tuple[str, ...]:
    """Sectors that hold what trades, in the order of the engine's rows."""
    return tuple(s.name for s in economy.sectors if s.role in ("holder", "bank"))


def vehicles(economy: Economy) -> tuple[str, ...]:
    """Funds, then private credit: what investors can ask their money back from."""
    funds = tuple(s.name for s in economy.sectors if s.issues_shares)
    return (*funds, *(n for n in economy.instrument_names if n == PRIVATE))


_AXIS_NAMES: dict[str, Callable[[Economy], tuple[str, ...]]] = {
    "sector": lambda economy: economy.sector_names,
    "instrument": lambda economy: economy.instrument_names,
    "asset": lambda economy: economy.names("cleared"),
    "coin": lambda economy: tuple(i.name for i in economy.instruments if i.group == "crypto"),
    "force": lambda economy: tuple(f"{c}.{h}" for c in FORCES for h in holders(economy)),
    "round": lambda economy: tuple(str(k + 1) for k in range(ROUNDS)),
    "holder": holders,
    "vehicle": vehicles,
    "regime": lambda economy: REGIMES,
}
