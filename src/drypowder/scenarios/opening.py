"""The balance sheet of the first simulated day: the opening sheet, rolled by balanced postings."""

from __future__ import annotations

from functools import lru_cache

from drypowder.accounts import load_opening, roll_to
from drypowder.accounts.sheet import Adjustment, OpeningSheet, changed
from drypowder.errors import UsageError


@lru_cache(maxsize=16)
def opening_sheet(
    name_or_path: str, rrp_usd_bn: float | None, extra_rrp_usd_bn: float
) -> OpeningSheet:
    """An opening sheet with the reverse repo pool that a scenario starts from.

    Args:
        rrp_usd_bn: domestic pool without year-end window dressing, supply of reserves unchanged;
            None leaves the sheet as it is.
        extra_rrp_usd_bn: bills that the fed bought from money funds, their proceeds in the pool.

    Raises:
        DataMissingError, UnbalancedError: see `load_opening`.
        UsageError: DP-033 see `roll_to`; DP-064 money funds own fewer bills than the fed bought.
    """
    sheet = load_opening(name_or_path)
    if rrp_usd_bn is not None:
        sheet = roll_to(sheet, rrp_usd_bn=rrp_usd_bn)
    return with_full_pool(sheet, extra_rrp_usd_bn) if extra_rrp_usd_bn else sheet


def with_full_pool(sheet: OpeningSheet, amount_usd_bn: float) -> OpeningSheet:
    """The fed bought bills from money funds, which put the proceeds into its reverse repo pool.

    Nobody's net worth moves: fed +bills +reverse repo owed, money funds -bills +reverse repo.
    Reserves and the pool together, which is what payments run on, rise by the amount.
    """
    economy, net = sheet.economy, sheet.net_usd_bn.copy()
    issued = sheet.issued_usd_bn.copy()
    bills, pool = economy.instrument("bills"), economy.instrument("on_rrp")
    fed, funds = economy.role("central_bank"), economy.role("money_fund")
    if amount_usd_bn > net[funds, bills]:
        raise UsageError(
            "DP-064",
            f"extra_rrp_usd_bn = {amount_usd_bn:g}, but money funds own only "
            f"{net[funds, bills]:,.0f} bn of bills on {sheet.name}.",
            "Choose less.",
        )
    net[[fed, funds], bills] += (amount_usd_bn, -amount_usd_bn)
    net[[funds, fed], pool] += (amount_usd_bn, -amount_usd_bn)
    issued[fed, pool] += amount_usd_bn
    report = Adjustment(
        what="reverse repo pool filled",
        where="money_funds, bills sold to the fed, proceeds to on_rrp",
        amount_usd_bn=amount_usd_bn,
        why="a scenario's choice: more bills at the fed, none of their duration in private hands",
    )
    return changed(
        sheet,
        net_usd_bn=net,
        issued_usd_bn=issued,
        adjustments=[report],
        source="reverse repo pool filled by the scenario",
    )
