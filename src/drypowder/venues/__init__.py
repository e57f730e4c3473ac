"""How an exchange liquidates.

A position in perpetual futures is closed by force when what is behind it falls below what its
venue demands (brackets, margin). Funding passes between longs and shorts (funding); collateral
other than money counts with a haircut (collateral); when nobody else pays a loss, profitable
positions are closed against it in an order of the venue's choosing (ranking).
"""

from drypowder.venues.brackets import Brackets, bracket_index, maintenance_margin
from drypowder.venues.collateral import (
    CollateralTiers,
    Exchange,
    auto_exchange,
    collateral_equity,
)
from drypowder.venues.funding import funding_payment, hyperliquid_funding_rate
from drypowder.venues.margin import backstop_price, bankruptcy_price, liquidation_price
from drypowder.venues.positions import Positions, read_positions
from drypowder.venues.profile import Profile, profile, shipped_profiles
from drypowder.venues.ranking import adl_lights, adl_rank
from drypowder.venues.readers import read_tiers
from drypowder.venues.rounding import hyperliquid_tick, round_price, round_size

__all__ = [
    "Brackets",
    "CollateralTiers",
    "Exchange",
    "Positions",
    "Profile",
    "adl_lights",
    "adl_rank",
    "auto_exchange",
    "backstop_price",
    "bankruptcy_price",
    "bracket_index",
    "collateral_equity",
    "funding_payment",
    "hyperliquid_funding_rate",
    "hyperliquid_tick",
    "liquidation_price",
    "maintenance_margin",
    "profile",
    "read_positions",
    "read_tiers",
    "round_price",
    "round_size",
    "shipped_profiles",
]
