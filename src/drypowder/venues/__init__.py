"""How an exchange liquidates.

A position in perpetual futures is closed by force when what is behind it falls below what its
venue demands. Seven rooms, each built on those before: exact functions (formulas), dated rules of
each exchange (rulebooks), who holds what (crowd), rounds of forced orders account by account
(cascade), the same for cohorts (cohorts), a question made into a setting (scenes), days that
happened (replays).
"""

from drypowder.venues.formulas.brackets import Brackets, bracket_index, maintenance_margin
from drypowder.venues.formulas.collateral import (
    CollateralTiers,
    Exchange,
    auto_exchange,
    collateral_equity,
)
from drypowder.venues.formulas.funding import funding_payment, hyperliquid_funding_rate
from drypowder.venues.formulas.hedged import HedgedPrices, hedged_liquidation_price
from drypowder.venues.formulas.margin import backstop_price, bankruptcy_price, liquidation_price
from drypowder.venues.formulas.ranking import adl_lights, adl_rank
from drypowder.venues.formulas.rounding import hyperliquid_tick, round_price, round_size
from drypowder.venues.rulebooks.positions import Positions, read_positions
from drypowder.venues.rulebooks.profile import Profile, profile, shipped_profiles
from drypowder.venues.rulebooks.readers import read_tiers

__all__ = [
    "Brackets",
    "CollateralTiers",
    "Exchange",
    "HedgedPrices",
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
    "hedged_liquidation_price",
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
