"""Published models rebuilt from our own parts: a page of a paper per file.

Each function takes the paper's parameters by keyword and returns a frozen result whose fields have
the paper's names; element 0 of an array is period 1. What a model owes and owns goes through the
accounts. `published/` holds the numbers in print and how each is computed.
"""

from drypowder.replications.balanced_fund import balanced_fund
from drypowder.replications.bank_run import bank_run
from drypowder.replications.basel_cycle import basel_cycle
from drypowder.replications.bmw import bmw
from drypowder.replications.brunnermeier_pedersen import brunnermeier_pedersen
from drypowder.replications.clearing_vector import clearing_vector
from drypowder.replications.eba_banks import eba_banks
from drypowder.replications.eba_fire_sale import eba_fire_sale, eba_ledger
from drypowder.replications.equity_duration import equity_duration
from drypowder.replications.fat_tails import fat_tails
from drypowder.replications.greenwood_landier_thesmar import greenwood_landier_thesmar
from drypowder.replications.kyle import kyle
from drypowder.replications.leverage_cycle import collateral_equilibrium, leverage_cycle
from drypowder.replications.leveraged_funds import leveraged_funds
from drypowder.replications.lp import lp
from drypowder.replications.pc import pc
from drypowder.replications.sim import sim
from drypowder.replications.three_banks import three_bank_equilibria

__all__ = [
    "balanced_fund",
    "bank_run",
    "basel_cycle",
    "bmw",
    "brunnermeier_pedersen",
    "clearing_vector",
    "collateral_equilibrium",
    "eba_banks",
    "eba_fire_sale",
    "eba_ledger",
    "equity_duration",
    "fat_tails",
    "greenwood_landier_thesmar",
    "kyle",
    "leverage_cycle",
    "leveraged_funds",
    "lp",
    "pc",
    "sim",
    "three_bank_equilibria",
]
