"""From a dated rule book to the rules that a cascade plays by.

A profile says what is published; a cascade also needs what is not: how large the fund is, how much
a vault may carry. What neither a profile nor the caller says is refused, never made up here.
Sources: those of the profile. Money: USD for linear contracts, the coin for inverse ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from drypowder.errors import UsageError
from drypowder.venues.cascade.setting import Venue
from drypowder.venues.rulebooks.profile import Profile

WHOLE = 1.0  # of the fund: it pays until nothing is left
FUND, VAULT, NOBODY = "fund", "vault", "none"


def venue_of(profile: Profile, **overrides: Any) -> Venue:
    """The venue that a profile describes, for a cascade.

    Args:
        profile: rules as they were known on a day.
        overrides: fields of `Venue` that win over the profile: what nobody publishes
            (vault_leverage, vault_unwind_share, fund_money where its size is unknown), or a
            rule changed on purpose (adl_ranking, fund_loss_share).

    Raises:
        UsageError: DP-152 for an override that is no field of a venue, or a fund or vault whose
            size neither the profile nor the caller says; DP-150 where a rule is unknown.
    """
    unknown = sorted(set(overrides) - set(Venue.__dataclass_fields__))
    if unknown:
        raise UsageError(
            "DP-152",
            f"a venue has no rule called {unknown[0]!r}.",
            f"Known: {', '.join(Venue.__dataclass_fields__)}.",
        )
    return Venue(**{**_published(profile), **_purse(profile, overrides), **overrides})


def _published(profile: Profile) -> dict[str, Any]:
    """Rules that both sides know, field by field."""
    bound = profile.adl_mark_bound
    said: dict[str, Any] = {
        "name": profile.name,
        "close_fee_rate": profile.close_fee_rate,
        "liquidation_fee_rate": profile.liquidation_fee_rate,
        "maintenance_at": profile.maintenance_at,
        "partial": profile.partial,
        "partial_above_usd": profile.partial_above_usd,
        "partial_from_tier": profile.partial_from_tier,
        "partial_tiers_down": profile.partial_tiers_down,
        "partial_share": profile.partial_share,
        "partial_window_s": profile.partial_window_s,
        "backstop_share": profile.backstop_share if profile.takeover == VAULT else 0.0,
        "fund_loss_share": _loss_share(profile),
        # what is left after a full closing stays with its owner where no fund stands by
        "surplus_to_fund": profile.takeover == FUND,
        "adl_ranking": profile.adl_ranking,
        "adl_price": profile.adl_price,
        "adl_mark_bound": np.inf if bound is None else bound,
        "mark": profile.mark,
        "orders_count": profile.orders_count,
    }
    if profile.mark_ema_s is not None:
        said["basis_window_s"] = profile.mark_ema_s
    return said


def _loss_share(profile: Profile) -> float:
    """How far the fund may fall from its recent peak.

    A cap on the fund's positions has no counterpart in a cascade, whose funds hold none: of that
    rule only the limit on losses is kept.
    """
    if profile.fund_rule in ("drawdown", "position_cap"):
        return min(profile.fund_drawdown_share or WHOLE, WHOLE)
    return WHOLE


def _purse(profile: Profile, given: dict[str, Any]) -> dict[str, float]:
    """Money of the fund or vault that takes what the book did not."""
    if profile.takeover == NOBODY:
        return {"fund_money": 0.0}
    field = "vault_money" if profile.takeover == VAULT else "fund_money"
    if field in given:
        return {}
    if profile.fund_usd is None or profile.contract != "linear":
        raise UsageError(
            "DP-152",
            f"{profile.title}: the size of its {profile.takeover} is not known.",
            f"Give {field} in the venue's money ({profile.money}).",
        )
    return {field: profile.fund_usd}
