"""Twin runs: what one more dollar does, on any day, in one compiled program.

Each path is the central path with one thing changed on one day; the difference to the central
path is the effect. No news, no draws: a derivative, not a forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from drypowder.engine.simulate import Inputs, make_levers, run_block

_OUTSIDE = ("treasuries", "bank_loans", "bonds", "short_paper", "private_credit", "buybacks_cut",
            "new_shares")  # fmt: skip


@dataclass(frozen=True)
class MarginalEffect:
    """What one more billion of AI capex on a day did, by day of spending."""

    dates: np.ndarray  # (day,) day on which it was spent
    hoard_share: np.ndarray  # (day,) of it that hoarded cash had paid by the horizon
    outside_share: np.ndarray  # (day,) of it paid with outside money or Treasuries sold by then
    equity_usd_per_usd: np.ndarray  # (day,) change of listed equity at the horizon, USD per USD
    horizon_days: int

    @property
    def last_pump(self) -> np.datetime64 | None:
        """Last day on which the dollar came wholly out of hoards."""
        return self._edge(self.hoard_share > 1.0 - 1e-6, last=True)

    @property
    def first_drain(self) -> np.datetime64 | None:
        """First day on which no part of the dollar came out of hoards."""
        return self._edge(self.hoard_share < 1e-6, last=False)

    def _edge(self, where: np.ndarray, *, last: bool) -> np.datetime64 | None:
        found = self.dates[where]
        return None if len(found) == 0 else found[-1 if last else 0]


def marginal_capex(
    inputs: Inputs, days: np.ndarray, *, horizon_days: int = 63, size_usd_bn: float = 1.0
) -> MarginalEffect:
    """Effect of a little more capex on each of the given days (step numbers).

    Args:
        horizon_days: steps after the spending at which listed equity (opening share counts,
            all six buckets) is compared with the run that did not spend.
        size_usd_bn: spent; small enough to be a derivative.
    """
    days = np.asarray(days)
    levers = make_levers(inputs, 1 + len(days), shock_scale=0.0)
    spent = jnp.concatenate([jnp.zeros(1), jnp.full(len(days), size_usd_bn)])
    when = jnp.concatenate([jnp.array([-1]), jnp.asarray(days)])
    levers = eqx.tree_at(
        lambda lv: (lv.extra_capex_usd_bn, lv.extra_capex_day), levers, (spent, when)
    )
    central = np.zeros(1 + len(days), dtype=int)
    series = run_block(inputs, inputs.draw(central), levers, central, 0)

    def paid_by_horizon(name: str) -> np.ndarray:
        """A hoard spent today is missing tomorrow: shares are cumulated to the horizon."""
        total = np.cumsum(series[f"funding_{name}_usd_bn"], axis=1)
        return change(total) / size_usd_bn

    def change(array: np.ndarray) -> np.ndarray:
        at = days + horizon_days
        return array[np.arange(1, 1 + len(days)), at] - array[0, at]

    return MarginalEffect(
        dates=inputs.dates[days],
        hoard_share=paid_by_horizon("hoard"),
        outside_share=np.sum([paid_by_horizon(name) for name in _OUTSIDE], axis=0),
        equity_usd_per_usd=change(series["listed_equity_usd_bn"]) / size_usd_bn,
        horizon_days=horizon_days,
    )
