"""Parameters of the channels that force: calls, redemptions, margin, beliefs, venues, as arrays.

Axes: sectors and instruments in the order of the economy, path last, float64.
"""

from __future__ import annotations

import numpy as np

from drypowder.accounts.economy import Economy
from drypowder.channels.day import REGIMES, RULES
from drypowder.scenarios.priors import Arrays, by_asset, by_sector, expand, scalars, summing_to_one

_WEEKS_A_YEAR = 52
_DAYS_A_YEAR = 365
_PRIVATE = "private_credit"


def force_arrays(drawn: Arrays, economy: Economy) -> dict[str, Arrays]:
    """Arrays of the six parameter modules, by module and field."""
    return {
        "call": _call(drawn, economy),
        "redemption": _redemption(drawn, economy),
        "margin": _margin(drawn, economy),
        "conviction": _conviction(drawn, economy),
        "expectations": _expectations(drawn),
        "venues": _venues(drawn, economy),
    }


def _call(drawn: Arrays, economy: Economy) -> Arrays:
    return {
        **scalars(drawn, ("call_idle_share", "fund_redemption_share")),
        "call_share": summing_to_one(by_sector(drawn, "call_share", economy)),
        "call_spending_lag_years": drawn["call_spending_lag_weeks"] / _WEEKS_A_YEAR,
    }


def _redemption(drawn: Arrays, economy: Economy) -> Arrays:
    names = [s.name for s in economy.sectors if s.issues_shares]
    vehicles = [*names, *([_PRIVATE] if _PRIVATE in economy.instrument_names else [])]
    paths = len(drawn["performance_memory_weeks"])
    rule = np.zeros((len(RULES), len(vehicles), paths))
    for column, name in enumerate(names):
        rule[int(drawn[f"fund_rule.{name}"][0]), column] = 1.0
    return {
        "flow_up": expand(drawn, "flow_up", vehicles),
        "flow_down": expand(drawn, "flow_down", vehicles),
        "notice_years": expand(drawn, "notice_days", vehicles) / _DAYS_A_YEAR,
        "gate_share_quarter": expand(drawn, "gate_share_quarter", vehicles),
        "performance_memory_years": drawn["performance_memory_weeks"] / _WEEKS_A_YEAR,
        "fund_rule": rule,
        "private_buyer_share": summing_to_one(by_sector(drawn, "private_buyer_share", economy)),
    }


def _margin(drawn: Arrays, economy: Economy) -> Arrays:
    single = ("leverage_buffer", "close_out_share", "haircut_per_volatility", "haircut_per_bp")
    return {
        **scalars(drawn, single),
        "leverage_headroom": by_sector(drawn, "leverage_headroom", economy),
        "margin_call_years": by_sector(drawn, "margin_call_days", economy) / _DAYS_A_YEAR,
        "volatility_half_life_years": drawn["volatility_half_life_weeks"] / _WEEKS_A_YEAR,
        "haircut": by_asset(drawn, "haircut", economy),
    }


def _conviction(drawn: Arrays, economy: Economy) -> Arrays:
    return {
        "extrapolation": by_sector(drawn, "extrapolation", economy),
        "conviction_half_life_years": drawn["conviction_half_life_weeks"] / _WEEKS_A_YEAR,
        "conviction_prior": by_asset(drawn, "conviction_prior", economy),
    }


def _expectations(drawn: Arrays) -> Arrays:
    tables = ("regime_rate_change_pa", "regime_put_rate_pa", "regime_purchases_usd_bn",
              "regime_put_usd_bn")  # fmt: skip
    return {
        **scalars(drawn, ("put_trigger", "anticipation_share")),
        **{table: expand(drawn, table, REGIMES) for table in tables},
        "beliefs": expand(drawn, "beliefs", REGIMES),
        "fear_half_life_years": drawn["fear_half_life_weeks"] / _WEEKS_A_YEAR,
    }


def _venues(drawn: Arrays, economy: Economy) -> Arrays:
    coins = [i.name for i in economy.instruments if i.group == "crypto"]
    single = ("perp_leverage_median", "perp_leverage_log_sd", "maintenance_rate",
              "closing_delay_minutes", "backstop_share", "book_exponent", "book_thinning",
              "book_floor_share", "arbitrage_capacity_share")  # fmt: skip
    paths = len(drawn["maintenance_rate"])
    by_coin = {
        table: expand(drawn, table, coins) if coins else np.zeros((0, paths))
        for table in ("perp_open_interest_usd_bn", "book_depth_usd_bn", "insurance_fund_usd_bn")
    }
    return {
        **scalars(drawn, single),
        **by_coin,
        "entry_age_years": drawn["entry_age_days"] / _DAYS_A_YEAR,
        "arbitrage_half_life_years": drawn["arbitrage_half_life_days"] / _DAYS_A_YEAR,
        "arbitrage_share": by_sector(drawn, "arbitrage_share", economy),
        "perp_long_share": summing_to_one(by_sector(drawn, "perp_long_share", economy)),
        "perp_short_share": summing_to_one(by_sector(drawn, "perp_short_share", economy)),
        "perp_fund_share": summing_to_one(by_sector(drawn, "perp_fund_share", economy)),
    }
