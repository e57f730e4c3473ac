"""Every flow of a day as a named posting that says who is on the other side.

A posting moves money (receipts +, payments -) and claims (bought +, sold or issued -); each of
its columns sums to zero over sectors. `settle` turns money into the accounts it moves through:
a payment between depositors touches two cells, a Treasury payment or a purchase by the fed six.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from drypowder.accounts.economy import Economy

# compiled days settle jax arrays; ledgers of finished runs settle NumPy arrays
Amounts = Float[Array | np.ndarray, "sector path"]


class Posting(eqx.Module):
    """One named flow of the day, USD bn, every column summing to zero over sectors."""

    money: Amounts  # receipts +, payments -
    claims: dict[str, Amounts]  # instrument -> bought +, sold or issued -
    name: str = eqx.field(static=True)
    is_income: bool = eqx.field(static=True, default=False)  # moves net worth: saving


class Entry(NamedTuple):
    """A posting of periods that are over: as `Posting`, in NumPy, made in a tenth of the time."""

    name: str
    money: Amounts  # receipts +, payments -
    claims: dict[str, Amounts]  # instrument -> bought +, sold or issued -
    is_income: bool = False


def settle(*, money: Amounts, economy: Economy) -> dict[str, Amounts]:
    """Money changes hands through bank deposits, the Treasury account and reserves.

    Args:
        money: net receipts of each sector, USD bn, summing to zero over sectors.

    Returns:
        cell changes of deposits, treasury_account and reserves. Bank deposits change only by
        what banks, the fed and the Treasury pay or receive; a bank's own payment creates one.
        In an economy with one money, that money: what its issuer pays out, it creates.
    """
    if economy.money:
        return {economy.money: money}
    bank = one_hot(economy, "bank")
    government = one_hot(economy, "government")
    central_bank = one_hot(economy, "central_bank")
    depositor = 1.0 - bank - government - central_bank
    deposits = money * depositor
    to_government = (money * government).sum(axis=0, keepdims=True)
    to_central_bank = (money * central_bank).sum(axis=0, keepdims=True)
    return {
        "deposits": deposits - bank * deposits.sum(axis=0, keepdims=True),
        "treasury_account": (government - central_bank) * to_government,
        "reserves": (central_bank - bank) * (to_government + to_central_bank),
    }


def flow_columns(postings: Sequence[Posting | Entry], economy: Economy) -> dict[str, Amounts]:
    """All cell changes of the given postings, settled together: instrument -> USD bn."""
    money = sum((posting.money for posting in postings[1:]), postings[0].money)
    columns = settle(money=money, economy=economy)
    for posting in postings:
        for name, change in posting.claims.items():
            columns[name] = columns[name] + change if name in columns else change
    return columns


def stack_columns(
    columns: dict[str, Amounts], names: tuple[str, ...]
) -> Float[Array, "sector instrument path"]:
    """Columns laid side by side in the given order; an instrument nobody moved is zero."""
    zero = jnp.zeros_like(next(iter(columns.values())))
    return jnp.stack([columns.get(name, zero) for name in names], axis=1)


def saving(postings: list[Posting]) -> Amounts:
    """What each sector earned less what it spent, USD bn: the sum of income postings."""
    incomes = [posting.money for posting in postings if posting.is_income]
    return sum(incomes[1:], incomes[0])


def one_hot(economy: Economy, role: str) -> Float[np.ndarray, "sector 1"]:
    """Column of ones where a sector has the role, zero elsewhere."""
    return np.array([[float(sector.role == role)] for sector in economy.sectors])


def swap(name: str, instrument: str, bought: Amounts) -> Posting:
    """A claim against money at par: the four cells of a purchase."""
    return Posting(money=-bought, claims={instrument: bought}, name=name)
