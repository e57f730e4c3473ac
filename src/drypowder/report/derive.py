"""What follows from the series of a run: spreads, sums, and one number a world for each question.

Works on (path, step, ...) and on (step, ...) alike: the step axis is found from the right.
"""

from __future__ import annotations

import numpy as np

from drypowder.accounts.economy import Economy

IG, HY, NOTES = "ig_credit", "hy_and_loans", "treasuries"
BP = 1e4

# outcome -> (kind of its column, whether "it rises" or "it falls" is the question)
OUTCOMES = {
    "treasury_yield_change_bp": ("change_bp", "rises"),
    "ig_spread_change_bp": ("change_bp", "rises"),
    "hy_spread_change_bp": ("change_bp", "rises"),
    "lambda_end_bp": ("bp", "positive"),
    "dry_powder_change_usd_bn": ("change_usd_bn", "falls"),
    "listed_equity_change": ("change_pct", "falls"),
}


def derived(series: dict[str, np.ndarray], economy: Economy) -> dict[str, np.ndarray]:
    """Spreads over Treasuries in basis points and dry powder in all, where the parts exist."""
    out: dict[str, np.ndarray] = {}
    if "yield_pa" in series:
        names, yields = economy.names("cleared"), series["yield_pa"]
        base = yields[..., names.index(NOTES)] if NOTES in names else None
        for key, name in (("ig_spread_bp", IG), ("hy_spread_bp", HY)):
            if base is not None and name in names:
                out[key] = BP * (yields[..., names.index(name)] - base)
    if "dry_powder_usd_bn" in series:
        out["dry_powder_total_usd_bn"] = series["dry_powder_usd_bn"].sum(axis=-1)
    return out


def outcomes_of(series: dict[str, np.ndarray], economy: Economy) -> dict[str, np.ndarray]:
    """One number a world, (path,): changes from the first day's close to the last one's."""
    out: dict[str, np.ndarray] = {}
    names = economy.names("cleared")
    if "yield_pa" in series and NOTES in names:
        notes = series["yield_pa"][..., names.index(NOTES)]
        out["treasury_yield_change_bp"] = BP * (notes[:, -1] - notes[:, 0])
    for key in ("ig_spread", "hy_spread"):
        if f"{key}_bp" in series:
            spread = series[f"{key}_bp"]
            out[f"{key}_change_bp"] = spread[:, -1] - spread[:, 0]
    if "lambda_bp" in series:
        out["lambda_end_bp"] = series["lambda_bp"][:, -1]
    if "dry_powder_total_usd_bn" in series:
        powder = series["dry_powder_total_usd_bn"]
        out["dry_powder_change_usd_bn"] = powder[:, -1] - powder[:, 0]
    if "listed_equity_usd_bn" in series:
        equity = series["listed_equity_usd_bn"]
        out["listed_equity_change"] = equity[:, -1] / equity[:, 0] - 1.0
    for name in names:
        price = series["price"][:, :, economy.instrument(name)]
        out[f"price_change.{name}"] = price[:, -1] / price[:, 0] - 1.0
    return out
